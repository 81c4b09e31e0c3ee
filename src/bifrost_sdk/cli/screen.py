"""What the command prints: aligned tables and a few colours for people, fitted to the terminal, and JSON for programs.

A stream need not know every character: what it cannot write is escaped, by the rules of JSON where it is JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Collection, Sequence
from typing import Any, TextIO, TypeAlias

import attrs

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_GAP = "  "
_LEAST = 12
_ELLIPSIS = "…"

#: A cell: text, or text with the name of a style.
Cell: TypeAlias = str | tuple[str, str]


@attrs.frozen
class Screen:
    """A stream that is written to; `width` None (a pipe) cuts nothing off, and only a terminal gets colours."""

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
        print(self.styled(self.spelled(text), style), file=self.stream)

    def document(self, value: Any, *, indent: int | None = 2) -> None:  # Any: JSON
        """A value as JSON, plain ASCII where the stream cannot write all of its characters."""
        text = json.dumps(value, ensure_ascii=False, indent=indent)
        print(text if self._can_write(text) else json.dumps(value, indent=indent), file=self.stream)

    def styled(self, text: str, style: str) -> str:
        """The text in a style, where there are colours."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if style and self.colored else text

    def spelled(self, text: str) -> str:
        """The text as the stream can write it: ``...`` and escapes stand for what it does not know."""
        if self._can_write(text):
            return text
        encoding = self.stream.encoding
        return text.replace(_ELLIPSIS, "...").encode(encoding, "backslashreplace").decode(encoding)

    def table(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        *,
        indent: int = 0,
        whole: Collection[str] = (),
    ) -> None:
        """Columns that hold something, as wide as they need to be; on a narrow terminal the widest give way.

        The columns whose heads are in `whole` never do.
        """
        cells = [[cell if isinstance(cell, tuple) else (cell, "") for cell in row] for row in rows]
        filled = [column for column in range(len(head)) if any(row[column][0] for row in cells)]
        head = [head[column] for column in filled]
        lines = [[(self.spelled(row[column][0]), row[column][1]) for column in filled] for row in cells]
        lines.insert(0, [(name, "dim") for name in head])
        widths = [max(width_of(line[column][0]) for line in lines) for column in range(len(head))]
        self._narrow(widths, indent, [column for column, name in enumerate(head) if name not in whole])
        for line in lines:
            parts = [
                self.styled(self._fitted(text, width), style) for (text, style), width in zip(line, widths, strict=True)
            ]
            print(" " * indent + _GAP.join(parts).rstrip(), file=self.stream)

    def _narrow(self, widths: list[int], indent: int, columns: Sequence[int]) -> None:
        """Take from the widest of these columns until all fits, or none is wider than the least."""
        while self.width and columns and indent + sum(widths) + len(_GAP) * (len(widths) - 1) > self.width:
            widest = max(columns, key=widths.__getitem__)
            if widths[widest] <= _LEAST:
                return
            widths[widest] -= 1

    def _fitted(self, text: str, width: int) -> str:
        """The text in exactly `width` columns, its middle left out where it is longer: names differ at their ends."""
        over = width_of(text) - width
        if over <= 0:
            return text + " " * -over
        mark = self.spelled(_ELLIPSIS)
        room = width - width_of(mark)
        cut = f"{_beginning(text, room // 2)}{mark}{_ending(text, room - room // 2)}"
        return cut + " " * (width - width_of(cut))

    def _can_write(self, text: str) -> bool:
        try:
            text.encode(self.stream.encoding or "utf-8")
        except UnicodeEncodeError:
            return False
        return True


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


def printable(text: str) -> str:
    r"""Names from a disk as a terminal may be shown them: what would steer it is escaped.

    >>> print(printable("a\x1b[2J.ma"))
    a\x1b[2J.ma
    """
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


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
