from __future__ import annotations

import contextlib
import datetime
import json
from typing import Any

import attrs
import pytest

from bifrost_sdk.adapters.memory.store import MemoryStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.domain.changes import Create, Delete, Ensure
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.model import Status
from bifrost_sdk.domain.query import Page, Query
from bifrost_sdk.errors import ValidationError
from bifrost_sdk.ports import Resolution
from bifrost_sdk.protocol import answers
from bifrost_sdk.testing import Builder, Show


@pytest.fixture(scope="module")
def builder() -> Builder:
    return Builder(Authority(MemoryStore()))


@pytest.fixture(scope="module")
def made(builder: Builder) -> Show:
    return builder.show()


def sent(document: Any) -> Any:
    """The document as the other side reads it, with what a newer server may add."""
    found = json.loads(json.dumps(document))
    return {**found, "newer": {"x": 1}} if isinstance(found, dict) else found


def documents(entities: Any) -> list[Any]:
    """All that entities hold, the paths that equality passes over too."""
    return [attrs.asdict(entity) for entity in entities]


QUERIES = [
    Query("asset", "demo").limit(2),
    Query("asset", "demo").include("status").include("products"),
    Query("version", "demo").group_by("state", "number"),
    Query("version", "demo").walk("dependencies"),
    Query("asset", "demo").count(),
    Query("asset", "demo").where(code="nothing"),
    Query("asset", "demo").where(code="nothing").count(),
    Query("asset", "demo").rows("id", "revision", "parent", "number", "body", "updated_at"),
    Query("event", "demo"),
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: f"{query.kind}-{query.shape}")
def test_page_comes_back_when_it_went_through_json(builder: Builder, made: Show, query: Query) -> None:
    page = builder.system.find(query)
    found = answers.page_from_document(sent(answers.page_to_document(page)))
    assert found == page
    assert documents(found.entities) == documents(page.entities)
    assert found.included == page.included


def test_entities_and_errors_come_back_in_order_when_mixed(builder: Builder, made: Show) -> None:
    asked = [made.ids["hero"], "nonsense", "bifrost://demo/assets/char/heroo", *made.ids.values()]
    given = builder.system.get("demo", asked)
    found = answers.entities_from_document(sent(answers.entities_to_document(given)))
    assert [type(each) for each in found] == [type(each) for each in given]
    for ours, theirs in zip(found, given, strict=True):
        assert ours == theirs if isinstance(theirs, Entity) else vars(ours) == vars(theirs)


def test_resolutions_and_errors_come_back_in_order_when_mixed(builder: Builder, made: Show) -> None:
    asked = ["bifrost://demo/assets/char/hero/model/v001/model.usd", "bifrost://demo/x", "", "bifrost:// /"]
    given = builder.system.resolve(asked)
    found = answers.resolutions_from_document(sent(answers.resolutions_to_document(given)))
    assert isinstance(found[0], Resolution)
    assert found[0] == given[0]
    assert [str(each) for each in found] == [str(each) for each in given]


def test_commit_comes_back_when_it_went_through_json(builder: Builder, made: Show) -> None:
    new = Status(id=builder.new_id(), code="odd")
    done = builder.system.commit("demo", [Create(new), Ensure(new), Delete(new.id)], key="k")
    assert None in done.entities
    assert answers.commit_from_document(sent(answers.commit_to_document(done))) == done


def test_events_come_back_when_they_went_through_json(builder: Builder, made: Show) -> None:
    events = builder.system.events("demo")
    assert events
    found = answers.events_from_document(sent(answers.events_to_document(events)))
    assert documents(found) == documents(events)


@pytest.mark.parametrize("document", [[], None, {}, {"answers": 1}, {"answers": [{}]}, {"revision": 1, "edges": [1]}])
def test_answer_is_refused_when_it_has_another_form(document: Any) -> None:
    readers = [answers.entities_from_document, answers.resolutions_from_document, answers.commit_from_document]
    for read in readers:
        with pytest.raises(ValidationError, match="cannot be read"):
            read(document)
    if document != {"answers": [{}]}:
        with contextlib.suppress(ValidationError):
            assert isinstance(answers.page_from_document(document), Page)


def test_unknown_fields_are_kept_when_an_entity_has_them(builder: Builder, made: Show) -> None:
    document = answers.entities_to_document([builder.read(made.ids["hero"])])
    document["answers"][0]["entity"]["newer"] = [1]
    (found,) = answers.entities_from_document(sent(document))
    assert isinstance(found, Entity)
    assert found.unknown == {"newer": [1]}
    assert found.updated_at is not None
    assert found.updated_at.tzinfo is datetime.timezone.utc
