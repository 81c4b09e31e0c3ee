from __future__ import annotations

import datetime
from typing import Any

import pytest

from bifrost_sdk.domain.tasks import CATEGORIES, DEFAULT_STATUSES, Status, Task
from bifrost_sdk.errors import ValidationError

ONE = "01890000-0000-7000-8000-000000000001"


def test_first_statuses_cover_every_category_when_made() -> None:
    made = [
        Status(code=code, name=name, category=category, color=color) for code, name, category, color in DEFAULT_STATUSES
    ]
    assert {status.category for status in made} == set(CATEGORIES)
    assert len({status.code for status in made}) == len(made)


@pytest.mark.parametrize(
    "fields", [{"estimate": -1}, {"priority": None}, {"assignees": ONE}, {"due_at": "tomorrow"}, {"tags": "fx"},
               {"due_at": datetime.datetime(2026, 1, 31)}, {"parent": None}, {"order": "!"}],  # noqa: DTZ001  # refused
)  # fmt: skip
def test_task_is_refused_when_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Task(**{"code": "anim", "parent": ONE, **fields})


def test_assignees_come_once_when_named_twice() -> None:
    assert Task(code="anim", parent=ONE, assignees=[ONE, ONE]).assignees == (ONE,)
