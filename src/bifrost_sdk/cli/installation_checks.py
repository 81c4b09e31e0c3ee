"""What is looked at of an installation: Python, SQLite, the libraries that are needed, and the extras."""

from __future__ import annotations

import platform
import re
import sqlite3
import sys
from collections.abc import Iterator
from importlib import metadata

from bifrost_sdk.cli.checks import Check

_PACKAGE = "bifrost-sdk"
_OLDEST_SQLITE = (3, 34, 0)

# The releases with the fix of a race at a reset of the write-ahead log, which can damage a catalog:
# https://sqlite.org/wal.html#walresetbug
_SAFE_SQLITE = (3, 51, 3)
_SAFE_BRANCHES = ((3, 44, 6), (3, 50, 7))

_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)[^;]*?(?:>=(?P<floor>[0-9.]+))?[^;]*(?:;(?P<marker>.*))?")


def checks() -> Iterator[Check]:
    """Everything about the installation."""
    yield _python()
    yield sqlite(sqlite3.sqlite_version_info)
    try:
        requirements = metadata.requires(_PACKAGE) or []
    except metadata.PackageNotFoundError:
        yield Check("note", "libraries", f"{_PACKAGE} is not installed here, so what it needs is not known")
        return
    missing: dict[str, list[str]] = {}
    for text in requirements:
        found = _REQUIREMENT.fullmatch(text)
        extra = re.search(r"extra == ['\"](?P<name>[\w-]+)['\"]", (found and found["marker"]) or "")
        if found is None or found["name"] == _PACKAGE:
            continue
        problem = library(found["name"], found["floor"] or "0")
        if extra is None or problem.state == "warning":
            yield problem
        elif problem.state == "wrong":
            missing.setdefault(extra["name"], []).append(found["name"])
    for extra_name, names in missing.items():
        if extra_name != "all":
            advice = f'pip install "{_PACKAGE}[{extra_name}]" where that is needed'
            yield Check("note", f"extra {extra_name}", f"{', '.join(names)}: not installed", advice)


def sqlite(version: tuple[int, ...]) -> Check:
    """Whether this version of SQLite serves.

    >>> sqlite((3, 40, 1)).state, sqlite((3, 50, 7)).state, sqlite((3, 51, 3)).state
    ('warning', 'fine', 'fine')
    """
    text = ".".join(map(str, version))
    if version < _OLDEST_SQLITE:
        return Check("wrong", "SQLite", f"{text} is too old", "use a Python with SQLite 3.34 or later")
    is_safe = version >= _SAFE_SQLITE or any(version[:2] == safe[:2] and version >= safe for safe in _SAFE_BRANCHES)
    if not is_safe:
        finding = f"{text} has a race that can damage a catalog when several write at once, though very rarely"
        return Check("warning", "SQLite", finding, "use a Python with SQLite 3.51.3 or later, and keep backups")
    return Check("fine", "SQLite", text)


def library(name: str, floor: str) -> Check:
    """Whether a library is there, is new enough, and is there once."""
    found = {str(each.locate_file("")): each.version for each in metadata.distributions(name=name)}
    if not found:
        return Check("wrong", name, "not installed", f"pip install '{name}>={floor}'")
    folder, version = next(iter(found.items()))
    if _numbers(version) < _numbers(floor):
        finding = f"{version} in {folder} is older than {floor}"
        return Check("wrong", name, finding, f"pip install '{name}>={floor}', or put a newer one first on the path")
    if len(set(found.values())) > 1:
        others = ", ".join(f"{each} in {place}" for place, each in found.items() if place != folder)
        return Check("warning", name, f"{version} in {folder} hides {others}", "keep one of them on the path")
    return Check("fine", name, version)


def _python() -> Check:
    return Check("fine", "Python", f"{platform.python_version()} ({sys.executable}) on {platform.system()}")


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, without zeros at the end."""
    found = [int(part) for part in re.findall(r"[0-9]+", re.split(r"[^0-9.]", version)[0])]
    while found and not found[-1]:
        found.pop()
    return tuple(found)
