from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain.changes import Change, Commit, Create, Delete, Update
from bifrost_sdk.domain.model import Version, Workfile
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.reconciliation import Spot
from bifrost_sdk.domain.repairs import Need, Plan
from bifrost_sdk.errors import NetworkError, PermissionDeniedError, StorageError, ValidationError
from bifrost_sdk.services import applying
from bifrost_sdk.services.applying import FEW, Applied
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.manifests import digest
from bifrost_sdk.services.workspace import SENTINEL
from bifrost_sdk.session import Session, connect

HERO = "bifrost://demo/assets/char/hero"
USD = "demo/assets/char/hero/model/v001/model.usda"
SCENES = "demo/assets/char/hero/rig/work/anna"
SCENE = f"{SCENES}/hero.rig.v001.ma"
CHANGED = "it was changed since the scan"
Save = Callable[..., Path]


def planned(session: Session, *, allow_removals: bool = False) -> Plan:
    return session.sync.plan(session.sync.scan(), allow_removals=allow_removals)


def repaired(session: Session, *, allow_removals: bool = False) -> Applied:
    return session.sync.apply(planned(session, allow_removals=allow_removals))


def scenes(session: Session) -> dict[str, Workfile]:
    found: list[Workfile] = list(session.iterate(Query("workfile")))
    return {each.file.rpartition("/")[2]: each for each in found}


def model(session: Session) -> Version:
    found = session.context.get(f"{HERO}/model/v001")
    assert isinstance(found, Version)
    return found


def reasons(done: Applied) -> list[str]:
    return [each.reason for each in done.skipped]


def test_new_scene_is_registered_with_all_that_its_path_tells(show: Session, save: Save) -> None:
    text = "a new scene"
    save("work", f"{SCENES}/hero.rig.v007.ma", text)
    assert repaired(show).done == 1
    made = scenes(show)["hero.rig.v007.ma"]
    assert (made.number, made.size, made.hash, made.root) == (7, len(text), digest(text.encode()), "work")
    assert made.parent == show.get(HERO).id
    assert made.task == scenes(show)["hero.rig.v001.ma"].task or made.task is not None
    assert made.modified_at is not None
    assert show.sync.scan().is_clean


def test_scene_is_registered_once_when_somebody_did_it_meanwhile(show: Session, save: Save) -> None:
    save("work", f"{SCENES}/hero.rig.v007.ma", "a new scene")
    plan = planned(show)
    assert repaired(show).done == 1
    assert show.sync.apply(plan) == Applied(unchanged=1)
    later = attrs.evolve(plan, key="another scan")
    assert show.sync.apply(later) == Applied(unchanged=1)
    assert len(scenes(show)) == 2


def test_scene_keeps_its_identity_when_it_moved(show: Session, save: Save) -> None:
    before = scenes(show)["hero.rig.v001.ma"]
    top = show.context.roots["work"]
    (top / SCENE).rename(top / SCENES / "hero.rig.v005.ma")
    assert repaired(show).done == 1
    (after,) = scenes(show).values()
    assert (after.id, after.file) == (before.id, f"{SCENES}/hero.rig.v005.ma")
    assert show.sync.scan().is_clean


@pytest.mark.skipif(sys.platform == "darwin", reason="composition makes no other name there")
def test_scene_is_to_be_renamed_when_it_moved_to_a_name_that_cannot_be_kept(show: Session) -> None:
    top = show.context.roots["work"]
    (top / SCENE).rename(top / SCENES / "he\u0301ro.ma")
    report = show.sync.scan()
    (finding,) = report.findings
    assert (finding.state, finding.reason.endswith("rename it")) == ("moved", True)
    assert show.sync.plan(report).actions == ()


def test_content_is_taken_in_when_a_scene_changed(show: Session, save: Save) -> None:
    save("work", SCENE, "somebody went on")
    assert repaired(show).done == 1
    assert scenes(show)["hero.rig.v001.ma"].hash == digest(b"somebody went on")
    assert show.sync.scan(verify=True).is_clean
    os.utime(show.context.roots["work"] / SCENE, (1_700_000_000, 1_700_000_000))
    assert repaired(show).done == 1
    assert show.sync.scan().is_clean


def test_nothing_is_taken_in_when_a_scene_is_still_being_written(show: Session, save: Save) -> None:
    save("work", SCENE, "somebody goes on", age=0)
    assert planned(show).actions == ()


def test_time_is_left_out_when_a_scene_may_be_written_again_unseen(show: Session, save: Save) -> None:
    save("work", f"{SCENES}/hero.rig.v002.ma", "new", age=0)
    assert repaired(show).done == 1
    assert scenes(show)["hero.rig.v002.ma"].modified_at is None


def test_scene_is_forgotten_only_when_that_is_allowed(show: Session) -> None:
    (show.context.roots["work"] / SCENE).unlink()
    assert repaired(show) == Applied()
    assert repaired(show, allow_removals=True).done == 1
    assert scenes(show) == {}


def test_version_is_marked_and_cleared_as_its_files_are(show: Session, save: Save) -> None:
    """People see what happened to a version, and that it is over."""
    whole = (show.context.roots["publish"] / USD).read_text()
    before = model(show)
    save("publish", USD, "somebody wrote over it")
    assert repaired(show).done == 1
    marked = model(show)
    assert marked.tags == (*before.tags, "corrupt")
    assert marked.metadata["corrupt"] == {"usd": {"modified": [f"publish:{USD}"]}}
    assert repaired(show) == Applied()
    (show.context.roots["publish"] / USD).unlink()
    assert repaired(show).done == 1
    assert model(show).metadata["corrupt"] == {"usd": {"missing": [f"publish:{USD}"]}}
    save("publish", USD, whole)
    assert repaired(show).done == 1
    assert (model(show).tags, model(show).metadata) == (before.tags, before.metadata)
    assert (model(show).state, model(show).number) == (before.state, before.number)


def test_mark_stays_when_the_file_is_not_whole_although_it_looks_so(show: Session, save: Save) -> None:
    path = show.context.roots["publish"] / USD
    whole, status = path.read_text(), path.stat()
    save("publish", USD, whole + " and more")
    assert repaired(show).done == 1
    path.write_text(whole.upper())
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert repaired(show) == Applied()
    assert model(show).tags == ("corrupt",)


@pytest.mark.parametrize("what", ["written", "gone", "back"])
def test_action_is_skipped_when_disk_is_another_since(show: Session, save: Save, what: str) -> None:
    new = f"{SCENES}/hero.rig.v002.ma"
    if what == "back":
        text = (show.context.roots["work"] / SCENE).read_text()
        (show.context.roots["work"] / SCENE).unlink()
        plan = planned(show, allow_removals=True)
        save("work", SCENE, text)
        expected = f"work:{SCENE} was changed since the scan"
    else:
        save("work", new, "new")
        plan = planned(show)
        if what == "written":
            save("work", new, "newer")
            expected = CHANGED
        else:
            (show.context.roots["work"] / new).unlink()
            expected = "it is gone"
    revision = show.revision("demo")
    done = show.sync.apply(plan)
    assert (done.done, reasons(done)) == (0, [expected])
    assert show.revision("demo") == revision


@pytest.mark.parametrize("what", ["updated", "deleted"])
def test_action_is_skipped_when_the_catalog_is_another_since(show: Session, save: Save, what: str) -> None:
    save("work", SCENE, "somebody went on")
    plan = planned(show)
    scene = scenes(show)["hero.rig.v001.ma"]
    if what == "updated":
        show.commit([Update(scene.id, {"comment": "mine"})], project="demo")
        assert reasons(show.sync.apply(plan)) == [CHANGED]
    else:
        show.commit([Delete(scene.id)], project="demo")
        assert reasons(show.sync.apply(plan)) == ["the catalog has it no more"]


def test_forgetting_is_done_when_somebody_did_it_meanwhile(show: Session) -> None:
    (show.context.roots["work"] / SCENE).unlink()
    plan = planned(show, allow_removals=True)
    show.commit([Delete(scenes(show)["hero.rig.v001.ma"].id)], project="demo")
    assert show.sync.apply(plan) == Applied(unchanged=1)


def test_mark_is_skipped_when_somebody_marked_the_version_otherwise(show: Session, save: Save) -> None:
    save("publish", USD, "somebody wrote over it")
    plan = planned(show)
    other = {"metadata": {"corrupt": {"x": {}}}, "tags": ("corrupt",)}
    show.commit([Update(model(show).id, other)], project="demo")
    assert reasons(show.sync.apply(plan)) == [CHANGED]
    save("publish", USD, "and over that")
    plan = planned(show)
    save("publish", USD, "and over that once more")
    assert reasons(show.sync.apply(plan)) == [f"publish:{USD} was changed since the scan"]


def test_version_is_marked_again_when_somebody_took_the_tag_away(show: Session, save: Save) -> None:
    save("publish", USD, "somebody wrote over it")
    assert repaired(show).done == 1
    show.commit([Update(model(show).id, {"tags": ()})], project="demo")
    assert repaired(show).done == 1
    assert model(show).tags == ("corrupt",)


def test_others_are_done_when_the_catalog_refuses_one(
    show: Session, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch is one commit; what is refused must not keep back the rest."""
    for number in range(2, 8):
        save("work", f"{SCENES}/hero.rig.v{number:03d}.ma", f"scene {number}")
    plan = planned(show)
    third = plan.actions[2]
    refused = attrs.evolve(third, entity=show.get("bifrost://demo/shots/sq010").id, values={"number": -1})
    plan = attrs.evolve(plan, actions=(*plan.actions[:2], refused, *plan.actions[3:]))
    done = show.sync.apply(plan)
    assert (done.done, [each.action for each in done.skipped]) == (5, [refused])
    moved = attrs.evolve(third, values={"task": show.context.new_id()})
    done = show.sync.apply(attrs.evolve(plan, actions=(moved,), key="again"))
    assert [each.action for each in done.skipped] == [moved]


def test_others_are_done_when_two_commits_meet(show: Session, save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2, 6):
        save("work", f"{SCENES}/hero.rig.v{number:03d}.ma", f"scene {number}")
    save("work", SCENE, "somebody went on")
    plan = planned(show)
    scene = scenes(show)["hero.rig.v001.ma"]
    real, calls = Context.commit, iter([True])

    def meeting(context: Context, project: str, changes: Sequence[Change], **options: Any) -> Commit:  # Any: handed on
        if next(calls, False):
            real(context, project, [Update(scene.id, {"comment": "of another"})])
        return real(context, project, changes, **options)

    monkeypatch.setattr(Context, "commit", meeting)
    done = show.sync.apply(plan)
    assert (done.done, [each.action.do for each in done.skipped]) == (4, ["take_in"])
    assert scenes(show)["hero.rig.v001.ma"].comment == "of another"


@pytest.mark.parametrize("what", ["sentinel", "missing"])
def test_nothing_is_applied_when_a_root_is_not_really_there(show: Session, save: Save, what: str) -> None:
    save("publish", USD, "somebody wrote over it")
    save("work", f"{SCENES}/hero.rig.v002.ma", "new")
    plan = planned(show)
    work, revision = show.context.roots["work"], show.revision("demo")
    if what == "sentinel":
        (work / SENTINEL).unlink()
    else:
        work.rename(work.with_name("away"))
    with pytest.raises(StorageError) as caught:
        show.sync.apply(plan)
    assert (caught.value.reason, caught.value.path) == (what, str(work))
    assert show.revision("demo") == revision
    other = attrs.evolve(plan, actions=tuple(each for each in plan.actions if each.roots == {"publish"}))
    assert show.sync.apply(other).done == 1


def test_rest_is_not_applied_when_a_root_goes_away_meanwhile(
    show: Session, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies below an empty mount point looks gone, and must not be forgotten."""
    monkeypatch.setattr(applying, "BATCH", 1)
    for number in (2, 3):
        save("work", f"{SCENES}/hero.rig.v{number:03d}.ma", f"scene {number}")
    (show.context.roots["work"] / SCENE).unlink()
    plan = planned(show, allow_removals=True)
    assert [action.do for action in plan.actions] == ["register", "register", "forget"]

    def unmount(done: int, total: int) -> None:
        assert total == 3
        if done == 2:
            work = show.context.roots["work"]
            work.rename(work.with_name("away"))
            work.mkdir()

    with pytest.raises(StorageError, match="sentinel"):
        show.sync.apply(plan, progress=unmount)
    assert len(scenes(show)) == 3
    show.context.roots["work"].rmdir()
    show.context.roots["work"].with_name("away").rename(show.context.roots["work"])
    done = show.sync.apply(plan)
    assert (done.done, done.unchanged) == (1, 2)


def test_plan_is_refused_when_too_much_is_gone(show: Session) -> None:
    parent = show.get(HERO).id
    made = [
        Workfile(id=show.context.new_id(), parent=parent, file=f"{SCENES}/gone.{number}.ma")
        for number in range(FEW + 1)
    ]
    show.commit([Create(each) for each in made], project="demo")
    plan = planned(show, allow_removals=True)
    assert (plan.gone, plan.tracked) == (FEW + 1, FEW + 11)
    revision = show.revision("demo")
    for limit in (0.0, 0.1, 0.5):
        with pytest.raises(ValidationError, match=f"{FEW + 1} of {FEW + 11} files are gone"):
            show.sync.apply(plan, limit=limit)
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValidationError, match="no part of a whole"):
            show.sync.apply(plan, limit=wrong)
    assert show.revision("demo") == revision
    fewer = attrs.evolve(plan, actions=plan.actions[:FEW], gone=FEW)
    assert show.sync.apply(fewer, limit=0.0).done == FEW
    assert show.sync.apply(plan, limit=0.6).done == 1


def test_folder_is_made_with_all_that_its_template_asks_for(show: Session) -> None:
    """Only where it is still asked for, and not in the way of something else."""
    document = {
        "extends": "film",
        "folders": {"asset": [{"path": "{@asset_place}/notes", "root": "work", "files": {"readme.txt": "keep\n"}}]},
    }
    show.templates.apply("demo", document)
    plan = planned(show)
    places = [str(action.spot.path) for action in plan.actions]
    assert places
    assert {action.do for action in plan.actions} == {"make_folder"}
    blocked = show.context.roots["work"] / places[0]
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("in the way")
    done = show.sync.apply(plan)
    assert [each.action.spot.path for each in done.skipped] == [places[0]]
    blocked.unlink()
    assert show.sync.apply(plan).done == 1
    assert (show.context.roots["work"] / places[-1] / "readme.txt").read_text() == "keep\n"
    assert show.sync.apply(plan) == Applied(unchanged=len(places))
    stranger = attrs.evolve(plan.actions[0], spot=Spot("work", "demo/elsewhere"))
    done = show.sync.apply(attrs.evolve(plan, actions=(stranger,)))
    assert reasons(done) == ["the templates do not ask for it any more"]
    assert not (show.context.roots["work"] / "demo/elsewhere").exists()


@pytest.mark.skipif(os.name == "nt", reason="links need a permission there")
def test_no_folder_is_made_outside_when_a_link_leads_out_of_the_root(show: Session) -> None:
    outside = show.settings.folder / "outside"
    outside.mkdir()
    show.tasks.create(show.assets.create("demo", "char", "far"), "rig")
    plan = planned(show)
    far = show.context.roots["work"] / "demo/assets/char/far"
    far.symlink_to(outside)
    done = show.sync.apply(plan)
    assert len(done.skipped) == len([each for each in plan.actions if "/far" in each.spot.path]) > 1
    assert all("out of the root" in each or "in the way" in each for each in reasons(done))
    assert list(outside.iterdir()) == []
    report = show.sync.scan()
    assert {each.state for each in report.findings if "/far" in each.path} == {"unreadable"}
    assert show.sync.plan(report).actions == ()


def test_folder_is_made_with_what_it_lies_in_when_that_is_gone_since(show: Session) -> None:
    show.tasks.create(show.assets.create("demo", "char", "far"), "rig")
    rig = show.context.roots["work"] / "demo/assets/char/far/rig"
    plan = show.sync.plan(show.sync.scan(folder=rig))
    assert len(plan.actions) > 1
    done = show.sync.apply(plan)
    assert (done.done, done.skipped) == (len(plan.actions), ())
    assert (rig / "work").is_dir()


def test_folder_is_no_action_when_a_file_is_in_its_way(show: Session) -> None:
    show.tasks.create(show.assets.create("demo", "char", "far"), "rig")
    place = show.context.roots["work"] / "demo/assets/char/far"
    place.write_text("in the way")
    report = show.sync.scan()
    found = [each for each in report.findings if each.about == "folder"]
    assert {(each.state, each.reason) for each in found} == {
        ("unreadable", "something else has the place of demo/assets/char/far")
    }
    assert show.sync.plan(report).actions == ()


def test_plan_reaches_no_file_outside_when_it_was_written_by_hand(show: Session, save: Save) -> None:
    save("work", f"{SCENES}/hero.rig.v002.ma", "new")
    plan = planned(show)
    (show.settings.folder / "secret.ma").write_text("secret")
    (show.context.roots["work"] / SCENES / "out.ma").symlink_to(show.settings.folder / "secret.ma")
    (action,) = plan.actions
    for path in (f"{SCENES}/out.ma", "../secret.ma", str(show.settings.folder / "secret.ma")):
        spot = Spot("work", path)
        found = action.needs[0].content
        other = attrs.evolve(action, spot=spot, needs=(Need(spot, found),))
        done = show.sync.apply(attrs.evolve(plan, actions=(other,), key=path))
        assert (done.done, len(done.skipped)) == (0, 1), path
    assert set(scenes(show)) == {"hero.rig.v001.ma"}


def test_plan_is_refused_when_whoever_applies_it_may_not(show: Session, save: Save) -> None:
    save("work", f"{SCENES}/hero.rig.v002.ma", "new")
    plan = planned(show)
    show.users.create("guest")
    show.users.grant("guest", "viewer", project="demo")
    with connect(show.settings.folder, project="demo", user="guest") as other, pytest.raises(PermissionDeniedError):
        other.sync.apply(plan)
    assert len(scenes(show)) == 1


def test_commit_is_made_once_when_its_answer_was_lost(
    show: Session, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    save("work", f"{SCENES}/hero.rig.v002.ma", "new")
    plan = planned(show)
    real = Context.commit

    def losing(*arguments: Any, **options: Any) -> Commit:  # Any: handed on
        real(*arguments, **options)
        raise NetworkError("the connection was lost")

    with monkeypatch.context() as patch:
        patch.setattr(Context, "commit", losing)
        with pytest.raises(NetworkError):
            show.sync.apply(plan)
    assert show.sync.apply(plan) == Applied(unchanged=1)
    assert len(scenes(show)) == 2
