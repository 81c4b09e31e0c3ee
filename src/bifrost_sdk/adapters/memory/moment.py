"""All projects as one look sees them: today's states, or one project as it once stood beside the others of today."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.adapters.memory.shelf import Shelf
from bifrost_sdk.domain import codes
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.evaluation import World, evaluate, fulfils
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Filter, Page, Query
from bifrost_sdk.ports import Record


@attrs.frozen(eq=False)
class Moment:
    """The states that are looked at, by project; `today` where one of them is of the past."""

    shelves: Mapping[str, Shelf]
    today: Mapping[str, Shelf] | None = None

    @classmethod
    def of(cls, shelves: Mapping[str, Shelf], project: str, at: int | None) -> Moment:
        """Today's states; with `at`, the project's state as of that revision."""
        if at is None or project not in shelves:
            return cls(shelves)
        return cls({**shelves, project: shelves[project].as_of(at)}, today=shelves)

    def evaluate(self, query: Query) -> Page:
        """The answer to a query on these states."""
        return evaluate(query, self._world())

    def nodes(self, project: str, visible: Filter) -> dict[str, tuple[str, str]]:
        """Folded path -> (id, path) of the nodes of the project that fulfil the filter."""
        shelf, world = self.shelves.get(project), self._world()
        paths = shelf.paths.items() if shelf else ()
        return {codes.fold(path): (id, path) for id, path in paths if fulfils(visible, world.entities[id], world)}

    def by_id(self, id: str) -> Record | None:
        """The record with this id, of whichever project."""
        for shelf in self.shelves.values():
            if id in shelf.records:
                return self._placed(shelf.records[id])
        return next((event for shelf in self.shelves.values() for event in shelf.log() if event.id == id), None)

    def by_key(self, project: str, place: Any) -> Record | None:
        """The record of the project with this pair of parent and key."""
        parent, key = place
        records = self.shelves[project].records.values() if project in self.shelves else ()
        return next((self._placed(each) for each in records if (each.parent, each.key) == (parent, key)), None)

    def by_path(self, project: str, path: Any) -> Record | None:
        """The node at this folded path, or that once was there; the project itself lies in the studio."""
        if not path:
            return self.by_key(STUDIO, (None, project))
        node = self.shelves[project].node_at(path) if project in self.shelves else None
        return self.by_id(node[0]) if node else None

    def children(self, project: str, parent: str, kind: str) -> list[Record]:
        """The records of one kind below a parent, by id."""
        records = self.shelves[project].records.values()
        found = (self._placed(each) for each in records if each.parent == parent and each.kind == kind)
        return sorted(found, key=lambda each: each.id)

    def entities(self) -> list[Entity]:
        """Everything that there is, events included."""
        return [record.entity() for record in self._all()]

    def records(self, entities: Sequence[Entity]) -> tuple[Record, ...]:
        """The records of entities that `entities` gave."""
        found = (self.by_id(entity.id) for entity in entities)
        return tuple(record for record in found if record is not None)

    def _world(self) -> World:
        return _world(tuple(self.shelves.values()), None if self.today is None else tuple(self.today.values()))

    def _all(self) -> Iterable[Record]:
        for shelf in self.shelves.values():
            for record in shelf.records.values():
                yield self._placed(record)
            yield from shelf.log()

    def _placed(self, record: Record) -> Record:
        """The record with its path: that of its product for a version, none outside the tree."""
        if record.kind == "project":
            return attrs.evolve(record, path="")
        owner = record.parent if record.kind == "version" else record.id
        return attrs.evolve(record, path=self.shelves[record.project].paths.get(owner or ""))


@functools.lru_cache(maxsize=4)
def _world(shelves: tuple[Shelf, ...], today: tuple[Shelf, ...] | None) -> World:
    """The same states are asked again and again between two commits."""
    entities = Moment({shelf.code: shelf for shelf in shelves}).entities()
    return World(entities, None if today is None else _world(today, None))
