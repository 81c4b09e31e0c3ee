"""What kinds of entities there are, and what storage, wire, query, events and access need to know of each.

A kind is one class and one line::

    @register("asset", plural="assets", slots={"parent": "parent"}, relations=[...])
    @attrs.frozen
    class Asset(Node): ...

Everything else reads the registry: no other module lists kinds.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from bifrost_sdk.errors import Issue, QueryError

#: The columns that a store keeps beside the document, because resolving, uniqueness and listing need them fast.
SLOTS = ("parent", "number", "state", "status")

#: The targets of what any node may own: every kind of node that is registered when they are asked for, but leaves.
NODES = ("*",)


@attrs.frozen
class Relation:
    """A field that holds the id of another entity, or several.

    `name` is the field; `targets` the kinds it may point at (empty: any; or `NODES`); `inverse` what the other side
    calls it.
    `gate`: where the target is hidden, this entity is hidden too (the containing parent always gates).
    `required`: writers must give it, as they must the containing parent; readers see none where it is hidden.
    `across`: the target may belong to another project (``studio`` is open to all). `path` leads into the values of a
    field that holds records, e.g. ``version`` of each dependency. Nothing can be deleted while a relation points at it.
    """

    name: str
    _targets: tuple[str, ...] = ()
    many: bool = False
    inverse: str = ""
    gate: bool = False
    required: bool = False
    across: bool = False
    path: str = ""

    @property
    def targets(self) -> tuple[str, ...]:
        """The kinds it may point at, in order; empty for any."""
        if self._targets != NODES:
            return self._targets
        return tuple(kind for kind, made in _types.items() if made.is_node and not made.is_leaf)


@attrs.frozen(eq=False)
class EntityType:
    """All that is known of one kind.

    `slots` maps a store's column to the field that fills it; `natural_key` gives the name that is unique below the
    parent (None: not unique); `search` are the fields full text looks at; `immutable` may be set at creation only.
    `root` is the first path segment below a project (``assets``, ``shots``) and marks the kinds of the reference
    tree together with `is_node`; nothing that any node may own lies below one that `is_leaf`.
    `scope` is where entities of this kind stand: a ``project``, the ``studio``, or ``any`` of the two.
    """

    kind: str
    plural: str
    cls: type[Any]  # Any: the class itself, whatever it is
    relations: Mapping[str, Relation]
    slots: Mapping[str, str]
    natural_key: Callable[[Any], str | None]
    search: tuple[str, ...] = ()
    immutable: frozenset[str] = frozenset()
    is_node: bool = False
    is_leaf: bool = False
    root: str = ""
    scope: str = "project"
    read_only: bool = False
    schema: int = 1
    upgrades: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = attrs.field(factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of all fields, in order, the stamps included."""
        return _field_names(self.cls)  # type: ignore[arg-type]  # a class can be hashed

    def stands_in(self, project: str) -> bool:
        """Whether entities of this kind may stand in that project."""
        return self.scope == "any" or (self.scope == "studio") == (project == "studio")

    @property
    def parent(self) -> Relation | None:
        """The relation that contains this kind, if it is contained."""
        name = self.slots.get("parent")
        return self.relations.get(name) if name else None


@functools.lru_cache(maxsize=256)
def _field_names(cls: Any) -> tuple[str, ...]:  # Any: the class itself
    return tuple(field.name for field in attrs.fields(cls))


_types: dict[str, EntityType] = {}
_inverses: dict[str, list[tuple[EntityType, Relation]]] = {}
_changes: list[str] = []

T = TypeVar("T")


def register(
    kind: str, *, plural: str, relations: Sequence[Relation] = (), **options: Any
) -> Callable[[type[T]], type[T]]:
    """Make the decorated class a kind of entity; `options` are the remaining fields of `EntityType`.

    Raises:
        ValueError: when the kind or its plural is taken, or a name it gives is no field of the class.
    """

    def add(cls: type[T]) -> type[T]:
        options.setdefault("slots", {})
        options.setdefault("natural_key", _no_natural_key)
        made = EntityType(kind, plural, cls, {relation.name: relation for relation in relations}, **options)
        _check(made)
        _types[kind] = made
        _changes.append(kind)
        for relation in relations:
            if relation.inverse:
                _inverses.setdefault(relation.inverse, []).append((made, relation))
        cls.kind = kind  # type: ignore[attr-defined]  # the class learns its name here, declared on Entity
        return cls

    return add


def unregister(kind: str) -> None:
    """Forget a kind, for a test or a plug-in that is unloaded; entities already stored stay as they are."""
    made = _types.pop(kind)
    _changes.append(kind)
    for entries in _inverses.values():
        entries[:] = [entry for entry in entries if entry[0] is not made]


def entity_type(kind: Any) -> EntityType:  # Any: checked here
    """The type of that name; plural and class-like spellings are understood.

    Raises:
        QueryError: with those that resemble it, else with all kinds, when there is none.
    """
    found = _types.get(kind) if isinstance(kind, str) else None
    if found is None:
        folded = str(kind).replace("-", "_").casefold()
        for made in _types.values():
            if folded in (made.kind, made.plural, made.cls.__name__.casefold()):
                return made
        near = difflib.get_close_matches(
            folded[:64], [name for made in _types.values() for name in (made.kind, made.plural)]
        )
        hint = f"did you mean {', '.join(near)}?" if near else f"the kinds are {', '.join(sorted(_types))}"
        raise QueryError(Issue("query.kind", f"there is no kind {kind!r:.200}", hint=hint))
    return found


def generation() -> int:
    """A number that grows whenever a kind comes or goes, for those who keep what follows from the kinds."""
    return len(_changes)


def kinds() -> tuple[str, ...]:
    """All registered kinds, in the order of registration."""
    return tuple(_types)


def inverse_relations(name: str, kind: str) -> list[tuple[EntityType, Relation]]:
    """The relations of other kinds that an entity of `kind` sees under the inverse `name`."""
    return [
        (made, relation)
        for made, relation in _inverses.get(name, ())
        if not relation.targets or kind in relation.targets
    ]


def inverse_names(kind: str) -> tuple[str, ...]:
    """The names under which `kind` sees what points at it, sorted."""
    return tuple(sorted(name for name in _inverses if inverse_relations(name, kind)))


def _no_natural_key(_: Any) -> str | None:  # Any: every kind of entity
    return None


def _check(made: EntityType) -> None:
    if made.kind in _types or made.plural in {other.plural for other in _types.values()}:
        raise ValueError(f"the kind {made.kind!r} (plural {made.plural!r}) is registered already")
    names = set(made.fields)
    named = {*made.relations, *made.slots.values(), *made.search, *made.immutable}
    if missing := sorted(named - names):
        raise ValueError(f"{made.cls.__name__} has no field {', '.join(missing)}")
    if unknown := sorted(set(made.slots) - set(SLOTS)):
        raise ValueError(f"there is no slot {', '.join(unknown)}; the slots are {', '.join(SLOTS)}")
