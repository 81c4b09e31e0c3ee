from __future__ import annotations

import concurrent.futures
import errno
import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from bifrost_sdk.adapters.local import moving
from bifrost_sdk.adapters.local.storage import LocalStorage
from bifrost_sdk.domain.rootpaths import TRIALS
from bifrost_sdk.errors import ConflictError, StorageError
from bifrost_sdk.ports import Capabilities

LAST = "manifest.json"


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


def put(storage: LocalStorage, folder: str) -> None:
    for name in ("a.usd", LAST, "textures/b.png"):
        storage.write(f"{folder}/{name}", [name.encode()])


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_file_is_read_only_and_whole_when_written(storage: LocalStorage, tmp_path: Path) -> None:
    storage.write("a/b.bin", iter([b"one", b"", b"two"]))
    assert (tmp_path / "a/b.bin").read_bytes() == b"onetwo"
    assert not (tmp_path / "a/b.bin").stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    assert b"".join(storage.read("a/b.bin")) == b"onetwo"
    assert storage.size("a/b.bin") == 6


def test_link_is_not_read_when_none_may_be(storage: LocalStorage, tmp_path: Path) -> None:
    storage.write("a", [b"one"])
    (tmp_path / "b").symlink_to("a")
    assert b"".join(storage.read("b")) == b"".join(storage.read("a", links=False)) == b"one"
    with pytest.raises(StorageError, match="cannot read"):
        b"".join(storage.read("b", links=False))


def test_link_is_not_read_when_the_system_tells_links_only_when_asked(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bifrost_sdk.adapters.local.storage._NO_LINK", 0)  # as on Windows
    test_link_is_not_read_when_none_may_be(storage, tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes among files")
def test_pipe_holds_up_nobody_when_it_has_the_place_of_a_file(storage: LocalStorage, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    with pytest.raises(StorageError, match="no plain file"):
        b"".join(storage.read("a"))


def test_root_is_never_made_when_it_is_missing(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "mnt" / "shows")
    with pytest.raises(StorageError, match="No such file"):
        storage.write("a/b.bin", [b"one"])
    with pytest.raises(StorageError, match="No such file"):
        _ = storage.capabilities
    assert not (tmp_path / "mnt").exists()


def test_empty_folder_is_not_replaced_when_moved_whole(storage: LocalStorage, tmp_path: Path) -> None:
    put(storage, "tx/1")
    (tmp_path / "final").mkdir()
    with pytest.raises(ConflictError) as caught:
        storage.place("tx/1", "final", last=LAST)
    assert caught.value.blockers == (str(tmp_path / "final"),)


@pytest.mark.parametrize("then", ["piecewise", "whole"])
@pytest.mark.parametrize("moved", range(3))
def test_pieces_are_joined_when_placing_was_interrupted(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int, then: str
) -> None:
    """Also by a machine that moves folders whole, as the server of what others have mounted."""
    storage.__dict__["capabilities"] = Capabilities(moves_whole=False, syncs=True)
    put(storage, "tx/1")
    put(storage, "tx/2")
    replace, left = Path.replace, iter(range(moved))

    def interrupted(path: Path, target: Path) -> Path:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            storage.place("tx/1", "final", last=LAST)
    assert storage.size(f"final/{LAST}") is None
    storage.__dict__["capabilities"] = Capabilities(moves_whole=then == "whole", syncs=True)
    with pytest.raises(ConflictError):
        storage.place("tx/2", "final", last=LAST)  # it is claimed, and not by this one
    storage.place("tx/1", "final", last=LAST)
    assert tree(tmp_path / "final").keys() == {"a.usd", LAST, "textures/b.png"}


def test_pieces_are_refused_when_a_claimed_folder_holds_the_same_name(storage: LocalStorage, tmp_path: Path) -> None:
    storage.__dict__["capabilities"] = Capabilities(moves_whole=False, syncs=True)
    put(storage, "tx/1")
    storage.write("final/a.usd", [b"theirs"])
    with pytest.raises(ConflictError):
        storage.place("tx/1", "final", last=LAST)
    assert tree(tmp_path / "final") == {"a.usd": b"theirs"}


def test_last_file_comes_last_when_moved_piecewise(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.__dict__["capabilities"] = Capabilities(moves_whole=False, syncs=True)
    put(storage, "tx/1")
    order: list[str] = []
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda path, target: (order.append(path.name), replace(path, target))[1])
    storage.place("tx/1", "final", last=LAST)
    assert order == ["a.usd", "textures", LAST]


def test_nothing_is_left_when_removed(storage: LocalStorage, tmp_path: Path) -> None:
    put(storage, "tx/1")
    storage.write("alone", [b""])
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "tx/1/textures").chmod(stat.S_IRUSR | stat.S_IXUSR)
    for path in ("tx", "alone", "link", "nothing", "nothing/below"):
        storage.remove(path)
    assert storage.names("tx") == []
    assert not [path for path in tmp_path.rglob("*") if path.name not in {".bifrost", "trials"}]


def test_target_stays_when_a_link_to_it_is_removed(storage: LocalStorage, tmp_path: Path) -> None:
    put(storage, "tx/1")
    (tmp_path / "link").symlink_to(tmp_path / "tx/1")
    storage.remove("link")
    assert len(tree(tmp_path / "tx/1")) == 3


def test_error_says_what_and_where_when_reading_fails(storage: LocalStorage, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot read .*nothing: No such file") as caught:
        b"".join(storage.read("nothing"))
    assert caught.value.path == str(tmp_path / "nothing")
    assert caught.value.reason == "No such file or directory"


def test_error_advises_when_the_disk_is_full(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert storage.capabilities.syncs
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="free some space"):
        storage.write("a", [b"one"])


def test_error_advises_when_the_place_is_on_another_disk(storage: LocalStorage, tmp_path: Path) -> None:
    memory = "/dev/shm"  # noqa: S108 - a folder of its own is made there
    if not os.access(memory, os.W_OK) or Path(memory).stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs two file systems")
    put(storage, "tx/1")
    with tempfile.TemporaryDirectory(dir=memory) as other:
        (tmp_path / "demo").symlink_to(other)
        with pytest.raises(StorageError, match="lies on another disk"):
            storage.place("tx/1", "demo/final", last=LAST)
        assert list(Path(other).iterdir()) == []
    assert tree(tmp_path / "tx/1").keys() == {"a.usd", LAST, "textures/b.png"}


def test_folder_above_is_refused_when_it_vanished(storage: LocalStorage) -> None:
    with pytest.raises(StorageError, match="cannot sync"):
        storage.sync("nothing")


def test_nothing_is_left_when_capabilities_were_tried(storage: LocalStorage, tmp_path: Path) -> None:
    assert storage.capabilities.syncs == (sys.platform != "win32")
    assert list((tmp_path / TRIALS).iterdir()) == []


def answers(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def move(source: Path, target: Path) -> None:
        raise OSError(number, os.strerror(number), str(source), None, str(target))

    monkeypatch.setattr(moving, "move", move)


@pytest.mark.parametrize("number", sorted(moving.UNSUPPORTED))
def test_rename_is_not_declared_when_the_file_system_lacks_it(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    answers(monkeypatch, number)
    assert not storage.capabilities.moves_whole


def test_error_is_told_when_trying_fails(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, errno.EROFS)
    with pytest.raises(StorageError, match="mounted read-only"):
        _ = storage.capabilities


def test_rename_is_not_declared_when_it_replaces(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "move", Path.replace)
    assert not storage.capabilities.moves_whole


def test_syncing_is_not_declared_when_folders_cannot_be_synced(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        assert not storage.capabilities.syncs
    put(storage, "tx/1")
    storage.sync("tx/1")
    storage.place("tx/1", "final", last=LAST)
    assert (tmp_path / "final" / LAST).exists()


def test_plain_rename_serves_when_on_windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    (tmp_path / "a").mkdir()
    moving.move(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").is_dir()


def test_folder_goes_when_two_remove_it(storage: LocalStorage, tmp_path: Path) -> None:
    for index in range(300):
        storage.write(f"tx/1/{index}", [b"x"])
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(storage.remove, "tx") for _ in range(4)]:
            assert done.result() is None
    assert not (tmp_path / "tx").exists()
