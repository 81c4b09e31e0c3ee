from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bifrost_sdk.cli import version_commands
from bifrost_sdk.services import verifying
from bifrost_sdk.session import init

MODEL = "assets/char/hero/model"
REF = f"bifrost://demo/{MODEL}"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Path:
    """The folder of the first of two versions; the current folder is their workspace."""
    monkeypatch.chdir(tmp_path)
    init(tmp_path / "shows", project="demo")
    monkeypatch.chdir(tmp_path / "shows")
    Path("hero.usda").write_text("#usda 1.0\n")
    for _ in range(2):
        assert run("publish", "assets/char/hero", "model", "usd=hero.usda", "--create")[0] == 0
    return tmp_path / "shows/publish/demo" / MODEL / "v001"


def damage(place: Path) -> None:
    (place / "model.usda").chmod(0o644)
    (place / "model.usda").write_text("#USDA 1.0\n")
    (place / "Thumbs\x1b.db").write_text("")


def test_all_is_well_when_verify_finds_nothing(run: Run, place: Path) -> None:
    assert run("verify") == (
        0,
        "demo: 2 versions, 2 files, 20 bytes\nevery file is what was published\n",
        "",
    )
    assert run("verify", f"{MODEL}/v002", "--jobs", "2")[1].startswith("demo: 1 version, 1 file")


def test_problems_are_listed_when_verify_finds_them(run: Run, place: Path) -> None:
    damage(place)
    status, out, err = run("verify", "-p", "demo")
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == ["demo:", "problem", "extra", "modified", "1"]
    assert f"publish: demo/{MODEL}/v001/Thumbs\\x1b.db" in lines[2]
    assert f"{REF}/v001  has other content" in lines[3]
    assert lines[-1] == "1 extra, 1 modified"
    assert run("verify", f"{MODEL}/v002")[0] == 0


def test_everything_is_told_when_programs_verify(run: Run, place: Path) -> None:
    damage(place)
    status, out, _ = run("verify", "--json")
    data = json.loads(out)
    assert status == 1
    assert {name: data[name] for name in ("project", "versions", "files", "size", "is_whole", "is_clean")} == {
        "project": "demo",
        "versions": 2,
        "files": 2,
        "size": 20,
        "is_whole": True,
        "is_clean": False,
    }
    assert [(each["problem"], each["ref"], each["root"]) for each in data["findings"]] == [
        ("extra", f"{REF}/v001", "publish"),
        ("modified", f"{REF}/v001", "publish"),
    ]
    assert data["began"].endswith("Z")


def test_list_of_problems_is_cut_when_people_read_it(run: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_commands, "_SHOWN", 3)
    for number in range(5):
        (place / f"{number}.txt").write_text("")
    assert run("verify")[1].splitlines()[-2:] == ["and 2 more; --json lists all of them", "5 extra"]


def test_verify_says_how_to_go_on_when_interrupted(run: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(verifying._Run, "_tell", interrupt)
        status, out, err = run("verify")
    assert (status, out) == (130, "")
    assert err == "bifrost: interrupted; what is verified is kept; run it again to go on\n"
    assert run("verify", "--anew")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("verify", "assets/char/nobody"), 3),
        (("verify", "-p", "nowhere"), 3),
        (("retire", MODEL), 1),
        (("retire", f"{MODEL}/v009"), 3),
        (("restore", f"{MODEL}/v001"), 0),
        (("purge", f"{MODEL}/v001", "--yes"), 1),
        (("purge", f"{MODEL}/v009"), 3),
    ],
)
def test_status_tells_the_kind_of_refusal_when_refused(
    run: Run, place: Path, arguments: tuple[str, ...], status: int
) -> None:
    assert run(*arguments)[0] == status


def test_jobs_are_refused_when_they_are_no_number(run: Run, place: Path) -> None:
    assert run("verify", "--jobs", "none")[0] == 2


def test_latest_skips_a_version_when_it_is_retired(run: Run, place: Path) -> None:
    assert run("retire", f"{MODEL}/v002") == (0, f"{REF}/v002 is retired\n", "")
    assert run("resolve", MODEL)[1] == f"{place}/model.usda\n"
    data = json.loads(run("restore", f"{REF}/v002", "--json")[1])
    assert (data["ref"], data["state"]) == (f"{REF}/v002", "published")
    assert "/v002/" in run("resolve", MODEL)[1]


def test_nothing_is_removed_when_purge_is_only_asked(run: Run, place: Path) -> None:
    run("retire", f"{MODEL}/v001")
    (place / "notes.txt").write_text("a stranger")
    status, out, err = run("purge", f"{MODEL}/v001")
    lines = out.splitlines()
    size = sum(path.stat().st_size for path in place.iterdir())
    assert (status, err) == (0, "")
    assert lines[0] == f"{REF}/v001 is retired: 3 files, {size:,} bytes"
    assert [line.split()[1] for line in lines[2:5]] == [
        f"demo/{MODEL}/v001/{name}" for name in ("manifest.json", "model.usda", "notes.txt")
    ]
    assert lines[4].endswith("no file of the version")
    assert lines[-1] == "nothing was removed; --yes does it, for good"
    assert len(list(place.iterdir())) == 3


def test_files_are_gone_when_purge_is_confirmed(run: Run, place: Path) -> None:
    run("retire", f"{MODEL}/v001")
    size = sum(path.stat().st_size for path in place.iterdir())
    status, out, _ = run("purge", f"{MODEL}/v001", "--yes")
    assert (status, out.splitlines()[-1]) == (0, f"{REF}/v001 is purged: 2 files, {size:,} bytes are gone for good")
    assert not place.exists()
    status, _, err = run("resolve", f"{MODEL}/v001")
    assert (status, "had its files purged" in err) == (3, True)
    assert run("purge", f"{MODEL}/v001") == (0, f"{REF}/v001 is purged: 0 files, 0 bytes\n", "")
    assert run("restore", f"{MODEL}/v001")[0] == 1


def test_users_are_shown_when_they_hold_a_version(run: Run, place: Path) -> None:
    run("publish", "assets/char/hero", "rig", "usd=hero.usda", "-d", f"{MODEL}/v001")
    run("retire", f"{MODEL}/v001")
    status, out, _ = run("purge", f"{MODEL}/v001")
    assert status == 1
    assert out.splitlines()[-1].startswith(f"it cannot be purged: {REF}/v001: used by")
    status, out, err = run("purge", f"{MODEL}/v001", "--yes", "--json")
    assert (status, out) == (1, "")
    assert json.loads(err)["issues"][0]["code"] == "in_use"
    data = json.loads(run("purge", f"{MODEL}/v001", "--json")[1])
    assert (data["state"], len(data["files"]), data["refusals"][0]["code"]) == ("retired", 2, "in_use")
    assert data["uses"] == [
        {"how": "dependent", "ref": "bifrost://demo/assets/char/hero/rig/v001", "state": "published", "holds": True}
    ]
    run("retire", "assets/char/hero/rig/v001")
    data = json.loads(run("purge", f"{MODEL}/v001", "--yes", "--json")[1])
    assert (data["state"], data["refusals"]) == ("purged", [])
