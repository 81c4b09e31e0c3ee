"""The folders of a show that is adopted: which roots they lie in, and what lies in them. They are only read."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import attrs

from bifrost_sdk.domain.adoption.things import Entry, Left
from bifrost_sdk.domain.rootpaths import below
from bifrost_sdk.errors import ConfigurationError, StorageError
from bifrost_sdk.services import places
from bifrost_sdk.services.configuration import WORKSPACE_FILE
from bifrost_sdk.services.disks import problem_of
from bifrost_sdk.services.roots import ROOT_NAME
from bifrost_sdk.services.workspace import OWN_NAMES


@attrs.frozen
class Listing:
    """What lies directly in a folder, which is relative to the adopted one: files, and what cannot be taken in."""

    folder: str
    files: tuple[Entry, ...] = ()
    left: tuple[Left, ...] = ()


def prefixes(
    roots: Mapping[str, Path], folder: Path, *, root: str | None = None, read: Collection[str]
) -> dict[str, str]:
    """What stands before a path relative to `folder` in each root that it lies in, the nearest root first.

    `root` names the only one that counts, `read` are those that have templates.

    Raises:
        ConfigurationError: the folder lies in no root, or in none that the templates read.
    """
    wanted = dict(roots) if root is None else {root: places.root(roots, root)}
    found = below(str(folder), list(wanted.items()))
    if not found:
        real = {name: Path(os.path.realpath(path)) for name, path in wanted.items()}
        found = below(os.path.realpath(folder), list(real.items()))
    if not found:
        raise _outside(roots, folder, root, read)
    if unread := [place.root for place in found if place.root not in read]:
        found = [place for place in found if place.root in read]
        if not found:
            message = (
                f"{folder} lies in the root {' and '.join(unread)}, and the templates read files of "
                f"{' and '.join(sorted(read)) or 'no root'}; write root: {unread[0]} in the templates of these files"
            )
            raise ConfigurationError(message, setting=f"roots.{unread[0]}")
    return {place.root: f"{place.path}/" if place.path else "" for place in found}


def walk(folder: Path) -> Iterator[Listing]:
    """Every folder below this one, itself the first, in the order of names; links are not followed.

    Raises:
        StorageError: there is no such folder.
    """
    if not folder.is_dir():
        raise StorageError(f"{folder} is no folder that is there", path=str(folder), reason="missing")
    waiting = [""]
    while waiting:
        relative = waiting.pop()
        listing, inner = _listed(folder / relative if relative else folder, relative)
        yield listing
        waiting += reversed(inner)


def _listed(folder: Path, relative: str) -> tuple[Listing, list[str]]:
    """What lies in a folder, and the folders in it."""
    before = f"{relative}/" if relative else ""
    files: list[Entry] = []
    left: list[Left] = []
    inner: list[str] = []
    try:
        with os.scandir(folder) as found:
            items = sorted((item for item in found if item.name not in OWN_NAMES), key=lambda item: item.name)
    except OSError as error:
        return Listing(relative, (), (Left(relative, f"cannot be read: {problem_of(error)}"),)), []
    for item in items:
        try:
            if item.is_dir(follow_symlinks=False):
                inner.append(before + item.name)
            elif item.is_file(follow_symlinks=False):
                status = item.stat()
                files.append(Entry(item.name, status.st_size, status.st_mtime_ns))
            else:
                what = "it is a link; adopt what it leads to" if item.is_symlink() else "it is no plain file"
                left.append(Left(before + item.name, what))
        except OSError as error:
            left.append(Left(before + item.name, f"cannot be read: {problem_of(error)}"))
    return Listing(relative, tuple(files), tuple(left)), inner


def _outside(roots: Mapping[str, Path], folder: Path, root: str | None, read: Collection[str]) -> ConfigurationError:
    """Says which lines make the folder one of a root."""
    inner = [name for name, path in roots.items() if folder in path.parents]
    if inner:
        message = f"{folder} lies in no root but holds {' and '.join(inner)}; adopt {roots[inner[0]]}"
        return ConfigurationError(message, setting=f"roots.{inner[0]}")
    if root is not None:
        message = (
            f"{folder} does not lie in the root {root!r}, which is {roots[root]}; leave the root out, or name another"
        )
        return ConfigurationError(message, setting=f"roots.{root}")
    known = ", ".join(f"{name}: {path}" for name, path in roots.items()) or "none"
    name = next((each for each in sorted(read) if each not in roots), "") or _name_for(folder, roots)
    lines = f"roots:\n  {name}: {json.dumps(str(folder), ensure_ascii=False)}"
    message = (
        f"{folder} lies in none of the roots ({known}); add these lines to {WORKSPACE_FILE} (below a 'roots:' that is "
        f"there, only the second):\n{lines}"
    )
    return ConfigurationError(message, setting=f"roots.{name}")


def _name_for(folder: Path, roots: Collection[str]) -> str:
    """A name for a root that is this folder."""
    plain = re.sub(r"[^a-z0-9]+", "_", folder.name.lower()).strip("_")[:24]
    name = plain if ROOT_NAME.fullmatch(plain) else f"show_{plain}".rstrip("_")
    return name if name not in roots else f"{name}_adopted"
