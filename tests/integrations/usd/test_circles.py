from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.integrations.usd.circles import circles

GRAPHS = st.integers(0, 12).flatmap(
    lambda size: (
        st.dictionaries(st.integers(0, size), st.sets(st.integers(0, size)), max_size=0)
        if not size
        else st.fixed_dictionaries({node: st.sets(st.integers(0, size - 1), max_size=4) for node in range(size)})
    )
)


def reached(graph: dict[int, set[int]], start: int) -> set[int]:
    found, ahead = {start}, [start]
    while ahead:
        new = graph[ahead.pop()] - found
        found |= new
        ahead += new
    return found


@given(GRAPHS)
def test_groups_are_those_that_reach_each_other_when_searched(graph: dict[int, set[int]]) -> None:
    far = {node: reached(graph, node) for node in graph}
    found = circles(graph)
    assert sorted(node for group in found for node in group) == sorted(graph)
    for group in found:
        for node in group:
            assert set(group) == {other for other in far[node] if node in far[other]}


@given(GRAPHS)
def test_each_group_comes_after_its_needs_when_searched(graph: dict[int, set[int]]) -> None:
    place = {node: index for index, group in enumerate(circles(graph)) for node in group}
    assert all(place[other] <= place[node] for node, needs in graph.items() for other in needs)


def test_long_chains_are_searched_when_python_would_not_recurse_so_deep() -> None:
    size = 20_000
    assert circles({node: [(node + 1) % size] for node in range(size)}) == [list(range(size))]
