from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.domain.changes import Create, Update
from bifrost_sdk.domain.model import Workfile
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.reconciliation import Finding, Spot
from bifrost_sdk.services import workspace
from bifrost_sdk.session import Session

MODEL = "demo/assets/char/hero/model/v001"
USD = f"{MODEL}/model.usda"
SCENES = "demo/assets/char/hero/rig/work/anna"
SCENE = f"{SCENES}/hero.rig.v001.ma"
HERO = "bifrost://demo/assets/char/hero"
Save = Callable[..., Path]
States = Callable[..., dict[str, set[str]]]


def move(session: Session, root: str, old: str, new: str) -> None:
    top = session.context.roots[root]
    (top / new).parent.mkdir(parents=True, exist_ok=True)
    (top / old).rename(top / new)


def test_report_tells_what_it_compared_when_all_is_well(show: Session) -> None:
    report = show.sync.scan()
    assert (report.project, report.revision, report.is_verified) == ("demo", show.revision("demo"), False)
    assert [(each.root, each.is_marked, each.problem) for each in report.roots] == [
        ("publish", True, ""),
        ("work", True, ""),
    ]
    assert {each.folder for each in report.roots} == {str(show.context.roots[root]) for root in ("publish", "work")}


def test_findings_lead_to_what_they_are_about_when_named(show: Session, save: Save) -> None:
    save("publish", USD, "somebody wrote over it")
    save("work", SCENE, "somebody went on")
    published, work = show.sync.scan().findings
    assert published.ref == f"{HERO}/model/v001"
    assert show.context.get(published.ref).id == published.entity
    scene = show.context.get(work.ref)
    assert isinstance(scene, Workfile)
    assert (scene.id, scene.revision) == (work.entity, work.revision)


@pytest.mark.parametrize(
    ("root", "old", "new"), [("work", SCENE, f"{SCENES}/hero.rig.v009.ma"), ("publish", USD, "demo/lost/model.usda")]
)
def test_file_has_moved_when_another_has_its_content(show: Session, root: str, old: str, new: str) -> None:
    move(show, root, old, new)
    report = show.sync.scan()
    (finding,) = report.findings
    assert (finding.state, finding.path, finding.moved_to) == ("moved", old, Spot(root, new))
    assert report.counts == {"ok": 9, "moved": 1}


def test_file_has_moved_when_it_went_to_another_root(show: Session, states: States) -> None:
    top, work = show.context.roots["publish"], show.context.roots["work"]
    (top / USD).rename(work / SCENES / "model.usda")
    (finding,) = show.sync.scan().findings
    assert (finding.state, finding.moved_to) == ("moved", Spot("work", f"{SCENES}/model.usda"))


def test_file_is_missing_when_several_have_its_content(show: Session, save: Save, states: States) -> None:
    text = (show.context.roots["work"] / SCENE).read_text()
    (show.context.roots["work"] / SCENE).unlink()
    twins = {save("work", f"{SCENES}/{name}", text).name for name in ("a.ma", "b.ma")}
    assert states() == {"missing": {SCENE}, "untracked": {f"{SCENES}/{name}" for name in twins}}


def test_file_is_missing_when_what_is_new_has_only_its_size(show: Session, save: Save, states: States) -> None:
    (show.context.roots["work"] / SCENE).unlink()
    save("work", f"{SCENES}/b.ma", "A SCENE")
    assert states() == {"missing": {SCENE}, "untracked": {f"{SCENES}/b.ma"}}


def test_root_is_told_when_its_folder_is_not_there(show: Session) -> None:
    work = show.context.roots["work"]
    work.rename(work.with_name("away"))
    report = show.sync.scan()
    assert [each.root for each in report.roots if each.problem] == ["work"]
    assert "is it mounted?" in report.roots[1].problem
    assert (report.findings, report.is_clean) == ((), False)
    work.mkdir()
    report = show.sync.scan()
    assert [each.is_marked for each in report.roots] == [True, False]
    assert SCENE in {each.path for each in report.of("missing")}


def test_root_is_told_when_this_machine_has_none(show: Session) -> None:
    parent = show.get(HERO).id
    made = Workfile(id=show.context.new_id(), parent=parent, file="a.ma", root="tape")
    show.commit([Create(made)], project="demo")
    (told,) = [each for each in show.sync.scan().roots if each.problem]
    assert (told.root, told.problem) == ("tape", "it has no folder on this machine")


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"root": "work"}, {"work"}),
        ({"root": "publish"}, {"publish"}),
        ({"root": "publish", "folder": "demo/assets"}, {"publish"}),
        ({"root": "publish", "folder": "demo/assets/char/hero/model/v00"}, set()),
        ({"root": "publish", "folder": "demo/shots"}, set()),
    ],
)
def test_only_what_is_asked_for_is_looked_at_when_the_scope_is_narrow(
    show: Session, save: Save, scope: dict[str, str], expected: set[str]
) -> None:
    save("publish", USD, "somebody wrote over it")
    save("work", SCENE, "somebody went on")
    save("work", f"{SCENES}/new.ma", "new")
    report = show.sync.scan(**scope)  # type: ignore[arg-type]  # names of a root and a folder
    assert {each.root for each in report.findings} == expected
    assert [each.root for each in report.roots] == [scope["root"]]


def test_scan_of_a_folder_tells_what_moved_in_it(show: Session, states: States) -> None:
    move(show, "work", SCENE, f"{SCENES}/hero.rig.v002.ma")
    assert states(root="work", folder=SCENES) == {"moved": {SCENE}}
    move(show, "work", f"{SCENES}/hero.rig.v002.ma", "demo/hero.rig.v002.ma")
    assert states(root="work", folder=SCENES) == {"missing": {SCENE}}


def test_scan_of_a_folder_that_is_gone_tells_what_is_missing(show: Session, states: States) -> None:
    top = show.context.roots["publish"]
    (top / MODEL).rename(top.parent / "away")
    assert states(root="publish", folder=MODEL)["missing"] >= {USD}


def test_folders_are_missing_when_the_templates_ask_for_them(show: Session, states: States) -> None:
    show.assets.create("demo", "char", "villain")
    place = "demo/assets/char/villain"
    report = show.sync.scan()
    (finding,) = report.findings
    assert (finding.state, finding.about, finding.path, finding.count) == ("missing", "folder", place, 0)
    assert finding.ref == "bifrost://demo/assets/char/villain"
    assert report.tracked == 10
    folder = show.context.roots["work"] / place
    folder.write_text("in the way")
    assert states() == {"unreadable": {f"{place}/"}, "untracked": {place}}
    assert states(root="publish") == {}


def test_versions_are_left_out_when_their_files_were_purged(show: Session, states: States) -> None:
    version = next(each for each in show.find(Query("version")) if each.path.endswith("model"))
    (show.context.roots["publish"] / USD).unlink()
    assert states() == {"missing": {USD}}
    show.commit([Update(version.id, {"state": "retired"})], project="demo")
    show.commit([Update(version.id, {"state": "purged"})], project="demo")
    report = show.sync.scan()
    assert (report.findings, report.counts) == ((), {"ok": 9})


def test_marked_versions_are_told_with_what_is_whole_of_them(show: Session) -> None:
    version = next(each for each in show.find(Query("version")) if each.path.endswith("model"))
    mark = {"usd": {"modified": [f"publish:{USD}"]}}
    show.commit([Update(version.id, {"tags": ("corrupt",), "metadata": {"corrupt": mark}})], project="demo")
    (marked,) = show.sync.scan().marked
    assert (marked.version, marked.ref, marked.parts) == (version.id, f"{HERO}/model/v001", mark)
    assert marked.judged == {"usd", "tex"}
    assert {spot.path for spot, _ in marked.whole} >= {USD}
    (marked,) = show.sync.scan(root="work").marked
    assert (marked.judged, marked.whole) == (frozenset(), ())


def test_progress_goes_up_to_all_files_when_told(show: Session) -> None:
    told: list[tuple[int, int]] = []
    show.sync.scan(verify=True, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    done, total = told[-1]
    assert done == total >= 10


def test_folder_of_a_root_is_none_of_the_findings_when_only_own_files_are_in_it(
    show: Session, save: Save, states: States
) -> None:
    assert {each.name for each in show.context.roots["work"].iterdir()} >= {workspace.SENTINEL}
    save("work", ".bifrost/tx/a", "staged")
    assert states() == {}


def test_nothing_is_written_when_scanned(show: Session, save: Save) -> None:
    save("publish", USD, "somebody wrote over it")
    move(show, "work", SCENE, f"{SCENES}/hero.rig.v002.ma")

    def everything() -> dict[str, tuple[int, int]]:
        paths = (path for root in show.context.roots.values() for path in root.rglob("*"))
        return {str(path): (os.lstat(path).st_mtime_ns, os.lstat(path).st_size) for path in paths}

    before, revision = everything(), show.revision("demo")
    first, second = (show.sync.scan(verify=True) for _ in range(2))
    assert (everything(), show.revision("demo")) == (before, revision)
    assert first.findings == second.findings
    assert all(isinstance(each, Finding) for each in first.findings)
