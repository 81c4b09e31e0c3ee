"""Keys for served catalogs: made, listed and revoked."""

from __future__ import annotations

import datetime
import secrets
from typing import NamedTuple

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.api_keys import SCOPES, ApiKey, hash_of
from bifrost_sdk.domain.changes import Create, Update
from bifrost_sdk.domain.model import User
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import ConflictError, Issue, NotFoundError, ValidationError
from bifrost_sdk.services.context import Context, last_of

#: What every secret begins with, so that one that lies around is known for what it is.
PREFIX = "bifrost_"

#: A key lives at most so many days, unless it does not expire: a hundred years.
DAYS_LIMIT = 36_500


class NewKey(NamedTuple):
    """A key and its secret, which nobody can tell again."""

    key: ApiKey
    secret: str


def create(
    context: Context, login: str, *, name: str = "", days: int | None = None, scopes: tuple[str, ...] = SCOPES
) -> NewKey:
    """A new key of a user, for so many days; None for one that does not expire.

    Raises:
        NotFoundError: there is no such user.
        ValidationError: the user is not active, or the days are none.
    """
    user = context.take(User, f"bifrost://{STUDIO}/~{context.named('user', STUDIO, login, by='login')}")
    if not user.active:
        raise ValidationError(Issue("api_key.user", f"{user.login} is not active", "login", hint="activate them first"))
    if days is not None and not 0 < days <= DAYS_LIMIT:
        raise ValidationError(Issue("api_key.days", f"{days!r} is no number of days from 1 to {DAYS_LIMIT}", "days"))
    secret = PREFIX + secrets.token_hex(32)
    made = ApiKey(
        id=context.new_id(),
        login=user.login,
        name=name,
        hash=hash_of(secret),
        ending=secret[-4:],
        scopes=scopes,
        expires_at=None if days is None else context.clock() + datetime.timedelta(days=days),
    )
    done = context.commit(STUDIO, [Create(made)], comment="a new key")
    return NewKey(last_of(done, ApiKey), secret)


def every(context: Context) -> list[ApiKey]:
    """All keys that may be seen, the oldest first, those that were revoked too."""
    return list(context.every(Query("api_key", STUDIO).sort("created_at")))


def revoke(context: Context, which: str) -> ApiKey:
    """End a key, told by its id or its last four characters, from the next request on.

    Raises:
        NotFoundError: there is none of these.
        ConflictError: several end so.
    """
    found = [key for key in every(context) if key.id == codes.fold(which) or (key.active and key.ending == which)]
    if not found:
        raise NotFoundError(which, reason="no valid key has this id or ends so; see `bifrost server keys list`")
    if len(found) > 1:
        ids = [key.id for key in found]
        raise ConflictError(f"several keys end with {which}; give the id of one: {', '.join(ids)}", blockers=ids)
    return last_of(context.commit(STUDIO, [Update(found[0], {"active": False})], comment="revoked"), ApiKey)
