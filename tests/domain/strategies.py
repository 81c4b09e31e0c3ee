"""Entities of every kind, field by field from the registry, with text that is hostile and yet valid.

Tests load this file by its path; see `test_wire.py`.
"""

from __future__ import annotations

import datetime
import typing
from collections.abc import Mapping
from typing import Any

import attrs
from hypothesis import strategies as st

from bifrost_sdk.domain import codes, order
from bifrost_sdk.domain.api_keys import SCOPES
from bifrost_sdk.domain.attributes import AttributeType
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.registry import EntityType, entity_type
from bifrost_sdk.domain.spelling import MAX_VERSION
from bifrost_sdk.domain.tasks import CATEGORIES
from bifrost_sdk.domain.versions import TRANSITIONS, AssetDependency, File

HOSTILE = ["'; DROP TABLE entity;--", "../..", "\u202eevil", "e\u0301", "{}", "null", "%s", "\\", "\U0001f600", "ß"]
LINES = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
PROSE = LINES | st.just("two\nlines\tand a tab")
IDS = st.integers(0, 2**60).map(lambda number: f"01890000-0000-7000-8000-{number % 10**12:012d}")
CODES = st.text("abcXYZ0_-äß", min_size=1, max_size=8).filter(lambda text: codes.code_fault(codes.nfc(text)) is None)
PROJECT_CODES = st.text("abc09", min_size=1, max_size=8).filter(lambda text: codes.project_fault(text) is None)
TAGS = st.lists(LINES.filter(lambda text: text.strip()), max_size=3).map(tuple)
TIMES = st.none() | st.datetimes(timezones=st.just(datetime.timezone.utc))
ORDER_KEYS = st.just("") | st.integers(1, 61).map(lambda count: order.spread(61)[count - 1])
PATHS = st.lists(CODES, min_size=1, max_size=3).map("/".join).filter(lambda text: codes.path_fault(text) is None)
FRAMES = st.none() | st.frozensets(st.integers(-20, 2000), min_size=1, max_size=5).map(FrameRange.of_frames)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
JSON = st.recursive(
    SCALARS | LINES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LINES, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(LINES, JSON, max_size=3)
#: Fields that a newer peer may have: no names that this code knows.
UNKNOWN = st.dictionaries(st.sampled_from(["newer", "x-y", "unknown", "zz"]), JSON, max_size=2)
DEPENDENCIES = st.builds(
    AssetDependency,
    IDS,
    kind=st.sampled_from(["strong", "weak", "reference"]),
    purpose=LINES,
    context=LINES,
    optional=st.booleans(),
    overrides=OBJECTS,
    unknown=UNKNOWN,
)
FILES = st.builds(
    File,
    PATHS,
    st.integers(0, 2**53 - 1),
    LINES,
    frames=FRAMES,
    udims=st.lists(st.integers(1001, 1100), max_size=3).map(tuple),
    padding=st.integers(0, 8),
    count=st.integers(1, 9),
    unknown=UNKNOWN,
)
DECLARATIONS = st.dictionaries(
    st.sampled_from(["fps", "res", "cut", "x1"]),
    st.builds(AttributeType, st.sampled_from(["text", "choice"]), choices=TAGS, label=LINES, unknown=UNKNOWN)
    | st.builds(AttributeType, st.just("number"), st.integers(-9, 9) | st.none())
    | st.builds(AttributeType, st.just("resolution"), st.sampled_from(["1920x1080", "2048x858@2", "1x1@0.0001"])),
)

_BY_NAME: Mapping[str, st.SearchStrategy[Any]] = {
    "code": CODES,
    "order": ORDER_KEYS,
    "category": st.sampled_from(CATEGORIES),
    "operation": st.sampled_from(["create", "update", "delete"]),
    "login": LINES.filter(lambda text: text.strip()),
    "permissions": st.lists(st.sampled_from(["*:*", "read:asset", "publish:version", "read:*"])).map(tuple),
    "root": CODES,
    "folder": st.just("") | PATHS,
    "file": PATHS,
    "description": PROSE,
    "comment": PROSE,
    "subject": IDS,
    "unknown": UNKNOWN,
}
_BY_KIND: Mapping[tuple[str, str], st.SearchStrategy[Any]] = {
    ("project", "code"): PROJECT_CODES,
    ("project", "parent"): st.none(),
    ("project", "state"): st.sampled_from(["active", "archived"]),
    ("version", "state"): st.sampled_from(sorted(TRANSITIONS)),
    ("version", "number"): st.none() | st.integers(1, MAX_VERSION),
    ("version", "lease"): st.integers(1, 2_592_000),
    ("representation", "lease"): st.integers(0, 2_592_000),
    ("representation", "name"): CODES,
    ("link", "type"): CODES,
    ("api_key", "hash"): st.just("") | st.text("0123456789abcdef", min_size=64, max_size=64),
    ("api_key", "scopes"): st.lists(st.sampled_from(SCOPES), unique=True).map(tuple),
}
_BY_TYPE: Mapping[Any, st.SearchStrategy[Any]] = {
    str: LINES,
    int: st.integers(1, 2**53 - 1),
    bool: st.booleans(),
    bool | None: st.none() | st.booleans(),
    int | None: st.none() | st.integers(1, 2**53 - 1),
    str | None: st.none() | LINES,
    datetime.datetime | None: TIMES,
    FrameRange | None: FRAMES,
    tuple[str, ...]: TAGS,
    tuple[AssetDependency, ...]: st.lists(DEPENDENCIES, max_size=3).map(tuple),
    tuple[File, ...]: st.lists(FILES, max_size=3).map(tuple),
    Mapping[str, AttributeType]: DECLARATIONS,
    Mapping[str, Any]: OBJECTS,
}


def fields_of(kind: str) -> dict[str, st.SearchStrategy[Any]]:
    """A strategy for each field of a kind."""
    made = entity_type(kind)
    hints = typing.get_type_hints(made.cls)
    return {field.name: _field(made, field.name, hints[field.name]) for field in attrs.fields(made.cls)}


def entities(kind: str) -> st.SearchStrategy[Entity]:
    """Whole entities of a kind."""
    fields = fields_of(kind)
    made = st.builds(entity_type(kind).cls, **fields)
    if kind == "membership":
        only = {"user": IDS, "team": st.none()}
        made = st.builds(entity_type(kind).cls, **{**fields, **only})
    return made


def _field(made: EntityType, name: str, hint: Any) -> st.SearchStrategy[Any]:
    if (made.kind, name) in _BY_KIND:
        return _BY_KIND[made.kind, name]
    relation = made.relations.get(name)
    if name == "id":
        return IDS
    if relation is None or relation.path:
        return _BY_NAME.get(name, _BY_TYPE[hint])
    if relation.many:
        return st.lists(IDS, max_size=3, unique=True).map(tuple)
    return IDS if hint is str else st.none() | IDS
