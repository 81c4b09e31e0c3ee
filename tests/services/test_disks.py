from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bifrost_sdk.domain.reconciliation import Content
from bifrost_sdk.services import disks
from bifrost_sdk.services.disks import Disk
from bifrost_sdk.services.manifests import digest

OUT = "it is a link that leads out of the root"


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "top/a").mkdir(parents=True)
    (tmp_path / "top/a/hero.ma").write_text("a scene")
    os.utime(tmp_path / "top/a/hero.ma", ns=(0, 1_700_000_000_123_456_789))
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/hero.ma").write_text("of somebody else")
    return tmp_path / "top"


@pytest.fixture
def disk(top: Path) -> Disk:
    return Disk("work", top)


def test_file_is_looked_at_and_read_when_it_is_there(disk: Disk) -> None:
    assert disk.look("a/hero.ma") == Content(7, 1_700_000_000_123_456)
    assert disk.read("a/hero.ma") == Content(7, 1_700_000_000_123_456, digest(b"a scene"))


@pytest.mark.parametrize("path", ["b", "a/b", "a/hero.ma/b"])
def test_nothing_is_told_when_nothing_is_there(disk: Disk, path: str) -> None:
    assert (disk.look(path), disk.read(path)) == (None, None)


def test_folder_is_no_plain_file_when_looked_at(disk: Disk) -> None:
    assert disk.look("a") == disk.read("a") == "it is no plain file"


def test_link_is_followed_when_it_stays_inside(disk: Disk, top: Path) -> None:
    (top / "link.ma").symlink_to("a/hero.ma")
    (top / "b").symlink_to("a")
    assert disk.read("link.ma") == disk.read("a/hero.ma")
    assert [disk.is_inside(path) for path in ("", "a", "b")] == [True] * 3
    assert [disk.is_folder(path) for path in ("a", "b", "link.ma", "c")] == [True, True, False, False]


def test_link_is_not_followed_when_it_leads_out(disk: Disk, top: Path) -> None:
    (top / "link.ma").symlink_to("../outside/hero.ma")
    (top / "b").symlink_to("../outside")
    (top / "twin").symlink_to(f"{top}-twin")
    assert disk.look("link.ma") == disk.read("link.ma") == OUT
    assert [disk.is_inside(path) for path in ("b", "b/c", "twin")] == [False] * 3
    assert not disk.is_folder("b")


def test_link_is_nothing_when_it_leads_nowhere(disk: Disk, top: Path) -> None:
    (top / "link.ma").symlink_to("gone.ma")
    assert disk.look("link.ma") is None


@pytest.mark.skipif(sys.platform == "win32", reason="links are resolved in another way")
def test_reason_is_that_of_the_system_when_a_link_leads_to_itself(disk: Disk, top: Path) -> None:
    (top / "link.ma").symlink_to("link.ma")
    assert disk.look("link.ma") == disk.read("link.ma") == os.strerror(40 if sys.platform == "linux" else 62)


def test_root_may_be_a_link_when_it_is_configured_so(top: Path) -> None:
    top.with_name("mount").symlink_to(top)
    assert Disk("work", top.with_name("mount")).read("a/hero.ma") == Disk("work", top).read("a/hero.ma")
    (top / "link.ma").symlink_to(top / "a/hero.ma")
    assert isinstance(Disk("work", top.with_name("mount")).look("link.ma"), Content)


def test_file_is_not_told_when_it_is_written_while_it_is_read(
    disk: Disk, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash would be of a content that never was."""

    def update(block: bytes) -> None:
        if len(block) == len("a scene"):
            (top / "a/hero.ma").write_text("a scene and more")

    monkeypatch.setattr(disks.digests, "hasher_for", lambda _: SimpleNamespace(update=update))
    assert disk.read("a/hero.ma") == "it was written while it was read"
