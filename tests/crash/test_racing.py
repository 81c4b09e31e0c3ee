"""Many publish the same thing at once: no number is given twice, nobody waits for ever, readers see what is whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

RACING = Path(__file__).with_name("racing.py")
PROCESSES, COUNT = (8, 50) if os.environ.get("BIFROST_SOAK") else (4, 10)


def race(stage: Any, *mutants: str, processes: int = PROCESSES, count: int = COUNT) -> dict[str, Any]:
    stage.renew()
    arguments = [stage.workspace, stage.source, processes, count, *mutants]
    command = [sys.executable, str(RACING), *map(str, arguments)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


@pytest.mark.slow
def test_each_has_a_number_of_its_own_when_many_publish_one_product(stage: Any, check_agreement: Any) -> None:
    found = race(stage)
    assert found["crashes"] == []
    numbers = sorted(int(ref.rpartition("/v")[2]) for made in found["made"] for ref in made)
    assert numbers == list(range(1, PROCESSES * COUNT + 1))
    versions = check_agreement(stage)
    assert {version.state for version in versions} == {"published"}
    assert len({version.comment.split()[0] for version in versions}) == PROCESSES
    assert min(found["read"]) > 3
    assert found["recovered"] > 3


def test_race_is_lost_when_clients_number(stage: Any) -> None:
    """The test above can fail: two who count for themselves take the same number."""
    assert race(stage, "client_numbers", count=10)["crashes"]
