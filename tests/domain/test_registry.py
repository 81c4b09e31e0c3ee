from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain import model, registry
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.fieldpaths import target_kinds
from bifrost_sdk.domain.registry import Relation, entity_type, inverse_names, inverse_relations, register, unregister
from bifrost_sdk.errors import QueryError


@pytest.fixture
def place() -> Iterator[str]:
    @register(
        "place",
        plural="places",
        slots={"parent": "parent"},
        relations=[Relation("parent", targets=("project",), inverse="places")],
        is_node=True,
        root="places",
    )
    @attrs.frozen(kw_only=True)
    class Place(Node): ...

    yield Place.kind
    unregister("place")


OWNED = ["products", "tasks", "workfiles"]


@pytest.mark.parametrize("name", OWNED)
def test_every_node_owns_when_it_is_no_leaf(name: str) -> None:
    owners = {kind for kind in registry.kinds() if inverse_relations(name, kind)}
    assert owners == {"project", "asset_type", "asset", "episode", "sequence", "shot"}


@pytest.mark.parametrize("name", OWNED)
def test_new_node_owns_as_long_as_it_is_registered(name: str, place: str) -> None:
    ((made, relation),) = inverse_relations(name, place)
    assert place in relation.targets
    assert name in inverse_names(place)
    assert target_kinds(made.kind, relation.name) == relation.targets
    unregister(place)
    assert place not in relation.targets
    register(place, plural="places")(type("Place", (Node,), {}))


@pytest.fixture
def note() -> Iterator[str]:
    @register("note", plural="notes", relations=[Relation("about", inverse="notes")])
    @attrs.frozen(kw_only=True)
    class Note(Entity):
        about: str | None = None

    yield Note.kind
    unregister("note")


def test_kinds_are_those_of_the_model_when_nothing_else_is_loaded() -> None:
    assert {entity_type(kind).cls.__name__ for kind in registry.kinds()} == set(model.__all__)


@pytest.mark.parametrize("name", ["asset_type", "asset_types", "AssetType", "asset-type", "ASSET_TYPE"])
def test_kind_is_understood_when_spelt_otherwise(name: str) -> None:
    assert entity_type(name).kind == "asset_type"


@pytest.mark.parametrize("name", ["", "thing", 5, None, [], {}])
def test_kind_is_refused_when_there_is_none(name: Any) -> None:
    with pytest.raises(QueryError, match="there is no kind"):
        entity_type(name)


def test_new_kind_is_seen_from_what_it_points_at_until_it_goes(note: str) -> None:
    assert "notes" in inverse_names("asset")
    assert [made.kind for made, _ in inverse_relations("notes", "asset")] == [note]
    with pytest.raises(ValueError, match="registered already"):
        register("other", plural="notes")(entity_type(note).cls)
    unregister(note)
    assert "notes" not in inverse_names("asset")
    register(note, plural="notes")(type("Note", (Entity,), {}))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"slots": {"parent": "nothing"}}, "no field nothing"), ({"search": ("nothing",)}, "no field nothing"),
     ({"slots": {"colour": "path"}}, "no slot colour"), ({"relations": [Relation("nothing")]}, "no field nothing")],
)  # fmt: skip
def test_kind_is_refused_when_it_names_what_it_has_not(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        register("note", plural="notes", **options)(Entity)
    assert "note" not in registry.kinds()


@pytest.mark.parametrize("kind", registry.kinds())
def test_kind_is_in_order_when_registered(kind: str) -> None:
    made = entity_type(kind)
    assert made.parent is None or made.parent.name == made.slots["parent"]
    for relation in made.relations.values():
        assert set(relation.targets) <= set(registry.kinds())
        assert not relation.inverse or relation.inverse not in {
            name for each in relation.targets for name in entity_type(each).fields
        }
