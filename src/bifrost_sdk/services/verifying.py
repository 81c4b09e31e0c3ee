"""Every published file is read and held against its hash, by several threads, and it goes on where it was stopped.

Nothing is changed, neither in the catalog nor of what was published. What is published, retired or purged meanwhile
does no harm: what is found of a version counts only while it stands as it was when its files were looked at.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import datetime
import functools
import json
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import attrs

from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.production import Project
from bifrost_sdk.domain.query import EVERYTHING, PAGE_LIMIT, All, AnyOf, Compare, Filter, Query, Related
from bifrost_sdk.domain.versions import Product, Representation, Version
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.ports import NOW
from bifrost_sdk.services import bookmarks, inspection
from bifrost_sdk.services.bookmarks import Bookmark
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.inspection import Finding, Inspection, Part, Problem
from bifrost_sdk.services.manifests import digest
from bifrost_sdk.services.sources import ROOT

#: Told (bytes done, bytes in all), by the thread that called.
Progress: TypeAlias = Callable[[int, int], None]
#: Asked several times a second; true stops, and a later call goes on.
Cancel: TypeAlias = Callable[[], bool]

# The states in which a version has files.
_LIVE = ("published", "retired")
# So many versions are asked for at once.
_PAGE = 100
# How long the calling thread waits for others before it tells how far it is, and how often that is kept, in seconds.
_TICK = 0.1
_KEEP = 2.0
# So many tasks wait for each thread, and so many versions are read at once: one may be as large as many others.
_AHEAD = 4
_OPEN = 10_000
# Keeping the bookmark takes at most this part of the time, however much was found.
_SHARE = 0.05


@attrs.frozen
class Verification:
    """What was looked at and found: `versions`, `files` (those of sets one by one), `size` in bytes.

    `began` is when it began, in whichever process. `is_whole`: everything was looked at; otherwise it was cancelled.
    """

    project: str
    began: datetime.datetime
    versions: int = 0
    files: int = 0
    size: int = 0
    findings: tuple[Finding, ...] = ()
    is_whole: bool = True

    @property
    def is_clean(self) -> bool:
        """Whether everything was looked at and nothing is wrong; a hash that is not known yet is nothing wrong."""
        return self.is_whole and not any(finding.problem != "unverified" for finding in self.findings)

    def of(self, *problems: Problem) -> tuple[Finding, ...]:
        """The findings of these problems."""
        return tuple(finding for finding in self.findings if finding.problem in problems)


def verify(
    context: Context,
    project: Item | None = None,
    *,
    item: Item | None = None,
    jobs: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    resume: bool = True,
) -> Verification:
    """Read every file of the published and retired versions of a project, or of those of one `item` and below it.

    `item` is a version, a product or a node. `jobs` threads read, as many as there are processors by default. What was
    cancelled or killed goes on where it was, in any process; versions that were changed since are read again. Without
    `resume` it begins anew.

    Raises:
        NotFoundError: there is no such project or item.
        ValidationError: the view shows the past, whose files are not on disk.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     verify(session.context, "demo").is_clean
    True
    """
    if context.view != NOW:
        raise ValidationError(Issue("view.past", "what lies on disk is of today", hint="use the session itself"))
    target = context.get(item) if item is not None else None
    code = context.project_of(project if target is None else target).code
    path = _bookmark_path(context, code, target)
    bookmark = (bookmarks.read(path) if resume else None) or Bookmark(context.clock(), context.catalog.revision(code))
    below, readers = _below(target), _Readers(context, jobs or min(8, os.cpu_count() or 1))
    run = _Run(context, code, below, path, bookmark, readers, progress=progress, cancel=cancel)
    is_whole = run.run()
    kept = run.bookmark
    findings = sorted(kept.findings, key=lambda each: (each.ref, each.root, each.path))
    return Verification(code, kept.began, kept.versions, kept.files, kept.size, tuple(findings), is_whole)


def _below(target: Entity | None) -> Filter:
    """The versions of an item and below it."""
    if target is None or isinstance(target, Project):
        return EVERYTHING
    if isinstance(target, (Version, Product)):
        return Compare(("id",) if isinstance(target, Version) else ("product",), "eq", target.id)
    if not isinstance(target, Node):
        raise ValidationError(Issue("kind", f"no version is below a {target.kind}", subject=target.ref))
    return Compare(("product", "path"), "startswith", f"{target.path}/")


def _bookmark_path(context: Context, project: str, target: Entity | None) -> Path | None:
    """Each user has their own: what one may not see was not verified by them."""
    root = context.roots.get(ROOT)
    if root is None or not os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises where it may not look
        return None
    part = "" if target is None or isinstance(target, Project) else target.id
    key = digest(f"{context.actor.login}\n{part}".encode()).removeprefix("sha256:")[:12]
    return root / bookmarks.FOLDER / f"{project}-{key}.json"


class _Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Lets a thread leave what it reads."""


@attrs.define(eq=False)
class _Subject:
    """A version whose files are being read; `left` counts what was not answered yet, `read` bytes."""

    version: Version
    items: Sequence[Representation]
    left: int = 1
    files: int = 0
    read: int = 0
    findings: list[Finding] = attrs.field(factory=list)

    @property
    def size(self) -> int:
        return sum(file.size for item in self.items for file in item.files)


@attrs.define(eq=False)
class _Readers:
    """Threads that read; what they answer comes back to the thread that called, which hands out what is next."""

    context: Context
    jobs: int
    running: int = 0
    _pool: concurrent.futures.ThreadPoolExecutor = attrs.field(init=False)
    _stop: threading.Event = attrs.field(factory=threading.Event)
    _lock: threading.Lock = attrs.field(factory=threading.Lock)
    _done: queue.SimpleQueue[tuple[_Subject, concurrent.futures.Future[Inspection]]] = attrs.field(
        factory=queue.SimpleQueue
    )

    def __attrs_post_init__(self) -> None:
        self._pool = concurrent.futures.ThreadPoolExecutor(self.jobs, thread_name_prefix="verify")

    @property
    def has_room(self) -> bool:
        """Whether something may be handed out: enough that none waits, few enough to be stopped soon."""
        return self.running < _AHEAD * self.jobs

    def inspect(self, subject: _Subject) -> None:
        """Hand out a version."""
        watch = functools.partial(self._watch, subject)
        self._submit(
            subject, functools.partial(inspection.inspect, self.context, subject.version, subject.items, watch)
        )

    def examine(self, subject: _Subject, part: Part) -> None:
        """Hand out a part of a version."""
        watch = functools.partial(self._watch, subject)
        self._submit(subject, functools.partial(inspection.examine, subject.version, part, watch))

    def take(self) -> Iterator[tuple[_Subject, Inspection]]:
        """What was answered since, after a short wait where nothing was."""
        with contextlib.suppress(queue.Empty):
            subject, future = self._done.get(timeout=_TICK)
            while True:
                self.running -= 1
                yield subject, future.result()
                subject, future = self._done.get_nowait()

    def close(self) -> None:
        """Tell the threads to leave what they read, and wait for that."""
        self._stop.set()
        self._pool.shutdown(cancel_futures=True)

    def _submit(self, subject: _Subject, task: Callable[[], Inspection]) -> None:
        self.running += 1
        self._pool.submit(task).add_done_callback(lambda future: self._done.put((subject, future)))

    def _watch(self, subject: _Subject, count: int) -> None:
        with self._lock:
            subject.read += count
        if self._stop.is_set():
            raise _Stopped


@attrs.define(eq=False)
class _Run:
    """One verification on its way; `bookmark` is how far it is."""

    context: Context
    project: str
    below: Filter
    path: Path | None
    bookmark: Bookmark
    readers: _Readers
    progress: Progress | None = None
    cancel: Cancel | None = None
    _total: int = attrs.field(default=0, init=False)
    _next: float = attrs.field(factory=lambda: time.monotonic() + _KEEP, init=False)

    def run(self) -> bool:
        """Whether it came to the end."""
        is_whole = False
        try:
            self._total = self._size_of_all() if self.progress else 0
            is_whole = self._verify_changed() and self._over(self._subjects(after=self.bookmark.mark), is_first=True)
        finally:
            self.readers.close()
            if not is_whole:
                bookmarks.keep(self.path, self.bookmark)
        bookmarks.remove(self.path if is_whole else None)
        return is_whole

    def _verify_changed(self) -> bool:
        """Look again at what was changed since it was verified, by an earlier process."""
        mark, since = self.bookmark.mark, self.bookmark.since
        revision = self.context.catalog.revision(self.project)
        if not mark or revision == since:
            return True
        newer = Compare(("revision",), "gt", since)
        changed = (Compare(("id",), "le", mark), AnyOf((newer, Related("representations", newer))))
        query = Query("version", project=self.project).where(self.below, *changed).rows("id").limit(PAGE_LIMIT)
        ids = {id for page in self.context.pages(query) for (id,) in page.rows}
        kept = tuple(finding for finding in self.bookmark.findings if finding.version not in ids)
        self.bookmark = attrs.evolve(self.bookmark, findings=kept)
        if not self._over(self._subjects(*changed), is_first=False):
            return False
        self.bookmark = attrs.evolve(self.bookmark, since=revision)
        return True

    def _over(self, subjects: Iterator[_Subject], *, is_first: bool) -> bool:
        """Verify these versions; False when it was cancelled. `is_first`: they are in order, and not yet counted."""
        opened: deque[_Subject] = deque()
        parts: deque[tuple[_Subject, Part]] = deque()
        while self._hand_out(subjects, opened, parts):
            for subject, answer in self.readers.take():
                subject.left += len(answer.parts) - 1
                subject.files += answer.files
                subject.findings += answer.findings
                parts.extend((subject, part) for part in answer.parts)
                if not subject.left and subject.findings:
                    self._confirm(subject)
            while opened and not opened[0].left:
                self._close(opened.popleft(), is_first=is_first)
            if not self._tell(opened):
                return False
        return True

    def _hand_out(
        self, subjects: Iterator[_Subject], opened: deque[_Subject], parts: deque[tuple[_Subject, Part]]
    ) -> bool:
        """Give the threads something to do, parts of what was begun first; whether they have something."""
        while self.readers.has_room:
            if parts:
                self.readers.examine(*parts.popleft())
                continue
            subject = next(subjects, None) if len(opened) < _OPEN else None
            if subject is None:
                break
            opened.append(subject)
            self.readers.inspect(subject)
        return self.readers.running > 0

    def _confirm(self, subject: _Subject) -> None:
        """Nothing is wrong with files that were purged meanwhile; and what got further files is looked at again."""
        (now,) = self.context.catalog.get(self.project, [subject.version.id])
        if not isinstance(now, Version) or now.state not in _LIVE:
            subject.findings = []
            return
        items = self._items([now.id])[now.id]
        if items != subject.items:
            subject.version, subject.items = now, items
            subject.findings, subject.left, subject.files, subject.read = [], 1, 0, 0
            self.readers.inspect(subject)

    def _close(self, subject: _Subject, *, is_first: bool) -> None:
        now = attrs.evolve(self.bookmark, findings=(*self.bookmark.findings, *subject.findings))
        if is_first:
            now = attrs.evolve(
                now,
                mark=subject.version.id,
                versions=now.versions + 1,
                files=now.files + subject.files,
                size=now.size + subject.size,
            )
        self.bookmark = now

    def _tell(self, opened: Iterable[_Subject]) -> bool:
        """Tell how far it is, and keep that now and then; False when it is to stop."""
        if self.progress:
            done = self.bookmark.size + sum(min(subject.read, subject.size) for subject in opened)
            self.progress(min(done, self._total), self._total)
        began = time.monotonic()
        if began > self._next:
            bookmarks.keep(self.path, self.bookmark)
            self._next = time.monotonic() + max(_KEEP, (time.monotonic() - began) / _SHARE)
        return not (self.cancel and self.cancel())

    def _subjects(self, *filters: Filter, after: str = "") -> Iterator[_Subject]:
        """The versions that have files, by id, each page as they stand when it is asked for."""
        query = Query("version", project=self.project).where(self.below, *filters, state__in=_LIVE).sort("id")
        while True:
            page = self.context.find((query.where(id__gt=after) if after else query).limit(_PAGE))
            items = self._items([version.id for version in page])
            for version in page:
                yield _Subject(version, items[version.id])
            if page.cursor is None:
                return
            after = page.entities[-1].id

    def _items(self, versions: Sequence[str]) -> dict[str, list[Representation]]:
        found: dict[str, list[Representation]] = {id: [] for id in versions}
        if versions:
            query = Query("representation", project=self.project).where(version__in=versions).sort("id")
            for item in self.context.every(query):
                found[item.version].append(item)
        return found

    def _size_of_all(self) -> int:
        """The sum of what the catalog says of all files, in bytes."""
        live = All((Compare(("state",), "in", _LIVE), self.below))
        query = Query("representation", project=self.project).where(Related("version", live))
        bodies = (row for page in self.context.pages(query.rows("body").limit(PAGE_LIMIT)) for (row,) in page.rows)
        return sum(file["size"] for body in bodies for file in json.loads(body).get("files", ()))
