from __future__ import annotations

import datetime

import pytest

from bifrost_sdk.errors import ValidationError
from bifrost_sdk.services.moments import moment_of


def test_times_mean_the_same_when_written_in_each_way() -> None:
    noon = datetime.datetime(2001, 1, 1, 12, tzinfo=datetime.timezone.utc)
    for text in ("2001-01-01T12:00:00", " 2001-01-01 12:00:00Z ", "2001-01-01T13:00:00+01:00", "2001-01-01T12:00:00.0"):
        assert moment_of(text) == noon
    assert moment_of(noon) == noon
    assert moment_of("2001-01-01") == noon.replace(hour=0)


def test_revision_is_meant_when_it_is_a_whole_number() -> None:
    assert moment_of(0) == 0
    assert moment_of(12) == 12


@pytest.mark.parametrize(
    "when",
    [
        *("yesterday", "", "20260131", "2026-W05", "2026-01-31T12", "2026-01-31T12:00", "2026-02-30", "2026-01-31Z"),
        *(True, 1.5, datetime.datetime(2001, 1, 1)),  # noqa: DTZ001 - as asked
    ],
)
def test_time_is_refused_when_it_is_none(when: object) -> None:
    with pytest.raises(ValidationError, match="no time"):
        moment_of(when)  # type: ignore[arg-type]  # what is refused
