"""What the command prints: tables and a few colours for people, drawn by rich on a terminal, and JSON for programs.

A stream need not know every character: what it cannot write is escaped, by the rules of JSON where it is JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import unicodedata
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

import attrs

if TYPE_CHECKING:  # loaded where there is a terminal: what goes to a pipe is plain
    from rich.console import Console

_GAP = "  "
_LEAST = 12
_ELLIPSIS = "…"

#: Wide enough for every line: what is drawn so is broken by nothing but the terminal.
ENDLESS = 1_000_000

#: A cell: text, or text with the name of a style that rich knows.
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
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        return cls(stream, shutil.get_terminal_size().columns, colored=not plain)

    def line(self, text: str = "", style: str = "") -> None:
        """One line of text."""
        self.words((text, style))

    def words(self, *cells: Cell) -> None:
        """One line of words, each in its style; nothing but the terminal breaks it, so that it can be copied."""
        styled = [(self.spelled(text), style) for text, style in map(_styled, cells)]
        if self.width is None:
            print(*(text for text, _ in styled), file=self.stream)
            return
        from rich.text import Text

        words = [Text(text, style) for text, style in styled]
        self.console().print(Text(" ").join(words), soft_wrap=True)

    def document(self, value: Any, *, indent: int | None = 2) -> None:  # Any: JSON
        """A value as JSON, plain ASCII where the stream cannot write all of its characters."""
        text = json.dumps(value, ensure_ascii=False, indent=indent)
        print(text if self._can_write(text) else json.dumps(value, indent=indent), file=self.stream)

    def console(self, *, least: int = 0) -> Console:
        """What rich draws on: as wide as the terminal, but at least so wide; without end where there is none."""
        from rich.console import Console

        return Console(
            file=self.stream,
            width=max(self.width, least) if self.width else ENDLESS,
            force_terminal=self.width is not None,
            color_system="auto" if self.colored else None,
            no_color=not self.colored,
            highlight=False,
            markup=False,
            emoji=False,
        )

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
        cells = [[_styled(cell) for cell in row] for row in rows]
        filled = [column for column in range(len(head)) if any(row[column][0] for row in cells)]
        head = [head[column] for column in filled]
        lines = [[(self.spelled(row[column][0]), row[column][1]) for column in filled] for row in cells]
        heads = [(name, "") for name in head]
        widths = [max(width_of(line[column][0]) for line in [heads, *lines]) for column in range(len(head))]
        self._narrow(widths, indent, [column for column, name in enumerate(head) if name not in whole])
        fitted = [
            [(self._fitted(text, width), style) for (text, style), width in zip(line, widths, strict=True)]
            for line in [heads, *lines]
        ]
        if self.width is None:
            for line in fitted:
                print((" " * indent + _GAP.join(text for text, _ in line)).rstrip(), file=self.stream)
        else:
            self._draw(fitted, indent)

    def _draw(self, lines: Sequence[Sequence[tuple[str, str]]], indent: int) -> None:
        """The lines of a table, the first one its head, with a rule below; a line that is too long is not cut."""
        from rich import box
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        rule = box.SIMPLE_HEAD if self._can_write("─") else None
        gap = (0, len(_GAP) - bool(rule), 0, 0)  # the box brings one of the blanks
        table = Table(box=rule, show_edge=False, pad_edge=False, padding=gap, header_style="bold")
        for text, _ in lines[0]:
            table.add_column(Text(text), no_wrap=True)
        for line in lines[1:]:
            table.add_row(*(Text(text, style) for text, style in line))
        needed = indent + sum(width_of(text) + len(_GAP) for text, _ in lines[0])
        self.console(least=needed).print(Padding(table, (0, 0, 0, indent), expand=False))

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


def _styled(cell: Cell) -> tuple[str, str]:
    return cell if isinstance(cell, tuple) else (cell, "")


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
