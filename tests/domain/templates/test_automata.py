from __future__ import annotations

import runpy
import sys
import unicodedata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.templates import automata
from bifrost_sdk.domain.templates.automata import END, OTHERS, Automaton, TooLargeError, example, folded, marked
from bifrost_sdk.domain.templates.cases import by_value
from bifrost_sdk.domain.templates.language import Chars, Choice, Field, Node, Repeat, Sequence, Text

languages: Any = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("languages.py"))))  # Any: a module
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")


KEYS = st.lists(st.sampled_from([*languages.NASTY, "/"]), max_size=4).map("".join)


def reads(graph: Automaton, key: str) -> bool:
    """Whether the graph reads the key, marks aside."""
    here = _open(graph, graph.starts)
    for char in key:
        read = [position for position in here if graph.masks[position] >> ord(char) & 1]
        here = _open(graph, [after for position in read for after in graph.follows[position]])
    return END in here


def _open(graph: Automaton, positions: Any) -> set[int]:
    found: set[int] = set()
    waiting = list(positions)
    while waiting:
        position = waiting.pop()
        if position not in found:
            found.add(position)
            if position in graph.marks:
                waiting.extend(graph.follows[position])
    return found


def key(text: str) -> str:
    return unicodedata.normalize("NFD", codes.fold(text))


@settings(max_examples=40)
@given(languages.NODES)
def test_graphs_read_exactly_the_texts_when_all_is_counted(node: Node) -> None:
    if not languages.has_duplicates(node):
        texts = languages.keys(languages.texts(node), fold=False)
        asked = texts | {text[1:] for text in texts} | {"", "a", "-/", "abab", "B/a"}
        for text in asked:
            assert reads(marked(node, exact=True), text) == (text in texts)
        lower = {text.lower() for text in texts}
        assert all(reads(folded(node, exact=True), text.lower()) == (text.lower() in lower) for text in asked)


@settings(max_examples=40)
@given(languages.NODES)
def test_graphs_read_all_texts_when_long_repeats_are_endless(node: Node) -> None:
    for text in languages.keys(languages.texts(node), fold=False):
        assert reads(marked(node), text)
        assert reads(folded(node), text.lower())


@given(st.lists(st.sampled_from([*languages.NASTY, "/"]), max_size=6), st.data())
def test_a_folded_text_is_read_when_parts_fold_one_by_one(letters: list[str], data: st.DataObject) -> None:
    parts: list[Node] = []
    for letter in letters:
        chars = Chars(LETTERS | {"/"}, others=True)
        options: list[Node] = [Text(letter), chars, Choice((Text(letter), Text("x"))), Repeat(Text(letter), 1, 1)]
        parts.append(data.draw(st.sampled_from(options)))
    graphs = folded(Sequence(tuple(parts))), folded(Sequence(tuple(parts)), exact=True)
    for text in ("".join(letters), codes.fold("".join(letters)), codes.nfc("".join(letters))):
        assert all(reads(graph, key(text)) for graph in graphs)


@given(KEYS, KEYS)
def test_a_text_is_read_by_its_own_graph_alone_when_nothing_follows(one: str, other: str) -> None:
    """No marks but leading ones are loosened at an end."""
    if not one or not unicodedata.combining(key(one)[0]):
        assert reads(folded(Text(one)), key(other)) == (codes.fold(one) == codes.fold(other))


def test_every_letter_of_a_script_is_read_folded_when_others_are_allowed() -> None:
    keys = {key(char) for char in map(chr, range(128, sys.maxunicode)) if codes.fits(char, "a")}
    keys = {"".join(char if char.isascii() else "ж" for char in folded_char) for folded_char in keys}
    assert {"ss", "ffi", "k", "жn", "eж"} < keys
    graphs = [folded(Chars(frozenset("-"), others=True), exact=exact) for exact in (False, True)]
    for folded_letter in keys:
        assert all(reads(graph, folded_letter) for graph in graphs)
    assert not any(reads(graphs[1], text) for text in ("a", "sss", "sk", "fk", "n", "ab"))


@settings(max_examples=40)
@given(languages.templates(repeated=True), st.data())
def test_a_value_is_left_out_when_a_field_does_not_hold_it(node: Node, data: st.DataObject) -> None:
    readings = languages.texts(node)
    values = sorted({(name, value) for _, fields in readings for name, value in fields})
    name, value = data.draw(st.sampled_from(values or [("x", "a")]))
    _, others = by_value(node, name, value)
    for text, fields in readings:
        if (name, value) not in fields:
            assert reads(marked(others), text)
    own = Sequence((Text("a/"), Field("x", Repeat(Chars(frozenset("ab")), 0, 12)), Text("/b")))
    graph = marked(by_value(by_value(own, "x", "ab")[1], "x", "a")[1])
    held = ["", "b", "aa", "aba", "abb", "ba"]
    assert [text for text in [*held, "a", "ab"] if reads(graph, f"a/{text}/b")] == held


def test_edges_are_loose_when_a_value_is_left_out_before_other_letters() -> None:
    held = Field("x", Choice((Text("e\u0301"), Text("b"))))
    _, others = by_value(held, "x", "b")
    graph = folded(Sequence((others, Chars(frozenset("b"), others=True))))
    assert reads(graph, key("e\u0301\u0323"))
    assert not reads(graph, "bb")


def test_positions_are_bounded_when_repeats_hold_repeats() -> None:
    node: Node = Chars(frozenset("ab"))
    for _ in range(6):
        node = Repeat(node, 2, 8)
    assert reads(folded(node), "ab" * 40)
    with pytest.raises(TooLargeError, match="too long"):
        folded(node, exact=True)
    assert len(folded(node).masks) < automata.MAX_POSITIONS


def test_long_lists_share_positions_when_texts_begin_alike() -> None:
    node = Choice(tuple(Text(f"asset-{number:03d}") for number in range(1000)))
    graph = folded(node)
    assert len(graph.starts) == 1
    assert len(graph.masks) < 1200
    assert reads(graph, "asset-567")
    assert not reads(graph, "asset-56")


@pytest.mark.parametrize(
    ("characters", "shown"), [("ba-", "a"), ("0-", "-"), ("01", "1"), (".", "."), ("é", "é"), ("", "")]
)
def test_an_example_reads_well_when_a_set_has_several(characters: str, shown: str) -> None:
    assert example(sum(1 << ord(char) for char in characters)) == shown
    assert example(OTHERS | 1 << ord("a")) == "a"
    assert example(OTHERS) == "ж"
