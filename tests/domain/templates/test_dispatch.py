from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.templates.derivations import derivations
from bifrost_sdk.domain.templates.dispatch import Dispatch, Shape
from bifrost_sdk.domain.templates.language import Chars, Choice, Field, Node, Repeat, Sequence, Text

WORD = Repeat(Chars(frozenset("ab")), 1, 2)
ASSET = Field("asset", WORD)
MAYBE = Choice((Text(""), Sequence((ASSET, Text("/")))))

LEAVES = st.sampled_from([Text(""), Text("a"), Text("/"), Text("a/b"), Text("b/"), Text("/a"), ASSET, WORD])
NODES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda parts: Sequence(tuple(parts))),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: Choice(tuple(parts))),
        st.builds(Repeat, inner, st.just(0), st.just(1)),
    ),
    max_leaves=6,
)
PATHS = st.text("ab/", max_size=7)


@pytest.mark.parametrize(
    ("node", "shape"),
    [
        (Text("a/b"), Shape(2, 2, ("a", "b"), ("b", "a"))),
        (Sequence((Text("a"), ASSET, Text("b/c"))), Shape(2, 2, (None, "c"), ("c", None))),
        (Sequence((Text("a/x"), MAYBE, Text("b/c"))), Shape(3, 4, ("a",), ("c",))),
        (Sequence((Text("demo/"), MAYBE, Text("/c"))), Shape(3, 4, ("demo",), ("c",))),
        (Choice((Text("a"), Text("b/c"))), Shape(1, 2, (), ())),
        (Repeat(Text("a/"), 1, 3), Shape(2, 4, (), ())),
        (Text(""), Shape(1, 1, ("",), ("",))),
    ],
)
def test_shape_is_what_all_texts_share_when_read_from_both_ends(node: Node, shape: Shape) -> None:
    assert Shape.of(node) == shape


def test_shape_is_refused_when_a_language_never_ends() -> None:
    with pytest.raises(ValueError, match="without end"):
        Shape.of(Repeat(Text("a/")))


@given(st.lists(NODES, min_size=1, max_size=4), PATHS)
def test_language_is_a_candidate_when_it_holds_the_path(nodes: list[Node], path: str) -> None:
    found = list(Dispatch(nodes).candidates(path))
    assert found == sorted(set(found))
    holders = {number for number, node in enumerate(nodes) if next(derivations(node, path), None)}
    assert holders <= set(found)


@given(st.lists(NODES, min_size=1, max_size=4), PATHS, st.integers(0, 7))
def test_reach_is_never_less_than_what_is_read_when_a_path_goes_wrong(nodes: list[Node], path: str, at: int) -> None:
    """A language that holds some path with the same beginning reads at least that beginning."""
    dispatch = Dispatch(nodes)
    for number, node in enumerate(nodes):
        if next(derivations(node, path), None):
            assert dispatch.reaches(path)[number] == len(path)
            assert dispatch.reaches(f"{path[:at]}!")[number] >= min(at, len(path))


def test_candidates_are_few_when_languages_differ_by_literals() -> None:
    words = ["work", "cache", "output", "publish"]
    names = list(itertools.product(["assets", "shots"], words))
    nodes = [Sequence((Field("p", WORD), Text(f"/{top}/"), ASSET, Text(f"/{area}/"), WORD)) for top, area in names]
    dispatch = Dispatch(nodes)
    for number, (top, area) in enumerate(names):
        assert list(dispatch.candidates(f"ab/{top}/a/{area}/b")) == [number]
    assert list(dispatch.candidates("ab/other/a/work/b")) == []
    assert list(dispatch.candidates("ab/shots/a/work")) == []
    assert list(dispatch.candidates("ab/shots/a/work/b/c/d/e")) == []
    assert list(Dispatch([]).candidates("a")) == []
