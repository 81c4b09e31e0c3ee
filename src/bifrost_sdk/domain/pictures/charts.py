"""Small charts as SVG that keep the size of their text at any width: places are per cent, heights pixels."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

import attrs

from bifrost_sdk.domain.pictures import palette, signs, styles
from bifrost_sdk.domain.pictures.markup import Markup, element, joined, number

_ROW = 56
_TOP = 30
_BAR = 40

#: Steps of a time axis in seconds, from which the first is taken that makes few enough.
_STEPS = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1800,
    3600, 7200, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 15552000, 31536000,
)  # fmt: skip
_MOST_TICKS = 5
_MINUTE, _DAY = 60, 86_400

#: Names that stand nearer to each other than this, in per cent of the width, would run into each other.
_NEAREST = 9.0

#: A name this near to an edge would be cut off, were it centred.
_EDGE = 12


@attrs.frozen
class Dot:
    """One version on a time axis: `at` in UTC, `sign` one of `signs.SIGNS`."""

    at: datetime.datetime
    label: str
    sign: str = "published"


@attrs.frozen
class Track:
    """What happened to one thing, in the order of time."""

    label: str
    dots: tuple[Dot, ...] = ()


@attrs.frozen
class Mark:
    """A moment with a name."""

    label: str
    at: datetime.datetime


@attrs.frozen
class Bar:
    """How much of something; `text` says it in words."""

    label: str
    value: float
    text: str = ""


def timeline(tracks: Sequence[Track], *, marks: Sequence[Mark] = (), title: str = "Versions over time") -> Markup:
    """A line for each track with its dots, and a line across all for each mark; times are in UTC.

    >>> noon = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc)
    >>> "hero/model" in timeline([Track("hero/model", (Dot(noon, "v001"),))], marks=[Mark("now", noon)])
    True
    """
    axis = _Axis.of([*(dot.at for track in tracks for dot in track.dots), *(mark.at for mark in marks)])
    bottom = _TOP + _ROW * len(tracks)
    parts = [
        *(_tick(axis, at, bottom) for at in axis.ticks()),
        *(part for row, track in enumerate(tracks) for part in _track(axis, track, _TOP + _ROW * row)),
        *_marks(axis, marks, bottom),
    ]
    many = sum(len(track.dots) for track in tracks)
    return _chart(title, f"{many:,} versions of {len(tracks):,} products.", parts, height=bottom + 24)


def bars(values: Sequence[Bar], *, title: str = "Where the time went") -> Markup:
    """A bar for each value, as long as its part of the largest.

    >>> bars([Bar("copy", 12.5, "12.5 ms")]).count("<rect")
    2
    """
    most = max((bar.value for bar in values), default=0.0) or 1.0
    parts = [part for row, bar in enumerate(values) for part in _bar(bar, most, _BAR * row)]
    said = "; ".join(f"{bar.label}: {bar.text or number(bar.value)}" for bar in values)
    return _chart(title, said, parts, height=_BAR * len(values) + 4)


@attrs.frozen
class _Axis:
    """A stretch of time; a moment's place is in per cent of the width."""

    start: datetime.datetime
    end: datetime.datetime

    @classmethod
    def of(cls, times: Sequence[datetime.datetime]) -> _Axis:
        """The stretch that all of these lie in."""
        start = min(times, default=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc))
        return cls(start, max(times, default=start))

    @property
    def length(self) -> float:
        """In seconds."""
        return (self.end - self.start).total_seconds()

    @property
    def step(self) -> float:
        """Between two ticks, in seconds."""
        return next((step for step in _STEPS if self.length / step < _MOST_TICKS), self.length / 4)

    def place(self, at: datetime.datetime) -> float:
        """Where a moment stands."""
        return 3 + 94 * (at - self.start).total_seconds() / self.length if self.length else 50.0

    def ticks(self) -> Iterator[datetime.datetime]:
        """Moments that are named: even ones, or counted from the start where all is over within minutes."""
        if not self.length:
            yield self.start
            return
        step = datetime.timedelta(seconds=self.step)
        at = self.start if self.is_short else _rounded_up(self.start, step)
        while at <= self.end:
            yield at
            at += step

    @property
    def is_short(self) -> bool:
        """Whether times are told as seconds since the start."""
        return self.step < _MINUTE and bool(self.length)

    def named(self, at: datetime.datetime) -> str:
        """A moment in words."""
        if self.is_short:
            return f"{(at - self.start).total_seconds():g} s"
        form = "%Y-%m-%d" if self.step >= _DAY else "%m-%d %H:%M" if self.length > _DAY / 2 else "%H:%M"
        return at.strftime(form if self.length else "%Y-%m-%d %H:%M")


def _rounded_up(at: datetime.datetime, step: datetime.timedelta) -> datetime.datetime:
    zero = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return zero - (zero - at) // step * step


def _percent(place: float) -> str:
    return f"{place:.2f}%"


def _anchor(place: float) -> str:
    return "start" if place < _EDGE else "end" if place > 100 - _EDGE else "middle"


def _tick(axis: _Axis, at: datetime.datetime, bottom: float) -> Markup:
    place = axis.place(at)
    x = _percent(place)
    line = element("line", class_="tick", x1=x, x2=x, y1=_TOP - 8, y2=bottom)
    return joined(line, element("text", axis.named(at), class_="faint", x=x, y=bottom + 16, text_anchor=_anchor(place)))


def _track(axis: _Axis, track: Track, top: float) -> Iterator[Markup]:
    middle = top + 28
    yield element("text", track.label, class_="name", x=0, y=top + 12)
    yield element("line", class_="rail", x1="0", x2="100%", y1=middle, y2=middle)
    last = -100.0
    for dot in track.dots:
        place = axis.place(dot.at)
        x = _percent(place)
        title = element("title", f"{track.label} {dot.label}, {dot.at:%Y-%m-%d %H:%M:%S} UTC, {dot.sign}")
        yield element("svg", title, signs.SIGNS[dot.sign], x=x, y=middle, overflow="visible")
        if place - last >= _NEAREST:
            yield element("text", dot.label, class_="faint", x=x, y=middle + 17, text_anchor=_anchor(place))
            last = place


def _marks(axis: _Axis, marks: Sequence[Mark], bottom: float) -> Iterator[Markup]:
    for mark in marks:
        place = axis.place(mark.at)
        x = _percent(place)
        yield element("line", class_="mark", x1=x, x2=x, y1=18, y2=bottom)
        yield element("text", mark.label, class_="said", x=x, y=12, text_anchor=_anchor(place))


def _bar(bar: Bar, most: float, top: float) -> Iterator[Markup]:
    yield element("text", bar.label, x=0, y=top + 14)
    yield element("text", bar.text or number(bar.value), class_="name", x="100%", y=top + 14, text_anchor="end")
    yield element("rect", class_="trough", x=0, y=top + 21, width="100%", height=9, rx=4.5)
    yield element("rect", class_="bar", x=0, y=top + 21, width=_percent(100 * bar.value / most), height=9, rx=4.5)


def _chart(title: str, description: str, parts: Sequence[Markup], *, height: float) -> Markup:
    style = Markup(palette.variables(".bf-chart") + styles.SIGNS + styles.CHART)
    head = element("title", title), element("desc", description), element("style", style)
    return element(
        "svg", joined(*head, *parts, by="\n"), xmlns="http://www.w3.org/2000/svg", class_="bf-chart", width="100%",
        height=height, role="img", aria_label=title,
    )  # fmt: skip
