"""That publishers of this machine live: each holds a lock that the operating system takes back when its process ends.

So what a dead one left behind need not wait for its lease. Locks say nothing of other machines, whose publishers are
told by the name of the machine in the name of the file. Where no lock can be had, leases alone count.

A publisher holds its lock before anything is reserved, in a file of its own: two who publish under one key have one id.
So whose version is reserved and whose locks are all free, is dead.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
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
    """The locks of those who publish the version `id`, the first of its set, in `project`: one, seldom several."""

    folder: Path
    project: str
    id: str

    @property
    def start(self) -> str:
        """How the names of their files begin."""
        return f"{_machine()}{self.project}.{self.id}."

    @contextlib.contextmanager
    def held(self) -> Iterator[bool]:
        """Whether there were locks, all of them free, and are held now; then their files go when the block ends well.

        Raises:
            StorageError: the file system knows no locks now.
        """
        paths = [self.folder / name for name in _names(self.folder) if name.startswith(self.start)]
        with contextlib.ExitStack() as stack:
            taken = [stack.enter_context(try_lock(path)) for path in paths]
            are_dead = bool(taken) and all(taken)
            yield are_dead
            for path in paths if are_dead else ():
                _remove(path)


@contextlib.contextmanager
def shown(folder: Path | None, project: str, id: str) -> Iterator[None]:
    """Show that who publishes this version lives, as far as that can be shown.

    Who is interrupted leaves the file, so that whoever connects next looks what became of the version.
    """
    with contextlib.ExitStack() as stack:
        path = _lock(stack, Presence(folder / FOLDER, project, id)) if folder is not None else None
        try:
            yield
        except Exception:
            _remove(path)
            raise
        _remove(path)


def found(folder: Path | None) -> list[Presence]:
    """Those of this machine, of the living and the dead."""
    if folder is None:
        return []
    ours = re.compile(rf"{re.escape(_machine())}([^.]+)\.([^.]+)\.[^.]+{re.escape(_ENDING)}")
    parts = {named.groups() for name in _names(folder / FOLDER) if (named := ours.fullmatch(name))}
    return [Presence(folder / FOLDER, project, id) for project, id in sorted(parts) if is_id(id)]


def _lock(stack: contextlib.ExitStack, presence: Presence) -> Path | None:
    """Hold a lock of one's own; its file, None where no lock can be had."""
    while True:
        path = presence.folder / f"{presence.start}{os.urandom(4).hex()}{_ENDING}"
        try:
            if stack.enter_context(try_lock(path)):
                return path
        except StorageError:
            _remove(path)  # a free lock would say that its owner is dead
            return None


def _remove(path: Path | None) -> None:
    """Windows removes no open file: there whoever looks for the dead does."""
    with contextlib.suppress(OSError):
        if path is not None:
            path.unlink()


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:  # nobody has published here
        return []


def _machine() -> str:
    return f"{urllib.parse.quote(platform.node(), safe='')}@"
