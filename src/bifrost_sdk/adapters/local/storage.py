"""The Storage port on a folder of the local file system, a network share included."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import shutil
import stat
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from bifrost_sdk.adapters.local import cloning, moving
from bifrost_sdk.domain.rootpaths import TRIALS
from bifrost_sdk.errors import ConflictError, StorageError
from bifrost_sdk.ports import Capabilities

#: How much is read at once, in bytes.
BLOCK = 1 << 20

_READ_ONLY = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_ADVICE = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space or ask for a larger quota",
    errno.EACCES: "ask for the right to write there",
    errno.EPERM: "ask for the right to write there",
    errno.EROFS: "it is mounted read-only",
    errno.EMFILE: "close some files or raise the limit of open files",
    errno.ENAMETOOLONG: "take shorter names",
}


class LocalStorage:
    """Files below the folder `root`; nothing outside it is touched, and it is never made: a share may be unmounted.

    >>> import tempfile
    >>> storage = LocalStorage(Path(tempfile.mkdtemp()))
    >>> storage.write("tx/1/hero.txt", [b"made ", b"of bytes"])
    >>> storage.place("tx/1", "char/hero/v001", last="hero.txt")
    >>> storage.names("char/hero/v001"), b"".join(storage.read("char/hero/v001/hero.txt"))
    (['hero.txt'], b'made of bytes')
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.abspath(root))  # noqa: PTH100 - resolve() would look at the disk and follow links

    @functools.cached_property
    def capabilities(self) -> Capabilities:
        """What this file system can do, tried once in a folder that is removed again."""
        folder = self.root / TRIALS / f"{time.time():.0f}-{uuid.uuid4().hex}"
        with _reporting("try what the file system can do in", self.root):
            try:
                for part in ("source", "taken"):
                    for missing in self._missing(folder / part):
                        missing.mkdir(exist_ok=True)
                return Capabilities(
                    moves_whole=_moves_whole(folder), syncs=_syncs(folder), clones=_clones(folder), links=_links(folder)
                )
            finally:
                shutil.rmtree(folder, ignore_errors=True)  # what stays is for `recover`

    def write(self, path: str, blocks: Iterable[bytes]) -> None:
        """A new read-only file, synced; on Windows the file only, since folders cannot be synced there."""
        place = self._at(path)
        with _reporting("write", place):
            for folder in self._missing(place.parent):
                folder.mkdir(exist_ok=True)
            with open(place, "xb") as file:  # noqa: PTH123 - Path.open says the same, later
                file.writelines(blocks)
                file.flush()
                place.chmod(_READ_ONLY)
                os.fsync(file.fileno())

    def share(self, source: Path, path: str, *, link: bool = False) -> bool:
        """A clone or a hard link; False where the file system, or the one that the source lies on, has none."""
        place, capabilities = self._at(path), self.capabilities
        if not (capabilities.links if link else capabilities.clones):
            return False
        with _reporting("write", place):
            for folder in self._missing(place.parent):
                folder.mkdir(exist_ok=True)
            try:
                (cloning.link if link else cloning.clone)(source, place)
            except OSError as error:
                if error.errno in cloning.UNSUPPORTED:
                    return False
                raise
            place.chmod(_READ_ONLY)
            _sync(place)
        return True

    def read(self, path: str) -> Iterator[bytes]:
        """The content of a file, block by block."""
        place = self._at(path)
        with _reporting("read", place), place.open("rb", buffering=0) as file:
            while block := file.read(BLOCK):
                yield block

    def sync(self, path: str) -> None:
        """Make the names of everything in the folder and below it durable, the deepest first."""
        place = self._at(path)
        with _reporting("sync", place):
            for folder, _, _ in os.walk(place, topdown=False, onerror=_refuse):
                self._sync_folder(Path(folder))

    def place(self, staged: str, final: str, *, last: str) -> None:
        """One rename where the file system has one that never replaces; else claim the folder, then move what is in it.

        Raises:
            ConflictError: something else has that place, and stays as it is.
        """
        source, target = self._at(staged), self._at(final)
        with _reporting("place", target):
            for folder in self._missing(target.parent):
                folder.mkdir(exist_ok=True)
                self._sync_folder(folder.parent)
            try:
                if self.capabilities.moves_whole:
                    moving.move(source, target)
                else:
                    self._move_piecewise(source, target, last)
            except FileExistsError as error:
                message = f"{target} exists already and was left as it is; look whose it is, and publish again"
                raise ConflictError(message, blockers=[str(target)]) from error
            self._sync_folder(target.parent)
            self._sync_folder(source.parent)

    def remove(self, path: str) -> None:
        """Take away a file, or a folder with all that is in it, and sync the folder around it."""
        place = self._at(path)
        with _reporting("remove", place):
            if not os.path.lexists(place):
                return
            while place.is_dir() and not place.is_symlink():
                with contextlib.suppress(FileNotFoundError):  # somebody else removes it too
                    _make_writable(place)
                    shutil.rmtree(place)
            if os.path.lexists(place):
                _unlock(place)
                place.unlink()
            self._sync_folder(place.parent)

    def names(self, path: str) -> list[str]:
        """What lies directly in a folder, sorted, folders with a ``/`` behind; empty where there is no such folder."""
        place = self._at(path)
        missing = contextlib.suppress(FileNotFoundError, NotADirectoryError)
        with _reporting("list", place), missing, os.scandir(place) as entries:
            return sorted(entry.name + "/" * entry.is_dir(follow_symlinks=False) for entry in entries)
        return []

    def size(self, path: str) -> int | None:
        """The size of a file in bytes; None where there is no regular file."""
        place = self._at(path)
        with _reporting("look at", place), contextlib.suppress(FileNotFoundError, NotADirectoryError):
            found = place.lstat()
            return found.st_size if stat.S_ISREG(found.st_mode) else None
        return None

    def _at(self, path: str) -> Path:
        """The place of a relative path.

        Raises:
            StorageError: it would leave the root, or reads differently on another system.
        """
        parts = path.split("/")
        if any(part in {"", ".", ".."} or not _PLAIN.isdisjoint(part) for part in parts):
            raise StorageError(f"{path!r} is no path below {self.root}", path=path, reason="outside")
        return self.root.joinpath(*parts)

    def _missing(self, folder: Path) -> list[Path]:
        """The folders to make for `folder` to be there, the outermost first; never the root itself."""
        wanted = (each for each in (folder, *folder.parents) if self.root in each.parents)
        return [each for each in wanted if not each.is_dir()][::-1]

    def _move_piecewise(self, source: Path, target: Path, last: str) -> None:
        """Claim `target`, then move what is in `source`, `last` at the end.

        The claim is a link by the name of `last` that says what is to come here: made by exactly one, still there when
        that one is interrupted and goes on, and replaced by `last` itself.
        """
        is_new = not target.exists()
        target.mkdir(exist_ok=True)
        try:
            (target / last).symlink_to(source.name)
        except FileExistsError:
            if not (target / last).is_symlink() or str((target / last).readlink()) != source.name:
                raise
        else:
            if not is_new and [each.name for each in target.iterdir()] != [last]:
                (target / last).unlink()
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        names = sorted(os.listdir(source), key=lambda name: (name == last, name))  # noqa: PTH208 - names are enough
        for name in names:
            if name == last:
                self._sync_folder(target)
            elif os.path.lexists(target / name):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target / name))
            (source / name).replace(target / name)
        self._sync_folder(target)
        source.rmdir()

    def _sync_folder(self, folder: Path) -> None:
        if self.capabilities.syncs:
            _sync(folder)


#: What a part of a path may not hold: other systems would read it as a separator, a drive or an end.
_PLAIN = frozenset("\\:\0")


@contextlib.contextmanager
def _reporting(action: str, place: Path) -> Iterator[None]:
    """Turn what the operating system says into an error that a person can act on."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        advice = _ADVICE.get(error.errno or 0, "check that it is there and can be reached")
        raise StorageError(f"cannot {action} {place}: {reason}; {advice}", path=str(place), reason=reason) from error


def _moves_whole(folder: Path) -> bool:
    """Whether a rename onto an empty folder is refused, and one to a free name done."""
    try:
        moving.move(folder / "source", folder / "taken")
    except FileExistsError:
        pass
    except OSError as error:
        if error.errno in moving.UNSUPPORTED:
            return False
        raise
    else:
        return False
    moving.move(folder / "source", folder / "free")
    return True


def _clones(folder: Path) -> bool:
    return _does(cloning.clone, folder, "clone")


def _links(folder: Path) -> bool:
    return _does(cloning.link, folder, "link")


def _does(make: Callable[[Path, Path], None], folder: Path, name: str) -> bool:
    sample = folder / "sample"
    sample.write_bytes(b"bifrost")
    try:
        make(sample, folder / name)
    except OSError:  # whatever it says, files can be copied
        return False
    return (folder / name).read_bytes() == b"bifrost"


def _syncs(folder: Path) -> bool:
    try:
        _sync(folder)
    except OSError:  # Windows opens no folders; some network file systems sync none
        return False
    return True


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse(error: OSError) -> None:
    raise error


def _make_writable(folder: Path) -> None:
    """Windows removes no read-only file, and no system empties a folder that may not be written."""
    for parent, _, names in os.walk(folder):
        Path(parent).chmod(stat.S_IRWXU)
        for name in names:
            _unlock(Path(parent, name))


def _unlock(place: Path) -> None:
    if os.name == "nt":
        place.chmod(stat.S_IWRITE)
