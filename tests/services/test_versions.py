from __future__ import annotations

from pathlib import Path

import pytest

from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import NotFoundError
from bifrost_sdk.session import Session


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    path = tmp_path / "hero.usda"
    path.write_text("#usda 1.0\n", encoding="utf-8")
    return {"usd": path}


def publish(session: Session, owner: Entity, files: dict[str, Path], *depends_on: object) -> Version:
    return session.publish(owner, "model", files, depends_on=depends_on)


def test_versions_are_found_when_named_in_each_way(session: Session, files: dict[str, Path]) -> None:
    hero = session.assets.create("demo", "char", "hero")
    one, two = (publish(session, hero, files) for _ in range(2))
    product = session.products.of(hero)[0]
    assert session.versions.get(one.ref) == session.versions.get(one.id) == session.versions.get(one) == one
    assert session.versions.get(Reference.parse(one.ref)) == one
    assert session.versions.get(f"bifrost://demo/~{one.id}") == one
    assert session.versions.get(f"{one.ref}/model.usda") == one
    assert session.versions.get(product.ref) == session.versions.get(product) == session.versions.latest(product) == two
    assert session.versions.of(product) == [one, two]
    assert session.versions.of(product, state="retired") == []
    (representation,) = session.versions.representations(two.ref)
    assert representation.name == "usd"


def test_retired_version_is_skipped_when_the_latest_is_asked_for(session: Session, files: dict[str, Path]) -> None:
    hero = session.assets.create("demo", "char", "hero")
    one, two = (publish(session, hero, files) for _ in range(2))
    retired = session.versions.retire(two)
    assert retired.state == "retired"
    assert session.versions.latest(f"{hero.ref}/model") == one
    session.versions.restore(retired)
    assert session.versions.latest(f"{hero.ref}/model").id == two.id
    session.versions.retire(one.ref)
    session.versions.retire(two.ref)
    with pytest.raises(NotFoundError):
        session.versions.latest(f"{hero.ref}/model")


def test_walks_reach_both_ways_when_versions_depend(session: Session, files: dict[str, Path]) -> None:
    texture, model, scene = (session.assets.create("demo", "char", code) for code in ("texture", "model", "scene"))
    first = publish(session, texture, files)
    second = publish(session, model, files, first)
    third = publish(session, scene, files, second.ref)
    assert [each.id for each in session.versions.dependencies(third)] == [second.id, first.id]
    assert [each.id for each in session.versions.dependencies(third.ref, depth=1)] == [second.id]
    assert [edge.depth for edge in session.versions.dependents(first).edges] == [1, 2]
    assert len(session.versions.dependents(first, kinds=["weak"])) == 0


def test_file_is_reached_when_a_representation_is_resolved(session: Session, files: dict[str, Path]) -> None:
    version = publish(session, session.assets.create("demo", "char", "hero"), files)
    (representation,) = session.versions.representations(version)
    assert session.resolve(representation) == session.resolve(version)
