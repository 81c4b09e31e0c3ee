"""Assets and their types."""

from __future__ import annotations

import builtins
from typing import Any

from bifrost_sdk.domain.production import Asset, AssetType
from bifrost_sdk.domain.query import Query
from bifrost_sdk.services.context import Item
from bifrost_sdk.services.entities import Nodes, Place


class Assets(Nodes[Asset]):
    """What is built once and used often.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     hero = session.assets.create("demo", "char", "hero", tags=["main"])
    ...     sword = session.assets.create("demo", "prop", "sword", name="Sword of light")
    ...     [asset.ref for asset in session.assets.list(project="demo", tags__contains="main")]
    ['bifrost://demo/assets/char/hero']
    """

    cls = Asset

    def create(self, project: Item | None, asset_type: Item, code: str, **fields: Any) -> Asset:
        """A new asset; its type is made in the same commit where it is missing.

        `asset_type` is a code (``char``), an id, a reference or the type itself; `fields` are those of `Asset`.
        ``parent=`` another asset puts it below that one instead of below its type.

        Raises:
            ValidationError: when the name is taken.
        """
        return self._put(project, asset_type, {**fields, "code": code}, ensure=False)

    def ensure(self, project: Item | None, asset_type: Item, code: str, **fields: Any) -> Asset:
        """The asset of that code as it is, else a new one with these fields."""
        return self._put(project, asset_type, {**fields, "code": code}, ensure=True)

    def types(self, project: Item | None = None) -> builtins.list[AssetType]:
        """The asset types of the project, by code."""
        query = Query("asset_type", project=self.context.code_of(project))
        return self.context.every(query.sort("code"))

    def _put(self, project: Item | None, asset_type: Item, fields: dict[str, Any], *, ensure: bool) -> Asset:
        owner = self.context.project_of(project)
        top: Place = (owner.id, ())
        type_id, before = self._ensured(AssetType, top, asset_type)
        fields = {"parent": type_id, **fields, "asset_type": type_id}
        return self._add(owner.code, self.context.make(Asset, owner.code, fields), before=before, ensure=ensure)
