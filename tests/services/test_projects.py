from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain.changes import Change, Commit
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.tasks import CATEGORIES, DEFAULT_STATUSES
from bifrost_sdk.errors import CatalogError, NotFoundError, ValidationError
from bifrost_sdk.ports import Catalog
from bifrost_sdk.services.projects import Projects
from bifrost_sdk.session import Session


def test_project_begins_with_statuses_and_attributes_when_made(session: Session) -> None:
    project = session.projects.create("show-2", name="Show two")
    statuses = session.iterate(Query("status", project="show-2").sort("order"))
    assert [(each.code, each.name, each.category, each.color) for each in statuses] == list(DEFAULT_STATUSES)
    assert {category for _, _, category, _ in DEFAULT_STATUSES} == set(CATEGORIES)
    assert set(project.attribute_types) == {"fps", "resolution", "handles", "color_space"}
    assert session.get(project.default_role or "").ref.startswith("bifrost://studio/~")
    assert [each.code for each in session.projects.list()] == ["demo", "show-2"]
    assert session.projects.list(code="demo") == [session.projects.get("demo")]


def test_project_is_taken_as_it_is_when_it_exists(session: Session) -> None:
    demo = session.projects.get("demo")
    revision = session.revision("demo")
    assert session.projects.ensure("demo", name="other") == demo
    assert session.revision("demo") == revision
    with pytest.raises(ValidationError, match="taken"):
        session.projects.create("demo")


class Failing:
    """A catalog that refuses its commits in some partitions."""

    def __init__(self, catalog: Catalog, projects: Sequence[str]) -> None:
        self._catalog = catalog
        self.projects = set(projects)

    def commit(self, project: str, changes: Sequence[Change], **options: Any) -> Commit:
        if project in self.projects:
            raise CatalogError("the disk is full")
        made = self._catalog.commit(project, changes, **options)
        if "then studio" in self.projects:
            self.projects.add("studio")
        return made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalog, name)


def failing(session: Session, *projects: str) -> Projects:
    catalog: Any = Failing(session.context.catalog, projects)
    return Projects(attrs.evolve(session.context, catalog=catalog))


def test_project_is_taken_back_when_it_cannot_be_furnished(session: Session) -> None:
    with pytest.raises(CatalogError, match="full"):
        failing(session, "second").create("second")
    assert [project.code for project in session.projects.list()] == ["demo"]
    session.projects.create("second")
    assert session.find(Query("status", project="second").count()).count == len(DEFAULT_STATUSES)


def test_project_is_completed_when_it_could_not_even_be_taken_back(session: Session) -> None:
    with pytest.raises(CatalogError, match="full"):
        failing(session, "second", "then studio").create("second")
    assert [project.code for project in session.projects.list()] == ["demo", "second"]
    session.projects.ensure("second")
    assert session.find(Query("status", project="second").count()).count == len(DEFAULT_STATUSES)


def test_project_is_found_and_changed_when_named_in_each_way(session: Session) -> None:
    demo = session.projects.get("demo")
    assert session.projects.get(demo.id) == session.projects.get(demo.ref) == session.projects.get(demo) == demo
    assert session.projects.update("demo", name="Demo").name == "Demo"
    assert session.projects.update(session.projects.get("demo"), state="archived").state == "archived"
    with pytest.raises(ValidationError, match="archived"):
        session.assets.create("demo", "char", "hero")
    with pytest.raises(NotFoundError, match="bifrost://demo"):
        session.projects.get("demi")


def test_project_is_closed_when_it_has_no_default_role(session: Session) -> None:
    assert session.projects.create("secret", default_role=None).default_role is None
    artist = next(role for role in session.iterate(Query("role")) if role.code == "artist")
    assert session.projects.create("open", default_role="artist").default_role == artist.id
    with pytest.raises(NotFoundError, match="no role"):
        session.projects.create("wrong", default_role="artisan")
