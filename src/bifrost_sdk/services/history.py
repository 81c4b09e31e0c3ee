"""What happened to a thing, and taking a commit back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bifrost_sdk.domain import references, reversal
from bifrost_sdk.domain.changes import Commit, Event
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import PAGE_LIMIT, Query
from bifrost_sdk.domain.registry import entity_type, kinds
from bifrost_sdk.errors import Issue, NotFoundError, ValidationError
from bifrost_sdk.services.context import Context, Item, is_id

_CHUNK = 500


def events_of(context: Context, item: Item) -> list[Event]:
    """Everything that happened to one thing, oldest first; what was deleted is named by its entity or id."""
    if isinstance(item, str) and is_id(item):
        (found,) = context.get_many([item])
        project = found.project if isinstance(found, Entity) else context.code_of(None)
        item = f"bifrost://{project}/~{item}"
    project, _, id, _, file = references.split(item.ref if isinstance(item, Entity) else str(item))
    if not project or not id or file:
        entity = item if isinstance(item, Entity) and item.id else context.get(item)
        project, id = entity.project, entity.id
    return _events(context, project, [id])


def revert(context: Context, project: str, revision: int, *, comment: str = "") -> Commit:
    """Undo the commit that made this revision of the project, as a new commit.

    Raises:
        NotFoundError: when there is no such revision.
        ConflictError: when a later commit changed the same or uses what would go; `blockers` names each.
        ValidationError: when all of it is undone already, a part of it is hidden from the actor, or the catalog's
            rules do not allow it.
    """
    events = [
        each for each in context.catalog.events(project, after=revision - 1, limit=1) if each.revision == revision
    ]
    if not events:
        raise NotFoundError(f"bifrost://{project}", reason=f"there is no revision {revision}")
    if events[0].is_partial:
        message = f"it holds what {context.actor.login} may not see, and is undone whole or not at all"
        subject = f"revision {revision} of {project}"
        raise ValidationError(Issue("revert.partial", message, "", subject, "ask somebody who sees all of it"))
    users = list(_users(context, project, reversal.created(events)))
    ids = sorted(reversal.concerned(events))
    current = {entity.id: entity for entity in (*_standing(context, project, ids), *users)}
    subjects = dict.fromkeys((*ids, *(user.id for user in users)))
    later = _events(context, project, list(subjects), after=revision)
    changes = reversal.invert(events, later, current)
    if not changes:
        raise ValidationError(f"revision {revision} of {project} is undone already; there is nothing to change")
    return context.commit(project, changes, comment=comment or f"revert revision {revision}")


def _standing(context: Context, project: str, ids: list[str]) -> Iterator[Entity]:
    for answer in context.catalog.get(project, ids):
        if isinstance(answer, Entity):
            yield answer


def _users(context: Context, project: str, gone: dict[str, list[str]]) -> Iterator[Entity]:
    """What points at these things now."""
    for name in kinds():
        made = entity_type(name)
        if made.read_only or not made.stands_in(project):
            continue
        for relation in made.relations.values():
            ids = [id for kind, of in gone.items() if not relation.targets or kind in relation.targets for id in of]
            for chunk in _chunks(ids):
                query = Query(name, project=project).where(**{f"{relation.name}__in": chunk})
                yield from context.every(query)


def _events(context: Context, project: str, ids: list[str], *, after: int = 0) -> list[Event]:
    found: list[Event] = []
    for chunk in _chunks(ids):
        query = Query("event", project=project).where(subject__in=chunk, revision__gt=after)
        found += context.every(query.limit(PAGE_LIMIT))
    return sorted(found, key=lambda event: (event.revision, event.position))


def _chunks(ids: list[str]) -> Iterable[list[str]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
