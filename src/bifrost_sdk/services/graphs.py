"""What uses what around one thing, gathered in a few reads however much it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

import attrs

from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.expansion import DEPTH_LIMIT
from bifrost_sdk.domain.pictures.graphs import Graph, GraphEdge, GraphNode, short_labels
from bifrost_sdk.domain.production import Link, ShotAsset
from bifrost_sdk.domain.query import PAGE_LIMIT, AnyOf, Compare, Query
from bifrost_sdk.domain.versions import Product, Representation, Version
from bifrost_sdk.errors import BifrostError, Issue, NotFoundError, ValidationError
from bifrost_sdk.services.context import Context, Item

#: What is followed: what a thing was made of, what was made of it, or both.
Direction: TypeAlias = Literal["uses", "used_by", "both"]

#: A graph holds so many things unless more are asked for; the rest stands in it as a number.
LIMIT = 200

_DIRECTIONS = ("uses", "used_by", "both")
_AREAS = ("assets", "shots")


def gather(
    context: Context, item: Item, *, direction: Direction = "uses", depth: int | None = None, limit: int = LIMIT
) -> Graph:
    """The graph around a version (of a product: its latest), or around a node, in the state that the view shows.

    Of a node it begins at the latest version of each of its products; a shot, sequence or episode brings the assets
    that it and what it lies in are cast with, and an asset where it is cast. Links from and to the thing are in it, and
    those between others that are. At most `depth` steps along dependencies are followed, and at most `limit` things, 1
    to 1,000, are shown: the nearest. Nodes of the kind ``more`` say how many others were found. What the actor may not
    see is not in it.

    Raises:
        NotFoundError: there is no such thing, or no published version of the product.
        ValidationError: a direction, depth or limit that there is not.
    """
    _check(direction, depth, limit)
    root = _root(context, item)
    found = _Gathering(context, root, depth)
    found.add(root)
    starts = [root] if isinstance(root, Version) else found.latest([root.id])
    if direction != "used_by" and isinstance(root, Node):
        starts += found.latest(found.cast_with())
    if direction != "uses" and isinstance(root, Node):
        found.cast_in()
    for forward in [True] * (direction != "used_by") + [False] * (direction != "uses"):
        found.walk([version.id for version in starts], forward=forward)
    found.link(found.near(limit))
    return _named(context, found.graph(limit))


@attrs.define
class _Gathering:
    """What was found so far, in the order in which it was found; `beyond` are those further than `depth` steps."""

    context: Context
    root: Entity
    depth: int | None
    things: dict[str, Entity] = attrs.field(factory=dict)
    edges: dict[GraphEdge, None] = attrs.field(factory=dict)
    beyond: set[str] = attrs.field(factory=set)

    def add(self, thing: Entity) -> None:
        """Take a thing in."""
        self.things.setdefault(thing.id, thing)

    def near(self, limit: int) -> list[str]:
        """The things that are shown."""
        return [id for id in self.things if id not in self.beyond][:limit]

    def latest(self, owners: Sequence[str]) -> list[Version]:
        """The latest version of each product of these nodes, tied to its node."""
        query = Query("product", project=self.root.project)
        products = [made for ids in _chunks(owners) for made in self.context.every(query.where(parent__in=ids))]
        found = []
        for product, version in zip(products, _latest(self.context, [made.ref for made in products]), strict=True):
            if version is not None:
                self.add(version)
                self.edges[GraphEdge(product.parent, version.id, "holds")] = None
                found.append(version)
        return found

    def cast_with(self) -> list[str]:
        """The assets that the thing is cast with, itself or by what it lies in, tied to it; their ids."""
        parts = self.root.path.split("/")
        above = [f"bifrost://{self.root.project}/{'/'.join(parts[:size])}" for size in range(2, len(parts))]
        named = {node.id: node.code for node in self.context.get_many(above) if isinstance(node, Node)} if above else {}
        found = list(self._castings(Query("shot_asset").where(shot__in=(self.root.id, *named)), "asset"))
        for casting, _ in found:
            note = _casting(casting, named.get(casting.shot, ""))
            self.edges[GraphEdge(self.root.id, casting.asset, "cast", note)] = None
        return list(dict.fromkeys(asset.id for _, asset in found))

    def cast_in(self) -> None:
        """The shots, sequences and episodes that the thing is cast in, tied to it."""
        for casting, _ in self._castings(Query("shot_asset").where(asset=self.root.id), "shot"):
            self.edges[GraphEdge(casting.shot, self.root.id, "cast", _casting(casting))] = None

    def _castings(self, query: Query, end: str) -> Iterator[tuple[ShotAsset, Entity]]:
        """Each casting with what stands at this end of it, which is taken in."""
        for page in self.context.pages(query.within(self.root.project).include(end, limit=1).limit(PAGE_LIMIT)):
            for casting in page:
                for other in page.included[casting.id][end]:
                    self.add(other)
                    yield casting, other

    def walk(self, starts: Sequence[str], *, forward: bool) -> None:
        """What these versions were made of, or what was made of them, one step further than is shown."""
        steps = DEPTH_LIMIT if self.depth is None else min(self.depth + 1, DEPTH_LIMIT)
        query = Query("version", project=self.root.project)
        for ids in _chunks(starts):
            page = self.context.find(query.where(id__in=ids).walk("dependencies", forward=forward, depth=steps))
            known = set(self.things)
            for thing in page:
                self.add(thing)
            for edge in page.edges:
                end = edge.target if forward else edge.source
                if self.depth is not None and edge.depth > self.depth and end not in known:
                    self.beyond.add(end)
                known.add(end)
                self.edges[GraphEdge(edge.source, edge.target, edge.kind, self._purpose(edge.source, edge.target))] = (
                    None
                )

    def link(self, ids: Sequence[str]) -> None:
        """Links between these things, and those of the thing that was asked about with what they lead to."""
        query = Query("link", project=self.root.project).include("source", limit=1).include("target", limit=1)
        for some in _chunks(ids):
            of_these = AnyOf((Compare(("source",), "in", some), Compare(("target",), "in", some)))
            for page in self.context.pages(query.where(of_these).limit(PAGE_LIMIT)):
                for link in page:
                    self._tie(link, [thing for end in page.included[link.id].values() for thing in end])

    def graph(self, limit: int) -> Graph:
        """All of it, with a number instead of what is beyond the limits."""
        nodes = tuple(_node(thing) for thing in self.things.values())
        whole = Graph(nodes, tuple(self.edges), (self.root.id,))
        shown = set(self.near(limit))
        return whole if len(shown) == len(nodes) else whole.keeping(shown)

    def _tie(self, link: Link, ends: Sequence[Entity]) -> None:
        is_own = self.root.id in (link.source, link.target)
        if not is_own and not {link.source, link.target} <= set(self.things):
            return
        for thing in ends:
            self.add(thing)
        self.edges[GraphEdge(link.source, link.target, "link", link.type)] = None

    def _purpose(self, source: str, target: str) -> str:
        held = getattr(self.things[source], "dependencies", ())
        said = [word for each in held if each.version == target for word in (each.purpose, "optional" * each.optional)]
        return ", ".join(dict.fromkeys(filter(None, said)))


def _check(direction: str, depth: int | None, limit: int) -> None:
    if direction not in _DIRECTIONS:
        hint = f"the directions are {', '.join(_DIRECTIONS)}"
        raise ValidationError(Issue("graph.direction", f"{direction!r:.50} is no direction", "direction", hint=hint))
    for name, value, most in (("depth", depth, DEPTH_LIMIT), ("limit", limit, PAGE_LIMIT)):
        if value is not None and (type(value) is not int or not 1 <= value <= most):
            message = f"a {name} is a whole number from 1 to {most:,}, not {value!r:.50}"
            raise ValidationError(Issue(f"graph.{name}", message, name))


def _root(context: Context, item: Item) -> Entity:
    """The thing that is asked about: of a product its latest version, of a file the version that holds it."""
    thing = item if isinstance(item, Entity) and item.id else context.get(item)
    if isinstance(thing, Representation):
        return context.take(Version, thing.version)
    return context.take(Version, f"{thing.ref}/latest") if isinstance(thing, Product) else thing


def _latest(context: Context, refs: Sequence[str]) -> list[Version | None]:
    """The latest version of each product, None where nothing is published or may be seen."""
    found: list[Version | None] = []
    for answer in context.get_many([f"{ref}/latest" for ref in refs]) if refs else ():
        if isinstance(answer, BifrostError) and not isinstance(answer, NotFoundError):
            raise answer
        found.append(answer if isinstance(answer, Version) else None)
    return found


def _named(context: Context, graph: Graph) -> Graph:
    """The graph with short labels, and with what is newest today even where pins show something older."""
    today = attrs.evolve(context, view=attrs.evolve(context.view, pins=None))
    refs = list(dict.fromkeys(_product(node) for node in graph.nodes if node.number is not None))
    newest = {ref: version.number for ref, version in zip(refs, _latest(today, refs), strict=True) if version}
    labels = short_labels(node.label for node in graph.nodes)
    nodes = (attrs.evolve(node, label=labels[node.label], newest=newest.get(_product(node))) for node in graph.nodes)
    return attrs.evolve(graph, nodes=tuple(nodes))


def _product(node: GraphNode) -> str:
    return node.ref.rpartition("/")[0] if node.number is not None else ""


def _node(thing: Entity) -> GraphNode:
    area = thing.path.partition("/")[0]
    name = thing.path or str(getattr(thing, "code", "") or f"{thing.kind} {thing.id[-8:]}")
    return GraphNode(
        id=thing.id,
        ref=thing.ref,
        label=name,
        kind=thing.kind,
        area=area if area in _AREAS else "",
        state=getattr(thing, "state", ""),
        number=thing.number if isinstance(thing, Version) else None,
    )


def _casting(casting: ShotAsset, by: str = "") -> str:
    """Count and variant, and what is cast where that is not the thing itself."""
    count = f"\u00d7{casting.count}" if casting.count != 1 else ""
    return " ".join(filter(None, (count, casting.variant, by and f"by {by}")))


def _chunks(ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """As many at once as one page holds."""
    whole = tuple(ids)
    for start in range(0, len(whole), PAGE_LIMIT):
        yield whole[start : start + PAGE_LIMIT]
