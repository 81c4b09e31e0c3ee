"""Where each published version's main files are, kept ready under the exact reference that asks for them.

A row of `answer` is an answer as resolving gives it, written with the commit that makes it true; a row of `newest`
leads from ``latest`` to one of them. They say nothing that is not in the other tables: where there is none, resolving
looks there. Paths that move take their rows away.
"""

# ruff: noqa: S608 - statements are put together of this package's own words; every value is bound

from __future__ import annotations

import collections
import itertools
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bifrost_sdk.adapters.sqlite.schema import LIVE
from bifrost_sdk.domain import codes, locations
from bifrost_sdk.ports import Record, Resolution, Write

#: The columns in the order of Resolution's fields.
_COLUMNS = ", ".join(Resolution._fields)
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

_EXACT = f"SELECT {_COLUMNS} FROM answer WHERE ref IN ({{}}){{}}"
_LATEST = f"""SELECT n.asked, {", ".join(f"a.{name}" for name in Resolution._fields)}
    FROM (SELECT asked, ref FROM newest WHERE asked IN ({{}}){{}}) n CROSS JOIN answer a ON a.ref = n.ref"""

_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,126}[A-Za-z0-9_-]").fullmatch

Row = tuple[object, ...]


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
    rows: dict[str, Row] = {}
    gone: list[tuple[str]] = []
    for version, found in itertools.groupby(_rows(connection, _VERSIONS, ids), key=lambda row: row[2]):
        listed = [row for row in found if row[3] is not None]
        names = _names(text for *_, text, _ in listed) if len(listed) > 1 else {}
        for code, path, _, number, state, since, text, product in listed:
            place = locations.first(text)
            if place is None or names.get(place.name, 1) > 1 or not _is_plain(place.name):
                continue  # looked up each time: the name alone does not tell which file is meant
            ref = f"bifrost://{code}/{path}/v{number:03d}/{place.name}"
            if state not in _ANSWERED:
                gone.append((ref,))
                continue
            answer = (ref, place.root, place.path, place.hash, place.size, version, number, state)
            rows[ref] = (*answer, place.representation, product, since)
    connection.executemany("DELETE FROM answer WHERE ref = ?", gone)
    connection.executemany(f"REPLACE INTO answer ({_COLUMNS}, since) VALUES ({', '.join('?' * 11)})", rows.values())
    touched = _rows(connection, _PRODUCTS, ids)
    _renew_newest(connection, {product: f"bifrost://{code}/{path}" for product, code, path in touched}, revision)


def _names(texts: Iterable[str]) -> collections.Counter[str]:
    """How often each file's name is used by the representations of one version."""
    return collections.Counter(place.name for text in texts for place in locations.read(text)[0])


def _is_plain(name: str) -> bool:
    """Whether a reference holds the name as it is."""
    return _PLAIN(name) is not None and name.partition(".")[0].lower() not in codes.DEVICES


def _renew_newest(connection: sqlite3.Connection, products: Mapping[str, str], revision: int) -> None:
    """Say anew what the latest version of these products (id -> reference) is."""
    connection.executemany(
        "DELETE FROM newest WHERE asked > ? AND asked < ?",
        [(f"{ref}/latest/", f"{ref}/latest0") for ref in products.values()],
    )
    rows: dict[str, Row] = {}
    for code, path, _, number, _, _, text, _ in _rows(connection, _NEWEST, products):
        place = locations.first(text)
        if place is not None and number is not None:
            head = f"bifrost://{code}/{path}"
            rows.setdefault(
                f"{head}/latest/{place.name}",
                (f"{head}/latest/{place.name}", f"{head}/v{number:03d}/{place.name}", revision),
            )
    connection.executemany("INSERT INTO newest (asked, ref, since) VALUES (?, ?, ?)", rows.values())


def _rows(connection: sqlite3.Connection, statement: str, ids: Iterable[str]) -> sqlite3.Cursor:
    return connection.execute(statement, {"ids": json.dumps(sorted(ids))})


def _chunks(refs: Sequence[str], statement: str, at: int | None) -> Iterator[tuple[Sequence[str], str]]:
    """The references in pieces that one statement can ask for, with that statement."""
    since = "" if at is None else f" AND since <= {int(at)}"
    for start in range(0, len(refs), _CHUNK):
        chunk = refs[start : start + _CHUNK] if len(refs) > _CHUNK else refs
        yield chunk, statement.format(", ".join("?" * len(chunk)), since)


def forget(connection: sqlite3.Connection, project: int, paths: Iterable[str]) -> None:
    """Take away the answers below these paths, before the nodes there move."""
    (code,) = connection.execute("SELECT code FROM head WHERE project = ?", (project,)).fetchone()
    below = [(f"bifrost://{code}/{path}/", f"bifrost://{code}/{path}0") for path in paths]
    connection.executemany("DELETE FROM answer WHERE ref > ? AND ref < ?", below)
    connection.executemany("DELETE FROM newest WHERE asked > ? AND asked < ?", below)


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
