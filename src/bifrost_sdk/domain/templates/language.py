"""Which texts a part of a template stands for: the one description that patterns and proofs are both made of."""

from __future__ import annotations

from typing import TypeAlias

import attrs


@attrs.frozen
class Text:
    """Exactly this text."""

    text: str


@attrs.frozen
class Chars:
    """One character: any of `ascii`, and with `others` any letter or digit of another script (see `codes`)."""

    ascii: frozenset[str]
    others: bool = False


@attrs.frozen
class Sequence:
    """One part after the other."""

    parts: tuple[Node, ...]


@attrs.frozen
class Choice:
    """One of the options."""

    options: tuple[Node, ...]


@attrs.frozen
class Repeat:
    """The part from `least` to `most` times, both inclusive; without end where `most` is None."""

    part: Node
    least: int = 0
    most: int | None = None


@attrs.frozen
class Field:
    """What the token `name` reads: fields of one name in a template hold the same text."""

    name: str
    part: Node


Node: TypeAlias = "Text | Chars | Sequence | Choice | Repeat | Field"
