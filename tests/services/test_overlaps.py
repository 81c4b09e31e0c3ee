from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bifrost_sdk.domain import locations
from bifrost_sdk.domain.model import Workfile
from bifrost_sdk.domain.reconciliation import Content, Spot
from bifrost_sdk.services.overlaps import Overlaps, overlapping
from bifrost_sdk.services.scanning import Stray
from bifrost_sdk.services.tracked import Holding
from bifrost_sdk.session import connect, init

HERO = "bifrost://demo/assets/char/hero"
ID = "01890000-0000-7000-8000-000000000001"
HERE = Content(3, 0)


def old(path: Path, text: str = "abc") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (time.time() - 3600,) * 2)
    return path


def test_roots_overlap_when_one_lies_in_the_other_or_is_it(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (tmp_path / "a/b").mkdir(parents=True)
    roots = {"one": tmp_path / "a", "inner": tmp_path / "link/b", "twin": tmp_path / "ab", "other": tmp_path / "c"}
    real = os.path.realpath(tmp_path)
    assert overlapping(roots) == {"one": f"{real}/a", "inner": f"{real}/a/b"}
    assert overlapping({"one": tmp_path, "same": tmp_path}) == {"one": real, "same": real}
    assert overlapping({"one": tmp_path}) == {}


def test_place_has_a_name_in_each_root_that_holds_it() -> None:
    overlaps = Overlaps({"publish": "/shows", "work": "/shows/demo/work"})
    assert overlaps.spots(Spot("publish", "demo/work/a.ma")) == [
        Spot("publish", "demo/work/a.ma"),
        Spot("work", "a.ma"),
    ]
    assert overlaps.spots(Spot("publish", "demo/workshop")) == [Spot("publish", "demo/workshop")]
    assert overlaps.spots(Spot("work", "a.ma")) == [Spot("work", "a.ma"), Spot("publish", "demo/work/a.ma")]
    assert overlaps.spots(Spot("cache", "a.ma")) == [Spot("cache", "a.ma")]


def test_stray_is_dropped_when_another_root_knows_it() -> None:
    texts = [locations.write_work(Workfile(parent=ID, file=name)) for name in ("demo/a.ma", "demo/b.<FRAME>.ma")]
    known = Holding(works=[(ID, 1, text) for text in texts])
    overlaps = Overlaps({"publish": "/shows", "work": "/shows"}, {"work": {"demo": known}})
    names = ("a.ma", "b.1001.ma", "c.ma")
    strays = [Stray(Spot(root, f"demo/{name}"), HERE) for root in ("publish", "work") for name in names]
    assert overlaps.settle(strays, lambda spot: spot.root == "work") == [Stray(Spot("work", "demo/c.ma"), HERE)]
    assert overlaps.settle(strays, lambda spot: spot.root != "work") == [Stray(Spot("publish", "demo/c.ma"), HERE)]


def test_strays_stay_as_they_are_when_no_roots_overlap() -> None:
    strays = [Stray(Spot("work", "a"), HERE), Stray(Spot("publish", "a"), HERE)]
    assert Overlaps({}).settle(strays, lambda _: 0) == strays


@pytest.mark.parametrize("roots", [("shows", "shows"), ("shows", "shows/demo/work"), ("shows/demo/public", "shows")])
@pytest.mark.parametrize("scope", [{}, {"root": "publish"}, {"root": "work"}])
def test_each_file_is_told_once_when_roots_overlap(
    tmp_path: Path, roots: tuple[str, str], scope: dict[str, str]
) -> None:
    folder = init(tmp_path / "space", project="demo", user="anna")
    places = {name: tmp_path / place for name, place in zip(("publish", "work"), roots, strict=True)}
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    with connect(folder, project="demo", user="anna", roots=places) as session:
        for name in places:
            session.sync.mark(name)
        session.tasks.create(session.assets.create("demo", "char", "hero"), "rig")
        session.folders.create("bifrost://demo", below=True)
        session.publish(HERO, "model", {"usd": old(tmp_path / "model.usda")})
        scene = session.folders.path_for(HERO, "work", task="rig", user="anna", version=1, ext="ma")
        old(scene)
        for path in (*places["publish"].rglob("model.usda"), *places["publish"].rglob("manifest.json")):
            os.utime(path, (time.time() - 3600,) * 2)
        report = session.sync.scan()
        assert [(each.state, each.root) for each in report.findings] == [("untracked", "work")]
        assert session.sync.apply(session.sync.plan(report)).done == 1
        found = session.sync.scan(**scope)  # type: ignore[arg-type]  # a root's name
        assert found.findings == ()
        assert found.tracked == (1 if scope else 2)
        stranger = old(scene.with_name("notes.txt"))
        render = session.folders.path_for(HERO, "output", task="rig", version=1, ext="exr")
        old(render)
        told = [each.path.rpartition("/")[2] for each in session.sync.scan().findings]
        assert told == [stranger.name]
