"""What publishers that died left behind is settled: a version becomes whole, or its number is given up for good.

Anybody may do it, anywhere, at any time and any number at once, beside publishers that live: whose lease still runs is
left alone, and what a lapsed one becomes is decided by a commit that only one gets through. Leases run by the
authority's clock, never by that of this machine. Nothing is deleted that cannot be told to be an unfinished version's.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import attrs

from bifrost_sdk.domain.changes import Check
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.rootpaths import TRIALS
from bifrost_sdk.domain.versions import LEASE, Representation, Version
from bifrost_sdk.errors import BifrostError, ConflictError
from bifrost_sdk.ports import Storage
from bifrost_sdk.services import digests, following, latest_copies, presences, purging, staging
from bifrost_sdk.services.additions import Claim
from bifrost_sdk.services.context import Context, Item, is_id
from bifrost_sdk.services.manifests import Manifest, digest
from bifrost_sdk.services.places import storage_of
from bifrost_sdk.services.presences import Presence
from bifrost_sdk.services.reservations import Reservation
from bifrost_sdk.services.sources import MANIFEST
from bifrost_sdk.services.staging import TRANSACTIONS, Places

Outcome = Literal["published", "abandoned", "waiting", "removed", "unknown", "failed"]


@attrs.frozen
class Finding:
    """One thing that was found and what became of it.

    `subject` is the reference of a version, or a folder below a root. ``published``: it was whole. ``abandoned``: it
    was not, and its files are gone. ``waiting``: its publisher holds it until `until`. ``removed``: a left-over of a
    version that had been given up or purged, or of trying out a storage. ``unknown``: nothing of ours, left as it is.
    ``failed``: see `reason`.
    """

    subject: str
    outcome: Outcome
    reason: str = ""
    until: datetime.datetime | None = None


@attrs.frozen
class Recovery:
    """Everything that a recovery found; nothing at all after a quiet day."""

    findings: tuple[Finding, ...] = ()

    def subjects(self, outcome: Outcome) -> tuple[str, ...]:
        """What had this outcome."""
        return tuple(finding.subject for finding in self.findings if finding.outcome == outcome)


def recover(context: Context, project: Item | None = None) -> Recovery:
    """Settle every version whose lease ran out, of one project or of all that are visible, and clear left-overs.

    Raises:
        NotFoundError: there is no such project.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     recover(session.context).findings
    ()
    """
    if project is None:
        codes = [found.code for found in context.every(Query("project", project=STUDIO)) if found.state == "active"]
    else:
        codes = [context.project_of(project).code]
    findings: list[Finding] = []
    for code in codes:
        with following.delivering(context, code):
            findings += _project(context, code)
    for root, storage in sorted(context.storages.items()):
        findings += _left_over(context, root, storage)
    return Recovery(tuple(findings))


def recover_own(context: Context) -> Recovery:
    """Settle what dead publishers of this machine and this user left behind, though their leases still run.

    That they are dead is told by their locks; see `bifrost_sdk.services.presences`.
    """
    marks = presences.found(context.plugins.folder)
    keys = [f"bifrost://{mark.project}/~{mark.id}" for mark in marks]
    findings: list[Finding] = []
    for mark, entity in zip(marks, context.get_many(keys) if keys else (), strict=True):
        try:
            if isinstance(entity, BifrostError) or entity.created_by == context.actor.login:
                findings += _of_dead(context, mark, entity)
        except BifrostError as error:
            findings.append(Finding(f"bifrost://{mark.project}/~{mark.id}", "failed", str(error)))
    return Recovery(tuple(findings))


def _of_dead(context: Context, mark: Presence, entity: Entity | BifrostError) -> Iterator[Finding]:
    """Settle what was on its way when its publisher died; nothing where that lives."""
    with mark.held() as is_dead:
        if is_dead and isinstance(entity, Version):
            yield from _settled(context, entity, is_dead=True)
        elif is_dead and isinstance(entity, Representation) and entity.is_held:
            yield from _added(context, entity, is_dead=True)


def _settled(context: Context, version: Version, *, is_dead: bool = False) -> Iterator[Finding]:
    if version.state == "reserved":
        yield from _reserved(context, version, is_dead=is_dead)
    elif version.state == "abandoned":
        yield from _abandoned(context, version)


def _project(context: Context, code: str) -> Iterator[Finding]:
    for state in ("reserved", "abandoned"):
        for version in context.every(Query("version", project=code).where(state=state)):
            try:
                yield from _settled(context, version)
            except BifrostError as error:
                yield Finding(version.ref, "failed", str(error))
    for item in context.every(Query("representation", project=code).where(lease_until__isnull=False)):
        try:
            yield from _added(context, item)
        except BifrostError as error:
            yield Finding(f"{item.name} of {item.version}", "failed", str(error))
    yield from _purged(context, code)


def _added(context: Context, item: Representation, *, is_dead: bool = False) -> Iterator[Finding]:
    """Settle a representation that was on its way into a published version, unless somebody writes it meanwhile."""
    with contextlib.suppress(ConflictError):
        now = context.commit(item.project, [Check(item.id, expected=item.revision)]).at
        held = Claim(context, context.take(Version, item.version), item)
        if _is_held(item, now) and not is_dead:
            yield Finding(held.name, "waiting", "its publisher is at work", item.lease_until)
            return
        storage = storage_of(context, item.root)
        _check_hashers(context, item)
        held.renew()
        places = Places.of(item)
        whole = _find_whole(context, places, item.id) if held.version.state != "purged" else None
        if whole is not None and _put_in_place(*whole, places):
            held.finalise(whole[-1])
            yield Finding(held.name, "published", "it was whole")
            return
        removed = held.give_up(storage, places)
        yield Finding(held.name, "abandoned", f"removed {', '.join(removed)}" if removed else "it had no files")


def _purged(context: Context, code: str) -> Iterator[Finding]:
    """Remove what was left of a purged version, by somebody who died before the files were gone."""
    with_files: dict[str, list[Representation]] = {}
    for item in context.every(Query("representation", project=code).where(version__state="purged")):
        with_files.setdefault(item.version, []).append(item)
    for version in context.get_many([f"bifrost://{code}/~{id}" for id in with_files]):
        if isinstance(version, Version):
            try:
                for path in purging.clear(context, version, with_files[version.id]):
                    yield Finding(path, "removed", f"{version.ref} is purged")
            except BifrostError as error:
                yield Finding(version.ref, "failed", str(error))


def _reserved(context: Context, version: Version, *, is_dead: bool = False) -> Iterator[Finding]:
    """Settle a reserved version and those of its set, unless somebody writes one meanwhile: then they are theirs."""
    with contextlib.suppress(ConflictError):
        now = context.commit(version.project, [Check(version.id, expected=version.revision)]).at
        ours = [version]
        if is_dead or not _is_held(version, now):  # no files are moved any more, so that they can be looked at
            ours = [each for each in _members(context, version) if each.state == "reserved"]
        if (alive := [each for each in ours if _is_held(each, now)]) and not is_dead:
            yield Finding(version.ref, "waiting", "its publisher is at work", alive[0].lease_until)
            return
        for root in {each.root for each in ours}:
            storage_of(context, root)  # files that cannot be seen now are not to be taken for lost
        for each in ours:
            _check_hashers(context, each)
        held = Reservation(context, ours)
        held.renew()  # from here on they are ours, and whoever held them notices before it shows anything
        if sealed := _placed(context, held.versions):
            for each in held.finalise(sealed):
                yield Finding(each.ref, "published", "it was whole")
            return
        held.abandon()
        for each in held.versions:
            places = Places.of(each)
            storages = context.storages.values()
            removed = [path for storage in storages for path in staging.withdraw(storage, places, each.id)]
            yield Finding(each.ref, "abandoned", f"removed {', '.join(removed)}" if removed else "it had no files")


def _check_hashers(context: Context, item: Version | Representation) -> None:
    """Leave alone what cannot be told to be whole here, before it is held up for those who can.

    Raises:
        ConfigurationError: that needs a library that is not installed.
    """
    for *_, manifest in _manifests(context, Places.of(item), item.id):
        for algorithm in {digests.algorithm_of(entry.hash) for entry in manifest.entries}:
            digests.hasher_for(algorithm)


def _is_held(item: Version | Representation, now: datetime.datetime) -> bool:
    return item.lease_until is not None and item.lease_until > now


def _members(context: Context, version: Version) -> list[Version]:
    """The versions that are published together with this one, as they stand, as far as they are to be seen.

    The files of any tell all; where none is staged yet, the commit that wrote them last tells those still reserved.
    """
    for *_, manifest in _manifests(context, Places.of(version), version.id):
        if others := [id for id in manifest.members if id != version.id]:
            found = context.catalog.get(version.project, others)
            return [version, *(each for each in found if isinstance(each, Version))]
    written = Query("version", project=version.project).where(state="reserved", revision=version.revision)
    return [version, *(each for each in context.every(written) if each.id != version.id)]


def _placed(context: Context, versions: Sequence[Version]) -> list[tuple[Manifest, str]] | None:
    """The manifests of a set that is whole, and their hashes, once all of it has its place; None where it is not."""
    ids = {version.id for version in versions}
    whole = []
    for version in versions:
        places = Places.of(version)
        found = _find_whole(context, places, version.id)
        if found is None or set(found[-1].members or [version.id]) != ids:
            return None
        whole.append((found, places))
    sealed = []
    for (storage, folder, manifest), places in whole:
        seal = _put_in_place(storage, folder, manifest, places)
        if seal is None:
            return None
        sealed.append((manifest, seal))
    return sealed


def _put_in_place(storage: Storage, folder: str, manifest: Manifest, places: Places) -> str | None:
    """Place what is only staged; the manifest's hash, or None where something else has the place."""
    if folder == places.staged:
        folder = manifest.representations[0].folder
        try:
            storage.place(places.staged, folder, last=MANIFEST)
        except ConflictError:
            return None
    return digest(b"".join(storage.read(f"{folder}/{MANIFEST}")))


def _find_whole(context: Context, places: Places, version: str) -> tuple[Storage, str, Manifest] | None:
    """Where the version lies whole, placed or staged: with its manifest and every file as that says."""
    for storage, folder, manifest in _manifests(context, places, version):
        if manifest.representations and staging.is_whole(storage, folder, manifest):
            return storage, folder, manifest
    return None


def _manifests(context: Context, places: Places, version: str) -> Iterator[tuple[Storage, str, Manifest]]:
    """Every manifest of the version, and where it lies."""
    for storage in context.storages.values():
        for folder in (*places.finals, places.staged):
            manifest = staging.manifest_in(storage, folder, version)
            if manifest is not None:
                yield storage, folder, manifest


def _abandoned(context: Context, version: Version) -> Iterator[Finding]:
    """Remove what was left of a version that had been given up, by somebody who died before the files were gone."""
    places = Places.of(version)
    for storage in context.storages.values():
        for path in staging.withdraw(storage, places, version.id):
            yield Finding(path, "removed", f"{version.ref} was abandoned")


def _left_over(context: Context, root: str, storage: Storage) -> Iterator[Finding]:
    """Staged folders that belong to nothing on its way."""
    try:
        names = storage.names(TRANSACTIONS)
        for name, owner in zip(names, _owners(context, names), strict=True):
            path = f"{TRANSACTIONS}/{name.rstrip('/')}"
            if owner is None:
                yield Finding(path, "unknown", f"the root {root} holds it, but nothing that is visible has this id")
            elif not owner.is_held and not (isinstance(owner, Version) and owner.state == "abandoned"):
                rest = storage.names(path)  # none, when it was placed since the folders were listed
                storage.remove(path)
                if rest:
                    what = owner.state if isinstance(owner, Version) else "there"
                    yield Finding(path, "removed", f"{owner.ref} is {what}")
        yield from _tried(context, storage)
        for path, product in latest_copies.heal(context, storage):
            if product is None:
                yield Finding(path, "unknown", f"the root {root} holds it, but no product that is visible has this id")
            else:
                yield Finding(path, "removed", f"the copy of the newest version of {product.ref} was left half done")
    except BifrostError as error:
        yield Finding(f"{root}:{TRANSACTIONS}", "failed", str(error))


def _tried(context: Context, storage: Storage) -> Iterator[Finding]:
    """What is left where somebody died who tried what the storage can do: that takes seconds."""
    for name in storage.names(TRIALS):
        begun, path = name.partition("-")[0], f"{TRIALS}/{name.rstrip('/')}"
        if begun.isdecimal() and int(begun) + LEASE < context.clock().timestamp():
            storage.remove(path)
            yield Finding(path, "removed", "nobody tries any more what can be done there")


def _owners(context: Context, names: Iterable[str]) -> list[Version | Representation | None]:
    """The versions and representations that folders are named after, as they stand now."""
    ids = [name.rstrip("/") for name in names]
    real = [id for id in ids if is_id(id)]
    kinds = (Version, Representation)
    found = {entity.id: entity for entity in context.get_many(real) if isinstance(entity, kinds)}
    return [found.get(id) for id in ids]
