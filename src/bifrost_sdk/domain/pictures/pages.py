"""Pages that need nothing but themselves: no script, no font, no address, readable on a phone and in the dark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bifrost_sdk.domain.pictures import drawing, palette, styles
from bifrost_sdk.domain.pictures.graphs import MORE, Graph, GraphNode
from bifrost_sdk.domain.pictures.markup import Markup, element, joined

#: What a page may load: nothing. It runs no script, sends nothing, and has its styles in itself.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

#: To this part of its size a picture is made smaller before it must be moved sideways.
_SMALLEST = 0.78

#: How wide a picture can be on a page, and what lies beside it, in pixels; as the style sheet says.
_WIDEST, _AROUND = 1140, 100


def page(graph: Graph, title: str = "What uses what") -> str:
    """One page with the picture of the graph, and all that it says as a table.

    >>> page(Graph((GraphNode(id="a", label="hero/model", number=1),)), "Hero")[:15]
    '<!DOCTYPE html>'
    """
    body = element("section", picture(graph, title=title))
    return document(title, body, element("section", element("h2", "The same in words"), listing(graph)))


def document(title: str, *parts: str, lead: str = "") -> str:
    """A whole page of these parts below its title."""
    head = joined(
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup(palette.variables(":root") + styles.PAGE)),
        by="\n",
    )
    opening = [element("h1", title), *([element("p", lead, class_="lead")] if lead else [])]
    body = element("body", element("main", joined("", *opening, *parts, "", by="\n")))
    return f"<!DOCTYPE html>\n{element('html', element('head', head), body, lang='en')}\n"


def section(title: str, *parts: str, note: str = "") -> Markup:
    """A part of a page under a heading of its own."""
    said = [element("p", note)] if note else []
    return element("section", element("h2", title), *said, *parts)


def picture(graph: Graph, *, title: str = "What uses what") -> Markup:
    """The picture of a graph in a frame that can be moved, as large as it is readable or all of it at once."""
    drawn = drawing.draw(graph, title=title)
    readable = _SMALLEST * drawn.width
    fits = Markup(f"@media(min-width:{readable + _AROUND:.0f}px){{.whole,.choice{{display:none}}}}")
    choice = element("input", type="checkbox", class_="whole", id="whole")
    label = element("label", " Fit all of it into the page", for_="whole", class_="choice")
    frame = element("div", drawn.markup, class_="frame", tabindex=0, role="region", aria_label=title)
    widths = f"--widest:{drawn.width:.0f}px;--narrowest:{readable:.0f}px"
    return element("figure", *([element("style", fits)] * (readable < _WIDEST)), choice, label, frame, style=widths)


def listing(graph: Graph) -> Markup:
    """What the picture of a graph says, as a table; of what a thing uses only what is in the graph."""
    nodes = {node.id: node for node in graph.nodes}
    uses: dict[str, list[str]] = {id: [] for id in nodes}
    for edge in graph.edges:
        note = f"{edge.kind}, {edge.note}" if edge.note else edge.kind
        uses[edge.source].append(f"{nodes[edge.target].name} ({note})")
    rows = [(node.name, _standing(node), "; ".join(uses[id]) or "none") for id, node in nodes.items()]
    return table(("Thing", "State", "Uses of these"), rows)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """A table that becomes a list of cards where the page is narrow."""
    head = element("thead", element("tr", *(element("th", heading, scope="col") for heading in headings)))
    body = (
        element("tr", *(element("td", cell, data_label=heading) for heading, cell in zip(headings, row, strict=True)))
        for row in rows
    )
    return element("table", head, element("tbody", joined(*body, by="\n")))


def _standing(node: GraphNode) -> str:
    if node.kind == MORE:
        return "not drawn"
    newest = f"newest is v{node.newest:03d}" if node.is_outdated else "newest" if node.is_newest else ""
    kind = "" if node.kind == "version" else node.kind.replace("_", " ")
    return ", ".join(filter(None, (kind, node.state, newest)))
