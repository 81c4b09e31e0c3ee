"""Projects, and what a new one begins with."""

from __future__ import annotations

import builtins
import contextlib
from typing import Any

from bifrost_sdk.domain import attributes
from bifrost_sdk.domain.changes import Change, Ensure
from bifrost_sdk.domain.order import spread
from bifrost_sdk.domain.production import STUDIO, Project
from bifrost_sdk.domain.query import Filter, Query
from bifrost_sdk.domain.tasks import DEFAULT_STATUSES, Status
from bifrost_sdk.errors import BifrostError
from bifrost_sdk.services.context import Item, is_id
from bifrost_sdk.services.entities import Entities

#: The role of everybody who has no membership in a project.
DEFAULT_ROLE = "viewer"


class Projects(Entities[Project]):
    """The productions of the catalog.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows")) as session:
    ...     demo = session.projects.create("demo", name="Demo reel")
    ...     [project.code for project in session.projects.list()]
    ['demo']
    """

    cls = Project

    def get(self, item: Item) -> Project:
        """The project by its code, a reference, its id or itself.

        Raises:
            NotFoundError: when there is none that may be seen.
        """
        if isinstance(item, str) and is_id(item):
            return super().get(item)
        return self.context.project_of(item)

    def create(self, code: str, **fields: Any) -> Project:
        """A new project with the standard attributes and statuses; `fields` are those of `Project`.

        Everybody without a membership gets the role ``viewer`` unless ``default_role=`` is given (None: they see
        nothing). Where the statuses cannot be made, the project is taken back; `ensure` completes one that stayed.

        Raises:
            ValidationError: when the code is taken.
        """
        project = self._add(STUDIO, self._new(code, fields))
        try:
            self._furnish(project)
        except BaseException:  # an interruption leaves no more behind than an error does
            with contextlib.suppress(BifrostError):
                self.delete(project)
            raise
        return project

    def ensure(self, code: str, **fields: Any) -> Project:
        """The project of that code as it is, else a new one with these fields; one without statuses is given them."""
        project = self._add(STUDIO, self._new(code, fields), ensure=True)
        self._furnish(project)
        return project

    def list(self, *filters: Filter, project: Item | None = None, **lookups: Any) -> builtins.list[Project]:
        """All projects that may be seen and fulfil the filters and lookups, by code."""
        return self.context.every(self._query(project).where(*filters, **lookups).sort("code"))

    def update(self, item: Item, **fields: Any) -> Project:
        """New values for some fields, e.g. ``state="archived"``."""
        return super().update(item if isinstance(item, Project) else self.get(item).id, **fields)

    def _new(self, code: str, fields: dict[str, Any]) -> Project:
        standard = {"default_role": DEFAULT_ROLE, "attribute_types": attributes.STANDARD}
        values = {**standard, **fields, "code": code}
        if values["default_role"] is not None:
            values["default_role"] = self.context.named("role", STUDIO, values["default_role"])
        return self.context.make(Project, STUDIO, values)

    def _furnish(self, project: Project) -> None:
        """Give a project that has no status yet the default ones."""
        if self.context.find(Query("status", project=project.code).count()).count:
            return
        orders = spread(len(DEFAULT_STATUSES))
        changes: builtins.list[Change] = [
            Ensure(Status(id=self.context.new_id(), code=code, name=name, category=category, color=color, order=order))
            for (code, name, category, color), order in zip(DEFAULT_STATUSES, orders, strict=True)
        ]
        self.context.commit(project.code, changes)
