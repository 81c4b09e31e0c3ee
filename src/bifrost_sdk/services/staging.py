"""Files on their way into a version: staged beside their place, placed whole, or taken back.

A version is staged in ``.bifrost/tx/<version id>`` below the root, so that what belongs to an unfinished one can be
told from its name alone, by anybody and at any time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from typing import Literal

import attrs

from bifrost_sdk.domain.versions import Representation, Version
from bifrost_sdk.errors import ConflictError, StorageError, ValidationError
from bifrost_sdk.ports import Storage
from bifrost_sdk.services import digests, sources
from bifrost_sdk.services.manifests import Entry, Manifest, digest
from bifrost_sdk.services.sources import MANIFEST, Source

#: Where unfinished versions lie below a root, one folder each, named by id.
TRANSACTIONS = ".bifrost/tx"

#: How much is read, hashed and written at once, in bytes.
BLOCK = 1 << 20

#: Told how many bytes were copied; may raise to stop.
Watch = Callable[[int], None]

#: How files are taken over: copied (without writing a byte where the file system shares blocks), moved, hard-linked,
#: or left where they lie.
Transfer = Literal["copy", "move", "link", "adopt"]


@attrs.frozen
class Places:
    """Where one version lies in a root: `staged` until it is placed; `finals` are the folders it may take, best first.

    There are none where files stay where they lie. The second one is for a number whose folder is taken: by a version
    of a node that had this path before it moved.
    """

    staged: str
    finals: tuple[str, ...]

    @classmethod
    def of(cls, item: Version | Representation) -> Places:
        """The places of a version, as its reservation says, or of a representation that is added to one."""
        finals = (item.folder, f"{item.folder}-{item.id[-12:]}") if item.folder else ()
        return cls(f"{TRANSACTIONS}/{item.id}", finals)

    def choose(self, storage: Storage, *, taken: Collection[str] = ()) -> str:
        """The first folder that is free, and not `taken` by what is placed together with it."""
        free = (folder for folder in self.finals if folder not in taken and not storage.names(folder))
        return next(free, self.finals[-1])


def take(
    storage: Storage,
    source: Source,
    folder: str,
    watch: Watch,
    *,
    transfer: Transfer = "copy",
    algorithm: str = digests.USUAL,
) -> Entry:
    """Take one file over, hashed while it is read; what cannot be linked or share its blocks is copied.

    Raises:
        StorageError: it cannot be read or written, or was changed meanwhile.
        ConfigurationError: the algorithm needs a library that is not installed.
    """
    path = f"{folder}/{source.name}"
    is_linked = transfer == "link" or (transfer == "move" and not source.path.is_symlink())  # what it leads to stays
    if storage.share(source.path, path, link=is_linked):
        return entry(source, watch=watch, algorithm=algorithm)
    hasher = digests.hasher_for(algorithm)
    storage.write(path, _blocks(source, hasher.update, watch))
    return Entry(source.name, source.size, digests.spell(hasher))


def _unwatched(_: int) -> None:
    """Nobody is told."""


def entry(source: Source, *, watch: Watch = _unwatched, algorithm: str = digests.USUAL) -> Entry:
    """What the manifest would say of a file, which is read for that.

    Raises:
        StorageError: it cannot be read, or was changed meanwhile.
        ConfigurationError: the algorithm needs a library that is not installed.
    """
    hasher = digests.hasher_for(algorithm)
    for _ in _blocks(source, hasher.update, watch):
        pass
    return Entry(source.name, source.size, digests.spell(hasher))


def seal(storage: Storage, folder: str, manifest: Manifest) -> str:
    """Write the manifest beside the files and make all of it durable; its hash."""
    content = manifest.to_bytes()
    storage.write(f"{folder}/{MANIFEST}", [content])
    storage.sync(folder)
    return digest(content)


def manifest_in(storage: Storage, folder: str, transaction: str) -> Manifest | None:
    """The manifest of that transaction in a folder; None where there is none, or another's, or a damaged one."""
    found = any_manifest_in(storage, folder)
    return found if found and found.transaction == transaction else None


def any_manifest_in(storage: Storage, folder: str) -> Manifest | None:
    """The manifest of whatever lies in a folder; None where there is none, or a damaged one."""
    path = f"{folder}/{MANIFEST}"
    if storage.size(path) is None:
        return None
    try:
        return Manifest.from_bytes(b"".join(storage.read(path)))
    except ValidationError:
        return None


def is_whole(storage: Storage, folder: str, manifest: Manifest) -> bool:
    """Whether every file of the manifest is there, and is what it says.

    Raises:
        ConfigurationError: to tell needs a library that is not installed.
    """
    places = [(f"{folder}/{entry.name}", entry) for entry in manifest.entries]
    return all(storage.size(path) == entry.size for path, entry in places) and all(
        _digest(storage, path, digests.algorithm_of(entry.hash)) == entry.hash for path, entry in places
    )


def is_sealed(storage: Storage, places: Places, transaction: str) -> bool:
    """Whether there is a manifest of that transaction, so that who recovers it may find it whole."""
    return any(manifest_in(storage, folder, transaction) for folder in (places.staged, *places.finals))


def withdraw(storage: Storage, places: Places, transaction: str) -> list[str]:
    """Take the files of what was given up away; the folders that were removed.

    A placed folder first moves back to where unfinished ones lie, so that its place is free in one step.
    """
    removed = [folder for folder in places.finals if _take_back(storage, places.staged, folder, transaction)]
    if storage.names(places.staged):
        removed.append(places.staged)
    storage.remove(places.staged)
    return removed


def _take_back(storage: Storage, staged: str, final: str, transaction: str) -> bool:
    if _is_begun(storage, final, manifest_in(storage, staged, transaction)):
        with contextlib.suppress(ConflictError):  # it is somebody else's
            storage.place(staged, final, last=MANIFEST)  # finish it, so that its manifest tells whose the folder is
    if manifest_in(storage, final, transaction) is None:
        return False
    storage.remove(staged)
    storage.place(final, staged, last=MANIFEST)
    return True


def _is_begun(storage: Storage, final: str, staged: Manifest | None) -> bool:
    """Whether the folder may have been claimed for what is staged; the first thing that is made is an empty folder."""
    if staged is None or storage.size(f"{final}/{MANIFEST}") is not None:
        return False
    may_be_empty = not storage.capabilities.moves_whole and any(item.folder == final for item in staged.representations)
    return may_be_empty or MANIFEST in storage.names(final)


def _blocks(source: Source, digest: Callable[[bytes], object], watch: Watch) -> Iterator[bytes]:
    left = source.size
    try:
        with source.path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK):
                left -= len(block)
                digest(block)
                yield block
                watch(len(block))
        is_same = left == 0 and sources.stamp(source.path) == source.stamp
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"cannot read {source.path}: {reason}; nothing was published"
        raise StorageError(message, path=str(source.path), reason=reason) from error
    if not is_same:
        message = f"{source.path} was changed while it was copied; publish again when it is written"
        raise StorageError(message, path=str(source.path), reason="changed")


def _digest(storage: Storage, path: str, algorithm: str) -> str:
    hasher = digests.hasher_for(algorithm)
    for block in storage.read(path):
        hasher.update(block)
    return digests.spell(hasher)
