from __future__ import annotations

from typing import Any

import attrs
import pytest

from bifrost_sdk.domain.model import Representation
from bifrost_sdk.ports import Want

MODEL = "assets/char/hero/model"


@pytest.mark.parametrize("at", [None, 1])
@pytest.mark.parametrize(("tag", "number"), [(1, 1), (3, 3), ("latest", 2), ("approved", 1)])
def test_locate_finds_the_version_when_asked_by_any_tag(hero: Any, tag: int | str, number: int, at: int | None) -> None:
    for wants in ([(MODEL, None, tag)], [(MODEL, None, tag), (MODEL, None, 1)]):
        found = hero.locate(*wants, at=at)[0]
        version = hero.versions[number - 1]
        assert (found.matched, found.version, found.number, found.state) == (
            "version",
            version.id,
            number,
            version.state,
        )
        assert (found.path, found.node, found.kind) == ("assets/char/Hero/model", hero.model.id, "product")
        assert [pair[0] for pair in found.files] == [hero.usd[number - 1].id]
        assert "model.usda" in found.files[0][1]


@pytest.mark.parametrize("at", [None, 1])
def test_locate_tells_how_far_it_got_when_there_is_no_version(hero: Any, at: int | None) -> None:
    wants = [(MODEL, None, 7), ("assets/char/hero", None, "latest"), ("nowhere", None, 1), (None, hero.new_id(), 1)]
    found = hero.locate(*wants, at=at)
    assert [each.matched for each in found] == ["node", "node", "none", "none"]
    assert [hero.locate(want, at=at)[0] for want in wants] == found
    assert [each.kind for each in found] == ["product", "asset", "", ""]


@pytest.mark.parametrize("at", [None, 1])
def test_locate_finds_the_version_when_asked_by_any_id(hero: Any, at: int | None) -> None:
    second = hero.versions[1]
    abc = Representation(id=hero.new_id(), version=second.id, name="abc", files=hero.usd[0].files)
    hero.commit([(abc, None)])
    if at is not None:
        at = 2
    asked = [second.id, hero.model.id, hero.usd[1].id, hero.approved.id]
    found = hero.locate(*((None, each, "latest") for each in asked), at=at)
    assert [each.version for each in found] == [second.id, second.id, second.id, ""]
    assert [len(each.files) for each in found] == [2, 2, 1, 0]
    assert [each.path for each in found] == ["assets/char/Hero/model"] * 3 + [""]
    assert (found[3].matched, found[3].kind) == ("node", "status")


def test_locate_gives_all_files_when_there_are_several_representations(hero: Any) -> None:
    abc = Representation(id=hero.new_id(), version=hero.versions[0].id, name="abc", files=hero.usd[0].files)
    bare = Representation(id=hero.new_id(), version=hero.versions[1].id, name="abc")
    hero.commit([(abc, None), (bare, None)])
    one, (many, other) = hero.locate((MODEL, None, 1))[0], hero.locate((MODEL, None, 1), (MODEL, None, 2))
    past = hero.locate((MODEL, None, 1), at=2)[0]
    assert [pair[0] for pair in one.files] == [abc.id, hero.usd[0].id]
    assert one == many == past
    assert len(other.files) == 2


def test_locate_reads_the_past_when_a_version_was_retired_since(hero: Any) -> None:
    second = attrs.evolve(hero.versions[1], state="retired")
    hero.commit([(second, None)])
    for wants in ([(MODEL, None, "latest")], [(MODEL, None, "latest"), (MODEL, None, 2)]):
        assert hero.locate(*wants)[0].number == 1
        assert hero.locate(*wants, at=1)[0].number == 2
        assert hero.locate(*wants, at=2)[0].number == 1
    assert hero.locate((MODEL, None, 2))[0].state == "retired"
    assert hero.locate((MODEL, None, 2), at=1)[0].state == "published"


def test_locate_follows_an_alias_when_a_node_was_renamed(hero: Any) -> None:
    hero.commit([(attrs.evolve(hero.hero, code="Villain"), "assets/char/Villain")])
    for wants in ([(MODEL, None, 1)], [(MODEL, None, 1), ("assets/char/villain/model", None, "latest")]):
        found = hero.locate(*wants)
        assert (found[0].path, found[0].alias, found[0].number) == ("assets/char/Villain/model", True, 1)
        assert not found[-1].alias or len(found) == 1
        assert hero.locate(*wants, at=1)[0].alias is False


def test_locate_gives_the_same_when_versions_are_superseded(hero: Any) -> None:
    for state in ("retired", "published", "retired"):
        hero.commit([(attrs.evolve(hero.versions[0], state=state), None)])
    assert [hero.locate((MODEL, None, "latest"), at=at)[0].number for at in (1, 2, 3, 4)] == [2, 2, 2, 2]
    assert [hero.locate((MODEL, None, 1), at=at)[0].state for at in (1, 2, 3, 4)] == [
        "published",
        "retired",
        "published",
        "retired",
    ]


def test_locate_answers_in_order_when_projects_are_mixed(hero: Any) -> None:
    with hero.store.begin() as transaction:
        wants = [
            Want("other", MODEL, None, 1),
            Want("demo", MODEL, None, 1),
            Want("other", None, hero.model.id, "latest"),
        ]
        assert [each.matched for each in transaction.locate(wants)] == ["none", "version", "none"]
        assert [each.matched for each in transaction.locate(wants, at=1)] == ["none", "version", "none"]


def test_locate_stays_harmless_when_paths_are_hostile(hero: Any) -> None:
    hostile = ['a"b', "a'b", "a\\b", "x\n", '":1,"', "%", "assets/char/hero/model'--"]
    assert {each.matched for each in hero.locate(*((path, None, 1) for path in hostile))} == {"none"}
    assert {hero.locate((path, None, "latest"))[0].matched for path in hostile} == {"none"}
