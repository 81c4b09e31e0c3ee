"""The token that holds days and times."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.templates.dates import DateToken
from bifrost_sdk.errors import TemplateError

DAY = datetime.date(2026, 1, 31)
TIME = datetime.datetime(2026, 1, 31, 23, 59, 7)  # noqa: DTZ001  # a path tells no zone


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (DAY, "is not a datetime (written %Y%m%d%H)"),
        (TIME, "is not a datetime"),
        (TIME.replace(minute=0, second=0, tzinfo=datetime.timezone.utc), "is not a datetime"),
        ("2026013123", "is not a datetime"),
    ],
)
def test_date_is_refused_when_its_format_cannot_tell_all_of_it(value: object, says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        DateToken("%Y%m%d%H").write(value)
    assert says in str(caught.value)


def test_time_is_refused_when_a_token_tells_the_day_alone() -> None:
    with pytest.raises(TemplateError, match="is not a date"):
        DateToken().write(TIME)


@pytest.mark.parametrize(
    "format", ["", "%Y", "%Y%m", "%m%d%y", "%Y%m%d%d", "%Y%m%d%M", "%Y%j", "%Y%m%d%%", "%Y%m%d%", "%Y/%m/%d", "%Y%m%d:"]
)
def test_date_format_is_refused_when_a_day_has_no_one_spelling(format: str) -> None:
    with pytest.raises(TemplateError):
        DateToken(format)


@given(st.integers(0, 99_999_999))
def test_text_is_a_day_exactly_when_the_calendar_has_it(digits: int) -> None:
    text = f"{digits:08d}"
    try:
        day = datetime.date(digits // 10_000, digits // 100 % 100, digits % 100)
    except ValueError:
        assert not DateToken().holds(text)
    else:
        assert DateToken().read(text) == day
