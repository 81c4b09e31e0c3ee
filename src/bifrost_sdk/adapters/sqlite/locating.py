"""The look-up that resolving stands on: from folded paths or ids to versions and their files.

What stands now is found by one statement for all wants of a kind, which reads nothing but indexes and the paths. The
past is looked up in stages, in the current rows and in the history.
"""

# ruff: noqa: S608 - statements are put together of this package's own words; every value is bound

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from bifrost_sdk.adapters.sqlite import staging
from bifrost_sdk.adapters.sqlite.rows import NOW, Moment
from bifrost_sdk.adapters.sqlite.schema import LIVE
from bifrost_sdk.ports import Located, Want

_NONE = Located("none")

_FILES = "LEFT JOIN entity r INDEXED BY entity_files ON r.parent = v.id AND r.files IS NOT NULL"
_VERSION = "LEFT JOIN entity v INDEXED BY entity_place ON v.parent = p.id AND v.kind = 'version' AND v.number ="
_NEWEST = (
    "(SELECT x.number FROM entity x INDEXED BY entity_place WHERE x.parent = p.id AND x.kind = 'version' "
    "AND x.number IS NOT NULL AND x.state = 'published' {} ORDER BY x.number DESC LIMIT 1)"
)
_NUMBERS = {
    "latest": _NEWEST.format(""),
    "approved": _NEWEST.format("AND x.status IN (SELECT value FROM json_each(:approved))"),
}
_COLUMNS = "p.path, p.id, p.kind, v.id, v.number, v.state, r.id, r.files"
_ONE = (
    f"SELECT {_COLUMNS} FROM path p {_VERSION} {{}} {_FILES} "
    f"WHERE p.project = :project AND p.key = :key AND p.until = {LIVE}"
)
_MANY = (
    f"SELECT w.key, w.value, {_COLUMNS} FROM json_each(:wants) w "
    f"CROSS JOIN path p ON p.project = :project AND p.key = w.key AND p.until = {LIVE} {_VERSION} {{}} {_FILES}"
)


def locate(
    connection: sqlite3.Connection, wants: Sequence[Want], at: int | None, number_of: Callable[[str], int]
) -> list[Located]:
    """One answer for each want, in order; `number_of` gives the number of a project."""
    if len(wants) == 1 and at is None and wants[0].path:
        want = wants[0]
        return [_one(connection, want, number_of(want.project))]
    found: list[Located] = [_NONE] * len(wants)
    sets: dict[tuple[str, int | str], list[tuple[str, int, int]]] = {}
    staged: dict[str, list[int]] = {}
    for index, want in enumerate(wants):
        tag = want.tag
        if want.path and at is None:
            is_exact = isinstance(tag, int)
            key = (want.project, 0 if is_exact else tag)
            sets.setdefault(key, []).append((want.path, tag if is_exact else 0, index))  # type: ignore[arg-type]  # an int where exact
        else:
            staged.setdefault(want.project, []).append(index)
    for project, indexes in staged.items():
        number = number_of(project)
        answers = staging.locate(connection, [wants[index] for index in indexes], number, Moment(at, number))
        for index, answer in zip(indexes, answers, strict=True):
            found[index] = answer
    for (project, tag), asked in sets.items():
        _many(connection, (number_of(project), tag), asked, found)
    return found


def _one(connection: sqlite3.Connection, want: Want, project: int) -> Located:
    tag = want.tag
    parameters: dict[str, Any] = {"project": project, "key": want.path, "tag": tag}
    if tag == "approved":
        parameters["approved"] = staging.approved(connection, project, NOW)
    rows = connection.execute(_ONE.format(_NUMBERS.get(tag, ":tag") if type(tag) is str else ":tag"), parameters)
    found = rows.fetchall()
    if not found:
        return staging.locate(connection, [want], project, NOW)[0]
    return _located(found)


def _located(found: Sequence[tuple[Any, ...]]) -> Located:
    path, node, kind, version, number, state, _, files = found[0]
    if version is None:
        return Located("node", path, node, kind)
    listed = () if files is None else tuple([row[-2:] for row in found])
    return Located("version", path, node, kind, version, number, state, listed)


def _many(
    connection: sqlite3.Connection,
    which: tuple[int, int | str],
    asked: list[tuple[str, int, int]],
    found: list[Located],
) -> None:
    """Fill `found` for wants (path, number, index) of one project and one way of choosing the version.

    The wants are a JSON object of path -> number, which may hold a path several times. They are sorted, so that the
    look-ups walk along the tables, and only those that ask for something else than the one before are asked.
    """
    project, tag = which
    asked.sort()
    parameters: dict[str, Any] = {"project": project}
    number = "w.value"
    if isinstance(tag, str):
        number = _NUMBERS[tag]
        parameters["approved"] = staging.approved(connection, project, NOW) if tag == "approved" else None
    encode = json.encoder.encode_basestring_ascii
    texts = [f"{encode(path)}:{wanted}" for path, wanted in dict.fromkeys([each[:2] for each in asked])]
    parameters["wants"] = "{" + ",".join(texts) + "}"
    rows = connection.execute(_MANY.format(number), parameters)
    answers: dict[tuple[str, int], Located] = {}
    last: tuple[Any, ...] = (None,)
    files: list[tuple[str, str]] = []
    for key, wanted, path, node, kind, version, version_number, state, representation, text in rows:
        if version is not None and version == last:
            files.append((representation, text))
            answers[key, wanted] = Located("version", path, node, kind, version, version_number, state, tuple(files))
            continue
        last = version
        if version is None:
            answers[key, wanted] = Located("node", path, node, kind)
            continue
        files = [] if text is None else [(representation, text)]
        answers[key, wanted] = Located("version", path, node, kind, version, version_number, state, tuple(files))
    for path, wanted, index in asked:
        answer = answers.get((path, wanted))
        if answer is None:
            want = Want("", path, None, tag or wanted)
            answer = answers[path, wanted] = staging.locate(connection, [want], project, NOW)[0]
        found[index] = answer
