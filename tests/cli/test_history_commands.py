from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.session import Session, connect, init

Run = Callable[..., tuple[int, str, str]]
HERO = "bifrost://demo/assets/char/hero"


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.chdir(init(tmp_path, project="demo", user="anna"))
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    with connect(tmp_path) as session:
        session.assets.create("demo", "char", "hero")
        session.assets.update(HERO, description="long", name="The hero")
        yield session


def test_what_happened_is_told_oldest_first(session: Session, run: Run) -> None:
    status, out, _ = run("activity", "-n", "2")
    lines = [line.split() for line in out.splitlines()]
    assert status == 0
    assert [line[0] for line in lines] == ["revision", "2", "3"]
    assert lines[1][4:] == ["create", "asset", "assets/char/hero"]
    assert lines[2][4:] == ["update", "asset", "assets/char/hero", "name,", "description"]
    told = json.loads(run("activity", "assets/char/hero", "--json")[1])
    assert [(each["revision"], each["operation"]) for each in told] == [(2, "create"), (3, "update")]


def test_commit_is_undone_with_a_reason_when_asked(session: Session, run: Run) -> None:
    assert run("undo", "3", "-m", "a slip")[1] == "revision 3 of demo is undone by revision 4\n"
    assert run("activity", "-n", "1")[1].splitlines()[1].endswith("a slip")
    assert run("undo", "3")[0] == 4


@pytest.mark.skipif(sys.platform == "win32", reason="has no interrupt that can be sent to one process")
def test_news_are_told_until_interrupted_when_followed(session: Session) -> None:
    command = [sys.executable, "-m", "bifrost_sdk.cli.main", "activity", "assets/char/hero", "--follow", "-n", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().split()[0] == "3"
        session.assets.create("demo", "prop", "sword")
        session.assets.update(HERO, name="The other hero")
        assert process.stdout.readline().split()[0] == "5"
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == "bifrost: followed until interrupted\n"
