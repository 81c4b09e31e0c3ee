"""The tables of the catalog, built step by step; loaded only when a catalog is new or old.

A migration that has been released never changes: a new one is added, and `schema.VERSION` with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from sqlite_utils import Database

from bifrost_sdk.adapters.sqlite import schema
from bifrost_sdk.domain import codes

_ENTITY = """
    id TEXT NOT NULL{unique}, project INTEGER NOT NULL, kind TEXT NOT NULL, revision INTEGER NOT NULL,
    parent TEXT, key TEXT, number INTEGER, state TEXT, status TEXT, files TEXT, search TEXT,
    created_at INTEGER NOT NULL, created_by TEXT NOT NULL, updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL,
    body TEXT NOT NULL
"""

#: What SQLite's planner is told of the indexes: how many rows there are, and for one value of the first column, of the
#: first two, and so on. Given, so that plans are the same in every catalog and do not age.
_FIGURES = {
    "sqlite_autoindex_entity_1": "1000000 1",
    "entity_key": "1000000 300000 10 1",
    "entity_place": "1000000 10 8 2 2 2 1 1",
    "entity_kind": "1000000 300000 100000 1",
    "entity_files": "300000 3 1 1 1",
    "entity_status": "100000 10000",
    "history_id": "100000 3 1 1",
    "history_key": "100000 30000 10 3",
    "history_place": "100000 10 8 4 4 4 3 1 1",
    "history_kind": "100000 30000 10000 3",
    "history_files": "10000 3 1 1 1 1",
    "history_status": "10000 1000",
    "path_id": "100000 2 1",
    "edge_target": "1000000 20 10 10",
    "event_subject": "2000000 4",
    "commits_at": "100000 30000 2",
}
_FOLDER_FIGURES = {"entity_folder": "300000 3", "history_folder": "10000 3"}


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring a catalog at `version` to `schema.VERSION`; the caller holds the write transaction and commits it."""
    database = Database(connection, execute_plugins=False)
    for step in MIGRATIONS[version:]:
        step(database)
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {schema.VERSION}")


def _create(database: Database) -> None:
    """The first schema. A row of the past, a path and an edge are valid up to and without the revision `until`."""
    for statement in (
        """CREATE TABLE head (
            project INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, at INTEGER NOT NULL)""",
        f"CREATE TABLE entity (pk INTEGER PRIMARY KEY, {_ENTITY.format(unique=' UNIQUE')})",
        f"CREATE TABLE entity_history (pk INTEGER PRIMARY KEY, {_ENTITY.format(unique='')}, until INTEGER NOT NULL)",
        """CREATE TABLE path (
            project INTEGER NOT NULL, key TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
            path TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
            PRIMARY KEY (project, key, since, id)) WITHOUT ROWID""",
        """CREATE TABLE edge (
            source TEXT NOT NULL, relation TEXT NOT NULL, target TEXT NOT NULL, kind TEXT NOT NULL,
            project INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
            PRIMARY KEY (source, relation, target, kind, since)) WITHOUT ROWID""",
        """CREATE TABLE event (
            id TEXT NOT NULL UNIQUE, project INTEGER NOT NULL, revision INTEGER NOT NULL, position INTEGER NOT NULL,
            subject TEXT NOT NULL, subject_kind TEXT NOT NULL, operation TEXT NOT NULL, body TEXT NOT NULL,
            PRIMARY KEY (project, revision, position)) WITHOUT ROWID""",
        """CREATE TABLE commits (
            project INTEGER NOT NULL, revision INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, key TEXT,
            digest TEXT NOT NULL, answer TEXT NOT NULL, comment TEXT NOT NULL,
            PRIMARY KEY (project, revision)) WITHOUT ROWID""",
        """CREATE TABLE answer (
            asked TEXT PRIMARY KEY, ref TEXT, root TEXT NOT NULL, path TEXT NOT NULL, hash TEXT NOT NULL,
            size INTEGER NOT NULL, version TEXT NOT NULL, number INTEGER NOT NULL, state TEXT NOT NULL,
            representation TEXT NOT NULL, product TEXT NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID""",
        "CREATE UNIQUE INDEX entity_key ON entity (project, ifnull(parent, ''), key) WHERE key IS NOT NULL",
        "CREATE INDEX entity_place ON entity (parent, kind, number, state, status, id, revision)",
        "CREATE INDEX entity_kind ON entity (project, kind, id)",
        "CREATE INDEX entity_files ON entity (parent, files, id, revision) WHERE files IS NOT NULL",
        "CREATE INDEX entity_status ON entity (status) WHERE status IS NOT NULL",
        "CREATE INDEX history_id ON entity_history (id, revision, until)",
        "CREATE INDEX history_key ON entity_history (project, ifnull(parent, ''), key) WHERE key IS NOT NULL",
        "CREATE INDEX history_place ON entity_history (parent, kind, number, state, status, id, revision, until)",
        "CREATE INDEX history_kind ON entity_history (project, kind, id)",
        "CREATE INDEX history_files ON entity_history (parent, files, id, revision, until) WHERE files IS NOT NULL",
        "CREATE INDEX history_status ON entity_history (status) WHERE status IS NOT NULL",
        "CREATE INDEX path_id ON path (id, until)",
        "CREATE INDEX edge_target ON edge (target, relation, until)",
        "CREATE INDEX event_subject ON event (subject)",
        "CREATE INDEX commits_at ON commits (project, at)",
        "CREATE UNIQUE INDEX commits_key ON commits (project, actor, key) WHERE key IS NOT NULL",
    ):
        database.execute(statement)
    database.execute("ANALYZE")
    _tell(database, _FIGURES)


def _find_by_folder(database: Database) -> None:
    """The folded folders of representations, by which a path on disk is looked up."""
    database.conn.create_function("fold", 1, codes.fold)
    for table, index in (("entity", "entity_folder"), ("entity_history", "history_folder")):
        database.execute(f"ALTER TABLE {table} ADD COLUMN folder TEXT")
        database.execute(
            f"UPDATE {table} SET folder = fold(ifnull(json_extract(body, '$.folder'), '')) "  # noqa: S608  # own words
            "WHERE kind = 'representation'"
        )
        database.execute(f"CREATE INDEX {index} ON {table} (folder) WHERE folder IS NOT NULL")
    _tell(database, _FOLDER_FIGURES)


def _tell(database: Database, figures: Mapping[str, str]) -> None:
    """Give the planner the figures of indexes."""
    for index, told in figures.items():
        table = index.removeprefix("sqlite_autoindex_").partition("_")[0].replace("history", "entity_history")
        database.execute("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", (table, index, told))


MIGRATIONS: tuple[Callable[[Database], None], ...] = (_create, _find_by_folder)
