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
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from bifrost_sdk.errors import StorageError
from bifrost_sdk.integrations.usd import assetpaths
from bifrost_sdk.integrations.usd.closures import Closure, is_expression, is_reference, split
from bifrost_sdk.integrations.usd.library import Sdf, Tf

#: What stands for a number in the names of files: tiles, and the digits of a clip's frame.
_NUMBERS: Final = re.compile(r"<UDIM>|#")

# An expression whose text begins with a relative path: `"./${LOOK}.usda"`.
_RELATIVE_EXPRESSION: Final = re.compile(r"`([\"'])(?=\.{1,2}/)").match

_lock: Final = threading.Lock()
_folders: Final[dict[int, Path]] = {}


def bake(closure: Closure, folder: Path, roots: Mapping[str, Path]) -> Path:
    """Write below a folder what has to be written, each file where it lies below its root; the file to open.

    Raises:
        StorageError: when something cannot be written.
    """
    baking = _Baking(closure, folder, roots, affected(closure))
    for file in baking.written:
        baking.write(file)
    return Path(baking.place(closure.root))


def prepare(closure: Closure, roots: Mapping[str, Path]) -> Path:
    """The file to open, baked in a folder that this process removes at its end; the same state is written once.

    Raises:
        StorageError: when something cannot be written.
    """
    written = affected(closure)
    if not written:
        return Path(closure.root)
    with _lock:
        folder = _own_folder() / _digest(closure, written)
        if folder.is_dir():
            return Path(_Baking(closure, folder, roots, written).place(closure.root))
        try:
            return bake(closure, folder, roots)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


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


@attrs.frozen
class _Baking:
    """Where the files that are written go, and what their asset paths become."""

    closure: Closure
    folder: Path
    roots: Mapping[str, Path]
    written: frozenset[str]

    def place(self, file: str) -> str:
        """Where a file is found once all is written."""
        if file not in self.written:
            return Path(file).as_posix()
        for name, root in self.roots.items():
            if Path(file).is_relative_to(root):
                return (self.folder / name / Path(file).relative_to(root)).as_posix()
        digest = hashlib.sha256(os.path.dirname(file).encode()).hexdigest()[:16]  # noqa: PTH120 - a text is hashed
        return (self.folder / digest / Path(file).name).as_posix()

    def write(self, file: str) -> None:
        """Write one layer; nobody is to change it, as nobody would see the change in what was published."""
        layer = self.closure.layers[file]
        target = Path(self.place(file))
        copy = Sdf.Layer.CreateAnonymous(f"copy{target.suffix}")
        copy.TransferContent(layer)
        assetpaths.respell(copy, lambda authored, _: self._respelled(file, authored))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            copy.Export(str(target))
            target.chmod(0o444)
        except (OSError, Tf.ErrorException) as error:
            reason = " ".join(str(error).split())[:300]
            raise StorageError(f"{target} cannot be written: {reason}", path=str(target), reason=reason) from error

    def _respelled(self, file: str, authored: str) -> str:
        path, rest = split(authored)
        if is_reference(path):
            found = self.closure.files.get(path)
            return self.place(found) + rest if found else authored
        linked = self.closure.links[file].get(authored)
        return self.place(linked) + rest if linked else _anchored(self.closure.layers[file], path) + rest


def _anchored(layer: assetpaths.Layer, path: str) -> str:
    """A relative path as it is meant by its layer; what is searched for elsewhere stays as it is."""
    if is_expression(path):
        is_relative = _RELATIVE_EXPRESSION(path) is not None
        return f"{path[:2]}{Path(layer.realPath).parent.as_posix()}/{path[2:]}" if is_relative else path
    if "://" in path or os.path.isabs(path):  # noqa: PTH117 - a text, of any platform's form
        return path
    found = str(layer.ComputeAbsolutePath(path))
    if os.path.isabs(found):  # noqa: PTH117
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
        shutil.rmtree(_folders.pop(process), ignore_errors=True)
