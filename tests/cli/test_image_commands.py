from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.session import init

Image = pytest.importorskip("PIL.Image", reason="the images extra is not installed")

RENDER = "assets/char/hero/render"
REF = f"bifrost://demo/{RENDER}/v001"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Path:
    """A workspace, the current folder, with one published sequence."""
    shows = init(tmp_path / "shows", project="demo")
    monkeypatch.chdir(shows)
    for frame in (1001, 1002):
        Image.new("RGB", (64, 32), (200 * (frame % 2), 90, 20)).save(f"beauty.{frame}.png")
    assert run("publish", "assets/char/hero", "render", "png=beauty.####.png", "--create")[0] == 0
    return shows


def test_thumbnail_is_made_and_added_when_asked_for(run: Run, shows: Path) -> None:
    status, out, _ = run("thumbnail", f"{RENDER}/v001", "--size", "16", "--json")
    told = json.loads(out)
    assert (status, told["version"], told["name"]) == (0, REF, "thumbnail")
    with Image.open(told["file"]) as picture:
        assert picture.size == (16, 8)
    assert Path(told["file"]).stat().st_size == told["bytes"]
    assert run("thumbnail", f"{RENDER}/v001")[0] != 0  # there is one


def test_preview_moves_when_it_is_of_a_sequence(run: Run, shows: Path) -> None:
    status, out, _ = run("preview", f"{RENDER}/v001", "--frames", "2")
    assert (status, out.split(":")[0]) == (0, "preview of bifrost")
    (path,) = (shows / "publish/demo" / RENDER).glob("v001-preview/preview.*")
    with Image.open(path) as picture:
        assert picture.n_frames == 2
    assert str(path) in out


def test_picture_is_made_of_another_file_when_it_is_named(run: Run, shows: Path) -> None:
    Image.new("RGB", (10, 10)).save("other.png")
    told = json.loads(run("preview", f"{RENDER}/v001", "--source", "other.png", "--json")[1])
    with Image.open(told["file"]) as picture:
        assert picture.size == (10, 10)


def test_copy_of_the_newest_is_brought_up_when_settings_ask_for_it(run: Run, shows: Path) -> None:
    status, _, err = run("latest", RENDER)
    assert (status, "latest_copy: copy" in err) == (1, True)
    assert run("config", "set", "latest_copy", "copy")[0] == 0
    assert json.loads(run("latest", RENDER, "--json")[1]) == {"version": REF}
    assert (shows / "publish/demo" / RENDER / "latest/manifest.json").is_file()
    assert run("latest", RENDER)[1] == f"the copy is {REF}\n"
    assert run("retire", f"{RENDER}/v001")[0] == 0
    assert run("latest", RENDER)[1].startswith("there is no copy")
