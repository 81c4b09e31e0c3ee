"""Scenes opened through a catalog, held against the same files with plain paths between them."""

from __future__ import annotations

import concurrent.futures
import gc
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import bifrost_sdk as bf

Usd = pytest.importorskip("pxr.Usd", reason="needs the extra 'usd'")
Sdf = pytest.importorskip("pxr.Sdf", reason="needs the extra 'usd'")

Files = Mapping[str, str]

# What each asset consists of; `<<rust>>` stands for the main layer of another one, however it is named there.
SCENE: dict[str, Files] = {
    "rust": {
        "model.usda": """
            (
                defaultPrim = "Rust"
            )
            def Scope "Rust"
            {
                asset file = @./rust.png@
                asset[] files = [@rust.png@, @@, @./none.png@]
            }""",
        "rust.png": "the picture of rust",
    },
    "sword": {
        "model.usda": """
            (
                defaultPrim = "Sword"
            )
            def Xform "Sword" (
                customData = {
                    asset sheet = @./tex/blade.1001.png@
                    float weight = 2.5
                }
                payload = @./geo.usda@
                variants = {
                    string wear = "new"
                }
                variantSets = "wear"
            )
            {
                asset tiles = @./tex/blade.<UDIM>.png@
                asset searched = @tex/blade.<UDIM>.png@
                asset nothing = @@
                variantSet "wear" = {
                    "new" {
                        double edge = 1
                    }
                    "old" (
                        references = @<<rust>>@
                    ) {
                        double edge = 0.2
                    }
                    "lost" (
                        active = false
                    ) {
                    }
                }
            }""",
        "geo.usda": """
            (
                defaultPrim = "Geo"
            )
            def Xform "Geo"
            {
                def Mesh "blade"
                {
                    point3f[] points = [(0, 0, 0), (1, 0, 0), (0, 1, 0)]
                    asset rust = @<<rust:rust.png>>@
                }
            }""",
        "tex/blade.1001.png": "one",
        "tex/blade.1002.png": "two",
    },
    "hero": {
        "model.usda": """
            (
                defaultPrim = "Hero"
                subLayers = [
                    @./base.usda@ (offset = 10; scale = 2)
                ]
            )
            over "Hero"
            {
                asset picture.timeSamples = {
                    1: @./one.png@,
                    2: @./two.png@,
                    3: None,
                }
                def "clipped" (
                    clips = {
                        dictionary default = {
                            double2[] active = [(1, 0), (2, 1)]
                            asset[] assetPaths = [@./clip.1.usda@, @./clip.2.usda@]
                            string primPath = "/Clip"
                            double2[] times = [(1, 1), (2, 2)]
                        }
                        dictionary numbered = {
                            string primPath = "/Clip"
                            string templateAssetPath = "./clip.#.usda"
                            double templateEndTime = 2
                            double templateStartTime = 1
                            double templateStride = 1
                        }
                    }
                )
                {
                    double x
                }
            }""",
        "base.usda": """
            def Xform "Hero"
            {
                double grip.timeSamples = {
                    1: 1,
                    2: 2,
                }
                def "left" (
                    instanceable = true
                    references = @<<sword>>@
                )
                {
                }
                def "right" (
                    instanceable = true
                    references = @<<sword>>@
                )
                {
                }
                def "blade" (
                    references = @<<sword>>@</Sword/blade> (offset = 3)
                )
                {
                }
            }""",
        "one.png": "1",
        "two.png": "2",
        "clip.1.usda": """
            def "Clip"
            {
                double x.timeSamples = {
                    1: 5,
                }
            }""",
        "clip.2.usda": """
            def "Clip"
            {
                double x.timeSamples = {
                    2: 7,
                }
            }""",
    },
    "town": {
        "model.usda": """
            (
                expressionVariables = {
                    string KIND = "wall"
                }
                subLayers = [
                    @<<lights>>@ (offset = 5)
                ]
            )
            def Xform "Town"
            {
                def "hero" (
                    payload = @<<hero>>@
                )
                {
                }
                def "wall" (
                    references = @`"./${KIND}.usda"`@</Wall>
                )
                {
                }
                def "swords" (
                    prepend references = [
                        @<<sword>>@,
                        </Town/wall>,
                        @<<rust>>@
                    ]
                )
                {
                }
            }""",
        "wall.usda": '\n            def "Wall"\n            {\n                double height = 3\n            }',
    },
    "lights": {
        "model.usda": """
            def "Town"
            {
                def "lamp"
                {
                    double on.timeSamples = {
                        1: 1,
                        2: 0,
                    }
                }
            }""",
    },
}


def write(folder: Path, files: Files, named: Callable[[str, str], str]) -> dict[str, Path]:
    """Write the files of an asset; `named` tells what another asset's file is called there."""

    def spelled(found: re.Match[str]) -> str:
        asset, _, file = found[1].partition(":")
        return named(asset, file or "model.usda")

    paths = {}
    for name, text in files.items():
        paths[name] = folder / name
        paths[name].parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".usda"):
            paths[name].write_text(
                "#usda 1.0\n" + re.sub("<<(.*?)>>", spelled, textwrap.dedent(text)).lstrip("\n") + "\n"
            )
        else:
            paths[name].write_text(text)
    return paths


class Show:
    """A catalog, and what is published into it."""

    def __init__(self, session: bf.Session, folder: Path) -> None:
        self.session = session
        self.folder = folder

    def publish(self, asset: str, files: Files) -> bf.Version:
        self.session.assets.ensure("demo", "prop", asset)
        paths = write(self.folder / f"{asset}-{os.urandom(4).hex()}", files, ref)
        return self.session.publish(f"bifrost://demo/assets/prop/{asset}", "model", {"usd": paths})

    def open(self, asset: str, **options: Any) -> Any:
        return bf.usd.open_stage(ref(asset), session=self.session, **options)


def ref(asset: str, file: str = "model.usda", *, tag: str = "latest") -> str:
    return f"bifrost://demo/assets/prop/{asset}/model/{tag}/{file}"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace, to be copied: that is several times as fast as making one."""
    return bf.init(tmp_path_factory.mktemp("fresh") / "shows", project="demo", user="anna")


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory, fresh: Path) -> Path:
    """A workspace with all of the scene, to be copied."""
    folder = tmp_path_factory.mktemp("stocked")
    shutil.copytree(fresh, folder / "shows")
    with bf.connect(folder / "shows", user="anna") as session:
        for asset, files in SCENE.items():
            Show(session, folder / "made").publish(asset, files)
    return folder / "shows"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of the scene with paths from file to file."""
    folder = tmp_path_factory.mktemp("plain")
    for asset, files in SCENE.items():
        write(folder / asset, files, lambda other, file: f"../{other}/{file}")
    return folder


@pytest.fixture
def show(tmp_path: Path, fresh: Path) -> Iterator[Show]:
    shutil.copytree(fresh, tmp_path / "shows")
    with bf.connect(tmp_path / "shows", user="anna") as session:
        yield Show(session, tmp_path / "made")


@pytest.fixture
def town(tmp_path: Path, stocked: Path) -> Iterator[Show]:
    """All of the scene, published."""
    shutil.copytree(stocked, tmp_path / "shows")
    with bf.connect(tmp_path / "shows", user="anna") as session:
        yield Show(session, tmp_path / "made")


def contents(attribute: Any, value: Any) -> Any:
    """What a value says: of an asset path what the files that it leads to contain."""
    if isinstance(value, Sdf.AssetPathArray):
        return [contents(attribute, each) for each in value]
    if not isinstance(value, Sdf.AssetPath):
        return value
    if not value.path:
        return ""
    if value.resolvedPath:
        return [Path(value.resolvedPath).read_bytes()]
    layer = attribute.GetPropertyStack(Usd.TimeCode.Default())[0].layer
    files = {Path(layer.ComputeAbsolutePath(value.path)), Path(layer.realPath).parent / value.path}
    found = [list(file.parent.glob(file.name.replace("<UDIM>", "[0-9][0-9][0-9][0-9]"))) for file in files]
    return sorted({path.read_bytes() for paths in found for path in paths})


def told(stage: Any) -> dict[str, Any]:
    """Everything that a stage shows, with files by what they contain."""
    found: dict[str, Any] = {}
    for prim in Usd.PrimRange.Stage(stage, Usd.TraverseInstanceProxies(Usd.PrimAllPrimsPredicate)):
        sets = prim.GetVariantSets()
        found[str(prim.GetPath())] = (
            (prim.GetTypeName(), str(prim.GetSpecifier()), prim.IsActive(), prim.IsLoaded(), prim.IsInstance()),
            {
                name: (sets.GetVariantSelection(name), sets.GetVariantSet(name).GetVariantNames())
                for name in sets.GetNames()
            },
            sorted(prim.GetAllMetadata()),
            prim.GetCustomDataByKey("weight"),
        )
        for attribute in prim.GetAttributes():
            times = attribute.GetTimeSamples()
            found[str(attribute.GetPath())] = (
                str(attribute.GetTypeName()),
                contents(attribute, attribute.Get()),
                [(time, contents(attribute, attribute.Get(time))) for time in times],
            )
    return found


def select(stage: Any, wear: str) -> None:
    """Select a variant wherever there is one."""
    stage.SetEditTarget(stage.GetSessionLayer())
    paths = [prim.GetPath() for prim in stage.TraverseAll() if prim.HasVariantSets()]
    for path in paths:
        stage.GetPrimAtPath(path).GetVariantSet("wear").SetVariantSelection(wear)


@pytest.mark.parametrize("load", ["all", "none"])
@pytest.mark.parametrize("asset", list(SCENE))
def test_stage_shows_what_plain_paths_show_when_opened_through_the_catalog(
    stocked: Path, plain: Path, asset: str, load: str
) -> None:
    policy = {"all": Usd.Stage.LoadAll, "none": Usd.Stage.LoadNone}[load]
    with bf.connect(stocked, user="anna") as session:
        ours = bf.usd.open_stage(ref(asset), session=session, load=load)
    theirs = Usd.Stage.Open(str(plain / asset / "model.usda"), policy)
    assert bf.usd.problems_of(ours) == []
    seen = []
    for wear in ("new", "old", "lost", "new"):
        for stage in (ours, theirs):
            select(stage, wear)
        assert told(ours) == told(theirs)
        seen.append(told(ours))
        for stage in (ours, theirs):
            stage.Load()
    assert seen[1] != seen[2] or asset in ("rust", "lights")


def test_payload_is_not_read_when_it_leads_nowhere_and_is_not_loaded(town: Show) -> None:
    town.publish("rust", {"model.usda": 'def "Rust"\n{\n}'})
    town.publish("town", {"model.usda": 'def "A" (\n    payload = @<<rust>>@</Rust>\n)\n{\n}'})
    stage = town.open("town", load="none")
    file = str(town.session.resolve(ref("rust")))
    assert Sdf.Layer.Find(file) is None
    stage.Load()
    assert Sdf.Layer.Find(file) in stage.GetUsedLayers()


def test_layers_are_the_published_files_when_they_hold_no_references(town: Show) -> None:
    folder = town.session.context.roots["publish"]
    stage = town.open("rust")
    assert Path(stage.GetRootLayer().realPath).is_relative_to(folder)
    stage = town.open("town")
    used = {Path(layer.realPath) for layer in stage.GetUsedLayers() if not layer.anonymous}
    own = {path for path in used if path.is_relative_to(folder)}
    assert {path.name for path in own} == {"model.usda", "wall.usda", "clip.1.usda", "clip.2.usda"}
    written = {"0.hero.model.v001.base.usda", "1.hero.model.v001.model.usda", "2.sword.model.v001.geo.usda"}
    written |= {"3.sword.model.v001.model.usda", "4.town.model.v001.model.usda"}
    assert {path.name for path in used - own} == written


def test_stage_stays_whole_when_it_is_reloaded_and_nothing_else_is_held(town: Show) -> None:
    stage = town.open("town")
    before = told(stage)
    town.session.close()
    gc.collect()
    stage.Reload()
    assert told(stage) == before


def test_published_files_stay_as_they_are_when_a_stage_is_edited(town: Show) -> None:
    folder = town.session.context.roots["publish"]
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    stage = town.open("town")
    stage.DefinePrim("/Mine")
    assert stage.GetPrimAtPath("/Mine")
    assert not os.access(stage.GetRootLayer().realPath, os.W_OK) or os.geteuid() == 0
    stage.Reload()
    assert not stage.GetPrimAtPath("/Mine")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_layers_are_shared_when_the_same_state_is_opened_again(town: Show) -> None:
    one, other = town.open("town"), town.open("town")
    assert one.GetRootLayer() == other.GetRootLayer()
    town.publish("rust", SCENE["rust"])
    assert town.open("town").GetRootLayer() != one.GetRootLayer()


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many references each call to the catalog asked for."""
    asked: list[int] = []
    resolve = bf.Session.resolve_many

    def counted(session: bf.Session, refs: Any) -> Any:
        asked.append(len(refs))
        return resolve(session, refs)

    monkeypatch.setattr(bf.Session, "resolve_many", counted)
    return asked


def test_references_take_one_batch_when_a_thousand_prims_hold_them(show: Show, batches: list[int]) -> None:
    for name in ("rust", "lights"):
        show.publish(name, SCENE[name])
    prims = "\n".join(
        f'def "P{i}" (\n references = @<<{("rust", "lights")[i % 2]}>>@</X>\n)\n{{\n}}' for i in range(1090)
    )
    show.publish("town", {"model.usda": prims})
    show.open("town")
    assert batches == [1, 2]


def test_references_take_a_batch_for_each_level_when_they_are_nested(town: Show, batches: list[int]) -> None:
    town.open("town")
    assert batches == [
        1,
        4,
        1,
    ]  # the scene, what it and its layers hold, and the picture that only a layer of these holds


def test_stage_shows_a_state_when_it_is_asked_for(town: Show) -> None:
    before = town.session.revision("demo")
    old = told(town.open("town"))
    town.publish("lights", {"model.usda": 'def "Town"\n{\n    def "moon"\n    {\n    }\n}'})
    assert "/Town/moon" in told(town.open("town"))
    assert told(town.open("town", at=before)) == old
    assert told(bf.usd.open_stage(ref("town"), session=town.session.at(before))) == old


def test_stage_is_the_same_when_reopened_with_its_pins_elsewhere(town: Show, tmp_path: Path) -> None:
    stage = town.open("town")
    pins = bf.usd.pins_of(stage)
    assert pins == bf.usd.pins_of(ref("town"), session=town.session)
    assert {ref.path[-2] for ref in pins} == set(SCENE)
    bf.usd.write_pins(pins, tmp_path / "town.pins.json")
    for asset in ("rust", "lights", "town"):
        town.publish(asset, {"model.usda": 'def "Other"\n{\n}'})
    shutil.copytree(town.session.context.roots["publish"], tmp_path / "mirror")
    shutil.move(town.session.context.roots["publish"], tmp_path / "gone")
    with bf.connect(tmp_path / "shows", user="anna", roots={"publish": tmp_path / "mirror"}) as elsewhere:
        again = bf.usd.open_stage(ref("town"), session=elsewhere, pins=tmp_path / "town.pins.json")
        assert told(again).keys() == told(stage).keys()
        assert bf.usd.pins_of(again) == pins
        assert bf.usd.pins_of(ref("town"), session=elsewhere, pins=pins) == pins
        assert "/Other" in told(bf.usd.open_stage(ref("town"), session=elsewhere))


def test_problems_name_layer_prim_and_reference_when_something_leads_nowhere(show: Show) -> None:
    broken = ref("nobody")
    show.publish(
        "town",
        {
            "model.usda": f"""
                def "Town"
                {{
                    def "a" (
                        references = [@{broken}@, @./missing.usda@]
                    )
                    {{
                        asset file = @{ref("nobody", "skin.png")}@
                    }}
                    def "b"
                    {{
                    }}
                }}"""
        },
    )
    stage = show.open("town")
    assert stage.GetPrimAtPath("/Town/b")
    layer = show.session.resolve(ref("town"))
    found = {(issue.subject, issue.path) for issue in bf.usd.problems_of(stage)}
    assert found == {
        (broken, f"{layer}</Town/a>"),
        ("./missing.usda", f"{layer}</Town/a>"),
        (ref("nobody", "skin.png"), f"{layer}</Town/a.file>"),
    }
    with pytest.raises(bf.ValidationError, match="nobody"):
        show.open("town", strict=True)


def test_problems_name_what_is_gone_when_a_published_file_was_removed(town: Show) -> None:
    town.session.resolve(ref("lights")).unlink()
    (issue,) = bf.usd.problems_of(town.open("town"))
    assert issue.subject == ref("lights")
    assert issue.message.endswith("is not there")
    with pytest.raises(bf.StorageError, match="is not there"):
        town.open("lights")


def test_baked_scene_shows_the_same_when_there_is_no_catalog(town: Show, tmp_path: Path) -> None:
    file = bf.usd.bake(ref("town"), tmp_path / "farm" / "town", session=town.session)
    expected = told(town.open("town"))
    town.session.close()
    (tmp_path / "shows" / "catalog.sqlite").unlink()
    stage = Usd.Stage.Open(str(file))
    assert told(stage) == expected
    assert file.parent == tmp_path / "farm" / "town"
    assert "bifrost:" not in "".join(path.read_text() for path in file.parent.iterdir())


def test_baking_is_refused_when_something_is_in_the_way_or_leads_nowhere(town: Show, tmp_path: Path) -> None:
    (tmp_path / "farm").mkdir()
    (tmp_path / "farm" / "mine.txt").write_text("mine")
    with pytest.raises(bf.StorageError, match="holds something already"):
        bf.usd.bake(ref("town"), tmp_path / "farm", session=town.session)
    with pytest.raises(bf.StorageError, match="cannot be made a folder"):
        bf.usd.bake(ref("town"), tmp_path / "farm" / "mine.txt", session=town.session)
    assert [path.name for path in (tmp_path / "farm").iterdir()] == ["mine.txt"]
    rust = bf.usd.bake(ref("rust"), tmp_path / "none", session=town.session)
    assert rust == town.session.resolve(ref("rust"))
    town.session.resolve(ref("rust")).unlink()
    with pytest.raises(bf.ValidationError, match="is not there"):
        bf.usd.bake(ref("town"), tmp_path / "other", session=town.session)
    assert not (tmp_path / "other").exists()


def test_opening_says_what_is_wrong_when_the_reference_is_no_scene(show: Show) -> None:
    show.session.assets.create("demo", "prop", "sheet")
    picture = show.folder / "sheet.png"
    picture.parent.mkdir(parents=True)
    picture.write_text("a picture")
    show.session.publish("bifrost://demo/assets/prop/sheet", "model", {"preview": picture})
    with pytest.raises(bf.StorageError, match="layer"):
        bf.usd.open_stage("bifrost://demo/assets/prop/sheet/model", session=show.session)
    with pytest.raises(bf.NotFoundError):
        show.open("nobody")
    with pytest.raises(bf.ValidationError, match='"all" or "none"'):
        show.open("nobody", load="some")
    with pytest.raises(bf.ValidationError, match="open_stage"):
        bf.usd.pins_of(Usd.Stage.CreateInMemory())


def test_scene_opens_when_it_is_named_in_any_way(town: Show) -> None:
    product = town.session.get("bifrost://demo/assets/prop/lights/model")
    version = town.session.versions.latest(product)
    for scene in (product, product.ref, product.id, version, version.ref, version.id, f"bifrost://demo/~{version.id}"):
        assert bf.usd.open_stage(scene, session=town.session).GetPrimAtPath("/Town/lamp"), scene


def test_scene_opens_when_no_session_is_given(town: Show, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path / "shows")
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    assert told(bf.usd.open_stage(ref("town"))) == told(town.open("town"))


def test_pinned_product_by_id_is_kept_by_path_when_a_layer_holds_it(town: Show) -> None:
    product = town.session.get("bifrost://demo/assets/prop/lights/model")
    held = f"bifrost://demo/~{product.id}/model.usda"
    town.publish("town", {"model.usda": f"(\n    subLayers = [@{held}@]\n)"})
    pins = bf.usd.pins_of(town.open("town"))
    assert ref("lights") in pins
    town.publish("lights", {"model.usda": 'def "Other"\n{\n}'})
    assert town.open("town", pins=pins).GetPrimAtPath("/Town/lamp")
    assert town.open("town").GetPrimAtPath("/Other")


def test_stages_open_when_layers_lead_back_to_each_other(show: Show) -> None:
    for one, other in (("rust", "lights"), ("lights", "rust")):
        show.publish(
            one,
            {
                "model.usda": f"""
                    def "Own"
                    {{
                        double from_{one} = 1
                    }}
                    def "Other" (
                        references = @<<{other}>>@</Own>
                    )
                    {{
                    }}"""
            },
        )
    assert show.open("rust").GetAttributeAtPath("/Other.from_lights").Get() == 1
    assert show.open("lights").GetAttributeAtPath("/Other.from_rust").Get() == 1


def test_packages_are_opened_as_they_are_when_layers_hold_them(show: Show, tmp_path: Path) -> None:
    layer = write(
        tmp_path / "kit", {"kit.usda": '(\n    defaultPrim = "Kit"\n)\ndef "Kit"\n{\n    double x = 1\n}'}, ref
    )
    pack = pytest.importorskip("pxr.UsdUtils").CreateNewUsdzPackage
    assert pack(Sdf.AssetPath(str(layer["kit.usda"])), str(tmp_path / "kit.usdz"))
    kit = show.session.assets.create("demo", "prop", "kit")
    show.session.publish(kit, "model", {"usdz": tmp_path / "kit.usdz"})
    whole = ref("kit", "model.usdz")
    prims = (
        f'def "P{i}" (\n    references = @{path}@\n)\n{{\n}}' for i, path in enumerate([whole, f"{whole}[kit.usda]"])
    )
    show.publish("town", {"model.usda": "\n".join(prims)})
    stage = show.open("town")
    assert [stage.GetAttributeAtPath(f"/P{i}.x").Get() for i in range(2)] == [1, 1]
    package = bf.usd.open_stage("bifrost://demo/assets/prop/kit/model", session=show.session)
    assert package.GetAttributeAtPath("/Kit.x").Get() == 1


def test_search_begins_beside_the_published_scene_when_its_layer_is_written_anew(show: Show) -> None:
    searched = '(\n    defaultPrim = "Own"\n)\ndef "Own" (\n    references = @shared.usda@</Shared>\n)\n{\n}'
    show.publish("rust", {"model.usda": searched})
    shared = 'def "Shared"\n{\n    double x = 3\n}'
    show.publish("town", {"model.usda": 'def "A" (\n    references = @<<rust>>@\n)\n{\n}', "shared.usda": shared})
    stage = show.open("town")
    assert stage.GetAttributeAtPath("/A.x").Get() == 3
    assert bf.usd.problems_of(stage) == []
    assert [issue.subject for issue in bf.usd.problems_of(show.open("rust"))] == ["shared.usda"]


def test_layers_keep_their_arguments_when_they_are_written_anew(town: Show) -> None:
    held = f"{ref('rust')}:SDF_FORMAT_ARGS:a=b"
    town.publish("town", {"model.usda": f'def "A" (\n    references = @{held}@\n)\n{{\n}}'})
    stage = town.open("town")
    (argued,) = (layer for layer in stage.GetUsedLayers() if layer.GetFileFormatArguments())
    assert dict(argued.GetFileFormatArguments()) == {"a": "b"}


def test_stages_are_the_same_when_several_threads_open_them(town: Show) -> None:
    expected = {asset: told(town.open(asset)) for asset in SCENE}
    assets = list(SCENE) * 4
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        stages = list(pool.map(town.open, assets))
    assert [told(stage) for stage in stages] == [expected[asset] for asset in assets]


def test_nothing_is_left_when_the_process_ends(town: Show, tmp_path: Path) -> None:
    program = (
        "import os, bifrost_sdk as bf\n"
        f"with bf.connect({str(tmp_path / 'shows')!r}, user='anna') as session:\n"
        f"    stage = bf.usd.open_stage({ref('town')!r}, session=session)\n"
        "child = os.fork() if hasattr(os, 'fork') else 1\n"
        "if child:\n"
        "    os.waitpid(child, 0) if child != 1 else None\n"
        "    print(stage.GetRootLayer().realPath, os.path.exists(stage.GetRootLayer().realPath))\n"
    )
    (tmp_path / "scratch").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TMPDIR": str(tmp_path / "scratch")},
    )
    assert done.stdout.startswith(str(tmp_path / "scratch"))
    assert done.stdout.endswith(" True\n")
    assert list((tmp_path / "scratch").iterdir()) == []


def test_missing_library_says_what_to_install_when_a_stage_is_opened() -> None:
    program = (
        "import sys, json; sys.modules['pxr'] = None; import bifrost_sdk as bf\n"
        "try: bf.usd.open_stage\n"
        "except bf.ConfigurationError as error: print(json.dumps([str(error), error.setting]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    message, setting = json.loads(done.stdout)
    assert 'pip install "bifrost-sdk[usd]"' in message
    assert setting == "usd"


def no_text(folder: Path) -> Iterator[Path]:
    """Layers that quote bytes which are no text: one that is refused when it is opened, one when it is read."""
    text = folder / "text.usda"
    text.write_bytes(b'#usda 1.0\ndef "x" (references = @\xff\xfe.usda@) {}\n')
    yield text
    binary = folder / "binary.usdc"
    layer = Sdf.Layer.CreateNew(str(binary))
    Sdf.PrimSpec(layer, "x", Sdf.SpecifierDef).referenceList.prependedItems = [Sdf.Reference("./aZ3kQ9xWbYc.usda")]
    layer.Save()
    content = binary.read_bytes()
    assert content.count(b"3kQ9") == 1
    spoilt = folder / "spoilt.usdc"
    spoilt.write_bytes(content.replace(b"3kQ9", b"\xff\xfeQ\xc3"))
    yield spoilt


def test_layer_is_named_when_it_holds_bytes_that_are_no_text(show: Show, tmp_path: Path) -> None:
    session = show.session
    session.assets.ensure("demo", "prop", "odd")
    for number, path in enumerate(no_text(tmp_path), start=1):
        version = session.publish("bifrost://demo/assets/prop/odd", "model", {"usd": path})
        for use in (bf.usd.open_stage, lambda ref, session: bf.usd.bake(ref, tmp_path / "baked", session=session)):
            with pytest.raises(bf.StorageError, match=rf"v00{number}.* cannot be read as a layer: "):
                use(version, session=session)
