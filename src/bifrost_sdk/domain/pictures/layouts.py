"""Where the boxes and lines of a graph are drawn: columns from left to right, each thing left of what it uses.

The way of Sugiyama, Tagawa and Toda (1981): turn the ties round that close cycles, put nodes in columns, lead long
ties through the columns between, order the columns so that few ties cross, and move all close to their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import attrs

from bifrost_sdk.domain.pictures import layering, ordering
from bifrost_sdk.domain.pictures.layering import Tie

#: Between columns and between boxes, in pixels.
COLUMN_GAP = 76
ROW_GAP = 16

#: How much height a line takes in a column that it only passes.
_PASSING = 6
_ROUNDS = 3


@attrs.frozen
class Box:
    """A rectangle in pixels from the top left corner; `column` counts from 0."""

    x: float
    y: float
    width: float
    height: float
    column: int = 0

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return self.y + self.height / 2


@attrs.frozen
class Route:
    """The line of one tie as the points it passes, level at each of them, from the source to the target.

    `is_turned`: it leads backwards, for it closes a cycle.
    """

    points: tuple[tuple[float, float], ...]
    is_turned: bool = False


@attrs.frozen
class Layout:
    """Boxes in the order of the nodes, routes in the order of the ties, and the size of all together, in pixels."""

    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]
    width: float
    height: float


@attrs.define
class _Plan:
    """The graph on its way: nodes, then the places at which long ties pass columns."""

    sizes: list[tuple[float, float]]
    column: list[int]
    before: list[list[int]]
    after: list[list[int]]
    passing: dict[tuple[str, int, int], int] = attrs.field(factory=dict)

    def tie(self, source: int, target: int) -> None:
        """Join two neighbours, once."""
        if target not in self.after[source]:
            self.after[source].append(target)
            self.before[target].append(source)

    def pass_by(self, key: tuple[str, int, int]) -> int:
        """Where the ties that share this trunk pass a column."""
        if key not in self.passing:
            self.passing[key] = len(self.column)
            self.sizes.append((0, _PASSING))
            self.column.append(key[2])
            self.before.append([])
            self.after.append([])
        return self.passing[key]

    def by_column(self) -> list[list[int]]:
        """The nodes of each column."""
        found: list[list[int]] = [[] for _ in range(max(self.column, default=-1) + 1)]
        for node, column in enumerate(self.column):
            found[column].append(node)
        return found


def lay_out(sizes: Sequence[tuple[float, float]], ties: Sequence[Tie]) -> Layout:
    """The layout of boxes of these sizes (width, height); the same for the same input.

    >>> layout = lay_out([(100, 40), (100, 40)], [(0, 1)])
    >>> [box.x for box in layout.boxes], layout.width
    ([0.0, 176.0], 276.0)
    """
    back = layering.turned(len(sizes), ties)
    ways = [(target, source) if (source, target) in back else (source, target) for source, target in ties]
    joined = [(source, target) for source, target in dict.fromkeys(ways) if source != target]
    plan = _Plan([*sizes], layering.columns(len(sizes), joined), [[] for _ in sizes], [[] for _ in sizes])
    chains = _chains(plan, joined)
    rows = ordering.ordered(plan.by_column(), plan.before, plan.after)
    middles = _middles(plan, rows)
    left = _lefts(plan, rows)
    boxes = [
        Box(round(left[column], 1), round(middle - height / 2, 1), width, height, column)
        for (width, height), column, middle in zip(plan.sizes, plan.column, middles, strict=True)
    ]
    spread = _spread(ways)
    routes = tuple(
        _route((way, chains.get(way, [])), boxes, left, shift=shift, is_turned=tie in back and tie[0] != tie[1])
        for tie, way, shift in zip(ties, ways, spread, strict=True)
    )
    width = left[-1] - COLUMN_GAP if rows else 0.0
    height = max((box.y + box.height for box in boxes), default=0.0)
    return Layout(tuple(boxes[: len(sizes)]), routes, width, height)


def _chains(plan: _Plan, joined: Sequence[Tie]) -> dict[Tie, list[int]]:
    """The places that each long tie passes; those of the busier end share them, which bundles their lines."""
    leaving, coming = [0] * len(plan.column), [0] * len(plan.column)
    for source, target in joined:
        leaving[source] += 1
        coming[target] += 1
    chains = {}
    for source, target in joined:
        trunk = ("from", source) if leaving[source] >= coming[target] else ("to", target)
        between = range(plan.column[source] + 1, plan.column[target])
        chains[source, target] = [plan.pass_by((*trunk, column)) for column in between]
        stops = [source, *chains[source, target], target]
        for here, there in pairwise(stops):
            plan.tie(here, there)
    return chains


def _middles(plan: _Plan, rows: Sequence[Sequence[int]]) -> list[float]:
    """The height of each node's middle: near to its neighbours, in the order of its column."""
    middles = [0.0] * len(plan.column)
    for row in rows:
        _move(row, plan, middles, [0.0] * len(row))
    both = [[*before, *after] for before, after in zip(plan.before, plan.after, strict=True)]
    for neighbours in [plan.before, plan.after] * _ROUNDS + [both]:
        for row in rows if neighbours is not plan.after else reversed(rows):
            _move(row, plan, middles, [_mean(neighbours[node], middles, node) for node in row])
    top = min((middle - size[1] / 2 for middle, size in zip(middles, plan.sizes, strict=True)), default=0.0)
    return [middle - top for middle in middles]


def _move(row: Sequence[int], plan: _Plan, middles: list[float], wanted: Sequence[float]) -> None:
    heights = [plan.sizes[node][1] for node in row]
    gaps = [(one + other) / 2 + ROW_GAP for one, other in pairwise(heights)]
    for node, middle in zip(row, ordering.spaced(wanted, gaps), strict=True):
        middles[node] = middle


def _mean(neighbours: Sequence[int], middles: Sequence[float], node: int) -> float:
    return sum(middles[each] for each in neighbours) / len(neighbours) if neighbours else middles[node]


def _lefts(plan: _Plan, rows: Sequence[Sequence[int]]) -> list[float]:
    """The left edge of each column, and of the one that would follow."""
    lefts = [0.0]
    for row in rows:
        lefts.append(lefts[-1] + max(plan.sizes[node][0] for node in row) + COLUMN_GAP)
    return lefts


def _spread(ways: Sequence[Tie]) -> Iterator[float]:
    """How far each tie is moved down, so that several between the same two are seen side by side."""
    counts: dict[Tie, list[int]] = {}
    for number, way in enumerate(ways):
        counts.setdefault(way, []).append(number)
    for number, way in enumerate(ways):
        those = counts[way]
        yield 7.0 * (those.index(number) - (len(those) - 1) / 2)


def _route(
    way: tuple[Tie, list[int]], boxes: Sequence[Box], left: Sequence[float], *, shift: float, is_turned: bool
) -> Route:
    (source, target), chain = way
    start, end = boxes[source], boxes[target]
    if source == target:
        return Route(((start.x + start.width, start.middle), (start.x, start.middle)), is_turned=True)
    points = [(start.x + start.width, start.middle + shift)]
    for place in chain:
        box = boxes[place]
        points += [(box.x, box.middle), (left[box.column + 1] - COLUMN_GAP, box.middle)]
    points.append((end.x, end.middle + shift))
    return Route(tuple(points[::-1] if is_turned else points), is_turned)
