from __future__ import annotations

from typing import Any

import attrs
import pytest

from bifrost_sdk.adapters.sqlite import fields, filtering, rows
from bifrost_sdk.domain.expansion import expand
from bifrost_sdk.domain.model import Asset, Link, Shot, ShotAsset, Version
from bifrost_sdk.domain.query import NOTHING, All, Compare, Gated, Not, Query
from bifrost_sdk.domain.versions import AssetDependency

METADATA = {
    "list": ["Red", 2, True, None, {"deep": 1}],
    "text": "Blau",
    "empty": [],
    "object": {"a": ""},
    'q"': {"x": "y"},
}


@pytest.fixture
def rich(hero: Any) -> Any:
    """Another asset with metadata of every shape, and a version that depends on others."""
    hero.rich = Asset(
        id=hero.new_id(), code="Rich", parent=hero.chars.id, asset_type=hero.chars.id, metadata=METADATA, name="Ärger"
    )
    hero.user = Version(
        id=hero.new_id(),
        product=hero.model.id,
        number=9,
        dependencies=[
            AssetDependency(hero.versions[0].id, "weak", purpose="Look", overrides={"k": ["v"]}),
            AssetDependency(hero.versions[1].id, "strong"),
        ],
    )
    hero.commit([(hero.rich, "assets/char/Rich"), (hero.user, None)])
    return hero


@pytest.mark.parametrize(
    ("field", "operator", "value", "holds"),
    [
        (("metadata", "list"), "eq", "red", True),
        (("metadata", "list"), "contains", "RED", True),
        (("metadata", "list"), "contains", "re", False),
        (("metadata", "list"), "in", ["x", 2], True),
        (("metadata", "list"), "gt", 1, True),
        (("metadata", "list"), "eq", 1, True),
        (("metadata", "text"), "contains", "LA", True),
        (("metadata", "text"), "eq", 1, False),
        (("metadata", "text"), "lt", "Blaz", True),
        (("metadata", "empty"), "isnull", True, True),
        (("metadata", "list"), "isnull", False, True),
        (("metadata", "object"), "isnull", False, True),
        (("metadata", "object"), "eq", "", False),
        (("metadata", "object", "a"), "isnull", True, True),
        (("metadata", 'q"', "x"), "eq", "Y", True),
        (("metadata", "list", "x"), "isnull", True, True),
        (("name",), "startswith", "äR", True),
        (("name",), "endswith", "GER", True),
        (("name",), "endswith", "x", False),
        (("name",), "startswith", 1, False),
        (("code",), "gt", "A", True),
        (("code",), "gt", 1, False),
        (("revision",), "eq", "2", False),
        (("revision",), "ge", 2, True),
        (("revision",), "in", [1, 2, "x"], True),
        (("created_at",), "eq", "2026-01-31T12:00:00.000000Z", True),
        (("created_at",), "in", ["2026-01-31T12:00:00.000000Z"], True),
        (("created_at",), "gt", "2026-01-31", True),
        (("created_at",), "startswith", "2026", True),
        (("created_at",), "isnull", False, True),
        (("created_at",), "lt", 5, False),
        (("path",), "endswith", "/RICH", True),
        (("project",), "eq", "demo", True),
        (("status",), "in", [], False),
        (("id",), "contains", "0190", True),
    ],
)
def test_compare_holds_as_it_should(
    rich: Any, field: tuple[str, ...], operator: str, value: Any, *, holds: bool
) -> None:
    query = expand(
        Query("asset", project="demo").where(Compare(("code",), "eq", "rich"), Compare(field, operator, value))
    )
    assert bool(rich.ask("select", query).records) is holds
    assert bool(rich.ask("select", query, at=2).records) is holds


@pytest.mark.parametrize(
    ("field", "operator", "value", "holds"),
    [
        (("dependencies", "kind"), "eq", "WEAK", True),
        (("dependencies", "kind"), "contains", "wea", False),
        (("dependencies", "purpose"), "startswith", "l", True),
        (("dependencies", "purpose"), "isnull", False, True),
        (("dependencies", "context"), "isnull", True, True),
        (("dependencies", "overrides", "k"), "eq", "V", True),
        (("dependencies", "overrides"), "isnull", False, True),
        (("dependencies",), "isnull", False, True),
    ],
)
def test_compare_holds_when_any_record_does(
    rich: Any, field: tuple[str, ...], operator: str, value: Any, *, holds: bool
) -> None:
    query = expand(
        Query("version", project="demo").where(Compare(("number",), "eq", 9), Compare(field, operator, value))
    )
    assert bool(rich.ask("select", query).records) is holds


def test_groups_count_records_and_sort_nothing_last(rich: Any) -> None:
    found = rich.ask("select", expand(Query("version", project="demo").group_by("dependencies__kind")))
    assert [(group.values, group.count) for group in found.groups] == [((None,), 3), (("strong",), 1), (("weak",), 1)]
    by_metadata = rich.ask("select", expand(Query("asset", project="demo").group_by("metadata__list")))
    assert [group.values for group in by_metadata.groups] == [(True,), (2,), ("Red",), (None,)]
    by_time = rich.ask("select", expand(Query("asset", project="demo").group_by("created_at")))
    assert by_time.groups[0].values == ("2026-01-31T12:00:00.000000Z",)


def test_sort_pages_through_when_values_are_missing(rich: Any) -> None:
    named = attrs.evolve(rich.hero, metadata={"text": "a"})
    rich.commit([(named, "assets/char/Hero")])
    for order in ("metadata__text", "-metadata__text", "name", "-created_at"):
        query = expand(Query("asset", project="demo").sort(order).limit(1))
        first = rich.ask("select", query)
        second = rich.ask("select", query, offset=first.last)
        assert second.last is None
        whole = rich.ask("select", expand(Query("asset", project="demo").sort(order)))
        assert first.records + second.records == whole.records


@pytest.mark.parametrize(
    ("kind", "lookup", "names"),
    [
        ("version", {"dependencies__number": 1}, {"user"}),
        ("version", {"dependents__number": 9}, {"first", "second"}),
        ("version", {"dependents__kind": "asset"}, set()),
        ("asset", {"cast_in__count": 2}, {"hero"}),
        ("shot_asset", {"asset__code": "HERO"}, {"casting"}),
        ("product", {"versions__status__category": "approved"}, {"model"}),
        ("asset", {"linked_from__type": "seen"}, {"rich"}),
    ],
)
def test_related_leads_over_columns_and_edges_both_ways(
    rich: Any, kind: str, lookup: dict[str, Any], names: set[str]
) -> None:
    shot = Shot(id=rich.new_id(), code="sh010", parent=rich.project.id)
    casting = ShotAsset(id=rich.new_id(), shot=shot.id, asset=rich.hero.id, count=2)
    link = Link(id=rich.new_id(), source=shot.id, target=rich.rich.id, type="seen")
    rich.commit([(shot, "shots/sh010"), (casting, None), (link, None)])
    known = {rich.hero.id: "hero", rich.rich.id: "rich", rich.user.id: "user", rich.model.id: "model"}
    known |= {casting.id: "casting", rich.versions[0].id: "first", rich.versions[1].id: "second"}
    query = expand(Query(kind, project="demo").where(**lookup))
    for at in (None, 3):
        assert {known[record.id] for record in rich.ask("select", query, at=at).records} == names
    for code, count in (("hero", 1), ("villain", 0)):
        gated = Query("shot_asset", project="demo", filter=Gated(Compare(("code",), "eq", code)))
        assert len(rich.ask("select", gated).records) == count
    events = Query("event", project="demo", filter=All((All((All((Not(NOTHING),)),)),)))
    deep = fields.Parameters(rows.NOW, limit=fields.FLAT)
    assert ".id IN " in filtering.condition(events.filter, ("event",), "e", deep)
    assert deep.before().startswith("WITH ")
