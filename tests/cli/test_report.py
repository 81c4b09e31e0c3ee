from __future__ import annotations

import datetime
import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import NoReturn

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.cli.report import Composed, Figure, Report, Resolved, Step, page, tracks_of, write
from bifrost_sdk.domain.pictures.charts import Dot, Mark, Track
from bifrost_sdk.domain.pictures.palette import COLORS
from bifrost_sdk.domain.pins import Pin, PinSet
from bifrost_sdk.errors import StorageError
from bifrost_sdk.session import Session, connect, init

NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc)
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=40)
HERO = "bifrost://demo/assets/char/hero/model/latest/model.usd"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = [""]
        self.headings: list[str] = []
        self.words: list[str] = []
        self.names: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self.tags[-1] == "h2":
            self.headings.append(data)


def report(name: str) -> Report:
    """A report with something in every part but the graph."""
    return Report(
        title=name,
        made_at=NOON,
        lead=name,
        figures=(Figure(name, name, name),),
        tracks=(Track(name, (Dot(NOON, name), Dot(NOON, name, "retired"))),),
        marks=(Mark(name, NOON),),
        durations=((name, 12.4), ("all", 1204.0)),
        references=(Resolved(name, name, ""), Resolved(HERO, "hero/v002", "hero/v001")),
        pins=PinSet({HERO: Pin("{publish}/demo/hero.usd", "0190f3aa-0000-7000-8000-000000000001", number=12)}),
        stages=(Composed(name, name, 1204, 31),),
        steps=(Step(name, name),),
    )


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A show whose hero was published twice, and used by a shot in between."""
    path = tmp_path / "some.usda"
    path.write_text("#usda 1.0\n", encoding="utf-8")
    session = connect(init(tmp_path / "shows", project="demo", user="anna"), user="anna")
    hero = session.assets.create("demo", "char", "hero")
    shot = session.shots.create("demo", "sq010", "sh020")
    session.shots.cast(shot, hero, count=2)
    model = session.publish(hero, "model", {"usd": path})
    session.publish(shot, "anim", {"usd": path}, depends_on=[model])
    session.versions.retire(session.publish(hero, "model", {"usd": path}))
    return session


def told(session: Session) -> Report:
    made = report("Two days of work")
    return attrs.evolve(
        made, graph=session.graph("bifrost://demo/shots/sq010/sh020"), tracks=tracks_of(session, "demo")
    )


def test_report_tells_all_parts_when_written(session: Session, tmp_path: Path) -> None:
    with session:
        made = told(session)
    path = tmp_path / "report.html"
    path.write_text("an older one", encoding="utf-8")
    write(made, path)
    read = Reader(path.read_text(encoding="utf-8"))
    assert read.headings == [
        "What uses what", "Versions over time", "Where the time went", "Composed stages", "Now and then", "Pins",
        "What to do next",
    ]  # fmt: skip
    assert {"hero/model", "sh020/anim", "12 ms", "1.2 s", "1,204", "v012", "nowhere"} <= set(read.words)
    assert "svg" in read.tags
    assert read.tags.count("strong") == 2, "what changed stands out"
    assert any(word.startswith("Made by Bifrost SDK on 2026-01-31 12:00 UTC") for word in read.words)


def test_versions_are_told_by_product_when_over_time(session: Session) -> None:
    with session:
        tracks = tracks_of(session, "demo")
    assert [(track.label, [(dot.label, dot.sign) for dot in track.dots]) for track in tracks] == [
        ("hero/model", [("v001", "newest"), ("v002", "retired")]),
        ("sh020/anim", [("v001", "newest")]),
    ]
    assert all(track.dots[0].at.tzinfo is not None for track in tracks)


def test_report_asks_for_nothing_from_outside_when_opened(session: Session) -> None:
    with session:
        text = page(told(session))
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg\")", text)
    assert not re.search(r"<script|\bsrc=|\bhref=|url\(|@import", text)
    assert "default-src &#x27;none&#x27;" in text


def test_parts_are_left_out_when_there_is_nothing_in_them() -> None:
    read = Reader(page(Report(title="Empty", made_at=NOON)))
    assert read.headings == []
    assert "svg" not in read.tags
    assert "table" not in read.tags


def test_rest_is_counted_when_there_is_too_much_to_show() -> None:
    many = tuple(Track(f"product {number}") for number in range(30))
    pins = PinSet(
        {
            f"bifrost://demo/assets/char/hero{number}": Pin("{publish}/a", "0190f3aa-0000-7000-8000-000000000001")
            for number in range(50)
        }
    )
    text = page(Report(title="Much", made_at=NOON, tracks=many, pins=pins))
    assert "6 further products are not drawn" in text
    assert "50 references kept as they were, for a render that must not change. The first 40 are shown." in text


@given(ANYTHING)
def test_hostile_names_stay_text_when_reported(name: str) -> None:
    read = Reader(page(report(f"{name}</style></title></svg></td><script>alert(1)</script><img src=x onerror=y>")))
    assert not {"script", "img"} & set(read.tags)
    assert not any(each.startswith("on") for each in read.names)


def test_report_names_the_file_when_it_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=re.escape("report.html")):
        write(report("x"), tmp_path / "missing" / "report.html")


#: A page around the report that says how it lies on a screen; the report itself may run nothing.
FRAME = """<!DOCTYPE html><meta name="color-scheme" content="light dark"><body><iframe src="report.html" \
style="width:WIDTHpx;height:800px;border:0"></iframe><script>
addEventListener("load", () => {
  const frame = document.querySelector("iframe"), seen = frame.contentDocument, root = seen.documentElement
  const outside = e => e.getBoundingClientRect().right > WIDTH + 1
  const wide = [...seen.querySelectorAll("main *:not(.frame *)")].filter(outside)
  document.body.textContent = "FOUND" + JSON.stringify({
    scroll: root.scrollWidth, wide: wide.map(e => e.outerHTML.slice(0, 80)),
    boxes: seen.querySelectorAll(".box").length,
    ground: frame.contentWindow.getComputedStyle(seen.body).backgroundColor,
    loaded: frame.contentWindow.performance.getEntriesByType("resource").length,
  }) + "END"
})
</script></body>"""


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_report_fits_the_screen_when_opened_in_a_browser(
    session: Session, tmp_path: Path, missing: Callable[[str], NoReturn], width: int, scheme: str
) -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None) or missing("no browser: apt-get install chromium")
    with session:
        write(told(session), tmp_path / "report.html")
    (tmp_path / "frame.html").write_text(FRAME.replace("WIDTH", str(width)), encoding="utf-8")
    done = subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom",
            "--allow-file-access-from-files",
            f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1400,900",
            f"--blink-settings=preferredColorScheme={['dark', 'light'].index(scheme)}",
            (tmp_path / "frame.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    told_by = re.search(r"FOUND(.*)END", done.stdout)
    assert told_by, done.stdout[-2000:] + done.stderr[-2000:]
    seen = json.loads(html.unescape(told_by[1]))
    assert seen["scroll"] <= width
    assert seen["wide"] == []
    assert seen["boxes"] >= 3
    assert seen["loaded"] == 0
    ground = COLORS["panel"][scheme == "dark"]
    assert seen["ground"] == "rgb({}, {}, {})".format(*bytes.fromhex(ground[1:]))
