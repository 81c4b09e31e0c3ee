"""The types of tokens: which values each takes, and the one way in which each value is written.

A token's `language` says it all: the regular expression that reads it and the proofs about sets come from it.
"""

from __future__ import annotations

import datetime
import functools
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import attrs

from bifrost_sdk.domain import codes, filesets
from bifrost_sdk.domain.filesets import FRAME, UDIM
from bifrost_sdk.domain.templates import patterns
from bifrost_sdk.domain.templates.language import Chars, Choice, Node, Repeat, Sequence, Text
from bifrost_sdk.errors import TemplateError

MAX_DIGITS: Final = 9
"""The most digits of a version's or a frame's number."""

MAX_INTEGER_DIGITS: Final = 18
"""The most digits of an integer: what 64 bits hold."""

_DIGIT: Final = Chars(patterns.DIGITS)
_FROM_ONE: Final = Chars(patterns.DIGITS - {"0"})


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
    def directive(self) -> str | None:
        """What writes a value of `value_type` in the ``%`` style; None when only `write` can."""
        return "%s"

    @property
    def converter(self) -> Callable[[str], Any] | None:  # Any: a value of the token's type
        """What makes a value of a text of `language`, or raises ValueError; None when the text is the value."""
        return None

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
        fields = [field for field in _fields(type(self)) if getattr(self, field.name) != field.default]
        values = {str(field.alias): getattr(self, field.name) for field in fields}
        return {"type": self.kind} | {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}

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


@attrs.frozen
class StringToken(Token):
    r"""Text without spaces: letters of any script, digits and ``-``, 1 to 64 characters, unless told otherwise.

    `characters` are others than these, as in the set of a pattern (``a-z0-9_``, ``\w-``); `pattern` is the whole form
    (see `patterns`), `length` the most characters where there is none.

    >>> StringToken(pattern="[a-z]{3}[0-9]{4}").write("abc0010")
    'abc0010'
    """

    kind: ClassVar[str] = "string"

    characters: str = attrs.field(default="", validator=lambda _, __, value: _check_text(value))
    pattern_text: str = attrs.field(default="", alias="pattern", validator=lambda _, __, value: _check_text(value))
    length: int = attrs.field(default=patterns.LONGEST, validator=lambda _, __, value: _check_count(value, 255))

    def __attrs_post_init__(self) -> None:
        if self.pattern_text and (self.characters or self.length != patterns.LONGEST):
            raise TemplateError("a pattern says all: leave out characters and length", value=self.pattern_text)
        _check_language(self.language)

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
        _check_language(self.language)
        for choice in self.choices:
            if not unicodedata.is_normalized("NFC", choice):
                raise TemplateError(f"the choice {choice!r} is not composed; write it in NFC", value=choice)

    @property
    def language(self) -> Node:
        """Its choices, the longest first."""
        return Choice(tuple(map(Text, sorted(self.choices, key=len, reverse=True))))

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        return f"one of {', '.join(self.choices)}"


@attrs.frozen
class _NumberToken(Token):
    value_type: ClassVar[type] = int

    padding: int = attrs.field(default=1, validator=lambda _, __, value: _check_count(value, MAX_DIGITS))

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
        if not _is_number(value):
            raise self.refusal(value)
        return f"{int(value):0{self.padding}d}"


@attrs.frozen
class IntegerToken(_NumberToken):
    """A whole number from 0, of at least `padding` digits."""

    kind: ClassVar[str] = "integer"

    @property
    def language(self) -> Node:
        """Exactly `padding` digits, or more without a leading zero."""
        return _number(self.padding, MAX_INTEGER_DIGITS)

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        return f"a whole number from 0 in {_digits(self.padding)}"


@attrs.frozen
class VersionToken(_NumberToken):
    """A version's number, from 1, of at least `padding` digits: 001 to 999, then 1000."""

    kind: ClassVar[str] = "version"

    padding: int = attrs.field(default=3, validator=lambda _, __, value: _check_count(value, MAX_DIGITS))

    @property
    def language(self) -> Node:
        """Exactly `padding` digits, or more without a leading zero; not zero."""
        return _number(self.padding, MAX_DIGITS, positive=True)

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        return f"a version's number from 1 in {_digits(self.padding)}"


@attrs.frozen
class FrameToken(_NumberToken):
    """A frame's number of at least `padding` characters, or FRAME for a whole sequence, written ``%04d``."""

    kind: ClassVar[str] = "frame"

    padding: int = attrs.field(
        default=filesets.DEFAULT_PADDING, validator=lambda _, __, value: _check_count(value, MAX_DIGITS)
    )

    @property
    def language(self) -> Node:
        """A number with its sign, or the placeholder."""
        negative = Sequence((Text("-"), _number(max(self.padding - 1, 1), MAX_DIGITS, positive=True)))
        placeholder = Text(filesets.spell(FRAME, self.padding))
        return Choice((_number(self.padding, MAX_DIGITS), negative, placeholder))

    @property
    def converter(self) -> Callable[[str], int | str]:
        """The number, or FRAME."""
        return _frame

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
        first = Sequence((Text("1"), _number(3, 3, positive=True)))
        return Choice((first, Sequence((Chars(patterns.DIGITS - {"0", "1"}), Repeat(_DIGIT, 3, 3))), Text(UDIM)))

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
        if not _is_number(value):
            raise self.refusal(value)
        return str(int(value))


@attrs.frozen
class DateToken(Token):
    """A day, or a time without a zone, in one fixed spelling.

    `format` has ``%Y``, ``%m`` and ``%d`` once each, and may have ``%H``, ``%M`` and ``%S`` as far as they go.

    >>> DateToken("%Y-%m-%d").write(datetime.date(2026, 1, 31))
    '2026-01-31'
    """

    kind: ClassVar[str] = "date"
    value_type: ClassVar[type] = datetime.date

    format: str = attrs.field(default="%Y%m%d", validator=lambda _, __, value: _check_text(value))

    def __attrs_post_init__(self) -> None:
        found = [piece[1:] for piece in self._pieces if piece[0] == "%"]
        if sorted(found) not in [sorted("YmdHMS"[:count]) for count in (3, 4, 5, 6)]:
            message = f"the date format {self.format!r} does not say each time in one way"
            raise TemplateError(f"{message}; write e.g. %Y%m%d or %Y-%m-%d_%H%M%S", value=self.format)
        _check_language(self.language)

    @property
    def converter(self) -> Callable[[str], datetime.date]:
        """The date; raises ValueError for a day that its month does not have."""
        return self._converted

    @property
    def language(self) -> Node:
        """Its digits and what stands between them; also 31 days in every month."""
        return Sequence(tuple(_UNITS[piece[1]][1] if piece[0] == "%" else Text(piece) for piece in self._pieces))

    @property
    def directive(self) -> None:
        """A date is not written in the ``%`` style."""
        return None

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        return f"a {'datetime' if self._is_time else 'date'} (written {self.format})"

    def formatted(self, spec: str) -> Token:
        """The same token with another format."""
        return DateToken(spec)

    @property
    def _pieces(self) -> list[str]:
        return re.findall(r"%.|[^%]|%", self.format, re.DOTALL)

    @property
    def _is_time(self) -> bool:
        return "%H" in self.format

    def _text(self, value: Any) -> str:  # Any: checked here
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime) is not self._is_time:
            raise self.refusal(value)
        text = "".join(
            f"{getattr(value, _UNITS[piece[1]][0]):0{4 if piece == '%Y' else 2}d}" if piece[0] == "%" else piece
            for piece in self._pieces
        )
        return text if self._converted(text) == value else ""

    def _converted(self, text: str) -> datetime.date:
        numbers: dict[str, int] = {}
        position = 0
        for piece in self._pieces:
            width = {"%Y": 4}.get(piece, len(piece))
            if piece[0] == "%":
                numbers[_UNITS[piece[1]][0]] = int(text[position : position + width])
            position += width
        year, month, day, hour, minute, second = (numbers.get(unit, 0) for unit, _ in _UNITS.values())
        moment = datetime.datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  # a path tells no zone
        return moment if self._is_time else moment.date()

    def holds(self, text: str) -> bool:
        """Whether `text` is a value's spelling, and its month has that day."""
        if not super().holds(text):
            return False
        try:
            self._converted(text)
        except ValueError:
            return False
        return True


TYPES: Final[Mapping[str, type[Token]]] = {
    kind.kind: kind for kind in (StringToken, IntegerToken, ChoiceToken, VersionToken, FrameToken, UdimToken, DateToken)
}
"""The token of each type."""


def shown(value: object) -> str:
    """A value as a message shows it: escaped, and not all of a long one."""
    try:
        return f"{value!r:.100}"
    except ValueError:  # a number with more digits than Python writes
        return f"a huge {type(value).__name__}"


@functools.lru_cache(maxsize=256)
def default(name: str) -> Token:
    """The token that a template takes for a name that nobody defines: by its name, else a string."""
    return TYPES[name]() if name in {"version", "frame", "udim", "date"} else StringToken()


def from_document(document: Mapping[str, Any]) -> Token:  # Any: plain values of YAML
    """The token that a mapping describes: its `type` (string when left out) and that type's fields.

    Raises:
        TemplateError: there is no such type or field, or a field cannot be so.

    >>> from_document({"type": "choice", "choices": ["work", "publish"]}).write("work")
    'work'
    """
    fields = dict(document)
    name = fields.pop("type", "string")
    kind = TYPES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise TemplateError(f"there is no token type {name!r:.80}; use {', '.join(TYPES)}", value=name)
    known = [str(field.alias) for field in _fields(kind)]
    unknown = [str(name) for name in fields if name not in known]
    if unknown:
        message = f"a {kind.kind} token has no {', '.join(unknown)}; it has {', '.join(known) or 'nothing to set'}"
        raise TemplateError(message, value=unknown[0])
    if kind is ChoiceToken and "choices" not in fields:
        raise TemplateError("a choice token needs its choices; write choices: [work, publish]")
    return kind(**fields)


def _fields(kind: type[Token]) -> tuple[attrs.Attribute[Any], ...]:  # Any: fields of several types
    return attrs.fields(kind) if attrs.has(kind) else ()


_PLAIN: Final = Chars(patterns.ALPHANUMERIC | {"-"}, others=True)


def _number(padding: int, most: int, *, positive: bool = False) -> Node:
    """Numbers of `padding` to `most` digits, padded with zeros up to `padding`."""
    if not positive:
        longer = Sequence((_FROM_ONE, Repeat(_DIGIT, padding, most - 1)))
        return Choice((Repeat(_DIGIT, padding, padding), longer)) if padding < most else Repeat(_DIGIT, most, most)
    options: list[Node] = [Sequence((_FROM_ONE, Repeat(_DIGIT, padding - 1, most - 1)))]
    for zeros in range(1, padding):
        rest = padding - zeros - 1
        options.append(Sequence((Text("0" * zeros), _FROM_ONE, Repeat(_DIGIT, rest, rest))))
    return Choice(tuple(options))


_TWO: Final = Repeat(_DIGIT, 2, 2)


def _below(tens: str, last: str) -> Node:
    """Two digits: any of `tens` and a digit, or the texts in `last`, split by spaces."""
    return Choice((Sequence((Chars(frozenset(tens)), _DIGIT)), *map(Text, last.split())))


_UNITS: Final[Mapping[str, tuple[str, Node]]] = {
    "Y": ("year", _number(4, 4, positive=True)),
    "m": ("month", Choice((Sequence((Text("0"), _FROM_ONE)), Text("10"), Text("11"), Text("12")))),
    "d": ("day", Choice((Sequence((Text("0"), _FROM_ONE)), _below("12", "30 31")))),
    "H": ("hour", _below("01", "20 21 22 23")),
    "M": ("minute", _below("012345", "")),
    "S": ("second", _below("012345", "")),
}


@functools.lru_cache(maxsize=1024)
def _pattern(token: Token, *, others: bool) -> str:
    return patterns.source(token.language, others=others)


@functools.lru_cache(maxsize=1024)
def _alphabet(token: Token) -> frozenset[str]:
    return patterns.alphabet(token.language)


@functools.lru_cache(maxsize=1024)
def _matcher(token: Token) -> Callable[[str], re.Match[str] | None]:
    return re.compile(token.pattern).fullmatch


def _is_number(value: object) -> bool:
    """Whether it is a whole number that a path could hold; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MAX_INTEGER_DIGITS


def _frame(text: str) -> int | str:
    return FRAME if text[0] == "%" else int(text)


def _udim(text: str) -> int | str:
    return UDIM if text == UDIM else int(text)


def _is_placeholder(text: str, token: str, padding: int) -> bool:
    """Whether the whole text is this token in any program's spelling; ``<FRAME>`` has every padding."""
    found = filesets.placeholders(text)
    if len(found) != 1 or (found[0].start, found[0].end) != (0, len(text)) or found[0].token != token:
        return False
    return text == FRAME or found[0].padding == padding


def _digits(padding: int) -> str:
    return f"{padding} or more digits" if padding > 1 else "digits without leading zeros"


def _listed(values: Any) -> tuple[str, ...]:  # Any: checked here
    if not isinstance(values, (list, tuple)) or not all(isinstance(value, str) for value in values):
        raise TemplateError(f"choices are a list of texts, not {shown(values)}", value=values)
    return tuple(values)


def _check_text(value: object) -> None:
    if not isinstance(value, str):
        raise TemplateError(f"{shown(value)} is no text", value=value)


def _check_count(value: object, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise TemplateError(f"{shown(value)} is no number from 1 to {most}", value=value)


def _check_language(node: Node) -> None:
    """Refuse tokens whose values could be empty or leave their folder, or that a platform or a host reads otherwise."""
    for char in sorted(patterns.alphabet(node)):
        reason = patterns.hazard(char)
        if reason:
            raise TemplateError(f"{codes.describe(char)} cannot stand in a value: {reason}", value=char)
    if re.fullmatch(patterns.source(node), ""):
        raise TemplateError("a value would be empty; let it have one character or more")


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
