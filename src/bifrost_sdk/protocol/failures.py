"""Errors as JSON and back, with everything that they carry: one table for both directions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bifrost_sdk.errors import (
    BifrostError,
    CatalogError,
    ConfigurationError,
    ConflictError,
    Issue,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    QueryError,
    ReferenceSyntaxError,
    StorageError,
    TemplateError,
    ValidationError,
)

Document = dict[str, Any]  # Any: JSON


def _text(value: Any) -> str:  # Any: JSON, here and below
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _place(value: Any) -> int:
    return value if type(value) is int else 0


def _seconds(value: Any) -> float | None:
    return value if type(value) in {int, float} else None


def _document(value: Any) -> Document | None:
    return value if isinstance(value, dict) else None


def _as_it_is(value: Any) -> Any:
    return value


def _issues(value: Any) -> tuple[Issue, ...]:
    found = value if isinstance(value, list) else []
    return tuple(Issue(**{name: _text(item.get(name)) for name in _ISSUE}) for item in found if isinstance(item, dict))


_ISSUE: Final = ("code", "message", "path", "subject", "hint")

#: What each error carries, and how each attribute is read; what is missing or of another type is read as empty.
ATTRIBUTES: Final[Mapping[type[BifrostError], Mapping[str, Callable[[Any], Any]]]] = {
    BifrostError: {},
    NotFoundError: {"ref": _text, "suggestions": _texts, "reason": _text},
    PermissionDeniedError: {"required_permission": _text, "actor": _text, "project": _text},
    ConflictError: {"mine": _document, "theirs": _document, "fields": _texts, "blockers": _texts},
    ValidationError: {"issues": _issues},
    ReferenceSyntaxError: {"issues": _issues, "text": _text, "position": _place},
    QueryError: {"issues": _issues},
    TemplateError: {"template": _text, "token": _text, "value": _as_it_is},
    ConfigurationError: {"setting": _text, "source": _text},
    StorageError: {"path": _text, "reason": _text},
    CatalogError: {"path": _text, "reason": _text},
    NetworkError: {"retry_after": _seconds},
}

_BY_NAME: Final = {cls.__name__: cls for cls in ATTRIBUTES}


def kind_of(error: BifrostError) -> type[BifrostError]:
    """The class of the error that crosses: its own, or the nearest one that is public."""
    return next(cls for cls in type(error).__mro__ if cls in ATTRIBUTES)


def error_to_document(error: BifrostError) -> Document:
    """The error as a JSON object.

    >>> error_to_document(NotFoundError("bifrost://demo/a"))["error"]
    'NotFoundError'
    """
    data = error.to_data()
    kept = {name: data.get(name) for name in ATTRIBUTES[kind_of(error)]}
    return {"error": kind_of(error).__name__, "message": data["message"], **kept}


def error_from_document(document: Mapping[str, Any]) -> BifrostError:
    """The error of such an object; of a kind that a newer server has, the message is what is left.

    >>> error_from_document({"error": "NetworkError", "message": "busy", "retry_after": 2.5}).retry_after
    2.5
    """
    cls = _BY_NAME.get(_text(document.get("error")), BifrostError)
    error = cls.__new__(cls, _text(document.get("message")))
    for name, read in ATTRIBUTES[cls].items():
        setattr(error, name, read(document.get(name)))
    return error
