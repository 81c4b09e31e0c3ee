from __future__ import annotations

from typing import Any

import pytest

from bifrost_sdk.domain.changes import Create, Delete, Event, Update
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.people import Team
from bifrost_sdk.domain.production import Asset
from bifrost_sdk.domain.reversal import concerned, created, invert
from bifrost_sdk.errors import ConflictError

ONE, TWO, THREE, FOUR = (f"0190f3aa-1111-7222-8333-44445555666{digit}" for digit in range(1, 5))


def event(operation: str, subject: str, kind: str = "asset", **options: Any) -> Event:
    return Event(operation=operation, subject=subject, subject_kind=kind, project="demo", created_by="anna", **options)


def asset(id: str, **fields: Any) -> Asset:
    return Asset(**{"id": id, "code": "hero", "asset_type": TWO, "project": "demo", "revision": 7, **fields})


def test_changes_come_in_reverse_order_when_inverted() -> None:
    events = [event("create", ONE, position=0), event("create", THREE, position=1)]
    current: dict[str, Entity] = {ONE: asset(ONE), THREE: asset(THREE, parent=ONE)}
    assert invert(events, [], current) == [Delete(THREE, 7), Delete(ONE, 7)]


def test_former_values_come_back_when_updated() -> None:
    before = {"name": "Old", "tags": None, "description": None, "metadata": None, "parent": None, "newer": None}
    after = {"name": "New", "tags": ["a"], "description": "d", "metadata": {"a": 1}, "parent": TWO, "newer": 1}
    (change,) = invert([event("update", ONE, before=before, after=after)], [], {ONE: asset(ONE)})
    assert change == Update(
        ONE, {"name": "Old", "tags": (), "description": "", "metadata": {}, "parent": None, "newer": None}, 7
    )


def test_deleted_thing_comes_back_whole_when_inverted() -> None:
    document = {"code": "hero", "asset_type": TWO, "tags": ["a"], "schema": 1, "newer": 1}
    (change,) = invert([event("delete", ONE, before=document)], [], {})
    assert isinstance(change, Create)
    assert (change.entity.id, change.entity.unknown) == (ONE, {"newer": 1})


def test_nothing_is_left_to_do_when_it_was_undone_already() -> None:
    events = [
        event("create", ONE),
        event("delete", THREE, before={"code": "x", "asset_type": TWO}),
        event("create", FOUR, "version"),
        event("update", FOUR, "version", before={"lease_until": None}, after={"lease_until": "later"}),
    ]
    assert invert(events, [], {THREE: asset(THREE)}) == []


def test_later_changes_stand_in_the_way_when_of_the_same_field() -> None:
    events = [event("update", ONE, before={"name": "a"}, after={"name": "b"}, revision=3)]
    other = event("update", ONE, before={"order": ""}, after={"order": "V"}, revision=4)
    same = event("update", ONE, before={"name": "b"}, after={"name": "c"}, revision=5)
    assert invert(events, [other], {ONE: asset(ONE)}) == [Update(ONE, {"name": "a"}, 7)]
    with pytest.raises(ConflictError, match=r"revision 3 of demo cannot be undone.*\n.*revision 5 by anna: name"):
        invert(events, [other, same], {ONE: asset(ONE)})


def test_user_stands_in_the_way_when_it_was_not_seen_to_change() -> None:
    with pytest.raises(ConflictError) as caught:
        invert([event("create", ONE)], [], {ONE: asset(ONE), THREE: asset(THREE, parent=ONE)})
    assert caught.value.blockers == (f"bifrost://demo/~{ONE} is used by bifrost://demo/~{THREE}: parent",)


def test_ids_are_those_that_the_documents_name_when_concerned() -> None:
    team = event("create", ONE, "team", after={"code": "a", "members": [TWO]})
    version = event("update", THREE, "version", after={"dependencies": [{"version": FOUR}]})
    assert concerned([team, version]) == {ONE, TWO, THREE, FOUR}
    assert created([team, version, event("create", TWO, "version")]) == {"team": [ONE]}
    assert invert([team], [], {ONE: Team(id=ONE, code="a", members=(TWO,))}) == [Delete(ONE, 0)]
