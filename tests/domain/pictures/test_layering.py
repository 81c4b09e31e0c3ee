from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.pictures.layering import Tie, columns, turned

NODES = st.integers(0, 14)
TIES = st.lists(st.tuples(NODES, NODES), max_size=50, unique=True)


@given(TIES)
def test_every_tie_leads_on_when_those_that_close_cycles_are_turned(ties: list[Tie]) -> None:
    back = turned(15, ties)
    ways = [(tie[1], tie[0]) if tie in back else tie for tie in ties if tie[0] != tie[1]]
    column = columns(15, ways)
    assert min(column) >= 0
    assert all(column[source] < column[target] for source, target in ways)


@given(TIES)
def test_no_tie_is_turned_when_there_is_no_cycle(ties: list[Tie]) -> None:
    assert turned(15, [tie for tie in ties if tie[0] < tie[1]]) == set()


def test_tie_to_itself_counts_as_a_cycle_when_found() -> None:
    assert turned(2, [(1, 1), (0, 1)]) == {(1, 1)}


def test_sources_stand_near_when_they_lead_to_something_late() -> None:
    assert columns(5, [(0, 1), (1, 2), (2, 3), (4, 3)]) == [0, 1, 2, 3, 2]
    assert columns(2, []) == [0, 0]
