"""Files that were adopted unread are read later, in the background, and what they hold is known from then on.

It may be stopped at any time and begun again: only what has no hash yet is read.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import attrs

from bifrost_sdk.domain import wire
from bifrost_sdk.domain.changes import Change, Update
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.reconciliation import NEAR
from bifrost_sdk.domain.versions import File, Representation, Workfile
from bifrost_sdk.errors import BifrostError, StorageError
from bifrost_sdk.services import contents, digests, places, sources, staging
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.manifests import Entry, listing_digest
from bifrost_sdk.services.sources import Source

#: Told (representations and work files done, in all).
Progress: TypeAlias = Callable[[int, int], None]
#: Asked again and again; true stops, and what was committed stays.
Cancel: TypeAlias = Callable[[], bool]

# What was read is committed after so many representations or seconds: an interruption costs no more than that.
_PAGE = 200
_PATIENCE = 10
_READERS = min(8, os.cpu_count() or 1)


@attrs.frozen
class Unhashed:
    """A file, or a set, that was not given a hash: where it lies below a root, and why."""

    root: str
    path: str
    reason: str


@attrs.frozen
class Hashed:
    """How many files (a set counts once) have a hash now, and those that could not be given one.

    `is_whole`: everything was looked at; otherwise it was cancelled.
    """

    files: int = 0
    failed: tuple[Unhashed, ...] = ()
    is_whole: bool = True


class _Read(NamedTuple):
    """A thing whose files were read: its id, its fields as they can be written now, and what could not be read."""

    id: str
    fields: Mapping[str, Any]  # Any: as an Update takes them
    files: int
    failed: tuple[Unhashed, ...] = ()


def learn(context: Context, project: str, *, progress: Progress | None = None, cancel: Cancel | None = None) -> Hashed:
    """Read every file of the project that has no hash, and keep the hashes.

    What cannot be read, or of a version is not what was adopted, is reported and left as it is.

    Raises:
        NotFoundError: there is no such project.
        PermissionDeniedError: the actor may not change representations.
        ConfigurationError: the settings ask for an algorithm whose library is not installed.
    """
    digests.hasher_for(context.hash)
    representations = Query("representation", project=project).where(files__hash__contains="")
    workfiles = Query("workfile", project=project).where(hash="", size__ge=0)
    total = sum(context.find(query.count()).count or 0 for query in (representations, workfiles))
    done, result, stop = 0, Hashed(), threading.Event()
    writing = _Writing(context, project)
    with concurrent.futures.ThreadPoolExecutor(_READERS) as pool, _set_at_end(stop):
        for query in (representations, workfiles):
            for page in context.pages(query.sort("id").limit(_PAGE)):
                for read in pool.map(lambda item: _read(context, item, stop), page):
                    if cancel and cancel():
                        writing.flush()
                        return attrs.evolve(result, is_whole=False)
                    writing.add(read)
                    done += 1
                    result = Hashed(result.files + read.files, result.failed + read.failed)
                    if progress:
                        progress(done, total)
                writing.flush()
    return result


@attrs.define
class _Writing:
    """Keeps what was read, in commits that are neither small nor late."""

    context: Context
    project: str
    changes: list[Change] = attrs.field(factory=list)
    since: float = attrs.field(factory=time.monotonic)

    def add(self, read: _Read) -> None:
        if read.fields:
            self.changes.append(Update(read.id, read.fields))
        if time.monotonic() - self.since > _PATIENCE:
            self.flush()

    def flush(self) -> None:
        if self.changes:
            self.context.commit(self.project, self.changes, comment="hash adopted files")
        self.changes, self.since = [], time.monotonic()


@contextlib.contextmanager
def _set_at_end(stop: threading.Event) -> Iterator[None]:
    """Whatever ends the reading, those who still read are told to leave."""
    try:
        yield
    finally:
        stop.set()


def _read(context: Context, item: Representation | Workfile, stop: threading.Event) -> _Read:
    if isinstance(item, Workfile):
        return _read_workfile(context, item, stop)
    files: list[File] = []
    failed: list[Unhashed] = []
    for file in item.files:
        try:
            folder = places.root(context.roots, item.root) / item.folder
            found = file.hash or _hash(folder, file, context.hash, stop)
            files.append(attrs.evolve(file, hash=found))
        except BifrostError as error:
            files.append(file)
            path = f"{item.folder}/{file.name}" if item.folder else file.name
            failed.append(Unhashed(item.root, path, _reason(error)))
    read = sum(1 for old, new in zip(item.files, files, strict=True) if old != new)
    return _Read(item.id, {"files": tuple(files)} if read else {}, read, tuple(failed))


def _read_workfile(context: Context, item: Workfile, stop: threading.Event) -> _Read:
    """A work file may have been written since it was adopted: what it holds now is taken in."""
    try:
        path = places.root(context.roots, item.root) / item.file
        source = _source(path, item.file)
        entry = _entry(source, context.hash, stop)
    except BifrostError as error:
        return _Read(item.id, {}, 0, (Unhashed(item.root, item.file, _reason(error)),))
    modified = wire.from_microseconds(source.stamp[1] // 1_000)
    is_settled = wire.to_microseconds(context.clock()) - wire.to_microseconds(modified) > NEAR
    fields = {"size": entry.size, "hash": entry.hash, "modified_at": modified if is_settled else None}
    return _Read(item.id, fields, 1)


def _reason(error: BifrostError) -> str:
    return str(getattr(error, "reason", "") or error)


def _hash(folder: Path, file: File, algorithm: str, stop: threading.Event) -> str:
    """The hash of a file as publishing would have made it."""
    entries = [_entry(_source(folder / name, name), algorithm, stop) for name in contents.names_of(file)]
    size = sum(entry.size for entry in entries)
    if size != file.size:
        reason = f"has {size:,} bytes now, {file.size:,} when it was adopted"
        raise StorageError(f"{folder / file.name} {reason}", path=str(folder / file.name), reason=reason)
    return listing_digest(entries) if contents.is_set(file) else entries[0].hash


def _source(path: Path, name: str) -> Source:
    try:
        mark = sources.stamp(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(f"cannot read {path}: {reason}", path=str(path), reason=reason) from error
    return Source(path, name, mark[0], mark)


def _entry(source: Source, algorithm: str, stop: threading.Event) -> Entry:
    def watch(_: int) -> None:
        if stop.is_set():
            raise StorageError(f"reading {source.path} was stopped", path=str(source.path), reason="stopped")

    return staging.entry(source, watch=watch, algorithm=algorithm)
