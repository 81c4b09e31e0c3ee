"""Queries as statements: one for a page, a count or groups, whatever the filters."""

# ruff: noqa: S608 - statements are put together of this package's own words; every value is bound

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bifrost_sdk.adapters.sqlite import fields, filtering, relations, rows
from bifrost_sdk.adapters.sqlite.fields import Parameters
from bifrost_sdk.adapters.sqlite.rows import Moment
from bifrost_sdk.domain import codes as text_codes
from bifrost_sdk.domain import fieldpaths, wire
from bifrost_sdk.domain.evaluation import GROUP_LIMIT, WALK_STARTS, alike, present, rank
from bifrost_sdk.domain.query import Group, Include, Query
from bifrost_sdk.errors import QueryError
from bifrost_sdk.ports import Record, Selection

Codes = Mapping[int, str]


def select(
    connection: sqlite3.Connection,
    query: Query,
    moment: Moment,
    *,
    codes: Codes,
    offset: Sequence[Any] | None = None,
) -> Selection:
    """What the query asks for, as things stood at the moment.

    Raises:
        QueryError: for words and groups of the past.
    """
    if moment.revision is not None and (query.text or query.shape == "groups"):
        raise QueryError("full text and groups are of today's state only: leave out the revision or the time")
    number = next((number for number, code in codes.items() if code == query.project), 0)  # there is no project 0
    if query.shape == "groups":
        return _grouped(query, fields.run(connection, lambda p: _groups(query, _found(query, number, p), p), moment)[0])
    if query.shape == "count":
        counted, _ = fields.run(connection, lambda p: f"SELECT count(*) {_found(query, number, p)}", moment)
        return Selection(count=counted.fetchone()[0])
    size = WALK_STARTS if query.shape == "walk" else query.size

    def build(parameters: Parameters) -> str:
        return _page(query, (_found(query, number, parameters), parameters), offset, size=size)

    chosen = fields.run(connection, build, moment)[0].fetchall()
    names = _names(query)
    width = len(names) if query.shape == "rows" else rows.WIDTH
    last = (*chosen[size - 1][width:], chosen[size - 1][names.index("id")]) if len(chosen) > size else None
    if query.shape == "rows":
        return Selection(rows=tuple(_cut(chosen[:size], len(query.columns))), last=last)
    return Selection(tuple(rows.record(row, codes) for row in chosen[:size]), last=last)


def related(
    connection: sqlite3.Connection,
    kind: str,
    sources: Sequence[str],
    include: Include,
    *,
    moment: Moment,
    codes: Codes,
) -> dict[str, list[Record]]:
    """For each source what the relation leads to, filtered, sorted and limited as the include says."""
    found: dict[str, list[Record]] = {source: [] for source in sources}
    if not found:
        return found

    def build(parameters: Parameters) -> str:
        parameters["source"] = sources[0]
        return _ends(kind, include, parameters)

    chosen, parameters = fields.run(connection, build, moment)
    for source in found:
        if source != sources[0]:
            parameters["source"] = source
            chosen = connection.execute(parameters.statement, parameters)
        found[source] = [rows.record(row, codes) for row in chosen]
    return found


def _ends(kind: str, include: Include, parameters: Parameters) -> str:
    """The statement for all that the relation leads to from the entity ``:source``, over every way."""
    query = include.query
    kinds: set[str] = set()
    parts = []
    for way in relations.ways((kind,), include.relation):
        targets = way.targets if query is None else tuple({query.kind} & set(way.targets))
        kinds.update(targets)
        if targets:
            parts.append(_reached(kind, way, include, (targets, parameters)))
    keys = _sort_keys(query, parameters)
    columns = rows.columns("e", parameters.moment.path("e", kinds), events=kinds == {"event"})
    listed = "".join(f", {key} AS k{number}" for number, (key, _) in enumerate(keys))
    union = " UNION ALL ".join(f"SELECT {columns}{listed} {part}" for part in parts) or "SELECT NULL AS id WHERE 0"
    order = _order([(f"k{number}", descends) for number, (_, descends) in enumerate(keys)], "id")
    if not parts:
        order = "id"
    return f"SELECT * FROM ({union}) ORDER BY {order} LIMIT {parameters.add(include.limit)}"


def _reached(kind: str, way: relations.Way, include: Include, scope: tuple[tuple[str, ...], Parameters]) -> str:
    """The FROM and WHERE of what one way leads to from the entity ``:source``."""
    targets, parameters = scope
    moment = parameters.moment
    here = moment.events if kind == "event" else moment.table

    def held(column: str) -> str:
        if column == "id":
            return ":source"
        return f"(SELECT s.{column} FROM {here('s', lambda t: f'{t}.id = :source')})"

    where = [filtering.condition(include.visible, targets, "e", parameters)]
    if include.query is not None:
        where.append(filtering.condition(include.query.filter, targets, "e", parameters))
    if targets != way.targets:
        where.append(parameters.kind_in("e", targets))
    return f"FROM {way.table('e', held, parameters)} WHERE {' AND '.join(where)}"


def _found(query: Query, number: int, parameters: Parameters) -> str:
    """The FROM and WHERE of all that the query finds in the project of that number."""
    where = [filtering.condition(query.filter, (query.kind,), "e", parameters)]
    if query.text:
        place = rows.EVENT_COLUMNS["search"].format(t="e") if query.kind == "event" else "e.search"
        where.append(filtering.words(text_codes.fold(query.text), place, parameters))
    project = parameters.add(number)
    if query.kind == "event":
        source = parameters.moment.events("e", lambda t: f"{t}.project = {project}")
    else:
        kind = parameters.add(query.kind)
        source = parameters.moment.table("e", lambda t: f"{t}.project = {project} AND {t}.kind = {kind}")
    return f"FROM {source} WHERE {' AND '.join(where)}"


def _page(query: Query, found: tuple[str, Parameters], offset: Sequence[Any] | None, *, size: int) -> str:
    """The statement for a page and one entity more, which tells that there is another page."""
    body, parameters = found
    keys = _sort_keys(query, parameters)
    after = f" AND {_after([*keys, ('e.id', False)], offset, parameters)}" if offset is not None else ""
    is_event = query.kind == "event"
    if query.shape == "rows":
        columns = ", ".join(rows.column("e", name, events=is_event) for name in _names(query))
    else:
        columns = rows.columns("e", parameters.moment.path("e", (query.kind,)), events=is_event)
    extra = "".join(f", {key}" for key, _ in keys)
    limit = parameters.add(size + 1)
    return f"SELECT {columns}{extra} {body}{after} ORDER BY {_order(keys, 'e.id')} LIMIT {limit}"


def _names(query: Query) -> tuple[str, ...]:
    """The columns of rows that a statement begins with; the id, which pages go by, is among them."""
    return query.columns if "id" in query.columns else (*query.columns, "id")


def _cut(chosen: list[tuple[Any, ...]], width: int) -> list[tuple[Any, ...]]:
    """The rows without what was only asked for to go by; there are many, and most need no cutting."""
    return chosen if chosen and len(chosen[0]) == width else [row[:width] for row in chosen]


def _sort_keys(query: Query | None, parameters: Parameters) -> list[tuple[str, bool]]:
    """(SQL of the value, whether it descends) of each part of the order; what has no single value is NULL."""
    if query is None:
        return []
    found = []
    for name in query.order:
        path, descends = fieldpaths.sort_path(query.kind, name)
        place = fields.place_of(query.kind, path)
        if place.kind in (fields.PLAIN, fields.ANY):
            document, at = parameters.place_in("e.body", place.keys)
            value = f"nullif(json_extract({document}, {at}), '')"
            if place.kind == fields.ANY:
                value = f"iif(json_type({document}, {at}) IN ('array', 'object'), NULL, {value})"
        else:
            value = f"nullif({fields.column('e', place, (query.kind,), parameters.moment)}, '')"
        found.append((value, descends))
    return found


def _order(keys: Iterable[tuple[str, bool]], last: str) -> str:
    parts = [f"{key} IS NULL, {key}{' DESC' if descends else ''}" for key, descends in keys]
    return ", ".join([*parts, last])


def _after(keys: Sequence[tuple[str, bool]], offset: Sequence[Any], parameters: Parameters) -> str:
    """Whether a row comes after the one with these sort values: nothing comes after NULL but what ties with it."""
    condition = "0"
    for (key, descends), value in reversed(list(zip(keys, offset, strict=True))):
        bound = parameters.add(value)
        beyond = "0" if value is None else f"{key} {'<' if descends else '>'} {bound} OR {key} IS NULL"
        condition = f"({beyond} OR ({key} IS {bound} AND {condition}))" if condition != "0" else f"({key} > {bound})"
    return condition


def _groups(query: Query, body: str, parameters: Parameters) -> str:
    """The statement that counts equal values."""
    values = ", ".join(_raw(place, query.kind, parameters) for place in _grouped_places(query))
    numbers = ", ".join(str(number) for number in range(1, len(query.groups) + 1))
    return f"SELECT {values}, count(*) {body} GROUP BY {numbers}"


def _grouped_places(query: Query) -> list[fields.Place]:
    return [fields.place_of(query.kind, fieldpaths.group_path(query.kind, name)) for name in query.groups]


def _grouped(query: Query, counted: Iterable[tuple[Any, ...]]) -> Selection:
    """Groups of what SQLite has counted: values that only compare alike are put together."""
    places = _grouped_places(query)
    counts: dict[tuple[Any, ...], int] = {}
    shown: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    total = 0
    for *raw, count in counted:
        total += count
        combinations: list[tuple[Any, ...]] = [()]
        for place, value in zip(places, raw, strict=True):
            combinations = [(*head, each) for head in combinations for each in _distinct(place, value)]
        for values_ in combinations:
            key = tuple(map(alike, values_))
            counts[key] = counts.get(key, 0) + count
            shown[key] = tuple(min(pair, key=rank) for pair in zip(shown.get(key, values_), values_, strict=True))
    groups = [Group(values_, counts[key]) for key, values_ in shown.items()]
    groups.sort(key=lambda group: (-group.count, [rank(value) for value in group.values]))
    return Selection(count=total, groups=tuple(groups[:GROUP_LIMIT]))


def _raw(place: fields.Place, kind: str, parameters: Parameters) -> str:
    """The value as it is kept: a column, or JSON text in a list of two equal ones (one alone would lose its type)."""
    if place.name:
        return fields.column("e", place, (kind,), parameters.moment)
    keys = place.keys[:1] if place.kind == fields.RECORDS else place.keys
    document, path = parameters.place_in("e.body", keys)
    return f"json_extract({document}, {path}, {path})"


def _distinct(place: fields.Place, raw: Any) -> Iterable[Any]:  # Any: a column's value; JSON values come out
    if place.kind == fields.TIME:
        return [wire.print_time(wire.from_microseconds(raw))]
    if place.name:
        return [raw or None] if isinstance(raw, str) else [raw]
    value = json.loads(raw)[0]
    if place.kind == fields.RECORDS:
        values = [_descend(record, place.keys[1:]) for record in value or ()]
        value = [item for each in values for item in (each if isinstance(each, list) else [each])]
    found: dict[Any, Any] = {}
    for each in present(value):
        if not isinstance(each, (list, dict)):
            found[alike(each)] = min(found.get(alike(each), each), each, key=rank)
    return found.values() or [None]


def _descend(value: Any, keys: Iterable[str]) -> Any:  # Any: JSON
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
