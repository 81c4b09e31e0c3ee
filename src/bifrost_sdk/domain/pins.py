"""What references meant at one moment, as a value that can be kept beside a scene and read without a catalog."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.references import MAX_VERSION, UUID, Reference
from bifrost_sdk.errors import refusal

SCHEMA: Final = 1
"""The schema version that this code writes and reads."""

_PATH: Final = re.compile(rf"\{{({codes.ROOT})\}}/(.+)", re.DOTALL).fullmatch
_ID: Final = re.compile(UUID).fullmatch
_HASH: Final = re.compile(r"(?:[a-z0-9]+:)?[0-9a-f]{16,128}").fullmatch


def _is_hash(_: object, __: attrs.Attribute[str], value: str) -> None:
    if value and _HASH(value) is None:
        raise refusal("pin.hash", "a hash is lower-case hexadecimal", value, "write e.g. sha256:9f86d0…")


@attrs.frozen
class Pin:
    """What one reference stands for: a file under a root, and the version it belongs to.

    `path` starts with the root as a token (``{publish}/demo/hero.usd``), so that each site and platform puts its own
    folder there. `version` is the version's id, `number` None while it has none, `hash` lower-case hexadecimal, with
    or without the algorithm (``sha256:…``), empty when unknown.

    Raises:
        ValidationError: a field is malformed, or the path is absolute or leaves its root.
    """

    path: str = attrs.field(converter=codes.nfc)
    version: str = attrs.field()
    number: int | None = attrs.field(default=None, kw_only=True)
    hash: str = attrs.field(default="", kw_only=True, validator=_is_hash)

    @path.validator
    def _stays_in_root(self, _: attrs.Attribute[str], path: str) -> None:
        match = _PATH(path)
        if match is None:
            raise refusal("pin.path", "a pinned path starts with a root's token", path, "write {publish}/folder/file")
        fault = codes.path_fault(match[2])
        if fault is not None:
            raise refusal("pin.path", fault.message, path, fault.hint)

    @version.validator
    def _is_id(self, _: attrs.Attribute[str], version: str) -> None:
        if _ID(version) is None:
            raise refusal("pin.version", "a version's id is a lower-case UUID", version, "use the version's id")

    @number.validator
    def _is_number(self, _: attrs.Attribute[int | None], number: int | None) -> None:
        if number is not None and not 1 <= number <= MAX_VERSION:
            raise refusal("pin.number", f"a version's number is 1 to {MAX_VERSION}", str(number), "use None for none")

    @property
    def root(self) -> str:
        """The name of the root that the path lies under."""
        return self.path[1 : self.path.index("}")]

    @property
    def relative(self) -> str:
        """The path inside the root."""
        return self.path.partition("/")[2]


def _keyed(
    pins: Mapping[Reference | str, Pin] | Mapping[Reference, Pin] | Mapping[str, Pin],
) -> Mapping[Reference, Pin]:
    """The pins by reference, sorted by its text; two spellings of one thing are refused."""
    keyed: dict[Reference, Pin] = {}
    for key, pin in pins.items():
        ref = key if isinstance(key, Reference) else Reference.parse(key)
        if ref in keyed:
            raise refusal("pins.twice", "the same thing is pinned twice", str(ref), "keep one of the spellings")
        keyed[ref] = pin
    return MappingProxyType(dict(sorted(keyed.items(), key=lambda item: (str(item[0]).lower(), str(item[0])))))


@attrs.frozen
class PinDifference:
    """What lies between two sets of pins; `changed` holds the pin before and after."""

    added: Mapping[Reference, Pin]
    removed: Mapping[Reference, Pin]
    changed: Mapping[Reference, tuple[Pin, Pin]]


@attrs.frozen(hash=False)
class PinSet:
    """An immutable map from references to what they stand for; keys are texts or references, read alike.

    Raises:
        ValidationError: a key is no reference, or two keys denote the same thing.

    >>> pin = Pin("{publish}/demo/hero/v012/hero.usd", "0190f3aa-0000-7000-8000-000000000001", number=12)
    >>> pins = PinSet({"bifrost://demo/assets/hero/model/latest": pin})
    >>> pins.get("bifrost://demo/assets/HERO/model?v=latest").number
    12
    >>> PinSet.from_json(pins.to_json()) == pins
    True
    """

    pins: Mapping[Reference, Pin] = attrs.field(factory=dict, converter=_keyed)

    @classmethod
    def from_json(cls, text: str) -> PinSet:
        """The set that `to_json` wrote.

        Raises:
            ValidationError: it is not JSON, of a newer schema, or a key or pin in it is wrong.
        """
        return cls({key: _pin(key, fields) for key, fields in _document(text).items()})

    def to_json(self) -> str:
        """The set as a JSON document; equal sets give equal texts but for the case of codes."""
        pins = {str(ref): attrs.asdict(pin) for ref, pin in self.pins.items()}
        return json.dumps({"schema": SCHEMA, "pins": pins}, ensure_ascii=False, indent=1) + "\n"

    def get(self, ref: Reference | str) -> Pin | None:
        """The pin of `ref`, if it is pinned.

        Raises:
            ReferenceSyntaxError: `ref` is no reference.
        """
        return self.pins.get(ref if isinstance(ref, Reference) else Reference.parse(ref))

    def merge(self, other: PinSet) -> PinSet:
        """Both sets' pins; where both pin a reference, `other` wins."""
        return PinSet({**self.pins, **other.pins})

    def diff(self, newer: PinSet) -> PinDifference:
        """What changed from this set to `newer`."""
        both = {ref: (pin, newer.pins[ref]) for ref, pin in self.pins.items() if ref in newer.pins}
        return PinDifference(
            added={ref: pin for ref, pin in newer.pins.items() if ref not in self.pins},
            removed={ref: pin for ref, pin in self.pins.items() if ref not in newer.pins},
            changed={ref: pair for ref, pair in both.items() if pair[0] != pair[1]},
        )

    def __iter__(self) -> Iterator[Reference]:
        return iter(self.pins)

    def __len__(self) -> int:
        return len(self.pins)

    def __contains__(self, ref: object) -> bool:
        return isinstance(ref, (Reference, str)) and self.get(ref) is not None

    def __hash__(self) -> int:
        return hash(frozenset(self.pins.items()))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: a JSON value
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise refusal("pins.twice", "a JSON object names a key twice", ", ".join(key for key, _ in pairs)[:80], "")
    return fields


def _document(text: str) -> dict[str, Any]:  # Any: a JSON value
    """The pins of a document whose outside is checked."""
    try:
        document = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise refusal("pins.json", f"this is no JSON document: {error}", text[:40], "") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if type(schema) is int and schema > SCHEMA:
        raise refusal("pins.schema", f"schema {schema} is newer than {SCHEMA}", text[:40], "update Bifrost SDK")
    if (
        type(schema) is not int
        or schema != SCHEMA
        or set(document) != {"schema", "pins"}
        or not isinstance(document["pins"], dict)
    ):
        raise refusal("pins.schema", "this is no set of pins", text[:40], 'write {"schema": 1, "pins": {…}}')
    pins: dict[str, Any] = document["pins"]  # Any: a JSON value
    return pins


def _pin(key: str, fields: Any) -> Pin:  # Any: a JSON value, judged here
    kinds: dict[str, tuple[type, ...]] = {
        "path": (str,),
        "version": (str,),
        "number": (int, type(None)),
        "hash": (str,),
    }
    if not isinstance(fields, dict) or set(fields) != set(kinds):
        raise refusal("pin.fields", f"a pin has the fields {', '.join(kinds)}", key, "write all of them and no others")
    for name, kind in kinds.items():
        if not isinstance(fields[name], kind) or isinstance(fields[name], bool):
            raise refusal("pin.fields", f"{name} cannot be {fields[name]!r}", key, "write it as it was exported")
    return Pin(**fields)
