from __future__ import annotations

import datetime
from pathlib import Path

from bifrost_sdk.services import bookmarks
from bifrost_sdk.services.bookmarks import Bookmark
from bifrost_sdk.services.inspection import Finding

MADE = Bookmark(
    datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc),
    since=7,
    mark="mark",
    versions=1,
    files=2,
    size=3,
    findings=(Finding("id", "ref", "extra", "publish", "a/\udce4b", "why"),),
)


def test_bookmark_comes_back_as_it_was_when_read(tmp_path: Path) -> None:
    path = tmp_path / "verify/demo.json"
    bookmarks.keep(path, Bookmark(MADE.began, since=1))
    bookmarks.keep(path, MADE)
    assert bookmarks.read(path) == MADE
    assert [each.name for each in path.parent.iterdir()] == ["demo.json"]
    bookmarks.remove(path)
    assert bookmarks.read(path) is None


def test_nothing_is_kept_when_there_is_no_place_for_it(tmp_path: Path) -> None:
    blocked = tmp_path / "file" / "demo.json"
    blocked.parent.write_text("in the way")
    for path in (None, blocked, tmp_path / "gone.json"):
        assert bookmarks.read(path) is None
        bookmarks.remove(path)
    for path in (None, blocked):
        bookmarks.keep(path, MADE)
        assert bookmarks.read(path) is None
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_nothing_is_read_when_it_is_no_bookmark(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    bookmarks.keep(path, MADE)
    kept = path.read_bytes()
    changes = ((b'"schema": 1', b'"schema": 2'), (b'"mark": "mark"', b'"mark": 5'), (b'"since": 7', b'"since": "7"'))
    assert all(old in kept for old, _ in changes)
    for damaged in (b"", b"{}", b"[]", b"\xff", kept[:-5], *(kept.replace(old, new) for old, new in changes)):
        path.write_bytes(damaged)
        assert bookmarks.read(path) is None
