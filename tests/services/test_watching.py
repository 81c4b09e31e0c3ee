from __future__ import annotations

import contextlib
import datetime
import itertools
import os
import queue
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.reconciliation import Spot
from bifrost_sdk.errors import ConfigurationError, NotFoundError, StorageError, ValidationError
from bifrost_sdk.services import watching
from bifrost_sdk.services.folders import Folders
from bifrost_sdk.services.sync import Sync
from bifrost_sdk.services.watching import FOLDERS, PATIENCE, Hints, Pace, Sighting, gathered
from bifrost_sdk.session import Session

SETTLE = 0.1
HERE = "demo/assets/char/hero/rig/work/anna"
Watch = Callable[..., "Watched"]


@attrs.define
class Watched:
    """A watch in a thread of its own, and what it has seen so far."""

    stop: threading.Event
    _seen: queue.Queue[Sighting | BaseException]
    thread: threading.Thread

    @classmethod
    def start(cls, session: Session, **options: Any) -> Watched:  # Any: the arguments of Sync.watch
        stop, seen = threading.Event(), queue.Queue[Sighting | BaseException]()
        sightings = session.sync.watch("demo", stop=stop, **{"settle": SETTLE, **options})

        def run() -> None:
            try:
                for sighting in sightings:
                    seen.put(sighting)
            except BaseException as error:  # noqa: BLE001 - told by the test
                seen.put(error)

        thread = threading.Thread(target=run)
        thread.start()
        return cls(stop, seen, thread)

    def next(self) -> Sighting:
        found = self._seen.get(timeout=30)
        if isinstance(found, BaseException):
            raise found
        return found

    def until(self, path: str, state: str) -> Sighting:
        """The first sighting that has such a finding."""
        for sighting in iter(self.next, None):
            assert sighting.report.findings or sighting.root
            if any((each.path, each.state) == (path, state) for each in sighting.report.findings):
                return sighting
        raise AssertionError

    def rests(self) -> bool:
        with contextlib.suppress(queue.Empty):
            return isinstance(self._seen.get(timeout=4 * SETTLE), BaseException)
        return True

    def end(self) -> None:
        self.stop.set()
        self.thread.join(timeout=30)
        assert not self.thread.is_alive()


@pytest.fixture
def work(session: Session) -> Path:
    """The folder of a project with one rig and its scene, all as the catalog says."""
    rig = session.tasks.create(session.assets.create("demo", "char", "hero"), "rig")
    session.workfiles.create(rig, application="maya")
    folder = session.context.roots["work"] / HERE
    write(folder, "hero.rig.v001.ma", "what it holds")
    os.utime(folder / "hero.rig.v001.ma", (1e9, 1e9))
    assert not session.sync.apply(session.sync.plan(session.sync.scan("demo"))).skipped
    assert session.sync.scan("demo").is_clean
    return folder


@pytest.fixture
def watch(session: Session, work: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    pytest.importorskip("watchfiles", reason="needs the extra 'watch'")
    monkeypatch.setattr(watching, "_TICK", 0.05)
    started: list[Watched] = []

    def start(**options: Any) -> Watched:  # Any: the arguments of Sync.watch
        watched = Watched.start(session, **options)
        started.append(watched)
        first = watched.next()
        assert (first.root, first.folder) == ("", "")
        return watched

    yield start
    for watched in started:
        watched.end()


def write(folder: Path, name: str, text: str = "a scene") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_folder_is_scanned_when_files_come_change_and_go(session: Session, work: Path, watch: Watch) -> None:
    watched, revision = watch(), session.revision("demo")
    write(work, "hero.rig.v002.ma")
    sighting = watched.until(f"{HERE}/hero.rig.v002.ma", "untracked")
    assert (sighting.root, sighting.folder) == ("work", HERE)
    write(work, "hero.rig.v001.ma", "more than it held before")
    watched.until(f"{HERE}/hero.rig.v001.ma", "modified")
    (work / "hero.rig.v001.ma").unlink()
    watched.until(f"{HERE}/hero.rig.v001.ma", "missing")
    assert watched.rests()  # looking is no change
    assert session.revision("demo") == revision


def test_move_is_told_when_both_places_are_in_one_scan(work: Path, watch: Watch) -> None:
    watched = watch()
    (work / "hero.rig.v001.ma").rename(work / "hero.rig.v007.ma")
    sighting = watched.until(f"{HERE}/hero.rig.v001.ma", "moved")
    assert [str(each.moved_to) for each in sighting.report.findings] == [f"work:{HERE}/hero.rig.v007.ma"]
    assert watched.rests()  # though the file was read


def test_new_folders_are_scanned_with_all_that_is_in_them_when_they_come(work: Path, watch: Watch) -> None:
    watched = watch()
    path = "demo/assets/char/hero/rig/work/berta"
    write(work.parent / "berta", "hero.rig.v001.ma")
    sighting = watched.until(f"{path}/hero.rig.v001.ma", "untracked")
    assert sighting.root == "work"
    assert path.startswith(sighting.folder)


def test_project_is_watched_when_its_folder_comes_later(session: Session, work: Path, watch: Watch) -> None:
    top = session.context.roots["work"] / "demo"
    shutil.move(top, top.with_name("away"))
    watched = watch()
    shutil.move(top.with_name("away"), top)
    assert next(each for each in iter(watched.next, None) if each.root == "work").folder == "demo"
    write(work, "hero.rig.v002.ma")
    sighting = watched.until(f"{HERE}/hero.rig.v002.ma", "untracked")
    assert sighting.folder == HERE
    shutil.rmtree(top)
    watched.until(f"{HERE}/hero.rig.v001.ma", "missing")
    write(work, "hero.rig.v003.ma")
    watched.until(f"{HERE}/hero.rig.v003.ma", "untracked")
    write(work, "hero.rig.v004.ma")
    watched.until(f"{HERE}/hero.rig.v004.ma", "untracked")


def test_other_projects_are_left_alone_when_they_share_a_root(session: Session, work: Path, watch: Watch) -> None:
    root = session.context.roots["work"]
    (root / "other").mkdir()
    watched = watch()
    write(root / "other", "hero.rig.v002.ma")
    write(root, "readme.txt")
    assert watched.rests()
    write(work, "hero.rig.v002.ma")
    watched.until(f"{HERE}/hero.rig.v002.ma", "untracked")


def test_only_one_folder_is_watched_when_it_is_asked_for(session: Session, work: Path, watch: Watch) -> None:
    watched = watch(root="work", folder=HERE)
    write(work.parents[1], "notes.txt")
    assert watched.rests()
    write(work, "hero.rig.v002.ma")
    watched.until(f"{HERE}/hero.rig.v002.ma", "untracked")


def test_changes_are_found_when_the_file_system_does_not_tell(work: Path, watch: Watch) -> None:
    watched = watch(poll=0.05)
    write(work, "hero.rig.v002.ma")
    watched.until(f"{HERE}/hero.rig.v002.ma", "untracked")


def test_everything_is_scanned_again_when_it_is_time(
    session: Session, work: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hear_nothing(lookout: watching._Lookout) -> set[Spot]:
        lookout.stop.wait(0.01)
        return set()

    monkeypatch.setattr(watching._Lookout, "look", hear_nothing)
    watched = watch(every=0.2)
    write(work, "hero.rig.v002.ma")  # and nobody tells
    sighting = watched.until(f"{HERE}/hero.rig.v002.ma", "untracked")
    assert (sighting.root, sighting.folder) == ("", "")


def test_each_root_is_looked_at_when_they_lie_in_one_another(session: Session, work: Path, watch: Watch) -> None:
    roots = cast("dict[str, Path]", session.context.roots)
    session.publish("bifrost://demo/assets/char/hero", "rig", {"ma": work / "hero.rig.v001.ma"})
    shutil.copytree(roots["publish"], roots["work"], dirs_exist_ok=True)
    roots["publish"] = roots["work"]
    watched = watch()
    published = "demo/assets/char/hero/rig/v001/rig.ma"
    (roots["work"] / published).unlink()
    assert watched.until(published, "missing").root == "publish"


@pytest.mark.skipif(sys.platform == "win32", reason="making links is not for everybody there")
def test_links_are_not_followed_when_they_change(tmp_path: Path, work: Path, watch: Watch) -> None:
    write(tmp_path / "elsewhere", "hero.rig.v009.ma")
    watched = watch()
    (work / "linked").symlink_to(tmp_path / "elsewhere")
    sighting = watched.next()
    assert sighting.folder == HERE
    assert not any(each.path.endswith("v009.ma") for each in sighting.report.findings)


def test_watching_ends_when_stopped_between_and_before_scans(session: Session, watch: Watch) -> None:
    watched = watch()
    watched.end()
    stop = threading.Event()
    sightings = session.sync.watch("demo", stop=stop)
    next(sightings)
    stop.set()
    assert next(sightings, None) is None
    assert next(session.sync.watch("demo", stop=stop), None) is None


def test_watching_ends_when_stopped_while_it_scans(session: Session, watch: Watch) -> None:
    stop = threading.Event()

    def clock() -> datetime.datetime:
        stop.set()
        return session.context.clock()

    late = Sync(Folders(attrs.evolve(session.context, clock=clock), session.templates))
    assert next(late.watch("demo", stop=stop), None) is None
    assert stop.is_set()


def test_extra_is_named_when_it_is_missing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)  # what Python itself keeps of a module that is not there
    with pytest.raises(ConfigurationError, match=r"pip install 'bifrost-sdk\[watch\]'") as caught:
        session.sync.watch("demo")
    assert caught.value.setting == "watch"


@pytest.mark.parametrize("name", ["settle", "every", "poll"])
def test_pace_is_refused_when_it_is_none(session: Session, name: str) -> None:
    for value in (0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValidationError, match="above 0") as caught:
            session.sync.watch("demo", **{name: value})
        assert caught.value.issues[0].path == name
    assert Pace().poll is None


def test_watch_is_refused_at_once_when_there_is_nothing_to_watch(session: Session) -> None:
    with pytest.raises(NotFoundError):
        session.sync.watch("nothing")
    with pytest.raises(ConfigurationError, match="no folder on this machine"):
        session.sync.watch("demo", root="nowhere")
    with pytest.raises(ValidationError, match="no root"):
        session.sync.watch("demo", folder=Path.cwd().anchor)


def test_watching_goes_on_when_a_folder_goes_while_it_begins(tmp_path: Path) -> None:
    def watch(*paths: str, **_: object) -> Iterator[Any]:
        if any(not Path(path).is_dir() for path in paths):
            raise FileNotFoundError  # as the library does
        yield from itertools.repeat(set())

    class Vanishing(dict[str, list[Spot]]):
        """Places of which one goes right after it was seen to be there."""

        def items(self) -> Any:  # Any: what a dictionary gives
            for path in self:
                shutil.rmtree(path, ignore_errors=True)
            return super().items()

    lookout = watching._Lookout(cast("Any", SimpleNamespace(watch=watch)), None, threading.Event())
    (tmp_path / "demo").mkdir()
    lookout.places = Vanishing({str(tmp_path / "demo"): [Spot("work", "demo")]})
    assert lookout.look() == {Spot("work", "demo")}
    assert lookout._there is None
    (tmp_path / "demo").mkdir()
    lookout.places = dict(lookout.places)
    assert lookout.look() == {Spot("work", "demo")}
    assert lookout.look() == set()
    lookout.close()


def test_limit_of_the_system_is_told_when_it_is_reached() -> None:
    def refuse(*paths: str, **_: object) -> Iterator[Any]:
        raise OSError(28, "OS file watch limit reached.")
        yield

    library = cast("Any", SimpleNamespace(watch=refuse))  # the limit is the machine's, and others live by it
    lookout = watching._Lookout(library, None, threading.Event())
    lookout.places = {str(Path.cwd()): [Spot("work", "")]}
    with pytest.raises(StorageError, match="poll") as caught:
        lookout.look()
    assert "limit reached" in caught.value.reason


SPOTS = st.builds(
    Spot,
    st.sampled_from(["publish", "work"]),
    st.lists(st.sampled_from("abcdefghijk"), min_size=1, max_size=4).map("/".join),
)
MOMENTS = st.lists(st.tuples(st.integers(0, 8).map(lambda steps: steps / 4), st.sets(SPOTS, max_size=12)), max_size=8)


def is_in(spot: Spot, folders: Iterable[Spot]) -> bool:
    return any(
        spot.root == root and (path in ("", spot.path) or spot.path.startswith(f"{path}/")) for root, path in folders
    )


@given(MOMENTS)
def test_every_hint_is_due_when_it_settled(moments: list[tuple[float, set[Spot]]]) -> None:
    hints, told = Hints(1.0), dict[Spot, float]()
    now = 0.0
    for pause, spots in moments:
        now += pause
        due = hints.due(now)
        assert all(is_in(spot, due) for spot, last in told.items() if last <= now - 1.0)
        told = {spot: last for spot, last in told.items() if last > now - 1.0}
        hints.add(spots, now)
        told |= dict.fromkeys(spots, now)
    due = hints.due(now + 1.0)
    assert all(is_in(spot, due) for spot in told)
    assert hints.due(now + 1_000) == []


def test_folder_is_due_when_it_never_rests() -> None:
    hints, spot = Hints(1.0), Spot("work", "demo")
    times = [half / 2 for half in range(4 * PATIENCE)]
    due = []
    for now in times:
        hints.add([spot], now)
        due += [now] if hints.due(now) else []
    assert due == [PATIENCE]


def test_nothing_is_due_when_all_was_looked_at() -> None:
    hints = Hints(1.0)
    hints.add([Spot("work", "demo")], 0.0)
    hints.clear()
    assert hints.due(100.0) == []


@given(st.lists(SPOTS.map(lambda spot: spot.path), max_size=60))
def test_few_folders_hold_all_when_many_are_gathered(paths: list[str]) -> None:
    found = gathered(paths)
    assert len(found) <= FOLDERS or not found
    assert all(any(not each or path == each or path.startswith(f"{each}/") for each in found) for path in paths)
    assert not any(second.startswith(f"{first}/") for first, second in itertools.permutations(found, 2))
    if len(set(paths)) <= FOLDERS:
        assert set(found) <= set(paths)
