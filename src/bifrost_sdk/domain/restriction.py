"""A query as somebody who may not see everything has to ask it: visibility joined to every place entities are met."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from bifrost_sdk.domain import registry
from bifrost_sdk.domain.access import all_of
from bifrost_sdk.domain.fieldpaths import field_names, targets_of
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
    Today,
)
from bifrost_sdk.domain.registry import Relation, entity_type
from bifrost_sdk.errors import Issue, QueryError


def restrict(query: Query, visible: Filter, *, reachable: Filter | None = None, is_strict: bool = True) -> Query:
    """The expanded query over what is visible only: entities, hops, includes and walks.

    `reachable` narrows what relations lead to, which may lie in other projects; by default it is `visible`. `is_strict`
    also refuses what would tell of hidden things by the way: the changed fields of events, and sorting by relations.

    Raises:
        QueryError: for what would tell of hidden entities and cannot be narrowed.
    """
    reachable = visible if reachable is None else reachable
    if visible == EVERYTHING and reachable == EVERYTHING:
        return query
    if is_strict:
        _check_paths(query)
    return attrs.evolve(
        query,
        filter=all_of(visible, restrict_filter((query.kind,), query.filter, reachable, is_strict=is_strict)),
        includes=tuple(_include(include, reachable) for include in query.includes),
        steps=query.steps and attrs.evolve(query.steps, visible=all_of(reachable, query.steps.visible)),
    )


def _check_paths(query: Query) -> None:
    relations = entity_type(query.kind).relations
    for name in (*query.order, *query.groups):
        first = name.lstrip("-").split("__")[0]
        if first in _CHANGES or (first in relations and name in query.order):
            raise _refused(name, "leave it out")


#: What events tell of the fields of others.
_CHANGES = ("before", "after")


def _refused(name: str, hint: str) -> QueryError:
    return QueryError(Issue("query.hidden", "your role may not look into this", name, "", hint))


def restrict_filter(kinds: Iterable[str], condition: Filter, visible: Filter, *, is_strict: bool = True) -> Filter:
    """The expanded filter, for an entity of one of `kinds`, where relations lead to what is visible only."""
    kinds = tuple(kinds)

    def inner(each: Filter) -> Filter:
        return restrict_filter(kinds, each, visible, is_strict=is_strict)

    if isinstance(condition, Compare):
        return _compare(kinds, condition, visible, is_strict=is_strict)
    if isinstance(condition, Related):
        targets = targets_of(kinds, condition.relation)
        return Related(
            condition.relation,
            all_of(visible, restrict_filter(targets, condition.filter, visible, is_strict=is_strict)),
        )
    if isinstance(condition, Today):
        return Today(inner(condition.filter))
    if isinstance(condition, (Lineage, Gated)):
        return type(condition)(restrict_filter(registry.kinds(), condition.filter, visible, is_strict=is_strict))
    return _combined(condition, inner)


def _combined(condition: All | AnyOf | Not, inner: Callable[[Filter], Filter]) -> Filter:
    if isinstance(condition, Not):
        return Not(inner(condition.filter))
    return type(condition)(tuple(inner(each) for each in condition.filters))


def _compare(kinds: tuple[str, ...], compare: Compare, visible: Filter, *, is_strict: bool) -> Filter:
    if is_strict and compare.path[0] in _CHANGES and "event" in kinds:
        raise _refused("__".join(compare.path), "ask for the subject itself")
    leading = tuple(kind for kind in kinds if compare.path[0] in entity_type(kind).relations)
    if not leading:
        return compare
    relation = entity_type(leading[0]).relations[compare.path[0]]
    if compare.path[1:] not in ((), (relation.path,)):
        if is_strict:
            raise _refused("__".join(compare.path), f"ask for {relation.name} itself")
        return compare
    narrowed = _narrowed(relation, compare, visible)
    if not any(compare.path[0] in field_names(kind) for kind in kinds if kind not in leading):
        return narrowed
    leads = Compare(("kind",), "in", leading)  # for the others it is a plain field of that name
    return AnyOf((All((leads, narrowed)), All((Not(leads), compare))))


def _narrowed(relation: Relation, compare: Compare, visible: Filter) -> Filter:
    if compare.operator == "isnull":
        leads = Related(relation.name, visible)
        return Not(leads) if compare.value else leads
    operator = "eq" if compare.operator == "contains" and relation.many else compare.operator
    return Related(relation.name, all_of(visible, Compare(("id",), operator, compare.value)))


def _include(include: Include, visible: Filter) -> Include:
    narrowed = include.query and attrs.evolve(
        include.query, filter=restrict_filter((include.query.kind,), include.query.filter, visible)
    )
    return attrs.evolve(include, query=narrowed, visible=all_of(visible, include.visible))
