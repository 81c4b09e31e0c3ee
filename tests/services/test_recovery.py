from __future__ import annotations

import contextlib
import importlib.util
import itertools
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import attrs
import pytest

from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority, system_clock
from bifrost_sdk.domain.changes import Update
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.rootpaths import TRIALS
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import ConflictError, NetworkError, NotFoundError, StorageError
from bifrost_sdk.services import publishing, recovery, staging
from bifrost_sdk.services.staging import MANIFEST, Places
from bifrost_sdk.services.workspace import SENTINEL
from bifrost_sdk.session import Session

KILLING = Path(__file__).with_name("killing.py")
HERO = "bifrost://demo/assets/char/hero"


def load_killing() -> Any:  # Any: a module of functions
    spec = importlib.util.spec_from_file_location("killing", KILLING)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


killing = load_killing()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "hero.usda").write_text("#usda 1.0\n")
    for frame in (1001, 1002):
        (folder / f"beauty.{frame}.exr").write_text(f"frame {frame}")
    return folder


@pytest.fixture
def hero(session: Session) -> str:
    return session.assets.create("demo", "char", "hero").ref


def root_of(session: Session) -> Path:
    return session.context.roots["publish"]


def files_of(session: Session) -> list[Path]:
    return [path for path in root_of(session).rglob("*") if path.is_file() and path.name != SENTINEL]


def versions_of(session: Session) -> list[Version]:
    return list(session.iterate(Query("version", project="demo").sort("number")))


def settle(session: Session, *, hours: int = 1, piecewise: bool = False) -> recovery.Recovery:
    """Recover as somebody does when leases have run out."""
    found: recovery.Recovery = killing.settle(session.settings.folder, hours=hours, piecewise=piecewise)
    return found


class Dead(BaseException):
    """Stands for a machine that is switched off: nothing is tidied up."""


class Dying:
    """A storage or catalog on a machine that is switched off before one of its calls."""

    def __init__(self, inner: Any, name: str) -> None:
        self._inner = inner
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name == self._name:
            raise Dead
        return getattr(self._inner, name)


def leave_behind(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch, before: str, **options: Any
) -> Version:
    """A publish that died before one step: `write`, `place` or `finalise`."""
    context = session.context
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "_undo", lambda *_: None)
        if before == "finalise":
            patch.setattr(publishing.Reservation, "finalise", property(lambda _: (_ for _ in ()).throw(Dead)))
        else:
            dying: Any = Dying(context.storages["publish"], before)
            context = attrs.evolve(context, storages={"publish": dying})
        with pytest.raises(Dead):
            publishing.publish(context, HERO, "model", {"usd": source / "hero.usda"}, **options)
    return versions_of(session)[-1]


@pytest.mark.usefixtures("hero")
@pytest.mark.parametrize(
    ("before", "outcome"), [("write", "abandoned"), ("place", "published"), ("finalise", "published")]
)
def test_version_is_settled_when_its_publisher_died(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch, before: str, outcome: str
) -> None:
    left = leave_behind(session, source, monkeypatch, before, comment="kept", tags=["main"])
    assert session.recover().subjects("waiting") == (left.ref,)
    found = settle(session)
    assert found.subjects(outcome) == (left.ref,)  # type: ignore[arg-type]  # one of the outcomes
    (version,) = versions_of(session)
    assert (version.state, version.comment, version.tags) == (outcome, "kept", ("main",))
    assert len(files_of(session)) == (2 if outcome == "published" else 0)
    if outcome == "published":
        assert session.resolve(f"{version.ref}/model.usd").read_text() == "#usda 1.0\n"
        assert version.manifest.startswith("sha256:")
    assert settle(session).findings == ()


@pytest.mark.usefixtures("hero")
def test_version_waits_when_its_root_is_not_there(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = leave_behind(session, source, monkeypatch, "finalise")
    root = session.context.roots["publish"]
    with killing.context_of(session.settings.folder, hours=1, piecewise=False) as later:
        root.rename(root.with_name("away"))
        assert left.ref in recovery.recover(later).subjects("failed")
        assert [version.state for version in versions_of(session)] == ["reserved"]
        root.with_name("away").rename(root)
        assert settle(session).subjects("published") == (left.ref,)


@pytest.mark.usefixtures("hero")
def test_dependencies_are_kept_when_rolled_forward(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = session.publish(HERO, "look", {"usd": source / "hero.usda"})
    left = leave_behind(session, source, monkeypatch, "finalise", depends_on=[needed])
    settle(session)
    assert [item.version for item in session.versions.get(left).dependencies] == [needed.id]


@pytest.mark.usefixtures("hero")
@pytest.mark.parametrize("before", ["place", "finalise"])
@pytest.mark.parametrize("damage", ["content", "missing", "manifest"])
def test_version_is_abandoned_when_its_files_are_damaged(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch, before: str, damage: str
) -> None:
    leave_behind(session, source, monkeypatch, before)
    for path in files_of(session):
        if damage == "content" and path.name == "model.usda":
            path.chmod(0o644)
            path.write_text("#USDA 1.0\n")
        elif damage == "missing" and path.name == "model.usda":
            path.unlink()
        elif damage == "manifest" and path.name == MANIFEST:
            path.chmod(0o644)
            path.write_text("{")
    settle(session)
    assert [version.state for version in versions_of(session)] == ["abandoned"]
    left = {path.name for path in files_of(session)}
    assert left == ({"model.usda", MANIFEST} if (damage, before) == ("manifest", "finalise") else set())


@pytest.mark.usefixtures("hero")
@pytest.mark.parametrize("before", ["place", "finalise"])
def test_version_is_found_when_its_product_moved_in_the_same_moment(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    """A clock that was set back, or is coarse, gives several commits one time; only their revisions tell them apart."""
    moment = system_clock()
    asset = session.get(HERO)
    store = SqliteStore(session.settings.folder / "catalog.sqlite")
    with contextlib.closing(Authority(store, clock=lambda: moment)) as authority, monkeypatch.context() as patch:
        catalog = authority.bind(session.context.actor)
        patch.setattr(session, "context", attrs.evolve(session.context, catalog=catalog))
        left = leave_behind(session, source, monkeypatch, before)
        catalog.commit("demo", [Update(asset.id, {"code": "heroine"})])
    assert [event.created_at for event in session.events("demo", after=left.revision)] == [left.created_at]
    assert settle(session).subjects("published") == (left.ref.replace("/hero/", "/heroine/"),)
    assert {path.parent.relative_to(root_of(session)).as_posix() for path in files_of(session)} == {
        "demo/assets/char/hero/model/v001"
    }


@pytest.mark.usefixtures("hero")
def test_version_is_found_when_its_product_moved_meanwhile(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = leave_behind(session, source, monkeypatch, "finalise")
    session.assets.rename(HERO, "heroine")
    settle(session)
    assert session.versions.get(left.id).state == "published"
    assert session.resolve(f"bifrost://demo/~{left.id}").read_text() == "#usda 1.0\n"


@pytest.mark.usefixtures("hero")
def test_version_is_abandoned_when_its_place_was_taken(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_behind(session, source, monkeypatch, "place")
    place = root_of(session) / "demo/assets/char/hero/model/v001"
    place.mkdir(parents=True)
    (place / "theirs").write_text("theirs")
    settle(session)
    assert [version.state for version in versions_of(session)] == ["abandoned"]
    assert [path.name for path in files_of(session)] == ["theirs"]


@pytest.mark.usefixtures("hero")
@pytest.mark.parametrize("before", ["write", "finalise"])
def test_left_overs_go_when_somebody_died_after_abandoning(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    left = leave_behind(session, source, monkeypatch, before)
    staged = root_of(session) / Places.of(left).staged
    staged.mkdir(parents=True, exist_ok=True)
    (staged / "partly").write_text("x")
    session.context.catalog.commit("demo", [Update(left.id, {"state": "abandoned"}, expected=left.revision)])
    found = session.recover()
    assert len(found.subjects("removed")) == len(found.findings) > 0
    assert files_of(session) == []
    assert session.recover().findings == ()


@pytest.mark.usefixtures("hero")
def test_staged_rest_goes_when_the_version_is_published(session: Session, source: Path) -> None:
    version = session.publish(HERO, "model", {"usd": source / "hero.usda"})
    staged = root_of(session) / Places.of(version).staged
    staged.mkdir(parents=True)
    (staged / "rest").write_text("x")
    assert session.recover().subjects("removed") == (Places.of(version).staged,)
    assert {path.name for path in files_of(session)} == {"model.usda", MANIFEST}


@pytest.mark.usefixtures("hero")
def test_unknown_folders_stay_when_recovered(session: Session) -> None:
    folder = root_of(session) / staging.TRANSACTIONS
    for name in ("notes", "01a1f8c8-6fc0-7609-a861-fecfa0fd400c"):
        (folder / name).mkdir(parents=True)
        (folder / name / "kept").write_text("x")
    found = session.recover()
    assert len(found.subjects("unknown")) == 2
    assert len(files_of(session)) == 2


@pytest.mark.usefixtures("hero")
def test_live_publisher_is_left_alone_when_recovered_meanwhile(session: Session, source: Path) -> None:
    found: list[recovery.Recovery] = []
    session.publish(HERO, "model", {"usd": source / "hero.usda"}, progress=lambda *_: found.append(session.recover()))
    assert found[0].subjects("waiting") == (f"{HERO}/model/v001",)
    assert [version.state for version in versions_of(session)] == ["published"]


@pytest.mark.usefixtures("hero")
def test_late_publisher_begins_anew_when_it_was_recovered(session: Session, source: Path) -> None:
    recoveries = iter([True])

    def late(*_: int) -> None:
        if next(recoveries, False):
            settle(session)

    version = session.publish(HERO, "model", {"usd": source / "hero.usda"}, progress=late, lease=60, key="nightly")
    assert [version.state for version in versions_of(session)] == ["abandoned", "published"]
    assert session.resolve(version.ref).read_text() == "#usda 1.0\n"
    assert len(files_of(session)) == 2
    assert session.publish(HERO, "model", {"usd": source / "hero.usda"}, lease=60, key="nightly") == version


@pytest.mark.usefixtures("hero")
def test_late_publisher_begins_anew_when_who_took_it_has_not_decided(session: Session, source: Path) -> None:
    takers = iter([True])

    def take() -> bool:
        if next(takers, False):
            recovery.Reservation(session.context, versions_of(session)).renew()
            time.sleep(0.5)  # longer than a third of the lease, so that the publisher renews it
        return False

    assert session.publish(HERO, "model", {"usd": source / "hero.usda"}, cancel=take, lease=1).number == 2
    assert [version.state for version in versions_of(session)] == ["reserved", "published"]


@pytest.mark.usefixtures("hero")
def test_late_publisher_gives_in_when_it_is_always_recovered(session: Session, source: Path) -> None:
    hours = itertools.count(1)

    def late(*_: int) -> None:
        settle(session, hours=next(hours))

    with pytest.raises(ConflictError, match="given up by a recovery"):
        session.publish(HERO, "model", {"usd": source / "hero.usda"}, progress=late, lease=60)
    assert [version.state for version in versions_of(session)] == ["abandoned"] * 3
    assert files_of(session) == []


@pytest.mark.usefixtures("hero")
def test_late_publisher_gets_the_version_when_recovery_published_it(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = type(session.context.storages["publish"]).place

    def late(storage: Any, *arguments: Any, **options: Any) -> None:
        monkeypatch.undo()
        settle(session)
        place(storage, *arguments, **options)

    monkeypatch.setattr(type(session.context.storages["publish"]), "place", late)
    version = session.publish(HERO, "model", {"usd": source / "hero.usda"})
    assert version.state == "published"
    assert len(files_of(session)) == 2


@pytest.mark.usefixtures("hero")
def test_other_is_left_to_it_when_two_recover(session: Session, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = leave_behind(session, source, monkeypatch, "finalise")
    with killing.context_of(session.settings.folder, hours=1, piecewise=False) as context:
        renew = recovery.Reservation.renew

        def second(held: Any) -> None:
            monkeypatch.undo()
            assert recovery.recover(context).subjects("published") == (left.ref,)
            renew(held)

        monkeypatch.setattr(recovery.Reservation, "renew", second)
        assert recovery.recover(context).findings == ()
        assert session.versions.get(left).state == "published"


@pytest.mark.usefixtures("hero")
def test_failure_is_reported_when_one_version_cannot_be_settled(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = leave_behind(session, source, monkeypatch, "place")

    def refuse(*_: Any, **__: Any) -> None:
        raise StorageError("the disk is full")

    with killing.context_of(session.settings.folder, hours=1, piecewise=False) as context:
        with monkeypatch.context() as patch:
            patch.setattr(type(context.storages["publish"]), "place", refuse)
            (finding,) = recovery.recover(context).findings
        assert (finding.subject, finding.outcome, finding.reason) == (left.ref, "failed", "the disk is full")
        assert settle(session, hours=2).subjects("published") == (left.ref,)


def test_trials_go_when_who_tried_is_dead(session: Session) -> None:
    """Those of somebody who may be at it stay, and so does what has another name."""
    folder = root_of(session) / TRIALS
    now = f"{time.time():.0f}-0f"
    for name in ("1000000000-0f", now, "notes"):
        (folder / name / "taken").mkdir(parents=True)
    assert session.recover().subjects("removed") == (f"{TRIALS}/1000000000-0f",)
    assert {path.name for path in folder.iterdir()} >= {now, "notes"}
    assert settle(session).subjects("removed") == (f"{TRIALS}/{now}",)


def test_failure_is_reported_when_a_root_cannot_be_read(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> list[str]:
        raise NetworkError("the share is gone")

    monkeypatch.setattr(type(session.context.storages["publish"]), "names", refuse)
    assert set(session.recover().subjects("failed")) >= {"publish:.bifrost/tx"}


@pytest.mark.usefixtures("hero")
def test_one_project_is_settled_when_it_is_named(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_behind(session, source, monkeypatch, "finalise")
    session.projects.create("other")
    with killing.context_of(session.settings.folder, hours=1, piecewise=False) as context:
        assert recovery.recover(context, "other").findings == ()
        assert len(recovery.recover(context, "bifrost://demo").findings) == 1
        with pytest.raises(NotFoundError):
            recovery.recover(context, "nowhere")


@pytest.mark.usefixtures("hero")
@pytest.mark.parametrize("how", ["piecewise", "whole"])
def test_half_placed_files_are_joined_when_the_file_system_has_no_such_rename(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Whether who recovers has mounted it so, too, or is the server itself."""
    left = leave_behind(session, source, monkeypatch, "place")
    places = Places.of(left)
    final = root_of(session) / places.finals[0]
    final.mkdir(parents=True)
    (final / "manifest.json").symlink_to(left.id)
    (root_of(session) / places.staged / "model.usda").rename(final / "model.usda")
    settle(session, piecewise=how == "piecewise")
    assert [version.state for version in versions_of(session)] == ["abandoned"]
    assert files_of(session) == []


@pytest.mark.usefixtures("hero")
@pytest.mark.parametrize("how", ["piecewise", "whole"])
def test_claimed_folder_is_filled_when_all_files_are_there(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    left = leave_behind(session, source, monkeypatch, "place")
    final = root_of(session) / Places.of(left).finals[0]
    final.mkdir(parents=True)
    (final / "manifest.json").symlink_to(left.id)
    settle(session, piecewise=how == "piecewise")
    assert [version.state for version in versions_of(session)] == ["published"]
    assert session.verify("demo").is_clean


@pytest.mark.usefixtures("hero")
@pytest.mark.parametrize("theirs", ["notes.txt", "manifest.json/notes.txt"])
@pytest.mark.parametrize("how", ["piecewise", "whole"])
def test_files_go_when_the_folder_of_their_number_is_somebody_elses(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch, theirs: str, how: str
) -> None:
    left = leave_behind(session, source, monkeypatch, "place")
    (root_of(session) / Places.of(left).staged / "model.usda").unlink()
    other = root_of(session) / Places.of(left).finals[0] / theirs
    other.parent.mkdir(parents=True)
    other.write_text("theirs")
    settle(session, piecewise=how == "piecewise")
    assert [version.state for version in versions_of(session)] == ["abandoned"]
    assert files_of(session) == [other]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
@pytest.mark.parametrize("how", ["whole", "piecewise"])
def test_catalog_and_disk_agree_when_killed_before_every_step(
    session: Session, source: Path, hero: str, how: str
) -> None:
    folder = session.settings.folder

    def run(what: str) -> int:
        command = [sys.executable, str(KILLING), what, str(folder), str(source), how]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return int(done.stdout.split()[0])

    run("publish")
    before = versions_of(session)
    seen = {version.number for version in before if version.state == "published"}
    for number in seen:
        assert session.resolve(f"{hero}/model/v{number:03d}/model.usda").read_text() == "#usda 1.0\n"
    assert run("recover") > 10
    versions = versions_of(session)
    states = Counter(version.state for version in versions)
    assert set(states) == {"published", "abandoned"}
    assert [version.number for version in versions] == list(range(1, len(versions) + 1))
    assert len(versions) > 20
    published = {version.number for version in versions if version.state == "published"}
    assert seen <= published
    expected = {
        root_of(session) / f"demo/assets/char/hero/model/v{number:03d}" / name
        for number in published
        for name in ("model.usda", "model.1001.exr", "model.1002.exr", MANIFEST)
    }
    assert set(files_of(session)) == expected
    assert list((root_of(session) / staging.TRANSACTIONS).iterdir()) == []
