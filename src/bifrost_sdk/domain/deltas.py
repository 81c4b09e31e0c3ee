"""What a commit does to entities, and what its rules may know: the nouns that all rules share.

Rules work on whole commits, never item by item, and change nothing. The authority gathers the union of their needs in
one look under the project's lock, so that what a rule saw is still true when the commit is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.production import Project
from bifrost_sdk.domain.query import Edge
from bifrost_sdk.domain.registry import Relation, entity_type
from bifrost_sdk.errors import Issue


@attrs.frozen
class Delta:
    """What a commit does to one entity: `before` None creates, `after` None deletes."""

    before: Entity | None
    after: Entity | None

    @property
    def entity(self) -> Entity:
        """The entity as it will be, or as it was when it goes."""
        found = self.after or self.before
        assert found is not None
        return found

    def changed(self, name: str) -> bool:
        """Whether this field differs; every field of something new does."""
        if self.before is None or self.after is None:
            return True
        return bool(getattr(self.before, name) != getattr(self.after, name))


@attrs.frozen
class Needs:
    """What must be known: entities by id, holders of natural keys (parent id, key), and what uses some ids."""

    ids: frozenset[str] = frozenset()
    keys: frozenset[tuple[str | None, str]] = frozenset()
    used: frozenset[str] = frozenset()

    def __or__(self, other: Needs) -> Needs:
        return Needs(self.ids | other.ids, self.keys | other.keys, self.used | other.used)


@attrs.frozen
class Facts:
    """What is known, as of the lock.

    `entities` are those that exist and that the actor may see, by id; `holders` of natural keys; `users` the edges
    that point at ids, `names` the references of those users that may be named; `project` is the one committed to.
    """

    entities: Mapping[str, Entity] = attrs.field(factory=dict)
    holders: Mapping[tuple[str | None, str], str] = attrs.field(factory=dict)
    users: Sequence[Edge] = ()
    names: Mapping[str, str] = attrs.field(factory=dict)
    project: Project | None = None


Deltas = Mapping[str, Delta]


@attrs.frozen
class Rule:
    """`needs` and `check` of one rule, under the name that its issues' codes begin with."""

    name: str
    needs: Callable[[Deltas], Needs]
    check: Callable[[Deltas, Facts], Iterable[Issue]]


def key_of(entity: Entity) -> tuple[str | None, str] | None:
    """The entity's natural key with its parent's id; None where the kind has none.

    All nodes of the tree share one name space, so that a path names one thing; other kinds have one each.
    """
    made = entity_type(entity.kind)
    name = made.natural_key(entity)
    if name is None:
        return None
    field = made.slots.get("parent")
    parent = getattr(entity, field) if field else None
    return parent, name if made.is_node else f"{made.kind}:{name}"


def related_ids(entity: Entity, relation: Relation) -> tuple[str, ...]:
    """The ids that a relation of the entity holds."""
    value = getattr(entity, relation.name)
    if not value:
        return ()
    if not relation.many:
        return (value,)
    return tuple(getattr(item, relation.path) for item in value) if relation.path else tuple(value)


def ids_in(document: Mapping[str, Any], relation: Relation) -> tuple[str, ...]:  # Any: JSON
    """The ids that a relation holds in an entity's document."""
    value = document.get(relation.name)
    if not value:
        return ()
    items = value if relation.many else (value,)
    return tuple(item[relation.path] for item in items) if relation.path else tuple(items)


def no_needs(_: Deltas) -> Needs:
    """What a rule needs that looks at the commit alone."""
    return Needs()


def written(deltas: Deltas) -> Iterator[tuple[Delta, Entity]]:
    """The deltas after which there is an entity, with it."""
    for delta in deltas.values():
        if delta.after is not None:
            yield delta, delta.after


def changed_relations(deltas: Deltas) -> Iterator[tuple[Entity, Relation, tuple[str, ...]]]:
    """Every relation that is given another value, with the ids that it then holds."""
    for delta, after in written(deltas):
        for name, relation in entity_type(after.kind).relations.items():
            if getattr(after, name) and delta.changed(name):
                yield after, relation, related_ids(after, relation)


def standing(id: str, deltas: Deltas, facts: Facts) -> Entity | None:
    """The entity as it will stand after the commit."""
    delta = deltas.get(id)
    return delta.after if delta else facts.entities.get(id)


def name_of(entity: Entity) -> str:
    """How an issue calls an entity."""
    label = getattr(entity, "code", "") or getattr(entity, "name", "")
    return f"{entity.kind} {label or entity.id}"


def find_cycles(graph: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """One ring for each cycle that a depth-first walk meets, the first node repeated at the end."""
    rings: list[tuple[str, ...]] = []
    done: set[str] = set()
    for start in graph:
        trail: dict[str, Iterator[str]] = {}
        node: str | None = start if start not in done else None
        while node is not None or trail:
            if node is not None:
                trail[node] = iter(graph.get(node, ()))
            current = next(reversed(trail))
            node = None
            for following in trail[current]:
                if following in trail:
                    names = list(trail)
                    rings.append((*names[names.index(following) :], following))
                elif following not in done:
                    node = following
                    break
            else:
                done.add(current)
                del trail[current]
    return rings
