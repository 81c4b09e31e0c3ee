"""What every entity has: identity, revision, stamps, metadata; and what every node of the tree has besides."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import attrs

from bifrost_sdk.domain import codes, text
from bifrost_sdk.domain.order import optional_key
from bifrost_sdk.errors import Issue, ValidationError

#: A document larger than this is refused; larger values are blobs in a Storage. In bytes of UTF-8 JSON.
DOCUMENT_LIMIT = 65_536

#: The largest whole number that every reader of JSON holds exactly.
MAX_NUMBER = 2**53 - 1

#: The fields that the authority writes; no change may set them.
STAMPS = ("project", "revision", "path", "created_at", "created_by", "updated_at", "updated_by")

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def check_id(value: Any) -> str:  # Any: checked here
    """The id itself, when it is a UUIDv7 in lower case with hyphens.

    Raises:
        ValidationError: when it is not.
    """
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValidationError(
            Issue("id.form", f"{value!r} is no id", "id", hint="ids are UUIDv7 text, as new_id() makes")
        )
    return value


def optional_id(value: Any) -> str | None:  # Any: checked here
    """Like `check_id`, with None (and the empty text) for nothing."""
    return None if value is None or value == "" else check_id(value)


def id_list(values: Any) -> tuple[str, ...]:  # Any: checked here
    """Ids in their order, each once.

    Raises:
        ValidationError: when one is no id, or for a bare string.
    """
    return tuple(dict.fromkeys(check_id(value) for value in text.listed(values)))


def choice(*allowed: str) -> Callable[[Any, Any, str], None]:
    """A validator: the value is one of `allowed`."""

    def check(_: Any, attribute: Any, value: str) -> None:  # Any: the signature that attrs asks for
        if value not in allowed:
            raise ValidationError(
                Issue("choice", f"{value!r} is none of {', '.join(allowed)}", getattr(attribute, "name", ""))
            )

    return check


def at_least(least: int, *, at_most: int = MAX_NUMBER) -> Callable[[Any, Any, Any], None]:
    """A validator: a whole number (no bool) in these bounds, both inclusive, or None where that is the default."""

    def check(_: Any, attribute: Any, value: Any) -> None:  # Any: the signature that attrs asks for
        if value is None and attribute.default is None:
            return
        if type(value) is not int or not least <= value <= at_most:
            message = f"{value!r:.50} is no whole number from {least} to {at_most}"
            raise ValidationError(Issue("number", message, attribute.name))

    return check


def is_truth(_: Any, attribute: Any, value: Any) -> None:  # Any: the signature that attrs asks for
    """A validator: True or False, nothing that counts as one."""
    if type(value) is not bool:
        raise ValidationError(Issue("boolean", f"{value!r:.50} is neither True nor False", attribute.name))


def _own_id(value: Any) -> str:  # Any: checked here
    return "" if value is None or value == "" else check_id(value)


def locate(error: ValidationError, cls: type[Any], values: Mapping[str, Any]) -> ValidationError:  # Any: any field's
    """The error, where it does not say what it is about, with the kind and with the field that refuses its value."""
    label = next((field.name for field in attrs.fields(cls) if _refuses(field, values)), "")
    return ValidationError(
        attrs.evolve(issue, subject=cls.kind, path=issue.path or label) if issue.subject in ("", cls.kind) else issue
        for issue in error.issues
    )


def _refuses(field: Any, values: Mapping[str, Any]) -> bool:  # Any: what attrs knows of a field
    if field.converter is None or field.name not in values:
        return False
    try:
        field.converter(values[field.name])
    except ValidationError:
        return True
    return False


@attrs.frozen(kw_only=True)
class Entity:
    """Something that a catalog keeps.

    `id` is UUIDv7 text made by the client. `project` is the code of the project that holds it (``studio`` for users,
    roles and projects), `revision` that project's revision at the last change of this entity, 0 before the first
    commit. `path` is the canonical path of the node in the project's tree (of the product, for a version), empty
    for kinds outside it. Times are in UTC, `created_by` and `updated_by` are logins. `unknown` holds fields that a
    newer peer wrote and this code does not know; they are kept as they are.
    """

    kind: ClassVar[str] = ""

    id: str = attrs.field(default="", converter=_own_id)
    project: str = ""
    revision: int = 0
    path: str = attrs.field(default="", eq=False)
    created_at: datetime.datetime | None = attrs.field(default=None, converter=text.utc)
    created_by: str = ""
    updated_at: datetime.datetime | None = attrs.field(default=None, converter=text.utc)
    updated_by: str = ""
    metadata: Mapping[str, Any] = attrs.field(factory=dict, converter=text.json_object, hash=False)
    unknown: Mapping[str, Any] = attrs.field(factory=dict, converter=text.json_object, repr=False, hash=False)

    @property
    def ref(self) -> str:
        """The canonical reference; the by-id form where there is no path."""
        return f"bifrost://{self.project}/~{self.id}"


@attrs.frozen(kw_only=True)
class Node(Entity):
    """A named place in the one tree of a project; `parent` is the id of the node above.

    `order` is a fractional key: siblings sort by it, then by code. `attributes` are this node's own values of the
    project's typed attributes; what is not here comes from above.
    """

    code: str = attrs.field(converter=codes.check_code)
    parent: str | None = attrs.field(default=None, converter=optional_id)
    name: str = attrs.field(default="", converter=text.line)
    description: str = attrs.field(default="", converter=text.prose)
    order: str = attrs.field(default="", converter=optional_key)
    tags: tuple[str, ...] = attrs.field(default=(), converter=text.tags)
    attributes: Mapping[str, Any] = attrs.field(factory=dict, converter=text.json_object, hash=False)

    @property
    def ref(self) -> str:
        """The canonical reference of the node; by id until the node was committed."""
        return f"bifrost://{self.project}/{self.path}" if self.path else super().ref


def sibling_key(node: Any) -> str:  # Any: whatever has a code
    """The name that is unique below one parent: the folded code."""
    return codes.fold(node.code)
