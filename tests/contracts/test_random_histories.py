"""Random histories on every catalog; `BIFROST_SOAK` asks for longer and more of them."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings

from bifrost_sdk.adapters.memory.store import MemoryStore
from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.ports import Catalog
from bifrost_sdk.testing.histories import CatalogMachine

_SOAKS = bool(os.environ.get("BIFROST_SOAK"))
_SETTINGS = settings(
    deadline=None,
    report_multiple_bugs=False,
    max_examples=2_000 if _SOAKS else 25,
    stateful_step_count=60 if _SOAKS else 20,
    # Shrinking a history takes minutes; only a soak has them.
    phases=tuple(Phase) if _SOAKS else (Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


class MemoryMachine(CatalogMachine):
    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()

    def open(self) -> Catalog:
        return Authority(self.store, clock=self.clock)


class SqliteMachine(CatalogMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())

    def open(self) -> Catalog:
        return Authority(SqliteStore(self.folder / "catalog.db"), clock=self.clock)

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            shutil.rmtree(self.folder)


TestMemoryHistories = MemoryMachine.TestCase
TestMemoryHistories.settings = _SETTINGS
TestSqliteHistories = SqliteMachine.TestCase
TestSqliteHistories.settings = _SETTINGS
