from __future__ import annotations

import pytest

from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import ConflictError, NotFoundError, ValidationError
from bifrost_sdk.session import Session


def test_type_is_made_with_the_asset_when_missing(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero", tags=["main"])
    assert (hero.ref, hero.revision) == ("bifrost://demo/assets/char/hero", session.revision("demo"))
    (char,) = session.assets.types("demo")
    assert (char.code, char.revision, hero.parent, hero.asset_type) == ("char", hero.revision, char.id, char.id)
    extra = session.assets.create(None, char, "extra")
    assert extra.parent == char.id
    assert session.assets.create("demo", char.ref, "third").parent == char.id
    assert session.assets.create("demo", char.id, "fourth").parent == char.id
    assert [each.code for each in session.assets.types()] == ["char"]
    with pytest.raises(ValidationError, match="no asset_type"):
        session.assets.create("demo", hero, "fifth")


def test_asset_lies_below_another_when_given_as_parent(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    sword = session.assets.create("demo", "prop", "sword", parent=hero)
    assert sword.path == "assets/char/hero/sword"
    assert session.assets.move(sword, f"bifrost://demo/~{sword.asset_type}").path == "assets/prop/sword"


def test_name_is_refused_when_taken(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    with pytest.raises(ValidationError, match="taken"):
        session.assets.create("demo", "char", "HERO")
    assert session.assets.ensure("demo", "char", "HERO", name="other") == hero
    assert session.assets.ensure("demo", "char", "new", name="other").name == "other"


def test_assets_are_found_when_they_fulfil_lookups(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero", tags=["main"])
    session.assets.create("demo", "char", "extra")
    assert session.assets.list(tags__contains="main") == [hero]
    assert list(session.assets.find(project="demo", code="hero")) == [hero]
    assert session.assets.list(Query("asset").where(code="hero").filter, project="demo") == [hero]
    assert session.assets.get(hero.ref) == hero


def test_old_path_leads_here_when_renamed(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    renamed = session.assets.rename(hero, "heroine")
    assert (renamed.path, session.assets.get(hero.ref)) == ("assets/char/heroine", renamed)


def test_stale_asset_is_refused_when_somebody_changed_it(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    session.assets.update(hero, name="mine")
    with pytest.raises(ConflictError) as caught:
        session.assets.update(hero, name="theirs")
    assert caught.value.fields == ("name",)
    with pytest.raises(ConflictError):
        session.assets.delete(hero)
    session.assets.delete(hero.ref)
    with pytest.raises(NotFoundError):
        session.assets.get(hero)
