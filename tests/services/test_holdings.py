from __future__ import annotations

from pathlib import Path

import pytest

from bifrost_sdk.domain.adoption.holdings import Held
from bifrost_sdk.domain.adoption.things import AdoptedVersion, Things
from bifrost_sdk.domain.changes import Change, Create
from bifrost_sdk.domain.model import Representation, Version, Workfile
from bifrost_sdk.domain.versions import File
from bifrost_sdk.services import holdings
from bifrost_sdk.session import Session

HERO = (("asset_type", "char"), ("asset", "hero"))


@pytest.fixture
def made(session: Session) -> dict[str, str]:
    context = session.context
    hero = session.assets.create("demo", "char", "hero")
    product = session.products.create(hero, "model")
    task = session.tasks.create(hero, "rig")
    one, two = (
        Version(id=context.new_id(), product=product.id, number=number, state="published", task=task.id)
        for number in (1, 2)
    )
    files = (
        File("model.usda", 1, ""),
        File("tex/c.<UDIM>.exr", 1, "", udims=(1001, 1011), count=2),
        File("b.<FRAME>.<UDIM>.exr", 1, "", frames="1-2", udims=(1001,), padding=4, count=2),
    )
    changes: list[Change] = [
        Create(one),
        Create(two),
        Create(Representation(id=context.new_id(), version=one.id, name="usd", root="show", folder="a/b", files=files)),
        Create(Representation(id=context.new_id(), version=two.id, name="usd", root="else", files=files[:1])),
        Create(Workfile(id=context.new_id(), parent=hero.id, root="show", file="work/Hero.ma")),
    ]
    session.commit(changes, project="demo")
    return {"product": product.id, "one": one.id, "hero": hero.id, "task": task.id}


def test_every_file_is_kept_when_its_root_is_asked_for(session: Session, made: dict[str, str]) -> None:
    kept = holdings.kept(session.context, "demo", ["show"])
    assert kept.paths == {
        ("show", path)
        for path in (
            "a/b/model.usda",
            "a/b/tex/c.1001.exr",
            "a/b/tex/c.1011.exr",
            "a/b/b.0001.1001.exr",
            "a/b/b.0002.1001.exr",
            "work/Hero.ma",
        )
    }
    assert kept.workfiles == {("show", "work/hero.ma")}
    assert holdings.kept(session.context, "demo", ["else"]).paths == {("else", "model.usda")}
    assert holdings.kept(session.context, "demo", []).paths == frozenset()


def test_manifest_is_kept_when_publishing_wrote_it(session: Session, made: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.usda").write_text("#usda 1.0")
    session.publish(made["hero"], "look", {"usd": tmp_path / "a.usda"})
    folder = "demo/assets/char/hero/look/v001"
    expected = {("publish", f"{folder}/{name}") for name in ("look.usda", "manifest.json")}
    assert holdings.kept(session.context, "demo", ["publish"]).paths == expected


def test_standing_is_what_things_meet_when_they_come(session: Session, made: dict[str, str]) -> None:
    versions = [AdoptedVersion(HERO, product, number) for product in ("Model", "rig") for number in (1, 3)]
    things = Things(places=(HERO[:1], HERO, (("sequence", "sq"),)), versions=tuple(versions))
    project = session.projects.get("demo")
    kept = holdings.kept(session.context, "demo", ["show"])
    found = holdings.standing(session.context, project, things, kept)
    assert sorted(found.nodes) == ["assets/char", "assets/char/hero", "assets/char/hero/model"]
    assert found.tasks == {(made["hero"], "rig"): made["task"]}
    assert found.project == project.id
    assert found.workfiles == kept.workfiles
    ((key, held),) = found.versions.items()
    assert key == (made["product"], 1)
    assert isinstance(held, Held)
    assert (held.version.id, held.task, [item.root for item in held.representations]) == (made["one"], "rig", ["show"])
