"""Contract suites and builders, shipped: what an implementation of a port is held to.

An implementation's test is an empty subclass and a fixture::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self, tmp_path):
            with contextlib.closing(MyStore(tmp_path / "catalog")) as store:
                yield store

The suites need pytest, those of random histories need hypothesis besides.
"""

from __future__ import annotations

from bifrost_sdk.testing.builder import Builder, ManualClock
from bifrost_sdk.testing.catalog_contract import CatalogContract
from bifrost_sdk.testing.show import Show, make_id, show
from bifrost_sdk.testing.store_contract import StoreContract

__all__ = ["Builder", "CatalogContract", "ManualClock", "Show", "StoreContract", "make_id", "show"]
