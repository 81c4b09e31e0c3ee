"""A session on a new workspace with a real catalog, for whatever a service does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bifrost_sdk.session import Session, connect, init


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    init(tmp_path / "shows", project="demo", user="anna")
    with connect(tmp_path / "shows", user="anna") as session:
        yield session
