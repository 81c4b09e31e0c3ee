"""Which column each node of a graph stands in, so that what it uses stands in a later one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

#: From which node to which, by their places in the list of nodes.
Tie: TypeAlias = tuple[int, int]


def turned(count: int, ties: Sequence[Tie]) -> set[Tie]:
    """The ties that close a cycle of `count` nodes: with these turned round there is none left.

    >>> turned(3, [(0, 1), (1, 2), (2, 0)])
    {(2, 0)}
    """
    onward = _onward(count, ties)
    has_source = {target for source, target in ties if source != target}
    found: set[Tie] = set()
    state = [0] * count  # 0: not met, 1: on the way, 2: done
    for start in sorted(range(count), key=lambda node: node in has_source):
        if not state[start]:
            found |= _closing(start, onward, state)
    return found


def columns(count: int, ties: Sequence[Tie]) -> list[int]:
    """The column of each node, from 0, by the longest way that leads there; `ties` have no cycle.

    What nothing leads to stands right before the first thing that it leads to.

    >>> columns(4, [(0, 1), (1, 2), (3, 2)])
    [0, 1, 2, 1]
    """
    onward = _onward(count, ties)
    waiting = [0] * count
    for _, target in ties:
        waiting[target] += 1
    sources = [node for node in range(count) if not waiting[node]]
    found, ahead = [0] * count, list(sources)
    while ahead:
        node = ahead.pop()
        for target in onward[node]:
            found[target] = max(found[target], found[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ahead.append(target)
    for node in sources:
        found[node] = min((found[target] - 1 for target in onward[node]), default=0)
    return found


def _onward(count: int, ties: Sequence[Tie]) -> list[list[int]]:
    onward: list[list[int]] = [[] for _ in range(count)]
    for source, target in ties:
        onward[source].append(target)
    return onward


def _closing(start: int, onward: list[list[int]], state: list[int]) -> set[Tie]:
    """The ties back to what a walk in depth is still on its way from."""
    found: set[Tie] = set()
    way = [(start, iter(onward[start]))]
    state[start] = 1
    while way:
        node, targets = way[-1]
        target = next(targets, None)
        if target is None:
            state[node] = 2
            way.pop()
        elif state[target] == 1:
            found.add((node, target))
        elif not state[target]:
            state[target] = 1
            way.append((target, iter(onward[target])))
    return found
