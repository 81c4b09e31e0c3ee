"""What makes a file one of our catalogs, told from its header alone; the tables themselves are in `migrations`."""

from __future__ import annotations

import sqlite3

from bifrost_sdk.errors import CatalogError

#: Written into the header of every catalog ("BFST").
APPLICATION_ID = 0x42465354

_MAGIC = b"SQLite format 3\0"

#: The number of the last migration, kept as ``user_version``.
VERSION = 2

#: The end of what still stands: no revision reaches it.
LIVE = 2**63 - 1


def state_of(connection: sqlite3.Connection, path: str) -> int:
    """The number of the migration that the catalog is at, 0 for a new file; nothing is written.

    Raises:
        CatalogError: when the file is no catalog, is damaged, or was written by a newer Bifrost SDK.
    """
    try:
        # In this order: where somebody makes the catalog in between, it reads as one that is there, not as half of one.
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise CatalogError(_unreadable(path, str(error)), path=path, reason=str(error)) from error
    if application == 0 and version == 0 and tables == 0:
        return 0
    if application != APPLICATION_ID:
        raise CatalogError(
            f"{path} is the database of another program; it was left as it is: choose another file", path=path
        )
    if version > VERSION:
        raise CatalogError(
            f"the catalog {path} has schema {version}, this Bifrost SDK knows up to {VERSION}: update the Bifrost SDK",
            path=path,
            reason=f"schema {version} > {VERSION}",
        )
    return int(version)


def _unreadable(path: str, reason: str) -> str:
    """A database that was damaged, or a file that never was one: the first bytes tell."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - the path is a text here
            is_database = file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        is_database = True
    if is_database or "malformed" in reason:
        return f"the catalog {path} is damaged ({reason}); restore a backup"
    return f"{path} is no SQLite database, so no catalog; it was left as it is: choose another file"
