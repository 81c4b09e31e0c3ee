"""From the things of an adopted show to the changes that bring them into a catalog, list by list.

Each list stands alone: it ensures the nodes that its versions and work files lie in, whatever an earlier list has made,
so that lists may be repeated, and a series may end anywhere and be drafted anew from what stands then.
"""

from __future__ import annotations

import collections
import datetime
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.domain import codes, wire
from bifrost_sdk.domain.adoption.holdings import Held, Standing
from bifrost_sdk.domain.adoption.meanings import Place, Trouble, path_of
from bifrost_sdk.domain.adoption.things import AdoptedVersion, AdoptedWorkfile, Left, Piece, Things
from bifrost_sdk.domain.changes import Change, Create, Ensure
from bifrost_sdk.domain.entity import DOCUMENT_LIMIT, Entity
from bifrost_sdk.domain.registry import entity_type, kinds
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.domain.versions import Representation, Version, Workfile

#: Changes of one list; more take the project's lock for longer than others should wait.
BATCH = 4_000

# What a representation's document and a file in it need besides names, frames and tiles, in bytes; with its hash.
_HEAD = 2_048
_EACH = 220
_LONGEST_KEY = 58


@attrs.frozen
class Batch:
    """One list of changes, and how many files on disk it takes in."""

    changes: tuple[Change, ...]
    files: int


@attrs.frozen
class Intake:
    """Everything that is to be made: lists of changes, how many of each kind are new, and what is left out.

    `counts` are in the order of the tree.
    """

    batches: tuple[Batch, ...]
    counts: Mapping[str, int] = attrs.field(hash=False)
    left: tuple[Left, ...] = ()

    @property
    def files(self) -> int:
        """How many files on disk are taken in."""
        return sum(batch.files for batch in self.batches)


def draft(things: Things, standing: Standing, new_id: Callable[[], str], *, limit: int = BATCH) -> Intake:
    """The changes that bring these things in beside what stands, at most `limit` a list.

    A version is never split.
    """
    drafting = _Drafting(standing, new_id, limit)
    for place, items in _by_place(things):
        drafting.add_node(place)
        for item in items:
            if isinstance(item, AdoptedVersion):
                drafting.add_version(item)
            else:
                drafting.add_workfile(item)
    drafting.flush()
    counts = {kind: drafting.counts[kind] for kind in kinds() if kind in drafting.counts}
    return Intake(tuple(drafting.batches), counts, tuple(drafting.left))


def _by_place(things: Things) -> Iterator[tuple[Place, list[AdoptedVersion | AdoptedWorkfile]]]:
    """Every node with its versions and work files, so that few lists need the same nodes; what lies in others last."""
    found: dict[Place, list[AdoptedVersion | AdoptedWorkfile]] = {place: [] for place in ((), *things.places)}
    for version in things.versions:
        found[version.place].append(version)
    for workfile in things.workfiles:
        found[workfile.claim.place].append(workfile)
    yield from found.items()


class _Drafting:
    """Gathers changes; what nodes need above them is put into each list again."""

    def __init__(self, standing: Standing, new_id: Callable[[], str], limit: int) -> None:
        self.batches: list[Batch] = []
        self.left: list[Left] = []
        self.counts: collections.Counter[str] = collections.Counter()
        self._standing = standing
        self._new_id = new_id
        self._limit = limit
        self._ids: dict[str, str | Trouble] = {"": standing.project}
        self._tasks = dict(standing.tasks)
        self._workfiles = set(standing.workfiles)
        self._new: dict[str, tuple[Ensure, str]] = {}
        self._counted: set[str] = set()
        self._changes: list[Change] = []
        self._present: set[str] = set()
        self._files = 0

    def add_node(self, place: Place) -> None:
        """A node, though nothing may lie in it."""
        id = self._node(place)
        if not isinstance(id, Trouble):
            self._put([id], [], 0)

    def add_version(self, made: AdoptedVersion) -> None:
        """A version with its files, or further representations of one that stands."""
        node, product = self._node(made.place), self._node((*made.place, ("product", made.product)))
        held = None if isinstance(product, Trouble) else self._standing.versions.get((product, made.number))
        if isinstance(node, Trouble) or isinstance(product, Trouble):
            self._leave(made.pieces, node if isinstance(node, Trouble) else product)
        elif held is not None and (trouble := _trouble_with(held, made)):
            self._leave(made.pieces, trouble)
        else:
            version = held.version if held else self._version(made, product, self._task(node, made.task))
            items = list(self._representations(made, version, held))
            if items:
                needs = [product, version.task] if version.task and not held else [product]
                entities = [*([] if held else [version]), *(item for item, _ in items)]
                self._put(needs, entities, sum(piece.count for _, pieces in items for piece in pieces))

    def add_workfile(self, made: AdoptedWorkfile) -> None:
        """A work file."""
        claim, piece = made.claim, made.piece
        node = self._node(claim.place)
        key = (piece.root, codes.fold(piece.path))
        if isinstance(node, Trouble) or key in self._workfiles:
            twin = Trouble("it differs in case alone from another work file; rename one")
            self._leave([("", piece)], node if isinstance(node, Trouble) else twin)
            return
        self._workfiles.add(key)
        task = self._task(node, claim.task)
        workfile = Workfile(
            id=self._new_id(),
            parent=node,
            file=piece.path,
            root=piece.root,
            number=claim.number,
            task=task,
            application=claim.application,
            size=piece.size if piece.files is None else None,
            metadata=_metadata([piece]),
        )
        self._put([node, *([task] if task else [])], [workfile], piece.count)

    def flush(self) -> None:
        """End the list that is being made."""
        if self._changes:
            self.batches.append(Batch(tuple(self._changes), self._files))
        self._changes, self._present, self._files = [], set(), 0

    def _put(self, needs: Iterable[str], entities: Sequence[Entity], files: int) -> None:
        ids = list(dict.fromkeys(above for id in needs for above in self._above(id)))
        if len(self._changes) + len(ids) + len(entities) > self._limit:
            self.flush()
        missing = [id for id in ids if id not in self._present]
        self._changes += [*(self._new[id][0] for id in missing), *map(Create, entities)]
        self._present.update(missing)
        self._files += files
        first = [self._new[id][0].entity for id in missing if id not in self._counted]
        self._counted.update(missing)
        self.counts.update(entity.kind for entity in (*first, *entities))

    def _above(self, id: str) -> list[str]:
        """The new things that this one lies in, from the top, itself the last."""
        found: list[str] = []
        while id in self._new:
            found.append(id)
            id = self._new[id][1]
        return found[::-1]

    def _node(self, place: Place) -> str | Trouble:
        key = codes.fold(path_of(place))
        if key not in self._ids:
            self._ids[key] = self._standing_node(key, place)
        return self._ids[key]

    def _standing_node(self, key: str, place: Place) -> str | Trouble:
        kind, code = place[-1]
        found = self._standing.nodes.get(key)
        if found is not None:
            what = found.kind.replace("_", " ")
            return found.id if found.kind == kind else Trouble(f"{path_of(place)} is a {what} in the catalog", kind)
        parent = self._node(place[:-1])
        if isinstance(parent, Trouble):
            return parent
        fields = {"asset_type": self._node(place[:1])} if kind == "asset" else {}
        return self._ensure(entity_type(kind).cls(id=self._new_id(), code=code, parent=parent, **fields), parent)

    def _task(self, node: str, code: str) -> str | None:
        key = (node, codes.fold(code))
        if code and key not in self._tasks:
            self._tasks[key] = self._ensure(Task(id=self._new_id(), parent=node, code=code), node)
        return self._tasks[key] if code else None

    def _ensure(self, entity: Entity, parent: str) -> str:
        self._new[entity.id] = (Ensure(entity), parent)
        return entity.id

    def _version(self, made: AdoptedVersion, product: str, task: str | None) -> Version:
        return Version(
            id=self._new_id(),
            product=product,
            number=made.number,
            state="published",
            task=task,
            metadata=_metadata([piece for _, piece in made.pieces]),
        )

    def _representations(
        self, made: AdoptedVersion, version: Version, held: Held | None
    ) -> Iterator[tuple[Representation, list[Piece]]]:
        """The representations of the files that the version does not have yet, each with its files on disk."""
        taken = {codes.fold(item.name) for item in held.representations} if held else set()
        names = {file.name for item in held.representations for file in item.files} if held else set()
        by_root = collections.defaultdict(list)
        for key, piece in sorted(made.pieces, key=lambda each: (each[1].path.count("/"), each[1].path)):
            if held is not None and held.lists(piece):
                reason = f"version {made.number} of {made.path} has it with other numbers; what is published stays"
                self._leave([(key, piece)], Trouble(reason, "frame"))
            else:
                by_root[piece.root].append((key, piece))
        for root, pieces in by_root.items():
            folder = _folder(pieces, names)
            for key, members in self._divided(pieces, folder):
                name = _free(key, taken)
                files = tuple(piece.within(folder) for piece in members)
                ids: dict[str, Any] = {"id": self._new_id(), "version": version.id}  # Any: fields of every type
                yield Representation(**ids, name=name, root=root, folder=folder, files=files), members

    def _divided(self, pieces: list[tuple[str, Piece]], folder: str) -> Iterator[tuple[str, list[Piece]]]:
        """The files of each key, in as many parts as documents have room for, once their hashes are known."""
        by_key = collections.defaultdict(list)
        for key, piece in pieces:
            by_key[key].append(piece)
        for key, members in by_key.items():
            part: list[Piece] = []
            room = DOCUMENT_LIMIT - _HEAD
            for piece in members:
                size = _size(piece, folder)
                if size > DOCUMENT_LIMIT - _HEAD:
                    self._leave([(key, piece)], Trouble("its frames stand too far apart to be listed", "frame"))
                    continue
                if size > room:
                    yield key, part
                    part, room = [], DOCUMENT_LIMIT - _HEAD
                part.append(piece)
                room -= size
            if part:
                yield key, part

    def _leave(self, pieces: Iterable[tuple[str, Piece]], trouble: Trouble | str) -> None:
        assert isinstance(trouble, Trouble)
        self.left.extend(piece.left(*trouble) for _, piece in pieces)


def _trouble_with(held: Held, made: AdoptedVersion) -> Trouble | None:
    """Why a version that stands takes no further files."""
    if held.version.state != "published":
        return Trouble(f"version {made.number} of {made.path} is {held.version.state} in the catalog", "version")
    is_other = held.version.task is not None and codes.fold(held.task) != codes.fold(made.task)
    return attrs.evolve(made, task=held.task).refuse(made.task) if is_other else None


def _folder(pieces: Iterable[tuple[str, Piece]], names: set[str]) -> str:
    """The folder that all files lie in, one so far up that their names below it are not among `names`."""
    paths = [piece.path for _, piece in pieces]
    folders = {posixpath.dirname(path) for path in paths}
    folder = posixpath.commonpath(folders) if len(folders) > 1 else folders.pop()
    while folder and any(path[len(folder) + 1 :] in names for path in paths):
        folder = posixpath.dirname(folder)
    return folder


def _free(key: str, taken: set[str]) -> str:
    """The key, or with a number where it is taken; it is taken then."""
    name, number = key, 1
    while codes.fold(name) in taken:
        number += 1
        name = f"{key[:_LONGEST_KEY]}_{number}"
    taken.add(codes.fold(name))
    return name


def _size(piece: Piece, folder: str) -> int:
    """What a file needs in a document at most, in bytes."""
    size = _EACH + len(piece.path.encode()) - len(folder.encode())
    return size if piece.files is None else size + len(str(piece.files.frames)) + 6 * len(piece.files.udims)


def _metadata(pieces: Sequence[Piece]) -> dict[str, Any]:  # Any: JSON
    """What is kept of how things came here: created they are when they are adopted, written they were before."""
    try:
        modified = datetime.timedelta(microseconds=max(piece.modified for piece in pieces) // 1_000)
        written = {
            "modified_at": wire.print_time(datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + modified)
        }
    except OverflowError:  # a clock that was wrong
        written = {}
    return {"adopted": {"template": pieces[0].template, **written}}
