from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import tables, text
from bifrost_sdk.domain.attributes import AttributeType
from bifrost_sdk.domain.tables import Row
from bifrost_sdk.errors import ValidationError

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def cells(content: bytes) -> list[dict[str, str]]:
    return [dict(row.cells) for row in tables.read(content, "a.csv").rows]


@given(
    st.lists(st.tuples(CELLS, CELLS), max_size=6),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
)
def test_table_holds_what_was_written_when_it_is_read(
    rows: list[tuple[str, str]], delimiter: str, end: str, encoding: str
) -> None:
    file = io.StringIO(newline="")
    quoting = (
        csv.QUOTE_ALL if any("\r" in cell for row in rows for cell in row) else csv.QUOTE_MINIMAL
    )  # older writers leave it bare
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([("code", "name"), *rows])
    content = file.getvalue().encode(encoding)
    stripped = [{name: cell.strip() for name, cell in zip(("code", "name"), row, strict=True)} for row in rows]
    filled = [{name: cell for name, cell in row.items() if cell} for row in stripped]
    assert cells(content) == [row for row in filled if row]


def test_lines_are_those_of_the_file_when_cells_hold_breaks() -> None:
    content = b'code,name\r\na,"one\r\ntwo"\r\n\r\n ,\r\nb,\xc3\xa4\r\n'
    assert tables.read(content, "a.csv").rows == (
        Row(2, {"code": "a", "name": "one\r\ntwo"}),
        Row(6, {"code": "b", "name": "\u00e4"}),
    )


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        (b"Code,Asset Type\n", ("code", "asset_type")),
        (b"\r\ncode;name\r\n", ("code", "name")),
        (b'"a;b;c",code\n', ("a;b;c", "code")),
        (b"code\n", ("code",)),
        (b"code,name,,\n", ("code", "name")),
        (b"\n\n code ,name\n", ("code", "name")),
    ],
)
def test_columns_are_named_by_the_first_line_when_it_is_read(content: bytes, columns: tuple[str, ...]) -> None:
    assert tables.read(content, "a.csv").columns == columns


@pytest.mark.parametrize(
    ("content", "place", "says"),
    [
        (b"", "a.csv", "it is empty"),
        (b"\xef\xbb\xbf\n\n", "a.csv", "it is empty"),
        ("code".encode("utf-16"), "a.csv", "UTF-16"),
        (b"code\nb\xff\n", "a.csv:2", "not UTF-8"),
        (b"code\n\na\0b\n", "a.csv:3", "NUL"),
        (b'code\n"a\nb\n', "a.csv:2", "cannot be read"),
        (b'code\na\n"b"x\n', "a.csv:3", "cannot be read"),
        (b"code\n" + b"x" * 100_001, "a.csv:2", "cannot be read"),
        (b"code,name,CODE\n", "a.csv:1", "'code' is there twice"),
    ],
)
def test_table_is_refused_with_its_place_when_it_is_none(content: bytes, place: str, says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        tables.read(content, "a.csv")
    (issue,) = caught.value.issues
    assert issue.subject == place
    assert says in issue.message


def test_table_is_refused_when_it_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "SIZE_LIMIT", 1024 * 1024)
    with pytest.raises(ValidationError, match="larger than 1 MB"):
        tables.read(b"x" * (1024 * 1024 + 1), "a.csv")


def test_limit_of_other_readers_stays_when_a_table_was_read() -> None:
    before = csv.field_size_limit()
    tables.read(b"code\na\n", "a.csv")
    with pytest.raises(ValidationError):
        tables.read(b'code\n"', "a.csv")
    assert csv.field_size_limit() == before


def test_everything_wrong_is_named_by_line_and_column_when_judged() -> None:
    table = tables.read(b"code,frames,nmae\na,1-5,x\nb,5-1,\nc\xe2\x80\xae,x,\nd,1,\ne,,,,z\n", "a.csv")
    readers = {"code": text.line, "name": text.line, "frames": tables.frames}
    found, issues = tables.values(table, readers)
    assert [(row.line, fields["code"]) for row, fields in found] == [(2, "a"), (5, "d")]
    assert [(issue.subject, issue.path) for issue in issues] == [
        ("a.csv:6", ""),
        ("a.csv:1", "nmae"),
        ("a.csv:3", "frames"),
        ("a.csv:4", "frames"),
    ]
    assert issues[1].hint == "did you mean 'name'?"


@pytest.mark.parametrize(
    ("declared", "cell", "value"),
    [
        (AttributeType("text"), "ACEScg", "ACEScg"),
        (AttributeType("integer"), "-12", -12),
        (AttributeType("number"), "1.5", 1.5),
        (AttributeType("number"), ".5e3", 500.0),
        (AttributeType("boolean"), "Yes", True),
        (AttributeType("boolean"), "0", False),
        (AttributeType("choice", choices=("day", "night")), "day", "day"),
        (AttributeType("fps"), "23.976", "24000/1001"),
        (AttributeType("resolution"), "1920x1080", "1920x1080"),
        (AttributeType("handles"), "8+8", "8+8"),
    ],
)
def test_attribute_is_read_by_its_type_when_it_stands_in_a_cell(declared: AttributeType, cell: str, value: Any) -> None:
    found = tables.attribute_reader(declared)(cell)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("declared", "cell"),
    [
        (AttributeType("integer"), "1.5"),
        (AttributeType("integer"), "1_000"),
        (AttributeType("integer"), "\u0661"),
        (AttributeType("integer"), "9" * 17),
        (AttributeType("number"), "nan"),
        (AttributeType("number"), "1e999"),
        (AttributeType("number"), "1e99"),
        (AttributeType("number"), "0x10"),
        (AttributeType("boolean"), "maybe"),
        (AttributeType("choice", choices=("day",)), "noon"),
        (AttributeType("text"), "a\x07b"),
        (AttributeType("handles"), "8"),
    ],
)
def test_attribute_is_refused_when_a_cell_holds_none(declared: AttributeType, cell: str) -> None:
    with pytest.raises((ValidationError, ValueError)):
        tables.attribute_reader(declared)(cell)
