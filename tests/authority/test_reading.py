"""Pages, cursors, walks and pinned views, as the authority puts them together."""

from __future__ import annotations

import base64
import json

import pytest

from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.domain.model import Status, Version
from bifrost_sdk.domain.pins import Pin, PinSet
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import QueryError
from bifrost_sdk.ports import Actor, View
from bifrost_sdk.testing import Builder
from bifrost_sdk.testing.show import PROJECT, Show

MODEL = "bifrost://demo/assets/char/hero/model"


def pins_of(made: Show) -> PinSet:
    return PinSet({f"{MODEL}/latest": Pin("{publish}/x/model.usda", made.ids["hero/model/v001"], number=1)})


def test_pages_stay_in_one_state_when_something_is_added_between(builder: Builder, made: Show) -> None:
    query = Query("status", PROJECT).limit(1)
    first = builder.system.find(query)
    before = builder.system.find(Query("status", PROJECT)).entities
    builder.create(Status, code="zz")
    seen = list(first)
    page = first
    while page.cursor is not None:
        page = builder.system.find(query.after(page.cursor))
        seen += page
        assert page.revision == first.revision
    assert [each.id for each in seen] == [each.id for each in before]


def test_pages_follow_each_other_when_the_view_is_pinned(builder: Builder, made: Show) -> None:
    view = View(pins=pins_of(made))
    query = Query("version", PROJECT).limit(1)
    page, seen = builder.system.find(query, view=view), []
    while True:
        seen += page
        if page.cursor is None:
            break
        page = builder.system.find(query.after(page.cursor), view=view)
    numbers = [each.number for each in seen if isinstance(each, Version) and each.product == made.ids["hero/model"]]
    assert numbers == [1]
    everything = builder.system.find(Query("version", PROJECT), view=view)
    assert sorted(each.id for each in seen) == sorted(each.id for each in everything)


def test_representations_follow_their_versions_when_the_view_is_pinned(builder: Builder, made: Show) -> None:
    found = builder.system.find(Query("representation", PROJECT), view=View(pins=pins_of(made)))
    versions = {each.version for each in found}
    assert made.ids["hero/model/v001"] in versions
    assert made.ids["hero/model/v002"] not in versions


def test_walk_brings_includes_when_asked_for(builder: Builder, made: Show) -> None:
    query = Query("version", PROJECT).where(id=made.ids["hero/model/v002"]).walk("dependencies")
    page = builder.system.find(query.include("representations"))
    (reached,) = page.entities
    assert reached.id == made.ids["sword/model/v001"]
    assert [each.version for each in page.included[reached.id]["representations"]] == [reached.id] * 2


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense!",
        "",
        base64.urlsafe_b64encode(b"[]").decode(),
        base64.urlsafe_b64encode(json.dumps({"r": "1", "o": [], "q": ""}).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps({"r": 1, "o": [{}], "q": ""}).encode()).decode(),
    ],
)
def test_cursor_is_refused_when_it_was_not_given_out(builder: Builder, made: Show, cursor: str) -> None:
    with pytest.raises(QueryError):
        builder.system.find(Query("asset", PROJECT).after(cursor))


def test_cursor_is_refused_when_the_query_is_another(builder: Builder, made: Show) -> None:
    page = builder.system.find(Query("asset", PROJECT).limit(1))
    with pytest.raises(QueryError, match="another query"):
        builder.system.find(Query("asset", PROJECT).where(code="hero").after(page.cursor))


def test_query_is_refused_when_it_names_no_project(authority: Authority, made: Show) -> None:
    with pytest.raises(QueryError, match="names no project"):
        authority.bind(Actor("anna")).find(Query("asset"))
