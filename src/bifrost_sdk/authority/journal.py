"""What a commit leaves in the log: one event for each entity it changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import attrs

from bifrost_sdk.domain import wire
from bifrost_sdk.ports import Logged, Record, Write


@attrs.frozen
class Journal:
    """Writes the events of one revision of one project; `comment` is the commit's."""

    project: str
    revision: int
    comment: str = ""

    def events(self, writes: Iterable[Write]) -> list[Logged]:
        """One event for each write, in order."""
        return [self._event(position, write) for position, write in enumerate(writes)]

    def _event(self, position: int, write: Write) -> Logged:
        record = write.after or write.before
        assert record is not None
        operation = "update" if write.before and write.after else "create" if write.after else "delete"
        head = {
            "operation": operation,
            "subject": record.id,
            "subject_kind": record.kind,
            "position": position,
            "schema": 1,
        }
        if self.comment:
            head["comment"] = self.comment
        body = wire.to_json(head)[:-1] + _content(write.before, write.after) + "}"
        id = event_id(self.project, self.revision, position)
        return Logged(id, record.id, record.kind, operation, position, body)


def event_id(project: str, revision: int, position: int) -> str:
    """The id of an event: a UUIDv7 in form, made of where it stands in the log, so that it needs no chance."""
    seed = hashlib.sha256(project.encode()).hexdigest()
    when = f"{revision:012x}"
    return f"{when[:8]}-{when[8:]}-7{seed[:3]}-8{seed[3:6]}-{seed[6:8]}{position:010x}"


def same_json(one: Any, other: Any) -> bool:  # Any: JSON
    """Whether two values are the same JSON; to Python true is 1, and 1 is 1.0."""
    return bool(one == other) and wire.to_json({"": one}) == wire.to_json({"": other})


def _content(before: Record | None, after: Record | None) -> str:
    """The rest of the document: whole bodies as they are kept, or the changed fields before and after."""
    if before is None or after is None:
        record, name = (after, "after") if before is None else (before, "before")
        return f',"{name}":{record.body}' if record else ""
    old, new = json.loads(before.body), json.loads(after.body)
    changed = [name for name in {**old, **new} if not same_json(old.get(name), new.get(name))]
    was, is_now = ({name: body.get(name) for name in changed} for body in (old, new))
    return f',"before":{wire.to_json(was)},"after":{wire.to_json(is_now)}'
