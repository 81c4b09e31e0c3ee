from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import evaluation
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.evaluation import World, evaluate, fulfils, present
from bifrost_sdk.domain.expansion import expand_filter
from bifrost_sdk.domain.model import (
    Asset,
    AssetType,
    Link,
    Product,
    Project,
    Representation,
    Shot,
    ShotAsset,
    Status,
    Task,
    User,
    Version,
)
from bifrost_sdk.domain.model import (
    Sequence as ShotSequence,
)
from bifrost_sdk.domain.query import (
    EVERYTHING,
    NOTHING,
    All,
    AnyOf,
    Compare,
    Edge,
    Filter,
    Gated,
    Group,
    Lineage,
    Not,
    Query,
    Related,
    Walk,
)
from bifrost_sdk.domain.versions import AssetDependency, File
from bifrost_sdk.errors import QueryError


def key(number: int) -> str:
    return f"01890000-0000-7000-8000-{number:012d}"


NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc)
DEMO = {"project": "demo", "created_at": NOON}

PROJECT = Project(id=key(1), project="studio", code="demo")
USER = User(id=key(2), project="studio", login="ada", name="Ada")
DONE = Status(id=key(3), **DEMO, code="done", category="approved")
CHAR = AssetType(id=key(10), **DEMO, code="char", parent=PROJECT.id)
PROP = AssetType(id=key(11), **DEMO, code="prop", parent=PROJECT.id)
HERO = Asset(
    id=key(20),
    **DEMO,
    code="Hero",
    parent=CHAR.id,
    asset_type=CHAR.id,
    status=DONE.id,
    name="Straße",
    tags=("Main", "metal"),
    metadata={
        "size": 3,
        "flag": True,
        "sizes": [1, "b", None, ""],
        "empty": {},
        "deep": {"in": "x"},
        "list": [{"a": 1}],
    },
)
SWORD = Asset(
    id=key(21), **DEMO, code="sword", parent=HERO.id, asset_type=PROP.id, tags=("METAL",), metadata={"size": 3.0}
)
CUP = Asset(id=key(22), **DEMO, code="cup", parent=PROP.id, asset_type=PROP.id, metadata={"size": "3", "flag": ""})
BRIDGE = ShotSequence(id=key(30), **DEMO, code="bridge", parent=PROJECT.id)
SHOT = Shot(id=key(31), **DEMO, code="010", parent=BRIDGE.id, frames="1001-1100")
CAST = ShotAsset(id=key(32), **DEMO, shot=SHOT.id, asset=HERO.id)
RIG = Product(id=key(40), **DEMO, code="rig", parent=HERO.id)
ANIM = Product(id=key(41), **DEMO, code="anim", parent=SHOT.id)
RIG1 = Version(id=key(50), **DEMO, product=RIG.id, number=1, state="published", path="assets/char/hero/rig")
RIG2 = Version(id=key(51), **DEMO, product=RIG.id, number=2, dependencies=(AssetDependency(RIG1.id, kind="reference"),))
ANIM1 = Version(
    id=key(52),
    **DEMO,
    product=ANIM.id,
    number=1,
    dependencies=(
        AssetDependency(RIG1.id, overrides={"shift": {"x": 2}}),
        AssetDependency(RIG1.id, kind="weak"),
        AssetDependency(RIG2.id, kind="weak", purpose="look"),
    ),
)
USD = Representation(
    id=key(60), **DEMO, version=RIG1.id, name="usd", files=(File("a.tx", 1, "sha256:0", udims=(1001, 1002)),)
)
TASK = Task(id=key(61), **DEMO, parent=HERO.id, code="model", assignees=(USER.id,), due_at=NOON)
NOTED = Link(id=key(62), **DEMO, source=SHOT.id, target=HERO.id)
LOST = Shot(id=key(63), **DEMO, code="lost", parent=key(99))

STATE: tuple[Entity, ...] = (
    *(PROJECT, USER, DONE, CHAR, PROP, HERO, SWORD, CUP, BRIDGE, SHOT, CAST, RIG, ANIM, RIG1, RIG2, ANIM1, USD),
    *(TASK, NOTED, LOST),
)
ASSETS = {HERO, SWORD, CUP}


def found(kind: str, /, *filters: Filter, **lookups: Any) -> set[Entity]:  # Any: values of every field type
    return set(evaluate(Query(kind).where(*filters, **lookups), STATE))


@pytest.mark.parametrize(
    ("lookups", "expected"),
    [
        ({}, ASSETS),
        ({"code": "HERO"}, {HERO}),
        ({"code__ne": "hero"}, {SWORD, CUP}),
        ({"code__in": ["HERO", "cup", 3]}, {HERO, CUP}),
        ({"code__in": []}, set()),
        ({"code__contains": "ER"}, {HERO}),
        ({"code__startswith": "SW"}, {SWORD}),
        ({"code__endswith": "P"}, {CUP}),
        ({"name": "STRASSE"}, {HERO}),
        ({"name__contains": "ass"}, {HERO}),
        ({"name__startswith": ""}, {HERO}),
        ({"name": ""}, {SWORD, CUP}),
        ({"name__isnull": False}, {HERO}),
        ({"name__ne": "x"}, ASSETS),
        ({"name__lt": "zz"}, {HERO}),
        ({"code__lt": "a"}, {HERO}),
        ({"code__ge": "cup"}, {SWORD, CUP}),
        ({"code__lt": 3}, set()),
        ({"code__startswith": 3}, set()),
        ({"status": DONE}, {HERO}),
        ({"status": None}, {SWORD, CUP}),
        ({"status__ne": None}, {HERO}),
        ({"status__in": [None, DONE.id]}, ASSETS),
        ({"status__gt": None}, set()),
        ({"id": HERO}, {HERO}),
        ({"kind": "asset"}, ASSETS),
        ({"project": "DEMO"}, ASSETS),
        ({"revision": 0}, ASSETS),
        ({"path": None}, ASSETS),
        ({"created_at": NOON}, ASSETS),
        ({"created_at__gt": NOON}, set()),
        ({"created_at__ge": "2026-01-31"}, ASSETS),
        ({"created_by__isnull": True}, ASSETS),
    ],
)
def test_evaluate_when_fields_hold_one_value(lookups: dict[str, Any], expected: set[Entity]) -> None:
    assert found("asset", **lookups) == expected


@pytest.mark.parametrize(
    ("lookups", "expected"),
    [
        ({"tags": "METAL"}, {HERO, SWORD}),
        ({"tags__ne": "main"}, {SWORD, CUP}),
        ({"tags__contains": "main"}, {HERO}),
        ({"tags__contains": "mai"}, set()),
        ({"tags__startswith": "mai"}, {HERO}),
        ({"tags__in": ["main", "nope"]}, {HERO}),
        ({"tags__isnull": True}, {CUP}),
        ({"tags": None}, {CUP}),
    ],
)
def test_evaluate_when_a_field_holds_a_list(lookups: dict[str, Any], expected: set[Entity]) -> None:
    assert found("asset", **lookups) == expected


@pytest.mark.parametrize(
    ("lookups", "expected"),
    [
        ({"metadata__size": 3}, {HERO, SWORD}),
        ({"metadata__size": "3"}, {CUP}),
        ({"metadata__size__ne": 3}, {CUP}),
        ({"metadata__size__gt": 2}, {HERO, SWORD}),
        ({"metadata__size__gt": "2"}, {CUP}),
        ({"metadata__size__contains": "3"}, {CUP}),
        ({"metadata__flag": 1}, {HERO}),
        ({"metadata__flag": True}, {HERO}),
        ({"metadata__flag__isnull": True}, {SWORD, CUP}),
        ({"metadata__sizes__contains": 1}, {HERO}),
        ({"metadata__sizes": "B"}, {HERO}),
        ({"metadata__sizes": None}, {SWORD, CUP}),
        ({"metadata__empty__isnull": True}, ASSETS),
        ({"metadata__deep__isnull": False}, {HERO}),
        ({"metadata__deep": "x"}, set()),
        ({"metadata__deep__in__eq": "X"}, {HERO}),
        ({"metadata__deep__in__more": "X"}, set()),
        ({"metadata__list__isnull": False}, {HERO}),
        ({"metadata__list__a": 1}, set()),
        ({"metadata__nope__isnull": True}, ASSETS),
        ({"attributes__isnull": True}, ASSETS),
        ({"metadata__isnull": True}, set()),
    ],
)
def test_evaluate_when_fields_hold_json(lookups: dict[str, Any], expected: set[Entity]) -> None:
    assert found("asset", **lookups) == expected


@pytest.mark.parametrize(
    ("lookups", "expected"),
    [
        ({"dependencies": RIG2}, {ANIM1}),
        ({"dependencies__version": RIG1}, {RIG2, ANIM1}),
        ({"dependencies__isnull": True}, {RIG1}),
        ({"dependencies__kind": "WEAK"}, {ANIM1}),
        ({"dependencies__kind__ne": "weak"}, {RIG1, RIG2}),
        ({"dependencies__purpose__isnull": True}, {RIG1, RIG2}),
        ({"dependencies__optional": False}, {RIG2, ANIM1}),
        ({"dependencies__overrides__shift__x": 2}, {ANIM1}),
        ({"dependencies__overrides__isnull": False}, {ANIM1}),
        ({"dependencies__number": 2}, {ANIM1}),
        ({"dependencies__product__code": "rig"}, {RIG2, ANIM1}),
        ({"dependents__number": 1}, {RIG1, RIG2}),
        ({"dependents": RIG2}, {RIG1}),
        ({"dependents__isnull": True}, {ANIM1}),
    ],
)
def test_evaluate_when_a_field_holds_records(lookups: dict[str, Any], expected: set[Entity]) -> None:
    assert found("version", **lookups) == expected


def test_evaluate_when_records_hold_lists() -> None:
    assert found("representation", files__udims=1002) == {USD}
    assert found("representation", files__udims=1003) == set()


@pytest.mark.parametrize(
    ("kind", "lookups", "expected"),
    [
        ("asset", {"parent__code": "prop"}, {CUP}),
        ("asset", {"parent__kind": "asset"}, {SWORD}),
        ("asset", {"parent__asset_type": CHAR}, {SWORD}),
        ("asset", {"parent__parent__parent__code": "demo"}, {SWORD}),
        ("asset", {"status__category__ne": "approved"}, {SWORD, CUP}),
        ("asset", {"status__name__isnull": True}, {HERO}),
        ("asset", {"products__versions__number__gt": 1}, {HERO}),
        ("asset", {"products__isnull": True}, {SWORD, CUP}),
        ("asset", {"products": RIG}, {HERO}),
        ("asset", {"cast_in__shot__parent__code": "bridge"}, {HERO}),
        ("asset", {"linked_from__source": SHOT}, {HERO}),
        ("shot", {"links__target__code": "hero"}, {SHOT}),
        ("status", {"status_of__code": "hero"}, {DONE}),
        ("user", {"assigned_tasks__code": "model"}, {USER}),
        ("project", {"asset_types__code": "char"}, {PROJECT}),
        ("project", {"sequences__shots__frames": "1001-1100"}, {PROJECT}),
        ("shot", {"parent__isnull": False}, {SHOT, LOST}),
        ("shot", {"parent__code__isnull": True}, set()),
        ("asset", {"created_by__isnull": True, "code": "cup"}, {CUP}),
    ],
)
def test_evaluate_when_paths_hop(kind: str, lookups: dict[str, Any], expected: set[Entity]) -> None:
    assert found(kind, **lookups) == expected


def test_evaluate_when_the_kinds_met_lack_the_field() -> None:
    lacking = Related("parent", Compare(("asset_type",), "isnull", value=True))
    assert found("asset", lacking) == {HERO, CUP}


def test_evaluate_when_a_project_is_given() -> None:
    other = attrs.evolve(CUP, id=key(70), project="other")
    query = Query("asset").where(code="cup")
    assert evaluate(query.within("other"), (*STATE, other)).entities == (other,)
    assert len(evaluate(query, (*STATE, other))) == 2


def test_evaluate_when_a_name_is_wrong() -> None:
    with pytest.raises(QueryError):
        evaluate(Query("asset", filter=Compare(("nope",), "eq", 1)), STATE)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ASSETS),
        ("  \n", ASSETS),
        ("hero", {HERO}),
        ("ERO tra", {HERO}),
        ("strasse metal", {HERO}),
        ("metal", {HERO, SWORD}),
        ("hero sword", set()),
        ("x", set()),
    ],
)
def test_evaluate_when_searching_words(words: str, expected: set[Entity]) -> None:
    assert set(evaluate(Query("asset").search(words), STATE)) == expected


def test_evaluate_when_searching_a_kind_without_searchable_fields() -> None:
    assert not evaluate(Query("link").search("related"), STATE)
    assert evaluate(Query("link").search(""), STATE).entities == (NOTED,)


def test_evaluate_when_nothing_sorts() -> None:
    assert evaluate(Query("asset"), reversed(STATE)).entities == (HERO, SWORD, CUP)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (("code",), (HERO, CUP, SWORD)),
        (("-code",), (SWORD, CUP, HERO)),
        (("name", "-code"), (HERO, SWORD, CUP)),
        (("-name", "code"), (HERO, CUP, SWORD)),
        (("asset_type", "-id"), (HERO, CUP, SWORD)),
        (("metadata__size",), (HERO, SWORD, CUP)),
        (("-metadata__size",), (CUP, HERO, SWORD)),
        (("metadata__sizes", "-metadata__deep", "metadata__empty"), (HERO, SWORD, CUP)),
        (("created_at", "-revision"), (HERO, SWORD, CUP)),
    ],
)
def test_evaluate_when_sorting(order: tuple[str, ...], expected: tuple[Entity, ...]) -> None:
    assert evaluate(Query("asset").sort(*order), reversed(STATE)).entities == expected


def test_evaluate_when_limited() -> None:
    query = Query("asset").sort("code").limit(2)
    assert evaluate(query, STATE).entities == (HERO, CUP)
    assert evaluate(query.count(), STATE).count == 3


def test_evaluate_when_counting() -> None:
    page = evaluate(Query("asset").where(tags="metal").count(), STATE)
    assert (page.count, page.entities) == (2, ())


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("asset", ("asset_type",), [((PROP.id,), 2), ((CHAR.id,), 1)]),
        ("asset", ("tags",), [(("METAL",), 2), (("Main",), 1), ((None,), 1)]),
        ("asset", ("metadata__size",), [((3,), 2), (("3",), 1)]),
        ("asset", ("metadata__deep",), [((None,), 3)]),
        ("asset", ("metadata__flag",), [((None,), 2), ((1,), 1)]),
        (
            "version",
            ("dependencies__kind", "number"),
            [((None, 1), 1), (("reference", 2), 1), (("strong", 1), 1), (("weak", 1), 1)],
        ),
        ("version", ("dependencies",), None),
    ],
)
def test_evaluate_when_grouping(kind: str, fields: tuple[str, ...], expected: list[Any] | None) -> None:
    query = Query(kind, shape="groups", groups=fields)
    if expected is None:
        with pytest.raises(QueryError):
            evaluate(query, STATE)
        return
    page = evaluate(query, reversed(STATE))
    assert {(group.values, group.count) for group in page.groups} == set(expected)
    assert page.count == 3


def test_evaluate_when_grouping_sorts_by_count_then_values() -> None:
    groups = evaluate(Query("asset").group_by("metadata__flag", "code"), STATE).groups
    assert groups == (Group((True, "Hero"), 1), Group((None, "cup"), 1), Group((None, "sword"), 1))
    assert evaluate(Query("asset").group_by("tags"), STATE).groups[0] == Group(("METAL",), 2)


def test_evaluate_when_an_entity_holds_one_value_in_two_spellings() -> None:
    asset = attrs.evolve(CUP, metadata={"words": ["b", "B", "a"]})
    groups = evaluate(Query("asset").group_by("metadata__words"), [asset]).groups
    assert groups == (Group(("B",), 1), Group(("a",), 1))


def test_evaluate_when_there_are_too_many_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "GROUP_LIMIT", 2)
    page = evaluate(Query("asset").group_by("code"), STATE)
    assert [group.values for group in page.groups] == [("Hero",), ("cup",)]
    assert page.count == 3


def test_evaluate_when_including() -> None:
    query = Query("asset").sort("code").include("products").include("parent").include("status")
    page = evaluate(query, STATE)
    assert page.included[HERO.id] == {"products": (RIG,), "parent": (CHAR,), "status": (DONE,)}
    assert page.included[SWORD.id] == {"products": (), "parent": (HERO,), "status": ()}


def test_evaluate_when_including_some_in_order() -> None:
    newest = Query("version").where(state__ne="purged").sort("-number")
    page = evaluate(Query("product").where(code="rig").include("versions", query=newest, limit=1), STATE)
    assert page.included == {RIG.id: {"versions": (RIG2,)}}
    every = evaluate(Query("product").where(code="rig").include("versions", limit=1), STATE)
    assert every.included == {RIG.id: {"versions": (RIG1,)}}


def test_evaluate_when_including_one_of_several_kinds() -> None:
    page = evaluate(Query("asset").include("parent", query=Query("asset_type")), STATE)
    assert page.included[HERO.id]["parent"] == (CHAR,)
    assert page.included[SWORD.id]["parent"] == ()


def test_evaluate_when_what_is_included_is_hidden() -> None:
    query = Query("product").where(code="rig").include("versions")
    hidden = attrs.evolve(query.includes[0], visible=Compare(("number",), "ne", 1))
    page = evaluate(attrs.evolve(query, includes=(hidden,)), STATE)
    assert page.included == {RIG.id: {"versions": (RIG2,)}}


def test_evaluate_when_the_target_is_gone() -> None:
    assert evaluate(Query("shot").where(code="lost").include("parent"), STATE).included == {LOST.id: {"parent": ()}}


ANIM_EDGES = [
    Edge(ANIM1.id, RIG1.id, "dependencies", 1, "strong"),
    Edge(ANIM1.id, RIG1.id, "dependencies", 1, "weak"),
    Edge(ANIM1.id, RIG2.id, "dependencies", 1, "weak"),
]


def test_evaluate_when_walking_upstream() -> None:
    page = evaluate(Query("version").where(product=ANIM).walk("dependencies").limit(1), STATE)
    assert page.edges == (*ANIM_EDGES, Edge(RIG2.id, RIG1.id, "dependencies", 2, "reference"))
    assert page.entities == (RIG1, RIG2)


def test_evaluate_when_walking_downstream() -> None:
    page = evaluate(Query("version").where(product=RIG, number=1).walk("dependencies", forward=False), STATE)
    assert [(edge.source, edge.depth) for edge in page.edges] == [
        (RIG2.id, 1),
        (ANIM1.id, 1),
        (ANIM1.id, 1),
        (ANIM1.id, 2),
    ]
    assert page.entities == (RIG2, ANIM1)


def test_evaluate_when_walking_is_limited() -> None:
    query = Query("version").where(product=ANIM)
    assert evaluate(query.walk("dependencies", depth=1), STATE).edges == tuple(ANIM_EDGES)
    weak = evaluate(query.walk("dependencies", kinds=["weak"]), STATE)
    assert weak.edges == tuple(ANIM_EDGES[1:])


def test_evaluate_when_walking_up_the_tree() -> None:
    page = evaluate(Query("asset").where(code="sword").walk("parent").include("products"), STATE)
    assert page.entities == (HERO, CHAR, PROJECT)
    assert page.included[HERO.id] == {"products": (RIG,)}
    assert {edge.kind for edge in page.edges} == {""}


def test_evaluate_when_walking_along_a_gone_target() -> None:
    page = evaluate(Query("shot").where(code="lost").walk("parent"), STATE)
    assert (page.entities, page.edges) == ((), ())


def test_evaluate_when_the_way_is_hidden() -> None:
    step = Walk("dependencies", visible=Compare(("number",), "ne", 2))
    page = evaluate(Query("version", shape="walk", steps=step).where(product=ANIM), STATE)
    assert page.entities == (RIG1,)
    assert page.edges == tuple(ANIM_EDGES[:2])


def test_evaluate_when_walking_in_a_circle() -> None:
    one = Version(id=key(80), product=RIG.id, dependencies=[key(81)])
    two = Version(id=key(81), product=RIG.id, dependencies=[key(80)])
    page = evaluate(Query("version").where(id=one).walk("dependencies"), [one, two])
    assert [(edge.target, edge.depth) for edge in page.edges] == [(two.id, 1), (one.id, 2)]
    assert page.entities == (two, one)


def test_evaluate_when_a_walk_has_too_many_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "WALK_STARTS", 1)
    page = evaluate(Query("asset").sort("code").walk("status"), STATE)
    assert page.entities == (DONE,)
    assert not evaluate(Query("asset").sort("-code").walk("status"), STATE)


def test_evaluate_when_the_whole_lineage_fulfils() -> None:
    visible = Lineage(AnyOf((Compare(("kind",), "ne", "asset"), Compare(("code",), "ne", "hero"))))
    assert found("asset", visible) == {CUP}
    assert found("version", visible) == {ANIM1}
    assert found("representation", visible) == set()
    assert found("shot_asset", visible) == {CAST}


def test_evaluate_when_the_lineage_is_broken_or_a_circle() -> None:
    circle = (
        Shot(id=key(80), code="a", parent=key(81)),
        Shot(id=key(81), code="b", parent=key(80)),
    )
    assert found("shot", Lineage(EVERYTHING)) == {SHOT}
    assert not evaluate(Query("shot").where(Lineage(EVERYTHING)), circle)
    assert found("user", Lineage(EVERYTHING)) == {USER}


def test_evaluate_when_a_gate_is_closed() -> None:
    hidden = Gated(Compare(("code",), "ne", "hero"))
    assert found("shot_asset", hidden) == set()
    assert found("link", hidden) == set()
    assert found("shot_asset", Gated(Compare(("code",), "eq", "hero"))) == {CAST}
    assert found("asset", hidden) == ASSETS
    gone = attrs.evolve(CAST, asset=key(99))
    assert not evaluate(Query("shot_asset").where(Gated(EVERYTHING)), [gone])


def test_present_when_values_are_empty() -> None:
    assert [present(value) for value in (None, "", [], {}, [None, ""], 0, False)] == [[], [], [], [], [], [0], [False]]
    assert present([{}, {"a": 1}]) == [{}, {"a": 1}]


def test_world_when_asked_for_relations() -> None:
    world = World(STATE)
    assert world.related(RIG1, "dependents") == [RIG2, ANIM1]
    assert world.related(ANIM1, "dependencies") == [RIG1, RIG2]
    assert world.related(HERO, "nothing") == []
    assert world.targets(HERO, "product") == []
    assert world.parent(USER) is None
    assert world.parent(CAST) == SHOT.id


def test_world_when_a_newer_peer_wrote_fields() -> None:
    newer = attrs.evolve(CUP, unknown={"frames": "1-2"})
    assert World([newer]).read(newer, ("frames",)) is None


# --- laws that hold for all queries

TEXTS = st.text("abB\xe9\u0301", max_size=2)
VALUES = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.5, 1.0]) | TEXTS
ROWS = st.lists(
    st.builds(
        lambda code, name, metadata, tags: {"code": code, "name": name, "metadata": {"x": metadata}, "tags": tags},
        st.sampled_from(["a", "B", "b", "c"]),
        TEXTS,
        VALUES | st.lists(VALUES, max_size=3) | st.just({"y": 1}),
        st.lists(st.sampled_from(["a", "b", "B"]), max_size=2),
    ),
    max_size=6,
)
COMPARES = st.builds(
    Compare,
    st.sampled_from([("code",), ("name",), ("metadata", "x"), ("tags",), ("parent", "code"), ("assets", "name")]),
    st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge", "contains", "startswith", "endswith"]),
    VALUES,
) | st.builds(Compare, st.just(("metadata", "x")), st.just("in"), st.lists(VALUES, max_size=3).map(tuple))
FILTERS: st.SearchStrategy[Filter] = st.recursive(
    COMPARES,
    lambda inner: (
        st.builds(lambda filters: All(tuple(filters)), st.lists(inner, max_size=2))
        | st.builds(lambda filters: AnyOf(tuple(filters)), st.lists(inner, max_size=2))
        | st.builds(Not, inner)
        | st.builds(Lineage, inner)
        | st.builds(lambda each: Related("parent", each), inner)
    ),
    max_leaves=5,
)


def assets(rows: Sequence[dict[str, Any]]) -> list[Asset]:
    """Assets of these values, each below the one two before it."""
    return [
        Asset(id=key(at), asset_type=key(90), parent=key(at - 2) if at > 1 else None, **row)
        for at, row in enumerate(rows)
    ]


def kept(entities: Sequence[Asset], condition: Filter) -> list[Asset]:
    return list(evaluate(Query("asset", filter=condition), entities))


@given(ROWS, FILTERS)
def test_not_when_applied_splits_all_in_two(rows: list[dict[str, Any]], condition: Filter) -> None:
    entities = assets(rows)
    yes, no = kept(entities, condition), kept(entities, Not(condition))
    assert sorted(entity.id for entity in (*yes, *no)) == [entity.id for entity in entities]
    assert kept(entities, Not(Not(condition))) == yes


@given(ROWS, FILTERS, FILTERS)
def test_all_and_any_when_negated_change_places(rows: list[dict[str, Any]], one: Filter, other: Filter) -> None:
    entities = assets(rows)
    assert kept(entities, Not(All((one, other)))) == kept(entities, AnyOf((Not(one), Not(other))))
    assert kept(entities, Not(AnyOf((one, other)))) == kept(entities, All((Not(one), Not(other))))


@given(ROWS, FILTERS)
def test_everything_and_nothing_when_joined_are_units(rows: list[dict[str, Any]], condition: Filter) -> None:
    entities = assets(rows)
    same = kept(entities, condition)
    assert kept(entities, All((condition, EVERYTHING))) == kept(entities, AnyOf((condition, NOTHING))) == same
    assert kept(entities, All((condition,))) == kept(entities, AnyOf((condition,))) == same
    assert kept(entities, All((condition, NOTHING))) == []
    assert kept(entities, AnyOf((condition, EVERYTHING))) == entities


@given(ROWS, FILTERS)
def test_related_when_compared_with_a_look_at_each_target(rows: list[dict[str, Any]], condition: Filter) -> None:
    entities = assets(rows)
    holding = {entity.id for entity in kept(entities, condition)}
    assert kept(entities, Related("parent", condition)) == [each for each in entities if each.parent in holding]


@given(ROWS, FILTERS)
def test_lineage_when_compared_with_its_definition(rows: list[dict[str, Any]], condition: Filter) -> None:
    entities = assets(rows)
    holding = {entity.id for entity in kept(entities, condition)}
    lineage = {entity.id for entity in kept(entities, Lineage(condition))}
    for each in entities:
        assert (each.id in lineage) == (each.id in holding and (each.parent is None or each.parent in lineage))


@given(ROWS, FILTERS)
def test_fulfils_when_compared_with_evaluate(rows: list[dict[str, Any]], condition: Filter) -> None:
    entities = assets(rows)
    world, expanded = World(entities), expand_filter(("asset",), condition)
    assert [each for each in entities if fulfils(expanded, each, world)] == kept(entities, condition)


@given(ROWS, st.sampled_from(["name", "-name"]), st.lists(st.sampled_from(["code", "-metadata__x"]), max_size=2))
def test_sort_when_done_keeps_all_and_puts_nothing_last(
    rows: list[dict[str, Any]], first: str, rest: list[str]
) -> None:
    entities = assets(rows)
    query = Query("asset").sort(first, *rest)
    ranked = list(evaluate(query, entities))
    assert sorted(entity.id for entity in ranked) == [entity.id for entity in entities]
    names = [entity.name for entity in ranked]
    valued = [name for name in names if name]
    assert names == sorted(valued, reverse=first.startswith("-")) + [""] * (len(names) - len(valued))
    assert ranked == list(evaluate(query, entities[::-1]))


@given(ROWS)
def test_sort_when_values_are_alike_goes_by_id(rows: list[dict[str, Any]]) -> None:
    for order in ("code", "-code"):
        ranked = list(evaluate(Query("asset").sort(order), assets(rows)))
        for one, other in itertools.pairwise(ranked):
            assert one.code != other.code or one.id < other.id


@given(ROWS, FILTERS)
def test_groups_when_of_single_values_sum_up(rows: list[dict[str, Any]], condition: Filter) -> None:
    query = Query("asset", filter=condition)
    page = evaluate(query.group_by("code", "name"), assets(rows))
    assert sum(group.count for group in page.groups) == page.count == evaluate(query.count(), assets(rows)).count
    assert [group.count for group in page.groups] == sorted((group.count for group in page.groups), reverse=True)


@given(ROWS)
def test_groups_when_asked_for_one_find_so_many(rows: list[dict[str, Any]]) -> None:
    for name in ("tags", "metadata__x", "code"):
        for group in evaluate(Query("asset").group_by(name), assets(rows)).groups:
            value = group.values[0]
            same = evaluate(Query("asset").where(**{name: value}), assets(rows))
            assert len(same) <= group.count if value is None else len(same) == group.count


@given(ROWS, st.integers(1, 6))
def test_walk_when_limited_is_the_beginning_of_the_whole(rows: list[dict[str, Any]], depth: int) -> None:
    query = Query("asset").where(code="a")
    entities = assets(rows)
    for forward in (True, False):
        whole = evaluate(query.walk("parent", forward=forward), entities)
        part = evaluate(query.walk("parent", forward=forward, depth=depth), entities)
        assert part.edges == tuple(edge for edge in whole.edges if edge.depth <= depth)
        ends = {edge.target if forward else edge.source for edge in whole.edges}
        assert {entity.id for entity in whole} == ends
