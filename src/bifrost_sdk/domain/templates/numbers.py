"""Tokens that hold numbers, written with the same digits every time, and the frames and tiles of whole sequences."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar, Final

import attrs

from bifrost_sdk.domain import filesets
from bifrost_sdk.domain.filesets import FRAME, UDIM
from bifrost_sdk.domain.templates import patterns
from bifrost_sdk.domain.templates.language import Chars, Choice, Node, Repeat, Sequence, Text
from bifrost_sdk.domain.templates.token import Token, check_count
from bifrost_sdk.errors import TemplateError

MAX_DIGITS: Final = 9
"""The most digits of a version's or a frame's number."""

MAX_INTEGER_DIGITS: Final = 18
"""The most digits of an integer: what 64 bits hold."""

DIGIT: Final = Chars(patterns.DIGITS)
FROM_ONE: Final = Chars(patterns.DIGITS - {"0"})


@attrs.frozen
class _NumberToken(Token):
    value_type: ClassVar[type] = int

    padding: int = attrs.field(default=1, validator=lambda _, __, value: check_count(value, MAX_DIGITS))

    @property
    def directive(self) -> str:
        """``%d`` with the padding."""
        return f"%0{self.padding}d"

    @property
    def converter(self) -> Callable[[str], int | str]:
        """The number."""
        return int

    def formatted(self, spec: str) -> Token:
        """The same token with another padding: ``03d``, or ``d`` for none."""
        found = re.fullmatch(r"(?:0([1-9]))?d?", spec)
        if not found or not spec:
            raise TemplateError(f"{spec!r} is no format of a number; write e.g. 03d", value=spec)
        return attrs.evolve(self, padding=int(found[1] or 1))

    def _text(self, value: Any) -> str:  # Any: checked here
        if not _isnumber(value):
            raise self.refusal(value)
        return f"{int(value):0{self.padding}d}"


@attrs.frozen
class IntegerToken(_NumberToken):
    """A whole number from 0, of at least `padding` digits."""

    kind: ClassVar[str] = "integer"

    @property
    def language(self) -> Node:
        """Exactly `padding` digits, or more without a leading zero."""
        return number(self.padding, MAX_INTEGER_DIGITS)

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        return f"a whole number from 0 in {_digits(self.padding)}"


@attrs.frozen
class VersionToken(_NumberToken):
    """A version's number, from 1, of at least `padding` digits: 001 to 999, then 1000."""

    kind: ClassVar[str] = "version"

    padding: int = attrs.field(default=3, validator=lambda _, __, value: check_count(value, MAX_DIGITS))

    @property
    def language(self) -> Node:
        """Exactly `padding` digits, or more without a leading zero; not zero."""
        return number(self.padding, MAX_DIGITS, positive=True)

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        return f"a version's number from 1 in {_digits(self.padding)}"


@attrs.frozen
class FrameToken(_NumberToken):
    """A frame's number of at least `padding` characters, or FRAME for a whole sequence, written ``%04d``."""

    kind: ClassVar[str] = "frame"

    padding: int = attrs.field(
        default=filesets.DEFAULT_PADDING, validator=lambda _, __, value: check_count(value, MAX_DIGITS)
    )

    @property
    def language(self) -> Node:
        """A number with its sign, or the placeholder."""
        negative = Sequence((Text("-"), number(max(self.padding - 1, 1), MAX_DIGITS, positive=True)))
        placeholder = Text(filesets.spell(FRAME, self.padding))
        return Choice((number(self.padding, MAX_DIGITS), negative, placeholder))

    @property
    def converter(self) -> Callable[[str], int | str]:
        """The number, or FRAME."""
        return _frame

    @property
    def quick_converter(self) -> Callable[[str], int]:
        """The number."""
        return int

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        return f"a frame's number in {_digits(self.padding)}, or {FRAME} (%0{self.padding}d, {'#' * self.padding})"

    def _text(self, value: Any) -> str:  # Any: checked here
        if isinstance(value, str):
            return filesets.spell(FRAME, self.padding) if _is_placeholder(value, FRAME, self.padding) else ""
        return super()._text(value)


@attrs.frozen
class UdimToken(Token):
    """A tile's number, 1001 to 9999, or UDIM for all tiles, written ``<UDIM>``."""

    kind: ClassVar[str] = "udim"
    value_type: ClassVar[type] = int

    @property
    def language(self) -> Node:
        """1001 to 9999, or the placeholder."""
        first = Sequence((Text("1"), number(3, 3, positive=True)))
        return Choice((first, Sequence((Chars(patterns.DIGITS - {"0", "1"}), Repeat(DIGIT, 3, 3))), Text(UDIM)))

    @property
    def directive(self) -> str:
        """``%d``."""
        return "%d"

    @property
    def converter(self) -> Callable[[str], int | str]:
        """The number, or UDIM."""
        return _udim

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        return f"a tile's number from {filesets.TILES[0]} to {filesets.TILES[-1]}, or {UDIM}"

    def _text(self, value: Any) -> str:  # Any: checked here
        if isinstance(value, str):
            return UDIM if _is_placeholder(value, UDIM, 0) else ""
        if not _isnumber(value):
            raise self.refusal(value)
        return str(int(value))


def number(padding: int, most: int, *, positive: bool = False) -> Node:
    """Numbers of `padding` to `most` digits, padded with zeros up to `padding`."""
    if not positive:
        longer = Sequence((FROM_ONE, Repeat(DIGIT, padding, most - 1)))
        return Choice((Repeat(DIGIT, padding, padding), longer)) if padding < most else Repeat(DIGIT, most, most)
    options: list[Node] = [Sequence((FROM_ONE, Repeat(DIGIT, padding - 1, most - 1)))]
    for zeros in range(1, padding):
        rest = padding - zeros - 1
        options.append(Sequence((Text("0" * zeros), FROM_ONE, Repeat(DIGIT, rest, rest))))
    return Choice(tuple(options))


def _isnumber(value: object) -> bool:
    """Whether it is a whole number that a path could hold; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MAX_INTEGER_DIGITS


def _frame(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:
        return FRAME


def _udim(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:
        return UDIM


def _is_placeholder(text: str, token: str, padding: int) -> bool:
    """Whether the whole text is this token in any program's spelling; ``<FRAME>`` has every padding."""
    found = filesets.placeholders(text)
    if len(found) != 1 or (found[0].start, found[0].end) != (0, len(text)) or found[0].token != token:
        return False
    return text == FRAME or found[0].padding == padding


def _digits(padding: int) -> str:
    return f"{padding} or more digits" if padding > 1 else "digits without leading zeros"
