from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.cli.main import main
from bifrost_sdk.services.manifests import digest
from bifrost_sdk.session import connect, init

TEMPLATES = """\
templates:
  publish: {path: "assets/{asset_type}/{asset}/{product}.v{version}.{ext}", root: show}
"""
HERO = "assets/char/hero"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder is a workspace; beside it lies an old show, with templates for it."""
    monkeypatch.chdir(tmp_path)
    init(tmp_path / "shows", project="demo")
    monkeypatch.chdir(tmp_path / "shows")
    old = tmp_path / "old"
    for name in (f"{HERO}/model.v003.usda", f"{HERO}/model.v007.usda", f"{HERO}/model.v8.usda", "thumbs.db"):
        (old / name).parent.mkdir(parents=True, exist_ok=True)
        (old / name).write_text(name)
    (tmp_path / "shows/old.yaml").write_text(TEMPLATES)
    return old


@pytest.fixture
def rooted(show: Path) -> Path:
    with Path("bifrost.yaml").open("a") as file:
        file.write(f"  show: {json.dumps(str(show))}\n")
    return show


def test_plan_is_shown_and_nothing_done_when_adopt_is_run(run: Run, rooted: Path) -> None:
    status, out, err = run("adopt", str(rooted), "--templates", "old.yaml")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"{rooted} into demo, by old.yaml"
    assert [line.split() for line in lines[1:7]] == [
        ["to", "be", "made", "count"],
        ["asset", "types", "1"],
        ["assets", "1"],
        ["products", "1"],
        ["versions", "2"],
        ["representations", "2"],
    ]
    assert lines[7] == "2 to be taken in, 2 left out"
    assert lines[8].split("  ")[0] == "left out"
    assert "model.v8.usda" in lines[9]
    assert "version" in lines[9]
    assert lines[-1] == "nothing was changed; --apply does it"
    assert run("list", "assets")[1].strip() == "nothing yet"


def test_show_is_taken_in_when_adopt_applies(run: Run, rooted: Path) -> None:
    status, out, _ = run("adopt", str(rooted), "-t", "old.yaml", "--apply")
    assert (status, out.splitlines()[-1]) == (0, "2 files were taken in by 1 commit")
    assert run("resolve", f"{HERO}/model/v003")[1] == f"{rooted / HERO}/model.v003.usda\n"
    (answer,) = json.loads(run("resolve", f"{HERO}/model/latest", "--json")[1])
    assert (answer["number"], answer["hash"]) == (7, "")
    status, out, _ = run("adopt", str(rooted), "-t", "old.yaml", "--apply")
    assert "2 known, 2 left out" in out
    assert out.splitlines()[-1] == "0 files were taken in by 0 commits"


def test_contents_are_read_when_adopt_hashes(run: Run, rooted: Path) -> None:
    run("adopt", str(rooted), "-t", "old.yaml", "--apply")
    (rooted / HERO / "model.v007.usda").write_text("longer than it was before")
    status, out, _ = run("adopt", "--hash")
    assert status == 1
    assert out.splitlines()[0] == "1 files were read"
    assert f"show: {HERO}/model.v007.usda" in out
    assert "has 25 bytes now" in out
    (answer,) = json.loads(run("resolve", f"{HERO}/model/v003", "--json")[1])
    assert answer["hash"] == digest(f"{HERO}/model.v003.usda".encode())


def test_everything_is_told_when_programs_ask(run: Run, rooted: Path) -> None:
    status, out, _ = run("adopt", str(rooted), "-t", "old.yaml", "--apply", "--hash", "--json")
    data = json.loads(out)
    assert status == 0
    assert data["files"] == {"taken": 2, "known": 0, "others": 0, "left": 2}
    assert [(left["path"], left["template"], left["token"]) for left in data["left"]] == [
        (f"{HERO}/model.v8.usda", "publish", "version"),
        ("thumbs.db", "publish", ""),
    ]
    assert data["applied"] == {"files": 2, "revisions": [2], "is_whole": True}
    assert data["hashed"] == {"files": 2, "failed": [], "is_whole": True}
    assert json.loads(run("adopt", "--hash", "--json")[1]) == {"hashed": {"files": 0, "failed": [], "is_whole": True}}


def test_long_list_is_cut_when_people_read_it(run: Run, rooted: Path) -> None:
    for number in range(60):
        (rooted / f"n{'x' * number}.txt").write_text("")
    lines = run("adopt", str(rooted), "-t", "old.yaml")[1].splitlines()
    assert lines[-2] == "and 22 more; --json lists all of them"
    assert len(lines) == 9 + 40 + 2


def test_names_are_escaped_when_they_would_steer_a_terminal(run: Run, rooted: Path) -> None:
    (rooted / "a\x1b[2J\nb.txt").write_text("")
    out = run("adopt", str(rooted), "-t", "old.yaml")[1]
    assert "\x1b" not in out
    assert "a\\x1b[2J\\nb.txt" in out
    (left,) = [
        each
        for each in json.loads(run("adopt", str(rooted), "-t", "old.yaml", "--json")[1])["left"]
        if "2J" in each["path"]
    ]
    assert left["path"] == "a\x1b[2J\nb.txt"


def test_lines_to_add_are_told_when_the_folder_lies_in_no_root(run: Run, show: Path) -> None:
    status, out, err = run("adopt", str(show), "-t", "old.yaml")
    assert (status, out) == (1, "")
    assert f'roots:\n  show: "{show}"' in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "no folder is named (write bifrost adopt FOLDER, or bifrost adopt --hash)"),
        (("nowhere", "-t", "old.yaml"), "roots"),
        (("{old}", "-t", "missing.yaml"), "there is no file missing.yaml"),
        (("{old}", "-t", "missing"), "there is no set 'missing'"),
        (("{old}", "-t", "old.yaml", "--root", "work"), "does not lie in the root 'work'"),
        (("{old}", "-t", "film"), "write root: show in the templates"),
        (("{old}/nothing", "-t", "old.yaml"), "is no folder that is there"),
    ],
)
def test_adopt_is_refused_with_what_to_do(run: Run, rooted: Path, arguments: tuple[str, ...], says: str) -> None:
    status, out, err = run("adopt", *(argument.format(old=rooted) for argument in arguments))
    assert (status, out) == (1, "")
    assert says in err


def test_progress_is_told_when_somebody_watches(rooted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    assert main(["adopt", str(rooted), "-t", "old.yaml", "--apply", "--hash"]) == 0
    told = sys.stderr.getvalue()
    assert "2 of 2 files taken in " in told
    assert "2 of 2 representations and work files read " in told


def test_adopting_leaves_the_folder_alone_when_it_may_not_be_written(run: Run, rooted: Path) -> None:
    folders = [rooted, *(path for path in rooted.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    before = [(path, path.stat()) for path in sorted(rooted.rglob("*"))]
    try:
        assert run("adopt", str(rooted), "-t", "old.yaml", "--apply")[0] == 0
        after = [(path, path.stat()) for path in sorted(rooted.rglob("*"))]
        assert [(path, status[:8]) for path, status in after] == [(path, status[:8]) for path, status in before]
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_table_is_shown_and_then_imported_when_asked_for(run: Run, show: Path) -> None:
    Path("assets.csv").write_text("type,code,name\nchar,hero,The hero\n")
    status, out, _ = run("import", "assets", "assets.csv")
    assert (status, out.splitlines()) == (
        0,
        [
            "assets.csv into demo",
            "to be made   count",
            "asset types  1",
            "assets       1",
            "nothing was changed; --apply does it",
        ],
    )
    assert run("import", "assets", "assets.csv", "--apply")[1].splitlines()[-1] == "imported by revision 2"
    assert run("import", "assets", "assets.csv", "--apply")[1].splitlines()[1:] == [
        "1 stand as the table says",
        "nothing to do",
    ]
    Path("assets.csv").write_text("type,code,name\nchar,hero,Other\n")
    lines = run("import", "assets", "assets.csv")[1].splitlines()
    assert lines[2].split() == ["bifrost://demo/assets/char/hero", "name"]
    data = json.loads(run("import", "assets", "assets.csv", "--apply", "--json")[1])
    assert (data["change"], data["revision"]) == ({"bifrost://demo/assets/char/hero": ["name"]}, 3)


def test_bad_rows_are_shown_and_nothing_imported_when_there_are_some(run: Run, show: Path) -> None:
    Path("shots.csv").write_text("sequence,code,frames\nsq010,sh010,1001-\nsq010,sh020,1-5\n")
    status, out, _ = run("import", "shots", "shots.csv", "--apply")
    lines = out.splitlines()
    assert status == 1
    assert lines[-1] == "nothing can be imported: 1 cells or rows are wrong"
    assert [line.split()[:2] for line in lines if line.startswith("shots.csv:")] == [["shots.csv:2", "frames"]]
    with connect(".", project="demo") as session:
        assert session.shots.list() == []
    status, out, _ = run("import", "shots", "shots.csv", "--apply", "--json")
    data = json.loads(out)
    assert (status, "revision" in data, data["issues"][0]["subject"]) == (1, False, "shots.csv:2")
