from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.filesets import FileSet
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.services.file_checks import _odd, find_holes, find_mistyped, find_odd_sizes, find_unreadable
from bifrost_sdk.services.proposals import Proposal, propose
from bifrost_sdk.services.sources import Piece, Source
from bifrost_sdk.session import Session

EXR = b"\x76\x2f\x31\x01"


def offer(session: Session, files: object, owner: object = None) -> Proposal:
    hero = owner or session.assets.ensure("demo", "char", "hero")
    proposal, issues = propose(session.context, hero, "model", files)  # type: ignore[arg-type]  # whatever a test offers
    assert issues == ()
    return proposal


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "source"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


def frames(folder: Path, *numbers: int, size: int = 1000) -> None:
    for number in numbers:
        (folder / f"b.{number}.exr").write_bytes(EXR + bytes(size))


def test_empty_file_is_found_when_its_type_is_known(session: Session, folder: Path) -> None:
    for name in ("hero.usda", "hero.ma", "notes.txt"):
        (folder / name).touch()
    proposal = offer(session, {"usd": "hero.usda", "maya": "hero.ma", "notes": "notes.txt"})
    assert [(issue.code, issue.path, issue.subject) for issue in find_unreadable(proposal)] == [
        ("file.empty", "files.usd", "hero.usda"),
        ("file.empty", "files.maya", "hero.ma"),
    ]


def test_file_is_found_when_it_vanished_since(session: Session, folder: Path) -> None:
    (folder / "hero.usda").write_text("#usda 1.0")
    proposal = offer(session, {"usd": "hero.usda"})
    (folder / "hero.usda").unlink()
    (issue,) = find_unreadable(proposal)
    assert (issue.code, issue.message) == ("file.unreadable", "it cannot be read: No such file or directory")
    assert list(find_mistyped(proposal)) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="who may do everything may read it")
def test_file_is_found_when_it_may_not_be_read(session: Session, folder: Path) -> None:
    (folder / "hero.usda").write_text("#usda 1.0")
    proposal = offer(session, {"usd": "hero.usda"})
    (folder / "hero.usda").chmod(0)
    assert [issue.code for issue in find_unreadable(proposal)] == ["file.unreadable"]


def test_file_is_told_when_it_holds_another_type(session: Session, folder: Path) -> None:
    (folder / "a.png").write_bytes(b"\xff\xd8\xff\xe0")
    (folder / "b.EXR").write_bytes(b"<html>not found</html>")
    (folder / "c.usd").write_bytes(b"PXR-USDC\0\x08\0")
    (folder / "d.abc").touch()
    proposal = offer(session, {"preview": "a.png", "exr": "b.EXR", "usd": "c.usd", "abc": "d.abc"})
    assert [(issue.path, issue.message) for issue in find_mistyped(proposal)] == [
        ("files.preview", "it does not begin as png does, but as jpg does"),
        ("files.exr", "it does not begin as EXR does"),
    ]


def test_hole_is_found_when_nobody_declared_it(session: Session, folder: Path) -> None:
    frames(folder, 1001, 1002, 1005)
    (issue,) = find_holes(offer(session, {"exr": "b.####.exr"}))
    assert (issue.code, issue.path, issue.subject) == ("sequence.holes", "files.exr", "b.1001.exr")
    assert issue.message == "of 1001-1005 these frames are missing: 1003-1004"
    assert 'frames="1001-1002,1005"' in issue.hint


def test_hole_is_fine_when_the_frames_were_declared(session: Session, folder: Path) -> None:
    frames(folder, 1001, 1003, 1005, 1008)
    whole = FrameRange.parse("1001-1005x2,1008")
    assert list(find_holes(offer(session, {"exr": FileSet("b.<FRAME>.exr", frames=whole)}))) == []
    part = FileSet("b.<FRAME>.exr", frames=FrameRange.parse("1001-1005x2"))
    assert list(find_holes(offer(session, {"exr": ["b.1008.exr", part]}))) == []
    assert len(list(find_holes(offer(session, {"exr": FileSet("b.<FRAME>.exr")})))) == 1
    assert (
        len(list(find_holes(offer(session, {"exr": FileSet("b.<FRAME>.exr", frames=whole), "z": "b.####.exr"})))) == 1
    )


def test_hole_is_fine_when_the_shot_has_the_same_frames(session: Session, folder: Path) -> None:
    frames(folder, 1001, 1002, 1005)
    shot = session.shots.create("demo", "sq010", "sh020", frames="1001-1002,1005")
    other = session.shots.create("demo", "sq010", "sh030", frames="1001-1005")
    assert list(find_holes(offer(session, {"exr": "b.####.exr"}, shot))) == []
    assert len(list(find_holes(offer(session, {"exr": "b.####.exr"}, other)))) == 1


def test_nothing_is_found_when_a_sequence_is_whole_or_has_no_frames(session: Session, folder: Path) -> None:
    frames(folder, 1001, 1002)
    for tile in (1001, 1011):
        (folder / f"t.{tile}.exr").write_bytes(EXR)
    proposal = offer(session, {"exr": "b.####.exr", "tex": "t.<UDIM>.exr", "one": "b.1001.exr"})
    for check in (find_holes, find_unreadable, find_mistyped, find_odd_sizes):
        assert list(check(proposal)) == []


def test_frame_is_told_when_its_size_is_far_from_the_others(session: Session, folder: Path) -> None:
    frames(folder, *range(1001, 1011))
    frames(folder, 1004, size=10)
    frames(folder, 1008, size=100_000)
    (issue,) = find_odd_sizes(offer(session, {"exr": "b.####.exr"}))
    assert issue.message == (
        "2 of 10 files have another size than the others: b.1004.exr (14 bytes), b.1008.exr (100,004 bytes)"
    )


@given(st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=30))
def test_odd_files_are_few_and_never_empty_when_sizes_are_any(sizes: list[int]) -> None:
    found = tuple(Source(Path(f"b.{index}.exr"), f"b.{index}.exr", size, ()) for index, size in enumerate(sizes))
    odd = _odd(Piece("b.<FRAME>.exr", found))
    empty = [f"b.{index}.exr (0 bytes)" for index, size in enumerate(sizes) if size == 0]
    assert not set(odd) & set(empty)
    assert len(odd) < len(sizes)
    if max(sizes) <= 20 * min(sizes):
        assert odd == []
