"""Shows that others made, ingested whole: what a stage shows through the catalog is what it showed in their folder."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import attrs
import pytest

import bifrost_sdk as bf

Usd = pytest.importorskip("pxr.Usd", reason="needs the extra 'usd'")
Sdf = pytest.importorskip("pxr.Sdf", reason="needs the extra 'usd'")

from bifrost_sdk.integrations import usd  # noqa: E402 - behind what it needs
from bifrost_sdk.integrations.usd.assetpaths import respell  # noqa: E402 - likewise

#: Shows of the USD working group, which lie beside the project and are no part of it.
DATA = Path(os.environ.get("BIFROST_TEST_DATA") or Path(__file__).resolve().parents[4] / "shared" / "data", "usd-wg")

SHOWS = ["Teapot", "Vehicles", "intent-vfx"]

EVERYTHING = Usd.TraverseInstanceProxies(Usd.PrimAllPrimsPredicate)
CONTENTS: dict[Any, str] = {}  # Any: Sdf.Layer


@attrs.frozen
class Shown:
    """What a stage shows: its prims with all that is said of them, layers by content, and paths that lead nowhere.

    Layers are told by what they say, of asset paths only by their ends: the rest is what changes on the way.
    """

    prims: str
    layers: Counter[str]
    files: Counter[str]
    unresolved: Counter[str]


@pytest.fixture(scope="module", params=SHOWS)
def show(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]
) -> Iterator[Show]:
    if not (DATA / request.param).is_dir():
        missing(f"the show {request.param} is not there: put usd-wg/assets into {DATA}")
    folder = tmp_path_factory.mktemp(request.param)
    source = folder / request.param
    shutil.copytree(DATA / request.param, source)
    scenes = [path for path in sorted(source.rglob("*.usd*")) if path.suffix != ".usdz"]
    before = {path.relative_to(source).as_posix(): shown_everywhere(Usd.Stage.Open(str(path))) for path in scenes}
    with bf.connect(bf.init(folder / "shows", project="demo")) as session:
        done = usd.ingest(session, source)
        source.rename(folder / "moved away")
        yield Show(session, done, before)


@attrs.frozen(eq=False)
class Show:
    session: bf.Session
    done: Any  # Any: Ingestion, whose module needs the extra
    before: dict[str, dict[str, Shown]]

    @property
    def refs(self) -> dict[str, str]:
        """The reference of each layer, by its path in the source."""
        return {
            file: f"{each.asset.ref}/latest/{each.asset.layout.name_of(file)}"
            for each in self.done.assets
            for file in each.asset.layout.unit.files
        }


def shown_everywhere(stage: Any) -> dict[str, Shown]:
    """What a stage shows as it is, and below each prim with each single variant of it selected in turn."""
    found = {"": shown(stage, stage.GetPseudoRoot())}
    choices = [
        (prim.GetPath(), name, choice)
        for prim in stage.Traverse(EVERYTHING)
        if not prim.IsInstanceProxy()
        for name in prim.GetVariantSets().GetNames()
        for choice in prim.GetVariantSet(name).GetVariantNames()
    ]
    with Usd.EditContext(stage, stage.GetSessionLayer()):
        for path, name, choice in choices:
            variants = stage.GetPrimAtPath(path).GetVariantSet(name)
            variants.SetVariantSelection(choice)
            found[f"{path} {name}={choice}"] = shown(stage, stage.GetPrimAtPath(path))
            variants.ClearVariantSelection()
    return found


def shown(stage: Any, top: Any) -> Shown:
    said: list[str] = []
    files: Counter[str] = Counter()
    unresolved: Counter[str] = Counter()
    for prim in Usd.PrimRange(top, EVERYTHING):
        said.append(f"{prim.GetPath()} {prim.GetTypeName()} {prim.IsActive()} {prim.IsLoaded()} {prim.IsInstance()}")
        said.append(" ".join(prim.GetAuthoredPropertyNames()))
        for attribute in prim.GetAuthoredAttributes():
            if attribute.GetTypeName() == Sdf.ValueTypeNames.Asset and (value := attribute.Get()):
                resolved = str(value.resolvedPath)
                files[file_digest(resolved) if resolved else ""] += 1
                unresolved.update([] if resolved or not value.path else [Path(value.path).name])
                said.append(Path(value.path).name)
    for error in stage.GetCompositionErrors() if hasattr(stage, "GetCompositionErrors") else ():
        unresolved[Path(getattr(error, "assetPath", "") or getattr(error, "sublayerPath", "")).name] += 1
    used = [layer for layer in stage.GetUsedLayers() if layer != stage.GetSessionLayer()]
    return Shown(digest("\n".join(said).encode()), Counter(map(content, used)), files, unresolved)


def content(layer: Any) -> str:
    """What a layer says, of its asset paths only the end; the layer is kept, so it is the same again."""
    if layer not in CONTENTS:
        CONTENTS[layer] = told_content(layer) if holds_paths(layer) else file_digest(layer.realPath)
    return CONTENTS[layer]


def holds_paths(layer: Any) -> bool:
    found: list[str] = []
    respell(layer, lambda path, _: found.append(path) or path)
    return bool(found)


def told_content(layer: Any) -> str:
    copy = Sdf.Layer.CreateAnonymous(".usda")
    copy.TransferContent(layer)
    respell(copy, lambda path, _: ".".join(path.rpartition("/")[2].split(".")[-2:]))
    return digest(copy.ExportToString().encode())


@functools.cache
def file_digest(path: str) -> str:
    return digest(Path(path).read_bytes())


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_every_scene_shows_the_same_when_opened_through_the_catalog(show: Show) -> None:
    assert set(show.before) <= set(show.refs)
    for name, before in show.before.items():
        now = shown_everywhere(usd.open_stage(show.refs[name], session=show.session))
        assert now.keys() == before.keys(), name
        for state, found in now.items():
            assert found == before[state], f"{name} {state}"


def test_every_file_is_taken_in_once_when_a_show_is_ingested(show: Show) -> None:
    taken = Counter(file for each in show.done.assets for file in each.asset.layout.unit.files)
    assert set(taken.values()) == {1}
    folder = show.done.folder.with_name("moved away")
    assert {*taken, *show.done.unmatched} == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    }


def test_layers_are_as_they_were_when_nothing_in_them_leads_elsewhere(show: Show) -> None:
    folder = show.done.folder.with_name("moved away")
    for each in show.done.assets:
        for item in each.asset.layout.items:
            if item not in each.asset.texts:
                published = show.session.resolve(f"{each.version.ref}/{each.asset.layout.name_of(item)}")
                assert published.read_bytes() == (folder / item).read_bytes()


def test_only_what_is_missing_in_the_source_is_a_problem_when_a_show_is_ingested(show: Show) -> None:
    found = {(problem.code, problem.layer, problem.path) for problem in show.done.problems}
    lost = ("missing", "scenes/teapotScene_animCycle.usd", "../assets/teapot/teapot_animCycle.usd")
    assert found == ({lost} if show.done.folder.name == "intent-vfx" else set())


def test_nothing_is_published_when_the_moved_folder_is_ingested_again(show: Show) -> None:
    again = usd.ingest(show.session, show.done.folder.with_name("moved away"))
    assert again.versions == []
    assert [each.version.id for each in again.assets] == [each.version.id for each in show.done.assets]


def test_one_batch_resolves_everything_when_a_scene_is_opened(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    resolve = bf.Session.resolve_many

    def counted(session: bf.Session, refs: Any) -> Any:
        batches.append(len(refs))
        return resolve(session, refs)

    monkeypatch.setattr(bf.Session, "resolve_many", counted)
    if show.done.folder.name == "intent-vfx":
        assert show.done.rewritten > 1_000
    for name in ("scenes/simpleAssetScene.usd", "scenes/teapotScene.usd", "DrawModes.usd"):
        if name in show.refs:
            batches.clear()
            usd.open_stage(show.refs[name], session=show.session)
            assert len(batches) == 2  # the scene itself, then all that its layers refer to
