from __future__ import annotations

import contextlib
import datetime
import sqlite3

import pytest

from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.locations import INDEXED_FILES
from bifrost_sdk.domain.model import Product, Representation, Version, Workfile
from bifrost_sdk.domain.reconciliation import Content
from bifrost_sdk.domain.versions import File
from bifrost_sdk.services import tracked
from bifrost_sdk.services.tracked import Holding, Listed, Scope, Tracked, Work
from bifrost_sdk.session import Session

HASH = "sha256/a+b=="
SCENES = "demo/assets/char/hero/rig/work/anna"
PLACE = "demo/assets/char/hero/model/v001"
WRITTEN = datetime.datetime(2026, 1, 31, tzinfo=datetime.timezone.utc)


@pytest.fixture
def version(session: Session) -> str:
    """A published version, without files so far."""
    hero = session.assets.create("demo", "char", "hero")
    made = Product(id=session.context.new_id(), code="model", parent=hero.id)
    version = Version(id=session.context.new_id(), product=made.id, number=1, state="published")
    session.commit([Create(made), Create(version)], project="demo")
    return version.id


def add(session: Session, version: str, *files: File, name: str = "usd", folder: str = PLACE) -> None:
    made = Representation(id=session.context.new_id(), version=version, name=name, folder=folder, files=files)
    session.commit([Create(made)], project="demo")


def read(session: Session, root: str = "", folder: str = "") -> Tracked:
    return tracked.read(session.context, "demo", Scope(root, folder))


def names(holding: Holding) -> set[str]:
    return {name for owner in holding.owners() for name, _ in owner.files}


def test_scope_holds_what_lies_in_its_folder() -> None:
    scope = Scope("work", "demo/a")
    assert [scope.has_root(root) for root in ("work", "publish")] == [True, False]
    assert [scope.holds(path) for path in ("demo/a", "demo/a/b", "demo/ab", "demo")] == [True, True, False, False]
    assert [scope.meets(path) for path in ("demo/a", "demo/a/b", "demo", "", "demo/ab", "de")] == [True] * 4 + [
        False
    ] * 2
    assert Scope().has_root("work")
    assert Scope().holds("demo")


def test_files_stand_in_their_folders_when_read(session: Session, version: str) -> None:
    add(session, version, File("model.usda", 3, HASH), File("tex/a/skin.png", 4, ""))
    add(session, version, File("top.usda", 5, HASH), name="top", folder="")
    found = read(session)
    assert found.revision == session.revision("demo")
    assert set(found.folders) == {"publish"}
    assert {folder: names(each) for folder, each in found.folders["publish"].items()} == {
        PLACE: {"model.usda"},
        f"{PLACE}/tex/a": {"skin.png"},
        "": {"top.usda"},
    }
    (listed,) = found.folders["publish"][PLACE].owners()
    assert isinstance(listed, Listed)
    assert (listed.version, listed.part, listed.files) == (version, "usd", (("model.usda", Content(3, None, HASH)),))
    assert found.count == 3


def test_files_are_all_there_when_they_are_more_than_the_short_text_tells(session: Session, version: str) -> None:
    files = [File(f"cache_{number}.abc", number, HASH) for number in range(INDEXED_FILES + 1)]
    add(session, version, *files, File("deep/cache.abc", 1, HASH), name="abc")
    found = read(session)
    assert names(found.at("publish", PLACE)) == {file.name for file in files}
    assert names(found.at("publish", f"{PLACE}/deep")) == {"cache.abc"}
    assert found.count == INDEXED_FILES + 2


def test_sets_stand_as_sets_when_read(session: Session, version: str) -> None:
    frames = File("beauty.<FRAME>.exr", 30, HASH, frames="1001-1003", padding=4, count=3)
    tiles = File("tex/<UDIM>/skin.exr", 8, "", udims=(1001, 1002), count=2)
    add(session, version, File("model.usda", 3, HASH), frames, tiles, name="all")
    found = read(session)
    beauty, skin = found.sets
    assert (beauty.version, beauty.part, beauty.content) == (version, "all", Content(30, None, HASH))
    assert beauty.path("x") == f"{PLACE}/x"
    assert [list(each.names) for each in found.at("publish", PLACE).members] == [
        [f"beauty.{frame}.exr" for frame in (1001, 1002, 1003)]
    ]
    assert [each.numbered for each in found.at("publish", f"{PLACE}/tex/1002").members] == [skin]
    assert found.count == 6
    assert not skin.is_complete
    skin.sizes.extend([5, 3])
    assert skin.is_complete


@pytest.mark.usefixtures("version")
def test_work_files_stand_in_their_folders_when_read(session: Session) -> None:
    parent = session.get("bifrost://demo/assets/char/hero").id
    known = {"size": 3, "hash": HASH, "modified_at": WRITTEN}
    made = Workfile(id=session.context.new_id(), parent=parent, file=f"{SCENES}/hero.ma", **known)  # type: ignore[arg-type]  # each fits
    sets = Workfile(id=session.context.new_id(), parent=parent, file=f"{SCENES}/hero.<FRAME>.ma")
    session.commit([Create(made), Create(sets)], project="demo")
    (holding,) = read(session).folders["work"].values()
    one, pattern = holding.owners()
    assert isinstance(one, Work)
    assert isinstance(pattern, Work)
    assert (one.id, one.files) == (made.id, (("hero.ma", Content(3, int(WRITTEN.timestamp()) * 1_000_000, HASH)),))
    assert one.pattern is None
    (found,) = holding.patterns()
    assert found.fullmatch("hero.1001.ma")
    assert not found.fullmatch("heroX1001.ma")
    assert not holding.is_published


def test_work_files_are_read_whole_when_an_older_version_wrote_their_rows(show: Session) -> None:
    (before,) = read(show).folders["work"].values()
    with contextlib.closing(sqlite3.connect(show.settings.folder / "catalog.sqlite")) as catalog:
        assert catalog.execute("UPDATE entity SET files = NULL WHERE kind = 'workfile'").rowcount == 1
        catalog.commit()
    (after,) = read(show).folders["work"].values()
    assert [*after.owners()] == [*before.owners()]


def test_only_what_lies_in_the_scope_is_read_when_it_is_narrow(session: Session, version: str) -> None:
    add(session, version, File("model.usda", 3, HASH), File("tex/a.png", 4, HASH))
    add(session, version, File("b.png", 4, HASH), name="other", folder="demo/elsewhere")
    assert set(read(session, "publish", "demo/elsewhere").folders["publish"]) == {"demo/elsewhere"}
    assert set(read(session, "publish", f"{PLACE}/tex").folders["publish"]) == {PLACE, f"{PLACE}/tex"}
    assert read(session, "work").folders == {}
    assert read(session, "publish", "demo/nothing").count == 0
