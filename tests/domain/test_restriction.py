from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import registry
from bifrost_sdk.domain.access import compile_roles
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.evaluation import World, evaluate, fulfils
from bifrost_sdk.domain.expansion import expand
from bifrost_sdk.domain.people import Role
from bifrost_sdk.domain.production import Asset
from bifrost_sdk.domain.query import (
    EVERYTHING,
    All,
    AnyOf,
    Compare,
    Filter,
    Gated,
    Lineage,
    Not,
    Query,
    Related,
)
from bifrost_sdk.domain.query_documents import filter_to_document
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.restriction import restrict
from bifrost_sdk.domain.rules import related_ids
from bifrost_sdk.errors import QueryError
from bifrost_sdk.testing.show import show

SHOW = show("demo")
IDS = SHOW.ids
ENTITIES = (*SHOW.studio, *(attrs.evolve(entity, project="demo") for entity in SHOW.project))
WORLD = World(ENTITIES)


def hiding(**filters: Filter) -> Filter:
    documents = {kind: filter_to_document(filter) for kind, filter in filters.items()}
    return compile_roles("anna", [Role(code="few", permissions=("read:*",), filters=documents)]).visible


def one_of(*codes: str) -> Filter:
    return Not(Compare(("code",), "in", codes))


VISIBLE = {
    "status": hiding(status=one_of("todo", "active")),
    "asset": hiding(asset=one_of("hero", "sword")),
    "task": hiding(task=Compare(("id",), "in", ())),
    "shots": hiding(sequence=one_of("sq010"), product=one_of("model")),
    "user": hiding(user=Compare(("id",), "in", ()), role=one_of("demo-viewer")),
}


def purged(visible: Filter) -> tuple[Entity, ...]:
    """The world without what is hidden, and without the relations that led there."""
    kept = {id for id, entity in WORLD.entities.items() if fulfils(visible, entity, WORLD)}
    return tuple(_cut(WORLD.entities[id], kept) for id in kept)


def _cut(entity: Entity, kept: set[str]) -> Entity:
    changed: dict[str, Any] = {}
    for relation in entity_type(entity.kind).relations.values():
        if set(related_ids(entity, relation)) <= kept:
            continue
        value = getattr(entity, relation.name)
        if not relation.many:
            changed[relation.name] = None
        else:
            changed[relation.name] = tuple(
                item for item in value if (getattr(item, relation.path) if relation.path else item) in kept
            )
    # set without validation: a reader is shown nothing where the class would ask for an id
    twin = attrs.evolve(entity)
    for name, value in changed.items():
        object.__setattr__(twin, name, value)
    return twin


PURGED = {name: purged(visible) for name, visible in VISIBLE.items()}
VALUES = st.sampled_from([*IDS.values()]) | st.sampled_from(["hero", "todo", "demo", "0190", "strong"])
OPERATORS = st.sampled_from(["eq", "ne", "contains", "startswith", "lt", "ge"])


def compares(names: tuple[str, ...]) -> st.SearchStrategy[Filter]:
    paths = st.sampled_from(names).map(lambda name: (name,))
    return (
        st.builds(Compare, paths, OPERATORS, VALUES)
        | st.builds(Compare, paths, st.just("isnull"), st.booleans())
        | st.builds(Compare, paths, st.just("in"), st.lists(VALUES | st.none(), max_size=4).map(tuple))
    )


ANYWHERE = ("id", "kind", "code", "parent", "status", "source", "task", "asset")


def filters(kind: str, depth: int = 2) -> st.SearchStrategy[Filter]:
    made = entity_type(kind)
    own = ("id", "kind", *(("code",) if "code" in made.fields else ()), *made.relations)
    leaves = compares(own)
    if not depth:
        return leaves
    inner = filters(kind, depth - 1)
    forms = [
        leaves,
        st.lists(inner, max_size=3).map(lambda each: All(tuple(each))),
        st.lists(inner, max_size=3).map(lambda each: AnyOf(tuple(each))),
        inner.map(Not),
        compares(ANYWHERE).map(Lineage),
        compares(ANYWHERE).map(Gated),
    ]
    ways = (*made.relations, *registry.inverse_names(kind))
    forms += [compares(("id", "kind", "created_by")).map(lambda each, way=way: Related(way, each)) for way in ways]
    forms += [st.just(Related(way)) for way in ways]
    return st.one_of(forms)


@given(data=st.data())
def test_answer_depends_on_nothing_hidden_when_restricted(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(VISIBLE)))
    kind = data.draw(st.sampled_from([kind for kind in registry.kinds() if kind != "event"]))
    query = expand(Query(kind, filter=data.draw(filters(kind)), size=1_000))
    try:
        narrowed = restrict(query, VISIBLE[name])
    except QueryError as error:
        assert error.issues[0].code == "query.hidden"  # noqa: PT017  # the property is about all other answers
        return
    seen = [entity.id for entity in evaluate(narrowed, ENTITIES)]
    assert seen == [entity.id for entity in evaluate(query, PURGED[name])]


def ids(query: Query, entities: tuple[Entity, ...]) -> set[str]:
    return {entity.id for entity in evaluate(query, entities)}


def test_filter_keeps_its_meaning_when_a_name_is_a_relation_of_some_kinds_only() -> None:
    """`source` is a text of a version and a relation of a link."""
    told = next(entity for entity in ENTITIES if entity.kind == "version")
    entities = (*(each for each in ENTITIES if each is not told), attrs.evolve(told, source="plate.exr"))
    query = expand(Query("version", filter=Gated(EVERYTHING)))
    query = expand(attrs.evolve(query, filter=Lineage(AnyOf((
        Not(Compare(("kind",), "eq", "version")), Compare(("source",), "eq", "plate.exr"),
    )))))  # fmt: skip
    assert ids(restrict(query, VISIBLE["status"]), entities) == ids(query, entities) == {told.id}


def test_included_and_walked_to_is_what_is_visible_when_restricted() -> None:
    visible = VISIBLE["asset"]
    query = expand(Query("asset_type").include("assets"))
    page = evaluate(restrict(query, visible), ENTITIES)
    shown = {each.code for found in page.included.values() for each in found["assets"] if isinstance(each, Asset)}
    assert shown == {"Villain"}
    walked = evaluate(restrict(expand(Query("asset_type").walk("parent", forward=False)), visible), ENTITIES)
    assert not {IDS["hero"], IDS["sword"], IDS["cape"]} & {entity.id for entity in walked}


def test_narrower_include_stays_narrow_when_restricted_again() -> None:
    query = restrict(expand(Query("asset_type").include("assets")), VISIBLE["asset"])
    again = restrict(query, VISIBLE["status"])
    page = evaluate(again, ENTITIES)
    assert {each.code for found in page.included.values() for each in found["assets"]} == {"Villain"}


def test_included_query_is_narrowed_when_it_filters_by_what_is_hidden() -> None:
    inner = Query("asset", filter=Compare(("status",), "eq", IDS["active"]))
    page = evaluate(restrict(expand(Query("asset_type").include("assets", query=inner)), VISIBLE["status"]), ENTITIES)
    assert not any(each for found in page.included.values() for each in found["assets"])


def test_nothing_changes_when_everything_is_visible() -> None:
    query = expand(Query("asset").where(status=IDS["active"]))
    assert restrict(query, EVERYTHING) is query


def test_records_are_refused_when_they_tell_of_hidden_things() -> None:
    query = expand(Query("version", filter=Compare(("dependencies", "kind"), "eq", "strong")))
    with pytest.raises(QueryError) as caught:
        restrict(query, VISIBLE["asset"])
    assert caught.value.issues[0].code == "query.hidden"
