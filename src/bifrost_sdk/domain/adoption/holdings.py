"""What a catalog holds already where a show is adopted, so that nothing is made twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
    _files: frozenset[tuple[str, str]] = attrs.field(init=False, eq=False, repr=False)
    _sets: tuple[tuple[str, FileSet], ...] = attrs.field(init=False, eq=False, repr=False)

    @_files.default
    def _plain_files(self) -> frozenset[tuple[str, str]]:
        return frozenset((root, path) for root, path, _ in self._listed())

    @_sets.default
    def _sets_of_files(self) -> tuple[tuple[str, FileSet], ...]:
        listed = ((root, path, file) for root, path, file in self._listed() if FRAME in path or UDIM in path)
        return tuple((root, FileSet(path, padding=file.padding)) for root, path, file in listed)

    def lists(self, piece: Piece) -> bool:
        """Whether it has this file, or one of its set, or a set of its name, also with other numbers."""
        if (piece.root, piece.path) in self._files:
            return True
        if piece.files is None:
            return any(root == piece.root and files.match(piece.path) is not None for root, files in self._sets)
        files = attrs.evolve(piece.files, pattern=piece.path)
        return any(root == piece.root and files.match(path) is not None for root, path in self._files)

    def _listed(self) -> Iterator[tuple[str, str, File]]:
        for item in self.representations:
            before = f"{item.folder}/" if item.folder else ""
            for file in item.files:
                yield item.root, before + file.name, file


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
