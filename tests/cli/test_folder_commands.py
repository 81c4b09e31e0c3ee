from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bifrost_sdk.session import connect, init

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a workspace with an asset, a task on it and a shot."""
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    monkeypatch.chdir(tmp_path)
    init(tmp_path, project="demo")
    with connect(tmp_path) as session:
        session.tasks.create(session.assets.create("demo", "char", "hero"), "rig")
        session.shots.create("demo", "sq010", "sh020")
    return tmp_path


def in_json(answer: tuple[int, str, str]) -> Any:
    status, out, err = answer
    assert (status, err) == (0, "")
    return json.loads(out)


def test_folders_are_shown_then_made_once_when_asked(folder: Path, run: Run) -> None:
    status, out, _ = run("folders", "plan", "assets/char/hero", "--below")
    assert status == 0
    assert "missing  " in out
    assert str(folder / "work/demo/assets/char/hero/rig/work") in out
    assert "folders.task[0] for task rig of bifrost://demo/assets/char/hero" in out
    assert not (folder / "work/demo").exists()
    status, out, _ = run("folders", "create", "assets/char/hero")
    assert (status, "made" in out) == (0, True)
    assert not (folder / "work/demo/assets/char/hero/rig").exists()
    assert run("folders", "create", "assets/char/hero") == (0, "4 of 4 were there\n", "")


def test_whole_project_is_meant_when_nothing_is_named(folder: Path, run: Run) -> None:
    data = in_json(run("folders", "create", "--json"))
    assert {step["state"] for step in data["steps"]} == {"made"}
    assert (folder / "work/demo/shots/sq010/sh020").is_dir()
    assert (folder / "work/demo/assets/char/hero/rig/cache").is_dir()
    assert data["warnings"] == []


def test_status_tells_when_something_is_in_the_way(folder: Path, run: Run) -> None:
    (folder / "work/demo").write_text("a file")
    status, out, _ = run("folders", "plan")
    assert (status, "is a file, and folders.project[0] asks for a folder" in out) == (1, True)
    assert run("folders", "plan", "--json")[0] == 1
    status, _, err = run("folders", "create")
    assert (status, "move it away, then make the folders again" in err) == (1, True)


def test_long_paths_are_told_when_windows_has_a_folder_for_the_root(folder: Path, run: Run) -> None:
    text = (folder / "bifrost.yaml").read_text()
    deep = "P:\\" + "deep\\" * 45
    (folder / "bifrost.yaml").write_text(text.replace("  work: work", f"  work: {{linux: work, windows: '{deep}'}}"))
    status, out, _ = run("folders", "plan")
    assert (status, "characters longer than programs on Windows take" in out) == (0, True)


def test_path_is_printed_when_asked_for(folder: Path, run: Run) -> None:
    scene = folder / "work/demo/assets/char/hero/rig/work/anna/hero.rig.v003.ma"
    arguments = ("path", "for", "assets/char/hero", "work", "task=rig", "version=3", "ext=ma")
    assert run(*arguments) == (0, f"{scene}\n", "")
    assert in_json(run(*arguments, "--json"))["path"] == str(scene)
    low = run("path", "for", "assets/char/hero", "work", "task=rig", "version=3", "ext=ma", "variant=02")
    assert low[1].endswith("hero.rig.02.v003.ma\n")
    output = run("path", "for", "assets/char/hero", "output", "task=rig", "version=3", "frame=####", "ext=exr")
    assert output[1].endswith("hero.rig.v003.%04d.exr\n")
    status, _, err = run("path", "for", "assets/char/hero", "work")
    assert (status, "task (a task does, or the code of one: task=…)" in err) == (1, True)
    assert "'task' is not TOKEN=VALUE (write task=anim)" in run("path", "for", "assets/char/hero", "work", "task")[2]
    assert run("path", "for", "assets/char/herp", "work")[0] == 3


def test_paths_are_explained_when_parsed(folder: Path, run: Run) -> None:
    (folder / "hero.usda").write_text("#usda 1.0\n")
    run("publish", "assets/char/hero", "model", "usd=hero.usda")
    model = "publish/demo/assets/char/hero/model/v001/model.usda"
    status, out, err = run("path", "parse", model, "work/demo/assets/char/hero/rog", "elsewhere")
    assert status == 1
    assert "bifrost://demo/assets/char/hero/model/v001  version  model.usda  asset_publish" in out
    assert out.splitlines()[2].split()[-1] == "rog"
    assert "elsewhere: it lies below no root" in err
    (data,) = in_json(run("path", "parse", model, "--json"))
    assert (data["version"], data["file"]) == ("bifrost://demo/assets/char/hero/model/v001", "model.usda")
    assert run("path", "parse", "work/demo/assets/char/herp")[0] == 3


def test_work_files_are_listed_when_catalog_and_disk_differ(folder: Path, run: Run) -> None:
    hero = ("assets/char/hero", "task=rig")
    assert run("workfiles", "list", *hero) == (0, "nothing yet\n", "")
    with connect(folder) as session:
        session.workfiles.create("bifrost://demo/assets/char/hero", task="rig", ext="ma", comment="blocking")
        gone = session.workfiles.create("bifrost://demo/assets/char/hero", task="rig", ext="ma")
        gone.path.unlink()
    (folder / "work/demo/assets/char/hero/rig/work/anna/hero.rig.v005.hip").touch()
    lines = run("workfiles", "list", *hero)[1].splitlines()
    assert [line.split()[0] for line in lines] == ["number", "1", "2", "5"]
    assert [line.split("  ")[-1] for line in lines[1:]] == ["blocking", "not on disk", "not in the catalog"]
    assert [each["number"] for each in in_json(run("workfiles", "list", *hero, "-a", "maya", "--json"))] == [1, 2]
    assert run("workfiles", "next", *hero, "-a", "maya")[1].endswith("rig/work/anna/hero.rig.v006.ma\n")
    assert in_json(run("workfiles", "next", *hero, "ext=mb", "--json"))["number"] == 6


@pytest.mark.parametrize("group", ["folders", "path", "workfiles"])
def test_usage_is_told_when_no_command_is_named(group: str, run: Run) -> None:
    assert run(group)[0] == 2
