"""From queries as people write them to the few forms that an evaluation or a store has to understand.

After `expand` every comparison stays within one entity, and its value is a wire value. Hops have become `Related`,
``ne`` a `Not`, and equal to nothing is ``isnull``.
"""

from __future__ import annotations

import datetime
import math
import unicodedata
from collections.abc import Collection
from typing import Any

import attrs

from bifrost_sdk.domain import registry, text
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.fieldpaths import check_path, group_path, is_hop, sort_path, target_kinds, targets_of
from bifrost_sdk.domain.frames import FrameRange, FrameRate
from bifrost_sdk.domain.query import (
    NOTHING,
    PAGE_LIMIT,
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
    Walk,
)
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.errors import Issue, QueryError, ValidationError

#: What a query may ask for.
SHAPES = ("entities", "rows", "count", "groups", "walk")

#: A walk goes at most so many steps.
DEPTH_LIMIT = 1_000

#: What counts as no value, besides an empty list or object: bodies leave an empty text out.
EMPTY = (None, "")

_INTEGER_LIMIT = 2**63


def expand(query: Query) -> Query:
    """The same query in the few forms that stores know, with every name and value checked.

    Expanding again changes nothing.

    >>> from bifrost_sdk.domain.query import Query
    >>> expand(Query("asset").where(parent__code="prop", status__ne=None)).filter.filters[0]
    Related(relation='parent', filter=Compare(path=('code',), operator='eq', value='prop'))

    Raises:
        QueryError: for a name that leads nowhere, a value that nothing can be compared with, or a shape, limit or
            depth that there is not.
    """
    _check(query)
    return attrs.evolve(
        query,
        filter=expand_filter((query.kind,), query.filter),
        includes=tuple(_include(query.kind, include) for include in query.includes),
        steps=query.steps and _walk(query.kind, query.steps),
    )


def expand_filter(kinds: Collection[str], condition: Filter) -> Filter:
    """The filter as `expand` makes it, for an entity that is of one of these kinds.

    Below `Lineage` and `Gated` an entity may be of any kind.

    Raises:
        QueryError: as `expand`.
    """
    if isinstance(condition, Compare):
        return _compare(kinds, condition)
    if isinstance(condition, (All, AnyOf)):
        return type(condition)(tuple(expand_filter(kinds, each) for each in condition.filters))
    if isinstance(condition, Not):
        return Not(expand_filter(kinds, condition.filter))
    if isinstance(condition, Related):
        targets = targets_of(kinds, condition.relation)
        return Related(condition.relation, expand_filter(targets, condition.filter))
    if isinstance(condition, (Lineage, Gated)):
        return type(condition)(expand_filter(registry.kinds(), condition.filter))
    if isinstance(condition, Today):
        return Today(expand_filter(kinds, condition.filter))
    raise QueryError(
        Issue("query.filter", f"{condition!r:.200} is no filter", hint="give a Compare, All, AnyOf, Not, …")
    )


def wire_value(value: Any) -> Any:  # Any: values of every field type
    """The value as fields are compared: JSON values, an entity as its id, a time as fixed-width text in UTC.

    >>> wire_value(FrameRange.parse("1001-1003,1004"))
    '1001-1004'

    Raises:
        QueryError: when no field can hold such a value.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)) and _is_storable(value):
        return value
    if isinstance(value, (Entity, FrameRange, FrameRate)):
        return value.id if isinstance(value, Entity) else str(value)
    try:
        if isinstance(value, datetime.datetime):
            return _time(value)
        if isinstance(value, str):
            return text.prose(value)
    except ValidationError as error:
        raise QueryError(error.issues) from error
    hint = "use in for several values" if isinstance(value, (list, tuple, set, frozenset)) else ""
    raise QueryError(Issue("query.value", f"nothing can be compared with {value!r:.200}", hint=hint))


def _compare(kinds: Collection[str], compare: Compare) -> Filter:
    path = tuple(unicodedata.normalize("NFC", name) for name in compare.path)
    check_path(kinds, path)
    if compare.operator == "ne":
        return Not(_compare(kinds, Compare(path, "eq", compare.value)))
    if is_hop(kinds, path):
        return _hop(kinds, Compare(path, compare.operator, compare.value))
    return _valued(_records_path(kinds, path), compare.operator, compare.value)


def _hop(kinds: Collection[str], compare: Compare) -> Filter:
    relation, *rest = compare.path
    if not rest and compare.operator == "isnull":
        exists = Related(relation)
        return Not(exists) if _truth(compare.value) else exists
    inner = Compare(tuple(rest) or ("id",), compare.operator, compare.value)
    return Related(relation, _compare(targets_of(kinds, relation), inner))


def _records_path(kinds: Collection[str], path: tuple[str, ...]) -> tuple[str, ...]:
    """A relation kept in records compares as the ids in them: ``dependencies`` means ``dependencies__version``."""
    if len(path) == 1:
        for kind in kinds:
            relation = entity_type(kind).relations.get(path[0])
            if relation is not None and relation.path:
                return (*path, relation.path)
    return path


def _valued(path: tuple[str, ...], operator: str, value: Any) -> Filter:  # Any: values of every field type
    if operator == "isnull":
        return Compare(path, "isnull", _truth(value))
    if operator == "in":
        return _one_of(path, value)
    wire = wire_value(value)
    if operator == "eq" and wire in EMPTY:
        return _is_null(path)
    return NOTHING if wire is None else Compare(path, operator, wire)


def _one_of(path: tuple[str, ...], values: Any) -> Filter:  # Any: checked here
    if not isinstance(values, (list, tuple, set, frozenset)):
        raise QueryError(Issue("query.value", f"{values!r:.200} is no list of values", "__".join(path)))
    ordered = sorted(values, key=repr) if isinstance(values, (set, frozenset)) else values
    wire = tuple(wire_value(value) for value in ordered)
    some = Compare(path, "in", tuple(value for value in wire if value not in EMPTY))
    return some if some.value == wire else AnyOf((some, _is_null(path)))


def _is_null(path: tuple[str, ...]) -> Compare:
    return Compare(path, "isnull", True)  # noqa: FBT003  # the compared value


def _truth(value: Any) -> bool:  # Any: checked here
    if isinstance(value, bool):
        return value
    raise QueryError(Issue("query.value", f"isnull takes True or False, not {value!r:.200}"))


def _is_storable(value: float) -> bool:
    return -_INTEGER_LIMIT <= value < _INTEGER_LIMIT if isinstance(value, int) else math.isfinite(value)


def _time(value: datetime.datetime) -> str:
    moment = text.utc(value)
    return "" if moment is None else moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _check(query: Query) -> None:
    _in_range("limit", query.size, PAGE_LIMIT)
    if query.shape not in SHAPES:
        raise QueryError(Issue("query.shape", f"there is no shape {query.shape!r}", hint=", ".join(SHAPES)))
    try:
        text.prose(query.text)
    except ValidationError as error:
        raise QueryError(error.issues) from error
    for name in query.order:
        sort_path(query.kind, name)
    for name in query.groups:
        group_path(query.kind, name)
    if query.shape == "groups" and not query.groups:
        raise QueryError(Issue("query.groups", "nothing to group by", hint="name at least one field"))
    if query.shape == "rows":
        query.rows(*query.columns)
        if query.includes:
            raise QueryError(Issue("query.include", "rows come alone", hint="ask for entities"))
    if query.shape == "walk" and query.steps is None:
        raise QueryError(Issue("query.walk", "a walk without a relation to walk along"))
    relations = [include.relation for include in query.includes]
    if len(set(relations)) < len(relations):
        raise QueryError(Issue("query.include", "a relation is included twice", hint="include each relation once"))


def _include(kind: str, include: Include) -> Include:
    kinds = target_kinds(kind, include.relation)
    _in_range("limit", include.limit, PAGE_LIMIT)
    include = attrs.evolve(include, visible=expand_filter(registry.kinds(), include.visible))
    query = include.query
    if query is None:
        return include
    if query.kind not in kinds:
        raise QueryError(
            Issue("query.include", f"leads to {', '.join(kinds)}, never to {query.kind}", include.relation)
        )
    if query.shape != "entities" or query.includes or query.cursor or query.text:
        raise QueryError(Issue("query.include", "what is included can be filtered and sorted only", include.relation))
    return attrs.evolve(include, query=expand(query))


def _walk(kind: str, step: Walk) -> Walk:
    _in_range("depth", step.depth, DEPTH_LIMIT)
    sources = (kind,) if step.forward else registry.kinds()
    relations = [found for each in sources if (found := entity_type(each).relations.get(step.relation))]
    if not any(step.forward or not each.targets or kind in each.targets for each in relations):
        where = f"on {kind}" if step.forward else f"that leads to {kind}"
        raise QueryError(Issue("query.walk", f"there is no relation field {step.relation!r} {where}"))
    return attrs.evolve(step, visible=expand_filter(registry.kinds(), step.visible))


def _in_range(what: str, value: Any, most: int) -> None:  # Any: checked here
    if type(value) is not int or not 1 <= value <= most:
        raise QueryError(Issue(f"query.{what}", f"a {what} is a whole number from 1 to {most}, not {value!r:.50}"))
