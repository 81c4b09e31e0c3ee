from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath

import attrs
import pytest

from bifrost_sdk.domain.templates.layouts import Wanted, laid_out
from bifrost_sdk.errors import ConfigurationError, StorageError
from bifrost_sdk.services import folder_plans
from bifrost_sdk.services.folder_plans import FolderPlan
from bifrost_sdk.services.workspace import SENTINEL
from bifrost_sdk.session import Session

posix_only = pytest.mark.skipif(os.name == "nt", reason="links need a right there, and modes mean little")
Make = Callable[..., FolderPlan]


def folder(path: str, *, mode: int | None = None, root: str = "work") -> Wanted:
    return Wanted(root, path, "folders.asset[0]", "hero", mode)


def file(path: str, text: str = "") -> Wanted:
    return Wanted("work", path, "folders.asset[0]", "hero", text=text)


@pytest.fixture
def look(session: Session) -> Make:
    return lambda *items: folder_plans.look(session.context, laid_out(items), ())


@pytest.fixture
def make(look: Make) -> Make:
    return lambda *items: folder_plans.make(look(*items))


@pytest.fixture
def top(session: Session) -> Path:
    return session.context.roots["work"]


def states(plan: FolderPlan) -> dict[str, str]:
    return {step.wanted.path: step.state for step in plan.steps}


def test_nothing_is_made_when_only_looked_at(look: Make, top: Path) -> None:
    assert states(look(folder("a/b"), file("a/b/.keep"))) == dict.fromkeys(("a", "a/b", "a/b/.keep"), "missing")
    assert [path.name for path in top.iterdir()] == [SENTINEL]


def test_folders_and_files_are_made_once_when_asked_again(make: Make, top: Path) -> None:
    wanted = folder("a/b"), file("a/b/.keep", "hello\n"), folder("a/c", root="publish")
    first = make(*wanted)
    assert {step.state for step in first.steps} == {"made"}
    assert (top / "a/b/.keep").read_bytes() == b"hello\n"
    assert (top.parent / "publish/a/c").is_dir()
    (top / "a/b/.keep").write_text("mine")
    (top / "a/b/other").write_text("mine too")
    again = make(*wanted)
    assert {step.state for step in again.steps} == {"there"}
    assert ((top / "a/b/.keep").read_text(), (top / "a/b/other").read_text()) == ("mine", "mine too")


@posix_only
def test_permissions_are_as_wanted_when_made_and_only_told_when_they_differ(make: Make, top: Path) -> None:
    before = os.umask(0o077)
    try:
        make(folder("open", mode=0o775), folder("usual"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((top / "open").stat().st_mode) == 0o775
    assert stat.S_IMODE((top / "usual").stat().st_mode) == 0o700
    plan = make(folder("open", mode=0o750), folder("usual"))
    assert states(plan) == {"open": "differs", "usual": "there"}
    assert "has the permissions 0775, not 0750" in plan.in_state("differs")[0].detail
    assert stat.S_IMODE((top / "open").stat().st_mode) == 0o775


@posix_only
def test_group_is_handed_on_when_the_folder_above_does_so(make: Make, top: Path) -> None:
    (top / "a").mkdir()
    (top / "a").chmod(0o2770)
    make(folder("a/b", mode=0o750))
    assert stat.S_IMODE((top / "a/b").stat().st_mode) == 0o2750
    assert states(make(folder("a/b", mode=0o750)))["a/b"] == "there"


def test_nothing_is_made_when_a_file_has_the_place_of_a_folder(look: Make, make: Make, top: Path) -> None:
    (top / "a").write_text("a file")
    plan = look(folder("a/b"), folder("x"))
    assert states(plan) == {"a": "blocked", "a/b": "blocked", "x": "missing"}
    with pytest.raises(StorageError, match="is a file, and folders") as caught:
        make(folder("a/b"), folder("x"))
    assert (caught.value.path, "and 1 more such" in str(caught.value)) == (str(top / "a"), True)
    assert not (top / "x").exists()
    assert (top / "a").read_text() == "a file"


def test_nothing_is_made_when_a_folder_has_the_place_of_a_file(make: Make, top: Path) -> None:
    (top / "a/.keep").mkdir(parents=True)
    with pytest.raises(StorageError, match="is a folder, and folders"):
        make(file("a/.keep"))


@posix_only
def test_link_is_refused_when_it_leads_out_of_the_root(make: Make, top: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (top / "out").symlink_to(tmp_path / "outside")
    (top / "sub").mkdir()
    (top / "sub/up").symlink_to("../..")
    (top / "lost").symlink_to(top / "nowhere")
    for path, says in (("out/a", "leads out of the root, to"), ("sub/up/x", "leads out"), ("lost/a", "leads nowhere")):
        with pytest.raises(StorageError, match=says):
            make(folder(path))
    with pytest.raises(StorageError, match="leads out of the root"):
        make(file("out"))
    assert list((tmp_path / "outside").iterdir()) == []
    assert not (top / "nowhere").exists()


@posix_only
def test_link_is_followed_when_it_stays_in_the_root(make: Make, top: Path) -> None:
    (top / "big/disk").mkdir(parents=True)
    (top / "a").symlink_to(top / "big/disk")
    assert states(make(folder("a/b"))) == {"a": "there", "a/b": "made"}
    assert (top / "big/disk/b").is_dir()


@posix_only
def test_root_may_be_a_link_when_it_is_configured_so(session: Session, top: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(top)
    context = attrs.evolve(session.context, roots={"work": tmp_path / "link"})
    folder_plans.make(folder_plans.look(context, laid_out([folder("a/b")]), ()))
    assert (top / "a/b").is_dir()


def test_no_folder_is_made_when_the_root_is_not_there(session: Session, look: Make, top: Path) -> None:
    (top / SENTINEL).unlink()
    with pytest.raises(StorageError, match=r"has no sentinel \S+; mount it, or if this is the right folder, mark it"):
        look(folder("a"))
    top.rmdir()
    with pytest.raises(StorageError, match="is not there; mount it"):
        look(folder("a"))
    assert not top.exists()
    nowhere = attrs.evolve(session.context, roots={}, storages={})
    with pytest.raises(ConfigurationError, match="has no folder on this machine"):
        folder_plans.look(nowhere, [folder("a")], ())


def test_folder_is_there_when_somebody_makes_it_meanwhile(look: Make, top: Path) -> None:
    plan = look(folder("a"), file("a/.keep"))
    (top / "a").mkdir()
    (top / "a/.keep").write_text("theirs")
    assert set(states(folder_plans.make(plan)).values()) == {"there"}
    assert (top / "a/.keep").read_text() == "theirs"
    late = look(folder("b"))
    (top / "b").write_text("a file")
    with pytest.raises(StorageError, match="is something else"):
        folder_plans.make(late)


@pytest.mark.skipif(os.name == "nt" or os.getuid() == 0, reason="rights do not bind everybody")
def test_error_names_the_folder_when_it_may_not_be_made(make: Make, top: Path) -> None:
    (top / "a").mkdir(mode=0o500)
    with pytest.raises(StorageError, match=r"cannot make .* Permission denied; what was made before stays") as caught:
        make(folder("a/b"))
    assert caught.value.path == str(top / "a/b")


def test_error_names_the_folder_when_its_name_is_too_long(make: Make, top: Path) -> None:
    with pytest.raises(StorageError, match="what was made before stays") as caught:
        make(folder("a/" + "b" * 300))
    assert "b" * 300 in caught.value.path
    assert (top / "a").is_dir()


def test_long_paths_are_told_when_a_root_has_a_folder_on_windows(session: Session) -> None:
    folders = [
        ("work", PureWindowsPath("P:/shows")),
        ("work", PurePosixPath("/mnt")),
        ("publish", PureWindowsPath("Q:/")),
    ]
    wanted = laid_out([folder("a" * 120 + "/" + "b" * 120), file("a" * 120 + "/" + "c" * 120)])
    (warning,) = folder_plans.look(session.context, wanted, folders).warnings
    assert warning.code == "path.long"
    assert "is 3 characters longer than programs on Windows take" in warning.message
    assert warning.subject == "hero"


def test_plan_is_plain_json_when_asked_for(make: Make) -> None:
    (step,) = make(folder("a", mode=0o750)).steps
    assert (step.to_data()["path"], step.to_data()["mode"], step.to_data()["state"]) == ("a", 0o750, "made")
