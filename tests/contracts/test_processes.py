"""Real processes on one file: nothing is lost, doubled or starved, and what was acknowledged outlives a power cut."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.domain.changes import Create, Event, Update
from bifrost_sdk.domain.model import Version
from bifrost_sdk.domain.query import Query
from bifrost_sdk.ports import Actor, Catalog
from bifrost_sdk.testing import Builder, Show, make_id

_SOAKS = bool(os.environ.get("BIFROST_SOAK"))
SECONDS = 20 if _SOAKS else 4
PROCESSES = 8
COMMITTING = Path(__file__).with_name("committing.py")


def opened(path: Path) -> contextlib.closing[Catalog]:
    """The catalog in the file, as the library itself asks it."""
    return contextlib.closing(Authority(SqliteStore(path)).bind(Actor("system", system=True)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.db"


@pytest.fixture
def made(path: Path) -> Show:
    with contextlib.closing(Authority(SqliteStore(path))) as catalog:
        return Builder(catalog).show()


def follow(catalog: Catalog, writers: list[subprocess.Popen[str]], found: list[Event]) -> None:
    """Read what is new until all writers have ended and nothing more comes."""
    while True:
        are_done = all(writer.poll() is not None for writer in writers)
        step = catalog.events("demo", after=found[-1].revision if found else 0, limit=200)
        found += step
        if are_done and not step:
            return


@pytest.mark.slow
def test_nothing_is_lost_doubled_or_starved_when_many_processes_commit(path: Path, made: Show, tmp_path: Path) -> None:
    logs = [tmp_path / f"{number}.log" for number in range(PROCESSES)]
    writers = []
    for number, log in enumerate(logs):
        arguments = [sys.executable, str(COMMITTING), str(path), str(number), str(SECONDS)]
        with log.open("w") as out, log.with_suffix(".err").open("w") as err:
            writers.append(subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=out, stderr=err, text=True))
    followed: list[Event] = []
    with opened(path) as catalog:
        for log in logs:
            while "ready" not in log.read_text():
                assert all(writer.poll() is None for writer in writers)
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.close()
        follow(catalog, writers, followed)
        assert [log.with_suffix(".err").read_text() for log in logs] == [""] * PROCESSES
        assert [writer.wait() for writer in writers] == [0] * PROCESSES
        answers = [[json.loads(line) for line in log.read_text().splitlines()[1:]] for log in logs]
        check_answers(catalog, answers, followed)


def check_answers(catalog: Catalog, answers: list[list[list[object]]], followed: list[Event]) -> None:
    counts = [len(each) for each in answers]
    total = sum(counts)
    assert min(counts) * 20 > total / PROCESSES, f"one process hardly ever had its turn: {counts}"
    acknowledged = sorted(answer for each in answers for answer in each)
    assert [revision for revision, _, _ in acknowledged] == list(range(2, total + 2))
    assert [number for _, number, _ in acknowledged] == list(range(4, total + 4))
    for each in answers:
        assert each == sorted(each)
    assert catalog.revision("demo") == total + 1
    assert catalog.find(Query("version", "demo").where(state="reserved").count()).count == total + 1
    assert [(event.revision, event.position) for event in followed if event.revision > 1] == [
        (revision, position) for revision in range(2, total + 2) for position in (0, 1)
    ]
    created = {event.revision: event.subject for event in followed if event.position == 0}
    assert all(created[revision] == id for revision, _, id in acknowledged)


def reserve(path: Path, id: str, product: str) -> int:
    with opened(path) as catalog:
        (version,) = catalog.commit("demo", [Create(Version(id=id, product=product))]).entities
    assert isinstance(version, Version)
    assert version.number is not None
    return version.number


def numbers(path: Path, product: str) -> list[int]:
    with opened(path) as catalog:
        return [each.number for each in catalog.find(Query("version", "demo").where(product=product).sort("number"))]


def test_number_is_never_given_twice_when_the_unsynced_tail_of_the_log_is_lost(
    path: Path, made: Show, tmp_path: Path
) -> None:
    """Power fails after a reservation was acknowledged and before or while its version is finalised.

    All that a power cut may take is what was written after the last sync. With ``synchronous=FULL`` the write-ahead log
    is synced before a commit is acknowledged (shown by the next test), so its length at that moment is what is safe;
    of what comes later any part may be missing or torn. Each such file must still know the number, and go on after it.
    """
    product = made.ids["hero/model"]
    wal = path.with_name(f"{path.name}-wal")
    version = Version(id=make_id(0x900000), product=product)
    with opened(path) as catalog:
        catalog.commit("demo", [Create(version)])
        base, safe = path.read_bytes(), wal.read_bytes()
        catalog.commit("demo", [Update(version.id, {"state": "published"})])
        assert path.read_bytes() == base, "the log was moved into the file: what is safe is another than thought"
        whole = wal.read_bytes()
    assert whole[: len(safe)] == safe
    assert len(whole) > len(safe)
    torn = bytes(len(whole) - len(safe) - 100)
    tails = [whole[len(safe) : len(safe) + cut] for cut in range(0, len(whole) - len(safe), 1_021)]
    for place, tail in enumerate([*tails, torn, whole[len(safe) : -5_000] + torn[:5_000]]):
        copy = tmp_path / str(place) / path.name
        copy.parent.mkdir()
        copy.write_bytes(base)
        copy.with_name(wal.name).write_bytes(safe + tail)
        assert reserve(copy, make_id(0x900001), product) == 5
        assert numbers(copy, product) == [1, 2, 3, 4, 5]


def test_number_is_lost_when_what_was_synced_is_lost_too(path: Path, made: Show, tmp_path: Path) -> None:
    """The test above can fail: without the end of the safe part the number is given again."""
    product = made.ids["hero/model"]
    wal = path.with_name(f"{path.name}-wal")
    with opened(path) as catalog:
        catalog.commit("demo", [Create(Version(id=make_id(0x900000), product=product))])
        copy = tmp_path / "cut" / path.name
        copy.parent.mkdir()
        copy.write_bytes(path.read_bytes())
        copy.with_name(wal.name).write_bytes(wal.read_bytes()[:-100])
    assert reserve(copy, make_id(0x900001), product) == 4


def test_log_is_synced_when_a_commit_is_acknowledged(
    path: Path, made: Show, tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    if shutil.which("strace") is None:
        missing("install the Debian package strace")
    trace = tmp_path / "trace"
    calls = "trace=openat,write,pwrite64,fsync,fdatasync"
    arguments = ["strace", "-f", "-y", "-o", str(trace), "-e", calls, sys.executable, str(COMMITTING), str(path)]
    subprocess.run([*arguments, "1", "0.3"], input="go\n", text=True, check=True, capture_output=True)
    is_dirty, acknowledged = False, 0
    for line in trace.read_text(errors="replace").splitlines():
        if re.search(r"pwrite64\(\d+<[^>]*-wal>", line):
            is_dirty = True
        elif re.search(r"(fsync|fdatasync)\(\d+<[^>]*-wal>", line):
            is_dirty = False
        elif re.search(r"write\(1<[^>]*>, \"\[", line):
            assert not is_dirty, "acknowledged before it was synced"
            acknowledged += 1
    assert acknowledged
