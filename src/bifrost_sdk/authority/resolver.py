"""Resolving for one actor: what the cache knows, then what the store has ready, then what has to be looked up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import attrs

from bifrost_sdk.authority import resolving
from bifrost_sdk.authority.cache import EVENT_LIMIT, News, ResolutionCache, Shelf, read_news, updated_in, versions_in
from bifrost_sdk.authority.policy import Policy, Rulings
from bifrost_sdk.authority.records import to_event
from bifrost_sdk.authority.resolving import Answer, Asked
from bifrost_sdk.authority.sight import Sight, sight_of
from bifrost_sdk.domain.pins import PinSet
from bifrost_sdk.errors import BifrostError, Issue, ValidationError
from bifrost_sdk.ports import NOW, Actor, Resolution, Store, Transaction, View

_SCHEME = "bifrost://"
_HEAD = len(_SCHEME)

Answers = list["Resolution | BifrostError | None"]


class Resolver:
    """Answers references for `actor`; policy and cache are shared by all actors of one store.

    The store's token, read first, vouches for everything that is kept here: which shelves of the cache are open to the
    actor, and the rulings of today.
    """

    def __init__(self, store: Store, policy: Policy, cache: ResolutionCache, actor: Actor) -> None:
        self._store = store
        self._policy = policy
        self._cache = cache
        self._actor = actor
        self._known: Known | None = None

    def resolve(self, refs: Sequence[str], view: View) -> list[Resolution | BifrostError]:
        """One answer or error each, in order.

        The token is looked at last: if it has not moved, all that was read before stood at that moment.
        """
        if view is not NOW and view != NOW:
            return self._look(refs, range(len(refs)), [None] * len(refs), view)
        generation = self._cache.generation
        known = self._known or self._refresh(self._store.token())
        found, missing, ready = known.find(refs)
        if ready:
            answers, token = self._store.recall([refs[place] for place in ready])
        else:
            answers, token = {}, self._store.token()
        if token != known.token:
            known = self._refresh(token)
            found, missing, _ = known.find(refs)
        elif answers:
            for place in ready:
                found[place] = answers.get(refs[place])
            self._keep_ready(answers, known, generation)
            missing = [place for place in missing if found[place] is None]
        if not missing:
            return found  # type: ignore[return-value]  # nothing is missing
        return self._look(refs, missing, found, NOW, known=known)

    def _look(
        self, refs: Sequence[str], places: Sequence[int], found: Answers, view: View, *, known: Known | None = None
    ) -> list[Resolution | BifrostError]:
        generation = self._cache.generation
        with self._store.begin() as transaction:
            sights = Sights(transaction, self._policy, self._actor, view, generation, known)
            sights.rulings = known.rulings if known else None
            if isinstance(view.at, int):
                _check_view(view, {_project_of(refs[place]) for place in places})
            if view.pins is None:
                places = self._recall(refs, places, found, sights)
                if not places and view is NOW:
                    return found  # type: ignore[return-value]  # every place was answered
            answers: list[tuple[Asked, Answer]] = []
            for project, members in _asked(refs, places, found).items():
                asks = [asked for _, asked in members]
                for (place, asked), answer in zip(members, sights.answer(project, asks), strict=True):
                    found[place] = answer if isinstance(answer, BifrostError) else answer[0]
                    answers.append((asked, answer))
            if view is NOW:
                self._keep(answers, sights)
        return found  # type: ignore[return-value]  # every place was answered

    def _recall(self, refs: Sequence[str], places: Sequence[int], found: Answers, sights: Sights) -> Sequence[int]:
        """Fill in the answers that the store has ready, for projects the actor sees all of; the places that remain."""
        groups: dict[str, list[int]] = {}
        for place in places:
            ref = refs[place]
            if type(ref) is str and ref.isascii() and ref.startswith(_SCHEME):
                groups.setdefault(ref[_HEAD : ref.find("/", _HEAD)], []).append(place)
        for project, members in groups.items():
            if not sights.sees_all_of(project):
                continue
            at = None
            if sights.view.at is not None:
                sight = sights.of(project)
                if isinstance(sight, BifrostError):
                    continue
                at = sight.at
            ready = sights.transaction.recall([refs[place] for place in members], at=at)
            for place in members:
                found[place] = ready.get(refs[place])
            if sights.view is NOW and ready:
                self._shelve(sights, project, ready)
        return [place for place in places if found[place] is None]

    def _keep(self, answers: Iterable[tuple[Asked, Answer]], sights: Sights) -> None:
        """Put today's answers on the shelves of projects that the actor sees all of."""
        found: dict[str, dict[str, Resolution]] = {}
        aliased: set[str] = set()
        for asked, answer in answers:
            if not isinstance(answer, BifrostError):
                found.setdefault(asked.want.project, {})[asked.text] = answer[0]
                if answer[1].alias:
                    aliased.add(asked.text)
        for project, entries in found.items():
            if sights.sees_all_of(project):
                self._shelve(sights, project, entries, aliased=aliased)

    def _shelve(
        self, sights: Sights, project: str, entries: Mapping[str, Resolution], *, aliased: Collection[str] = frozenset()
    ) -> None:
        shelf = self._cache.shelves.get(project)
        revision = sights.transaction.head(project)[0] if shelf is None else shelf.revision
        shelf = self._cache.add(project, entries, revision=revision, generation=sights.generation, aliased=aliased)
        if shelf is not None and sights.known is not None:
            sights.known.open[project] = shelf

    def _keep_ready(self, ready: Mapping[str, Resolution], known: Known, generation: int) -> None:
        """Put what the store had ready on the shelves that are open."""
        projects: dict[str, dict[str, Resolution]] = {}
        for ref, answer in ready.items():
            projects.setdefault(ref[_HEAD : ref.find("/", _HEAD)], {})[ref] = answer
        for project, entries in projects.items():
            revision = known.open[project].revision
            shelf = self._cache.add(project, entries, revision=revision, generation=generation)
            if shelf is not None:
                known.open[project] = shelf

    def _refresh(self, token: object) -> Known:
        """Bring the cache up to what the store shows, and see anew which of its shelves are open to the actor."""
        with self._store.begin() as transaction:
            if self._cache.token != token:
                self._cache.advance(token, _news(transaction, dict(self._cache.shelves)))
            rulings = self._policy.rulings(transaction)
            opened = {
                project: shelf
                for project, shelf in list(self._cache.shelves.items())
                if rulings.access(self._actor, project).is_unrestricted
            }
        self._known = known = Known(token, opened, rulings)
        return known


@attrs.frozen
class Known:
    """What one token vouches for: the shelves that are open to the actor, and the rulings of today."""

    token: object
    open: dict[str, Shelf]
    rulings: Rulings

    def find(self, refs: Sequence[str]) -> tuple[Answers, list[int], list[int]]:
        """The answers on open shelves, the places of those that miss, and which of these the store may have ready."""
        opened = self.open
        found: Answers = []
        missing: list[int] = []
        ready: list[int] = []
        for place, ref in enumerate(refs):
            shelf = opened.get(ref[_HEAD : ref.find("/", _HEAD)]) if type(ref) is str else None
            entry = shelf.entries.get(ref) if shelf is not None else None
            found.append(entry)
            if entry is None:
                missing.append(place)
                if shelf is not None and ref.isascii():
                    ready.append(place)
        return found, missing, ready


@attrs.define
class Sights:
    """The projects that one call looks at, each opened once; `projects` holds those, or why they stay closed.

    `generation` is the cache's of before the call's transaction began.
    """

    transaction: Transaction
    policy: Policy
    actor: Actor
    view: View
    generation: int
    known: Known | None = None
    rulings: Rulings | None = None
    projects: dict[str, Sight | BifrostError] = attrs.field(factory=dict)

    def of(self, project: str) -> Sight | BifrostError:
        """The project as the actor sees it, or the error that answers all its references."""
        known = self.projects.get(project)
        if known is None:
            rulings = self.rulings or self.policy.rulings(self.transaction)
            try:
                known = sight_of(rulings, self.transaction, self.actor, project, view=self.view)
            except BifrostError as error:
                known = error
            self.projects[project] = known
        return known

    def sees_all_of(self, project: str) -> bool:
        """Whether nothing of the project is hidden from the actor."""
        if self.rulings is None:
            self.rulings = self.policy.rulings(self.transaction)
        return self.rulings.access(self.actor, project).is_unrestricted

    def answer(self, project: str, asks: Sequence[Asked]) -> Sequence[Answer]:
        """One answer each, in order."""
        sight = self.of(project)
        if isinstance(sight, BifrostError):
            return [sight] * len(asks)
        return resolving.answer(_pinned(asks, self.view.pins), sight)


def _asked(refs: Sequence[str], places: Iterable[int], found: Answers) -> dict[str, list[tuple[int, Asked]]]:
    """The references by project, taken apart; those that are none are answered at once."""
    groups: dict[str, list[tuple[int, Asked]]] = {}
    for place in places:
        try:
            asked = resolving.ask(refs[place])
        except BifrostError as error:
            found[place] = error
        else:
            groups.setdefault(asked.want.project, []).append((place, asked))
    return groups


def _news(transaction: Transaction, shelves: Mapping[str, Shelf]) -> dict[str, News | None]:
    news: dict[str, News | None] = {}
    for project, shelf in shelves.items():
        head = transaction.head(project)[0]
        if head != shelf.revision:
            news[project] = _news_of(transaction, project, shelf.revision, head)
    return news


def _news_of(transaction: Transaction, project: str, known: int, head: int) -> News | None:
    """What happened after the revision `known`; None when it is too much to be worth reading."""
    records = transaction.events(project, after=known, limit=EVENT_LIMIT)
    events = [to_event(record) for record in records]
    if not events or events[-1].revision != head:
        return None
    versions = versions_in(events, _parents(transaction, project, updated_in(events)))
    return read_news(head, events, versions, _parents(transaction, project, versions))


def _parents(transaction: Transaction, project: str, ids: Collection[str]) -> dict[str, str]:
    """What contains each of these that stand."""
    records = transaction.load("id", project, sorted(ids)) if ids else []
    return {record.id: record.parent or "" for record in records if record is not None}


def _project_of(ref: str) -> str:
    return ref[_HEAD : ref.find("/", _HEAD)].lower() if type(ref) is str and ref.startswith(_SCHEME) else ""


def _check_view(view: View, projects: Collection[str]) -> None:
    projects = set(projects) - {""}
    if isinstance(view.at, int) and len(projects) > 1:
        message = f"revision {view.at} of {' or '.join(sorted(projects))}?"
        raise ValidationError(Issue("view.revision", message, "at", hint="with several projects give a time"))


def _pinned(asks: Sequence[Asked], pins: PinSet | None) -> Sequence[Asked]:
    """The references, where those that float over a pinned product want its pinned version."""
    if pins is None:
        return asks
    versions = resolving.pinned_versions(pins)
    return [
        asked._replace(want=asked.want._replace(path=None, id=version))
        if (version := versions.get((asked.want.project, asked.want.path or "", asked.tag or "latest")))
        else asked
        for asked in asks
    ]
