"""Every store passes the shipped contract."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bifrost_sdk.adapters.memory.store import MemoryStore
from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.ports import Store
from bifrost_sdk.testing import StoreContract


class TestMemoryStore(StoreContract):
    stride = 150  # it answers by `evaluate` itself

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        with contextlib.closing(MemoryStore()) as store:
            yield store


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        with contextlib.closing(SqliteStore(tmp_path / "catalog.db")) as store:
            yield store

    def another(self, store: Store) -> contextlib.AbstractContextManager[Store]:
        assert isinstance(store, SqliteStore)
        return contextlib.closing(SqliteStore(store.path))
