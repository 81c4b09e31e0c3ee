from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

from bifrost_sdk.adapters.memory.store import MemoryStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.authority.policy import Policy, Rulings
from bifrost_sdk.domain import codes
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.registry import register, unregister
from bifrost_sdk.errors import NotFoundError
from bifrost_sdk.ports import Actor
from bifrost_sdk.testing import Builder

BEN = Actor("ben-demo")


@pytest.fixture
def badge() -> Iterator[type[Entity]]:
    @register("badge", plural="badges", scope="studio")
    @attrs.frozen(kw_only=True)
    class Badge(Entity):
        code: str = attrs.field(converter=codes.check_code)

    yield Badge
    unregister("badge")


@pytest.fixture
def authority() -> Iterator[Authority]:
    authority = Authority(MemoryStore())
    yield authority
    authority.close()


@pytest.fixture
def builder(authority: Authority) -> Builder:
    builder = Builder(authority)
    builder.show()
    return builder


def test_new_kind_of_the_studio_is_seen_by_everybody_who_sees_a_project(
    badge: type[Entity], authority: Authority, builder: Builder
) -> None:
    made = builder.create(badge, code="crew")
    ben = authority.bind(BEN)
    assert made.id in [entity.id for entity in ben.find(Query("badge", "studio"))]
    assert [event.subject for event in ben.find(Query("event", "studio").where(subject=made))] == [made.id]
    with pytest.raises(NotFoundError):
        authority.bind(Actor("nobody")).find(Query("badge", "studio"))


def test_rulings_keep_nothing_when_the_project_is_invented() -> None:
    store = MemoryStore()
    authority = Authority(store)
    Builder(authority).show()
    with store.begin() as transaction:
        rulings: Rulings = Policy().rulings(transaction)
    for project in ("demo", "studio", *(f"invented{number}" for number in range(9))):
        assert rulings.access(BEN, project).is_closed == project.startswith("invented")
    assert {project for _, project in rulings._compiled} == {"demo", "studio"}
    authority.close()
