from __future__ import annotations

from pathlib import Path

import pytest

from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.rootpaths import Below
from bifrost_sdk.domain.versions import Representation
from bifrost_sdk.errors import BifrostError, TemplateError
from bifrost_sdk.services import destinations
from bifrost_sdk.services.destinations import Wanted
from bifrost_sdk.services.reservations import Reservation
from bifrost_sdk.session import Session

OWN = {
    "extends": "film",
    "tokens": {"version": {"type": "version", "padding": 4}},
    "templates": {"asset_version": {"path": "{project}/lib/{asset}/{asset}.{product}.v{version}", "root": "work"}},
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "hero.usda"
    path.write_text("#usda 1.0\n")
    return path


def test_version_lies_where_its_project_says_when_it_is_published(session: Session, source: Path) -> None:
    session.templates.apply("demo", OWN)
    hero = session.assets.create("demo", "char", "hero")
    version = session.publish(hero, "model", {"usd": source})
    folder = session.context.roots["work"] / "demo/lib/hero/hero.model.v0001"
    assert (version.root, version.folder) == ("work", "demo/lib/hero/hero.model.v0001")
    assert session.resolve(version.ref) == folder / "model.usda"
    assert session.folders.path_for(version, "folder") == folder
    parsed = session.folders.parse(folder / "model.usda")
    assert (parsed.node, parsed.version) == (hero, version)
    (thumbnail,) = session.versions.add(version, {"thumbnail": source})
    assert (thumbnail.root, thumbnail.folder) == ("work", f"{version.folder}-thumbnail")
    assert session.verify("demo").findings == ()
    session.versions.purge(session.versions.retire(version))
    assert not folder.exists()


def test_versions_of_several_roots_are_published_together(session: Session, source: Path) -> None:
    from bifrost_sdk.services.publications import Publication

    session.templates.apply("demo", OWN)
    hero = session.assets.create("demo", "char", "hero")
    shot = session.shots.create("demo", "sq010", "sh020")
    made = session.publish_set(
        [Publication(hero, "model", {"usd": source}), Publication(shot, "anim", {"usd": source})]
    )
    assert [version.root for version in made] == ["work", "publish"]
    assert all(session.resolve(version.ref).is_file() for version in made)


def test_set_is_published_when_its_template_gives_its_versions_one_folder(session: Session, source: Path) -> None:
    from bifrost_sdk.services.publications import Publication

    shared = {"asset_version": {"path": "{project}/lib/{asset}/v{version}", "root": "work"}}
    session.templates.apply("demo", {**OWN, "templates": shared})
    hero = session.assets.create("demo", "char", "hero")
    made = session.publish_set([Publication(hero, code, {"usd": source}) for code in ("model", "rig")])
    folders = [session.resolve(version.ref).parent.name for version in made]
    assert folders == ["v0001", f"v0001-{made[1].id[-12:]}"]
    assert session.verify("demo").is_clean


def test_nothing_is_reserved_when_two_would_share_a_folder(session: Session, source: Path) -> None:
    session.templates.apply("demo", OWN)
    hero = session.assets.create("demo", "char", "hero")
    session.assets.create("demo", "prop", "hero")
    with pytest.raises(TemplateError, match=r"makes one path for .*assets/char/hero/model and .*assets/prop/hero"):
        session.publish(hero, "model", {"usd": source})
    assert list(session.iterate(Query("version", project="demo"))) == []


def test_nothing_is_reserved_when_a_token_has_no_value(session: Session, source: Path) -> None:
    version = {"path": "{@asset_place}/{task}/{product}/v{version}"}
    session.templates.apply("demo", {"extends": "film", "templates": {"asset_version": version}})
    hero = session.assets.create("demo", "char", "hero")
    with pytest.raises(TemplateError, match="task"):
        session.publish(hero, "model", {"usd": source})
    assert list(session.iterate(Query("version", project="demo"))) == []


def test_reserved_version_is_recovered_where_it_lies_when_templates_changed_meanwhile(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hero = session.assets.create("demo", "char", "hero")

    def die(*_: object) -> None:
        raise BifrostError("the machine is gone")

    with monkeypatch.context() as patched:
        patched.setattr(Reservation, "finalise", die)
        patched.setattr(Reservation, "abandon", die)
        with pytest.raises(BifrostError, match="gone"):
            session.publish(hero, "model", {"usd": source}, lease=1)
    session.templates.apply("demo", OWN)
    (left,) = session.iterate(Query("version", project="demo"))
    assert left.state == "reserved"
    monkeypatch.setattr("bifrost_sdk.services.recovery._is_held", lambda *_: False)
    assert session.recover().subjects("published") == (left.ref,)
    assert session.resolve(left.ref) == session.context.roots["publish"] / "demo/assets/char/hero/model/v001/model.usda"


@pytest.mark.parametrize("name", ["film", "episodic"])
def test_tree_tells_the_folder_when_no_template_does(session: Session, source: Path, name: str) -> None:
    session.templates.apply("demo", {"extends": name})
    session.assets.create("demo", "char", "hero")
    version = session.publish("bifrost://demo/assets/char", "lineup", {"usd": source})
    assert version.folder == "demo/assets/char/lineup/v001"
    assert session.folders.parse(session.resolve(version.ref)).version == version


def test_folders_are_chosen_for_what_the_catalog_does_not_hold(session: Session) -> None:
    from bifrost_sdk.domain.versions import Product
    from bifrost_sdk.services.identity import new_id

    hero = session.assets.create("demo", "char", "hero")
    product = Product(id=new_id(), project="demo", parent=hero.id, code="model")
    wanted = Wanted(hero, product)
    assert (
        destinations.choose(session.context, [wanted, wanted])
        == [Below("publish", "demo/assets/char/hero/model/v%03d")] * 2
    )


def test_later_representation_has_a_place_when_the_version_was_taken_in(session: Session, source: Path) -> None:
    inside = session.context.roots["work"] / "hero.usda"
    source.rename(inside)
    hero = session.assets.create("demo", "char", "hero")
    version = session.publish(hero, "model", {"usd": inside}, transfer="adopt")
    assert version.folder == ""
    (added,) = session.versions.add(version, {"preview": inside})
    assert isinstance(added, Representation)
    assert added.folder == "demo/assets/char/hero/model/v001-preview"
