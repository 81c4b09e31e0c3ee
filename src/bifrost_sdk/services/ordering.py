"""The order of siblings, changed by moving one of them."""

from __future__ import annotations

from typing import Any

from bifrost_sdk.domain.changes import Change, Update
from bifrost_sdk.domain.entity import Node
from bifrost_sdk.domain.order import between, spread
from bifrost_sdk.domain.query import PAGE_LIMIT, Query
from bifrost_sdk.errors import ValidationError
from bifrost_sdk.services.context import Context, Item, last_of


def siblings(context: Context, node: Item) -> list[Any]:  # Any: nodes of that kind
    """The nodes of the same kind below the same parent, the node included, in their order."""
    chosen = context.take(Node, node)
    query = Query(chosen.kind, project=chosen.project).where(parent=chosen.parent)
    found = context.every(query.limit(PAGE_LIMIT))
    return sorted(found, key=lambda each: (each.order == "", each.order, each.code))


def place(context: Context, node: Item, *, after: Item | None = None) -> Node:
    """Put the node behind a sibling, or before all of them.

    Siblings that never had an order keep the one by code; the first move gives each of them a place.

    Raises:
        ValidationError: when `after` is no sibling of the node.
    """
    chosen = context.take(Node, node)
    others = [each for each in siblings(context, chosen) if each.id != chosen.id]
    index = 0
    if after is not None:
        ids = [each.id for each in others]
        behind = context.id_of(after)
        if behind not in ids:
            raise ValidationError(f"{chosen.ref} can only be put behind one of its siblings")
        index = ids.index(behind) + 1
    changes: list[Change] = []
    orders = [each.order for each in others]
    if "" in orders or len(set(orders)) < len(orders):
        orders = spread(len(others))
        changes = [_ordered(each.id, order, each.revision) for each, order in zip(others, orders, strict=True)]
    low = orders[index - 1] if index else None
    high = orders[index] if index < len(orders) else None
    changes.append(_ordered(chosen.id, between(low, high), None))
    return last_of(context.commit(context.code_of(chosen), changes), Node)


def _ordered(id: str, order: str, expected: int | None) -> Update:
    fields: dict[str, Any] = {"order": order}  # Any: as an Update takes them
    return Update(id, fields, expected)
