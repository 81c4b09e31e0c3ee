from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.errors import CatalogError, NotFoundError


def made(store: SqliteStore, *codes: str) -> None:
    with store.begin("studio") as transaction:
        for code in ("studio", *codes):
            transaction.create_project(code)


def test_begin_increments_the_head_when_it_writes(store: SqliteStore) -> None:
    made(store, "demo")
    with store.begin("demo") as transaction:
        assert transaction.head("demo") == (1, 0)
    assert store.projects() == {"studio": 1, "demo": 1}


def test_begin_rolls_back_when_the_block_raises(store: SqliteStore) -> None:
    made(store, "demo")

    def fail() -> None:
        with store.begin("demo") as transaction:
            transaction.create_project("other")
            raise KeyError(transaction._number("other"))

    with pytest.raises(KeyError, match="3"):
        fail()
    assert store.projects() == {"studio": 1, "demo": 0}
    with store.begin() as transaction:
        assert transaction._number("other") == 0


def test_begin_finds_no_head_when_the_project_is_unknown(store: SqliteStore) -> None:
    with store.begin("nowhere") as transaction, pytest.raises(NotFoundError, match="no such project"):
        transaction.head("nowhere")


def test_begin_nests_reads_of_one_state(store: SqliteStore, path: Path) -> None:
    made(store, "demo")
    other = SqliteStore(path)
    with store.begin() as outer:
        assert outer.head("demo")[0] == 0
        with other.begin("demo"):
            pass
        with store.begin() as inner:
            assert inner.head("demo")[0] == 0
        assert outer.head("demo")[0] == 0
    with store.begin() as later:
        assert later.head("demo")[0] == 1
    other.close()


def test_begin_reads_what_was_written_when_inside_a_write(store: SqliteStore) -> None:
    made(store, "demo")
    with store.begin("demo"), store.begin() as inside:
        assert inside.head("demo")[0] == 1
    assert store.projects()["demo"] == 1


def test_begin_refuses_a_write_when_inside_another_transaction(store: SqliteStore) -> None:
    made(store)
    with store.begin(), pytest.raises(CatalogError, match="inside another"), store.begin("studio"):
        pass
    with store.begin("studio"), pytest.raises(CatalogError, match="inside another"), store.begin("studio"):
        pass


def test_write_refuses_when_the_store_only_reads(store: SqliteStore, path: Path) -> None:
    made(store)
    with store.begin() as transaction, pytest.raises(CatalogError, match="only reads"):
        transaction.write([])
    reader = SqliteStore(path, read_only=True)
    with pytest.raises(CatalogError, match="reading only"), reader.begin("studio"):
        pass
    assert reader.projects() == {"studio": 1}
    reader.close()


def test_begin_says_who_is_in_the_way_when_the_catalog_is_busy(store: SqliteStore, path: Path) -> None:
    made(store)
    other = SqliteStore(path)
    with (
        other.begin("studio"),
        pytest.raises(CatalogError, match=r"busy for 0.05 s.*another program"),
        store.begin("studio", timeout=0.05),
    ):
        pass
    other.close()
    with store.begin("studio") as transaction:
        assert transaction.head("studio")[0] == 3


def test_begin_waits_for_a_thread_of_its_own_process(store: SqliteStore) -> None:
    made(store)
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with store.begin("studio"):
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait(10)
    with pytest.raises(CatalogError, match="busy"), store.begin("studio", timeout=0.01):
        pass
    leave.set()
    thread.join()


def test_begin_explains_when_sqlite_fails_inside(store: SqliteStore) -> None:
    made(store)
    for project in (None, "studio"):
        with pytest.raises(CatalogError, match="nothing was changed"), store.begin(project) as transaction:
            transaction.connection.execute("SELECT nothing")


def test_token_changes_when_anybody_commits(store: SqliteStore, path: Path) -> None:
    made(store)
    first = store.token()
    assert store.token() == first
    with store.begin("studio"):
        pass
    second = store.token()
    assert second != first
    other = SqliteStore(path)
    with other.begin("studio"):
        pass
    other.close()
    third = store.token()
    assert third != second

    def commit() -> None:
        with store.begin("studio"):
            pass

    thread = threading.Thread(target=commit)
    thread.start()
    thread.join()
    assert store.token() != third


WRITER = """
import sys, time
from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.ports import LoggedCommit
store, name, end = SqliteStore(sys.argv[1]), sys.argv[2], time.time() + 1.5
count = 0
while time.time() < end:
    with store.begin("demo") as transaction:
        revision, _ = transaction.head("demo")
        transaction.append(LoggedCommit("demo", revision, revision, name, None, "", "[]"), [])
    count += 1
store.close()
print(count)
"""


def test_commits_are_gapless_and_none_starves_when_processes_write_at_once(store: SqliteStore, path: Path) -> None:
    made(store, "demo")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", WRITER, str(path)]
    processes = [
        subprocess.Popen([*command, f"writer{number}"], stdout=subprocess.PIPE, text=True, env=environment)
        for number in range(4)
    ]
    counts = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert min(counts) > 0
    raw = sqlite3.connect(path)
    revisions = [row[0] for row in raw.execute("SELECT revision FROM commits ORDER BY revision")]
    raw.close()
    assert revisions == list(range(1, sum(counts) + 1))
