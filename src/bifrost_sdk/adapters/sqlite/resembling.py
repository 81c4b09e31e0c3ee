"""Nodes whose path resembles one that leads nowhere, for suggestions."""

# ruff: noqa: S608 - statements are put together of this package's own words; every value is bound

from __future__ import annotations

import difflib
import sqlite3

from bifrost_sdk.adapters.sqlite.schema import LIVE

_NEAR = 2_000  # nodes that are compared
_ALIKE = 0.6
_BELOW = (
    f"SELECT key, id, path FROM path WHERE project = ? AND key > ? AND key < ? AND until = {LIVE} ORDER BY key LIMIT ?"
)


def suggest(connection: sqlite3.Connection, project: int, path: str, limit: int) -> list[tuple[str, str]]:
    """(id, path) of the nodes that resemble `path` most, nearest first, from below its longest part that exists."""
    segments = path.split("/")
    for length in range(len(segments) - 1, -1, -1):
        above = "/".join(segments[:length])
        ends = (f"{above}/", f"{above}0") if above else ("", "\U0010ffff")
        near = {row[0]: row[1:] for row in connection.execute(_BELOW, (project, *ends, _NEAR))}
        found = difflib.get_close_matches(path, near, n=limit, cutoff=_ALIKE)
        if found:
            return [near[key] for key in found]
    return []
