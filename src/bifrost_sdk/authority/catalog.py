"""The one implementation of Catalog: decides over any Store, for the actor that it is bound to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import attrs

from bifrost_sdk.authority import committing
from bifrost_sdk.authority.cache import (
    ResolutionCache,
)
from bifrost_sdk.authority.committing import Committing, Request, Unchanged
from bifrost_sdk.authority.lookup import Lookup
from bifrost_sdk.authority.policy import Policy
from bifrost_sdk.authority.reading import Reading, read_cursor
from bifrost_sdk.authority.records import to_event
from bifrost_sdk.authority.resolver import Resolver
from bifrost_sdk.authority.sight import Sight, sight_of
from bifrost_sdk.domain.changes import Change, Commit, Event
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.expansion import expand
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Page, Query
from bifrost_sdk.errors import BifrostError, Issue, QueryError
from bifrost_sdk.ports import NOW, Actor, Resolution, Store, Transaction, View

#: Microseconds since 1970, in UTC.
Clock = Callable[[], int]


def system_clock() -> int:
    """The time of this machine in microseconds since 1970."""
    return time.time_ns() // 1_000


class Authority:
    """A catalog over a store. `bind` gives the same catalog to somebody else; all share one cache."""

    def __init__(self, store: Store, *, clock: Clock = system_clock) -> None:
        self._store = store
        self._clock = clock
        self._policy = Policy()
        self._cache = ResolutionCache()
        self._actor = Actor("nobody")
        self._resolver = Resolver(store, self._policy, self._cache, self._actor)

    def bind(self, actor: Actor) -> Authority:
        """The same catalog, asked by `actor`."""
        bound = Authority(self._store, clock=self._clock)
        bound._policy, bound._cache, bound._actor = self._policy, self._cache, actor
        bound._resolver = Resolver(self._store, self._policy, self._cache, actor)
        return bound

    def get(self, project: str, keys: Sequence[str], *, view: View = NOW) -> list[Entity | BifrostError]:
        """The entities with these ids or references, one answer or error each, in order."""
        with self._store.begin() as transaction:
            lookup = Lookup(lambda code: self._sight(transaction, code, view=view), view.pins)
            return lookup.entities(project, keys)

    def find(self, query: Query, *, view: View = NOW) -> Page:
        """What the query asks for.

        Raises:
            QueryError: when it asks for what does not exist, or names no project.
            NotFoundError: when there is no such project that the actor may see.
        """
        if query.project is None:
            raise QueryError(Issue("query.project", "the query names no project", hint="use Query.within(project)"))
        asked = expand(query)
        cursor = read_cursor(asked)
        with self._store.begin() as transaction:
            if cursor is not None and not asked.text:
                view = attrs.evolve(view, at=cursor.revision)
            sight = self._sight(transaction, query.project, view=view)
            revision = sight.at if sight.at is not None else transaction.head(query.project)[0]
            return Reading(asked, sight, revision, cursor, view.pins).page()

    def resolve(self, refs: Sequence[str], *, view: View = NOW) -> list[Resolution | BifrostError]:
        """Where the references lead, one answer or error each, in order; projects may be mixed."""
        return self._resolver.resolve(refs, view)

    def commit(
        self,
        project: str,
        changes: Sequence[Change],
        *,
        key: str | None = None,
        comment: str = "",
        attempt: str | None = None,
    ) -> Commit:
        """All changes, or none.

        `attempt` stands in for the key of a commit that has none, so that whoever carries it here may ask again.

        Raises:
            ValidationError, ConflictError, PermissionDeniedError, NotFoundError: and nothing was changed.
        """
        is_attempt = key is None and attempt is not None
        kept = attempt if is_attempt else key
        request = Request(project, tuple(changes), self._actor.login, self._clock(), kept, comment, is_attempt)
        digest = committing.digest_of(request)
        try:
            with self._store.begin(project) as transaction:
                policy = self._policy
                if project == STUDIO:
                    transaction.create_project(STUDIO)
                    policy = Policy()  # its head is ahead of its content now: nothing of this may be kept
                sight = sight_of(policy.rulings(transaction), transaction, self._actor, project)
                unmasked = attrs.evolve(sight, masks=False)
                return _as_seen(Committing(request, digest, transaction, unmasked).run(), sight)
        except Unchanged as unchanged:
            return unchanged.commit

    def events(self, project: str, *, after: int = 0, limit: int = 1000) -> list[Event]:
        """The events of the revisions above `after`, whole revisions only, at least one where there is one."""
        with self._store.begin() as transaction:
            sight = self._sight(transaction, project)
            after, limit = max(0, min(after, 2**62)), max(1, min(limit, 2**31))
            records = transaction.events(project, after=after, limit=limit)
            return list(sight.events([to_event(record) for record in records]))

    def revision(self, project: str) -> int:
        """The project's present revision."""
        with self._store.begin() as transaction:
            self._sight(transaction, project)
            return transaction.head(project)[0]

    def close(self) -> None:
        """Give back what the store holds; safe to repeat."""
        self._store.close()

    def _sight(self, transaction: Transaction, project: str, *, view: View = NOW) -> Sight:
        return sight_of(self._policy.rulings(transaction), transaction, self._actor, project, view=view)


def _as_seen(commit: Commit, sight: Sight) -> Commit:
    """The commit with its entities as the actor may see them."""
    if sight.sees_all:
        return commit
    shown = iter(sight.masked([entity for entity in commit.entities if entity is not None]))
    return attrs.evolve(commit, entities=tuple(entity and next(shown) for entity in commit.entities))
