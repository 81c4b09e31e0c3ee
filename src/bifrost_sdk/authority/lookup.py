"""Entities by what people call them: ids, references, paths, old paths."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from bifrost_sdk.authority import locating, resolving
from bifrost_sdk.authority.resolving import pinned_versions
from bifrost_sdk.authority.sight import Sight
from bifrost_sdk.domain import codes
from bifrost_sdk.domain.entity import Entity, check_id
from bifrost_sdk.domain.pins import PinSet
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.errors import BifrostError, Issue, NotFoundError, ValidationError
from bifrost_sdk.ports import Want


@attrs.frozen
class Key:
    """One thing asked for: by `id`, or by the folded `path` and tag of a reference."""

    text: str
    project: str
    id: str = ""
    path: str = ""
    tag: int | str = ""


class Lookup:
    """Finds entities for one call; `sights` opens a project as the actor sees it, or raises that it is not there."""

    def __init__(self, sights: Callable[[str], Sight], pins: PinSet | None) -> None:
        self._sights = sights
        self._pins = pins

    def entities(self, project: str, keys: Sequence[str]) -> list[Entity | BifrostError]:
        """One entity or error each, in order."""
        found: list[Entity | BifrostError | None] = [None] * len(keys)
        groups: dict[str, list[tuple[int, Key]]] = {}
        for place, text in enumerate(keys):
            try:
                key = self._pinned(read_key(project, text))
            except BifrostError as error:
                found[place] = error
            else:
                groups.setdefault(key.project, []).append((place, key))
        for code, members in groups.items():
            for (place, _), answer in zip(members, self._answer(code, [key for _, key in members]), strict=True):
                found[place] = answer
        return found  # type: ignore[return-value]  # every place was answered

    def _pinned(self, key: Key) -> Key:
        """The pinned version in place of what floats over its product."""
        if self._pins is None or key.tag not in ("latest", "approved"):
            return key
        version = pinned_versions(self._pins).get((key.project, key.path, str(key.tag)))
        return attrs.evolve(key, id=version, path="", tag="") if version else key

    def _answer(self, project: str, keys: Sequence[Key]) -> list[Entity | BifrostError]:
        try:
            sight = self._sights(project)
        except BifrostError as error:
            return [error] * len(keys)
        wants = {key: Want(project, None if key.id else key.path, key.id or None, key.tag) for key in keys if key.tag}
        located = dict(zip(wants, locating.locate(list(wants.values()), sight), strict=True))
        ids = {key: key.id or located[key].version for key in keys if key.id or key.tag}
        by_id = sight.by_id([id for id in ids.values() if id])
        by_path = sight.by_path(key.path for key in keys if key.path and not key.tag)
        return [
            _project(sight, key)
            if not (key.id or key.path)
            else _one(key, by_id.get(ids[key]) if key in ids else by_path.get(key.path), sight)
            for key in keys
        ]


def read_key(project: str, text: str) -> Key:
    """What an id or a reference asks for; an id is looked for in `project`.

    Raises:
        ReferenceSyntaxError, ValidationError: when it is neither.
    """
    if not isinstance(text, str):
        raise ValidationError(Issue("key.type", f"{text!r:.200} is neither an id nor a reference"))
    if ":" not in text:
        return Key(text, project, _id(text, project))
    ref = Reference.parse(text)
    if ref.id is not None:
        return Key(text, ref.project or project, ref.id)
    tag = ref.version_number or (str(ref.tag) if ref.tag else "")
    return Key(text, ref.project or project, path=ref.key, tag=tag)


def _id(text: str, project: str) -> str:
    try:
        return check_id(text)
    except ValidationError as error:
        message, hint = f"{text!r:.200} is neither an id nor a reference", f"references begin with bifrost://{project}"
        raise ValidationError(Issue("key.form", message, hint=hint)) from error


def _one(key: Key, found: Entity | None, sight: Sight) -> Entity | BifrostError:
    if found is not None and found.project in (key.project, STUDIO):
        return found
    if key.id:
        return NotFoundError(f"bifrost://{key.project}/~{key.id}")
    return NotFoundError(key.text, suggestions=resolving.suggest(key.project, key.path, sight))


def _project(sight: Sight, key: Key) -> Entity | BifrostError:
    found = attrs.evolve(sight, project=STUDIO, at=None).by_key([(None, codes.fold(key.project))])
    return next(iter(found.values()), NotFoundError(key.text))
