"""Looking up from the copying: how far it is, whether it shall stop, and that what is held stays held."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import attrs

from bifrost_sdk.errors import StorageError

#: Told (bytes done, bytes in all) as files are copied.
Progress = Callable[[int, int], None]
#: Asked between blocks; true stops the publish.
Cancel = Callable[[], bool]


class Held(Protocol):
    """What is on its way, and held by a lease."""

    @property
    def name(self) -> str:
        """What it is, for a message."""

    @property
    def lease(self) -> int:
        """In seconds."""

    def renew(self) -> None:
        """Hold it for another lease from now.

        Raises:
            ConflictError: it was lost.
        """


@attrs.define
class Watcher:
    """Looks up from the copying between blocks: tells how far it is, stops when asked to, keeps the lease alive."""

    held: Held
    total: int
    progress: Progress | None = None
    cancel: Cancel | None = None
    done: int = 0
    renewed: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.renewed = time.monotonic()

    def __call__(self, count: int) -> None:
        """So many more bytes were copied.

        Raises:
            StorageError: it was cancelled.
            ConflictError: the lease was lost.
        """
        self.done += count
        if self.progress and count:
            self.progress(self.done, self.total)
        if self.cancel and self.cancel():
            name = self.held.name
            raise StorageError(f"publishing {name} was cancelled; nothing was published", reason="cancelled")
        if time.monotonic() - self.renewed > self.held.lease / 3:
            self.held.renew()
            self.renewed = time.monotonic()
