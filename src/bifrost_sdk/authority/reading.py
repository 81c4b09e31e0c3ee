"""Queries answered: pages that stay in one state, what comes with each entity, walks, and pinned views."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from bifrost_sdk.authority.records import to_record
from bifrost_sdk.authority.sight import Sight
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.access import all_of
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.pins import PinSet
from bifrost_sdk.domain.query import All, AnyOf, Compare, Edge, Filter, Group, Not, Page, Query, Related, Walk
from bifrost_sdk.domain.query_documents import query_to_document
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.restriction import restrict
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import Issue, QueryError
from bifrost_sdk.ports import Record, Selection


@attrs.frozen
class Cursor:
    """Where a page ended: the revision that all pages read, and the sort key of its last entity."""

    revision: int
    offset: tuple[Any, ...]
    query: str

    def encode(self) -> str:
        """The cursor as opaque text."""
        text = wire.to_json({"r": self.revision, "o": list(self.offset), "q": self.query})
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(query: Query) -> Cursor | None:
    """The cursor of an expanded query.

    Raises:
        QueryError: when it was not made by this catalog, or for another query.
    """
    if query.cursor is None:
        return None
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        document = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        cursor = Cursor(document["r"], tuple(document["o"]), document["q"])
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise QueryError(Issue("query.cursor", "this is no cursor", hint="pass on Page.cursor as it came")) from error
    is_whole = len(cursor.offset) == len(query.order) + 1 and all(map(_is_plain, (cursor.revision, *cursor.offset)))
    if type(cursor.revision) is not int or not is_whole or cursor.query != fingerprint(query):
        raise QueryError(Issue("query.cursor", "the cursor belongs to another query", hint="begin without a cursor"))
    return cursor


def _is_plain(value: object) -> bool:
    """Whether a store can compare with it."""
    if isinstance(value, str):
        return not any("\ud800" <= char <= "\udfff" for char in value)
    return value is None or isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**63)


def fingerprint(query: Query) -> str:
    """What tells queries apart whose cursors must not be mixed up."""
    plain = attrs.evolve(query, cursor=None, size=1, includes=())
    return hashlib.sha256(wire.to_json(query_to_document(plain)).encode()).hexdigest()[:16]


@attrs.frozen
class Reading:
    """An expanded query asked of what an actor sees at `revision`; `pins` narrow versions to the pinned ones."""

    query: Query
    sight: Sight
    revision: int
    cursor: Cursor | None = None
    pins: PinSet | None = None

    def page(self) -> Page:
        """What it asks for.

        Raises:
            QueryError: when it cannot be answered.
        """
        seen = restrict(
            _pinned(self.query, self.pins, self.sight),
            self.sight.visible,
            reachable=self.sight.reachable,
            is_strict=not self.sight.access.is_unrestricted,
        )
        if seen.shape == "walk":
            return _walk(seen, self.sight, self.revision)
        offset = self.cursor.offset if self.cursor else None
        is_masked = seen.shape == "rows" and not _tells_nothing(seen, self.sight)
        asked = attrs.evolve(seen, shape="entities") if is_masked else seen
        found = self.sight.transaction.select(asked, at=self.sight.at, offset=offset)
        if seen.shape == "count":
            return Page(revision=self.revision, count=found.count)
        if seen.shape == "groups":
            return Page(revision=self.revision, groups=_groups(seen, found, self.sight))
        following = None
        if found.last is not None:
            following = Cursor(self.revision, found.last, fingerprint(self.query)).encode()
        entities = self.sight.entities(found.records)
        if seen.shape == "rows":
            rows = _rows(seen, found.records, entities) if is_masked else found.rows
            return Page(revision=self.revision, cursor=following, rows=rows)
        return Page(entities, self.revision, following, included=_included(seen, entities, self.sight))


def _tells_nothing(query: Query, sight: Sight) -> bool:
    """Whether the columns can be shown as they are kept: only documents and statuses name what may be hidden."""
    return sight.sees_all or not sight.masks or not {"body", "status"}.intersection(query.columns)


def _rows(
    query: Query, records: Iterable[Record], entities: Iterable[Entity]
) -> tuple[tuple[Any, ...], ...]:  # Any: values of every column
    """The columns of these records, as the actor may see them."""
    shown = (
        to_record(entity, record.path, at=record.updated_at) for record, entity in zip(records, entities, strict=True)
    )
    return tuple(tuple(getattr(record, name) for name in query.columns) for record in shown)


def _included(query: Query, entities: Iterable[Entity], sight: Sight) -> Mapping[str, Mapping[str, tuple[Entity, ...]]]:
    ids = [entity.id for entity in entities]
    if not query.includes or not ids:
        return {}
    found: dict[str, dict[str, tuple[Entity, ...]]] = {id: {} for id in ids}
    for include in query.includes:
        related = sight.transaction.related(query.kind, ids, include, at=sight.at)
        for id in ids:
            found[id][include.relation] = sight.entities(related.get(id, ()))
    return found


def _groups(query: Query, found: Selection, sight: Sight) -> tuple[Group, ...]:
    """The groups, where the ids of what is hidden count as no value."""
    relations = entity_type(query.kind).relations
    places = [place for place, name in enumerate(query.groups) if name.split("__")[0] in relations]
    if not places or sight.sees_all:
        return found.groups
    ids = {group.values[place] for group in found.groups for place in places if group.values[place] is not None}
    seen = sight.visible_ids(ids)
    merged: dict[tuple[Any, ...], int] = {}
    for group in found.groups:
        values = tuple(
            None if place in places and value not in seen else value for place, value in enumerate(group.values)
        )
        merged[values] = merged.get(values, 0) + group.count
    return tuple(Group(values, count) for values, count in merged.items())


def _walk(query: Query, sight: Sight, revision: int) -> Page:
    assert query.steps is not None
    starts = sight.transaction.select(attrs.evolve(query, includes=()), at=sight.at).records
    edges = sight.transaction.walk([record.id for record in starts], query.steps, at=sight.at)
    depths: dict[str, int] = {}
    for edge in edges:
        depths.setdefault(_end(edge, query.steps), edge.depth)
    reached = sight.by_id(sorted(depths, key=lambda id: (depths[id], id)))
    kept = tuple(edge for edge in edges if _end(edge, query.steps) in reached)
    entities = tuple(reached.values())
    return Page(entities, revision, included=_included(query, entities, sight), edges=kept)


def _end(edge: Edge, step: Walk) -> str:
    return edge.target if step.forward else edge.source


def _pinned(query: Query, pins: PinSet | None, sight: Sight) -> Query:
    """The query in a pinned view, where a pinned product has its pinned version and no other."""
    if pins is None or not len(pins) or query.kind not in ("version", "representation"):
        return query
    ids = sorted({pin.version for pin in pins.pins.values()})
    products = {version.product for version in sight.by_id(ids).values() if isinstance(version, Version)}
    only: Filter = AnyOf(
        (Compare(("id",), "in", tuple(ids)), Not(Compare(("product",), "in", tuple(sorted(products)))))
    )
    narrowed = only if query.kind == "version" else Related("version", only)
    return attrs.evolve(query, filter=all_of(query.filter, narrowed) if query.filter != All() else narrowed)
