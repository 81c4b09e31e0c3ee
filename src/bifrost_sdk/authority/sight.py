"""What one actor sees through one transaction: every way to an entity, narrowed to what is visible."""

from __future__ import annotations

import collections
import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.authority.policy import Rulings
from bifrost_sdk.domain import registry, wire
from bifrost_sdk.domain.access import Access, all_of
from bifrost_sdk.domain.changes import Event
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import EVERYTHING, NOTHING, Compare, Filter, Gated, Query, Today
from bifrost_sdk.domain.registry import Relation, entity_type
from bifrost_sdk.domain.rules import ids_in, related_ids
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.ports import NOW, Actor, Record, Transaction, View

_CHUNK = 500

#: For so many of the names that one call did not find, others are suggested: each takes longer than a thousand answers.
SUGGESTED = 20


def _turns() -> Iterator[int]:
    return iter(range(SUGGESTED))


@attrs.frozen
class Sight:
    """A transaction as one actor sees it from one project; `at` is the revision read, None for today.

    `accesses` tells what the actor may see of each project (closed ones included), `everywhere` narrows what relations
    lead to, in whichever project; `within` only says that the project is open. What is visible is always decided on
    today's state. `masks`: entities come without the ids of what is hidden,
    but not where they are going to be written back. `turns` gives as many items as names may still be suggested for.
    """

    transaction: Transaction
    project: str
    accesses: Callable[[str], Access]
    everywhere: Filter
    within: Filter
    at: int | None = None
    masks: bool = True
    turns: Iterator[int] = attrs.field(factory=_turns, eq=False)

    @property
    def access(self) -> Access:
        """What the actor may see and do in the project that is looked at."""
        return self.accesses(self.project)

    @property
    def sees_all(self) -> bool:
        """Whether nothing of any project is hidden."""
        return self.everywhere == EVERYTHING

    @property
    def visible(self) -> Filter:
        """What narrows reads of this project: what may be seen today, and betrays nothing of another project."""
        return self._today(self._seen_of(self.project))

    @property
    def reachable(self) -> Filter:
        """What narrows all that relations lead to."""
        return self._today(self.everywhere)

    def _today(self, visible: Filter) -> Filter:
        return visible if self.at is None or visible in (EVERYTHING, NOTHING) else Today(visible)

    def _seen_of(self, project: str) -> Filter:
        visible = self.accesses(project).visible
        if self.sees_all or visible == NOTHING:
            return visible
        # What a role hides follows gates by itself; that they stay out of closed projects is left to say.
        return all_of(visible, Gated(self.everywhere if visible == EVERYTHING else self.within))

    def by_id(self, ids: Iterable[str]) -> dict[str, Entity]:
        """The visible entities with these ids, of whichever project."""
        wanted = list(dict.fromkeys(ids))
        return self._seen(self.transaction.load("id", self.project, wanted, at=self.at))

    def by_key(self, keys: Iterable[tuple[str | None, str]]) -> dict[tuple[str | None, str], Entity]:
        """The visible holders of these natural keys of the project."""
        wanted = list(dict.fromkeys(keys))
        records = self.transaction.load("key", self.project, wanted, at=self.at)
        seen = self._seen(records)
        return {
            key: seen[record.id]
            for key, record in zip(wanted, records, strict=True)
            if record is not None and record.id in seen
        }

    def by_path(self, paths: Iterable[str]) -> dict[str, Entity]:
        """The visible nodes at these folded paths of the project, old paths included."""
        wanted = list(dict.fromkeys(paths))
        records = self.transaction.load("path", self.project, wanted, at=self.at)
        seen = self._seen(records)
        return {
            path: seen[record.id]
            for path, record in zip(wanted, records, strict=True)
            if record is not None and record.id in seen
        }

    def entities(self, records: Sequence[Record]) -> tuple[Entity, ...]:
        """Entities of records that are known to be visible, with what they point at narrowed to what is."""
        return self.masked([record.entity() for record in records])

    def masked(self, entities: Sequence[Entity]) -> tuple[Entity, ...]:
        """The entities without the ids of what is hidden from the actor."""
        if self.sees_all or not self.masks:
            return tuple(entities)
        all_here = self.access.is_unrestricted
        pointed = {
            id
            for entity in entities
            for relation, ids in _pointers(entity)
            if relation.across or not all_here
            for id in ids
        }
        hidden = pointed - self.visible_ids(pointed)
        return tuple(_without(entity, hidden) for entity in entities) if hidden else tuple(entities)

    def events(self, events: Sequence[Event]) -> tuple[Event, ...]:
        """Those events whose subject may be seen; of what was deleted, its end, if it could be seen until then.

        They are of whole revisions; what is left of one of which something is hidden is marked as partial.
        """
        if self.sees_all:
            return tuple(events)
        seen = self.visible_ids(event.subject for event in events)
        shown = [event for event in events if event.subject in seen or self._was_visible(event)]
        masked: Sequence[Event] = self.masked(shown)  # type: ignore[assignment]  # events stay events
        missing = collections.Counter(event.revision for event in events)
        missing.subtract(event.revision for event, whole in zip(masked, shown, strict=True) if event == whole)
        return tuple(attrs.evolve(event, is_partial=True) if missing[event.revision] else event for event in masked)

    def _was_visible(self, event: Event) -> bool:
        if event.operation != "delete":
            return False
        named = Compare(("id",), "eq", event.subject)
        query = Query(
            event.subject_kind, project=self.project, filter=all_of(named, self._seen_of(self.project)), size=1
        )
        return bool(self.transaction.select(query, at=event.revision - 1).records)

    def visible_ids(self, ids: Iterable[str]) -> set[str]:
        """Those of the ids whose entity stands today and may be seen."""
        wanted = list(dict.fromkeys(ids))
        return self._visible(self.transaction.load("id", self.project, wanted)) if wanted else set()

    def _visible(self, records: Sequence[Record | None]) -> set[str]:
        seen: set[str] = set()
        asked: dict[tuple[str, str], list[str]] = {}
        for record in records:
            if record is None:
                continue
            if self.sees_all or (self.accesses(record.project).is_unrestricted and not _has_gates(record.kind)):
                seen.add(record.id)
            else:
                asked.setdefault((record.project, record.kind), []).append(record.id)
        for (project, kind), ids in asked.items():
            seen.update(self._selected(project, kind, ids))  # on today's rows: what is gone by now is not among them
        return seen

    def _selected(self, project: str, kind: str, ids: Sequence[str]) -> Iterable[str]:
        visible = self._seen_of(project)
        if visible == NOTHING:
            return
        for start in range(0, len(ids), _CHUNK):
            named = Compare(("id",), "in", tuple(ids[start : start + _CHUNK]))
            query = Query(kind, project=project, filter=all_of(named, visible), size=_CHUNK)
            yield from (record.id for record in self.transaction.select(query).records)

    def _seen(self, records: Sequence[Record | None]) -> dict[str, Entity]:
        present = [record for record in records if record is not None]
        seen = self._visible(present)
        return {entity.id: entity for entity in self.entities([record for record in present if record.id in seen])}


def _has_gates(kind: str) -> bool:
    return any(relation.gate for relation in entity_type(kind).relations.values())


def _pointers(entity: Entity) -> Iterable[tuple[Relation, tuple[str, ...]]]:
    if isinstance(entity, Event):
        for document in (entity.before, entity.after):
            yield from _document_pointers(entity.subject_kind, document)
        return
    for relation in entity_type(entity.kind).relations.values():
        if ids := related_ids(entity, relation):
            yield relation, ids


def _document_pointers(kind: str, document: Mapping[str, Any]) -> Iterable[tuple[Relation, tuple[str, ...]]]:
    if kind not in registry.kinds():
        return
    for relation in entity_type(kind).relations.values():
        if ids := ids_in(document, relation):
            yield relation, ids


def _masked_document(event: Event, document: Mapping[str, Any], hidden: set[str]) -> dict[str, Any]:  # Any: JSON
    masked = dict(document)
    for relation, ids in _document_pointers(event.subject_kind, document):
        if relation.many:
            pairs = zip(document[relation.name], ids, strict=True)
            masked[relation.name] = [item for item, id in pairs if id not in hidden]
        elif hidden.intersection(ids):
            masked[relation.name] = None
    return masked


def _without(entity: Entity, hidden: set[str]) -> Entity:
    if isinstance(entity, Event):
        before = _masked_document(entity, entity.before, hidden)
        return attrs.evolve(entity, before=before, after=_masked_document(entity, entity.after, hidden))
    changed: dict[str, Any] = {}  # Any: values of relations
    for relation, ids in _pointers(entity):
        if relation.gate or hidden.isdisjoint(ids):
            continue  # what has a hidden gate is hidden itself
        value = getattr(entity, relation.name)
        if not relation.many:
            changed[relation.name] = None
        elif relation.path:
            changed[relation.name] = tuple(item for item in value if getattr(item, relation.path) not in hidden)
        else:
            changed[relation.name] = tuple(item for item in value if item not in hidden)
    return attrs.evolve(entity, **changed) if changed else entity


def sight_of(rulings: Rulings, transaction: Transaction, actor: Actor, project: str, *, view: View = NOW) -> Sight:
    """The project as the actor sees it in this view.

    Raises:
        NotFoundError: when there is no such project, or all of it is hidden.
        ValidationError: when the view reads a revision that there is not.
    """
    rulings.open(actor, project)
    at = revision_of(transaction, project, view)
    return Sight(
        transaction,
        project,
        lambda code: rulings.access(actor, code),
        rulings.everywhere(actor),
        rulings.within(actor),
        at,
    )


def revision_of(transaction: Transaction, project: str, view: View) -> int | None:
    """The revision that the view reads of this project, None for today's.

    Raises:
        ValidationError: when the project has no such revision, or the time has no zone.
    """
    if view.at is None:
        return None
    head = transaction.head(project)[0]
    if isinstance(view.at, datetime.datetime):
        if view.at.tzinfo is None:
            message = f"{view.at} has no time zone"
            raise ValidationError(Issue("time.zone", message, "at", hint="use datetime.timezone.utc"))
        revision = transaction.revision_at(project, wire.to_microseconds(view.at))
    else:
        revision = view.at
    if type(revision) is not int or not 0 <= revision <= head:
        message = f"{project} has the revisions 0 to {head}, not {revision!r}"
        raise ValidationError(Issue("view.revision", message, "at", hint="read a revision that exists"))
    return None if revision == head else revision
