from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.domain.versions import Workfile
from bifrost_sdk.errors import NotFoundError, PermissionDeniedError, StorageError, TemplateError
from bifrost_sdk.services.workspace import SENTINEL
from bifrost_sdk.session import Session, connect

FOLDER = "demo/assets/char/hero/rig/work"


@pytest.fixture
def rig(session: Session) -> Task:
    return session.tasks.create(session.assets.create("demo", "char", "hero"), "rig")


@pytest.fixture
def ben(session: Session) -> Iterator[Session]:
    """A second artist, who may not take anything away."""
    session.users.create("ben")
    session.users.grant("ben", "artist", project="demo")
    with connect(session.settings.folder, user="ben") as opened:
        yield opened


def put(session: Session, name: str, content: str = "") -> Path:
    place = session.context.roots["work"] / FOLDER / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)
    return place


def registered(session: Session) -> list[Workfile]:
    return session.context.every(Query("workfile", project="demo").sort("number"))


def test_first_number_is_one_when_nothing_is_there(session: Session, rig: Task) -> None:
    entry = session.workfiles.next(rig, ext="ma")
    assert (entry.number, entry.file) == (1, f"{FOLDER}/anna/hero.rig.v001.ma")
    assert entry.path == session.context.roots["work"] / entry.file
    assert (entry.workfile, entry.is_known, entry.is_there, entry.application) == (None, False, False, "maya")
    assert (registered(session), list((session.context.roots["work"]).glob("demo"))) == ([], [])


def test_number_follows_all_others_when_catalog_and_disk_have_some(session: Session, rig: Task) -> None:
    put(session, "carl/hero.rig.v004.ma")
    assert session.workfiles.next(rig, ext="hip").number == 5
    file = f"{FOLDER}/dora/hero.rig.v006.blend"
    known = Workfile(id=session.context.new_id(), parent=rig.parent, file=file, number=6, task=rig.id)
    session.commit([Create(known)], project="demo")
    assert session.workfiles.next(rig, ext="ma").number == 7
    put(session, "anna/hero.rig.low.v020.ma")
    put(session, "anna/hero.rig.v3.ma")
    put(session, "anna/notes.txt")
    (session.context.roots["work"] / FOLDER / "anna/hero.rig.v030.ma").mkdir()
    assert session.workfiles.next(rig, ext="ma").number == 7
    assert session.workfiles.next(rig, ext="ma", variant="low").number == 21
    old = Workfile(id=session.context.new_id(), parent=rig.parent, file="old/rig_9.ma", number=9, task=rig.id)
    session.commit([Create(old)], project="demo")
    assert session.workfiles.next(rig, ext="ma").number == 10


def test_node_and_code_of_a_task_are_as_good_as_the_task_when_given(session: Session, rig: Task) -> None:
    by_code = session.workfiles.next("bifrost://demo/assets/char/hero", task="RIG", application="maya")
    assert by_code == session.workfiles.next(rig, application="maya")
    assert by_code.file.endswith("rig/work/anna/hero.rig.v001.ma")
    made = session.workfiles.create(rig.parent, task="Rig", ext="ma")
    assert made.workfile is not None
    assert made.workfile.task == rig.id


def test_error_says_what_is_missing_when_tokens_do_not_do(session: Session, rig: Task) -> None:
    with pytest.raises(TemplateError, match=r"it needs ext \(give ext=…\); task"):
        session.workfiles.next(rig.parent)
    with pytest.raises(TemplateError, match="token 'version' is counted here"):
        session.workfiles.next(rig, ext="ma", version=3)
    with pytest.raises(TemplateError, match="have no token 'varaint'; the tokens: project"):
        session.workfiles.list(rig, varaint="low")
    with pytest.raises(TemplateError, match="token 'asset' cannot be 'sword'"):
        session.workfiles.list(rig, asset="sword")
    with pytest.raises(TemplateError, match="are counted for each task; say which one: task=…"):
        session.workfiles.latest(rig.parent)
    with pytest.raises(NotFoundError):
        session.workfiles.next("bifrost://demo/assets/char/herp", ext="ma")
    session.templates.apply("demo", {"templates": {
        "scene": {"path": "{project}/{asset}.{ext}", "root": "work", "for": "asset", "area": "work"}}})  # fmt: skip
    with pytest.raises(TemplateError, match="has no version, so its files cannot be counted"):
        session.workfiles.next(rig.parent, ext="ma")
    session.templates.apply("demo", {"templates": {"scene": {"path": "{project}/{asset}.{ext}", "root": "work"}}})
    with pytest.raises(TemplateError, match="has no template for asset and work"):
        session.workfiles.list(rig.parent)


def test_file_is_made_and_known_when_created(session: Session, rig: Task, tmp_path: Path) -> None:
    first = session.workfiles.create(rig, application="maya", comment="blocking")
    assert first.path.read_bytes() == b""
    (tmp_path / "scene.ma").write_bytes(b"//Maya")
    second = session.workfiles.create(rig, source=tmp_path / "scene.ma", ext="ma")
    assert (first.number, second.number, second.path.read_bytes()) == (1, 2, b"//Maya")
    known = registered(session)
    assert [(each.number, each.comment, each.application, each.task) for each in known] == [
        (1, "blocking", "maya", rig.id),
        (2, "", "maya", rig.id),
    ]
    assert (first.workfile, second.workfile) == tuple(known)
    assert session.folders.parse(second.path).workfile == second.workfile


@pytest.mark.skipif(os.name == "nt", reason="modes mean little there")
def test_folders_have_the_permissions_of_the_templates_when_a_file_is_created(session: Session, rig: Task) -> None:
    made = session.workfiles.create(rig, ext="ma")
    assert made.path.parents[1].stat().st_mode & 0o777 == 0o775
    assert not (made.path.parents[2] / "output").exists()


def test_all_are_listed_when_catalog_and_disk_differ(session: Session, rig: Task) -> None:
    both = session.workfiles.create(rig, application="maya")
    gone = session.workfiles.create(rig, application="houdini")
    gone.path.unlink()
    stray = put(session, "ben/hero.rig.low.v003.mb")
    found = session.workfiles.list(rig)
    assert [(each.number, each.is_known, each.is_there, each.application) for each in found] == [
        (1, True, True, "maya"),
        (2, True, False, "houdini"),
        (3, False, True, "maya"),
    ]
    assert (found[0], found[2].path) == (both, stray)
    assert [each.number for each in session.workfiles.list(rig, application="maya")] == [1, 3]
    assert [each.number for each in session.workfiles.list(rig, user="ben")] == [3]
    assert [each.number for each in session.workfiles.list(rig.parent)] == [1, 2, 3]
    assert session.workfiles.list(rig.parent, task="anim") == []
    assert json.loads(json.dumps(found[2].to_data()))["is_known"] is False


def test_newest_on_disk_is_the_latest_when_asked_for(session: Session, rig: Task) -> None:
    with pytest.raises(NotFoundError, match="there is no such work file on disk yet"):
        session.workfiles.latest(rig)
    first = session.workfiles.create(rig, ext="ma")
    session.workfiles.create(rig, ext="ma").path.unlink()
    assert session.workfiles.latest(rig) == first
    put(session, "ben/hero.rig.low.v009.ma")
    assert session.workfiles.latest(rig) == first
    assert session.workfiles.latest(rig, variant="low").number == 9
    put(session, "ben/hero.rig.v003.hip")
    assert (session.workfiles.latest(rig).number, session.workfiles.latest(rig, application="maya").number) == (3, 1)


def test_file_that_no_template_reads_is_listed_when_the_catalog_knows_it(session: Session, rig: Task) -> None:
    place = session.context.roots["work"] / "old/rig.ma"
    place.parent.mkdir()
    place.write_text("old")
    file = Workfile(id=session.context.new_id(), parent=rig.parent, file="old/rig.ma", number=4, task=rig.id)
    session.commit([Create(file)], project="demo")
    (found,) = session.workfiles.list(rig)
    assert (found.number, found.path, found.is_there, found.application) == (4, place, True, "maya")
    assert session.workfiles.list(rig, variant="low") == []
    other = session.tasks.create(rig.parent, "groom")
    assert session.workfiles.list(other) == []


def test_nothing_is_left_when_the_source_cannot_be_read(session: Session, rig: Task, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot read .*; nothing was saved"):
        session.workfiles.create(rig, source=tmp_path / "missing.ma", ext="ma")
    with pytest.raises(StorageError):
        session.workfiles.create(rig, source=tmp_path, ext="ma")
    assert registered(session) == []


def test_nothing_is_left_when_copying_fails(
    session: Session, rig: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scene.ma").write_bytes(b"//Maya")

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(StorageError, match="No space left on device"):
        session.workfiles.create(rig, source=tmp_path / "scene.ma", ext="ma")
    assert registered(session) == []
    assert [path for path in session.context.roots["work"].rglob("*") if path.suffix == ".ma"] == []


def test_registration_stays_visible_when_an_artist_may_not_take_it_away(
    session: Session, ben: Session, rig: Task
) -> None:
    (session.context.roots["work"] / "demo").write_text("in the way")
    with pytest.raises(StorageError, match="is a file, and folders"):
        ben.workfiles.create(rig, ext="ma")
    (session.context.roots["work"] / "demo").unlink()
    assert [(each.number, each.is_there) for each in session.workfiles.list(rig)] == [(1, False)]
    assert ben.workfiles.create(rig, ext="ma").number == 2


def test_nothing_is_made_when_it_may_not_be_registered(session: Session, rig: Task) -> None:
    session.users.create("vic")
    with connect(session.settings.folder, user="vic") as viewer:
        assert viewer.workfiles.next(rig, ext="ma").number == 1
        with pytest.raises(PermissionDeniedError):
            viewer.workfiles.create(rig, ext="ma")
    assert not (session.context.roots["work"] / "demo").exists()


def test_no_number_is_given_when_the_root_is_not_there(session: Session, rig: Task) -> None:
    (session.context.roots["work"] / SENTINEL).unlink()
    for call in (session.workfiles.next, session.workfiles.create):
        with pytest.raises(StorageError, match="has no sentinel"):
            call(rig, ext="ma")
    assert registered(session) == []


def test_earlier_files_are_listed_when_the_past_is_shown(session: Session, rig: Task) -> None:
    first = session.workfiles.create(rig, ext="ma")
    then = session.at(session.revision("demo"))
    session.workfiles.create(rig, ext="ma")
    found = then.workfiles.list(rig)
    assert [each.is_known for each in found] == [True, False]
    assert then.folders.parse(first.path).workfile == first.workfile
    assert attrs.evolve(found[0], values={}) == attrs.evolve(first, values={})
