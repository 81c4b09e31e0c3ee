from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.errors import PermissionDeniedError
from bifrost_sdk.ports import Resolution
from bifrost_sdk.services import hashing
from bifrost_sdk.services.hashing import Hashed, Unhashed
from bifrost_sdk.services.manifests import digest
from bifrost_sdk.session import Session, connect, init

WORK = "work/{asset_type}/{asset}.v{version}[.{frame}].ma"
PUBLISH = "publish/{asset_type}/{asset}/{product}/v{version}/{product}[.{frame}].{ext}"
TEMPLATES = TemplateSet.from_document(
    {
        "templates": {
            "work": {"path": WORK, "root": "show", "for": "asset", "area": "work"},
            "publish": {"path": PUBLISH, "root": "show"},
        }
    }
)
MODEL = "publish/char/hero/model/v001"
HERO = "bifrost://demo/assets/char/hero"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    files = [f"{MODEL}/model.{ext}" for ext in ("usda", "abc")]
    files += [f"{MODEL}/model.{frame}.exr" for frame in (1001, 1002, 1003)]
    files += [f"publish/char/hero/rig/v{number:03d}/rig.ma" for number in range(1, 6)]
    files += ["work/char/hero.v003.ma", "work/char/hero.v004.1001.ma", "work/char/hero.v004.1002.ma"]
    for path in files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)
        os.utime(folder / path, (1_700_000_000, 1_700_000_000.5))
    return folder


@pytest.fixture
def session(tmp_path: Path, folder: Path) -> Iterator[Session]:
    init(tmp_path / "shows", project="demo", user="anna")
    with connect(tmp_path / "shows", project="demo", user="anna", roots={"show": folder}) as session:
        session.adoption.apply(session.adoption.plan(folder, templates=TEMPLATES))
        yield session


def hash_of(session: Session, ref: str) -> str:
    (answer,) = session.resolve_many([ref])
    assert isinstance(answer, Resolution)
    return answer.hash


def test_content_is_known_when_it_was_read(session: Session, folder: Path) -> None:
    assert hash_of(session, f"{HERO}/model/v001/model.usda") == ""
    seen: list[tuple[int, int]] = []
    assert session.adoption.hash(progress=lambda *told: seen.append(told)) == Hashed(9)
    assert seen == [(done, 9) for done in range(1, 10)]
    for path, ref in (
        (f"{MODEL}/model.usda", "model/v001/model.usda"),
        (f"{MODEL}/model.abc", "model/latest/model.abc"),
    ):
        assert hash_of(session, f"{HERO}/{ref}") == digest((folder / path).read_bytes())
    assert session.adoption.hash() == Hashed(0)


def test_hash_of_a_set_is_that_of_publishing_when_it_was_read(session: Session, folder: Path) -> None:
    session.adoption.hash()
    version = session.publish(HERO, "beauty", {"exr": folder / MODEL / "model.####.exr"})
    adopted = hash_of(session, f"{HERO}/model/v001/model.<FRAME>.exr")
    (made,) = session.versions.representations(version)
    listing = "".join(
        f"{digest((folder / MODEL / name).read_bytes())}  {len(f'{MODEL}/{name}')}  {name}\n"
        for name in ("model.1001.exr", "model.1002.exr", "model.1003.exr")
    )
    assert adopted == digest(listing.encode())
    assert made.files[0].hash == digest(listing.replace("model.", "beauty.").encode())


def test_work_file_is_taken_in_as_it_is_when_it_was_read(session: Session, folder: Path) -> None:
    path = folder / "work/char/hero.v003.ma"
    path.write_text("written since")
    os.utime(path, (1_700_000_001, 1_700_000_001.25))
    session.adoption.hash()
    (found,) = session.iterate(Query("workfile").where(number=3))
    assert (found.size, found.hash) == (13, digest(b"written since"))
    assert found.modified_at.timestamp() == 1_700_000_001.25
    (frames,) = session.iterate(Query("workfile").where(number=4))
    assert (frames.size, frames.hash, frames.modified_at) == (None, "", None)


def test_time_of_a_work_file_is_open_when_it_was_written_just_now(session: Session, folder: Path) -> None:
    (folder / "work/char/hero.v003.ma").write_text("now")
    session.adoption.hash()
    (found,) = session.iterate(Query("workfile").where(number=3))
    assert (found.hash, found.modified_at) == (digest(b"now"), None)


def test_reading_goes_on_where_it_stopped_when_repeated(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_PAGE", 2)
    done, total = 0, 0
    for stop in (0, 3, 4):
        turns = iter(range(stop))
        found = session.adoption.hash(cancel=lambda turns=turns: next(turns, None) is None)  # type: ignore[misc]  # its own
        assert (found.files, found.is_whole) == (stop, False)
        done += found.files
    rest = session.adoption.hash()
    total = done + rest.files
    assert (total, rest.is_whole, rest.failed) == (9, True, ())
    assert not session.find(Query("representation").where(files__hash__contains="").count()).count


def test_reading_commits_in_between_when_it_takes_long(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_PATIENCE", -1)
    before = session.revision()
    session.adoption.hash()
    assert session.revision() == before + 9


def test_file_is_reported_and_left_when_it_cannot_be_told(session: Session, folder: Path) -> None:
    (folder / MODEL / "model.usda").unlink()
    (folder / MODEL / "model.1002.exr").unlink()
    (folder / MODEL / "model.abc").write_text("larger than what was adopted before")
    found = session.adoption.hash()
    size = len(f"{MODEL}/model.abc")
    assert found.files == 6
    assert {(each.path, each.reason) for each in found.failed} == {
        (f"{MODEL}/model.usda", "No such file or directory"),
        (f"{MODEL}/model.<FRAME>.exr", "No such file or directory"),
        (f"{MODEL}/model.abc", f"has 35 bytes now, {size} when it was adopted"),
    }
    assert hash_of(session, f"{HERO}/model/v001/model.abc") == ""
    (folder / MODEL / "model.usda").write_text(f"{MODEL}/model.usda")
    assert session.adoption.hash().files == 1


def test_file_is_reported_when_its_root_is_not_here(session: Session, tmp_path: Path) -> None:
    with connect(tmp_path / "shows", project="demo", user="anna") as elsewhere:
        found = elsewhere.adoption.hash()
    assert found.files == 0
    assert len(found.failed) == 9
    assert all(
        isinstance(each, Unhashed) and "'show' has no folder on this machine" in each.reason for each in found.failed
    )


def test_reading_is_refused_when_the_actor_may_not(session: Session, tmp_path: Path, folder: Path) -> None:
    session.users.create("berta")
    berta = connect(tmp_path / "shows", project="demo", user="berta", roots={"show": folder})
    with berta, pytest.raises(PermissionDeniedError):
        berta.adoption.hash()
    assert hash_of(session, f"{HERO}/model/v001/model.abc") == ""


def test_reading_ends_soon_when_it_is_interrupted(
    session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever presses Ctrl-C does not wait for what others read."""
    read: list[str] = []
    real = hashing._entry

    def entry(source: Any, algorithm: str, stop: Any) -> Any:  # Any: as the real one
        if len(read) == 3:  # those of the first representation
            assert stop.wait(60)
        answer = real(source, algorithm, stop)
        read.append(source.name)
        return answer

    def progress(done: int, total: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(hashing, "_entry", entry)
    monkeypatch.setattr(hashing, "_READERS", 1)
    with pytest.raises(KeyboardInterrupt):
        session.adoption.hash(progress=progress)
    assert len(read) == 3
    monkeypatch.undo()
    assert session.adoption.hash().files == 9
