from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.adapters.sqlite import connection, schema
from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.errors import CatalogError


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    folders = os.pathsep.join(sys.path)
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": folders},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_open_makes_a_catalog_when_there_is_none(path: Path, store: SqliteStore) -> None:
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
    assert raw.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
    assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()
    own = store._connections.get().raw
    assert own.execute("PRAGMA synchronous").fetchone() == (2,)
    assert own.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_open_refuses_and_leaves_alone_when_the_file_is_no_database(path: Path) -> None:
    path.write_bytes(b"a text, and nothing else " * 100)
    with pytest.raises(CatalogError, match="no SQLite database"):
        SqliteStore(path)
    assert path.read_bytes() == b"a text, and nothing else " * 100


@pytest.mark.parametrize("start", [16, 100, 1000])
def test_open_asks_for_a_backup_when_the_catalog_is_damaged(path: Path, start: int) -> None:
    SqliteStore(path).close()
    content = bytearray(path.read_bytes())
    content[start : start + 4000] = b"\xff" * 4000
    path.write_bytes(content)
    with pytest.raises(CatalogError, match=r"is damaged \(.*\); restore a backup"):
        SqliteStore(path)
    assert path.read_bytes() == content


def test_open_refuses_and_leaves_alone_when_the_database_is_foreign(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE other (id)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(CatalogError, match="another program"):
        SqliteStore(path)
    assert path.read_bytes() == before


def test_open_refuses_when_the_catalog_is_newer(path: Path, store: SqliteStore) -> None:
    store._connections.get().raw.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(CatalogError, match=rf"schema {schema.VERSION + 1}.*up to {schema.VERSION}: update"):
        SqliteStore(path)


def test_open_refuses_when_the_folder_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="check that the folder exists"):
        SqliteStore(tmp_path / "missing" / "catalog.db")


def test_open_for_reading_refuses_when_there_is_nothing_or_an_empty_file(path: Path) -> None:
    with pytest.raises(CatalogError, match="there is no catalog"):
        SqliteStore(path, read_only=True)
    path.touch()
    with pytest.raises(CatalogError, match="open it once for writing"):
        SqliteStore(path, read_only=True)


@pytest.mark.parametrize(("version", "reason"), [((3, 33, 0), "too old")])
def test_open_refuses_when_the_library_is_too_old(
    path: Path, version: tuple[int, ...], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    with pytest.raises(CatalogError, match=reason):
        SqliteStore(path)


def test_open_loads_no_migrations_when_the_schema_is_current(path: Path, store: SqliteStore) -> None:
    code = (
        "import sys; from bifrost_sdk.adapters.sqlite.store import SqliteStore; SqliteStore(sys.argv[1]).close()\n"
        "print('sqlite_utils' in sys.modules)"
    )
    out, err = python(code, path).communicate(timeout=30)
    assert out.strip() == "False", err


def test_migration_leaves_the_catalog_whole_when_killed_in_the_middle(path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from bifrost_sdk.adapters.sqlite import migrations\n"
        "from bifrost_sdk.adapters.sqlite.store import SqliteStore\n"
        "def die(database):\n"
        "    assert database['entity'].exists()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "migrations.MIGRATIONS = (*migrations.MIGRATIONS, die)\n"
        "SqliteStore(sys.argv[1])"
    )
    process = python(code, path)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    raw.close()
    store = SqliteStore(path)
    assert store.projects() == {}
    store.close()


def test_migration_rolls_back_when_a_step_fails(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bifrost_sdk.adapters.sqlite import migrations

    def fail(database: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, fail))
        with pytest.raises(CatalogError, match="disk is full; nothing was changed"):
            SqliteStore(path)
    store = SqliteStore(path)
    assert store.projects() == {}
    store.close()


def test_open_works_once_when_two_processes_make_the_catalog_at_once(path: Path) -> None:
    code = (
        "import sys, time; from bifrost_sdk.adapters.sqlite.store import SqliteStore\n"
        "from bifrost_sdk.adapters.sqlite import migrations\n"
        "while time.time() < float(sys.argv[2]): pass\n"
        "store = SqliteStore(sys.argv[1])\n"
        "with store.begin('studio') as transaction: transaction.create_project('studio')\n"
        "store.close()"
    )
    import time

    start = time.time() + 0.6
    processes = [python(code, path, start) for _ in range(3)]
    for process in processes:
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
    store = SqliteStore(path)
    assert store.projects() == {"studio": 3}
    store.close()


def test_get_gives_each_thread_its_own_connection(store: SqliteStore) -> None:
    found = [store._connections.get()]
    thread = threading.Thread(target=lambda: found.append(store._connections.get()))
    thread.start()
    thread.join()
    assert found[0] is not found[1]
    assert found[0] is store._connections.get()


def test_close_refuses_later_use_and_can_be_repeated(store: SqliteStore) -> None:
    store.close()
    store.close()
    with pytest.raises(CatalogError, match="was closed"):
        store.projects()


forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
threaded = pytest.mark.filterwarnings(
    "ignore:This process:DeprecationWarning"
)  # forking with threads is what is tested


def in_child(act: Callable[[], object]) -> int:
    """A forked child that does this; it dies when it hangs."""
    child = os.fork()
    if not child:
        code = 1
        try:
            signal.alarm(30)
            act()
            code = 0
        except BaseException:  # noqa: BLE001 - whatever it is, the child ends here
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def code_of(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@forks
def test_use_opens_anew_when_the_process_was_forked(store: SqliteStore) -> None:
    with store.begin("studio") as transaction:
        transaction.create_project("studio")
    before = store.token()

    def act() -> None:
        assert store.token() != before
        with store.begin("studio") as transaction:
            assert transaction.head("studio")[0] == 2

    assert code_of(in_child(act)) == 0
    assert store.projects() == {"studio": 2}


@forks
def test_commit_of_a_child_stays_when_its_parent_closes_first(store: SqliteStore, path: Path) -> None:
    """An inherited connection would hide from SQLite that the child uses the log, which the parent then deletes."""
    with store.begin("studio") as transaction:
        transaction.create_project("studio")
    closed, tell = os.pipe()

    def act() -> None:
        with store.begin("studio"):
            pass
        os.read(closed, 1)
        for _ in range(3):
            with store.begin("studio"):
                pass
        store.close()

    child = in_child(act)
    assert store.projects()["studio"] in (1, 2)
    store.close()
    os.write(tell, b"x")
    assert code_of(child) == 0
    again = SqliteStore(path)
    assert again.projects() == {"studio": 5}
    again.close()


@forks
@threaded
def test_child_reads_and_writes_when_threads_of_its_parent_do(store: SqliteStore) -> None:
    with store.begin("studio") as transaction:
        transaction.create_project("studio")
    stop = threading.Event()
    written = []

    def write() -> None:
        while not stop.is_set():
            with store.begin("studio") as transaction:
                revision = transaction.head("studio")[0]
            written.append(revision)

    def read() -> None:
        while not stop.is_set():
            store.token()
            with store.begin() as transaction, store.begin():
                transaction.head("studio")

    def act() -> None:
        store.token()
        for _ in range(2):
            with store.begin("studio") as transaction:
                assert transaction.head("studio")[0] > 1
        assert store.projects()["studio"] > 2

    threads = [threading.Thread(target=each) for each in (write, read, read)]
    for thread in threads:
        thread.start()
    children = [in_child(act) for _ in range(12)]
    codes = [code_of(child) for child in children]
    stop.set()
    for thread in threads:
        thread.join()
    assert codes == [0] * 12
    assert store.projects() == {"studio": 1 + len(written) + 2 * 12}
    assert len(set(written)) == len(written)


@forks
@pytest.mark.parametrize("project", [None, "studio"])
def test_child_is_refused_when_it_was_forked_in_the_middle(store: SqliteStore, project: str | None) -> None:
    with store.begin("studio") as transaction:
        transaction.create_project("studio")

    def act() -> None:
        for attempt in (store.token, store.projects, store.begin("studio").__enter__, lambda: SqliteStore(store.path)):
            with pytest.raises(CatalogError, match="was in use at the moment when this process was forked"):
                attempt()

    with store.begin(project):
        assert code_of(in_child(act)) == 0
    assert store.projects() == {"studio": 2 if project else 1}


@forks
def test_write_is_left_to_the_parent_when_it_was_begun_before_the_fork(store: SqliteStore) -> None:
    with store.begin("studio") as transaction:
        transaction.create_project("studio")
    child = 0
    try:
        with store.begin("studio"):
            child = os.fork()
    except CatalogError as error:
        os._exit(0 if not child and "left to the parent" in str(error) else 1)
    if not child:
        os._exit(2)
    assert code_of(child) == 0
    assert store.projects() == {"studio": 2}


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("database is locked", "try again"),
        ("attempt to write a readonly database", "permissions"),
        ("database disk image is malformed", "restore a backup"),
        ("something else", "something else; nothing was changed"),
    ],
)
def test_explained_says_what_to_do_when_sqlite_fails(reason: str, advice: str) -> None:
    error = connection.explained(sqlite3.OperationalError(reason), "c.db")
    assert advice in str(error)
    assert error.reason == reason
    assert "database is locked" not in str(error)
