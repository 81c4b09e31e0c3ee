from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.pictures.graphs import Graph, GraphEdge, GraphNode
from bifrost_sdk.domain.pictures.pages import POLICY, document, page, section, table

VOID = {"meta", "input"}
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=40)


class Reader(HTMLParser):
    """Reads a page and holds that every element is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


GRAPH = Graph(
    (
        GraphNode(id="a", label="sh020/anim", area="shots", state="published", number=2, newest=3),
        GraphNode(id="b", label="hero/rig", area="assets", state="retired", number=1),
        GraphNode(id="c", label="char/hero", kind="asset", area="assets"),
        GraphNode(id="d", label="3 more", kind="more", count=3),
    ),
    (GraphEdge("a", "b", "weak", "deforms"), GraphEdge("b", "d", "more")),
    ("a",),
)


def test_page_says_in_words_what_the_picture_says_when_made() -> None:
    text = page(GRAPH, "Animation")
    for said in ("sh020/anim v002", "published, newest is v003", "hero/rig v001 (weak, deforms)", "retired", "asset"):
        assert f">{said}</td>" in text
    assert "<title>Animation</title>" in text
    assert Reader(text).tags.count("svg") == 1


def test_page_loads_and_runs_nothing_when_opened() -> None:
    text = page(GRAPH)
    read = Reader(text)
    assert not {"script", "iframe", "img", "link", "object", "form", "a"} & set(read.tags)
    assert ("content", POLICY) in read.attributes
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg\")", text)
    assert not re.search(r"\bon\w+=|url\(|@import", text)


@given(ANYTHING)
def test_hostile_names_stay_text_when_on_a_page(name: str) -> None:
    hostile = f'{name}</td></style></title><script>alert("x")</script>'
    graph = Graph(
        (GraphNode(id="a", label=hostile, ref=hostile, state=hostile), GraphNode(id="b", label=name)),
        (GraphEdge("a", "b", "link", hostile),),
    )
    read = Reader(page(graph, hostile))
    assert "script" not in read.tags
    assert read.tags.count("style") == 3
    made = document(hostile, section(hostile, table([hostile], [[hostile]]), note=hostile), lead=hostile)
    assert "script" not in Reader(made).tags


def test_choice_of_size_is_offered_when_the_picture_may_not_fit() -> None:
    def hidden_from(nodes: int) -> list[str]:
        chain = tuple(GraphNode(id=str(number), label="hero/model", number=1) for number in range(nodes))
        edges = tuple(GraphEdge(str(number), str(number + 1)) for number in range(nodes - 1))
        return re.findall(r"@media\(min-width:(\d+)px\)\{\.whole", page(Graph(chain, edges)))

    small, middling = hidden_from(1), hidden_from(5)
    assert int(small[0]) < int(middling[0])
    assert hidden_from(20) == [], "it never fits"


def test_ids_stand_once_when_a_page_is_made() -> None:
    ids = [value for name, value in Reader(page(GRAPH)).attributes if name == "id"]
    assert len(ids) == len(set(ids))
