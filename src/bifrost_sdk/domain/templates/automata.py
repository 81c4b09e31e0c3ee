"""A language as a graph of positions: what a proof walks on.

A set of characters is one integer: bit n stands for U+n, so that `&` asks what two sets share, and the negative number
`OTHERS` holds every character beyond ASCII. Two paths collide when they are equal after folding; `folded` therefore
speaks of what `codes.fold` makes of a text, decomposed (NFD), for only then does every character fold by itself.
Where that is not quite so, at marks that a neighbour may reorder, and where a bound is too long to count, the graph
describes more texts than the language holds, never fewer.
"""

from __future__ import annotations

import functools
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.templates.cases import Occurrence, excluded, told_apart
from bifrost_sdk.domain.templates.language import Chars, Choice, Field, Node, Repeat, Sequence, Text
from bifrost_sdk.errors import TemplateError

END: Final = 0
"""The position after the last character."""

SLASH: Final = 1 << ord("/")
OTHERS: Final = -1 << 128
MAX_POSITIONS: Final = 5_000
SHORT: Final = 8
_EXACT: Final = sys.maxsize

# What letters of other scripts fold to, besides letters like themselves: the Kelvin sign and the long s, any letter
# with its marks, an n after an apostrophe, and ligatures, each as the sets of its letters.
_LETTERS: Final = sum(1 << letter for letter in range(ord("a"), ord("z") + 1))
_LIGATURES: Final = (("s", "st"), ("f", "fil"), ("f", "f", "il"))
# The one mark that folds to a letter.
_IOTA: Final = "\N{GREEK SMALL LETTER IOTA}"


class TooLargeError(TemplateError):
    """A language has more positions, or a walk more steps, than a proof is worth."""


class Mark(NamedTuple):
    """Where a field begins or ends; `again`: a field of that name stood before in every reading."""

    name: str
    opens: bool
    again: bool


@attrs.frozen(eq=False)
class Automaton:
    """Positions that each read one character of their mask, and which positions may follow them.

    Walks begin at one of `starts` and are complete at `END`. A position in `marks` reads nothing.
    """

    starts: tuple[int, ...]
    masks: tuple[int, ...]
    follows: tuple[tuple[int, ...], ...]
    marks: Mapping[int, Mark]


def folded(node: Node, *, exact: bool = False) -> Automaton:
    """What the texts of `node` are after folding, without its fields.

    Repeats of more than `SHORT` are endless, and a character of another script is any run of letters and such
    characters. With `exact` all bounds are counted and such a character is what it can fold to, at the price of twelve
    positions each.

    Raises:
        TooLargeError: counting exactly takes more than `MAX_POSITIONS`.
    """
    return _built(node, _Folded, exact=exact)


def marked(node: Node, *, exact: bool = False) -> Automaton:
    """The texts of `node` as they are, with its fields as marks; `exact` as for `folded`.

    Raises:
        TooLargeError: counting exactly takes more than `MAX_POSITIONS`.
    """
    return _built(told_apart(node)[0], _Marked, exact=exact)


@functools.lru_cache(maxsize=4096)
def example(mask: int) -> str:
    """A character of the set that reads well in an example; nothing for the empty set of a mark.

    >>> example(OTHERS | 1 << ord("7") | 1 << ord("-"))
    '7'
    """
    if not mask:
        return ""
    for char in "abcdefghijklmnopqrstuvwxyz123456789":
        if mask >> ord(char) & 1:
            return char
    ascii_only = mask & ~OTHERS
    if mask < 0 and not ascii_only:
        return "ж"
    chosen = ascii_only or mask
    return chr((chosen & -chosen).bit_length() - 1)


def _built(node: Node, builder: type[_Builder], *, exact: bool) -> Automaton:
    if exact:
        return builder(_EXACT).automaton(node)
    try:
        return builder(SHORT).automaton(node)
    except TooLargeError:
        return builder(1).automaton(node)


class _Builder:
    """Builds from the end to the beginning: each part is given the positions that may come after it."""

    def __init__(self, short: int) -> None:
        self.short = short
        self.masks: list[int] = [0]
        self.follows: list[frozenset[int]] = [frozenset()]
        self.marks: dict[int, Mark] = {}
        self._hubs: set[int] = set()

    def key(self, text: str) -> str:
        """The text as the graph reads it."""
        return text

    def automaton(self, node: Node) -> Automaton:
        starts = self.build(node, frozenset([END]))
        follows = tuple(tuple(sorted(self._without_hubs(after))) for after in self.follows)
        return Automaton(tuple(sorted(self._without_hubs(starts))), tuple(self.masks), follows, self.marks)

    def build(self, node: Node, after: frozenset[int]) -> frozenset[int]:
        """The positions where `node` begins when `after` may follow it; `after` is among them when it may be empty."""
        match node:
            case Text():
                return self.spell(self.letters(node.text, after), after)
            case Chars():
                return self.chars(node, after)
            case Sequence():
                for part in reversed(node.parts):
                    after = self.build(part, after)
                return after
            case Choice():
                texts = [self.letters(option.text, after) for option in node.options if isinstance(option, Text)]
                others = (self.build(option, after) for option in node.options if not isinstance(option, Text))
                return self._branch(texts, after).union(*others)
            case Repeat():
                return self._repeat(node, after)
            case Field():
                return self.field(node, after)

    def add(self, mask: int, after: Iterable[int]) -> frozenset[int]:
        self.masks.append(mask)
        self.follows.append(frozenset(after))
        if len(self.masks) > MAX_POSITIONS and self.short > 1:
            raise TooLargeError("its tokens are too long to be counted; give some a smaller length")
        return frozenset([len(self.masks) - 1])

    def run(self, mask: int, after: frozenset[int]) -> frozenset[int]:
        """One or more characters of the set."""
        begin = self.add(mask, after)
        self.follows[-1] |= begin
        return begin

    def spell(self, masks: Iterable[int], after: frozenset[int]) -> frozenset[int]:
        """One character of each set, in their order."""
        for mask in reversed([*masks]):
            after = self.add(mask, after)
        return after

    def _branch(self, texts: Iterable[list[int]], after: frozenset[int]) -> frozenset[int]:
        """One of the texts; those that begin alike share positions, so that long lists stay quick."""
        by_first: dict[int, list[list[int]]] = {}
        starts = frozenset[int]()
        for text in texts:
            if text:
                by_first.setdefault(text[0], []).append(text[1:])
            else:
                starts = after
        for mask, rest in by_first.items():
            starts |= self.add(mask, self._branch(rest, after))
        return starts

    def letters(self, text: str, after: frozenset[int]) -> list[int]:  # noqa: ARG002  # what follows matters to folding
        """The text as sets of one character each, where `after` may follow it."""
        return [1 << ord(char) for char in text]

    def chars(self, chars: Chars, after: frozenset[int]) -> frozenset[int]:
        mask = _plain_set(chars.ascii) | (OTHERS if chars.others else 0)
        return self.add(mask, after) if mask else frozenset()

    def field(self, field: Field, after: frozenset[int]) -> frozenset[int]:
        words = frozenset(map(self.key, excluded(field)))
        return self._without(words, field.part, after) if words else self.build(field.part, after)

    def _repeat(self, repeat: Repeat, after: frozenset[int]) -> frozenset[int]:
        least = min(repeat.least, self.short)
        if repeat.most is not None and repeat.most <= self.short:
            again = after
            for _ in range(repeat.most - least):
                again = self.build(repeat.part, again) | after
        else:
            # A hub stands for what may follow one turn of the loop, which is known only when the loop is built.
            # Its mask is any, as the text before it must expect any neighbour.
            again = self.add(OTHERS, ())
            (hub,) = again
            self._hubs.add(hub)
            begin = self.build(repeat.part, again)
            self.follows[hub] = begin | after
            if least:
                least, again = least - 1, begin
        for _ in range(least):
            again = self.build(repeat.part, again)
        return again

    def _without(self, words: frozenset[str], node: Node, after: frozenset[int]) -> frozenset[int]:
        """The node without these words: its own graph, each position once for each beginning of a word before it."""
        inner = type(self)(self.short)
        inner.masks[END] = OTHERS  # the neighbour is not known in there
        graph = inner.automaton(node)
        beginnings = {word[:length] for word in words for length in range(1, len(word) + 1)}
        made: dict[tuple[int, str | None], frozenset[int]] = {}
        waiting: list[tuple[int, int, str | None]] = []

        def reading(position: int, before: str | None) -> frozenset[int]:
            if position == END:
                return after if before not in words else frozenset()
            if (position, before) not in made:
                made[position, before] = frozenset[int]()
                for mask, word in _parted(graph.masks[position], before, beginnings):
                    made[position, before] |= self.add(mask, ())
                    waiting.append((len(self.masks) - 1, position, word))
                    if position in graph.marks:
                        self.marks[len(self.masks) - 1] = graph.marks[position]
            return made[position, before]

        starts = frozenset[int]().union(*(reading(position, "") for position in graph.starts))
        for own, position, before in waiting:
            self.follows[own] = frozenset[int]().union(*(reading(next_, before) for next_ in graph.follows[position]))
        return starts

    def _without_hubs(self, positions: frozenset[int]) -> frozenset[int]:
        if self._hubs.isdisjoint(positions):
            return positions
        found: set[int] = set()
        waiting = list(positions)
        while waiting:
            position = waiting.pop()
            if position not in found:
                found.add(position)
                if position in self._hubs:
                    waiting.extend(self.follows[position])
        return frozenset(found - self._hubs)


class _Marked(_Builder):
    """Texts as they are, with a mark where a field begins and one where it ends."""

    def field(self, field: Field, after: frozenset[int]) -> frozenset[int]:
        return self._mark(field, super().field(field, self._mark(field, after, opens=False)), opens=True)

    def _mark(self, field: Field, after: frozenset[int], *, opens: bool) -> frozenset[int]:
        position = self.add(0, after)
        self.marks[len(self.masks) - 1] = Mark(
            field.name, opens, again=isinstance(field, Occurrence) and field.is_again
        )
        return position


class _Folded(_Builder):
    """What texts are after folding; a slash is a position of its own, so that paths fall into segments."""

    def key(self, text: str) -> str:
        return unicodedata.normalize("NFD", codes.fold(text))

    def letters(self, text: str, after: frozenset[int]) -> list[int]:
        """The folded text, but marks at its edges are any: they may change places with those of a neighbour."""
        key = self.key(text)
        masks = [1 << ord(char) for char in key]
        if not key.isascii():
            first = next((index for index, char in enumerate(key) if not unicodedata.combining(char)), len(key))
            masks[:first] = [OTHERS] * first
            if any(self.masks[position] < 0 for position in after):
                last = len(key)
                while last > first and (unicodedata.combining(key[last - 1]) or key[last - 1] == _IOTA):
                    last -= 1
                masks[last:] = [OTHERS] * (len(key) - last)
        return masks

    def chars(self, chars: Chars, after: frozenset[int]) -> frozenset[int]:
        mask = _folded_set(chars.ascii)
        starts = self.add(SLASH, after) if mask & SLASH else frozenset[int]()
        mask &= ~SLASH
        if chars.others or mask < 0:
            return starts | self._other(mask, after)
        return starts | self.add(mask, after) if mask else starts

    def _other(self, mask: int, after: frozenset[int]) -> frozenset[int]:
        """One of the set or a letter of another script, which may fold to several characters."""
        if self.short != _EXACT:
            return self.run(mask | _LETTERS | OTHERS, after)
        others = self.run(OTHERS, after)
        starts = others | self.add(mask | _set("ks"), after) | self.add(_LETTERS, others)
        for letters in _LIGATURES:
            starts |= self.spell(map(_set, letters), after)
        return starts | self.spell((OTHERS, _set("n")), after)


def _parted(mask: int, before: str | None, beginnings: Iterable[str]) -> Iterator[tuple[int, str | None]]:
    """A set in parts: each character that leads on to the beginning of a word, and all others, which lead to none."""
    if before is None or not mask:
        yield mask, before
        return
    for word in beginnings:
        if word[:-1] == before and mask >> ord(word[-1]) & 1:
            yield 1 << ord(word[-1]), word
            mask &= ~(1 << ord(word[-1]))
    if mask:
        yield mask, None


def _set(characters: Iterable[str]) -> int:
    return sum(1 << ord(char) for char in set(characters))


# Sets of tokens come back in every template.
_plain_set = functools.lru_cache(maxsize=256)(_set)


@functools.lru_cache(maxsize=256)
def _folded_set(characters: frozenset[str]) -> int:
    """The set of the folded characters, where one beyond ASCII stands for all of them."""
    return _set(char.lower() for char in characters if char.isascii()) | (
        0 if "".join(characters).isascii() else OTHERS
    )
