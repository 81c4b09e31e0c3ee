"""Timing beside a floor: the two take turns, so that a machine whose speed drifts slows both."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable

import attrs

ROUNDS = 7


@attrs.frozen
class Figure:
    """One promise: what was measured, its floor, in microseconds for each unit, and the goal for their ratio.

    Without a goal it is a peer, measured to compare.
    """

    name: str
    unit: str
    ours: float
    floor: float | None
    ratio: float | None
    goal: str
    size: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the goal (``<= 4x``, ``<= 5 us``, ``<= 50 ms``) is reached."""
        if not self.goal:
            return True
        limit = float(self.goal.split()[1].rstrip("x"))
        scale = 1_000 if self.goal.endswith("ms") else 1
        measured = self.ratio if self.goal.endswith("x") else self.ours / scale
        return measured is not None and measured <= limit


def paired(
    ours: Callable[[], object],
    floor: Callable[[], object],
    *,
    prepare: Callable[[], object] = lambda: None,
    rounds: int = ROUNDS,
) -> tuple[float, float, float]:
    """Seconds of ours and of the floor, and their ratio: medians over rounds in turn. `prepare` is not timed."""
    pairs = []
    for _ in range(rounds):
        prepare()
        pairs.append((_once(ours), _once(floor)))
    return (
        statistics.median(pair[0] for pair in pairs),
        statistics.median(pair[1] for pair in pairs),
        statistics.median(pair[0] / pair[1] for pair in pairs),
    )


def alone(work: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    """Seconds, the median of several rounds."""
    return statistics.median(_once(work) for _ in range(rounds))


def _once(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
