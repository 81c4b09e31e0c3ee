"""The nodes below a path, for suggestions; `bifrost_sdk.domain.resembling` says which of them resemble another."""

# ruff: noqa: S608 - statements are put together of this package's own words; every value is bound

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from bifrost_sdk.adapters.sqlite import fields, filtering
from bifrost_sdk.adapters.sqlite.fields import Parameters
from bifrost_sdk.adapters.sqlite.rows import Moment
from bifrost_sdk.domain import registry
from bifrost_sdk.domain.query import EVERYTHING, Filter
from bifrost_sdk.domain.resembling import COMPARED


def below(
    connection: sqlite3.Connection, project: int, above: str, visible: Filter, *, moment: Moment
) -> Mapping[str, tuple[str, str]]:
    """Folded path -> (id, path) of the first nodes below a folded path (below the project for an empty one)."""
    ends = (f"{above}/", f"{above}0") if above else ("", "\U0010ffff")

    def build(parameters: Parameters) -> str:
        low, high, of = (parameters.add(each) for each in (*ends, project))
        seen = "" if visible == EVERYTHING else f" AND {_is_seen(visible, parameters)}"
        return (
            f"SELECT p.key, p.id, p.path FROM path p WHERE p.project = {of} AND p.key > {low} AND p.key < {high} "
            f"AND {moment.stands('p')}{seen} ORDER BY p.key LIMIT {parameters.add(COMPARED)}"
        )

    rows, _ = fields.run(connection, build, moment)
    return {key: (id, path) for key, id, path in rows}


def _is_seen(visible: Filter, parameters: Parameters) -> str:
    """Whether the node of the path ``p`` fulfils the filter."""
    kinds = tuple(kind for kind in fields.kinds_of_rows() if registry.entity_type(kind).is_node)
    table = parameters.moment.table("e", lambda t: f"{t}.id = p.id")
    return f"EXISTS (SELECT 1 FROM {table} WHERE {filtering.condition(visible, kinds, 'e', parameters)})"
