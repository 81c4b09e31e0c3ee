"""The pictures of the guides are the ones that the code draws."""

from __future__ import annotations

import importlib.util
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("picture", ROOT / "docs/picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_picture_is_the_drawn_one_when_compared(script: ModuleType) -> None:
    assert script.main(["--check"]) == 0


def test_picture_is_found_to_differ_when_it_is_another(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "GUIDES", tmp_path)
    monkeypatch.setattr(script, "PICTURES", {"film.svg": script.picture, "again.svg": script.picture})  # the quick one
    assert script.main(["--check"]) == 1
    assert script.main([]) == 0
    assert script.main(["--check"]) == 0
    for name in script.PICTURES:
        drawn = (tmp_path / name).read_text()
        (tmp_path / name).write_text("<svg/>")
        assert script.main(["--check"]) == 1
        (tmp_path / name).write_text(drawn)
    assert script.main(["--check"]) == 0


def test_picture_shows_every_template_when_drawn(script: ModuleType) -> None:
    drawn = ET.fromstring(script.picture())  # noqa: S314 - our own picture
    texts = {text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")}
    folder = "shots/{sequence}[/{parent_shots}/parts]/{shot}"
    assert {"work:", "publish:", "shot work", "asset textures", folder} <= texts
