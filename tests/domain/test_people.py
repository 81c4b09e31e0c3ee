from __future__ import annotations

from typing import Any

import pytest

from bifrost_sdk.domain.people import Membership, Role, User
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.errors import ValidationError

ONE, TWO = "01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002"


@pytest.mark.parametrize("login", ["", "  ", "x" * 129, "a\nb", 5, None])
def test_user_is_refused_when_the_login_is_none(login: Any) -> None:
    with pytest.raises(ValidationError):
        User(login=login)


def test_login_is_unique_however_it_is_written() -> None:
    key = entity_type("user").natural_key
    assert key(User(login="Anna")) == key(User(login="ANNA"))


@pytest.mark.parametrize("who", [{}, {"user": ONE, "team": TWO}])
def test_membership_is_refused_when_it_is_not_of_one(who: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="either a user or a team"):
        Membership(role=ONE, **who)


def test_membership_is_unique_by_who_role_and_project() -> None:
    key = entity_type("membership").natural_key
    made = {key(Membership(role=ONE, of=of, **who)) for of in (None, TWO) for who in ({"user": ONE}, {"team": TWO})}
    assert len(made) == 4


def test_permissions_are_kept_when_they_are_some() -> None:
    assert Role(code="x", permissions=("*:*", "read:shot_asset", "*:asset")).permissions[1] == "read:shot_asset"
