"""A publish whose system calls fail, whose sources change, whose target is taken: a clear error, nothing is left."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs strace, which is Linux's")

IS_WHOLE = bool(os.environ.get("BIFROST_SOAK"))
NO_SUCH_RENAME = "renameat2:error=EINVAL"  # as NFS answers
WRITING, PLACING = "EIO ENOSPC EINTR", "EIO ENOSPC EACCES EROFS"
ERRORS = {
    "openat": "EACCES EMFILE EROFS EIO EINTR ENOSPC",
    **dict.fromkeys(("write", "pwrite64", "fsync", "fdatasync", "ftruncate"), WRITING),
    **dict.fromkeys(("mkdir", "renameat2", "rename", "link", "symlink"), PLACING),
    **dict.fromkeys(("chmod", "unlink", "unlinkat", "rmdir", "newfstatat"), "EIO EACCES EROFS"),
    **dict.fromkeys(("read", "pread64", "getdents64", "close", "readlink", "ioctl"), "EIO"),
}


def check_told(outcome: Any, stage: Any) -> None:
    """It was published, or refused by an error that names the place and says what to do."""
    outcome.check_clean()
    if outcome.error is not None:
        told = outcome.error
        assert str(stage.place) in told["message"], told
        assert any(mark in told["message"] for mark in ("; ", ": make room", ": check ", "(check ")), told


def points_of(stage: Any, trace: Any, do: str, injected: Iterable[str]) -> list[tuple[Any, str]]:
    """Each call with each way to fail; those that always fail here are none."""
    stage.renew()
    calls = stage.touching(trace(*injected, do=do, **stage.request))
    skipped = {each.partition(":")[0] for each in injected}
    return [(call, name) for call in calls if call.name not in skipped for name in ERRORS.get(call.name, "").split()]


@pytest.mark.slow
@pytest.mark.parametrize("do", ["sequence", "together", "moved"])
@pytest.mark.parametrize("injected", [(), (NO_SUCH_RENAME,)], ids=["whole", "piecewise"])
def test_nothing_is_left_when_a_call_fails_once(
    stage: Any, trace: Any, check_agreement: Any, do: str, injected: Sequence[str]
) -> None:
    points = points_of(stage, trace, do, injected)
    failed = 0
    for call, name in points if IS_WHOLE else points[::90]:
        stage.renew()
        outcome = trace(f"{call.name}:error={name}:when={call.number}", *injected, do=do, **stage.request)
        check_told(outcome, stage)
        failed += outcome.error is not None
        versions = check_agreement(stage, may_try=True)
        states = {version.state for version in versions}
        assert states <= ({"abandoned"} if outcome.error else {"published"})
        assert (stage.source / "hero.usda").exists() or (do, states) == ("moved", {"published"})
    assert failed > 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ENOSPC", "EIO", "EROFS"])
def test_nothing_is_left_after_recovery_when_a_disk_fails_for_good(
    stage: Any, trace: Any, check_agreement: Any, name: str
) -> None:
    """From one call on each of its kind fails, also those that tidy up; then the disk is mended."""
    points = [call for call, each in points_of(stage, trace, "together", ()) if each == name and call.name != "openat"]
    for call in points if IS_WHOLE else points[::40]:
        stage.renew()
        outcome = trace(f"{call.name}:error={name}:when={call.number}+", do="together", **stage.request)
        check_told(outcome, stage)
        trace.server.do(do="recover", workspace=stage.workspace, hours=1).check_clean()
        versions = check_agreement(stage)
        assert len({version.state for version in versions}) <= 1
        again = trace.server.do(do="together", **stage.request)
        assert {ref.rpartition("/")[2] for ref in again.made} == {f"v{1 + len(versions) // 2:03d}"}


@pytest.mark.parametrize(("how", "reason"), [("change", "changed"), ("vanish", "No such file")])
def test_nothing_is_left_when_a_source_does_not_stay(
    stage: Any, server: Any, check_agreement: Any, how: str, reason: str
) -> None:
    outcome = server.do(do="spoiled", how=how, **stage.request)
    check_told(outcome, stage)
    assert outcome.error["path"] == str(stage.source / "large.abc")
    assert reason in outcome.error["reason"]
    assert [version.state for version in check_agreement(stage)] == ["abandoned"]


def intruded(stage: Any, server: Any, how: str, mutants: Sequence[str]) -> Any:  # Any: an outcome
    stage.renew()
    return server.do(do="intruded", how=how, mutants=mutants, **stage.request)


@pytest.mark.parametrize("how", ["file", "empty", "folder"])
def test_target_stays_when_somebody_else_made_it_in_the_last_moment(stage: Any, server: Any, how: str) -> None:
    outcome = intruded(stage, server, how, [])
    check_told(outcome, stage)
    target = stage.root / "demo/assets/char/hero/model/v001"
    assert outcome.error["blockers"] == [str(target)]
    theirs = {"file": target, "empty": target, "folder": target / "theirs"}[how]
    assert theirs.is_dir() if how == "empty" else theirs.read_text() == "theirs"
    assert {path.name for path in stage.root.rglob("*") if path.is_file()} <= {".bifrost-root", "v001", "theirs"}
    assert [version.state for version in stage.versions()] == ["abandoned"]


def test_target_is_lost_when_a_plain_rename_places(stage: Any, server: Any) -> None:
    """The test above can fail."""
    assert intruded(stage, server, "empty", ["plain_rename"]).made
