"""Contract suites and builders, shipped: what an implementation of a port is held to.

An implementation's test is an empty subclass and a fixture::

    class TestMyStore(StoreContract):
        @pytest.fixture
        def store(self, tmp_path):
            with contextlib.closing(MyStore(tmp_path / "catalog")) as store:
                yield store

All of it needs pytest, random histories (`bifrost_sdk.testing.histories`) need hypothesis besides.
"""

from __future__ import annotations

from bifrost_sdk.errors import ConfigurationError

try:
    import pytest  # noqa: F401 - what the suites are written with, and the package does not bring
except ModuleNotFoundError as error:
    raise ConfigurationError(
        "bifrost_sdk.testing needs pytest, which is not installed; run `pip install pytest`", source="pytest"
    ) from error

from bifrost_sdk.testing.builder import Builder, ManualClock
from bifrost_sdk.testing.catalog_contract import CatalogContract
from bifrost_sdk.testing.show import Show, make_id, show
from bifrost_sdk.testing.storage_contract import StorageContract
from bifrost_sdk.testing.store_contract import StoreContract

__all__ = ["Builder", "CatalogContract", "ManualClock", "Show", "StorageContract", "StoreContract", "make_id", "show"]
