"""Which published file a path is, by what the catalog keeps: files stay where they are, whatever is renamed.

What lies where publishing puts things is found by its version; what was taken in elsewhere by its folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bifrost_sdk.domain.codes import path_fault
from bifrost_sdk.domain.filesets import FRAME, UDIM, FileSet
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.rootpaths import Below
from bifrost_sdk.domain.text import LINE_LIMIT
from bifrost_sdk.domain.versions import File, Representation, Version
from bifrost_sdk.errors import ValidationError
from bifrost_sdk.services.context import Context

# The folder of a version where it is named as in references, maybe by the second of `staging.Places`.
_VERSION_FOLDER = re.compile(r"v([0-9]{3,6})(?:-[0-9a-f]{12})?")


class Stored(NamedTuple):
    """A place in a version: one of its files, or (both None) something else in its folder, or that itself.

    `version` is the reference of the version by its id.
    """

    place: Below
    version: str
    representation: Representation | None = None
    file: File | None = None


def version_ref(path: str) -> str | None:
    """The reference of the version whose folder a path lies in, if it lies where publishing puts versions.

    >>> version_ref("demo/assets/char/hero/model/v003/model.usda")
    'bifrost://demo/assets/char/hero/model/v003'
    """
    parts = path.split("/")
    for index in range(len(parts) - 1, 1, -1):
        if found := _VERSION_FOLDER.fullmatch(parts[index]):
            return f"bifrost://{'/'.join(parts[:index])}/v{int(found[1]):03d}"
    return None


def of_versions(context: Context, asked: Sequence[tuple[Below, Sequence[Version]]]) -> list[Stored | None]:
    """For each place what it is in one of these versions, which its path names; None where it is in none of them."""
    versions = {version.id: version for _, named in asked for version in named}
    found: dict[str, list[Representation]] = {id: [] for id in versions}
    for project in dict.fromkeys(version.project for version in versions.values()):
        ids = [id for id, version in versions.items() if version.project == project]
        for each in context.every(Query("representation", project=project).where(version__in=ids)):
            found[each.version].append(each)
    return [_in_versions(place, {each: found[each.id] for each in named}) for place, named in asked]


def by_folder(context: Context, project: str, places: Iterable[Below]) -> dict[Below, Stored]:
    """The places that are files of versions, or folders of one, wherever these lie: one question for all of them."""
    asked = [place for place in dict.fromkeys(places) if path_fault(place.path) is None]
    folders = sorted({folder for place in asked for folder in _folders(place.path) if len(folder) <= LINE_LIMIT})
    if not folders:
        return {}
    by_place: dict[tuple[str, str], list[Representation]] = {}
    query = Query("representation", project=project).where(folder__in=folders)
    for each in context.every(query):
        by_place.setdefault((each.root, each.folder), []).append(each)
    found = ((place, _among(place, by_place)) for place in asked)
    return {place: stored for place, stored in found if stored is not None}


def file_at(representation: Representation, place: Below) -> File | None:
    """The file of a representation at a place, which may be one of a set, or the set as any program spells it."""
    folder = f"{representation.folder}/" if representation.folder else ""
    if representation.root != place.root or not place.path.startswith(folder):
        return None
    name = place.path[len(folder) :]
    return next((file for file in representation.files if file.name == name or _holds(file, name)), None)


def _holds(file: File, name: str) -> bool:
    """Whether a set holds a file, or is spelled so."""
    if FRAME not in file.name and UDIM not in file.name:
        return False
    frames = {} if file.frames is None else {"frames": file.frames}
    files = FileSet(file.name, padding=file.padding, udims=file.udims, **frames)
    if name in files:
        return True
    try:
        spelled = FileSet.parse_name(name)
    except ValidationError:  # it has no token, or is no name of a file
        return False
    return spelled.pattern == file.name and (FRAME in name or spelled.padding == file.padding)


def _in_versions(place: Below, versions: Mapping[Version, Sequence[Representation]]) -> Stored | None:
    for representations in versions.values():
        if stored := _file_in(place, representations):
            return stored
    for version, representations in versions.items():
        inside = (each.root == place.root and each.folder in _folders(place.path) for each in representations)
        if not representations or any(inside):
            return Stored(place, _ref(version.project, version.id))
    return None


def _among(place: Below, by_place: Mapping[tuple[str, str], Sequence[Representation]]) -> Stored | None:
    """The file at a place, or the one version whose folder it is."""
    for folder in _folders(place.path):
        if stored := _file_in(place, by_place.get((place.root, folder), ())):
            return stored
    versions = {_ref(each.project, each.version) for each in by_place.get((place.root, place.path), ())}
    return Stored(place, versions.pop()) if len(versions) == 1 else None


def _file_in(place: Below, representations: Iterable[Representation]) -> Stored | None:
    for each in representations:
        if file := file_at(each, place):
            return Stored(place, _ref(each.project, each.version), each, file)
    return None


def _ref(project: str, version: str) -> str:
    return f"bifrost://{project}/~{version}"


def _folders(path: str) -> Iterator[str]:
    """The path and all folders above it, the nearest first, the root's own, the empty path, the last."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield ""
