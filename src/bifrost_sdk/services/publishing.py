"""Files become a version, whole or not at all: reserve, stage, place, finalise, in this order and no other.

A number is reserved first, so that nobody else can have it. Files are staged beside their place and placed by one
rename that never replaces anything; nothing refers to them until the last commit, which shows all of it at once.
Whatever fails before that is abandoned, and its files are removed once the abandon is won. What a lost machine leaves
behind, `bifrost_sdk.services.recovery` settles.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.domain import codes, wire
from bifrost_sdk.domain.entity import DOCUMENT_LIMIT, Entity, Node
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import LEASE, AssetDependency, File, Product, Representation, Version
from bifrost_sdk.errors import BifrostError, ConflictError, Issue, StorageError, ValidationError
from bifrost_sdk.ports import Storage
from bifrost_sdk.services import dependencies, sources, staging
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.dependencies import Dependency
from bifrost_sdk.services.identity import derived_id
from bifrost_sdk.services.manifests import Entry, Manifest, listing_digest
from bifrost_sdk.services.places import storage_of
from bifrost_sdk.services.reservations import Reservation, refuse_unpublished
from bifrost_sdk.services.sources import MANIFEST, Files, Piece
from bifrost_sdk.services.staging import Places

#: The root that published files go to.
ROOT = "publish"

#: Told (bytes done, bytes in all) as files are copied.
Progress = Callable[[int, int], None]
#: Asked between blocks; true stops the publish.
Cancel = Callable[[], bool]

# What the documents of a commit need besides the files that are listed in them, in bytes.
_HEADROOM = 2_048
# Up to so many bytes are read again to tell whether a key comes with the same files.
_CHEAP = 1 << 28
_SOME_HASH = "sha256:" + 64 * "0"


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
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    key: str | None = None,
    lease: int = LEASE,
) -> Version:
    """Publish files as the next version of a product of `owner`, which is a node, its reference or id.

    `files` gives for each representation (usd, abc, preview) a path, a pattern (``beauty.####.exr``, ``<UDIM>``), a
    folder or a list of these, the main one first. `depends_on` are versions, references or ids; `status` may be given
    by its code; `source` says what it was made from. With a `key`, publishing again answers with the first version.

    Raises:
        ValidationError: the request is wrong: names, dependencies, fields.
        NotFoundError, PermissionDeniedError: the owner is not there, or nothing may be published there.
        StorageError: files cannot be read, copied or placed, were changed meanwhile, or `cancel` said so.
        ConflictError: the lease was lost to a recovery, or the key was used for something else.

    In each of these cases nothing is published and no file is left.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     _ = (session.settings.folder / "hero_final2.usda").write_text("#usda 1.0")
    ...     hero = session.assets.create("demo", "char", "hero")
    ...     publish(session.context, hero, "model", {"usd": "shows/hero_final2.usda"}).ref
    'bifrost://demo/assets/char/hero/model/v001'
    """
    node = context.take(Node, owner)
    project = context.code_of(node)
    made = sources.gather(codes.check_code(product), files, root=context.roots.get(ROOT))
    needed = dependencies.freeze(context, project, depends_on)
    new_id = _ids(context, project, key)
    entity = Product(id=new_id("product"), project=project, parent=node.id, code=product)
    version = Version(
        id=new_id("version"),
        project=project,
        product=entity.id,
        comment=comment,
        description=description,
        tags=tags,
        metadata=metadata or {},
        source=source,
        task=context.id_of(task) if task else None,
        status=context.named("status", project, status) if status else None,
        lease=lease,
    )
    job = Job(storage_of(context, ROOT), made, needed, context.new_id)
    job.check_size(version)
    held = Reservation.take(context, entity, version, key=key)
    if held.repeated:
        return job.check_same(context, refuse_unpublished(held.version, key or ""))
    return job.run(held, Watcher(held, job.size, progress, cancel))


@attrs.define
class Watcher:
    """Looks up from the copying between blocks: tells how far it is, stops when asked to, keeps the lease alive."""

    held: Reservation
    total: int
    progress: Progress | None = None
    cancel: Cancel | None = None
    done: int = 0
    renewed: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.renewed = time.monotonic()

    def __call__(self, count: int) -> None:
        """So many more bytes were copied.

        Raises:
            StorageError: it was cancelled.
            ConflictError: the lease was lost.
        """
        self.done += count
        if self.progress and count:
            self.progress(self.done, self.total)
        if self.cancel and self.cancel():
            ref = self.held.version.ref
            raise StorageError(f"publishing {ref} was cancelled; nothing was published", reason="cancelled")
        if time.monotonic() - self.renewed > self.held.version.lease / 3:
            self.held.renew()
            self.renewed = time.monotonic()


@attrs.frozen
class Job:
    """What is to be published, all of it known before a number is taken."""

    storage: Storage
    made: Mapping[str, tuple[Piece, ...]]
    needed: tuple[AssetDependency, ...]
    new_id: Callable[[], str]

    @property
    def size(self) -> int:
        """Of all files, in bytes."""
        return sum(piece.size for pieces in self.made.values() for piece in pieces)

    def check_size(self, version: Version) -> None:
        """Refuse what will not fit the catalog's documents, before it is copied.

        Raises:
            ValidationError: a representation lists too many files, or there are too many dependencies.
        """
        nowhere = "0" * 255
        for key, pieces in self.made.items():
            files = [_file(piece, [Entry(piece.name, piece.size, _SOME_HASH)]) for piece in pieces]
            body = Representation(version=version.id, name=key, folder=nowhere, files=tuple(files))
            hint = "name frames by a pattern, or publish parts as representations or products of their own"
            _check_document(body, f"files.{key}", f"{len(files)} files are too many for one representation", hint)
        whole = attrs.evolve(version, dependencies=self.needed)
        _check_document(whole, "depends_on", "there is too much text or there are too many dependencies", "give less")

    def check_same(self, context: Context, version: Version) -> Version:
        """The version, which was published earlier under the key that this comes with.

        Contents are compared up to so much that reading them again costs little; beyond that, sizes tell.

        Raises:
            ConflictError: it holds other files.
        """
        found = context.every(Query("representation", project=version.project).where(version=version.id))
        kept = {(item.name, file.name): file for item in found for file in item.files}
        asked = {(key, piece.name): piece for key, pieces in self.made.items() for piece in pieces}
        differences = [
            f"{key}: {name} {difference}"
            for key, name in sorted(kept.keys() | asked.keys())
            if (difference := self._difference(kept.get((key, name)), asked.get((key, name))))
        ]
        if differences:
            message = (
                f"the key was used for {version.ref}, which differs: {'; '.join(differences)}; publish with a new key"
            )
            raise ConflictError(message, blockers=[version.ref])
        return version

    def _difference(self, kept: File | None, asked: Piece | None) -> str:
        if kept is None or asked is None:
            return "was not published" if kept is None else "was published, and is not asked for"
        if (kept.size, kept.count) != (asked.size, len(asked.sources)):
            return "has another size"
        if (kept.frames, kept.udims) != (asked.frames, asked.udims):
            return "has other frames or tiles"
        if self.size > _CHEAP:
            return ""
        same = _file(asked, [staging.entry(source) for source in asked.sources]).hash == kept.hash
        return "" if same else "has other content"

    def run(self, held: Reservation, watch: Watcher) -> Version:
        """Stage, place and finalise a reserved version; undo it all when that fails.

        Raises:
            BifrostError: it failed, and nothing was published.
        """
        places = Places.of(held.version)
        try:
            folder = places.choose(self.storage)
            manifest = self._stage(held.version, places.staged, folder, watch)
            digest = staging.seal(self.storage, places.staged, manifest)
            watch(0)
            self.storage.place(places.staged, folder, last=MANIFEST)
            return held.finalise(manifest, digest)
        except BaseException as error:  # an interruption leaves no more behind than an error does
            now = _undo(held, self.storage, places)
            if now is None or now.state == "reserved" or not isinstance(error, Exception):
                raise
            if now.state == "published":
                return now
            message = f"{now.ref} was given up by a recovery, since its lease had run out; publish again"
            raise ConflictError(message, blockers=[now.ref]) from error

    def _stage(self, version: Version, staged: str, folder: str, watch: Watcher) -> Manifest:
        entries: list[Entry] = []
        representations: list[Representation] = []
        for key, pieces in self.made.items():
            files: list[File] = []
            for piece in pieces:
                copied = [staging.copy(self.storage, source, staged, watch) for source in piece.sources]
                files.append(_file(piece, copied))
                entries += copied
            representations.append(
                Representation(
                    id=self.new_id(),
                    project=version.project,
                    version=version.id,
                    name=key,
                    root=ROOT,
                    folder=folder,
                    files=tuple(files),
                )
            )
        assert version.number is not None  # the authority numbers what it reserves
        return Manifest(
            version=version.id,
            project=version.project,
            path=version.path,
            number=version.number,
            dependencies=self.needed,
            representations=tuple(representations),
            entries=tuple(entries),
        )


def _undo(held: Reservation, storage: Storage, places: Places) -> Version | None:
    """Give up a version that failed; the version as it stands where somebody else decided what becomes of it.

    An answer may get lost on its way back, so a version that cannot be abandoned is looked at again. Where even that
    fails, everything stays for `recover`.
    """
    with contextlib.suppress(BifrostError):
        if staging.manifest_in(storage, places.staged, held.version.id) is None:
            storage.remove(places.staged)  # nobody can finish it, so it goes even where the abandon fails
    with contextlib.suppress(BifrostError):
        now = _abandoned(held)
        if now is None or now.state == "abandoned":
            staging.withdraw(storage, places, held.version.id)
        return now
    return None


def _abandoned(held: Reservation) -> Version | None:
    """None once it is abandoned by us; else the version as it stands."""
    try:
        held.abandon()
    except ConflictError:
        return held.look()
    except BifrostError:
        now = held.look()
        return None if now.state == "abandoned" else now
    return None


def _file(piece: Piece, entries: Sequence[Entry]) -> File:
    return File(
        name=piece.name,
        size=sum(entry.size for entry in entries),
        hash=listing_digest(entries) if piece.files else entries[0].hash,
        padding=piece.files.padding if piece.files else 0,
        frames=piece.frames,
        udims=piece.udims,
        count=len(piece.sources),
    )


def _check_document(entity: Entity, field: str, message: str, hint: str) -> None:
    size = len(wire.to_json(wire.dump(entity)).encode()) + _HEADROOM
    if size > DOCUMENT_LIMIT:
        detail = f"{message}: {size:,} bytes of {DOCUMENT_LIMIT:,}"
        raise ValidationError(Issue("document.size", detail, field, hint=hint))


def _ids(context: Context, project: str, key: str | None) -> Callable[[str], str]:
    """New ids; with an idempotency key always the same ones, so that the same request reads the same."""
    if key is None:
        return lambda _: context.new_id()

    return lambda what: derived_id(f"{project}\n{context.actor.login}\n{key}\n{what}")
