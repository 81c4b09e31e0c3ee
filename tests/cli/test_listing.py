from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from bifrost_sdk.cli import listing
from bifrost_sdk.cli.listing import COLUMNS, Listing, list_entities
from bifrost_sdk.domain import registry
from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.session import Session, connect, init


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with connect(init(tmp_path_factory.mktemp("shows"), project="demo", user="anna"), user="anna") as session:
        hero = session.assets.create("demo", "char", "hero", name="Zoe", description="long\nstory")
        shot = session.shots.create("demo", "sq010", "sh010")
        product = session.products.ensure(hero, "model")
        session.commit([Create(Version(product=product.id, state="published")) for _ in range(3)])
        session.shots.cast(shot, hero)
        session.links.create(hero, shot, type="seen-in")
        session.tasks.create(hero, "rig", description="by friday")
        yield session


def everything(session: Session, what: str | Entity | None) -> Listing:
    return list_entities(session, what, limit=10_000)


def cells(session: Session, kind: str, *columns: str) -> list[tuple[str, ...]]:
    rows = [[cell if isinstance(cell, str) else cell[0] for cell in row] for row in everything(session, kind).rows()]
    return [tuple(row[COLUMNS.index(column)] for column in columns) for row in rows]


@pytest.mark.parametrize(
    ("kind", "columns", "row"),
    [
        ("assets", ("name", "what", "note"), ("Zoe", "asset", "long")),
        ("versions", ("name", "what"), ("", "published")),
        ("tasks", ("name", "note"), ("assets/char/hero rig", "by friday")),
        ("users", ("name", "by"), ("anna", "anna")),
        ("roles", ("name", "note"), ("owner", "Owner")),
        ("statuses", ("name", "note"), ("todo", "To do")),
        ("memberships", ("name",), ("anna owner",)),
        ("shot_assets", ("name",), ("shots/sq010/sh010 assets/char/hero",)),
        ("links", ("name",), ("assets/char/hero shots/sq010/sh010",)),
        ("events", ("name", "what", "revision"), ("status todo", "create", "1")),
    ],
)
def test_thing_is_called_by_what_people_know_when_shown(
    session: Session, kind: str, columns: tuple[str, ...], row: tuple[str, ...]
) -> None:
    assert cells(session, kind, *columns)[0] == row
    assert all(len(moment) == len("2026-01-31 12:00") for (moment,) in cells(session, kind, "changed (UTC)"))


def test_id_is_shown_when_what_is_pointed_at_is_gone(session: Session) -> None:
    task = session.tasks.create("bifrost://demo/assets/char/hero", "groom")
    session.tasks.delete(task)
    names = [name for (name,) in cells(session, "events", "name")]
    assert names[-2:] == [f"task ~{task.id}"] * 2


@pytest.mark.parametrize("size", [1, 2, 3])
def test_all_is_listed_once_in_one_order_when_followed_to_the_end(session: Session, size: int) -> None:
    project = session.projects.get("demo")
    for what in (None, project, *registry.kinds()):
        whole = everything(session, what).entities
        found: list[Entity] = []
        while True:
            part = list_entities(session, what, limit=size, after=found[-1] if found else None)
            found += part.entities
            assert part.more == len(whole) - len(found)
            if not part.more:
                break
        assert [entity.id for entity in found] == [entity.id for entity in whole]


def test_more_than_a_page_is_listed_when_asked_for(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE_LIMIT", 2)
    assert len(list_entities(session, "roles", limit=7).entities) == 7
    assert list_entities(session, "roles", limit=7).more == len(everything(session, "roles").entities) - 7


def test_paths_come_first_when_kinds_are_mixed(session: Session) -> None:
    found = everything(session, session.get("bifrost://demo/assets/char/hero")).entities
    assert [entity.kind for entity in found] == ["product", "task"]
    paths = [entity.path for entity in everything(session, None).entities]
    assert all(one <= other for one, other in itertools.pairwise(paths))
