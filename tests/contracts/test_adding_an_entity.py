"""The guide's new kinds are covered by the shipped suites without another word."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[2] / "docs/guides/adding-an-entity.md"

SUITE = """
import contextlib
import pytest
from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.testing import CatalogContract, StoreContract

class TestStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        with contextlib.closing(SqliteStore(tmp_path / "catalog.db")) as store:
            yield store

class TestCatalog(CatalogContract):
    @pytest.fixture
    def catalog(self, tmp_path, clock):
        with contextlib.closing(Authority(SqliteStore(tmp_path / "catalog.db"), clock=clock)) as catalog:
            yield catalog
"""


@pytest.mark.slow
def test_contract_suites_cover_a_new_kind_when_it_is_registered_as_the_guide_says(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert "@register(" in blocks[0]
    (tmp_path / "test_kinds.py").write_text(blocks[0] + SUITE, encoding="utf-8")
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", "[vehicle] or [location]", "--tb=short"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    found = re.search(r"(\d+) passed", done.stdout)
    assert found is not None
    assert int(found[1]) >= 24
