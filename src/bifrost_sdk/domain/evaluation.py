"""What a query means, in plain Python: the definition that every store is tested against.

Fields are compared as the wire form holds them. An empty text, list or object is no value, as in the wire form, where
it is left out. A list holds what any of its elements holds.
"""

from __future__ import annotations

import itertools
import operator
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.domain import registry, wire
from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.expansion import EMPTY, expand
from bifrost_sdk.domain.fieldpaths import field_names, group_path, sort_path
from bifrost_sdk.domain.query import (
    All,
    AnyOf,
    Compare,
    Edge,
    Filter,
    Gated,
    Group,
    Include,
    Lineage,
    Not,
    Page,
    Query,
    Related,
    Today,
    Walk,
)
from bifrost_sdk.domain.registry import entity_type

#: A walk begins at the first so many entities that the query finds.
WALK_STARTS = 10_000

#: A page holds at most so many groups.
GROUP_LIMIT = 1_000

Json = Any  # Any: whatever JSON can hold
_Tie = tuple[str, str]  # the entity at the other end, and the kind of the edge


def _by_id(entities: Iterable[Entity]) -> Mapping[str, Entity]:
    return {entity.id: entity for entity in entities}


@attrs.frozen(eq=False)
class World:
    """All entities of one state, by id, by what they hold and by what points at them.

    `today` is the state that `Today` asks, where it is another one.
    """

    entities: Mapping[str, Entity] = attrs.field(converter=_by_id)
    today: World | None = None
    _documents: Mapping[str, Mapping[str, Json]] = attrs.field(init=False)
    _inverse: Mapping[tuple[str, str], Sequence[_Tie]] = attrs.field(init=False)

    @_documents.default
    def _dump(self) -> Mapping[str, Mapping[str, Json]]:
        return {key: wire.to_document(entity) for key, entity in self.entities.items()}

    @_inverse.default
    def _invert(self) -> Mapping[tuple[str, str], Sequence[_Tie]]:
        found: dict[tuple[str, str], list[_Tie]] = {}
        for entity in self.entities.values():
            for name in entity_type(entity.kind).relations:
                for target, kind in self.targets(entity, name):
                    found.setdefault((name, target), []).append((entity.id, kind))
        return found

    def read(self, entity: Entity, path: tuple[str, ...]) -> Json:
        """What lies at a path within the entity, None for nothing; a path through records gives a list."""
        name, *keys = path
        if name not in field_names(entity.kind):
            return None
        value = self._documents[entity.id].get(name)
        if keys and isinstance(value, list):
            found = (_descend(record, keys) for record in value)
            return [item for each in found for item in (each if isinstance(each, list) else [each])]
        return _descend(value, keys)

    def targets(self, entity: Entity, relation: str) -> list[_Tie]:
        """The ids that the entity's relation field holds, whether they exist or not, each with the edge's kind."""
        held = entity_type(entity.kind).relations.get(relation)
        if held is None:
            return []
        if held.path:
            records = self._documents[entity.id].get(relation, [])
            return [(record[held.path], record.get("kind", "")) for record in records]
        return [(target, "") for target in present(self.read(entity, (relation,)))]

    def sources(self, entity: Entity, relation: str) -> list[_Tie]:
        """The ids of all that point at the entity by a relation field of that name, with the edges' kinds."""
        return list(self._inverse.get((relation, entity.id), ()))

    def related(self, entity: Entity, name: str) -> list[Entity]:
        """The existing entities that a relation, or else an inverse of that name, leads to, each once."""
        if name in entity_type(entity.kind).relations:
            ids = [target for target, _ in self.targets(entity, name)]
        else:
            ids = [
                source
                for made, relation in registry.inverse_relations(name, entity.kind)
                for source, _ in self.sources(entity, relation.name)
                if self.entities[source].kind == made.kind
            ]
        return [self.entities[each] for each in dict.fromkeys(ids) if each in self.entities]

    def parent(self, entity: Entity) -> str | None:
        """The id of what contains the entity."""
        field = entity_type(entity.kind).slots.get("parent")
        return self.read(entity, (field,)) if field else None


def present(value: Json) -> list[Json]:
    """The values at a path that count: none for nothing, the elements of a list, else the one value."""
    values = value if isinstance(value, list) else [value or None] if isinstance(value, Mapping) else [value]
    return [each for each in values if each not in EMPTY]


def fulfils(condition: Filter, entity: Entity, world: World) -> bool:
    """Whether a filter that was expanded (`expand_filter`) holds for an entity of the world."""
    return _HOLDS[type(condition)](condition, entity, world)


def evaluate(query: Query, entities: Iterable[Entity] | World) -> Page:
    """The answer to a query on all entities of a state, those of the studio included.

    A `World` is asked more than once without being built again, and knows today's state beside another one.

    The page's revision and cursor are not set and the query's cursor is not looked at: whoever keeps the state adds
    them.

    Raises:
        QueryError: as `expand`.
    """
    query = expand(query)
    world = entities if isinstance(entities, World) else World(entities)
    found = [entity for entity in world.entities.values() if _is_found(query, entity, world)]
    if query.shape == "count":
        return Page(count=len(found))
    if query.shape == "groups":
        return Page(count=len(found), groups=_groups(query, found, world))
    if query.shape == "walk" and query.steps is not None:
        starts = _sorted(query, found, world)[:WALK_STARTS]
        reached, edges = _walked(query.steps, starts, world)
        return Page(reached, edges=edges, included=_included(query, reached, world))
    shown = tuple(_sorted(query, found, world)[: query.size])
    return Page(shown, included=_included(query, shown, world))


def _is_found(query: Query, entity: Entity, world: World) -> bool:
    return (
        entity.kind == query.kind
        and query.project in (None, entity.project)
        and fulfils(query.filter, entity, world)
        and _has_words(query.text, entity, world)
    )


def _has_words(words: str, entity: Entity, world: World) -> bool:
    texts = (present(world.read(entity, (name,))) for name in entity_type(entity.kind).search)
    searched = fold("\n".join(itertools.chain.from_iterable(texts)))
    return all(word in searched for word in fold(words).split())


def _descend(value: Json, keys: Iterable[str]) -> Json:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


# --- filters


def _compares(compare: Compare, entity: Entity, world: World) -> bool:
    held = world.read(entity, compare.path)
    if compare.operator == "isnull":
        return bool(compare.value) is not bool(present(held))
    is_element = compare.operator == "contains" and isinstance(held, list)
    test = _is_same if is_element else _TESTS[compare.operator]
    return any(test(value, compare.value) for value in present(held))


def _is_same(value: Json, wanted: Json) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return fold(value) == fold(wanted)
    return _is_number(value) and _is_number(wanted) and bool(value == wanted)


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float))


def _ordered(test: Callable[[Json, Json], bool]) -> Callable[[Json, Json], bool]:
    def compares(value: Json, wanted: Json) -> bool:
        if isinstance(value, str) and isinstance(wanted, str):
            return test(unicodedata.normalize("NFC", value), wanted)
        return _is_number(value) and _is_number(wanted) and test(value, wanted)

    return compares


def _folded(test: Callable[[str, str], bool]) -> Callable[[Json, Json], bool]:
    return lambda value, wanted: isinstance(value, str) and isinstance(wanted, str) and test(fold(value), fold(wanted))


_TESTS: Mapping[str, Callable[[Json, Json], bool]] = {
    "eq": _is_same,
    "in": lambda value, wanted: any(_is_same(value, each) for each in wanted),
    "lt": _ordered(operator.lt),
    "le": _ordered(operator.le),
    "gt": _ordered(operator.gt),
    "ge": _ordered(operator.ge),
    "contains": _folded(operator.contains),
    "startswith": _folded(str.startswith),
    "endswith": _folded(str.endswith),
}


def _holds_today(today: Today, entity: Entity, world: World) -> bool:
    now = world.today or world
    current = now.entities.get(entity.id)
    return current is not None and fulfils(today.filter, current, now)


def _holds_up(lineage: Lineage, entity: Entity, world: World) -> bool:
    seen: set[str] = set()
    here: Entity | None = entity
    while here is not None and here.id not in seen and fulfils(lineage.filter, here, world):
        above = world.parent(here)
        if above is None:
            return True
        seen.add(here.id)
        here = world.entities.get(above)
    return False


def _is_let_in(gated: Gated, entity: Entity, world: World) -> bool:
    gates = (relation.name for relation in entity_type(entity.kind).relations.values() if relation.gate)
    targets = (world.entities.get(target) for name in gates for target, _ in world.targets(entity, name))
    return all(target is not None and fulfils(gated.filter, target, world) for target in targets)


_HOLDS: Mapping[type[Any], Callable[[Any, Entity, World], bool]] = {  # Any: each function takes its own form
    Compare: _compares,
    All: lambda each, entity, world: all(fulfils(part, entity, world) for part in each.filters),
    AnyOf: lambda each, entity, world: any(fulfils(part, entity, world) for part in each.filters),
    Not: lambda each, entity, world: not fulfils(each.filter, entity, world),
    Related: lambda each, entity, world: any(
        fulfils(each.filter, other, world) for other in world.related(entity, each.relation)
    ),
    Lineage: _holds_up,
    Today: _holds_today,
    Gated: _is_let_in,
}


# --- order, groups, walks and what comes with the entities


def _sorted(query: Query, found: Iterable[Entity], world: World) -> list[Entity]:
    ranked = sorted(found, key=lambda entity: entity.id)
    for name in reversed(query.order):
        path, descends = sort_path(query.kind, name)
        held = [(_single(world.read(entity, path)), entity) for entity in ranked]
        valued = [pair for pair in held if pair[0] is not None]
        valued.sort(key=lambda pair: rank(pair[0]), reverse=descends)
        ranked = [entity for _, entity in valued] + [entity for value, entity in held if value is None]
    return ranked


def _single(value: Json) -> Json:
    return None if isinstance(value, (list, Mapping)) or value in EMPTY else value


def rank(value: Json) -> tuple[int, Json]:
    """The place of a value in every order: numbers, then texts by code points, then nothing."""
    if value is None:
        return 2, 0
    return (1, unicodedata.normalize("NFC", value)) if isinstance(value, str) else (0, value)


def _groups(query: Query, found: Iterable[Entity], world: World) -> tuple[Group, ...]:
    paths = [group_path(query.kind, name) for name in query.groups]
    least: dict[tuple[Json, ...], tuple[Json, ...]] = {}
    counts: dict[tuple[Json, ...], int] = {}
    for entity in found:
        for values in itertools.product(*(_distinct(world.read(entity, path)) for path in paths)):
            key = tuple(alike(value) for value in values)
            least[key] = tuple(map(_lesser, least.get(key, values), values))
            counts[key] = counts.get(key, 0) + 1
    groups = [Group(values, counts[key]) for key, values in least.items()]
    groups.sort(key=lambda group: (-group.count, [rank(value) for value in group.values]))
    return tuple(groups[:GROUP_LIMIT])


def _distinct(value: Json) -> Iterable[Json]:
    found: dict[Json, Json] = {}
    for each in present(value):
        if (single := _single(each)) is not None:
            found[alike(single)] = _lesser(found.get(alike(single), single), single)
    return found.values() or [None]


def alike(value: Json) -> Json:
    """What values that count as the same have in common."""
    return fold(value) if isinstance(value, str) else value


def _lesser(one: Json, other: Json) -> Json:
    return min(one, other, key=rank)


def _walked(step: Walk, starts: list[Entity], world: World) -> tuple[tuple[Entity, ...], tuple[Edge, ...]]:
    seen = {entity.id for entity in starts}
    depths: dict[str, int] = {}
    edges: dict[tuple[str, str, str], Edge] = {}
    here = [entity.id for entity in starts]
    for depth in range(1, step.depth + 1):
        ahead: list[str] = []
        for near, (far, kind) in _steps(step, here, world):
            source, target = (near, far) if step.forward else (far, near)
            edges.setdefault((source, target, kind), Edge(source, target, step.relation, depth, kind))
            depths.setdefault(far, depth)
            ahead.append(far)
        here = [key for key in dict.fromkeys(ahead) if key not in seen]
        seen.update(here)
    reached = sorted(depths, key=lambda key: (depths[key], key))
    ordered = sorted(edges.values(), key=lambda edge: (edge.depth, edge.source, edge.target, edge.kind))
    return tuple(world.entities[key] for key in reached), tuple(ordered)


def _steps(step: Walk, here: Iterable[str], world: World) -> Iterable[tuple[str, _Tie]]:
    ties = world.targets if step.forward else world.sources
    for near in here:
        for far, kind in ties(world.entities[near], step.relation):
            entity = world.entities.get(far)
            is_kept = not step.kinds or kind in step.kinds
            if entity is not None and is_kept and fulfils(step.visible, entity, world):
                yield near, (far, kind)


def _included(query: Query, shown: Iterable[Entity], world: World) -> dict[str, dict[str, tuple[Entity, ...]]]:
    if not query.includes:
        return {}
    return {
        entity.id: {include.relation: _include(include, entity, world) for include in query.includes}
        for entity in shown
    }


def _include(include: Include, entity: Entity, world: World) -> tuple[Entity, ...]:
    others = [other for other in world.related(entity, include.relation) if fulfils(include.visible, other, world)]
    if include.query is None:
        return tuple(sorted(others, key=lambda other: other.id)[: include.limit])
    asked = include.query
    kept = [other for other in others if other.kind == asked.kind and fulfils(asked.filter, other, world)]
    return tuple(_sorted(asked, kept, world)[: include.limit])
