"""Graphs as values: what uses what, ready to be drawn, listed or told as a tree."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import attrs

from bifrost_sdk.errors import Issue, ValidationError

#: The kinds of edges, in the order in which a legend names them, and what each says.
EDGE_KINDS = {
    "strong": "cannot be opened without",
    "weak": "can be opened without",
    "reference": "was looked at",
    "holds": "newest version of its product",
    "cast": "plays in a shot",
    "link": "an annotation",
    "more": "leads to what is not drawn",
}

#: The kind of a node that stands for others which are left out.
MORE = "more"


@attrs.frozen(kw_only=True)
class GraphNode:
    """One thing of a graph.

    `kind` is the kind of the entity, or ``more`` where the node stands for `count` others. `area` is what it belongs
    to: ``assets``, ``shots`` or nothing. `newest` is the number that ``latest`` leads to, None where that is unknown.
    """

    id: str
    ref: str = ""
    label: str
    kind: str = "version"
    area: str = ""
    state: str = ""
    number: int | None = None
    newest: int | None = None
    count: int = 1

    @property
    def is_newest(self) -> bool:
        """Whether ``latest`` leads here."""
        return self.number is not None and self.number == self.newest

    @property
    def is_outdated(self) -> bool:
        """Whether ``latest`` leads to a higher number."""
        return self.number is not None and self.newest is not None and self.number < self.newest

    @property
    def name(self) -> str:
        """The label with the number of the version."""
        return self.label if self.number is None else f"{self.label} v{self.number:03d}"


@attrs.frozen
class GraphEdge:
    """`source` uses `target`; `kind` is one of `EDGE_KINDS`.

    `note` says what for: the purpose of a dependency, count and variant of a casting, the type of a link.
    """

    source: str
    target: str
    kind: str = "strong"
    note: str = ""

    def __attrs_post_init__(self) -> None:
        if self.kind not in EDGE_KINDS:
            hint = f"the kinds are {', '.join(EDGE_KINDS)}"
            raise ValidationError(Issue("graph.edge", f"there is no kind of edge {self.kind!r:.50}", "kind", hint=hint))


@attrs.frozen
class Branch:
    """One line of a graph told as a tree: how deep it lies, and the edge that led there, None for the root.

    `is_repeated`: it has branches of its own, which stand where it was first told.
    """

    depth: int
    node: GraphNode
    edge: GraphEdge | None
    is_repeated: bool


def _once(_: object, __: object, nodes: tuple[GraphNode, ...]) -> None:
    seen: set[str] = set()
    for node in nodes:
        if node.id in seen:
            raise ValidationError(Issue("graph.twice", f"{node.id!r:.80} stands in the graph twice", "nodes"))
        seen.add(node.id)


@attrs.frozen
class Graph:
    """Things and what each uses; `roots` are the ids that were asked about.

    >>> graph = Graph(
    ...     (GraphNode(id="a", label="anim", number=2), GraphNode(id="b", label="rig", number=1)),
    ...     (GraphEdge("a", "b"),),
    ...     ("a",),
    ... )
    >>> [(branch.depth, branch.node.name) for branch in graph.tree("a")]
    [(0, 'anim v002'), (1, 'rig v001')]

    Raises:
        ValidationError: a node stands in it twice, or an edge or root names none of them.
    """

    nodes: tuple[GraphNode, ...] = attrs.field(default=(), validator=_once)
    edges: tuple[GraphEdge, ...] = ()
    roots: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        known = {node.id for node in self.nodes}
        for end in (*self.roots, *(end for edge in self.edges for end in (edge.source, edge.target))):
            if end not in known:
                raise ValidationError(Issue("graph.end", f"no node of the graph is {end!r:.80}", "edges"))

    def tree(self, root: str, *, against: bool = False) -> Iterator[Branch]:
        """The graph from one node on, depth first: what it uses, or with `against` what uses it.

        Each node's branches are told once, where it is met first; so a cycle ends.

        Raises:
            KeyError: there is no such node.
        """
        nodes = {node.id: node for node in self.nodes}
        onward: dict[str, list[GraphEdge]] = {}
        for step in self.edges:
            onward.setdefault(step.target if against else step.source, []).append(step)
        told: set[str] = set()
        ahead: list[tuple[int, str, GraphEdge | None]] = [(0, root, None)]
        while ahead:
            depth, id, edge = ahead.pop()
            further = onward.get(id, [])
            yield Branch(depth, nodes[id], edge, is_repeated=bool(further) and id in told)
            if id not in told:
                told.add(id)
                ahead += [(depth + 1, step.source if against else step.target, step) for step in reversed(further)]

    def keeping(self, ids: Collection[str]) -> Graph:
        """The graph of these nodes alone, with a node on either side that says how many others it stands for."""
        kept = {node.id for node in self.nodes if node.id in ids}
        gone = [node.id for node in self.nodes if node.id not in kept]
        after = self._reached(kept)
        sides = {id: f"{MORE}:{'after' if id in after else 'before'}" for id in gone}
        collapsed = (
            edge if kept.issuperset((edge.source, edge.target)) else _collapsed(edge, sides)
            for edge in self.edges
            if {edge.source, edge.target} & kept
        )
        counts = {side: list(sides.values()).count(side) for side in dict.fromkeys(sides.values())}
        return Graph(
            (*(node for node in self.nodes if node.id in kept), *(_more(side, n) for side, n in counts.items())),
            tuple(dict.fromkeys(step for step in collapsed if step is not None)),
            tuple(root for root in self.roots if root in kept),
        )

    def _reached(self, starts: Iterable[str]) -> set[str]:
        """What the edges lead to from these."""
        onward: dict[str, list[str]] = {}
        for edge in self.edges:
            onward.setdefault(edge.source, []).append(edge.target)
        ahead, seen = list(starts), set()
        while ahead:
            for target in onward.get(ahead.pop(), []):
                if target not in seen:
                    seen.add(target)
                    ahead.append(target)
        return seen


def short_labels(paths: Iterable[str]) -> dict[str, str]:
    """For each path its last two parts, or as many as tell it from the others.

    >>> short_labels(["assets/char/hero/model", "assets/prop/hero/model", "shots/sq010/sh020/anim"])
    {'assets/char/hero/model': 'char/hero/model', 'assets/prop/hero/model': 'prop/hero/model', \
'shots/sq010/sh020/anim': 'sh020/anim'}
    """
    labels: dict[str, str] = {}
    ahead, size = list(dict.fromkeys(paths)), 2
    while ahead:
        ends: dict[str, list[str]] = {}
        for path in ahead:
            ends.setdefault("/".join(path.split("/")[-size:]), []).append(path)
        for end, those in ends.items():
            labels |= dict.fromkeys(those, end) if len(those) == 1 else {}
        ahead = [path for those in ends.values() if len(those) > 1 for path in those]
        size += 1
    return {path: labels[path] for path in sorted(labels)}


def _collapsed(edge: GraphEdge, sides: dict[str, str]) -> GraphEdge | None:
    """The edge to or from those that are left out; None where it would lead backwards through them."""
    if edge.target in sides:
        after = sides[edge.target]
        return GraphEdge(edge.source, after, MORE) if after.endswith("after") else None
    before = sides[edge.source]
    return GraphEdge(before, edge.target, MORE) if before.endswith("before") else None


def _more(side: str, count: int) -> GraphNode:
    return GraphNode(id=side, label=f"{count:,} more", kind=MORE, count=count)
