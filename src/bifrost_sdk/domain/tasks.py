"""Work that is planned: tasks and the statuses that things go through."""

from __future__ import annotations

import datetime

import attrs

from bifrost_sdk.domain import codes, text
from bifrost_sdk.domain.entity import Entity, at_least, check_id, choice, id_list, optional_id, sibling_key
from bifrost_sdk.domain.order import optional_key
from bifrost_sdk.domain.registry import NODES, Relation, register

#: What a status means, whatever a studio calls it; ``approved`` is what the tag of that name looks for.
CATEGORIES = ("todo", "active", "review", "approved", "blocked", "omitted")

#: The statuses a new project begins with: (code, name, category, colour). They are data and may be changed.
DEFAULT_STATUSES: tuple[tuple[str, str, str, str], ...] = (
    ("todo", "To do", "todo", "#9e9e9e"),
    ("wip", "In progress", "active", "#2196f3"),
    ("review", "For review", "review", "#ff9800"),
    ("retake", "Retake", "active", "#f44336"),
    ("done", "Approved", "approved", "#4caf50"),
    ("hold", "On hold", "blocked", "#795548"),
    ("omit", "Omitted", "omitted", "#424242"),
)


@register(
    "status",
    plural="statuses",
    natural_key=sibling_key,
    search=("code", "name"),
)
@attrs.frozen(kw_only=True)
class Status(Entity):
    """A name for how far something is, in a project's own words.

    `color` is ``#rrggbb``. Only things of its `kinds` may be given it; empty: all may.
    """

    code: str = attrs.field(converter=codes.check_code)
    name: str = attrs.field(default="", converter=text.line)
    category: str = attrs.field(default="todo", validator=choice(*CATEGORIES))
    color: str = attrs.field(default="", converter=text.line)
    order: str = attrs.field(default="", converter=optional_key)
    kinds: tuple[str, ...] = attrs.field(default=(), converter=text.tags)


@register(
    "task",
    plural="tasks",
    slots={"parent": "parent", "status": "status"},
    relations=[
        Relation("parent", targets=NODES, inverse="tasks"),
        Relation("status", targets=("status",), inverse="status_of"),
        Relation("assignees", targets=("user",), many=True, inverse="assigned_tasks"),
    ],
    natural_key=sibling_key,
    search=("code", "name", "description", "tags"),
)
@attrs.frozen(kw_only=True)
class Task(Entity):
    """A piece of work on a node. `estimate` is in seconds of work, `priority` higher is sooner."""

    parent: str = attrs.field(converter=check_id)
    code: str = attrs.field(converter=codes.check_code)
    type: str = attrs.field(default="", converter=text.line)
    name: str = attrs.field(default="", converter=text.line)
    description: str = attrs.field(default="", converter=text.prose)
    status: str | None = attrs.field(default=None, converter=optional_id)
    assignees: tuple[str, ...] = attrs.field(default=(), converter=id_list)
    starts_at: datetime.datetime | None = attrs.field(default=None, converter=text.utc)
    due_at: datetime.datetime | None = attrs.field(default=None, converter=text.utc)
    estimate: int | None = attrs.field(default=None, validator=at_least(0))
    priority: int = attrs.field(default=0, validator=at_least(0))
    order: str = attrs.field(default="", converter=optional_key)
    tags: tuple[str, ...] = attrs.field(default=(), converter=text.tags)
