from __future__ import annotations

import json
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bifrost_sdk.cli import pictures, sample_show
from bifrost_sdk.cli.main import main
from bifrost_sdk.cli.screen import width_of
from bifrost_sdk.session import connect, init


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pxr", reason="the usd extra is not installed")
    return tmp_path_factory.mktemp("demo") / "kept"


@pytest.fixture(scope="module")
def told(kept: Path) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        patched.setattr("sys.stdout", out)
        assert main(["demo", "--keep", str(kept), "--json"]) == 0
        out.seek(0)
        document: dict[str, Any] = json.load(out)
    return document


def test_story_fits_a_terminal_and_leaves_only_its_report_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pxr", reason="the usd extra is not installed")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    begun = time.monotonic()
    assert main(["demo"]) == 0
    assert time.monotonic() - begun < 60
    out = capsys.readouterr().out
    assert all(width_of(line) <= 100 for line in out.splitlines())
    assert "\x1b" not in out
    assert "chair v002" in out
    assert [path.name for path in tmp_path.glob("bifrost-demo*")] == ["bifrost-demo.html"]


def test_second_day_publishes_only_what_changed(told: dict[str, Any]) -> None:
    first, second = told["ingested"]
    assert all(each["is_new"] for each in first)
    assert [each["version"] for each in second if each["is_new"]] == ["bifrost://demo/assets/props/chair/usd/v002"]


def test_states_differ_when_the_shot_is_opened(told: dict[str, Any], kept: Path) -> None:
    now, then, pinned = told["states"]
    assert [state["state"] for state in told["states"]] == ["now", "then", "pinned"]
    assert now["back"] - then["back"] == pytest.approx(sample_show.HIGH_BACK - sample_show.LOW_BACK)
    assert then["files"] == pinned["files"] != now["files"]
    assert then["prims"] == now["prims"] > 30
    with connect(kept) as session:
        assert session.recover().findings == ()
        assert session.verify().findings == ()
        shot = session.shots.get("bifrost://demo/shots/sq010/sh010")
        assert len(session.shots.casting(shot)) == 2


def test_report_is_one_page_that_needs_nothing_else(told: dict[str, Any], kept: Path) -> None:
    page = Path(told["report"])
    assert page == kept / "bifrost-demo.html"
    text = page.read_text(encoding="utf-8")
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert str(kept) not in text
    for part in ("What uses what", "Versions over time", "Where the time went", "Now and then", "Pins", "42"):
        assert part in text
    for svg in text.split("<svg")[1:]:
        ElementTree.fromstring(f"<svg{svg.partition('</svg>')[0]}</svg>")  # noqa: S314 - what was written just now


def test_report_goes_where_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pxr", reason="the usd extra is not installed")
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--report", "told/page.html"]) == 1  # there is no such folder
    assert not list(tmp_path.iterdir())


def test_demo_says_what_to_install_when_usd_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded = [name for name in sys.modules if name.startswith("bifrost_sdk.integrations.usd.")]
    for name in loaded:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pxr", None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["demo"]) == 1
    captured = capsys.readouterr()
    assert ('pip install "bifrost-sdk[usd]"' in captured.err, captured.out) == (True, "")
    assert main(["demo", "--keep", "kept"]) == 1
    assert not list(tmp_path.iterdir())


def test_folder_stays_as_it_is_when_it_holds_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = init(tmp_path / "shows", project="demo")
    assert main(["demo", "--keep", "shows"]) == 1
    assert "name a folder that is not there yet" in capsys.readouterr().err
    assert not (folder / "source").exists()
    with connect(folder) as session:
        assert not list(session.assets.list(project="demo"))


def test_picture_is_a_png_when_drawn() -> None:
    content = pictures.checker(16, (255, 0, 0))
    assert content.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x02")
    start = content.index(b"IDAT")
    length = int.from_bytes(content[start - 4 : start], "big")
    data = content[start + 4 : start + 4 + length]
    assert len(zlib.decompress(data)) == 16 * (1 + 3 * 16)
    assert zlib.crc32(b"IDAT" + data).to_bytes(4, "big") == content[start + 4 + length : start + 8 + length]
