"""What files a version has: by what the catalog says of its representations, and by what lies in its folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bifrost_sdk.domain.filesets import FRAME, UDIM, FileSet
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.versions import File, Representation
from bifrost_sdk.ports import Storage


def is_set(file: File) -> bool:
    """Whether it stands for several files."""
    return FRAME in file.name or UDIM in file.name


def names_of(file: File) -> Iterable[str]:
    """The name of each file that it stands for, below the folder of its representation.

    >>> list(names_of(File("tex.<UDIM>.exr", 2, "", udims=(1001, 1002), count=2)))
    ['tex.1001.exr', 'tex.1002.exr']
    """
    if not is_set(file):
        return (file.name,)
    return FileSet(file.name, padding=file.padding, frames=file.frames or FrameRange(), udims=file.udims)


def paths_of(representation: Representation) -> Iterator[str]:
    """Every file of a representation by its path below the root, those of sets one by one."""
    for file in representation.files:
        for name in names_of(file):
            yield path_in(representation.folder, name)


def path_in(folder: str, name: str) -> str:
    """The path below the root of what lies in a folder there, which may be the root itself."""
    return f"{folder}/{name}" if folder else name


def walk(storage: Storage, folder: str) -> Iterator[str]:
    """Everything below a folder that is no folder itself, by its path below the root, in order.

    Raises:
        StorageError: a folder cannot be read.
    """
    for name in storage.names(folder):
        path = path_in(folder, name.rstrip("/"))
        if name.endswith("/"):
            yield from walk(storage, path)
        else:
            yield path
