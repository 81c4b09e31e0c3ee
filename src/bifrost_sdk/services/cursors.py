"""How far a follower has come in the log of a project: one small file each, replaced as a whole or not at all.

Who writes holds the lock beside it; anybody may read at any time.
"""

from __future__ import annotations

import json
import os
import urllib.parse
from pathlib import Path
from typing import Any

import attrs

from bifrost_sdk.domain.changes import Event
from bifrost_sdk.domain.entity import at_least, check_id
from bifrost_sdk.errors import StorageError, ValidationError

#: Where cursors lie below the folder for what is remembered.
FOLDER = "followers"

_SCHEMA = 1


@attrs.frozen
class Attempt:
    """An event with which a follower was called and that is not done: how often, and why it failed last.

    `version` and `revision` are those of the event. It is tried again from `retry_at` on, in microseconds since 1970.
    """

    event: str = attrs.field(converter=check_id)
    version: str = attrs.field(converter=check_id)
    revision: int = attrs.field(validator=at_least(1))
    attempts: int = attrs.field(default=0, validator=at_least(0))
    retry_at: int = attrs.field(default=0, validator=at_least(0))
    error: str = ""


@attrs.frozen
class Cursor:
    """All events before this `position` of this `revision` are done, but for those that are `parked`.

    `trying` is the next one, when it was tried before.
    """

    revision: int = attrs.field(validator=at_least(1))
    position: int = attrs.field(default=0, validator=at_least(0))
    trying: Attempt | None = None
    parked: tuple[Attempt, ...] = ()

    def is_before(self, event: Event) -> bool:
        """Whether the event is still to come."""
        return (self.revision, self.position) <= (event.revision, event.position)

    def behind(self, event: Event) -> Cursor:
        """The cursor once the event is done."""
        return attrs.evolve(self, revision=event.revision, position=event.position + 1, trying=None)


@attrs.frozen
class CursorFile:
    """The file of one follower and one project, which is named by its id: codes change."""

    path: Path

    @classmethod
    def of(cls, folder: Path, follower: str, project: str) -> CursorFile:
        """The file in the folder for what is remembered."""
        return cls(folder / FOLDER / urllib.parse.quote(follower, safe="") / f"{project}.json")

    @property
    def lock(self) -> Path:
        """The file that is locked by who writes."""
        return self.path.with_suffix(".lock")

    def read(self) -> Cursor | None:
        """The cursor; None where there is none yet.

        Raises:
            StorageError: it cannot be read, or is none.
        """
        try:
            return _from_data(json.loads(self.path.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, ValidationError) as error:
            advice = "move it away to follow from now on"
            message = f"the cursor {self.path} cannot be read: {error}; {advice}"
            raise StorageError(message, path=str(self.path), reason=str(error)) from error

    def write(self, cursor: Cursor) -> None:
        """Keep the cursor, so that it is found even when the power fails.

        Raises:
            StorageError: it cannot be written.
        """
        written = self.path.with_suffix(".new")
        try:
            with written.open("wb") as file:
                file.write(json.dumps({"schema": _SCHEMA, **attrs.asdict(cursor)}).encode())
                file.flush()
                os.fsync(file.fileno())
            written.replace(self.path)
        except OSError as error:
            reason = error.strerror or str(error)
            raise StorageError(f"cannot write {self.path}: {reason}", path=str(self.path), reason=reason) from error


def _from_data(data: dict[str, Any]) -> Cursor:  # Any: JSON
    if data.pop("schema") != _SCHEMA:
        raise ValueError("a newer version wrote it")
    trying = data.pop("trying")
    parked = tuple(Attempt(**each) for each in data.pop("parked"))
    return Cursor(**data, trying=trying and Attempt(**trying), parked=parked)
