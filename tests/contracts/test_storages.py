"""Every storage passes the shipped contract."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from bifrost_sdk.adapters.local.storage import LocalStorage
from bifrost_sdk.testing import StorageContract


class TestLocalStorage(StorageContract):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> LocalStorage:
        (tmp_path / "root").mkdir()
        storage = LocalStorage(tmp_path / "root")
        if not storage.capabilities.moves_whole:
            pytest.skip("this file system has no rename that refuses to replace")
        return storage


class TestLocalStorageWithoutRename(StorageContract):
    """As on NFS: no such rename, no clones, no second names."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> LocalStorage:
        (tmp_path / "root").mkdir()
        storage = LocalStorage(tmp_path / "root")
        poor = attrs.evolve(storage.capabilities, moves_whole=False, clones=False, links=False)
        storage.__dict__["capabilities"] = poor
        return storage
