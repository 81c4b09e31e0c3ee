from __future__ import annotations

import datetime
from pathlib import Path

import pytest

import bifrost_sdk as bf
from bifrost_sdk.domain.api_keys import hash_of
from bifrost_sdk.errors import ConflictError, NotFoundError, PermissionDeniedError, ValidationError
from bifrost_sdk.services import api_keys


@pytest.fixture
def shows(tmp_path: Path) -> Path:
    return bf.init(tmp_path / "shows", project="demo", user="anna")


def test_key_is_kept_without_its_secret_when_made(shows: Path) -> None:
    with bf.connect(shows, user="anna") as session:
        made = api_keys.create(session.context, "anna", name="farm", days=2)
        (found,) = api_keys.every(session.context)
        assert found == made.key
        assert (found.hash, found.ending) == (hash_of(made.secret), made.secret[-4:])
        assert made.secret not in repr(found)
        assert found.expires_at is not None
        assert found.created_at is not None
        assert abs(found.expires_at - found.created_at - datetime.timedelta(days=2)) < datetime.timedelta(minutes=5)


def test_key_is_refused_when_its_user_or_its_end_is_none(shows: Path) -> None:
    with bf.connect(shows, user="anna") as session:
        session.users.create("bo", active=False)
        with pytest.raises(NotFoundError):
            api_keys.create(session.context, "carla")
        with pytest.raises(ValidationError, match="not active"):
            api_keys.create(session.context, "bo")
        with pytest.raises(ValidationError, match="number of days"):
            api_keys.create(session.context, "anna", days=0)


def test_nobody_makes_a_key_when_their_role_does_not_let_them(shows: Path) -> None:
    with bf.connect(shows, user="anna") as session:
        session.users.create("bo")
        session.users.grant("bo", "supervisor")
    with bf.connect(shows, user="bo") as session, pytest.raises(PermissionDeniedError) as caught:
        api_keys.create(session.context, "anna")
    assert caught.value.required_permission == "create:api_key"


def test_key_is_ended_when_it_is_told_by_id_or_by_an_ending_of_its_own(
    shows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bf.connect(shows, user="anna") as session:
        one = api_keys.create(session.context, "anna")
        assert not api_keys.revoke(session.context, one.key.id).active
        with pytest.raises(NotFoundError, match="no valid key"):
            api_keys.revoke(session.context, one.key.ending)
        secrets = iter(["a" * 60 + "beef", "b" * 60 + "beef"])
        monkeypatch.setattr(api_keys.secrets, "token_hex", lambda _: next(secrets))
        twins = [api_keys.create(session.context, "anna").key for _ in range(2)]
        with pytest.raises(ConflictError, match="several keys") as caught:
            api_keys.revoke(session.context, "beef")
        assert set(caught.value.blockers) == {twin.id for twin in twins}
