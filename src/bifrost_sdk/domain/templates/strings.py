"""Tokens that hold text: of certain characters, of a certain form, or one of a few."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
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
    (see `patterns`), `length` the most characters where there is none. `absent` is written for None, the value of a
    thing that has none; it is no value itself.

    >>> StringToken(pattern="[a-z]{3}[0-9]{4}").write("abc0010")
    'abc0010'
    """

    kind: ClassVar[str] = "string"

    characters: str = attrs.field(default="", validator=lambda _, __, value: check_text(value))
    pattern_text: str = attrs.field(default="", alias="pattern", validator=lambda _, __, value: check_text(value))
    length: int = attrs.field(default=patterns.LONGEST, validator=lambda _, __, value: check_count(value, 255))
    absent: str = attrs.field(default="", validator=lambda _, __, value: check_text(value))

    def __attrs_post_init__(self) -> None:
        if self.pattern_text and (self.characters or self.length != patterns.LONGEST):
            raise TemplateError("a pattern says all: leave out characters and length", value=self.pattern_text)
        if self.pattern_text:
            uniqueness.check(self.pattern_text)
        check_language(self.language)
        if self.absent:
            patterns.check_composed(self.absent)
            if re.fullmatch(patterns.source(self.values), self.absent, re.IGNORECASE):
                message = f"{self.absent!r} is a value, so it cannot say that there is none; choose another text"
                raise TemplateError(message, value=self.absent)

    @property
    def language(self) -> Node:
        """The texts of its values, and what is written where there is no value."""
        return Choice((Text(self.absent), self.values)) if self.absent else self.values

    @property
    def converter(self) -> Callable[[str], str | None] | None:
        """What makes None of the text that says so."""
        return self._value if self.absent else None

    @property
    def values(self) -> Node:
        """Its characters or its pattern."""
        if self.pattern_text:
            return patterns.parse(self.pattern_text)
        chars = patterns.characters(self.characters) if self.characters else _PLAIN
        return Repeat(chars, 1, self.length)

    def write(self, value: Any) -> str:  # Any: checked here
        """The one spelling of `value`.

        Raises:
            TemplateError: it is none of this token's values.
        """
        if self.absent and value in (None, self.absent):
            if value is None:
                return self.absent
            raise TemplateError(f"{shown(value)} is written where there is none; give None", value=value)
        return super().write(value)

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        none = f", or {self.absent} where there is none" if self.absent else ""
        if self.pattern_text:
            return f"text of the form {self.pattern_text}{none}"
        kinds = f"[{self.characters}]" if self.characters else "letters, digits and -"
        return f"1 to {self.length} characters of {kinds}{none}"

    def _value(self, text: str) -> str | None:
        return None if text == self.absent else text

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
