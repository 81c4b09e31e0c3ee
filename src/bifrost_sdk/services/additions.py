"""What a published version gains later: a thumbnail, a proxy, a movie. It comes whole or not at all, as versions do.

The representation is made first, without files and held by a lease; its files are staged and placed in a folder of
their own beside the version's, which stays as it is; then one commit shows them. Nobody else can add one of that name
meanwhile. Who gives it up takes its files away before the representation goes, so that nothing is left to be found.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
from typing import cast

import attrs

from bifrost_sdk.domain.changes import Change, Create, Delete, Update
from bifrost_sdk.domain.destinations import filled
from bifrost_sdk.domain.entity import Node
from bifrost_sdk.domain.rootpaths import Below
from bifrost_sdk.domain.versions import LEASE, Product, Representation, Version
from bifrost_sdk.errors import BifrostError, Issue, ValidationError
from bifrost_sdk.ports import Storage
from bifrost_sdk.services import destinations, digests, drafts, originals, presences, sources, staging
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.destinations import Wanted
from bifrost_sdk.services.manifests import Entry, Manifest
from bifrost_sdk.services.originals import Originals
from bifrost_sdk.services.places import storage_of
from bifrost_sdk.services.sources import MANIFEST, ROOT, Files, Piece
from bifrost_sdk.services.staging import Places, Transfer
from bifrost_sdk.services.watchers import Cancel, Progress, Watcher


@attrs.define
class Claim:
    """A representation that is on its way into a version; it is as it was last seen."""

    context: Context
    version: Version
    representation: Representation

    @classmethod
    def take(cls, context: Context, version: Version, made: Representation) -> Claim:
        """Make a representation without files, which nobody else can make then; its own are to be put in its folder.

        Raises:
            ValidationError: the version has one of that name, or is not published.
        """
        commit = context.commit(version.project, [Create(made)], key=f"add:{made.id}:claim")
        return cls(context, version, cast("Representation", commit.entities[0]))

    @property
    def name(self) -> str:
        """What it is, for a message."""
        return f"{self.representation.name} of {self.version.ref}"

    @property
    def lease(self) -> int:
        """In seconds."""
        return self.representation.lease

    def renew(self) -> None:
        """Hold it for another lease from now.

        Raises:
            ConflictError: it was lost: somebody gave it up after the lease had run out.
        """
        self._write({"lease_until": None}, f"renew:{self.context.new_id()}")

    def finalise(self, manifest: Manifest) -> Representation:
        """Show the files that the manifest lists."""
        (made,) = manifest.representations
        self._write({"root": made.root, "folder": made.folder, "files": made.files}, "finalise")
        return self.representation

    def give_up(self, storage: Storage, places: Places) -> list[str]:
        """Take its files away, and then itself; the folders that were removed.

        Raises:
            ConflictError: somebody else decided what becomes of it.
        """
        self.renew()  # from here on nobody can show the files
        removed = staging.withdraw(storage, places, self.representation.id)
        change = Delete(self.representation.id, expected=self.representation.revision)
        self.context.commit(self.version.project, [change], key=f"add:{self.representation.id}:delete")
        return removed

    def _write(self, fields: Mapping[str, object], step: str) -> None:
        change: Change = Update(self.representation.id, fields, expected=self.representation.revision)
        commit = self.context.commit(self.version.project, [change], key=f"add:{self.representation.id}:{step}")
        self.representation = cast("Representation", commit.entities[0])


def add(
    context: Context,
    version: Version,
    files: Files,
    *,
    transfer: Transfer = "copy",
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    lease: int = LEASE,
) -> list[Representation]:
    """Give a published version further representations, one after the other, each whole or not at all.

    Raises:
        ValidationError: the version has one of them already or is not published, or names are wrong.
        StorageError: files cannot be read, copied or placed, were changed meanwhile, or `cancel` said so.
        ConflictError: the lease was lost to a recovery.
        ConfigurationError: the settings ask for hashes whose library is not installed.
    """
    if transfer == "adopt":
        message, hint = "what is added later is not adopted", "copy, move or link it"
        raise ValidationError(Issue("transfer", message, "transfer", hint=hint))
    product = context.take(Product, version.product)
    made = sources.gather(product.code, files, root=context.roots.get(ROOT))
    if transfer == "move":
        given = (source for pieces in made.values() for piece in pieces for source in piece.sources)
        originals.refuse_published(context, version.project, given)
    beside = _place(context, product, version)
    storage_of(context, beside.root)  # whether it is there, and what hashes, is known before anything is claimed
    digests.hasher_for(context.hash)
    added = []
    for key, pieces in made.items():
        drafts.check_listing(version.id, key, pieces)
        wanted = Representation(
            id=context.new_id(),
            project=version.project,
            version=version.id,
            name=key,
            root=beside.root,
            folder=f"{beside.path}-{key}",
            lease=lease,
        )
        with presences.shown(context.plugins.folder, version.project, wanted.id):
            claim = Claim.take(context, version, wanted)
            size = sum(piece.size for piece in pieces)
            added.append(_run(claim, pieces, transfer, Watcher(claim, size, progress, cancel)))
    return added


def _place(context: Context, product: Product, version: Version) -> Below:
    """Where publishing put the files of a version, or would put those that were taken in where they lie."""
    if version.folder or version.number is None:
        return Below(version.root, version.folder)
    node = context.take(Node, f"bifrost://{product.project}/~{product.parent}")
    (found,) = destinations.choose(context, [Wanted(node, product)])
    return Below(found.root, filled(found.path, version.number))


def _run(claim: Claim, pieces: Sequence[Piece], transfer: Transfer, watch: Watcher) -> Representation:
    storage = storage_of(claim.context, claim.representation.root)
    places = Places.of(claim.representation)
    taken = Originals.of(source for piece in pieces for source in piece.sources)
    try:
        folder = places.choose(storage)
        take = functools.partial(
            staging.take,
            storage,
            folder=places.staged,
            watch=watch,
            transfer=transfer,
            algorithm=claim.context.hash,
        )
        entries = [[take(source) for source in piece.sources] for piece in pieces]
        files = drafts.list_files(pieces, entries)
        made = attrs.evolve(claim.representation, folder=folder, files=files, lease_until=None)
        manifest = _describe(claim.version, made, [entry for found in entries for entry in found])
        staging.seal(storage, places.staged, manifest)
        watch(0)
        storage.place(places.staged, folder, last=MANIFEST)
        added = claim.finalise(manifest)
    except BaseException as error:  # an interruption leaves no more behind than an error does
        shown = _undo(claim, storage, places)
        if shown is None:
            taken.give_back()
        if shown is None or not isinstance(error, Exception):
            raise
        added = shown
    taken.finish(transfer)
    return added


def _undo(claim: Claim, storage: Storage, places: Places) -> Representation | None:
    """Give up what failed; as it stands where it has its files after all, since only an answer was lost.

    Where even that fails, everything stays for `recover`.
    """
    with contextlib.suppress(BifrostError):
        try:
            claim.give_up(storage, places)
        except BifrostError:
            now = claim.context.take(Representation, claim.representation.id)
            return None if now.is_held else now
    return None


def _describe(version: Version, made: Representation, entries: Sequence[Entry]) -> Manifest:
    assert version.number is not None  # what is published has one
    return Manifest(
        version=version.id,
        transaction=made.id,
        project=version.project,
        path=version.path,
        number=version.number,
        representations=(made,),
        entries=tuple(entries),
    )
