"""The rule that nothing is taken away while something uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bifrost_sdk.domain.deltas import Deltas, Facts, Needs, Rule, name_of, related_ids, standing
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import Edge
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import Issue

#: How many users of a thing an issue names; the rest is counted.
NAMED_USERS = 10

# States in which a version needs the files that it was made of; a retired one is restored only while they are there.
_NEEDING = ("reserved", "published")


def _needs(deltas: Deltas) -> Needs:
    return Needs(used=frozenset(id for id in deltas if _is_going(id, deltas)))


def _is_going(id: str, deltas: Deltas) -> bool:
    delta = deltas[id]
    after = delta.after
    return after is None or (isinstance(after, Version) and after.state == "purged" and delta.changed("state"))


def _check(deltas: Deltas, facts: Facts) -> Iterator[Issue]:
    users: dict[str, list[str]] = {}
    for edge in facts.users:
        if _stands(edge, deltas, facts):
            users.setdefault(edge.target, []).append(edge.source)
    for target, sources in users.items():
        message = f"used by {_names(sources, facts.names)}"
        yield Issue("in_use", message, "", name_of(deltas[target].entity), "change those first")


def _stands(edge: Edge, deltas: Deltas, facts: Facts) -> bool:
    """Whether the use is still there after the commit, and matters: files that are purged are missed by dependents."""
    is_purged = deltas[edge.target].after is not None
    if is_purged and edge.relation != "dependencies":
        return False
    user = standing(edge.source, deltas, facts)
    if is_purged and isinstance(user, Version) and user.state not in _NEEDING:
        return False
    return edge.source not in deltas or (user is not None and _holds(user, edge.target))


def _holds(entity: Entity, target: str) -> bool:
    relations = entity_type(entity.kind).relations.values()
    return any(target in related_ids(entity, relation) for relation in relations)


def _names(sources: Sequence[str], names: Mapping[str, str]) -> str:
    distinct = list(dict.fromkeys(sources))
    named = [names[source] for source in distinct if source in names]
    shown = named[:NAMED_USERS]
    hidden = len(distinct) - len(named)
    if len(named) > len(shown):
        shown.append(f"{len(named) - len(shown)} more")
    if hidden:
        shown.append(f"{hidden} that you may not see")
    return ", ".join(shown)


RULES: tuple[Rule, ...] = (Rule("in_use", _needs, _check),)
