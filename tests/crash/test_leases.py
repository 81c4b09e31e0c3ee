"""Publishers that live while others recover: whose lease runs is left alone, whose was lost begins anew."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them")

HERO = "bifrost://demo/assets/char/hero"


@pytest.fixture(scope="module")
def other(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A second server: somebody at another machine."""
    with type(server).run(tmp_path_factory.mktemp("other") / "errors") as running:
        yield running


def wait_until_stopped(pid: int) -> None:
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.01)


@pytest.mark.slow
def test_publisher_is_left_alone_when_it_renews_its_lease(
    stage: Any, server: Any, other: Any, check_agreement: Any
) -> None:
    running = server.begin(do="slow", pause=2, lease=5, **stage.request)  # three blocks: longer than one lease
    begun, found = time.monotonic(), []
    while time.monotonic() - begun < 5.5:
        found += other.do(do="recover", workspace=stage.workspace).made
        time.sleep(0.1)
    assert running.end().made == [f"{HERO}/model/v001"]
    assert {tuple(each) for each in found} == {(f"{HERO}/model/v001", "waiting")}
    assert [version.state for version in check_agreement(stage)] == ["published"]


def lose_lease(stage: Any, server: Any, other: Any, *, dies: bool = False, mutants: tuple[str, ...] = ()) -> Any:
    """A publisher is asleep when its lease runs out, and is recovered, by one who may die on the way; how it ends."""
    running = server.begin(do="slow", pause=0, lease=60, stops=True, mutants=mutants, **stage.request)
    wait_until_stopped(running.pid)
    recovering = ["dies_after_renewing"] if dies else []
    found = other.do(do="recover", workspace=stage.workspace, hours=1, mutants=recovering)
    assert found.is_killed is dies
    os.kill(running.pid, signal.SIGCONT)
    return running.end()


def test_publisher_begins_anew_when_its_lease_was_lost(
    stage: Any, server: Any, other: Any, check_agreement: Any
) -> None:
    outcome = lose_lease(stage, server, other)
    assert outcome.made == [f"{HERO}/model/v002"], outcome
    assert [version.state for version in check_agreement(stage)] == ["abandoned", "published"]


def test_publisher_shows_nothing_when_who_recovers_it_is_at_work(
    stage: Any, server: Any, other: Any, check_agreement: Any
) -> None:
    outcome = lose_lease(stage, server, other, dies=True)
    outcome.check_clean()
    assert outcome.error["blockers"] == [f"{HERO}/model/v001"], outcome
    assert "is being recovered" in outcome.error["message"]
    assert [version.state for version in stage.versions()] == ["reserved"]
    server.do(do="recover", workspace=stage.workspace, hours=2).check_clean()
    assert len(check_agreement(stage)) == 1


def test_publisher_shows_what_others_hold_when_it_expects_no_revision(stage: Any, server: Any, other: Any) -> None:
    """The test above can fail."""
    assert lose_lease(stage, server, other, dies=True, mutants=("no_expected",)).made
