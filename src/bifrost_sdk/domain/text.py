"""Text from outside, made safe and comparable: one normal form, no control characters, bounded."""

from __future__ import annotations

import datetime
import json
import unicodedata
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from bifrost_sdk.domain import codes
from bifrost_sdk.errors import Issue, ValidationError

LINE_LIMIT = 1_000
PROSE_LIMIT = 20_000
_BREAKS = "\n\t"


def line(value: Any) -> str:  # Any: checked here
    """One line of text in NFC, at most 1,000 code points.

    Raises:
        ValidationError: for other types, control characters, lone surrogates and longer text.
    """
    return _checked(value, LINE_LIMIT, allowed="")


def prose(value: Any) -> str:  # Any: checked here
    """Text of several lines in NFC, at most 20,000 code points; every line end becomes a line feed.

    Raises:
        ValidationError: for other types, control characters, lone surrogates and longer text.
    """
    if isinstance(value, str) and "\r" in value:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    return _checked(value, PROSE_LIMIT, allowed=_BREAKS)


def tags(values: Any) -> tuple[str, ...]:  # Any: checked here
    """Tags in their given order, each a non-empty line, those that compare alike given once.

    Raises:
        ValidationError: for a bare string, which is a list of letters by mistake, and for an empty tag.
    """
    found: dict[str, str] = {}
    for value in listed(values):
        tag = line(value)
        if not tag.strip():
            raise ValidationError(Issue("tags.empty", "a tag is empty", "tags"))
        found.setdefault(codes.fold(tag), tag)
    return tuple(found.values())


def json_object(value: Any) -> Mapping[str, Any]:  # Any: metadata is whatever JSON can hold
    """A read-only JSON object in NFC; the keys keep their order, None is the empty one.

    Raises:
        ValidationError: for what JSON cannot hold: other types, NaN, lone surrogates, keys that are no text, and for
            whole numbers of more than 64 bits, which no database keeps.
    """
    if value is None:
        return _EMPTY
    if not isinstance(value, Mapping):
        raise ValidationError(Issue("json.type", f"{type(value).__name__} is no JSON object", hint="give a dict"))
    if not value:
        return _EMPTY
    return MappingProxyType({_key(key): _json(item, depth=1) for key, item in value.items()})


def listed(values: Any) -> Iterable[Any]:  # Any: checked here
    """The values themselves, when they are several.

    Raises:
        ValidationError: for a single value.
    """
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise ValidationError(Issue("list.type", f"{values!r:.200} is no list", hint="give a list"))
    return values


def utc(value: Any) -> datetime.datetime | None:  # Any: checked here
    """The time in UTC.

    Raises:
        ValidationError: for anything but a time, for one without a zone, and for one that UTC cannot express.
    """
    if value is None:
        return None
    if not isinstance(value, datetime.datetime):
        raise ValidationError(Issue("time.type", f"{value!r:.200} is no time", hint="give a datetime"))
    if value.tzinfo is datetime.timezone.utc:
        return value
    if value.utcoffset() is None:
        raise ValidationError(Issue("time.zone", f"{value!r} has no time zone", hint="use datetime.timezone.utc"))
    try:
        return value.astimezone(datetime.timezone.utc)
    except OverflowError as error:
        raise ValidationError(Issue("time.range", f"{value!r} lies outside the years 1 to 9999")) from error


_EMPTY: Mapping[str, Any] = MappingProxyType({})
_DEPTH = 32
_INTEGER_LIMIT = 2**63


def _checked(value: object, limit: int, *, allowed: str) -> str:
    if not isinstance(value, str):
        raise ValidationError(Issue("text.type", f"{value!r} is no text"))
    if not value or (value.isascii() and value.isprintable() and len(value) <= limit):
        return value
    value = unicodedata.normalize("NFC", value)
    if len(value) > limit:
        raise ValidationError(Issue("text.length", f"{len(value)} characters are more than {limit}"))
    for position, char in enumerate(value):
        if unicodedata.category(char) in ("Cc", "Cs") and char not in allowed:
            raise ValidationError(Issue("text.character", f"U+{ord(char):04X} at {position} is not allowed in text"))
    return value


def _key(key: Any) -> str:  # Any: checked here
    return _checked(key, LINE_LIMIT, allowed="")


def _json(value: Any, *, depth: int) -> Any:  # Any: JSON
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
        return value
    if isinstance(value, str):
        return _checked(value, PROSE_LIMIT, allowed=_BREAKS + "\r")
    if isinstance(value, float) and value - value == 0:
        return value
    if depth >= _DEPTH:
        raise ValidationError(Issue("json.depth", f"nested deeper than {_DEPTH} levels"))
    if isinstance(value, Mapping):
        return {_key(key): _json(item, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(item, depth=depth + 1) for item in value]
    if isinstance(value, int):
        raise ValidationError(Issue("json.number", "a whole number has more than 64 bits", hint="give it as text"))
    shown = json.dumps(str(value))[:80]
    raise ValidationError(Issue("json.type", f"{type(value).__name__} {shown} is no JSON value"))
