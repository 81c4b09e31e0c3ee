"""What is particular to the store in memory; the rest is in the contract."""

from __future__ import annotations

import threading

import pytest

from bifrost_sdk.adapters.memory.store import MemoryStore
from bifrost_sdk.domain.model import Status
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import CatalogError
from bifrost_sdk.testing import make_id
from bifrost_sdk.testing.ledger import Ledger


def test_stores_are_apart_when_there_are_two() -> None:
    one, other = MemoryStore(), MemoryStore()
    Ledger(one).commit("demo", [Status(id=make_id(1), code="todo")])
    assert (one.projects(), other.projects()) == ({"demo": 1}, {})


def test_write_is_refused_when_begun_inside_a_write_of_the_same_thread() -> None:
    store = MemoryStore()
    with store.begin("demo") as transaction:
        transaction.create_project("demo")
        with pytest.raises(CatalogError, match="inside"), store.begin("demo"):
            pass
    assert store.projects() == {"demo": 1}


def test_read_sees_what_was_written_when_begun_inside_a_write() -> None:
    store = MemoryStore()
    with store.begin("demo") as transaction:
        transaction.create_project("demo")
        with store.begin() as reading:
            assert reading.head("demo") == (1, 0)


def test_write_of_a_missing_project_is_refused_when_it_was_not_made() -> None:
    store = MemoryStore()
    with pytest.raises(Exception, match="no such project"), store.begin("demo") as transaction:
        transaction.write([])
    assert store.projects() == {}


def test_commits_are_all_there_when_many_threads_write() -> None:
    store = MemoryStore()
    with store.begin("demo") as transaction:
        transaction.create_project("demo")

    def write() -> None:
        for _ in range(50):
            with store.begin("demo"):
                pass

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.projects() == {"demo": 201}


def test_pages_go_on_when_there_are_more_than_one_evaluation_gives() -> None:
    store = MemoryStore()
    ledger = Ledger(store)
    ledger.commit("demo", [Status(id=make_id(number), code=f"s{number}") for number in range(1_050)])
    query = Query("status", "demo").limit(1_000)
    offset, sizes = None, []
    with store.begin() as transaction:
        for _ in range(2):
            page = transaction.select(query, offset=offset)
            sizes.append(len(page.records))
            offset = page.last
    assert sizes == [1_000, 50]
    assert offset is None
