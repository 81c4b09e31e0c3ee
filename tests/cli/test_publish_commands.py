"""What can be said to ``bifrost publish`` besides its files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from bifrost_sdk.cli.publish_commands import TRANSFERS, publish
from bifrost_sdk.services.publications import Publication
from bifrost_sdk.services.staging import Transfer
from bifrost_sdk.session import connect, init

HERO = ("publish", "assets/char/hero")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with an asset, and the folder with an artist's files to work in."""
    workspace = init(tmp_path / "shows", project="demo", user="anna")
    with connect(workspace, user="anna") as session:
        session.assets.create("demo", "char", "hero")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIFROST_SDK_URL", str(workspace))
    monkeypatch.setenv("BIFROST_SDK_PROJECT", "demo")
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    Path("hero.usda").write_text("#usda 1.0\n")
    for frame in (1001, 1002, 1005):
        Path(f"sim.{frame}.vdb").write_text(f"frame {frame}")
    return workspace


def test_every_transfer_can_be_chosen_when_typed() -> None:
    assert set(TRANSFERS) == set(Transfer.__args__)


def test_nothing_is_published_when_it_is_a_dry_run(folder: Path, run: Run) -> None:
    with connect(folder, user="anna") as session:
        before = session.revision("demo")
    status, out, _ = run(*HERO, "model", "usd=hero.usda", "vdb=sim.####.vdb", "--dry-run", "--frames", "1001,1002,1005")
    assert status == 0
    assert "bifrost://demo/assets/char/hero/model would get a version of" in out
    assert "model.usda" in out
    assert "vdb.<FRAME>.vdb" in out
    with connect(folder, user="anna") as session:
        assert session.revision("demo") == before
    status, out, _ = run(*HERO, "model", "vdb=sim.####.vdb", "--dry-run", "--json")
    told = json.loads(out)
    assert (status, told["ref"], told["files"][0]["size"]) == (1, "bifrost://demo/assets/char/hero/model", 30)
    assert told["validation"]["ok"] is False
    assert "1003-1004" in json.dumps(told["validation"]["results"][0])
    status, out, _ = run(*HERO, "model", "vdb=sim.####.vdb", "--dry-run")
    assert (status, "error: " in out, "1003-1004" in out) == (1, True, True)


def test_frames_are_published_when_they_are_said(folder: Path, run: Run) -> None:
    status, _, err = run(*HERO, "sim", "vdb=sim.####.vdb")
    assert (status, "these frames are missing: 1003-1004" in err) == (1, True)
    status, out, _ = run(*HERO, "sim", "vdb=sim.####.vdb", "--frames", "1001-1002,1005")
    assert (status, out.splitlines()[0]) == (0, "bifrost://demo/assets/char/hero/sim/v001")


def test_source_is_gone_when_it_is_moved(folder: Path, run: Run) -> None:
    assert run(*HERO, "model", "usd=hero.usda", "--transfer", "move")[0] == 0
    assert not Path("hero.usda").exists()


def test_all_that_can_be_said_of_a_version_is_kept(folder: Path, run: Run) -> None:
    with connect(folder, user="anna") as session:
        task = session.tasks.create("bifrost://demo/assets/char/hero", "rig")
    said = ("--task", "rig", "--source", "hero.ma", "--description", "long", "--metadata", "frames=3", "--lease", "60")
    told = json.loads(run(*HERO, "model", "usd=hero.usda", *said, "--metadata", "by=karma", "--json")[1])
    assert (told["task"], told["source"], told["description"], told["lease"]) == (task.id, "hero.ma", "long", 60)
    assert told["metadata"] == {"frames": 3, "by": "karma"}
    assert run(*HERO, "model", "usd=hero.usda", "--dry-run", *said)[0] == 0
    assert run(*HERO, "model", "usd=hero.usda", "--task", "rog")[0] == 3
    assert run(*HERO, "model", "usd=hero.usda", "--metadata", "x")[0] == 1


def test_every_field_of_a_publication_can_be_typed_when_it_is_published() -> None:
    typed = {each.name for each in publish.params}
    assert {field.name for field in attrs.fields(Publication)} <= typed
