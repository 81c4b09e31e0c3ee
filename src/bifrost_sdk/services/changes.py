"""Lists of changes as a caller writes them: without ids, and without saying which project they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from bifrost_sdk.domain.changes import Change, Create, Ensure, check_changes
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.services.context import Context


def with_ids(context: Context, changes: Iterable[Change]) -> list[Change]:
    """The changes with an id for each new entity that has none.

    Raises:
        ValidationError: for what is no change.
    """
    return [
        type(change)(attrs.evolve(change.entity, id=context.new_id()))
        if isinstance(change, (Create, Ensure)) and not change.entity.id
        else change
        for change in check_changes(changes)
    ]


def project_of(context: Context, changes: Sequence[Change]) -> str:
    """The code of the project that the first change to tell one belongs to, else the default project.

    Raises:
        ConfigurationError: when none tells one and there is no default.
        NotFoundError: when what is to be changed is not there.
    """
    new = {change.entity.id for change in changes if isinstance(change, (Create, Ensure))}
    for change in changes:
        if not isinstance(change, (Create, Ensure)):
            return context.get(change.id).project
        entity = change.entity
        if entity.project:
            return entity.project
        made = entity_type(entity.kind)
        if made.scope == STUDIO:
            return STUDIO
        parent = getattr(entity, made.slots["parent"]) if "parent" in made.slots else None
        if parent and parent not in new:
            return context.code_of(context.get(parent))
    return context.code_of(None)
