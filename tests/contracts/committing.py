"""A process that commits to a catalog as fast as it may: run with a path, a number of its own, and seconds.

Each acknowledged commit is one line of JSON; the first line says that it is ready, and it begins when told to.
"""

from __future__ import annotations

import json
import sys
import time

from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.model import Status, Version
from bifrost_sdk.ports import Actor
from bifrost_sdk.testing import make_id, show


def main(path: str, number: int, seconds: float) -> None:
    """Reserve a version and make a status in each commit."""
    catalog = Authority(SqliteStore(path, timeout=120)).bind(Actor("system", system=True))
    product = show().ids["hero/model"]
    _say("ready")
    sys.stdin.readline()
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        first = (number * 1_000_000 + count) * 2 + 0x10000000
        changes = [
            Create(Version(id=make_id(first), product=product)),
            Create(Status(id=make_id(first + 1), code=f"s{number}-{count}")),
        ]
        done = catalog.commit("demo", changes, key=f"{number}-{count}")
        count += 1
        version = done.entities[0]
        assert isinstance(version, Version)
        _say([done.revision, version.number, version.id])
    catalog.close()


def _say(item: object) -> None:
    sys.stdout.write(f"{json.dumps(item)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
