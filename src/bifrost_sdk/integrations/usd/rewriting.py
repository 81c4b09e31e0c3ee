"""Layers on their way into a version: what their asset paths become there, and the copies that say so.

Only what must change does: a path that leads to another asset becomes a reference to it, and one that would miss its
file in the version, as an absolute path does, becomes relative. A layer without such paths is published as it lies.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import attrs

from bifrost_sdk.domain.filesets import UDIM, FileSet, placeholders
from bifrost_sdk.errors import StorageError, ValidationError
from bifrost_sdk.integrations.usd.assetpaths import respell
from bifrost_sdk.integrations.usd.dependencies import Contents, Link, open_copy
from bifrost_sdk.integrations.usd.grouping import Unit
from bifrost_sdk.integrations.usd.library import Tf
from bifrost_sdk.integrations.usd.naming import file_names, fitting
from bifrost_sdk.services.sources import MANIFEST


@attrs.frozen
class Layout:
    """What a unit's files are called in its version; `items` are files and sets, by their paths in the folder.

    The main file is the first one. `members` are the files of sets.
    """

    unit: Unit
    items: Mapping[str, str] = attrs.field(hash=False)
    members: Mapping[str, str] = attrs.field(hash=False)

    @classmethod
    def of(cls, unit: Unit, sets: Mapping[str, frozenset[str]]) -> Layout:
        """The layout of a unit; `sets` are those that somebody refers to as such, with their files."""
        own = {pattern: files for pattern, files in sets.items() if files <= set(unit.files)}
        covered = {file for files in own.values() for file in files}
        inner = {unit.name_of(item): item for item in [*unit.files, *own] if item not in covered}
        names = file_names(inner, reserved=[MANIFEST])
        items = {inner[name]: called for name, called in names.items()}
        members = {
            file: posixpath.join(posixpath.dirname(items[pattern]), _member(file, pattern, items[pattern]))
            for pattern, files in own.items()
            for file in files
        }
        first = [unit.main] if unit.main in items else []
        return cls(unit, {item: items[item] for item in [*first, *sorted(items)]}, members)

    def name_of(self, target: str) -> str:
        """What a file or set of the unit is called in the version."""
        return self.items.get(target) or self.members.get(target) or fitting(self.unit.name_of(target))

    @property
    def renamed(self) -> dict[str, str]:
        """Files whose names no version can hold, and what they are called instead."""
        return {item: name for item, name in self.items.items() if name != self.unit.name_of(item)}


def sets_of(layers: Iterable[Contents]) -> dict[str, frozenset[str]]:
    """The sets that layers refer to, which can be published as such, and the files of each."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for contents in layers:
        for link in contents.links.values():
            if not link.is_fixed and link.files != (link.target,) and _is_set(link.target):
                found[link.target].update(link.files)
    return {target: frozenset(files) for target, files in found.items()}


def texts_of(contents: Contents, layer: str, layout: Layout, reference: Callable[[Link], str]) -> dict[str, str]:
    """The asset paths of a layer that change in its version, and what they become.

    `reference` says what stands for something in another asset, without what follows it.
    """
    found: dict[str, str] = {}
    here = posixpath.dirname(layout.name_of(layer))
    own = set(layout.unit.files)
    for path, link in contents.links.items():
        if own.issuperset(link.files):
            text = _relative(path, link, here, layout.name_of(link.target))
        else:
            text = reference(link) + link.rest
        if text != path:
            found[path] = text
    return found


def write_copy(source: Path, target: Path, texts: Mapping[str, str]) -> None:
    """A copy of a layer with other asset paths, in the format that it has, text or binary.

    Raises:
        StorageError: it cannot be read or written.
    """
    try:
        layer = open_copy(source)
        respell(layer, lambda path, _: texts.get(path, path))
        target.parent.mkdir(parents=True, exist_ok=True)
        is_written = layer.Export(str(target), args=_format(source))
    except (Tf.ErrorException, OSError, RuntimeError) as error:
        message = f"cannot write {source} anew: {error}"
        raise StorageError(message, path=str(source), reason=str(error)) from error
    if not is_written:
        raise StorageError(f"cannot write {source} anew", path=str(source), reason="export")


def _format(source: Path) -> dict[str, str]:
    """Whether a ``.usd`` file is text or binary; other names tell by themselves."""
    if source.suffix.lower() != ".usd":
        return {}
    with source.open("rb") as file:
        return {"format": "usdc" if file.read(8) == b"PXR-USDC" else "usda"}


def _relative(path: str, link: Link, here: str, name: str) -> str:
    """The path as it is where that leads to the file in the version too, else the relative one."""
    file = path[: len(path) - len(link.rest)] if link.rest else path
    if link.is_fixed or posixpath.normpath(posixpath.join(here, file)) == name:
        return path
    relative = posixpath.relpath(name, here or ".")
    return (relative if relative.startswith("../") else f"./{relative}") + link.rest


def _is_set(pattern: str) -> bool:
    """Whether a pattern reads as a set of tiles and nothing else; its name may hold what means more elsewhere."""
    name = posixpath.basename(pattern)
    try:
        return FileSet.parse_name(name).pattern == name and [each.token for each in placeholders(name)] == [UDIM]
    except ValidationError:
        return False


def _member(file: str, pattern: str, name: str) -> str:
    """What a file of a set is called when the set gets another name."""
    place = FileSet.parse_name(posixpath.basename(pattern)).match(posixpath.basename(file))
    return FileSet.parse_name(posixpath.basename(name)).name_for(udim=place.udim) if place else posixpath.basename(file)
