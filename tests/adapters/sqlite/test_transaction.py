from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain.expansion import expand
from bifrost_sdk.domain.model import Asset, Product, Task
from bifrost_sdk.domain.query import (
    EVERYTHING,
    All,
    AnyOf,
    Compare,
    Filter,
    Gated,
    Include,
    Lineage,
    Not,
    Query,
    Related,
    Walk,
)
from bifrost_sdk.errors import QueryError
from bifrost_sdk.ports import Logged, LoggedCommit


def test_load_gives_back_the_record_when_asked_by_id_key_and_path(hero: Any) -> None:
    record = attrs.evolve(hero.records[hero.hero.id], edges=())
    missing = hero.new_id()
    assert hero.ask("load", "id", "demo", [record.id, missing, record.id]) == [record, None, record]
    keys = [(hero.chars.id, "hero"), (None, "status:apr"), (hero.chars.id, "none")]
    assert [found and found.id for found in hero.ask("load", "key", "demo", keys)] == [
        record.id,
        hero.approved.id,
        None,
    ]
    assert hero.ask("load", "path", "demo", ["assets/char/hero", "none"]) == [record, None]


def test_load_gives_the_project_when_the_path_is_empty(hero: Any) -> None:
    found = hero.ask("load", "path", "demo", [""])[0]
    assert (found.id, found.project, found.path) == (hero.project.id, "studio", "")
    assert hero.ask("load", "path", "demo", [""], at=1)[0].id == hero.project.id


def test_load_sets_the_path_of_the_product_when_it_is_a_version(hero: Any) -> None:
    for at in (None, 1):
        assert hero.ask("load", "id", "demo", [hero.versions[0].id], at=at)[0].path == "assets/char/Hero/model"


def test_load_finds_an_event_when_asked_by_its_id(hero: Any, logged: Callable[..., Logged]) -> None:
    event = logged(hero, hero.hero.id)
    commit_events(hero, [event])
    found = hero.ask("load", "id", "demo", [event.id])[0]
    assert (found.kind, found.number, found.state, found.revision) == ("event", 0, "create", 2)
    assert (found.created_at, found.created_by, found.search) == (9_000, "ann", "first look")


def commit_events(shop: Any, events: list[Logged], *, at: int = 9_000) -> int:
    with shop.store.begin("demo") as transaction:
        revision, _ = transaction.head("demo")
        transaction.append(LoggedCommit("demo", revision, at, "ann", None, "", "[]"), events)
    return int(revision)


def test_events_come_in_whole_revisions_when_limited(hero: Any, logged: Callable[..., Logged]) -> None:
    for count in (1, 3, 2):
        commit_events(hero, [logged(hero, hero.hero.id, position=n) for n in range(count)])

    def numbers(after: int, limit: int) -> list[tuple[int, int | None]]:
        return [(event.revision, event.number) for event in hero.ask("events", "demo", after=after, limit=limit)]

    assert numbers(0, 1) == [(2, 0)]
    assert numbers(0, 3) == [(2, 0)]
    assert numbers(0, 4) == [(2, 0), (3, 0), (3, 1), (3, 2)]
    assert numbers(2, 1) == [(3, 0), (3, 1), (3, 2)]
    assert numbers(3, 100) == [(4, 0), (4, 1)]
    assert numbers(4, 100) == []


def test_select_finds_events_when_asked_for_a_subject(hero: Any, logged: Callable[..., Logged]) -> None:
    commit_events(hero, [logged(hero, hero.hero.id), logged(hero, hero.model.id, position=1, body="{}")])
    query = expand(Query("event", project="demo").where(subject=hero.hero.id, operation="create", position__lt=1))
    assert len(hero.ask("select", query).records) == 1
    assert len(hero.ask("select", query, at=2).records) == 1
    assert len(hero.ask("select", query, at=1).records) == 0
    assert len(hero.ask("select", Query("event", project="demo").search("FIRST look")).records) == 1
    grouped = hero.ask("select", expand(Query("event", project="demo").group_by("operation", "created_by")))
    assert [(group.values, group.count) for group in grouped.groups] == [(("create", "ann"), 2)]
    guarded = Query("event", project="demo").where(
        Lineage(Compare(("operation",), "eq", "create")),
        Gated(Compare(("code",), "eq", "hero")),
        Related("subject", Compare(("code",), "eq", "hero")),
    )
    assert len(hero.ask("select", expand(guarded)).records) == 1
    active = expand(Query("asset", project="demo").where(activity__operation="create"))
    assert [record.id for record in hero.ask("select", active).records] == [hero.hero.id]
    found = hero.ask("related", "asset", [hero.hero.id], Include("activity"))
    assert [record.kind for record in found[hero.hero.id]] == ["event"]
    event = found[hero.hero.id][0].id
    assert hero.ask("related", "event", [event], Include("subject"))[event][0].id == hero.hero.id
    assert len(hero.ask("walk", [hero.hero.id], Walk("subject", forward=False))) == 1
    assert len(hero.ask("walk", [event], Walk("subject"), at=2)) == 1


def test_select_refuses_words_and_groups_when_they_are_of_the_past(hero: Any) -> None:
    for query in (Query("asset", project="demo").search("hero"), Query("asset", project="demo").group_by("code")):
        with pytest.raises(QueryError, match="today's state only"):
            hero.ask("select", query, at=1)


def test_select_counts_the_past_when_things_were_deleted_since(hero: Any) -> None:
    task = Task(id=hero.new_id(), code="anim", parent=hero.hero.id)
    hero.commit([(task, None)])
    hero.commit([(task.id, None)])
    counts = [hero.ask("select", Query("task", project="demo").count(), at=at).count for at in (1, 2, 3, None)]
    assert counts == [0, 1, 0, 0]
    with_tasks = expand(Query("asset", project="demo").where(tasks__code="anim"))
    assert [len(hero.ask("select", with_tasks, at=at).records) for at in (1, 2, 3, None)] == [0, 1, 0, 0]


def test_select_finds_nothing_when_the_project_is_unknown(hero: Any) -> None:
    assert hero.ask("select", Query("asset", project="nowhere")).records == ()


def test_select_stays_harmless_when_values_are_hostile(hero: Any) -> None:
    hostile = ["'; DROP TABLE entity; --", '"', "\\", "%", "_", "{t}", ":p0", "é" * 500]
    for value in hostile:
        for operator in ("eq", "contains", "startswith", "endswith", "lt"):
            query = expand(Query("asset", project="demo").where(Compare(("code",), operator, value)))
            assert hero.ask("select", query).count is None
        query = expand(Query("asset", project="demo").where(Compare(("metadata", value), "eq", value)))
        assert hero.ask("select", query).records == ()
        assert hero.ask("select", Query("asset", project="demo").search(value)).records == ()
    with pytest.raises(QueryError, match="no name"):
        expand(Query("asset", project="demo").where(Compare(("metadata", "\ud800"), "isnull", value=True)))


def plan(shop: Any, query: Query) -> str:
    """How SQLite goes about a query."""
    raw = shop.store._connections.get().raw
    seen: list[str] = []
    raw.set_trace_callback(seen.append)
    shop.ask("select", expand(query))
    raw.set_trace_callback(None)
    statement = next(text for text in seen if " FROM " in text and "head" not in text)
    return "\n".join(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}"))


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (Query("asset", project="demo"), "INDEX entity_kind (project=? AND kind=?)"),
        (Query("asset", project="demo").where(parent="x"), "INDEX entity_place (parent=? AND kind=?)"),
        (Query("asset", project="demo").where(status="x"), "INDEX entity_status (status=?)"),
        (Query("asset", project="demo").where(id="x"), "INDEX sqlite_autoindex_entity_1 (id=?)"),
        (Query("asset", project="demo").where(id__in=["x", "y"]), "INDEX entity_kind (project=? AND kind=? AND id=?)"),
        (
            Query("version", project="demo").where(product="x").sort("-number"),
            "INDEX entity_place (parent=? AND kind=?)",
        ),
    ],
)
def test_select_uses_an_index_when_there_is_one(hero: Any, query: Query, index: str) -> None:
    steps = [line for line in plan(hero, query).splitlines() if "entity" in line]
    assert index in steps[0], steps
    assert not any(line.startswith("SCAN entity") for line in steps)


def test_select_answers_when_filters_are_nested_deeper_than_sqlite_parses(hero: Any) -> None:
    deep: Filter = Compare(("code",), "eq", "hero")
    for _ in range(6):
        deep = All((Not(Not(deep)), AnyOf((deep, AnyOf()))))
        if _ % 4 == 0:
            deep = All((Lineage(Not(Not(EVERYTHING))), deep))
    query = Query("asset", project="demo", filter=deep)
    assert [record.id for record in hero.ask("select", query).records] == [hero.hero.id]
    assert hero.ask("select", query.count(), at=1).count == 1
    path = "__".join([*["products", "parent"] * 7, "code"])
    query = expand(Query("asset", project="demo").where(**{path: "hero"}))
    assert [record.id for record in hero.ask("select", query).records] == [hero.hero.id]
    assert len(hero.ask("select", query, at=1).records) == 1
    events = Query("event", project="demo", filter=Not(Not(Not(Not(Not(Not(deep)))))))
    assert hero.ask("select", events).records == ()


def test_related_limits_and_sorts_for_each_source(hero: Any) -> None:
    rig = Product(id=hero.new_id(), code="rig", parent=hero.hero.id)
    hero.commit([(rig, "assets/char/Hero/rig")])
    include = Include("versions", Query("version").where(state="published").sort("-number"), limit=1)
    found = hero.ask("related", "product", [hero.model.id, rig.id], include)
    assert {source: [record.number for record in records] for source, records in found.items()} == {
        hero.model.id: [2],
        rig.id: [],
    }
    nothing = hero.ask("related", "product", [rig.id], Include("versions", Query("asset")))
    assert nothing == {rig.id: []}
    some = hero.ask("related", "asset", [hero.hero.id], Include("parent", visible=Compare(("code",), "eq", "none")))
    assert some == {hero.hero.id: []}


def test_walk_ends_when_there_is_a_cycle_or_nothing(hero: Any) -> None:
    first, second, third = hero.versions
    hero.commit(
        [
            (attrs.evolve(first, dependencies=(second.id,)), None),
            (attrs.evolve(second, dependencies=(third.id,)), None),
            (attrs.evolve(third, dependencies=(first.id,)), None),
        ]
    )
    edges = hero.ask("walk", [first.id], Walk("dependencies"))
    assert [(edge.source, edge.target, edge.depth) for edge in edges] == [
        (first.id, second.id, 1),
        (second.id, third.id, 2),
        (third.id, first.id, 3),
    ]
    assert hero.ask("walk", [], Walk("dependencies"), at=1) == []
    assert hero.ask("walk", [first.id], Walk("dependencies"), at=1) == []


def test_used_by_names_the_field_when_a_column_points(hero: Any) -> None:
    edges = hero.ask("used_by", [hero.model.id, hero.approved.id])
    assert {(edge.relation, edge.target) for edge in edges} == {
        ("product", hero.model.id),
        ("status", hero.approved.id),
    }
    assert hero.ask("used_by", [hero.new_id()], at=1) == []


def test_last_numbers_remember_what_was_deleted(hero: Any) -> None:
    last = hero.versions[2]
    hero.commit([(hero.usd[2].id, None), (last.id, None)])
    assert hero.ask("last_numbers", "version", [hero.model.id, hero.hero.id]) == {hero.model.id: 3}


def test_revision_at_gives_the_last_commit_until_then(hero: Any) -> None:
    commit_events(hero, [], at=5_000)
    times = (0, 999, 1_000, 4_999, 5_000, 10**15)
    assert [hero.ask("revision_at", "demo", time) for time in times] == [0, 0, 1, 1, 2, 2]
    assert hero.ask("head", "demo") == (2, 5_000)


def test_suggest_gives_the_nearest_when_a_path_is_mistyped(hero: Any) -> None:
    other = Asset(id=hero.new_id(), code="Sword", parent=hero.chars.id, asset_type=hero.chars.id)
    hero.commit([(other, "assets/char/Sword")])
    assert hero.ask("suggest", "demo", "assets/char/hreo", 2)[0] == (hero.hero.id, "assets/char/Hero")
    assert hero.ask("suggest", "demo", "asets/char/sword", 1) == [(other.id, "assets/char/Sword")]
    assert hero.ask("suggest", "demo", "q", 3) == []
