"""Which paths resemble one that leads nowhere: what an error asks back with "did you mean"."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

COMPARED: Final = 2_000
"""So many paths are compared at most; of more than these, the first by their folded paths."""

# How alike two paths must be, from 0 to 1: what difflib takes for close.
_ALIKE: Final = 0.6

T = TypeVar("T")


def nearest(path: str, below: Callable[[str], Mapping[str, T]], *, limit: int) -> list[T]:
    """What is found at the paths that resemble the folded `path` most, nearest first, at most `limit`.

    `below` gives what lies anywhere below a folded path (an empty one: everything), by folded path, at most `COMPARED`.
    It is asked for the longest beginning of `path` first, and for shorter ones only where nothing there resembles it.

    >>> names = {"assets/char/hero": 1, "assets/prop/herb": 2, "shots/sh010": 3}
    >>> nearest("assets/char/hera", lambda above: {k: v for k, v in names.items() if k.startswith(above)}, limit=3)
    [1]
    """
    names = path.split("/")
    for length in range(len(names) - 1, -1, -1):
        known = below("/".join(names[:length]))
        if found := difflib.get_close_matches(path, known, n=limit, cutoff=_ALIKE):
            return [known[each] for each in found]
    return []
