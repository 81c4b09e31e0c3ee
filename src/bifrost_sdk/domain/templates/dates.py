"""The token that holds a day, or a day and a time."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import attrs

from bifrost_sdk.domain.templates.language import Chars, Choice, Node, Sequence, Text
from bifrost_sdk.domain.templates.numbers import DIGIT, FROM_ONE, number
from bifrost_sdk.domain.templates.token import Token, check_language, check_text
from bifrost_sdk.errors import TemplateError


@attrs.frozen
class DateToken(Token):
    """A day, or a time without a zone, in one fixed spelling.

    `format` has ``%Y``, ``%m`` and ``%d`` once each, and may have ``%H``, ``%M`` and ``%S`` as far as they go.

    >>> DateToken("%Y-%m-%d").write(datetime.date(2026, 1, 31))
    '2026-01-31'
    """

    kind: ClassVar[str] = "date"
    value_type: ClassVar[type] = datetime.date

    format: str = attrs.field(default="%Y%m%d", validator=lambda _, __, value: check_text(value))

    def __attrs_post_init__(self) -> None:
        found = [piece[1:] for piece in self._pieces if piece[0] == "%"]
        if sorted(found) not in [sorted("YmdHMS"[:count]) for count in (3, 4, 5, 6)]:
            message = f"the date format {self.format!r} does not say each time in one way"
            raise TemplateError(f"{message}; write e.g. %Y%m%d or %Y-%m-%d_%H%M%S", value=self.format)
        check_language(self.language)

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


def _below(tens: str, last: str) -> Node:
    """Two digits: any of `tens` and a digit, or the texts in `last`, split by spaces."""
    return Choice((Sequence((Chars(frozenset(tens)), DIGIT)), *map(Text, last.split())))


_UNITS: Final[Mapping[str, tuple[str, Node]]] = {
    "Y": ("year", number(4, 4, positive=True)),
    "m": ("month", Choice((Sequence((Text("0"), FROM_ONE)), Text("10"), Text("11"), Text("12")))),
    "d": ("day", Choice((Sequence((Text("0"), FROM_ONE)), _below("12", "30 31")))),
    "H": ("hour", _below("01", "20 21 22 23")),
    "M": ("minute", _below("012345", "")),
    "S": ("second", _below("012345", "")),
}
