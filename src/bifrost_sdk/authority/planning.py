"""From a list of changes to what becomes of each entity: natural keys looked up, ids followed, updates applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.authority.stamps import stamped
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.changes import Change, Check, Create, Delete, Ensure, Update
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.registry import EntityType, entity_type
from bifrost_sdk.domain.rules import Delta, key_of
from bifrost_sdk.errors import ConflictError, Issue, NotFoundError, ValidationError

#: Finds entities by id, as far as the actor may see them.
ById = Callable[[Iterable[str]], Mapping[str, Entity]]
#: Finds the holders of natural keys, as far as the actor may see them.
ByKey = Callable[[Iterable[tuple["str | None", str]]], Mapping[tuple["str | None", str], Entity]]


@attrs.define
class Plan:
    """What a list of changes comes to.

    `deltas` are by id, in the order of first mention; `answers` the id that answers each change; `found` what stood
    there before. `followed` leads from the id of an ensured thing to that of the one which the list brought earlier.
    """

    project: str
    deltas: dict[str, Delta] = attrs.field(factory=dict)
    answers: list[str | None] = attrs.field(factory=list)
    found: dict[str, Entity] = attrs.field(factory=dict)
    followed: dict[str, str] = attrs.field(factory=dict)
    _holders: dict[tuple[str, str | None, str], str] = attrs.field(factory=dict)

    def current(self, id: str) -> Entity | None:
        """The entity as the changes so far leave it."""
        delta = self.deltas.get(id)
        return delta.after if delta else self.found.get(id)

    def create(self, change: Create) -> str:
        """A new entity, which must not exist."""
        entity = change.entity
        if not entity.id:
            raise ValidationError(
                Issue("id.missing", f"the new {entity.kind} has no id", "id", hint="give id=new_id()")
            )
        if self.current(entity.id) is not None or entity.id in self.found:
            taken = (
                "exists already"
                if self.current(entity.id)
                else "is deleted by this same commit: make two, or update it"
            )
            raise ConflictError(f"{entity.kind} {entity.id} {taken}", mine=wire.to_document(entity))
        self._put(entity.id, stamped(entity, {"project": self.project, "revision": 0, "path": ""}))
        return entity.id

    def ensure(self, change: Ensure) -> str:
        """The holder of the natural key, of before or from this list, else a new entity."""
        entity = change.entity
        key = key_of(entity)
        if key is None:
            raise ValidationError(
                Issue("ensure.key", f"a {entity.kind} has no natural key", subject=entity.id, hint="use Create")
            )
        holder = self._holders.get((entity.kind, *key))
        if holder is not None:
            if holder != entity.id:
                self.followed[entity.id] = holder
            return holder
        current = self.current(entity.id)
        if current is None:
            return self.create(Create(entity))
        if key_of(current) != key:
            message = "what had this name is renamed by this same commit"
            raise ValidationError(Issue("ensure.renamed", message, subject=entity.id, hint="make two commits"))
        return entity.id

    def update(self, change: Update) -> str:
        """New values for some fields of what stands."""
        self._put(change.id, wire.update(self._standing(change, change.fields), change.fields))
        return change.id

    def delete(self, change: Delete) -> None:
        """Take away what stands."""
        self._standing(change, {})
        self._put(change.id, None)

    def check(self, change: Check) -> str:
        """Only see that it stands as expected."""
        self._standing(change, {})
        return change.id

    def _put(self, id: str, after: Entity | None) -> None:
        current, before = self.current(id), self.found.get(id)
        if current is not None and (key := key_of(current)) is not None:
            self._holders.pop((current.kind, *key), None)
        if after is not None and (key := key_of(after)) is not None:
            place = (after.kind, *key)
            self._holders[place] = id
        if before is None and after is None:
            del self.deltas[id]
        else:
            self.deltas[id] = Delta(before, after)

    def _standing(self, change: Update | Delete | Check, fields: Mapping[str, Any]) -> Entity:
        entity, found = self.current(change.id), self.found.get(change.id)
        if entity is None or entity.project != self.project:
            raise NotFoundError(f"bifrost://{self.project}/~{change.id}")
        if change.expected is not None and found is not None and found.revision != change.expected:
            raise ConflictError(
                f"{entity.ref} was changed meanwhile: expected revision {change.expected}, it is at {found.revision}, "
                f"by {found.updated_by}; read it again and decide",
                mine=wire.value(dict(fields)),
                theirs=wire.to_document(found),
                fields=tuple(fields),
            )
        return entity


def _is_nothing(delta: Delta) -> bool:
    """Whether the entity stays as it is, to the letter: Python takes true for 1."""
    before, after = delta.before, delta.after
    if before is None or after is None or before != after:
        return before is after
    return wire.to_json(wire.dump(before)) == wire.to_json(wire.dump(after))


def plan(project: str, changes: Sequence[Change], by_id: ById, by_key: ByKey) -> Plan:
    """Apply the changes in order to what is there.

    Raises:
        NotFoundError, ConflictError, ValidationError: when one of them cannot be applied.
    """
    changes, ensured = _follow_ensures(changes, by_key)
    made = Plan(project, found={**ensured, **by_id(_named_ids(changes, ensured))})
    appliers: dict[type, Callable[[Any], str | None]] = {  # Any: each takes its own kind of change
        Create: made.create,
        Ensure: made.ensure,
        Update: made.update,
        Delete: made.delete,
        Check: made.check,
    }
    for change in changes:
        following = _following(change, made, by_key) if made.followed else change
        made.answers.append(appliers[type(following)](following))
    made.deltas = {id: delta for id, delta in made.deltas.items() if not _is_nothing(delta)}
    return made


def _follow_ensures(changes: Sequence[Change], by_key: ByKey) -> tuple[list[Change], dict[str, Entity]]:
    """The changes with the ids of ensured things that exist in place of the given ones, and those things by id.

    Looked up in waves: one for each level of the tree, whatever the number of changes.
    """
    changes = list(changes)
    found: dict[str, Entity] = {}
    waiting = {index: change for index, change in enumerate(changes) if isinstance(change, Ensure)}
    while waiting:
        undecided = {change.entity.id for change in waiting.values()}
        wave = {
            index: change for index, change in waiting.items() if not undecided.intersection(_parents(change.entity))
        } or waiting
        keys = {index: key for index, change in wave.items() if (key := key_of(change.entity)) is not None}
        holders = by_key(keys.values())
        moved: dict[str, str] = {}
        for index, key in keys.items():
            holder = holders.get(key)
            if holder is not None and holder.kind == wave[index].entity.kind:
                if (given := wave[index].entity.id) != holder.id:
                    moved[given] = holder.id
                found[holder.id] = holder
        for index in wave:
            del waiting[index]
        if moved:
            changes = [_moved(change, moved) for change in changes]
            waiting = {index: changes[index] for index in waiting}  # type: ignore[misc]  # Ensure stays Ensure
    return changes, found


def _following(change: Change, made: Plan, by_key: ByKey) -> Change:
    """The change with the ids of ensured things that the list brought earlier in place of the given ones.

    An ensured thing may so come to lie below one that stood before; then it may have stood there as well.
    """
    following = _moved(change, made.followed)
    if not isinstance(following, Ensure) or following.entity is change.entity:  # type: ignore[union-attr]  # Ensure too
        return following
    id, key = following.entity.id, key_of(following.entity)
    if key is not None and (key[0] is None or key[0] in made.found):
        (following,), found = _follow_ensures([following], by_key)
        for holder in found.values():
            made.found.setdefault(holder.id, holder)
            made.followed[id] = holder.id
    return following


def _parents(entity: Entity) -> tuple[str, ...]:
    made = entity_type(entity.kind)
    names = {made.slots.get("parent"), *(name for name, relation in made.relations.items() if not relation.many)}
    return tuple(value for name in names if name and (value := getattr(entity, name)) and value != entity.id)


def _moved(change: Change, moved: Mapping[str, str]) -> Change:
    if isinstance(change, (Create, Ensure)):
        return type(change)(_moved_entity(change.entity, moved))
    if isinstance(change, Update):
        fields: dict[str, Any] = {name: _moved_value(value, moved) for name, value in change.fields.items()}
        return Update(moved.get(change.id, change.id), fields, change.expected)
    return attrs.evolve(change, id=moved.get(change.id, change.id))


def _moved_entity(entity: Entity, moved: Mapping[str, str]) -> Entity:
    made: EntityType = entity_type(entity.kind)
    changed: dict[str, Any] = {}  # Any: values of relations
    for name in made.relations:
        value = getattr(entity, name)
        following = _moved_value(value, moved)
        if following != value:
            changed[name] = following
    if entity.id in moved:
        changed["id"] = moved[entity.id]
    return attrs.evolve(entity, **changed) if changed else entity


def _moved_value(value: object, moved: Mapping[str, str]) -> object:
    if isinstance(value, str):
        return moved.get(value, value)
    if isinstance(value, (list, tuple)):
        return tuple(_moved_value(item, moved) for item in value)
    if attrs.has(type(value)) and hasattr(value, "version"):
        return attrs.evolve(value, version=moved.get(value.version, value.version))  # type: ignore[misc]  # a record
    return value


def _named_ids(changes: Sequence[Change], ensured: Mapping[str, Entity]) -> list[str]:
    named = [change.entity.id if isinstance(change, (Create, Ensure)) else change.id for change in changes]
    return [id for id in dict.fromkeys(named) if id and id not in ensured]
