"""Assets and shots from a table: everything that is wrong in it first, then all of it in one commit.

A row that is in the catalog already changes what its cells say otherwise; empty cells change nothing. So a table may
be imported again and again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from bifrost_sdk.domain import codes, tables, text
from bifrost_sdk.domain.adoption.meanings import Place, path_of
from bifrost_sdk.domain.attributes import AttributeType
from bifrost_sdk.domain.changes import COMMIT_LIMIT, Change, Commit, Ensure, Update
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.production import Project
from bifrost_sdk.domain.query import PAGE_LIMIT, Query
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.tables import Reader, Row, Table
from bifrost_sdk.errors import Issue, StorageError, ValidationError
from bifrost_sdk.services.context import Context, Item

#: kind -> the columns that say where its nodes lie, from the top, and those that a row must have.
PLACES: Final[Mapping[str, Mapping[str, str]]] = {
    "asset": {"type": "asset_type", "code": "asset"},
    "shot": {"episode": "episode", "sequence": "sequence", "code": "shot"},
}
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {"asset": ("type", "code"), "shot": ("code",)}


@attrs.frozen
class TablePlan:
    """What importing a table would do: new nodes by kind, and the fields of those that change, by reference.

    With `issues` nothing can be imported.
    """

    id: str
    project: str
    source: str
    changes: tuple[Change, ...] = attrs.field(default=(), repr=False)
    counts: Mapping[str, int] = attrs.field(factory=dict, hash=False)
    changed: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, hash=False)
    unchanged: int = 0
    issues: tuple[Issue, ...] = ()

    def to_data(self) -> dict[str, Any]:  # Any: JSON
        """The plan as plain JSON values."""
        return {
            "project": self.project,
            "source": self.source,
            "make": dict(self.counts),
            "change": {ref: list(fields) for ref, fields in self.changed.items()},
            "unchanged": self.unchanged,
            "issues": [attrs.asdict(issue) for issue in self.issues],
        }


@attrs.frozen
class Tables:
    r"""Tables that people keep elsewhere, brought into the catalog.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     _ = Path("assets.csv").write_text("type,code,tags\nchar,hero,main\nprop,sword,\n")
    ...     plan = session.tables.plan("asset", "assets.csv", project="demo")
    ...     dict(plan.counts)
    ...     _ = session.tables.apply(plan)
    ...     session.tables.plan("asset", "assets.csv", project="demo").unchanged
    {'asset_type': 2, 'asset': 2}
    2
    """

    context: Context

    def plan(self, kind: str, source: str | os.PathLike[str], *, project: Item | None = None) -> TablePlan:
        """What a CSV file would bring; nothing is changed.

        `kind` is ``asset`` (columns type, code, name, description, tags, status) or ``shot`` (episode, sequence, code,
        frames, and as assets), each with the attributes that the project declares.

        Raises:
            StorageError: the file cannot be read.
            ValidationError: it is no table, or of another kind.
            NotFoundError: there is no such project.
        """
        made = entity_type(kind).kind
        if made not in PLACES:
            raise ValidationError(Issue("table.kind", f"a table holds assets or shots, not {made}", "kind"))
        owner = self.context.project_of(project)
        path = Path(source)
        try:
            content = path.read_bytes()
        except OSError as error:
            reason = error.strerror or str(error)
            raise StorageError(f"cannot read {path}: {reason}", path=str(path), reason=reason) from error
        return _Planning(self.context, owner, made, tables.read(content, path.name)).plan()

    def apply(self, plan: TablePlan) -> Commit | None:
        """Import a table, all of it in one commit; None when there is nothing to change.

        Raises:
            ValidationError: the plan has issues, or the catalog's rules do not allow it.
            ConflictError: somebody changed one of the nodes since it was planned. In both cases nothing was changed.
        """
        if plan.issues:
            raise ValidationError(plan.issues)
        if not plan.changes:
            return None
        key = f"import {plan.id}"
        return self.context.commit(plan.project, plan.changes, key=key, comment=f"import {plan.source}")


class _Planning:
    """Makes the plan of one table."""

    def __init__(self, context: Context, project: Project, kind: str, table: Table) -> None:
        self.context = context
        self.project = project
        self.kind = kind
        self.table = table
        self.issues: list[Issue] = []
        self.changes: list[Change] = []
        self.counts: dict[str, int] = {}
        self.changed: dict[str, tuple[str, ...]] = {}
        self.unchanged = 0
        self.ids: dict[str, str] = {"": project.id}
        self.lines: dict[str, int] = {}

    def plan(self) -> TablePlan:
        found, self.issues = tables.values(self.table, self._readers())
        placed = list(self._placed(found))
        standing = self._standing(place for _, place, _ in placed)
        for row, place, fields in placed:
            self._add(row, place, fields, standing)
        if len(self.changes) > COMMIT_LIMIT:
            message = f"its {len(self.changes)} changes are more than the {COMMIT_LIMIT} of one commit"
            self.issues.append(Issue("table.size", message, subject=self.table.name, hint="give it in parts"))
        return TablePlan(
            self.context.new_id(),
            self.project.code,
            self.table.name,
            tuple(self.changes),
            self.counts,
            self.changed,
            self.unchanged,
            tuple(self.issues),
        )

    def _readers(self) -> dict[str, Reader]:
        attributes: Mapping[str, AttributeType] = self.project.attribute_types
        readers: dict[str, Reader] = {name: tables.attribute_reader(each) for name, each in attributes.items()}
        if self.kind == "shot":
            readers["frames"] = tables.frames
        places = dict.fromkeys(PLACES[self.kind], codes.check_code)
        return {
            **places,
            "name": text.line,
            "description": text.prose,
            "tags": tables.tags,
            "status": self._status_reader(),
            **readers,
        }

    def _status_reader(self) -> Reader:
        statuses = self.context.every(Query("status", project=self.project.code))
        known = {codes.fold(each.code): each for each in statuses if not each.kinds or self.kind in each.kinds}

        def read(cell: str) -> str:
            found = known.get(codes.fold(cell))
            if found is None:
                names = ", ".join(each.code for each in known.values())
                raise ValueError(f"there is no status {cell[:80]!r} for this; there are {names}")
            return str(found.id)

        return read

    def _placed(self, found: Iterable[tuple[Row, dict[str, Any]]]) -> Iterator[tuple[Row, Place, dict[str, Any]]]:
        """The rows that say where they belong, each node once."""
        lines: dict[str, int] = {}
        for row, fields in found:
            missing = [column for column in REQUIRED[self.kind] if column not in fields]
            self.issues += [
                Issue("table.missing", "this is missing", column, self.table.place(row)) for column in missing
            ]
            if missing:
                continue
            place = tuple((kind, fields.pop(column)) for column, kind in PLACES[self.kind].items() if column in fields)
            key = codes.fold(path_of(place))
            if (first := lines.setdefault(key, row.line)) != row.line:
                message = f"{path_of(place)} stands in line {first} already"
                self.issues.append(Issue("table.twice", message, "code", self.table.place(row), "take one out"))
            else:
                yield row, place, fields

    def _standing(self, places: Iterable[Place]) -> dict[str, Entity]:
        paths = sorted({path_of(place[:count]) for place in places for count in range(1, len(place) + 1)})
        found: dict[str, Entity] = {}
        for start in range(0, len(paths), PAGE_LIMIT):
            chunk = paths[start : start + PAGE_LIMIT]
            refs = [f"bifrost://{self.project.code}/{path}" for path in chunk]
            answers = self.context.catalog.get(self.project.code, refs)
            found.update(
                (codes.fold(path), answer)
                for path, answer in zip(chunk, answers, strict=True)
                if isinstance(answer, Entity)
            )
        return found

    def _add(self, row: Row, place: Place, fields: dict[str, Any], standing: Mapping[str, Entity]) -> None:
        attributes = {name: fields.pop(name) for name in self.project.attribute_types if name in fields}
        for count in range(1, len(place) + 1):
            above = standing.get(codes.fold(path_of(place[:count])))
            if above is not None and above.kind != place[count - 1][0]:
                message = f"{path_of(place[:count])} is a {above.kind.replace('_', ' ')} in the catalog"
                column = next(each for each, kind in PLACES[self.kind].items() if kind == place[count - 1][0])
                self.issues.append(Issue("table.kind", message, column, self.table.place(row)))
                return
        found = standing.get(codes.fold(path_of(place)))
        if isinstance(found, Node) and (first := self.lines.setdefault(found.id, row.line)) != row.line:
            message = f"{path_of(place)} is {found.path}, which stands in line {first} already"
            self.issues.append(Issue("table.twice", message, "code", self.table.place(row), "take one out"))
        elif isinstance(found, Node):
            self._change(found, fields, attributes)
        else:
            given = {**fields, "attributes": attributes} if attributes else fields
            self._ensure(place, standing, given)

    def _change(self, node: Node, fields: dict[str, Any], attributes: dict[str, Any]) -> None:
        changed = {name: value for name, value in fields.items() if getattr(node, name) != value}
        other = {name: value for name, value in attributes.items() if node.attributes.get(name) != value}
        if changed or other:
            written = {**changed, "attributes": {**node.attributes, **other}} if other else changed
            self.changes.append(Update(node, written))
            self.changed[node.ref] = (*changed, *other)
        else:
            self.unchanged += 1

    def _ensure(self, place: Place, standing: Mapping[str, Entity], fields: Mapping[str, Any]) -> str:
        key = codes.fold(path_of(place))
        if key in self.ids:
            return self.ids[key]
        found = standing.get(key)
        if found is None:
            kind, code = place[-1]
            parent = self._ensure(place[:-1], standing, {})
            above = {"asset_type": parent} if kind == "asset" else {}
            found = entity_type(kind).cls(id=self.context.new_id(), code=code, parent=parent, **above, **fields)
            self.changes.append(Ensure(found))
            self.counts[kind] = self.counts.get(kind, 0) + 1
        self.ids[key] = found.id
        return found.id
