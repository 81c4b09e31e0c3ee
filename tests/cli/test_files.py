from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bifrost_sdk.cli.files import write_whole
from bifrost_sdk.errors import StorageError


def test_file_is_replaced_with_its_permissions_when_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("old")
    file.chmod(0o604)
    write_whole(file, "h\xe9ro\n")
    assert file.read_bytes() == b"h\xc3\xa9ro\n"
    assert sys.platform == "win32" or file.stat().st_mode & 0o777 == 0o604
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(sys.platform == "win32", reason="has no umask")
def test_new_file_gets_the_usual_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "new", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_link_stays_when_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_file_stays_as_it_was_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("old")

    def fail(_: int) -> None:
        raise failure

    monkeypatch.setattr(os, "fsync", fail)
    expected = StorageError if isinstance(failure, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        write_whole(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_reason_is_told_when_there_is_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written: No such file or directory; it is as it was"):
        write_whole(tmp_path / "nowhere/a.yaml", "x")
