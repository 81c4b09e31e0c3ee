"""What a store promises about queries: for every field and operator, in every shape, it finds what `evaluate` finds."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain import registry, wire
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.evaluation import World, evaluate, fulfils, present
from bifrost_sdk.domain.expansion import expand
from bifrost_sdk.domain.fieldpaths import OBJECT, OPERATORS, RECORDS, field_names, shape
from bifrost_sdk.domain.model import Asset, Shot, Status
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import (
    COLUMNS,
    EVERYTHING,
    NOTHING,
    All,
    AnyOf,
    Compare,
    Filter,
    Gated,
    Lineage,
    Not,
    Query,
    Related,
)
from bifrost_sdk.errors import QueryError
from bifrost_sdk.testing.ledger import Ledger
from bifrost_sdk.testing.show import PROJECT, Show, make_id
from bifrost_sdk.testing.store_base import StoreFixtures, changed, check_select

#: Values that fit no field in particular, for every operator.
_ODD: tuple[Any, ...] = (None, "", "zz", "%", "_", 0, 1, 2.5, True, "null", "1", "\u0130")  # Any: JSON values

_KIND = ("kind",)
_HIDDEN = (
    Not(Compare(("code",), "eq", "cape")),
    AnyOf((Not(Compare(_KIND, "eq", "asset")), Compare(("tags",), "contains", "main"))),
    Not(Compare(("state",), "eq", "reserved")),
    NOTHING,
    EVERYTHING,
)


class StoreQueries(StoreFixtures):
    """Filters, order, paging, words, groups and counts."""

    #: Of the many lookups that are made up, every so many is tried; 1 is all.
    stride = 1

    def test_every_operator_finds_what_evaluate_finds_when_used_on_every_field(
        self, ledger: Ledger, made: Show, kind: str
    ) -> None:
        """One meaning for all stores: a query must not change its answer when a catalog moves."""
        project = STUDIO if registry.entity_type(kind).scope == STUDIO else PROJECT
        world = World(ledger.world(project))
        found = 0
        with ledger.store.begin() as transaction:
            for condition in itertools.islice(_comparisons(kind, world), 0, None, self.stride):
                query = _expanded(Query(kind, project, condition, size=1_000))
                if query is None:
                    continue
                records = transaction.select(query).records
                assert [record.id for record in records] == _found(query, world), condition
                found += len(records)
        assert found, "nothing was found at all: the show lacks this kind"

    def test_every_field_sorts_as_evaluate_does_when_sorted_by(self, ledger: Ledger, made: Show, kind: str) -> None:
        """Databases sort by their own collation; pages and cursors rely on ours."""
        project = STUDIO if registry.entity_type(kind).scope == STUDIO else PROJECT
        names = [name for name in field_names(kind) if shape(kind, (name,)) == "value"]
        for name in names[:: min(self.stride, 4)]:
            for order in ((name,), (f"-{name}",)):
                check_select(ledger, Query(kind, project, order=order))

    @pytest.mark.parametrize(
        "condition",
        [
            Related("parent", Compare(("code",), "eq", "CHAR")),
            Related("products", Related("versions", Compare(("number",), "ge", 2))),
            Related("products", Not(Related("versions"))),
            Related("status", Compare(("category",), "in", ("active", "approved"))),
            Related("tasks", Related("assignees", Compare(("login",), "startswith", "ANNA"))),
            Related("cast_in", Related("shot", Compare(("frames",), "eq", "1001-1096"))),
            Related("linked_from"),
            Related("links", Related("target", Compare(_KIND, "eq", "asset"))),
            Related("activity", Compare(("operation",), "eq", "create")),
            Related("assets"),
            Not(Related("parent", Compare(_KIND, "eq", "asset_type"))),
            Compare(("metadata", "age"), "gt", 3),
            Compare(("metadata", "age"), "in", (41, "41")),
            Compare(("metadata", "n"), "contains", 1),
            Compare(("metadata", "none", "at all"), "isnull", value=True),
            All(),
            AnyOf(),
            All((Compare(("code",), "contains", "e"), Not(Compare(("tags",), "isnull", value=True)))),
            AnyOf((Compare(("code",), "eq", "sword"), Compare(("code",), "eq", "CAPE"))),
            *(Lineage(each) for each in _HIDDEN),
            *(Gated(each) for each in _HIDDEN),
        ],
        ids=str,
    )
    def test_assets_are_found_as_evaluate_finds_them_when_filtered(
        self, ledger: Ledger, made: Show, condition: Filter
    ) -> None:
        """Filters nest, and a wrong negation or join shows only in combination."""
        check_select(ledger, Query("asset", PROJECT, condition))
        check_select(ledger, Query("asset", PROJECT, Not(condition)).count())

    @pytest.mark.parametrize("hidden", _HIDDEN, ids=str)
    def test_every_kind_is_narrowed_as_evaluate_does_when_lineage_and_gates_are_joined(
        self, ledger: Ledger, made: Show, hidden: Filter
    ) -> None:
        """Access is made of these two filters; a kind for which they fail is open to everybody."""
        chain = Lineage(hidden)
        visible = All((chain, Gated(All((chain, Gated(chain))))))
        for kind in registry.kinds():
            check_select(ledger, Query(kind, PROJECT, visible).count())
            check_select(ledger, Query(kind, STUDIO, visible).count())

    def test_rows_are_columns_of_the_records_when_asked_for(self, ledger: Ledger, made: Show, kind: str) -> None:
        """Whoever reads rows reads no entity: the columns must be what the record would have said."""
        project = STUDIO if registry.entity_type(kind).scope == STUDIO else PROJECT
        query = expand(Query(kind, project, size=2))
        revision = ledger.commit(PROJECT, [changed(ledger, made, "hero", tags=("new",))]) - 1
        with ledger.store.begin() as transaction:
            for at in (None, revision) if project == PROJECT else (None,):
                first = transaction.select(query, at=at)
                for offset in (None, first.last):
                    found = transaction.select(query, at=at, offset=offset)
                    rows = transaction.select(query.rows(*COLUMNS), at=at, offset=offset)
                    assert rows.rows == tuple(tuple(getattr(each, name) for name in COLUMNS) for each in found.records)
                    assert rows.last == found.last

    def test_words_are_found_when_folded_and_split(self, ledger: Ledger, made: Show) -> None:
        """Full text is indexed by the store's own means, which fold and split in their own ways."""
        for words in (
            "",
            " ",
            "HERO",
            "bär",
            "BA\u0308R",
            "50%",
            "wool_mix",
            "woolXmix",
            "red 50%",
            "her main",
            "%",
            "' OR 1",
            "\\",
        ):
            check_select(ledger, Query("asset", PROJECT, text=words))
        assert check_select(ledger, Query("asset", PROJECT, text="red 50%")) == 1
        assert check_select(ledger, Query("event", PROJECT, text="BY hand").count()) == len(ledger.events[PROJECT])

    @pytest.mark.parametrize("groups", [("state",), ("tags",), ("status",), ("number", "state"), ("product", "tags")])
    def test_groups_are_those_of_evaluate_when_counted(
        self, ledger: Ledger, made: Show, groups: tuple[str, ...]
    ) -> None:
        """Facets steer what people click next; a count that is off leads to an empty page."""
        assert check_select(ledger, Query("version", PROJECT).group_by(*groups)) > 1

    def test_groups_show_the_least_spelling_when_values_fold_alike(self, ledger: Ledger, made: Show) -> None:
        """Which of two spellings stands for a group must not depend on the order of rows."""
        check_select(ledger, Query("asset", PROJECT).group_by("tags"))
        check_select(ledger, Query("asset", PROJECT).group_by("metadata__age", "parent"))
        check_select(ledger, Query("event", PROJECT).group_by("subject_kind", "operation"))
        check_select(ledger, Query("version", PROJECT).group_by("dependencies__kind"))

    def test_past_is_refused_when_grouped_or_searched_for_words(self, ledger: Ledger, made: Show) -> None:
        """Words and facets are indexed as of today: to answer for the past would be to answer wrongly."""
        with ledger.store.begin() as transaction:
            for query in (Query("asset", PROJECT).group_by("code"), Query("asset", PROJECT).search("hero")):
                with pytest.raises(QueryError):
                    transaction.select(expand(query), at=1)
            assert transaction.select(expand(Query("asset", PROJECT).count()), at=1).count == 4

    def test_nothing_is_found_when_the_project_is_unknown(self, ledger: Ledger, made: Show) -> None:
        """A read of what is not there must not make it, nor fail."""
        with ledger.store.begin() as transaction:
            assert transaction.select(Query("asset", "second")).records == ()
            assert transaction.select(Query("asset", "second").count()).count == 0

    @pytest.mark.parametrize(
        "order",
        [
            (),
            ("code",),
            ("-code",),
            ("metadata__rank", "-name"),
            ("-metadata__rank",),
            ("-updated_at", "status"),
            ("order", "id"),
        ],
    )
    @pytest.mark.parametrize("size", [1, 7, 40])
    def test_pages_hold_each_entity_once_when_followed_to_the_end(
        self, ledger: Ledger, order: tuple[str, ...], size: int
    ) -> None:
        """Ties and nulls are where paging loses rows."""
        _crowd(ledger)
        query = Query("shot", PROJECT).sort(*order).limit(size)
        expected = [entity.id for entity in evaluate(query.limit(1_000), ledger.world(PROJECT)).entities]
        assert _paged(ledger, query) == expected

    def test_pages_stay_in_one_state_when_it_changes_meanwhile(self, ledger: Ledger) -> None:
        """An offset counts rows of one state; in another it points elsewhere."""
        _crowd(ledger)
        query = Query("shot", PROJECT).sort("name").limit(9)
        world = ledger.world(PROJECT)
        expected = [entity.id for entity in evaluate(query.limit(1_000), world).entities]
        with ledger.store.begin() as transaction:
            first = transaction.select(query, at=1)
        seen = ledger.today(PROJECT)
        ledger.commit(PROJECT, [_named(seen[expected[0]], "zzz")], deleted=[expected[12], expected[13]])
        rest = _paged(ledger, query, at=1, offset=first.last)
        assert [*(record.id for record in first.records), *rest] == expected


def _comparisons(kind: str, world: World) -> Iterator[Compare]:
    """For every field of the kind, and what lies in it, each operator with values that are there and that are not."""
    entities = [entity for entity in world.entities.values() if entity.kind == kind]
    for path in _paths(kind, world, entities):
        held = {repr(value): value for each in entities for value in present(world.read(each, path))}
        there = [value for value in held.values() if not isinstance(value, dict)][:3]
        texts = [value for value in there if isinstance(value, str)]
        near = [part for value in texts[:2] for part in (value.upper(), value[1:], value[:-1], f"{value}x")]
        for operator in OPERATORS:
            if operator == "isnull":
                yield Compare(path, operator, value=True)
                yield Compare(path, operator, value=False)
            elif operator == "in":
                yield Compare(path, operator, tuple(there))
                yield Compare(path, operator, (*near, None))
                yield Compare(path, operator, ())
            else:
                for value in (*there, *near, *_ODD):
                    yield Compare(path, operator, value)


def _paths(kind: str, world: World, entities: list[Entity]) -> Iterator[tuple[str, ...]]:
    for name in field_names(kind):
        yield (name,)
        if shape(kind, (name,)) == OBJECT:
            values = [world.read(entity, (name,)) or {} for entity in entities]
            yield from {(name, key): None for value in values for key in value}
            yield name, "no such key"
        if shape(kind, (name,)) == RECORDS:
            records = [record for entity in entities for record in world.read(entity, (name,)) or ()]
            keys = {key: None for record in records for key in record if shape(kind, (name, key))}
            yield from ((name, key) for key in keys)


def _expanded(query: Query) -> Query | None:
    """The query in its basic forms, None where it is refused, which is the same for every store."""
    try:
        return expand(query)
    except QueryError:
        return None


def _found(query: Query, world: World) -> list[str]:
    return sorted(
        entity.id
        for entity in world.entities.values()
        if (entity.kind, entity.project) == (query.kind, query.project) and fulfils(query.filter, entity, world)
    )


def _named(entity: Entity, name: str) -> Entity:
    assert isinstance(entity, Shot)
    return attrs.evolve(entity, name=name)


def _crowd(ledger: Ledger) -> None:
    """Shots with equal, missing and oddly spelled values to sort by."""
    names = ("", "b", "B", "ä", "a\u0308", "z", "é", "\u00df", "\U0001f600", "\uffee")
    ranks: tuple[Any, ...] = (None, 1, 1.5, "1", "x", True, [1], {"a": 1}, "", -2)  # Any: JSON values
    project = make_id(1)
    status = [Status(id=make_id(2), code="todo")]
    shots = [
        Shot(
            id=make_id(10_000 - number * 37),
            code=f"sh{number % 20:03d}-{number}",
            parent=project,
            name=names[number % len(names)],
            order="V" if number % 3 else "",
            metadata={"rank": ranks[number * 3 % len(ranks)]},
            status=status[0].id if number % 2 else None,
        )
        for number in range(45)
    ]
    asset = Asset(id=make_id(3), code="other", parent=project, asset_type=project)
    ledger.commit(PROJECT, [*status, *shots, asset])


def _paged(ledger: Ledger, query: Query, *, at: int | None = None, offset: Any = None) -> list[str]:
    """The ids on all pages; the key of a page's end is taken through JSON, as in a cursor."""
    found: list[str] = []
    for _ in range(100):
        with ledger.store.begin() as transaction:
            page = transaction.select(expand(query), at=at, offset=offset)
        found += [record.entity().id for record in page.records]
        if page.last is None:
            return found
        assert len(page.records) == query.size
        offset = tuple(json.loads(wire.to_json({"offset": list(page.last)}))["offset"])
    raise AssertionError("the pages have no end")
