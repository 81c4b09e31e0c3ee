"""Where each published version's main files are, kept ready under the references that ask for them.

A row of `answer` is an answer as resolving gives it, written with the commit that makes it true: one for the exact
reference, and for the newest version one for ``latest``. They say nothing that is not in the other tables: where there
is none, resolving looks there. Paths that move take their rows away.
"""

# ruff: noqa: S608 - statements are put together of this package's own words; every value is bound

from __future__ import annotations

import collections
import itertools
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from bifrost_sdk.adapters.sqlite.schema import LIVE
from bifrost_sdk.domain import codes, locations
from bifrost_sdk.ports import Record, Resolution, Write

#: The columns in the order of Resolution's fields after the first: `ref`, which is null where just that was asked for.
_COLUMNS = ", ".join(Resolution._fields[1:])
_ANSWERED = ("published", "retired")

#: References asked for in one statement; SQLite takes at least 32,766 values.
_CHUNK = 10_000

_FOUND = "h.code, p.path, v.id, v.number, v.state, max(v.revision, r.revision, p.since), r.files, v.parent"
_FILES = f"""JOIN head h ON h.project = v.project JOIN path p ON p.id = v.parent AND p.until = {LIVE}
    JOIN entity r INDEXED BY entity_files ON r.parent = v.id AND r.files IS NOT NULL ORDER BY v.id, r.files"""
_VERSIONS = f"""SELECT {_FOUND} FROM json_each(:ids) w
    CROSS JOIN entity v ON v.id = w.value AND v.kind = 'version' {_FILES}"""
_PRODUCTS = f"""SELECT v.parent, h.code, p.path FROM json_each(:ids) w
    CROSS JOIN entity v ON v.id = w.value AND v.kind = 'version' JOIN head h ON h.project = v.project
    JOIN path p ON p.id = v.parent AND p.until = {LIVE}"""
_NEWEST = f"""SELECT {_FOUND} FROM json_each(:ids) w CROSS JOIN entity v ON v.id = (
        SELECT x.id FROM entity x INDEXED BY entity_place WHERE x.parent = w.value AND x.kind = 'version'
        AND x.number IS NOT NULL AND x.state = 'published' ORDER BY x.number DESC LIMIT 1) {_FILES}"""

_EXACT = f"SELECT asked, {_COLUMNS} FROM answer WHERE asked IN ({{}}){{}}"
_LATEST = f"SELECT asked, ref, {_COLUMNS} FROM answer WHERE asked IN ({{}}){{}}"
_KEEP = f"REPLACE INTO answer (asked, ref, {_COLUMNS}, since) VALUES ({', '.join('?' * 12)})"

_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,126}[A-Za-z0-9_-]").fullmatch

Row = tuple[Any, ...]  # Any: columns as a statement names them


class _MainFile(NamedTuple):
    """A version's file that its name alone leads to; `columns` are those of an answer, `since` when that was so."""

    head: str
    name: str
    ref: str
    state: str
    columns: Row
    since: int


def recall(connection: sqlite3.Connection, refs: Sequence[str], at: int | None) -> dict[str, Resolution]:
    """The answers that are ready, by reference; as of the revision `at` those that have been true since then."""
    made = Resolution._make
    found: dict[str, Resolution] = {}
    latest = [ref for ref in refs if "/latest/" in ref]
    exact = refs if not latest else [ref for ref in refs if "/latest/" not in ref]
    for chunk, statement in _chunks(exact, _EXACT, at):
        found.update([(row[0], made(row)) for row in connection.execute(statement, chunk)])
    for chunk, statement in _chunks(latest, _LATEST, at):
        found.update([(row[0], made(row[1:])) for row in connection.execute(statement, chunk)])
    return found


def keep(connection: sqlite3.Connection, writes: Iterable[Write], revision: int) -> None:
    """Bring the answers up to what these writes made of versions and representations; the rows are written already."""
    ids = {id for write in writes if (id := _touched(write)) is not None}
    if not ids:
        return
    kept: list[Row] = []
    gone: list[tuple[str]] = []
    for file in _main_files(_rows(connection, _VERSIONS, ids)):
        if file.state in _ANSWERED:
            kept.append((file.ref, None, *file.columns, file.since))
        else:
            gone.append((file.ref,))
    connection.executemany("DELETE FROM answer WHERE asked = ?", gone)
    products = {product: f"bifrost://{code}/{path}/latest" for product, code, path in _rows(connection, _PRODUCTS, ids)}
    _forget_below(connection, products.values())
    newest = _main_files(_rows(connection, _NEWEST, products))
    kept += [(f"{file.head}/latest/{file.name}", file.ref, *file.columns, revision) for file in newest]
    connection.executemany(_KEEP, kept)


def _names(texts: Iterable[str]) -> collections.Counter[str]:
    """How often each file's name is used by the representations of one version."""
    return collections.Counter(place.name for text in texts for place in locations.read(text)[0])


def _is_plain(name: str) -> bool:
    """Whether a reference holds the name as it is."""
    return _PLAIN(name) is not None and name.partition(".")[0].lower() not in codes.DEVICES


def _main_files(rows: Iterable[Row]) -> Iterator[_MainFile]:
    """What the name of a file alone leads to, from rows of `_FOUND` in order of their versions.

    A name that several representations use, or that a reference spells in another way, is looked up each time.
    """
    for _, found in itertools.groupby(rows, key=lambda row: row[2]):
        listed = [row for row in found if row[3] is not None]
        names = _names(text for *_, text, _ in listed) if len(listed) > 1 else {}
        for code, path, version, number, state, since, text, product in listed:
            place = locations.first(text)
            if place is not None and names.get(place.name, 1) == 1 and _is_plain(place.name):
                found_at = (place.root, place.path, place.hash, place.size)
                columns = (*found_at, version, number, state, place.representation, product)
                head = f"bifrost://{code}/{path}"
                yield _MainFile(head, place.name, f"{head}/v{number:03d}/{place.name}", state, columns, since)


def _rows(connection: sqlite3.Connection, statement: str, ids: Iterable[str]) -> sqlite3.Cursor:
    return connection.execute(statement, {"ids": json.dumps(sorted(ids))})


def _chunks(refs: Sequence[str], statement: str, at: int | None) -> Sequence[tuple[Sequence[str], str]]:
    """The references in pieces that one statement can ask for, with that statement."""
    if len(refs) <= _CHUNK:
        return [(refs, _filled(statement, len(refs), at))] if refs else []
    pieces = (refs[start : start + _CHUNK] for start in range(0, len(refs), _CHUNK))
    return [(chunk, _filled(statement, len(chunk), at)) for chunk in pieces]


@lru_cache(maxsize=16)
def _filled(statement: str, count: int, at: int | None) -> str:
    return statement.format(", ".join("?" * count), "" if at is None else f" AND since <= {at}")


def forget(connection: sqlite3.Connection, project: int, paths: Iterable[str]) -> None:
    """Take away the answers below these paths, before the nodes there move."""
    (code,) = connection.execute("SELECT code FROM head WHERE project = ?", (project,)).fetchone()
    _forget_below(connection, [f"bifrost://{code}/{path}" for path in paths])


def _forget_below(connection: sqlite3.Connection, heads: Iterable[str]) -> None:
    below = [(f"{head}/", f"{head}0") for head in heads]
    connection.executemany("DELETE FROM answer WHERE asked > ? AND asked < ?", below)


def _touched(write: Write) -> str | None:
    """The id of the version whose answers the write changes, if it changes any."""
    before, after = write.before, write.after
    record = after or before
    if record is None or record.kind not in ("version", "representation"):
        return None
    if record.kind == "representation":
        return record.parent
    return record.id if _is_answered(before) != _is_answered(after) or _state(before) != _state(after) else None


def _is_answered(record: Record | None) -> bool:
    return record is not None and record.state in _ANSWERED


def _state(record: Record | None) -> str | None:
    return record.state if _is_answered(record) and record is not None else None
