"""An entity of any registered kind, made from nothing but what the registry knows of it."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.domain import registry
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.registry import EntityType, Relation
from bifrost_sdk.errors import ValidationError

#: kind -> ids of what stands there and may be pointed at.
Standing = Mapping[str, Sequence[str]]


def example(kind: str, id: str, standing: Standing, *, name: str = "sample") -> Entity:  # the field's own name
    """An entity with a parent and values for the fields that it must have; relations lead to the first thing there.

    `name` is used for every text, so that examples with different names have different natural keys.

    Raises:
        ValidationError: when the kind needs more than can be told from its fields.
    """
    made = registry.entity_type(kind)
    needed = {
        field.name: _value(made, field.name, standing, name)
        for field in attrs.fields(made.cls)
        if field.default is attrs.NOTHING and field.init
    }
    if made.parent is not None and _target(made.parent, standing):
        needed[made.parent.name] = _held(made.parent, standing)
    for relation in made.relations.values():
        if relation.required and _target(relation, standing):
            needed[relation.name] = _held(relation, standing)
    failure: ValidationError | None = None
    for fields in ({}, *_further(made, standing)):
        try:
            return typing.cast("Entity", made.cls(id=id, **needed, **fields))
        except ValidationError as error:
            failure = failure or error
    assert failure is not None
    raise failure


def text_fields(kind: str) -> tuple[str, ...]:
    """The fields of the kind that hold text of a person's own, no ids and no stamps."""
    made = registry.entity_type(kind)
    fixed = {*(field.name for field in attrs.fields(Entity)), *made.relations}
    return tuple(
        name for name, hint in _hints(made.cls).items() if hint in (str, tuple[str, ...]) and name not in fixed
    )


def _further(made: EntityType, standing: Standing) -> Iterator[dict[str, Any]]:  # Any: ids, and lists of ids
    """Values for one optional relation at a time: some kinds need one of several."""
    for relation in made.relations.values():
        if _target(relation, standing):
            yield {relation.name: _held(relation, standing)}


def _value(made: EntityType, name: str, standing: Standing, text: str) -> Any:  # Any: values of every field type
    relation = made.relations.get(name)
    if relation is not None:
        return _held(relation, standing)
    hint = _hints(made.cls)[name]
    samples: dict[Any, Any] = {str: text, int: 1, float: 1.5, bool: True}  # Any: types and their values
    return samples.get(hint, ())


def _held(relation: Relation, standing: Standing) -> Any:  # Any: an id or a list of ids
    target = _target(relation, standing)
    return (target,) if relation.many and target else target


def _target(relation: Relation, standing: Standing) -> str | None:
    kinds = relation.targets or tuple(standing)
    return next((standing[kind][0] for kind in kinds if standing.get(kind)), None)


def _hints(cls: type[Any]) -> dict[str, Any]:  # Any: classes of every kind, annotations
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in attrs.fields(cls)}
