"""What the command prints for people: aligned tables and a few colours, fitted to the terminal, plain in a pipe."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Sequence
from typing import TextIO, TypeAlias

import attrs

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_GAP = "  "
_LEAST = 12

#: A cell: text, or text with the name of a style.
Cell: TypeAlias = str | tuple[str, str]


@attrs.frozen
class Screen:
    """A stream that people read; `width` None (a pipe) cuts nothing off, and only a terminal gets colours."""

    stream: TextIO
    width: int | None = None
    colored: bool = False

    @classmethod
    def of(cls, stream: TextIO) -> Screen:
        """The screen that a stream is; honours NO_COLOR and dumb terminals."""
        if not stream.isatty():
            return cls(stream)
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb" or sys.platform == "win32"
        return cls(stream, shutil.get_terminal_size().columns, colored=not plain)

    def line(self, text: str = "", style: str = "") -> None:
        """One line of text."""
        print(self.styled(text, style), file=self.stream)

    def styled(self, text: str, style: str) -> str:
        """The text in a style, where there are colours."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if style and self.colored else text

    def table(self, head: Sequence[str], rows: Sequence[Sequence[Cell]], *, indent: int = 0) -> None:
        """Columns as wide as they need to be; the widest gives way where the terminal is too narrow."""
        cells = [[cell if isinstance(cell, tuple) else (cell, "") for cell in row] for row in rows]
        lines = [[(name, "dim") for name in head], *cells]
        widths = [max(width_of(line[column][0]) for line in lines) for column in range(len(head))]
        while self.width and indent + sum(widths) + len(_GAP) * (len(widths) - 1) > self.width and max(widths) > _LEAST:
            widths[widths.index(max(widths))] -= 1
        for line in lines:
            parts = [
                self.styled(_fitted(text, width), style) for (text, style), width in zip(line, widths, strict=True)
            ]
            print(" " * indent + _GAP.join(parts).rstrip(), file=self.stream)


def width_of(text: str) -> int:
    """How many columns a terminal gives to a text.

    >>> width_of("hero"), width_of("英雄"), width_of("e\u0301")
    (4, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _fitted(text: str, width: int) -> str:
    """The text in exactly `width` columns, its middle left out where it is longer: names differ at their ends."""
    over = width_of(text) - width
    if over <= 0:
        return text + " " * -over
    cut = f"{_beginning(text, width - width // 2 - 1)}…{_ending(text, width // 2)}"
    return cut + " " * (width - width_of(cut))


def _beginning(text: str, width: int) -> str:
    """As much of the text as fits; marks stay with what they are on."""
    for index, char in enumerate(text):
        width -= width_of(char)
        if width < 0:
            return text[:index]
    return text


def _ending(text: str, width: int) -> str:
    """As much of the text's end as fits; marks stay with what they are on."""
    start = len(text)
    for index in reversed(range(len(text))):
        width -= width_of(text[index])
        if width < 0:
            break
        if not unicodedata.combining(text[index]):
            start = index
    return text[start:]
