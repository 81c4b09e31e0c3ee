"""Typed project attributes: declared once in the project, set anywhere in the tree, inherited downwards.

Values are kept in their JSON form (a frame rate as ``"24000/1001"``), so that every peer reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from bifrost_sdk.domain import text
from bifrost_sdk.domain.entity import MAX_NUMBER
from bifrost_sdk.domain.frames import FrameRate
from bifrost_sdk.errors import Issue, ValidationError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_RESOLUTION = re.compile(r"([1-9][0-9]{0,5})x([1-9][0-9]{0,5})(?:@([0-9]{1,2}(?:\.[0-9]{1,4})?))?")
_HANDLES = re.compile(r"(0|[1-9][0-9]{0,5})\+(0|[1-9][0-9]{0,5})")


@attrs.frozen
class AttributeType:
    """What an attribute may hold.

    `type` is one of ``text``, ``integer``, ``number``, ``boolean``, ``choice``, ``fps`` (``24``, ``24000/1001``),
    ``resolution`` (``1920x1080``, in pixels, ``@2.0`` for a pixel aspect ratio that is not 1) and ``handles``
    (``8+8``: frames before and after the cut). `default` is the value where nothing is set; None: no value.
    """

    type: str = attrs.field(converter=text.line)
    default: Any = attrs.field(default=None, hash=False)
    choices: tuple[str, ...] = attrs.field(default=(), converter=text.tags)
    label: str = attrs.field(default="", converter=text.line)
    unknown: Mapping[str, Any] = attrs.field(factory=dict, converter=text.json_object, repr=False, hash=False)

    def __attrs_post_init__(self) -> None:
        if self.type not in _READERS:
            raise ValidationError(
                Issue("attribute.type", f"{self.type!r} is no attribute type", hint=f"one of {', '.join(_READERS)}")
            )
        if self.default is not None:
            object.__setattr__(self, "default", self.check("default", self.default))

    def check(self, name: str, value: Any) -> Any:  # Any: JSON in, JSON out
        """The value in its one canonical form.

        Raises:
            ValidationError: when the value is not of this type, naming the attribute.
        """
        try:
            return _READERS[self.type](self, value)
        except (ValidationError, ValueError, TypeError) as error:
            detail = f": {error}" if str(error) else ""
            raise ValidationError(
                Issue("attribute.value", f"{value!r} is no {self.type}{detail}", f"attributes.{name}")
            ) from error


@attrs.frozen
class Inherited:
    """A value and the reference of the node that it comes from (the project for defaults)."""

    value: Any = attrs.field(hash=False)
    origin: str = ""


def attribute_types(values: Any) -> Mapping[str, AttributeType]:  # Any: checked here
    """The declarations of a project, checked.

    Raises:
        ValidationError: for a name that is not lower case letters, digits and ``_``, and for what is no declaration.
    """
    if not isinstance(values, Mapping) or not all(isinstance(each, AttributeType) for each in values.values()):
        hint = 'e.g. {"shutter": AttributeType("number")}'
        raise ValidationError(
            Issue("attribute.type", "attributes are declared by their types", "attribute_types", "", hint)
        )
    for name in values:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValidationError(
                Issue("attribute.name", f"{name!r} is no attribute name", "attribute_types", hint="use lower_case")
            )
    return MappingProxyType(dict(values))


def check_values(values: Mapping[str, Any], types: Mapping[str, AttributeType]) -> list[Issue]:
    """Everything wrong with a node's own values: unknown names, wrong types, spellings that are not canonical."""
    issues: list[Issue] = []
    for name, value in values.items():
        declared = types.get(name)
        if declared is None:
            hint = f"declared are {', '.join(types) or 'none'}"
            issues.append(
                Issue("attribute.unknown", "the project declares no such attribute", f"attributes.{name}", "", hint)
            )
            continue
        try:
            canonical = declared.check(name, value)
        except ValidationError as error:
            issues.extend(error.issues)
            continue
        if canonical != value:
            issues.append(Issue("attribute.form", f"write {canonical!r} for {value!r}", f"attributes.{name}"))
    return issues


def inherit(
    chain: Iterable[tuple[str, Mapping[str, Any]]], types: Mapping[str, AttributeType], *, project: str
) -> dict[str, Inherited]:
    """Every declared attribute's value with its origin; `chain` is (reference, own values), the nearest node first.

    `project` is the project's reference, the origin of defaults. Attributes without any value are left out.
    """
    found: dict[str, Inherited] = {}
    for ref, values in chain:
        for name, value in values.items():
            if name in types and name not in found and value is not None:
                found[name] = Inherited(value, ref)
    for name, declared in types.items():
        if name not in found and declared.default is not None:
            found[name] = Inherited(declared.default, project)
    return found


def _number(_: AttributeType, value: Any) -> float:  # Any: JSON
    if type(value) not in (int, float) or not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise TypeError
    return value  # type: ignore[no-any-return]  # checked above


def _integer(_: AttributeType, value: Any) -> int:  # Any: JSON
    if type(value) is not int or not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise TypeError
    return value


def _boolean(_: AttributeType, value: Any) -> bool:  # Any: JSON
    if type(value) is not bool:
        raise TypeError
    return value


def _text(_: AttributeType, value: Any) -> str:  # Any: JSON
    return text.line(value)


def _choice(declared: AttributeType, value: Any) -> str:  # Any: JSON
    if value not in declared.choices:
        raise ValueError(f"the choices are {', '.join(declared.choices)}")
    return str(value)


def _fps(_: AttributeType, value: Any) -> str:  # Any: JSON
    if isinstance(value, bool):
        raise TypeError
    return str(value if isinstance(value, FrameRate) else FrameRate.parse(str(value)))


def _resolution(_: AttributeType, value: Any) -> str:  # Any: JSON
    match = _RESOLUTION.fullmatch(value)
    if not match:
        raise ValueError("write 1920x1080 or 1920x1080@2.0, with at most two digits and four decimals")
    aspect = float(match[3] or 1)
    if not aspect:
        raise ValueError("a pixel aspect ratio is above 0")
    return f"{match[1]}x{match[2]}" + (f"@{aspect}" if aspect != 1 else "")


def _handles(_: AttributeType, value: Any) -> str:  # Any: JSON
    if not _HANDLES.fullmatch(value):
        raise ValueError("write 8+8: frames before and after")
    return str(value)


_READERS: dict[str, Callable[[AttributeType, Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "choice": _choice,
    "fps": _fps,
    "resolution": _resolution,
    "handles": _handles,
}

#: What a new project declares.
STANDARD: Mapping[str, AttributeType] = MappingProxyType(
    {
        "fps": AttributeType("fps", default="24", label="Frame rate"),
        "resolution": AttributeType("resolution", default="1920x1080", label="Resolution"),
        "handles": AttributeType("handles", default="0+0", label="Handles"),
        "color_space": AttributeType("text", label="Colour space"),
    }
)
