"""What references resolved to, kept while it is true.

Exact versions stay until they are retired or gain files; what floats (``latest``, ``approved``, no tag) and paths stay
until an event says otherwise. Each look compares one cheap token with the store; a change by anybody makes the cache
read the events since, of the projects that it knows, before it answers again.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence

import attrs

from bifrost_sdk import forks
from bifrost_sdk.domain import registry
from bifrost_sdk.domain.changes import Event
from bifrost_sdk.forks import Forking
from bifrost_sdk.ports import Resolution

#: Answers held for a project; past it they are gathered anew.
ENTRY_LIMIT = 500_000

#: A project with more events since the last look is forgotten instead of read through.
EVENT_LIMIT = 5_000


@attrs.define
class Shelf:
    """The answers of one project by the text of the reference, true as of `revision`.

    Those whose text is not the exact reference of their answer float: they may change with their product. They are
    listed by product; those that came over an old path also on their own.
    """

    revision: int
    entries: dict[str, Resolution] = attrs.field(factory=dict)
    versions: set[str] = attrs.field(factory=set)
    pending: list[Mapping[str, Resolution]] = attrs.field(factory=list)
    floating: dict[str, set[str]] = attrs.field(factory=dict)
    aliased: set[str] = attrs.field(factory=set)

    def add(self, entries: Mapping[str, Resolution], aliased: Collection[str]) -> None:
        """Keep these answers; `aliased` names texts that came over old paths."""
        self.entries.update(entries)
        self.pending.append(entries)
        self.aliased.update(aliased)

    def _index(self) -> None:
        """List what was added since the last news; until there are any, nobody asks."""
        for entries in self.pending:
            self.versions.update([entry.version for entry in entries.values()])
            for text, entry in entries.items():
                if text != entry.ref:
                    self.floating.setdefault(entry.product, set()).add(text)
        self.pending = []

    def apply(self, news: News) -> None:
        """Forget what the news make doubtful."""
        self._index()
        gone: set[str] = set()
        for product in news.products:
            gone |= self.floating.pop(product, set())
        if news.statuses:
            gone.update(*self.floating.values())
            self.floating = {}
        if news.new_nodes:
            gone |= self.aliased
            self.aliased = set()
        if not self.versions.isdisjoint(news.versions):
            self.versions -= news.versions
            gone.update(text for text, entry in self.entries.items() if entry.version in news.versions)
        for text in gone:
            self.entries.pop(text, None)
        self.revision = news.revision


class ResolutionCache(Forking):
    """Resolutions, project by project; safe to use from many threads."""

    def __init__(self) -> None:
        self.shelves: dict[str, Shelf] = {}
        self.token: object = None
        self.generation = 0
        self._lock = threading.Lock()
        forks.watch(self)

    def after_fork(self, *, is_child: bool) -> None:
        """A child begins anew where another thread was in the middle of a change."""
        if is_child and self._lock.locked():
            self.shelves, self.token, self._lock = {}, None, threading.Lock()

    def add(
        self,
        project: str,
        entries: Mapping[str, Resolution],
        *,
        revision: int,
        generation: int,
        aliased: Collection[str] = (),
    ) -> Shelf | None:
        """Keep these answers, read at `revision`; the shelf, None when the cache moved on since `generation`."""
        with self._lock:
            if generation != self.generation:
                return None
            shelf = self.shelves.get(project)
            if shelf is None or len(shelf.entries) > ENTRY_LIMIT:
                shelf = self.shelves[project] = Shelf(revision)
            shelf.add(entries, aliased)
            return shelf

    def advance(self, token: object, news: Mapping[str, News | None]) -> None:
        """Apply what happened; `token` is what the store showed before the news were read. None forgets a project."""
        with self._lock:
            self.generation += 1
            for project, items in news.items():
                if items is None:
                    self.shelves.pop(project, None)
                elif project in self.shelves:
                    self.shelves[project].apply(items)
            self.token = token


@attrs.frozen
class News:
    """What events mean for resolutions of one project, which is now at `revision`.

    `versions` that changed or gained files, the `products` of these, whether statuses changed, and whether there are
    new nodes, which may hide old paths.
    """

    revision: int
    versions: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    statuses: bool = False
    new_nodes: bool = False


def read_news(
    revision: int, events: Sequence[Event], versions: Collection[str], products: Mapping[str, str]
) -> News | None:
    """The news in these events; None when a node moved or went, which may touch any path.

    `versions` are those that `versions_in` names, and `products` maps them to their products.
    """
    statuses = new_nodes = False
    for event in events:
        if event.subject_kind == "status":
            statuses = True
        elif _is_node(event.subject_kind):
            if event.operation == "delete" or {"code", "parent"} & event.before.keys():
                return None
            new_nodes |= event.operation == "create"
    known = frozenset(products[version] for version in versions if version in products)
    return News(revision, frozenset(versions), known, statuses, new_nodes)


def versions_in(events: Iterable[Event], owners: Mapping[str, str]) -> set[str]:
    """The ids of all versions that the events are about, themselves or through a representation.

    `owners` maps representations that stand and were updated to their versions; see `updated_in`.
    """
    found: set[str] = set()
    for event in events:
        if event.subject_kind == "version":
            found.add(event.subject)
        elif event.subject_kind == "representation":
            version = {**event.before, **event.after}.get("version") or owners.get(event.subject)
            found.update([str(version)] if version else [])
    return found


def updated_in(events: Iterable[Event]) -> set[str]:
    """The ids of the representations that were updated: their events do not tell whose they are."""
    return {event.subject for event in events if event.subject_kind == "representation" and event.operation == "update"}


def _is_node(kind: str) -> bool:
    return kind in registry.kinds() and registry.entity_type(kind).is_node
