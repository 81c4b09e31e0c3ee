from __future__ import annotations

import contextlib
import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.cli.fields import conditions_of, metadata_of, values_of
from bifrost_sdk.domain import fieldpaths, registry
from bifrost_sdk.errors import QueryError, ValidationError

UTC = datetime.timezone.utc


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("asset", "tags=main, digital", ("main", "digital")),
        ("asset", "tags=", ()),
        ("asset", "name=", ""),
        ("asset", "name=a=b", "a=b"),
        ("asset", "status=", None),
        ("asset", "metadata=", {}),
        ("asset", 'metadata={"a": [1]}', {"a": [1]}),
        ("task", "estimate=60", 60),
        ("task", "assignees=anna, bo", ("anna", "bo")),
        ("task", "due_at=2026-01-31", datetime.datetime(2026, 1, 31, tzinfo=UTC)),
        ("user", "active=no", False),
        ("shot", "frames=1001-1010x2", "1001-1010x2"),
    ],
)
def test_value_is_read_by_the_type_of_its_field(kind: str, typed: str, value: Any) -> None:
    assert list(values_of(kind, [typed]).values()) == [value]


@pytest.mark.parametrize(
    ("kind", "typed", "path", "value"),
    [
        ("version", "number__ge=2", ("number",), 2),
        ("version", "product__parent__code=hero", ("product", "parent", "code"), "hero"),
        ("version", "metadata__render__samples=64", ("metadata", "render", "samples"), 64),
        ("version", "metadata__by__in=anna,null", ("metadata", "by"), ["anna", None]),
        ("version", "dependencies__kind=weak", ("dependencies", "kind"), "weak"),
        ("user", "active=true", ("active",), True),
        ("task", "status__isnull=yes", ("status",), True),
        ("asset", "kind=asset", ("kind",), "asset"),
    ],
)
def test_condition_is_read_by_the_type_of_what_it_leads_to(
    kind: str, typed: str, path: tuple[str, ...], value: Any
) -> None:
    (found,) = conditions_of(kind, [typed])
    assert (found.path, found.value) == (path, value)


@pytest.mark.parametrize("typed", ["number", "=2", "number=two", "created_at=soon", "lease=1.5"])
def test_condition_is_refused_when_it_cannot_be_read(typed: str) -> None:
    with pytest.raises(ValidationError):
        conditions_of("version", [typed])
    with pytest.raises(QueryError, match="did you mean"):
        conditions_of("version", ["nummer=2"])


@given(st.data(), st.text())
def test_any_text_is_a_value_or_refused_when_typed_for_any_field(data: st.DataObject, text: str) -> None:
    kind = data.draw(st.sampled_from(registry.kinds()))
    name = data.draw(st.sampled_from(fieldpaths.field_names(kind)))
    for read in (values_of, conditions_of):
        with contextlib.suppress(ValidationError):
            assert read(kind, [f"{name}={text}"])


@given(st.dictionaries(st.text("abc", min_size=1), st.recursive(st.none() | st.integers() | st.text(), st.lists)))
def test_metadata_are_what_was_typed_when_it_is_json(values: dict[str, Any]) -> None:
    assert metadata_of([f"{name}={json.dumps(value)}" for name, value in values.items()]) == values
