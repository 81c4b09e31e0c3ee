"""Filters as SQL conditions on one row, with every value bound.

A condition may be unknown (NULL) where it is not fulfilled; under NOT that is made false first.
"""

# ruff: noqa: S608 - statements are put together of this package's own words; every value is bound

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

from bifrost_sdk.adapters.sqlite import comparing, relations
from bifrost_sdk.adapters.sqlite.fields import Parameters, kinds_of_rows
from bifrost_sdk.adapters.sqlite.relations import Way
from bifrost_sdk.adapters.sqlite.rows import NOW
from bifrost_sdk.domain import registry
from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.query import All, AnyOf, Compare, Filter, Gated, Lineage, Not, Related, Today


def condition(wanted: Filter, kinds: Sequence[str], alias: str, parameters: Parameters) -> str:
    """The condition that an expanded filter means for the row `alias` of one of these kinds."""
    if parameters.depth >= parameters.limit and not isinstance(wanted, Compare):
        return _before(wanted, kinds, alias, parameters)
    parameters.depth += 1
    try:
        return _condition(wanted, kinds, alias, parameters)
    finally:
        parameters.depth -= 1


def _condition(wanted: Filter, kinds: Sequence[str], alias: str, parameters: Parameters) -> str:
    if isinstance(wanted, Compare):
        known = _known(wanted, kinds)
        return comparing.compare(wanted, kinds, alias, parameters) if known is None else str(int(known))
    if isinstance(wanted, All):
        return _joined(" AND ", "1", [condition(each, kinds, alias, parameters) for each in wanted.filters])
    if isinstance(wanted, AnyOf):
        return _any_of(wanted, kinds, alias, parameters)
    if isinstance(wanted, Not):
        return f"NOT ifnull({condition(wanted.filter, kinds, alias, parameters)}, 0)"
    return _FORMS[type(wanted)](wanted, kinds, alias, parameters)


def _any_of(wanted: AnyOf, kinds: Sequence[str], alias: str, parameters: Parameters) -> str:
    """One of the parts; what stands beside "not of this kind" is about that kind alone, and is read so."""
    guarded = [each.filter.value for each in wanted.filters if isinstance(each, Not) and _is_kind(each.filter)]
    if len(guarded) == 1:
        if guarded[0] not in kinds:
            return "1"
        others = [each for each in wanted.filters if not (isinstance(each, Not) and _is_kind(each.filter))]
        parts = [condition(each, guarded, alias, parameters) for each in others]
        if tuple(kinds) != tuple(guarded):
            parts.insert(0, f"NOT {parameters.kind_in(alias, guarded)}")
        return _joined(" OR ", "0", parts)
    return _joined(" OR ", "0", [condition(each, kinds, alias, parameters) for each in wanted.filters])


def _is_kind(wanted: Filter) -> TypeGuard[Compare]:
    return isinstance(wanted, Compare) and wanted.path == ("kind",) and wanted.operator == "eq"


def _known(wanted: Compare, kinds: Sequence[str]) -> bool | None:
    """The answer to a comparison of kinds, where it is the same for all that the row may be of."""
    if wanted.path != ("kind",) or wanted.operator not in ("eq", "in"):
        return None
    values = (wanted.value,) if wanted.operator == "eq" else wanted.value
    folded = {fold(value) for value in values if isinstance(value, str)}
    answers = {kind in folded for kind in kinds}
    return answers.pop() if len(answers) == 1 else None


def words(text: str, search: str, parameters: Parameters) -> str:
    """Whether the folded text in the column `search` holds each word of the folded `text`."""
    return _joined(" AND ", "1", [f"instr({search}, {parameters.add(word)}) > 0" for word in text.split()])


def _before(wanted: Filter, kinds: Sequence[str], alias: str, parameters: Parameters) -> str:
    """The same, from the set of all that fulfil it, found once before the statement begins."""
    asked = repr(wanted), tuple(kinds), parameters.moment
    if asked in parameters.sets:
        return f"{alias}.id IN {parameters.sets[asked][0]}"
    name, row = parameters.alias(), parameters.alias()
    depth, parameters.depth = parameters.depth, 0
    if tuple(kinds) == ("event",):
        table = parameters.moment.events(row, lambda _: "1")
    else:
        guard = parameters.kind_in("{t}", kinds)
        table = parameters.moment.table(row, lambda t: guard.format(t=t))
    inner = condition(wanted, kinds, row, parameters)
    parameters.depth = depth
    if inner in ("0", "1"):
        return inner
    parameters.sets[asked] = name, f"SELECT {row}.id FROM {table} WHERE {inner}"
    return f"{alias}.id IN {name}"


def _joined(operator: str, empty: str, parts: list[str]) -> str:
    """The parts as one condition; `empty` is what holds of none of them, and its contrary decides alone."""
    telling = [part for part in parts if part != empty]
    if (contrary := "0" if empty == "1" else "1") in telling:
        return contrary
    return f"({operator.join(telling)})" if telling else empty


def _related(related: Related, kinds: Sequence[str], alias: str, parameters: Parameters) -> str:
    parts = []
    for way, having in relations.ways(kinds, related.relation).items():
        guard = "" if set(having) == set(kinds) else f"{parameters.kind_in(alias, having)} AND "
        parts.append(f"({guard}{_leads(way, related.filter, alias, parameters)})")
    return _joined(" OR ", "0", parts)


def _leads(way: Way, wanted: Filter, alias: str, parameters: Parameters) -> str:
    target = parameters.alias()
    table = way.table(target, lambda column: f"{alias}.{column}", parameters)
    return f"EXISTS (SELECT 1 FROM {table} WHERE {condition(wanted, way.targets, target, parameters)})"


def _lineage(lineage: Lineage, kinds: Sequence[str], alias: str, parameters: Parameters) -> str:
    """The entity fulfils it, and nothing above is missing or does not."""
    own = condition(lineage.filter, kinds, alias, parameters)
    if tuple(kinds) == ("event",):
        return own
    chain, above, node = parameters.alias(), parameters.alias(), parameters.alias()
    table = parameters.moment.table
    parent = f"(SELECT {above}.parent FROM {table(above, lambda t: f'{t}.id = {chain}.id')})"
    stands = condition(lineage.filter, _containers(kinds), node, parameters)
    return (
        f"({own} AND NOT EXISTS (WITH RECURSIVE {chain}(id) AS (SELECT {alias}.parent UNION "
        f"SELECT {parent} FROM {chain} WHERE {chain}.id IS NOT NULL) "
        f"SELECT 1 FROM {chain} WHERE {chain}.id IS NOT NULL AND NOT EXISTS ("
        f"SELECT 1 FROM {table(node, lambda t: f'{t}.id = {chain}.id')} WHERE {stands})))"
    )


def _today(today: Today, kinds: Sequence[str], alias: str, parameters: Parameters) -> str:
    """The entity stands today, and its row of today fulfils it."""
    then, parameters.moment = parameters.moment, NOW
    try:
        row = parameters.alias()
        link = f"{{t}}.id = {alias}.id"
        table = NOW.events if tuple(kinds) == ("event",) else NOW.table
        inner = condition(today.filter, kinds, row, parameters)
        return f"EXISTS (SELECT 1 FROM {table(row, lambda t: link.format(t=t))} WHERE {inner})"
    finally:
        parameters.moment = then


def _containers(kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds that may contain these, directly or further up."""
    found: dict[str, None] = {}
    new = list(kinds)
    while new:
        relation = registry.entity_type(new.pop()).parent
        targets = () if relation is None else relation.targets or kinds_of_rows()
        new += [kind for kind in targets if kind not in found]
        found.update(dict.fromkeys(targets))
    return tuple(found)


def _gated(gated: Gated, kinds: Sequence[str], alias: str, parameters: Parameters) -> str:
    parts = []
    for way, having in relations.gates(kinds).items():
        guard = "" if set(having) == set(kinds) else f"NOT {parameters.kind_in(alias, having)} OR "
        if way.column:
            passes = f"{alias}.{way.column} IS NULL OR {_leads(way, gated.filter, alias, parameters)}"
        else:
            passes = _edges_pass(way, gated.filter, alias, parameters)
        parts.append(f"({guard}{passes})")
    return _joined(" AND ", "1", parts)


def _edges_pass(way: Way, wanted: Filter, alias: str, parameters: Parameters) -> str:
    edge = parameters.alias()
    each = Way(way.targets, "target", way.relation)
    return (
        f"NOT EXISTS (SELECT 1 FROM edge {edge} WHERE {edge}.source = {alias}.id "
        f"AND {edge}.relation = {parameters.add(way.relation)} AND {parameters.moment.stands(edge)} "
        f"AND NOT {_leads(each, wanted, edge, parameters)})"
    )


_FORMS: dict[type, Callable[[Any, Sequence[str], str, Parameters], str]] = {  # Any: each takes its own form
    Related: _related,
    Today: _today,
    Lineage: _lineage,
    Gated: _gated,
}
