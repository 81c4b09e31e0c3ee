"""How far something that takes long is, told to a person who watches."""

from __future__ import annotations

import sys
from collections.abc import Callable


def meter(what: str) -> Callable[[int, int], None] | None:
    """Tells (done, in all) of something on standard error, over and over in one line; None where nobody watches."""
    if not sys.stderr.isatty():
        return None
    told: tuple[int, int] | None = None

    def tell(done: int, total: int) -> None:
        nonlocal told
        if (done, total) == told:
            return
        told = done, total
        of = f" of {total:,}" if total else ""
        end = "\n" if total and done >= total else ""
        print(f"\r{done:,}{of} {what}\x1b[K", end=end, file=sys.stderr, flush=True)

    return tell
