"""Things made through a Catalog with plain changes: the shortest way to something to look at."""

from __future__ import annotations

import itertools
from typing import Any, TypeVar, cast

from bifrost_sdk.domain.changes import Create, Delete, Update
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.errors import BifrostError
from bifrost_sdk.ports import NOW, Actor, Catalog, View
from bifrost_sdk.testing.show import PROJECT, Show, make_id, show

AnyEntity = TypeVar("AnyEntity", bound=Entity)


class ManualClock:
    """A clock that stands still until it is moved, in microseconds since 1970."""

    def __init__(self, now: int = 1_760_000_000_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        """The time it shows."""
        return self.now

    def advance(self, seconds: float) -> int:
        """Move it on; the time it shows then."""
        self.now += int(seconds * 1_000_000)
        return self.now


class Builder:
    """Makes, changes and deletes one thing a commit in one project; ids are the same in every run.

    >>> from bifrost_sdk.adapters.memory.store import MemoryStore
    >>> from bifrost_sdk.authority.catalog import Authority
    >>> from bifrost_sdk.domain.model import Status
    >>> builder = Builder(Authority(MemoryStore()))
    >>> made = builder.show()
    >>> builder.create(Status, code="review").ref
    'bifrost://demo/~01900000-0000-7000-8000-000000100000'
    >>> builder.read(made.ids["hero"]).path
    'assets/char/hero'
    """

    def __init__(self, catalog: Catalog, project: str = PROJECT, *, first: int = 0x100000) -> None:
        self.system = catalog.bind(Actor("system", system=True))
        self.project = project
        self._ids = itertools.count(first)

    def new_id(self) -> str:
        """The next id."""
        return make_id(next(self._ids))

    def show(self, *, first: int = 1) -> Show:
        """The whole show, in two commits: the people and the project, then what is in it."""
        made = show(self.project, first=first)
        self.system.commit(STUDIO, [Create(entity) for entity in made.studio])
        self.system.commit(self.project, [Create(entity) for entity in made.project])
        return made

    def create(self, cls: type[AnyEntity], **fields: Any) -> AnyEntity:  # Any: values of every field type
        """A new thing as it was written."""
        entity = cls(id=self.new_id(), **fields)
        (written,) = self.system.commit(self._place(cls.kind), [Create(entity)]).entities
        return cast("AnyEntity", written)

    def update(self, entity: Entity | str, **fields: Any) -> Entity:  # Any: values of every field type
        """The thing with new values for some fields, whatever its revision."""
        id = entity if isinstance(entity, str) else entity.id
        kind = self.read(id).kind
        (written,) = self.system.commit(self._place(kind), [Update(id, fields)]).entities
        assert written is not None
        return written

    def delete(self, entity: Entity | str) -> None:
        """Take the thing away."""
        found = self.read(entity) if isinstance(entity, str) else entity
        self.system.commit(self._place(found.kind), [Delete(found.id)])

    def read(self, key: str, *, view: View = NOW) -> Entity:
        """The thing with this id or reference, of the project or of the studio.

        Raises:
            NotFoundError: when there is none.
        """
        (found,) = self.system.get(self.project, [key], view=view)
        if isinstance(found, BifrostError):
            raise found
        return found

    def _place(self, kind: str) -> str:
        return STUDIO if entity_type(kind).scope == STUDIO else self.project
