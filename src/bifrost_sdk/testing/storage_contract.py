"""The contract of `ports.Storage`, as one suite: what publishing and recovery stand on, whatever the files lie on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bifrost_sdk.errors import BifrostError, ConflictError, StorageError
from bifrost_sdk.ports import Storage

#: The file that comes last where a folder is placed piece by piece.
LAST = "manifest.json"

_FILES = ("a.usd", LAST, "textures/b.png")


class StorageContract:
    """All that a storage promises; an implementation overrides `storage`."""

    @pytest.fixture
    def storage(self) -> Iterator[Storage]:
        """An empty storage."""
        raise NotImplementedError("a suite gives its own storage")

    @pytest.fixture
    def local(self, tmp_path: Path) -> Path:
        """A file on this machine's own disk."""
        path = tmp_path / "an artist's file.usd"
        path.write_bytes(b"made at home")
        return path

    def test_file_is_whole_when_written(self, storage: Storage) -> None:
        """Blocks of any size, none among them, come out as they went in."""
        storage.write("a/b.bin", iter([b"one", b"", b"two"]))
        assert _content(storage, "a/b.bin") == b"onetwo"
        assert storage.size("a/b.bin") == 6
        storage.write("a/empty", [])
        assert (storage.size("a/empty"), _content(storage, "a/empty")) == (0, b"")

    def test_file_stays_when_written_again(self, storage: Storage) -> None:
        """What was published is never overwritten, whoever tries."""
        storage.write("a", [b"one"])
        with pytest.raises(BifrostError):
            storage.write("a", [b"two"])
        assert _content(storage, "a") == b"one"

    def test_error_is_that_of_the_blocks_when_they_fail(self, storage: Storage) -> None:
        """A source that breaks off must not be taken for a short file, and can be tidied up."""

        def broken() -> Iterator[bytes]:
            yield b"one"
            raise StorageError("the source is gone", path="source")

        with pytest.raises(StorageError, match="the source is gone"):
            storage.write("tx/a", broken())
        storage.remove("tx")
        assert storage.names("tx") == []

    def test_file_has_the_content_when_shared(self, storage: Storage, local: Path) -> None:
        """Sharing is a shorter way to the same file, or says that there is none and leaves nothing."""
        for way, is_link in enumerate((False, True)):
            path = f"tx/{way}.usd"
            if storage.share(local, path, link=is_link):
                assert _content(storage, path) == b"made at home"
                with pytest.raises(BifrostError):
                    storage.share(local, path, link=is_link)
            assert storage.size(path) in {12, None}
        storage.remove("tx")
        assert local.read_bytes() == b"made at home"

    def test_source_stays_when_what_is_shared_is_removed(self, storage: Storage, local: Path) -> None:
        """Who takes back a version must not take the artist's file."""
        storage.share(local, "tx/a.usd", link=True)
        storage.remove("tx")
        assert local.read_bytes() == b"made at home"

    def test_way_is_declared_when_a_file_was_shared(self, storage: Storage, local: Path) -> None:
        """Capabilities are what was found by trying, so they do not promise too little either."""
        capabilities = storage.capabilities
        assert capabilities is storage.capabilities
        assert not storage.share(local, "a", link=False) or capabilities.clones
        assert not storage.share(local, "b", link=True) or capabilities.links

    def test_folder_has_its_place_when_placed(self, storage: Storage) -> None:
        """All of it moves, and nothing stays where it was."""
        _put(storage, "tx/1")
        storage.sync("tx/1")
        storage.place("tx/1", "show/hero/v001", last=LAST)
        assert _tree(storage, "show/hero/v001") == {name: name.encode() for name in _FILES}
        assert _tree(storage, "tx/1") == {}

    @pytest.mark.parametrize("taken", [f"final/{LAST}", "final"])
    def test_place_is_kept_when_it_is_taken(self, storage: Storage, taken: str) -> None:
        """Two versions never share a folder, and the loser keeps what it had."""
        _put(storage, "tx/1")
        storage.write(taken, [b"theirs"])
        with pytest.raises((ConflictError, StorageError)):
            storage.place("tx/1", "final", last=LAST)
        assert _content(storage, taken) == b"theirs"
        assert _tree(storage, "tx/1").keys() == set(_FILES)

    def test_exactly_one_has_the_place_when_several_want_it(self, storage: Storage) -> None:
        """The race that a check before a rename loses."""
        count = 4
        for number in range(count):
            storage.write(f"tx/{number}/{LAST}", [str(number).encode()])
            storage.write(f"tx/{number}/{number}.usd", [b"x"])
        won: list[int] = []
        barrier = threading.Barrier(count)

        def place(number: int) -> None:
            barrier.wait()
            try:
                storage.place(f"tx/{number}", "final", last=LAST)
            except BifrostError:
                return
            won.append(number)

        threads = [threading.Thread(target=place, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (winner,) = won
        assert _content(storage, f"final/{LAST}") == str(winner).encode()
        assert storage.size(f"final/{winner}.usd") == 1

    def test_file_is_there_at_any_time_when_a_folder_is_replaced(self, storage: Storage) -> None:
        """Who reads a file by its name finds the old or the new one, whole; afterwards there is only the new folder."""
        stop = threading.Event()
        seen: set[bytes] = set()

        def read() -> None:
            while not stop.is_set():
                seen.add(_content(storage, "latest/a.usd"))

        _put(storage, "tx/0")
        storage.replace("tx/0", "latest", last=LAST)
        thread = threading.Thread(target=read)
        thread.start()
        rounds = [str(number).encode() * 50_000 for number in range(1, 6)]
        for number, content in enumerate(rounds, 1):
            storage.write(f"tx/{number}/a.usd", [content])
            storage.write(f"tx/{number}/only.{number}", [b""])
            storage.write(f"tx/{number}/{LAST}", [content])
            storage.replace(f"tx/{number}", "latest", last=LAST)
            assert (storage.names("latest"), storage.names(f"tx/{number}")) == (["a.usd", LAST, f"only.{number}"], [])
        stop.set()
        thread.join()
        assert seen <= {b"a.usd", *rounds}
        assert _content(storage, "latest/a.usd") == rounds[-1]

    def test_link_leads_to_the_last_folder_when_pointed_again(self, storage: Storage) -> None:
        """Where there are links at all, one takes the place of another, and never that of anything else."""
        _put(storage, "show/v001")
        _put(storage, "show/v002")
        storage.write("taken", [b"theirs"])
        if storage.point("tx/1", "show/latest", "show/v001"):
            assert storage.point("tx/1", "show/latest", "show/v002")
            assert storage.target("show/latest") == "show/v002"
            with pytest.raises(ConflictError):
                storage.point("tx/1", "taken", "show/v001")
        assert (storage.names("tx"), _content(storage, "taken")) == ([], b"theirs")
        storage.remove("show/latest")
        assert (storage.target("show/latest"), storage.names("show/v002")) == (None, ["a.usd", LAST, "textures/"])

    def test_nothing_is_left_when_removed(self, storage: Storage) -> None:
        """Files, folders with all below, and what is not there; doing it again changes nothing."""
        _put(storage, "tx/1")
        storage.write("alone", [b""])
        for path in ("tx", "alone", "nothing", "nothing/below", "tx"):
            storage.remove(path)
        assert (storage.names("tx"), storage.size("alone")) == ([], None)

    def test_names_tell_folders_when_listed(self, storage: Storage) -> None:
        """In order, and nothing for what is no folder."""
        _put(storage, "tx/1")
        assert storage.names("tx/1") == ["a.usd", LAST, "textures/"]
        assert storage.names("nothing") == storage.names("tx/1/a.usd") == []

    def test_size_is_unknown_when_there_is_no_file(self, storage: Storage) -> None:
        """A folder has no size."""
        _put(storage, "tx/1")
        assert (storage.size("tx/1"), storage.size("tx/2"), storage.size("tx/1/a.usd/b")) == (None, None, None)

    def test_error_names_the_file_when_reading_fails(self, storage: Storage) -> None:
        """Who reads it must know what to look for."""
        with pytest.raises(StorageError, match="nothing") as caught:
            _content(storage, "nothing")
        assert "nothing" in caught.value.path

    @pytest.mark.parametrize("path", ["../a", "/a", "a//b", "a/./b", "a/../../b", "", "a\\b", "C:a", "a\0b", "a/"])
    def test_path_is_refused_when_it_leaves_the_root(self, storage: Storage, local: Path, path: str) -> None:
        """On this system or another one."""
        for act in (storage.remove, storage.names, storage.size, storage.sync, lambda path: storage.write(path, [b""])):
            with pytest.raises(StorageError):
                act(path)
        for way in (False, True):
            with pytest.raises(StorageError):
                storage.share(local, path, link=way)


def _put(storage: Storage, folder: str) -> None:
    for name in _FILES:
        storage.write(f"{folder}/{name}", [name.encode()])


def _content(storage: Storage, path: str) -> bytes:
    return b"".join(storage.read(path))


def _tree(storage: Storage, folder: str) -> dict[str, bytes]:
    """Every file below a folder and what is in it."""
    found: dict[str, bytes] = {}
    for name in storage.names(folder):
        if name.endswith("/"):
            inner = _tree(storage, f"{folder}/{name[:-1]}")
            found |= {f"{name}{path}": content for path, content in inner.items()}
        else:
            found[name] = _content(storage, f"{folder}/{name}")
    return found
