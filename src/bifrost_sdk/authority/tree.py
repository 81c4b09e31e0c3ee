"""Paths of the nodes that a commit touches, as they will be."""

from __future__ import annotations

from collections.abc import Mapping

from bifrost_sdk.authority.sight import Sight
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.production import Project
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.rules import Delta
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import Issue, ValidationError

#: A path has at most so many characters, so that references and folders stay usable.
PATH_LIMIT = 512


class Paths:
    """Paths after a commit.

    A node that it does not touch keeps its path, unless a node above may move: then those above are looked up together,
    level by level. `seen` are entities that were looked up before, as they stand: none of these is looked up again.
    """

    def __init__(self, deltas: Mapping[str, Delta], sight: Sight, *, seen: Mapping[str, Entity]) -> None:
        self._deltas = deltas
        self._known: dict[str, str | None] = {}
        self._outside: dict[str, Entity] = {}
        self._may_move = any(isinstance(delta.before, Node) for delta in deltas.values())
        level = {parent for delta in deltas.values() if delta.after and (parent := _above(delta.after))}
        while missing := level - deltas.keys() - self._outside.keys():
            found = {id: seen[id] for id in missing if id in seen}
            if others := missing - found.keys():
                found |= sight.by_id(others)
            self._outside.update(found)
            level = {parent for entity in found.values() if self._may_move and (parent := _above(entity))}

    def before(self, entity: Entity) -> str | None:
        """The path a node had, None for other kinds."""
        return entity.path if isinstance(entity, Node) and not isinstance(entity, Project) else None

    def after(self, entity: Entity) -> str | None:
        """The path a node gets, or that of a version's product; None for other kinds.

        Raises:
            ValidationError: when the node would lie within itself, or its path is too long.
        """
        if isinstance(entity, Version):
            return self._of(entity.product, ())
        if not isinstance(entity, Node) or isinstance(entity, Project):
            return None
        return self._of(entity.id, ())

    def _of(self, id: str, below: tuple[str, ...]) -> str | None:
        """The path of a node, made from that of its parent, since any node above may be moved by this commit."""
        if id in self._known:
            return self._known[id]
        if id in below:
            raise ValidationError(Issue("parent.cycle", "a node cannot lie within itself", "parent", id))
        delta = self._deltas.get(id)
        entity = delta.after if delta else self._outside.get(id)
        made = None
        if isinstance(entity, Project):
            made = ""
        elif isinstance(entity, Node):
            is_kept = delta is None and not self._may_move
            made = entity.path if is_kept else self._made(entity, (*below, id))
        self._known[id] = made
        return made

    def _made(self, node: Node, below: tuple[str, ...]) -> str:
        above = (self._of(node.parent, below) if node.parent else None) or entity_type(node.kind).root
        path = f"{above}/{node.code}" if above else node.code
        if len(path) > PATH_LIMIT:
            message = f"its path has {len(path)} characters, more than {PATH_LIMIT}"
            raise ValidationError(Issue("path.length", message, "code", node.code, "use shorter codes"))
        return path


def _above(entity: Entity) -> str | None:
    if isinstance(entity, Version):
        return entity.product
    return entity.parent if isinstance(entity, Node) else None
