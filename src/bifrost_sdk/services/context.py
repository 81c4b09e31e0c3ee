"""What every use case works with, and how what a caller names is found: ids, references and entities alike."""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import attrs

from bifrost_sdk.domain import references
from bifrost_sdk.domain.changes import Change, Commit
from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.entity import Entity, locate
from bifrost_sdk.domain.production import STUDIO, Project
from bifrost_sdk.domain.query import PAGE_LIMIT, Page, Query
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.text import listed
from bifrost_sdk.errors import BifrostError, ConfigurationError, Issue, NotFoundError, QueryError, ValidationError
from bifrost_sdk.ports import NOW, Actor, Catalog, Storage, View
from bifrost_sdk.services.digests import USUAL
from bifrost_sdk.services.plugins import Plugins

#: How a caller names a thing: the entity, its id, or a reference.
Item: TypeAlias = Entity | Reference | str

E = TypeVar("E", bound=Entity)


@attrs.frozen(eq=False)
class Context:
    """Who asks which catalog about which state, and where files lie on this machine.

    `roots` and `storages` are by the name of the root; a root without a folder on this platform is in neither.
    `project` is the code of the project that is meant when none is named. `clock` tells the time in UTC. `plugins` is
    what takes part in publishing. `kept` holds the services that remember something from one call to the next. `hash`
    is the algorithm by which new content is hashed.
    """

    catalog: Catalog
    actor: Actor
    new_id: Callable[[], str]
    clock: Callable[[], datetime.datetime]
    view: View = NOW
    project: str | None = None
    roots: Mapping[str, Path] = attrs.field(factory=dict)
    storages: Mapping[str, Storage] = attrs.field(factory=dict)
    plugins: Plugins = attrs.field(factory=Plugins)
    hash: str = USUAL
    kept: dict[type, Any] = attrs.field(factory=dict, init=False, repr=False)  # Any: services, each by its own class

    def code_of(self, project: Item | None) -> str:
        """The code of the project that is named, or of the default one.

        Raises:
            ConfigurationError: when none is named and there is no default.
        """
        if project is None:
            return self.project or self._no_project()
        if isinstance(project, Project):
            return project.code
        if isinstance(project, Entity):
            return project.project
        if isinstance(project, str) and ":" not in project:
            return project
        return references.split(str(project))[0] or self._no_project()

    def project_of(self, project: Item | None) -> Project:
        """The project itself.

        Raises:
            NotFoundError: when there is none that the actor may see.
        """
        return self.take(Project, f"bifrost://{self.code_of(project)}")

    def get_many(self, items: Sequence[Item]) -> list[Entity | BifrostError]:
        """The entities as they stand in the view, one answer or error each, in order."""
        answers = self.catalog.get(self.project or STUDIO, [_key(item) for item in items], view=self.view)
        return [
            self._anywhere(item, answer) if isinstance(answer, NotFoundError) and isinstance(item, str) else answer
            for item, answer in zip(items, answers, strict=True)
        ]

    def get(self, item: Item) -> Entity:
        """The entity as it stands in the view.

        Raises:
            NotFoundError: when there is none that the actor may see.
        """
        (answer,) = self.get_many([item])
        if isinstance(answer, BifrostError):
            raise answer
        return answer

    def take(self, cls: type[E], item: Item) -> E:
        """The entity as given, or as it stands in the view; it must be of that class.

        Raises:
            ValidationError: when it is of another kind.
            NotFoundError: when there is none that the actor may see.
        """
        entity = item if isinstance(item, Entity) and item.id else self.get(item)
        if not isinstance(entity, cls):
            raise ValidationError(
                Issue("kind", f"this is a {entity.kind}, no {cls.kind or 'node'}", subject=entity.ref)
            )
        return entity

    def id_of(self, item: Item) -> str:
        """The id of what is named; asks the catalog only for references by path."""
        if isinstance(item, Entity) and item.id:
            return item.id
        key = _key(item)
        if is_id(key):
            return key
        id, _, file = references.split(key)[2:]
        return id if id and not file else self.get(key).id

    def find(self, query: Query) -> Page:
        """What the query asks for; without a project, that of the kind's scope or the default one.

        Raises:
            QueryError: when it asks for what does not exist.
            NotFoundError: when there is no such project.
        """
        return self.catalog.find(self.placed(query), view=self.view)

    def placed(self, query: Query) -> Query:
        """The query with its project."""
        if not isinstance(query, Query):
            raise QueryError(f"{query!r:.200} is no query; write Query('asset')")
        if query.project is not None:
            return query
        is_studio = entity_type(query.kind).scope == STUDIO
        return query.within(STUDIO if is_studio else self.code_of(None))

    def pages(self, query: Query) -> Iterator[Page]:
        """All pages of the query, in the state of the first one."""
        query = self.placed(query)
        while True:
            page = self.find(query)
            yield page
            if page.cursor is None:
                return
            query = query.after(page.cursor)

    def every(self, query: Query) -> list[Any]:  # Any: entities of the asked kind
        """All entities that the query finds, over all pages."""
        return [entity for page in self.pages(query.limit(PAGE_LIMIT)) for entity in page]

    def commit(self, project: str, changes: Sequence[Change], *, key: str | None = None, comment: str = "") -> Commit:
        """All changes, or none.

        Raises:
            ValidationError: also when the view shows the past, which cannot be changed.
            ConflictError, PermissionDeniedError, NotFoundError: and nothing was changed.
        """
        if self.view.at is not None:
            raise ValidationError(
                Issue("view.past", f"this view shows {self.view.at}, and the past cannot be changed",
                      hint="use the session itself")
            )  # fmt: skip
        return self.catalog.commit(project, changes, key=key, comment=comment)

    def make(self, cls: type[E], project: str, fields: Mapping[str, Any]) -> E:  # Any: values of every field type
        """A new entity with its own id, not committed; `fields` as a caller gives them.

        Raises:
            ValidationError: for a field that the kind does not have, and for values that do not fit.
        """
        values = self.values_of(cls, project, fields)
        try:
            return cls(id=self.new_id(), **values)
        except ValidationError as error:
            raise locate(error, cls, values) from error

    def values_of(self, cls: type[Entity], project: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields as a change takes them: ids for entities and references, the id of a status for its code.

        Raises:
            ValidationError: for a field that the kind does not have, with the nearest names.
        """
        made = entity_type(cls.kind)
        values: dict[str, Any] = {}  # Any: values of every field type
        for name, value in fields.items():
            if name not in made.fields:
                near = difflib.get_close_matches(name, made.fields, n=3)
                hint = f"did you mean {' or '.join(near)}?" if near else f"the fields are {', '.join(made.fields)}"
                raise ValidationError(Issue("field.unknown", f"{made.kind} has no field {name!r}", name, hint=hint))
            relation = made.relations.get(name)
            if relation is None or not value or relation.path:
                values[name] = value
            elif relation.many:
                values[name] = tuple(self.id_of(item) for item in listed(value))
            elif relation.targets == ("status",):
                values[name] = self.named("status", project, value)
            else:
                values[name] = self.id_of(value)
        return values

    def named(self, kind: str, project: str, item: Item, *, by: str = "code") -> str:
        """The id of what is named by its code (or another field), an id, a reference or the entity itself.

        Raises:
            NotFoundError: when there is none, with the names that there are.
        """
        if not isinstance(item, str) or is_id(item) or item.lower().startswith("bifrost:"):
            return self.id_of(item)
        place = STUDIO if entity_type(kind).scope == STUDIO else project
        for entity in self.find(Query(kind, project=place).where(**{by: item}).limit(1)):
            return str(entity.id)
        known = [str(getattr(entity, by)) for entity in self.find(Query(kind, project=place).limit(PAGE_LIMIT))]
        near = difflib.get_close_matches(fold(item), [fold(name) for name in known], n=3) or known[:8]
        raise NotFoundError(item, suggestions=near, reason=f"{place} has no {kind} of that name")

    def _anywhere(self, key: str, error: NotFoundError) -> Entity | BifrostError:
        """What a bare id names in whichever project the actor may see; it was not in the default one."""
        if not is_id(key):
            return error
        for project in self.every(Query("project", project=STUDIO)):
            (answer,) = self.catalog.get(project.code, [key], view=self.view)
            if isinstance(answer, Entity):
                return answer
        return error

    def _no_project(self) -> str:
        raise ConfigurationError(
            "no project was named and there is no default; name one, or set 'project:' in bifrost.yaml "
            "or BIFROST_SDK_PROJECT",
            setting="project",
        )


def last_of(commit: Commit, cls: type[E]) -> E:
    """The answer to the last change of a commit, which is the one that was asked for."""
    entity = commit.entities[-1]
    if not isinstance(entity, cls):
        raise NotFoundError(cls.kind, reason=f"what answers is {entity!r:.80}")
    return entity


def is_id(text: str) -> bool:
    """Whether a text is a bare id."""
    return _is_uuid(text) is not None


def _key(item: Item) -> str:
    if isinstance(item, Entity):
        return f"bifrost://{item.project}/~{item.id}" if item.id and item.project else item.id
    return item if isinstance(item, str) else str(item)


_is_uuid = re.compile(references.UUID).fullmatch
