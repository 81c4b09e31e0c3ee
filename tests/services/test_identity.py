from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import uuid

import pytest

from bifrost_sdk.domain.entity import check_id
from bifrost_sdk.services import identity
from bifrost_sdk.services.identity import IdGenerator, new_id


def test_id_is_a_uuid_of_version_7_when_made() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(check_id(new_id()))
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1_000


def test_ids_rise_and_never_repeat_when_made_fast() -> None:
    ids = [new_id() for _ in range(20_000)]
    assert ids == sorted(set(ids))


def test_ids_rise_when_the_clock_stands_still_or_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([5_000_000_000] * 5_000 + [4_000_000_000] * 5_000)
    monkeypatch.setattr(identity.time, "time_ns", lambda: next(ticks))
    make = IdGenerator()
    ids = [make() for _ in range(10_000)]
    assert ids == sorted(set(ids))
    assert uuid.UUID(ids[0]).int >> 80 == 5_000
    assert uuid.UUID(ids[-1]).int >> 80 <= 5_005


def test_ids_never_repeat_when_threads_make_them() -> None:
    found: list[list[str]] = []

    def make() -> None:
        found.append([new_id() for _ in range(5_000)])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({item for ids in found for item in ids}) == 20_000
    assert all(ids == sorted(ids) for ids in found)


def test_generator_begins_anew_when_it_finds_itself_in_another_process() -> None:
    make = IdGenerator()
    before = make()
    make._process = -1
    chance = make._random
    assert make() > before
    assert make._random is not chance


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_ids_differ_when_the_process_forked() -> None:
    program = """
import json, os
from bifrost_sdk.services import identity
identity.new_id()
identity._next_id._lock.acquire()  # as if another thread held it in the moment of the fork
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, json.dumps([identity.new_id() for _ in range(100)]).encode())
    os._exit(0)
identity._next_id._lock.release()
mine = [identity.new_id() for _ in range(100)]
os.wait()
print(len(set(mine) | set(json.loads(os.read(reader, 100_000)))))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == 200
