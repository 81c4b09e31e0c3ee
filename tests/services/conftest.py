"""A session on a new workspace with a real catalog, for whatever a service does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bifrost_sdk.session import Session, connect, init


@pytest.fixture(scope="session")
def fresh_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace as `init` makes it, to be copied: that is several times as fast."""
    return init(tmp_path_factory.mktemp("fresh") / "shows", project="demo", user="anna")


@pytest.fixture
def session(tmp_path: Path, fresh_workspace: Path) -> Iterator[Session]:
    shutil.copytree(fresh_workspace, tmp_path / "shows")
    with connect(tmp_path / "shows", user="anna") as session:
        yield session
