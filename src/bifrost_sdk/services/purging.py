"""The files of a retired version are taken away for good, and its record stays.

One commit decides: after it no reference leads to the files. Only then their folder moves aside, in one step, and is
removed. What somebody leaves behind who dies in between, `bifrost_sdk.services.recovery` takes away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import attrs

from bifrost_sdk.domain.changes import Update
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.rootpaths import Below
from bifrost_sdk.domain.versions import Product, Representation, Version
from bifrost_sdk.errors import BifrostError, Issue, StorageError, ValidationError
from bifrost_sdk.services import contents, places, staging
from bifrost_sdk.services.context import Context, Item, last_of
from bifrost_sdk.services.sources import MANIFEST
from bifrost_sdk.services.staging import Places

# States of a dependent in which it can do without the files that it was made of.
_DONE = ("retired", "purged", "abandoned")


@attrs.frozen
class Use:
    """Something that refers to a version: `ref` is what does; one that `holds` it keeps it from being purged.

    ``dependent``: a version that was made of it. ``link``: an annotation. ``casting``: its asset is used there.
    """

    how: Literal["dependent", "link", "casting"]
    ref: str
    state: str = ""
    holds: bool = False


@attrs.frozen
class Doomed:
    """A file that would be removed: where it lies below a root, and its size in bytes, None for what is no file.

    `is_extra`: the catalog does not know it; somebody put it there.
    """

    root: str
    path: str
    size: int | None
    is_extra: bool = False


@attrs.frozen
class PurgePlan:
    """What purging a version would take away, what refers to it, and every reason why it is refused.

    `uses` are those that the asker may see. Pins are kept beside scenes, where no catalog sees them.
    """

    version: Version
    files: tuple[Doomed, ...] = ()
    uses: tuple[Use, ...] = ()
    refusals: tuple[Issue, ...] = ()

    @property
    def size(self) -> int:
        """Of all files, in bytes."""
        return sum(file.size or 0 for file in self.files)


def plan(context: Context, item: Item) -> PurgePlan:
    """What purging a version would do, as things are now; nothing is changed.

    Raises:
        NotFoundError: there is no such version.
        ConfigurationError, StorageError: its files cannot be seen from here.
    """
    named = context.take(Version, item)
    version = context.take(Version, f"bifrost://{named.project}/~{named.id}")
    representations = _representations(context, version)
    uses = (*_dependents(context, version), *_links(context, version), *_castings(context, version))
    if version.state == "purged":
        return PurgePlan(version, uses=uses)
    owners = _owners(version, representations)
    folders = [Below(each.root, each.folder) for each in owners]
    state = [] if version.state == "retired" else [_wrong_state(version)]
    holding = [use.ref for use in uses if use.holds]
    used = [Issue("in_use", f"used by {', '.join(holding)}", "", version.ref, "retire those first")] if holding else []
    kept = [*_foreign(context, owners, version.ref), *_sharing(context, version, folders)]
    return PurgePlan(version, tuple(_files(context, folders, representations)), uses, (*state, *used, *kept))


def purge(context: Context, item: Item) -> Version:
    """Take the files of a retired version away, for good; its record stays. Safe to repeat.

    Given an entity, it must not have changed since.

    Raises:
        ValidationError: it is not retired, is in use, or its files are not known to be its own.
        ConflictError: somebody else changed it first.
        StorageError: it is purged, but files are left; purging again or `recover` takes them away.
    """
    planned = plan(context, item)
    if planned.refusals:
        raise ValidationError(planned.refusals)
    version = planned.version
    if version.state != "purged":
        expected = item.revision if isinstance(item, Entity) else version.revision
        change = Update(version.id, {"state": "purged"}, expected=expected)
        version = last_of(context.commit(version.project, [change]), Version)
    clear(context, version, _representations(context, version))
    return version


def clear(context: Context, version: Version, representations: Iterable[Representation]) -> list[str]:
    """Remove what is left of the files of a purged version; the folders that were.

    Raises:
        StorageError: some could not be removed.
    """
    removed: list[str] = []
    for item in _owners(version, representations):
        storage = context.storages.get(item.root)
        if storage is not None:
            ours = attrs.evolve(Places.of(item), finals=(item.folder,))
            try:
                removed += staging.withdraw(storage, ours, item.id)
            except StorageError:
                if any(storage.names(folder) for folder in (item.folder, ours.staged)):  # else somebody was faster
                    raise
    return removed


def _wrong_state(version: Version) -> Issue:
    hint = "retire it first" if version.state == "published" else "recover takes its files away"
    return Issue("purge.state", f"it is {version.state}, and only what is retired is purged", "", version.ref, hint)


def _representations(context: Context, version: Version) -> list[Representation]:
    query = Query("representation", project=version.project).where(version=version.id)
    return context.every(query.sort("name"))


def _owners(version: Version, representations: Iterable[Representation]) -> list[Version | Representation]:
    """Of each folder what brought it there: the version, or a representation that was added to it later."""
    owners: dict[Below, Version | Representation] = {}
    for each in representations:
        owner = each if each.lease else attrs.evolve(version, root=each.root, folder=each.folder)
        owners.setdefault(Below(each.root, each.folder), owner)
    return list(owners.values())


def _foreign(context: Context, owners: Iterable[Version | Representation], ref: str) -> Iterator[Issue]:
    """The folders that are there and cannot be told to be the version's own."""
    for item in owners:
        root, folder = item.root, item.folder
        places.marked_root(context, root)  # files that cannot be seen now are not to be taken for gone
        if isinstance(item, Version) and not item.manifest:
            message = f"its files were taken in where they lie, in {root}: {folder or 'the root itself'}"
            hint = "nothing but what was published here is removed; remove them by hand"
        elif (storage := context.storages[root]).names(folder) and not staging.manifest_in(storage, folder, item.id):
            message = f"{root}: {folder} has no readable manifest of it"
            hint = "look what lies there, and remove it by hand"
        else:
            continue
        yield Issue("purge.manifest", message, "", ref, hint)


def _sharing(context: Context, version: Version, folders: Sequence[Below]) -> Iterator[Issue]:
    """Other versions whose files lie in the same folders, as adopting can bring about."""
    for root, folder in folders if version.manifest else ():
        below = Query("representation", project=version.project).where(root=root, version__ne=version.id)
        others = [
            *context.find(below.where(folder=folder).limit(1)),
            *context.find(below.where(folder__startswith=f"{folder}/").limit(1)),
        ]
        for other in others:
            message = f"{root}: {folder} holds files of bifrost://{version.project}/~{other.version} too"
            yield Issue("purge.shared", message, "", version.ref, "they would go with it")


def _files(context: Context, folders: Iterable[Below], representations: Iterable[Representation]) -> Iterator[Doomed]:
    """Everything that lies in the folders, the manifest too."""
    known = {(each.root, path) for each in representations for path in contents.paths_of(each)}
    for root, folder in folders:
        known.add((root, f"{folder}/{MANIFEST}"))
        storage = context.storages[root]
        for path in contents.walk(storage, folder) if folder else ():
            yield Doomed(root, path, storage.size(path), is_extra=(root, path) not in known)


def _dependents(context: Context, version: Version) -> Iterator[Use]:
    query = Query("version", project=version.project).where(id=version.id)
    for found in context.find(query.walk("dependencies", forward=False, depth=1)):
        yield Use("dependent", found.ref, found.state, holds=found.state not in _DONE)


def _links(context: Context, version: Version) -> Iterator[Use]:
    query = Query("link", project=version.project)
    for end in ("source", "target"):
        for link in context.every(query.where(**{end: version.id})):
            yield Use("link", link.ref)


def _castings(context: Context, version: Version) -> Iterator[Use]:
    """Where the asset is used whose product it is a version of; casting names no version, so it holds none."""
    (product,) = context.get_many([f"bifrost://{version.project}/~{version.product}"])
    if not isinstance(product, Product):
        return
    castings = context.every(Query("shot_asset", project=version.project).where(asset=product.parent))
    shots = context.get_many([f"bifrost://{version.project}/~{each.shot}" for each in castings])
    for shot in shots:
        if not isinstance(shot, BifrostError):
            yield Use("casting", shot.ref)
