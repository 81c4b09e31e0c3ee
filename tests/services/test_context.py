from __future__ import annotations

from pathlib import Path

import pytest

from bifrost_sdk.domain.production import Asset, Project, Shot
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.errors import (
    BifrostError,
    ConfigurationError,
    NotFoundError,
    ReferenceSyntaxError,
    ValidationError,
)
from bifrost_sdk.services.context import is_id
from bifrost_sdk.services.identity import new_id
from bifrost_sdk.session import Session, connect


def test_thing_is_found_when_named_in_each_way(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    names = [hero, hero.id, hero.ref, Reference.parse(hero.ref), f"bifrost://demo/~{hero.id}"]
    assert [session.context.id_of(name) for name in names] == [hero.id] * 5
    assert [session.get(name) for name in names] == [hero] * 5
    assert [session.context.take(Asset, name) for name in names] == [hero] * 5


def test_bare_id_is_found_when_it_is_of_a_project_that_is_not_the_default(session: Session, tmp_path: Path) -> None:
    session.projects.create("other")
    prop = session.assets.create("other", "prop", "cup")
    assert session.get(prop.id) == prop
    assert isinstance(session.resolve_many([prop.id])[0], NotFoundError)  # it has no files
    assert len(session.history(prop.id)) == 1
    with connect(tmp_path / "shows", user="anna") as plain:
        assert plain.get(prop.id) == prop
    with pytest.raises(NotFoundError):
        session.get(new_id())


def test_answers_are_errors_when_some_names_lead_nowhere(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    found = session.get_many([hero.ref, "bifrost://demo/assets/char/hera", "hero", new_id(), hero.id])
    assert [type(answer) for answer in found] == [Asset, NotFoundError, *[type(found[2])], NotFoundError, Asset]
    assert isinstance(found[2], BifrostError)
    assert isinstance(found[1], NotFoundError)
    assert hero.ref in found[1].suggestions


def test_thing_is_refused_when_it_is_of_another_kind(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    with pytest.raises(ValidationError, match="this is a asset, no shot"):
        session.shots.get(hero.ref)
    with pytest.raises(ValidationError, match="no node"):
        session.tasks.create(session.users.me(), "rig")


def test_project_is_read_when_named_in_each_way(session: Session) -> None:
    context = session.context
    demo = session.projects.get("demo")
    names = ["demo", demo, "bifrost://demo", "bifrost://demo/assets/char", Reference.parse("bifrost://demo")]
    assert [context.code_of(name) for name in names] == ["demo"] * 5
    assert context.code_of(session.assets.create("demo", "char", "hero")) == "demo"
    assert context.project_of(None if context.project else "demo") == demo
    with pytest.raises(NotFoundError, match="bifrost://demo"):
        context.project_of("dem")
    with pytest.raises(ConfigurationError, match="no project was named"):
        context.code_of(f"bifrost:///~{new_id()}")


def test_project_must_be_named_when_there_is_no_default(session: Session, tmp_path: Path) -> None:
    text = (tmp_path / "shows/bifrost.yaml").read_text(encoding="utf-8").replace('project: "demo"', "")
    (tmp_path / "shows/bifrost.yaml").write_text(text, encoding="utf-8")
    with connect(tmp_path / "shows", user="anna") as plain:
        assert plain.find(Query("user")).entities
        with pytest.raises(ConfigurationError, match="BIFROST_SDK_PROJECT"):
            plain.find(Query("asset"))


def test_field_is_refused_with_the_nearest_name_when_there_is_none(session: Session) -> None:
    with pytest.raises(ValidationError, match="did you mean name"):
        session.assets.create("demo", "char", "hero", nam="Hero")
    with pytest.raises(ValidationError, match="the fields are id"):
        session.assets.create("demo", "char", "hero", zzzzzz="Hero")


def test_status_is_found_by_code_when_given_as_text(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero", status="WIP")
    status = session.get(hero.status or "")
    assert session.assets.update(hero, status=status).status == status.id
    assert session.assets.update(hero.id, status=status.id).status == status.id
    with pytest.raises(NotFoundError, match="Did you mean wip"):
        session.assets.update(hero.id, status="wib")
    with pytest.raises(NotFoundError, match="todo"):
        session.assets.update(hero.id, status="qqqqq")
    assert session.assets.update(hero.id, status=None).status is None


def test_past_cannot_be_changed_when_it_is_shown(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    with pytest.raises(ValidationError, match="the past cannot be changed"):
        session.at(session.revision("demo")).assets.update(hero, name="x")


def test_pages_join_when_there_are_several(session: Session) -> None:
    for number in range(5):
        session.assets.create("demo", "char", f"a{number}")
    query = Query("asset").sort("code").limit(2)
    assert [asset.code for asset in session.iterate(query)] == [f"a{number}" for number in range(5)]
    assert len(session.find(query)) == 2


def test_commit_answers_with_what_was_asked_for_when_of_the_wrong_kind(session: Session) -> None:
    from bifrost_sdk.domain.changes import Ensure
    from bifrost_sdk.services.context import last_of

    project = session.projects.get("demo")
    commit = session.context.commit("studio", [Ensure(Project(id=new_id(), code="demo"))])
    assert last_of(commit, Project) == project
    with pytest.raises(NotFoundError, match="what answers is"):
        last_of(commit, Shot)


def test_id_is_told_from_a_code_when_of_the_same_length() -> None:
    assert is_id(new_id())
    assert not is_id("abcdefgh-ijkl-mnop-qrst-uvwxyzabcdef")


def test_reference_is_refused_when_text_is_neither_id_nor_reference(session: Session) -> None:
    with pytest.raises(ReferenceSyntaxError):
        session.context.id_of("hero")
