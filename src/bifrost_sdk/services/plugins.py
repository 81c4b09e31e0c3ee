"""A studio's own code: found by the entry points of what is installed, or named in the settings; loaded when used.

What cannot be loaded is an answer like any other: who asks decides what that means.
"""

from __future__ import annotations

import functools
import importlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:  # it reads what is installed, and is loaded when that is asked for
    from importlib.metadata import EntryPoint

#: In place of the code of a product: whatever others are not named.
EVERY_PRODUCT = "*"

#: How the copy of a newest version is made: of its own blocks, with second names of its files, or as a link to it.
COPIES = ("copy", "link", "symlink")

#: Whether a text names a thing in a module: ``package.module:name``.
is_name = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*").fullmatch


@attrs.frozen
class Plugins:
    """What the settings say of a studio's own code.

    `validators` and `followers` are named ``package.module:name``. `disabled` are ids of validators that do not run,
    `severity` says how much others weigh, by id. `folder` is where what must be remembered is kept, None for nowhere.
    `latest_copy` says by folded codes of products how the copies of their newest versions are made; None: nobody asked.
    """

    validators: tuple[str, ...] = ()
    followers: tuple[str, ...] = ()
    disabled: frozenset[str] = frozenset()
    severity: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    folder: Path | None = None
    latest_copy: Mapping[str, str] | None = attrs.field(default=None, hash=False)


@attrs.frozen
class Loaded:
    """A plugin under the name by which it was found; `value` is what that led to, unless there is an `error`."""

    name: str
    value: Any = None  # Any: whatever the studio wrote; judged by who uses it
    error: Exception | None = None


def load(group: str, named: Iterable[str]) -> Iterator[Loaded]:
    """What is installed as an entry point of `group`, by name, then what is `named` in the settings; each once.

    >>> [found.value for found in load("bifrost_sdk.examples", ["math:pi"])]
    [3.141592653589793]
    """
    seen: list[Any] = []  # Any: as above; need not be hashable
    found_by: list[tuple[str, EntryPoint | str]] = [
        *_installed(group, tuple(sys.path)),
        *((name, name) for name in named),
    ]
    for name, point in found_by:
        found = _loaded(name, point)
        if found.error is not None or not any(found.value is value for value in seen):
            seen.append(found.value)
            yield found


@functools.lru_cache(maxsize=32)
def _installed(group: str, _: tuple[str, ...]) -> tuple[tuple[str, EntryPoint], ...]:
    """The entry points as long as nothing is put on the path; looking for them reads many folders."""
    from importlib import metadata

    return tuple(
        (point.name, point) for point in sorted(metadata.entry_points(group=group), key=lambda each: each.name)
    )


def _loaded(name: str, point: EntryPoint | str) -> Loaded:
    try:
        if not isinstance(point, str):
            return Loaded(name, point.load())
        module, _, path = point.partition(":")
        value = functools.reduce(getattr, path.split("."), importlib.import_module(module))
    except Exception as error:  # noqa: BLE001 - the code of a studio may fail in any way; the asker is told
        return Loaded(name, error=error)
    return Loaded(name, value)
