from __future__ import annotations

import contextlib
import datetime
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.errors import ConfigurationError, NotFoundError, StorageError
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.cursors import CursorFile
from bifrost_sdk.services.deliveries import Published
from bifrost_sdk.services.following import Followers, delivering
from bifrost_sdk.services.locks import try_lock
from bifrost_sdk.services.publications import Publication
from bifrost_sdk.services.publishing import publish_set
from bifrost_sdk.session import Session, connect

# A studio's followers: each writes what it was told into a file of its own, beside the module.
FOLLOWERS = """
import os, signal
from pathlib import Path

HERE = Path(__file__).parent

def note(name, published):
    with (HERE / name).open("a") as file:
        file.write(f"{published.version.number}\\n")

def tells(published):
    note("tells", published)

def fails(published):
    note("fails", published)
    if (HERE / "broken").exists() and published.version.number == 2:
        raise RuntimeError("the chat is down")

def leaves(published):
    note("leaves", published)
    raise SystemExit(3)

def dies(published):
    note("dies", published)
    if (HERE / "deadly").exists():
        os.kill(os.getpid(), signal.SIGKILL)
"""
POINTS = {"bifrost_sdk.followers": {"told": "studio_followers:tells"}}
RUN = "import sys, bifrost_sdk as bf\nwith bf.connect(sys.argv[1]) as session: print(session.followers.run())\n"


@pytest.fixture
def site(install: Callable[..., Path]) -> Path:
    """Where the followers lie; none of them is called yet."""
    sys.modules.pop("studio_followers", None)
    return install("studio_followers", FOLLOWERS, {})


@pytest.fixture
def usda(tmp_path: Path) -> Path:
    path = tmp_path / "hero.usda"
    path.write_text("#usda 1.0\n")
    return path


def following(session: Session, *names: str) -> Session:
    """The same workspace with these followers; closed with the session that it is made of."""
    return Session(context_of(session, *names), settings=session.settings, is_view=True)


def context_of(session: Session, *names: str) -> Context:
    plugins = attrs.evolve(session.context.plugins, followers=tuple(f"studio_followers:{name}" for name in names))
    return attrs.evolve(session.context, plugins=plugins)


def hero_of(session: Session) -> Entity:
    return session.assets.ensure("demo", "char", "hero")


def publish(session: Session, path: Path, count: int = 1) -> None:
    for _ in range(count):
        with delivering(session.context, "demo"):
            session.publish(hero_of(session), "model", {"usd": path})


def noted(site: Path, name: str) -> list[int]:
    path = site / name
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def later(session: Session, seconds: float) -> Session:
    """The session as it is some time from now."""
    clock = session.context.clock
    ahead = attrs.evolve(session.context, clock=lambda: clock() + datetime.timedelta(seconds=seconds))
    return Session(ahead, settings=session.settings, is_view=True)


def test_followers_are_called_in_order_when_something_is_published(session: Session, site: Path, usda: Path) -> None:
    publish(session, usda)
    told = following(session, "tells")
    publish(told, usda, 3)
    assert noted(site, "tells") == [2, 3, 4]  # a new follower is told of what comes from now on
    assert told.followers.run() == []
    (state,) = told.followers.list()
    assert (state.follower, state.project, state.head - state.revision) == ("studio_followers:tells", "demo", 0)
    assert (state.trying, state.parked, state.error) == (None, (), "")
    assert state.to_data()["revision"] == session.revision("demo")


def test_installed_follower_is_found_when_it_has_an_entry_point(
    session: Session, install: Callable[..., Path], usda: Path
) -> None:
    site = install("studio_installed", FOLLOWERS, {"bifrost_sdk.followers": {"told": "studio_installed:tells"}})
    publish(session, usda)
    assert noted(site, "tells") == [1]
    assert [state.follower for state in session.followers.list("demo")] == ["told"]


def test_only_what_was_published_is_told_when_much_else_happens(session: Session, site: Path, usda: Path) -> None:
    told = following(session, "tells")
    publish(told, usda)
    version = session.versions.get(f"{hero_of(session).ref}/model/latest")
    with delivering(told.context, "demo"):
        session.versions.restore(session.versions.retire(version))
        session.assets.create("demo", "char", "villain")
        with pytest.raises(StorageError):
            session.publish(hero_of(session), "model", {"usd": usda}, cancel=lambda: True)
    assert noted(site, "tells") == [1]


def test_what_was_published_without_telling_is_delivered_later_when_run(
    session: Session, site: Path, usda: Path
) -> None:
    told = following(session, "tells")
    publish(told, usda)
    for _ in range(3):
        session.publish(hero_of(session), "model", {"usd": usda})
    assert noted(site, "tells") == [1]
    first = told.followers.run("demo", limit=2)
    ref = hero_of(session).ref
    assert [(each.outcome, each.subject) for each in first] == [
        ("delivered", f"{ref}/model/v002"),
        ("delivered", f"{ref}/model/v003"),
    ]
    assert [each.subject for each in told.followers.run()] == [f"{ref}/model/v004"]


def test_follower_sees_the_version_with_its_event_when_called(
    session: Session, usda: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Published] = []
    monkeypatch.setattr("bifrost_sdk.services.cursors.append", calls.append, raising=False)
    plugins = attrs.evolve(session.context.plugins, followers=("bifrost_sdk.services.cursors:append",))
    publish(Session(attrs.evolve(session.context, plugins=plugins), settings=session.settings, is_view=True), usda)
    (call,) = calls
    assert call.version == session.versions.latest(f"{hero_of(session).ref}/model")
    assert (call.event.subject, call.event.after["state"]) == (call.version.id, "published")
    assert call.event.revision == call.version.revision
    assert call.context.actor.system
    assert call.context.project == "demo"


def test_each_of_a_set_is_told_once_when_one_of_them_fails(session: Session, site: Path, usda: Path) -> None:
    told = following(session, "fails")
    publish(told, usda)
    (site / "broken").touch()
    hero = hero_of(session)
    asked = [Publication(hero, product, {"usd": usda}) for product in ("look", "model", "rig")]
    with delivering(told.context, "demo"):
        publish_set(session.context, asked)
    assert noted(site, "fails") == [1, 1, 2]  # the second is the second version of the model, and fails
    (site / "broken").unlink()
    assert [each.subject for each in told.followers.run(retry=True)] == [
        f"{hero.ref}/model/v002",
        f"{hero.ref}/rig/v001",
    ]
    assert noted(site, "fails") == [1, 1, 2, 2, 1]


# Failures


def test_publish_is_not_touched_when_a_follower_fails(
    session: Session, site: Path, usda: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (site / "broken").touch()
    told = following(session, "fails", "leaves", "tells", "gone")
    with caplog.at_level(logging.WARNING):
        publish(told, usda, 3)
    assert session.versions.latest(f"{hero_of(session).ref}/model").number == 3
    assert noted(site, "tells") == [1, 2, 3]  # others go on
    assert noted(site, "fails") == [1, 2]
    assert noted(site, "leaves") == [1]
    fails, leaves, _, gone = told.followers.list()
    assert fails.trying is not None
    assert (fails.trying.attempts, fails.trying.error) == (1, "RuntimeError: the chat is down")
    assert leaves.trying is not None
    assert leaves.trying.error == "SystemExit: 3"
    assert gone.error == "AttributeError: module 'studio_followers' has no attribute 'gone'"
    assert "the chat is down" in caplog.text


def test_version_is_tried_again_later_each_time_when_it_fails(session: Session, site: Path, usda: Path) -> None:
    (site / "broken").touch()
    told = following(session, "fails")
    publish(told, usda, 3)
    (waiting,) = told.followers.run()
    assert (waiting.outcome, waiting.reason) == ("waiting", "RuntimeError: the chat is down")
    assert [each.outcome for each in later(told, 29).followers.run()] == ["waiting"]
    assert [each.outcome for each in later(told, 31).followers.run()] == ["failed"]
    assert [each.outcome for each in later(told, 31 + 59).followers.run()] == ["waiting"]
    (site / "broken").unlink()
    assert [each.outcome for each in later(told, 31 + 61).followers.run()] == ["delivered", "delivered"]
    assert noted(site, "fails") == [1, 2, 2, 2, 3]


def test_version_is_parked_and_not_lost_when_it_fails_again_and_again(session: Session, site: Path, usda: Path) -> None:
    (site / "broken").touch()
    told = following(session, "fails")
    publish(told, usda, 3)
    runs = [[each.outcome for each in told.followers.run(retry=True)] for _ in range(4)]
    assert runs == [["failed"], ["failed"], ["failed"], ["parked", "delivered"]]
    (state,) = told.followers.list()
    (parked,) = state.parked
    assert (parked.attempts, parked.error, state.trying) == (5, "RuntimeError: the chat is down", None)
    assert told.followers.run() == []
    assert [each.outcome for each in told.followers.run(retry=True)] == ["parked"]
    (site / "broken").unlink()
    assert [(each.outcome, each.reason) for each in told.followers.run(retry=True)] == [("delivered", "")]
    assert told.followers.list()[0].parked == ()
    assert noted(site, "fails") == [1, 2, 2, 2, 2, 2, 3, 2, 2]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_version_is_delivered_again_when_the_process_was_killed_in_the_call(
    session: Session, site: Path, usda: Path
) -> None:
    settings = session.settings.folder / "bifrost.yaml"
    settings.write_text(settings.read_text() + "followers: ['studio_followers:dies']\n")
    (site / "deadly").touch()
    told = following(session, "dies")
    with delivering(told.context, "nowhere"):  # a project that is not there harms nobody
        pass
    for job_state in told.followers.list():
        assert job_state.revision == job_state.head
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path]), "BIFROST_SDK_USER": "anna"}

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", RUN, str(session.settings.folder)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    assert run().returncode == 0  # the follower begins here
    session.publish(hero_of(session), "model", {"usd": usda})
    assert run().returncode == -signal.SIGKILL
    assert noted(site, "dies") == [1]
    (state,) = told.followers.list()
    assert state.trying is not None
    assert (state.trying.attempts, state.trying.error) == (1, "the process ended while the follower ran")
    (site / "deadly").unlink()
    assert [each.outcome for each in told.followers.run()] == ["waiting"]
    assert [each.outcome for each in later(told, 31).followers.run()] == ["delivered"]
    assert noted(site, "dies") == [1, 1]
    assert told.followers.run() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
def test_version_is_parked_uncalled_when_it_killed_every_process(session: Session, site: Path, usda: Path) -> None:
    told = following(session, "dies")
    told.followers.run()
    session.publish(hero_of(session), "model", {"usd": usda})
    (site / "deadly").touch()
    for _ in range(5):
        child = os.fork()
        if child == 0:
            told.followers.run(retry=True)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert [(each.outcome, each.reason) for each in told.followers.run()] == [
        ("parked", "the process ended while the follower ran")
    ]
    assert noted(site, "dies") == [1] * 5


# Several at once


def test_nothing_is_missed_when_a_follower_publishes(session: Session, site: Path, usda: Path) -> None:
    hero = hero_of(session)
    (site / "studio_echo.py").write_text(
        "from pathlib import Path\n"
        "import bifrost_sdk.services.following as following, bifrost_sdk.services.publishing as publishing\n"
        "def echo(published):\n"
        "    with (Path(__file__).parent / 'echo').open('a') as file: file.write(f'{published.version.number}\\n')\n"
        "    if published.version.number < 4:\n"
        "        with following.delivering(published.context, 'demo'):\n"
        f"            publishing.publish(published.context, {hero.ref!r}, 'model', {{'usd': {str(usda)!r}}})\n"
    )
    plugins = attrs.evolve(session.context.plugins, followers=("studio_echo:echo", "studio_followers:tells"))
    told = Session(attrs.evolve(session.context, plugins=plugins), settings=session.settings, is_view=True)
    publish(told, usda)
    assert noted(site, "echo") == [1, 2, 3, 4]
    assert noted(site, "tells") == [1, 2, 3, 4]


def test_follower_is_busy_when_somebody_else_calls_it(session: Session, site: Path, usda: Path) -> None:
    told = following(session, "tells")
    publish(told, usda)
    project = session.projects.get("demo").id
    assert told.context.plugins.folder is not None
    with try_lock(CursorFile.of(told.context.plugins.folder, "studio_followers:tells", project).lock):
        publish(told, usda)
        assert [each.outcome for each in told.followers.run()] == ["busy"]
    assert noted(site, "tells") == [1]
    assert [each.outcome for each in told.followers.run()] == ["delivered"]


def test_last_moment_is_not_missed_when_somebody_publishes_before_the_lock_is_free(
    session: Session, site: Path, usda: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = following(session, "tells")
    publish(told, usda)
    late = [1]

    @contextlib.contextmanager
    def lock(path: Path) -> Iterator[bool]:
        with try_lock(path) as held:
            yield held
            if late and late.pop():
                session.publish(hero_of(session), "model", {"usd": usda})
                assert [each.outcome for each in told.followers.run()] == ["busy"]

    monkeypatch.setattr("bifrost_sdk.services.deliveries.try_lock", lock)
    told.followers.run()
    assert noted(site, "tells") == [1, 2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
def test_each_version_is_told_once_when_many_processes_publish(session: Session, site: Path, usda: Path) -> None:
    told = following(session, "tells")
    told.followers.run()
    hero = hero_of(session)
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            for _ in range(5):
                with delivering(told.context, "demo"):
                    session.publish(hero, "model", {"usd": usda})
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    published = sorted(session.versions.of(f"{hero.ref}/model"), key=lambda version: version.revision)
    assert noted(site, "tells") == [version.number for version in published]
    assert sorted(noted(site, "tells")) == list(range(1, 16))


# Odd states


def test_follower_goes_on_from_the_end_when_the_log_was_put_back(session: Session, site: Path, usda: Path) -> None:
    told = following(session, "tells")
    publish(told, usda)
    session.close()
    folder = session.settings.folder
    shutil.copy(folder / "catalog.sqlite", folder / "backup.sqlite")
    with connect(folder, user="anna") as again:
        publish(following(again, "tells"), usda, 2)
    for leftover in folder.glob("catalog.sqlite-*"):
        leftover.unlink()
    shutil.copy(folder / "backup.sqlite", folder / "catalog.sqlite")
    shutil.rmtree(again.context.roots["publish"] / "demo/assets/char/hero/model")
    with connect(folder, user="anna") as again:
        told = following(again, "tells")
        assert told.followers.list()[0].revision == again.revision("demo")
        publish(told, usda)
    assert noted(site, "tells") == [1, 2, 3, 2]


def test_damaged_cursor_is_told_and_publishing_goes_on_when_it_cannot_be_read(
    session: Session, site: Path, usda: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = following(session, "fails", "tells")
    publish(told, usda)
    (cursor,) = (session.settings.folder / ".bifrost/followers").glob("*fails/*.json")
    cursor.write_text("{")
    publish(told, usda)
    assert "move it away" in caplog.text
    assert [(each.outcome, "move it away" in each.reason) for each in told.followers.run()] == [("broken", True)]
    assert ["move it away" in each.error for each in told.followers.list()] == [True, False]
    assert noted(site, "fails") == [1]
    assert noted(site, "tells") == [1, 2]


def test_followers_need_a_workspace_when_they_are_run(session: Session, site: Path, usda: Path) -> None:
    nowhere = attrs.evolve(context_of(session, "tells").plugins, folder=None)
    context = attrs.evolve(session.context, plugins=nowhere)
    with pytest.raises(ConfigurationError, match="need a workspace"):
        Followers(context).run()
    with delivering(context, "demo"):
        session.publish(hero_of(session), "model", {"usd": usda})
    assert noted(site, "tells") == []
    with pytest.raises(NotFoundError):
        Followers(context).run("nowhere")


def test_nothing_is_made_on_disk_when_there_are_no_followers(session: Session, usda: Path) -> None:
    publish(session, usda)
    assert session.followers.run() == []
    assert not (session.settings.folder / ".bifrost/followers").exists()
