"""What the contract suites of stores share: the fixtures, and how answers are compared with the ledger's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain import registry
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.evaluation import evaluate
from bifrost_sdk.domain.expansion import expand
from bifrost_sdk.domain.query import Query
from bifrost_sdk.ports import Record, Store
from bifrost_sdk.testing.ledger import Ledger, fill
from bifrost_sdk.testing.show import PROJECT, Show, show


class StoreFixtures:
    """A suite overrides `store`, and `another` where the same data can be opened a second time."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Every kind that is registered when tests are collected is looked at: `kind`, or only `writable_kind`."""
        for name in {"kind", "writable_kind"} & set(metafunc.fixturenames):
            is_any = name == "kind"
            kinds = [kind for kind in registry.kinds() if is_any or not registry.entity_type(kind).read_only]
            metafunc.parametrize(name, kinds)

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """An empty store."""
        raise NotImplementedError("a suite gives its own store")

    def another(self, store: Store) -> contextlib.AbstractContextManager[Store]:
        """The same data through another connection; the same store where there is only one."""
        return contextlib.nullcontext(store)

    @pytest.fixture
    def ledger(self, store: Store) -> Ledger:
        """Writes to the store and remembers."""
        return Ledger(store)

    @pytest.fixture
    def made(self, ledger: Ledger) -> Show:
        """A show, standing in the store."""
        made = show()
        fill(ledger, made, PROJECT)
        return made


def changed(ledger: Ledger, made: Show, name: str, **fields: Any) -> Entity:  # Any: values of every field type
    """An entity of the show as it stands, with other values for some fields."""
    return attrs.evolve(ledger.today(PROJECT)[made.ids[name]], **fields)


def check_records(records: Sequence[Record | None], entities: Sequence[Entity | None]) -> None:
    """The records hold exactly these entities, their paths included."""
    found = [record and record.entity() for record in records]
    assert found == list(entities)
    assert [each and each.path for each in found] == [each and each.path for each in entities]


def check_select(ledger: Ledger, query: Query, *, at: int | None = None) -> int:
    """The store selects what `evaluate` finds in the ledger; how many that is."""
    expected = evaluate(query, ledger.world(query.project or "", at))
    with ledger.store.begin() as transaction:
        found = transaction.select(expand(query), at=at)
    if query.shape == "count":
        assert found.count == expected.count
        return expected.count or 0
    if query.shape == "groups":
        assert found.groups == expected.groups
        return len(expected.groups)
    check_records(found.records, expected.entities)
    return len(expected.entities)
