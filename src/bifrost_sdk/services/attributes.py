"""What values a node's attributes have, and where each comes from."""

from __future__ import annotations

from bifrost_sdk.domain.attributes import Inherited, inherit
from bifrost_sdk.domain.entity import Node
from bifrost_sdk.domain.production import Project, attributes_of
from bifrost_sdk.services.context import Context, Item


def inherited(context: Context, node: Item) -> dict[str, Inherited]:
    """The value of every declared attribute that has one, and the reference of the node that gives it."""
    current = context.take(Node, node)
    project = context.project_of(context.code_of(current))
    chain = [(current.ref, attributes_of(current))]
    while current.parent is not None and current.parent != project.id:
        current = context.take(Node, f"bifrost://{project.code}/~{current.parent}")
        chain.append((current.ref, attributes_of(current)))
    if not isinstance(current, Project):
        chain.append((project.ref, project.attributes))
    return inherit(chain, project.attribute_types, project=project.ref)
