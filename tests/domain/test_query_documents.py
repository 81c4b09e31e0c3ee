from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.fieldpaths import OPERATORS
from bifrost_sdk.domain.query import (
    EVERYTHING,
    PAGE_LIMIT,
    All,
    AnyOf,
    Compare,
    Filter,
    Gated,
    Include,
    Lineage,
    Not,
    Query,
    Related,
    Walk,
)
from bifrost_sdk.domain.query_documents import (
    DEPTH_LIMIT,
    SCHEMA,
    filter_from_document,
    filter_to_document,
    query_from_document,
    query_to_document,
)
from bifrost_sdk.errors import QueryError

CODE = {"path": ["code"], "operator": "eq", "value": "hero"}
NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc)

NAMES = st.text("abc_", min_size=1, max_size=4)
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | NAMES
COMPARES = st.builds(
    Compare,
    st.lists(NAMES, min_size=1, max_size=3).map(tuple),
    st.sampled_from(sorted(OPERATORS)),
    SCALARS | st.lists(SCALARS, max_size=3).map(tuple),
)
FILTERS: st.SearchStrategy[Filter] = st.recursive(
    COMPARES,
    lambda inner: (
        st.builds(All, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Not, inner)
        | st.builds(Related, NAMES, inner)
        | st.builds(Lineage, inner)
        | st.builds(Gated, inner)
    ),
    max_leaves=8,
)
WALKS = st.builds(
    Walk, NAMES, forward=st.booleans(), depth=st.integers(1, 99), kinds=st.lists(NAMES).map(tuple), visible=FILTERS
)


def queries(includes: st.SearchStrategy[tuple[Include, ...]]) -> st.SearchStrategy[Query]:
    return st.builds(
        Query,
        kind=st.sampled_from(["asset", "version", "user"]),
        project=st.none() | NAMES,
        filter=FILTERS,
        text=st.text(max_size=5),
        order=st.lists(NAMES, max_size=2).map(tuple),
        size=st.integers(1, PAGE_LIMIT),
        cursor=st.none() | NAMES,
        includes=includes,
        shape=st.sampled_from(["entities", "rows", "count", "groups", "walk"]),
        groups=st.lists(NAMES, max_size=2).map(tuple),
        steps=st.none() | WALKS,
        columns=st.lists(NAMES, max_size=2).map(tuple),
    )


INCLUDES = st.builds(Include, NAMES, st.none() | queries(st.just(())), st.integers(1, 99), FILTERS)
QUERIES = queries(st.lists(INCLUDES, max_size=2).map(tuple))


def not_nested(depth: int) -> dict[str, Any]:  # Any: JSON
    document: dict[str, Any] = CODE  # Any: JSON
    for _ in range(depth - 1):
        document = {"not": document}
    return document


@given(FILTERS)
def test_filter_document_when_it_went_through_json(condition: Filter) -> None:
    assert filter_from_document(json.loads(json.dumps(filter_to_document(condition)))) == condition


@given(QUERIES)
def test_query_document_when_it_went_through_json(query: Query) -> None:
    assert query_from_document(json.loads(json.dumps(query_to_document(query)))) == query


def test_query_to_document_when_all_is_by_default() -> None:
    assert query_to_document(Query("asset")) == {"schema": SCHEMA, "kind": "asset"}


def test_filter_to_document_when_written_in_every_form() -> None:
    code = Compare(("code",), "eq", "hero")
    forms = All((code, AnyOf((code,)), Not(code), Related("parent", code), Lineage(code), Gated(code)))
    assert filter_to_document(forms) == {
        "all": [
            CODE,
            {"any": [CODE]},
            {"not": CODE},
            {"related": "parent", "filter": CODE},
            {"lineage": CODE},
            {"gated": CODE},
        ]
    }


def test_filter_to_document_when_values_are_no_json() -> None:
    assert filter_to_document(Compare(("created_at",), "lt", NOON))["value"] == "2026-01-31T12:00:00.000000Z"
    assert filter_to_document(Compare(("code",), "in", {"b", "a"}))["value"] == ["a", "b"]
    with pytest.raises(QueryError):
        filter_to_document(Compare(("code",), "eq", object()))


def test_query_to_document_when_a_list_stands_for_a_tuple() -> None:
    query = Query("asset", order=["code"])  # type: ignore[arg-type]  # what a caller may well give
    assert query_to_document(query)["order"] == ["code"]


@pytest.mark.parametrize("wrong", [None, "code", Query("asset"), 3])
def test_filter_to_document_when_it_is_no_filter(wrong: Any) -> None:  # Any: on purpose
    with pytest.raises(QueryError, match="is no filter"):
        filter_to_document(wrong)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "all",
        3,
        {},
        {"all": {}},
        {"all": "code"},
        {"all": [], "any": []},
        {"all": [None]},
        {"any": [[]]},
        {"not": []},
        {"xor": []},
        {1: 2},
        {"lineage": None},
        {"filter": CODE},
        {"related": "parent"},
        {"related": 3, "filter": CODE},
        {"related": "parent", "filter": CODE, "value": 1},
        {"path": "code", "operator": "eq", "value": 1},
        {"path": ["code"], "operator": "eq"},
        {"path": ["code"], "operator": "like", "value": 1},
        {"path": ["code"], "operator": [], "value": 1},
        {"path": [1], "operator": "eq", "value": 1},
        {"path": ["code"], "operator": "eq", "value": {}},
        {"path": ["code"], "operator": "in", "value": [["a"]]},
        {"path": ["code"], "operator": "eq", "value": float("nan")},
        {"path": ["code"], "operator": "eq", "value": 1, "more": 1},
    ],
)
def test_filter_from_document_when_it_is_none(document: object) -> None:
    with pytest.raises(QueryError):
        filter_from_document(document)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "nope"},
        {"kind": 3},
        {"project": None},
        {"filter": []},
        {"text": 3},
        {"order": "code"},
        {"order": [1]},
        {"size": True},
        {"size": "10"},
        {"cursor": 1},
        {"includes": {}},
        {"includes": [{}]},
        {"includes": [{"relation": "parent", "query": {}}]},
        {"includes": [{"relation": "parent", "visible": None}]},
        {"shape": 1},
        {"groups": None},
        {"steps": {"depth": 3}},
        {"steps": {"relation": "parent", "forward": 1}},
        {"more": 1},
    ],
)
def test_query_from_document_when_a_field_is_wrong(fields: dict[str, Any]) -> None:  # Any: JSON
    with pytest.raises(QueryError):
        query_from_document({"schema": SCHEMA, "kind": "asset", **fields})


@pytest.mark.parametrize("document", [None, [], "x", {}, {"kind": "asset"}, {"schema": 1}])
def test_query_from_document_when_it_is_none(document: object) -> None:
    with pytest.raises(QueryError):
        query_from_document(document)


@pytest.mark.parametrize("schema", [0, 2, True, "1", None, [1]])
def test_query_from_document_when_the_schema_is_another(schema: object) -> None:
    with pytest.raises(QueryError, match="schema"):
        query_from_document({"schema": schema, "kind": "asset"})


def test_filter_from_document_when_something_deep_is_wrong_tells_the_place() -> None:
    with pytest.raises(QueryError) as caught:
        filter_from_document({"all": [CODE, {"not": {"related": 3, "filter": CODE}}]})
    assert caught.value.issues[0].path == "all[1].not.related"


def test_filter_document_when_nested_as_deep_as_allowed() -> None:
    document = not_nested(DEPTH_LIMIT)
    assert filter_to_document(filter_from_document(document)) == document
    with pytest.raises(QueryError, match="deeper"):
        filter_from_document(not_nested(DEPTH_LIMIT + 1))
    with pytest.raises(QueryError, match="deeper"):
        filter_to_document(Not(filter_from_document(document)))


def test_query_document_when_nested_too_deep() -> None:
    query = Query("asset").where(filter_from_document(not_nested(DEPTH_LIMIT - 1)))
    assert query_from_document(query_to_document(query)) == query
    with pytest.raises(QueryError, match="deeper"):
        query_to_document(query.where(Not(query.filter)))
    for _ in range(DEPTH_LIMIT):
        query = Query("asset").include("assets", query=query)
    with pytest.raises(QueryError, match="deeper"):
        query_to_document(query)


def test_filter_from_document_when_nested_without_end() -> None:
    document: dict[str, Any] = {}  # Any: JSON
    document["not"] = document
    with pytest.raises(QueryError, match="deeper"):
        filter_from_document(document)


def test_filter_from_document_when_it_asks_for_everything() -> None:
    assert filter_from_document({"all": []}) == EVERYTHING
