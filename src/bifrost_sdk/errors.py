"""The one tree of errors that the library raises, so that a caller can catch by meaning.

::

    BifrostError
    ├── NotFoundError            nothing that the asker may see answers to a reference, id or name
    ├── PermissionDeniedError    the asker's roles do not allow it
    ├── ConflictError            somebody else was first, or an idempotency key was used twice
    ├── ValidationError          the request itself is wrong; carries every issue found
    │   ├── ReferenceSyntaxError a reference that cannot be read, with the place
    │   └── QueryError           a query that names what does not exist or cannot be compared
    ├── TemplateError            a template, one of its tokens or a value for it
    ├── ConfigurationError       a setting, a workspace file or a missing extra
    ├── StorageError             files: disk full, no permission, vanished, unsuitable file system
    │   └── CatalogError         the catalog itself: newer than this code, damaged, busy
    └── NetworkError             a server did not answer; carries when to try again

Every message says what failed, on what, and what to do; everything in a message is also an attribute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs


@attrs.frozen
class Issue:
    """One thing that is wrong with a request.

    `code` is stable and made for programs (``code.reserved``); `path` names the field (``frames.start``),
    `subject` the entity or reference; `hint` says what to do.
    """

    code: str
    message: str
    path: str = ""
    subject: str = ""
    hint: str = ""

    def __str__(self) -> str:
        place = " ".join(part for part in (self.subject, self.path) if part)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} ({self.hint})" if self.hint else text


class BifrostError(Exception):
    """The root of all errors of this library; it can be copied and pickled, as pools of workers do."""

    def __reduce__(self) -> tuple[Any, ...]:  # Any: what pickle asks for
        return _restored, (type(self), self.args), vars(self)

    def to_data(self) -> dict[str, Any]:
        """The error as plain JSON values, as it crosses a process boundary."""
        attributes = {name: _plain(value) for name, value in vars(self).items() if not name.startswith("_")}
        return {"error": type(self).__name__, "message": str(self), **attributes}


class NotFoundError(BifrostError):
    """Nothing that the asker may see answers to `ref`; `suggestions` are references that do."""

    def __init__(self, ref: str, *, suggestions: Sequence[str] = (), reason: str = "") -> None:
        self.ref = ref
        self.suggestions = tuple(suggestions)
        self.reason = reason
        text = f"{ref}: {reason or 'not found'}"
        if self.suggestions:
            text += f". Did you mean {', '.join(self.suggestions)}?"
        super().__init__(text)


class PermissionDeniedError(BifrostError):
    """The asker's roles do not hold `required_permission`, e.g. ``create:asset``."""

    def __init__(self, required_permission: str, *, actor: str = "", project: str = "") -> None:
        self.required_permission = required_permission
        self.actor = actor
        self.project = project
        who = actor or "this user"
        where = f" in project {project}" if project else ""
        super().__init__(
            f"{who} lacks the permission {required_permission}{where}; "
            "ask an admin of the project for a role that holds it"
        )


class ConflictError(BifrostError):
    """Somebody else changed it first.

    `mine` is what was asked for, `theirs` what stands now (documents, or None where there is none); `fields`
    are the names that clash; `blockers` the things that stand in the way.
    """

    def __init__(
        self,
        message: str,
        *,
        mine: Mapping[str, Any] | None = None,
        theirs: Mapping[str, Any] | None = None,
        fields: Sequence[str] = (),
        blockers: Sequence[str] = (),
    ) -> None:
        self.mine = mine
        self.theirs = theirs
        self.fields = tuple(fields)
        self.blockers = tuple(blockers)
        super().__init__(message)


class ValidationError(BifrostError):
    """The request is wrong in itself; `issues` holds everything that was found, not only the first."""

    def __init__(self, issues: Iterable[Issue] | Issue | str) -> None:
        if isinstance(issues, str):
            issues = Issue("invalid", issues)
        self.issues: tuple[Issue, ...] = (issues,) if isinstance(issues, Issue) else tuple(issues)
        super().__init__("; ".join(str(issue) for issue in self.issues))


def refusal(code: str, message: str, subject: object, hint: str = "") -> ValidationError:
    """The error of one issue with a value, which is shown as Python writes it."""
    return ValidationError(Issue(code, message, subject=repr(subject), hint=hint))


class ReferenceSyntaxError(ValidationError):
    """`text` is no reference; `position` (0-based, in code points) is where reading stopped."""

    def __init__(self, message: str, *, text: str, position: int) -> None:
        self.text = text
        self.position = position
        super().__init__(Issue("reference.syntax", message, subject=text))

    def __str__(self) -> str:
        shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in self.text)
        return f"{self.issues[0].message}\n  {shown}\n  {' ' * self.position}^"


class QueryError(ValidationError):
    """A query names a field, relation or kind that does not exist, or compares what cannot be compared."""


class TemplateError(BifrostError):
    """A template cannot be read, or a value does not fit one of its tokens."""

    def __init__(self, message: str, *, template: str = "", token: str = "", value: Any = None) -> None:
        self.template = template
        self.token = token
        self.value = value
        super().__init__(message)


class ConfigurationError(BifrostError):
    """A setting, a workspace file or an optional package is missing or wrong; `source` says where it came from."""

    def __init__(self, message: str, *, setting: str = "", source: str = "") -> None:
        self.setting = setting
        self.source = source
        super().__init__(message)


class StorageError(BifrostError):
    """Something with files failed; `path` is the file, `reason` the operating system's word."""

    def __init__(self, message: str, *, path: str = "", reason: str = "") -> None:
        self.path = path
        self.reason = reason
        super().__init__(message)


class CatalogError(StorageError):
    """The catalog itself cannot serve: newer than this code, damaged, or busy past the timeout."""


class NetworkError(BifrostError):
    """A server did not answer; `retry_after` is in seconds, None where nobody knows."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


def _restored(cls: type[BifrostError], arguments: tuple[Any, ...]) -> BifrostError:  # Any: an exception's arguments
    """An error as it was, without making its message a second time."""
    return cls.__new__(cls, *arguments)


def _plain(value: Any) -> Any:  # Any: error data is whatever JSON can hold
    if isinstance(value, Issue):
        return attrs.asdict(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
