"""What can be done with entities of every kind, and with the nodes of the tree; each noun adds its own to it."""

from __future__ import annotations

import builtins
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

import attrs

from bifrost_sdk.domain.changes import Change, Create, Delete, Ensure, Update
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.query import Filter, Page, Query
from bifrost_sdk.services.context import Context, Item, is_id, last_of

E = TypeVar("E", bound=Entity)
N = TypeVar("N", bound=Node)

#: The id of a node, and the changes that make it and what is above it where they are missing.
Place: TypeAlias = tuple[str, tuple[Change, ...]]


@attrs.frozen
class Entities(Generic[E]):
    """The entities of one kind."""

    context: Context
    cls: ClassVar[type[Any]]  # Any: the class of the subclass's kind

    def get(self, item: Item) -> E:
        """The entity, as it stands in the view.

        Raises:
            NotFoundError: when there is none that may be seen, with those that resemble it.
            ValidationError: when it is of another kind.
        """
        entity: E = self.context.take(self.cls, self.context.get(item))
        return entity

    def find(self, *filters: Filter, project: Item | None = None, **lookups: Any) -> Page:
        """The first page of those that fulfil all filters and lookups, e.g. ``tags__contains="main"``.

        Raises:
            QueryError: when a lookup names no field.
        """
        return self.context.find(self._query(project).where(*filters, **lookups))

    def list(self, *filters: Filter, project: Item | None = None, **lookups: Any) -> builtins.list[E]:
        """All that fulfil the filters and lookups, over all pages."""
        return self.context.every(self._query(project).where(*filters, **lookups))

    def update(self, item: Item, **fields: Any) -> E:
        """New values for some fields. Given an entity, it must not have changed since; else any state is taken.

        Raises:
            ConflictError: when somebody else changed it first.
        """
        project, id, expected = self._target(item)
        values = self.context.values_of(self.cls, project, fields)
        entity: E = last_of(self.context.commit(project, [Update(id, values, expected)]), self.cls)
        return entity

    def delete(self, item: Item) -> None:
        """Take it away; its history stays.

        Raises:
            ValidationError: while anything uses it, with its users.
        """
        project, id, expected = self._target(item)
        self.context.commit(project, [Delete(id, expected)])

    def _query(self, project: Item | None) -> Query:
        query = Query(self.cls.kind)
        return query if project is None else query.within(self.context.code_of(project))

    def _target(self, item: Item) -> tuple[str, str, int | None]:
        """Project, id and the revision that the caller has seen, None where only a name was given."""
        entity: E = self.context.take(self.cls, item)
        return entity.project, entity.id, entity.revision if isinstance(item, Entity) else None

    def _add(self, project: str, entity: Entity, *, before: tuple[Change, ...] = (), ensure: bool = False) -> E:
        """Commit a new entity behind the changes that it needs; with `ensure` the existing one is taken."""
        change = Ensure(entity) if ensure else Create(entity)
        made: E = last_of(self.context.commit(project, [*before, change]), self.cls)
        return made


class Nodes(Entities[N]):
    """The nodes of one kind: what has a code and a place in the tree."""

    def rename(self, item: Item, code: str) -> N:
        """Another code. The old path stays as an alias, so old references still lead here; files do not move."""
        return self.update(item, code=code)

    def move(self, item: Item, parent: Item) -> N:
        """Another parent, with all that lies below; old paths stay as aliases."""
        return self.update(item, parent=parent)

    def _ensured(
        self, cls: type[Node], above: tuple[str, tuple[Change, ...]], item: Item
    ) -> tuple[str, tuple[Change, ...]]:
        """Id of the node that `item` names below a parent, and the changes that make it where it is missing.

        A plain code is ensured, anything else must exist.
        """
        parent, changes = above
        if isinstance(item, str) and not is_id(item) and ":" not in item:
            node = cls(id=self.context.new_id(), code=item, parent=parent)
            return node.id, (*changes, Ensure(node))
        return self.context.take(cls, item).id, changes
