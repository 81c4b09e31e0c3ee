"""Things that need each other, found in a graph of needs (Tarjan 1972)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", int, str)


def circles(needs: Mapping[K, Collection[K]]) -> list[list[K]]:
    """Groups of things each of which needs, directly or not, all others of its group; most are alone in theirs.

    Each group comes after those that it needs. What is needed must be a key. The same graph gives the same order.

    >>> circles({1: [2], 2: [3], 3: [2], 4: []})
    [[2, 3], [1], [4]]
    """
    search = _Search[K](needs)
    for start in sorted(needs):
        if start not in search.order:
            search.run(start)
    return search.found


class _Search(Generic[K]):
    """One search: when each was come to, and the earliest that each leads back to among those still open."""

    def __init__(self, needs: Mapping[K, Collection[K]]) -> None:
        self.needs: Mapping[K, Collection[K]] = needs
        self.order: dict[K, int] = {}
        self.back: dict[K, int] = {}
        self.open: dict[K, None] = {}
        self.found: list[list[K]] = []

    def run(self, start: K) -> None:
        """Search what is reached from there, without recursion: needs may form long chains."""
        path = [(start, self._enter(start))]
        while path:
            node, ahead = path[-1]
            following = next((other for other in ahead if other not in self.order or self._look(node, other)), None)
            if following is not None:
                path.append((following, self._enter(following)))
                continue
            path.pop()
            if path:
                above = path[-1][0]
                self.back[above] = min(self.back[above], self.back[node])
            if self.back[node] == self.order[node]:
                self.found.append(sorted(self._close(node)))

    def _enter(self, node: K) -> Iterator[K]:
        self.order[node] = self.back[node] = len(self.order)
        self.open[node] = None
        return iter(sorted(self.needs[node]))

    def _look(self, node: K, other: K) -> bool:
        """Note what is known already; there is nothing to go on to."""
        if other in self.open:
            self.back[node] = min(self.back[node], self.order[other])
        return False

    def _close(self, node: K) -> Iterator[K]:
        while True:
            last, _ = self.open.popitem()
            yield last
            if last == node:
                return
