"""What is lost on the way, and servers that die: nothing is lost, and nothing happens twice."""

from __future__ import annotations

import contextlib
import itertools
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bifrost_sdk.domain.changes import Change, Create
from bifrost_sdk.domain.model import Status, Version
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import CatalogError, ConfigurationError, NetworkError
from bifrost_sdk.ports import Actor, Catalog
from bifrost_sdk.testing import Builder, Show, make_id

SYSTEM = Actor("system", system=True)
_NUMBERS = itertools.count(0x20000000)
_NAMES = itertools.count()


class Proxy:
    """Stands before a server and does to each request what `fate` says: one request a connection."""

    def __init__(self, port: int, fate: Callable[[], str]) -> None:
        self.target, self.fate = port, fate
        self.met: list[str] = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            request = message(client)
            if not request:
                return
            fate = self.fate()
            self.met.append(fate)
            if fate == "dropped before":
                return
            if fate in REFUSALS:
                client.sendall(REFUSALS[fate])
                return
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                server.sendall(request)
                if fate == "doubled":
                    message(server)
                    server.sendall(request)
                answer = message(server)
            if fate == "dropped after":
                return
            client.sendall(answer[: len(answer) // 2] if fate == "truncated" else answer)


REFUSALS = {
    "502": b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\nConnection: close\r\n\r\noops",
    "503": b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "429": b"HTTP/1.1 429 Slow\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
}
FATES = ["passed", "dropped before", "dropped after", "truncated", "doubled", *REFUSALS]


def message(peer: socket.socket) -> bytes:
    """One whole message of HTTP."""
    found = b""
    while b"\r\n\r\n" not in found:
        block = peer.recv(65_536)
        if not block:
            return found
        found += block
    head, _, body = found.partition(b"\r\n\r\n")
    lines = [line.partition(b":") for line in head.lower().splitlines()]
    size = next((int(value) for name, _, value in lines if name == b"content-length"), 0)
    while len(body) < size:
        block = peer.recv(65_536)
        if not block:
            break
        body += block
    return head + b"\r\n\r\n" + body


@pytest.fixture
def name() -> str:
    return f"fault{next(_NAMES)}"


def proxied(served: ModuleType, server: Any, name: str, fate: Callable[[], str]) -> Iterator[tuple[Catalog, Proxy]]:
    proxy = Proxy(server.port, fate)
    with contextlib.closing(proxy), contextlib.closing(served.AsAnybody(f"{proxy.url}/{name}")) as catalog:
        yield catalog.bind(SYSTEM), proxy


def direct(served: ModuleType, server: Any, name: str) -> contextlib.closing[Catalog]:
    return contextlib.closing(served.AsAnybody(f"{server.url}/{name}").bind(SYSTEM))


def statuses(count: int) -> list[Change]:
    numbers = [next(_NUMBERS) for _ in range(count)]
    return [Create(Status(id=make_id(number), code=f"s{number}")) for number in numbers]


@pytest.mark.parametrize("has_key", [True, False])
def test_each_commit_happens_once_when_the_line_fails_at_random(
    served: ModuleType, server: Any, name: str, *, has_key: bool
) -> None:
    chance = random.Random(6)  # noqa: S311 - the same accidents in every run
    with direct(served, server, name) as catalog:
        Builder(catalog).show()
    commits = [statuses(2) for _ in range(25)]
    answers = []
    fates = (fate for _ in iter(int, 1) for fate in (chance.choice(FATES), "passed"))  # no two accidents in a row
    for catalog, proxy in proxied(served, server, name, fates.__next__):
        for number, changes in enumerate(commits):
            answers.append(catalog.commit("demo", changes, key=f"k{number}" if has_key else None))
            assert catalog.revision("demo") == answers[-1].revision
        assert set(proxy.met) == set(FATES)
    assert [answer.revision for answer in answers] == list(range(2, 27))
    assert {answer.key is not None for answer in answers} == {has_key}
    with direct(served, server, name) as catalog:
        events = catalog.events("demo", after=1, limit=1_000)
        created = [event.subject for event in events]
        assert created == [change.entity.id for changes in commits for change in changes]  # type: ignore[union-attr]  # all create


@pytest.mark.parametrize("fate", ["dropped after", "truncated"])
def test_one_effect_is_there_when_the_answer_was_lost_and_the_key_is_repeated(
    served: ModuleType, server: Any, name: str, fate: str
) -> None:
    """The caller gave up: whether it happened is told by asking again."""
    fates = iter([fate])
    with direct(served, server, name) as catalog:
        Builder(catalog).show()
    changes = statuses(1)
    for catalog, _ in proxied(served, server, name, lambda: next(fates, "dropped before")):
        catalog._line.timeout = 0.5  # type: ignore[attr-defined]  # of the catalog over HTTP
        with pytest.raises(NetworkError, match="did not answer"):
            catalog.commit("demo", changes, key="once")
    with direct(served, server, name) as catalog:
        done = catalog.commit("demo", changes, key="once")
        assert (done.repeated, done.revision, catalog.revision("demo")) == (True, 2, 2)


def test_wait_is_as_long_as_the_server_says_and_no_longer_than_the_timeout(served: ModuleType, server: Any) -> None:
    later = b"HTTP/1.1 503 Busy\r\nRetry-After: 60\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(REFUSALS, "503", later)
        for catalog, proxy in proxied(served, server, "none", lambda: "503"):
            catalog._line.timeout = 5.0  # type: ignore[attr-defined]  # of the catalog over HTTP
            began = time.monotonic()
            with pytest.raises(NetworkError, match="503") as caught:
                catalog.revision("demo")
            assert time.monotonic() - began < 5
            assert caught.value.retry_after == 60
            assert len(proxy.met) == 1


def test_commits_happen_once_when_the_server_is_killed_in_them(served: ModuleType, tmp_path: Path) -> None:
    chance = random.Random(4)  # noqa: S311 - the same accidents in every run
    server = served.Process(tmp_path)
    with direct(served, server, "killed") as catalog:
        made = Builder(catalog).show()
        numbers: list[int | None] = []
        for _ in range(2):
            kept = Committing(catalog, made)
            kept.start()
            time.sleep(chance.uniform(0.0, 0.15))
            server.kill()
            server = served.Process(tmp_path, server.port)
            kept.join(60)
            assert kept.error is None
            numbers += kept.numbers
        assert numbers == list(range(4, 4 + len(numbers)))
        assert catalog.revision("demo") == 3
        found = catalog.find(Query("version", "demo").where(state="reserved").count()).count
        assert found == len(numbers) + 1
    server.close()


class Committing(threading.Thread):
    """One commit of many versions, whatever happens to the server."""

    def __init__(self, catalog: Catalog, made: Show) -> None:
        super().__init__(daemon=True)
        self.catalog, self.product = catalog, made.ids["hero/model"]
        self.numbers: list[int | None] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        changes = [Create(Version(id=make_id(next(_NUMBERS)), product=self.product)) for _ in range(200)]
        try:
            done = self.catalog.commit("demo", changes)
            self.numbers = [entity.number for entity in done.entities if isinstance(entity, Version)]
        except BaseException as error:  # noqa: BLE001 - told to the test, whatever it is
            self.error = error


def test_catalog_is_closed_when_it_was_closed(served: ModuleType, server: Any) -> None:
    catalog = served.AsAnybody(f"{server.url}/none")
    catalog.close()
    catalog.close()
    with pytest.raises(CatalogError, match="is closed"):
        catalog.revision("demo")


def test_stranger_is_told_apart_when_it_is_no_server_of_ours(served: ModuleType) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(REFUSALS, "502", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        with contextlib.closing(Proxy(1, lambda: "502")) as proxy:
            catalog = served.AsAnybody(proxy.url)
            with contextlib.closing(catalog), pytest.raises(ConfigurationError, match="is no server of Bifrost SDK"):
                catalog.revision("demo")
