from __future__ import annotations

import datetime
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from bifrost_sdk.cli import catalog_checks, installation_checks, workspace_checks
from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.session import Session, connect, init

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    monkeypatch.chdir(init(tmp_path, project="demo"))
    return tmp_path


def found(run: Run, subject: str) -> list[tuple[str, str]]:
    """How a thing was found to be, and what to do."""
    told = json.loads(run("doctor", "--json")[1])
    return [(each["state"], f"{each['finding']}; {each['advice']}") for each in told if each["subject"] == subject]


def test_nothing_is_wrong_when_a_workspace_is_new(folder: Path, run: Run) -> None:
    status, out, err = run("doctor")
    assert (status, err) == (0, "")
    assert [line for line in out.splitlines() if line.startswith("wrong")] == []
    assert found(run, "projects") == [("fine", "demo; ")]


def test_root_is_told_of_when_its_folder_is_not_as_it_should_be(folder: Path, run: Run) -> None:
    (folder / "publish/.bifrost-root").unlink()
    assert found(run, "root publish")[0][0] == "warning"
    assert "bifrost sync mark publish" in found(run, "root publish")[0][1]
    (folder / "publish").rename(folder / "gone")
    assert found(run, "root publish") == [("wrong", f"there is no folder {folder / 'publish'}; mount it, or make it")]
    assert run("doctor")[0] == 1
    run("config", "set", "roots.far", "{windows: 'X:\\far'}" if os.name != "nt" else "{linux: /far}")
    assert found(run, "root far")[0][0] == "note"


def test_room_is_told_of_when_it_is_little(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace_checks, "LEAST", 1 << 60)
    states = found(run, "root work")
    assert [state for state, _ in states] == ["fine", "warning"]
    assert "GB are free" in states[1][1]


def test_clock_of_a_file_server_is_told_of_when_it_differs(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 60)
    assert "s behind" in found(run, "root work")[1][1]


def test_user_and_project_are_told_of_when_the_catalog_does_not_know_them(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIFROST_SDK_USER", "bo")
    monkeypatch.setenv("BIFROST_SDK_PROJECT", "film")
    assert found(run, "user")[0][1].startswith("the catalog knows no bo; ask an admin to add you")
    assert found(run, "project")[0][0] == "wrong"


def test_dead_reservation_is_told_of_when_its_lease_has_run_out(folder: Path) -> None:
    with connect(folder) as session:
        hero = session.assets.create("demo", "char", "hero")
        product = session.products.ensure(hero, "model")
        session.commit([Create(Version(product=product.id, lease=1))])
        later = session.context.clock() + datetime.timedelta(hours=1)
        seen = Session(attrs.evolve(session.context, clock=lambda: later), settings=session.settings, is_view=True)
        told = [each for each in catalog_checks.checks(seen) if each.state == "warning"]
        assert [each.advice for each in told] == ["bifrost recover -p demo"]
        before = session.context.clock() - datetime.timedelta(hours=1)
        seen = Session(attrs.evolve(session.context, clock=lambda: before), settings=session.settings, is_view=True)
        assert [each.subject for each in catalog_checks.checks(seen) if each.state == "wrong"] == ["demo"]


def test_follower_is_told_of_when_it_cannot_be_called(folder: Path, run: Run) -> None:
    run("config", "set", "followers", "[no_such_module:tell]")
    assert found(run, "follower no_such_module:tell")[0][0] == "wrong"


def test_all_else_is_told_when_there_is_no_workspace(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("nowhere"))
    status, out, _ = run("doctor")
    assert (status, "fine    Python" in out, "lies in no workspace" in out) == (1, True, True)


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ((3, 33, 0), "wrong"),
        ((3, 40, 1), "warning"),
        ((3, 44, 6), "fine"),
        ((3, 45, 0), "warning"),
        ((3, 50, 7), "fine"),
        ((3, 51, 2), "warning"),
        ((3, 51, 3), "fine"),
        ((3, 53, 0), "fine"),
    ],
)
def test_sqlite_is_judged_by_its_version(version: tuple[int, ...], state: str) -> None:
    assert installation_checks.sqlite(version).state == state


def test_library_is_judged_by_what_lies_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert installation_checks.library("attrs", "1").state == "fine"
    assert installation_checks.library("attrs", "9999").state == "wrong"
    assert installation_checks.library("no-such-library", "1").finding == "not installed"
    old = tmp_path / "attrs-22.2.0.dist-info"
    old.mkdir()
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: attrs\nVersion: 22.2.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    clash = installation_checks.library("attrs", "22.2")
    assert (clash.state, "22.2.0 in" in clash.finding, "hides" in clash.finding) == ("warning", True, True)
