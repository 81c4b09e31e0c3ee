"""Stamps set on entities that were validated already: the same values in a new object, without validating again."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, TypeVar

import attrs

from bifrost_sdk.domain.entity import Entity

T = TypeVar("T", bound=Entity)


def stamped(entity: T, stamps: Mapping[str, Any]) -> T:  # Any: the types of the stamps
    """A copy of the entity with these stamps in place of its own; nothing else may be given."""
    cls = type(entity)
    copy = cls.__new__(cls)
    put = object.__setattr__
    for name in _names(cls):  # type: ignore[arg-type]  # a class can be hashed
        put(copy, name, stamps[name] if name in stamps else getattr(entity, name))
    return copy


@functools.lru_cache(maxsize=256)
def _names(cls: Any) -> tuple[str, ...]:  # Any: a class of entities
    return tuple(field.name for field in attrs.fields(cls))
