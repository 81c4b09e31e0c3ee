from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.repairs import Plan
from bifrost_sdk.errors import ConfigurationError, NotFoundError, StorageError, ValidationError
from bifrost_sdk.services.workspace import SENTINEL
from bifrost_sdk.session import Session

USD = "demo/assets/char/hero/model/v001/model.usda"
FRAME = "demo/shots/sq010/sh020/render/v001/render.1001.exr"
SCENES = "demo/assets/char/hero/rig/work/anna"
SCENE = f"{SCENES}/hero.rig.v001.ma"
Save = Callable[..., Path]
States = Callable[..., dict[str, set[str]]]


def listing(session: Session) -> dict[Path, bytes]:
    paths = (path for root in session.context.roots.values() for path in root.rglob("*"))
    return {path: path.read_bytes() for path in paths if path.is_file()}


@pytest.fixture
def spoiled(show: Session, save: Save) -> Session:
    """A show in which something has every state that applying does something about."""
    save("publish", USD, "somebody wrote over it")
    (show.context.roots["publish"] / FRAME).unlink()
    (show.context.roots["work"] / SCENE).rename(show.context.roots["work"] / SCENES / "hero.rig.v002.ma")
    save("work", f"{SCENES}/hero.rig.v003.ma", "a new scene")
    show.assets.create("demo", "char", "villain")
    return show


def test_only_the_catalog_and_missing_folders_change_when_a_plan_is_applied(spoiled: Session, states: States) -> None:
    before = listing(spoiled)
    published = {each.id: each for each in spoiled.iterate(Query("representation"))}
    plan = spoiled.sync.plan(spoiled.sync.scan())
    assert [action.do for action in plan.actions] == ["make_folder", "follow", "register", "mark", "mark"]
    done = spoiled.sync.apply(plan)
    assert (done.done, done.unchanged, done.skipped) == (5, 0, ())
    assert listing(spoiled) == before
    assert {each.id: each for each in spoiled.iterate(Query("representation"))} == published
    assert states() == {"modified": {USD}, "missing": {FRAME}}


def test_nothing_changes_when_a_plan_is_applied_again(spoiled: Session) -> None:
    report = spoiled.sync.scan()
    plan = spoiled.sync.plan(report)
    spoiled.sync.apply(plan)
    revision = spoiled.revision("demo")
    again = spoiled.sync.apply(plan)
    assert (again.done, again.unchanged, again.skipped, again.revisions) == (0, 5, (), ())
    assert spoiled.revision("demo") == revision
    assert spoiled.sync.plan(spoiled.sync.scan()).actions == ()


def test_nothing_changes_when_a_plan_is_made(spoiled: Session) -> None:
    report, before, revision = spoiled.sync.scan(), listing(spoiled), spoiled.revision("demo")
    first, second = spoiled.sync.plan(report), spoiled.sync.plan(report, allow_removals=True)
    assert first == second == spoiled.sync.plan(report)
    assert (listing(spoiled), spoiled.revision("demo")) == (before, revision)


def test_plan_does_the_same_when_it_was_kept_as_a_file(spoiled: Session) -> None:
    plan = spoiled.sync.plan(spoiled.sync.scan())
    assert spoiled.sync.apply(Plan.from_document(plan.to_document())).done == len(plan.actions)


def test_root_is_marked_when_asked_for(show: Session) -> None:
    work = show.context.roots["work"]
    assert not show.sync.mark("work")
    (work / SENTINEL).unlink()
    assert show.sync.mark("work")
    assert (work / SENTINEL).is_file()
    with pytest.raises(ConfigurationError, match="tape"):
        show.sync.mark("tape")
    work.rename(work.with_name("away"))
    with pytest.raises(StorageError, match="not there"):
        show.sync.mark("work")


def test_folder_is_meant_by_its_whole_path_when_it_lies_below_a_root(show: Session, save: Save) -> None:
    place = save("work", f"{SCENES}/new.ma", "new").parent
    for scope in ({"folder": place}, {"root": "work", "folder": SCENES}, {"root": "work", "folder": str(place)}):
        report = show.sync.scan(**scope)
        assert [each.path for each in report.findings] == [f"{SCENES}/new.ma"]
        assert report.tracked == 1


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ({"folder": "/somewhere/else"}, "path.outside"),
        ({"folder": "demo"}, "path.root"),
        ({"root": "work", "folder": "../publish"}, "path"),
        ({"root": "work", "folder": "a//b"}, "path"),
    ],
)
def test_folder_is_refused_when_it_cannot_be_meant(show: Session, scope: dict[str, str], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        show.sync.scan(**scope)  # type: ignore[arg-type]  # what scan takes
    assert caught.value.issues[0].code.startswith(code)


def test_scan_is_refused_when_there_is_no_such_project_or_root(show: Session) -> None:
    with pytest.raises(NotFoundError):
        show.sync.scan("nothing")
    with pytest.raises(ConfigurationError, match="tape"):
        show.sync.scan(root="tape")
