"""How far something that takes long is, told to a person who watches."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TypeAlias

from bifrost_sdk.cli.screen import Screen

#: Is told (done, in all); nothing in all where that is not known yet.
Tell: TypeAlias = Callable[[int, int], None]


@contextlib.contextmanager
def meter(what: str) -> Iterator[Tell | None]:
    """Draws on standard error how far something is, while it lasts; gives None where nobody watches."""
    screen = Screen.of(sys.stderr)
    if screen.width is None:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    counts = TextColumn("{task.fields[counts]} {task.description}", markup=False)
    with Progress(counts, BarColumn(), TimeRemainingColumn(), console=screen.console(), transient=True) as progress:
        task = progress.add_task(what, total=None, counts="0")

        def tell(done: int, total: int) -> None:
            of = f" of {total:,}" if total else ""
            progress.update(task, completed=done, total=total or None, counts=f"{done:,}{of}")

        yield tell
