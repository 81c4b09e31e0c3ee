"""Steps from entity to entity along one relation, a statement for each level; and all that points at something."""

# ruff: noqa: S608 - statements are put together of this package's own words; every value is bound

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence

from bifrost_sdk.adapters.sqlite import fields, filtering, relations
from bifrost_sdk.adapters.sqlite.fields import Parameters
from bifrost_sdk.adapters.sqlite.rows import Moment
from bifrost_sdk.domain import registry
from bifrost_sdk.domain.query import Edge, Walk

Table = Callable[[str, Callable[[str], str]], str]

_IDS = "(SELECT value FROM json_each(:ids))"


def walk(connection: sqlite3.Connection, starts: Sequence[str], step: Walk, moment: Moment) -> list[Edge]:
    """The edges in the order of their depth; each entity is gone on from once."""
    seen = set(starts)
    here: Iterable[str] = starts
    found: dict[tuple[str, str, str], Edge] = {}
    for depth in range(1, step.depth + 1):
        ties = _step(connection, here, step, moment)
        ends = {target if step.forward else source for source, target, _ in ties}
        visible = _visible(connection, ends, step, moment)
        for source, target, kind in ties:
            if (target if step.forward else source) in visible:
                found.setdefault((source, target, kind), Edge(source, target, step.relation, depth, kind))
        here = visible - seen
        if not here:
            break
        seen |= visible
    return sorted(found.values(), key=lambda edge: (edge.depth, edge.source, edge.target, edge.relation, edge.kind))


def used_by(connection: sqlite3.Connection, targets: Sequence[str], moment: Moment) -> list[Edge]:
    """Every edge, parent and status that points at one of these, sorted."""
    parameters = {"ids": json.dumps(list(targets)), **moment.parameters}
    edges = (
        f"SELECT g.source, g.target, g.relation, g.kind FROM edge g WHERE g.target IN {_IDS} AND {moment.stands('g')}"
    )
    found = {
        Edge(source, target, name, 1, kind) for source, target, name, kind in connection.execute(edges, parameters)
    }
    for slot in ("parent", "status"):
        table = moment.table("e", lambda t, slot=slot: f"{t}.{slot} IN {_IDS}")  # type: ignore[misc]  # its own slot
        for source, target, kind in connection.execute(f"SELECT e.id, e.{slot}, e.kind FROM {table}", parameters):
            name = registry.entity_type(kind).slots.get(slot, slot)
            found.add(Edge(source, target, name, 1))
    return sorted(found, key=lambda edge: (edge.target, edge.source, edge.relation, edge.kind))


def _step(
    connection: sqlite3.Connection, here: Iterable[str], step: Walk, moment: Moment
) -> list[tuple[str, str, str]]:
    """(source, target, kind) of every edge that leads on from one of these."""
    parameters = Parameters(moment)
    parameters["ids"] = json.dumps(list(here))
    end = "source" if step.forward else "target"
    relation = parameters.add(step.relation)
    kinds = f" AND g.kind IN {parameters.add_list(step.kinds)}" if step.kinds else ""
    edges = (
        f"SELECT g.source, g.target, g.kind FROM edge g WHERE g.{end} IN {_IDS} AND g.relation = {relation} "
        f"AND {moment.stands('g')}{kinds}"
    )
    parts = [edges]
    if not step.kinds or "" in step.kinds:
        parts += _columns(step, parameters)
    return connection.execute(" UNION ".join(parts), parameters).fetchall()


def _columns(step: Walk, parameters: Parameters) -> list[str]:
    """The same for kinds that keep the relation in a column."""
    held: dict[str, list[str]] = {}
    for kind in registry.kinds():
        made = registry.entity_type(kind)
        if step.relation in made.relations and (column := relations.column_of(made, step.relation)):
            held.setdefault(column, []).append(kind)
    parts = []
    for column, kinds in held.items():
        end = "id" if step.forward else column
        if kinds == ["event"]:
            table = parameters.moment.events("e", lambda t, end=end: f"{t}.{end} IN {_IDS}")  # type: ignore[misc]  # its own end
        else:
            guard = parameters.kind_in("{t}", kinds)
            link = f"{{t}}.{end} IN {_IDS} AND {{t}}.{column} IS NOT NULL AND {guard}"
            table = parameters.moment.table("e", lambda t, link=link: link.format(t=t))  # type: ignore[misc]  # its own link
        parts.append(f"SELECT e.id, e.{column}, '' FROM {table}")
    return parts


def _visible(connection: sqlite3.Connection, ids: Iterable[str], step: Walk, moment: Moment) -> set[str]:
    """Those of the entities that exist and may be seen."""
    asked = json.dumps(sorted(ids))
    found: set[str] = set()
    for kinds, table in ((fields.kinds_of_rows(), moment.table), (("event",), moment.events)):

        def build(parameters: Parameters, kinds: tuple[str, ...] = kinds, table: Table = table) -> str:
            parameters["ids"] = asked
            where = filtering.condition(step.visible, kinds, "e", parameters)
            return f"SELECT e.id FROM {table('e', lambda t: f'{t}.id IN {_IDS}')} WHERE {where}"

        rows, _ = fields.run(connection, build, moment)
        found.update(row[0] for row in rows)
    return found
