"""What a caller means by a moment: a revision, a time, or the text of one."""

from __future__ import annotations

import datetime
import re

from bifrost_sdk.errors import Issue, ValidationError

_is_day = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_has_zone = re.compile(".*(?:Z|[+-][0-9]{2}:[0-9]{2})").fullmatch


def moment_of(when: str | datetime.datetime | int) -> datetime.datetime | int:
    """The time that is meant, or the revision: a whole number is one.

    >>> moment_of("2026-01-31").isoformat(), moment_of(12)
    ('2026-01-31T00:00:00+00:00', 12)

    Raises:
        ValidationError: when it is no time, or a time without a zone.
    """
    if isinstance(when, int) and not isinstance(when, bool):
        return when
    if isinstance(when, str):
        return _read_time(when)
    if not isinstance(when, datetime.datetime) or when.tzinfo is None:
        raise ValidationError(
            Issue("time.zone", f"{when!r} has no time zone", "at", hint="use datetime.timezone.utc, or text for UTC")
        )
    return when


def _read_time(written: str) -> datetime.datetime:
    """The time of a text: a day alone is its first moment, and UTC is meant where no zone is given."""
    from bifrost_sdk.domain import wire  # loads cattrs

    text = written.strip()
    whole = f"{text}T00:00:00Z" if _is_day(text) else text if _has_zone(text) else f"{text}Z"
    try:
        return wire.read_time(whole)
    except ValidationError as error:
        hint = "write 2026-01-31 or 2026-01-31T12:00:00Z"
        raise ValidationError(Issue("time.form", f"{written!r:.200} is no time", "at", hint=hint)) from error
