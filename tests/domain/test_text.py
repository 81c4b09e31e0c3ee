from __future__ import annotations

import datetime
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import codes, text
from bifrost_sdk.errors import ValidationError

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


class Nowhere(datetime.tzinfo):
    def utcoffset(self, _: datetime.datetime | None) -> None:
        return None


@given(value=TEXTS)
def test_text_is_composed_and_settled_when_read(value: str) -> None:
    line = text.line(value)
    assert line == unicodedata.normalize("NFC", value) == text.line(line)
    assert text.prose(line) == line


@pytest.mark.parametrize("value", [5, None, b"x", "a\nb", "a\x00", "\x7f", "\ud800", "x" * 1_001])
def test_line_is_refused_when_it_is_none(value: Any) -> None:
    with pytest.raises(ValidationError):
        text.line(value)


def test_prose_keeps_its_lines_when_they_end_differently() -> None:
    assert text.prose("a\r\nb\rc\n\td") == "a\nb\nc\n\td"
    for value in ("a\x0bb", "x" * 20_001, 5):
        with pytest.raises(ValidationError):
            text.prose(value)


@given(values=st.lists(TEXTS.filter(lambda value: value.strip()), max_size=6))
def test_tags_come_once_when_they_compare_alike(values: list[str]) -> None:
    tags = text.tags(values)
    assert len({codes.fold(tag) for tag in tags}) == len(tags)
    assert {codes.fold(tag) for tag in tags} == {codes.fold(value) for value in values}
    assert text.tags(tags) == tags


@pytest.mark.parametrize("values", ["main", None, 5, {"a": 1}, [""], [" "], [5], b"ab"])
def test_tags_are_refused_when_they_are_no_list_of_tags(values: Any) -> None:
    with pytest.raises(ValidationError):
        text.tags(values)


def deep(levels: int) -> Any:  # Any: JSON
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [[], 0, False, "", [1], {1: 2}, {"a": float("nan")}, {"a": float("inf")}, {"a": object()}, {"a": {1, 2}},
     {"a": "\ud800"}, {"a\n": 1}, {"a": 2**63}, {"a": -(2**63) - 1}, {"a": deep(33)}, {"a": deep(10_000)}],
)  # fmt: skip
def test_object_is_refused_when_json_cannot_hold_it(value: Any) -> None:
    with pytest.raises(ValidationError):
        text.json_object(value)


def test_object_is_read_only_and_its_own_when_made() -> None:
    inner = {"n": [1, 2.5, None, True, "e\u0301"]}
    made = text.json_object({"a": inner, "b": (1,)})
    inner["n"].append(3)
    assert made == {"a": {"n": [1, 2.5, None, True, "\u00e9"]}, "b": [1]}
    with pytest.raises(TypeError):
        made["c"] = 1
    assert text.json_object(None) == text.json_object({}) == {}
    assert text.json_object({"a": deep(31), "least": -(2**63)})


def test_time_is_in_utc_when_it_had_another_zone() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    moment = text.utc(datetime.datetime(2026, 1, 31, 12, tzinfo=zone))
    assert moment == datetime.datetime(2026, 1, 31, 10, tzinfo=datetime.timezone.utc)
    assert moment.tzinfo is datetime.timezone.utc
    assert text.utc(None) is None


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-31T12:00:00Z",
        datetime.date(2026, 1, 31),
        datetime.datetime(2026, 1, 31),  # noqa: DTZ001  # what must be refused
        datetime.datetime(2026, 1, 31, tzinfo=Nowhere()),
        datetime.datetime.min.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
        datetime.datetime.max.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=-1))),
    ],
)
def test_time_is_refused_when_it_says_no_moment(value: Any) -> None:
    with pytest.raises(ValidationError):
        text.utc(value)
