"""Links: annotations between any two things."""

from __future__ import annotations

import builtins
from typing import Any

from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.production import Link
from bifrost_sdk.domain.query import Query
from bifrost_sdk.services.context import Item
from bifrost_sdk.services.entities import Entities


class Links(Entities[Link]):
    """Notes that two things belong together; they never change what a version was made of.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     hero = session.assets.create("demo", "char", "hero")
    ...     twin = session.assets.create("demo", "char", "twin")
    ...     link = session.links.create(hero, twin, type="variant-of")
    ...     [found.type for found in session.links.of(twin)]
    ['variant-of']
    """

    cls = Link

    def create(self, source: Item, target: Item, **fields: Any) -> Link:
        """A new link from `source` to `target`; `fields` are those of `Link`, its type a code."""
        origin = self.context.take(Entity, source)
        fields = {**fields, "source": origin, "target": target}
        return self._add(origin.project, self.context.make(Link, origin.project, fields))

    def of(self, item: Item) -> builtins.list[Link]:
        """The links from and to a thing, of its own project."""
        entity = self.context.take(Entity, item)
        query = Query("link", project=entity.project)
        return [*self.context.every(query.where(source=entity.id)), *self.context.every(query.where(target=entity.id))]
