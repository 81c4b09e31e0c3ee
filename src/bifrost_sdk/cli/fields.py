"""What is typed for the fields of entities: values by the field's own type, and conditions on them."""

from __future__ import annotations

import datetime
import json
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bifrost_sdk.domain import fieldpaths, tables
from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.query import Compare
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.services.moments import moment_of

_NUMBER = re.compile(r"[+-]?[0-9]{1,16}(?:\.[0-9]{1,16})?").fullmatch
_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


def values_of(kind: str, typed: Iterable[str]) -> dict[str, Any]:  # Any: values of every field type
    """What is typed as FIELD=VALUE, by field; nothing behind the mark empties a field, lists stand with commas.

    Raises:
        ValidationError: when one is not of this form, or its value does not fit the field.
    """
    found: dict[str, Any] = {}  # Any: as above
    for text in typed:
        name, value = _split(text, "FIELD=VALUE", "name='The hero'")
        found[name] = _field_value(kind, name, value) if name in entity_type(kind).fields else value
    return found


def conditions_of(kind: str, typed: Iterable[str]) -> list[Compare]:
    """What is typed as FIELD=VALUE or FIELD__OPERATOR=VALUE, as filters; `in` takes values with commas between them.

    Raises:
        QueryError: when there is no such field or operator.
        ValidationError: when one is not of this form, or its value does not fit the field.

    >>> conditions_of("version", ["tags__contains=main", "number__in=1,2"])[1].value
    [1, 2]
    """
    found = []
    for text in typed:
        name, value = _split(text, "FIELD=VALUE", "tags__contains=main")
        path, operator = fieldpaths.split_path(kind, name)
        if operator == "isnull":
            found.append(Compare(path, operator, _truth(name, value)))
        elif operator == "in":
            found.append(Compare(path, operator, [_compared(kind, path, each.strip()) for each in value.split(",")]))
        else:
            found.append(Compare(path, operator, _compared(kind, path, value)))
    return found


def metadata_of(typed: Iterable[str]) -> dict[str, Any]:  # Any: JSON
    """What is typed as KEY=VALUE, by key: JSON where it is some, else the text itself.

    >>> metadata_of(["frames=3", "by=anna", 'size={"x": 1}'])
    {'frames': 3, 'by': 'anna', 'size': {'x': 1}}
    """
    found: dict[str, Any] = {}  # Any: as above
    for text in typed:
        name, value = _split(text, "KEY=VALUE", "renderer=karma")
        try:
            found[name] = json.loads(value)
        except (ValueError, RecursionError):
            found[name] = value
    return found


def _split(text: str, form: str, example: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not (name and mark):
        raise ValidationError(Issue("field.form", f"{text!r} is not {form}", hint=f"write {example}"))
    return name, value


def _field_value(kind: str, name: str, value: str) -> Any:  # Any: values of every field type
    hint, shape = _hint(kind, name), fieldpaths.shape(kind, (name,))
    if shape == fieldpaths.LIST:
        return tables.tags(value) if name == "tags" else tuple(filter(None, map(str.strip, value.split(","))))
    if shape != fieldpaths.VALUE:
        return _json(name, value) if value else {}
    if not value and type(None) in typing.get_args(hint):
        return None
    return _single(hint, name, value)


def _compared(kind: str, path: tuple[str, ...], value: str) -> Any:  # Any: values of every field type
    """The value to compare with what lies at a path, which may lead over other entities."""
    kinds: tuple[str, ...] = (kind,)
    while fieldpaths.is_hop(kinds, path):
        kinds, path = fieldpaths.targets_of(kinds, path[0]), path[1:] or ("id",)
    holder = next(each for each in kinds if path[0] in fieldpaths.field_names(each))
    if len(path) > 1:  # below a JSON object, of which nothing is known
        return _plain(value)
    return value if path[0] == "kind" else _single(_hint(holder, path[0]), path[0], value)


def _single(hint: Any, name: str, value: str) -> Any:  # Any: an annotation, and values of every field type
    plain = next((each for each in (hint, *typing.get_args(hint)) if each in _READERS), None)
    return _READERS[plain](name, value) if plain else value


def _hint(kind: str, name: str) -> Any:  # Any: an annotation
    hint = typing.get_type_hints(entity_type(kind).cls)[name]
    return hint if isinstance(hint, types.UnionType) or typing.get_origin(hint) is None else None


def _plain(value: str) -> Any:  # Any: what JSON has for a single value
    folded = fold(value)
    if folded in {"true", "false", "null"} or _NUMBER(value):
        return json.loads(folded.lstrip("+"))
    return value


def _number(name: str, value: str) -> int:
    if not re.fullmatch("-?[0-9]{1,16}", value):
        raise _refusal(name, f"{value[:80]!r} is no whole number", "write 12")
    return int(value)


def _truth(name: str, value: str) -> bool:
    if fold(value) not in _TRUTHS:
        raise _refusal(name, f"{value[:80]!r} is neither true nor false", "write true or false")
    return _TRUTHS[fold(value)]


def _time(name: str, value: str) -> datetime.datetime:  # noqa: ARG001 - as the other readers
    found = moment_of(value)
    assert isinstance(found, datetime.datetime)
    return found


def _json(name: str, value: str) -> Any:  # Any: JSON
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise _refusal(name, f"{value[:80]!r} is no JSON: {error}", """write '{"key": "value"}'""") from error


def _refusal(name: str, message: str, hint: str) -> ValidationError:
    return ValidationError(Issue("field.value", message, name, hint=hint))


_READERS: Mapping[Any, Callable[[str, str], Any]] = {  # Any: types, and values of every field type
    int: _number,
    bool: _truth,
    datetime.datetime: _time,
}
