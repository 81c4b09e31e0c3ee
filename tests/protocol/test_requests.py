from __future__ import annotations

import datetime
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import registry
from bifrost_sdk.domain.changes import Check, Create, Delete, Ensure, Update
from bifrost_sdk.domain.pins import Pin, PinSet
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import BifrostError, ValidationError
from bifrost_sdk.ports import View
from bifrost_sdk.protocol.requests import (
    REQUESTS,
    Events,
    Find,
    Get,
    Request,
    Resolve,
    Write,
    request_from_document,
    request_to_document,
)
from bifrost_sdk.testing import make_id

_SPEC = importlib.util.spec_from_file_location("strategies", Path(__file__).parents[1] / "domain/strategies.py")
assert _SPEC is not None
assert _SPEC.loader is not None
strategies = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(strategies)

UTC = datetime.timezone.utc
TEXTS = st.text(max_size=8)
PIN = Pin("{publish}/demo/hero.usd", make_id(1), number=12)
PINS = st.sampled_from([None, PinSet(), PinSet({"bifrost://demo/assets/hero/model/latest": PIN})])
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1)
MOMENTS = st.none() | NUMBERS | st.datetimes(timezones=st.just(UTC))
VIEWS = st.builds(View, MOMENTS, PINS, TEXTS)
QUERIES = st.sampled_from(
    [
        Query("asset", "demo").where(tags__contains="main").sort("-updated_at").limit(50),
        Query("shot", "demo").include("parent").after("abc"),
        Query("version", "demo").walk("dependencies", depth=3),
        Query("version", "demo").group_by("state"),
        Query("event", "demo").rows("id", "body"),
        Query("task", "demo").search("bridge").count(),
    ]
)
KINDS = [kind for kind in registry.kinds() if not registry.entity_type(kind).read_only]
ENTITIES = st.sampled_from(KINDS).flatmap(strategies.entities)
EXPECTED = st.none() | st.integers(0, 99)
CHANGES = st.one_of(
    st.builds(Create, ENTITIES),
    st.builds(Ensure, ENTITIES),
    st.builds(Update, strategies.IDS, st.fixed_dictionaries({"metadata": strategies.OBJECTS}), EXPECTED),
    st.builds(Delete, strategies.IDS, EXPECTED),
    st.builds(Check, strategies.IDS, EXPECTED),
)
ASKED: dict[str, st.SearchStrategy[Any]] = {
    "get": st.builds(Get, TEXTS, st.lists(TEXTS, max_size=3), VIEWS),
    "find": st.builds(Find, QUERIES, VIEWS),
    "resolve": st.builds(Resolve, st.lists(TEXTS, max_size=3), VIEWS),
    "commit": st.builds(
        Write, TEXTS, st.lists(CHANGES, max_size=2), st.none() | TEXTS, TEXTS, attempt=st.none() | TEXTS
    ),
    "events": st.builds(Events, TEXTS, NUMBERS, NUMBERS),
}


def test_every_request_is_looked_at_when_one_is_added() -> None:
    assert set(ASKED) == set(REQUESTS)


@pytest.mark.parametrize("name", REQUESTS)
@given(data=st.data())
def test_request_comes_back_when_it_went_through_json(name: str, data: st.DataObject) -> None:
    request: Request = data.draw(ASKED[name])
    document = request_to_document(request)
    found = request_from_document(name, json.loads(json.dumps(document)))
    assert found == request
    assert request_to_document(found) == document  # what equality passes over (a path) is there, too


WRONG: list[tuple[str, Any]] = [
    ("get", []),
    ("get", {}),
    ("get", {"project": "demo", "keys": "abc"}),
    ("get", {"project": "demo", "keys": [1]}),
    ("get", {"project": "demo", "keys": [], "views": {}}),
    ("get", {"project": "demo", "keys": [], "view": {"at": 1.5}}),
    ("get", {"project": "demo", "keys": [], "view": {"at": "yesterday"}}),
    ("get", {"project": "demo", "keys": [], "view": {"pins": "{}"}}),
    ("get", {"project": "demo", "keys": [], "view": {"as": 1}}),
    ("find", {"query": {"schema": 2, "kind": "asset"}}),
    ("find", {"query": {"schema": 1, "kind": "asset", "hidden": True}}),
    ("commit", {"project": "demo", "changes": [{"change": "drop", "id": make_id(1)}]}),
    ("commit", {"project": "demo", "changes": [{"change": ["create"]}]}),
    ("commit", {"project": "demo", "changes": [{"change": "delete"}]}),
    ("commit", {"project": "demo", "changes": [{"change": "update", "id": make_id(1)}]}),
    ("commit", {"project": "demo", "changes": [{"change": "delete", "id": make_id(1), "force": True}]}),
    ("commit", {"project": "demo", "changes": [{"change": "delete", "id": make_id(1), "expected": True}]}),
    ("commit", {"project": "demo", "changes": [{"change": "delete", "id": "../x"}]}),
    ("commit", {"project": "demo", "changes": [{"change": "create", "entity": {"kind": "user"}}]}),
    ("commit", {"project": "demo", "changes": [{"change": "create"}]}),
    ("commit", {"project": "demo", "changes": {}}),
    ("events", {"project": "demo", "after": 2**80}),
    ("events", {"project": "demo", "after": True}),
]


@pytest.mark.parametrize(("name", "document"), WRONG)
def test_request_is_refused_when_a_part_is_not_understood(name: str, document: Any) -> None:
    with pytest.raises(ValidationError):
        request_from_document(name, document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("name", REQUESTS)
@given(data=st.data())
def test_request_is_read_or_refused_when_its_parts_are_of_any_form(name: str, data: st.DataObject) -> None:
    document = request_to_document(data.draw(ASKED[name]))
    for field in data.draw(st.lists(st.sampled_from(sorted(document)), unique=True)) if document else []:
        document[field] = data.draw(JSON)
    try:
        request_from_document(name, document)
    except BifrostError:
        return
