from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.services import configuration
from bifrost_sdk.session import init

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    monkeypatch.chdir(init(tmp_path / "shows", project="demo"))
    return tmp_path / "shows"


def test_settings_are_told_with_their_place(folder: Path, run: Run) -> None:
    assert run("config", "get", "project") == (0, "demo\n", "")
    rows = [line.split() for line in run("config", "get")[1].splitlines()]
    assert ["user", "anna", "BIFROST_SDK_USER"] in rows
    assert ["timeout", "30.0", "default"] in rows
    told = json.loads(run("config", "get", "roots.publish", "--json")[1])
    assert told["roots.publish"]["value"] == "publish"


def test_files_are_named_when_settings_are_looked_for(folder: Path, run: Run) -> None:
    told = json.loads(run("config", "where", "--json")[1])
    assert [(each["what"], each["is_there"]) for each in told["files"]] == [
        ("studio", Path("/etc/bifrost-sdk/studio.yaml").exists()),
        ("workspace", True),
        ("user", False),
    ]
    assert "BIFROST_SDK_USER" in told["variables"]
    assert str(folder / "bifrost.yaml") in run("config", "where")[1]


def test_only_one_line_changes_when_a_setting_is_given(folder: Path, run: Run) -> None:
    file = folder / "bifrost.yaml"
    file.chmod(0o640)
    before = file.read_text()
    assert run("config", "set", "project", "film") == (0, f"project is film in {file}\n", "")
    assert file.read_text() == before.replace('project: "demo"', "project: film")
    assert file.stat().st_mode & 0o777 == 0o640
    assert run("config", "set", "roots.cache", "{linux: /c, windows: 'C:\\c'}")[0] == 0
    assert run("config", "set", "timeout", "60")[0] == 0
    assert run("config", "check")[0] == 0
    assert configuration.load(folder, environment={})["timeout"].value == 60
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".bifrost.yaml")) == []


def test_own_file_is_made_when_a_setting_is_for_the_user_alone(folder: Path, run: Run) -> None:
    status, out, _ = run("config", "set", "user", "007", "--user")
    assert (status, out.splitlines()[1]) == (0, "but anna holds, from BIFROST_SDK_USER, which is stronger")
    assert configuration.load(folder, environment={"XDG_CONFIG_HOME": str(folder.parent / "home")}).user == "007"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("get", "projet"), "there is no setting 'projet'"),
        (("set", "tiemout", "3"), "did you mean 'timeout'?"),
        (("set", "timeout", "soon"), "timeout is a number of seconds"),
        (("set", "validators", "x"), "validators is a list of texts"),
        (("set", "roots.Up", "x"), "has a name of a-z"),
        (("set", "project", "[x"), "is no YAML"),
        (("check", "-w", "nowhere"), "lies in no workspace"),
    ],
)
def test_file_stays_as_it_is_when_a_setting_is_refused(
    folder: Path, run: Run, arguments: tuple[str, ...], says: str
) -> None:
    before = (folder / "bifrost.yaml").read_bytes()
    status, out, err = run("config", *arguments)
    assert (status, out) == (1, "")
    assert says in err
    assert (folder / "bifrost.yaml").read_bytes() == before


def test_place_is_told_when_a_file_cannot_be_understood(folder: Path, run: Run) -> None:
    (folder / "bifrost.yaml").write_text("project: demo\nprojet: x\n")
    status, _, err = run("config", "check")
    assert (status, "bifrost.yaml:2: there is no setting 'projet'" in err) == (1, True)
