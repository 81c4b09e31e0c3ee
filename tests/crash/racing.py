"""Processes that publish one product at once, while others recover and read what is latest.

Run as a program: ``racing.py WORKSPACE SOURCE PROCESSES COUNT [MUTANT]``. Each publisher makes `COUNT` versions. Prints
a line of JSON: the references made by each publisher, how often was read and recovered, and what went wrong.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import runpy
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bifrost_sdk as bf
from bifrost_sdk.errors import NotFoundError
from bifrost_sdk.session import Session

HERO = "bifrost://demo/assets/char/hero"
READERS = 2


def body_of(text: str) -> bytes:
    """A file that can be known to be whole: the hash of its rest, then that."""
    body = f"{text}\n".encode() * 4_000
    return hashlib.sha256(body).hexdigest().encode() + body


def is_whole(content: bytes) -> bool:
    return len(content) > 64 and hashlib.sha256(content[64:]).hexdigest().encode() == content[:64]


def publish(session: Session, source: Path, count: int) -> list[str]:
    made = []
    for number in range(count):
        own = source / f"{os.getpid()}.abc"
        own.write_bytes(body_of(f"{os.getpid()} {number}"))
        made.append(session.publish(HERO, "cache", {"abc": own}, comment=f"{os.getpid()} {number}").ref)
    return made


def read(session: Session, stop: Path) -> int:
    """How often the latest version was read: whole, with its manifest, and never older than before."""
    count = last = 0
    while not stop.exists():
        with contextlib.suppress(NotFoundError):  # before the first version
            path = session.resolve(f"{HERO}/cache/latest")
            number = int(re.findall(r"v(\d+)", path.parent.name)[0])
            assert number >= last, (number, last)
            assert is_whole(path.read_bytes()), path
            assert path.with_name("manifest.json").read_bytes(), path
            last, count = number, count + 1
    return count


def recover(session: Session, stop: Path) -> int:
    count = 0
    while not stop.exists():
        found = session.recover().findings
        assert {each.outcome for each in found} <= {"waiting"}, found
        count += 1
    return count


def fork(do: Callable[[Session], Any], workspace: Path, answer: Path) -> int:
    child = os.fork()
    if child == 0:
        said: dict[str, Any] = {}
        try:
            with bf.connect(workspace, user="anna") as session:
                said = {"done": do(session)}
        except BaseException:  # noqa: BLE001 - told, and judged by the test
            said = {"crash": traceback.format_exc()}
        answer.write_text(json.dumps(said))
        os._exit(0)
    return child


def main(workspace: Path, source: Path, processes: int, count: int) -> None:
    stop, answers = source / "stop", [source / f"{number}.answer" for number in range(processes + READERS + 1)]
    publishers = [
        fork(lambda session: publish(session, source, count), workspace, answer) for answer in answers[:processes]
    ]
    others = [fork(lambda session: read(session, stop), workspace, answer) for answer in answers[processes:-1]]
    others.append(fork(lambda session: recover(session, stop), workspace, answers[-1]))
    for child in publishers:
        os.waitpid(child, 0)
    stop.touch()
    for child in others:
        os.waitpid(child, 0)
    said = [json.loads(answer.read_text()) for answer in answers]
    done = [each.get("done") for each in said]
    crashes = [each["crash"] for each in said if "crash" in each]
    made, counts = done[:processes], done[processes:]
    sys.stdout.write(json.dumps({"made": made, "read": counts[:-1], "recovered": counts[-1], "crashes": crashes}))


if __name__ == "__main__":
    for name in sys.argv[5:]:
        runpy.run_path(str(Path(__file__).with_name("doing.py")))["MUTANTS"][name]()
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
