"""Two folders change places in one step where the operating system can; where it cannot, files go one by one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from bifrost_sdk.adapters.local.renaming import Way, rename


def swap(one: Path, other: Path) -> None:
    """Let two things that are there, on one file system, change places; whoever looks finds them before or after.

    Raises:
        OSError: it cannot be done here, and both are where they were.
    """
    rename(one, other, Way.EXCHANGE)


def replace_piecewise(source: Path, target: Path, *, last: str) -> None:
    """Let each file below `source` take its place below `target`, take away what is over there, and `last` comes last.

    Who reads one file finds the old or the new one, whole; who reads several may find some of both.
    """
    wanted = {path.relative_to(source) for path in source.rglob("*") if not path.is_dir()}
    for name in sorted(wanted - {Path(last)}):
        _make_way(target, name)
        _unlock(target / name)
        (source / name).replace(target / name)
    for path in sorted(target.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(target) not in wanted | {Path(last)}:
            _unlock(path)
            path.unlink()
    _unlock(target / last)
    (source / last).replace(target / last)


def _make_way(target: Path, name: Path) -> None:
    """Folders for the file `name`, in place of files of their names; and no folder in its own place."""
    for inner in reversed(name.parents[:-1]):
        if os.path.lexists(target / inner) and not (target / inner).is_dir():
            _unlock(target / inner)
            (target / inner).unlink()
        (target / inner).mkdir(exist_ok=True)
    for path in sorted((target / name).rglob("*"), reverse=True):
        if path.is_dir():
            path.rmdir()
        else:
            _unlock(path)
            path.unlink()
    if (target / name).is_dir():
        (target / name).rmdir()


def _unlock(place: Path) -> None:
    """Windows replaces and removes no read-only file."""
    if os.name == "nt" and place.exists():
        place.chmod(stat.S_IWRITE)
