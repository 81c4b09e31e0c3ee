from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.domain.reconciliation import Content, Finding, Reading, Spot
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.services import strays
from bifrost_sdk.services.scanning import Stray
from bifrost_sdk.session import Session, connect, init

DOCUMENT = {
    "templates": {
        "place": "{project}/{asset_type}/{asset}",
        "work": {"path": "{@place}/work/{asset}.v{version}.ma", "root": "show", "for": "asset", "area": "work"},
        "plates": {"path": "{@place}/plates/{asset}.{frame}.exr", "root": "show", "for": "asset", "area": "work"},
        "out": {"path": "{@place}/out/{product}.v{version}.ma", "root": "show", "for": "asset", "area": "publish"},
        "render": {"path": "{@place}/render/{asset}.exr", "root": "show", "for": "asset", "area": "render"},
        "folder": {"path": "{@place}/misc", "root": "show", "for": "asset", "area": "folder"},
        "cache": {"path": "{@place}/cache/{asset}.abc", "root": "publish", "for": "asset", "area": "cache"},
    }
}
TEMPLATES = TemplateSet.from_document(DOCUMENT)
HERE = Content(3, 0)
SCENES = "demo/assets/char/hero/rig/work/anna"
Save = Callable[..., Path]


@pytest.mark.parametrize(
    ("spots", "is_told"),
    [
        (["show:demo/char/hero/work/hero.v001.ma"], True),
        (["show:demo/char/hero/out/model.v001.ma"], True),
        (["show:demo/char/hero/render/hero.exr"], False),
        (["show:demo/char/hero/misc"], True),
        (["show:nothing/like/it"], True),
        (["other:demo/char/hero/render/hero.exr"], True),
        (["publish:nothing/like/it"], True),
        (["publish:demo/char/hero/cache/hero.abc"], True),
        (["publish:demo/char/hero/render/hero.exr", "show:demo/char/hero/render/hero.exr"], False),
        (["publish:demo/char/hero/work/hero.v001.ma", "show:demo/char/hero/work/hero.v001.ma"], True),
    ],
)
def test_file_is_told_when_a_catalog_would_keep_it(spots: list[str], is_told: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert strays.is_asked_for(TEMPLATES, [Spot(*spot.split(":")) for spot in spots]) is is_told


def test_work_files_rank_highest_when_a_place_has_several_names() -> None:
    paths = ("show:demo/char/hero/work/hero.v001.ma", "show:demo/char/hero/out/model.v001.ma", "show:x")
    assert [strays.rank(TEMPLATES, Spot(*path.split(":"))) for path in paths] == [2, 1, 0]


def findings(session: Session, *found: Stray) -> dict[str, Finding]:
    session.templates.apply("demo", DOCUMENT)
    templates = session.templates.get("demo")
    return {each.path: each for each in strays.findings(session.context, "demo", templates, found)}


def test_stray_is_read_by_the_templates_when_they_can(show: Session) -> None:
    paths = {
        "demo/char/hero/work/hero.v002.ma": "",
        "demo/char/nobody/work/nobody.v001.ma": "the catalog has no bifrost://demo/assets/char/nobody",
        "demo/char/hero/plates/hero.1001.exr": "it is one of a set; adopting takes sets in",
        "demo/char/hero/out/model.v001.ma": "",
        "elsewhere/x": "",
    }
    found = findings(show, *(Stray(Spot("show", path), HERE) for path in paths))
    assert {path: each.reason for path, each in found.items()} == paths
    assert {(each.state, each.root, each.found) for each in found.values()} == {("untracked", "show", HERE)}
    readings = [found[path].reading for path in paths]
    hero = show.get("bifrost://demo/assets/char/hero").id
    values = {"project": "demo", "asset_type": "char", "asset": "hero", "version": 2}
    assert readings[0] == Reading("work", "work", values, hero, "bifrost://demo/assets/char/hero", number=2)
    assert [each and (each.template, each.owner) for each in readings] == [
        ("work", hero),
        ("work", ""),
        ("plates", hero),
        ("out", ""),
        None,
    ]
    assert readings[3] is not None
    assert readings[3].values["product"] == "model"


def test_task_is_told_when_the_path_names_one(show: Session, save: Save) -> None:
    save("work", f"{SCENES}/hero.rig.v002.ma", "new")
    save("work", "demo/assets/char/hero/groom/work/anna/hero.groom.v001.ma", "new")
    by_path = {each.path: each.reading for each in show.sync.scan().findings if each.state == "untracked"}
    rig, groom = (by_path[path] for path in sorted(by_path, reverse=True))
    assert rig is not None
    assert groom is not None
    assert show.context.get(rig.task).kind == "task"
    assert (rig.number, groom.task, groom.owner) == (2, "", rig.owner)


def test_reason_stays_when_a_stray_cannot_be_taken_in(show: Session) -> None:
    path = "demo/char/hero/work/hero.v002.ma"
    assert findings(show, Stray(Spot("show", path), HERE, "it is a link"))[path].reason == "it is a link"
    (found,) = findings(show, Stray(Spot("show", path), "Permission denied")).values()
    assert (found.state, found.reason, found.reading) == ("unreadable", "Permission denied", None)


def test_publish_area_is_told_when_it_is_of_another_root(tmp_path: Path) -> None:
    """What is published need not lie in the root of that name."""
    folder = init(tmp_path / "shows", project="demo", user="anna")
    new = tmp_path / "show/demo/char/hero/out/model.v001.ma"
    new.parent.mkdir(parents=True)
    new.write_text("new")
    with connect(folder, project="demo", user="anna", roots={"show": tmp_path / "show"}) as session:
        session.templates.apply("demo", DOCUMENT)
        (found,) = session.sync.scan().findings
        assert (found.state, found.root, found.reading and found.reading.area) == ("untracked", "show", "publish")
