"""One look at a memory store, or one write: what queries mean is left to `domain.evaluation`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bifrost_sdk.adapters.memory import locating, paging
from bifrost_sdk.adapters.memory.moment import Moment
from bifrost_sdk.adapters.memory.shelf import Shelf
from bifrost_sdk.domain.query import EVERYTHING, PAGE_LIMIT, Compare, Edge, Filter, Include, Query, Walk
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.resembling import COMPARED, nearest
from bifrost_sdk.errors import CatalogError, ConflictError, NotFoundError, QueryError
from bifrost_sdk.ports import Located, Logged, LoggedCommit, Record, Resolution, Selection, Want, Write


class MemoryTransaction:
    """One state of all projects; with `project`, that one can be written and `shelves` is what comes out."""

    def __init__(self, shelves: Mapping[str, Shelf], *, project: str | None = None) -> None:
        self.shelves = dict(shelves)
        self._project = project
        if project in self.shelves:
            self.shelves[project] = self.shelves[project].following()

    def head(self, project: str) -> tuple[int, int]:
        """(revision, time of the last commit in microseconds)."""
        shelf = self.shelves.get(project)
        if shelf is None:
            raise NotFoundError(f"bifrost://{project}", reason="there is no such project in this catalog")
        return shelf.revision, shelf.at

    def load(self, by: str, project: str, values: Sequence[Any], *, at: int | None = None) -> list[Record | None]:
        """Records by id, key or path, one answer each, in order."""
        moment = Moment.of(self.shelves, project, at)
        if by == "id":
            return [moment.by_id(value) for value in values]
        find = moment.by_key if by == "key" else moment.by_path
        return [find(project, value) for value in values]

    def select(self, query: Query, *, at: int | None = None, offset: Any = None) -> Selection:
        """What the query asks for; `offset` is what `Selection.last` was.

        Raises:
            QueryError: when a past state is searched for words, or grouped.
        """
        if at is not None and (query.text or query.shape == "groups"):
            raise QueryError("full text and groups are of today's state only: leave out the revision")
        moment = Moment.of(self.shelves, query.project or "", at)
        if query.shape in ("count", "groups"):
            page = moment.evaluate(query)
            return Selection(count=page.count, groups=page.groups)
        found, last = paging.page(query, moment.evaluate, offset)
        records = moment.records(found)
        if query.shape == "rows":
            return Selection(rows=tuple(_row(record, query.columns) for record in records), last=last)
        return Selection(records, last=last)

    def related(
        self, kind: str, sources: Sequence[str], include: Include, *, at: int | None = None
    ) -> dict[str, list[Record]]:
        """What the relation leads to, for each source."""
        moment = self._moment(sources, at)
        found: dict[str, list[Record]] = {source: [] for source in sources}
        for start in range(0, len(sources), PAGE_LIMIT):
            named = Compare(("id",), "in", tuple(sources[start : start + PAGE_LIMIT]))
            query = Query(kind, filter=named, includes=(include,), size=PAGE_LIMIT)
            for id, included in moment.evaluate(query).included.items():
                found[id] = list(moment.records(included[include.relation]))
        return found

    def walk(self, starts: Sequence[str], step: Walk, *, at: int | None = None) -> list[Edge]:
        """Breadth first along the step."""
        moment = self._moment(starts, at)
        kinds = {entity.kind for entity in moment.entities() if entity.id in set(starts)}
        edges: list[Edge] = []
        for kind in sorted(kinds):
            query = Query(kind, filter=Compare(("id",), "in", tuple(starts)), shape="walk", steps=step)
            edges.extend(moment.evaluate(query).edges)
        return edges

    def recall(self, refs: Sequence[str], *, at: int | None = None) -> Mapping[str, Resolution]:  # noqa: ARG002  # the port gives them
        """Nothing: this store looks everything up."""
        return {}

    def locate(self, wants: Sequence[Want], *, at: int | None = None) -> list[Located]:
        """One answer each, in order; `at` is a revision of the project that each of them names."""
        return [locating.locate(Moment.of(self.shelves, want.project, at), want) for want in wants]

    def used_by(self, targets: Sequence[str], *, at: int | None = None) -> list[Edge]:
        """Every edge, parent and status that points at one of these."""
        wanted = set(targets)
        records = (each for shelf in self._moment(targets, at).shelves.values() for each in shelf.records.values())
        edges = (edge for record in records for edge in _edges(record) if edge.target in wanted)
        return sorted(edges, key=lambda edge: (edge.target, edge.source, edge.relation, edge.kind))

    def last_numbers(self, kind: str, parents: Sequence[str]) -> dict[str, int]:
        """Parent id -> the highest number ever given below it."""
        return {
            parent: shelf.numbers[kind, parent]
            for shelf in self.shelves.values()
            for parent in parents
            if (kind, parent) in shelf.numbers
        }

    def revision_at(self, project: str, time: int) -> int:
        """The last revision committed at or before the time; 0 when there is none."""
        past = self._shelf(project).past()
        return next((shelf.revision for shelf in past if shelf.commit and shelf.at <= time), 0)

    def commit_with_key(self, project: str, actor: str, key: str, *, since: int) -> LoggedCommit | None:
        """The commit that used the key at or after the time `since`."""
        return self._keyed(project, actor, key, since)

    def events(self, project: str, *, after: int, limit: int) -> list[Record]:
        """Events of whole revisions, oldest first."""
        found: list[Record] = []
        for shelf in reversed(list(self._shelf(project).past())):
            if shelf.revision > after:
                if found and len(found) + len(shelf.events) > limit:
                    break
                found.extend(shelf.events)
        return found

    def write(self, writes: Sequence[Write]) -> None:
        """Put the rows of this revision in place.

        Raises:
            ConflictError: when an id or a key is taken.
        """
        shelf = self._written()
        for write in writes:
            owner = write.after and self._owner(write.after.id)
            if write.after and owner not in (None, shelf.code):
                raise ConflictError(f"the id {write.after.id} is taken", fields=("id",))
        self.shelves[shelf.code] = shelf.written(writes)

    def append(self, commit: LoggedCommit, events: Sequence[Logged], *, keys_since: int = 0) -> None:
        """Log the commit and its events.

        Raises:
            ConflictError: when the key is taken.
        """
        shelf = self._written()
        if commit.key is not None and self._keyed(shelf.code, commit.actor, commit.key, keys_since) is not None:
            raise ConflictError(f"the key {commit.key!r} was used by another commit: choose a new key")
        self.shelves[shelf.code] = shelf.logged(commit, events)

    def create_project(self, code: str) -> None:
        """Make a head at revision 0; that of the written project itself is then at 1, as in any other write."""
        if code not in self.shelves:
            shelf = Shelf(code)
            self.shelves[code] = shelf.following() if code == self._project else shelf

    def suggest(
        self, project: str, path: str, limit: int, *, visible: Filter = EVERYTHING, at: int | None = None
    ) -> list[tuple[str, str]]:
        """(id, path) of nodes whose path resembles this one, nearest first."""
        nodes = Moment.of(self.shelves, project, at).nodes(project, visible)

        def below(above: str) -> Mapping[str, tuple[str, str]]:
            keys = sorted(key for key in nodes if not above or key.startswith(f"{above}/"))
            return {key: nodes[key] for key in keys[:COMPARED]}

        return nearest(path, below, limit=limit)

    def _shelf(self, project: str) -> Shelf:
        return self.shelves.get(project) or Shelf(project)

    def _written(self) -> Shelf:
        if self._project is None:
            raise CatalogError("this transaction only reads: begin one with the project that is written")
        self.head(self._project)
        return self.shelves[self._project]

    def _keyed(self, project: str, actor: str, key: str, since: int) -> LoggedCommit | None:
        commits = (shelf.commit for shelf in self._shelf(project).past() if shelf.at >= since)
        return next((each for each in commits if each and (each.actor, each.key) == (actor, key)), None)

    def _owner(self, id: str) -> str | None:
        return next((code for code, shelf in self.shelves.items() if id in shelf.records), None)

    def _moment(self, ids: Sequence[str], at: int | None) -> Moment:
        """The state at `at` of the project that the first of these is or was in."""
        project = "" if at is None else next(iter(self._homes(ids[:1])), "")
        return Moment.of(self.shelves, project, at)

    def _homes(self, ids: Sequence[str]) -> Iterable[str]:
        for code, shelf in self.shelves.items():
            for id in ids:
                if any(id in each.records for each in shelf.past()) or any(id == event.id for event in shelf.log()):
                    yield code


def _row(record: Record, columns: Iterable[str]) -> tuple[Any, ...]:  # Any: values of every column
    return tuple(getattr(record, name) for name in columns)


def _edges(record: Record) -> Iterable[Edge]:
    slots = entity_type(record.kind).slots
    if record.parent is not None:
        yield Edge(record.id, record.parent, slots["parent"], 1)
    if record.status is not None:
        yield Edge(record.id, record.status, slots["status"], 1)
    for relation, target, kind in record.edges:
        yield Edge(record.id, target, relation, 1, kind)
