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
from typing import BinaryIO

from bifrost_sdk.adapters.local import cloning, moving, swapping
from bifrost_sdk.domain.rootpaths import TRIALS
from bifrost_sdk.errors import ConflictError, StorageError
from bifrost_sdk.ports import Capabilities

#: How much is read at once, in bytes.
BLOCK = 1 << 20

# A pipe in the place of a file holds up nobody; without O_BINARY Windows would change the ends of lines.
_READING = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)  # Windows has none
_READ_ONLY = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_ADVICE = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space or ask for a larger quota",
    errno.EACCES: "ask for the right to write there",
    errno.EEXIST: "something there has that name; look whose it is, and move it away",
    errno.EPERM: "ask for the right to write there",
    errno.EROFS: "it is mounted read-only",
    errno.EXDEV: "it lies on another disk than .bifrost in its root; make a root of that disk",
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
        self._above = os.path.join(self.root, "")  # noqa: PTH118 - with a separator behind, which a Path has not

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
                    swaps=_swaps(folder),
                    moves_whole=_moves_whole(folder),
                    syncs=_syncs(folder),
                    clones=_clones(folder),
                    links=_links(folder),
                )
            finally:
                shutil.rmtree(folder, ignore_errors=True)  # what stays is for `recover`

    def write(self, path: str, blocks: Iterable[bytes]) -> None:
        """A new read-only file, synced; on Windows the file only, since folders cannot be synced there."""
        place = self._text_at(path)
        with _reporting("write", place), self._create(place) as file:
            file.writelines(blocks)
            file.flush()
            os.chmod(place, _READ_ONLY)  # noqa: PTH101 - a text
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

    def read(self, path: str, *, links: bool = True) -> Iterator[bytes]:
        """The content of a plain file as it is when it is opened, block by block."""
        place = self._text_at(path)
        with _reporting("read", place):
            handle = os.open(place, _READING if links else _READING | _NO_LINK)
            try:
                found = os.fstat(handle)
                if not stat.S_ISREG(found.st_mode) or not (links or _is_no_link(place, found)):
                    raise OSError(errno.EINVAL, "it is no plain file")
                left = found.st_size  # room for a whole block would take longer than a small file
                while left > 0 and (block := os.read(handle, min(BLOCK, left))):
                    left -= len(block)
                    yield block
            finally:
                os.close(handle)

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
                self._move(source, target, last)
            except FileExistsError as error:
                message = f"{target} exists already and was left as it is; look whose it is, and publish again"
                raise ConflictError(message, blockers=[str(target)]) from error
            self._sync_folder(target.parent)
            self._sync_folder(source.parent)

    def replace(self, staged: str, final: str, *, last: str) -> None:
        """One swap where the file system has one; else file by file, so that each is there at any moment."""
        source, target = self._at(staged), self._at(final)
        if not os.path.lexists(target):
            self.place(staged, final, last=last)
            return
        with _reporting("replace", target):
            if self.capabilities.swaps:
                swapping.swap(source, target)
                self._sync_folder(target.parent)
            else:
                swapping.replace_piecewise(source, target, last=last)
                self.sync(final)
        self.remove(staged)

    def point(self, staged: str, final: str, folder: str) -> bool:
        """A relative symbolic link, so that it holds wherever the root is mounted; False where there are none."""
        made, place, inner = self._at(staged), self._at(final), self._at(folder)
        with _reporting("link", place):
            if os.path.lexists(place) and not place.is_symlink():
                message = f"{place} is no link and was left as it is; look what it is, and move it away"
                raise ConflictError(message, blockers=[str(place)])
            for missing in (*self._missing(made.parent), *self._missing(place.parent)):
                missing.mkdir(exist_ok=True)
            try:
                made.symlink_to(os.path.relpath(inner, place.parent), target_is_directory=True)
            except OSError as error:
                if error.errno in cloning.UNSUPPORTED or os.name == "nt":
                    return False
                raise
            made.replace(place)
            self._sync_folder(place.parent)
        return True

    def target(self, path: str) -> str | None:
        """The folder that a symbolic link leads to, read from the link alone."""
        place = self._at(path)
        with _reporting("look at", place):
            if not place.is_symlink():
                return None
            inner = Path(os.path.normpath(place.parent / place.readlink()))
        return inner.relative_to(self.root).as_posix() if self.root in inner.parents else None

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
        place = self._text_at(path)
        with _reporting("list", place), _MISSING, os.scandir(place) as entries:
            return sorted([f"{each.name}/" if each.is_dir(follow_symlinks=False) else each.name for each in entries])
        return []

    def size(self, path: str) -> int | None:
        """The size of a file in bytes; None where there is no regular file."""
        place = self._text_at(path)
        with _reporting("look at", place), _MISSING:
            found = os.lstat(place)
            return found.st_size if stat.S_ISREG(found.st_mode) else None
        return None

    def _at(self, path: str) -> Path:
        return Path(self._text_at(path))

    def _text_at(self, path: str) -> str:
        """The place of a relative path, as a text: to make a Path of it takes longer than to read a small file.

        Raises:
            StorageError: it would leave the root, or reads differently on another system.
        """
        if _is_outside(path):
            raise StorageError(f"{path!r} is no path below {self.root}", path=path, reason="outside")
        return self._above + path.replace("/", os.sep)

    def _create(self, place: str) -> BinaryIO:
        """A new file, opened to be written; its folders are made where there are none."""
        try:
            return open(place, "xb")  # noqa: PTH123 - a text; who asks closes it
        except FileNotFoundError:
            for folder in self._missing(Path(place).parent):
                folder.mkdir(exist_ok=True)
            return open(place, "xb")  # noqa: PTH123 - likewise

    def _missing(self, folder: Path) -> list[Path]:
        """The folders to make for `folder` to be there, the outermost first; never the root itself."""
        wanted = (each for each in (folder, *folder.parents) if self.root in each.parents)
        return [each for each in wanted if not each.is_dir()][::-1]

    def _move(self, source: Path, target: Path, last: str) -> None:
        if self.capabilities.moves_whole:
            try:
                moving.move(source, target)
            except FileExistsError:
                if not _is_claimed(
                    target / last, source.name
                ):  # by who mounts this in another way, and was interrupted
                    raise
            else:
                return
        self._move_piecewise(source, target, last)

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
            if not _is_claimed(target / last, source.name):
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


def _is_claimed(claim: Path, name: str) -> bool:
    """Whether what is to come into a folder is what is staged under that name."""
    return claim.is_symlink() and str(claim.readlink()) == name


_MISSING = contextlib.suppress(FileNotFoundError, NotADirectoryError)


def _is_outside(path: str) -> bool:
    """Whether a part is empty or leads elsewhere, or another system reads a separator, a drive or an end in it."""
    parts = f"/{path}/"
    return "//" in parts or "/./" in parts or "/../" in parts or "\\" in path or ":" in path or "\0" in path


def _is_no_link(place: str, found: os.stat_result) -> bool:
    """Whether what was opened and `found` is what has that place; where links cannot be opened it is."""
    return bool(_NO_LINK) or os.path.samestat(found, os.lstat(place))


class _reporting:  # noqa: N801 - it reads as a verb, and is a class since a generator would cost as much as a small file
    """Turns what the operating system says into an error that a person can act on."""

    __slots__ = ("action", "place")

    def __init__(self, action: str, place: str | Path) -> None:
        self.action = action
        self.place = place

    def __enter__(self) -> None:
        """Nothing is to be done before."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if not isinstance(error, OSError):
            return
        reason = error.strerror or str(error)
        advice = _ADVICE.get(error.errno or 0, "check that it is there and can be reached")
        message = f"cannot {self.action} {self.place}: {reason}; {advice}"
        raise StorageError(message, path=str(self.place), reason=reason) from error


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


def _swaps(folder: Path) -> bool:
    """Whether two folders change places: what lies in one is then found in the other."""
    (folder / "source" / "mark").touch()
    try:
        swapping.swap(folder / "source", folder / "taken")
    except OSError:  # whatever it says, files can be replaced one by one
        (folder / "source" / "mark").unlink()
        return False
    is_swapped = (folder / "taken" / "mark").exists()
    for name in ("source", "taken"):
        (folder / name / "mark").unlink(missing_ok=True)
    return is_swapped


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
