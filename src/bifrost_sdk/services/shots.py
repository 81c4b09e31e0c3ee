"""Episodes, sequences and shots, and what shots are cast with."""

from __future__ import annotations

import builtins
from typing import Any

from bifrost_sdk.domain.changes import Change, Ensure, Update
from bifrost_sdk.domain.entity import Node
from bifrost_sdk.domain.production import Asset, Episode, Sequence, Shot, ShotAsset
from bifrost_sdk.domain.query import Query
from bifrost_sdk.services.context import Item, last_of
from bifrost_sdk.services.entities import Nodes, Place


class Episodes(Nodes[Episode]):
    """The parts of a series."""

    cls = Episode

    def create(self, project: Item | None, code: str, **fields: Any) -> Episode:
        """A new episode; `fields` are those of `Episode`."""
        owner = self.context.project_of(project)
        fields = {"parent": owner.id, **fields, "code": code}
        return self._add(owner.code, self.context.make(Episode, owner.code, fields))


class Sequences(Nodes[Sequence]):
    """Shots that belong together."""

    cls = Sequence

    def create(self, project: Item | None, code: str, *, episode: Item | None = None, **fields: Any) -> Sequence:
        """A new sequence, of an episode (made where it is missing) or of the project."""
        owner = self.context.project_of(project)
        parent: Place = (owner.id, ())
        if episode is not None:
            parent = self._ensured(Episode, parent, episode)
        fields = {"parent": parent[0], **fields, "code": code}
        return self._add(owner.code, self.context.make(Sequence, owner.code, fields), before=parent[1])


class Shots(Nodes[Shot]):
    """Continuous runs of frames.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     shot = session.shots.create("demo", "sq010", "sh020", frames="1001-1096")
    ...     sword = session.assets.create("demo", "prop", "sword")
    ...     cast = session.shots.cast(shot, sword, count=2)
    ...     print(shot.ref, len(shot.frames), cast.count)
    bifrost://demo/shots/sq010/sh020 96 2
    """

    cls = Shot

    def create(
        self, project: Item | None, sequence: Item | None, code: str, *, episode: Item | None = None, **fields: Any
    ) -> Shot:
        """A new shot; sequence and episode are made in the same commit where they are missing.

        `sequence` None puts the shot directly below the episode or the project; `fields` are those of `Shot`, frames
        as ``"1001-1096"``, inclusive.

        Raises:
            ValidationError: when the name is taken.
        """
        return self._put(project, (episode, sequence), {**fields, "code": code}, ensure=False)

    def ensure(
        self, project: Item | None, sequence: Item | None, code: str, *, episode: Item | None = None, **fields: Any
    ) -> Shot:
        """The shot of that code as it is, else a new one with these fields."""
        return self._put(project, (episode, sequence), {**fields, "code": code}, ensure=True)

    def cast(self, shot: Item, asset: Item, *, count: int = 1, variant: str = "") -> ShotAsset:
        """Use `count` copies of an asset in a shot, a sequence or an episode; casting it again sets the count."""
        into = self.context.take(Node, shot)
        wanted = ShotAsset(
            id=self.context.new_id(),
            shot=into.id,
            asset=self.context.take(Asset, asset).id,
            count=count,
            variant=variant,
        )
        fields: dict[str, Any] = {"count": count}  # Any: as an Update takes them
        changes: builtins.list[Change] = [Ensure(wanted), Update(wanted.id, fields)]
        return last_of(self.context.commit(into.project, changes), ShotAsset)

    def casting(self, shot: Item) -> builtins.list[ShotAsset]:
        """What the shot itself is cast with, without what its sequence is."""
        into = self.context.take(Node, shot)
        return self.context.every(Query("shot_asset", project=into.project).where(shot=into.id))

    def _put(
        self, project: Item | None, above: tuple[Item | None, Item | None], fields: dict[str, Any], *, ensure: bool
    ) -> Shot:
        owner = self.context.project_of(project)
        parent: Place = (owner.id, ())
        for cls, item in zip((Episode, Sequence), above, strict=True):
            if item is not None:
                parent = self._ensured(cls, parent, item)
        fields = {"parent": parent[0], **fields}
        return self._add(owner.code, self.context.make(Shot, owner.code, fields), before=parent[1], ensure=ensure)
