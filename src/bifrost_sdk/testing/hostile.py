"""Texts made to break things, and a suite that sends them through every text field and every query of every kind."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain import codes, registry, wire
from bifrost_sdk.domain.changes import Create, Update
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.evaluation import World, fulfils
from bifrost_sdk.domain.expansion import expand
from bifrost_sdk.domain.fieldpaths import OPERATORS
from bifrost_sdk.domain.query import Compare, Query
from bifrost_sdk.errors import BifrostError, QueryError, ValidationError
from bifrost_sdk.ports import Catalog
from bifrost_sdk.testing.builder import Builder
from bifrost_sdk.testing.catalog_base import CatalogFixtures, everything, place_of
from bifrost_sdk.testing.examples import example, text_fields
from bifrost_sdk.testing.show import PROJECT, Show

#: By what they are made to break.
HOSTILE = {
    "sql": "'; DROP TABLE entity; --",
    "sql quote": "x' OR '1'='1",
    "sql double": 'x" OR 1=1 --',
    "sql comment": "/* */ UNION SELECT 1",
    "parameter": ":project ?1 @a $b",
    "json path": "$.code",
    "json text": '{"a": [1, "\\u0000"]}',
    "json quote": '"],"x":["',
    "like": "%",
    "like one": "_",
    "glob": "*[a-z]?",
    "escape": "\\",
    "match": 'hero* NEAR "x" -y AND (z)',
    "null": "a\x00b",
    "bell": "a\x07b",
    "delete": "a\x7fb",
    "line": "a\nb\tc",
    "carriage": "a\r\nb",
    "line separator": "a\u2028b\u2029c",
    "right to left": "gpj.\u202eexe",
    "zero width": "he\u200bro",
    "joiner": "\u200d",
    "byte order": "\ufeffhero",
    "surrogate": "a\ud800b",
    "private": "\ue000",
    "last": "\U0010ffff",
    "emoji": "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "combining": "e\u0301\u0327",
    "many marks": "a" + "\u0301" * 40,
    "folds longer": "Stra\u00dfe \ufb03 \u0130",
    "turkish": "I\u0131i\u0130",
    "sigma": "\u039f\u03a3",
    "long": "x" * 5_000,
    "longer": "y" * 100_000,
    "folder": "../../etc/passwd",
    "rooted": "/etc/passwd",
    "drive": "C:\\Windows\\x",
    "share": "\\\\host\\share",
    "home": "~root",
    "percent": "%s%n%d {0} {x.__class__} ${HOME} `id`",
    "url": "bifrost://demo/x?v=1#y",
    "encoded": "%2e%2e%2f%00",
    "device": "CON",
    "tag": "v001",
    "spaces": "  a  ",
    "space": " ",
    "number": "1e309",
    "false": "False",
    "none": "None",
    "operator": "code__in",
    "markup": "<script>alert(1)</script>",
    "separator": "a:b\x1fc",
}


class CatalogHostility(CatalogFixtures):
    """Each text is refused, or kept and found again exactly; nothing else happens."""

    def test_text_is_refused_or_kept_when_it_goes_through_every_field(
        self, builder: Builder, made: Show, writable_kind: str
    ) -> None:
        """Text that comes back changed, or changes something else, is an injection that worked."""
        kind, project = writable_kind, place_of(writable_kind)
        before = _all(builder.system)
        kept: list[Entity] = []
        for name in (*text_fields(kind), "metadata", "a key"):
            for entity in _samples(builder, made, kind, name):
                try:
                    (written,) = builder.system.commit(project, [Create(entity)]).entities
                except ValidationError:
                    continue
                assert written is not None
                assert wire.dump(written) == {**wire.dump(entity), **_given(written)}
                kept.append(written)
        assert kept
        assert builder.system.get(project, [entity.id for entity in kept]) == kept
        _check_queries(builder.system, kind, kept)
        after = _all(builder.system)
        assert {id: after[id] for id in before} == before
        assert after.keys() - before.keys() == {entity.id for entity in kept}

    @pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
    def test_text_is_refused_or_leads_nowhere_when_it_is_a_key(self, builder: Builder, made: Show, text: str) -> None:
        """Keys come straight from files and links of strangers."""
        before = _all(builder.system)
        for key in (text, f"bifrost://{PROJECT}/{text}", f"bifrost://{text}/x", f"bifrost://{PROJECT}/a/v001/{text}"):
            for answer in (*builder.system.get(PROJECT, [key]), *builder.system.resolve([key])):
                assert isinstance(answer, BifrostError)
                assert str(answer).encode("utf-8", "backslashreplace")
        with pytest.raises(BifrostError):
            builder.system.revision(text)
        with pytest.raises(BifrostError):
            builder.system.find(Query("asset", text))
        assert _all(builder.system) == before

    @pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
    def test_text_is_refused_or_kept_when_it_is_a_comment_or_a_key_of_a_commit(
        self, builder: Builder, made: Show, text: str
    ) -> None:
        """Comments and keys pass by the checks of entities, and end in the same tables."""
        for number, words in enumerate(({"comment": text}, {"key": text})):
            change = Update(made.ids["hero"], {"metadata": {"n": number}})
            try:
                done = builder.system.commit(PROJECT, [change], **words)
            except ValidationError:
                continue
            again = builder.system.events(PROJECT, after=done.revision - 1)
            kept = (text, text.replace("\r\n", "\n"), unicodedata.normalize("NFC", text), "")
            assert again[0].comment in kept or "comment" not in words
            if "key" in words:
                assert builder.system.commit(PROJECT, [change], **words).repeated

    @pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
    def test_text_is_refused_or_finds_nothing_when_it_is_part_of_a_query(
        self, builder: Builder, made: Show, text: str
    ) -> None:
        """Names in a query become parts of a statement, where values never do."""
        plain = Query("asset", PROJECT)
        queries: list[Callable[[], Query]] = [
            lambda: plain.where(**{text: 1}),
            lambda: plain.where(Compare((text,), "eq", "x")),
            lambda: plain.where(Compare(("metadata", text), "eq", "x")),
            lambda: plain.where(Compare(("metadata", text, text), "isnull", value=False)),
            lambda: plain.sort(text),
            lambda: plain.sort(f"metadata__{text}"),
            lambda: plain.group_by(text),
            lambda: plain.group_by(f"metadata__{text}"),
            lambda: plain.include(text),
            lambda: plain.walk(text),
            lambda: plain.walk("parent", kinds=[text]),
            lambda: plain.after(text),
        ]
        for ask in queries:
            try:
                found = builder.system.find(ask())
            except (QueryError, ValidationError):
                continue
            assert len(found.entities) in (0, 4)
        try:
            found = builder.system.find(plain.search(text))
        except (QueryError, ValidationError):
            return
        words = codes.fold(text).split()
        assert all(word in codes.fold(repr(entity)) for entity in found for word in words if word.isalnum())


def _samples(builder: Builder, made: Show, kind: str, name: str) -> Iterator[Entity]:
    """An entity for each text, with the text in one field; those that the kind refuses are left out."""
    standing: dict[str, list[str]] = {}
    for entity in (*made.studio, *made.project):
        standing.setdefault(entity.kind, []).append(entity.id)
    for number, text in enumerate(HOSTILE.values()):
        entity = example(kind, builder.new_id(), standing, name=f"{name.replace(' ', '')}{number}")
        try:
            yield attrs.evolve(entity, **_fields(entity, name, text))
        except ValidationError:
            continue


def _fields(entity: Entity, name: str, text: str) -> dict[str, Any]:  # Any: values of every field type
    if name == "metadata":
        return {"metadata": {"note": text, "list": [text], "in": {"in": text}}}
    if name == "a key":
        return {"metadata": {text: {text: 1}}}
    return {name: (text,) if isinstance(getattr(entity, name), tuple) else text}


def _given(written: Entity) -> dict[str, Any]:  # Any: JSON
    """What the catalog itself puts into an entity."""
    return {name: value for name, value in wire.dump(written).items() if name in ("number", "lease_until")}


def _check_queries(catalog: Catalog, kind: str, kept: list[Entity]) -> None:
    """Each text that was kept is found by every operator exactly where `evaluate` finds it."""
    project = place_of(kind)
    world = World(everything(catalog, kind))
    names = [name for name in text_fields(kind) if name in registry.entity_type(kind).search] or list(text_fields(kind))
    for text in HOSTILE.values():
        for path in ((names[0],) if names else ("id",), ("metadata", "note")):
            for operator in ("eq", "contains", "startswith", "in", "gt"):
                assert operator in OPERATORS
                query = Query(kind, project, Compare(path, operator, (text,) if operator == "in" else text), size=1_000)
                try:
                    condition = expand(query).filter
                except ValidationError:
                    continue
                expected = sorted(each.id for each in world.entities.values() if fulfils(condition, each, world))
                assert [each.id for each in catalog.find(query)] == expected, (path, operator, text)
    for entity in kept[:: max(1, len(kept) // 20)]:
        words = " ".join(str(getattr(entity, name)) for name in names[:1] if isinstance(getattr(entity, name), str))
        if words and names[0] in registry.entity_type(kind).search and codes.fold(words).split():
            found = catalog.find(Query(kind, project).search(words).limit(1_000))
            assert entity.id in {each.id for each in found}


def _all(catalog: Catalog) -> dict[str, Entity]:
    kinds = [kind for kind in registry.kinds() if kind != "event"]
    return {entity.id: entity for kind in kinds for entity in everything(catalog, kind)}
