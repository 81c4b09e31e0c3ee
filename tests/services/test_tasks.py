from __future__ import annotations

import pytest

from bifrost_sdk.errors import NotFoundError, ValidationError
from bifrost_sdk.session import Session


def test_task_is_assigned_and_moves_on_when_worked_on(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    ben = session.users.create("ben")
    rig = session.tasks.create(hero.ref, "rig", status="todo", assignees=["anna"], type="rigging")
    assert rig.assignees == (session.users.me().id,)
    rig = session.tasks.assign(rig, "anna", ben)
    assert rig.assignees == (session.users.me().id, ben.id)
    assert session.tasks.list(project="demo", assignees__login="ben") == [rig]
    assert session.tasks.assign(rig.id).assignees == ()
    rig = session.tasks.set_status(rig.id, "review")
    assert session.tasks.list(status__category="review") == [rig]
    with pytest.raises(NotFoundError, match="no user of that name"):
        session.tasks.assign(rig, "bea")


def test_task_belongs_to_the_project_when_made_on_the_project_itself(session: Session) -> None:
    task = session.tasks.create(session.projects.get("demo"), "line-up")
    assert task.project == "demo"
    with pytest.raises(ValidationError, match="taken"):
        session.tasks.create("bifrost://demo", "line-up")
