"""Whole paths as platforms take them: how long they and their names may be, and paths that come with backslashes.

A template says nothing of length, because only the root's own path makes the whole; so this is asked of whole paths.
"""

from __future__ import annotations

import ntpath
from collections.abc import Callable
from typing import Final, NamedTuple

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.codes import Fault


class Limits(NamedTuple):
    """The most units of a path and of one name in it; `units` counts them."""

    path: int
    name: int
    units: Callable[[str], int]
    unit: str


def _code_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


LIMITS: Final = {
    "windows": Limits(
        259, 255, _code_units, "UTF-16 units"
    ),  # 260 with the end of the text, of which few hosts free it
    "linux": Limits(4095, 255, _bytes, "bytes"),
    "macos": Limits(1023, 255, _bytes, "bytes"),
}


def forward(path: str) -> str:
    r"""The path with ``/`` between names, as templates read it.

    >>> forward(r"demo\assets\hero")
    'demo/assets/hero'
    """
    return path.replace("\\", "/")


def faults(path: str, *, platform: str = "windows") -> list[Fault]:
    """All that keeps a whole path, its root included, from being stored on a platform: one of `LIMITS`.

    The root's drive, share or leading ``/`` is taken as it stands. Positions are those of `path`.

    >>> [fault.code for fault in faults("P:/shows/aux/" + "x" * 256)]
    ['path.reserved', 'path.long', 'path.name']
    """
    limits = LIMITS[platform]
    given = forward(path) if platform == "windows" else path
    start = len(ntpath.splitdrive(given)[0]) if platform == "windows" else 0
    relative = given[start:].lstrip("/")
    start = len(given) - len(relative)
    fault = codes.path_fault(relative)
    found = [] if fault is None else [fault._replace(position=start + fault.position)]
    if limits.units(path) > limits.path:
        message = f"the path has {limits.units(path)} {limits.unit}, more than {limits.path} on {platform}"
        found.append(Fault("path.long", message, limits.path, "shorten its names, or mount the root at a shorter path"))
    for name in relative.split("/"):
        if limits.units(name) > limits.name:
            message = f"a name has {limits.units(name)} {limits.unit}, more than {limits.name} on {platform}"
            found.append(Fault("path.name", message, start, "shorten it"))
        start += len(name) + 1
    return found
