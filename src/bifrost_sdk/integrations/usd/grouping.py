"""Which layers and textures of a folder make one asset together: decided from paths and references alone.

A folder that holds a layer of its own name is an asset, with its parts below it; a folder whose layers lie only in
folders of parts (``geo``, ``look``, …) is one too; in any other folder each layer that no neighbour claims for itself
is an asset, with what is only its own. Files without layers around them that are referred to make a library. What
refers to each other in a circle is one asset, since versions are made one after another.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

import attrs

from bifrost_sdk.domain.codes import fold
from bifrost_sdk.integrations.usd.circles import circles

#: Folders of these names are parts of the asset around them, and never assets of their own below one.
PARTS = frozenset(
    [
        *("anim", "animation", "asset", "cache", "caches", "cards", "clips", "geo", "geom", "geometry", "groom"),
        *("layers", "look", "lookdev", "looks", "maps", "materials", "meshes", "mtl", "payload", "payloads", "proxy"),
        *("render", "rig", "rigs", "shader", "shaders", "shading", "src", "sublayers", "tex", "texture", "textures"),
        *("thumbnails", "usd", "variants"),
    ]
)


@attrs.frozen
class Holdings:
    """What a folder holds: paths relative to it, ``/`` between their parts.

    `layers` gives for each layer the names that it calls itself; `uses` what files it refers to, itself never, and
    `sublayers` which layer is made of which. `ties` are pairs of files that must come together, because what is between
    them cannot be written anew.
    """

    files: frozenset[str]
    layers: Mapping[str, frozenset[str]] = attrs.field(hash=False)
    uses: Mapping[str, frozenset[str]] = attrs.field(hash=False)
    sublayers: frozenset[tuple[str, str]] = frozenset()
    ties: frozenset[tuple[str, str]] = frozenset()


@attrs.frozen
class Unit:
    """Files that make one asset: below `base`, the `main` one first.

    `source` is the folder or layer that it is named after, relative to the whole; empty for the whole folder itself.
    """

    source: str
    base: str
    files: tuple[str, ...]

    @property
    def main(self) -> str:
        """The file that stands for it."""
        return self.files[0]

    def name_of(self, file: str) -> str:
        """The path of one of its files below `base`."""
        return posixpath.relpath(file, self.base or ".")


@attrs.frozen
class Grouping:
    """The units in an order in which each comes after those that it needs; `unmatched` files belong to none."""

    units: tuple[Unit, ...]
    unmatched: tuple[str, ...]


def group(held: Holdings, *, whole: Collection[str] = ()) -> Grouping:
    """Find the units of a folder; folders in it that match a pattern of `whole` are one unit each.

    Every file is in at most one unit, every layer in exactly one. The same folder always gives the same answer, however
    it is called itself.

    >>> files = frozenset(["chairs/oak/oak.usda", "chairs/oak/geo/oak.usdc", "room.usda", "notes.txt"])
    >>> uses = {
    ...     "chairs/oak/oak.usda": frozenset(["chairs/oak/geo/oak.usdc"]),
    ...     "room.usda": frozenset(["chairs/oak/oak.usda"]),
    ... }
    >>> held = Holdings(files, {path: frozenset() for path in files if path != "notes.txt"}, uses)
    >>> for unit in group(held).units:
    ...     print(unit.source, unit.files)
    chairs/oak ('chairs/oak/oak.usda', 'chairs/oak/geo/oak.usdc')
    room.usda ('room.usda',)
    """
    tree = _Tree(held, whole)
    drafts: list[_Draft] = []
    unmatched: list[str] = []
    for base, files in tree.regions():
        made = _Region(tree, base, files)
        drafts += made.drafts()
        unmatched += made.left
    return Grouping(_ordered(tree, drafts), tuple(sorted(unmatched)))


def matches(path: str, pattern: str) -> bool:
    """Whether a path is what a pattern means: ``*``, ``?`` and ``[…]`` stand for characters of one name.

    The whole folder, whose path is empty, is meant by a dot alone.

    >>> matches("assets/char/hero", "assets/*/hero"), matches("assets/char/hero", "assets/*")
    (True, False)
    """
    if not path:
        return pattern == "."
    names, wanted = path.split("/"), pattern.strip("/").split("/")
    return len(names) == len(wanted) and all(map(fnmatchcase, names, wanted))


@attrs.frozen
class _Draft:
    """A unit before those in a circle are made one."""

    source: str
    base: str
    main: str
    files: frozenset[str]


class _Tree:
    """The folders of what is held, and what is known of each."""

    def __init__(self, held: Holdings, whole: Collection[str]) -> None:
        self.held = held
        self.whole = whole
        self.files: defaultdict[str, list[str]] = defaultdict(list)
        self.folders: defaultdict[str, set[str]] = defaultdict(set)
        self.layered: set[str] = set()
        self.users: defaultdict[str, set[str]] = defaultdict(set)
        for file in sorted(held.files):
            self._place(file)
        for user, used in held.uses.items():
            for file in used - {user}:
                self.users[file].add(user)
        self.interfaces = {folder: main for folder in sorted(self.files) if (main := self._interface(folder))}
        assets = [folder for folder in self.interfaces if self.called(folder) not in PARTS]
        self.around = {above for folder in assets for above in _above(folder)}
        layered = sorted(self.layered - {""})
        self.containers = {posixpath.dirname(folder) for folder in layered if not self._is_named_part(folder)}

    def _place(self, file: str) -> None:
        folder = posixpath.dirname(file)
        self.files[folder].append(file)
        while True:
            if file in self.held.layers:
                self.layered.add(folder)
            if not folder:
                return
            above = posixpath.dirname(folder)
            self.folders[above].add(folder)
            folder = above

    def called(self, folder: str) -> str:
        """The folder's own name, to be compared."""
        return fold(posixpath.basename(folder))

    def _interface(self, folder: str) -> str:
        """The layer of a folder that stands for it: the one named like it, else the only one free to be so called.

        The whole folder may have any name: there it is the only one that is named like its own prim.
        """
        called = self.called(folder)
        layers = [file for file in self.files[folder] if file in self.held.layers]
        if not folder:
            own = [file for file in layers if fold(_stem(file)) in map(fold, self.held.layers[file])]
            return own[0] if len(own) == 1 else ""
        named = [file for file in layers if fold(_stem(file)) == called]
        if named:
            return named[0]
        free = [file for file in layers if not any(_is_below(user, folder) for user in self.users[file])]
        titled = [file for file in free if called in map(fold, self.held.layers[file])]
        return titled[0] if len(titled) == 1 else ""

    def regions(self) -> Iterator[tuple[str, list[str]]]:
        """Folders that may be assets or hold some, each with its files: its own, and those of its parts."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        ahead = [("", "")]
        while ahead:
            folder, base = ahead.pop()
            found[base] += self.files.get(folder, [])
            children = self.folders.get(folder, ())
            ahead.extend((child, base if self._is_part(child, folder, base) else child) for child in children)
        yield from sorted(found.items())

    def _is_part(self, child: str, folder: str, base: str) -> bool:
        """Whether a folder belongs to the region around it."""
        if self.is_whole(child):
            return False
        if self.is_whole(base):
            return True
        if child not in self.layered:
            return base not in self.layered or self._has_layers(base)
        if self._is_named_part(child):
            return folder != base or base in self.interfaces or base not in self.containers
        if base in self.interfaces or folder != base:
            return child not in self.interfaces or self._is_private(child, base)
        return False

    def _has_layers(self, base: str) -> bool:
        """Whether layers lie in the folder itself or in its parts."""
        return any(file in self.held.layers for file in self.files.get(base, ())) or base not in self.containers

    def is_whole(self, folder: str) -> bool:
        """Whether somebody said that the folder is one asset."""
        return any(matches(folder, pattern) for pattern in self.whole)

    def _is_named_part(self, folder: str) -> bool:
        """Whether it is called as parts are, and holds no folder that is an asset by its own name."""
        return self.called(folder) in PARTS and folder not in self.around

    def _is_private(self, folder: str, base: str) -> bool:
        """Whether its files are referred to from around it only."""
        users = {
            user
            for file in self.held.files
            if _is_below(file, folder)
            for user in self.users[file]
            if not _is_below(user, folder)
        }
        return bool(users) and all(_is_below(user, base) for user in users)


class _Region:
    """The files of one region, shared out among the assets in it; `left` belong to none."""

    def __init__(self, tree: _Tree, base: str, files: Sequence[str]) -> None:
        self.tree = tree
        self.base = base
        self.files = sorted(files)
        self.layers = [file for file in self.files if file in tree.held.layers]
        self.left: list[str] = []

    def drafts(self) -> list[_Draft]:
        """The assets of the region."""
        if not self.files:
            return []
        if not self.layers:
            return self._library()
        interface = self.tree.interfaces.get(self.base, "")
        if self.tree.is_whole(self.base) or not any(posixpath.dirname(file) == self.base for file in self.layers):
            return [self._whole(interface or self._first(), self.files)]
        if not interface:
            return self._shared_out(self.files)
        above = self._above(interface)
        return [self._whole(interface, [file for file in self.files if file not in above]), *self._shared_out(above)]

    def _whole(self, main: str, files: Iterable[str]) -> _Draft:
        return _Draft(self.base, self.base, main, frozenset(files))

    def _library(self) -> list[_Draft]:
        used = [file for file in self.files if self.tree.users[file]]
        if used or self.tree.is_whole(self.base):
            return [self._whole(used[0] if used else self.files[0], self.files)]
        self.left += self.files
        return []

    def _first(self) -> str:
        """The layer that is for others rather than its neighbours: the most used by them, then nearest to the top."""
        inside = set(self.files)

        def order(layer: str) -> tuple[object, ...]:
            users = self.tree.users[layer]
            return bool(users & inside), -len(users - inside), layer.count("/"), layer

        return min(self.layers, key=order)

    def _above(self, interface: str) -> set[str]:
        """Layers that use the interface, directly or not, and that it does not use: scenes beside the asset."""
        users = _reached(interface, self.tree.users) & set(self.layers)
        return users - _reached(interface, self.tree.held.uses) - {interface}

    def _shared_out(self, members: Collection[str]) -> list[_Draft]:
        """Each file goes to the one that alone uses it; what several use, or nobody does, stands for itself.

        So does a layer that is only referred to, unless it is named after the one that does.
        """
        inside = set(members)
        owners: dict[str, str] = {}
        graph = {file: self.tree.users[file] & inside for file in sorted(inside)}
        for circle in circles(graph):  # users come before what they use
            first = circle[0]
            users = {user for file in circle for user in self.tree.users[file]} - set(circle)
            found = {owners.get(user, "") for user in users}
            owner = found.pop() if len(found) == 1 else ""
            if owner and not any(self._is_claimed(file, owner) for file in circle):
                owner = ""
            owners.update(
                dict.fromkeys(circle, owner or next((f for f in circle if f in self.tree.held.layers), first))
            )
        claimed: defaultdict[str, set[str]] = defaultdict(set)
        for file, owner in owners.items():
            claimed[owner].add(file)
        return self._named(claimed)

    def _is_claimed(self, file: str, owner: str) -> bool:
        """Whether a file that only an asset uses is a part of it, and no asset that is referred to."""
        held = self.tree.held
        if file not in held.layers or _namesake(file, [owner]):
            return True
        return any((user, file) in held.sublayers for user in self.tree.users[file])

    def _named(self, claimed: Mapping[str, set[str]]) -> list[_Draft]:
        """The layers that own files, with the files that are called like them; the other files by their folders."""
        own = {owner: set(files) for owner, files in claimed.items() if owner in self.tree.held.layers}
        shelves: defaultdict[str, set[str]] = defaultdict(set)
        for file in (file for owner in claimed if owner not in own for file in claimed[owner]):
            if self.tree.users[file]:
                inner = file[len(self.base) + 1 if self.base else 0 :].split("/")
                shelves[posixpath.join(self.base, inner[0]) if len(inner) > 1 else self.base].add(file)
            elif owner := _namesake(file, own):
                own[owner].add(file)
            else:
                self.left.append(file)
        drafts = [_Draft(owner, self.base, owner, frozenset(files)) for owner, files in own.items()]
        return drafts + [_Draft(shelf, shelf, min(files), frozenset(files)) for shelf, files in shelves.items()]


def _namesake(file: str, owners: Iterable[str]) -> str:
    """The layer whose name the name of a file begins with, the longest one; empty where there is none."""
    stem = fold(_stem(file))
    found = [owner for owner in owners if stem == fold(_stem(owner)) or stem.startswith(
        tuple(fold(_stem(owner)) + mark for mark in "._-"))]  # fmt: skip
    return max(found, key=lambda owner: (len(_stem(owner)), owner), default="")


def _ordered(tree: _Tree, drafts: Sequence[_Draft]) -> tuple[Unit, ...]:
    """The units, those that need each other made one, each after what it needs."""
    drafts = sorted(drafts, key=lambda draft: (draft.base, draft.source, draft.main))
    owner = {file: index for index, draft in enumerate(drafts) for file in draft.files}
    needs: dict[int, set[int]] = {index: set() for index in range(len(drafts))}
    for user, used in tree.held.uses.items():
        needs[owner[user]].update(owner[file] for file in used)
    for one, other in tree.held.ties:
        needs[owner[other]].add(owner[one])
    return tuple(_unit([drafts[index] for index in circle]) for circle in circles(needs))


def _unit(drafts: Sequence[_Draft]) -> Unit:
    first = min(drafts, key=lambda draft: (draft.source.count("/"), draft.source))
    base = posixpath.commonpath([draft.base for draft in drafts]) if len(drafts) > 1 else first.base
    files = sorted({file for draft in drafts for file in draft.files} - {first.main})
    return Unit(first.source, base, (first.main, *files))


def _reached(start: str, edges: Mapping[str, Collection[str]]) -> set[str]:
    found: set[str] = set()
    ahead = [start]
    while ahead:
        for file in edges.get(ahead.pop(), ()):
            if file not in found:
                found.add(file)
                ahead.append(file)
    return found


def _above(folder: str) -> Iterator[str]:
    while folder:
        folder = posixpath.dirname(folder)
        yield folder


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]


def _is_below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")
