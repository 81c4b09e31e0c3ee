from __future__ import annotations

import datetime
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bifrost_sdk.domain import registry, wire
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.model import Asset, Project, Representation, Task, Version
from bifrost_sdk.domain.registry import register, unregister
from bifrost_sdk.domain.versions import AssetDependency
from bifrost_sdk.errors import ValidationError


def load_strategies() -> Any:  # Any: a module of strategies
    spec = importlib.util.spec_from_file_location("strategies", Path(__file__).with_name("strategies.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


strategies = load_strategies()
KINDS = registry.kinds()
ONE, TWO = "01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002"
NAIVE = datetime.datetime(2026, 1, 31, 12)  # noqa: DTZ001  # what must be refused
NOON = NAIVE.replace(tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(data=st.data())
def test_entity_comes_back_when_it_went_through_json(kind: str, data: st.DataObject) -> None:
    entity = data.draw(strategies.entities(kind))
    text = wire.to_json(wire.to_document(entity))
    back = wire.from_document(json.loads(text))
    assert back == entity
    assert back.path == entity.path
    assert hash(back) == hash(entity)
    assert wire.to_document(back) == json.loads(text)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(data=st.data())
def test_domain_and_json_values_agree_when_updating(kind: str, data: st.DataObject) -> None:
    one, other = (data.draw(strategies.entities(kind)) for _ in range(2))
    stamps = {"id", "project", "revision", "path", "created_at", "created_by", "updated_at", "updated_by", "unknown"}
    values = {field.name: getattr(other, field.name) for field in attrs.fields(type(one)) if field.name not in stamps}
    as_json = json.loads(wire.to_json(wire.value(values)))
    updated = wire.update(one, values)
    assert updated == wire.update(one, as_json) == attrs.evolve(one, **values)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(data=st.data())
def test_document_is_refused_by_name_when_hostile(kind: str, data: st.DataObject) -> None:
    document = wire.to_document(data.draw(strategies.entities(kind)))
    name = data.draw(st.sampled_from(sorted(document)))
    document[name] = data.draw(strategies.JSON | st.integers(2**62, 2**70))
    try:
        entity = wire.from_document(document)
    except ValidationError:
        return
    assert wire.from_document(json.loads(wire.to_json(wire.to_document(entity)))) == entity


def test_field_named_unknown_is_kept_apart_when_a_newer_peer_has_one() -> None:
    hostile = {"kind": "user", "revision": 99, "id": TWO}
    document = {"kind": "asset", "id": ONE, "code": "hero", "asset_type": TWO, "unknown": hostile}
    entity = wire.from_document(document)
    again = wire.to_document(entity)
    assert (again["kind"], again["id"], again["revision"], again["unknown"]) == ("asset", ONE, 0, hostile)


def test_known_fields_win_when_unknown_names_them() -> None:
    entity = Asset(id=ONE, code="hero", asset_type=TWO, unknown={"kind": "user", "name": "evil", "newer": 1})
    document = wire.to_document(entity)
    assert document["kind"] == "asset"
    assert "name" not in document
    assert document["newer"] == 1


def test_naive_time_is_refused_when_updating() -> None:
    task = Task(id=ONE, code="anim", parent=TWO)
    with pytest.raises(ValidationError, match="zone"):
        wire.update(task, {"due_at": NAIVE})
    with pytest.raises(ValidationError, match="zone"):
        wire.print_time(NAIVE)


@pytest.mark.parametrize(
    "text",
    ["", "2026-01-31", "2026-01-31T12:00:00", "2026-13-01T00:00:00Z", "20260131T120000Z", "2026-W05-6T12:00:00Z",
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 5, None],
)  # fmt: skip
def test_time_is_refused_alike_by_every_interpreter_when_malformed(text: Any) -> None:
    with pytest.raises(ValidationError):
        wire.read_time(text)


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00Z", "2026-01-31 12:00:00.0+00:00", "2026-01-31T13:30:00.000000+01:30"]
)
def test_time_is_read_when_it_has_a_zone(text: str) -> None:
    assert wire.read_time(text) == NOON


@given(moment=st.datetimes(timezones=st.just(datetime.timezone.utc)))
def test_time_comes_back_when_printed_or_counted(moment: datetime.datetime) -> None:
    assert wire.read_time(wire.print_time(moment)) == moment
    assert wire.from_microseconds(wire.to_microseconds(moment)) == moment


@pytest.mark.parametrize(
    "document",
    [5, [], "asset", {}, {"kind": 5}, {"kind": "nothing"}, {"kind": "asset"}, {"kind": "version"},
     {"kind": "asset", "code": "hero", "asset_type": TWO, "revision": "1"},
     {"kind": "asset", "code": "hero", "asset_type": TWO, "revision": -1},
     {"kind": "asset", "code": "hero", "asset_type": TWO, "path": 5},
     {"kind": "asset", "code": "hero", "asset_type": TWO, "schema": 0},
     {"kind": "asset", "code": "hero", "asset_type": TWO, "tags": None},
     {"kind": "version", "product": ONE, "lease": None},
     {"kind": "version", "product": ONE, "dependencies": [5]},
     {"kind": "representation", "version": ONE, "name": "usd", "files": "abc"}],
)  # fmt: skip
def test_document_is_refused_when_it_is_no_entity(document: Any) -> None:
    with pytest.raises(ValidationError):
        wire.from_document(document)


def test_update_is_refused_when_it_names_no_field_of_the_kind() -> None:
    entity = Asset(id=ONE, code="hero", asset_type=TWO)
    for name in ("nothing", "unknown", "revision", "id"):
        with pytest.raises(ValidationError) as caught:
            wire.update(entity, {name: {}})
        assert caught.value.issues[0].code == "field.unknown"


@pytest.mark.parametrize("value", [float("nan"), "\ud800", object(), {1, 2}])
def test_json_is_refused_when_it_cannot_hold_the_value(value: Any) -> None:
    with pytest.raises(ValidationError):
        wire.to_json({"value": value})


def test_dependency_may_be_its_id_alone_when_loaded() -> None:
    loaded = wire.load("version", {"product": ONE, "dependencies": [TWO]})
    assert isinstance(loaded, Version)
    assert [item.version for item in loaded.dependencies] == [TWO]


@attrs.frozen
class Point:
    x: int = 0


def test_record_is_read_and_written_when_it_keeps_nothing_unknown() -> None:
    @register("mark", plural="marks")
    @attrs.frozen(kw_only=True)
    class Mark(Entity):
        points: tuple[Point, ...] = ()

    try:
        mark = Mark(id=ONE, points=(Point(1), Point(2)))
        assert wire.dump(mark)["points"] == [{"x": 1}, {"x": 2}]
        assert wire.from_document(wire.to_document(mark)) == mark
    finally:
        unregister("mark")


def test_record_is_kept_when_it_was_read_already() -> None:
    record = AssetDependency(TWO, "weak")
    assert wire.load("version", {"product": ONE, "dependencies": [record]}) == Version(
        product=ONE, dependencies=(record,)
    )


def test_records_are_refused_when_given_as_plain_objects() -> None:
    with pytest.raises(ValidationError):
        Representation(version=ONE, name="usd", files=({"name": "a"},))
    with pytest.raises(ValidationError):
        Project(code="demo", attribute_types={"fps": {"type": "fps"}})


@pytest.fixture
def old_kind() -> Iterator[str]:
    @register("note", plural="notes", schema=3, upgrades={2: lambda body: {"text": body["words"]}})
    @attrs.frozen(kw_only=True)
    class Note(Entity):
        text: str = ""

    yield Note.kind
    unregister("note")


def test_older_schema_is_upgraded_when_there_is_a_way(old_kind: str) -> None:
    loaded = wire.load(old_kind, {"schema": 2, "words": "hello"})
    assert wire.dump(loaded) == {"text": "hello", "schema": 3}
    with pytest.raises(ValidationError, match="no upgrade from schema 1"):
        wire.load(old_kind, {"schema": 1})
