"""Lists of changes in which one thing stands under several ids: whoever names any of them means that one thing."""

from __future__ import annotations

import attrs
import pytest

from bifrost_sdk.domain.changes import Change, Create, Delete, Ensure, Update
from bifrost_sdk.domain.model import Asset, AssetType, Product, Version
from bifrost_sdk.errors import ValidationError
from bifrost_sdk.testing import Builder
from bifrost_sdk.testing.show import PROJECT, Show


def asset(builder: Builder, made: Show, code: str, **fields: str) -> Asset:
    return Asset(
        **{"id": builder.new_id(), "code": code, "parent": made.ids["char"], **fields}, asset_type=made.ids["char"]
    )


def commit(builder: Builder, *changes: Change) -> list[str]:
    return [entity.id if entity else "" for entity in builder.system.commit(PROJECT, changes).entities]


@pytest.mark.parametrize("first", [Create, Ensure])
def test_later_changes_follow_when_the_thing_is_new_under_two_ids(
    builder: Builder, made: Show, first: type[Create | Ensure]
) -> None:
    one, other = asset(builder, made, "dragon"), asset(builder, made, "DRAGON")
    model = Product(id=builder.new_id(), code="model", parent=other.id)
    again = Product(id=builder.new_id(), code="model", parent=other.id)
    version = Version(id=builder.new_id(), product=again.id)
    found = commit(
        builder,
        first(one),
        Ensure(other),
        Ensure(model),
        Ensure(again),
        Create(version),
        Update(other.id, {"name": "Smaug"}),
    )
    assert found == [one.id, one.id, model.id, model.id, version.id, one.id]
    assert builder.read(one.id).path == "assets/char/dragon"
    assert getattr(builder.read(one.id), "name", "") == "Smaug"
    assert builder.read(version.id).path == "assets/char/dragon/model"


def test_whole_branches_follow_when_they_are_ensured_twice(builder: Builder, made: Show) -> None:
    def branch() -> list[Change]:
        kind = AssetType(id=builder.new_id(), code="creature", parent=made.ids["project"])
        beast = Asset(id=builder.new_id(), code="beast", parent=kind.id, asset_type=kind.id)
        return [Ensure(kind), Ensure(beast), Ensure(Product(id=builder.new_id(), code="rig", parent=beast.id))]

    first, second = branch(), branch()
    found = commit(builder, *first, *second)
    assert found[:3] == found[3:] == [change.entity.id for change in first if isinstance(change, Ensure)]


def test_what_stands_below_is_found_when_the_name_came_by_renaming(builder: Builder, made: Show) -> None:
    """The thing under the new name stood before, so what is ensured below it may stand too."""
    twin = asset(builder, made, "heroine")
    model = Product(id=builder.new_id(), code="Model", parent=twin.id)
    version = Version(id=builder.new_id(), product=model.id)
    found = commit(builder, Update(made.ids["hero"], {"code": "heroine"}), Ensure(twin), Ensure(model), Create(version))
    assert found == [made.ids["hero"], made.ids["hero"], made.ids["hero/model"], version.id]


def test_thing_is_made_anew_when_what_had_its_name_went_or_was_renamed_before(builder: Builder, made: Show) -> None:
    one, other, third = (asset(builder, made, "dragon") for _ in range(3))
    below = Product(id=builder.new_id(), code="model", parent=third.id)
    found = commit(
        builder,
        Create(one),
        Update(one.id, {"code": "worm"}),
        Ensure(other),
        Delete(other.id),
        Ensure(third),
        Ensure(below),
    )
    assert found == [one.id, one.id, "", "", third.id, below.id]
    assert builder.read(below.id).path == "assets/char/dragon/model"


def test_ensured_thing_is_not_taken_for_another_kind_when_the_name_is_the_same(builder: Builder, made: Show) -> None:
    product = Product(id=builder.new_id(), code="dragon", parent=made.ids["char"])
    with pytest.raises(ValidationError, match="taken"):
        commit(builder, Create(product), Ensure(asset(builder, made, "dragon")))


def test_both_are_named_when_two_things_are_created_under_one_name(builder: Builder, made: Show) -> None:
    one, other = asset(builder, made, "dragon"), asset(builder, made, "Dragon")
    with pytest.raises(ValidationError) as caught:
        commit(builder, Create(one), Create(other))
    (issue,) = caught.value.issues
    assert issue.code == "unique"
    for told in (one.id, other.id, "dragon", "Dragon"):
        assert told in str(issue)


def test_both_are_named_when_an_ensured_thing_is_created_again(builder: Builder, made: Show) -> None:
    one = asset(builder, made, "dragon")
    other = attrs.evolve(one, id=builder.new_id())
    with pytest.raises(ValidationError, match=f"{one.id}.*{other.id}"):
        commit(builder, Ensure(one), Create(other))
