"""What a catalog holds already where a show is adopted, so that nothing is made twice."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from bifrost_sdk.domain.adoption.things import Piece
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.filesets import FRAME, UDIM, FileSet
from bifrost_sdk.domain.versions import File, Representation, Version


@attrs.frozen
class Held:
    """A version that stands, with its representations, and the code of its task."""

    version: Version
    representations: tuple[Representation, ...] = ()
    task: str = ""

    def lists(self, piece: Piece) -> bool:
        """Whether it has this file, or a set of the same name with other numbers."""
        return any(_is_same(piece, item, file) for item in self.representations for file in item.files)


@attrs.frozen
class Standing:
    """What a catalog holds where things are to be adopted.

    `project` is the id of the project. `nodes` are by folded path, `tasks` by (node's id, folded code), and `versions`
    by (product's id, number). `workfiles` are (root, folded path).
    """

    project: str
    nodes: Mapping[str, Entity] = attrs.field(factory=dict, hash=False)
    tasks: Mapping[tuple[str, str], str] = attrs.field(factory=dict, hash=False)
    versions: Mapping[tuple[str, int], Held] = attrs.field(factory=dict, hash=False)
    workfiles: frozenset[tuple[str, str]] = frozenset()


def _is_same(piece: Piece, item: Representation, file: File) -> bool:
    """Whether the file of a representation and the one on disk are one, or of one set."""
    path = f"{item.folder}/{file.name}" if item.folder else file.name
    if item.root != piece.root:
        return False
    if path == piece.path:
        return True
    listed = FileSet(path, padding=file.padding) if FRAME in path or UDIM in path else None
    is_member = listed is not None and listed.match(piece.path) is not None
    return is_member or (piece.files is not None and listed is None and _holds(piece, path))


def _holds(piece: Piece, path: str) -> bool:
    assert piece.files is not None
    return attrs.evolve(piece.files, pattern=piece.path).match(path) is not None
