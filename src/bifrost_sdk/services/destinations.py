"""Where the files of new versions are put: as the templates of their project say, else as the tree of references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import attrs

from bifrost_sdk.domain import destinations
from bifrost_sdk.domain.entity import Node
from bifrost_sdk.domain.rootpaths import Below
from bifrost_sdk.domain.templates import filling
from bifrost_sdk.domain.versions import Product
from bifrost_sdk.errors import BifrostError
from bifrost_sdk.services import lineages, paths
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.lineages import Lineage
from bifrost_sdk.services.paths import Asked, Filled
from bifrost_sdk.services.sources import ROOT
from bifrost_sdk.services.templates import Templates

_AREA = ("version", "folder")


class Wanted(NamedTuple):
    """A version that is to be made of a product of a node; the product need not be in the catalog."""

    node: Node
    product: Product


def choose(context: Context, wanted: Sequence[Wanted]) -> list[Below]:
    """The root and the folder of each version, in order, with ``%03d`` for its number.

    Raises:
        NotFoundError: a node is not there.
        TemplateError: a template that is meant for such a version cannot make its folder, or makes one that another
            node has as well.
        ValidationError: the templates cannot be used.
    """
    found = lineages.trace(context, [each.node for each in wanted])
    chosen = [_chosen(context, each, lineage) for each, lineage in zip(wanted, found, strict=True)]
    paths.refuse_shared(context, [each for each in chosen if isinstance(each, Filled)])
    return [_open(each) if isinstance(each, Filled) else each for each in chosen]


def _chosen(context: Context, wanted: Wanted, lineage: Lineage | BifrostError) -> Filled | Below:
    if isinstance(lineage, BifrostError):
        raise lineage
    templates = Templates.of(context).get(lineage.project)
    tree = "/".join(part for part in (wanted.node.path, wanted.product.code) if part)
    chain = (*lineage.chain, attrs.evolve(wanted.product, path=tree))
    known = filling.facts_of(chain)
    facts = {"project.code": lineage.project, "user.login": context.actor.login, **known, "version.number": 1}
    if not templates.has_area(*_AREA, facts=facts, node=wanted.node.kind):
        return Below(ROOT, f"{lineage.project}/{tree}/v%03d")
    made = templates.for_area(*_AREA, facts=facts, node=wanted.node.kind)
    asked = Asked(attrs.evolve(lineage, chain=chain, facts=facts), templates, made.area, {})
    return asked.filled(made)


def _open(filled: Filled) -> Below:
    template, sources = filled.made.template, filled.asked.templates.sources
    numbers = [token for token in template.tokens if sources.get(token) == "version.number"]
    return Below(filled.made.root, destinations.open_path(template, filled.values, numbers))
