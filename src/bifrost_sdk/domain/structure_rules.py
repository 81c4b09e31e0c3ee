"""Rules of the tree: what belongs where, what points at what, and which names are taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from bifrost_sdk.domain import access, attributes
from bifrost_sdk.domain.deltas import (
    Delta,
    Deltas,
    Facts,
    Needs,
    Rule,
    changed_relations,
    key_of,
    name_of,
    no_needs,
    standing,
    written,
)
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.people import Role
from bifrost_sdk.domain.production import STUDIO, Project
from bifrost_sdk.domain.registry import Relation, entity_type, kinds
from bifrost_sdk.domain.tasks import Status
from bifrost_sdk.errors import Issue, ValidationError


def _check_scope(deltas: Deltas, _: Facts) -> Iterator[Issue]:
    for delta in deltas.values():
        entity = delta.entity
        made = entity_type(entity.kind)
        if made.read_only:
            yield Issue("kind.read_only", f"a {made.kind} is written by the catalog alone", subject=name_of(entity))
        elif not made.stands_in(entity.project):
            where = STUDIO if made.scope == STUDIO else "a production's project"
            message = f"a {made.kind} belongs to {where}, not {entity.project}"
            yield Issue("kind.scope", message, subject=name_of(entity))


def _check_archived(deltas: Deltas, facts: Facts) -> Iterator[Issue]:
    if deltas and facts.project is not None and facts.project.state == "archived":
        first = next(iter(deltas.values())).entity
        message = f"the project {facts.project.code} is archived"
        yield Issue("project.archived", message, subject=name_of(first), hint="make it active first")


def _relation_needs(deltas: Deltas) -> Needs:
    ids = {target for _, _, targets in changed_relations(deltas) for target in targets}
    return Needs(ids=frozenset(ids - deltas.keys()))


def _check_relations(deltas: Deltas, facts: Facts) -> Iterator[Issue]:
    for _, after in written(deltas):
        made = entity_type(after.kind)
        above = made.parent
        for relation in made.relations.values():
            if (relation.required or relation is above) and not getattr(after, relation.name):
                needed = " or ".join(relation.targets) or "another thing"
                verb = "lies below" if relation is above else "needs"
                message = f"a {after.kind} {verb} {needed}"
                yield Issue("relation.required", message, relation.name, name_of(after), "give its id")
    for entity, relation, targets in changed_relations(deltas):
        for target in targets:
            if target in deltas and deltas[target].after is None:
                message = f"{name_of(deltas[target].entity)} is deleted by this same commit"
                yield Issue("in_use", message, relation.name, name_of(entity))
            elif (found := standing(target, deltas, facts)) is None:
                message = f"there is nothing with the id {target}"
                yield Issue("relation.missing", message, relation.name, name_of(entity))
            else:
                yield from _check_target(entity, relation, found)


def _check_target(entity: Entity, relation: Relation, found: Entity) -> Iterator[Issue]:
    if relation.targets and found.kind not in relation.targets:
        message = f"{name_of(found)} is a {found.kind}, not {' or '.join(relation.targets)}"
        yield Issue("relation.kind", message, relation.name, name_of(entity))
    elif found.kind in (entity.kind, "event") and relation.gate:
        # To tell whether this is hidden, gates would have to be followed on and on.
        message = f"{name_of(found)} is itself about others"
        yield Issue("relation.kind", message, relation.name, name_of(entity), "name what it is about")
    elif _is_elsewhere(entity, relation, found):
        where = "is another project" if isinstance(found, Project) else f"belongs to the project {found.project}"
        message = f"{name_of(found)} {where}"
        yield Issue("relation.project", message, relation.name, name_of(entity))


def _is_elsewhere(entity: Entity, relation: Relation, found: Entity) -> bool:
    """The studio is open to all, but a node lies below its own project only."""
    if relation.across:
        return False
    if isinstance(found, Project) and relation == entity_type(entity.kind).parent:
        return found.code != entity.project
    return found.project not in (entity.project, STUDIO)


def _check_statuses(deltas: Deltas, facts: Facts) -> Iterator[Issue]:
    known = (*facts.entities.values(), *(after for _, after in written(deltas)))
    if not any(isinstance(each, Status) and each.kinds for each in known):
        return
    for entity, relation, targets in changed_relations(deltas):
        if relation.targets != ("status",):
            continue  # a link, say, may be about any status
        for found in (standing(target, deltas, facts) for target in targets):
            if isinstance(found, Status) and found.kinds and entity.kind not in found.kinds:
                message = f"{name_of(found)} is for {', '.join(found.kinds)}, not {entity.kind}"
                yield Issue("status.kind", message, relation.name, name_of(entity), "take another status")


def _new_keys(deltas: Deltas) -> Iterator[tuple[Entity, tuple[str | None, str]]]:
    for delta, after in written(deltas):
        key = key_of(after)
        if key is not None and (delta.before is None or key_of(delta.before) != key):
            yield after, key


def _key_needs(deltas: Deltas) -> Needs:
    return Needs(keys=frozenset(key for _, key in _new_keys(deltas)))


def _check_unique(deltas: Deltas, facts: Facts) -> Iterator[Issue]:
    taken: dict[tuple[str | None, str], Entity] = {}
    for entity, key in _new_keys(deltas):
        holder = facts.holders.get(key)
        if holder is not None and holder != entity.id and not _gives_up(deltas.get(holder), key):
            yield _not_unique(entity, key, facts.names.get(holder, ""))
        elif key in taken:
            yield _not_unique(entity, key, f"{name_of(taken[key])} of this same commit ({taken[key].id}, {entity.id})")
        taken.setdefault(key, entity)


def _gives_up(delta: Delta | None, key: tuple[str | None, str]) -> bool:
    return delta is not None and (delta.after is None or key_of(delta.after) != key)


def _not_unique(entity: Entity, key: tuple[str | None, str], holder: str) -> Issue:
    taken = f"the name {key[1].rpartition(':')[2]} is taken below its parent"
    hint = "take another name, or ensure it"
    return Issue("unique", f"{taken} by {holder}" if holder else taken, subject=name_of(entity), hint=hint)


def _check_reserved(deltas: Deltas, facts: Facts) -> Iterator[Issue]:
    if facts.project is None:
        return
    reserved = {(facts.project.id, root) for kind in kinds() if (root := entity_type(kind).root)}
    for entity, key in _new_keys(deltas):
        if entity.kind == "product" and key in reserved:
            yield Issue(
                "code.reserved", "this code begins a branch of the tree", "code", name_of(entity), "take another"
            )


def _check_attributes(deltas: Deltas, facts: Facts) -> Iterator[Issue]:
    for delta, after in written(deltas):
        values: Mapping[str, Any] = getattr(after, "attributes", {})  # Any: JSON
        project = after if isinstance(after, Project) else facts.project
        if values and project is not None and (delta.changed("attributes") or isinstance(after, Project)):
            for issue in attributes.check_values(values, project.attribute_types):
                yield attrs.evolve(issue, subject=name_of(after))


def _check_roles(deltas: Deltas, _: Facts) -> Iterator[Issue]:
    """A role that cannot be read would shut out everybody who has it."""
    for delta, after in written(deltas):
        if isinstance(after, Role) and delta.changed("filters"):
            try:
                access.compile_roles("", [after])
            except ValidationError as error:
                for issue in error.issues:
                    yield Issue("role.filter", issue.message, "filters", name_of(after), issue.hint)


RULES: tuple[Rule, ...] = (
    Rule("scope", no_needs, _check_scope),
    Rule("archived", no_needs, _check_archived),
    Rule("relation", _relation_needs, _check_relations),
    Rule("status", _relation_needs, _check_statuses),
    Rule("unique", _key_needs, _check_unique),
    Rule("reserved", no_needs, _check_reserved),
    Rule("attributes", no_needs, _check_attributes),
    Rule("role", no_needs, _check_roles),
)
