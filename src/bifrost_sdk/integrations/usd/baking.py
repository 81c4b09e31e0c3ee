"""Layers with references of the catalog, written anew with paths that any program with USD reads.

Only layers that hold such references, or lead by path to one that does, are written; all else is used from where it
lies. These are real files and no layers in memory, so they can be reloaded, are read only when they are needed, and
other programs can open them too. A reference that leads nowhere stays as it is.
"""

from __future__ import annotations

import atexit
import glob
import hashlib
import os
import re
import shutil
import tempfile
import threading
from collections import defaultdict
from pathlib import Path
from typing import Final

import attrs

from bifrost_sdk.errors import StorageError
from bifrost_sdk.integrations.usd import assetpaths
from bifrost_sdk.integrations.usd.closures import Closure, is_expression, is_reference, split
from bifrost_sdk.integrations.usd.library import Sdf, Tf, words_of

#: What stands for a number in the names of files: tiles, and the digits of a clip's frame.
_NUMBERS: Final = re.compile(r"<UDIM>|#")

# An expression whose text begins with a relative path: `"./${LOOK}.usda"`.
_RELATIVE_EXPRESSION: Final = re.compile(r"`([\"'])(?=\.{1,2}/)").match

#: So many parts of its path tell what a written file is: product, version and file.
_TOLD: Final = 4

_lock: Final = threading.Lock()
_folders: Final[dict[int, Path]] = {}


def bake(closure: Closure, folder: Path) -> Path:
    """The file to open, written into a folder that is made, or is empty.

    Raises:
        StorageError: when the folder holds something already, or something cannot be written.
    """
    written = affected(closure)
    if not written:
        return Path(closure.root)
    baking = Baking(closure, folder, written)
    baking.run()
    return Path(baking.places[closure.root])


def prepare(closure: Closure) -> list[assetpaths.Layer]:
    """The layer to open, then others that were written for it and need not be read again while they are held.

    They lie in a folder that this process removes at its end; the same state is written once.

    Raises:
        StorageError: when something cannot be written or read.
    """
    written = affected(closure)
    if not written:
        return [closure.layers[closure.root]]
    with _lock:
        folder = _own_folder() / _digest(closure, written)
        baking = Baking(closure, folder, written)
        layers = []
        if not folder.is_dir():
            try:
                layers = baking.run()
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        return [Sdf.Layer.FindOrOpen(baking.places[closure.root]), *layers]


def forget() -> None:
    """Remove what `prepare` wrote; stages that are open do not find again what they have not read yet."""
    with _lock:
        folder = _folders.pop(os.getpid(), None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def affected(closure: Closure) -> frozenset[str]:
    """The files of a closure that cannot be used as they are."""
    leading: defaultdict[str, list[str]] = defaultdict(list)
    for file, links in closure.links.items():
        for target in links.values():
            leading[target].append(file)
    found: set[str] = set()
    waiting = [file for file, refs in closure.references.items() if any(ref in closure.files for ref in refs)]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += leading[file]
    return frozenset(found)


@attrs.define
class Baking:
    """Layers being written, all into one folder; `places` are the new files by the old ones."""

    closure: Closure
    folder: Path
    written: frozenset[str]
    places: dict[str, str] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.places = {
            file: f"{_posix(str(self.folder))}/{number}.{'.'.join(Path(file).parts[-_TOLD:])}"
            for number, file in enumerate(sorted(self.written))
        }

    def run(self) -> list[assetpaths.Layer]:
        """Write all of them; nobody is to change them, as nobody would see that in what was published.

        Raises:
            StorageError: when something cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            is_used = any(self.folder.iterdir())
        except OSError as error:
            message = f"{self.folder} cannot be made a folder: {error.strerror}"
            raise StorageError(message, path=str(self.folder), reason=str(error)) from error
        if is_used:
            message = f"{self.folder} holds something already; name a folder that is new or empty"
            raise StorageError(message, path=str(self.folder), reason="not empty")
        return [self._write(file, place) for file, place in self.places.items()]

    def _write(self, file: str, place: str) -> assetpaths.Layer:
        layer = Sdf.Layer.New(Sdf.FileFormat.FindByExtension(place), place)
        layer.TransferContent(self.closure.layers[file])
        spelled: dict[str, str] = {}  # one path stands in very many places

        def change(authored: str, _: str) -> str:
            if authored not in spelled:
                spelled[authored] = self._spelled(file, authored)
            return spelled[authored]

        assetpaths.respell(layer, change)
        try:
            layer.Save()
            os.chmod(place, 0o444)  # noqa: PTH101 - a text
        except (OSError, Tf.ErrorException) as error:
            reason = words_of(error)
            raise StorageError(f"{place} cannot be written: {reason}", path=place, reason=reason) from error
        return layer

    def _spelled(self, file: str, authored: str) -> str:
        path, rest = split(authored)
        target = self.closure.files.get(path, "") if is_reference(path) else self.closure.links[file].get(authored)
        if target:
            return (self.places.get(target) or _posix(target)) + rest
        return authored if is_reference(path) else _anchored(self.closure.layers[file], path) + rest


def _anchored(layer: assetpaths.Layer, path: str) -> str:
    """A relative path as it is meant by its layer; what is searched for elsewhere stays as it is."""
    if is_expression(path):
        is_relative = _RELATIVE_EXPRESSION(path) is not None
        return f"{path[:2]}{_posix(str(Path(layer.realPath).parent))}/{path[2:]}" if is_relative else path
    if "://" in path or os.path.isabs(path):  # noqa: PTH117 - a text, of any platform's form
        return path
    found = str(layer.ComputeAbsolutePath(path))
    if os.path.isabs(found):  # noqa: PTH117 - likewise
        return found
    beside = Path(layer.realPath).parent / path
    return beside.as_posix() if _NUMBERS.search(path) and _is_there(str(beside)) else path


def _is_there(pattern: str) -> bool:
    """Whether any file of a numbered set exists."""
    pieces = [glob.escape(piece) for piece in _NUMBERS.split(pattern)]
    return next(glob.iglob("[0-9]*".join(pieces)), None) is not None  # noqa: PTH207 - the pattern is absolute


def _digest(closure: Closure, written: frozenset[str]) -> str:
    """What tells one state from another: which files are written, and what the references in them stand for."""
    found = hashlib.sha256(closure.root.encode())
    for file in sorted(written):
        told = os.stat(file)  # noqa: PTH116 - a text
        found.update(f"\n{file}\t{told.st_mtime_ns}\t{told.st_size}".encode())
    for ref, file in sorted(closure.files.items()):
        found.update(f"\n{ref}\t{file}".encode())
    return found.hexdigest()[:24]


def _own_folder() -> Path:
    """The folder of this process, also after a fork; its parent's is the parent's to remove."""
    process = os.getpid()
    if process not in _folders:
        _folders[process] = Path(tempfile.mkdtemp(prefix="bifrost-usd-"))
        atexit.register(_remove, process)
    return _folders[process]


def _remove(process: int) -> None:
    if process == os.getpid():
        forget()


def _posix(path: str) -> str:
    return path.replace(os.sep, "/")
