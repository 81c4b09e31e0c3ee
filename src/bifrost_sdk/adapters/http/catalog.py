"""The Catalog that a server keeps: each call is one request, and the server decides who asks."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bifrost_sdk.adapters.http.line import Line
from bifrost_sdk.domain import codes
from bifrost_sdk.domain.changes import Change, Commit, Event
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import Page, Query
from bifrost_sdk.domain.text import listed
from bifrost_sdk.errors import BifrostError, ConfigurationError, Issue, QueryError
from bifrost_sdk.ports import NOW, Actor, Catalog, Resolution, View
from bifrost_sdk.protocol import answers
from bifrost_sdk.protocol.requests import Events, Find, Get, Request, Resolve, Write, request_to_document

_PREFIX = "/api/v1"

# How long the first answer of a server is waited for, in seconds.
_GREETING = 5.0


class HttpCatalog:
    """A catalog at the URL of a server, asked with a key; see `Line` for what happens when the network fails."""

    def __init__(self, url: str, token: str, *, timeout: float = 30.0) -> None:
        self._line = Line(url, token, timeout=timeout)
        self._lock = threading.Lock()
        self._actor: Actor | None = None

    def __repr__(self) -> str:
        return f"HttpCatalog({self._line.url!r})"

    @property
    def actor(self) -> Actor:
        """Who the server says it is that asks; it is asked once, and a wrong address is told soon."""
        with self._lock:
            if self._actor is None:
                found = self._line.ask(f"{_PREFIX}/me", within=_GREETING)
                self._actor = Actor(str(found.get("login", "")))
            return self._actor

    def bind(self, actor: Actor) -> Catalog:
        """The same catalog, where `actor` is the user whose key it is.

        Raises:
            ConfigurationError: for anybody else: a server goes by the key, not by what a client says.
        """
        known = self.actor
        if actor.system or codes.fold(actor.login) != codes.fold(known.login):
            asked = "the library itself" if actor.system else repr(actor.login)
            raise ConfigurationError(
                f"{self._line.url} knows you by your key as {known.login!r}, so {asked} cannot ask there; "
                + ("run this where the catalog is kept" if actor.system else "leave the user out, or use their key"),
                setting="user",
                source=self._line.url,
            )
        return self

    def get(self, project: str, keys: Sequence[str], *, view: View = NOW) -> list[Entity | BifrostError]:
        """The entities with these ids or references, one answer or error each, in order."""
        return answers.entities_from_document(self._ask(Get(project, tuple(listed(keys)), view)))

    def find(self, query: Query, *, view: View = NOW) -> Page:
        """What the query asks for.

        Raises:
            QueryError: when it asks for what does not exist, or names no project.
            NotFoundError: when there is no such project that the actor may see.
        """
        if query.project is None:
            raise QueryError(Issue("query.project", "the query names no project", hint="use Query.within(project)"))
        return answers.page_from_document(self._ask(Find(query, view)))

    def resolve(self, refs: Sequence[str], *, view: View = NOW) -> list[Resolution | BifrostError]:
        """Where the references lead, one answer or error each, in order; projects may be mixed."""
        return answers.resolutions_from_document(self._ask(Resolve(tuple(listed(refs)), view)))

    def commit(self, project: str, changes: Sequence[Change], *, key: str | None = None, comment: str = "") -> Commit:
        """All changes, or none.

        Raises:
            ValidationError, ConflictError, PermissionDeniedError, NotFoundError: and nothing was changed.
            NetworkError: and whether anything was changed is not known; repeating it with its key tells.
        """
        attempt = uuid.uuid4().hex if key is None else None
        return answers.commit_from_document(self._ask(Write(project, tuple(changes), key, comment, attempt)))

    def events(self, project: str, *, after: int = 0, limit: int = 1000) -> list[Event]:
        """The events of the revisions above `after`, whole revisions only, at least one where there is one."""
        return answers.events_from_document(self._ask(Events(project, after, limit)))

    def revision(self, project: str) -> int:
        """The project's present revision."""
        return int(self._line.ask(f"{_PREFIX}/projects/{quote(project, safe='')}/revision")["revision"])

    def close(self) -> None:
        """Close the connections; safe to repeat."""
        self._line.close()

    def _ask(self, request: Request) -> Any:  # Any: JSON
        return self._line.ask(f"{_PREFIX}/{request.name}", request_to_document(request))
