from __future__ import annotations

import datetime
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.expansion import expand, expand_filter, wire_value
from bifrost_sdk.domain.frames import FrameRange, FrameRate
from bifrost_sdk.domain.model import Asset
from bifrost_sdk.domain.query import (
    EVERYTHING,
    NOTHING,
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
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.errors import QueryError

ID = "01890000-0000-7000-8000-000000000001"
ASSET = Asset(id=ID, code="hero", asset_type=ID)
LATE = datetime.datetime(2026, 1, 31, 13, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))


def asked(kind: str, **lookups: Any) -> Filter:  # Any: values of every field type
    return expand(Query(kind).where(**lookups)).filter


def null(*path: str) -> Compare:
    return Compare(path, "isnull", value=True)


def test_expand_when_a_path_stays() -> None:
    assert asked("asset", code="hero") == Compare(("code",), "eq", "hero")
    assert asked("version", dependencies__kind="weak") == Compare(("dependencies", "kind"), "eq", "weak")
    assert asked("asset", metadata__a__b__gt=3) == Compare(("metadata", "a", "b"), "gt", 3)


def test_expand_when_a_path_hops() -> None:
    inner = Compare(("number",), "gt", 2)
    assert asked("asset", products__versions__number__gt=2) == Related("products", Related("versions", inner))
    assert asked("version", dependencies__number=1) == Related("dependencies", Compare(("number",), "eq", 1))


def test_expand_when_a_path_ends_on_a_relation() -> None:
    assert asked("asset", parent=ASSET) == Compare(("parent",), "eq", ID)
    assert asked("version", dependencies=ID) == Compare(("dependencies", "version"), "eq", ID)
    assert asked("asset", products=ID) == Related("products", Compare(("id",), "eq", ID))
    assert asked("asset", products__in=[ID]) == Related("products", Compare(("id",), "in", (ID,)))


def test_expand_when_an_inverse_is_asked_for_nothing() -> None:
    assert asked("asset", products__isnull=True) == Not(Related("products"))
    assert asked("asset", products__isnull=False) == Related("products")


def test_expand_when_unequal() -> None:
    assert asked("asset", tags__ne="a") == Not(Compare(("tags",), "eq", "a"))
    assert asked("asset", status__code__ne="a") == Not(Related("status", Compare(("code",), "eq", "a")))
    assert asked("asset", status__ne=None) == Not(null("status"))


@pytest.mark.parametrize("nothing", [None, ""])
def test_expand_when_compared_with_nothing(nothing: str | None) -> None:
    assert asked("asset", status=nothing) == null("status")
    some = Compare(("status",), "in", (ID,))
    assert asked("asset", status__in=[nothing, ID]) == AnyOf((some, null("status")))


@pytest.mark.parametrize("operator", ["lt", "le", "gt", "ge", "contains", "startswith", "endswith"])
def test_expand_when_ordered_against_null(operator: str) -> None:
    assert asked("asset", **{f"code__{operator}": None}) == NOTHING


def test_expand_when_one_of_none() -> None:
    assert asked("asset", code__in=[]) == Compare(("code",), "in", ())


def test_expand_when_one_of_a_set() -> None:
    assert asked("asset", code__in={"b", "a", "c"}) == Compare(("code",), "in", ("a", "b", "c"))


def test_expand_when_names_and_values_are_not_composed() -> None:
    decomposed = Compare(("metadata", "e\u0301"), "eq", "e\u0301")
    assert expand(Query("asset").where(decomposed)).filter == Compare(("metadata", "\xe9"), "eq", "\xe9")


@pytest.mark.parametrize("value", ["a", 1, None, {"a": 1}])
def test_expand_when_in_is_given_no_list(value: object) -> None:
    with pytest.raises(QueryError, match="no list of values"):
        asked("asset", code__in=value)


@pytest.mark.parametrize("name", ["code__isnull", "products__isnull"])
@pytest.mark.parametrize("value", [1, None, "yes"])
def test_expand_when_isnull_is_given_no_truth(name: str, value: object) -> None:
    with pytest.raises(QueryError, match="True or False"):
        asked("asset", **{name: value})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (-(2**63), -(2**63)),
        (1.5, 1.5),
        ("e\u0301", "\xe9"),
        (ASSET, ID),
        (LATE, "2026-01-31T12:00:00.000000Z"),
        (datetime.datetime(1, 1, 1, microsecond=1, tzinfo=datetime.timezone.utc), "0001-01-01T00:00:00.000001Z"),
        (FrameRange.parse("3,1,2"), "1-3"),
        (FrameRate.parse("23.976"), "24000/1001"),
    ],
)
def test_wire_value_when_fields_can_hold_it(value: object, expected: object) -> None:
    assert wire_value(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        2**63,
        b"text",
        "\ud800",
        "\0",
        {"a": 1},
        object(),
        Reference.parse("bifrost://demo/assets/char/hero"),
        datetime.datetime(2026, 1, 1),  # noqa: DTZ001  # the missing zone is the point
        datetime.date(2026, 1, 1),
    ],
)
def test_wire_value_when_no_field_can_hold_it(value: object) -> None:
    with pytest.raises(QueryError):
        wire_value(value)


@pytest.mark.parametrize("value", [["a"], ("a",), {"a"}])
def test_wire_value_when_several_are_given(value: object) -> None:
    with pytest.raises(QueryError, match="use in"):
        wire_value(value)


def test_expand_when_targets_are_of_several_kinds() -> None:
    assert asked("asset", parent__asset_type=ID) == Related("parent", Compare(("asset_type",), "eq", ID))
    with pytest.raises(QueryError, match="frames"):
        expand(Query("asset").where(Related("parent", Compare(("frames",), "eq", "1"))))


@pytest.mark.parametrize("form", [Lineage, Gated])
def test_expand_when_any_kind_may_be_met(form: type[Lineage | Gated]) -> None:
    inner = All((Compare(("number",), "ne", 1), Compare(("parent", "code"), "eq", "hero")))
    expected = All((Not(Compare(("number",), "eq", 1)), Related("parent", Compare(("code",), "eq", "hero"))))
    assert expand(Query("asset").where(form(inner))).filter == form(expected)
    with pytest.raises(QueryError, match="nope"):
        expand(Query("asset").where(form(Compare(("nope",), "eq", 1))))


@pytest.mark.parametrize("wrong", [None, "code", {"all": []}, Query("asset"), (EVERYTHING,)])
def test_expand_when_it_is_no_filter(wrong: Any) -> None:  # Any: on purpose
    with pytest.raises(QueryError, match="is no filter"):
        expand(Query("asset", filter=Not(wrong)))


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("asset", {"size": 0}),
        ("asset", {"size": 1001}),
        ("asset", {"size": True}),
        ("asset", {"shape": "tree"}),
        ("asset", {"shape": "groups"}),
        ("asset", {"shape": "walk"}),
        ("asset", {"order": ("nope",)}),
        ("asset", {"order": ("parent__code",)}),
        ("asset", {"groups": ("metadata",)}),
        ("asset", {"includes": (Include("nope"),)}),
        ("asset", {"includes": (Include("products", limit=0),)}),
        ("asset", {"includes": (Include("products"), Include("products", limit=2))}),
        ("asset", {"includes": (Include("products", Query("shot")),)}),
        ("asset", {"includes": (Include("products", Query("product").count()),)}),
        ("asset", {"includes": (Include("products", Query("product").search("x")),)}),
        ("asset", {"includes": (Include("products", Query("product").after("x")),)}),
        ("asset", {"includes": (Include("products", Query("product").include("versions")),)}),
        ("asset", {"includes": (Include("products", Query("product", filter=Compare(("nope",), "eq"))),)}),
        ("asset", {"includes": (Include("products", visible=Compare(("nope",), "eq")),)}),
        ("asset", {"steps": Walk("products")}),
        ("asset", {"steps": Walk("nope", forward=False)}),
        ("asset", {"steps": Walk("dependencies", forward=False)}),
        ("asset", {"steps": Walk("parent", depth=0)}),
        ("asset", {"steps": Walk("parent", visible=Compare(("nope",), "eq"))}),
    ],
)
def test_expand_when_the_query_cannot_be(kind: str, changes: dict[str, Any]) -> None:  # Any: fields of Query
    with pytest.raises(QueryError):
        expand(attrs.evolve(Query(kind), **changes))


def test_expand_when_entities_are_included_and_walked_to() -> None:
    visible = Compare(("code",), "ne", "secret")
    hidden = Not(Compare(("code",), "eq", "secret"))
    query = Query("asset", includes=(Include("products", Query("product").where(code__ne="secret"), visible=visible),))
    query = attrs.evolve(query, shape="walk", steps=Walk("parent", visible=visible))
    done = expand(query)
    assert done.includes == (Include("products", Query("product", filter=hidden), visible=hidden),)
    assert done.steps == Walk("parent", visible=hidden)


@pytest.mark.parametrize(("kind", "name"), [("asset", "parent"), ("asset", "target"), ("version", "dependencies")])
def test_expand_when_walking_against_a_relation(kind: str, name: str) -> None:
    query = Query(kind).walk(name, forward=False)
    assert expand(query) == query


NAMES = ["code", "parent", "parent__code", "products", "products__versions__tags", "tags", "metadata__a", "created_at"]
OPERATORS = ["eq", "ne", "lt", "ge", "contains", "startswith", "endswith"]
VALUES = st.none() | st.booleans() | st.integers(-3, 3) | st.text("abE\u0301\u0308", max_size=3)
COMPARES = (
    st.builds(
        Compare, st.sampled_from(NAMES).map(lambda name: tuple(name.split("__"))), st.sampled_from(OPERATORS), VALUES
    )
    | st.builds(Compare, st.just(("status", "code")), st.just("in"), st.lists(VALUES, max_size=3))
    | st.builds(Compare, st.just(("products",)), st.just("isnull"), st.booleans())
)
FILTERS: st.SearchStrategy[Filter] = st.recursive(
    COMPARES,
    lambda inner: (
        st.builds(All, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Not, inner)
        | st.builds(Lineage, inner)
        | st.builds(Gated, inner)
    ),
    max_leaves=8,
)


def leaves(condition: Filter) -> list[Compare]:
    if isinstance(condition, Compare):
        return [condition]
    if isinstance(condition, (All, AnyOf)):
        return [leaf for each in condition.filters for leaf in leaves(each)]
    return leaves(condition.filter)


@given(FILTERS)
def test_expand_filter_when_done_again(condition: Filter) -> None:
    once = expand_filter(("asset",), condition)
    assert expand_filter(("asset",), once) == once


@given(FILTERS)
def test_expand_filter_when_done_leaves_only_few_forms(condition: Filter) -> None:
    for leaf in leaves(expand_filter(("asset",), condition)):
        assert leaf.operator != "ne"
        assert leaf.value is not None
        assert len(leaf.path) == 1 or leaf.path[0] == "metadata"
