from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain.production import Asset
from bifrost_sdk.errors import BifrostError, ConfigurationError, NotFoundError, TemplateError
from bifrost_sdk.services import paths
from bifrost_sdk.services.context import Item
from bifrost_sdk.services.paths import Filled, Request
from bifrost_sdk.session import Session

Fill = Callable[..., str]


@pytest.fixture
def fill(session: Session) -> Fill:
    def one(item: Item, area: str, **tokens: Any) -> str:
        (found,) = paths.fill(session.context, session.templates, [Request(item, area, tokens)])
        if isinstance(found, BifrostError):
            raise found
        return found.path

    return one


@pytest.fixture
def hero(session: Session) -> Asset:
    return session.assets.create("demo", "char", "hero")


def test_tokens_come_from_the_catalog_when_a_task_is_given(session: Session, fill: Fill, hero: Asset) -> None:
    rig = session.tasks.create(hero, "rig")
    assert fill(rig, "work", version=3, ext="ma") == "demo/assets/char/hero/rig/work/anna/hero.rig.v003.ma"
    assert fill(rig, "work", version=3, ext="ma", variant="low", user="ben").endswith("ben/hero.rig.low.v003.ma")
    assert fill(rig, "folder") == "demo/assets/char/hero/rig"
    assert fill(hero, "folder") == "demo/assets/char/hero"


def test_version_has_the_areas_of_its_node_when_it_has_none_of_its_own(
    session: Session, fill: Fill, hero: Asset, tmp_path: Any
) -> None:
    (tmp_path / "a.usda").write_text("usd")
    version = session.publish(hero, "model", {"usd": tmp_path / "a.usda"})
    (representation,) = session.versions.representations(version)
    assert fill(version, "publish", ext="usda") == f"{representation.folder}/model.usda"
    assert fill(version, "folder") == representation.folder
    product = session.products.get("bifrost://demo/assets/char/hero/model")
    assert fill(product, "publish", version=7, frame="####", ext="exr").endswith("v007/model.%04d.exr")
    with pytest.raises(TemplateError, match=r"token 'version' cannot be 2: \S+/v001 has 1"):
        fill(version, "publish", version=2, ext="usda")


def test_catalog_spelling_counts_when_a_name_is_given_in_another_case(
    session: Session, fill: Fill, hero: Asset
) -> None:
    session.tasks.create(hero, "rig")
    session.products.ensure(hero, "Model")
    path = fill(hero, "work", task="RIG", user="ANNA", asset="Hero", version=1, ext="ma")
    assert path == "demo/assets/char/hero/rig/work/anna/hero.rig.v001.ma"
    assert fill(hero, "publish", product="MODEL", version=1, ext="usd").endswith("hero/Model/v001/Model.usd")
    assert fill(hero, "work", task="Groom", version=1, ext="ma").startswith("demo/assets/char/hero/Groom/")


HOSTILE = (
    "..", "../..", "a/b", "/etc", "a\\b", "C:", "a\0", "a\nb", "CON", "a.", "a ", "~x", "\u202ea", "e\u0301", "",
    "a" * 30_000, 3,
)  # fmt: skip


def test_no_value_leaves_its_folder_when_it_is_hostile(fill: Fill, hero: Asset) -> None:
    usual = {"task": "rig", "version": 3, "ext": "ma"}
    for value, token in itertools.product(HOSTILE, ("task", "user", "ext", "variant")):
        if value == "CON" and token in {"ext", "variant"}:  # a device alone, not within a name
            assert "/CON/" not in fill(hero, "work", **{**usual, token: value})
            continue
        with pytest.raises(TemplateError) as caught:
            fill(hero, "work", **{**usual, token: value})
        assert caught.value.token == token


def test_person_has_folders_in_a_project_when_one_is_meant(session: Session, fill: Fill) -> None:
    me = session.users.me()
    assert fill(me, "folder") == "demo/users/anna"
    session.projects.create("other")
    assert fill(me, "folder", project="other") == "other/users/anna"
    nowhere = attrs.evolve(session.context, project=None)
    (found,) = paths.fill(nowhere, session.templates, [Request(me, "folder")])
    assert isinstance(found, ConfigurationError)


def test_errors_stand_in_their_places_when_some_requests_are_wrong(session: Session, hero: Asset) -> None:
    wrong = [Request("bifrost://demo/assets/char/her", "work"), Request(hero, "wrk"), Request(hero, "work")]
    found = paths.fill(session.context, session.templates, [*wrong, Request(hero, "folder")])
    assert [type(each) for each in found] == [NotFoundError, TemplateError, TemplateError, Filled]
    assert "no template for asset and wrk; asset has" in str(found[1])
    assert "task (a task does, or the code of one: task=…)" in str(found[2])


def test_two_things_get_no_common_path_when_templates_name_too_little(
    session: Session, fill: Fill, hero: Asset
) -> None:
    place = {"path": "{project}/assets/{asset_type}/{asset}"}
    session.templates.apply("demo", {"extends": "film", "templates": {"asset_place": place}})
    helmet = session.assets.create("demo", "char", "helmet", parent=hero)
    assert fill(helmet, "folder") == "demo/assets/char/helmet"
    own = session.assets.create("demo", "char", "helmet")
    assert fill(own, "folder") == "demo/assets/char/helmet"  # which names all that it lies in
    with pytest.raises(TemplateError) as caught:
        fill(helmet, "folder")
    assert f"makes one path for {helmet.ref} and {own.ref}: it says nothing of {hero.ref}" in str(caught.value)


def test_two_shots_get_no_common_path_when_episodes_are_left_out(session: Session, fill: Fill) -> None:
    first = session.shots.create("demo", "sq010", "sh020", episode="ep01")
    assert fill(first, "folder") == "demo/shots/sq010/sh020"
    second = session.shots.create("demo", "sq010", "SH020", episode="ep02")
    for shot in (first, second):
        with pytest.raises(TemplateError, match="makes one path for"):
            fill(shot, "folder")
    session.templates.apply("demo", {"extends": "episodic"})
    assert fill(first, "folder") == "demo/shots/ep01/sq010/sh020"
    assert fill(second, "folder") == "demo/shots/ep02/sq010/SH020"
