"""Entities as the records that a store keeps."""

from __future__ import annotations

import functools

from bifrost_sdk.domain import codes, locations, wire
from bifrost_sdk.domain.changes import Event
from bifrost_sdk.domain.entity import DOCUMENT_LIMIT, Entity
from bifrost_sdk.domain.registry import EntityType, Relation, entity_type
from bifrost_sdk.domain.rules import key_of
from bifrost_sdk.domain.versions import Representation, Workfile
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.ports import Record


def to_record(entity: Entity, path: str | None, *, at: int) -> Record:
    """The record of an entity whose stamps are set; `at` is the time of this commit in microseconds.

    Raises:
        ValidationError: when its document is larger than a catalog keeps.
    """
    made = entity_type(entity.kind)
    body = wire.to_json(wire.dump(entity))
    if len(body) > DOCUMENT_LIMIT // 4 and len(body.encode()) > DOCUMENT_LIMIT:
        message = f"its document has {len(body.encode())} bytes, more than {DOCUMENT_LIMIT}"
        hint = "keep large values in files"
        raise ValidationError(Issue("document.size", message, subject=f"{entity.kind} {entity.id}", hint=hint))
    key = key_of(entity)
    slots = {slot: getattr(entity, name) for slot, name in made.slots.items()}
    return Record(
        id=entity.id,
        kind=entity.kind,
        project=entity.project,
        revision=entity.revision,
        created_at=wire.to_microseconds(entity.created_at) if entity.created_at else at,
        created_by=entity.created_by,
        updated_at=at,
        updated_by=entity.updated_by,
        body=body,
        key=key[1] if key else None,
        path=path,
        search=_search_text(entity, made),
        files=_files_text(entity),
        edges=_edges(entity, made),
        **slots,
    )


def to_event(record: Record) -> Event:
    """The event of a record of the kind ``event``."""
    event = record.entity()
    assert isinstance(event, Event)
    return event


def _search_text(entity: Entity, made: EntityType) -> str | None:
    if not made.search:
        return None
    found: list[str] = []
    for name in made.search:
        value = getattr(entity, name)
        if isinstance(value, str):
            found.append(value)
        else:
            found.extend(value)
    return codes.fold("\n".join(found))


def _files_text(entity: Entity) -> str | None:
    if isinstance(entity, Representation):
        return locations.write(entity)
    return locations.write_work(entity) if isinstance(entity, Workfile) else None


def _edges(entity: Entity, made: EntityType) -> tuple[tuple[str, str, str], ...]:
    found: list[tuple[str, str, str]] = []
    for name, relation in _edge_relations(made):
        value = getattr(entity, name)
        if not value:
            continue
        if relation.path:
            found.extend((name, getattr(item, relation.path), getattr(item, "kind", "")) for item in value)
        elif relation.many:
            found.extend((name, target, "") for target in value)
        else:
            found.append((name, value, ""))
    return tuple(found)


@functools.lru_cache(maxsize=256)
def _edge_relations(made: EntityType) -> tuple[tuple[str, Relation], ...]:
    """The relations that no slot holds: parent and status have columns of their own."""
    held = set(made.slots.values())
    return tuple((name, relation) for name, relation in made.relations.items() if name not in held)
