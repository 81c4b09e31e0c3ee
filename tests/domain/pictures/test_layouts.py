from __future__ import annotations

import random
import time
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.pictures.layouts import COLUMN_GAP, Box, Layout, lay_out

Tie = tuple[int, int]


@st.composite
def inputs(draw: st.DrawFn) -> tuple[list[tuple[float, float]], list[Tie]]:
    sizes = draw(st.lists(st.tuples(st.integers(20, 200), st.integers(10, 60)), min_size=1, max_size=14))
    ends = st.integers(0, len(sizes) - 1)
    return [(float(width), float(height)) for width, height in sizes], draw(
        st.lists(st.tuples(ends, ends), max_size=30)
    )


def overlap(one: Box, other: Box) -> bool:
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


@given(inputs())
def test_boxes_lie_apart_and_inside_when_laid_out(given_: tuple[list[tuple[float, float]], list[Tie]]) -> None:
    sizes, ties = given_
    layout = lay_out(sizes, ties)
    assert [(box.width, box.height) for box in layout.boxes] == sizes
    assert not any(overlap(one, other) for one, other in combinations(layout.boxes, 2))
    for box in layout.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= layout.width + 0.2
        assert box.y + box.height <= layout.height + 0.2


@given(inputs())
def test_lines_lead_from_left_to_right_when_they_close_no_cycle(
    given_: tuple[list[tuple[float, float]], list[Tie]],
) -> None:
    sizes, ties = given_
    layout = lay_out(sizes, ties)
    assert len(layout.routes) == len(ties)
    for (source, target), route in zip(ties, layout.routes, strict=True):
        start, end = layout.boxes[source], layout.boxes[target]
        if source == target:
            continue
        assert (start.column > end.column) == route.is_turned
        xs = [x for x, _ in route.points]
        assert xs == sorted(xs, reverse=route.is_turned)
        assert (start.x if route.is_turned else start.x + start.width) == pytest.approx(xs[0])
        assert (end.x + end.width if route.is_turned else end.x) == pytest.approx(xs[-1])


@given(inputs())
def test_layout_is_the_same_when_made_again(given_: tuple[list[tuple[float, float]], list[Tie]]) -> None:
    assert lay_out(*given_) == lay_out(*given_)


def test_several_lines_lie_side_by_side_when_between_the_same_two() -> None:
    layout = lay_out([(50, 30)] * 2, [(0, 1), (0, 1), (1, 0)])
    assert len({route.points for route in layout.routes}) == 3
    assert len({route.points[0][1] for route in layout.routes}) == 3
    assert [route.is_turned for route in layout.routes] == [False, False, True]


def test_long_lines_pass_between_boxes_when_columns_lie_between() -> None:
    layout = lay_out([(50, 30)] * 3, [(0, 1), (1, 2), (0, 2)])
    between, route = layout.boxes[1], layout.routes[2]
    heights = {y for x, y in route.points if between.x <= x <= between.x + between.width}
    assert heights
    assert not any(between.y <= y <= between.y + between.height for y in heights)


def test_nothing_is_laid_out_when_there_is_nothing() -> None:
    assert lay_out([], []) == Layout((), (), 0.0, 0.0)
    assert lay_out([(50, 30)], [(0, 0)]).width == 50


@pytest.mark.parametrize("shape", ["sparse", "hub", "chain"])
def test_thousand_boxes_are_laid_out_within_seconds_when_tied_in_any_way(shape: str) -> None:
    """A second when the machine is quiet; here only what would be another order of magnitude is refused."""
    dice = random.Random(7)  # noqa: S311 - a graph, no secret
    count = 1_000
    ties = {
        "sparse": [(one, other) for one in range(count) for other in dice.sample(range(count), 2) if one < other],
        "hub": [(number, number + 1) for number in range(count - 1)] + [(0, number) for number in range(2, count)],
        "chain": [(number, number + 1) for number in range(count - 1)],
    }[shape]
    started = time.perf_counter()
    layout = lay_out([(120, 46)] * count, ties)
    assert time.perf_counter() - started < 10
    columns = [sorted(box.y for box in layout.boxes if box.column == column) for column in range(count)]
    assert all(after - before >= 46 for ys in columns for before, after in pairwise(ys))
    assert layout.width >= COLUMN_GAP
