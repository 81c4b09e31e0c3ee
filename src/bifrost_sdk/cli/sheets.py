"""What `bifrost show` tells of one thing: its fields as people read them, and what belongs to it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.cli import listing
from bifrost_sdk.cli.screen import Cell, Screen, printable
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import BifrostError
from bifrost_sdk.session import Session

#: So many of what lies below a thing are shown; `bifrost list` shows all of it.
_SHOWN = 20

# What the first line or the last one of a sheet says.
_TOLD = frozenset(
    {"id", "revision", "project", "path", "created_at", "created_by", "updated_at", "updated_by", "unknown"}
)


@attrs.frozen
class Part:
    """A table below the fields: what it shows, and the columns that are never cut off."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    whole: Sequence[str] = ()


@attrs.frozen
class Sheet:
    """All that is told of one thing, for people and, as `document`, for programs."""

    title: str
    fields: Sequence[tuple[Cell, Cell]]
    parts: Sequence[Part]
    document: dict[str, Any]  # Any: JSON


def sheet_of(session: Session, entity: Entity) -> Sheet:
    """The sheet of a thing, as it stands in the session's view."""
    document = {**wire.to_document(entity), "ref": entity.ref}
    parts = [part for part in _parts(session, entity, document) if part.rows]
    return Sheet(f"{entity.kind.replace('_', ' ')} {entity.ref}", _fields(session, entity), parts, document)


def draw(sheet: Sheet, screen: Screen) -> None:
    """Show a sheet to people."""
    screen.line(sheet.title, "bold")
    for name, text in sheet.fields:
        screen.words("", name, text)
    for part in sheet.parts:
        screen.line(part.title, "bold")
        screen.table(part.head, part.rows, indent=2, whole=part.whole)
    screen.line()


def _fields(session: Session, entity: Entity) -> list[tuple[Cell, Cell]]:
    """The fields that hold something, with names for what they point at."""
    relations = entity_type(entity.kind).relations
    ids = {name: _ids(getattr(entity, name)) for name, relation in relations.items() if not relation.path}
    wanted = list(dict.fromkeys(id for found in ids.values() for id in found))
    answers = dict(zip(wanted, session.get_many([f"bifrost://{entity.project}/~{id}" for id in wanted]), strict=True))
    rows: list[tuple[str, str]] = []
    for name in entity_type(entity.kind).fields:
        if name in _TOLD or name == "dependencies":
            continue
        value = [_name(answers[id], id) for id in ids[name]] if name in ids else getattr(entity, name)
        if text := _text(value):
            rows.append((name.replace("_", " "), text))
    made = f"{_text(entity.created_at)} by {entity.created_by}" if entity.created_at else ""
    changed = f"{_text(entity.updated_at)} by {entity.updated_by}" if entity.updated_at != entity.created_at else ""
    rows += [("made", made), ("changed", changed), ("revision", str(entity.revision)), ("id", entity.id)]
    width = max(len(name) for name, _ in rows)
    return [((name.ljust(width), "dim"), printable(text)) for name, text in rows if text]


def _ids(value: Any) -> tuple[str, ...]:  # Any: the value of a relation
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) if value else ()


def _name(answer: Entity | BifrostError, id: str) -> str:
    if isinstance(answer, BifrostError):
        return f"~{id}"
    return getattr(answer, "login", "") or (answer.ref if answer.path else getattr(answer, "code", "")) or answer.ref


def _text(value: Any) -> str:  # Any: values of every field type
    if value is None or value is False:
        return ""
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, (tuple, list)):
        return ", ".join(map(_text, value))
    if isinstance(value, Mapping):
        return ", ".join(name if attrs.has(type(each)) else f"{name}: {_text(each)}" for name, each in value.items())
    return str(value)


def _parts(session: Session, entity: Entity, document: dict[str, Any]) -> Iterator[Part]:  # Any: JSON
    if isinstance(entity, Version):
        yield _files(session, entity, document)
        made = session.versions.dependencies(entity, depth=1).entities
        used = session.versions.dependents(entity, depth=1).entities
        document["dependents"] = [each.ref for each in used]
        for title, versions in (("made of", made), ("used by", used)):
            yield Part(title, ("version", "state"), [(each.ref, each.state) for each in versions], ("version",))
        return
    if isinstance(entity, Node):
        inherited = session.attributes(entity)
        document["inherited"] = {name: each.value for name, each in inherited.items()}
        rows = [
            (name, _text(each.value), "" if each.origin == entity.ref else each.origin)
            for name, each in inherited.items()
        ]
        yield Part("attributes", ("attribute", "value", "from"), [row for row in rows if row[1]])
    below = listing.list_entities(session, entity, limit=_SHOWN)
    title = f"below it ({below.more:,} more; bifrost list shows them)" if below.more else "below it"
    yield Part(title, listing.COLUMNS, below.rows(), listing.WHOLE)


def _files(session: Session, version: Version, document: dict[str, Any]) -> Part:  # Any: JSON
    items = session.versions.representations(version)
    document["representations"] = [wire.to_document(item) for item in items]
    roots = session.context.roots
    rows = [
        (item.name, _placed(roots, item.root, item.folder, file.name), f"{file.size:,}")
        for item in items
        for file in item.files
    ]
    return Part("files", ("as", "file", "bytes"), rows, ("file",))


def _placed(roots: Any, root: str, folder: str, name: str) -> str:  # Any: folders by root
    """Where a file lies on this machine, or below which root where that has no folder here."""
    return str(roots[root] / folder / name) if root in roots else f"{root}: {folder}/{name}"
