"""A process that serves SQLite catalogs below a folder, each under a name of its own: ``http://host:port/<name>``.

Who shows `login` as the secret is that user, and who shows ``system!`` is the library itself: what suites need to ask
as anybody. The time is what the file ``<name>.clock`` says, or that of the machine where there is none. Run with the
folder, and a port if it must be a certain one; the one line that it prints is its address.

Tests load this file by its path, too, for what asks such a server.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from bifrost_sdk.adapters.http.catalog import HttpCatalog
from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority, system_clock
from bifrost_sdk.ports import Actor, Catalog
from bifrost_sdk.server.application import make_application
from bifrost_sdk.server.authentication import Caller
from bifrost_sdk.server.running import Address, listen, make_server
from bifrost_sdk.testing.builder import ManualClock

SYSTEM = "system!"
App = Callable[..., Awaitable[None]]


class Anybody:
    """A gate that believes everybody, for suites."""

    def caller(self, secret: str) -> Caller | None:
        login = bytes.fromhex(secret).decode()
        return Caller(Actor("system", system=True) if login == SYSTEM else Actor(login))


class Served:
    """Applications by the first part of the path, made when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.apps: dict[str, App] = {}

    async def __call__(self, scope: MutableMapping[str, Any], receive: App, send: App) -> None:
        _, name, rest = scope["path"].split("/", 2)
        if name not in self.apps:
            self.apps[name] = self.make(name)
        await self.apps[name]({**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode()}, receive, send)

    def make(self, name: str) -> App:
        file = self.folder / f"{name}.clock"
        clock = (lambda: int(file.read_text())) if file.exists() else system_clock
        authority = Authority(SqliteStore(self.folder / f"{name}.db"), clock=clock)
        return make_application(authority, Anybody())


class AsAnybody(HttpCatalog):
    """Shows whoever is bound as the key; the server of the tests believes it."""

    def __init__(self, url: str, login: str = "nobody") -> None:
        super().__init__(url, login.encode().hex(), timeout=120)
        self.url = url

    def bind(self, actor: Actor) -> Catalog:
        bound = AsAnybody(self.url, "system!" if actor.system else actor.login)
        bound._line._client = self._line._opened()
        bound._line.close = self._line.close  # type: ignore[method-assign]  # one pool for all, closed once
        return bound


class SharedClock(ManualClock):
    """A clock that the server process sees."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__()

    @property
    def now(self) -> int:
        return int(self.file.read_text())

    @now.setter
    def now(self, value: int) -> None:
        self.file.write_text(str(value))


class Process:
    """A server process of this file; `url` is where it is."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        arguments = [sys.executable, __file__, str(folder), str(port)]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.folder, self.port = folder, int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        """End it as a loss of power would."""
        self.process.kill()
        self.process.communicate()

    def close(self) -> None:
        """End it as an administrator would."""
        self.process.terminate()
        self.process.communicate(timeout=30)


def main(folder: str, port: int) -> None:
    with listen(Address(port=port)) as listening:
        address = Address(port=listening.getsockname()[1])
        sys.stdout.write(f"{address.url}\n")
        sys.stdout.flush()
        make_server(Served(Path(folder)), address).run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
