from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bifrost_sdk.domain.changes import Update
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.domain.versions import AssetDependency
from bifrost_sdk.errors import Issue, StorageError
from bifrost_sdk.services.proposals import Proposal, propose
from bifrost_sdk.services.record_checks import find_changed, find_misnamed, find_unfit, find_unsaved, take_in
from bifrost_sdk.services.workfiles import WorkfileEntry
from bifrost_sdk.session import Session

USDA = "#usda 1.0\n"


@pytest.fixture
def hero(session: Session) -> Entity:
    return session.assets.create("demo", "char", "hero")


@pytest.fixture
def rig(session: Session, hero: Entity) -> Task:
    return session.tasks.create(hero, "rig")


@pytest.fixture
def scene(session: Session, rig: Task) -> WorkfileEntry:
    return session.workfiles.create(rig, application="maya")


def offer(session: Session, owner: Entity, path: Path, **options: object) -> Proposal:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(USDA)
    return propose(session.context, owner, "model", {"usd": path}, **options)[0]  # type: ignore[arg-type]  # as a test says


def known(session: Session, scene: WorkfileEntry, **fields: object) -> None:
    assert scene.workfile is not None
    session.commit([Update(scene.workfile.id, fields)], project="demo")


# Names


def test_name_is_fine_when_a_template_reads_it(session: Session, hero: Entity) -> None:
    work = session.context.roots["work"]
    place = work / "demo/assets/char/hero/rig/output/v003/hero.rig.v003.usda"
    assert list(find_misnamed(offer(session, hero, place))) == []


def test_name_is_told_when_no_template_of_the_area_reads_it(session: Session, hero: Entity) -> None:
    work = session.context.roots["work"]
    (issue,) = find_misnamed(offer(session, hero, work / "demo/assets/char/hero/rig/output/v003/final.usda"))
    assert (issue.code, issue.path) == ("file.name", "files.usd")
    assert "no template reads its name; the nearest is 'asset_output', which expects" in issue.message


def test_name_is_told_when_the_area_is_that_of_something_else(session: Session, hero: Entity) -> None:
    other = session.context.roots["work"] / "demo/assets/char/villain/rig/output/v003/villain.rig.v003.usda"
    (issue,) = find_misnamed(offer(session, hero, other))
    assert issue.message == f"its path names demo, char, villain, and it is to be published for {hero.ref}"


def test_name_is_nobodys_business_when_it_lies_elsewhere(session: Session, hero: Entity, tmp_path: Path) -> None:
    work, publish = session.context.roots["work"], session.context.roots["publish"]
    for place in (tmp_path / "final.usda", work / "scratch/final.usda", publish / "demo/final.usda"):
        assert list(find_misnamed(offer(session, hero, place))) == []


def test_name_is_read_where_the_file_really_lies_when_it_is_a_link(
    session: Session, hero: Entity, tmp_path: Path
) -> None:
    offer(session, hero, session.context.roots["work"] / "demo/assets/char/hero/final.usda")
    link = tmp_path / "link.usda"
    link.symlink_to(session.context.roots["work"] / "demo/assets/char/hero/final.usda")
    proposal, _ = propose(session.context, hero, "model", {"usd": link})
    assert [issue.code for issue in find_misnamed(proposal)] == ["file.name"]


# What it was made of


def test_dependency_is_fine_when_it_is_of_another_project(session: Session, hero: Entity, tmp_path: Path) -> None:
    path = tmp_path / "hero.usda"
    path.write_text(USDA)
    session.projects.create("lib")
    theirs = session.publish(session.assets.create("lib", "prop", "sword"), "model", {"usd": path})
    version = session.publish(hero, "model", {"usd": path}, depends_on=[theirs])
    assert [each.version for each in version.dependencies] == [theirs.id]
    session.versions.retire(theirs)
    (issue,) = find_unfit(offer(session, hero, path, depends_on=[theirs]))
    assert (issue.code, issue.subject) == ("dependency.retired", theirs.ref)


def test_dependency_is_found_when_it_is_retired_or_gone(session: Session, hero: Entity, tmp_path: Path) -> None:
    path = tmp_path / "hero.usda"
    path.write_text(USDA)
    first, second = (session.publish(hero, "model", {"usd": path}) for _ in range(2))
    proposal = offer(session, hero, path, depends_on=[first, second])
    assert list(find_unfit(proposal)) == []
    session.versions.retire(first)
    (issue,) = find_unfit(proposal)
    assert (issue.code, issue.path, issue.subject) == ("dependency.retired", "depends_on", first.ref)
    nobody = Proposal(
        context=session.context,
        owner=proposal.owner,
        product="rig",
        files=proposal.files,
        dependencies=(AssetDependency(session.context.new_id()),),
    )
    assert [issue.code for issue in find_unfit(nobody)] == ["dependency.missing"]


# The work file


def test_work_file_is_told_when_nothing_was_saved_in_it(
    session: Session, hero: Entity, scene: WorkfileEntry, rig: Task, tmp_path: Path
) -> None:
    assert scene.workfile is not None
    for options in ({"task": rig}, {"source": str(scene.path)}, {"source": scene.workfile.ref}):
        proposal = offer(session, hero, tmp_path / "a.usda", **options)
        assert [issue.message for issue in find_unsaved(proposal)] == [
            f"work file {scene.file}: nothing was saved in it yet"
        ]
    scene.path.write_text("a scene")
    assert list(find_unsaved(proposal)) == []
    scene.path.unlink()
    (issue,) = find_unsaved(proposal)
    assert (issue.message, issue.subject) == (f"work file {scene.file}: it is not on disk", str(scene.path))
    scene.path.mkdir()
    assert "it is no plain file" in next(iter(find_unsaved(proposal))).message


def test_work_file_is_none_when_nothing_names_one(session: Session, hero: Entity, rig: Task, tmp_path: Path) -> None:
    for options in ({}, {"task": rig}, {"source": "by hand"}, {"source": hero.ref}, {"source": "a\0b"}):
        proposal = offer(session, hero, tmp_path / "a.usda", **options)
        assert [*find_unsaved(proposal), *find_changed(proposal)] == []


def test_last_work_file_is_meant_when_only_the_task_is_known(
    session: Session, hero: Entity, scene: WorkfileEntry, rig: Task, tmp_path: Path
) -> None:
    scene.path.write_text("the first")
    second = session.workfiles.create(rig, application="maya")
    proposal = offer(session, hero, tmp_path / "a.usda", task=rig)
    assert [issue.subject for issue in find_unsaved(proposal)] == [str(second.path)]


def test_change_is_told_when_the_catalog_knows_other_content(
    session: Session, hero: Entity, scene: WorkfileEntry, rig: Task, tmp_path: Path
) -> None:
    scene.path.write_text("a scene")
    long_ago = time.time() - 1000
    os.utime(scene.path, (long_ago, long_ago))
    proposal = offer(session, hero, tmp_path / "a.usda", task=rig)
    assert list(find_changed(proposal)) == []  # nothing was ever taken in
    assert scene.workfile is not None
    (known_as,) = [session.context.get(scene.workfile.ref)]
    take_in(proposal, _problem(known_as.ref))
    assert list(find_changed(proposal)) == []
    os.utime(scene.path, (long_ago + 5, long_ago + 5))
    assert list(find_changed(proposal)) == []  # another time, the same content
    scene.path.write_text("a scenf")
    (issue,) = find_changed(proposal)
    assert (issue.code, issue.subject) == ("workfile.changed", scene.workfile.ref)
    scene.path.write_text("a longer scene")
    assert len(list(find_changed(proposal))) == 1
    take_in(proposal, issue)
    assert list(find_changed(proposal)) == []


def test_newer_time_tells_when_no_hash_is_known(
    session: Session, hero: Entity, scene: WorkfileEntry, rig: Task, tmp_path: Path
) -> None:
    scene.path.write_text("a scene")
    proposal = offer(session, hero, tmp_path / "a.usda", task=rig)
    now = session.context.clock()
    known(session, scene, size=7, modified_at=now.replace(year=now.year - 1))
    assert len(list(find_changed(proposal))) == 1
    known(session, scene, size=7, modified_at=now.replace(year=now.year + 1))
    assert list(find_changed(proposal)) == []


def test_nothing_is_taken_in_when_the_work_file_is_gone(
    session: Session, hero: Entity, scene: WorkfileEntry, rig: Task, tmp_path: Path
) -> None:
    proposal = offer(session, hero, tmp_path / "a.usda", task=rig)
    scene.path.unlink()
    assert scene.workfile is not None
    with pytest.raises(StorageError, match="it is gone"):
        take_in(proposal, _problem(scene.workfile.ref))


def _problem(ref: str) -> Issue:
    return Issue("workfile.changed", "", "source", ref)
