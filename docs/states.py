"""The picture of the states of a version, laid out from the transitions that the domain knows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

if TYPE_CHECKING:
    from bifrost_sdk.domain.pictures.layouts import Box, Route

SIZE = (190, 62)
MARGIN = 24
TITLE = "The states of a version"

# What is said of each state, and of each way between two; the ways are those of the domain, or drawing fails.
TOLD = {
    "reserved": ("it has its number", "nobody sees its files"),
    "published": ("whole, and stays as it is", "latest finds it"),
    "retired": ("latest skips it", "found by its number"),
    "purged": ("its files are gone", "its record stays"),
    "abandoned": ("its number is not used again", "no file is left"),
}
WAYS = {
    ("reserved", "published"): "finalise",
    ("reserved", "abandoned"): "abandon",
    ("published", "retired"): "retire",
    ("retired", "published"): "restore",
    ("retired", "purged"): "purge",
}


def states() -> str:
    """The picture as SVG."""
    from bifrost_sdk.domain.pictures import palette
    from bifrost_sdk.domain.pictures.layouts import lay_out
    from bifrost_sdk.domain.pictures.markup import Markup, element, joined
    from bifrost_sdk.domain.versions import TRANSITIONS

    if {(before, after) for before, then in TRANSITIONS.items() for after in then} != WAYS.keys():
        raise SystemExit("docs/states.py tells other ways than domain/versions.py has; tell these")
    names = list(TOLD)
    forth = [way for way in WAYS if names.index(way[0]) < names.index(way[1])]
    layout = lay_out([SIZE] * len(names), [(names.index(one), names.index(other)) for one, other in forth])
    boxes = dict(zip(names, layout.boxes, strict=True))
    style = palette.variables(".bf-states") + STYLE
    lines = [part for way, route in zip(forth, layout.routes, strict=True) for part in _way(WAYS[way], route)]
    lines += _back(boxes["retired"], boxes["published"], WAYS["retired", "published"])
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN + 34
    content = joined(
        element("title", TITLE),
        element("style", Markup(style)),
        element("rect", class_="ground", width=width, height=height, rx=8),
        element("g", *lines, *_boxes(boxes), transform=f"translate({MARGIN} {MARGIN + 34})"),
        by="\n",
    )
    return (
        element(
            "svg",
            content,
            xmlns="http://www.w3.org/2000/svg",
            class_="bf-states",
            viewBox=f"0 0 {width:g} {height:g}",
            width=width,
            height=height,
            role="img",
            aria_label=TITLE,
        )
        + "\n"
    )


STYLE = """
.bf-states text { font: 12px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif }
.bf-states .ground { fill: var(--bf-ground) }
.bf-states .box { fill: var(--bf-panel); stroke: var(--bf-line); stroke-width: 1.2 }
.bf-states .published .box { stroke: var(--bf-good); stroke-width: 2.4 }
.bf-states .purged .box, .bf-states .abandoned .box { stroke: var(--bf-faint); stroke-dasharray: 5 4 }
.bf-states .name { font-weight: 600; font-size: 14px; fill: var(--bf-text) }
.bf-states .faint { fill: var(--bf-faint) }
.bf-states .said {
  fill: var(--bf-strong); stroke: var(--bf-ground); stroke-width: 4; stroke-linejoin: round; paint-order: stroke
}
.bf-states .way { fill: none; stroke: var(--bf-strong); stroke-width: 1.6 }
.bf-states .head { fill: var(--bf-strong) }
"""


def _boxes(boxes: dict[str, Box]) -> Iterator[str]:
    from bifrost_sdk.domain.pictures.markup import element

    for name, box in boxes.items():
        lines = [element("text", line, class_="faint", x=14, y=38 + 16 * row) for row, line in enumerate(TOLD[name])]
        parts = [
            element("rect", class_="box", width=box.width, height=box.height, rx=10),
            element("text", name, class_="name", x=14, y=20),
            *lines,
        ]
        yield element("g", *parts, class_=name, transform=f"translate({box.x:g} {box.y:g})")


def _way(said: str, route: Route) -> Iterator[str]:
    from bifrost_sdk.domain.pictures.markup import element

    (x, y), (to_x, to_y) = route.points[0], route.points[-1]
    bend = (x + to_x) / 2
    yield element("path", class_="way", d=f"M{x:g} {y:g}C{bend:g} {y:g} {bend:g} {to_y:g} {to_x - 7:g} {to_y:g}")
    yield element("path", class_="head", d=f"M{to_x:g} {to_y:g}l-8-4v8z")
    yield element("text", said, class_="said", x=bend, y=(y + to_y) / 2 - 6, text_anchor="middle")


def _back(start: Box, end: Box, said: str) -> Iterator[str]:
    """The way that leads back, over the top of both."""
    from bifrost_sdk.domain.pictures.markup import element

    x, to_x, top = start.x + start.width / 2, end.x + end.width / 2, start.y
    yield element(
        "path", class_="way", d=f"M{x:g} {top:g}C{x:g} {top - 34:g} {to_x:g} {top - 34:g} {to_x:g} {end.y - 7:g}"
    )
    yield element("path", class_="head", d=f"M{to_x:g} {end.y:g}l-4-8h8z")
    yield element("text", said, class_="said", x=(x + to_x) / 2, y=top - 20, text_anchor="middle")
