"""The files of an existing show, gathered folder by folder into things of a catalog.

The template that reads a path tells by its tokens what the file is. In the area ``work`` it is one that somebody works
in; with a product and the number of a version it belongs to that version; everything else (renders, caches) only shows
that its asset or shot exists. What cannot be taken in is listed with the reason, never guessed.
"""

from __future__ import annotations

import functools
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import attrs

from bifrost_sdk.domain import codes, filesets, locations
from bifrost_sdk.domain.adoption.meanings import Claim, Meaning, Place, Trouble, path_of
from bifrost_sdk.domain.adoption.things import AdoptedVersion, AdoptedWorkfile, Entry, Left, Piece, Things
from bifrost_sdk.domain.registry import entity_type, kinds
from bifrost_sdk.domain.templates.failures import Failure
from bifrost_sdk.domain.templates.sets import TemplateSet

#: The area whose templates describe folders, so read no file.
FOLDER: Final = "folder"


class _Found(NamedTuple):
    """How a path was read: below which root, by which template, as which values."""

    root: str
    meaning: Meaning
    values: Mapping[str, Any]  # Any: values of every type of token

    @property
    def key(self) -> tuple[Any, ...]:  # Any: values of every type of token
        """What is the same for all files of a set."""
        numbered = self.meaning.numbered
        return (self.root, self.meaning, *(item for item in self.values.items() if item[0] not in numbered))


class Gathering:
    """Takes in a show, folder by folder.

    `prefixes` are, by root, what stands before a path relative to the adopted folder; the first root that has a
    template for a path reads it. `known` are the (root, path) that the catalog has.

    >>> templates = TemplateSet.from_document(
    ...     {"templates": {"published": {"path": "{asset_type}/{asset}/{product}.v{version}.{ext}", "root": "publish"}}}
    ... )
    >>> gathering = Gathering(templates, "demo", {"publish": ""})
    >>> gathering.add("char/hero", [Entry("model.v003.usd", 10, 0), Entry("model.v3.usd", 10, 0)])
    >>> things = gathering.things()
    >>> [(version.place, version.product, version.number) for version in things.versions]
    [((('asset_type', 'char'), ('asset', 'hero')), 'model', 3)]
    >>> [(left.path, left.token) for left in things.left]
    [('char/hero/model.v3.usd', 'version')]
    """

    def __init__(
        self,
        templates: TemplateSet,
        project: str,
        prefixes: Mapping[str, str],
        *,
        known: Container[tuple[str, str]] = frozenset(),
    ) -> None:
        self._project = project
        self._known = known
        self._reading = _Reading(templates, prefixes)
        self._nodes = _Nodes()
        self._versions: dict[tuple[str, int], AdoptedVersion] = {}
        self._workfiles: list[AdoptedWorkfile] = []
        self._left: list[Left] = []
        self._pending: list[tuple[Piece, _Found]] = []
        self._counts = {"known": 0, "others": 0}

    def add(self, folder: str, entries: Iterable[Entry]) -> None:
        """Take in the files that lie directly in a folder; its path is relative to the adopted one."""
        groups: dict[tuple[Any, ...], tuple[_Found, list[Entry]]] = {}  # Any: values of every type of token
        unread: list[Entry] = []
        before = f"{folder}/" if folder else ""
        for entry in entries:
            path = before + entry.name
            found = self._reading.read(path)
            is_known = any(place in self._known for place in self._reading.places(path))
            self._counts["known"] += is_known
            if found is not None:
                groups.setdefault((is_known, *found.key), (found, []))[1].append(entry)
            elif not is_known:
                unread.append(entry)
        for (is_known, *_), (found, members) in groups.items():
            if is_known:  # whatever comes, it keeps its names: it was there before
                self._keep(found)
            else:
                self._pending += [(piece, found) for piece in self._reading.pieces(found, before, members)]
        self._left.extend(self._unread(before, unread))

    def leave(self, left: Left) -> None:
        """List what could not even be looked at."""
        self._left.append(left)

    def things(self) -> Things:
        """What was taken in."""
        for piece, found in self._pending:
            self._take(piece, found)
        self._pending = []
        return Things(
            tuple(sorted((each for each in self._nodes.places if not _is_product(each)), key=path_of)),
            tuple(sorted(self._versions.values(), key=lambda each: (path_of(each.place), each.product, each.number))),
            tuple(sorted(self._workfiles, key=lambda each: (path_of(each.claim.place), each.piece.path))),
            tuple(sorted(self._left, key=lambda left: left.path)),
            **self._counts,
        )

    def _keep(self, found: _Found) -> None:
        claim = found.meaning.claim(found.values, self._project)
        if isinstance(claim, Claim):
            self._nodes.keep(claim.versioned or claim.place)

    def _take(self, piece: Piece, found: _Found) -> None:
        claim = found.meaning.claim(found.values, self._project)
        if isinstance(claim, Trouble):
            self._left.append(piece.left(*claim))
        elif (piece.root, piece.path) in self._known:  # a set of work files is kept by its name
            self._counts["known"] += piece.count
        elif trouble := self._nodes.put(claim.versioned or claim.place):
            self._left.append(piece.left(*trouble))
        elif found.meaning.is_work:
            self._workfiles.append(AdoptedWorkfile(claim, piece))
        elif claim.versioned:
            self._add_to_version(claim, piece)
        else:
            self._counts["others"] += piece.count

    def _add_to_version(self, claim: Claim, piece: Piece) -> None:
        assert claim.number is not None  # it is part of what makes a claim one on a version
        made = AdoptedVersion(claim.place, claim.product, claim.number, claim.task)
        found = self._versions.setdefault((codes.fold(made.path), claim.number), made)
        if codes.fold(found.task) == codes.fold(claim.task):
            found.pieces.append((claim.representation or _key_of(piece.path), piece))
        else:
            self._left.append(piece.left(*found.refuse(claim.task)))

    def _unread(self, before: str, entries: list[Entry]) -> Iterator[Left]:
        """The files that no template reads, sets of them as one."""
        for item in filesets.collect(entry.name for entry in entries):
            names = [item] if isinstance(item, str) else list(item)
            label = item if isinstance(item, str) else item.printf
            nearest = self._reading.nearest(before + names[0])
            yield attrs.evolve(nearest, path=before + label, count=len(names))


class _Reading:
    """Reads paths by a set of templates, and says why none reads some."""

    def __init__(self, templates: TemplateSet, prefixes: Mapping[str, str]) -> None:
        self.templates = templates
        self.prefixes = prefixes
        self._meanings: dict[str, Meaning] = {}
        self._reasons: dict[str, Left] = {}

    def places(self, path: str) -> list[tuple[str, str]]:
        """Where the path lies, in each root."""
        return [(root, prefix + path) for root, prefix in self.prefixes.items()]

    def read(self, path: str) -> _Found | None:
        """How a path is read, None where no template does."""
        for root, whole in self.places(path):
            for made, values in self.templates.match(root, whole):
                if made.area != FOLDER:
                    if made.name not in self._meanings:
                        self._meanings[made.name] = Meaning.of(self.templates, made)
                    return _Found(root, self._meanings[made.name], values)
        return None

    def pieces(self, found: _Found, before: str, members: Iterable[Entry]) -> Iterator[Piece]:
        """The files of a folder that are read alike, those of a set as one; `before` stands before their names."""
        by_name = {entry.name: entry for entry in members}
        meaning, path = found.meaning, self.prefixes[found.root] + before
        is_set = meaning.numbered and len(by_name) > 1
        for item in filesets.collect(by_name, udims=meaning.has_tiles) if is_set else by_name:
            files = None if isinstance(item, str) else item
            name, label = (str(item), str(item)) if files is None else (files.pattern, files.printf)
            entries = [by_name[each] for each in files or [name]]
            size, modified = sum(entry.size for entry in entries), max(entry.modified for entry in entries)
            yield Piece(found.root, path + name, size, modified, before + label, meaning.template.name, files)

    def nearest(self, path: str) -> Left:
        """Why no template reads the path. Where reading stops in a folder, all that lies below stops there too."""
        folders = [path[:at] for at, char in enumerate(path) if char == "/"]
        known = next((self._reasons[folder] for folder in folders if folder in self._reasons), None)
        if known is not None:
            return known
        at, left = max((self._furthest(root, path) for root in self.prefixes), key=lambda found: found[0])
        stops = next((folder for folder in folders if at < len(folder)), None)
        if stops is not None:
            self._reasons[stops] = left
        return left

    def _furthest(self, root: str, path: str) -> tuple[int, Left]:
        """How much of the path the templates of a root read, and why no more."""
        prefix = self.prefixes[root]
        for made, failure in self.templates.nearest(root, prefix + path, count=1):
            left = Left(path, _told(failure, prefix + path), template=made.name, token=failure.token)
            return failure.position - len(prefix), left
        return -len(prefix) - 1, Left(path, f"no template reads files of the root {root!r}")


class _Nodes:
    """The nodes that paths name, where one path leads to one thing, spelled in one way."""

    def __init__(self) -> None:
        self.places: set[Place] = set()
        self._troubles: dict[Place, Trouble] = {}
        self._known: dict[str, tuple[str, str]] = {}

    def put(self, place: Place) -> Trouble | None:
        """Take in a node with all that it lies in; why it cannot lie there, if it cannot."""
        if place in self.places or not place:
            return None
        if place not in self._troubles:
            chain = _chain(place)
            trouble = self._trouble_in(chain)
            if trouble is None:
                self._known.update((key, each[-1]) for key, each in chain.items())
                self.places.update(chain.values())
                return None
            self._troubles[place] = trouble
        return self._troubles[place]

    def keep(self, place: Place) -> None:
        """A node that the catalog has with its files already: its name is taken, unless another's is before."""
        chain = _chain(place)
        if self._trouble_in(chain) is None:
            self._known.update((key, each[-1]) for key, each in chain.items())

    def _trouble_in(self, chain: Mapping[str, Place]) -> Trouble | None:
        return next((found for key, each in chain.items() if (found := self._trouble(key, each))), None)

    def _trouble(self, key: str, place: Place) -> Trouble | None:
        kind, code = place[-1]
        known, spelled = self._known.get(key, (kind, code))
        if known != kind:
            told = f"{path_of(place)} is there already as {known.replace('_', ' ')}"
            return Trouble(f"{told}, and a path leads to one thing", kind)
        if spelled != code:
            return Trouble(f"{code!r} differs in case alone from {spelled!r}, which is taken in; rename one", kind)
        if key in _branches():
            return Trouble(f"{code!r} begins a branch of the tree, so no {kind} can have that code", kind)
        return None


def _chain(place: Place) -> dict[str, Place]:
    """A node and all that it lies in, by folded path, from the top."""
    return {codes.fold(path_of(place[:count])): place[:count] for count in range(1, len(place) + 1)}


def _is_product(place: Place) -> bool:
    return place[-1][0] == "product"


@functools.cache
def _branches() -> frozenset[str]:
    return frozenset(root for kind in kinds() if (root := entity_type(kind).root))


def _key_of(path: str) -> str:
    """The key of a representation that nothing names: its extension, where it has one that can be a key."""
    key = locations.extension_of(path).replace(".", "_")
    return "file" if codes.code_fault(key) else key


def _told(failure: Failure, path: str) -> str:
    found = path[failure.position :].partition("/")[0]
    return f"expected {failure.expected}, found {found[:80]!r}" if found else f"expected {failure.expected}, it ends"
