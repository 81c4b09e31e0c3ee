"""Products: the output streams of nodes."""

from __future__ import annotations

import builtins
from typing import Any

from bifrost_sdk.domain.entity import Node
from bifrost_sdk.domain.query import Filter, Query
from bifrost_sdk.domain.versions import Product, Version
from bifrost_sdk.services.context import Item
from bifrost_sdk.services.entities import Nodes


class Products(Nodes[Product]):
    """What nodes bring forth: model, rig, anim. Publishing makes them; here they can be made beforehand."""

    cls = Product

    def create(self, owner: Item, code: str, **fields: Any) -> Product:
        """A new product of any node, the project included; `fields` are those of `Product`."""
        return self._put(owner, {**fields, "code": code}, ensure=False)

    def ensure(self, owner: Item, code: str, **fields: Any) -> Product:
        """The product of that code as it is, else a new one with these fields."""
        return self._put(owner, {**fields, "code": code}, ensure=True)

    def of(self, owner: Item, *filters: Filter, **lookups: Any) -> builtins.list[Product]:
        """The products of a node, by code."""
        node = self.context.take(Node, owner)
        query = Query("product", project=self.context.code_of(node)).where(*filters, parent=node.id, **lookups)
        return self.context.every(query.sort("code"))

    def copy_latest(self, product: Item) -> Version | None:
        """Bring the copy of its newest version up to date, as publishing does by itself; the version that it holds.

        None where there is none: nothing is published, or the setting does not name the product.

        Raises:
            ConfigurationError: the setting `latest_copy` is not there.
            StorageError: the copy cannot be made.
        """
        from bifrost_sdk.services import latest_copies

        return latest_copies.refresh(self.context, product)

    def _put(self, owner: Item, fields: dict[str, Any], *, ensure: bool) -> Product:
        node = self.context.take(Node, owner)
        code = self.context.code_of(node)
        return self._add(code, self.context.make(Product, code, {**fields, "parent": node}), ensure=ensure)
