"""Rows put in place: the current ones, the history that they leave, paths and edges."""

# ruff: noqa: S608 - statements are put together of this package's own words; every value is bound

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import attrs

from bifrost_sdk.adapters.sqlite import answers
from bifrost_sdk.adapters.sqlite.schema import LIVE
from bifrost_sdk.domain import codes, locations
from bifrost_sdk.errors import ConflictError
from bifrost_sdk.ports import Logged, LoggedCommit, Record, Write

_NAMES = (
    *("kind", "project", "revision", "parent", "key", "number", "state", "status", "files", "search", "folder"),
    *("created_at", "created_by", "updated_at", "updated_by", "body"),
)
_INSERT = f"INSERT INTO entity (id, {', '.join(_NAMES)}) VALUES (?{', ?' * len(_NAMES)})"
_UPDATE = f"UPDATE entity SET {', '.join(f'{name} = ?' for name in _NAMES)} WHERE id = ?"
_KEEP = (
    f"INSERT INTO entity_history (id, {', '.join(_NAMES)}, until) "
    f"SELECT id, {', '.join(_NAMES)}, ? FROM entity WHERE id = ? AND revision < ?"
)


@attrs.frozen
class Writer:
    """Writes rows of one `revision` of the project with this `number`."""

    connection: sqlite3.Connection
    number: int
    revision: int

    def write(self, writes: Sequence[Write]) -> None:
        """Put the rows in place; the order of `writes` does not matter.

        Raises:
            ConflictError: when an id or a key is taken.
        """
        created = [write.after for write in writes if write.before is None and write.after is not None]
        updated = [(write.before, write.after) for write in writes if write.before and write.after]
        deleted = [write.before.id for write in writes if write.before is not None and write.after is None]
        self._keep([*(before.id for before, _ in updated), *deleted])
        self._delete(deleted)
        self._update(updated)
        self._insert(created)
        self._set_paths([after for _, after in updated if after.path], [after for after in created if after.path])
        self._set_edges([after for _, after in updated], created)
        answers.keep(self.connection, writes, self.revision)

    def append(self, commit: LoggedCommit, events: Sequence[Logged], *, forget: int) -> None:
        """Log a commit; its key is taken from a commit that was made before the time `forget`.

        Raises:
            ConflictError: when the key is taken.
        """
        execute = self.connection.execute
        if commit.key is not None:
            execute(
                "UPDATE commits SET key = NULL WHERE project = ? AND actor = ? AND key = ? AND at < ?",
                (self.number, commit.actor, commit.key, forget),
            )
        values = (commit.revision, commit.at, commit.actor, commit.key, commit.digest, commit.answer, commit.comment)
        try:
            execute("INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (self.number, *values))
        except sqlite3.IntegrityError as error:
            raise ConflictError(f"the key {commit.key!r} was used by another commit: choose a new key") from error
        execute("UPDATE head SET at = ? WHERE project = ?", (commit.at, self.number))
        self.connection.executemany(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (e.id, self.number, commit.revision, e.position, e.subject, e.subject_kind, e.operation, e.body)
                for e in events
            ],
        )

    def _keep(self, ids: Sequence[str]) -> None:
        self.connection.executemany(_KEEP, [(self.revision, each, self.revision) for each in ids])

    def _delete(self, ids: Sequence[str]) -> None:
        many = self.connection.executemany
        many("DELETE FROM entity WHERE id = ?", [(each,) for each in ids])
        self._close("path", "id", ids)
        self._close("edge", "source", ids)

    def _close(self, table: str, column: str, ids: Sequence[str]) -> None:
        """End the live rows of these ids; one that began in this revision never was."""
        many = self.connection.executemany
        where = f"{column} = ? AND until = {LIVE}"
        many(f"DELETE FROM {table} WHERE {where} AND since = ?", [(each, self.revision) for each in ids])
        many(f"UPDATE {table} SET until = ? WHERE {where}", [(self.revision, each) for each in ids])

    def _update(self, pairs: Sequence[tuple[Record, Record]]) -> None:
        renamed = [(after.id,) for before, after in pairs if (before.key, before.parent) != (after.key, after.parent)]
        self.connection.executemany("UPDATE entity SET key = NULL WHERE id = ?", renamed)  # siblings may swap names
        rows = [(*self._values(after), after.id) for _, after in pairs]
        self._execute(_UPDATE, rows, [after for _, after in pairs])

    def _insert(self, records: Sequence[Record]) -> None:
        self._execute(_INSERT, [(record.id, *self._values(record)) for record in records], records)

    def _execute(self, statement: str, rows: Sequence[tuple[object, ...]], records: Sequence[Record]) -> None:
        try:
            self.connection.executemany(statement, rows)
        except sqlite3.IntegrityError as error:
            raise self._conflict(records, error) from error

    def _conflict(self, records: Sequence[Record], error: sqlite3.IntegrityError) -> ConflictError:
        """What was taken: looked for only now, among the rows that are there and those that came just before."""
        seen: dict[object, str] = {}
        for record in records:
            place = (record.parent or "", record.key)
            row = self.connection.execute(
                "SELECT id FROM entity WHERE project = ? AND ifnull(parent, '') = ? AND key = ? AND id <> ?",
                (self.number, *place, record.id),
            ).fetchone()
            if row or (record.key is not None and place in seen):
                taken = row[0] if row else seen[place]
                return ConflictError(
                    f"the key {record.key!r} is taken below {record.parent or 'the project'}",
                    mine={"id": record.id, "key": record.key, "parent": record.parent},
                    theirs={"id": taken, "key": record.key, "parent": record.parent},
                    fields=("key",),
                )
            seen[place] = record.id
        ids = ", ".join(record.id for record in records[:3])
        return ConflictError(f"an id is taken ({error}), of {ids}", fields=("id",))

    def _values(self, r: Record) -> tuple[object, ...]:
        return (
            *(r.kind, self.number, self.revision, r.parent, r.key, r.number, r.state, r.status, r.files, r.search),
            _folder(r),
            *(r.created_at, r.created_by, r.updated_at, r.updated_by, r.body),
        )

    def _set_paths(self, updated: Sequence[Record], created: Sequence[Record]) -> None:
        rows = self._moved(updated)
        self._close("path", "id", [row[1] for row in rows])
        rows += [(r.path, r.id, r.kind) for r in created if r.path and r.kind != "version"]
        self.connection.executemany(
            f"INSERT INTO path VALUES (?, ?, ?, {LIVE}, ?, ?, ?)",
            [(self.number, codes.fold(path), self.revision, path, node, kind) for path, node, kind in rows],
        )

    def _moved(self, records: Sequence[Record]) -> list[tuple[str, str, str]]:
        """(new path, id, kind) of every node that moves: those whose path changed and what lies below them.

        All are read before any is written, and each follows its nearest moved node, so that nodes may swap places.
        """
        moves: dict[str, str] = {}
        old: list[str] = []
        for record in records:
            row = self.connection.execute(
                f"SELECT path, key FROM path WHERE id = ? AND until = {LIVE}",
                (record.id,),
            ).fetchone()
            if row and record.path and record.kind != "version":
                moves[row[1]] = record.path  # one that stays where those above it move is followed no further
                if row[0] != record.path:
                    old.append(row[0])
        if not old:
            return []
        answers.forget(self.connection, self.number, old)
        found: dict[str, tuple[str, str, str]] = {}
        for key in moves:
            for path, row_key, node, kind in self.connection.execute(
                "SELECT path, key, id, kind FROM path WHERE project = ? AND (key = ? OR key > ? AND key < ?) "
                f"AND until = {LIVE}",
                (self.number, key, f"{key}/", f"{key}0"),
            ):
                target = _follow(path, row_key, moves)
                if target != path:
                    found[node] = (target, node, kind)
        return list(found.values())

    def _set_edges(self, updated: Sequence[Record], created: Sequence[Record]) -> None:
        wanted = {(r.id, *edge) for r in updated for edge in r.edges}
        standing = {
            row
            for r in updated
            for row in self.connection.execute(
                f"SELECT source, relation, target, kind FROM edge WHERE source = ? AND until = {LIVE}",
                (r.id,),
            )
        }
        gone = standing - wanted
        many = self.connection.executemany
        where = f"source = ? AND relation = ? AND target = ? AND kind = ? AND until = {LIVE}"
        many(f"DELETE FROM edge WHERE {where} AND since = ?", [(*edge, self.revision) for edge in gone])
        many(f"UPDATE edge SET until = ? WHERE {where}", [(self.revision, *edge) for edge in gone])
        wanted -= standing
        wanted.update((r.id, *edge) for r in created for edge in r.edges)
        many(
            f"INSERT INTO edge VALUES (?, ?, ?, ?, ?, ?, {LIVE})",
            [(*edge, self.number, self.revision) for edge in sorted(wanted)],
        )


def _follow(path: str, key: str, moves: dict[str, str]) -> str:
    """The new path of the node at `key`: its nearest moved node's, and the same way down from there."""
    segments, names = key.split("/"), path.split("/")
    for length in range(len(segments), 0, -1):
        target = moves.get("/".join(segments[:length]))
        if target is not None:
            return "/".join((target, *names[length:]))
    raise AssertionError(path)  # pragma: no cover  # the caller looks below moved nodes only


def _folder(record: Record) -> str | None:
    """The folded folder of a representation, which paths on disk are looked up by."""
    if record.kind != "representation" or record.files is None:
        return None
    return codes.fold(locations.folder(record.files))
