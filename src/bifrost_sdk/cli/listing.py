"""What `bifrost list` finds, in one order over several kinds, and how a row of it reads."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import attrs

from bifrost_sdk.cli.screen import Cell
from bifrost_sdk.domain.changes import Event
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.production import Project
from bifrost_sdk.domain.query import PAGE_LIMIT, All, AnyOf, Compare, Filter, Query
from bifrost_sdk.domain.registry import entity_type, kinds
from bifrost_sdk.session import Session

#: The head of the table; what may be copied out of it is never cut off.
COLUMNS = ("reference", "name", "what", "revision", "changed (UTC)", "by", "note")
WHOLE = ("reference", "changed (UTC)")

_STATE_STYLES = {"published": "green", "approved": "green", "retired": "dim", "abandoned": "dim", "reserved": "yellow"}
_OWN_NAMES = ("login", "code", "name", "file")
_NOTES = ("comment", "description", "tags", "name", "email")
_PATH = ("path",)


@attrs.frozen
class Listing:
    """The first entities of what was asked for, how many `more` follow them, and by id what the rows speak of.

    `can_go_on`: they stand in the order in which a listing goes on behind an entity.
    """

    entities: tuple[Entity, ...]
    more: int
    known: Mapping[str, Entity]
    can_go_on: bool = True

    def rows(self) -> list[tuple[Cell, ...]]:
        """A row for each entity, as `COLUMNS` says."""
        return [self._row(entity) for entity in self.entities]

    def _row(self, entity: Entity) -> tuple[Cell, ...]:
        name = getattr(entity, "name", "") if _has_place(entity) else self.name_of(entity)
        told = (getattr(entity, field, "") for field in _NOTES)
        notes = (text if isinstance(text, str) else ", ".join(text) for text in told)
        note = next((text for text in notes if text not in ("", name, _own_name(entity))), "").partition("\n")[0]
        revision = str(entity.revision) if isinstance(entity, Event) else ""  # what `bifrost undo` asks for
        moment = f"{entity.updated_at:%Y-%m-%d %H:%M}" if entity.updated_at else ""
        return entity.ref, name, _what(entity), revision, moment, entity.updated_by, (note, "dim")

    def name_of(self, entity: Entity) -> str:
        """What a thing outside the tree is called: what it lies below, and its own name or all that it points at."""
        made = entity_type(entity.kind)
        above = made.parent.name if made.parent else None
        own = _own_name(entity)
        fields = [above] if own and above else [] if own else list(made.relations)
        targets = [self._target(entity, field) for field in fields]
        kind = entity.subject_kind if isinstance(entity, Event) else ""
        return " ".join(part for part in (kind, *targets, own) if part)

    def _target(self, entity: Entity, field: str) -> str:
        id = getattr(entity, field)
        found = self.known.get(id)
        if found is None:
            return f"~{id}" if isinstance(id, str) else ""
        return found.ref.removeprefix(f"bifrost://{found.project}/") if found.path else _own_name(found) or f"~{id}"


def list_entities(
    session: Session,
    what: str | Entity | None,
    *,
    limit: int,
    after: Entity | None = None,
    filters: Sequence[Filter] = (),
) -> Listing:
    """The first entities of a kind or right below an entity, assets and shots where neither is given.

    They come by path, what has none at last and by age; with `after`, those that come behind that one. Of a kind only
    those that fulfil the `filters`.
    """
    if what is None:
        queries = [Query("asset"), Query("shot")]
    elif isinstance(what, Entity):
        queries = _below(session, what)
    else:
        queries = [Query(what).where(*filters)]
    if after is not None:
        queries = [query.where(_behind(query.kind, after)) for query in queries]
    first = [entity for query in queries for entity in _first(session, query, limit)]
    shown = tuple(sorted(first, key=_position)[:limit])
    more = 0 if len(first) < limit else sum(session.find(query.count()).count or 0 for query in queries) - len(shown)
    return Listing(shown, more, targets_of(session, shown))


def as_found(session: Session, query: Query, *, limit: int) -> Listing:
    """The first entities that a query finds, in its own order."""
    first = tuple(itertools.islice(session.iterate(query.limit(min(limit, PAGE_LIMIT))), limit))
    more = 0 if len(first) < limit else (session.find(query.count()).count or 0) - len(first)
    return Listing(first, more, targets_of(session, first), can_go_on=False)


def _below(session: Session, entity: Entity) -> list[Query]:
    """What to ask for, of every kind that may lie below such an entity."""
    project = session.context.code_of(entity)
    relations = {kind: entity_type(kind).parent for kind in kinds()}
    return [
        Query(kind, project=project).where(**{relation.name: entity.id})
        for kind, relation in relations.items()
        if relation and (not relation.targets or entity.kind in relation.targets)
    ]


def _first(session: Session, query: Query, limit: int) -> Iterable[Entity]:
    order = ("path", "number") if _is_numbered(query.kind) else ("path",)
    return itertools.islice(session.iterate(query.sort(*order).limit(min(limit, PAGE_LIMIT))), limit)


def _position(entity: Entity) -> tuple[bool, str, int, str]:
    """The order of `_first`, over several kinds."""
    return not entity.path, entity.path, _number(entity), entity.id


def _behind(kind: str, last: Entity) -> Filter:
    """What of a kind has a position behind that of `last`."""
    has_no_path = Compare(_PATH, "isnull", value=True)
    if not last.path:
        return All((has_no_path, Compare(("id",), "gt", last.id)))
    behind = Compare(_PATH, "gt", last.path), has_no_path
    if not _is_numbered(kind):
        return AnyOf(behind)
    newer = All((Compare(_PATH, "eq", last.path), Compare(("number",), "gt", _number(last))))
    return AnyOf((*behind, newer))


def _is_numbered(kind: str) -> bool:
    return "number" in entity_type(kind).fields


def _number(entity: Entity) -> int:
    return getattr(entity, "number", None) or 0


def targets_of(session: Session, entities: Iterable[Entity]) -> dict[str, Entity]:
    """What the entities outside the tree point at, by id, as far as it may be seen."""
    asked: dict[str, set[str]] = {}
    for entity in entities:
        if not _has_place(entity):
            single = (name for name, relation in entity_type(entity.kind).relations.items() if not relation.many)
            asked.setdefault(entity.project, set()).update(id for name in single if (id := getattr(entity, name)))
    answers = [
        answer
        for project, ids in asked.items()
        for answer in session.context.catalog.get(project, sorted(ids), view=session.view)
    ]
    return {answer.id: answer for answer in answers if isinstance(answer, Entity)}


def _has_place(entity: Entity) -> bool:
    """Whether its reference says what it is."""
    return bool(entity.path) or isinstance(entity, Project)


def _own_name(entity: Entity) -> str:
    return next((text for field in _OWN_NAMES if (text := getattr(entity, field, ""))), "")


def _what(entity: Entity) -> Cell:
    """The state of a thing that has one, else its kind."""
    slot = entity_type(entity.kind).slots.get("state")
    state = getattr(entity, slot) if slot else ""
    return (state, _STATE_STYLES.get(state, "")) if state else entity.kind.replace("_", " ")
