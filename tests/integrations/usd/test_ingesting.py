"""Folders of USD files made for the purpose, ingested; `test_real_shows` does the same with those of others."""

from __future__ import annotations

import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import bifrost_sdk as bf
from bifrost_sdk.errors import ConfigurationError, NotFoundError, StorageError, ValidationError

Sdf = pytest.importorskip("pxr.Sdf", reason="needs the extra 'usd'")
Usd = pytest.importorskip("pxr.Usd", reason="needs the extra 'usd'")
UsdUtils = pytest.importorskip("pxr.UsdUtils", reason="needs the extra 'usd'")

from bifrost_sdk.integrations import usd  # noqa: E402 - behind what it needs
from bifrost_sdk.integrations.usd import ingesting, planning  # noqa: E402 - likewise
from bifrost_sdk.integrations.usd.dependencies import Problem  # noqa: E402 - likewise

ROOM = """#usda 1.0
# a room with a chair
(
    subLayers = [
        @./room_light.usda@ (offset = 10; scale = 2),
        @../props/oak/oak.usda@ (offset = 3)
    ]
)

def "Chair" (
    references = @../props/oak/oak.usda@</Oak>
    variants = {
        string wear = "new"
    }
    prepend variantSets = "wear"
)
{
    asset skin = @../props/oak/tex/skin.<UDIM>.png@
    variantSet "wear" = {
        "new" {
        }
        "old" (
            payload = @../props/oak/geo/old.usda@
        ) {
        }
    }
}
"""

SHOW = {
    "props/oak/oak.usda": '#usda 1.0\n(defaultPrim = "Oak")\ndef "Oak" (payload = @./geo/old.usda@</Old>)\n{\n}\n',
    "props/oak/geo/old.usda": '#usda 1.0\ndef "Old"\n{\n    asset skin = @../tex/skin.<UDIM>.png@\n}\n',
    "props/oak/tex/skin.1001.png": "one",
    "props/oak/tex/skin.1002.png": "two",
    "sets/room.usda": ROOM,
    "sets/room_light.usda": "#usda 1.0\n",
    "props/readme.txt": "for nobody",
}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[bf.Session]:
    with bf.connect(bf.init(tmp_path / "shows", project="demo", user="anna"), user="anna") as session:
        yield session


@pytest.fixture
def show(tmp_path: Path) -> Path:
    return written(tmp_path / "show", SHOW)


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def layer(text: str) -> str:
    return f"#usda 1.0\n{text}\n"


def prim(paths: Mapping[str, str]) -> str:
    """A layer with a prim whose attributes are asset paths."""
    return layer('def "A"\n{\n' + "".join(f"    asset {name} = @@@{path}@@@\n" for name, path in paths.items()) + "}")


def refs(done: Any) -> list[str]:
    """The new versions, without what all references begin with."""
    return [version.ref.removeprefix("bifrost://demo/assets/") for version in done.versions]


def published(session: bf.Session, ref: str) -> str:
    return session.resolve(f"bifrost://demo/assets/{ref}").read_text()


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_assets_refer_to_each_other_when_a_folder_is_ingested(session: bf.Session, show: Path) -> None:
    before = contents(show)
    done = usd.ingest(session, show)
    assert refs(done) == ["props/oak/usd/v001", "sets/room/usd/v001"]
    assert (done.is_whole, done.rewritten, done.unmatched, done.problems) == (True, 4, ("props/readme.txt",), ())
    oak, room = done.versions
    assert [each.version for each in room.dependencies] == [oak.id]
    text = published(session, "sets/room/usd/latest/room.usda")
    head = "bifrost://demo/assets/props/oak/usd/latest"
    assert f"@./room_light.usda@ (offset = 10; scale = 2),\n        @{head}/oak.usda@ (offset = 3)" in text
    assert f"references = @{head}/oak.usda@</Oak>" in text
    assert f"payload = @{head}/geo/old.usda@" in text
    assert f"asset skin = @{head}/tex/skin.<UDIM>.png@" in text
    assert published(session, "props/oak/usd/latest/tex/skin.1002.png") == "two"
    assert published(session, "props/oak/usd/latest/oak.usda") == SHOW["props/oak/oak.usda"]
    assert contents(show) == before


def test_nothing_is_published_when_nothing_has_changed(session: bf.Session, show: Path) -> None:
    first = usd.ingest(session, show)
    os.utime(show / "sets/room.usda")
    again = usd.ingest(session, show)
    assert (again.versions, again.rewritten) == ([], 0)
    assert [each.version.id for each in again.assets] == [version.id for version in first.versions]


def test_only_what_changed_is_published_when_a_texture_is_painted(session: bf.Session, show: Path) -> None:
    usd.ingest(session, show)
    (show / "props/oak/tex/skin.1002.png").write_text("painted")
    assert refs(usd.ingest(session, show)) == ["props/oak/usd/v002"]
    (show / "props/oak/tex/skin.1002.png").write_text("two")
    assert refs(usd.ingest(session, show)) == ["props/oak/usd/v003"]  # as it was at first, and not the first version


def test_nothing_is_published_when_folders_are_called_otherwise(session: bf.Session, show: Path) -> None:
    (show / "sets/room.usda").unlink()
    usd.ingest(session, show)
    moved = show.rename(show.with_name("other"))
    (moved / "props").rename(moved / "things")
    done = usd.ingest(session, moved)
    assert done.versions == []
    assert "bifrost://demo/assets/props/oak/usd/v001" in {each.version.ref for each in done.assets}


def test_numbers_are_named_when_references_are_frozen(session: bf.Session, show: Path) -> None:
    usd.ingest(session, show, freeze=True)
    assert "oak/usd/v001/oak.usda@" in published(session, "sets/room/usd/latest/room.usda")
    (show / "props/oak/tex/skin.1001.png").write_text("painted")
    assert refs(usd.ingest(session, show, freeze=True)) == ["props/oak/usd/v002", "sets/room/usd/v002"]
    text = published(session, "sets/room/usd/latest/room.usda")
    assert "oak/usd/v002/tex/skin.<UDIM>.png@" in text
    assert "v001" not in text


def test_plan_says_it_and_changes_nothing_when_asked_for_alone(session: bf.Session, show: Path) -> None:
    revision = session.revision("demo")
    told: list[tuple[int, int]] = []
    plan = usd.plan_ingest(session, show, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (4, 4)
    assert [(asset.ref, asset.state) for asset in plan.assets] == [
        ("bifrost://demo/assets/props/oak/usd", "new"),
        ("bifrost://demo/assets/sets/room/usd", "new"),
    ]
    assert json.loads(json.dumps(plan.to_data()))["assets"][1]["needs"] == ["bifrost://demo/assets/props/oak/usd"]
    assert session.revision("demo") == revision
    done = usd.ingest(session, plan)
    assert json.loads(json.dumps(done.to_data()))["made"] == 2


def test_names_are_those_that_are_wanted_when_said(session: bf.Session, show: Path) -> None:
    wanted = {"props/*": "tree/{name}_big", "sets/room.usda": "env/hall"}
    assert refs(usd.ingest(session, show, names=wanted, product="scene")) == [
        "tree/oak_big/scene/v001",
        "env/hall/scene/v001",
    ]


def test_ingesting_goes_on_when_it_was_cancelled(session: bf.Session, tmp_path: Path) -> None:
    files = {f"props/p{number:03d}.usda": layer(f'def "P{number}" {{}}') for number in range(150)}
    folder = written(tmp_path / "many", files)
    told: list[tuple[int, int]] = []
    stop = False

    def progress(done: int, total: int) -> None:
        nonlocal stop
        told.append((done, total))
        stop = done > total / 2

    first = usd.ingest(session, folder, progress=progress, cancel=lambda: stop)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert not first.is_whole
    assert len(first.versions) < 150
    second = usd.ingest(session, folder)
    assert (second.is_whole, len(second.assets)) == (True, 150)
    assert len(second.versions) == 150 - len(first.versions)
    assert len(session.versions.list(project="demo", state="published")) == 150


def test_reading_stops_when_a_plan_is_cancelled(session: bf.Session, show: Path) -> None:
    with pytest.raises(StorageError, match="cancelled"):
        usd.plan_ingest(session, show, cancel=lambda: True)


def test_each_asset_is_published_once_when_two_ingest_at_once(session: bf.Session, show: Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        done = [future.result() for future in [pool.submit(usd.ingest, session, show) for _ in range(3)]]
    assert len({tuple(each.version.id for each in one.assets) for one in done}) == 1
    assert len(session.versions.list(project="demo", state="published")) == 2


def test_nothing_is_published_when_somebody_else_did_since_it_was_planned(session: bf.Session, show: Path) -> None:
    plan = usd.plan_ingest(session, show)
    copy = Path(shutil.copytree(show, show.with_name("copy")))
    assert len(usd.ingest(session, copy).versions) == 2
    done = usd.ingest(session, plan)
    assert (done.versions, len(done.assets)) == ([], 2)


def test_same_content_is_published_again_when_its_version_was_taken_back(session: bf.Session, show: Path) -> None:
    oak, _ = usd.ingest(session, show).versions
    (show / "sets/room.usda").unlink()
    session.versions.retire(oak)
    assert "props/oak/usd/v002" in refs(usd.ingest(session, show))


@pytest.mark.parametrize(("machine", "lease"), [("this one", 60), ("another one", 1)])
def test_ingesting_goes_on_when_a_process_was_killed(
    session: bf.Session, show: Path, monkeypatch: pytest.MonkeyPatch, machine: str, lease: int
) -> None:
    program = """
import os, platform, signal, sys
if sys.argv[3] == "another one":
    platform.node = lambda: "elsewhere"
import bifrost_sdk as bf
from bifrost_sdk.integrations.usd import ingesting
ingesting._LEASE = int(sys.argv[4])
with bf.connect(sys.argv[1], user="anna") as session:
    ingesting.ingest(session, sys.argv[2], progress=lambda done, total: os.kill(os.getpid(), signal.SIGKILL))
"""
    told = [str(session.settings.folder), str(show), machine, str(lease)]
    killed = subprocess.run([sys.executable, "-c", program, *told], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert session.versions.list(project="demo", state="reserved")
    monkeypatch.setattr(ingesting, "_LEASE", lease)
    assert refs(usd.ingest(session, show)) == ["props/oak/usd/v002", "sets/room/usd/v001"]
    assert session.versions.list(project="demo", state="reserved") == []


def test_dependencies_that_are_too_many_are_told_when_a_scene_has_them(
    session: bf.Session, show: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "NEEDS", 0)
    monkeypatch.setattr(ingesting, "NEEDS", 0)
    done = usd.ingest(session, show)
    assert [(problem.code, problem.layer) for problem in done.problems] == [("needs", "sets/room.usda")]
    assert done.versions[1].dependencies == ()


def test_ingesting_goes_on_elsewhere_when_it_was_interrupted(session: bf.Session, show: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        usd.ingest(session, show, progress=interrupt)
    moved = show.rename(show.with_name("moved"))
    assert refs(usd.ingest(session, moved)) == ["props/oak/usd/v002", "sets/room/usd/v001"]


def interrupt(_done: int, _total: int) -> None:
    raise KeyboardInterrupt


def test_paths_that_lead_astray_are_told_and_the_rest_goes_on(session: bf.Session, show: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_text("secret")
    (show / "sets/broken.usda").write_text("no layer at all")
    text = """def "A" (references = @./none.usda@)
        {
            asset one = @/etc/passwd@
            asset two = @../../secret.png@
            asset three = @https://example.org/x.png@
            asset four = @./lost.<UDIM>.png@
            asset five = @`"./${NONE}.png"`@
            asset six = @./none.usda@
        }
        def "B" (references = @./room.usda@) {}"""
    (show / "sets/odd.usda").write_text(layer(text))
    done = usd.ingest(session, show)
    assert refs(done) == ["props/oak/usd/v001", "sets/broken/usd/v001", "sets/room/usd/v001", "sets/odd/usd/v001"]
    found = {(problem.code, problem.place, problem.path): problem for problem in done.problems}
    assert found.keys() == {
        ("unreadable", "", ""),
        ("missing", "/A", "./none.usda"),
        ("outside", "/A.one", "/etc/passwd"),
        ("outside", "/A.two", "../../secret.png"),
        ("outside", "/A.three", "https://example.org/x.png"),
        ("missing", "/A.four", "./lost.<UDIM>.png"),
        ("missing", "/A.five", '`"./${NONE}.png"`'),
    }
    assert found["missing", "/A", "./none.usda"].count == 2
    assert str(found["outside", "/A.one", "/etc/passwd"]).startswith("sets/odd.usda /A.one: @/etc/passwd@ leads to")
    assert "root:" not in "".join(map(str, contents(session.context.roots["publish"]).values()))
    assert "@/etc/passwd@" in published(session, "sets/odd/usd/latest/odd.usda")


def test_links_are_not_followed_when_they_leave_the_folder(session: bf.Session, show: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_text("secret")
    (show / "sets/loop").symlink_to(show)
    (show / "sets/own.png").symlink_to(show / "props/oak/tex/skin.1001.png")
    (show / "sets/out.png").symlink_to(tmp_path / "secret.png")
    (show / "sets/etc").symlink_to("/etc")
    (show / "sets/gone").symlink_to("nowhere")
    os.mkfifo(show / "sets/pipe.usda")
    paths = {"own": "./own.png", "round": "./loop/sets/loop/props/oak/oak.usda", "out": "./out.png"}
    (show / "sets/linked.usda").write_text(prim(paths))
    done = usd.ingest(session, show)
    assert {(problem.code, problem.layer) for problem in done.problems} == {
        ("link", "sets/out.png"),
        ("link", "sets/etc"),
        ("link", "sets/gone"),
        ("link", "sets/pipe.usda"),
        ("outside", "sets/linked.usda"),
    }
    linked = published(session, "sets/linked/usd/latest/linked.usda")
    assert "own = @bifrost://demo/assets/props/oak/usd/latest/tex/skin.1001.png@" in linked
    assert "round = @bifrost://demo/assets/props/oak/usd/latest/oak.usda@" in linked
    assert "out = @./out.png@" in linked


def test_files_that_may_not_be_read_are_told_and_the_rest_goes_on(
    session: bf.Session, show: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = str(show / "sets/room_light.usda")
    ask = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: os.fspath(path) != closed and ask(path, mode))
    done = usd.ingest(session, show)
    assert [(problem.code, problem.layer, problem.path) for problem in done.problems] == [
        ("unreadable", "sets/room_light.usda", ""),
        ("outside", "sets/room.usda", "./room_light.usda"),
    ]
    assert len(done.versions) == 2


def test_files_are_called_otherwise_when_no_version_can_hold_their_names(session: bf.Session, tmp_path: Path) -> None:
    files = {
        "héro (old)/héro (old).usda": prim(
            {"a": "./tex/skin@2x.png", "b": "./tex/skin_2x.png", "c": "./tex/größe.png"}
        ),
        "héro (old)/tex/skin@2x.png": "at",
        "héro (old)/tex/skin_2x.png": "plain",
        "héro (old)/tex/größe.png": "umlaut",
        "héro (old)/manifest.json": "{}",
        "scene.usda": layer('def "A" (references = @./héro (old)/héro (old).usda@</A>) {}'),
    }
    done = usd.ingest(session, written(tmp_path / "odd", files))
    assert refs(done) == ["general/héro_old/usd/v001", "general/scene/usd/v001"]
    assert {(problem.code, problem.layer) for problem in done.problems} == {
        ("name", "héro (old)/tex/skin@2x.png"),
        ("name", "héro (old)/manifest.json"),
    }
    stage = usd.open_stage(done.versions[1].ref, session=session)
    shown = stage.GetPrimAtPath("/A")
    read = [Path(shown.GetAttribute(name).Get().resolvedPath).read_text() for name in "abc"]
    assert read == ["at", "plain", "umlaut"]


def test_clips_and_expressions_stay_together_when_their_paths_stand_for_many(
    session: bf.Session, tmp_path: Path
) -> None:
    clips = """def "A" (
        clips = {
            dictionary default = {
                string primPath = "/A"
                string templateAssetPath = "../clips/walk.###.usda"
                double templateStartTime = 1
                double templateEndTime = 2
                double templateStride = 1
            }
        }
    ) {}"""
    look = """(expressionVariables = { string LOOK = "red" })
        def "L" (references = @`"../mats/${LOOK}.usda"`@</M>) {}"""
    files = {
        "walk/walk.usda": layer(clips),
        "clips/walk.001.usda": layer('def "A" {\n double x.timeSamples = { 1: 1 }\n}'),
        "clips/walk.002.usda": layer('def "A" {\n double x.timeSamples = { 2: 2 }\n}'),
        "look/look.usda": layer(look),
        "mats/red.usda": layer('def "M" {}'),
        "mats/blue.usda": layer('def "M" {}'),
    }
    done = usd.ingest(session, written(tmp_path / "many", files))
    assert done.problems == ()
    found = {each.asset.ref.split("/")[-2]: list(each.asset.layout.items.values()) for each in done.assets}
    assert found["walk"] == ["walk/walk.usda", "clips/walk.001.usda", "clips/walk.002.usda"]
    assert found["look"] == ["look/look.usda", "mats/red.usda"]
    assert done.rewritten == 0
    stage = usd.open_stage(f"{done.assets[0].asset.ref}/latest", session=session)
    assert stage


def test_every_kind_of_path_leads_into_the_catalog_when_rewritten(session: bf.Session, tmp_path: Path) -> None:
    text = """(
        customLayerData = {
            asset sheet = @./lib/lib.usda@
            dictionary deep = { asset[] all = [@./lib/a.png@, @./lib/b.png@] }
        }
    )
    def "A" (
        assetInfo = { asset identifier = @./lib/lib.usda@ }
        add references = [@./lib/lib.usda@</X> (offset = 5), @./lib/lib.usda@</Y>]
        delete payload = @./lib/lib.usda@
        clips = {
            dictionary default = { asset[] assetPaths = [@./lib/lib.usda@]  asset manifestAssetPath = @./lib/lib.usda@ }
        }
    ) {
        asset one.timeSamples = { 1: @./lib/a.png@, 2: @./lib/b.png@ }
        asset[] many = [@./lib/a.png@, @@, @lib/b.png@]
        asset none = @@
        asset packed = @./lib/kit.usdz[kit.usda]@
        asset args = @./lib/lib.usda:SDF_FORMAT_ARGS:x=1@
        rel r ( customData = { asset a = @./lib/a.png@ } )
    }
    over "B" ( active = false  references = [</A>, @./lib/lib.usda@] ) {}"""
    files = {"set.usda": layer(text.replace("  asset", "\n asset").replace("  references", "\n references"))}
    files |= {"lib/lib.usda": layer('def "X" {}\ndef "Y" {}'), "lib/a.png": "a", "lib/b.png": "b"}
    folder = written(tmp_path / "show", files)
    (tmp_path / "kit.usda").write_text(layer('def "K" {}'))
    assert UsdUtils.CreateNewUsdzPackage(str(tmp_path / "kit.usda"), str(folder / "lib/kit.usdz"))
    done = usd.ingest(session, folder)
    assert done.problems == ()
    text = published(session, "general/set/usd/latest/set.usda")
    assert "lib/" not in text.replace("bifrost://demo/assets/general/lib/usd/latest/", "")
    assert text.count("bifrost://") == 17
    assert "/kit.usdz[kit.usda]@" in text
    assert "/lib.usda:SDF_FORMAT_ARGS:x=1@" in text
    assert "(offset = 5)" in text


def test_formats_stay_when_layers_are_written_anew(session: bf.Session, tmp_path: Path) -> None:
    folder = written(tmp_path / "show", {"lib/lib.usda": layer('def "X" {}')})
    for name, form in {"text.usd": "usda", "crate.usd": "usdc", "plain.usdc": "usdc"}.items():
        made = Sdf.Layer.CreateNew(str(folder / name), args={"format": form} if name.endswith(".usd") else {})
        spec = Sdf.CreatePrimInLayer(made, "/A")
        spec.referenceList.prependedItems.append(Sdf.Reference("./lib/lib.usda"))
        assert made.Save()
    usd.ingest(session, folder)
    heads = {
        name: session.resolve(f"bifrost://demo/assets/general/{name.partition('.')[0]}/usd/latest/{name}").read_bytes()[
            :8
        ]
        for name in ("text.usd", "crate.usd", "plain.usdc")
    }
    assert heads == {"text.usd": b"#usda 1.", "crate.usd": b"PXR-USDC", "plain.usdc": b"PXR-USDC"}


def test_managed_references_stay_and_are_depended_on_when_layers_hold_them(session: bf.Session, show: Path) -> None:
    oak, _ = usd.ingest(session, show).versions
    text = f'def "A" (references = [@{oak.ref}/oak.usda@, @bifrost://demo/assets/props/elm/usd/latest/elm.usda@]) {{}}'
    (show / "sets/shot.usda").write_text(layer(text))
    done = usd.ingest(session, show)
    assert refs(done) == ["sets/shot/usd/v001"]
    assert [each.version for each in done.versions[0].dependencies] == [oak.id]
    assert [(problem.code, problem.layer) for problem in done.problems] == [("missing", "sets/shot.usda")]


def test_files_are_listed_in_several_representations_when_there_are_many(session: bf.Session, tmp_path: Path) -> None:
    files = {f"hall/tex/a_long_name_of_a_texture_{number:04d}.png": str(number) for number in range(700)}
    done = usd.ingest(session, written(tmp_path / "show", {"hall/hall.usda": layer(""), **files}))
    (hall,) = done.versions
    found = session.versions.representations(hall)
    assert [each.name for each in found] == ["usd", "usd_2", "usd_3", "usd_4"]
    assert sum(len(each.files) for each in found) == 701
    assert session.resolve(hall.ref).name == "hall.usda"
    assert session.resolve(f"{hall.ref}/tex/a_long_name_of_a_texture_0699.png").read_text() == "699"


def test_every_dependency_is_found_that_the_library_finds(show: Path) -> None:
    from bifrost_sdk.integrations.usd.surveying import survey

    found = survey(show)
    layers, files, _ = UsdUtils.ComputeAllDependencies(str(show / "sets/room.usda"))
    known = {str(Path(each.realPath).relative_to(show.resolve())) for each in layers}
    known |= {str(Path(str(each)).resolve().relative_to(show.resolve())) for each in files}
    reached, ahead = {"sets/room.usda"}, ["sets/room.usda"]
    while ahead:
        new = found.holdings.uses.get(ahead.pop(), frozenset()) - reached
        reached |= new
        ahead += new
    assert reached >= known


def test_folder_is_refused_when_it_cannot_be_ingested(session: bf.Session, show: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        usd.ingest(session, tmp_path / "nowhere")
    with pytest.raises(ValidationError, match="is a workspace"):
        usd.ingest(session, written(tmp_path / "around", {"inner/bifrost.yaml": ""}))
    for place in (session.context.roots["publish"] / "demo", tmp_path):
        with pytest.raises(ValidationError, match="one within the other"):
            usd.ingest(session, place)
    with pytest.raises(NotFoundError):
        usd.ingest(session, show, project="other")
    with pytest.raises(ValidationError, match="v001"):
        usd.ingest(session, show, product="v001")
    assert usd.ingest(session, written(tmp_path / "empty", {"x.txt": ""})).unmatched == ("x.txt",)


def test_extra_is_named_when_the_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib
    import sys

    monkeypatch.setitem(sys.modules, "pxr", None)
    monkeypatch.delitem(sys.modules, "bifrost_sdk.integrations.usd.library")
    with pytest.raises(ConfigurationError, match=r'pip install "bifrost-sdk\[usd\]"'):
        importlib.import_module("bifrost_sdk.integrations.usd.library")


OTHER = {
    "props/oak/oak.usda": '#usda 1.0\n(defaultPrim = "Oak")\ndef "Oak" (payload = @./geo/old.usda@</Old>)\n{\n}\n',
    "props/oak/geo/old.usda": '#usda 1.0\ndef "Old"\n{\n    double age = 300\n}\n',
    "sets/park.usda": '#usda 1.0\ndef "Tree" (references = @../props/oak/oak.usda@</Oak>)\n{\n}\n',
    "sets/town.usda": '#usda 1.0\ndef "Park" (references = @./park.usda@</Tree>)\n{\n}\n',
    "sets/sky.usda": "#usda 1.0\n",
}


def told(problems: Iterable[Problem]) -> list[tuple[str, str]]:
    return [(problem.code, problem.layer) for problem in problems]


def test_asset_and_its_users_are_held_back_when_another_has_its_name(
    session: bf.Session, show: Path, tmp_path: Path
) -> None:
    usd.ingest(session, show)
    other = written(tmp_path / "other", OTHER)
    plan = usd.plan_ingest(session, other)
    states = {asset.ref.split("/")[-2]: asset.state for asset in plan.assets}
    assert states == {"oak": "held", "park": "held", "town": "held", "sky": "new"}
    done = usd.ingest(session, plan)
    assert refs(done) == ["sets/sky/usd/v001"]
    assert told(done.problems) == [("taken", "props/oak"), ("held", "sets/park.usda"), ("held", "sets/town.usda")]
    first = str(done.problems[0])
    assert f"bifrost://demo/assets/props/oak/usd/v001 by anna was ingested from {show / 'props/oak'}" in first
    assert "--name 'props/oak=props/oak_2'" in first
    assert refs(usd.ingest(session, show)) == []

    named = usd.ingest(session, other, names={"props/oak": "props/oak_2"})
    assert (named.problems, refs(named)) == (
        (),
        ["props/oak_2/usd/v001", "sets/park/usd/v001", "sets/town/usd/v001"],
    )
    assert "assets/props/oak_2/usd/latest" in session.resolve(named.versions[1]).read_text()
    again = usd.ingest(session, other)  # it is found by its content, also where its name is not said again
    assert (again.problems, refs(again)) == ((), [])
    assert session.versions.get("bifrost://demo/assets/props/oak/usd/latest").number == 1


def test_asset_is_published_over_another_when_it_is_to_replace_it(
    session: bf.Session, show: Path, tmp_path: Path
) -> None:
    usd.ingest(session, show)
    other = written(tmp_path / "other", OTHER)
    done = usd.ingest(session, other, replace=True)
    assert (done.problems, refs(done)[0], len(done.versions)) == ((), "props/oak/usd/v002", 4)
    assert told(usd.plan_ingest(session, show).problems)[0] == ("taken", "props/oak")  # now that one is the other
    (other / "props/oak/oak.usda").write_text("#usda 1.0\n")
    assert refs(usd.ingest(session, other)) == ["props/oak/usd/v003"]


def test_what_an_artist_published_stays_when_a_folder_is_ingested_again(session: bf.Session, show: Path) -> None:
    usd.ingest(session, show)
    session.publish("bifrost://demo/assets/props/oak", "usd", {"usd": show / "props/oak/oak.usda"})
    done = usd.ingest(session, show)
    assert (refs(done), told(done.problems)) == ([], [("taken", "props/oak"), ("held", "sets/room.usda")])
    assert "was not ingested" in str(done.problems[0])


@pytest.mark.parametrize("new", ["moved", "sho\u0308w", "show/props"])
def test_assets_go_on_when_their_folder_has_moved_or_is_ingested_in_part(
    session: bf.Session, show: Path, tmp_path: Path, new: str
) -> None:
    usd.ingest(session, show)
    folder = tmp_path / new
    if not folder.exists():
        show.rename(folder)
    top = folder if (folder / "props").exists() else folder.parent
    (top / "props/oak/tex/skin.1001.png").write_text("painted again")
    names = {} if top == folder else {"oak": "props/oak"}
    done = usd.ingest(session, folder, names=names)
    assert (done.problems, refs(done)) == ((), ["props/oak/usd/v002"])
    (top / "props/oak/tex/skin.1001.png").write_text("and again")
    assert refs(usd.ingest(session, folder, names=names)) == ["props/oak/usd/v003"]


def test_asset_is_not_published_over_another_when_that_came_since_it_was_planned(
    session: bf.Session, show: Path, tmp_path: Path
) -> None:
    plan = usd.plan_ingest(session, written(tmp_path / "other", OTHER))
    usd.ingest(session, show)
    with pytest.raises(bf.ConflictError, match="oak/usd/v001 by anna came from elsewhere meanwhile"):
        usd.ingest(session, plan)
    assert session.versions.get("bifrost://demo/assets/props/oak/usd/latest").number == 1


def test_layer_is_told_when_it_holds_bytes_that_are_no_text(session: bf.Session, tmp_path: Path) -> None:
    folder = written(tmp_path / "odd", {"fine/fine.usda": "#usda 1.0\n"})
    (folder / "text.usda").write_bytes(b'#usda 1.0\ndef "x" (references = @\xff\xfe.usda@) {}\n')
    layer = Sdf.Layer.CreateNew(str(tmp_path / "binary.usdc"))
    Sdf.PrimSpec(layer, "x", Sdf.SpecifierDef).referenceList.prependedItems = [Sdf.Reference("./aZ3kQ9xWbYc.usda")]
    layer.Save()
    content = (tmp_path / "binary.usdc").read_bytes()
    assert content.count(b"3kQ9") == 1
    (folder / "binary.usdc").write_bytes(content.replace(b"3kQ9", b"\xff\xfeQ\xc3"))
    done = usd.ingest(session, folder)
    assert told(done.problems) == [("unreadable", "binary.usdc"), ("unreadable", "text.usda")]
    assert "general/fine/usd/v001" in refs(done)


def test_folders_are_assets_of_their_own_when_a_pattern_matches_each(session: bf.Session, tmp_path: Path) -> None:
    files = {f"{name}/{name}.usda": "#usda 1.0\n" for name in ("elm", "oak")}
    folder = written(tmp_path / "trees", files)
    plan = usd.plan_ingest(session, folder, names={"*": "tree/{name}"})
    assert [asset.ref.split("/")[-3:-1] for asset in plan.assets] == [["tree", "elm"], ["tree", "oak"]]
    plan = usd.plan_ingest(session, folder, names={".": "set/trees"})
    assert [asset.ref.split("/")[-3:-1] for asset in plan.assets] == [["set", "trees"]]


def test_rest_is_ingested_when_files_are_empty_or_have_names_that_are_no_text(
    session: bf.Session, tmp_path: Path
) -> None:
    rest = {"oak/oak.usda": '#usda 1.0\ndef "x" {\n    asset bark = @./bark.png@\n}\n', "oak/readme.md": ""}
    folder = written(tmp_path / "odd", {**rest, "oak/bark.png": "", "empty.usda": "", "a\nline.usda": "#usda 1.0\n"})
    expected = {("unreadable", name) for name in ("oak/bark.png", "empty.usda", "a\nline.usda")}
    if os.name == "posix" and sys.platform != "darwin":  # where a name may be any bytes
        Path(os.fsdecode(os.fsencode(folder) + b"/lat\xe9in.usda")).write_text("#usda 1.0\n")
        expected.add(("unreadable", os.fsdecode(b"lat\xe9in.usda")))
    done = usd.ingest(session, folder)
    assert set(told(done.problems)) == expected | {("outside", "oak/oak.usda")}
    assert refs(done) == ["general/oak/usd/v001"]
    folder.rename(tmp_path / "a\nfolder")
    with pytest.raises(ValidationError, match="rename it"):
        usd.ingest(session, tmp_path / "a\nfolder")


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send itself what the keyboard sends there")
def test_nothing_further_is_published_when_interrupted_from_the_keyboard(
    session: bf.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingesting, "_SET", 1)
    folder = written(tmp_path / "many", {f"props/a{number}/a{number}.usda": "#usda 1.0\n" for number in range(12)})
    asked = threading.Event()

    def interrupt_once(_done: int, _total: int) -> None:
        if not asked.is_set():
            asked.set()
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.3)  # in which the first thread takes it

    with pytest.raises(KeyboardInterrupt):
        usd.ingest(session, folder, progress=interrupt_once)
    states = [version.state for version in session.find(bf.Query("version", project="demo"))]
    assert len(states) <= 4, "more than were on their way"
    assert "reserved" not in states
    assert len(usd.ingest(session, folder).assets) == 12
