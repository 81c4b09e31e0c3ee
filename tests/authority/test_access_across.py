"""What lies in a project that is closed to the actor shows nowhere, also to one who sees all of another project."""

from __future__ import annotations

import pytest

from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.domain.model import Link, Membership, Role, User, Version
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import AssetDependency
from bifrost_sdk.ports import Actor, Catalog
from bifrost_sdk.testing import Builder
from bifrost_sdk.testing.show import PROJECT, Show


@pytest.fixture
def secret(builder: Builder, made: Show) -> Show:
    return Builder(builder.system, "secret", first=0x400000).show(first=0x200000)


@pytest.fixture
def bob(authority: Authority, builder: Builder, made: Show, secret: Show) -> Catalog:
    foreign = AssetDependency(secret.ids["hero/model/v001"], purpose="hidden purpose")
    builder.create(Version, product=made.ids["hero/model"], state="published", dependencies=(foreign,), comment="uses")
    builder.create(Link, source=made.ids["hero"], target=secret.ids["hero"], type="twin")
    user = builder.create(User, login="bob")
    role = builder.create(Role, code="all", permissions=("read:*",))
    builder.create(Membership, user=user.id, role=role.id, of=made.ids["project"])
    return authority.bind(Actor("bob"))


def test_dependency_is_left_out_when_its_project_is_closed(bob: Catalog, builder: Builder, secret: Show) -> None:
    query = Query("version", PROJECT).where(comment="uses")
    (version,) = bob.find(query)
    assert version.dependencies == ()
    page = bob.find(query.include("dependencies"))
    assert page.included[version.id]["dependencies"] == ()
    assert not bob.find(query.walk("dependencies")).entities
    assert builder.system.find(query.include("dependencies")).included[version.id]["dependencies"]


def test_nothing_is_found_by_it_when_its_project_is_closed(bob: Catalog, builder: Builder, secret: Show) -> None:
    hidden = secret.ids["hero/model/v001"]
    for lookup in (
        {"dependencies": hidden},
        {"dependencies__in": [hidden]},
        {"dependencies__product__parent__code": "hero"},
        {"dependencies__state": "published", "comment": "uses"},
    ):
        query = Query("version", PROJECT).where(**lookup)
        seen = {each.id for each in bob.find(query)}
        assert len(seen) < len(builder.system.find(query)), lookup


def test_link_is_hidden_when_it_leads_into_a_closed_project(bob: Catalog, builder: Builder, made: Show) -> None:
    query = Query("link", PROJECT)
    everything = {each.id: each for each in builder.system.find(query)}
    twin = next(each for each in everything.values() if each.type == "twin")
    assert {each.id for each in bob.find(query)} == set(everything) - {twin.id}
    assert "not found" in str(bob.get(PROJECT, [twin.id])[0])
    assert not [event for event in bob.events(PROJECT) if event.subject == twin.id]
