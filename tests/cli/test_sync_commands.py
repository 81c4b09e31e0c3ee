from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bifrost_sdk.cli.main import main
from bifrost_sdk.domain.query import Query
from bifrost_sdk.services import applying
from bifrost_sdk.services.context import Context
from bifrost_sdk.session import connect, init

SHOT = "bifrost://demo/shots/sq010/sh020"
MODEL = "demo/shots/sq010/sh020/model/v001/model.ma"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder is a workspace, in whose project all is as the catalog says; the folder of work files."""
    monkeypatch.chdir(init(tmp_path / "shows", project="demo", user="anna"))
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    with connect(".", project="demo") as session:
        task = session.tasks.create(session.shots.create("demo", "sq010", "sh020"), "anim")
        session.folders.create("bifrost://demo", below=True)
        scene = session.folders.path_for(task, "work", version=1, ext="ma")
        save(scene, "the first scene")
        session.publish(SHOT, "model", {"usd": str(scene)})
        age(session.context.roots["publish"] / MODEL)
        assert session.sync.apply(session.sync.plan(session.sync.scan())).done == 1
        assert session.sync.scan().is_clean
    return scene.parent


def age(path: Path, seconds: float = 3600) -> None:
    """Make a file an old one, on which a scan may rely."""
    os.utime(path, (time.time() - seconds,) * 2)


def save(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    age(path)


def spoil(desk: Path) -> None:
    """A new scene, one that is gone, and a published file that somebody wrote over."""
    save(desk / "sh020.anim.v002.ma", "the second scene")
    (desk / "sh020.anim.v001.ma").unlink()
    save(Path("publish", MODEL), "longer than it was published")


def spot(desk: Path, number: int) -> str:
    return f"work:{desk.relative_to(Path('work').absolute()).as_posix()}/sh020.anim.v{number:03d}.ma"


def numbers() -> list[int | None]:
    with connect(".", project="demo") as session:
        works: Any = session.iterate(Query("workfile").sort("number"))  # Any: entities, whose fields are the model's
        return [work.number for work in works]


def test_scan_says_so_when_all_is_well(run: Run, desk: Path) -> None:
    status, out, err = run("scan")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "demo at revision 6, known files: 2",
        "state  files",
        "ok     2",
        "all is as the catalog says",
    ]


def test_scan_tells_every_finding_when_something_changed(run: Run, desk: Path) -> None:
    spoil(desk)
    status, out, _ = run("scan")
    lines = [line.split() for line in out.splitlines()]
    assert status == 1
    assert lines[1:5] == [["state", "files"], ["missing", "1"], ["untracked", "1"], ["modified", "1"]]
    assert lines[5][:3] == ["state", "what", "place"]
    assert lines[6][:3] == ["missing", "work", spot(desk, 1)]
    assert lines[7] == ["untracked", spot(desk, 2)]
    assert lines[8][:4] == ["modified", "published", f"publish:{MODEL}", f"{SHOT}/model/v001"]
    assert " ".join(lines[8][4:]) == "28 bytes instead of 15"
    assert out.splitlines()[-1] == "3 findings; bifrost sync plan says what can be done"


def test_status_is_of_the_states_asked_for_when_some_are(run: Run, desk: Path) -> None:
    save(desk / "notes.txt", "no scene")
    assert run("scan")[0] == 1
    status, out, _ = run("scan", "--state", "missing", "--state", "modified")
    assert (status, out.splitlines()[-1]) == (0, "nothing is missing or modified")
    spoil(desk)
    status, out, _ = run("scan", "--state", "modified", "--json")
    data = json.loads(out)
    assert (status, [each["path"] for each in data["findings"]]) == (1, [MODEL])
    assert data["counts"]["untracked"] == 2


def test_scan_is_limited_when_a_root_or_folder_is_given(run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(desk)
    assert run("scan", "--root", "publish", "--state", "missing", "--state", "untracked")[0] == 0
    assert run("scan", "--root", "work", "--folder", "demo/assets")[0] == 0
    assert run("scan", "--folder", str(desk), "--state", "modified")[0] == 0
    monkeypatch.chdir(desk.parent)
    assert run("scan", "--folder", desk.name, "--state", "missing")[0] == 1
    assert run("scan", "--folder", "nothing", "--state", "missing")[0] == 0


def test_contents_are_read_when_scan_verifies(run: Run, desk: Path) -> None:
    path = Path("publish", MODEL)
    path.write_text("The first scene")
    age(path)
    assert run("scan")[0] == 0
    status, out, _ = run("scan", "--verify", "--json")
    data = json.loads(out)
    assert (status, data["verified"], data["findings"][0]["reason"]) == (1, True, "it has another content")


def test_roots_are_told_when_something_is_wrong_with_them(run: Run, desk: Path) -> None:
    Path("work/.bifrost-root").unlink()
    status, out, _ = run("scan")
    assert (status, "has no sentinel" in out, "bifrost sync mark work" in out) == (0, True, True)
    Path("work").rename("elsewhere")
    status, out, _ = run("scan")
    assert (status, out.splitlines()[-1]) == (1, "not everything could be looked at")
    assert f"root work ({desk.parents[6]}): its folder is not there" in out
    assert run("sync", "plan")[0] == 1


def test_long_list_is_cut_when_nobody_asked_for_all_of_it(run: Run, desk: Path) -> None:
    for number in range(2, 102):
        save(desk / f"sh020.anim.v{number:03d}.ma", "a scene")
    lines = run("scan")[1].splitlines()
    assert lines[-2] == "and 60 more; --json lists all of them, --state STATE those of a state"
    assert sum(line.startswith("untracked ") for line in lines) == 41
    lines = run("scan", "--state", "untracked")[1].splitlines()
    assert sum(line.startswith("untracked ") for line in lines) == 101
    assert "and 60 more like this; --json lists all of them" in run("sync", "plan")[1].splitlines()
    assert len(json.loads(run("sync", "plan", "--json")[1])["actions"]) == 100


def test_names_are_escaped_when_they_would_steer_a_terminal(run: Run, desk: Path) -> None:
    save(desk / "a\x1b[2J.txt", "")
    save(desk / "a\x1b[2J.v001.ma", "")
    for command in (("scan",), ("sync", "plan"), ("sync", "apply")):
        assert "\x1b" not in run(*command)[1]
    assert "a\\x1b[2J.txt" in run("scan")[1]


def test_nothing_is_changed_when_a_plan_is_made(run: Run, desk: Path) -> None:
    spoil(desk)
    status, out, err = run("sync", "plan")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        f"register {spot(desk, 2)} as a work file of {SHOT}",
        f"mark {SHOT}/model/v001 as corrupt: 1 modified",
        "2 actions",
        "nothing was changed; bifrost sync apply does it",
    ]
    assert run("sync", "plan", "--allow-removals")[1].splitlines()[2] == (
        f"forget the work file {spot(desk, 1)}, which is gone"
    )
    assert numbers() == [1]
    assert [action["do"] for action in json.loads(run("sync", "plan", "--json")[1])["actions"]] == ["register", "mark"]


def test_what_was_looked_at_is_done_when_a_kept_plan_is_applied(run: Run, desk: Path) -> None:
    spoil(desk)
    status, out, _ = run("sync", "plan", "--allow-removals", "--to", "plan.json")
    assert (status, out.splitlines()[-1]) == (0, "kept; bifrost sync apply plan.json does just this")
    save(desk / "sh020.anim.v003.ma", "came after the plan")
    status, out, _ = run("sync", "apply", "plan.json")
    assert (status, out.splitlines()[-1]) == (0, "3 done")
    assert numbers() == [2]
    status, out, _ = run("sync", "apply", "plan.json", "--json")
    data = json.loads(out)
    assert (status, data["done"], data["unchanged"], data["skipped"]) == (0, 0, 3, [])
    with connect(".", project="demo") as session:
        assert session.get(f"{SHOT}/model/v001").tags == ("corrupt",)
    assert (desk / "sh020.anim.v003.ma").read_text() == "came after the plan"


def test_what_does_not_hold_any_more_is_skipped_when_applied(run: Run, desk: Path) -> None:
    spoil(desk)
    run("sync", "plan", "--to", "plan.json")
    save(desk / "sh020.anim.v002.ma", "changed after the plan")
    status, out, _ = run("sync", "apply", "plan.json")
    lines = out.splitlines()
    assert (status, lines[3]) == (1, "1 done, 1 skipped")
    assert lines[5].startswith(f"register {spot(desk, 2)} as a work file")
    assert "changed since the scan" in lines[5]
    status, out, _ = run("sync", "apply", "plan.json", "--json")
    (skipped,) = json.loads(out)["skipped"]
    assert (status, skipped["do"], skipped["because"]) == (1, "register", "it was changed since the scan")
    assert numbers() == [1]


def test_new_scan_is_applied_when_no_plan_is_given(run: Run, desk: Path) -> None:
    spoil(desk)
    assert run("sync", "apply", "--root", "work")[1].splitlines()[-1] == "1 done"
    assert numbers() == [1, 2]
    assert run("sync", "apply", "--allow-removals")[1].splitlines()[-1] == "2 done"
    assert numbers() == [2]
    assert run("sync", "apply") == (0, "nothing to do\n", "")


def test_apply_is_refused_when_too_much_is_gone(run: Run, desk: Path) -> None:
    for number in range(2, 22):
        save(desk / f"sh020.anim.v{number:03d}.ma", f"scene {number}")
    run("sync", "apply")
    for number in range(1, 13):
        (desk / f"sh020.anim.v{number:03d}.ma").unlink()
    status, _, err = run("sync", "apply", "--allow-removals")
    assert (status, "12 of 22 files are gone, more than the limit of 10%" in err) == (1, True)
    assert len(numbers()) == 21
    assert run("sync", "apply", "--allow-removals", "--limit", "0.6")[0] == 0
    assert len(numbers()) == 9


def test_apply_is_refused_when_the_sentinel_is_missing(run: Run, desk: Path) -> None:
    spoil(desk)
    Path("work/.bifrost-root").unlink()
    status, _, err = run("sync", "apply", "--root", "work")
    assert (status, "bifrost sync mark work" in err) == (1, True)
    assert numbers() == [1]
    assert run("sync", "mark", "work")[1] == f"work ({desk.parents[6]}) is marked now\n"
    assert run("sync", "apply", "--root", "work")[0] == 0
    assert json.loads(run("sync", "mark", "work", "--json")[1]) == {
        "root": "work",
        "folder": str(desk.parents[6]),
        "marked": False,
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("apply", "nothing.json"), "nothing.json cannot be read"),
        (("apply", "bifrost.yaml"), "this is no plan"),
        (("apply", "other.json"), "this is no plan"),
        (("apply", "deep.json"), "this is no plan"),
        (("apply", "plan.json", "--project", "other"), "the plan is of the project demo, not of other"),
        (("apply", "plan.json", "--verify", "--root", "work"), "leave --root, --verify out"),
        (("apply", "--limit", "7"), "no part of a whole"),
        (("plan", "--to", "nowhere/plan.json"), "cannot be written"),
        (("scan", "--root", "nowhere"), "no folder on this machine"),
        (("scan", "--folder", ".."), "it lies below no root"),
        (("mark", "nowhere"), "no folder on this machine"),
        (("watch", "--root", "nowhere"), "no folder on this machine"),
    ],
)
def test_command_is_refused_with_what_to_do(run: Run, desk: Path, arguments: tuple[str, ...], says: str) -> None:
    assert run("sync", "plan", "--to", "plan.json")[0] == 0
    Path("other.json").write_text("{}")
    Path("deep.json").write_text("[" * 100_000)
    status, _, err = run(*() if arguments[0] == "scan" else ("sync",), *arguments)
    assert (status, says in err) == (1, True), err


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan", "1e30"])
def test_usage_is_told_when_seconds_are_none(desk: Path, text: str, run: Run) -> None:
    status, _, err = run("sync", "watch", "--every", text)
    assert (status, "no number of seconds above 0" in err) == (2, True)


def test_whole_commits_stay_when_apply_is_interrupted(run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (2, 3, 4):
        save(desk / f"sh020.anim.v{number:03d}.ma", f"scene {number}")
    commits: list[object] = []
    commit = Context.commit

    def interrupted(*arguments: Any, **options: Any) -> Any:  # Any: whatever a commit takes and gives
        commits.append(arguments)
        if len(commits) == 3:
            signal.raise_signal(signal.SIGINT)
        return commit(*arguments, **options)

    run("sync", "plan", "--to", "plan.json")
    with monkeypatch.context() as patch:
        patch.setattr(applying, "BATCH", 1)
        patch.setattr(Context, "commit", interrupted)
        status, _, err = run("sync", "apply", "plan.json")
    assert status == 130
    assert err == (
        "bifrost: interrupted; 2 of 3 actions are through and stay so, the others are as they were; "
        "run it again to go on\n"
    )
    assert numbers() == [1, 2, 3]
    assert run("sync", "apply", "plan.json")[1].splitlines()[-1] == "1 done, 2 had nothing left to do"
    assert numbers() == [1, 2, 3, 4]


@pytest.mark.parametrize("command", [("scan",), ("sync", "plan"), ("sync", "apply")], ids=lambda typed: typed[-1])
def test_nothing_is_changed_when_a_scan_is_interrupted(
    run: Run, desk: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(desk)
    scandir = os.scandir

    def interrupted(*arguments: Any) -> Any:  # Any: whatever os.scandir takes and gives
        if ".bifrost" not in str(arguments):  # the library's own folder is looked into before
            signal.raise_signal(signal.SIGINT)
        return scandir(*arguments)

    monkeypatch.setattr(os, "scandir", interrupted)
    assert run(*command) == (130, "", "bifrost: interrupted; nothing was changed\n")
    assert numbers() == [1]


def test_progress_is_told_when_somebody_watches(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    spoil(desk)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert main(["sync", "apply"]) == 0
    told = sys.stderr.getvalue()
    assert " files looked at " in told
    assert "2 of 2 actions done " in told


@pytest.mark.skipif(sys.platform == "win32", reason="a console's interruption cannot be sent to one process there")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_watch_tells_what_changes_until_it_is_interrupted(desk: Path, options: tuple[str, ...]) -> None:
    pytest.importorskip("watchfiles", reason="needs the extra 'watch'")
    command = [sys.executable, "-m", "bifrost_sdk.cli.main", "sync", "watch", "--settle", "0.1", *options]
    watching = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert watching.stdout is not None
    assert watching.stdout.readline().startswith("demo at revision 6" if not options else '{"root": ""')
    save(desk / "sh020.anim.v002.ma", "the second scene")
    line = next(line for line in watching.stdout if desk.name in line)
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=30)
    assert (watching.returncode, err) == (0, "bifrost: watched until interrupted; nothing was changed\n")
    folder = desk.relative_to(Path("work").absolute()).as_posix()
    if options:
        data = json.loads(line)
        assert (data["root"], data["folder"], data["counts"]["untracked"]) == ("work", folder, 1)
    else:
        assert line.endswith(f" work:{folder}: 1 ok, 1 untracked\n")
    assert numbers() == [1]
