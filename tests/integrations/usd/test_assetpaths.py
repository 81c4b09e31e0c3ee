from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

Sdf = pytest.importorskip("pxr.Sdf", reason="needs the extra 'usd'")
assetpaths = pytest.importorskip("bifrost_sdk.integrations.usd.assetpaths", exc_type=ImportError)

TEXT = """#usda 1.0
(
    colorConfiguration = @./config.ocio@
    customLayerData = {
        float depth = 1.5
        token kept = "x"
        asset sheet = @./sheet.txt@
    }
    subLayers = [
        @./one.usda@ (offset = 10; scale = 2),
        @./two.usda@ (offset = 5)
    ]
)

def Xform "Top" (
    assetInfo = {
        asset identifier = @./top.usda@
    }
    clips = {
        dictionary default = {
            double2[] active = [(1, 0)]
            asset[] assetPaths = [@./clip.1.usda@]
            asset manifestAssetPath = @./manifest.usda@
            string primPath = "/Clip"
            string templateAssetPath = "./clip.#.usda"
        }
    }
    customData = {
        float weight = 2.5
        dictionary deep = {
            float kept = 0.5
            asset path = @./deep.txt@
        }
    }
    delete payload = @./gone.usda@
    prepend payload = @./geo.usda@</Geo> (offset = 4)
    append references = [
        @./kit.usdz[chair.usd]@</Chair> (
            customData = {
                string why = "asked"
            }
        ),
        </Other>,
        @`"./${LOOK}.usda"`@,
        @./noise.usda:SDF_FORMAT_ARGS:seed=2@
    ]
    variants = {
        string look = "a"
    }
    append variantSets = "look"
)
{
    asset blocked = None
    asset nothing = @@
    rel related (
        customData = {
            asset path = @./related.txt@
        }
    )
    string text = "@./text@"
    asset tiles = @./skin.<UDIM>.png@
    asset[] several = [@./a.png@, @@, @b.png@]
    asset animated.timeSamples = {
        1: @./1.png@,
        2: @@,
        3: None,
    }
    variantSet "look" = {
        "a" (
            references = @./look.usda@
        ) {
            asset color = @./color.png@

        }
    }
}

"""
# The one thing that changes besides, where a path does: a number in a nested dictionary takes the widest type.
WIDENED = ("float kept = 0.5", "double kept = 0.5")


def layer(text: str = TEXT) -> Any:
    made = Sdf.Layer.CreateAnonymous(".usda")
    made.ImportFromString(text)
    return made


def written(made: Any) -> str:
    return str(made.ExportToString())


def test_layer_stays_as_it_is_when_no_path_changes() -> None:
    made = layer()
    before = written(made)
    assetpaths.respell(made, lambda path, _: path)
    assert written(made) == before


def test_every_path_changes_and_nothing_else_when_it_is_respelled() -> None:
    made = layer()
    expected = written(made).replace(*WIDENED)
    met = {}

    def change(path: str, where: str) -> str:
        met[path] = where
        return f"/new/{path}"

    assetpaths.respell(made, change)
    for path in met:
        for mark in ("@{}@", '"{}"'):
            expected = expected.replace(mark.format(path), mark.format(f"/new/{path}"))
    assert written(made) == expected
    assert "@./" not in expected.replace('"@./text@"', "")
    assert met["./1.png"] == "/Top.animated"
    assert met["./look.usda"] == "/Top{look=a}"


def test_duplicates_are_one_when_two_paths_become_the_same() -> None:
    made = layer(
        """#usda 1.0
(
    subLayers = [@./a.usda@ (offset = 1), @./b.usda@ (offset = 2), @./c.usda@ (offset = 3)]
)
def "P" (
    references = [@./a.usda@, @./c.usda@, @./b.usda@]
)
{
}
"""
    )
    assetpaths.respell(made, lambda path, _: "./one.usda" if path in {"./a.usda", "./b.usda"} else path)
    assert list(made.subLayerPaths) == ["./one.usda", "./c.usda"]
    assert [offset.offset for offset in made.subLayerOffsets] == [1, 3]
    items = made.GetPrimAtPath("/P").referenceList.explicitItems
    assert [item.assetPath for item in items] == ["./one.usda", "./c.usda"]


def test_referred_tells_what_a_layer_needs_and_leaves_it_alone_when_asked(tmp_path: Path) -> None:
    (tmp_path / "top.usda").write_text(TEXT)
    made = Sdf.Layer.FindOrOpen(str(tmp_path / "top.usda"))
    found = assetpaths.referred(made)
    needed = {
        "./one.usda",
        "./geo.usda",
        "./look.usda",
        "./skin.<UDIM>.png",
        "./a.png",
        "b.png",
        "./1.png",
        "./color.png",
    }
    assert needed <= set(found)
    assert not made.dirty
    assert len(found) == len(set(found))


def test_holders_are_the_prims_and_properties_when_a_path_is_looked_for() -> None:
    made = layer()
    assert assetpaths.holders(made, "./one.usda") == ["/"]
    assert assetpaths.holders(made, "./look.usda") == ["/Top{look=a}"]
    assert assetpaths.holders(made, "./a.png") == ["/Top.several"]
    assert assetpaths.holders(made, "./nowhere.png") == []
