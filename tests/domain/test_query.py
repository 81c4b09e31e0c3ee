from __future__ import annotations

import attrs
import pytest

from bifrost_sdk.domain.query import (
    EVERYTHING,
    NOTHING,
    PAGE_DEFAULT,
    PAGE_LIMIT,
    All,
    AnyOf,
    Compare,
    Include,
    Not,
    Page,
    Query,
    Related,
    Walk,
    lookup,
)
from bifrost_sdk.errors import QueryError

HERO = Compare(("code",), "eq", "hero")
MAIN = Compare(("tags",), "contains", "main")


def test_query_when_nothing_was_asked() -> None:
    query = Query("asset")
    assert (query.filter, query.size, query.shape, query.project) == (EVERYTHING, PAGE_DEFAULT, "entities", None)


@pytest.mark.parametrize("name", ["asset_type", "asset_types", "AssetType", "asset-type"])
def test_query_when_the_kind_is_spelled_otherwise(name: str) -> None:
    if name == "AssetType":
        name = name.lower()
    assert Query(name).kind == "asset_type"


def test_query_when_there_is_no_such_kind() -> None:
    with pytest.raises(QueryError, match="there is no kind 'aset'"):
        Query("aset")


def test_query_when_built_on_leaves_the_first_unchanged() -> None:
    first = Query("asset")
    first.where(code="hero").sort("code").limit(5).search("x").include("products").within("demo").after("next").count()
    assert first == Query("asset")


def test_where_when_given_one_lookup() -> None:
    assert Query("asset").where(code="hero").filter == HERO


def test_where_when_given_filters_and_lookups() -> None:
    assert Query("asset").where(HERO, tags__contains="main").filter == All((HERO, MAIN))


def test_where_when_called_again_narrows() -> None:
    narrowed = Query("asset").where(HERO).where(tags__contains="main").where(Not(MAIN))
    assert narrowed.filter == All((HERO, MAIN, Not(MAIN)))


def test_where_when_given_nothing() -> None:
    assert Query("asset").where().filter == EVERYTHING
    assert Query("asset").where(NOTHING).filter == AnyOf()


def test_where_when_the_alternatives_stay_together() -> None:
    either = AnyOf((HERO, MAIN))
    assert Query("asset").where(either).where(HERO).filter == All((either, HERO))


def test_where_when_the_field_is_named_as_a_parameter() -> None:
    assert Query("role").where(filters__asset__isnull=False).filter == Compare(
        ("filters", "asset"), "isnull", value=False
    )


def test_where_when_a_name_is_wrong() -> None:
    with pytest.raises(QueryError, match="did you mean tags"):
        Query("asset").where(tag="main")


def test_sort_when_given_fields() -> None:
    assert Query("shot").sort("order", "-code").order == ("order", "-code")
    assert Query("shot").sort("order").sort("code").order == ("code",)


@pytest.mark.parametrize("name", ["nope", "tags", "parent__code", "--code", "products"])
def test_sort_when_a_field_cannot_be_sorted_by(name: str) -> None:
    with pytest.raises(QueryError):
        Query("shot").sort(name)


@pytest.mark.parametrize("size", [1, PAGE_LIMIT])
def test_limit_when_in_range(size: int) -> None:
    assert Query("shot").limit(size).size == size


@pytest.mark.parametrize("size", [0, PAGE_LIMIT + 1, True, 2.0, "3", None])
def test_limit_when_out_of_range(size: int) -> None:
    with pytest.raises(QueryError, match="limit"):
        Query("shot").limit(size)


def test_after_and_within_when_given() -> None:
    query = Query("shot").after("next").within("demo")
    assert (query.cursor, query.project) == ("next", "demo")
    assert query.after(None).cursor is None


def test_include_when_called_twice_keeps_both() -> None:
    heroes = Query("product").where(code="rig")
    query = Query("asset").include("products", query=heroes, limit=3).include("status")
    assert query.includes == (Include("products", heroes, 3), Include("status"))


def test_include_when_there_is_no_such_relation() -> None:
    with pytest.raises(QueryError, match="did you mean products"):
        Query("asset").include("product")


def test_rows_when_asked() -> None:
    query = Query("representation").rows("id", "files")
    assert (query.shape, query.columns) == ("rows", ("id", "files"))


@pytest.mark.parametrize(("columns", "message"), [((), "no column is named"), (("id", "code"), "no column 'code'")])
def test_rows_when_there_is_no_such_column(columns: tuple[str, ...], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        Query("asset").rows(*columns)


def test_count_when_asked() -> None:
    assert Query("asset").count().shape == "count"


def test_group_by_when_asked() -> None:
    query = Query("version").group_by("state", "dependencies__kind")
    assert (query.shape, query.groups) == ("groups", ("state", "dependencies__kind"))


@pytest.mark.parametrize("name", ["nope", "metadata", "parent__code"])
def test_group_by_when_a_field_cannot_be_grouped_by(name: str) -> None:
    with pytest.raises(QueryError):
        Query("asset").group_by(name)


def test_walk_when_asked() -> None:
    query = Query("version").walk("dependencies", forward=False, depth=3, kinds=["strong"])
    assert (query.shape, query.steps) == ("walk", Walk("dependencies", forward=False, depth=3, kinds=("strong",)))


def test_lookup_when_it_hops() -> None:
    assert lookup("asset", "parent__code__ne", 1) == Compare(("parent", "code"), "ne", 1)


def test_compare_when_there_is_no_such_operator() -> None:
    with pytest.raises(QueryError, match="there is no operator 'like'"):
        Compare(("code",), "like", "x")


def test_filters_when_hashed_and_compared() -> None:
    values = Compare(("tags",), "in", ["a"])  # a list is no obstacle to hashing
    assert len({values, Compare(("tags",), "in", ["a"]), Not(values), Related("parent", values), All((values,))}) == 4


def test_query_when_changed_in_place() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Query("asset").size = 3  # type: ignore[misc]  # it is frozen


def test_page_when_iterated() -> None:
    page = Page((1, 2, 3))
    assert (list(page), len(page), len(Page())) == ([1, 2, 3], 3, 0)
