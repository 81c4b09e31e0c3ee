"""Versions: what was published, what it was made of and what is made of it."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import Page, Query
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.domain.versions import Product, Representation, Version
from bifrost_sdk.services.context import Item, is_id
from bifrost_sdk.services.entities import Entities

if TYPE_CHECKING:  # loaded when something is purged or added
    from bifrost_sdk.services.purging import PurgePlan
    from bifrost_sdk.services.sources import Files
    from bifrost_sdk.services.sources import Item as SourceItem
    from bifrost_sdk.services.staging import Transfer
    from bifrost_sdk.services.watchers import Cancel, Progress


class Versions(Entities[Version]):
    """The numbered states of products.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     hero = session.assets.create("demo", "char", "hero")
    ...     model = session.products.create(hero, "model")
    ...     session.versions.of(model)
    []
    """

    cls = Version

    def get(self, item: Item) -> Version:
        """The version by reference (of a product: its latest), id or entity.

        Raises:
            NotFoundError: when there is none.
        """
        if isinstance(item, Product):
            return self.latest(item)
        if isinstance(item, Entity) or is_id(str(item)):
            return super().get(item)
        ref = item if isinstance(item, Reference) else Reference.parse(str(item))
        if ref.id is None:
            ref = ref.with_tag(ref.tag.name if ref.tag else "latest").with_file(None)
        return super().get(ref)

    def latest(self, product: Item) -> Version:
        """The newest version that is published and not retired.

        Raises:
            NotFoundError: when there is none.
        """
        made = self.context.take(Product, product)
        return self.context.take(Version, f"{made.ref}/latest")

    def of(self, product: Item, *, state: str | None = None) -> builtins.list[Version]:
        """The versions of a product by number, in any state unless one is given."""
        made = self.context.take(Product, product)
        query = Query("version", project=made.project).where(product=made.id)
        return self.context.every((query.where(state=state) if state else query).sort("number"))

    def representations(self, version: Item) -> builtins.list[Representation]:
        """The formats that a version came in, with their files."""
        made = self.context.take(Version, version)
        return self.context.every(Query("representation", project=made.project).where(version=made.id).sort("name"))

    def add(
        self,
        version: Item,
        files: Files,
        *,
        transfer: Transfer = "copy",
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> builtins.list[Representation]:
        """Give a published version further files, as a thumbnail, a proxy or a movie; see `services.additions`.

        Raises:
            ValidationError, StorageError, ConflictError: what was being added is not there, the version is as it was.
        """
        from bifrost_sdk.services import additions

        made = self.context.take(Version, version)
        return additions.add(self.context, made, files, transfer=transfer, progress=progress, cancel=cancel)

    def thumbnail(
        self,
        version: Item,
        *,
        source: SourceItem | None = None,
        size: int = 512,
        cancel: Cancel | None = None,
    ) -> Representation:
        """Add a small picture of what was published, or of `source`; `services.previews.thumbnail` tells all of it.

        Raises:
            ValidationError, StorageError, ConfigurationError: there is no thumbnail, the version is as it was.
        """
        from bifrost_sdk.services import previews

        return previews.thumbnail(self.context, version, source=source, size=size, cancel=cancel)

    def preview(
        self,
        version: Item,
        *,
        source: SourceItem | None = None,
        size: int | None = None,
        frames: int = 96,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> Representation:
        """Add a larger picture of what was published, one that moves for a sequence; see `services.previews.preview`.

        Raises:
            ValidationError, StorageError, ConfigurationError: there is no preview, the version is as it was.
        """
        from bifrost_sdk.services import previews

        return previews.preview(
            self.context, version, source=source, size=size, frames=frames, progress=progress, cancel=cancel
        )

    def retire(self, version: Item) -> Version:
        """Let ``latest`` and ``approved`` skip it; by its number it is still resolved. `restore` takes it back."""
        return self._change(version, "retired")

    def restore(self, version: Item) -> Version:
        """Bring a retired version back.

        Raises:
            ValidationError: it is not retired, or something that it was made of was purged meanwhile.
        """
        return self._change(version, "published")

    def plan_purge(self, version: Item) -> PurgePlan:
        """What `purge` would remove, what refers to the version, and why it is refused if it is; changes nothing."""
        from bifrost_sdk.services import purging

        return purging.plan(self.context, version)

    def purge(self, version: Item) -> Version:
        """Take the files of a retired version away; the record stays, and nothing brings the files back.

        Raises:
            ValidationError: it is not retired, is in use, or its files are not known to be its own.
            ConflictError: somebody else changed it first.
            StorageError: it is purged, but files are left; purging again or `recover` takes them away.
        """
        from bifrost_sdk.services import purging

        return purging.purge(self.context, version)

    def dependencies(self, version: Item, *, depth: int = 64, kinds: Sequence[str] = ()) -> Page:
        """What the version was made of, and what that was made of, `depth` steps at most; the page holds the edges.

        `kinds` keeps to these of strong, weak and reference.
        """
        return self._walk(version, depth, kinds, forward=True)

    def dependents(self, version: Item, *, depth: int = 64, kinds: Sequence[str] = ()) -> Page:
        """What was made of the version, and what was made of that, `depth` steps at most; the page holds the edges."""
        return self._walk(version, depth, kinds, forward=False)

    def _change(self, version: Item, state: str) -> Version:
        """Give it another state, and tell followers that ask for these."""
        from bifrost_sdk.services import following

        with following.delivering(self.context, self.context.get(version).project):
            return self.update(version, state=state)

    def _walk(self, version: Item, depth: int, kinds: Sequence[str], *, forward: bool) -> Page:
        made = self.get(version)
        query = Query("version", project=made.project).where(id=made.id)
        return self.context.find(query.walk("dependencies", forward=forward, depth=depth, kinds=kinds))
