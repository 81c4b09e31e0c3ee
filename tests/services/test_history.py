from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bifrost_sdk.domain.changes import Create, Delete, Event, Update
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import Compare, Not
from bifrost_sdk.domain.query_documents import filter_to_document
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.domain.versions import File, Product, Representation, Version
from bifrost_sdk.errors import ConflictError, NotFoundError, ValidationError
from bifrost_sdk.services.identity import new_id
from bifrost_sdk.session import Session, connect

HASH = "sha256:" + "0" * 64


def reserve(session: Session, owner: Entity, number_of_products: int = 1) -> Version:
    """The first commit of a publish: a new product and a reserved version of it."""
    product = Product(id=new_id(), code=f"model{number_of_products}", parent=owner.id)
    version = Version(id=new_id(), product=product.id)
    made = session.commit([Create(product), Create(version)], project="demo").entities[-1]
    assert isinstance(made, Version)
    return made


def finalise(session: Session, version: Version) -> Version:
    """The second commit of a publish: the version published, with a representation."""
    files = (File("model.usda", 1, HASH),)
    representation = Representation(id=new_id(), version=version.id, name="usd", folder="v001", files=files)
    fields: dict[str, Any] = {"state": "published"}
    made = session.commit([Update(version.id, fields), Create(representation)], project="demo").entities[0]
    assert isinstance(made, Version)
    return made


@pytest.fixture
def vendor(session: Session) -> Iterator[Session]:
    """Somebody who may do everything, and sees neither assets with the tag ``secret`` nor the status ``wip``."""
    filters = {"asset": Not(Compare(("tags",), "contains", "secret")), "status": Not(Compare(("code",), "eq", "wip"))}
    hidden = {kind: filter_to_document(each) for kind, each in filters.items()}
    session.users.create_role("vendor", permissions=["*:*"], filters=hidden)
    session.users.grant(session.users.create("vera"), "vendor", project="demo")
    with connect(session.settings.folder, user="vera") as seen:
        yield seen


def test_history_tells_everything_when_a_thing_changed(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    session.assets.update(hero, name="Hero")
    session.assets.create("demo", "char", "other")
    session.assets.delete(hero.id)
    operations = [(event.operation, event.created_by) for event in session.history(hero)]
    assert operations == [("create", "anna"), ("update", "anna"), ("delete", "anna")]
    assert session.history(hero)[1].after == {"name": "Hero"}
    assert session.history(f"bifrost://demo/~{hero.id}") == session.history(hero) == session.history(hero.id)
    assert session.history("bifrost://demo/assets/char")[0].subject_kind == "asset_type"
    with pytest.raises(NotFoundError):
        session.history("bifrost://demo/assets/char/nobody")


def test_creation_is_undone_with_what_it_made_when_nothing_else_uses_it(session: Session) -> None:
    before = {node.id for kind in ("asset_type", "asset") for node in session.find(_query(kind))}
    session.assets.create("demo", "char", "hero")
    undone = session.revert("demo", session.revision("demo"))
    assert undone.entities == (None, None)
    assert {node.id for kind in ("asset_type", "asset") for node in session.find(_query(kind))} == before
    with pytest.raises(ValidationError, match="undone already"):
        session.revert("demo", undone.revision - 1)
    session.revert("demo", undone.revision)
    assert session.get("bifrost://demo/assets/char/hero").kind == "asset"


def test_update_is_undone_field_by_field_when_later_commits_changed_others(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero", name="Old", tags=["a"])
    session.assets.update(hero.id, name="New", description="words", tags=["b"], metadata={"x": 1})
    revision = session.revision("demo")
    session.assets.update(hero.id, order="V")
    session.revert("demo", revision, comment="sorry")
    now = session.assets.get(hero)
    assert (now.name, now.description, now.tags, now.order, now.metadata) == ("Old", "", ("a",), "V", {})
    assert session.history(hero)[-1].comment == "sorry"


def test_rename_is_undone_when_nothing_took_the_name(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    session.assets.rename(hero, "heroine")
    session.revert("demo", session.revision("demo"))
    assert session.assets.get(hero).code == "hero"


def test_revert_is_refused_with_the_list_when_later_commits_stand_in_the_way(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    first = session.revision("demo")
    session.assets.update(hero.id, name="One")
    second = session.revision("demo")
    session.assets.update(hero.id, name="Two", description="d")
    rig = session.tasks.create(hero, "rig")
    fourth = session.revision("demo")
    with pytest.raises(ConflictError) as caught:
        session.revert("demo", second)
    assert caught.value.fields == ("name",)
    assert caught.value.blockers == (f"{hero.ref} was changed again in revision {second + 1} by anna: name",)
    with pytest.raises(ConflictError) as caught:
        session.revert("demo", first)
    assert set(caught.value.fields) == {"name", "description", "parent"}
    assert f"{hero.ref} is used by {rig.ref} in revision {fourth} by anna: parent" in caught.value.blockers
    assert session.revision("demo") == fourth


def test_revert_is_refused_when_the_thing_was_deleted_since(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    session.assets.update(hero.id, name="One")
    session.assets.delete(hero.id)
    with pytest.raises(ConflictError, match=f"was deleted in revision {session.revision('demo')} by anna"):
        session.revert("demo", session.revision("demo") - 1)


def test_deletion_is_undone_with_the_same_id_when_its_place_is_free(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero", tags=["main"])
    rig = session.tasks.create(hero, "rig")
    session.commit([Delete(rig.id), Delete(hero.id)])
    deleted = session.revision("demo")
    session.revert("demo", deleted)
    back = session.assets.get(hero)
    assert (back.id, back.tags, back.path) == (hero.id, hero.tags, hero.path)
    assert session.tasks.get(rig).parent == hero.id
    with pytest.raises(ValidationError, match="undone already"):
        session.revert("demo", deleted)


def test_deletion_cannot_be_undone_when_what_it_needs_is_gone(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    rig = session.tasks.create(hero, "rig")
    session.tasks.delete(rig)
    deleted = session.revision("demo")
    session.assets.delete(hero)
    with pytest.raises(ConflictError, match="which it needs, was deleted") as caught:
        session.revert("demo", deleted)
    assert len(caught.value.blockers) == 1


def test_reserved_version_is_abandoned_when_its_reservation_is_undone(session: Session) -> None:
    version = reserve(session, session.assets.create("demo", "char", "hero"))
    session.revert("demo", version.revision)
    assert session.versions.get(version.id).state == "abandoned"
    assert session.get(version.product).kind == "product"


def test_published_version_is_retired_when_its_publish_is_undone(session: Session) -> None:
    version = finalise(session, reserve(session, session.assets.create("demo", "char", "hero")))
    session.revert("demo", version.revision)
    retired = session.versions.get(version.id)
    assert retired.state == "retired"
    assert [item.name for item in session.versions.representations(retired)] == ["usd"]
    with pytest.raises(ValidationError, match="undone already"):
        session.revert("demo", version.revision)
    session.revert("demo", retired.revision)
    assert session.versions.get(version.id).state == "published"
    session.revert("demo", version.revision - 1)
    assert session.versions.get(version.id).state == "retired"


def test_final_state_cannot_be_undone_when_a_version_was_abandoned(session: Session) -> None:
    version = reserve(session, session.assets.create("demo", "char", "hero"))
    session.versions.update(version, state="abandoned")
    with pytest.raises(ConflictError, match="was abandoned, which is final"):
        session.revert("demo", session.revision("demo"))


def test_fields_of_a_version_are_undone_when_they_may_change(session: Session) -> None:
    version = reserve(session, session.assets.create("demo", "char", "hero"))
    session.versions.update(version, description="first words")
    session.revert("demo", session.revision("demo"))
    assert session.versions.get(version.id).description == ""


def test_files_stay_when_they_were_added_to_a_published_version(session: Session) -> None:
    version = finalise(session, reserve(session, session.assets.create("demo", "char", "hero")))
    thumbnail = Representation(id=new_id(), version=version.id, name="preview", files=(File("p.png", 1, HASH),))
    session.commit([Create(thumbnail)])
    with pytest.raises(ConflictError, match="is published and loses no files: preview"):
        session.revert("demo", session.revision("demo"))


def test_files_go_when_their_version_is_still_reserved(session: Session) -> None:
    version = reserve(session, session.assets.create("demo", "char", "hero"))
    draft = Representation(id=new_id(), version=version.id, name="usd", files=(File("m.usda", 1, HASH),))
    session.commit([Create(draft)])
    session.revert("demo", session.revision("demo"))
    assert session.versions.representations(version) == []


def test_task_cannot_be_undone_when_an_older_version_names_it(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    version = reserve(session, hero)
    task = session.tasks.create(hero, "model")
    session.versions.update(version, task=task)
    with pytest.raises(ConflictError, match=r"is used by .*/v001 in revision \d+ by anna: task"):
        session.revert("demo", task.revision)


def test_task_stays_when_a_version_of_the_same_commit_names_it(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    model = session.products.create(hero, "model")
    task = Task(id=new_id(), parent=hero.id, code="model")
    rig = Task(id=new_id(), parent=hero.id, code="rig")
    version = Version(id=new_id(), product=model.id, task=task.id)
    session.commit([Create(task), Create(rig), Create(version)])
    session.revert("demo", session.revision("demo"))
    assert [each.code for each in session.tasks.list(project="demo")] == ["model"]
    assert session.versions.get(version.id).state == "abandoned"


def test_reference_made_by_an_update_of_the_same_commit_goes_first(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    sword = session.assets.create("demo", "prop", "sword")
    link = session.links.create(hero, sword)
    twin = session.assets.create("demo", "prop", "twin")
    session.links.update(link, target=twin)
    session.assets.delete(sword)
    session.revert("demo", session.revision("demo"))
    session.revert("demo", session.revision("demo") - 2)
    assert session.links.get(link).target == sword.id


def test_created_parent_and_moved_child_are_undone_together(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    group = session.assets.create("demo", "char", "group")
    session.commit([Delete(group.id)])
    crowd = type(group)(id=new_id(), code="crowd", parent=hero.parent, asset_type=hero.asset_type)
    session.commit([Create(crowd), Update(hero.id, {"parent": crowd.id})])
    session.revert("demo", session.revision("demo"))
    assert session.assets.get(hero).path == "assets/char/hero"
    with pytest.raises(NotFoundError):
        session.get(crowd.id)


@pytest.mark.parametrize("revision", [0, -1, 99])
def test_revert_is_refused_when_there_is_no_such_revision(revision: int, session: Session) -> None:
    with pytest.raises(NotFoundError, match=f"there is no revision {revision}"):
        session.revert("demo", revision)


def test_membership_is_undone_when_it_was_granted_in_the_studio(session: Session) -> None:
    session.users.create("ben")
    session.users.grant("ben", "artist", project="demo")
    session.revert("studio", session.revision("studio"))
    assert session.users.roles("ben", project="demo") == []


def test_event_of_history_is_an_event_when_read(session: Session) -> None:
    (event,) = session.history(session.assets.create("demo", "char", "hero"))
    assert isinstance(event, Event)


def _query(kind: str) -> Any:
    from bifrost_sdk.domain.query import Query

    return Query(kind, project="demo")


def test_revert_is_refused_whole_when_something_of_the_commit_is_hidden(session: Session, vendor: Session) -> None:
    hero, sword = (session.assets.create("demo", "char", code) for code in ("hero", "sword"))
    session.assets.update(sword, tags=["secret"])
    changes = [Update(asset.id, {"name": "New"}) for asset in (hero, sword)]
    for each in (changes, changes[::-1]):  # the hidden one last, and first: where it stood tells nothing
        revision = session.commit([*each, Update(hero.id, {"description": str(each)})]).revision
        before = session.revision("demo")
        with pytest.raises(ValidationError, match="what vera may not see"):
            vendor.revert("demo", revision)
        assert session.revision("demo") == before
        session.revert("demo", revision)
    assert [session.get(asset.id).name for asset in (hero, sword)] == ["", ""]  # type: ignore[attr-defined]  # assets


def test_revert_is_refused_when_a_former_value_is_hidden(session: Session, vendor: Session) -> None:
    """Undone with what can be seen, the task would be left without the status that it had."""
    hero = session.assets.create("demo", "char", "hero")
    rig = session.tasks.create(hero, "rig", status="wip")
    rig = session.tasks.set_status(rig, "done")
    revision = session.revision("demo")
    with pytest.raises(ValidationError, match="what vera may not see"):
        vendor.revert("demo", revision)
    assert session.tasks.get(rig) == rig
    session.tasks.update(rig, priority=7)
    vendor.revert("demo", session.revision("demo"))
    assert session.tasks.get(rig).priority == rig.priority
    session.revert("demo", revision)
    assert session.tasks.get(rig).status == session.history(rig)[0].after["status"]
