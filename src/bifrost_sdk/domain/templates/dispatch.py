"""Which of many languages may hold a path: told by the segments that are the same in all texts of one.

One pattern for a whole set would try its templates one after the other; so would a loop. Here each segment of a path
is looked up once, and what is left over is little more than the answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

import attrs

from bifrost_sdk.domain.templates.language import Chars, Choice, Field, Node, Repeat, Sequence, Text

#: The segments of a text from one end: literal, or None for one that varies.
_Segments: TypeAlias = tuple[str | None, ...]


class _Place(NamedTuple):
    """One segment: which languages a literal leaves in question, and which are left by any other text; bit by bit."""

    position: int
    masks: Mapping[str, int]
    others: int


@attrs.frozen
class Shape:
    """What the texts of one language have in common.

    They have `least` to `most` segments; `head` are the first ones and `tail` the last ones, backwards, as far as they
    are at the same place in every text.
    """

    least: int
    most: int
    head: _Segments
    tail: _Segments

    @classmethod
    def of(cls, node: Node) -> Shape:
        """The shape of a language, whose slashes end.

        >>> Shape.of(Sequence((Text("demo/"), Field("asset", Chars(frozenset("ab"))), Text("/work"))))
        Shape(least=3, most=3, head=('demo', None, 'work'), tail=('work', None, 'demo'))
        """
        least, most = _slashes(node)
        pieces = list(_pieces(node))
        backwards = [piece if piece is None else piece[::-1] for piece in reversed(pieces)]
        tail = tuple(segment and segment[::-1] for segment in _segments(backwards))
        return cls(least + 1, most + 1, _segments(pieces), tail)

    def segment(self, position: int, count: int) -> str | None:
        """The segment at a position of the texts that have `count` segments; None where it varies."""
        if position < len(self.head):
            return self.head[position]
        from_end = count - 1 - position
        return self.tail[from_end] if from_end < len(self.tail) else None


class Dispatch:
    """Finds the languages that may hold a path, by their places in `nodes`; those of all others do not hold it.

    >>> list(Dispatch([Text("demo/shots"), Text("demo/assets")]).candidates("demo/assets"))
    [1]
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._shapes = [Shape.of(node) for node in nodes]
        most = max((shape.most for shape in self._shapes), default=0)
        self._tables = [_table(self._shapes, count) for count in range(most + 1)]

    def candidates(self, path: str) -> Iterator[int]:
        """The languages that may hold the path, in order."""
        segments = path.split("/")
        if len(segments) >= len(self._tables):
            return
        mask, places = self._tables[len(segments)]
        for position, masks, others in places:
            mask &= masks.get(segments[position], others)
        while mask:
            lowest = mask & -mask
            yield lowest.bit_length() - 1
            mask ^= lowest

    def reaches(self, path: str) -> list[int]:
        """How many characters of the path each language reads at most, as far as its first segments tell.

        >>> Dispatch([Text("demo/shots/a"), Text("demo/assets/a")]).reaches("demo/shots/b")
        [11, 5]
        """
        segments = path.split("/")
        return [_reach(shape.head, segments, len(path)) for shape in self._shapes]


def _reach(head: _Segments, segments: list[str], length: int) -> int:
    position = 0
    for literal, segment in zip(head, segments, strict=False):
        if literal is not None and literal != segment:
            pairs = enumerate(zip(literal, segment, strict=False))
            parted = (at for at, (one, other) in pairs if one != other)
            return position + next(parted, min(len(literal), len(segment)))
        position += len(segment) + 1
    return length


def _table(shapes: list[Shape], count: int) -> tuple[int, list[_Place]]:
    """The languages with texts of so many segments, and the segments that tell them apart."""
    known = [(1 << bit, shape) for bit, shape in enumerate(shapes) if shape.least <= count <= shape.most]
    everyone = sum(bit for bit, _ in known)
    places = []
    for position in range(count):
        literals = [(bit, shape.segment(position, count)) for bit, shape in known]
        others = sum(bit for bit, literal in literals if literal is None)
        masks: dict[str, int] = {}
        for bit, literal in literals:
            if literal is not None:
                masks[literal] = masks.get(literal, others) | bit
        if masks:
            places.append(_Place(position, masks, others))
    return everyone, places


def _pieces(node: Node) -> Iterator[str | None]:
    """Literal texts, "" for a text that varies within a segment, None for one that may hold a slash."""
    if isinstance(node, Text):
        yield from [node.text] if node.text else []
    elif isinstance(node, Sequence):
        yield from itertools.chain.from_iterable(map(_pieces, node.parts))
    elif isinstance(node, Field):
        yield from _pieces(node.part)
    else:
        yield None if _slashes(node)[1] else ""


def _segments(pieces: list[str | None]) -> _Segments:
    """The segments from the beginning, up to where a slash may be or not."""
    segments: list[str | None] = [""]
    for piece in pieces:
        if piece is None:
            return tuple(segments[:-1])  # what may hold a slash may also go on with the segment
        if not piece:
            segments[-1] = None
            continue
        first, *further = piece.split("/")
        if segments[-1] is not None:
            segments[-1] += first
        segments.extend(further)
    return tuple(segments)


def _slashes(node: Node) -> tuple[int, int]:
    """How many slashes the texts of a language have at least and at most."""
    match node:
        case Text():
            return node.text.count("/"), node.text.count("/")
        case Chars():
            return 0, int("/" in node.ascii)
        case Field():
            return _slashes(node.part)
        case Sequence():
            counts = [_slashes(part) for part in node.parts]
            return sum(least for least, _ in counts), sum(most for _, most in counts)
        case Choice():
            counts = [_slashes(option) for option in node.options]
            return min(least for least, _ in counts), max(most for _, most in counts)
        case Repeat():
            least, most = _slashes(node.part)
            if most and node.most is None:
                raise ValueError("a language without end has no shape")
            return least * node.least, most * (node.most or 0)
