"""One consistent look at the catalog, or one write of one project."""

# ruff: noqa: S608 - statements are put together of this package's own words; every value is bound

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from bifrost_sdk.adapters.sqlite import answers, fields, locating, resembling, rows, selection, staging, walking
from bifrost_sdk.adapters.sqlite.rows import Moment
from bifrost_sdk.adapters.sqlite.writing import Writer
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import EVERYTHING, Edge, Filter, Include, Query, Walk
from bifrost_sdk.domain.resembling import nearest
from bifrost_sdk.errors import CatalogError, NotFoundError
from bifrost_sdk.ports import Located, Logged, LoggedCommit, Record, Resolution, Selection, Want, Write

_EVENTS = "SELECT {} FROM event e WHERE e.project = :project AND {} ORDER BY e.revision, e.position LIMIT :limit"


class Projects:
    """The numbers that stand for the projects' codes in all tables; kept by the process, since they never change."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def read(self, connection: sqlite3.Connection) -> Mapping[int, str]:
        """Take what stands now; the code of every number."""
        found: dict[int, str] = dict(connection.execute("SELECT project, code FROM head"))
        self.numbers = {code: number for number, code in found.items()}
        return found

    def forget(self) -> None:
        """Read anew when next needed."""
        self.numbers = {}


class SqliteTransaction:
    """A look at the catalog through one connection; `project` names the one that it may write.

    Projects are rows of `head`; their numbers stand in all other tables. A write of a project that has no head yet
    can only make it.
    """

    def __init__(self, connection: sqlite3.Connection, projects: Projects, *, project: str | None = None) -> None:
        self.connection = connection
        self._projects = projects
        self._names: Mapping[int, str] | None = None
        self.project = project

    def lock(self) -> None:
        """Increment the head of the project that is written, and so hold its lock."""
        self.connection.execute("UPDATE head SET revision = revision + 1 WHERE code = ?", (self.project,))

    def head(self, project: str) -> tuple[int, int]:
        """(revision, time of the last commit in microseconds)."""
        row = self.connection.execute("SELECT revision, at FROM head WHERE code = ?", (project,)).fetchone()
        if row is None:
            raise NotFoundError(f"bifrost://{project}", reason="there is no such project in this catalog")
        return (row[0], row[1])

    def load(self, by: str, project: str, values: Sequence[Any], *, at: int | None = None) -> list[Record | None]:
        """Records by id, key or path, one answer each, in order."""
        number = self._number(project)
        moment = Moment(at, number)
        if by == "id":
            found = self._by_id(values, moment)
            return [found.get(value) for value in values]
        if by == "key":
            found = self._by_id(keyed := self._ids_by_key(number, values, moment), moment)
            return [found.get(each) if each else None for each in keyed]
        ids = [self._id_by_path(project, number, path, moment) for path in values]
        found = self._by_id(ids, moment)
        return [found.get(each) if each else None for each in ids]

    def select(self, query: Query, *, at: int | None = None, offset: Any = None) -> Selection:
        """What the query asks for; `offset` is what `Selection.last` was."""
        moment = Moment(at, self._number(query.project or ""))
        return selection.select(self.connection, query, moment, codes=self._codes(), offset=offset)

    def related(
        self, kind: str, sources: Sequence[str], include: Include, *, at: int | None = None
    ) -> dict[str, list[Record]]:
        """What the relation leads to, for each source."""
        moment = self._moment(sources, at)
        return selection.related(self.connection, kind, sources, include, moment=moment, codes=self._codes())

    def walk(self, starts: Sequence[str], step: Walk, *, at: int | None = None) -> list[Edge]:
        """Breadth first along the step."""
        return walking.walk(self.connection, starts, step, self._moment(starts, at))

    def locate(self, wants: Sequence[Want], *, at: int | None = None) -> list[Located]:
        """The indexed look-up that resolving stands on."""
        return locating.locate(self.connection, wants, at, self._number)

    def recall(self, refs: Sequence[str], *, at: int | None = None) -> Mapping[str, Resolution]:
        """The answers that are at hand."""
        return answers.recall(self.connection, refs, at)

    def used_by(self, targets: Sequence[str], *, at: int | None = None) -> list[Edge]:
        """Every edge, parent and status that points at one of these."""
        return walking.used_by(self.connection, targets, self._moment(targets, at))

    def last_numbers(self, kind: str, parents: Sequence[str]) -> dict[str, int]:
        """The highest number ever given below each parent that has one."""
        found = self.connection.execute(
            """SELECT w.value, max(
                ifnull((SELECT max(number) FROM entity e WHERE e.parent = w.value AND e.kind = :kind), 0),
                ifnull((SELECT max(number) FROM entity_history h WHERE h.parent = w.value AND h.kind = :kind), 0))
            FROM json_each(:parents) w""",
            {"kind": kind, "parents": json.dumps(list(parents))},
        )
        return {parent: number for parent, number in found if number}

    def revision_at(self, project: str, time: int) -> int:
        """The last revision committed at or before the time; 0 when there is none."""
        row = self.connection.execute(
            "SELECT revision FROM commits WHERE project = ? AND at <= ? ORDER BY at DESC, revision DESC LIMIT 1",
            (self._number(project), time),
        ).fetchone()
        return int(row[0]) if row else 0

    def commit_with_key(self, project: str, actor: str, key: str, *, since: int) -> LoggedCommit | None:
        """The commit that used the key at or after the time `since`."""
        row = self.connection.execute(
            "SELECT revision, at, actor, key, digest, answer, comment FROM commits "
            "WHERE project = ? AND actor = ? AND key = ? AND at >= ?",
            (self._number(project), actor, key, since),
        ).fetchone()
        return LoggedCommit(project, *row) if row else None

    def events(self, project: str, *, after: int, limit: int) -> list[Record]:
        """Events of whole revisions, oldest first."""
        parameters = {"project": self._number(project), "after": after, "limit": limit + 1}
        columns = rows.columns("e", "NULL", events=True)
        found = self.connection.execute(_EVENTS.format(columns, "e.revision > :after"), parameters).fetchall()
        if len(found) > limit:
            cut = found[-1][3]
            found = [row for row in found if row[3] < cut]
            if not found:
                parameters |= {"after": cut, "limit": -1}
                found = self.connection.execute(_EVENTS.format(columns, "e.revision = :after"), parameters).fetchall()
        codes = self._codes()
        return [rows.record(row, codes) for row in found]

    def write(self, writes: Sequence[Write]) -> None:
        """Put the rows of this revision in place."""
        self._writer().write(writes)

    def append(self, commit: LoggedCommit, events: Sequence[Logged], *, keys_since: int = 0) -> None:
        """Log the commit and its events."""
        self._writer().append(commit, events, forget=keys_since)

    def create_project(self, code: str) -> None:
        """Make a head at revision 0; that of the written project itself is then locked as any other."""
        made = self.connection.execute(
            "INSERT INTO head (code, revision, at) VALUES (?, 0, 0) ON CONFLICT (code) DO NOTHING", (code,)
        )
        self._names = None
        if made.rowcount and code == self.project:
            self.lock()

    def suggest(
        self, project: str, path: str, limit: int, *, visible: Filter = EVERYTHING, at: int | None = None
    ) -> list[tuple[str, str]]:
        """(id, path) of nodes whose path resembles this one."""
        number = self._number(project)
        moment = Moment(at, number)
        return nearest(
            path, lambda above: resembling.below(self.connection, number, above, visible, moment=moment), limit=limit
        )

    def _writer(self) -> Writer:
        if self.project is None:
            raise CatalogError("this transaction only reads: begin one with the project that is written")
        return Writer(self.connection, self._number(self.project), self.head(self.project)[0])

    def _number(self, project: str) -> int:
        """The number of the project, 0 (which none has) when there is no such project."""
        number = self._projects.numbers.get(project)
        if number is None:
            self._projects.read(self.connection)
            number = self._projects.numbers.get(project, 0)
        return number

    def _codes(self) -> Mapping[int, str]:
        """The code of every number; read once, as rows may be of projects that were made before this transaction."""
        if self._names is None:
            self._names = self._projects.read(self.connection)
        return self._names

    def _moment(self, ids: Sequence[str], at: int | None) -> Moment:
        """The state at `at` of the project that the first of these entities is or was in."""
        if at is None or not ids:
            return rows.NOW
        row = self.connection.execute(
            "SELECT project FROM entity WHERE id = :id UNION ALL SELECT project FROM entity_history WHERE id = :id "
            "UNION ALL SELECT project FROM event WHERE id = :id LIMIT 1",
            {"id": ids[0]},
        ).fetchone()
        return Moment(at, row[0] if row else 0)

    def _by_id(self, ids: Sequence[str | None], moment: Moment) -> dict[str, Record]:
        kinds = fields.kinds_of_rows()
        names = self._codes()
        found = {}
        wanted = {"ids": json.dumps([each for each in ids if each]), **moment.parameters}
        entities = moment.table("e", lambda t: f"{t}.id IN (SELECT value FROM json_each(:ids))")
        query = f"SELECT {rows.columns('e', moment.path('e', kinds))} FROM {entities}"
        for row in self.connection.execute(query, wanted):
            found[row[0]] = rows.record(row, names)
        if len(found) < len(ids):
            events = moment.events("e", lambda t: f"{t}.id IN (SELECT value FROM json_each(:ids))")
            query = f"SELECT {rows.columns('e', 'NULL', events=True)} FROM {events}"
            for row in self.connection.execute(query, wanted):
                found[row[0]] = rows.record(row, names)
        return found

    def _ids_by_key(self, number: int, pairs: Sequence[tuple[str | None, str]], moment: Moment) -> list[str | None]:
        link = "{t}.project = :project AND ifnull({t}.parent, '') = :parent AND {t}.key = :key"
        query = f"SELECT id FROM {moment.table('e', lambda t: link.format(t=t))}"
        found = []
        for parent, key in pairs:
            parameters = {"project": number, "parent": parent or "", "key": key, **moment.parameters}
            row = self.connection.execute(query, parameters).fetchone()
            found.append(row[0] if row else None)
        return found

    def _id_by_path(self, project: str, number: int, path: str, moment: Moment) -> str | None:
        """The project itself lives in the studio's project, under its code."""
        if not path:
            return self._ids_by_key(self._number(STUDIO), [(None, project)], rows.NOW)[0]
        node = staging.find_node(self.connection, number, path, moment)
        return node.id if node else None
