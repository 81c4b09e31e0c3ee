"""What a project may become, in plain Python: the model that random histories are held against.

It knows no plans, deltas or facts: it makes the state that would come out and asks whether that state, and the step to
it, are legal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.model import Asset, AssetType, Link, Product, Status, Version
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.versions import CHANGEABLE, TRANSITIONS
from bifrost_sdk.testing.show import make_id

State = Mapping[str, Entity]

#: The project that everything lies in; it stands from the beginning and is no part of a state.
PROJECT_ID = make_id(1)


class Model:
    """Every state of one project, from nothing; `states[n]` is that of revision n."""

    def __init__(self) -> None:
        self.states: list[State] = [{}]

    @property
    def now(self) -> State:
        """The present state."""
        return self.states[-1]

    def commit(self, after: State, *, is_kept: bool = False) -> bool:
        """Take the state as the next revision, one that is the same only when it is kept; whether it is new."""
        after = {id: self.now[id] if _is_same(self.now.get(id), each) else each for id, each in after.items()}
        if after == self.now and not is_kept:
            return False
        revision = len(self.states)
        numbered = self._numbered(after)
        self.states.append(
            {
                id: each if self.now.get(id) == each else attrs.evolve(each, revision=revision)
                for id, each in numbered.items()
            }
        )
        return True

    def path(self, id: str, state: State) -> str:
        """The path of a node in a state, or that of a version's product."""
        entity = state.get(id)
        if isinstance(entity, Version):
            return self.path(entity.product, state)
        if not isinstance(entity, (AssetType, Asset, Product)):
            return ""
        above = self.path(entity.parent or "", state) or entity_type(entity.kind).root
        return f"{above}/{entity.code}" if above else entity.code

    def _numbered(self, after: State) -> State:
        numbered = dict(after)
        for id, each in after.items():
            if isinstance(each, Version) and each.number is None:
                given = [
                    v.number or 0 for v in numbered.values() if isinstance(v, Version) and v.product == each.product
                ]
                numbered[id] = attrs.evolve(each, number=max(given) + 1)
        return numbered


def is_legal(before: State, after: State) -> bool:
    """Whether a project may go from one state to the other."""
    return (
        _has_unique_names(after)
        and _has_all_targets(after)
        and not any(_is_within_itself(id, after) for id in after)
        and all(_may_become(before.get(id), after.get(id), after) for id in {**before, **after})
    )


def _has_unique_names(state: State) -> bool:
    names = [name_of(entity) for entity in state.values()]
    return len(set(names)) == len(names)


def name_of(entity: Entity) -> tuple[str, ...]:
    """What no two things of one state may share."""
    if isinstance(entity, Status):
        return "status", codes.fold(entity.code)
    if isinstance(entity, (AssetType, Asset, Product)):
        return "node", entity.parent or "", codes.fold(entity.code)
    if isinstance(entity, Link):
        return "link", entity.source, entity.target, codes.fold(entity.type)
    return entity.kind, entity.id


def _has_all_targets(state: State) -> bool:
    return all(target in state or target == PROJECT_ID for entity in state.values() for target in _targets(entity))


def _targets(entity: Entity) -> Iterable[str]:
    names = ("parent", "asset_type", "status", "product", "source", "target")
    yield from (value for name in names if (value := getattr(entity, name, None)) and not isinstance(entity, Version))
    if isinstance(entity, Version):
        yield from (entity.product, *([entity.status] if entity.status else []))
        yield from (each.version for each in entity.dependencies)


def _is_within_itself(id: str, state: State) -> bool:
    seen = set()
    here: str | None = id
    while here is not None and here in state and here not in seen:
        seen.add(here)
        here = getattr(state[here], "parent", None)
    return here in seen


def _may_become(old: Entity | None, new: Entity | None, after: State) -> bool:
    if not isinstance(new, Version):
        return not isinstance(old, Version)
    if not isinstance(old, Version):
        return new.state in ("reserved", "published") and _may_be_published(new, after)
    return (
        new.state in (old.state, *TRANSITIONS[old.state])
        and (old.state == "reserved" or _fixed(old) == _fixed(new))
        and not (old.state != "purged" and new.state == "purged" and _is_needed(new.id, after))
        and (old.state == new.state or _may_be_published(new, after))
    )


def _may_be_published(version: Version, after: State) -> bool:
    targets = [after.get(each.version) for each in version.dependencies]
    standing = all(isinstance(each, Version) and each.state in ("published", "retired") for each in targets)
    return version.state != "published" or standing


def _is_needed(id: str, state: State) -> bool:
    versions = [
        each for each in state.values() if isinstance(each, Version) and each.state in ("reserved", "published")
    ]
    return any(each.version == id for version in versions for each in version.dependencies)


def _fixed(version: Version) -> dict[str, Any]:  # Any: values of every field type
    free = {*CHANGEABLE, "revision", "unknown"}
    return {name: value for name, value in attrs.asdict(version, recurse=False).items() if name not in free}


def _is_same(one: Entity | None, other: Entity) -> bool:
    """Whether they differ in nothing but when they came about."""
    return one is not None and one == attrs.evolve(other, revision=one.revision)


def plain(entity: Entity) -> Entity:
    """The entity without what only the authority knows: project, path, times, people."""
    fields: dict[str, Any] = dict.fromkeys(("project", "path", "created_by", "updated_by"), "")  # Any: as in evolve
    times = ("created_at", "updated_at", "lease_until")
    fields |= {name: None for name in times if hasattr(entity, name)}
    return attrs.evolve(entity, **fields)
