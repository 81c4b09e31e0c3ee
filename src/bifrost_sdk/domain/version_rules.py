"""Rules of what is published: what is fixed, which state follows which, and what a version may be made of."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from bifrost_sdk.domain.deltas import (
    Delta,
    Deltas,
    Facts,
    Needs,
    Rule,
    find_cycles,
    name_of,
    no_needs,
    standing,
    written,
)
from bifrost_sdk.domain.entity import STAMPS, Entity
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.versions import ALGORITHMS, CHANGEABLE, TRANSITIONS, Representation, Version, is_hash
from bifrost_sdk.errors import Issue

#: Fields that are no content of an entity.
ENVELOPE = frozenset({"id", "unknown", *STAMPS})


# What a representation says once its files are there.
_COMING = frozenset({"root", "folder", "files"})


def _check_immutable(deltas: Deltas, _: Facts) -> Iterator[Issue]:
    for delta, after in written(deltas):
        if delta.before is None:
            continue
        fixed = entity_type(after.kind).immutable
        if isinstance(delta.before, Version):
            fixed |= _fixed_of_version(delta.before)
        elif isinstance(delta.before, Representation) and delta.before.is_held:
            fixed -= _COMING
        for name in sorted(fixed):
            if not delta.changed(name):
                continue
            if name == "files" and isinstance(after, Representation) and _only_hashes_differ(delta.before, after):
                yield from _check_hashes(after)
            else:
                yield Issue("immutable", "this cannot be changed any more", name, name_of(after), "make a new one")


def _only_hashes_differ(before: Entity, after: Representation) -> bool:
    """Whether nothing but hashes that were not known is another: the files were taken in where they lay."""
    known = before.files if isinstance(before, Representation) else ()
    return len(known) == len(after.files) and all(
        attrs.evolve(old, hash=old.hash or new.hash) == new for old, new in zip(known, after.files, strict=True)
    )


def _check_hashes(after: Representation) -> Iterator[Issue]:
    for index, file in enumerate(after.files):
        if file.hash and not is_hash(file.hash):
            message = f"{file.hash!r:.100} is no hash, and what is learnt stays"
            hint = f"write {': or '.join(ALGORITHMS)}: and 64 digits of 0-9a-f"
            yield Issue("immutable.hash", message, f"files[{index}]", name_of(after), hint)


def _fixed_of_version(before: Version) -> frozenset[str]:
    if before.state == "reserved":
        return frozenset({"number"}) if before.number is not None else frozenset()
    names = frozenset(field.name for field in attrs.fields(Version))
    return names - ENVELOPE - CHANGEABLE - {"lease_until"}


def _check_states(deltas: Deltas, _: Facts) -> Iterator[Issue]:
    for delta in deltas.values():
        before, after = delta.before, delta.after
        if isinstance(after, Version):
            yield from _check_transition(before, after)
        elif isinstance(before, Version):
            hint = {"reserved": "abandon it", "published": "retire it"}.get(before.state, "it stays as a record")
            message = "numbers are never reused, so a version is not deleted"
            yield Issue("state.delete", message, "", name_of(before), hint)


def _check_transition(before: Entity | None, after: Version) -> Iterator[Issue]:
    if not isinstance(before, Version):
        if after.state not in ("reserved", "published"):
            yield Issue("state.new", f"a version cannot begin as {after.state}", "state", name_of(after))
    elif before.state != after.state and after.state not in TRANSITIONS[before.state]:
        allowed = " or ".join(TRANSITIONS[before.state]) or "nothing"
        message = f"after {before.state} comes {allowed}, not {after.state}"
        yield Issue("state.transition", message, "state", name_of(after))


def _representations(deltas: Deltas) -> Iterator[tuple[Delta, Representation, tuple[str, ...]]]:
    """Those that are made, get their files or go, with the states in which their version may be."""
    for delta in deltas.values():
        before, after = delta.before, delta.after
        if isinstance(before, Representation) and after is None:
            yield delta, before, tuple(TRANSITIONS) if before.is_held else ("reserved", "abandoned", "purged")
        elif isinstance(after, Representation) and before is None:
            yield delta, after, ("reserved", "published")
        elif (
            isinstance(after, Representation) and isinstance(before, Representation) and before.is_held > after.is_held
        ):
            yield delta, after, ("published", "retired")


def _representation_needs(deltas: Deltas) -> Needs:
    ids = {item.version for _, item, _ in _representations(deltas)}
    return Needs(ids=frozenset(ids - deltas.keys()))


def _check_representations(deltas: Deltas, facts: Facts) -> Iterator[Issue]:
    for delta, item, allowed in _representations(deltas):
        removed = delta.after is None
        version = standing(item.version, deltas, facts)
        if not isinstance(version, Version):
            if removed:
                yield Issue("state.representation", "its version cannot be seen", "", name_of(item))
            continue  # of a new one the rule of relations tells
        if version.state not in allowed:
            action = "loses no files" if removed else "gets no further files"
            message = f"{name_of(version)} is {version.state} and {action}"
            yield Issue("state.representation", message, "", name_of(item))


def _publishing(deltas: Deltas) -> Iterator[tuple[Delta, Version]]:
    """The versions that become published, restored ones included: files that they need may be gone by then."""
    for delta, after in written(deltas):
        if isinstance(after, Version) and after.state == "published" and after.dependencies and delta.changed("state"):
            yield delta, after


def _dependency_needs(deltas: Deltas) -> Needs:
    ids = {item.version for _, version in _publishing(deltas) for item in version.dependencies}
    return Needs(ids=frozenset(ids - deltas.keys()))


def _check_dependencies(deltas: Deltas, facts: Facts) -> Iterator[Issue]:
    for delta, version in _publishing(deltas):
        for item in version.dependencies:
            target = standing(item.version, deltas, facts)
            if target is None and not delta.changed("dependencies") and not _is_restored(delta):
                message = "it is made of a version that cannot be seen"
                yield Issue("dependency.missing", message, "dependencies", name_of(version), "take it out")
            elif isinstance(target, Version) and target.state not in ("published", "retired"):
                message = f"{name_of(target)} is {target.state}, not published"
                hint = "its files are gone: make a new version" if target.state == "purged" else "publish it first"
                yield Issue("dependency.state", message, "dependencies", name_of(version), hint)


def _is_restored(delta: Delta) -> bool:
    return isinstance(delta.before, Version) and delta.before.state == "retired"


def _check_dependency_cycles(deltas: Deltas, _: Facts) -> Iterator[Issue]:
    graph = {
        version.id: tuple(item.version for item in version.dependencies if item.version in deltas)
        for _, version in _publishing(deltas)
    }
    for ring in find_cycles(graph):
        names = " -> ".join(name_of(deltas[each].entity) for each in ring)
        first = name_of(deltas[ring[0]].entity)
        yield Issue("dependency.cycle", f"a version would be made of itself: {names}", "dependencies", first)


RULES: tuple[Rule, ...] = (
    Rule("immutable", no_needs, _check_immutable),
    Rule("state", no_needs, _check_states),
    Rule("representation", _representation_needs, _check_representations),
    Rule("dependency", _dependency_needs, _check_dependencies),
    Rule("dependency", no_needs, _check_dependency_cycles),
)
