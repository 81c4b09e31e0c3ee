"""Over which columns and tables a relation, or the inverse of one, leads from an entity to others."""

# ruff: noqa: S608 - statements are put together of this package's own words; every value is bound

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from bifrost_sdk.adapters.sqlite import fields
from bifrost_sdk.adapters.sqlite.fields import Parameters
from bifrost_sdk.domain import registry
from bifrost_sdk.domain.registry import EntityType, Relation


@attrs.frozen
class Way:
    """One way from entities of some kinds to others of `targets`.

    `column` of the holder keeps the id; without one the `relation` is kept in the table `edge`. An `inverse` way goes
    from what is pointed at to the holders.
    """

    targets: tuple[str, ...]
    column: str
    relation: str
    inverse: bool = False

    def table(self, alias: str, held: Callable[[str], str], parameters: Parameters) -> str:
        """A FROM item with the entities at the other end; `held` gives the SQL of a column at this end."""
        moment = parameters.moment
        is_event = self.targets == ("event",)
        link = self._inverse_link(held, parameters) if self.inverse else self._link(held, parameters)
        return (moment.events if is_event else moment.table)(alias, link)

    def _link(self, held: Callable[[str], str], parameters: Parameters) -> Callable[[str], str]:
        if self.column:
            return lambda t: f"{t}.id = {held(self.column)}"
        name = parameters.add(self.relation)
        ends = (
            f"(SELECT g.target FROM edge g WHERE g.source = {held('id')} AND g.relation = {name} "
            f"AND {parameters.moment.stands('g')})"
        )
        return lambda t: f"{t}.id IN {ends}"

    def _inverse_link(self, held: Callable[[str], str], parameters: Parameters) -> Callable[[str], str]:
        if self.targets == ("event",):
            return lambda t: f"{t}.subject = {held('id')}"
        kinds = parameters.kind_in("{t}", self.targets)
        if self.column:
            return lambda t: f"{t}.{self.column} = {held('id')} AND {kinds.format(t=t)}"
        name = parameters.add(self.relation)
        ends = (
            f"(SELECT g.source FROM edge g WHERE g.target = {held('id')} AND g.relation = {name} "
            f"AND {parameters.moment.stands('g')})"
        )
        return lambda t: f"{t}.id IN {ends} AND {kinds.format(t=t)}"


def column_of(made: EntityType, relation: str) -> str:
    """The column that keeps this relation of a kind, empty when it is kept as edges."""
    if made.kind == "event":
        return relation
    return next((slot for slot, field in made.slots.items() if field == relation), "")


def ways(kinds: Iterable[str], name: str) -> dict[Way, list[str]]:
    """Every way that `name` means, with those of the kinds that it starts from; the field wins over an inverse."""
    found: dict[Way, list[str]] = {}
    for kind in kinds:
        made = registry.entity_type(kind)
        if name in made.relations:
            found.setdefault(_forward(made, made.relations[name]), []).append(kind)
            continue
        holders: dict[tuple[str, str], list[str]] = {}
        for holder, relation in registry.inverse_relations(name, kind):
            column = column_of(holder, relation.name)
            own = "event" if holder.kind == "event" else "" if column else relation.name
            holders.setdefault((column, own), []).append(holder.kind)
        for (column, own), targets in holders.items():
            found.setdefault(Way(tuple(sorted(targets)), column, own, inverse=True), []).append(kind)
    return found


def gates(kinds: Iterable[str]) -> dict[Way, list[str]]:
    """The ways of all gating relations, with the kinds that have them."""
    found: dict[Way, list[str]] = {}
    for kind in kinds:
        made = registry.entity_type(kind)
        for relation in made.relations.values():
            if relation.gate:
                found.setdefault(_forward(made, relation), []).append(kind)
    return found


def _forward(made: EntityType, relation: Relation) -> Way:
    targets = tuple(kind for kind in relation.targets if kind != "event") or fields.kinds_of_rows()
    return Way(targets, column_of(made, relation.name), relation.name)
