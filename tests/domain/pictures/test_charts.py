from __future__ import annotations

import datetime
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.pictures.charts import Bar, Dot, Mark, Track, bars, timeline
from bifrost_sdk.domain.pictures.signs import MEANINGS, SIGNS

SVG = "{http://www.w3.org/2000/svg}"
NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc)
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=40)


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own picture


def after(seconds: float) -> datetime.datetime:
    return NOON + datetime.timedelta(seconds=seconds)


def texts(drawn: ET.Element) -> list[str]:
    return [text.text or "" for text in drawn.iter(f"{SVG}text")]


@given(st.lists(st.floats(0, 1e9), max_size=12), st.lists(st.floats(0, 1e9), max_size=3))
def test_everything_lies_inside_when_times_are_drawn(times: list[float], marks: list[float]) -> None:
    track = Track("hero/model", tuple(Dot(after(at), f"v{n:03d}") for n, at in enumerate(sorted(times), 1)))
    drawn = parsed(timeline([track], marks=[Mark("then", after(at)) for at in marks]))
    places = [each.get(name) or "" for each in drawn.iter() for name in ("x", "x1", "x2")]
    assert all(0 <= float(place[:-1]) <= 100 for place in places if place.endswith("%"))
    assert len(drawn.findall(f"{SVG}svg")) == len(times)
    ticks = [line for line in drawn.iter(f"{SVG}line") if line.get("class") == "tick"]
    assert len(ticks) <= 6


def test_dots_keep_the_order_of_time_when_drawn() -> None:
    track = Track("rig", tuple(Dot(after(at), str(at)) for at in (0, 10, 20, 100)))
    drawn = parsed(timeline([track]))
    places = [float((dot.get("x") or "")[:-1]) for dot in drawn.findall(f"{SVG}svg")]
    assert places == sorted(places)
    assert places[1] - places[0] < places[3] - places[2]


def test_axis_speaks_in_fitting_units_when_time_is_short_or_long() -> None:
    def said(seconds: float) -> list[str]:
        return texts(parsed(timeline([Track("", (Dot(NOON, ""), Dot(after(seconds), "")))])))

    assert {"0 s", "2 s", "4 s"} <= set(said(5))
    assert {"13:00", "14:00"} <= set(said(3 * 3600))
    assert {"2026-02-05", "2026-02-12"} <= set(said(20 * 86400))
    assert "2026-01-31 12:00" in said(0)


def test_names_are_left_out_when_dots_crowd() -> None:
    track = Track("rig", tuple(Dot(after(at / 10), f"v{at:03d}") for at in range(100)))
    shown = [text for text in texts(parsed(timeline([track]))) if text.startswith("v")]
    assert 5 < len(shown) < 15
    drawn = parsed(timeline([track]))
    assert len(drawn.findall(f"{SVG}svg")) == 100


def test_bars_are_as_long_as_their_values_when_drawn() -> None:
    drawn = parsed(bars([Bar("hash", 20, "20 ms"), Bar("copy", 5, "5 ms"), Bar("none", 0)]))
    widths = [rect.get("width") for rect in drawn.iter(f"{SVG}rect") if rect.get("class") == "bar"]
    assert widths == ["100.00%", "25.00%", "0.00%"]
    assert drawn.findtext(f"{SVG}desc") == "hash: 20 ms; copy: 5 ms; none: 0"
    assert parsed(bars([])).get("height") == "4"


@given(ANYTHING)
def test_hostile_names_stay_text_when_charted(name: str) -> None:
    for text in (
        timeline([Track(name, (Dot(NOON, name),))], marks=[Mark(name, NOON)], title=name),
        bars([Bar(name, 1, name)], title=name),
    ):
        tags = {each.tag.removeprefix(SVG) for each in parsed(text).iter()}
        assert tags <= {"svg", "title", "desc", "style", "line", "text", "circle", "path", "rect"}


def test_every_sign_has_a_meaning_and_a_shape_when_listed() -> None:
    assert set(SIGNS) == set(MEANINGS)
    assert len(set(SIGNS.values())) == len(SIGNS)
