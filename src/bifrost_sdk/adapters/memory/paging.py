"""Pages of a memory store: the order of a query, and where in it a page begins."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from bifrost_sdk.domain import wire
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.evaluation import WALK_STARTS, rank
from bifrost_sdk.domain.fieldpaths import sort_path
from bifrost_sdk.domain.query import PAGE_LIMIT, All, Compare, Not, Page, Query

Key = tuple[Any, ...]  # Any: values of the fields that are sorted by; then the id

#: Evaluates a query on the state that is paged through.
Answerer = Callable[[Query], Page]


def page(query: Query, answer: Answerer, offset: Key | None) -> tuple[list[Entity], Key | None]:
    """The entities after `offset`, at most as many as the query allows, and the key of the last if there are more.

    For a walk these are the entities that it begins at.
    """
    size = WALK_STARTS if query.shape == "walk" else query.size
    ordered = _ordered(query, answer)
    if offset is not None:
        start = tuple(offset)
        ordered = itertools.dropwhile(lambda each: not _comes_after(query, _key(query, each), start), ordered)
    found = list(itertools.islice(ordered, size + 1))
    if len(found) <= size:
        return found, None
    return found[:-1], _key(query, found[-2])


def _ordered(query: Query, answer: Answerer) -> Iterator[Entity]:
    """All that the query finds, in its order, whatever its limit."""
    seen: tuple[str, ...] = ()
    while True:
        unseen = All((query.filter, Not(Compare(("id",), "in", seen)))) if seen else query.filter
        found = answer(attrs.evolve(query, filter=unseen, size=PAGE_LIMIT, shape="entities", includes=())).entities
        yield from found
        if len(found) < PAGE_LIMIT:
            return
        seen += tuple(entity.id for entity in found)


def _key(query: Query, entity: Entity) -> Key:
    document = wire.to_document(entity)
    return (*(_value(document, sort_path(query.kind, name)[0]) for name in query.order), entity.id)


def _value(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:  # Any: JSON
    found: Any = document  # Any: JSON
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return None if isinstance(found, (list, Mapping)) or found == "" else found


def _comes_after(query: Query, key: Key, other: Key) -> bool:
    for name, value, theirs in zip((*query.order, "id"), key, other, strict=True):
        order = _compare(value, theirs)
        if order:
            is_reversed = name.startswith("-") and value is not None and theirs is not None
            return order < 0 if is_reversed else order > 0
    return False


def _compare(one: Any, other: Any) -> int:  # Any: JSON values
    """Below, equal or above: numbers, then texts by their code points, then nothing."""
    mine, theirs = _rank(one), _rank(other)
    return (mine > theirs) - (mine < theirs)


_rank = functools.lru_cache(maxsize=1_000, typed=True)(rank)
