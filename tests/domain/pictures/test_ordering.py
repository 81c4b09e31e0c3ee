from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.pictures.ordering import ordered, spaced

PLACES = st.floats(-1e4, 1e4, allow_nan=False)


@st.composite
def rows(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    wanted = draw(st.lists(PLACES, min_size=1, max_size=12))
    return wanted, draw(st.lists(st.floats(0, 100), min_size=len(wanted) - 1, max_size=len(wanted) - 1))


@given(rows())
def test_places_keep_order_and_gaps_when_spaced(row: tuple[list[float], list[float]]) -> None:
    wanted, gaps = row
    found = spaced(wanted, gaps)
    assert len(found) == len(wanted)
    assert all(after - before >= gap - 1e-6 for before, after, gap in zip(found, found[1:], gaps, strict=False))


@given(rows(), PLACES, st.integers(0, 11))
def test_places_are_the_nearest_when_spaced(row: tuple[list[float], list[float]], shift: float, which: int) -> None:
    """No other places that keep the gaps are nearer in least squares: here, those with a tail moved."""
    wanted, gaps = row
    found = spaced(wanted, gaps)
    start = which % len(found)
    moved = [place + (abs(shift) if number >= start else 0) for number, place in enumerate(found)]

    def far(places: list[float]) -> float:
        return sum((place - want) ** 2 for place, want in zip(places, wanted, strict=True))

    assert far(found) <= far(moved) + 1e-3


@given(st.lists(PLACES, min_size=1, max_size=8))
def test_places_stay_when_they_are_far_enough_apart(places: list[float]) -> None:
    found = spaced(sorted(places), [0.0] * (len(places) - 1))
    assert all(abs(one - other) < 1e-6 for one, other in zip(found, sorted(places), strict=True))


def test_crossing_goes_away_when_ordered() -> None:
    before, after = [[], [], [], [2], [1], [0]], [[5], [4], [3], [], [], []]
    assert ordered([[0, 1, 2], [3, 4, 5]], before, after) == [[0, 1, 2], [5, 4, 3]]
    assert ordered([], [], []) == []
