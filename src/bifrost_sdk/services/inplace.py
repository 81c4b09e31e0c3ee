"""Files that are published where they lie: in some root, under the names that they have."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import attrs

from bifrost_sdk.domain import rootpaths
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.services.sources import Piece, Source


class Spot(NamedTuple):
    """Where the files of a representation lie: a root, and a folder below it, which may be the root itself."""

    root: str
    folder: str


def lying(
    made: Mapping[str, Sequence[Piece]], roots: Mapping[str, Path]
) -> tuple[dict[str, tuple[Piece, ...]], dict[str, Spot]]:
    """The pieces under the names that they have in the nearest folder that holds a representation, and that folder.

    Raises:
        ValidationError: a file lies below no root of this machine, or in another one than its neighbours.
    """
    pieces: dict[str, tuple[Piece, ...]] = {}
    spots: dict[str, Spot] = {}
    for key, given in made.items():
        places = {source: _place(source.path, roots) for piece in given for source in piece.sources}
        if len({place.root for place in places.values()}) > 1:
            message = f"the files of {key!r} lie in several roots"
            raise ValidationError(Issue("files.roots", message, f"files.{key}", hint="make several representations"))
        folder = _around(place.folder for place in places.values())
        spots[key] = Spot(next(iter(places.values())).root, folder)
        pieces[key] = tuple(_renamed(piece, places, folder) for piece in given)
    return pieces, spots


def _place(path: Path, roots: Mapping[str, Path]) -> Spot:
    """The root of a file and its path below it: of the file itself, whatever links lead to its folder."""
    if path.is_symlink():
        message = f"{path} is a link, and what it leads to may change"
        raise ValidationError(Issue("files.link", message, "files", str(path), "publish what it leads to, or a copy"))
    real = os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118 - a text is asked for
    found = rootpaths.below(real, [(name, Path(os.path.realpath(folder))) for name, folder in roots.items()])
    if not found:
        known = ", ".join(f"{name} ({folder})" for name, folder in roots.items()) or "none"
        message = f"{path} lies below no root of this machine: {known}"
        raise ValidationError(Issue("files.root", message, "files", str(path), "publish a copy, or move it first"))
    return Spot(*found[0])


def _around(paths: Iterable[str]) -> str:
    """The nearest folder that holds all of these files."""
    return posixpath.commonpath([posixpath.dirname(path) for path in paths])


def _renamed(piece: Piece, places: Mapping[Source, Spot], folder: str) -> Piece:
    start = len(folder) + 1 if folder else 0
    sources = tuple(attrs.evolve(source, name=places[source].folder[start:]) for source in piece.sources)
    if piece.files is None:
        return attrs.evolve(piece, name=sources[0].name, sources=sources)
    above = sources[0].name.removesuffix(piece.sources[0].name)
    files = attrs.evolve(piece.files, pattern=above + piece.files.pattern)
    return Piece(files.pattern, sources, files)
