"""Hostile texts through every field and query of the catalog on SQLite."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.ports import Catalog
from bifrost_sdk.testing.builder import ManualClock
from bifrost_sdk.testing.hostile import CatalogHostility

pytestmark = pytest.mark.slow


class TestAuthorityOnSqlite(CatalogHostility):
    @pytest.fixture
    def catalog(self, clock: ManualClock, tmp_path: Path) -> Iterator[Catalog]:
        with contextlib.closing(Authority(SqliteStore(tmp_path / "catalog.db"), clock=clock)) as catalog:
            yield catalog
