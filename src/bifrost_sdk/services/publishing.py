"""Files become a version, whole or not at all: reserve, stage, place, finalise, in this order and no other.

A number is reserved first, so that nobody else can have it. Files are staged beside their place and placed by one
rename that never replaces anything; nothing refers to them until the last commit, which shows all of it at once.
Whatever fails before that is abandoned, and its files are removed once the abandon is won. What a lost machine leaves
behind, `bifrost_sdk.services.recovery` settles.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.versions import LEASE, Version
from bifrost_sdk.errors import BifrostError, ConflictError
from bifrost_sdk.ports import Storage
from bifrost_sdk.services import following, presences, staging, validating
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.dependencies import Dependency
from bifrost_sdk.services.drafts import Draft, plan
from bifrost_sdk.services.manifests import Manifest
from bifrost_sdk.services.originals import Originals
from bifrost_sdk.services.places import storage_of
from bifrost_sdk.services.publications import Publication
from bifrost_sdk.services.reservations import Reservation, refuse_unpublished
from bifrost_sdk.services.sources import MANIFEST, Files
from bifrost_sdk.services.staging import Places, Transfer
from bifrost_sdk.services.watchers import Cancel, Progress, Watcher

# So often a publisher may lose its lease before it gives in.
_LOSSES = 3

# How long a publisher waits for a recovery to decide, and how often it looks, in seconds.
_PATIENCE = 2
_PAUSE = 0.05


def publish(
    context: Context,
    owner: Item,
    product: str,
    files: Files,
    *,
    comment: str = "",
    description: str = "",
    depends_on: Sequence[Dependency] = (),
    task: Item | None = None,
    status: Item | None = None,
    tags: Sequence[str] = (),
    metadata: Mapping[str, Any] | None = None,
    source: str = "",
    frames: FrameRange | str | None = None,
    transfer: Transfer = "copy",
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    key: str | None = None,
    lease: int = LEASE,
) -> Version:
    """Publish files as the next version of a product of `owner`, which is a node, its reference or id.

    `files` gives for each representation (usd, abc, preview) a path, a pattern (``beauty.####.exr``, ``<UDIM>``), a
    folder or a list of these, the main one first. `depends_on` are versions, references or ids; `status` may be given
    by its code; `source` says what it was made from. With a `key`, publishing again answers with the version that came
    of it the first time, if one did. `frames` are those that sequences are to have; where nobody says them, there are
    no holes. Who loses the lease to a recovery begins anew with the next number.

    `transfer` says how files are taken over. ``copy``, where the file system can by sharing blocks until one is
    written. ``move``: linked where that can be done, and the sources are removed once the version stands. ``link``:
    hard links, so the sources become read-only, and who writes to one all the same writes to both. ``adopt``: files
    below a root stay where they lie and keep their names; they become read-only.

    Raises:
        ValidationError: the request is wrong: names, dependencies, fields; or a validator found errors.
        NotFoundError, PermissionDeniedError: the owner is not there, or nothing may be published there.
        StorageError: files cannot be read, copied or placed, were changed meanwhile, or `cancel` said so.
        ConflictError: the lease was lost to a recovery again and again, or the key was used for something else.

    In each of these cases nothing is published and no file is left.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     _ = (session.settings.folder / "hero_final2.usda").write_text("#usda 1.0")
    ...     hero = session.assets.create("demo", "char", "hero")
    ...     publish(session.context, hero, "model", {"usd": "shows/hero_final2.usda"}).ref
    'bifrost://demo/assets/char/hero/model/v001'
    """
    asked = Publication(
        owner,
        product,
        files,
        comment=comment,
        description=description,
        depends_on=depends_on,
        task=task,
        status=status,
        tags=tags,
        metadata=metadata,
        source=source,
        frames=frames,
    )
    options: Any = {"progress": progress, "cancel": cancel, "key": key, "lease": lease}  # Any: each as its own
    (version,) = publish_set(context, [asked], transfer=transfer, **options)
    return version


def publish_set(
    context: Context,
    publications: Sequence[Publication],
    *,
    transfer: Transfer = "copy",
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    key: str | None = None,
    lease: int = LEASE,
) -> list[Version]:
    """Publish several products of one project together: all of them become visible in one commit, or none does.

    A publication may depend on others of the set. Everything else, and what is raised, is as for `publish`.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     _ = (session.settings.folder / "hero.usda").write_text("#usda 1.0")
    ...     hero = session.assets.ensure("demo", "char", "hero")
    ...     look = bf.Publication(hero, "look", {"usd": "shows/hero.usda"})
    ...     rig = bf.Publication(hero, "rig", {"usd": "shows/hero.usda"}, depends_on=[look])
    ...     [version.ref for version in publish_set(session.context, [rig, look])]
    ['bifrost://demo/assets/char/hero/rig/v001', 'bifrost://demo/assets/char/hero/look/v001']
    """
    losses = 0
    for attempt in itertools.count(1):
        own = f"{key} (attempt {attempt})" if key and attempt > 1 else key
        drafts = plan(context, publications, transfer=transfer, key=own, lease=lease)
        validating.check_before_publish(context, publications, drafts)
        job = Job(context, drafts, [storage_of(context, draft.version.root) for draft in drafts], transfer)
        first = drafts[0].version
        try:
            with presences.shown(context.plugins.folder, first.project, first.id):
                held = Reservation.take(context, [(draft.product, draft.version) for draft in drafts], key=own)
                if held.repeated:
                    if all(version.state == "abandoned" for version in held.versions):
                        continue  # that attempt came to nothing
                    kept = [refuse_unpublished(version, key or "") for version in held.versions]
                    return [draft.check_same(context, version) for draft, version in zip(drafts, kept, strict=True)]
                with following.delivering(context, first.project):
                    return job.run(held, Watcher(held, sum(draft.size for draft in drafts), progress, cancel))
        except _LostError as error:
            losses += 1
            if losses == _LOSSES:
                raise ConflictError(str(error), blockers=error.blockers) from error
    raise AssertionError  # the count has no end


class _LostError(ConflictError):
    """A recovery gave up what was being published: it is begun anew, with other numbers."""


@attrs.frozen
class Job:
    """A set of versions on its way, each into the storage of its root."""

    context: Context
    drafts: Sequence[Draft]
    storages: Sequence[Storage]
    transfer: Transfer

    def run(self, held: Reservation, watch: Watcher) -> list[Version]:
        """Stage and place the reserved versions, one after the other, and finalise them together; or undo it all.

        Raises:
            BifrostError: it failed, and nothing was published.
        """
        places = [Places.of(version) for version in held.versions]
        originals = Originals.of(source for draft in self.drafts for source in draft.sources)
        try:
            manifests = self._read(held, watch) if self.transfer == "adopt" else self._place(held, places, watch)
            versions = held.finalise(manifests)
        except BaseException as error:  # an interruption leaves no more behind than an error does
            now = _undo(held, self.storages, places)
            if now and isinstance(error, Exception):
                now = self._decided(held, now, places)
            if not now or {version.state for version in now} != {"published"}:
                originals.give_back()
            if not now or not isinstance(error, Exception):
                raise
            if any(version.state == "reserved" for version in now) and not _taken(held, now):
                raise
            if given_up := [version.ref for version in now if version.state != "published"]:
                what = "was given up by a recovery, since its lease had run out"
                raise _LostError(f"{', '.join(given_up)} {what}; publish again", blockers=given_up) from error
            versions = now
        originals.finish(self.transfer)
        return versions

    def _decided(self, held: Reservation, now: list[Version], places: Sequence[Places]) -> list[Version]:
        """The versions once who recovers them has decided; for what was not whole, which can only go, nobody waits.

        Raises:
            ConflictError: it is not decided after a while.
        """
        ways = zip(self.storages, places, held.versions, strict=True)
        if not all(staging.is_sealed(storage, place, version.id) for storage, place, version in ways):
            return now
        end = time.monotonic() + _PATIENCE
        while taken := _taken(held, now):
            if time.monotonic() > end:
                what = "is being recovered, since its lease had run out; recover again to see what it became"
                raise ConflictError(f"{', '.join(taken)} {what}", blockers=taken)
            time.sleep(_PAUSE)
            with contextlib.suppress(BifrostError):
                now = held.look()
        return now

    def _read(self, held: Reservation, watch: Watcher) -> list[tuple[Manifest, str]]:
        """What there is to say of files that stay where they lie; they get no manifest beside them."""
        read = functools.partial(staging.entry, watch=watch, algorithm=self.context.hash)
        members = zip(self.drafts, held.versions, strict=True)
        return [(draft.describe(version, "", draft.read(read)), "") for draft, version in members]

    def _place(self, held: Reservation, places: Sequence[Places], watch: Watcher) -> list[tuple[Manifest, str]]:
        """Stage all versions, then place them; each manifest and its hash."""
        members = [version.id for version in held.versions]
        ways: list[tuple[Storage, Places, str]] = []
        for storage, place in zip(self.storages, places, strict=True):
            taken = {folder for other, _, folder in ways if other is storage}
            ways.append((storage, place, place.choose(storage, taken=taken)))
        sealed = []
        for draft, version, (storage, place, folder) in zip(self.drafts, held.versions, ways, strict=True):
            take = functools.partial(
                staging.take,
                storage,
                folder=place.staged,
                watch=watch,
                transfer=self.transfer,
                algorithm=self.context.hash,
            )
            manifest = draft.describe(version, folder, draft.read(take), members)
            sealed.append((manifest, staging.seal(storage, place.staged, manifest)))
        watch(0)
        for storage, place, folder in ways:
            storage.place(place.staged, folder, last=MANIFEST)
        return sealed


def _taken(held: Reservation, now: Sequence[Version]) -> list[str]:
    """The references of those that somebody else holds now."""
    known = {version.id: version.revision for version in held.versions}
    return [each.ref for each in now if each.state == "reserved" and each.revision != known[each.id]]


def _undo(held: Reservation, storages: Sequence[Storage], places: Sequence[Places]) -> list[Version]:
    """Give up versions that failed; as they stand where somebody else decided what becomes of them, else none.

    An answer may get lost on its way back, so versions that cannot be abandoned are looked at again. Where even that
    fails, everything stays for `recover`.
    """
    for version, storage, place in zip(held.versions, storages, places, strict=True):
        with contextlib.suppress(BifrostError):
            if staging.manifest_in(storage, place.staged, version.id) is None:
                storage.remove(place.staged)  # nobody can finish it, so it goes even where the abandon fails
    with contextlib.suppress(BifrostError):
        now = _abandoned(held)
        for version, storage, place in zip(now or held.versions, storages, places, strict=True):
            if version.state == "abandoned":
                staging.withdraw(storage, place, version.id)
        return now
    return []


def _abandoned(held: Reservation) -> list[Version]:
    """None once all are abandoned by us; else the versions as they stand."""
    known = {version.id: version.revision for version in held.versions}
    try:
        held.abandon()
    except ConflictError:
        now = held.look()
        ours = [each for each in now if each.state == "reserved" and each.revision == known[each.id]]
        if not ours or len(ours) == len(now):
            return now
        Reservation(held.context, ours).abandon()  # somebody took one of the set: it can be finished no more
        return held.look()
    except BifrostError:
        now = held.look()
        if any(version.state != "abandoned" for version in now):
            return now
        held.versions = now
    return []
