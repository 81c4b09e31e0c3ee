"""Paths segment by segment: what two segments have in common is worked out once for all paths that have them.

Where a set has 200 templates, some thousand pairs of segments decide its 20,000 pairs of templates.
"""

from __future__ import annotations

import functools
import heapq
from typing import Final, TypeAlias

import attrs

from bifrost_sdk.domain.templates.automata import END, SLASH, Automaton, example

_PATH_END: Final = -1
_KEPT_SEGMENTS: Final = 4096
_KEPT_PAIRS: Final = 65536


@attrs.frozen(eq=False)
class Segment:
    """The texts between two slashes: positions as in an `Automaton`, where ``~n`` is the nth way out."""

    starts: tuple[int, ...]
    masks: tuple[int, ...]
    follows: tuple[tuple[int, ...], ...]


@attrs.frozen
class Stretch:
    """A segment in its place: `exits` are the stretches that its ways out lead to, or the path's end."""

    segment: Segment
    exits: tuple[int, ...]


Outline: TypeAlias = tuple[Stretch, ...]


def outline(automaton: Automaton) -> Outline:
    """The stretches of an automaton whose slashes are positions of their own; paths begin at the first."""
    numbers = {automaton.starts: 0}
    waiting = [automaton.starts]
    stretches = []
    for after in waiting:
        segment, ways_out = _segment(automaton, after)
        exits = []
        for position in ways_out:
            beyond = automaton.follows[position]
            if position != END and beyond not in numbers:
                numbers[beyond] = len(waiting)
                waiting.append(beyond)
            exits.append(_PATH_END if position == END else numbers[beyond])
        stretches.append(Stretch(segment, tuple(exits)))
    return tuple(stretches)


def meeting(one: Outline, other: Outline) -> str | None:
    """A shortest path that both describe, if there is any."""
    queue = [(0, "", 0, 0)]
    seen = set()
    while queue:
        _, text, here, there = heapq.heappop(queue)
        if here == _PATH_END:
            return text
        if (here, there) in seen:
            continue
        seen.add((here, there))
        first, second = one[here], other[there]
        for way, other_way, common in _meetings(first.segment, second.segment):
            here, there = first.exits[way], second.exits[other_way]
            if (here == _PATH_END) == (there == _PATH_END):
                longer = text + common if here == _PATH_END else f"{text}{common}/"
                heapq.heappush(queue, (len(longer), longer, here, there))
    return None


def _segment(automaton: Automaton, after: tuple[int, ...]) -> tuple[Segment, list[int]]:
    """The segment that begins with `after`, numbered by itself so that equal ones are equal, and where it ends."""
    inner: dict[int, int] = {}
    ways_out: dict[int, int] = {}
    waiting: list[int] = []

    def number(position: int) -> int:
        if position == END or automaton.masks[position] == SLASH:
            return ~ways_out.setdefault(position, len(ways_out))
        if position not in inner:
            inner[position] = len(inner)
            waiting.append(position)
        return inner[position]

    starts = tuple(map(number, after))
    follows = tuple(tuple(map(number, automaton.follows[position])) for position in waiting)
    masks = tuple(automaton.masks[position] for position in waiting)
    return _shared(starts, masks, follows), list(ways_out)


@functools.lru_cache(maxsize=_KEPT_SEGMENTS)
def _shared(starts: tuple[int, ...], masks: tuple[int, ...], follows: tuple[tuple[int, ...], ...]) -> Segment:
    """The one segment of all that are equal, so that to compare them is to compare identities."""
    return Segment(starts, masks, follows)


@functools.lru_cache(maxsize=_KEPT_PAIRS)
def _meetings(one: Segment, other: Segment) -> tuple[tuple[int, int, str], ...]:
    """For each pair of ways out a shortest text that leads there in both."""
    found: dict[tuple[int, int], str] = {}
    seen = set()
    waiting = [(here, there, "") for here in one.starts for there in other.starts]
    for here, there, text in waiting:
        if here < 0 and there < 0:
            found.setdefault((~here, ~there), text)
        elif here >= 0 and there >= 0 and (here, there) not in seen:
            seen.add((here, there))
            mask = one.masks[here] & other.masks[there]
            if mask:
                longer = text + example(mask)
                waiting.extend(
                    (after, other_after, longer) for after in one.follows[here] for other_after in other.follows[there]
                )
    return tuple((here, there, text) for (here, there), text in found.items())
