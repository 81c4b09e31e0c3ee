"""In which order the nodes of each column stand, so that few ties cross, and how far apart."""

from __future__ import annotations

from collections.abc import Sequence

#: How often the columns are gone through, there and back.
SWEEPS = 4

Neighbours = Sequence[Sequence[int]]


def ordered(columns: Sequence[Sequence[int]], before: Neighbours, after: Neighbours) -> list[list[int]]:
    """Each column by the mean place of what its nodes are tied to, there and back again.

    `before` and `after` hold for every node its neighbours in the column before and after.

    >>> ordered([[0, 1], [2, 3]], [[], [], [1], [0]], [[3], [2], [], []])
    [[0, 1], [3, 2]]
    """
    found = [list(column) for column in columns]
    places = {node: float(place) for column in found for place, node in enumerate(column)}
    for _ in range(SWEEPS):
        for column in found[1:]:
            _sort(column, before, places)
        for column in reversed(found[:-1]):
            _sort(column, after, places)
    for column in found[1:]:
        _sort(column, before, places)
    return found


def spaced(wanted: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The places nearest to the wanted ones (in least squares) that keep their order and at least these gaps.

    `gaps` has one value fewer than `wanted`: between each and the next. This is isotonic regression, solved by
    pooling neighbours that are too close (Ayer and others, 1955).

    >>> spaced([0, 0, 10], [4, 4])
    [-2.0, 2.0, 10.0]
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    pools: list[tuple[float, int]] = []  # the sum of the places, and how many are pooled
    for want, offset in zip(wanted, offsets, strict=False):
        total, size = want - offset, 1
        while pools and pools[-1][0] * size > total * pools[-1][1]:
            earlier, many = pools.pop()
            total, size = total + earlier, size + many
        pools.append((total, size))
    level = [total / size for total, size in pools for _ in range(size)]
    return [place + offset for place, offset in zip(level, offsets, strict=False)]


def _sort(column: list[int], neighbours: Neighbours, places: dict[int, float]) -> None:
    """Sort by the mean place of the neighbours; what has none stays where it is."""
    wanted = {node: _mean([places[each] for each in neighbours[node]], places[node]) for node in column}
    column.sort(key=wanted.__getitem__)
    for place, node in enumerate(column):
        places[node] = float(place)


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default
