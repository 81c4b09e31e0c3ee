"""The inverse of a commit, field by field: which changes undo it, and what stands in their way.

What was created goes, what was updated gets its former values, what was deleted comes back under its own id. A version
never goes, since its number was given: a published one is retired, a reserved one abandoned, and what it needs stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.domain import wire
from bifrost_sdk.domain.changes import Change, Create, Delete, Event, Update
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.rules import ids_in, related_ids
from bifrost_sdk.domain.versions import TRANSITIONS, Representation, Version
from bifrost_sdk.errors import ConflictError

#: The authority's own field of versions; it is never set back.
_LEASE = "lease_until"

#: What undoing brings a version to, by the state it is in; the others are left.
_WITHDRAWN = {"published": "retired", "reserved": "abandoned"}


def concerned(events: Iterable[Event]) -> set[str]:
    """The ids whose present state and later events `invert` must be given, besides those of what uses `created`."""
    ids: set[str] = set()
    for event in events:
        ids.add(event.subject)
        for document in (event.before, event.after):
            for relation in entity_type(event.subject_kind).relations.values():
                ids.update(ids_in(document, relation))
    return ids


def created(events: Iterable[Event]) -> dict[str, list[str]]:
    """The ids of what the events created and undoing would delete, by kind; never a version."""
    found: dict[str, list[str]] = {}
    for event in events:
        if event.operation == "create" and event.subject_kind != "version":
            found.setdefault(event.subject_kind, []).append(event.subject)
    return found


def invert(events: Sequence[Event], later: Sequence[Event], current: Mapping[str, Entity]) -> list[Change]:
    """The changes that undo one commit, whose `events` these are; empty when all of it is undone already.

    `later` are the events since then, `current` the entities as they stand now: of what the commit is `concerned` with,
    and of what uses what it `created`.

    Raises:
        ConflictError: when a later commit changed the same, or what would go is in use; `blockers` names each.
    """
    reversal = _Reversal({event.subject: event for event in events}, tuple(later), current)
    changes = [change for event in sorted(events, key=_position, reverse=True) for change in reversal.undo(event)]
    if reversal.blockers:
        what = f"revision {events[0].revision} of {events[0].project}"
        listed = "".join(f"\n  {blocker}" for blocker in reversal.blockers)
        raise ConflictError(
            f"{what} cannot be undone; undo or change these first:{listed}",
            fields=tuple(dict.fromkeys(reversal.fields)),
            blockers=tuple(reversal.blockers),
        )
    return changes


@attrs.define
class _Reversal:
    """One commit on its way back; `kept` is what it created and what stays, because a version needs it."""

    events: Mapping[str, Event]
    later: tuple[Event, ...]
    current: Mapping[str, Entity]
    blockers: list[str] = attrs.field(factory=list)
    fields: list[str] = attrs.field(factory=list)
    kept: set[str] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.kept = set()
        waiting = [id for id, event in self.events.items() if event.subject_kind == "version"]
        while waiting:
            entity = self.current.get(waiting.pop())
            if entity is not None:
                needed = {id for id in _targets(entity) if self._is_created(id)} - self.kept
                self.kept |= needed
                waiting += needed

    def undo(self, event: Event) -> list[Change]:
        """The changes that undo one event; what stands in the way is noted."""
        if event.subject_kind == "version" and event.operation != "delete":
            return self._undo_version(event)
        if event.operation == "create":
            return self._undo_create(event)
        return self._undo_update(event) if event.operation == "update" else self._undo_delete(event)

    def _undo_version(self, event: Event) -> list[Change]:
        version = self.current.get(event.subject)
        if not isinstance(version, Version):
            return []
        before, after = event.before.get("state"), event.after.get("state")
        if event.operation == "create" or before == "reserved" != after == "published":
            state = _WITHDRAWN.get(version.state)
            fields: dict[str, Any] = {"state": state}  # Any: as an Update takes them
            return [Update(version.id, fields, version.revision)] if state else []
        if before != after and before not in TRANSITIONS.get(str(after), ()):
            self._block(f"{version.ref} was {after}, which is final", "state")
            return []
        return self._undo_update(event)

    def _undo_create(self, event: Event) -> list[Change]:
        entity = self.current.get(event.subject)
        if entity is None or entity.id in self.kept:
            return []
        if isinstance(entity, Representation):
            if entity.version in self.events:
                return []
            version = self.current.get(entity.version)
            if isinstance(version, Version) and version.state in ("published", "retired"):
                self._block(f"{version.ref} is {version.state} and loses no files: {entity.name}", "files")
                return []
        for change in self._since(event):
            self._block_change(entity, change, [name for name in change.after if name != _LEASE])
        for user in self.current.values():
            self._check_use(entity, user)
        return [Delete(entity.id, entity.revision)]

    def _undo_update(self, event: Event) -> list[Change]:
        entity = self.current.get(event.subject)
        names = [name for name in {**event.before, **event.after} if name != _LEASE]
        if entity is None:
            gone = next((each for each in self._since(event) if each.operation == "delete"), event)
            self._block(f"{event.subject_kind} {event.subject} was deleted{_when(gone)}", *names)
            return []
        for change in self._since(event):
            self._block_change(entity, change, [name for name in names if name in change.after])
        fields = {name: _former(event, name) for name in names}
        return [Update(entity.id, fields, entity.revision)] if fields else []

    def _undo_delete(self, event: Event) -> list[Change]:
        if event.subject in self.current:
            return []
        entity = wire.load(event.subject_kind, event.before, id=event.subject)
        for target in _targets(entity):
            gone = next((each for each in self.later if each.subject == target and each.operation == "delete"), None)
            if gone is not None and target not in self.current:
                self._block(f"{gone.subject_kind} {target}, which it needs, was deleted{_when(gone)}")
        return [Create(entity)]

    def _check_use(self, entity: Entity, user: Entity) -> None:
        """Note it when `user` points at what would go, and neither goes too nor is turned away again."""
        own = self.events.get(user.id)
        if user.id == entity.id or (own is not None and own.operation == "create" and user.id not in self.kept):
            return
        for relation in entity_type(user.kind).relations.values():
            turned = own is not None and own.operation == "update" and relation.name in own.after
            if entity.id in related_ids(user, relation) and not turned:
                last = next((each for each in reversed(self.later) if each.subject == user.id), None)
                when = _when(last) if last is not None else ""
                self._block(f"{entity.ref} is used by {user.ref}{when}: {relation.name}", relation.name)

    def _since(self, event: Event) -> Iterable[Event]:
        return (each for each in self.later if each.subject == event.subject)

    def _is_created(self, id: str) -> bool:
        event = self.events.get(id)
        return event is not None and event.operation == "create" and event.subject_kind != "version"

    def _block_change(self, entity: Entity, change: Event, names: Sequence[str]) -> None:
        if names and change.operation == "update":
            self._block(f"{entity.ref} was changed again{_when(change)}: {', '.join(names)}", *names)

    def _block(self, blocker: str, *fields: str) -> None:
        self.blockers.append(blocker)
        self.fields.extend(fields)


def _position(event: Event) -> int:
    return event.position


def _when(event: Event) -> str:
    return f" in revision {event.revision} by {event.created_by}"


def _targets(entity: Entity) -> list[str]:
    return [id for relation in entity_type(entity.kind).relations.values() for id in related_ids(entity, relation)]


def _former(event: Event, name: str) -> Any:  # Any: JSON, or the default of a field
    """The value before the event; an absent one is the field's default."""
    value = event.before.get(name)
    if value is not None:
        return value
    field = attrs.fields_dict(entity_type(event.subject_kind).cls).get(name)
    if field is None or field.default is attrs.NOTHING:
        return None
    default: Any = field.default
    return default.factory() if isinstance(default, attrs.Factory) else default  # type: ignore[arg-type]  # attrs types Factory as a function
