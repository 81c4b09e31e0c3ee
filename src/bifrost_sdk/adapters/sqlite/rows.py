"""Rows of the catalog and the records made of them, as they stand now or stood at a revision."""

# ruff: noqa: S608 - statements are put together of this package's own words; every value is bound

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from bifrost_sdk.adapters.sqlite.schema import LIVE
from bifrost_sdk.domain import registry
from bifrost_sdk.ports import Record

#: The columns of `entity` in the order of Record's fields; Record has `path` before the last two.
COLUMNS = (
    *("id", "kind", "project", "revision", "created_at", "created_by", "updated_at", "updated_by", "body"),
    *("parent", "key", "number", "state", "status", "search", "files"),
)

#: The same columns for the rows of `event`, which keeps some elsewhere.
EVENT_COLUMNS: Mapping[str, str] = {
    "kind": "'event'",
    "created_at": "(SELECT c.at FROM commits c WHERE c.project = {t}.project AND c.revision = {t}.revision)",
    "created_by": "(SELECT c.actor FROM commits c WHERE c.project = {t}.project AND c.revision = {t}.revision)",
    "updated_at": "(SELECT c.at FROM commits c WHERE c.project = {t}.project AND c.revision = {t}.revision)",
    "updated_by": "(SELECT c.actor FROM commits c WHERE c.project = {t}.project AND c.revision = {t}.revision)",
    "parent": "NULL",
    "key": "NULL",
    "number": "{t}.position",
    "state": "{t}.operation",
    "status": "NULL",
    "search": "fold(json_extract({t}.body, '$.comment'))",
    "files": "NULL",
}


@attrs.frozen
class Moment:
    """Which state is looked at: today's, or that of one project as of `revision`; other projects are today's.

    The conditions are SQL with the parameters ``:at`` and ``:at_project``.
    """

    revision: int | None = None
    project: int = 0

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of the parameters that the conditions name."""
        return {} if self.revision is None else {"at": self.revision, "at_project": self.project}

    def table(self, alias: str, link: Callable[[str], str]) -> str:
        """A FROM item: the entities for which `link` (SQL, given an alias) holds."""
        if self.revision is None:
            return f"(SELECT * FROM entity WHERE {link('entity')}) {alias}"
        names = ", ".join((*COLUMNS, "folder"))
        return (
            f"(SELECT pk, {names} FROM entity x WHERE ({link('x')}) "
            "AND (x.project <> :at_project OR x.revision <= :at) "
            f"UNION ALL SELECT -pk, {names} FROM entity_history y WHERE ({link('y')}) "
            f"AND y.project = :at_project AND y.revision <= :at AND y.until > :at) {alias}"
        )

    def events(self, alias: str, link: Callable[[str], str]) -> str:
        """A FROM item: the events for which `link` holds."""
        past = "" if self.revision is None else " AND (z.project <> :at_project OR z.revision <= :at)"
        return f"(SELECT * FROM event z WHERE ({link('z')}){past}) {alias}"

    def stands(self, alias: str) -> str:
        """Whether a row of `path` or `edge` is valid."""
        if self.revision is None:
            return f"{alias}.until = {LIVE}"
        return (
            f"(CASE WHEN {alias}.project = :at_project THEN {alias}.since <= :at AND {alias}.until > :at "
            f"ELSE {alias}.until = {LIVE} END)"
        )

    def path(self, alias: str, kinds: Iterable[str]) -> str:
        """The canonical path of the entity (of its product for a version), NULL for what has none."""
        kinds = set(kinds)
        owner = f"{alias}.id"
        if "version" in kinds:
            owner = (
                f"{alias}.parent" if kinds == {"version"} else f"iif({alias}.kind = 'version', {alias}.parent, {owner})"
            )
        if not any(kind == "version" or registry.entity_type(kind).is_node for kind in kinds):
            return "NULL"
        found = f"(SELECT p.path FROM path p WHERE p.id = {owner} AND {self.stands('p')})"
        if "project" not in kinds:
            return found
        return f"iif({alias}.kind = 'project', '', {found})"


NOW = Moment()


def columns(alias: str, path: str, *, events: bool = False) -> str:
    """The column list that `record` reads, in the order of Record's fields; `path` is the SQL of the path."""
    found = [column(alias, name, events=events) for name in COLUMNS]
    return ", ".join([*found[:-2], path, *found[-2:]])


def column(alias: str, name: str, *, events: bool = False) -> str:
    """The SQL of one column, of a row of `entity` or of `event`."""
    special = EVENT_COLUMNS if events else {}
    return special.get(name, "{t}." + name).format(t=alias)


#: How many columns `columns` lists.
WIDTH = len(COLUMNS) + 1


def record(row: tuple[Any, ...], codes: Mapping[int, str]) -> Record:  # Any: values of every column
    """The record of a row that begins with `columns`; `codes` are those of the projects' numbers."""
    return Record(row[0], row[1], codes[row[2]], *row[3:WIDTH])
