from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from bifrost_sdk.errors import NotFoundError
from bifrost_sdk.ports import Catalog
from bifrost_sdk.services import lineages
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.lineages import Lineage
from bifrost_sdk.session import Session


class Counted:
    """A catalog that counts what it is asked."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> object:
        self.calls.append(name)
        return getattr(self.catalog, name)


def one(context: Context, item: object) -> Lineage:
    (found,) = lineages.trace(context, [item])  # type: ignore[list-item]  # an item of any form
    assert isinstance(found, Lineage)
    return found


def test_all_is_known_when_things_lie_in_each_other(session: Session, tmp_path: Path) -> None:
    shot = session.shots.create("demo", "sq010", "sh020", episode="ep01")
    anim = session.tasks.create(shot, "anim")
    (tmp_path / "a.abc").write_text("abc")
    version = session.publish(shot, "anim-cache", {"abc": tmp_path / "a.abc"})
    (representation,) = session.versions.representations(version)
    above = {"project.code": "demo", "episode.code": "ep01", "sequence.code": "sq010", "shot.code": "sh020"}
    assert one(session.context, shot).facts == above
    assert one(session.context, anim).facts == {**above, "task.code": "anim"}
    assert one(session.context, anim).label == "task anim of bifrost://demo/shots/ep01/sq010/sh020"
    published = {**above, "product.code": "anim-cache", "version.number": 1}
    assert one(session.context, version.ref).facts == published
    found = one(session.context, representation)
    assert found.facts == {**published, "representation.name": "abc"}
    assert (found.node, found.entity) == (shot, representation)
    assert [each.kind for each in found.chain] == [
        "episode",
        "sequence",
        "shot",
        "product",
        "version",
        "representation",
    ]


def test_project_is_the_node_when_things_lie_right_below_it(session: Session, tmp_path: Path) -> None:
    project = session.projects.get("demo")
    (tmp_path / "look.txt").write_text("look")
    version = session.publish(project, "luts", {"txt": tmp_path / "look.txt"})
    task = session.tasks.create(project, "line-up")
    for item in (project, version, task):
        found = one(session.context, item)
        assert (found.project, found.node) == ("demo", project)


def test_person_belongs_to_no_project_when_traced(session: Session) -> None:
    found = one(session.context, session.users.me())
    assert (found.project, found.facts, found.label) == ("", {"user.login": "anna"}, "user anna")


def test_error_stands_in_its_place_when_a_thing_is_missing(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    first, second = lineages.trace(session.context, ["bifrost://demo/assets/char/herp", hero.id])
    assert isinstance(first, NotFoundError)
    assert isinstance(second, Lineage)
    assert second.entity == hero


@pytest.mark.parametrize("count", [1, 30])
def test_catalog_is_asked_a_few_times_when_things_are_many(session: Session, count: int) -> None:
    shots = [session.shots.create("demo", f"sq{index}", "sh010") for index in range(count)]
    tasks = [session.tasks.create(shot, "anim") for shot in shots]
    counted = Counted(session.context.catalog)
    context = attrs.evolve(session.context, catalog=counted)
    found = lineages.trace(context, [task.id for task in tasks])
    assert [each.node for each in found if isinstance(each, Lineage)] == shots
    assert len(counted.calls) == 3


def test_namesakes_are_found_when_they_lie_anywhere(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    helmet = session.assets.create("demo", "char", "Helmet", parent=hero)
    other = session.assets.create("demo", "prop", "helmet")
    found = lineages.namesakes(session.context, "demo", "asset", ["HELMET", "sword"])
    assert {key: {each.entity for each in group} for key, group in found.items()} == {"helmet": {helmet, other}}
