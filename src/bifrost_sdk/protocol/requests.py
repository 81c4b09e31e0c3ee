"""The calls of a Catalog as values, and their JSON; a request is read strictly.

What a server does not understand of a request it refuses: a call that lost a part would do something else.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, TypeAlias

import attrs

from bifrost_sdk.domain import wire
from bifrost_sdk.domain.changes import Change, Check, Create, Delete, Ensure, Update, check_changes
from bifrost_sdk.domain.entity import MAX_NUMBER
from bifrost_sdk.domain.pins import PinSet
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.query_documents import query_from_document, query_to_document
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.ports import NOW, View

Document = dict[str, Any]  # Any: JSON


def _checked(changes: Any) -> tuple[Change, ...]:  # Any: checked here
    return tuple(check_changes(changes))


@attrs.frozen
class Get:
    """`Catalog.get`."""

    name: ClassVar[str] = "get"
    project: str
    keys: tuple[str, ...] = attrs.field(converter=tuple)
    view: View = NOW


@attrs.frozen
class Find:
    """`Catalog.find`."""

    name: ClassVar[str] = "find"
    query: Query
    view: View = NOW


@attrs.frozen
class Resolve:
    """`Catalog.resolve`."""

    name: ClassVar[str] = "resolve"
    refs: tuple[str, ...] = attrs.field(converter=tuple)
    view: View = NOW


@attrs.frozen
class Write:
    """`Catalog.commit`; `attempt` is the client's own key of a commit that has none, so that it can be sent again."""

    name: ClassVar[str] = "commit"
    project: str
    changes: tuple[Change, ...] = attrs.field(converter=_checked)
    key: str | None = None
    comment: str = ""
    attempt: str | None = None


@attrs.frozen
class Events:
    """`Catalog.events`."""

    name: ClassVar[str] = "events"
    project: str
    after: int = 0
    limit: int = 1000


Request: TypeAlias = Get | Find | Resolve | Write | Events

#: The requests by name, as they stand in the path of a URL.
REQUESTS: Final[Mapping[str, type[Request]]] = {cls.name: cls for cls in (Get, Find, Resolve, Write, Events)}


def request_to_document(request: Request) -> Document:
    """The request as a JSON object; what is as by default is left out.

    >>> request_to_document(Events("demo", after=3))
    {'project': 'demo', 'after': 3}

    Raises:
        ValidationError: when it holds what JSON cannot.
    """
    held = ((field, getattr(request, field.name)) for field in attrs.fields(type(request)))
    return {field.name: _FIELDS[field.name][0](value) for field, value in held if value != field.default}


def request_from_document(name: str, document: Any) -> Request:  # Any: checked here
    """The request of such an object.

    >>> request_from_document("resolve", {"refs": ["bifrost://demo/hero"]}).refs
    ('bifrost://demo/hero',)

    Raises:
        ValidationError: when it is none, with the place.
    """
    cls = REQUESTS[name]
    fields = attrs.fields_dict(cls)
    given = _object(document, frozenset(fields), name)
    if missing := [each for each, field in fields.items() if field.default is attrs.NOTHING and each not in given]:
        raise _refused(f"the field {missing[0]} is missing", name)
    return cls(**{each: _FIELDS[each][1](value) for each, value in given.items()})


def _refused(message: str, place: str) -> ValidationError:
    return ValidationError(Issue("request.form", message, place, hint="a newer client needs a newer server"))


def _object(value: Any, known: frozenset[str], place: str) -> Mapping[str, Any]:  # Any: JSON, here and below
    if not isinstance(value, dict):
        raise _refused(f"{value!r:.80} is no JSON object", place)
    if unknown := sorted(value.keys() - known):
        raise _refused(f"there is no field {unknown[0]!r:.80}; the fields are {', '.join(sorted(known))}", place)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _refused(f"{value!r:.80} is no text", "request")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _refused(f"{value!r:.80} is no list", "request")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(item) for item in _list(value))


def _integer(value: Any) -> int:
    if type(value) is not int or abs(value) > MAX_NUMBER:
        raise _refused(f"{value!r:.80} is no whole number", "request")
    return value


def _same(value: Any) -> Any:
    return value


def _write_view(view: View) -> Document:
    at = wire.print_time(view.at) if isinstance(view.at, datetime.datetime) else view.at
    pins = None if view.pins is None else view.pins.to_json()
    found = {"at": at, "pins": pins, "locale": view.locale or None}
    return {name: value for name, value in found.items() if value is not None}


def _read_view(value: Any) -> View:
    given = _object(value, frozenset({"at", "pins", "locale"}), "view")
    at = given.get("at")
    moment = wire.read_time(at) if isinstance(at, str) else None if at is None else _integer(at)
    pins = PinSet.from_json(_text(given["pins"])) if "pins" in given else None
    return View(moment, pins, _text(given.get("locale", "")))


def _write_change(change: Change) -> Document:
    name = type(change).__name__.lower()
    if isinstance(change, (Create, Ensure)):
        return {"change": name, "entity": wire.to_document(change.entity)}
    found: Document = {"change": name, "id": change.id}
    if change.expected is not None:
        found["expected"] = change.expected
    if isinstance(change, Update):
        found["fields"] = wire.value(dict(change.fields))
    return found


def _read_change(value: Any) -> Change:
    name = value.get("change") if isinstance(value, dict) else None
    cls = _CHANGES.get(name) if isinstance(name, str) else None
    if cls is None:
        raise _refused(f"{value!r:.80} is no change", "changes")
    if issubclass(cls, (Create, Ensure)):
        return cls(wire.from_document(_object(value, frozenset({"change", "entity"}), "changes").get("entity")))
    known = {"change", *(field.name for field in attrs.fields(cls))}
    given = {each: item for each, item in _object(value, frozenset(known), "changes").items() if each != "change"}
    if missing := sorted({"id", *known & {"fields"}} - given.keys()):
        raise _refused(f"the field {missing[0]} is missing", "changes")
    if given.get("expected") is not None:
        _integer(given["expected"])
    return cls(**given)


_CHANGES: Final[Mapping[str, type[Change]]] = {
    cls.__name__.lower(): cls for cls in (Create, Ensure, Update, Delete, Check)
}

#: field of a request -> how it is written and how it is read.
_FIELDS: Final[Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]]] = {
    "project": (_same, _text),
    "keys": (list, _texts),
    "refs": (list, _texts),
    "view": (_write_view, _read_view),
    "query": (query_to_document, query_from_document),
    "changes": (
        lambda changes: [_write_change(change) for change in changes],
        lambda value: [_read_change(item) for item in _list(value)],
    ),
    "key": (_same, _text),
    "comment": (_same, _text),
    "attempt": (_same, _text),
    "after": (_same, _integer),
    "limit": (_same, _integer),
}
