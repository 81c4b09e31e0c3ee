"""Tables as spreadsheets write them (CSV): read strictly, and judged cell by cell, each with its line and column."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

from bifrost_sdk.domain import codes, text
from bifrost_sdk.domain.attributes import AttributeType
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.errors import Issue, ValidationError

#: A table larger than this is refused, in bytes.
SIZE_LIMIT: Final = 32 * 1024 * 1024

#: A cell longer than this is refused, in characters; text that a catalog keeps is shorter still.
CELL_LIMIT: Final = 100_000

#: What may stand between cells; the one that stands most often in the first line is meant.
DELIMITERS: Final = ",;\t"

#: Makes the value of a cell, or raises ValidationError or ValueError.
Reader: TypeAlias = Callable[[str], Any]  # Any: values of every field type

_INTEGER = re.compile(r"[+-]?[0-9]{1,16}").fullmatch
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,16}(?:\.[0-9]{0,16})?|\.[0-9]{1,16})(?:[eE][+-]?[0-9]{1,2})?").fullmatch
_TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@attrs.frozen
class Row:
    """The cells of one row by column, the empty ones left out; `line` counts from 1."""

    line: int
    cells: Mapping[str, str]


@attrs.frozen
class Table:
    """A table under its `name`, which stands in the places of issues; `issues` are of rows that are left out."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    issues: tuple[Issue, ...] = ()

    def place(self, row: Row) -> str:
        """Where a row is: ``assets.csv:12``."""
        return f"{self.name}:{row.line}"


def read(content: bytes, name: str) -> Table:
    r"""The table in a file; its first line names the columns, rows without any text are skipped.

    UTF-8 with or without a byte order mark; commas, semicolons or tabs; line breaks inside quotes.

    Raises:
        ValidationError: with the place, when it is no such table.

    >>> read(b"code;name\nhero;The hero\n", "a.csv").rows
    (Row(line=2, cells={'code': 'hero', 'name': 'The hero'}),)
    """
    if len(content) > SIZE_LIMIT:
        raise _refusal(f"it is larger than {SIZE_LIMIT // 1024**2} MB", name, "give it in parts")
    lines = list(_lines(_decoded(content, name), name))
    if not lines:
        raise _refusal("it is empty", name, "name the columns in the first line")
    (first, head), *body = lines
    columns = tuple(re.sub(r"\s+", "_", cell.strip().lower()) for cell in head)
    twice = next((column for column in columns if column and columns.count(column) > 1), None)
    if twice is not None:
        raise _refusal(f"the column {twice!r} is there twice", f"{name}:{first}", "take one of them out")
    issues: list[Issue] = []
    rows = tuple(_rows(columns, body, name, issues))
    return Table(name, tuple(filter(None, columns)), rows, tuple(issues))


def values(table: Table, readers: Mapping[str, Reader]) -> tuple[list[tuple[Row, dict[str, Any]]], list[Issue]]:
    """The values of each row that is right in every cell, and everything that is wrong, cell by cell."""
    issues = [*table.issues, *(_unknown(table, name, readers) for name in table.columns if name not in readers)]
    found: list[tuple[Row, dict[str, Any]]] = []  # Any: values of every field type
    for row in table.rows:
        fields: dict[str, Any] = {}  # Any: values of every field type
        wrong: list[Issue] = []
        for column, cell in row.cells.items():
            try:
                if column in readers:
                    fields[column] = readers[column](cell)
            except (ValidationError, ValueError) as error:
                wrong.append(Issue("table.cell", _told(error), column, table.place(row)))
        if not wrong:
            found.append((row, fields))
        issues += wrong
    return found, issues


def attribute_reader(declared: AttributeType) -> Reader:
    """What reads the cells of a typed attribute."""

    def read_cell(cell: str) -> Any:  # Any: JSON
        return declared.check("value", _PLAIN.get(declared.type, _as_it_is)(cell))

    return read_cell


def tags(cell: str) -> tuple[str, ...]:
    """Tags, with commas or semicolons between them.

    >>> tags("main, hero; hero")
    ('main', 'hero')
    """
    return text.tags(tag.strip() for tag in re.split("[,;]", cell) if tag.strip())


def frames(cell: str) -> FrameRange:
    """A range of frames."""
    return FrameRange.parse(cell)


def _decoded(content: bytes, name: str) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _refusal("it is UTF-16", name, "save it as CSV UTF-8")
    try:
        found = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refusal(f"it is not UTF-8: {error.reason}", f"{name}:{line}", "save it as CSV UTF-8") from error
    if "\0" in found:
        line = found.count("\n", 0, found.index("\0")) + 1
        raise _refusal("it holds a NUL character", f"{name}:{line}", "is this a text file?")
    return found


def _lines(content: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The records that hold something, each with the line that it begins on."""
    head = re.sub('"[^"]*"', "", content.lstrip().partition("\n")[0])
    delimiter = max(DELIMITERS, key=head.count)
    limit = csv.field_size_limit(CELL_LIMIT)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise _refusal(f"it cannot be read: {error}", f"{name}:{line}", "are all quotes closed?") from error
    finally:
        csv.field_size_limit(limit)


def _rows(
    columns: Sequence[str], body: Sequence[tuple[int, list[str]]], name: str, issues: list[Issue]
) -> Iterator[Row]:
    """The rows whose cells all stand below a column; the others are added to `issues`."""
    for line, cells in body:
        filled = {place: text for place, cell in enumerate(cells) if (text := cell.strip())}
        outside = [place for place in filled if place >= len(columns) or not columns[place]]
        if outside:
            message = f"cell {outside[0] + 1} stands below no column"
            hint = "name the column, and put cells that hold the delimiter in quotes"
            issues.append(Issue("table.row", message, subject=f"{name}:{line}", hint=hint))
        else:
            yield Row(line, {columns[place]: cell for place, cell in filled.items()})


def _unknown(table: Table, column: str, readers: Mapping[str, Reader]) -> Issue:
    near = difflib.get_close_matches(column, readers, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the columns are {', '.join(readers)}"
    return Issue("table.column", "there is no such column", column, f"{table.name}:1", hint)


def _told(error: ValidationError | ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(f"{issue.message} ({issue.hint})" if issue.hint else issue.message for issue in error.issues)


def _as_it_is(cell: str) -> str:
    return cell


def _integer(cell: str) -> int:
    if not _INTEGER(cell):
        raise ValueError(f"{cell[:80]!r} is no whole number")
    return int(cell)


def _number(cell: str) -> float:
    if not _NUMBER(cell):
        raise ValueError(f"{cell[:80]!r} is no number; write 1.5")
    return float(cell)


def _boolean(cell: str) -> bool:
    if codes.fold(cell) not in _TRUTHS:
        raise ValueError(f"{cell[:80]!r} is neither true nor false")
    return _TRUTHS[codes.fold(cell)]


def _refusal(message: str, place: str, hint: str) -> ValidationError:
    return ValidationError(Issue("table.form", message, subject=place, hint=hint))


_PLAIN: Final[Mapping[str, Reader]] = {"integer": _integer, "number": _number, "boolean": _boolean}
