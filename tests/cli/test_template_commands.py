from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.services.template_files import builtin, builtin_text
from bifrost_sdk.session import connect, init

Run = Callable[..., tuple[int, str, str]]

OWN = "extends: film\ntemplates:\n  shot_work: {root: scenes}\n"
CLASH = """\
extends: film
templates:
  shot_plates: {path: "{@shot_place}/plates/{shot}.{ext}", root: work}
  shot_any: {path: "{@shot_place}/{variant}/{shot}.{ext}", root: work}
"""


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(OWN)
    (tmp_path / "clash.yaml").write_text(CLASH)
    return tmp_path


@pytest.fixture
def folder(nowhere: Path) -> Path:
    return init(nowhere, project="demo")


def test_file_is_explained_when_it_can_be_used(nowhere: Path, run: Run) -> None:
    status, out, err = run("templates", "check", "own.yaml")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "own.yaml > film of the library"
    assert any(line.endswith("shot work") and "{shot}.{task}[.{variant}].v{version}.{ext}" in line for line in lines)
    assert any("demo/shots/sq010/sh020/anim/work/anna/sh020.anim.v012.exr" in line for line in lines)
    assert lines[-1].startswith("own.yaml can be used: 28 templates each read in one way, ")
    assert lines[-1].endswith("pairs compared, none shares a path")


def test_file_is_explained_with_paths_when_it_cannot_be_used(nowhere: Path, run: Run) -> None:
    status, out, _ = run("templates", "check", "clash.yaml")
    assert status == 1
    assert (
        "clash.yaml:3 templates.shot_plates: shot_plates and shot_any both read "
        "demo/shots/sq010/sh020/plates/sh020.exr: shot_plates with nothing more, shot_any with variant 'plates'"
    ) in out
    assert "say before: [shot_any] where shot_plates is to win" in out
    assert out.splitlines()[-1] == "clash.yaml cannot be used: 1 thing is wrong with it"


def test_winner_is_told_when_the_set_settles_it(nowhere: Path, run: Run) -> None:
    (nowhere / "clash.yaml").write_text(CLASH.replace("root: work}", "root: work, before: [shot_any]}", 1))
    status, out, _ = run("templates", "check", "clash.yaml")
    assert status == 0
    assert "shot_plates wins: shot_plates and shot_any both read demo/shots/sq010/sh020/plates/sh020.exr" in out
    assert out.splitlines()[-1].endswith("1 settled by who wins")


def test_report_is_json_when_asked(nowhere: Path, run: Run) -> None:
    status, out, _ = run("templates", "check", "clash.yaml", "--json")
    document = json.loads(out)
    assert (status, document["fine"]) == (1, False)
    assert document["issues"][0]["subject"] == "clash.yaml:3"
    assert document["verdicts"][0]["witness"] == "demo/shots/sq010/sh020/plates/sh020.exr"


def test_line_is_told_when_the_form_is_wrong(nowhere: Path, run: Run) -> None:
    (nowhere / "bad.yaml").write_text("templates:\n  a: {rot: x}\n")
    status, out, _ = run("templates", "check", "bad.yaml")
    assert status == 1
    assert "bad.yaml:2 templates.a.rot: there is no key 'rot' here\n  did you mean 'root'?" in out
    status, _, err = run("templates", "check", "none.yaml")
    assert status == 1
    assert "there is no file none.yaml" in err


def test_studios_sets_are_known_when_checked_in_a_workspace(folder: Path, run: Run) -> None:
    (folder / "feature.yaml").write_text("extends: film\ntemplates:\n  user_work: null\n")
    assert run("templates", "apply", "feature.yaml", "--studio", "--name", "feature")[0] == 0
    (folder / "own.yaml").write_text("extends: feature\n")
    status, out, _ = run("templates", "check", "own.yaml")
    assert status == 0
    assert out.splitlines()[0] == "own.yaml > feature of the studio > film of the library"
    assert "user work" not in out


def test_file_is_kept_when_applied_and_printed_again_when_exported(folder: Path, run: Run) -> None:
    status, out, _ = run("templates", "apply", "own.yaml", "-m", "scenes elsewhere")
    assert (status, out) == (0, "demo keeps own.yaml: demo > film of the library (revision 2)\n")
    with connect(folder) as session:
        assert session.templates.get("demo").templates["shot_work"].root == "scenes"
        assert session.history(session.templates.list("demo")[0])[0].comment == "scenes elsewhere"
    status, out, _ = run("templates", "export")
    assert status == 0
    (folder / "again.yaml").write_text(out)
    status, out, _ = run("templates", "apply", "again.yaml", "--json")  # which changes nothing
    assert json.loads(out) == {
        "project": "demo",
        "name": "default",
        "revision": 2,
        "lineage": ["demo", "film of the library"],
    }


def test_file_is_not_kept_when_it_cannot_be_used(folder: Path, run: Run) -> None:
    status, out, err = run("templates", "apply", "clash.yaml")
    assert (status, out) == (1, "")
    assert "clash.yaml:3 templates.shot_plates: shot_plates and shot_any both read" in err
    assert run("templates", "export", "--json")[1] == '{\n  "schema": 1,\n  "extends": "default"\n}\n'


def test_set_of_the_library_is_printed_as_it_is_written_when_exported(nowhere: Path, run: Run) -> None:
    status, out, _ = run("templates", "export", "episodic")
    assert (status, out.rstrip()) == (0, builtin_text("episodic").rstrip())
    assert json.loads(run("templates", "export", "film", "--json")[1]) == builtin("film").document


def test_set_is_printed_with_all_that_it_inherits_when_asked(folder: Path, run: Run) -> None:
    status, out, _ = run("templates", "export", "episodic", "--whole")
    assert status == 0
    assert "extends" not in out
    assert "shot_place:" in out
    (folder / "whole.yaml").write_text(out)
    assert run("templates", "check", "whole.yaml")[0] == 0
    assert run("templates", "export", "studio")[1] == "schema: 1\nextends: film\n"


def test_templates_are_listed_when_asked(folder: Path, run: Run) -> None:
    status, out, _ = run("templates", "list")
    assert status == 0
    assert out.splitlines()[0] == "film of the library"
    place = "{project}/shots/{sequence}[/{parent_shots}/parts]/{shot}"
    path = place + "/{task}/work/{user}/{shot}.{task}[.{variant}].v{version}.{ext}"
    assert ["shot_work", "shot", "work", "work", path] in [line.split() for line in out.splitlines()]
    assert "└── {project}" in run("templates", "list", "--tree")[1]
    document = json.loads(run("templates", "list", "--json")[1])
    assert document["lineage"] == ["film of the library"]
    assert {"asset_publish", "shot_work"} < {each["name"] for each in document["templates"]}


def test_usage_is_shown_when_no_action_is_named(run: Run) -> None:
    status, out, err = run("templates")
    assert (status, "export  print the templates of a project" in out, err) == (2, True, "")
