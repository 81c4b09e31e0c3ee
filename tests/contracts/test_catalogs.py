"""Every catalog passes the shipped contract."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bifrost_sdk.adapters.memory.store import MemoryStore
from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.ports import Catalog
from bifrost_sdk.testing import CatalogContract
from bifrost_sdk.testing.builder import ManualClock


class TestAuthorityInMemory(CatalogContract):
    @pytest.fixture
    def catalog(self, clock: ManualClock) -> Iterator[Catalog]:
        with contextlib.closing(Authority(MemoryStore(), clock=clock)) as catalog:
            yield catalog


class TestAuthorityOnSqlite(CatalogContract):
    @pytest.fixture
    def catalog(self, clock: ManualClock, tmp_path: Path) -> Iterator[Catalog]:
        with contextlib.closing(Authority(SqliteStore(tmp_path / "catalog.db"), clock=clock)) as catalog:
            yield catalog
