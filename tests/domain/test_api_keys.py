from __future__ import annotations

import datetime

import pytest

from bifrost_sdk.domain.api_keys import SCOPES, ApiKey, hash_of
from bifrost_sdk.errors import ValidationError

NOW = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc)
SECOND = datetime.timedelta(seconds=1)
HASH = hash_of("bifrost_x")


@pytest.mark.parametrize(
    ("key", "is_valid"),
    [
        (ApiKey(login="anna", hash=HASH), True),
        (ApiKey(login="anna", hash=HASH, expires_at=NOW + SECOND), True),
        (ApiKey(login="anna", hash=HASH, expires_at=NOW), False),
        (ApiKey(login="anna", hash=HASH, active=False), False),
        (ApiKey(login="anna"), False),
    ],
)
def test_key_is_valid_when_it_is_active_and_before_its_end(key: ApiKey, *, is_valid: bool) -> None:
    assert key.is_valid(NOW) is is_valid


@pytest.mark.parametrize("fields", [{"hash": "abc"}, {"hash": HASH.upper()}, {"scopes": ["admin"]}, {"active": 1}])
def test_key_is_refused_when_a_field_is_wrong(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ApiKey(login="anna", **fields)  # type: ignore[arg-type]  # wrong on purpose


def test_key_opens_all_that_its_user_may_when_nothing_is_said() -> None:
    assert ApiKey(login="anna").scopes == SCOPES
