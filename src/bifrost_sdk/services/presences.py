"""That publishers of this machine live: each holds a lock that the operating system takes back when its process ends.

So what a dead one left behind need not wait for its lease. Locks say nothing of other machines, whose publishers are
told by the name of the machine in the name of the file. Where no lock can be had, leases alone count.

A publisher holds its lock before anything is reserved. So whose version is reserved and whose lock is free, is dead.
"""

from __future__ import annotations

import contextlib
import platform
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import attrs

from bifrost_sdk.errors import StorageError
from bifrost_sdk.services.context import is_id
from bifrost_sdk.services.locks import try_lock

#: Where the locks lie below the folder for what is remembered.
FOLDER = "publishers"

_ENDING = ".lock"


@attrs.frozen
class Presence:
    """The lock of one publisher: of the version `id`, the first of its set, in `project`."""

    path: Path
    project: str
    id: str

    @classmethod
    def of(cls, folder: Path, project: str, id: str) -> Presence:
        """The one in the folder for what is remembered."""
        return cls(folder / FOLDER / f"{_machine()}{project}.{id}{_ENDING}", project, id)

    @contextlib.contextmanager
    def held(self) -> Iterator[bool]:
        """Whether the lock was free and is held now; its file goes at the end of the block."""
        with try_lock(self.path) as held:
            try:
                yield held
            finally:
                if held:
                    with contextlib.suppress(OSError):  # Windows removes no open file: whoever looks for the dead does
                        self.path.unlink()


@contextlib.contextmanager
def shown(folder: Path | None, project: str, id: str) -> Iterator[None]:
    """Show that who publishes this version lives, as far as that can be shown."""
    with contextlib.ExitStack() as stack:
        if folder is not None:
            with contextlib.suppress(StorageError):
                stack.enter_context(Presence.of(folder, project, id).held())
        yield


def found(folder: Path | None) -> list[Presence]:
    """Those of this machine, of the living and the dead."""
    if folder is None:
        return []
    try:
        names = [path.name for path in (folder / FOLDER).iterdir()]
    except OSError:  # nobody has published here
        return []
    start = _machine()
    cut = [name[len(start) : -len(_ENDING)] for name in names if name.startswith(start) and name.endswith(_ENDING)]
    parts = [(project, id) for project, dot, id in (name.rpartition(".") for name in cut) if dot and is_id(id)]
    return [Presence.of(folder, project, id) for project, id in sorted(parts)]


def _machine() -> str:
    return f"{urllib.parse.quote(platform.node(), safe='')}@"
