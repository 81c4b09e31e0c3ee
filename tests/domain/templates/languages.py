"""Random languages over a small alphabet, and all their texts up to a length: what proofs are held against.

Tests load this file by its path; see `test_proof.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from hypothesis import strategies as st

from bifrost_sdk.domain.templates.cases import excluded
from bifrost_sdk.domain.templates.language import Chars, Choice, Field, Node, Repeat, Sequence, Text

ALPHABET = "abAB/-"
LONGEST = 4

NASTY = [
    *("ß", "ẞ", "ŉ", "ǰ", "ﬁ", "ﬄ", "ﬅ", "İ", "\N{KELVIN SIGN}", "\N{LATIN SMALL LETTER LONG S}"),
    *("é", "ǖ", "ΐ", "\N{GREEK SMALL LETTER ALPHA}", "ᾳ", "ᾴ", "\N{GREEK SMALL LETTER IOTA}", "Σ", "ς", "각"),
    *("\u0301", "\u0308", "\u0323", "\u0345", "e", "s", "K", "n"),
]
"""Letters that fold to several, that compose, that change places, and ASCII that they meet."""

Reading: TypeAlias = tuple[str, frozenset[tuple[str, str]]]

SETS = st.frozensets(st.sampled_from(ALPHABET), min_size=1, max_size=3).map(Chars)
WORDS = st.text(ALPHABET, max_size=3).map(Text)
COUNTS = st.sampled_from([(0, 1), (0, None), (1, None), (1, 2), (2, 2), (0, 10), (3, 12)])


def _larger(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(inner, min_size=1, max_size=4).map(tuple)
    return (
        parts.map(Sequence)
        | parts.map(Sequence)
        | parts.map(Choice)
        | st.builds(lambda part, count: Repeat(part, *count), inner, COUNTS)
        | st.builds(Field, st.sampled_from("xyz"), inner)
    )


NODES = st.recursive(SETS | WORDS, _larger, max_leaves=7)
"""Anything that a tree can say: fields in repeats, in each other, and of one name with different texts."""

_TOKENS = st.builds(lambda chars, count: Repeat(chars, *count), SETS, st.sampled_from([(1, None), (1, 10), (1, 2)]))


def _optional(parts: list[Node]) -> Node:
    return Choice((Sequence(tuple(parts)), Text("")))


@st.composite
def templates(draw: st.DrawFn, *, names: str = "xyz", repeated: bool = False) -> Node:
    """What templates are made of: texts, tokens and optional parts within each other; `repeated` names may come back.

    A name always stands for the same token.
    """
    tokens = {name: draw(_TOKENS) for name in names}
    waiting = list(names) * (2 if repeated else 1)

    def parts(depth: int) -> list[Node]:
        made: list[Node] = []
        for kind in draw(st.lists(st.sampled_from(["text", "token", "token", "optional"]), min_size=1, max_size=4)):
            if kind == "text":
                made.append(draw(WORDS))
            elif kind == "token" and waiting:
                name = waiting.pop(draw(st.integers(0, len(waiting) - 1)))
                made.append(Field(name, tokens[name]))
            elif kind == "optional" and depth and waiting:
                made.append(_optional(parts(depth - 1)))
        return made

    return Sequence(tuple(parts(2)))


def texts(node: Node, room: int = LONGEST) -> set[Reading]:
    """Each text of up to `room` characters with each way in which its fields hold values that agree."""
    match node:
        case Text():
            return {(node.text, frozenset())} if len(node.text) <= room else set()
        case Chars():
            return {(char, frozenset()) for char in node.ascii} if room else set()
        case Choice():
            return set().union(*(texts(option, room) for option in node.options))
        case Field():
            read = ((text, fields | {(node.name, text)}) for text, fields in texts(node.part, room))
            return {found for found in read if _agrees(found[1]) and found[0] not in excluded(node)}
        case Sequence():
            made = {("", frozenset[tuple[str, str]]())}
            for part in node.parts:
                made = _joined(made, texts(part, room), room)
            return made
        case Repeat():
            return set(_repeated(node, room))


def keys(readings: set[Reading], *, fold: bool = True) -> set[str]:
    return {text.lower() if fold else text for text, _ in readings}


def ambiguous(readings: set[Reading]) -> set[str]:
    """The texts that are read in several ways."""
    seen: dict[str, int] = {}
    for text, _ in readings:
        seen[text] = seen.get(text, 0) + 1
    return {text for text, count in seen.items() if count > 1}


def fields(node: Node, times: int = 1) -> Iterator[str]:
    """The names of fields, each as often as it may be read, a repeated one twice."""
    match node:
        case Field():
            yield from [node.name] * times
            yield from fields(node.part, times)
        case Sequence():
            for part in node.parts:
                yield from fields(part, times)
        case Choice():
            for option in node.options:
                yield from fields(option, times)
        case Repeat():
            yield from fields(node.part, 2)


def has_duplicates(node: Node) -> bool:
    names = list(fields(node))
    return len(names) > len(set(names))


def _agrees(fields: frozenset[tuple[str, str]]) -> bool:
    return len(fields) == len({name for name, _ in fields})


def _joined(one: set[Reading], other: set[Reading], room: int) -> set[Reading]:
    return {
        (text + more, fields | others)
        for text, fields in one
        for more, others in other
        if len(text) + len(more) <= room and _agrees(fields | others)
    }


def _repeated(node: Repeat, room: int) -> Iterator[Reading]:
    part = texts(node.part, room)
    made = {("", frozenset[tuple[str, str]]())}
    seen: set[Reading] = set()
    turn = 0
    while made and (node.most is None or turn <= node.most) and not (turn > node.least and made <= seen):
        if turn >= node.least:
            yield from made
            seen |= made
        made = _joined(made, part, room)
        turn += 1
