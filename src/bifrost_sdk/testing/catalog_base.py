"""What the contract suites of catalogs share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import pytest

from bifrost_sdk.domain import registry
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.errors import BifrostError
from bifrost_sdk.ports import NOW, Actor, Catalog, View
from bifrost_sdk.testing.builder import Builder, ManualClock
from bifrost_sdk.testing.show import PROJECT, Show

Error = TypeVar("Error", bound=BifrostError)


class CatalogFixtures:
    """A suite overrides `catalog` and lets it tell the time by `clock`."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Every kind that is registered when tests are collected is looked at: `kind`, or only `writable_kind`."""
        for name in {"kind", "writable_kind"} & set(metafunc.fixturenames):
            is_any = name == "kind"
            kinds = [kind for kind in registry.kinds() if is_any or not registry.entity_type(kind).read_only]
            metafunc.parametrize(name, kinds)

    @pytest.fixture
    def clock(self) -> ManualClock:
        """The clock of the catalog."""
        return ManualClock()

    @pytest.fixture
    def catalog(self, clock: ManualClock) -> Catalog:
        """An empty catalog."""
        raise NotImplementedError("a suite gives its own catalog")

    @pytest.fixture
    def builder(self, catalog: Catalog) -> Builder:
        """Makes things in the project of the show."""
        return Builder(catalog)

    @pytest.fixture
    def made(self, builder: Builder) -> Show:
        """A show, standing in the catalog."""
        return builder.show()

    @pytest.fixture
    def anna(self, catalog: Catalog, made: Show) -> Catalog:
        """The catalog as the owner of the show asks it."""
        return catalog.bind(Actor(f"anna-{PROJECT}"))


def place_of(kind: str) -> str:
    """The project that holds entities of this kind in the show."""
    return STUDIO if entity_type(kind).scope == STUDIO else PROJECT


def everything(catalog: Catalog, kind: str, *, view: View = NOW) -> list[Entity]:
    """All entities of the kind that the catalog shows, by id, page by page."""
    query = Query(kind, place_of(kind)).limit(1_000)
    found: list[Entity] = []
    while True:
        page = catalog.find(query, view=view)
        found += page.entities
        if page.cursor is None:
            return found
        query = query.after(page.cursor)


def only(answers: Sequence[object]) -> object:
    """The one answer to one question."""
    (answer,) = answers
    return answer


def refused(answers: Sequence[object], error: type[Error]) -> Error:
    """The one answer, which must be an error of this sort."""
    (answer,) = answers
    assert isinstance(answer, error), answer
    return answer


def codes_of(error: BifrostError) -> set[str]:
    """The codes of the issues of a ValidationError."""
    return {issue.code for issue in getattr(error, "issues", ())}
