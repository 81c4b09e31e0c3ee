from __future__ import annotations

import pytest

from bifrost_sdk.domain.changes import Check, Create, Delete, Ensure, Update
from bifrost_sdk.domain.people import User
from bifrost_sdk.domain.production import Asset, AssetType
from bifrost_sdk.domain.tasks import Status, Task
from bifrost_sdk.errors import NotFoundError
from bifrost_sdk.services.identity import new_id
from bifrost_sdk.session import Session


@pytest.fixture
def other(session: Session) -> Asset:
    session.projects.create("other")
    return session.assets.create("other", "char", "hero")


def test_project_is_that_of_what_is_changed_when_not_named(session: Session, other: Asset) -> None:
    assert session.commit([Update(other.id, {"name": "x"})]).project == "other"
    assert session.commit([Check(other.id)]).project == "other"
    assert session.commit([Create(Task(parent=other.id, code="rig"))]).project == "other"
    assert session.commit([Create(Status(project="other", code="mine"))]).project == "other"
    assert session.commit([Create(Status(code="mine"))]).project == "demo"
    assert session.commit([Create(User(login="ben"))]).project == "studio"
    top = session.projects.get("other")
    assert session.commit([Ensure(AssetType(code="prop", parent=top.id))]).project == "other"
    assert session.commit([Create(Status(code="mine2"))], project=top).project == "other"
    with pytest.raises(NotFoundError):
        session.commit([Delete(new_id())])


def test_ids_are_made_when_new_things_have_none(session: Session) -> None:
    top = session.projects.get("demo")
    prop = AssetType(id=new_id(), code="prop", parent=top.id)
    asset = Asset(code="cup", parent=prop.id, asset_type=prop.id)
    commit = session.commit([Create(asset), Ensure(prop)], key="once", comment="a cup")
    assert [entity and entity.path for entity in commit.entities] == ["assets/prop/cup", "assets/prop"]
    assert session.events("demo")[-1].comment == "a cup"


def test_first_answer_comes_again_when_a_key_is_repeated(session: Session) -> None:
    changes = [Create(Status(id=new_id(), code="mine"))]
    first = session.commit(changes, key="once")
    again = session.commit(changes, key="once")
    assert (again.repeated, again.revision, again.entities) == (True, first.revision, first.entities)
