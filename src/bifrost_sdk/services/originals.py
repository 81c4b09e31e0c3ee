"""The files that something is published from: given back as they were, or gone or protected when it stands."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

import attrs

from bifrost_sdk.domain import rootpaths
from bifrost_sdk.domain.codes import path_fault
from bifrost_sdk.domain.rootpaths import Below
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.services import sources, staging, stored
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.manifests import Manifest
from bifrost_sdk.services.sources import Source
from bifrost_sdk.services.staging import Transfer
from bifrost_sdk.services.workspace import OWN_NAMES


@attrs.frozen
class Originals:
    """The files that a publish was made of, with the rights that they had: a link to one shares its rights."""

    sources: Mapping[Source, int]

    @classmethod
    def of(cls, found: Iterable[Source]) -> Originals:
        """These, as they are now, but those that cannot be looked at: who reads them next is told why."""
        modes = {}
        for source in found:
            with contextlib.suppress(OSError):
                modes[source] = stat.S_IMODE(source.path.stat().st_mode)
        return cls(modes)

    def give_back(self) -> None:
        """Let them be written again as before."""
        for source, mode in self.sources.items():
            with contextlib.suppress(OSError):
                if stat.S_IMODE(source.path.stat().st_mode) != mode:
                    source.path.chmod(mode)

    def finish(self, transfer: Transfer) -> None:
        """Remove what was moved, unless it was changed since; protect what stays where it lies.

        What cannot be removed or protected stays as it is: the version stands, and nothing is lost.
        """
        for source in self.sources if transfer in {"move", "adopt"} else ():
            with contextlib.suppress(OSError):
                if transfer == "adopt":
                    source.path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
                elif sources.stamp(source.path) == source.stamp:
                    source.path.unlink()


def refuse_published(context: Context, project: str, found: Iterable[Source]) -> None:
    """Refuse to move files away that are published: by the manifest around them, or, adopted, by the catalog.

    Raises:
        ValidationError: one is.
        StorageError: a manifest cannot be read.
    """
    places = _places(context, (source for source in found if not source.path.is_symlink()))  # of links, they go alone
    adopted = stored.by_folder(context, project, places)
    sealed = _manifests(context, places)
    for place, path in places.items():
        if place in adopted or any(folder in sealed for folder in _folders(place)):
            message, hint = "it is published, and what is published stays", "copy or link it"
            raise ValidationError(Issue("files.published", message, "files", str(path), hint))


def refuse_fleeting(context: Context, found: Iterable[Source]) -> None:
    """Refuse to adopt files that do not stay where they lie: on their way, or the copy of a newest version.

    Raises:
        ValidationError: one is.
        StorageError: a manifest cannot be read.
    """
    places = _places(context, found)
    copies = {folder for folder, manifest in _manifests(context, places).items() if _is_copy(folder, manifest)}
    for place, path in places.items():
        if place.path.partition("/")[0] in OWN_NAMES or any(folder in copies for folder in _folders(place)):
            message, hint = "it is replaced, or goes, with the next version", "adopt the file of a version, or copy it"
            raise ValidationError(Issue("files.fleeting", message, "files", str(path), hint))


def _places(context: Context, found: Iterable[Source]) -> dict[Below, Path]:
    """Where files lie below roots, by the folders that links lead to."""
    roots = [(name, Path(os.path.realpath(folder))) for name, folder in context.roots.items()]
    return {
        place: source.path
        for source in found
        for place in rootpaths.below(os.path.realpath(source.path), roots)
        if path_fault(place.path) is None  # nothing is published under such a name
    }


def _folders(place: Below) -> list[Below]:
    """Those around a place, below its root."""
    return [Below(place.root, str(folder)) for folder in PurePosixPath(place.path).parents[:-1]]


def _manifests(context: Context, places: Iterable[Below]) -> dict[Below, Manifest]:
    """The manifests in the folders around these places."""
    folders = {folder for place in places for folder in _folders(place)}
    found = {each: staging.any_manifest_in(context.storages[each.root], each.path) for each in folders}
    return {folder: manifest for folder, manifest in found.items() if manifest is not None}


def _is_copy(folder: Below, manifest: Manifest) -> bool:
    from bifrost_sdk.services.latest_copies import place_of  # with what keeps such copies; seldom asked for

    made = {each.folder for each in manifest.representations}
    return folder.path in {place_of(each, manifest.number, manifest.version) for each in made}
