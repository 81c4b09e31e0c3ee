"""Whether a pattern reads every text in one way: then reading takes no more steps than the text has characters.

A regular expression that fails goes back to each choice that it made. Where a pattern splits a text in one way only, as
many beginnings of readings are open at one character as the pattern has places, never one for each combination of
choices, so no text makes reading take long. Each part is asked by itself, with what it consists of as fields: two sets
of values for one text are two ways.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from bifrost_sdk.domain.templates import patterns, proof
from bifrost_sdk.domain.templates.language import Choice, Field, Node, Repeat, Sequence
from bifrost_sdk.errors import TemplateError

_TURN: Final = "let every turn begin or end with what it holds nowhere else, as in [a-z]+(-[a-z]+)*"
_EMPTY: Final = "what repeats may be empty already: let it hold one character at least, or leave the count out"
_NEIGHBOURS: Final = "let each part end where the next one begins: [a-z][a-z0-9]*, not [a-z]+[a-z0-9]*"
_OPTIONS: Final = "let each text fit one option"


class _Question(NamedTuple):
    """A part, the same with what it consists of as fields, and what to do when it reads a text in two ways."""

    part: Node
    asked: Node
    hint: str


@functools.lru_cache(maxsize=256)
def check(pattern: str) -> None:
    """Refuse a pattern some part of which reads a text in two ways.

    Raises:
        TemplateError: it does, or cannot be read or judged; `value` is the pattern.

    >>> check("[a-z]+(-[a-z]+)*")
    >>> check("([a-z]+)*")
    Traceback (most recent call last):
    bifrost_sdk.errors.TemplateError: the pattern '([a-z]+)*' can read a text in two ways, which may take very long: \
(?:[a-z]{1,64}){0,64} holds 'aa' as 'aa' or as 'a' + 'a'; write [a-z]*
    """
    for question in _questions(patterns.parse(pattern)):
        found = proof.readings(question.asked)
        part = patterns.source(question.part)
        if isinstance(found, proof.Unproven):
            message = f"the pattern {pattern!r:.100} is too large to be judged, at {part:.100}: {found.reason}"
            raise TemplateError(message, value=pattern)
        if isinstance(found, proof.Witness):
            one, other = (_told(question.part, values) for values in found.readings)
            message = f"the pattern {pattern!r:.100} can read a text in two ways, which may take very long: "
            ways = f"{part:.100} holds {found.path!r} as {one} or as {other}; {question.hint}"
            raise TemplateError(message + ways, value=pattern)


def _questions(node: Node) -> Iterator[_Question]:
    """The node and all that is in it, the innermost first."""
    match node:
        case Sequence():
            for part in node.parts:
                yield from _questions(part)
            yield _Question(node, Sequence(_fields(node.parts)), _NEIGHBOURS)
        case Choice():
            for option in node.options:
                yield from _questions(option)
            yield _Question(node, Choice(_fields(node.options)), _OPTIONS)
        case Repeat():
            yield from _questions(node.part)
            yield _Question(node, _turns(node), _plainer(node))


def _fields(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    return tuple(Field(str(number), node) for number, node in enumerate(nodes))


def _turns(repeat: Repeat) -> Node:
    """One turn and those after it, of which no least number is asked; an optional part alone."""
    if repeat.most == 1:
        return Repeat(Field("0", repeat.part), repeat.least, 1)
    return Sequence(_fields((repeat.part, Repeat(repeat.part, 0, repeat.most and repeat.most - 1))))


def _plainer(repeat: Repeat) -> str:
    """How to say a repeat of something that repeats by itself."""
    inner = repeat.part
    if isinstance(inner, Repeat):
        part = patterns.source(inner.part)
        return f"write {part}{'+' if inner.least and repeat.least else '*'}" if inner.most != 1 else _EMPTY
    is_empty = isinstance(proof.compare(inner, Sequence(())), proof.Witness)
    return _EMPTY if is_empty else _TURN


def _told(part: Node, values: Mapping[str, str]) -> str:
    """What the parts hold in one way to read a text."""
    if isinstance(part, Choice):
        (number,) = values
        return patterns.source(part.options[int(number)])
    held = [values[number] for number in sorted(values, key=int)]
    while len(held) > 1 and not held[-1]:
        held.pop()
    return " + ".join(map(repr, held)) or "nothing"
