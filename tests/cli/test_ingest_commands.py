from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.session import init

Run = Callable[..., tuple[int, str, str]]

LAYERS = {
    "props/oak/oak.usda": "#usda 1.0\n",
    "sets/room/room.usda": "#usda 1.0\n(subLayers = [@../../props/oak/oak.usda@])\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    monkeypatch.chdir(init(tmp_path / "shows", project="demo"))
    for name, text in LAYERS.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "source"


def test_extra_is_named_when_it_is_not_installed(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pxr", None)  # what Python itself keeps of a module that is not there
    for name in [name for name in sys.modules if name.startswith("bifrost_sdk.integrations.usd")]:
        monkeypatch.delitem(sys.modules, name)
    status, out, err = run("ingest", str(folder))
    assert (status, out) == (1, "")
    assert 'pip install "bifrost-sdk[usd]"' in err


class TestWithTheLibrary:
    @pytest.fixture(autouse=True)
    def _usd(self) -> None:
        pytest.importorskip("pxr", reason="needs the extra 'usd'")

    def test_folder_is_taken_in_once_when_it_does_not_change(self, folder: Path, run: Run) -> None:
        status, out, _ = run("ingest", str(folder), "--dry-run")
        assert (status, out.splitlines()[-1]) == (0, "nothing was changed; without --dry-run it is done")
        assert run("list", "versions")[1] == "nothing yet\n"
        status, out, _ = run("ingest", str(folder), "--project", "demo")
        assert (status, out.splitlines()[-1]) == (0, "2 published; references that lead through the catalog now: 1")
        told = json.loads(run("ingest", str(folder), "--json")[1])
        assert (told["made"], told["kept"]) == (0, 2)

    def test_assets_are_called_as_said_when_names_are_given(self, folder: Path, run: Run) -> None:
        assert run("ingest", str(folder), "--name", "sets/room=set/{name}", "--product", "model")[0] == 0
        assert "bifrost://demo/assets/set/room/model/v001" in run("list", "versions")[1]
        status, _, err = run("ingest", str(folder), "--name", "x")
        assert (status, "write 'sets/*=set/{name}'" in err) == (1, True)

    def test_rest_is_taken_in_when_a_reference_is_broken(self, folder: Path, run: Run) -> None:
        (folder / "props/oak/leaf.usda").write_text("#usda 1.0\n(subLayers = [@./gone.usda@])\n")
        status, out, _ = run("ingest", str(folder))
        assert status == 1
        assert "@./gone.usda@" in out
        assert "published" in out.splitlines()[-1]

    def test_way_out_is_told_when_another_asset_has_the_name(self, folder: Path, run: Run) -> None:
        assert run("ingest", str(folder))[0] == 0
        other = folder.with_name("other") / "props/oak/oak.usda"
        other.parent.mkdir(parents=True)
        other.write_text("#usda 1.0\n# another tree\n")
        place = str(folder.with_name("other"))
        status, out, _ = run("ingest", place, "--dry-run")
        assert (status, out.splitlines()[1].split()[0]) == (1, "held")
        status, out, _ = run("ingest", place)
        assert (status, out.splitlines()[-1].partition(";")[0]) == (1, "0 published, 1 held back")
        assert "--name 'props/oak=props/oak_2'" in out
        assert run("ingest", place, "--name", "props/oak=props/oak_2")[0] == 0
        assert run("ingest", place, "--replace")[0] == 0
        assert "oak/usd/v002" in run("list", "versions")[1]
