"""Catalogs of before are brought to what this code reads."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import attrs
import pytest

from bifrost_sdk.adapters.sqlite import fields, schema
from bifrost_sdk.adapters.sqlite.rows import Moment
from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.domain.expansion import expand
from bifrost_sdk.domain.query import Query

FOLDERS = ["", "Demo/Größe", "demo/x"]


@pytest.fixture
def placed(hero: Any) -> Any:
    """The representations of the hero's versions in three folders, one of which was another before."""
    hero.usd = [attrs.evolve(each, folder=folder) for each, folder in zip(hero.usd, FOLDERS, strict=True)]
    hero.commit([(each, None) for each in hero.usd])
    hero.commit([(attrs.evolve(hero.usd[2], folder="demo/Y"), None)])
    return hero


def folders(store: SqliteStore, query: Query, *, at: int | None = None) -> list[str]:
    with store.begin() as transaction:
        found = transaction.select(expand(query), at=at).records
    return [record.entity().folder for record in found]  # type: ignore[attr-defined]  # a representation


def lookups(store: SqliteStore, *, before: int) -> list[list[str]]:
    asked = Query("representation", project="demo")
    queries = [asked.where(folder="DEMO/GRÖSSE"), asked.where(folder__in=["demo/y", ""]), asked.where(folder="")]
    return [folders(store, query, at=at) for query in queries for at in (None, before)]


def test_folders_are_found_as_before_when_a_catalog_of_the_first_schema_is_opened(placed: Any, path: Path) -> None:
    found = lookups(placed.store, before=2)
    assert found == [["Demo/Größe"], ["Demo/Größe"], ["", "demo/Y"], [""], [""], [""]]
    placed.store.close()
    raw = sqlite3.connect(path)
    for statement in (
        *("DROP INDEX entity_folder", "DROP INDEX history_folder"),
        *("ALTER TABLE entity DROP COLUMN folder", "ALTER TABLE entity_history DROP COLUMN folder"),
        *("DELETE FROM sqlite_stat1 WHERE idx LIKE '%folder'", "PRAGMA user_version = 1"),
    ):
        raw.execute(statement)
    raw.commit()
    raw.close()
    store = SqliteStore(path)
    assert lookups(store, before=2) == found
    store.close()
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
    raw.close()


def test_no_row_is_gone_through_when_a_folder_is_looked_up(placed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[str] = []

    def explained(connection: sqlite3.Connection, build: Any, moment: Moment) -> Any:
        cursor, parameters = run(connection, build, moment)
        rows = connection.execute(f"EXPLAIN QUERY PLAN {parameters.statement}", parameters)
        plans.extend(row[3] for row in rows)
        return cursor, parameters

    run = fields.run
    monkeypatch.setattr(fields, "run", explained)
    folders(placed.store, Query("representation", project="demo").where(folder__in=["demo/y", "", "a/b"]))
    searched = [plan for plan in plans if "entity" in plan]
    assert searched
    assert all("entity_folder (folder=?)" in plan for plan in searched)


@pytest.mark.parametrize(
    ("lookup", "found"),
    [
        ({"folder__isnull": True}, [""]),
        ({"folder__isnull": False}, ["Demo/Größe", "demo/Y"]),
        ({"folder__startswith": "DEMO"}, ["Demo/Größe", "demo/Y"]),
        ({"folder__gt": "E"}, ["demo/Y"]),
        ({"folder__in": []}, []),
        ({"folder": 7}, []),
    ],
)
def test_folder_compares_as_any_field_when_it_is_not_looked_up(
    placed: Any, lookup: dict[str, Any], found: list[str]
) -> None:
    assert folders(placed.store, Query("representation", project="demo").where(**lookup)) == found
