from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.pictures.graphs import MORE, Graph, GraphEdge, GraphNode, short_labels
from bifrost_sdk.errors import ValidationError


def graph(count: int, ties: list[tuple[int, int]]) -> Graph:
    nodes = tuple(GraphNode(id=str(number), label=f"n{number}") for number in range(count))
    edges = dict.fromkeys(GraphEdge(str(source), str(target)) for source, target in ties)
    return Graph(nodes, tuple(edges), ("0",))


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(1, 12))
    ends = st.integers(0, count - 1)
    return graph(count, draw(st.lists(st.tuples(ends, ends), max_size=30)))


def test_graph_is_refused_when_it_contradicts_itself() -> None:
    node = GraphNode(id="a", label="a")
    with pytest.raises(ValidationError, match="twice"):
        Graph((node, node))
    with pytest.raises(ValidationError, match="no node"):
        Graph((node,), (GraphEdge("a", "b"),))
    with pytest.raises(ValidationError, match="no node"):
        Graph((node,), (), ("b",))
    with pytest.raises(ValidationError, match="no kind of edge"):
        GraphEdge("a", "b", "sturdy")


def test_version_knows_how_it_stands_when_the_newest_is_known() -> None:
    old = GraphNode(id="a", label="rig", number=1, newest=2)
    assert (old.is_newest, old.is_outdated, old.name) == (False, True, "rig v001")
    assert GraphNode(id="a", label="rig", number=2, newest=2).is_newest
    retired = GraphNode(id="a", label="rig", number=3, newest=2)
    assert (retired.is_newest, retired.is_outdated) == (False, False)
    asset = GraphNode(id="a", label="hero", kind="asset")
    assert (asset.is_newest, asset.is_outdated, asset.name) == (False, False, "hero")


def test_tree_tells_branches_once_when_ways_meet() -> None:
    made = graph(4, [(0, 1), (0, 2), (1, 3), (2, 1)])
    told = [(branch.depth, branch.node.label, branch.is_repeated) for branch in made.tree("0")]
    assert told == [
        (0, "n0", False), (1, "n1", False), (2, "n3", False), (1, "n2", False), (2, "n1", True)
    ]  # fmt: skip
    assert [branch.node.label for branch in made.tree("3", against=True)] == ["n3", "n1", "n0", "n2", "n0"]
    assert [branch.edge for branch in made.tree("3")] == [None]
    with pytest.raises(KeyError):
        next(made.tree("nobody"))


@given(graphs())
def test_tree_tells_every_edge_once_when_it_can_be_reached(made: Graph) -> None:
    branches = list(made.tree("0"))
    reached = {branch.node.id for branch in branches}
    told = [branch.edge for branch in branches if branch.edge]
    assert sorted(told, key=repr) == sorted((edge for edge in made.edges if edge.source in reached), key=repr)


def test_deep_tree_is_told_when_it_is_deeper_than_the_stack() -> None:
    made = graph(5_000, [(number, number + 1) for number in range(4_999)])
    assert [branch.depth for branch in made.tree("0")][-1] == 4_999


@given(graphs(), st.sets(st.integers(1, 11)))
def test_nothing_is_lost_when_a_graph_is_cut(made: Graph, others: set[int]) -> None:
    kept = {"0", *map(str, others)}
    cut = made.keeping(kept)
    assert sum(node.count for node in cut.nodes) == len(made.nodes)
    assert {node.id for node in cut.nodes if node.kind != MORE} == kept & {node.id for node in made.nodes}
    inner = {edge for edge in made.edges if {edge.source, edge.target} <= kept}
    assert {edge for edge in cut.edges if edge.kind != MORE} == inner
    assert cut.roots == ("0",)
    leaving = {edge.source for edge in made.edges if edge.source in kept and edge.target not in kept}
    assert {edge.source for edge in cut.edges if edge.kind == MORE and edge.source in kept} == leaving


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=5).map("/".join), max_size=8))
def test_labels_tell_paths_apart_when_shortened(paths: list[str]) -> None:
    labels = short_labels(paths)
    assert set(labels) == set(paths)
    assert all(path.endswith(label) for path, label in labels.items())
    assert len(set(labels.values())) == len(labels)
