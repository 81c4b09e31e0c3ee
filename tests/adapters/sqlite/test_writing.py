from __future__ import annotations

from typing import Any

import attrs
import pytest

from bifrost_sdk.domain.model import Asset, Product, Task, Team, Version
from bifrost_sdk.errors import ConflictError
from bifrost_sdk.ports import LoggedCommit


def paths(shop: Any, *keys: str, at: int | None = None) -> list[str | None]:
    return [record and record.path for record in shop.ask("load", "path", "demo", keys, at=at)]


def test_write_keeps_history_when_an_entity_changes(hero: Any) -> None:
    asset = attrs.evolve(hero.hero, name="The hero")
    hero.commit([(asset, "assets/char/Hero")])
    new, old = hero.ask("load", "id", "demo", [asset.id])[0], hero.ask("load", "id", "demo", [asset.id], at=1)[0]
    assert (new.revision, old.revision) == (2, 1)
    assert "The hero" in new.body
    assert "The hero" not in old.body


def test_write_moves_everything_below_when_a_node_is_renamed(hero: Any) -> None:
    hero.commit([(attrs.evolve(hero.hero, code="Villain"), "assets/char/Villain")])
    assert paths(hero, "assets/char/villain/model") == ["assets/char/Villain/model"]
    assert paths(hero, "assets/char/hero/model") == ["assets/char/Villain/model"]
    assert paths(hero, "assets/char/hero/model", at=1) == ["assets/char/Hero/model"]
    assert paths(hero, "assets/char/villain", at=1) == [None]


def test_write_lets_a_live_node_win_over_an_alias(hero: Any) -> None:
    hero.commit([(attrs.evolve(hero.hero, code="Villain"), "assets/char/Villain")])
    heir = Asset(id=hero.new_id(), code="hero", parent=hero.chars.id, asset_type=hero.chars.id)
    hero.commit([(heir, "assets/char/hero")])
    assert hero.ask("load", "path", "demo", ["assets/char/hero"])[0].id == heir.id
    assert paths(hero, "assets/char/hero/model") == ["assets/char/Villain/model"]


def test_write_follows_old_names_when_a_node_below_came_later(hero: Any) -> None:
    hero.commit([(attrs.evolve(hero.hero, code="Villain"), "assets/char/Villain")])
    rig = Product(id=hero.new_id(), code="rig", parent=hero.hero.id)
    hero.commit([(rig, "assets/char/Villain/rig")])
    hero.commit([(attrs.evolve(hero.chars, code="people"), "assets/people")])
    assert paths(hero, "assets/char/hero/rig") == ["assets/people/Villain/rig"]
    assert paths(hero, "assets/char/hero/rig/none", "nowhere") == [None, None]


def test_write_swaps_two_names_when_both_change_at_once(hero: Any) -> None:
    other = Asset(id=hero.new_id(), code="Other", parent=hero.chars.id, asset_type=hero.chars.id)
    below = Product(id=hero.new_id(), code="rig", parent=other.id)
    hero.commit([(other, "assets/char/Other"), (below, "assets/char/Other/rig")])
    swapped = [(attrs.evolve(hero.hero, code="Other"), "assets/char/Other")]
    hero.commit([*swapped, (attrs.evolve(other, code="Hero"), "assets/char/Hero")])
    assert hero.ask("load", "path", "demo", ["assets/char/hero"])[0].id == other.id
    assert paths(hero, "assets/char/hero/rig", "assets/char/other/model") == [
        "assets/char/Hero/rig",
        "assets/char/Other/model",
    ]


def test_write_follows_the_nearest_moved_node_when_a_child_moves_too(hero: Any) -> None:
    moved = [
        (attrs.evolve(hero.hero, code="B"), "assets/char/B"),
        (attrs.evolve(hero.model, code="m"), "assets/char/B/m"),
    ]
    hero.commit(moved)
    assert paths(hero, "assets/char/hero/model", "assets/char/b/m") == ["assets/char/B/m", "assets/char/B/m"]


def test_write_keeps_the_key_when_only_the_case_changes(hero: Any) -> None:
    hero.commit([(attrs.evolve(hero.hero, code="HERO"), "assets/char/HERO")])
    assert paths(hero, "assets/char/hero") == ["assets/char/HERO"]
    assert hero.locate(("assets/char/hero/model", None, 1))[0].alias is False


def test_write_closes_the_path_when_a_node_is_deleted(hero: Any) -> None:
    lone = Asset(id=hero.new_id(), code="Lone", parent=hero.chars.id, asset_type=hero.chars.id)
    hero.commit([(lone, "assets/char/Lone")])
    hero.commit([(lone.id, None)])
    assert paths(hero, "assets/char/lone") == [None]
    assert paths(hero, "assets/char/lone", at=2) == ["assets/char/Lone"]
    assert hero.ask("load", "id", "demo", [lone.id]) == [None]


def test_write_leaves_no_trace_when_a_thing_begins_and_ends_in_one_revision(hero: Any) -> None:
    lone = Task(id=hero.new_id(), code="Lone", parent=hero.hero.id)
    record = hero.record(lone, None, project="demo", revision=2)
    with hero.store.begin("demo") as transaction:
        transaction.write([hero_write(None, record)])
        transaction.write([hero_write(record, None)])
    rows = hero.store._connections.get().execute("SELECT count(*) FROM entity_history").fetchone()
    assert rows == (0,)


def hero_write(before: Any, after: Any) -> Any:
    from bifrost_sdk.ports import Write

    return Write(before, after)


def test_write_raises_a_conflict_when_a_sibling_has_the_key(hero: Any) -> None:
    twin = Asset(id=hero.new_id(), code="HERO", parent=hero.chars.id, asset_type=hero.chars.id)
    with pytest.raises(ConflictError, match="'hero' is taken below") as caught:
        hero.commit([(twin, "assets/char/HERO")])
    assert caught.value.theirs is not None
    assert caught.value.theirs["id"] == hero.hero.id
    assert hero.store.projects()["demo"] == 1


def test_write_raises_a_conflict_when_two_new_ones_have_one_key(hero: Any) -> None:
    twins = [Task(id=hero.new_id(), code="anim", parent=hero.hero.id) for _ in range(2)]
    with pytest.raises(ConflictError, match="task:anim"):
        hero.commit([(twin, None) for twin in twins])


def test_write_raises_a_conflict_when_an_id_is_taken(hero: Any) -> None:
    record = hero.record(attrs.evolve(hero.hero, code="New"), "assets/char/New", project="demo", revision=2)
    with pytest.raises(ConflictError, match="an id is taken"), hero.store.begin("demo") as transaction:
        transaction.write([hero_write(None, record)])


def test_write_replaces_edges_when_they_change(hero: Any) -> None:
    first, second, third = hero.versions
    work = Version(id=hero.new_id(), product=hero.model.id, number=9, dependencies=[first.id, second.id])
    hero.commit([(work, None)])
    hero.commit([(attrs.evolve(work, dependencies=(second.id, third.id)), None)])
    sources = [hero.ask("used_by", [version.id]) for version in hero.versions]
    assert [[edge.source for edge in edges if edge.relation == "dependencies"] for edges in sources] == [
        [],
        [work.id],
        [work.id],
    ]
    before = hero.ask("used_by", [first.id], at=2)
    assert [edge.source for edge in before if edge.relation == "dependencies"] == [work.id]


def test_append_raises_a_conflict_when_the_key_is_taken(hero: Any) -> None:
    def commit(since: int | None, at: int) -> Any:
        with hero.store.begin("demo") as transaction:
            revision, _ = transaction.head("demo")
            found = since is not None and transaction.commit_with_key("demo", "ann", "k", since=since)
            transaction.append(
                LoggedCommit("demo", revision, at, "ann", "k", "digest", "[]", "why"), [], keys_since=since or 0
            )
            return found

    assert commit(0, 5_000) is None
    with pytest.raises(ConflictError, match="'k' was used"):
        commit(None, 6_000)
    with hero.store.begin() as transaction:
        again = transaction.commit_with_key("demo", "ann", "k", since=0)
    assert again == LoggedCommit("demo", 2, 5_000, "ann", "k", "digest", "[]", "why")
    assert commit(5_001, 9_000) is None
    with hero.store.begin() as transaction:
        assert transaction.commit_with_key("demo", "ann", "k", since=0).revision == 3


def test_write_closes_edges_when_their_holder_is_deleted(shop: Any) -> None:
    team = Team(id=shop.new_id(), code="team", members=[shop.project.id])
    shop.commit([(team, None)], project="studio")
    assert len(shop.ask("used_by", [shop.project.id])) == 1
    shop.commit([(team.id, None)], project="studio")
    assert shop.ask("used_by", [shop.project.id]) == []
    assert len(shop.ask("used_by", [shop.project.id], at=2)) == 1
