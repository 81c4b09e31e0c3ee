"""What the layers of a folder refer to: each asset path they hold, and the files that it leads to.

Layers are read from disk as copies of their own, whatever a host has open; nothing is composed, so prims that are
inactive, payloads and variants that are not selected count like all others. How a path leads to a file is the business
of the library's resolver, as it is set up in this process.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from bifrost_sdk.integrations.usd.assetpaths import Layer, respell
from bifrost_sdk.integrations.usd.closures import LAYERS, is_expression, is_reference, split
from bifrost_sdk.integrations.usd.library import Ar, Sdf, Tf, UsdUtils, words_of

#: Up to so many bytes a layer is gone through without asking first whether it holds any asset path.
_SMALL = 1 << 16

_UDIM = "<UDIM>"
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
_HASHES = re.compile("(#+)")
# Fields that say something about a layer and are followed by nothing that composes it.
_TOLD = ("assetInfo", "customData", "customLayerData")


@attrs.frozen
class Problem:
    """Something in a folder that could not be taken as it is; all else goes on.

    `code` is ``missing``, ``outside``, ``unreadable``, ``link``, ``name``, ``needs``, ``taken`` or ``held``. `layer` is
    the file or folder that it was found in, relative to the whole, `place` the prim or property with its field, the
    first of `count` in that layer, `path` the asset path as it is written there.
    """

    code: str
    layer: str
    reason: str
    place: str = attrs.field(default="", kw_only=True)
    path: str = attrs.field(default="", kw_only=True)
    hint: str = attrs.field(default="", kw_only=True)
    count: int = attrs.field(default=1, kw_only=True)

    def __str__(self) -> str:
        more = f"and {self.count - 1:,} more" if self.count > 1 else ""
        where = " ".join(part for part in (self.layer, self.place, more) if part)
        what = f" @{self.path}@" if self.path else ""
        return f"{where}:{what} {self.reason}" + (f" ({self.hint})" if self.hint else "")


@attrs.frozen
class Link:
    """What an asset path leads to: `files` of the folder, under one name.

    `target` is that name: the file, or its pattern with ``<UDIM>``. `rest` is what follows it in the path: the place in
    a package, arguments. `is_fixed`: the path stands for several and cannot be written anew for each, so that the
    layer and the files must come together. `is_sublayer`: the layer is made of it.
    """

    target: str
    files: tuple[str, ...]
    rest: str = ""
    is_fixed: bool = False
    is_sublayer: bool = False


@attrs.frozen
class Contents:
    """What one layer says: the names that it gives itself, and where each of its asset paths leads.

    `counts` tells how often each path stands there. `managed` are references to versions that a catalog holds already.
    """

    titles: frozenset[str] = frozenset()
    links: Mapping[str, Link] = attrs.field(factory=dict, hash=False)
    counts: Mapping[str, int] = attrs.field(factory=dict, hash=False)
    managed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@attrs.frozen
class Folder:
    """The files of a folder: their paths relative to it, by the real path of each."""

    path: Path
    files: Mapping[str, str] = attrs.field(hash=False)


def read_layer(folder: Folder, name: str) -> Contents:
    """What a layer of the folder refers to; one that cannot be read says nothing, and that is a problem."""
    path = folder.path / name
    try:
        layer = open_copy(path)
        if path.stat().st_size > _SMALL and not _refers(path):
            return Contents(_titles(layer))
        return _Reading(folder, name, layer).run()
    except (Tf.ErrorException, OSError, RuntimeError) as error:
        reason = f"cannot be read as USD: {words_of(error)}"
        return Contents(problems=(Problem("unreadable", name, reason, hint="write it again, or take it away"),))


def open_copy(path: Path) -> Layer:
    """The layer as it lies on disk, not shared with anybody.

    Raises:
        Tf.ErrorException: it is no layer.
    """
    layer = Sdf.Layer.OpenAsAnonymous(str(path))
    if layer is None:
        raise RuntimeError("no file format takes it")
    return layer


def _refers(path: Path) -> bool:
    """Whether a layer holds any asset path, which the library tells quickly of a copy that may change by that."""
    found: list[str] = []

    def keep(path: str) -> str:
        found.append(path)
        return path

    UsdUtils.ModifyAssetPaths(open_copy(path), keep)
    return bool(found)


class _Reading:
    """One layer being gone through."""

    def __init__(self, folder: Folder, name: str, layer: Layer) -> None:
        self.folder = folder
        self.name = name
        self.layer = layer
        self.links: dict[str, Link] = {}
        self.counts: Counter[str] = Counter()
        self.managed: dict[str, None] = {}
        self.problems: dict[str, Problem] = {}

    def run(self) -> Contents:
        """Look at each asset path."""
        respell(self.layer, self._look)
        told = tuple(self.managed), tuple(self.problems.values())
        return Contents(_titles(self.layer), self.links, self.counts, *told)

    def _look(self, path: str, place: str) -> str:
        self.counts[path] += 1
        if is_reference(path):
            self.managed[path] = None
        elif known := self.problems.get(path):
            if not place.endswith(_TOLD):
                self.problems[path] = attrs.evolve(known, place=min(known.place, place), count=known.count + 1)
        elif path not in self.links:
            found = self._follow(path, place)
            if isinstance(found, Link):
                self.links[path] = attrs.evolve(found, is_sublayer=place == "/")  # these come first
            elif not place.endswith(_TOLD):
                self.problems[path] = attrs.evolve(found, place=place, path=path)
        return path

    def _follow(self, path: str, place: str) -> Link | Problem:
        is_fixed = is_expression(path)
        if is_fixed:
            value = Sdf.VariableExpression(path).Evaluate(dict(self.layer.expressionVariables)).value
            if not isinstance(value, str) or not value:
                hint = "set its variables in the layer, or write the path without it"
                return Problem("missing", self.name, "the expression comes to no path here", hint=hint)
            path = value
        file, rest = split(path)
        if _URI.match(file):
            return Problem("outside", self.name, "is no file of the folder; it stays as it is", hint="bring it in")
        if _UDIM in file:
            return self._many(file, rest, re.escape(file.rpartition("/")[2]).replace(re.escape(_UDIM), "[1-9][0-9]{3}"))
        if "#" in file and place.endswith(" clips"):
            pattern = "".join(
                f"-?[0-9]{{{len(part)},}}" if part[:1] == "#" else re.escape(part)
                for part in _HASHES.split(file.rpartition("/")[2])
            )
            found = self._many(file, rest, pattern)
            return attrs.evolve(found, is_fixed=True) if isinstance(found, Link) else found
        found = self._one(file, rest)
        return attrs.evolve(found, is_fixed=True) if is_fixed and isinstance(found, Link) else found

    def _one(self, file: str, rest: str) -> Link | Problem:
        real = self._resolved(file)
        if not real:
            return Problem("missing", self.name, "leads to no file", hint="bring the file back, or change the path")
        name = self.folder.files.get(real)
        return self._outside(real) if name is None else Link(name, (name,), rest)

    def _many(self, file: str, rest: str, pattern: str) -> Link | Problem:
        """All files of a set: tiles, or clips by their numbers."""
        folder = posixpath.join((self.folder.path / self.name).parent.as_posix(), posixpath.dirname(file))
        try:
            names = sorted(filter(re.compile(pattern).fullmatch, os.listdir(folder)))  # noqa: PTH208 - names are enough
        except OSError:
            names = []
        if not names:
            return Problem("missing", self.name, "leads to no files", hint="bring the files back, or change the path")
        reals = [os.path.realpath(os.path.join(folder, name)) for name in names]  # noqa: PTH118 - a text is asked for
        if strange := [real for real in reals if real not in self.folder.files]:
            return self._outside(strange[0])
        files = tuple(self.folder.files[real] for real in reals)
        return Link(posixpath.join(posixpath.dirname(files[0]), file.rpartition("/")[2]), files, rest)

    def _resolved(self, file: str) -> str:
        """The real path of the file; empty where there is none."""
        resolver = Ar.GetResolver()
        try:
            anchor = Ar.ResolvedPath(str(self.folder.path / self.name))
            found = str(resolver.Resolve(resolver.CreateIdentifier(file, anchor)))
            real = os.path.realpath(found) if found else ""
        except (ValueError, OSError, Tf.ErrorException):
            return ""
        return real if os.path.isfile(real) else ""  # noqa: PTH113 - Path.is_file raises where it may not look

    def _outside(self, real: str) -> Problem:
        reason = f"leads to {real}, which is not taken in; it stays as it is"
        return Problem("outside", self.name, reason, hint="copy it into the folder, or publish it by itself")


def _titles(layer: Layer) -> frozenset[str]:
    """What the layer's default prim and its asset information say that it is called."""
    root = layer.rootPrims.get(layer.defaultPrim)
    if root is None:
        return frozenset()
    told: Any = root.assetInfo.get("name")  # Any: whatever somebody wrote there
    return frozenset([root.name, told] if isinstance(told, str) and told else [root.name])


def is_layer(name: str) -> bool:
    """Whether a file is read as a layer, by its name; packages (usdz) are kept whole, as one file."""
    return name.lower().endswith(LAYERS)
