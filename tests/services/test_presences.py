from __future__ import annotations

import errno
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.services import presences
from bifrost_sdk.services.identity import new_id
from bifrost_sdk.session import Session, connect

HERO = "bifrost://demo/assets/char/hero"

# Publishes, or adds to what was published, and says so once bytes were copied; then it copies no more.
STUCK = """
import sys, time
from bifrost_sdk.session import connect
from bifrost_sdk.services.publications import Publication

def wait(done, total):
    print("copied", flush=True)
    time.sleep(60)

workspace, source, what = sys.argv[1:]
with connect(workspace, user="anna") as session:
    if what == "add":
        version = session.versions.get("bifrost://demo/assets/char/hero/model/v001")
        session.versions.add(version, {"proxy": source}, progress=wait)
    else:
        both = [Publication("bifrost://demo/assets/char/hero", code, {"usd": source}) for code in ("model", "rig")]
        session.publish_set(both, progress=wait)
"""


@pytest.fixture
def source(tmp_path: Path, session: Session) -> Path:
    session.assets.create("demo", "char", "hero")
    path = tmp_path / "hero.usda"
    path.write_text("#usda 1.0\n")
    return path


def stuck(session: Session, source: Path, what: str = "publish") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", STUCK, str(session.settings.folder), str(source), what]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "copied\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def states(session: Session) -> list[str]:
    versions = list(session.iterate(Query("version", project="demo").sort("id")))
    assert all(isinstance(version, Version) for version in versions)
    return [version.state for version in versions]


def rest(session: Session) -> list[str]:
    folder = session.context.plugins.folder
    assert folder is not None
    staged = session.context.roots["publish"] / ".bifrost/tx"
    return [path.name for place in (folder / presences.FOLDER, staged) if place.exists() for path in place.iterdir()]


def test_set_of_a_dead_publisher_is_settled_when_its_user_connects_again(session: Session, source: Path) -> None:
    process = stuck(session, source)
    with connect(session.settings.folder, user="anna") as other:
        assert states(other) == ["reserved", "reserved"]
    kill(process)
    with connect(session.settings.folder, user="anna") as other:
        assert states(other) == ["abandoned", "abandoned"]
        assert rest(other) == []
        assert other.publish(HERO, "model", {"usd": source}).number == 2


def test_what_was_added_by_a_dead_publisher_is_given_up_when_its_user_connects_again(
    session: Session, source: Path
) -> None:
    version = session.publish(HERO, "model", {"usd": source})
    kill(stuck(session, source, "add"))
    with connect(session.settings.folder, user="anna") as other:
        assert [each.name for each in other.iterate(Query("representation", project="demo"))] == ["usd"]
        assert rest(other) == []
        (added,) = other.versions.add(version, {"proxy": source})
        assert added.name == "proxy"


def test_dead_publisher_of_somebody_else_is_left_to_its_lease(session: Session, source: Path) -> None:
    session.users.create("bo")
    session.users.grant("bo", "artist", project="demo")
    kill(stuck(session, source))
    with connect(session.settings.folder, user="bo") as other:
        assert states(other) == ["reserved", "reserved"]
    assert len(rest(session)) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="stops a process by a signal")
def test_publisher_that_only_sleeps_is_never_disturbed(session: Session, source: Path) -> None:
    process = stuck(session, source)
    process.send_signal(signal.SIGSTOP)
    for _ in range(5):
        connect(session.settings.folder, user="anna").close()
    assert states(session) == ["reserved", "reserved"]
    kill(process)


def test_lock_goes_when_a_publish_ends(session: Session, source: Path) -> None:
    session.publish(HERO, "model", {"usd": source})
    assert rest(session) == []


def test_publishing_works_when_no_lock_can_be_had(session: Session, source: Path) -> None:
    folder = session.context.plugins.folder
    assert folder is not None
    folder.mkdir(exist_ok=True)
    (folder / presences.FOLDER).write_text("in the way")
    assert session.publish(HERO, "model", {"usd": source}).number == 1
    connect(session.settings.folder, user="anna").close()


def test_locks_of_other_machines_and_strange_files_are_left_alone(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = session.context.plugins.folder
    assert folder is not None
    kill(stuck(session, source))
    (folder / presences.FOLDER / "notes.txt").write_text("")
    monkeypatch.setattr("platform.node", lambda: "elsewhere")
    with connect(session.settings.folder, user="anna") as other:
        assert states(other) == ["reserved", "reserved"]
    assert presences.found(folder) == []
    monkeypatch.undo()
    assert [mark.project for mark in presences.found(folder)] == ["demo"]


def test_lock_of_what_was_never_reserved_goes_when_somebody_connects(session: Session) -> None:
    folder = session.context.plugins.folder
    assert folder is not None
    with presences.shown(folder, "demo", new_id()):
        (mark,) = presences.found(folder)
        with mark.held() as are_dead:
            assert not are_dead
        connect(session.settings.folder, user="anna").close()
        assert presences.found(folder) == [mark]
        (path,) = mark.folder.iterdir()
    path.touch()
    connect(session.settings.folder, user="anna").close()
    assert presences.found(folder) == []
    with presences.shown(None, "demo", new_id()):
        assert presences.found(None) == []


def test_publisher_without_a_lock_is_left_to_its_lease_when_locks_can_be_had_again(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a share whose lock server is away for a while."""
    seen = []

    def refuse(_: object) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    def look(done: int, total: int) -> None:
        patch.undo()
        with connect(session.settings.folder, user="anna") as other:
            seen.append(states(other))

    with monkeypatch.context() as patch:
        patch.setattr("bifrost_sdk.services.locks._take", refuse)
        assert session.publish(HERO, "model", {"usd": source}, progress=look).number == 1
    assert seen == [["reserved"]]
    assert rest(session) == []


def test_living_publisher_is_left_alone_when_another_of_its_key_died(session: Session, source: Path) -> None:
    """The same request twice at once has one version; a dead one of the two says nothing of the other."""
    seen = []
    context = session.context
    assert context.plugins.folder is not None

    def look(done: int, total: int) -> None:
        (mark,) = presences.found(context.plugins.folder)
        (mark.folder / f"{mark.start}0.lock").touch()  # as the other left it
        with connect(session.settings.folder, user="anna") as other:
            seen.append(states(other))

    assert session.publish(HERO, "model", {"usd": source}, progress=look, key="farm job 7").number == 1
    assert seen == [["reserved"]]
    connect(session.settings.folder, user="anna").close()
    assert rest(session) == []


def test_version_is_settled_when_its_publisher_was_interrupted_before_it_began(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("bifrost_sdk.services.following.delivering", interrupt)
        with pytest.raises(KeyboardInterrupt):
            session.publish(HERO, "model", {"usd": source})
    assert states(session) == ["reserved"]
    with connect(session.settings.folder, user="anna") as other:
        assert states(other) == ["abandoned"]
    assert rest(session) == []


def test_dead_publisher_is_settled_later_when_it_cannot_be_settled_now(session: Session, source: Path) -> None:
    kill(stuck(session, source))
    root = session.context.roots["publish"]
    root.rename(root.with_name("elsewhere"))
    connect(session.settings.folder, user="anna").close()
    assert states(session) == ["reserved", "reserved"]
    root.with_name("elsewhere").rename(root)
    connect(session.settings.folder, user="anna").close()
    assert states(session) == ["abandoned", "abandoned"]
    assert rest(session) == []
