"""What a shell is offered, asked for as a shell does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from bifrost_sdk.cli import completion
from bifrost_sdk.session import Session, connect, init

HERO = "assets/char/hero"


@pytest.fixture(scope="module")
def shows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = init(tmp_path_factory.mktemp("shows"), project="demo", user="anna")
    (folder / "hero.usda").write_text("#usda 1.0\n")
    with connect(folder, user="anna") as session:
        session.projects.create("film")
        hero = session.assets.create("demo", "char", "hero")
        session.assets.create("demo", "char", "herb")
        session.assets.create("demo", "prop", "sword")
        session.shots.create("demo", "sq010", "sh020")
        for _ in range(2):
            session.publish(hero, "model", {"usd": str(folder / "hero.usda")})
    return folder


@pytest.fixture
def session(shows: Path) -> Iterator[Session]:
    with connect(shows, user="anna") as session:
        yield session


@pytest.mark.parametrize(
    ("typed", "offers"),
    [
        ("", ["assets", "shots"]),
        ("as", ["assets", "assets/"]),
        ("assets/", ["assets/char", "assets/prop"]),
        ("assets/char/he", ["assets/char/herb", HERO]),
        ("assets/CHAR/Her", ["assets/CHAR/herb", HERO.replace("char", "CHAR")]),
        ("assets/char/hero", [HERO, f"{HERO}/"]),
        (f"{HERO}/", [f"{HERO}/model", f"{HERO}/model/"]),
        (f"{HERO}/model/", [f"{HERO}/model/{tag}" for tag in ("latest", "approved", "v001", "v002")]),
        (f"{HERO}/model/v0", [f"{HERO}/model/v001", f"{HERO}/model/v002"]),
        (f"{HERO}/model/latest/", [f"{HERO}/model/latest/model.usda"]),
        ("shots/sq010/", ["shots/sq010/sh020", "shots/sq010/sh020/"]),
        ("bifrost://", ["bifrost://demo/", "bifrost://film/"]),
        ("bifrost://demo/assets/p", ["bifrost://demo/assets/prop", "bifrost://demo/assets/prop/"]),
        ("//demo/assets/p", ["//demo/assets/prop", "//demo/assets/prop/"]),
        ("bifrost://film/assets/", []),
    ],
)
def test_next_segment_is_offered_when_a_reference_is_typed(session: Session, typed: str, offers: list[str]) -> None:
    assert completion.references(session, typed) == offers


def test_kinds_and_projects_are_offered_when_they_are_meant(session: Session) -> None:
    assert completion.kinds_and_references(session, "asse") == ["asset_types", "assets", "assets", "assets/"]
    assert completion.projects(session, "f") == ["film"]


def asked(folder: Path, words: str, *, count: int) -> subprocess.CompletedProcess[str]:
    """What click's script for bash asks the command."""
    asking = {"COMP_WORDS": words, "COMP_CWORD": str(count), "_BIFROST_COMPLETE": "bash_complete"}
    command = [sys.executable, "-m", "bifrost_sdk.cli.main"]
    environment = {**os.environ, **asking, "BIFROST_SDK_USER": "anna"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "offers"),
    [
        ("bifrost resolve assets/char/hero/model assets/pr", "plain,assets/prop\nplain,assets/prop/\n"),
        ("bifrost resolve -w nowhere assets/", ""),
        ("bifrost list -p fi", "plain,film\n"),
        ("bifrost ret", "plain,retire\n"),
        ("bifrost asset cr", "plain,create\n"),
    ],
)
def test_shell_is_answered_when_it_asks(shows: Path, words: str, offers: str) -> None:
    done = asked(shows, words, count=len(words.split()) - 1)
    assert (done.stdout.lstrip("\n"), done.stderr) == (offers, "")


@pytest.mark.skipif(sys.platform == "win32", reason="has no bash of its own")
def test_bash_completes_a_reference_when_the_script_is_loaded(
    shows: Path, tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    bash = shutil.which("bash") or missing("bash is not installed")
    command = tmp_path / "bifrost"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bifrost_sdk.cli.main "$@"\n')
    command.chmod(0o755)
    script = """
        eval "$(_BIFROST_COMPLETE=bash_source bifrost)"
        COMP_WORDS=(bifrost resolve assets/char/he) COMP_CWORD=2
        _bifrost_completion bifrost
        printf '%s\\n' "${COMPREPLY[@]}"
        complete -p bifrost
    """
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "BIFROST_SDK_USER": "anna"}
    done = subprocess.run([bash, "-c", script], cwd=shows, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines()[:2], done.stderr) == (["assets/char/herb", HERO], "")
    assert "_bifrost_completion" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_is_printed_when_a_shell_asks_for_it(shell: str) -> None:
    environment = {**os.environ, "_BIFROST_COMPLETE": f"{shell}_source"}
    command = [sys.executable, "-m", "bifrost_sdk.cli.main"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert f"_BIFROST_COMPLETE={shell}_complete" in done.stdout
