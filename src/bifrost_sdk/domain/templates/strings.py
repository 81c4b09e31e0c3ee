"""Tokens that hold text: of certain characters, of a certain form, or one of a few."""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar, Final

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.templates import patterns, uniqueness
from bifrost_sdk.domain.templates.language import Chars, Choice, Node, Repeat, Text
from bifrost_sdk.domain.templates.token import Token, check_count, check_language, check_text, shown
from bifrost_sdk.errors import TemplateError

_PLAIN: Final = Chars(patterns.ALPHANUMERIC | {"-"}, others=True)


@attrs.frozen
class StringToken(Token):
    r"""Text without spaces: letters of any script, digits and ``-``, 1 to 64 characters, unless told otherwise.

    `characters` are others than these, as in the set of a pattern (``a-z0-9_``, ``\w-``); `pattern` is the whole form
    (see `patterns`), `length` the most characters where there is none.

    >>> StringToken(pattern="[a-z]{3}[0-9]{4}").write("abc0010")
    'abc0010'
    """

    kind: ClassVar[str] = "string"

    characters: str = attrs.field(default="", validator=lambda _, __, value: check_text(value))
    pattern_text: str = attrs.field(default="", alias="pattern", validator=lambda _, __, value: check_text(value))
    length: int = attrs.field(default=patterns.LONGEST, validator=lambda _, __, value: check_count(value, 255))

    def __attrs_post_init__(self) -> None:
        if self.pattern_text and (self.characters or self.length != patterns.LONGEST):
            raise TemplateError("a pattern says all: leave out characters and length", value=self.pattern_text)
        if self.pattern_text:
            uniqueness.check(self.pattern_text)
        check_language(self.language)

    @property
    def language(self) -> Node:
        """Its characters or its pattern."""
        if self.pattern_text:
            return patterns.parse(self.pattern_text)
        chars = patterns.characters(self.characters) if self.characters else _PLAIN
        return Repeat(chars, 1, self.length)

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        if self.pattern_text:
            return f"text of the form {self.pattern_text}"
        kinds = f"[{self.characters}]" if self.characters else "letters, digits and -"
        return f"1 to {self.length} characters of {kinds}"

    def refusal(self, value: object) -> TemplateError:
        """What is said of a value that it does not take: where it is text, which character or form it is."""
        return TemplateError(f"{shown(value)} is not {self.expected}{_blame(value, self.language)}", value=value)

    def holds(self, text: str) -> bool:
        """Whether `text` is a value's spelling, character by character where it is not ASCII."""
        return super().holds(text) and (
            text.isascii()
            or all(char.isascii() or codes.fits(char, text[at - 1 : at] if at else "") for at, char in enumerate(text))
        )


@attrs.frozen
class ChoiceToken(Token):
    """One of the listed texts, which differ in more than case."""

    kind: ClassVar[str] = "choice"

    choices: tuple[str, ...] = attrs.field()

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "choices", _listed(self.choices))
        if len({codes.fold(choice) for choice in self.choices}) < max(len(self.choices), 1):
            raise TemplateError(f"choices are several texts that differ in more than case, not {list(self.choices)}")
        check_language(self.language)
        for choice in self.choices:
            patterns.check_composed(choice)

    @property
    def language(self) -> Node:
        """Its choices, the longest first."""
        return Choice(tuple(map(Text, sorted(self.choices, key=len, reverse=True))))

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        return f"one of {', '.join(self.choices)}"


def _listed(values: Any) -> tuple[str, ...]:  # Any: checked here
    if not isinstance(values, (list, tuple)) or not all(isinstance(value, str) for value in values):
        raise TemplateError(f"choices are a list of texts, not {shown(values)}", value=values)
    return tuple(values)


def _blame(value: object, node: Node) -> str:
    """What in a text keeps it from being a value, where one character can be blamed."""
    if not isinstance(value, str):
        return ""
    if not unicodedata.is_normalized("NFC", value):
        return "; it is not composed: give it in NFC"
    allowed = patterns.alphabet(node)
    for at, char in enumerate(value):
        if char not in allowed and (char.isascii() or not codes.fits(char, value[at - 1 : at])):
            return f": {codes.describe(char)} at character {at + 1}"
    return ""
