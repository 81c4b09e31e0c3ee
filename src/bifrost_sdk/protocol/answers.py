"""What a Catalog answers, as JSON and back; an answer is read leniently, so that a newer server may say more.

Fields that are not known are passed over, those of entities are kept as entities keep them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from bifrost_sdk.domain import wire
from bifrost_sdk.domain.changes import Commit
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import Edge, Group, Page
from bifrost_sdk.errors import BifrostError, Issue, ValidationError
from bifrost_sdk.ports import Resolution
from bifrost_sdk.protocol.failures import error_from_document, error_to_document

T = TypeVar("T")

Document = dict[str, Any]  # Any: JSON


def entities_to_document(answers: Sequence[Entity | BifrostError]) -> Document:
    """Entities and errors, one of them for each question."""
    return {"answers": [_or_error(each, lambda entity: {"entity": wire.to_document(entity)}) for each in answers]}


def entities_from_document(document: Any) -> list[Entity | BifrostError]:  # Any: JSON, here and below
    """What `entities_to_document` wrote.

    Raises:
        ValidationError: when it is no such answer; so do all that read.
    """
    return _read(
        lambda: [_answer(each, lambda item: wire.from_document(item["entity"])) for each in document["answers"]]
    )


def resolutions_to_document(answers: Sequence[Resolution | BifrostError]) -> Document:
    """Places and errors, one of them for each reference."""
    return {"answers": [_or_error(each, lambda found: {"resolution": found._asdict()}) for each in answers]}


def resolutions_from_document(document: Any) -> list[Resolution | BifrostError]:
    """What `resolutions_to_document` wrote."""
    return _read(lambda: [_answer(each, _resolution) for each in document["answers"]])


def page_to_document(page: Page) -> Document:
    """A page; what is empty is left out."""
    found: Document = {
        "entities": [wire.to_document(entity) for entity in page.entities],
        "revision": page.revision,
        "cursor": page.cursor,
        "count": page.count,
        "groups": [{"values": wire.value(group.values), "count": group.count} for group in page.groups],
        "included": {
            id: {name: [wire.to_document(each) for each in entities] for name, entities in relations.items()}
            for id, relations in page.included.items()
        },
        "edges": [attrs.asdict(edge) for edge in page.edges],
        "rows": [list(row) for row in page.rows],
    }
    return {name: value for name, value in found.items() if value is not None and value not in ([], {})}


def page_from_document(document: Any) -> Page:
    """What `page_to_document` wrote."""
    return _read(
        lambda: Page(
            entities=_entities(document.get("entities", ())),
            revision=document["revision"],
            cursor=document.get("cursor"),
            count=document.get("count"),
            groups=tuple(Group(tuple(each["values"]), each["count"]) for each in document.get("groups", ())),
            included={
                id: {name: _entities(each) for name, each in relations.items()}
                for id, relations in document.get("included", {}).items()
            },
            edges=tuple(_known(Edge, each) for each in document.get("edges", ())),
            rows=tuple(tuple(row) for row in document.get("rows", ())),
        )
    )


def commit_to_document(commit: Commit) -> Document:
    """What a commit did."""
    return {
        "project": commit.project,
        "revision": commit.revision,
        "at": wire.print_time(commit.at),
        "actor": commit.actor,
        "entities": [entity and wire.to_document(entity) for entity in commit.entities],
        "key": commit.key,
        "repeated": commit.repeated,
    }


def commit_from_document(document: Any) -> Commit:
    """What `commit_to_document` wrote."""
    return _read(
        lambda: Commit(
            project=document["project"],
            revision=document["revision"],
            at=wire.read_time(document["at"]),
            actor=document["actor"],
            entities=tuple(each and wire.from_document(each) for each in document["entities"]),
            key=document["key"],
            repeated=document["repeated"],
        )
    )


def events_to_document(events: Sequence[Entity]) -> Document:
    """Events of the log, in their order."""
    return {"events": [wire.to_document(event) for event in events]}


def events_from_document(document: Any) -> list[Any]:
    """What `events_to_document` wrote."""
    return _read(lambda: list(_entities(document["events"])))


def _or_error(answer: Any, write: Callable[[Any], Document]) -> Document:
    return {"error": error_to_document(answer)} if isinstance(answer, BifrostError) else write(answer)


def _answer(item: Any, read: Callable[[Any], Any]) -> Any:
    return error_from_document(item["error"]) if "error" in item else read(item)


def _entity(item: Mapping[str, Any]) -> Entity:
    return wire.from_document(item["entity"])


def _resolution(item: Mapping[str, Any]) -> Resolution:
    found: Mapping[str, Any] = item["resolution"]
    return Resolution(**{name: found[name] for name in Resolution._fields if name in found})


def _entities(documents: Any) -> tuple[Entity, ...]:
    return tuple(wire.from_document(each) for each in documents)


def _known(cls: type[Any], fields: Mapping[str, Any]) -> Any:
    return cls(**{field.name: fields[field.name] for field in attrs.fields(cls) if field.name in fields})


def _read(read: Callable[[], T]) -> T:
    """What `read` makes of an answer, whose form nobody has checked yet."""
    try:
        return read()
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        message = f"the server's answer cannot be read: {type(error).__name__} {error}"
        raise ValidationError(Issue("answer.form", message[:300], hint="update Bifrost SDK or the server")) from error
