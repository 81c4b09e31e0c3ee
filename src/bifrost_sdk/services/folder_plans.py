"""Folders and placeholder files on disk: what is there of those that are wanted, and making what is not.

Nothing that is there is changed or removed, and nothing is made outside its root.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from bifrost_sdk.domain import rootpaths
from bifrost_sdk.domain.rootpaths import RootFolders
from bifrost_sdk.domain.templates.layouts import Wanted
from bifrost_sdk.errors import Issue, StorageError
from bifrost_sdk.services import places
from bifrost_sdk.services.context import Context

#: What can be said of a wanted folder or file: it is missing, there, there with other permissions, something else has
#: its place, or it was just made.
MISSING, THERE, DIFFERS, BLOCKED, MADE = "missing", "there", "differs", "blocked", "made"


@attrs.frozen
class Step:
    """One folder or file: what is wanted, its place on this machine, how it stands there, and what to know of that."""

    wanted: Wanted
    place: Path
    state: str
    detail: str = ""

    def to_data(self) -> dict[str, Any]:  # Any: JSON
        """The step as plain JSON values."""
        return {**attrs.asdict(self.wanted), "place": str(self.place), "state": self.state, "detail": self.detail}


@attrs.frozen
class FolderPlan:
    """What is wanted on disk, each folder behind those that it lies in.

    `warnings` tell of places that are too long for programs on Windows, on whichever platform a root has a folder.
    """

    steps: tuple[Step, ...]
    warnings: tuple[Issue, ...] = ()

    def in_state(self, *states: str) -> tuple[Step, ...]:
        """The steps that stand so: ``missing``, ``there``, ``differs`` (other permissions), ``blocked``, ``made``."""
        return tuple(step for step in self.steps if step.state in states)


def look(context: Context, items: Sequence[Wanted], folders: RootFolders) -> FolderPlan:
    """How it stands on disk with what is wanted; `items` come behind what they lie in.

    Raises:
        ConfigurationError: a root has no folder on this machine.
        StorageError: a root is not there, or has no sentinel, as when a share is not mounted.
    """
    tops = {name: _top(context, name) for name in dict.fromkeys(item.root for item in items)}
    states: dict[tuple[str, str], str] = {}
    steps: list[Step] = []
    for item in items:
        top, real = tops[item.root]
        above = states.get((item.root, item.path.rpartition("/")[0]), THERE)
        place = top / item.path
        if above == MISSING:
            state, detail = MISSING, ""
        elif above == BLOCKED:
            state, detail = BLOCKED, f"{place.parent} is in the way"
        else:
            state, detail = _state(place, item, real)
        states[item.root, item.path] = state
        steps.append(Step(item, place, state, detail))
    return FolderPlan(tuple(steps), tuple(_warnings(items, folders)))


def make(plan: FolderPlan) -> FolderPlan:
    """Make what is missing; the steps as they stand then.

    Raises:
        StorageError: something else has the place of one, and nothing is made; or one cannot be made, and those before
            it stay.
    """
    if blocked := plan.in_state(BLOCKED):
        raise _in_the_way(blocked)
    steps = [_made(step) if step.state == MISSING else step for step in plan.steps]
    return attrs.evolve(plan, steps=tuple(steps))


def _top(context: Context, name: str) -> tuple[Path, str]:
    """The folder of a root, and what it is when links are followed."""
    folder = places.marked_root(context, name)
    return folder, os.path.realpath(folder)


def _state(place: Path, item: Wanted, real: str) -> tuple[str, str]:
    """How it stands with one place, whose folder is there; `real` is its root with links followed."""
    is_link = False
    try:
        found = os.lstat(place)
        if stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", False):  # links and the junctions of Windows
            is_link = True
            target = os.path.realpath(place)
            if not Path(target).is_relative_to(real):
                return BLOCKED, f"{place} is a link that leads out of the root, to {target}"
            found = os.stat(place)  # noqa: PTH116 - says the same with less
    except FileNotFoundError:
        # Whether it is there now is not asked: somebody else may have made it since.
        return (BLOCKED, f"{place} is a link that leads nowhere") if is_link else (MISSING, "")
    except OSError as error:
        return BLOCKED, f"{place} cannot be looked at: {error.strerror or error}"
    if stat.S_ISDIR(found.st_mode) != item.is_folder:
        kinds = ("a file", "a folder") if item.is_folder else ("a folder", "a file")
        return BLOCKED, f"{place} is {kinds[0]}, and {item.template} asks for {kinds[1]}"
    if item.mode is None or os.name == "nt" or stat.S_IMODE(found.st_mode) == _mode(item.mode, found):
        return THERE, ""
    return DIFFERS, f"{place} has the permissions {stat.S_IMODE(found.st_mode):04o}, not {item.mode:04o}"


def _mode(wanted: int, found: os.stat_result) -> int:
    """Permissions, with the group of the folder above handed on where that does so."""
    return wanted | (found.st_mode & stat.S_ISGID)


def _made(step: Step) -> Step:
    place, item = step.place, step.wanted
    try:
        if item.text is not None:
            with place.open("x", encoding="utf-8", newline="") as file:
                file.write(item.text)
        else:
            place.mkdir(0o777 if item.mode is None else item.mode)
            if item.mode is not None:
                place.chmod(_mode(item.mode, place.stat()))  # the mask of the process takes none of it away
    except FileExistsError as error:  # somebody else made it meanwhile
        if place.is_dir() == item.is_folder:
            return attrs.evolve(step, state=THERE)
        raise _in_the_way([attrs.evolve(step, detail=f"{place} is something else")]) from error
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"cannot make {place} ({item.template} for {item.subject}): {reason}; what was made before stays"
        raise StorageError(message, path=str(place), reason=reason) from error
    return attrs.evolve(step, state=MADE)


def _in_the_way(steps: Sequence[Step]) -> StorageError:
    first = steps[0]
    more = f", and {len(steps) - 1} more such" if len(steps) > 1 else ""
    message = f"{first.detail} for {first.wanted.subject}{more}; move it away, then make the folders again"
    return StorageError(message, path=str(first.place), reason=BLOCKED)


def _warnings(items: Iterable[Wanted], folders: RootFolders) -> Iterator[Issue]:
    for item in items:
        for name, folder in folders:
            over = rootpaths.over_length(folder, item.path, is_folder=item.is_folder) if name == item.root else 0
            if over:
                message = f"{folder / item.path} is {over} characters longer than programs on Windows take"
                yield Issue("path.long", message, subject=item.subject, hint="use shorter codes or a shorter root")
