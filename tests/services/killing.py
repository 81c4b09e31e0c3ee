"""Publish, purge or recover in processes that are killed before each step that touches files or the catalog.

Run as a program by tests: ``killing.py publish|purge|recover WORKSPACE SOURCE whole|piecewise``. Each child gets one
step further than the one before, until one comes through; how many were killed is printed.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import attrs

from bifrost_sdk.adapters.local import moving
from bifrost_sdk.adapters.local.storage import LocalStorage
from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority, system_clock
from bifrost_sdk.domain.changes import Change, Commit
from bifrost_sdk.domain.query import Query
from bifrost_sdk.ports import Capabilities
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.publishing import publish
from bifrost_sdk.services.purging import purge
from bifrost_sdk.services.recovery import Recovery, recover
from bifrost_sdk.session import connect

TOUCHING = frozenset({"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.scandir"})
HOUR = 3_600_000_000


class Death:
    """Counts the steps of this process and kills it before the last one that it was given."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.armed = False
        sys.addaudithook(self.heard)
        self.move = moving.move
        moving.move = self.moved

    def step(self) -> None:
        self.left -= self.armed
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(self, event: str, _: Sequence[object]) -> None:
        if event in TOUCHING:
            self.step()

    def moved(self, source: Path, target: Path) -> None:
        self.step()
        self.move(source, target)
        self.step()


class Mortal:
    """A catalog that may die before and after each commit."""

    def __init__(self, catalog: Any, death: Death) -> None:
        self.catalog = catalog
        self.death = death

    def commit(self, project: str, changes: Sequence[Change], **options: Any) -> Commit:
        self.death.step()
        commit: Commit = self.catalog.commit(project, changes, **options)
        self.death.step()
        return commit

    def __getattr__(self, name: str) -> Any:
        return getattr(self.catalog, name)


@contextlib.contextmanager
def context_of(workspace: Path, *, hours: int, piecewise: bool) -> Iterator[Context]:
    """A context on the workspace, whose clocks are ahead by some hours; on another machine, where no lock says more."""
    with mock.patch("platform.node", return_value="elsewhere"), connect(workspace, user="anna") as session:
        context = session.context
    storage = LocalStorage(context.roots["publish"])
    if piecewise:
        storage.__dict__["capabilities"] = Capabilities(moves_whole=False, syncs=True)
    assert storage.capabilities.moves_whole is not piecewise
    with contextlib.closing(SqliteStore(workspace / "catalog.sqlite")) as store:
        catalog = Authority(store, clock=lambda: system_clock() + hours * HOUR).bind(context.actor)
        later = context.clock() + datetime.timedelta(hours=hours)
        storages = {"publish": storage}
        yield attrs.evolve(context, catalog=catalog, storages=storages, project="demo", clock=lambda: later)


def settle(workspace: Path, *, hours: int = 0, piecewise: bool = False) -> Recovery:
    """Recover as somebody does some hours later."""
    with context_of(workspace, hours=hours, piecewise=piecewise) as context:
        return recover(context)


def run(what: str, workspace: Path, source: Path, steps: int, *, piecewise: bool) -> None:
    death = Death(steps)
    ahead = steps + 1 if what == "recover" else 0
    with context_of(workspace, hours=ahead, piecewise=piecewise) as context:
        mortal: Any = Mortal(context.catalog, death)
        watched = attrs.evolve(context, catalog=mortal)
        death.armed = True
        if what == "publish":
            files = {"usd": str(source / "hero.usda"), "exr": str(source / "beauty.####.exr")}
            publish(watched, "bifrost://demo/assets/char/hero", "model", files)
        elif what == "purge":
            purge(watched, watched.every(Query("version").where(state="retired").sort("number"))[0])
        else:
            recover(watched)


def main(what: str, workspace: str, source: str, how: str) -> None:
    with connect(workspace, user="anna") as session:
        session.templates.get("demo")  # what every child would have to make anew
    for steps in itertools.count():
        child = os.fork()
        if child == 0:
            run(what, Path(workspace), Path(source), steps, piecewise=how == "piecewise")
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            sys.stdout.write(f"{steps}\n")
            return
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            sys.exit(f"step {steps}: ended with {status}")


if __name__ == "__main__":
    main(*sys.argv[1:])
