"""Tasks: who works on what, and how far it is."""

from __future__ import annotations

from typing import Any

from bifrost_sdk.domain.entity import Node
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.domain.text import listed
from bifrost_sdk.services.context import Item
from bifrost_sdk.services.entities import Entities


class Tasks(Entities[Task]):
    """Pieces of work on nodes.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     hero = session.assets.create("demo", "char", "hero")
    ...     rig = session.tasks.create(hero, "rig", status="todo")
    ...     rig = session.tasks.assign(rig, session.users.me())
    ...     rig = session.tasks.set_status(rig, "wip")
    ...     [task.code for task in session.tasks.list(project="demo", status__category="active")]
    ['rig']
    """

    cls = Task

    def create(self, node: Item, code: str, **fields: Any) -> Task:
        """A new task on a node; `fields` are those of `Task`, its status by code, its assignees by login.

        Raises:
            ValidationError: when the node has a task of that code.
        """
        parent = self.context.take(Node, node)
        project = self.context.code_of(parent)
        fields = {**self._people(fields), "parent": parent, "code": code}
        return self._add(project, self.context.make(Task, project, fields))

    def assign(self, task: Item, *users: Item) -> Task:
        """Give the task to these users, by login, id, reference or entity; nobody: take it from all."""
        return self.update(task, assignees=users)

    def set_status(self, task: Item, status: Item) -> Task:
        """How far it is: the code of a status of the project (``wip``), its id or itself.

        Raises:
            NotFoundError: when the project has no such status, with those that it has.
        """
        return self.update(task, status=status)

    def update(self, item: Item, **fields: Any) -> Task:
        """New values for some fields. Given an entity, it must not have changed since; else any state is taken."""
        return super().update(item, **self._people(fields))

    def _people(self, fields: dict[str, Any]) -> dict[str, Any]:
        if "assignees" not in fields:
            return fields
        users = [self.context.named("user", STUDIO, user, by="login") for user in listed(fields["assignees"])]
        return {**fields, "assignees": users}
