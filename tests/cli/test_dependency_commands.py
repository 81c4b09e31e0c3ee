from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bifrost_sdk.cli.main import main
from bifrost_sdk.domain.versions import AssetDependency
from bifrost_sdk.session import Session, connect, init

Run = Callable[..., tuple[int, str, str]]
HERO = "bifrost://demo/assets/char/hero"
SHOT = "bifrost://demo/shots/sq010/sh020"
FILES = {"usd": "hero.usda"}


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A model, a rig made of it, a look made of both (of the model weakly), and a shot made of the rig."""
    monkeypatch.chdir(init(tmp_path, project="demo", user="anna"))
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    Path("hero.usda").write_text("#usda 1.0\n")
    with connect(tmp_path) as session:
        hero = session.assets.create("demo", "char", "hero")
        shot = session.shots.create("demo", "sq010", "sh020")
        session.shots.cast(shot, hero, count=2)
        model = session.publish(hero, "model", FILES)
        rig = session.publish(hero, "rig", FILES, depends_on=[model])
        session.publish(hero, "look", FILES, depends_on=[rig, AssetDependency(model.id, kind="weak")])
        session.publish(shot, "anim", FILES, depends_on=[rig])
        yield session


def lines(answer: tuple[int, str, str]) -> list[str]:
    status, out, err = answer
    assert (status, err) == (0, "")
    return out.splitlines()


def test_tree_is_drawn_when_dependencies_are_asked_for(session: Session, run: Run) -> None:
    assert lines(run("deps", "shots/sq010/sh020/anim")) == [
        f"{SHOT}/anim/v001",
        f"└── {HERO}/rig/v001",
        f"    └── {HERO}/model/v001",
    ]
    assert lines(run("deps", "assets/char/hero/model")) == [f"{HERO}/model/v001"]
    reverse = lines(run("deps", "assets/char/hero/model", "-x", "used_by"))
    assert reverse[0] == f"{HERO}/model/v001"
    assert {line.lstrip("├└─│ ") for line in reverse[1:]} >= {
        f"{HERO}/look/v001  weak",
        f"{HERO}/rig/v001",
        f"{SHOT}/anim/v001",
    }


def test_reference_stays_whole_when_the_terminal_is_narrow(
    session: Session, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    whole = run("deps", "shots/sq010/sh020/anim")[1]

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["deps", "shots/sq010/sh020/anim"]) == 0
    assert isinstance(sys.stdout, Terminal)
    assert sys.stdout.getvalue() == whole


def test_thing_is_opened_once_when_it_is_reached_twice(session: Session, run: Run) -> None:
    session.publish(HERO, "groom", FILES, depends_on=[f"{HERO}/look", f"{HERO}/rig"])
    out = run("deps", "assets/char/hero/groom")[1]
    assert f"└── {HERO}/rig/v001  as told above\n" in out
    assert out.count(f"{HERO}/rig/v001") == 2


def test_casting_is_in_the_tree_when_a_shot_is_asked_for(session: Session, run: Run) -> None:
    shot = lines(run("deps", "shots/sq010/sh020"))
    assert shot[0] == SHOT
    assert any(line.endswith(f"{HERO}  cast, \u00d72") for line in shot)
    assert any(SHOT in line for line in lines(run("deps", "assets/char/hero", "--direction", "used_by")))


def test_rest_is_a_number_when_the_limit_is_small(session: Session, run: Run) -> None:
    told = json.loads(run("deps", "shots/sq010/sh020/anim", "--depth", "1", "--json")[1])
    assert [each["kind"] for each in told["things"]] == ["version", "version", "more"]
    ends = [(each["source"], each["target"]) for each in told["edges"]]
    assert ends[0] == (f"{SHOT}/anim/v001", f"{HERO}/rig/v001")


def test_picture_and_page_are_written_when_wanted(session: Session, run: Run) -> None:
    asked = ("deps", "assets/char/hero", "-x", "both", "--svg", "deps.svg", "--html", "deps.html")
    assert lines(run(*asked)) == ["deps.svg", "deps.html"]
    assert ElementTree.parse("deps.svg").getroot().tag.endswith("svg")  # noqa: S314 - our own file
    page = Path("deps.html").read_text(encoding="utf-8")
    assert f"What uses what around {HERO}" in page
    assert json.loads(run(*asked, "--json")[1])["files"] == {"svg": "deps.svg", "html": "deps.html"}
    assert run("deps", "assets/char/hero", "--svg", "nowhere/deps.svg")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "status"), [(("assets/char/her",), 3), (("assets/char/hero", "-n", "5000"), 1), (("x", "-d", "0"), 2)]
)
def test_question_is_refused_when_it_is_wrong(
    session: Session, run: Run, arguments: tuple[str, ...], status: int
) -> None:
    assert run("deps", *arguments)[0] == status
