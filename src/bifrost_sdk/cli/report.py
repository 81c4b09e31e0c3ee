"""The report of a show as one page: what was made, what uses what, when, how long it took, and what to do next."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from bifrost_sdk.cli.files import write_whole
from bifrost_sdk.domain.pictures import charts, pages
from bifrost_sdk.domain.pictures.charts import Bar, Dot, Mark, Track
from bifrost_sdk.domain.pictures.graphs import Graph, short_labels
from bifrost_sdk.domain.pictures.markup import Markup, breakable, element, joined
from bifrost_sdk.domain.pictures.signs import SIGNS
from bifrost_sdk.domain.pins import PinSet
from bifrost_sdk.domain.query import Query

if TYPE_CHECKING:
    from bifrost_sdk.session import Session

#: So many pins are listed, and so many products are drawn over time; the others are counted.
_LISTED = 40
_DRAWN = 24

_SECOND = 1000  # milliseconds


@attrs.frozen
class Figure:
    """One number of the summary: what it counts, how many, and a few words on it."""

    label: str
    value: str
    note: str = ""


@attrs.frozen
class Resolved:
    """What one reference led to, now and then; empty where it led nowhere."""

    ref: str
    now: str
    then: str = ""


@attrs.frozen
class Composed:
    """One composed stage in one state (``now``, a date, pinned), and how much is in it."""

    label: str
    state: str
    prims: int
    layers: int


@attrs.frozen
class Step:
    """A command to type next, and why."""

    command: str
    why: str


@attrs.frozen(kw_only=True)
class Report:
    """All that a report tells; a part with nothing in it is left out.

    `durations` are in milliseconds. `made_at` is in UTC.
    """

    title: str
    made_at: datetime.datetime
    lead: str = ""
    figures: tuple[Figure, ...] = ()
    graph: Graph = attrs.field(factory=Graph)
    tracks: tuple[Track, ...] = ()
    marks: tuple[Mark, ...] = ()
    durations: tuple[tuple[str, float], ...] = ()
    references: tuple[Resolved, ...] = ()
    pins: PinSet = attrs.field(factory=PinSet)
    stages: tuple[Composed, ...] = ()
    steps: tuple[Step, ...] = ()


def write(report: Report, path: Path) -> None:
    """Write the report as one page that needs nothing but itself, in place of what lay there.

    Raises:
        StorageError: it cannot be written there.
    """
    write_whole(path, page(report))


def page(report: Report) -> str:
    """The report as the text of an HTML page."""
    return pages.document(
        report.title,
        _figures(report.figures),
        _graph(report.graph),
        _versions(report),
        _pair(_durations(report.durations), _stages(report.stages)),
        _references(report.references),
        _pins(report.pins),
        _steps(report.steps),
        element("footer", f"Made by Bifrost SDK on {report.made_at:%Y-%m-%d %H:%M} UTC. Times are in UTC."),
        lead=report.lead,
    )


def tracks_of(session: Session, project: str) -> tuple[Track, ...]:
    """The versions of every product of a project over time, as `Report.tracks` wants them."""
    query = Query("version", project=project).where(number__isnull=False)
    found: dict[str, list[Dot]] = {}
    for version in session.iterate(query.sort("created_at")):
        sign = version.state if version.state in SIGNS else "published"
        found.setdefault(version.path, []).append(Dot(version.created_at, f"v{version.number:03d}", sign))
    labels = short_labels(found)
    return tuple(Track(labels[path], _with_newest(dots)) for path, dots in found.items())


def _with_newest(dots: Sequence[Dot]) -> tuple[Dot, ...]:
    """The dots, that of the highest number which is published marked as the newest."""
    newest = max((dot for dot in dots if dot.sign == "published"), key=_number, default=None)
    return tuple(attrs.evolve(dot, sign="newest") if dot is newest else dot for dot in dots)


def _number(dot: Dot) -> int:
    return int(dot.label.removeprefix("v"))


def _figures(figures: Sequence[Figure]) -> Markup:
    told = (
        element("div", element("dt", each.label), element("dd", each.value, *_small(each.note))) for each in figures
    )
    return element("dl", *told, class_="figures") if figures else Markup()


def _small(note: str) -> Iterator[Markup]:
    if note:
        yield element("small", note)


def _graph(graph: Graph) -> Markup:
    if not graph.nodes:
        return Markup()
    words = element("details", element("summary", "The same in words"), pages.listing(graph))
    note = "Each thing stands left of what it uses; point at a box or a line to read more."
    return pages.section("What uses what", pages.picture(graph), words, note=note)


def _versions(report: Report) -> Markup:
    if not report.tracks:
        return Markup()
    drawn = charts.timeline(report.tracks[:_DRAWN], marks=report.marks)
    left = len(report.tracks) - _DRAWN
    more = f" {left:,} further products are not drawn." if left > 0 else ""
    return pages.section(
        "Versions over time",
        drawn,
        note=f"A line for each product, a dot for each version: green and larger the newest.{more}",
    )


def _durations(durations: Sequence[tuple[str, float]]) -> Markup:
    if not durations:
        return Markup()
    drawn = charts.bars([Bar(label, value, _time(value)) for label, value in durations])
    whole = _time(sum(value for _, value in durations))
    return pages.section("Where the time went", drawn, note=f"{whole} in all.")


def _time(milliseconds: float) -> str:
    return f"{milliseconds / _SECOND:.1f} s" if milliseconds >= _SECOND else f"{milliseconds:.0f} ms"


def _references(references: Sequence[Resolved]) -> Markup:
    if not references:
        return Markup()
    rows = [(_code(each.ref), _changed(each), _led(each.then)) for each in references]
    note = "The same references in both states. What leads elsewhere now stands out."
    return pages.section("Now and then", pages.table(("Reference", "Now", "Then"), rows), note=note)


def _changed(each: Resolved) -> Markup:
    return element("strong", _led(each.now)) if each.now != each.then else _led(each.now)


def _led(text: str) -> Markup:
    return _code(text) if text else element("em", "nowhere")


def _pins(pins: PinSet) -> Markup:
    rows = [
        (_code(str(ref)), "" if pin.number is None else f"v{pin.number:03d}", _code(pin.path))
        for ref, pin in [*pins.pins.items()][:_LISTED]
    ]
    if not rows:
        return Markup()
    more = f" The first {_LISTED} are shown." if len(pins) > _LISTED else ""
    note = f"{len(pins):,} references kept as they were, for a render that must not change.{more}"
    return pages.section("Pins", pages.table(("Reference", "Version", "File"), rows), note=note)


def _stages(stages: Sequence[Composed]) -> Markup:
    rows = [(each.label, each.state, f"{each.prims:,}", f"{each.layers:,}") for each in stages]
    headings = ("Stage", "State", "Prims", "Layers")
    note = "Each scene opened through the catalog."
    return pages.section("Composed stages", pages.table(headings, rows), note=note) if rows else Markup()


def _steps(steps: Sequence[Step]) -> Markup:
    told = (element("li", each.why, element("pre", each.command)) for each in steps)
    return pages.section("What to do next", element("ul", *told, class_="next")) if steps else Markup()


def _pair(*parts: Markup) -> Markup:
    """Parts side by side where there is room."""
    there = [part for part in parts if part]
    return element("div", joined(*there), class_="pair") if there else Markup()


def _code(text: str) -> Markup:
    return element("code", breakable(text))
