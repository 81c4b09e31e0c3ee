from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from bifrost_sdk.domain import registry
from bifrost_sdk.domain.access import (
    BUILTIN_ROLES,
    VERBS,
    Access,
    all_of,
    any_of,
    compile_roles,
    everything,
    limited_to,
)
from bifrost_sdk.domain.changes import Event
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.evaluation import World, fulfils
from bifrost_sdk.domain.people import Role
from bifrost_sdk.domain.production import Link
from bifrost_sdk.domain.query import EVERYTHING, NOTHING, Compare, Filter, Not
from bifrost_sdk.domain.query_documents import filter_to_document
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.rules import related_ids
from bifrost_sdk.errors import ValidationError
from bifrost_sdk.testing.show import make_id, show

SHOW = show("demo")
IDS = SHOW.ids


def world_of_everything() -> World:
    """The show, with links to a casting and events of everything in it."""
    made = [*SHOW.studio, *(attrs.evolve(entity, project="demo") for entity in SHOW.project)]
    casting = next(entity for entity in made if entity.kind == "shot_asset")
    made.append(Link(id=make_id(5000), project="demo", source=IDS["sh010"], target=casting.id, type="about"))
    made.append(Link(id=make_id(5001), project="demo", source=casting.id, target=IDS["sh030"], type="about"))
    events = [
        Event(id=make_id(6000 + number), project="demo", operation="create", subject=each.id, subject_kind=each.kind)
        for number, each in enumerate(made)
    ]
    return World([*made, *events])


WORLD = world_of_everything()
Test = Callable[[Entity], bool]


def role(code: str, *permissions: str, **filters: Filter) -> Role:
    documents = {kind: filter_to_document(filter) for kind, filter in filters.items()}
    return Role(code=code, permissions=permissions or ("read:*",), filters=documents)


def without(**fields: str) -> Filter:
    ((name, value),) = fields.items()
    return Not(Compare((name,), "eq", value))


def seen_by(test: Test) -> set[str]:
    """The naive truth: an entity is seen when it passes, and so do its parent and the ends of its gates."""

    def sees(id: str) -> bool:
        entity = WORLD.entities.get(id)
        if entity is None or not test(entity):
            return False
        gates = [each for each in entity_type(entity.kind).relations.values() if each.gate]
        ends = [end for gate in gates for end in related_ids(entity, gate)]
        above = WORLD.parent(entity)
        return all(map(sees, [*ends, *([above] if above else [])]))

    return {id for id in WORLD.entities if sees(id)}


def visible(*roles: Role) -> set[str]:
    condition = compile_roles("anna", roles).visible
    return {id for id, entity in WORLD.entities.items() if fulfils(condition, entity, WORLD)}


def is_not(kind: str, code: str) -> Test:
    return lambda entity: not (entity.kind == kind and getattr(entity, "code", "") == code)


HIDING = [("asset_type", "char"), ("asset", "hero"), ("asset", "sword"), ("episode", "ep01"), ("sequence", "sq020"),
          ("shot", "sh010"), ("shot", "sh030"), ("product", "anim"), ("product", "model"), ("task", "anim"),
          ("status", "todo"), ("project", "demo")]  # fmt: skip


@pytest.mark.parametrize(("kind", "code"), HIDING)
def test_what_belongs_to_a_hidden_thing_is_hidden_when_a_filter_hides_it(kind: str, code: str) -> None:
    seen = visible(role("few", "read:*", **{kind: without(code=code)}))
    assert seen == seen_by(is_not(kind, code))
    assert seen < set(WORLD.entities)


@pytest.mark.parametrize("kind", [kind for kind in registry.kinds() if kind != "event"])
def test_whole_kind_is_hidden_with_all_that_hangs_on_it_when_its_filter_never_holds(kind: str) -> None:
    seen = visible(role("none", "read:*", **{kind: Compare(("id",), "in", ())}))
    assert seen == seen_by(lambda entity: entity.kind != kind)


def test_only_readable_kinds_are_seen_when_reading_is_not_for_all() -> None:
    few = role("few", "read:asset_type", "read:asset", "create:shot", "*:link")
    kinds = {"asset_type", "asset", "link", "project"}
    assert visible(few) == seen_by(lambda entity: entity.kind in kinds)
    assert visible(role("writer", "create:shot")) == set()


def test_everything_that_any_role_sees_is_seen_when_there_are_several() -> None:
    one, other = role("one", "read:*", asset=without(code="hero")), role("other", "read:*", shot=without(code="sh010"))
    assert visible(one, other) == visible(one) | visible(other)
    assert compile_roles("anna", [one, role("all")]).is_unrestricted
    assert compile_roles("anna", [one, one]).visible == compile_roles("anna", [one]).visible


def test_nothing_is_seen_or_allowed_when_there_is_no_role() -> None:
    access = compile_roles("anna", [])
    assert access.is_closed
    assert not any(access.allows(verb, kind) for verb in VERBS for kind in registry.kinds())


def test_listed_kinds_alone_are_seen_when_limited_to_them() -> None:
    condition = limited_to({"user": EVERYTHING, "team": NOTHING})
    seen = {entity.kind for entity in WORLD.entities.values() if fulfils(condition, entity, WORLD)}
    assert seen == {"user"}


def test_filters_are_simple_when_joined() -> None:
    one, two = Compare(("id",), "eq", "1"), Compare(("id",), "eq", "2")
    assert (any_of([]), any_of([one, NOTHING]), any_of([one, EVERYTHING])) == (NOTHING, one, EVERYTHING)
    assert (all_of(), all_of(one, EVERYTHING), all_of(one, NOTHING)) == (EVERYTHING, one, NOTHING)
    assert any_of([one, two]) != all_of(one, two)


PUBLISH = {"create:product", "create:version", "update:version", "publish:version", "create:representation",
           "create:workfile", "update:workfile", "create:link", "update:link", "delete:link"}  # fmt: skip
SHOTS = {f"{verb}:{kind}" for verb in ("create", "update", "delete") for kind in ("episode", "sequence", "shot")}
PLAN = SHOTS | {
    f"{verb}:{kind}"
    for verb in ("create", "update", "delete")
    for kind in ("asset_type", "asset", "shot_asset", "task", "product")
}
DECIDE = {"approve:version", "retire:version", "update:asset", "update:shot", "update:sequence", "update:episode"}
EVERY = {f"{verb}:{kind}" for verb in VERBS for kind in registry.kinds()}
MATRIX = {
    "owner": EVERY,
    "admin": EVERY,
    "director": PUBLISH | DECIDE | {"update:task"},
    "supervisor": PUBLISH | PLAN | DECIDE,
    "lead": PUBLISH | PLAN | {"retire:version"},
    "artist": PUBLISH | {"update:task"},
    "editor": PUBLISH | SHOTS,
    "viewer": set(),
}


@pytest.mark.parametrize("code", BUILTIN_ROLES)
def test_builtin_role_holds_exactly_its_permissions_when_every_verb_is_asked(code: str) -> None:
    name, permissions = BUILTIN_ROLES[code]
    access = compile_roles("anna", [Role(code=code, name=name, permissions=permissions)])
    held = {f"{verb}:{kind}" for verb in VERBS for kind in registry.kinds() if access.allows(verb, kind)}
    assert held == MATRIX[code] | {f"read:{kind}" for kind in registry.kinds()}
    assert access.is_unrestricted


def test_everything_is_allowed_when_the_library_asks() -> None:
    access = everything("system")
    assert access.allows("any", "thing")
    assert access.is_unrestricted
    assert not Access("anna", frozenset({"*:asset"})).allows("read", "shot")


@pytest.mark.parametrize("permission", ["read", "read:", ":asset", "read asset", "Read:asset", "read:asset:all", "*"])
def test_permission_is_refused_when_it_is_no_verb_and_kind(permission: str) -> None:
    with pytest.raises(ValidationError, match="no permission"):
        Role(code="bad", permissions=(permission,))
