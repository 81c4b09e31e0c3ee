"""Where the value of a field lies in a row: in a column, in the body, or in the records of a list in the body."""

# ruff: noqa: S608 - statements are put together of this package's own words; every value is bound

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from bifrost_sdk.adapters.sqlite.rows import EVENT_COLUMNS, Moment
from bifrost_sdk.domain import fieldpaths, registry

#: How deep conditions are nested in a statement: as deep as they are, and when that is too deep.
INLINE, FLAT = 1_000_000, 2

#: What a column or a place in a body holds.
TEXT, CODE, INTEGER, TIME, PATH, PLAIN, ANY, RECORDS, NOTHING = range(9)

_COLUMNS = {
    "id": CODE,
    "kind": CODE,
    "project": CODE,
    "revision": INTEGER,
    "path": PATH,
    "created_at": TIME,
    "created_by": TEXT,
    "updated_at": TIME,
    "updated_by": TEXT,
}
_SLOTS = {"parent": CODE, "status": CODE, "number": INTEGER, "state": TEXT}
_FOLDED = {("representation", "folder"): "folder"}
_EVENT_FIELDS = {"subject": CODE, "subject_kind": CODE}


@attrs.frozen
class Place:
    """Where a path leads: `name` is the column, or empty for a place in the body; `keys` lead into the body.

    `kind` CODE is text that is its own folded form, PLAIN a single value in the body, ANY what a JSON object or a list
    may hold, RECORDS a field of the records in the list that the first key names.
    """

    kind: int
    name: str = ""
    keys: tuple[str, ...] = ()


def place_of(kind: str, path: tuple[str, ...]) -> Place:
    """Where `path` leads in an entity of this kind; NOTHING where the kind has no such field."""
    name, *keys = path
    if name not in fieldpaths.field_names(kind):
        return Place(NOTHING)
    if not keys:
        if name in _COLUMNS:
            return Place(_COLUMNS[name], name)
        for slot, field in registry.entity_type(kind).slots.items():
            if field == name:
                return Place(_SLOTS[slot], slot)
        if kind == "event" and name in _EVENT_FIELDS:
            return Place(_EVENT_FIELDS[name], name)
    whole = fieldpaths.shape(kind, (name,))
    if keys and whole == fieldpaths.RECORDS:
        return Place(RECORDS, "", path)
    return Place(PLAIN if whole == fieldpaths.VALUE else ANY, "", path)


def folded_column(kinds: Iterable[str], place: Place) -> str:
    """The column with the folded text of a place in the body, for rows of these kinds; empty where there is none."""
    columns = {_FOLDED.get((kind, ".".join(place.keys)), "") for kind in kinds}
    return columns.pop() if len(columns) == 1 else ""


def kinds_of_rows() -> tuple[str, ...]:
    """The kinds that rows of `entity` may be of: all but the event."""
    return tuple(kind for kind in registry.kinds() if kind != "event")


class Parameters(dict[str, Any]):
    """The values that a statement is given; none ever becomes part of its text.

    SQLite's parser holds a limited number of open brackets. Conditions that are nested deeper than `limit` are
    therefore evaluated before the statement, each as a set of ids of its own: `sets`, for `before`.
    """

    def __init__(self, moment: Moment, *, limit: int = INLINE) -> None:
        super().__init__(moment.parameters)
        self.moment = moment
        self.statement = ""
        self.limit = limit
        self.depth = 0
        self.sets: dict[Any, tuple[str, str]] = {}  # Any: what was asked, of which rows; then its name and statement
        self._numbers = itertools.count()

    def before(self) -> str:
        """What the statement begins with."""
        sets = (f"{name}(id) AS ({statement})" for name, statement in self.sets.values())
        return f"WITH {', '.join(sets)} " if self.sets else ""

    def add(self, value: Any) -> str:
        """The name under which the statement finds the value."""
        name = f"p{next(self._numbers)}"
        self[name] = value
        return f":{name}"

    def add_list(self, values: Iterable[Any]) -> str:
        """A subquery that gives these texts or numbers."""
        return f"(SELECT value FROM json_each({self.add(json.dumps(list(values)))}))"

    def alias(self) -> str:
        """A name for one more table."""
        return f"t{next(self._numbers)}"

    def kind_in(self, alias: str, kinds: Iterable[str]) -> str:
        """Whether a row is of one of these kinds."""
        names = ", ".join(self.add(kind) for kind in sorted(kinds))
        return f"{alias}.kind IN ({names})"

    def place_in(self, document: str, keys: tuple[str, ...]) -> tuple[str, str]:
        """(document, path) for SQLite's JSON functions; keys that its paths cannot say are followed in Python."""
        try:
            plain = not any(key == "" or '"' in key or "\\" in key for key in keys) and "".join(keys).encode()
        except UnicodeEncodeError:  # a lone surrogate is in no document
            return ("'[null]'", "'$[0]'")
        if plain:
            return (document, self.add("$" + "".join(f'."{key}"' for key in keys)))
        return (f"dig({document}, {self.add(json.dumps(keys))})", "'$[0]'")


def run(
    connection: sqlite3.Connection, build: Callable[[Parameters], str], moment: Moment
) -> tuple[sqlite3.Cursor, Parameters]:
    """Execute the statement that `build` makes; one that is nested too deep for SQLite is made flat."""
    for limit in (INLINE, FLAT):
        parameters = Parameters(moment, limit=limit)
        statement = build(parameters)
        try:
            parameters.statement = f"{parameters.before()}{statement}"
            return connection.execute(parameters.statement, parameters), parameters
        except sqlite3.OperationalError as error:
            if "stack overflow" not in str(error) or limit == FLAT:
                raise
    raise AssertionError  # pragma: no cover  # the last attempt returns or raises


def column(alias: str, place: Place, kinds: Iterable[str], moment: Moment) -> str:
    """The SQL of a column, of rows of these kinds."""
    kinds = tuple(kinds)
    if place.kind == PATH:
        return moment.path(alias, kinds)
    if place.name == "project":
        return f"(SELECT head.code FROM head WHERE head.project = {alias}.project)"
    if kinds == ("event",) and place.name in EVENT_COLUMNS:
        return EVENT_COLUMNS[place.name].format(t=alias)
    return f"{alias}.{place.name}"


def dig(document: str, keys: str) -> str:
    """The value that the keys lead to, in a list of one; for the keys that a path of SQLite cannot hold."""
    value = json.loads(document)
    for key in json.loads(keys):
        value = value.get(key) if isinstance(value, dict) else None
    return json.dumps([value])
