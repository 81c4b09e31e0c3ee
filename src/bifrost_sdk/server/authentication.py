"""Who asks: keys as the catalog keeps them, and the one answer to every wrong one."""

from __future__ import annotations

import datetime
import hmac
import threading
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.api_keys import SCOPES, ApiKey, hash_of
from bifrost_sdk.domain.model import User
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import NotFoundError
from bifrost_sdk.ports import Actor, Catalog

#: The longest secret that is looked at, in characters.
SECRET_LIMIT: Final = 200


@attrs.frozen
class Caller:
    """Who asks, and what the key that they showed may be used for."""

    actor: Actor
    scopes: tuple[str, ...] = SCOPES


class Gate(Protocol):
    """Tells who shows a secret."""

    def caller(self, secret: str) -> Caller | None:
        """Who shows it; None for whoever may not ask, and nothing tells why."""


def now() -> datetime.datetime:
    """The time of this machine."""
    return datetime.datetime.now(datetime.timezone.utc)


class Keys:
    """The keys of active users, read again only after something in the studio changed."""

    def __init__(self, catalog: Catalog, *, clock: Callable[[], datetime.datetime] = now) -> None:
        self._system = catalog.bind(Actor("server", system=True))
        self._clock = clock
        self._lock = threading.Lock()
        self._known: tuple[int, Mapping[str, ApiKey]] = (-1, {})

    def caller(self, secret: str) -> Caller | None:
        """Whose key it is, if it is valid now."""
        if not 0 < len(secret) <= SECRET_LIMIT:
            return None
        hashed = hash_of(secret)
        key = self._keys().get(hashed)
        if key is None or not hmac.compare_digest(key.hash, hashed) or not key.is_valid(self._clock()):
            return None
        return Caller(Actor(key.login), key.scopes)

    def is_empty(self) -> bool:
        """Whether nobody could ask anything."""
        return not any(key.is_valid(self._clock()) for key in self._keys().values())

    def _keys(self) -> Mapping[str, ApiKey]:
        try:
            revision = self._system.revision(STUDIO)
        except NotFoundError:  # a catalog that nobody has set up yet
            return {}
        with self._lock:
            known = self._known
        if known[0] != revision:
            known = (revision, self._read())
            with self._lock:
                self._known = known
        return known[1]

    def _read(self) -> Mapping[str, ApiKey]:
        users = {codes.fold(user.login) for user in self._every("user") if isinstance(user, User) and user.active}
        keys = (key for key in self._every("api_key") if isinstance(key, ApiKey) and key.hash)
        return {key.hash: key for key in keys if codes.fold(key.login) in users}

    def _every(self, kind: str) -> list[object]:
        found: list[object] = []
        query = Query(kind, STUDIO).limit(1_000)
        while True:
            page = self._system.find(query)
            found += page.entities
            if page.cursor is None:
                return found
            query = query.after(page.cursor)
