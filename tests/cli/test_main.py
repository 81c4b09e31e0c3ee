from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import pytest

import bifrost_sdk
from bifrost_sdk.cli import listing
from bifrost_sdk.cli.command import Argument, Command, Group
from bifrost_sdk.cli.commands import bifrost
from bifrost_sdk.cli.main import main
from bifrost_sdk.cli.refusals import status_of
from bifrost_sdk.cli.screen import width_of
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.changes import Create, Update
from bifrost_sdk.domain.production import Asset
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import (
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    StorageError,
    ValidationError,
)
from bifrost_sdk.services import staging
from bifrost_sdk.session import connect, init


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a workspace with a few files beside it."""
    monkeypatch.chdir(tmp_path)
    init(tmp_path, project="demo")
    (tmp_path / "hero.usda").write_text("#usda 1.0\n")
    (tmp_path / "tex.png").write_text("png")
    return tmp_path


Run = Callable[..., tuple[int, str, str]]
PUBLISH = ("publish", "assets/char/hero", "model", "usd=hero.usda")


def in_json(answer: tuple[int, str, str]) -> Any:
    status, out, err = answer
    assert (status, err) == (0, "")
    return json.loads(out)


def test_workspace_is_made_once_when_asked_twice(tmp_path: Path, run: Run) -> None:
    status, out, _ = run("init", str(tmp_path / "shows"), "--project", "demo")
    assert (status, out) == (0, f"{tmp_path / 'shows'} is a workspace with the project demo\n")
    assert in_json(run("init", str(tmp_path / "shows"), "--json")) == {
        "workspace": str(tmp_path / "shows"),
        "project": None,
    }


def test_file_is_found_again_when_published(folder: Path, run: Run) -> None:
    status, out, err = run(*PUBLISH, "usd=tex.png", "--create", "-m", "first", "-t", "main")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "bifrost://demo/assets/char/hero/model/v001"
    assert [Path(line.strip()).name for line in lines[1:]] == ["model.usda", "tex.png"]
    for ref in ("assets/char/hero/model", "bifrost://demo/assets/char/hero/model/latest/model.usd"):
        assert run("resolve", ref)[1] == lines[1].strip() + "\n"


def test_answer_is_json_when_asked_for(folder: Path, run: Run) -> None:
    version = in_json(run(*PUBLISH, "--create", "--json"))
    assert (version["number"], version["kind"], version["state"]) == (1, "version", "published")
    (path,) = version["paths"]
    (found,) = in_json(run("resolve", "assets/char/hero/model", "--json"))
    assert (found["file"], found["number"]) == (path, 1)
    assert [item["code"] for item in in_json(run("list", "--json"))] == ["hero"]
    assert in_json(run("recover", "--json")) == []


def test_dependencies_and_status_are_kept_when_given(folder: Path, run: Run) -> None:
    first = in_json(run(*PUBLISH, "--create", "--json"))
    with connect(folder) as session:
        status = session.find(Query("status", project="demo").limit(1)).entities[0]
    arguments = ("-d", "assets/char/hero/model", "--status", status.code, "--key", "k", "--json")
    second = in_json(run("publish", "assets/char/hero", "rig", "usd=hero.usda", *arguments))
    assert [item["version"] for item in second["dependencies"]] == [first["id"]]
    assert second["status"] == status.id
    assert in_json(run("publish", "assets/char/hero", "rig", "usd=hero.usda", *arguments))["id"] == second["id"]


def test_shot_is_made_when_asked_for(folder: Path, run: Run) -> None:
    assert run("publish", "shots/sq010/sh020", "anim", "usd=hero.usda", "--create")[0] == 0
    assert "demo/shots/sq010/sh020" in run("list")[1]


def test_earlier_state_is_resolved_when_named(folder: Path, run: Run) -> None:
    run(*PUBLISH, "--create")
    with connect(folder) as session:
        revision = session.revision("demo")
    run(*PUBLISH)
    assert "v001" in run("resolve", "assets/char/hero/model", "--at", str(revision))[1]
    assert "v002" in run("resolve", "assets/char/hero/model", "--at", "2999-01-01")[1]


def test_tables_show_what_there_is_when_listed(folder: Path, run: Run) -> None:
    assert run("list")[1] == "nothing yet\n"
    run(*PUBLISH, "--create", "-m", "first\nof many")
    version = run("list", "versions")[1].splitlines()[1]
    assert version.split()[:2] == ["bifrost://demo/assets/char/hero/model/v001", "published"]
    assert version.endswith("first")
    assert "bifrost://demo/assets/char/hero/model " in run("list", "assets/char/hero")[1]
    assert "model/v001" in run("list", "bifrost://demo/assets/char/hero/model")[1]
    assert "representation" in run("list", "assets/char/hero/model/v001")[1]


def test_first_column_leads_on_when_given_to_other_commands(folder: Path, run: Run) -> None:
    run(*PUBLISH, "--create")
    for what in ("assets", "bifrost://demo/assets/char/hero", "bifrost://demo/assets/char/hero/model", "versions"):
        ref = run("list", what)[1].splitlines()[1].split()[0]
        assert run("list", ref)[0] == 0
        assert run("resolve", ref)[0] == (3 if what == "assets" else 0)


def test_everything_below_is_shown_when_a_node_is_listed(folder: Path, run: Run) -> None:
    run(*PUBLISH, "--create")
    with connect(folder) as session:
        hero = session.assets.get("bifrost://demo/assets/char/hero")
        session.tasks.create(hero, "modeling")
        session.commit([Create(Asset(code="sword", parent=hero.id, asset_type=hero.asset_type))])
    below = in_json(run("list", "assets/char/hero", "--json"))
    assert [item["kind"] for item in below] == ["product", "asset", "task"]
    assert [item["kind"] for item in in_json(run("list", "bifrost://demo", "--json"))][:1] == ["asset_type"]
    assert "modeling" in run("list", "assets/char/hero")[1]


def test_rest_is_told_and_asked_for_when_there_is_more(folder: Path, run: Run) -> None:
    with connect(folder) as session:
        for code in ("c", "b", "a"):
            session.assets.create("demo", "char", code)
        session.shots.create("demo", "sq010", "sh010")
    for what, count in (((), 4), (("assets",), 3), (("assets/char",), 3)):
        status, out, err = run("list", *what, "-n", "2", "--json")
        assert (status, [item["code"] for item in json.loads(out)]) == (0, ["a", "b"])
        last = "bifrost://demo/assets/char/b"
        more = f"go on with --after {last}, or show more at once with --limit {count}"
        assert err == f"bifrost: {count - 2} more; {more}\n"
        rest = in_json(run("list", *what, "--after", last, "--json"))
        assert [item["code"] for item in rest] == ["c", "sh010"][: count - 2]
    assert run("list", "assets", "-n", "3")[2] == ""
    assert run("list", "--after", "shots/sq010/sh010") == (0, "nothing more\n", "")


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5"])
def test_limit_is_refused_when_it_is_no_count(folder: Path, limit: str, run: Run) -> None:
    status, _, err = run("list", f"--limit={limit}")
    assert (status, f"{limit!r} is no whole number from 1 on" in err) == (2, True)


def test_commit_is_undone_when_reverted(folder: Path, run: Run) -> None:
    run(*PUBLISH, "--create")
    with connect(folder) as session:
        session.assets.update("bifrost://demo/assets/char/hero", description="long")
        revision = session.revision("demo")
    status, out, err = run("undo", str(revision), "--project", "demo")
    assert (status, err) == (0, "")
    assert out == f"revision {revision} of demo is undone by revision {revision + 1}\n"
    assert in_json(run("undo", str(revision + 1), "--json"))["undone"] == revision + 1


def test_findings_are_shown_when_recovered(folder: Path, run: Run) -> None:
    assert run("recover") == (0, "nothing was left behind\n", "")
    (folder / "publish/.bifrost/tx/notes").mkdir(parents=True)
    status, out, _ = run("recover")
    assert status == 1
    assert ".bifrost/tx/notes" in out
    status, out, _ = run("recover", "--json")
    assert (status, json.loads(out)[0]["outcome"]) == (1, "unknown")


def test_end_of_the_lease_is_told_when_a_publisher_is_at_work(folder: Path, run: Run) -> None:
    run(*PUBLISH, "--create")
    with connect(folder) as session:
        product = session.get("bifrost://demo/assets/char/hero/model")
        (version,) = session.commit([Create(Version(product=product.id))]).entities
    assert isinstance(version, Version)
    assert version.lease_until is not None
    status, out, _ = run("recover")
    assert (
        status,
        f"waiting  its publisher is at work; its lease runs until {version.lease_until:%F %T} UTC" in out,
    ) == (
        0,
        True,
    )
    (found,) = in_json(run("recover", "--json"))
    assert wire.read_time(found["until"]) == version.lease_until


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (("resolve", "assets/char/heroo/model"), 3, "Did you mean"),
        (("resolve", "bifrost://"), 1, "bifrost://"),
        (("publish", "assets/char/nobody", "model", "usd=hero.usda"), 3, "nobody: not found; --create makes it"),
        (("publish", "nobody", "model", "usd=hero.usda"), 3, "bifrost://demo/nobody: not found"),
        (("publish", "bifrost://no/assets/char/x", "model", "usd=hero.usda"), 3, "there is no such project"),
        (("publish", "assets/char/hero", "model", "usd"), 1, "is not KEY=PATH (write usd=hero.usda)"),
        (("publish", "assets/char/hero", "model", "usd=missing.usda"), 1, "No such file"),
        (("publish", "assets/char", "model", "usd=hero.usda", "--create"), 1, "write assets/TYPE/ASSET"),
        (("publish", "props/char/hero", "model", "usd=hero.usda", "--create"), 1, "write assets/TYPE/ASSET"),
        (
            ("list", "asets"),
            1,
            "(did you mean assets, asset, shot_assets?); nor is it a place (write a path",
        ),
        (("list", "-w", "nowhere"), 1, "workspace"),
        (("list", "-p", "other"), 3, "other"),
        (("resolve", "assets/char/hero/model", "--at", "tomorrow"), 1, "is no time"),
        (("undo", "999"), 3, "999"),
    ],
)
def test_error_is_one_message_when_refused(
    folder: Path, run: Run, arguments: Sequence[str], status: int, text: str
) -> None:
    run(*PUBLISH, "--create")
    answer, _, err = run(*arguments)
    assert answer == status
    assert text in err
    assert err.startswith("bifrost: ")
    assert err.count("bifrost: ") == 1


def test_error_is_json_when_asked_for(folder: Path, run: Run) -> None:
    run(*PUBLISH, "--create")
    status, _, err = run("publish", "assets/char/heroo", "model", "usd=hero.usda", "--json")
    document = json.loads(err)
    assert (status, document["error"]) == (3, "NotFoundError")
    assert "bifrost://demo/assets/char/hero" in document["suggestions"]


def test_every_answer_is_given_when_some_lead_nowhere(folder: Path, run: Run) -> None:
    run(*PUBLISH, "--create")
    status, out, err = run("resolve", "assets/no", "assets/char/hero/model", "assets/none")
    assert status == 3
    assert [bool(line) for line in out.splitlines()] == [False, True, False]
    assert err.count("bifrost: ") == 2


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValidationError("x"), 1),
        (StorageError("x"), 1),
        (NotFoundError("x"), 3),
        (ConflictError("x"), 4),
        (PermissionDeniedError("read:asset"), 5),
    ],
)
def test_status_tells_the_kind_when_refused(error: bifrost_sdk.BifrostError, status: int) -> None:
    assert status_of(error) == status


def test_status_is_4_when_a_key_was_used_for_something_else(folder: Path, run: Run) -> None:
    run(*PUBLISH, "--create", "--key", "k")
    assert run(*PUBLISH, "--key", "k", "-m", "other")[0] == 4


def test_status_is_5_when_it_is_not_permitted(folder: Path, run: Run) -> None:
    run(*PUBLISH, "--create")
    with connect(folder) as session:
        project = session.projects.get("demo")
        viewer = next(session.iterate(Query("role", project="studio").where(code="viewer")))
        session.commit([Update(project.id, {"default_role": viewer.id})], project="studio")
        session.users.create("eve")
    environment = {**os.environ, "BIFROST_SDK_USER": "eve"}
    command = [sys.executable, "-m", "bifrost_sdk.cli.main", *PUBLISH]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout) == (5, "")
    assert "lacks the permission" in done.stderr


def test_status_is_2_when_the_usage_is_wrong(run: Run) -> None:
    status, out, _ = run()
    assert (status, "Usage: bifrost" in out) == (2, True)
    status, out, err = run("resolve")
    assert (status, out, "Missing argument 'REF...'" in err) == (2, "", True)
    status, out, err = run("resolve", "--json")
    assert (status, out) == (2, "")
    assert json.loads(err) == {"error": "MissingParameter", "message": "Missing argument 'REF...'."}
    assert run("nothing")[0] == run("sync")[0] == run("list", "--nothing")[0] == 2


def test_status_is_130_when_interrupted(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(listing, "list_entities", interrupt)
    status, _, err = run("list")
    assert (status, err) == (130, "bifrost: interrupted; what was on its way was taken back\n")


@pytest.mark.skipif(sys.platform == "win32", reason="ends a process at once there")
def test_reservation_is_given_back_when_the_job_is_terminated(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = staging.take

    def terminated(*arguments: Any, **options: Any) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        return take(*arguments, **options)

    monkeypatch.setattr(staging, "take", terminated)
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        status, out, err = run(*PUBLISH, "--create")
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (status, out, err) == (130, "", "bifrost: interrupted; what was on its way was taken back\n")
    with connect(folder) as session:
        assert [version.state for version in session.iterate(Query("version", project="demo"))] == ["abandoned"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_every_name_is_written_when_the_terminal_does_not_know_it(
    folder: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "h\xe9ros \u2026 \u82f1\u96c4 \U0001f600"
    with connect(folder) as session:
        session.assets.create("demo", "char", "h\xe9ro", name=name)

    def typed(*arguments: str) -> tuple[str, str]:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2)]
        monkeypatch.setattr(sys, "stdout", streams[0])
        monkeypatch.setattr(sys, "stderr", streams[1])
        main(arguments)
        for stream in streams:
            stream.seek(0)
        return streams[0].read(), streams[1].read()

    (found,) = json.loads(typed("list", "assets", "--json")[0])
    assert (found["code"], found["name"]) == ("h\xe9ro", name)
    assert (
        json.loads(typed("resolve", "assets/char/h\xe9ra", "--json")[1])["ref"] == "bifrost://demo/assets/char/h\xe9ra"
    )
    table, err = typed("list", "assets")
    assert err == ""
    spelled = "h\\xe9ro" if encoding == "ascii" else "h\xe9ro"
    head, row = table.splitlines()
    assert row.startswith(f"bifrost://demo/assets/char/{spelled}  ")
    assert width_of(row.partition("asset  ")[0]) == width_of(head.partition("what")[0])


def test_nothing_is_complained_of_when_a_pipe_is_closed(folder: Path) -> None:
    command = [sys.executable, "-m", "bifrost_sdk.cli.main", "list", "roles", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    assert (process.returncode, err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("arguments", [["list", "roles"], ["list", "roles", "--json"], ["--help"]])
def test_reason_is_told_when_the_answer_cannot_be_written(folder: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "bifrost_sdk.cli.main", *arguments]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    told = json.loads(done.stderr)["message"] if "--json" in arguments else done.stderr
    assert (
        told.removeprefix("bifrost: ").strip() == "what was to be written: No space left on device; it went no further"
    )


def test_version_is_told_when_asked_for(run: Run) -> None:
    assert run("--version") == (0, f"bifrost {bifrost_sdk.__version__}\n", "")


def leaves(group: Group, *names: str) -> Iterator[tuple[str, Command]]:
    """The commands below a group that do something themselves."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, Group):
            assert found.text, name
            yield from leaves(found, *names, name)
        else:
            assert isinstance(found, Command)
            yield " ".join((*names, name)), found


def test_every_command_explains_itself_when_asked() -> None:
    found = dict(leaves(bifrost))
    assert {"init", "publish", "resolve", "list", "recover", "undo", "demo", "sync apply"} <= set(found)
    for name, command in found.items():
        assert command.help, name
        for each in command.params:
            text = each.text if isinstance(each, Argument) else getattr(each, "help", "")
            assert text, f"{name} {each.name}"
            is_shown = isinstance(each, click.Option) and (each.is_flag or isinstance(each.type, click.Choice))
            assert each.metavar or is_shown, f"{name} {each.name}"
        assert "in_json" in {each.name for each in command.params}, name


def test_only_one_command_is_loaded_when_it_is_called() -> None:
    listed = "import sys; from bifrost_sdk.cli.main import main; main(sys.argv[1:]); print(*sorted(sys.modules))"

    def loaded(*arguments: str) -> set[str]:
        done = subprocess.run([sys.executable, "-c", listed, *arguments], capture_output=True, text=True, check=True)
        return {name for name in done.stdout.splitlines()[-1].split() if name.startswith(("bifrost_sdk", "rich."))}

    assert {name for name in loaded("--help") if name.endswith("_commands")} == set()
    assert "bifrost_sdk.session" not in loaded("--help")
    assert {name for name in loaded("verify", "--help") if name.endswith("_commands")} == {
        "bifrost_sdk.cli.version_commands"
    }
    assert not [name for name in loaded("verify", "--help") if name.startswith("rich.console")]
