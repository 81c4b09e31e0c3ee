"""A small show on a real SQLite catalog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.testing import Builder, ManualClock
from bifrost_sdk.testing.show import Show


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "catalog.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def authority(store: SqliteStore, clock: ManualClock) -> Authority:
    return Authority(store, clock=clock)


@pytest.fixture
def builder(authority: Authority) -> Builder:
    return Builder(authority)


@pytest.fixture
def made(builder: Builder) -> Show:
    return builder.show()
