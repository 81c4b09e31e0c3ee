r"""Which named root a path lies below, however a platform spells it: ``P:\shows``, ``//server/share``, ``/mnt/shows``.

Pure, so the spellings of every platform are understood on all of them, wherever a root is known by such a folder.
"""

from __future__ import annotations

import functools
import ntpath
import posixpath
from collections.abc import Iterable, Sequence
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Final, NamedTuple, TypeAlias

from bifrost_sdk.domain import codes

#: The longest paths that every Windows program opens, in units of UTF-16: of a file, and of a folder to be made.
WINDOWS_FILE: Final = 259
WINDOWS_FOLDER: Final = 247

#: Where a storage tries what it can do: in a folder each time, named by the second of the epoch in UTC, ``-`` and more.
TRIALS: Final = ".bifrost/trials"

#: What the copy of a newest version is called, in the place of the version's number.
LATEST: Final = "latest"

#: The folders of roots: (name of the root, folder); a root may have several, as platforms spell it.
RootFolders: TypeAlias = Sequence[tuple[str, PurePath]]

_KINDS: Final = (PurePosixPath, PureWindowsPath)
_LONG_SHARE: Final = "\\\\?\\UNC\\"
_LONG: Final = "\\\\?\\"


class Below(NamedTuple):
    """A place below a named root; `path` is relative, composed (NFC), ``/`` between its parts, empty for the root."""

    root: str
    path: str


def below(text: str, folders: Iterable[tuple[str, PurePath]]) -> list[Below]:
    r"""The roots that an absolute path lies below, the nearest first; `folders` are (name of the root, its folder).

    A root may have several folders. ``.`` and ``..`` are followed by name, as nothing looks at a disk here.

    >>> shows = [("publish", PureWindowsPath("P:/shows")), ("publish", PurePosixPath("/mnt/shows"))]
    >>> below("p:\\Shows\\demo\\hero.usd", shows), below("/mnt/shows/x/../demo", shows), below("/mnt/showsx", shows)
    ([Below(root='publish', path='demo/hero.usd')], [Below(root='publish', path='demo')], [])
    """
    found: dict[Below, int] = {}
    spelled = {kind: _absolute(text, kind) for kind in _KINDS}
    for root, folder in folders:
        kind = PureWindowsPath if isinstance(folder, PureWindowsPath) else PurePosixPath
        path, within = spelled[kind], _normal(folder, kind)
        if path is None or within is None or not path.is_relative_to(within):
            continue
        rest = path.relative_to(within).as_posix()
        found.setdefault(Below(root, "" if rest == "." else codes.nfc(rest)), len(within.parts))
    return sorted(found, key=lambda place: -found[place])


def is_absolute(text: str) -> bool:
    r"""Whether a path is absolute on one of the platforms.

    >>> [is_absolute(text) for text in ("/mnt/x", "P:\\x", "\\\\server\\share\\x", "demo/x", "P:x")]
    [True, True, True, False, False]
    """
    return any(_absolute(text, kind) is not None for kind in _KINDS)


def over_length(folder: PurePath, path: str, *, is_folder: bool = False) -> int:
    r"""By how many characters a path below a root's folder is too long for Windows; 0 where it is not, and elsewhere.

    >>> over_length(PureWindowsPath("P:/shows"), "a" * 251), over_length(PurePosixPath("/mnt"), "a" * 300)
    (1, 0)
    """
    if not isinstance(folder, PureWindowsPath):
        return 0
    units = len(str(folder / path).encode("utf-16-le", "surrogatepass")) // 2
    return max(0, units - (WINDOWS_FOLDER if is_folder else WINDOWS_FILE))


@functools.lru_cache(maxsize=256)
def _normal(folder: PurePath, kind: type[PurePath]) -> PurePath | None:
    return _absolute(str(folder), kind)


def _absolute(text: str, kind: type[PurePath]) -> PurePath | None:
    """The path as the platform of `kind` reads it; None where it is not absolute there."""
    if kind is PureWindowsPath:
        path = PureWindowsPath(ntpath.normpath(_unprefixed(text)))
        return path if path.is_absolute() else None
    if not text.startswith("/"):
        return None
    return PurePosixPath("/" + posixpath.normpath(text).lstrip("/"))


def _unprefixed(text: str) -> str:
    r"""A Windows path without what lets it be long: ``\\?\P:\shows`` and ``\\?\UNC\server\share``."""
    spelled = text.replace("/", "\\")
    if spelled[: len(_LONG_SHARE)].upper() == _LONG_SHARE:
        return "\\\\" + spelled[len(_LONG_SHARE) :]
    return spelled.removeprefix(_LONG)
