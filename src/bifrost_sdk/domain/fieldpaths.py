"""What the names in a lookup lead to: fields, JSON keys, records, and other entities over relations.

Queries, their evaluation and every store read paths by the rules that stand here, so they agree on what a name means.
"""

from __future__ import annotations

import difflib
import functools
import types
import typing
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import attrs

from bifrost_sdk.domain import model, registry  # noqa: F401 - the model registers the kinds that names are read by
from bifrost_sdk.domain.registry import EntityType, entity_type
from bifrost_sdk.errors import Issue, QueryError

#: operator -> what it asks; ``eq`` is what a lookup without an operator means.
OPERATORS = {
    "eq": "equal",
    "ne": "not equal, or without a value",
    "in": "one of the given values",
    "lt": "before",
    "le": "before or equal",
    "gt": "after",
    "ge": "after or equal",
    "contains": "a text that holds this text, or a list that holds this element",
    "startswith": "a text that begins so",
    "endswith": "a text that ends so",
    "isnull": "has no value (True) or has one (False)",
}

#: A path of more names is refused: each may be a step to other entities.
PATH_LIMIT = 16

#: What a field holds: one value, a list of values, a JSON object, a list of records.
VALUE, LIST, OBJECT, RECORDS = "value", "list", "object", "records"


def split_path(kind: str, name: str) -> tuple[tuple[str, ...], str]:
    """The path and the operator of a lookup such as ``parent__code__startswith``.

    A last name that is an operator is one, also below a JSON object: write ``metadata__in__eq`` for a key ``in``.

    >>> split_path("asset", "parent__code__startswith")
    (('parent', 'code'), 'startswith')
    >>> split_path("asset", "tags")
    (('tags',), 'eq')

    Raises:
        QueryError: when a name is not known there, with the nearest names.
    """
    *path, last = name.split("__")
    operator = last if path and last in OPERATORS else "eq"
    names = tuple(path) if path and last in OPERATORS else (*path, last)
    check_path((kind,), names)
    return names, operator


def target_kinds(kind: str, relation: str) -> tuple[str, ...]:
    """The kinds that a relation of `kind`, or an inverse of that name, can lead to.

    >>> target_kinds("asset", "parent"), target_kinds("product", "versions")
    (('asset_type', 'asset'), ('version',))

    Raises:
        QueryError: when the kind has no such relation, with the nearest names.
    """
    return targets_of((kind,), relation)


def targets_of(kinds: Collection[str], relation: str) -> tuple[str, ...]:
    """Like `target_kinds`, for an entity that may be of any of these kinds.

    Raises:
        QueryError: when none of the kinds has such a relation.
    """
    made = [entity_type(kind) for kind in kinds]
    if not any(_leads(each, relation) for each in made):
        names = {name for each in made for name in (*each.relations, *registry.inverse_names(each.kind))}
        raise _unknown("relation", relation, made, names)
    found = {target for each in made for target in _targets(each, relation)}
    return tuple(kind for kind in registry.kinds() if kind in found)


def check_path(kinds: Collection[str], path: tuple[str, ...]) -> None:
    """Nothing, when the path leads to something for at least one of the kinds.

    Raises:
        QueryError: when it does not, with the nearest names.
    """
    for name in path:
        if not _is_name(name):
            raise QueryError(Issue("query.name", f"{name!r:.200} is no name of a field or a key"))
    if len(path) > PATH_LIMIT:
        raise QueryError(Issue("query.path", f"a path has at most {PATH_LIMIT} names", "__".join(path)[:200]))
    while is_hop(kinds, path):
        kinds, path = targets_of(kinds, path[0]), path[1:] or ("id",)


def is_hop(kinds: Collection[str], path: tuple[str, ...]) -> bool:
    """Whether the first name leads to other entities; otherwise the whole path stays in the entity itself.

    What stays wins: the own field of a record before a field of the record's target.

    Raises:
        QueryError: when the path starts with no name of these kinds, or goes on below a plain value.
    """
    return _is_hop(registry.generation(), tuple(kinds), path)


@functools.lru_cache(maxsize=1024)
def _is_hop(_: int, kinds: Collection[str], path: tuple[str, ...]) -> bool:
    made = [entity_type(kind) for kind in kinds]
    name, *rest = path or ("",)
    holders = [each for each in made if name in field_names(each.kind)]
    if any(shape(each.kind, path) for each in holders):
        return False
    leads, records = any(_leads(each, name) for each in made), _record_fields(holders, name)
    if leads and not records:
        return True
    beyond = {known for target in targets_of(kinds, name) for known in names_of(target)} if leads else set()
    if rest and rest[0] in beyond - records:
        return True
    if holders:
        known = records | beyond | {*OPERATORS}
        raise _unknown("field or operator", "__".join(rest), [f"{each.kind}.{name}" for each in holders], known)
    raise _unknown("field", name, made, {known for each in made for known in names_of(each.kind)})


def field_names(kind: str) -> tuple[str, ...]:
    """The fields of a kind that can be compared: its own, the stamps, ``id`` and ``kind``."""
    return _compared(entity_type(kind).cls)  # type: ignore[arg-type]  # a class can be hashed


def names_of(kind: str) -> tuple[str, ...]:
    """Everything that a lookup on this kind may begin with: fields and inverse relations."""
    return (*field_names(kind), *registry.inverse_names(kind))


def shape(kind: str, path: tuple[str, ...]) -> str:
    """What lies at a path that stays within an entity: ``value``, ``list``, ``object`` or ``records``.

    Below a JSON object it is ``value``, since nothing is known there. The field of the records in a list is a
    ``list``. Empty when the kind has nothing there.

    >>> shape("version", ("tags",)), shape("version", ("metadata", "renderer"))
    ('list', 'value')
    """
    name, *keys = path
    if name == "kind":
        return "" if keys else VALUE
    own, record = _shapes(entity_type(kind).cls).get(name, ("", None))
    if name == "unknown" or not keys:
        return "" if name == "unknown" else own
    if own == OBJECT:
        return VALUE
    inner = _shapes(record).get(keys[0], ("", None))[0] if record else ""
    return LIST if inner and (len(keys) == 1 or inner == OBJECT) else ""


def sort_path(kind: str, name: str) -> tuple[tuple[str, ...], bool]:
    """The path that one part of an order sorts by, and whether it descends (``-updated_at``).

    Raises:
        QueryError: when the name is no field of the kind, or one without a single value.
    """
    return _own_path(kind, name.removeprefix("-"), "sort", (VALUE,)), name.startswith("-")


def group_path(kind: str, name: str) -> tuple[str, ...]:
    """The path of a field to group by.

    Raises:
        QueryError: when the name is no field of the kind, or one that holds objects.
    """
    return _own_path(kind, name, "group", (VALUE, LIST))


def _is_name(name: Any) -> bool:  # Any: checked here
    return isinstance(name, str) and not any(unicodedata.category(char) in ("Cc", "Cs") for char in name)


def _own_path(kind: str, name: str, verb: str, shapes: tuple[str, ...]) -> tuple[str, ...]:
    path = tuple(name.split("__"))
    check_path((kind,), path)
    if (found := shape(kind, path)) not in shapes:
        reason = f"holds {found}" if found else "lies in other entities"
        raise QueryError(Issue(f"query.{verb}", f"cannot {verb} {kind} by it, it {reason}", name))
    return path


@functools.lru_cache(maxsize=256)
def _compared(cls: Any) -> tuple[str, ...]:  # Any: classes of every kind
    return (*(field.name for field in attrs.fields(cls) if field.name != "unknown"), "kind")


def _shapes(cls: Any) -> Mapping[str, tuple[str, type[Any] | None]]:  # Any: classes of every kind and of records
    return _read_shapes(cls)


@functools.lru_cache(maxsize=256)
def _read_shapes(cls: Any) -> Mapping[str, tuple[str, type[Any] | None]]:  # Any: as above
    hints = typing.get_type_hints(cls)
    return {field.name: _shape_of(hints[field.name]) for field in attrs.fields(cls)}


def _shape_of(hint: Any) -> tuple[str, type[Any] | None]:  # Any: annotations, and classes of every kind
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _shape_of(next(argument for argument in arguments if argument is not type(None)))
    if origin is tuple:
        return (RECORDS, arguments[0]) if attrs.has(arguments[0]) else (LIST, None)
    holds_json = hint is Any or (isinstance(origin, type) and issubclass(origin, Mapping))
    return OBJECT if holds_json else VALUE, None


def _leads(made: EntityType, name: str) -> bool:
    return name in made.relations or bool(registry.inverse_relations(name, made.kind))


def _targets(made: EntityType, name: str) -> tuple[str, ...]:
    if name in made.relations:
        return made.relations[name].targets or registry.kinds()
    return tuple(source.kind for source, _ in registry.inverse_relations(name, made.kind))


def _record_fields(holders: list[EntityType], name: str) -> set[str]:
    records = (_shapes(each.cls)[name][1] for each in holders if name != "kind")
    return {field.name for record in records if record for field in attrs.fields(record)}


def _unknown(what: str, name: str, owners: Iterable[EntityType | str], known: Iterable[str]) -> QueryError:
    owner = ", ".join(each if isinstance(each, str) else each.kind for each in owners)
    near = difflib.get_close_matches(name, sorted(known), n=3)
    hint = f"did you mean {', '.join(near)}?" if near else ""
    return QueryError(Issue("query.name", f"there is no {what} {name[:200]!r} on {owner[:200]}", name[:200], hint=hint))
