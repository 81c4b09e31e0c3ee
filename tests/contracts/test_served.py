"""The shipped contract and random histories over HTTP: this process, a real server process, a real SQLite file."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from bifrost_sdk.ports import Catalog
from bifrost_sdk.testing import CatalogContract
from bifrost_sdk.testing.builder import ManualClock
from bifrost_sdk.testing.catalog_commits import CatalogCommits
from bifrost_sdk.testing.histories import CatalogMachine

_NAMES = itertools.count()


class Serving:
    """A catalog for each test, all served by the process of the session."""

    @pytest.fixture
    def name(self) -> str:
        return f"contract{next(_NAMES)}"

    @pytest.fixture
    def clock(self, served: ModuleType, server: Any, name: str) -> ManualClock:
        clock: ManualClock = served.SharedClock(server.folder / f"{name}.clock")
        return clock

    @pytest.fixture
    def catalog(self, clock: ManualClock, served: ModuleType, server: Any, name: str) -> Iterator[Catalog]:
        assert clock.now
        with contextlib.closing(served.AsAnybody(f"{server.url}/{name}")) as catalog:
            yield catalog


class TestServedCommits(Serving, CatalogCommits):
    """The part that every run has time for."""


@pytest.mark.skipif(not os.environ.get("BIFROST_SOAK"), reason="takes minutes: run nox -s soak")
class TestServed(Serving, CatalogContract):
    """All of it."""


def test_histories_agree_when_the_catalog_is_served(served: ModuleType, server: Any) -> None:
    folder: Path = server.folder

    class ServedMachine(CatalogMachine):
        def __init__(self) -> None:
            super().__init__()
            self.name = f"history{next(_NAMES)}"
            self.clock = served.SharedClock(folder / f"{self.name}.clock")

        def open(self) -> Catalog:
            catalog: Catalog = served.AsAnybody(f"{server.url}/{self.name}")
            return catalog

    case = ServedMachine.TestCase("runTest")
    case.settings = settings(
        deadline=None,
        derandomize=True,
        database=None,
        max_examples=3,
        stateful_step_count=10,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    case.runTest()
