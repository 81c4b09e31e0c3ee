"""Make copies of newest versions in processes that are killed before each step that touches files.

Run as a program by a test: ``copying.py WORKSPACE SOURCE swaps|piecewise STRIDE``. Before each child a version is
published, after it somebody recovers; each child gets so many steps further than the one before, until one comes
through. How many steps that takes is printed.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from bifrost_sdk.adapters.local import swapping
from bifrost_sdk.adapters.local.storage import LocalStorage
from bifrost_sdk.session import Session, connect

TOUCHING = frozenset({"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.scandir"})


class Death:
    """Counts the steps of this process and kills it before the last one that it was given."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.swap = swapping.swap
        swapping.swap = self.swapped
        sys.addaudithook(self.heard)

    def step(self) -> None:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(self, event: str, _: Sequence[object]) -> None:
        if event in TOUCHING:
            self.step()

    def swapped(self, one: Path, other: Path) -> None:
        self.step()
        self.swap(one, other)
        self.step()


def copy(workspace: Path, steps: int, *, swaps: bool) -> None:
    with connect(workspace, user="anna") as session:
        make_poor(session, swaps=swaps)
        product = session.get("bifrost://demo/assets/char/hero/model")
        Death(steps)
        session.products.copy_latest(product)
        os._exit(0)


def make_poor(session: Session, *, swaps: bool) -> None:
    storage: Any = session.context.storages["publish"]
    assert isinstance(storage, LocalStorage)
    storage.__dict__["capabilities"] = attrs.evolve(storage.capabilities, swaps=swaps)
    if not swaps:
        storage.__dict__["point"] = lambda *_: False


def check(session: Session, text: str) -> None:
    """Nothing is left of the one that was killed, and the copy is whole, though it may be the one before."""
    root = session.context.roots["publish"]
    assert [path.name for path in (root / ".bifrost/latest").iterdir() if path.suffix != ".lock"] == []
    session.products.copy_latest("bifrost://demo/assets/char/hero/model")
    assert (root / "demo/assets/char/hero/model/latest/model.usda").read_text() == text


def main(workspace: str, source: str, how: str, stride: str) -> None:
    with connect(workspace, user="anna") as session:
        make_poor(session, swaps=how == "swaps")
        quiet = attrs.evolve(session.context, plugins=attrs.evolve(session.context.plugins, latest_copy=None))
        for steps in itertools.count(step=int(stride)):
            text = f"{steps + 1:04d} " * 10_000
            Path(source).write_text(text)
            publisher = Session(quiet, settings=session.settings, is_view=True)
            publisher.publish("bifrost://demo/assets/char/hero", "model", {"usd": source})
            child = os.fork()
            if child == 0:
                copy(Path(workspace), steps, swaps=how == "swaps")
            _, status = os.waitpid(child, 0)
            session.recover()
            check(session, text)
            if status == 0:
                sys.stdout.write(f"{steps}\n")
                return
            if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
                sys.exit(f"step {steps}: ended with {status}")


if __name__ == "__main__":
    main(*sys.argv[1:])
