"""What a show on disk holds, in the words of a catalog: the values that adopting it goes through."""

from __future__ import annotations

from typing import NamedTuple

import attrs

from bifrost_sdk.domain.adoption.meanings import Claim, Place, Trouble, path_of
from bifrost_sdk.domain.filesets import FileSet
from bifrost_sdk.domain.versions import File


class Entry(NamedTuple):
    """A file in a listing: its name, its size in bytes, and when it was written, in nanoseconds since 1970."""

    name: str
    size: int
    modified: int


@attrs.frozen
class Left:
    """Files that are not taken in, and why: `count` of them under one `path`, a sequence as ``%04d``.

    The path is relative to the folder that is adopted. `template` read them or came nearest, `token` is what failed;
    each is empty where there is none.
    """

    path: str
    reason: str
    count: int = 1
    template: str = ""
    token: str = ""


@attrs.frozen
class Piece:
    """A file, or a set of files under one name, where it lies below a root; `template` is what read it.

    `size` is in bytes, of all of it; `modified` is when the last of it was written, in nanoseconds since 1970.
    `label` is how reports call it, relative to the folder that is adopted.
    """

    root: str
    path: str
    size: int
    modified: int
    label: str
    template: str
    files: FileSet | None = None

    @property
    def count(self) -> int:
        """How many files there are."""
        return 1 if self.files is None else len(self.files)

    def within(self, folder: str) -> File:
        """The file as a representation in this folder lists it; nobody has read its content."""
        name = self.path[len(folder) + 1 :] if folder else self.path
        files = self.files
        if files is None:
            return File(name, self.size, "")
        frames = files.frames if files.frames.runs else None
        return File(name, self.size, "", frames=frames, udims=files.udims, padding=files.padding, count=self.count)

    def left(self, reason: str, token: str = "") -> Left:
        """The piece as one that is not taken in."""
        return Left(self.label, reason, self.count, self.template, token)


@attrs.frozen
class AdoptedVersion:
    """A version with all its files, each under the key of its representation; `path` is that of the product."""

    place: Place
    product: str
    number: int
    task: str = ""
    pieces: list[tuple[str, Piece]] = attrs.field(factory=list, hash=False)
    path: str = attrs.field(init=False, eq=False)

    @path.default
    def _path_of_product(self) -> str:
        return path_of((*self.place, ("product", self.product)))

    def refuse(self, task: str) -> Trouble:
        """Why files of another task are none of this version's."""
        told = f"version {self.number} of {self.path} belongs to the task {self.task!r}, this to {task!r}"
        return Trouble(f"{told}; let the product tell them apart", "task")


@attrs.frozen
class AdoptedWorkfile:
    """A file that somebody works in."""

    claim: Claim
    piece: Piece


@attrs.frozen
class Things:
    """What a show on disk holds: nodes, each behind its parent, versions and work files, sorted by place.

    `known` files were in the catalog already, `others` belong to things but are kept by no catalog; both are counts.
    """

    places: tuple[Place, ...] = ()
    versions: tuple[AdoptedVersion, ...] = ()
    workfiles: tuple[AdoptedWorkfile, ...] = ()
    left: tuple[Left, ...] = ()
    known: int = 0
    others: int = 0
