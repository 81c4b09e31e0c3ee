"""What a memory store keeps of one project: an immutable state for each commit, each holding on to the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.errors import ConflictError
from bifrost_sdk.ports import Logged, LoggedCommit, Record, Write


@attrs.frozen(eq=False)
class Shelf:
    """One project as one commit left it.

    `records` are those that stand, by id; `paths` the canonical paths of its nodes, by id. `former` maps a folded path
    to the ids of the nodes that left it, the last one first. `numbers` holds the highest number ever given, by kind
    and parent. `commit` and `events` are those of this revision. `before` is the project one revision earlier.
    """

    code: str
    revision: int = 0
    at: int = 0
    records: Mapping[str, Record] = attrs.field(factory=dict)
    paths: Mapping[str, str] = attrs.field(factory=dict)
    former: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    numbers: Mapping[tuple[str, str], int] = attrs.field(factory=dict)
    commit: LoggedCommit | None = None
    events: tuple[Record, ...] = ()
    before: Shelf | None = attrs.field(default=None, repr=False)

    def following(self) -> Shelf:
        """The next revision, still the same in all else."""
        return attrs.evolve(self, revision=self.revision + 1, commit=None, events=(), before=self)

    def past(self) -> Iterator[Shelf]:
        """This state and every earlier one, newest first."""
        here: Shelf | None = self
        while here is not None:
            yield here
            here = here.before

    def as_of(self, revision: int) -> Shelf:
        """The project as it stood at the revision."""
        return next((shelf for shelf in self.past() if shelf.revision <= revision), Shelf(self.code))

    def log(self) -> Iterator[Record]:
        """Every event up to here, newest revision first."""
        for shelf in self.past():
            yield from shelf.events

    def node_at(self, path: str) -> tuple[str, bool] | None:
        """The id of the node at a folded path, and whether an old path led to it.

        Where nothing stands now, the longest beginning that a standing node once had is replaced by the path of that
        node, and what comes out is looked for again.
        """
        here = {codes.fold(path): id for id, path in self.paths.items()}
        tried = {path}
        is_old = False
        while path not in here:
            moved = self._moved(path)
            if moved is None or moved in tried:
                return None
            tried.add(moved)
            path, is_old = moved, True
        return here[path], is_old

    def _moved(self, path: str) -> str | None:
        names = path.split("/")
        for length in range(len(names), 0, -1):
            for id in self.former.get("/".join(names[:length]), ()):
                moved = codes.fold(self.paths.get(id, ""))
                if id in self.paths and moved != "/".join(names[:length]):
                    return "/".join((moved, *names[length:]))
        return None

    def written(self, writes: Sequence[Write]) -> Shelf:
        """The same revision with these rows put in place.

        Raises:
            ConflictError: when an id or a key is taken.
        """
        records = dict(self.records)
        for write in writes:
            if write.before is not None:
                records.pop(write.before.id, None)
        for write in writes:
            if write.after is not None:
                if write.after.id in records:
                    raise ConflictError(f"the id {write.after.id} is taken", fields=("id",))
                records[write.after.id] = attrs.evolve(write.after, revision=self.revision)
        _check_keys(records, writes)
        paths = self._new_paths(writes)
        return attrs.evolve(
            self,
            records=records,
            paths=paths,
            former=self._new_former(paths),
            numbers=self._new_numbers(records, writes),
        )

    def logged(self, commit: LoggedCommit, events: Sequence[Logged]) -> Shelf:
        """The same revision with its commit and events."""
        return attrs.evolve(
            self, at=commit.at, commit=commit, events=tuple(_event(self.code, commit, each) for each in events)
        )

    def _new_paths(self, writes: Sequence[Write]) -> dict[str, str]:
        """The paths after the writes: a node that moved takes along what is below it, nearest moved node first."""
        given = {write.after.id: write.after for write in writes if write.after is not None}
        moves = {
            codes.fold(self.paths[id]): record.path for id, record in given.items() if record.path and id in self.paths
        }
        paths = {id: _follow(path, moves) for id, path in self.paths.items()}
        for write in writes:
            if write.after is None and write.before is not None:
                paths.pop(write.before.id, None)
        paths |= {
            id: record.path
            for id, record in given.items()
            if record.path and id not in self.paths and record.kind != "version"
        }
        return paths

    def _new_former(self, paths: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        former = dict(self.former)
        for id, path in self.paths.items():
            key = codes.fold(path)
            if codes.fold(paths.get(id, "")) != key:
                former[key] = (id, *(other for other in former.get(key, ()) if other != id))
        return former

    def _new_numbers(self, records: Mapping[str, Record], writes: Sequence[Write]) -> dict[tuple[str, str], int]:
        numbers = dict(self.numbers)
        for write in writes:
            after = write.after and records[write.after.id]
            if after and after.parent and after.number:
                place = after.kind, after.parent
                numbers[place] = max(after.number, numbers.get(place, 0))
        return numbers


def _check_keys(records: Mapping[str, Record], writes: Sequence[Write]) -> None:
    holders: dict[tuple[str | None, str | None], str] = {}
    for record in records.values():
        place = record.parent, record.key
        if record.key is not None and holders.setdefault(place, record.id) != record.id:
            changed = {write.after.id for write in writes if write.after is not None}
            mine, theirs = sorted((record.id, holders[place]), key=lambda id: id not in changed)
            raise ConflictError(
                f"the key {record.key!r} is taken below {record.parent or 'the project'}",
                mine={"id": mine, "key": record.key, "parent": record.parent},
                theirs={"id": theirs, "key": record.key, "parent": record.parent},
                fields=("key",),
            )


def _follow(path: str, moves: Mapping[str, str]) -> str:
    names = path.split("/")
    for length in range(len(names), 0, -1):
        moved = moves.get(codes.fold("/".join(names[:length])))
        if moved is not None:
            return "/".join((moved, *names[length:]))
    return path


def _event(project: str, commit: LoggedCommit, event: Logged) -> Record:
    return Record(
        id=event.id,
        kind="event",
        project=project,
        revision=commit.revision,
        created_at=commit.at,
        created_by=commit.actor,
        updated_at=commit.at,
        updated_by=commit.actor,
        body=event.body,
        number=event.position,
        state=event.operation,
        edges=(("subject", event.subject, ""),),
    )
