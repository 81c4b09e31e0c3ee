"""Graphs as SVG: hand-written, light and dark, told apart by shape and line as well as by colour."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from bifrost_sdk.domain.pictures import palette, styles
from bifrost_sdk.domain.pictures.graphs import EDGE_KINDS, MORE, Graph, GraphEdge, GraphNode
from bifrost_sdk.domain.pictures.layouts import Box, Layout, Route, lay_out
from bifrost_sdk.domain.pictures.markup import Markup, element, joined, number, shortened, text_width
from bifrost_sdk.domain.pictures.signs import MEANINGS, SIGNS

_MARGIN = 20
_HEIGHT = 46
_LONGEST = 30
_LEGEND_ROW = 24
_NARROWEST = 360.0
_LEGEND_WIDEST = 760.0

#: Shapes about the middle of a mark: what something belongs to is seen without colour too.
_MARKS = {"assets": "M-4-4h8v8h-8z", "shots": "M-4-5L5 0L-4 5z", "other": "M0-5L5 0L0 5L-5 0z"}
_AREAS = {"assets": "asset", "shots": "shot", "other": "other"}


@attrs.frozen
class Drawing:
    """A picture as one SVG element, and how wide it is, in pixels."""

    markup: Markup
    width: float


def svg(graph: Graph, *, title: str = "What uses what") -> str:
    """The graph as one SVG element that can stand in a file of its own or in a page; each thing left of what it uses.

    >>> svg(Graph((GraphNode(id="a", label="hero/model", number=1),)))[:29]
    '<svg xmlns="http://www.w3.org'
    """
    return draw(graph, title=title).markup


def draw(graph: Graph, *, title: str = "What uses what") -> Drawing:
    """The same with its width."""
    places = {node.id: place for place, node in enumerate(graph.nodes)}
    ties = [(places[edge.source], places[edge.target]) for edge in graph.edges]
    layout = lay_out([(_width(node), _HEIGHT) for node in graph.nodes], ties)
    width = max(layout.width, _NARROWEST) + 2 * _MARGIN
    legend, deep = _legend(graph, min(width - 2 * _MARGIN, _LEGEND_WIDEST))
    top = layout.height + 2 * _MARGIN
    height = top + deep + _MARGIN / 2
    drawing = joined(
        element("title", title),
        element("desc", _description(graph)),
        element("style", Markup(palette.variables(".bf-graph") + styles.SIGNS + styles.GRAPH)),
        element("rect", class_="ground", width=width, height=height, rx=8),
        element("g", *_drawn(graph, layout), transform=f"translate({_MARGIN} {_MARGIN})"),
        element("g", *legend, transform=f"translate({_MARGIN} {number(top)})"),
        by="\n",
    )
    markup = element(
        "svg",
        drawing,
        xmlns="http://www.w3.org/2000/svg",
        class_="bf-graph",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        role="img",
        aria_label=title,
    )
    return Drawing(markup, width)


def _description(graph: Graph) -> str:
    many = sum(node.count for node in graph.nodes)
    roots = ", ".join(node.name for node in graph.nodes if node.id in graph.roots)
    return f"{many:,} things and {len(graph.edges):,} uses, drawn from left to right, from {roots or 'nothing'}."


def _drawn(graph: Graph, layout: Layout) -> Iterator[Markup]:
    """Lines below boxes, and what they say above both."""
    nodes = {node.id: node for node in graph.nodes}
    boxes = dict(zip(nodes, layout.boxes, strict=True))
    for edge, route in zip(graph.edges, layout.routes, strict=True):
        said = f"{nodes[edge.source].name} → {nodes[edge.target].name}: {edge.kind}"
        title = element("title", f"{said}, {edge.note}" if edge.note else said)
        line = _loop(boxes[edge.source]) if edge.source == edge.target else _line(route)
        yield element("g", title, line, class_=f"tied tied-{edge.kind}")
    for id, box in boxes.items():
        yield _box(nodes[id], box, is_root=id in graph.roots)
    for edge, route in zip(graph.edges, layout.routes, strict=True):
        yield from _note(edge, route)


def _line(route: Route) -> Markup:
    """A smooth line, level where it meets a box, and its head."""
    (x, y), *others = route.points
    path = f"M{number(x)} {number(y)}"
    for to_x, to_y in others:
        bend = number((x + to_x) / 2)
        level = f"H{number(to_x)}"
        path += level if y == to_y else f"C{bend} {number(y)} {bend} {number(to_y)} {number(to_x)} {number(to_y)}"
        x, y = to_x, to_y
    back = 8 if route.points[-2][0] > x else -8
    head = f"M{number(x)} {number(y)}l{back}-4v8z"
    return joined(element("path", class_="tie", d=path), element("path", class_="head", d=head))


def _loop(box: Box) -> Markup:
    """The line of what uses itself."""
    x, y = number(box.x + box.width), number(box.middle)
    return element("path", class_="tie", d=f"M{x} {y}c30 0 30-34 0-16")


def _note(edge: GraphEdge, route: Route) -> Iterator[Markup]:
    """What a line says, where it ends; the purposes of dependencies are told by the pointer and in the table."""
    if edge.note and edge.kind in ("cast", "link"):
        (x, y), (to_x, to_y) = route.points[-2:]
        place = {"x": (x + to_x) / 2, "y": (y + to_y) / 2 - 4}
        text = element("text", shortened(edge.note, 12), class_="note", text_anchor="middle", **place)
        yield element("g", text, class_=f"tied tied-{edge.kind}")


def _box(node: GraphNode, box: Box, *, is_root: bool) -> Markup:
    area = node.area if node.area in _MARKS else "other"
    classes = [area, node.state, MORE if node.kind == MORE else "", "root" if is_root else ""]
    round_by = 6 if node.kind in ("version", MORE) else _HEIGHT / 2
    parts = [
        element("title", _told(node)),
        element("rect", class_="box", width=box.width, height=box.height, rx=round_by),
        element("text", shortened(node.label, _LONGEST), class_="name", x=30, y=19),
        element("text", _second(node), class_="faint", x=30, y=36),
    ]
    if node.kind != MORE:
        parts.append(element("path", class_="mark", d=_MARKS[area], transform="translate(17 14.5)"))
    if sign := _sign(node):
        parts.append(element("g", SIGNS[sign], transform="translate(17 32)"))
    place = f"translate({number(box.x)} {number(box.y)})"
    return element("g", *parts, class_=" ".join(filter(None, classes)), transform=place)


def _told(node: GraphNode) -> str:
    """All that is known of the node in one line."""
    if node.kind == MORE:
        return f"{node.count:,} more that are not drawn"
    said = [node.ref or node.name, node.kind, node.state, MEANINGS.get(_sign(node), "")]
    return ", ".join(dict.fromkeys(filter(None, said)))


def _second(node: GraphNode) -> str:
    if node.kind == MORE:
        return "not drawn"
    if node.kind != "version":
        return node.kind.replace("_", " ")
    counted = "no number yet" if node.number is None else f"v{node.number:03d}"
    newest = f"newest is v{node.newest:03d}" if node.is_outdated else "newest" if node.is_newest else ""
    return " · ".join(filter(None, (counted, node.state if node.state != "published" else "", newest)))


def _sign(node: GraphNode) -> str:
    """The sign that tells how a version stands, empty for other things."""
    if node.state != "published":
        return node.state if node.state in SIGNS else ""
    return "newest" if node.is_newest else "outdated" if node.is_outdated else "published"


def _width(node: GraphNode) -> float:
    wide = max(1.1 * text_width(shortened(node.label, _LONGEST), 13), text_width(_second(node), 12))
    return round(max(110.0, wide + 44), 1)


def _legend(graph: Graph, width: float) -> tuple[list[Markup], float]:
    """What the signs mean that the picture makes use of, in rows, and how high they are."""
    x, y, found = 0.0, 10.0, []
    for sign, words in _entries(graph):
        wide = text_width(words, 12) + 44
        if x and x + wide > width:
            x, y = 0.0, y + _LEGEND_ROW
        text = element("text", words, class_="faint", x=32, y=4)
        found.append(element("g", sign, text, transform=f"translate({number(x)} {number(y)})"))
        x += wide
    return found, y + _LEGEND_ROW / 2


def _entries(graph: Graph) -> Iterator[tuple[Markup, str]]:
    nodes = [node for node in graph.nodes if node.kind != MORE]
    areas = {node.area if node.area in _MARKS else "other" for node in nodes}
    for area in (area for area in _AREAS if area in areas):
        mark = element("path", class_="mark", d=_MARKS[area], transform="translate(14 0)")
        yield element("g", mark, class_=area), _AREAS[area]
    used = {_sign(node) for node in nodes}
    for sign in (sign for sign in MEANINGS if sign in used):
        yield element("g", SIGNS[sign], transform="translate(14 0)"), MEANINGS[sign]
    kinds = {edge.kind for edge in graph.edges}
    for kind in (kind for kind in EDGE_KINDS if kind in kinds):
        line = element("path", class_="tie", d="M0 0H24")
        yield element("g", line, class_=f"tied tied-{kind}"), f"{kind}: {EDGE_KINDS[kind]}"
