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
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    monkeypatch.chdir(init(tmp_path, project="demo"))
    return tmp_path


def told(answer: tuple[int, str, str]) -> Any:
    status, out, err = answer
    assert (status, err) == (0, "")
    return json.loads(out)


def test_project_is_made_and_changed_when_asked(folder: Path, run: Run) -> None:
    assert run("project", "create", "film", "name=The film")[1] == "bifrost://film\n".replace("\n", " film\n")
    assert run("project", "create", "film")[0] == 1
    assert told(run("project", "create", "film", "--ensure", "--json"))["name"] == "The film"
    assert told(run("project", "update", "film", "state=archived", "--json"))["state"] == "archived"
    assert "bifrost://film" in run("project", "list", "state=archived")[1]
    assert run("project", "show", "film")[1].startswith("project bifrost://film\n")


def test_asset_is_made_below_another_when_its_path_says_so(folder: Path, run: Run) -> None:
    assert run("asset", "create", "char/hero", "tags=main,digital") == (0, "bifrost://demo/assets/char/hero\n", "")
    assert run("asset", "create", "assets/char/hero/sword")[1] == "bifrost://demo/assets/char/hero/sword\n"
    assert told(run("asset", "list", "tags__contains=main", "--json"))[0]["tags"] == ["main", "digital"]
    changed = told(run("asset", "update", "assets/char/hero", "tags=", 'metadata={"a": 1}', "--json"))
    assert (changed.get("tags"), changed["metadata"]) == (None, {"a": 1})
    assert run("asset", "show", "assets/char/hero/sword")[0] == 0


def test_shot_is_made_with_what_is_above_it(folder: Path, run: Run) -> None:
    for path in ("sh001", "sq010/sh020", "shots/ep01/sq010/sh030", "bifrost://demo/shots/sq010/sh040"):
        assert run("shot", "create", path, "frames=1001-1096")[0] == 0
    assert [each["ref"].partition("/shots/")[2] for each in told(run("shot", "list", "--json"))] == [
        "ep01/sq010/sh030",
        "sh001",
        "sq010/sh020",
        "sq010/sh040",
    ]
    assert told(run("shot", "update", "shots/sh001", "frames=1-10", "--json"))["frames"] == "1-10"
    assert run("shot", "create", "sq010/sh020")[0] == 1
    assert run("shot", "create", "sq010/sh020", "--ensure")[0] == 0


def test_task_is_followed_when_it_changes_hands(folder: Path, run: Run) -> None:
    run("asset", "create", "char/hero")
    with connect(folder) as session:
        session.users.create("bo")
    assert run("task", "create", "assets/char/hero", "rig", "status=todo", "assignees=anna,bo")[0] == 0
    assert "assets/char/hero rig" in run("task", "list", "--mine", "--of", "assets/char/hero")[1]
    assert run("task", "update", "assets/char/hero", "rig", "assignees=bo", "status=wip", "estimate=3600")[0] == 0
    assert run("task", "list", "--mine")[1] == "nothing yet\n"
    assert [each["estimate"] for each in told(run("task", "list", "status__code=wip", "--json"))] == [3600]
    assert run("task", "update", "assets/char/hero", "rog", "status=wip")[0] == 3


def test_casting_is_kept_and_told_when_asked(folder: Path, run: Run) -> None:
    for code in ("hero", "crowd"):
        run("asset", "create", f"char/{code}")
    run("shot", "create", "sq010/sh020")
    assert run("cast", "shots/sq010/sh020")[1] == "nothing yet\n"
    assert run("cast", "shots/sq010/sh020", "assets/char/hero")[0] == 0
    found = told(run("cast", "shots/sq010/sh020", "assets/char/crowd", "-c", "12", "--variant", "far", "--json"))
    assert [(each["asset"].rpartition("/")[2], each["count"], each["variant"]) for each in found] == [
        ("hero", 1, ""),
        ("crowd", 12, "far"),
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("asset", "create", "hero"), "write TYPE/ASSET"),
        (("shot", "create", "a/b/c/d"), "write SHOT, SEQUENCE/SHOT"),
        (("asset", "create", "bifrost://demo/shots/sh010"), "no place below assets"),
        (("asset", "create", "char/hero", "nam=x"), "did you mean name"),
        (("asset", "create", "char/hero", "name"), "write name='The hero'"),
        (("asset", "create", "char/hero", "metadata=x"), "is no JSON"),
        (("asset", "update", "assets/char/hero"), "no field is given"),
        (("task", "list", "estimate=long"), "no whole number"),
    ],
)
def test_mistake_is_named_when_something_is_wrong(
    folder: Path, run: Run, arguments: tuple[str, ...], says: str
) -> None:
    status, _, err = run(*arguments)
    assert says in err
    assert status == 1
