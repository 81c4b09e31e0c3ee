"""One version held against what is known of it: its manifest, its folder, the size and hash of every file. Only reads.

What the catalog says of a file is what counts. A set is checked file by file where the manifest, vouched for by its own
hash in the catalog, tells what each should be; else as a whole, by the hash of its listing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import attrs

from bifrost_sdk.domain.versions import File, Representation, Version
from bifrost_sdk.errors import BifrostError, ConfigurationError, StorageError, ValidationError
from bifrost_sdk.ports import Storage
from bifrost_sdk.services import contents, digests, places
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.manifests import Entry, Manifest, digest, entries_in, listing_digest
from bifrost_sdk.services.sources import MANIFEST

Problem = Literal["missing", "modified", "unreadable", "manifest", "extra", "unverified"]

#: Told how many bytes were read; may raise to stop.
Watch = Callable[[int], None]

# One thread reads so many files, or about so many bytes, before others get a chance to take part.
_FILES = 128
_BYTES = 64 << 20

# The size of a file of a set of which only the sum is known.
_ANY = -1


@attrs.frozen
class Finding:
    """Something that is not as the catalog says: `version` is an id, `ref` its reference, `path` lies below `root`.

    ``missing`` · ``modified``: another size or content · ``unreadable`` · ``manifest``: it is missing, damaged, or not
    the one that the catalog knows · ``extra``: somebody put it into the folder of the version · ``unverified``: it has
    the right size, but was adopted and never read, so there is no hash.
    """

    version: str
    ref: str
    problem: Problem
    root: str
    path: str
    reason: str = ""


@attrs.frozen
class Part:
    """Files of one folder that one thread reads; with `whole` all files of that set, told by their listing only.

    `is_ours`: they were published, so each is a plain file; what was adopted may lie behind links.
    """

    storage: Storage
    root: str
    folder: str
    entries: tuple[Entry, ...]
    is_ours: bool
    whole: File | None = None

    @property
    def size(self) -> int:
        """What is to be read at most, in bytes."""
        return self.whole.size if self.whole else sum(entry.size for entry in self.entries)


@attrs.frozen
class Inspection:
    """What was found of a version so far, and the parts that are still to be examined."""

    findings: tuple[Finding, ...] = ()
    parts: tuple[Part, ...] = ()
    files: int = 0


class Fault(Exception):  # noqa: N818 - it is caught where it becomes a finding, and is no error by then
    """Carries a problem to where it becomes a finding."""

    def __init__(self, problem: Problem, reason: str) -> None:
        super().__init__(reason)
        self.problem: Problem = problem
        self.reason = reason


def inspect(context: Context, version: Version, items: Sequence[Representation], watch: Watch) -> Inspection:
    """Look at the folders of a version; its files are examined at once when they are few, else they are the parts."""
    parts: list[Part] = []
    inside: dict[tuple[str, str], list[Representation]] = {}
    for item in items:
        inside.setdefault((item.root, item.folder), []).append(item)
    folders = [_Folder(version, root, folder) for root, folder in inside]
    for each in folders:
        try:
            parts += each.survey(context, inside[each.root, each.folder])
        except BifrostError as error:
            each.findings.append(each.finding("unreadable", each.folder, str(error)))
    findings = [finding for each in folders for finding in each.findings]
    if not any(each.is_sealed for each in folders):
        findings += [finding for each in folders for finding in each.pardonable]
    if sum(len(part.entries) for part in parts) <= _FILES and sum(part.size for part in parts) <= _BYTES:
        examined = [examine(version, part, watch) for part in parts]
        findings += [finding for each in examined for finding in each.findings]
        return Inspection(tuple(findings), files=sum(each.files for each in examined))
    return Inspection(tuple(findings), tuple(parts))


def examine(version: Version, part: Part, watch: Watch) -> Inspection:
    """Read the files of one part."""
    found: list[Finding] = []
    read: list[tuple[int, str]] = []
    for entry in part.entries:
        path = contents.path_in(part.folder, entry.name)
        try:
            read.append(_read(part, path, entry, watch))
        except Fault as fault:
            found.append(Finding(version.id, version.ref, fault.problem, part.root, path, fault.reason))
    if part.whole is not None and len(read) == len(part.entries):
        path = contents.path_in(part.folder, part.whole.name)
        try:
            _check_whole(part.whole, part.entries, read)
        except Fault as fault:
            found.append(Finding(version.id, version.ref, fault.problem, part.root, path, fault.reason))
    return Inspection(tuple(found), files=len(part.entries))


def _read(part: Part, path: str, entry: Entry, watch: Watch) -> tuple[int, str]:
    """The size and hash of a file as it is, the hash empty where it need not be known.

    What was published is read at once, since nearly all of it is as it should be; what is not is looked at anew.

    Raises:
        Fault: it is not as it should be.
    """
    expected = entry.size, entry.hash
    if part.is_ours and entry.hash and _holds(part.storage, path, expected, watch):
        return expected
    try:
        size = _size(part, path)
        if size is not None and entry.size not in (_ANY, size):
            raise Fault("modified", f"has {size:,} bytes, not {entry.size:,}")
        if part.whole and not part.whole.hash:
            return size or 0, ""
        if not part.whole and not entry.hash:
            raise Fault("unverified", "its hash is not known; bifrost adopt --hash reads it")
        found = _hashed(part.storage.read(path), (math.inf, part.whole.hash if part.whole else entry.hash), watch)
    except StorageError as error:
        raise Fault("unreadable", error.reason or str(error)) from error
    if entry.hash and found != expected:
        raise Fault("modified", "has other content")
    return found


def _holds(storage: Storage, path: str, expected: tuple[int, str], watch: Watch) -> bool:
    try:
        return _hashed(storage.read(path, links=False), expected, watch) == expected
    except StorageError:
        return False


def _size(part: Part, path: str) -> int | None:
    """The size of a plain file; None for an adopted one that is none, as behind a link.

    Raises:
        Fault: there is no such file.
        StorageError: it cannot be looked at.
    """
    size = part.storage.size(path)
    if size is None:
        folder, _, name = path.rpartition("/")
        names = part.storage.names(folder) if folder else [name]
        if name not in names and f"{name}/" not in names:
            raise Fault("missing", "there is no such file")
        if part.is_ours or f"{name}/" in names:
            raise Fault("unreadable", "something else has its place: it is no plain file")
    return size


def _hashed(blocks: Iterable[bytes], like: tuple[float, str], watch: Watch) -> tuple[int, str]:
    """The size and hash of some content, by the same algorithm as that of a size and hash that it is held against.

    No more is read than shows that it is longer.
    """
    limit, hash = like
    hasher = digests.hasher_for(digests.algorithm_of(hash))
    size = 0
    for block in blocks:
        hasher.update(block)
        size += len(block)
        watch(len(block))
        if size > limit:
            break
    return size, digests.spell(hasher)


def _check_whole(file: File, entries: Iterable[Entry], read: Sequence[tuple[int, str]]) -> None:
    """Hold the files of a set against what is known of all of them together.

    Raises:
        Fault: they are not what they should be.
    """
    size = sum(size for size, _ in read)
    if size != file.size:
        raise Fault("modified", f"its files have {size:,} bytes, not {file.size:,}")
    if not file.hash:
        raise Fault("unverified", "its hash is not known; bifrost adopt --hash reads it")
    if listing_digest(Entry(entry.name, *found) for entry, found in zip(entries, read, strict=True)) != file.hash:
        raise Fault("modified", "some of its files have other content")


@attrs.define
class _Folder:
    """One folder that files of a version lie in.

    `is_sealed`: it holds the manifest whose hash the catalog knows. Files that were added to a version later may lie in
    a folder with another manifest, or with none, so what is `pardonable` counts only when no folder is sealed.
    `is_ours`: some manifest tells that the folder is that of the version, with all that is in it.
    """

    version: Version
    root: str
    folder: str
    findings: list[Finding] = attrs.field(factory=list)
    pardonable: list[Finding] = attrs.field(factory=list)
    is_sealed: bool = False
    is_ours: bool = False

    def finding(self, problem: Problem, path: str, reason: str) -> Finding:
        """Something that is wrong here."""
        return Finding(self.version.id, self.version.ref, problem, self.root, path, reason)

    def survey(self, context: Context, items: Sequence[Representation]) -> Iterator[Part]:
        """The files to examine; what is wrong with the folder and its manifest is noted.

        Raises:
            BifrostError: the folder cannot be seen.
        """
        storage = places.storage_of(context, self.root)
        files = [file for item in items for file in item.files]
        known: Mapping[str, Entry] = {}
        if self.version.manifest:
            known = self._read_manifest(storage, has_sets=any(map(contents.is_set, files)))
        if self.is_ours:
            self._find_extras(storage, {path for item in items for path in contents.paths_of(item)})
        elif self.folder and not storage.names(self.folder):
            places.marked_root(context, self.root)  # an empty place where a share would be says nothing of files
        yield from self._parts(storage, files, known)

    def _find_extras(self, storage: Storage, expected: Collection[str]) -> None:
        try:
            for path in contents.walk(storage, self.folder):
                if path not in expected and path != self._manifest:
                    self.findings.append(self.finding("extra", path, "it is no file of the version"))
        except StorageError as error:
            self.findings.append(self.finding("unreadable", self.folder, str(error)))

    @property
    def _manifest(self) -> str:
        return contents.path_in(self.folder, MANIFEST)

    def _read_manifest(self, storage: Storage, *, has_sets: bool) -> Mapping[str, Entry]:
        """What the manifest says of each file, which is asked only where there are sets."""
        try:
            if storage.size(self._manifest) is None:
                self.pardonable.append(self.finding("manifest", self._manifest, "it is not there"))
                return {}
            content = b"".join(storage.read(self._manifest))
            self.is_ours = self.is_sealed = digest(content) == self.version.manifest
            if self.is_sealed:
                return {entry.name: entry for entry in entries_in(content)} if has_sets else {}
            manifest = Manifest.from_bytes(content)
        except ValidationError as error:
            self.findings.append(self.finding("manifest", self._manifest, error.issues[0].message))
            return {}
        except StorageError as error:
            self.findings.append(self.finding("manifest", self._manifest, error.reason or str(error)))
            return {}
        self.is_ours = manifest.version == self.version.id
        if not self.is_ours:
            self.findings.append(self.finding("manifest", self._manifest, "it is that of another version"))
        elif not self.is_sealed:
            message = "it is not the one that the catalog knows"
            self.pardonable.append(self.finding("manifest", self._manifest, message))
        return {entry.name: entry for entry in manifest.entries} if self.is_ours else {}

    def _parts(self, storage: Storage, files: Iterable[File], known: Mapping[str, Entry]) -> Iterator[Part]:
        def part(entries: Iterable[Entry], whole: File | None = None) -> Part:
            return Part(storage, self.root, self.folder, tuple(entries), self.is_ours, whole)

        waiting: list[Entry] = []
        size = 0
        for file in files:
            if not self._can_hash(file):
                continue
            entries = _expected(file, known)
            if entries is None:
                yield part((Entry(name, _ANY, "") for name in contents.names_of(file)), file)
                continue
            for entry in entries:
                waiting.append(entry)
                size += entry.size
                if len(waiting) >= _FILES or size >= _BYTES:
                    yield part(waiting)
                    waiting, size = [], 0
        if waiting:
            yield part(waiting)

    def _can_hash(self, file: File) -> bool:
        """Whether the library is there that its hash needs; it is noted where it is not."""
        try:
            digests.hasher_for(digests.algorithm_of(file.hash))
        except ConfigurationError as error:
            self.findings.append(self.finding("unreadable", contents.path_in(self.folder, file.name), str(error)))
            return False
        return True


def _expected(file: File, known: Mapping[str, Entry]) -> Sequence[Entry] | None:
    """What each file should be; None where only the whole set is known."""
    if not contents.is_set(file):
        return [Entry(file.name, file.size, file.hash)]
    entries = [known[name] for name in contents.names_of(file) if name in known]
    return entries if entries and listing_digest(entries) == file.hash else None
