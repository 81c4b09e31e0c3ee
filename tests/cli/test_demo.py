from __future__ import annotations

import json
import tempfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from bifrost_sdk.cli import pictures
from bifrost_sdk.cli.main import main
from bifrost_sdk.cli.screen import width_of
from bifrost_sdk.session import connect


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_story_fits_a_terminal_and_leaves_nothing_when_told(
    temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo"]) == 0
    out = capsys.readouterr().out
    assert all(width_of(line) <= 80 for line in out.splitlines())
    assert "\x1b" not in out
    assert "…/v002/model.usda" in out
    assert list(temporary.iterdir()) == []


def test_states_differ_when_resolved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--keep", str(tmp_path / "kept"), "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["workspace"] == str(tmp_path / "kept")
    steps = document["steps"]
    published = {step["published"]: step["depends_on"] for step in steps if "published" in step}
    assert len(published) == 7
    assert published["bifrost://demo/shots/sq010/sh020/anim/v002"] == ["bifrost://demo/assets/char/hero/model/v002"]
    model = "bifrost://demo/assets/char/hero/model/latest/model.usd"
    found = [(step["state"][0], Path(step["file"]).parent.name) for step in steps if step.get("reference") == model]
    assert found == [("2", "v003"), ("3", "v001"), ("4", "v001"), ("5", "v002"), ("6", "v002")]
    assert steps[-1]["versions"] == ["bifrost://demo/shots/sq010/sh020/anim/v001"]
    for step in steps:
        if "file" in step and "<UDIM>" not in step["file"]:
            assert Path(step["file"]).is_file()
    with connect(tmp_path / "kept") as session:
        assert session.recover().findings == ()


def test_workspace_stays_when_it_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--keep", str(tmp_path / "kept")]) == 0
    assert f"The workspace is kept in {tmp_path / 'kept'}" in capsys.readouterr().out
    assert (tmp_path / "kept/bifrost.yaml").is_file()


def test_picture_is_a_png_when_drawn() -> None:
    content = pictures.checker(16, (255, 0, 0))
    assert content.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x02")
    start = content.index(b"IDAT")
    length = int.from_bytes(content[start - 4 : start], "big")
    data = content[start + 4 : start + 4 + length]
    assert len(zlib.decompress(data)) == 16 * (1 + 3 * 16)
    assert zlib.crc32(b"IDAT" + data).to_bytes(4, "big") == content[start + 4 + length : start + 8 + length]


def test_layers_open_when_usd_is_there(tmp_path: Path) -> None:
    pxr = pytest.importorskip("pxr.Usd", reason="the usd extra is not installed")
    (tmp_path / "model.usda").write_text(pictures.model("tex.png", height=2))
    (tmp_path / "anim.usda").write_text(pictures.animation("model.usda", frames=(1001, 1048), distance=4))
    stage = pxr.Stage.Open(str(tmp_path / "anim.usda"))
    assert stage.GetStartTimeCode() == 1001
    assert stage.GetPrimAtPath("/shot/body")
