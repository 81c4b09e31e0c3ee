"""What every token is: values, the one way in which each is written, and the texts that it stands for.

A token's `language` says it all: the regular expression that reads it and the proofs about sets come from it.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable
from typing import Any, ClassVar

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.templates import patterns
from bifrost_sdk.domain.templates.language import Node
from bifrost_sdk.errors import TemplateError


class Token:
    """What stands at one place of a template.

    `kind` is its type's name, `value_type` the Python type of its values.
    """

    __slots__ = ()

    kind: ClassVar[str]
    value_type: ClassVar[type] = str

    @property
    def language(self) -> Node:
        """The texts that it can hold, a few more where only `read` can tell (letters, days of a month)."""
        raise NotImplementedError

    @property
    def values(self) -> Node:
        """The same without what stands for no value."""
        return self.language

    @property
    def absent(self) -> str:
        """What is written where there is no value, which is None then; empty where there has to be one."""
        return ""

    @property
    def directive(self) -> str | None:
        """What writes a value of `value_type` in the ``%`` style; None when only `write` can."""
        return "%s"

    @property
    def converter(self) -> Callable[[str], Any] | None:  # Any: a value of the token's type
        """What makes a value of a text of `language`, or raises ValueError; None when the text is the value."""
        return None

    @property
    def quick_converter(self) -> Callable[[str], Any] | None:  # Any: as above
        """What does the same for most texts, and raises ValueError for those that only `converter` may know."""
        return self.converter

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        raise NotImplementedError

    @property
    def pattern(self) -> str:
        """A regular expression without groups that matches the texts of `language`."""
        return _pattern(self, others=True)

    @property
    def alphabet(self) -> frozenset[str]:
        """All of ASCII that its texts can hold."""
        return _alphabet(self)

    @property
    def pattern_in_ascii(self) -> str:
        """The same for texts in ASCII."""
        return _pattern(self, others=False)

    def write(self, value: Any) -> str:  # Any: checked here
        """The one spelling of `value`.

        Raises:
            TemplateError: it is none of this token's values.
        """
        text = self._text(value)
        if self.holds(text):
            return text
        raise self.refusal(value)

    def read(self, text: str) -> Any:  # Any: a value of the token's type
        """The value that is written as `text`.

        Raises:
            TemplateError: it is no value's spelling.
        """
        if self.holds(text):
            return text if self.converter is None else self.converter(text)
        raise self.refusal(text)

    def formatted(self, spec: str) -> Token:
        """The same token with another format, as written behind the colon in ``{version:04d}``.

        Raises:
            TemplateError: it takes no such format.
        """
        raise TemplateError(f"a {self.kind} takes no format {spec!r}; write the name alone", value=spec)

    def to_document(self) -> dict[str, Any]:  # Any: plain values of YAML
        """The token as `from_document` reads it."""
        values = {field: getattr(self, field.name) for field in settings(type(self))}
        told = {str(field.alias): value for field, value in values.items() if value != field.default}
        return {"type": self.kind} | {
            key: list(value) if isinstance(value, tuple) else value for key, value in told.items()
        }

    def refusal(self, value: object) -> TemplateError:
        """What is said of a value that it does not take."""
        return TemplateError(f"{shown(value)} is not {self.expected}", value=value)

    def _text(self, value: Any) -> str:  # Any: checked here
        if not isinstance(value, str):
            raise self.refusal(value)
        return str.__str__(value)

    def holds(self, text: str) -> bool:
        """Whether `text` is a value's spelling."""
        return _matcher(self)(text) is not None and (text.isascii() or unicodedata.is_normalized("NFC", text))


def shown(value: object) -> str:
    """A value as a message shows it: escaped, and not all of a long one."""
    try:
        return f"{value!r:.100}"
    except ValueError:  # a number with more digits than Python writes
        return f"a huge {type(value).__name__}"


def settings(kind: type[Token]) -> tuple[attrs.Attribute[Any], ...]:  # Any: fields of several types
    """What can be set of tokens of this type."""
    return attrs.fields(kind) if attrs.has(kind) else ()


def check_text(value: object) -> None:
    """Refuse what is no text.

    Raises:
        TemplateError: it is none.
    """
    if not isinstance(value, str):
        raise TemplateError(f"{shown(value)} is no text", value=value)


def check_count(value: object, most: int) -> None:
    """Refuse what is no whole number from 1 to `most`.

    Raises:
        TemplateError: it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise TemplateError(f"{shown(value)} is no number from 1 to {most}", value=value)


def check_language(node: Node) -> None:
    """Refuse tokens whose values could be empty or leave their folder, or that a platform or a host reads otherwise.

    Raises:
        TemplateError: a text of `node` could; `value` is the character to blame.
    """
    for char in sorted(patterns.alphabet(node)):
        reason = patterns.hazard(char)
        if reason:
            raise TemplateError(f"{codes.describe(char)} cannot stand in a value: {reason}", value=char)
    if re.fullmatch(patterns.source(node), ""):
        raise TemplateError("a value would be empty; let it have one character or more")


@functools.lru_cache(maxsize=1024)
def _pattern(token: Token, *, others: bool) -> str:
    return patterns.source(token.language, others=others)


@functools.lru_cache(maxsize=1024)
def _alphabet(token: Token) -> frozenset[str]:
    return patterns.alphabet(token.language)


@functools.lru_cache(maxsize=1024)
def _matcher(token: Token) -> Callable[[str], re.Match[str] | None]:
    return re.compile(token.pattern).fullmatch
