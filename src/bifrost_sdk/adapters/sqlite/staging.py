"""Locating in stages, each one statement for all wants: nodes, versions, files; by id, over old paths, in the past."""

# ruff: noqa: S608 - statements are put together of this package's own words; every value is bound

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import attrs

from bifrost_sdk.adapters.sqlite.rows import Moment
from bifrost_sdk.adapters.sqlite.schema import LIVE
from bifrost_sdk.ports import Located, Want

_RENAMES = 16  # that are followed for one path
_NONE = Located("none")
_Version = tuple[str, Any, str]  # id, number or None, state


class Node(NamedTuple):
    """A node that a path leads to; `alias` when it was an old path."""

    id: str
    path: str
    kind: str
    alias: bool = False


class _Target(NamedTuple):
    """What a want means: a node and how to choose its version, or a version, maybe of one representation only."""

    node: Node
    tag: int | str = 0
    version: _Version | None = None
    representation: str | None = None


def locate(connection: sqlite3.Connection, wants: Sequence[Want], project: int, moment: Moment) -> list[Located]:
    """One answer for each want, in order, all in one project, as things stood at the moment."""
    look = _Look(connection, project, moment)
    targets = look.targets(wants)
    versions = look.versions([target for target in targets if target and not target.version])
    chosen = [
        None if target is None else target.version or versions.get((target.node.id, target.tag)) for target in targets
    ]
    files = look.files({version[0] for version in chosen if version})
    return [_answer(target, version, files) for target, version in zip(targets, chosen, strict=True)]


def find_node(connection: sqlite3.Connection, project: int, path: str, moment: Moment) -> Node | None:
    """The node at a folded path. Where none lives, the longest old path that it begins with shows the way."""
    query = f"SELECT id, path, kind FROM path p WHERE p.project = :project AND p.key = :key AND {moment.stands('p')}"
    key = path
    for _ in range(_RENAMES):
        parameters = {"project": project, "key": key, **moment.parameters}
        if row := connection.execute(query, parameters).fetchone():
            return Node(row[0], row[1], row[2], key != path)
        moved = _moved(connection, project, key, moment)
        if moved is None:
            return None
        key = moved
    return None


def approved(connection: sqlite3.Connection, project: int, moment: Moment) -> str:
    """The ids of the project's statuses of the category ``approved``, as a JSON list."""
    table = moment.table("s", lambda t: f"{t}.project = :project AND {t}.kind = 'status'")
    query = f"SELECT s.id FROM {table} WHERE json_extract(s.body, '$.category') = 'approved'"
    rows = connection.execute(query, {"project": project, **moment.parameters})
    return json.dumps([row[0] for row in rows])


def _moved(connection: sqlite3.Connection, project: int, path: str, moment: Moment) -> str | None:
    """The path with its longest closed beginning replaced by where that node lives, folded."""
    closed = f"o.until < {LIVE}" if moment.revision is None else "o.until <= :at"
    query = (
        f"SELECT p.key FROM path o JOIN path p ON p.id = o.id AND {moment.stands('p')} "
        f"WHERE o.project = :project AND o.key = :key AND p.project = o.project AND p.key <> o.key AND {closed} "
        "ORDER BY o.until DESC LIMIT 1"
    )
    segments = path.split("/")
    for length in range(len(segments), 0, -1):
        key = "/".join(segments[:length])
        row = connection.execute(query, {"project": project, "key": key, **moment.parameters}).fetchone()
        if row:
            return "/".join((row[0], *segments[length:]))
    return None


def _answer(target: _Target | None, version: _Version | None, files: Mapping[str, list[tuple[str, str]]]) -> Located:
    if target is None:
        return _NONE
    node = target.node
    if version is None:
        return Located("node", node.path, node.id, node.kind, alias=node.alias)
    listed = files.get(version[0], [])
    if target.representation is not None:
        listed = [pair for pair in listed if pair[0] == target.representation]
    return Located("version", node.path, node.id, node.kind, *version, tuple(listed), node.alias)


@attrs.frozen
class _Look:
    """The statements of the stages, about one project at one moment."""

    connection: sqlite3.Connection
    project: int
    moment: Moment

    @property
    def _stands(self) -> str:
        """Like `Moment.stands`, of rows that are known to be of the project."""
        return f"p.until = {LIVE}" if self.moment.revision is None else "p.since <= :at AND p.until > :at"

    def targets(self, wants: Sequence[Want]) -> list[_Target | None]:
        """What each want means."""
        by_path = self._nodes_at({want.path for want in wants if want.path})
        by_id = self._targets_of({want.id for want in wants if want.id and not want.path})
        found: list[_Target | None] = []
        for want in wants:
            target = by_id.get(want.id or "")
            if want.path:
                node = by_path.get(want.path) or find_node(self.connection, self.project, want.path, self.moment)
                found.append(node and _Target(node, want.tag))
            else:
                found.append(target and target._replace(tag=want.tag))
        return found

    def versions(self, targets: Iterable[_Target]) -> dict[tuple[str, int | str], _Version]:
        """(product, tag) -> the version."""
        asked: dict[str, dict[tuple[str, int], None]] = {}
        for target in targets:
            is_exact = isinstance(target.tag, int)
            place = asked.setdefault("" if is_exact else str(target.tag), {})
            place[target.node.id, int(target.tag) if is_exact else 0] = None
        found: dict[tuple[str, int | str], _Version] = {}
        for tag, pairs in asked.items():
            for product, number, *version in self._versions(tag, pairs):
                key = (product, tag or number)
                if key not in found or version[1] > (found[key][1] or 0):
                    found[key] = (version[0], version[1], version[2])
        return found

    def files(self, versions: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
        """The (representation, files) of each version, sorted by the files' text as their index is."""
        found: dict[str, list[tuple[str, str]]] = {}
        statement = (
            "SELECT r.parent, r.id, r.files FROM json_each(:values) w CROSS JOIN {table} r INDEXED BY {index}_files "
            "ON r.parent = w.value AND r.files IS NOT NULL {valid}"
        )
        for version, *pair in self._both(statement, "r", json.dumps(sorted(versions))):
            found.setdefault(version, []).append((pair[0], pair[1]))
        if self.moment.revision is not None:
            for pairs in found.values():
                pairs.sort(key=lambda pair: (pair[1], pair[0]))
        return found

    def _nodes_at(self, paths: Collection[str]) -> dict[str, Node]:
        if not paths:
            return {}
        rows = self._all(
            "SELECT w.value, p.id, p.path, p.kind FROM json_each(:values) w CROSS JOIN path p "
            f"ON p.project = :project AND p.key = w.value AND {self._stands}",
            json.dumps(sorted(paths)),
        )
        return {row[0]: Node(row[1], row[2], row[3]) for row in rows}

    def _targets_of(self, ids: Collection[str]) -> dict[str, _Target]:
        """What these ids of the project mean; a representation leads to its version, a version to its product."""
        if not ids:
            return {}
        asked = self._entities(ids)
        above = self._entities(row[2] for row in asked.values() if row[1] == "representation")
        known = {**asked, **above}
        products = {row[2] for row in known.values() if row[1] == "version"}
        paths = self._paths([*asked, *products])
        found = {}
        for asked_id, (_, kind, parent, number, state) in asked.items():
            version: _Version | None = (asked_id, number, state) if kind == "version" else None
            product = parent if version else asked_id
            if kind == "representation":
                _, _, product, *rest = known.get(parent, (None, None, "", None, ""))
                version = (parent, rest[0], rest[1])
            own = asked_id if kind == "representation" else None
            node = Node(product, paths.get(product, ""), "product" if version else kind)
            found[asked_id] = _Target(node, version=version, representation=own)
        return found

    def _entities(self, ids: Iterable[str]) -> dict[str, tuple[Any, ...]]:
        """The (id, kind, parent, number, state) of each of these, of this project."""
        link = "{t}.id IN (SELECT value FROM json_each(:values)) AND +{t}.project = :project"
        table = self.moment.table("e", lambda t: link.format(t=t))
        rows = self._all(f"SELECT id, kind, parent, number, state FROM {table}", json.dumps(sorted(ids)))
        return {row[0]: row for row in rows}

    def _paths(self, ids: Iterable[str]) -> dict[str, str]:
        query = (
            "SELECT p.id, p.path FROM json_each(:values) w CROSS JOIN path p INDEXED BY path_id "
            f"ON p.id = w.value AND {self._stands}"
        )
        return dict(self._all(query, json.dumps(sorted(ids))))

    def _versions(self, tag: str, pairs: Iterable[tuple[str, int]]) -> list[tuple[Any, ...]]:
        number = "w.value"
        if tag:
            status = " AND x.status IN (SELECT value FROM json_each(:approved))" if tag == "approved" else ""
            number = (
                "(SELECT x.number FROM {table} x INDEXED BY {index}_place WHERE x.parent = w.key "
                "AND x.kind = 'version' AND x.number IS NOT NULL AND x.state = 'published'"
                f"{status} {{inner}} ORDER BY x.number DESC LIMIT 1)"
            )
        statement = (
            "SELECT w.key, w.value, v.id, v.number, v.state FROM json_each(:values) w CROSS JOIN {table} v "
            f"INDEXED BY {{index}}_place ON v.parent = w.key AND v.kind = 'version' AND v.number = {number} {{valid}}"
        )
        values = ",".join(f"{json.dumps(product)}:{wanted}" for product, wanted in sorted(pairs))
        extra = {"approved": approved(self.connection, self.project, self.moment)} if tag == "approved" else {}
        return self._both(statement, "v", f"{{{values}}}", **extra)

    def _both(self, statement: str, alias: str, values: str, **extra: str) -> list[tuple[Any, ...]]:
        """The rows of a statement from the current rows, and for the past from the history too."""
        if self.moment.revision is None:
            now = statement.format(table="entity", index="entity", valid="", inner="")
            return self._all(now, values, **extra)
        valid, past = "AND {0}.revision <= :at", "AND {0}.revision <= :at AND {0}.until > :at"
        parts = [
            statement.format(table=table, index=index, valid=holds.format(alias), inner=holds.format("x"))
            for table, index, holds in (("entity", "entity", valid), ("entity_history", "history", past))
        ]
        return self._all(" UNION ALL ".join(parts), values, **extra)

    def _all(self, statement: str, values: str, **extra: str) -> list[tuple[Any, ...]]:
        parameters = {"values": values, "project": self.project, **self.moment.parameters, **extra}
        return self.connection.execute(statement, parameters).fetchall()
