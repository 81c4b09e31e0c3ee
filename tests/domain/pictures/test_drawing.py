from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.pictures.drawing import svg
from bifrost_sdk.domain.pictures.graphs import EDGE_KINDS, Graph, GraphEdge, GraphNode

SVG = "{http://www.w3.org/2000/svg}"
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)
HOSTILE = '"><script>alert(1)</script><b x="'


@pytest.fixture
def graph() -> Graph:
    nodes = (
        GraphNode(id="s", label="sq010/sh020", kind="shot", area="shots", ref="bifrost://demo/shots/sq010/sh020"),
        GraphNode(id="a", label="sh020/anim", area="shots", state="published", number=2, newest=2),
        GraphNode(id="m", label="hero/model", area="assets", state="published", number=1, newest=3),
        GraphNode(id="r", label="hero/rig", area="assets", state="retired", number=4, newest=3),
        GraphNode(id="n", label="sword/model", area="assets", state="reserved"),
        GraphNode(id="x", label="12 more", kind="more", count=12),
    )
    edges = (
        GraphEdge("s", "a", "holds"),
        GraphEdge("a", "m"),
        GraphEdge("a", "r", "weak", "deforms"),
        GraphEdge("a", "n", "reference"),
        GraphEdge("r", "a", "link", "see-also"),
        GraphEdge("m", "x", "more"),
        GraphEdge("m", "m", "link"),
        GraphEdge("s", "n", "cast", "\u00d72"),
    )
    return Graph(nodes, edges, ("s",))


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own picture


def test_picture_says_all_when_drawn(graph: Graph) -> None:
    drawn = parsed(svg(graph, title="Shot sh020"))
    texts = {text.text for text in drawn.iter(f"{SVG}text")}
    assert {"sq010/sh020", "hero/model", "v001 · newest is v003", "v002 · newest", "v004 · retired"} <= texts
    assert {"no number yet · reserved", "12 more", "not drawn", "\u00d72", "see-also"} <= texts
    assert all(f"{kind}: {EDGE_KINDS[kind]}" in texts for kind in EDGE_KINDS)
    titles = [title.text for title in drawn.iter(f"{SVG}title")]
    assert titles[0] == drawn.get("aria-label") == "Shot sh020"
    assert "sh020/anim v002 → hero/rig v004: weak, deforms" in titles
    assert drawn.get("role") == "img"
    assert "17 things" in (drawn.findtext(f"{SVG}desc") or "")


def test_states_differ_without_color_when_drawn(graph: Graph) -> None:
    """Each state has a shape and a word of its own, each kind of line its own dashes."""
    drawn = parsed(svg(graph))
    signs = [group.get("class") for group in drawn.iter(f"{SVG}g") if "root" in (group.get("class") or "")]
    assert signs == ["shots root"]
    style = drawn.findtext(f"{SVG}style") or ""
    dashes = [re.search(rf"\.tied-{kind} \.tie {{ ([^}}]*)", style) for kind in ("weak", "reference", "cast", "link")]
    assert len({found[1] for found in dashes if found}) == 4


@given(ANYTHING, ANYTHING)
def test_hostile_names_stay_text_when_drawn(label: str, note: str) -> None:
    nodes = (
        GraphNode(id="a", label=label, ref=note, area=label, state=note, number=1),
        GraphNode(id="b", label=label + HOSTILE),
    )
    drawn = parsed(svg(Graph(nodes, (GraphEdge("a", "b", "link", note), GraphEdge("b", "a", "cast", HOSTILE)), ("a",))))
    assert {each.tag.removeprefix(SVG) for each in drawn.iter()} <= {
        "svg", "title", "desc", "style", "rect", "g", "path", "text", "circle"
    }  # fmt: skip
    assert not any(name.startswith("on") or name.endswith("href") for each in drawn.iter() for name in each.attrib)


def test_picture_asks_for_nothing_from_outside_when_drawn(graph: Graph) -> None:
    text = svg(graph).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "http" not in text
    assert "url(" not in text
    assert "prefers-color-scheme:dark" in text


def test_picture_is_drawn_when_there_is_nothing() -> None:
    assert "0 things" in (parsed(svg(Graph())).findtext(f"{SVG}desc") or "")
    assert svg(Graph()) == svg(Graph())
