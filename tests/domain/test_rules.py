from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import rules
from bifrost_sdk.domain.attributes import AttributeType
from bifrost_sdk.domain.changes import Event
from bifrost_sdk.domain.deltas import find_cycles
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.model import (
    Asset,
    AssetType,
    Link,
    Product,
    Project,
    Representation,
    Role,
    Shot,
    ShotAsset,
    Status,
    Task,
    Team,
    User,
    Version,
)
from bifrost_sdk.domain.query import Edge
from bifrost_sdk.domain.registry import entity_type, register, unregister
from bifrost_sdk.domain.rules import Delta, Facts, Needs
from bifrost_sdk.domain.use_rules import NAMED_USERS
from bifrost_sdk.domain.versions import File


def key(number: int) -> str:
    return f"01890000-0000-7000-8000-{number:012d}"


DEMO: Mapping[str, Any] = {"project": "demo"}
STUDIO: Mapping[str, Any] = {"project": "studio"}
PROJECT = Project(id=key(1), code="demo", attribute_types={"fps": AttributeType("fps")}, **STUDIO)
OTHER = Project(id=key(2), code="other", **STUDIO)
CHAR = AssetType(id=key(3), code="char", parent=PROJECT.id, **DEMO)
HERO = Asset(id=key(4), code="hero", parent=CHAR.id, asset_type=CHAR.id, **DEMO)
WAITING = Status(id=key(5), code="todo", **DEMO)
FOREIGN = Status(id=key(6), code="todo", project="other")
CUT = Status(id=key(16), code="cut", kinds=("shot", "sequence"), **DEMO)
SHOT = Shot(id=key(7), code="sh010", parent=PROJECT.id, **DEMO)
MODEL = Product(id=key(8), code="model", parent=HERO.id, **DEMO)
V1 = Version(id=key(9), product=MODEL.id, number=1, state="published", **DEMO)
V2 = Version(id=key(10), product=MODEL.id, number=2, **DEMO)
USD = Representation(id=key(11), version=V1.id, name="usd", **DEMO)
CAST = ShotAsset(id=key(12), shot=SHOT.id, asset=HERO.id, **DEMO)
LINK = Link(id=key(13), source=HERO.id, target=SHOT.id, **DEMO)
TASK = Task(id=key(14), code="rig", parent=HERO.id, status=WAITING.id, **DEMO)
EVENT = Event(id=key(15), operation="create", subject=HERO.id, subject_kind="asset", **DEMO)
EVERY = (PROJECT, OTHER, CHAR, HERO, WAITING, FOREIGN, SHOT, MODEL, V1, V2, USD, CAST, LINK, TASK, EVENT, CUT)
NEW = key(99)


def evolve(entity: Any, **fields: Any) -> Any:
    return attrs.evolve(entity, **fields)


def create(*entities: Entity) -> dict[str, Delta]:
    return {entity.id: Delta(None, entity) for entity in entities}


def update(entity: Entity, **fields: Any) -> dict[str, Delta]:
    return {entity.id: Delta(entity, evolve(entity, **fields))}


def delete(*entities: Entity) -> dict[str, Delta]:
    return {entity.id: Delta(entity, None) for entity in entities}


def known(deltas: Mapping[str, Delta], world: Sequence[Entity] = EVERY, **facts: Any) -> Facts:
    """What the authority would answer to the needs of these deltas, and no more."""
    needs = rules.gather(deltas)
    holders = {rules.key_of(entity): entity.id for entity in world if entity.project == "demo"}
    answer = Facts(
        entities={entity.id: entity for entity in world if entity.id in needs.ids},
        holders={each: holders[each] for each in needs.keys if each in holders},
        users=[edge for edge in edges(world) if edge.target in needs.used],
        names={entity.id: f"{entity.kind} {entity.id[-2:]}" for entity in world},
        project=PROJECT,
    )
    return attrs.evolve(answer, **facts)


def edges(world: Iterable[Entity]) -> list[Edge]:
    return [
        Edge(entity.id, target, relation.name, 1)
        for entity in world
        if entity.kind != "event"
        for relation in entity_type(entity.kind).relations.values()
        for target in rules.related_ids(entity, relation)
    ]


def issues(deltas: Mapping[str, Delta], **facts: Any) -> set[str]:
    return {issue.code for issue in rules.check(deltas, known(deltas, **facts))}


def made_of(version: Version, *others: Version) -> Version:
    return attrs.evolve(version, dependencies=tuple(other.id for other in others))


RETIRED, PURGED = attrs.evolve(V1, state="retired"), attrs.evolve(V1, state="purged")
ARCHIVED = attrs.evolve(PROJECT, state="archived")
LIKE = {"id": NEW, "project": "demo"}
GONE = update(RETIRED, state="purged")
USER = User(id=key(30), login="anna", **STUDIO)
BAD_FILTER = {"asset": {"no": "filter"}}
DEPENDENT = attrs.evolve(made_of(V2, V1), state="published")
READ, UNREAD = File("a.usd", 1, f"sha256:{1:064x}"), File("b.usd", 2, "")
ADOPTED = attrs.evolve(USD, files=(READ, UNREAD))
LEARNT = attrs.evolve(UNREAD, hash=f"sha256:{2:064x}")

REFUSED: list[tuple[str, dict[str, Delta], dict[str, Any]]] = [
    ("kind.read_only", create(evolve(EVENT, id=NEW)), {}),
    ("kind.read_only", update(EVENT, comment="mine"), {}),
    ("kind.read_only", delete(EVENT), {}),
    ("kind.scope", create(evolve(USER, project="demo")), {}),
    ("kind.scope", create(evolve(WAITING, id=NEW, project="studio")), {}),
    ("project.archived", update(HERO, name="x"), {"project": ARCHIVED}),
    ("relation.required", update(HERO, parent=None), {}),
    ("relation.required", create(Asset(code="new", parent=CHAR.id, **LIKE)), {}),
    ("relation.missing", update(HERO, status=NEW), {}),
    ("relation.kind", update(HERO, status=SHOT.id), {}),
    ("relation.kind", create(evolve(LINK, id=NEW, source=LINK.id)), {}),
    ("relation.kind", create(evolve(LINK, id=NEW, target=EVENT.id)), {}),
    ("status.kind", update(HERO, status=CUT.id), {}),
    ("status.kind", create(evolve(TASK, id=NEW, code="new", status=CUT.id)), {}),
    ("status.kind", {**create(evolve(WAITING, id=NEW, code="new", kinds=("shot",))), **update(HERO, status=NEW)}, {}),
    ("status.kind", {**update(WAITING, kinds=("shot",)), **update(HERO, status=WAITING.id)}, {}),
    ("relation.project", update(HERO, status=FOREIGN.id), {}),
    ("relation.project", update(SHOT, parent=OTHER.id), {}),
    ("unique", create(evolve(HERO, id=NEW, code="HERO")), {}),
    ("unique", create(evolve(HERO, id=NEW, code="x"), evolve(HERO, id=key(98), code="X")), {}),
    ("code.reserved", create(Product(code="Assets", parent=PROJECT.id, **LIKE)), {}),
    ("code.reserved", update(evolve(MODEL, code="shots"), parent=PROJECT.id), {}),
    ("attributes", update(HERO, attributes={"nothing": 1}), {}),
    ("role.filter", create(Role(id=NEW, code="bad", filters=BAD_FILTER, **STUDIO)), {"project": None}),
    ("immutable", update(V1, comment="x"), {}),
    ("immutable", update(V2, number=5), {}),
    ("immutable", update(PROJECT, code="renamed"), {"project": None}),
    ("immutable", update(USD, folder="elsewhere"), {}),
    ("immutable", update(ADOPTED, files=(READ,)), {}),
    ("immutable", update(ADOPTED, files=(READ, evolve(LEARNT, size=3))), {}),
    ("immutable", update(ADOPTED, files=(evolve(READ, hash=LEARNT.hash), UNREAD)), {}),
    ("immutable", update(ADOPTED, files=(evolve(READ, hash=""), LEARNT)), {}),
    ("immutable", update(ADOPTED, files=(UNREAD, READ)), {}),
    ("immutable.hash", update(ADOPTED, files=(READ, evolve(LEARNT, hash="sha256:12"))), {}),
    ("state.delete", delete(V2), {}),
    ("state.new", create(evolve(V2, id=NEW, number=3, state="retired")), {}),
    ("state.transition", update(V1, state="purged"), {}),
    ("state.transition", update(PURGED, state="published"), {}),
    ("state.representation", delete(USD), {}),
    ("state.representation", {**create(evolve(USD, id=NEW, name="abc")), **update(V1, state="retired")}, {}),
    ("dependency.state", create(evolve(made_of(V1, V2), id=NEW, number=3)), {}),
    ("dependency.state", {**update(RETIRED, state="purged"), **create(evolve(DEPENDENT, id=NEW, number=3))}, {}),
    ("dependency.missing", update(made_of(V2, evolve(V1, id=NEW)), state="published"), {}),
    ("dependency.cycle", update(made_of(V2, V2), state="published"), {}),
    ("in_use", delete(HERO), {}),
    ("in_use", delete(WAITING), {}),
    ("in_use", {**delete(WAITING), **update(TASK, name="still uses it")}, {}),
    ("in_use", {**delete(WAITING), **update(HERO, status=WAITING.id)}, {}),
    ("in_use", update(RETIRED, state="purged"), {"users": [Edge(V2.id, V1.id, "dependencies", 1)]}),
    ("dependency.state", {**update(attrs.evolve(DEPENDENT, state="retired"), state="published"), **GONE}, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "deltas", "facts"), REFUSED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_commit_is_refused_when_it_breaks_a_rule(code: str, deltas: dict[str, Delta], facts: dict[str, Any]) -> None:
    found = issues(deltas, **facts)
    assert code in found or any(each.startswith(f"{code.removesuffix('s')}.") for each in found)


ACCEPTED: list[dict[str, Delta]] = [
    {},
    create(evolve(HERO, id=NEW, code="villain")),
    create(evolve(LINK, id=NEW, source=CAST.id, type="about")),
    create(evolve(LINK, id=NEW, target=FOREIGN.id)),
    create(Product(code="assets", parent=HERO.id, **LIKE)),
    {**update(HERO, code="other"), **create(evolve(HERO, id=NEW))},
    {**delete(WAITING), **update(TASK, status=None)},
    {**delete(WAITING), **delete(TASK)},
    delete(LINK),
    update(V2, comment="x", state="published"),
    update(V1, state="retired", tags=("old",)),
    update(ADOPTED, files=(READ, LEARNT)),
    update(RETIRED, state="published"),
    update(V2, state="abandoned"),
    create(evolve(USD, id=NEW, name="abc")),
    create(DEPENDENT),
    GONE,
    {**GONE, **update(DEPENDENT, state="retired")},
    update(attrs.evolve(made_of(V2, evolve(V1, id=NEW)), state="retired"), state="published"),
    update(HERO, attributes={"fps": "25"}),
    update(HERO, code="HERO"),
    update(SHOT, status=CUT.id),
    update(LINK, target=CUT.id),
    {**update(CUT, kinds=()), **update(HERO, status=CUT.id)},
    {**update(WAITING, kinds=("shot",)), **update(TASK, name="keeps it")},
]  # fmt: skip


@pytest.mark.parametrize("deltas", ACCEPTED)
def test_commit_is_accepted_when_it_breaks_no_rule(deltas: dict[str, Delta]) -> None:
    assert rules.check(deltas, known(deltas)) == []


def test_removed_files_are_accepted_when_their_version_was_purged() -> None:
    assert issues(delete(USD), world=(*EVERY[:8], PURGED, *EVERY[9:])) == set()


def test_studio_is_accepted_when_it_is_in_order() -> None:
    deltas = create(USER, Team(id=NEW, code="crew", members=(USER.id,), **STUDIO), Role(id=key(31), code="x", **STUDIO))
    assert issues(deltas, project=None) == set()
    assert issues(update(PROJECT, attributes={"fps": "fast"}), project=None) == {"attribute.value"}


# A rule has to say what it needs: without any one of the facts nothing wrong is let through, and nothing breaks.
@pytest.mark.parametrize(
    ("code", "deltas", "facts"), REFUSED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_commit_is_refused_still_when_a_thing_cannot_be_seen(
    code: str, deltas: dict[str, Delta], facts: dict[str, Any]
) -> None:
    whole = known(deltas, **facts)
    for id in whole.entities:
        less = attrs.evolve(whole, entities={each: found for each, found in whole.entities.items() if each != id})
        assert rules.check(deltas, less)


def test_new_thing_is_refused_when_what_it_points_at_cannot_be_seen() -> None:
    for deltas in ACCEPTED:
        whole = known(deltas)
        for id in whole.entities:
            less = attrs.evolve(whole, entities={each: found for each, found in whole.entities.items() if each != id})
            assert rules.check(deltas, less)


def test_needs_name_nothing_that_the_commit_itself_tells() -> None:
    moved = update(HERO, parent=NEW, status=WAITING.id)
    deltas = {**create(evolve(CHAR, id=NEW, code="prop")), **moved, **delete(LINK)}
    assert rules.gather(deltas) == Needs(
        ids=frozenset({PROJECT.id, WAITING.id}),
        keys=frozenset({(PROJECT.id, "prop"), (NEW, "hero")}),
        used=frozenset({LINK.id}),
    )


def test_users_are_counted_when_they_are_many_or_hidden() -> None:
    users = [Edge(key(number), WAITING.id, "status", 1) for number in range(100, 115)]
    names = {edge.source: f"task t{number}" for number, edge in enumerate(users[:12])}
    facts = known(delete(WAITING), users=[*users, users[0]], names=names)
    (issue,) = rules.check(delete(WAITING), facts)
    assert issue.message.count("task t") == NAMED_USERS
    assert issue.message.endswith("2 more, 3 that you may not see")


def test_code_is_reserved_when_a_new_kind_begins_a_branch_with_it() -> None:
    product = create(Product(code="Places", parent=PROJECT.id, **LIKE))
    assert issues(product) == set()
    register("place", plural="places", is_node=True, root="places")(type("Place", (Node,), {}))
    try:
        assert issues(product) == {"code.reserved"}
    finally:
        unregister("place")


GRAPHS = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefg"), max_size=4), max_size=6)


def has_cycle(graph: Mapping[str, Sequence[str]]) -> bool:
    """Whether some node reaches itself, by the closure of the relation."""
    reach = {(node, after) for node, following in graph.items() for after in following}
    for middle, one, other in itertools.product("abcdefg", repeat=3):
        if (one, middle) in reach and (middle, other) in reach:
            reach.add((one, other))
    return any(one == other for one, other in reach)


@given(graph=GRAPHS)
def test_cycles_are_found_exactly_when_there_are_some(graph: dict[str, list[str]]) -> None:
    rings = find_cycles(graph)
    assert bool(rings) == has_cycle(graph)
    for ring in rings:
        assert ring[0] == ring[-1]
        assert all(after in graph[node] for node, after in itertools.pairwise(ring))


def test_long_chain_is_walked_when_it_is_deeper_than_the_stack() -> None:
    graph = {str(number): (str(number + 1),) for number in range(5_000)}
    assert find_cycles(graph) == []
    assert len(find_cycles({**graph, "5000": ("0",)})) == 1
