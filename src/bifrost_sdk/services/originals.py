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
from bifrost_sdk.services.sources import Source
from bifrost_sdk.services.staging import Transfer


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
    roots = [(name, Path(os.path.realpath(folder))) for name, folder in context.roots.items()]
    places = {
        place: source.path
        for source in found
        if not source.path.is_symlink()  # then the link goes, and what it leads to stays
        for place in rootpaths.below(os.path.realpath(source.path), roots)
        if path_fault(place.path) is None  # nothing is published under such a name
    }
    folders = {Below(root, str(folder)) for root, path in places for folder in PurePosixPath(path).parents[:-1]}
    sealed = {each for each in folders if staging.any_manifest_in(context.storages[each.root], each.path)}
    adopted = stored.by_folder(context, project, places)
    for place, path in places.items():
        if place in adopted or any(
            Below(place.root, str(each)) in sealed for each in PurePosixPath(place.path).parents
        ):
            message, hint = "it is published, and what is published stays", "copy or link it"
            raise ValidationError(Issue("files.published", message, "files", str(path), hint))
