from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from bifrost_sdk.services import publishing
from bifrost_sdk.services.plugins import Plugins
from bifrost_sdk.session import connect, init

pytestmark = pytest.mark.usefixtures("folder")

Run = Callable[..., tuple[int, str, str]]

STUDIO = '''
from pathlib import Path

from bifrost_sdk import Issue

class Filled:
    """Files hold something"""
    id = "studio.filled"

    def check(self, proposal):
        for key, _, source in proposal.offered():
            if not source.size:
                yield Issue("studio.empty", "holds nothing", f"files.{key}", str(source.path))

    def fix(self, proposal, problem):
        Path(problem.subject).write_text("#usda 1.0")

def tell(published):
    if Path("down").exists():
        raise RuntimeError("the chat is down")
    Path("told").write_text(published.version.ref)
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a workspace with an asset, and a studio's own code beside it."""
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("cli_studio", None)
    (tmp_path / "cli_studio.py").write_text(STUDIO)
    init(tmp_path, project="demo")
    settings = tmp_path / "bifrost.yaml"
    settings.write_text(settings.read_text() + "followers: ['cli_studio:tell']\n")
    with connect(tmp_path) as session:
        session.tasks.create(session.assets.create("demo", "char", "hero"), "rig")
    (tmp_path / "hero.usda").write_text("#usda 1.0\n")
    (tmp_path / "empty.usda").touch()
    (tmp_path / "p.png").write_bytes(b"\xff\xd8\xff")
    return tmp_path


def with_checks(folder: Path) -> None:
    settings = folder / "bifrost.yaml"
    settings.write_text(settings.read_text() + "validators: ['cli_studio:Filled']\n")


def test_nothing_is_said_when_all_is_well(run: Run) -> None:
    assert run("validate", "assets/char/hero", "model", "usd=hero.usda") == (0, "nothing speaks against it\n", "")


def test_warnings_leave_the_status_when_there_is_no_error(run: Run) -> None:
    status, out, err = run("validate", "assets/char/hero", "model", "usd=hero.usda", "preview=p.png")
    assert (status, err) == (0, "")
    assert "warning" in out
    assert "it does not begin as png does, but as jpg does" in out


def test_status_is_one_when_there_is_an_error(run: Run) -> None:
    status, out, err = run(
        "validate", "assets/char/hero", "model", "usd=empty.usda", "abc=none.abc", "-d", "assets/char/none/model"
    )
    assert (status, err) == (1, "")
    assert [line.split()[0] for line in out.splitlines()] == ["weight", "error", "error", "error"]
    status, out, _ = run("validate", "assets/char/hero", "model", "usd=empty.usda", "--json")
    data = json.loads(out)
    assert (status, data["ok"], data["fixed"]) == (1, False, [])
    assert [(each["validator"], each["subject"]) for each in data["results"]] == [("files.readable", "empty.usda")]


def test_files_are_mended_when_fixes_are_asked_for(folder: Path, run: Run) -> None:
    with_checks(folder)
    status, out, _ = run("validate", "assets/char/hero", "model", "usd=empty.usda")
    assert (status, "(--fix does it)" in out, (folder / "empty.usda").stat().st_size) == (1, True, 0)
    status, out, _ = run("validate", "assets/char/hero", "model", "usd=empty.usda", "--fix")
    assert (status, out) == (
        0,
        "fixed: empty.usda files.usd: holds nothing\nnothing speaks against it\n",
    )
    assert (folder / "empty.usda").read_text() == "#usda 1.0"


def test_work_file_is_looked_at_when_the_task_is_named(folder: Path, run: Run) -> None:
    with connect(folder) as session:
        (rig,) = session.tasks.list(project="demo")
        session.workfiles.create(rig, application="maya")
    status, out, _ = run("validate", "assets/char/hero", "model", "usd=hero.usda", "--task", "RIG")
    assert (status, "nothing was saved in it yet" in out) == (0, True)
    status, _, err = run("validate", "assets/char/hero", "model", "usd=hero.usda", "--task", "anim")
    assert (status, "has no task of that name. Did you mean rig?" in err) == (3, True)


def test_status_tells_when_the_owner_is_not_there(run: Run) -> None:
    assert run("validate", "assets/char/none", "model", "usd=hero.usda")[0] == 3
    assert run("validate", "assets/char/hero", "model", "hero.usda")[0] == 1


# Followers


def publish(folder: Path) -> str:
    """Publish from where no follower is known."""
    with connect(folder) as session:
        context = attrs.evolve(session.context, plugins=Plugins())
        return publishing.publish(context, "bifrost://demo/assets/char/hero", "model", {"usd": "hero.usda"}).ref


def answer(run: Run, *arguments: str) -> Any:
    status, out, err = run("followers", *arguments, "--json")
    assert err == ""
    return status, json.loads(out)


def test_followers_are_called_when_run(folder: Path, run: Run) -> None:
    assert run("followers", "run") == (0, "nothing to do\n", "")
    ref = publish(folder)
    status, (state,) = answer(run, "list")
    assert (status, state["follower"], state["head"] > state["revision"]) == (0, "cli_studio:tell", True)
    status, out, _ = run("followers", "run")
    assert (status, out.splitlines()[1].split()) == (0, ["delivered", "cli_studio:tell", ref])
    assert (folder / "told").read_text() == ref
    status, out, _ = run("followers", "list")
    assert (status, out) == (0, "follower         project\ncli_studio:tell  demo\n")


def test_failure_is_seen_until_it_is_mended_when_a_follower_fails(folder: Path, run: Run) -> None:
    run("followers", "run")
    ref = publish(folder)
    (folder / "down").touch()
    assert answer(run, "run")[1][0]["outcome"] == "failed"
    status, out, _ = run("followers", "list")
    assert (status, "RuntimeError: the chat is down; tried again from" in out) == (0, True)
    for _ in range(4):
        assert run("followers", "run", "--retry")[0] == 1
    status, (state,) = answer(run, "list")
    assert (status, len(state["parked"]), state["parked"][0]["attempts"]) == (1, 1, 5)
    (folder / "down").unlink()
    status, out, _ = run("followers", "run", "--retry", "--limit", "1")
    assert (status, ref in out) == (0, True)
    assert answer(run, "list")[0] == 0


def test_follower_is_broken_when_it_cannot_be_loaded(folder: Path, run: Run) -> None:
    settings = folder / "bifrost.yaml"
    settings.write_text(settings.read_text().replace("cli_studio:tell", "cli_studio:nobody"))
    status, out, _ = run("followers", "list")
    assert (status, "has no attribute 'nobody'" in out) == (1, True)
    assert answer(run, "run")[0] == 1


def test_nobody_follows_when_none_is_named(folder: Path, run: Run) -> None:
    settings = folder / "bifrost.yaml"
    settings.write_text(settings.read_text().replace("followers: ['cli_studio:tell']\n", ""))
    assert run("followers", "list") == (0, "no followers\n", "")
