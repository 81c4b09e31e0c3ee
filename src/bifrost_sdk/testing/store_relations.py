"""What a store promises about relations: what is related comes along, and walks lead, as `evaluate` says."""

from __future__ import annotations

from typing import Any

import pytest

from bifrost_sdk.domain.evaluation import evaluate
from bifrost_sdk.domain.expansion import expand
from bifrost_sdk.domain.query import (
    EVERYTHING,
    NOTHING,
    Compare,
    Include,
    Lineage,
    Not,
    Query,
    Walk,
)
from bifrost_sdk.testing.ledger import Ledger
from bifrost_sdk.testing.show import PROJECT, Show
from bifrost_sdk.testing.store_base import StoreFixtures, changed, check_records

_WITHOUT_RESERVED = Not(Compare(("state",), "eq", "reserved"))


class StoreRelations(StoreFixtures):
    """What comes with each entity, and what is reached from it step by step."""

    def test_related_entities_come_for_each_source_when_included(self, ledger: Ledger, made: Show) -> None:
        """The limit counts for each parent: one with many children must not starve the rest."""
        for kind, relation, target in (
            ("product", "versions", "version"),
            ("version", "dependencies", "version"),
            ("version", "dependents", "version"),
            ("asset", "parent", None),
            ("asset", "parent", "asset"),
            ("asset", "products", None),
            ("asset", "activity", "event"),
            ("task", "assignees", "user"),
            ("status", "status_of", "asset"),
            ("status", "status_of", None),
            ("event", "subject", None),
            ("shot", "casting", "shot_asset"),
        ):
            for limit, hidden in ((1, EVERYTHING), (2, Lineage(_WITHOUT_RESERVED)), (100, EVERYTHING), (100, NOTHING)):
                query = None if target is None else Query(target).sort("-id")
                self._check_related(ledger, kind, Include(relation, query, limit, hidden))

    def test_related_entities_are_filtered_when_the_include_says_so(self, ledger: Ledger, made: Show) -> None:
        """Filtering after the limit would show fewer than there are."""
        query = Query("version").where(state="published", number__ge=2).sort("number")
        assert self._check_related(ledger, "product", Include("versions", query)) == 1

    def test_related_entities_are_of_then_when_the_past_is_asked_for(self, ledger: Ledger, made: Show) -> None:
        """Today's children below yesterday's parent would be a state that never was."""
        ledger.commit(PROJECT, [changed(ledger, made, "cape", code="cloak")], deleted=[made.ids["hero/model/v003"]])
        for at, count in ((1, 3), (2, 2)):
            assert len(self._related(ledger, "product", Include("versions"), at)[made.ids["hero/model"]]) == count
        (cape,) = self._related(ledger, "asset", Include("assets"), 1)[made.ids["hero"]]
        assert cape.path == "assets/char/hero/cape"

    def _related(self, ledger: Ledger, kind: str, include: Include, at: int | None) -> dict[str, list[Any]]:
        (include,) = expand(Query(kind, PROJECT, includes=(include,))).includes
        world = ledger.world(PROJECT, at)
        ids = [entity.id for entity in world if (entity.kind, entity.project) == (kind, PROJECT)]
        with ledger.store.begin() as transaction:
            return transaction.related(kind, ids, include, at=at)

    def _check_related(self, ledger: Ledger, kind: str, include: Include) -> int:
        expected = evaluate(Query(kind, PROJECT, includes=(include,), size=1_000), ledger.world(PROJECT)).included
        found = self._related(ledger, kind, include, None)
        assert found.keys() == expected.keys()
        for id, related in expected.items():
            check_records(found[id], related[include.relation])
        return sum(map(len, found.values()))

    @pytest.mark.parametrize(
        ("source", "step"),
        [
            ("version", Walk("dependencies")),
            ("version", Walk("dependencies", forward=False)),
            ("version", Walk("dependencies", depth=1)),
            ("version", Walk("dependencies", forward=False, depth=2, kinds=("strong",))),
            ("version", Walk("dependencies", kinds=("weak", "reference"))),
            ("version", Walk("dependencies", visible=Lineage(Not(Compare(("code",), "eq", "rig"))))),
            ("asset", Walk("parent")),
            ("asset_type", Walk("parent", forward=False)),
            ("project", Walk("parent", forward=False, depth=3)),
            ("status", Walk("status", forward=False)),
            ("task", Walk("assignees")),
            ("user", Walk("members", forward=False)),
            ("asset", Walk("subject", forward=False)),
            ("event", Walk("subject")),
            ("asset", Walk("target", forward=False)),
        ],
        ids=str,
    )
    def test_walks_lead_where_evaluate_says_when_begun_anywhere(
        self, ledger: Ledger, made: Show, source: str, step: Walk
    ) -> None:
        """Recursion in a database differs from one written by hand just where starts overlap."""
        world = ledger.world(PROJECT)
        everywhere = sorted(entity.id for entity in world if entity.kind == source)
        for starts in (everywhere, everywhere[:1], everywhere[-1:], []):
            start = Compare(("id",), "in", tuple(starts))
            query = expand(Query(source, filter=start, shape="walk", steps=step))
            assert query.steps is not None
            with ledger.store.begin() as transaction:
                assert tuple(transaction.walk(starts, query.steps)) == evaluate(query, world).edges

    def test_walk_ends_when_it_comes_round(self, ledger: Ledger, made: Show) -> None:
        """Data of older or foreign catalogs may hold a ring; the read must still return."""
        one, other = made.ids["hero/rig/v001"], made.ids["hero/model/v001"]
        ledger.commit(PROJECT, [changed(ledger, made, "hero/model/v001", dependencies=(one,))])
        query = expand(Query("version", shape="walk", steps=Walk("dependencies", kinds=("strong",))))
        assert query.steps is not None
        with ledger.store.begin() as transaction:
            edges = transaction.walk([one], query.steps)
        assert [(edge.source, edge.target, edge.depth) for edge in edges] == [(one, other, 1), (other, one, 2)]
