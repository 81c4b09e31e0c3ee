from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pxr", reason="the usd extra is not installed")

from bifrost_sdk.cli import sample_show
from bifrost_sdk.cli.sample_show import Placed


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_show_composes_when_opened_with_every_variant(tmp_path: Path) -> None:
    from pxr import Usd

    sample_show.write(tmp_path)
    stage = Usd.Stage.Open(str(tmp_path / "assets/sets/kitchen/kitchen.usda"))
    chair = stage.GetPrimAtPath("/kitchen/chair_3")
    assert chair.GetVariantSets().GetVariantSelection("finish") == "white"
    assert chair.GetPrimAtPath("back").GetAttribute("size").Get() == 1
    assert {str(prim.GetPath()) for prim in stage.GetPrimAtPath("/kitchen").GetChildren()} == {
        "/kitchen/table", "/kitchen/lamp", *(f"/kitchen/chair_{number}" for number in range(1, 5)),
    }  # fmt: skip
    texture = stage.GetPrimAtPath("/kitchen/table").GetAttribute("inputs:texture").Get()
    assert Path(texture.resolvedPath).is_file()


def test_one_file_changes_when_the_back_is_higher(tmp_path: Path) -> None:
    before = files(sample_show.write(tmp_path))
    assert files(sample_show.write(tmp_path)) == before
    after = files(sample_show.write(tmp_path, back=sample_show.HIGH_BACK))
    assert [name for name in after if after[name] != before.get(name)] == ["assets/props/chair/geo/chair.usdc"]
    assert after.keys() == before.keys()


def test_assembly_has_frames_when_it_is_a_shot() -> None:
    from pxr import Sdf

    text = sample_show.assembly("sh010", [Placed("a", "a.usda", (1, 2, 3), {"finish": "oak"})], frames=(1001, 1010))
    layer = Sdf.Layer.CreateAnonymous(".usda")
    layer.ImportFromString(text)
    assert (layer.startTimeCode, layer.endTimeCode) == (1001, 1010)
    assert layer.GetPrimAtPath("/sh010/a").variantSelections["finish"] == "oak"
