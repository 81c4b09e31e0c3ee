from __future__ import annotations

import itertools
import runpy
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain import wire
from bifrost_sdk.domain.adoption.holdings import Held, Standing
from bifrost_sdk.domain.adoption.intake import Intake, draft
from bifrost_sdk.domain.adoption.things import Things
from bifrost_sdk.domain.changes import Create, Ensure
from bifrost_sdk.domain.entity import DOCUMENT_LIMIT, Entity
from bifrost_sdk.domain.filesets import FileSet
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.model import Asset, AssetType, Product, Representation, Sequence, Version
from bifrost_sdk.domain.versions import File

shows: Any = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("shows.py"))))  # Any: a module
PUBLISH = "assets/char/hero/model/publish"


def key(number: int) -> str:
    return f"01890000-0000-7000-8000-{number:012d}"


PROJECT = key(1)
CHAR = AssetType(id=key(2), code="char", parent=PROJECT, project="demo", path="assets/char")
HERO = Asset(id=key(3), code="hero", parent=CHAR.id, asset_type=CHAR.id, project="demo", path="assets/char/hero")
BODY = Product(id=key(4), code="body", parent=HERO.id, project="demo", path="assets/char/hero/body")
V1 = Version(id=key(5), product=BODY.id, number=1, state="published")
NODES: dict[str, Entity] = {each.path: each for each in (CHAR, HERO, BODY)}


def drafted(things: Things, standing: Standing | None = None, **options: int) -> Intake:
    ids = map(key, itertools.count(1_000))
    return draft(things, standing or Standing(PROJECT), lambda: next(ids), **options)


def entities(intake: Intake) -> list[Any]:
    return [change.entity for batch in intake.batches for change in batch.changes]


def of_kind(intake: Intake, kind: str) -> list[Any]:
    return [entity for entity in entities(intake) if entity.kind == kind]


def test_everything_is_made_below_its_parent_when_nothing_stands() -> None:
    things = shows.gathered(f"{PUBLISH}/body.v003.usda", "assets/char/hero/model/work/maya/hero.v012.ma")
    intake = drafted(things)
    ((changes,),) = [[batch.changes for batch in intake.batches]]
    known = {PROJECT}
    for change in changes:
        entity: Any = change.entity  # Any: every kind
        above = {"version": "product", "representation": "version"}.get(entity.kind, "parent")
        assert getattr(entity, above) in known
        known.add(entity.id)
        assert isinstance(change, Create if entity.kind in ("version", "representation", "workfile") else Ensure)
    assert intake.counts == Counter(entity.kind for entity in entities(intake))
    assert dict(intake.counts) == dict.fromkeys(
        ["asset_type", "asset", "product", "task", "version", "representation", "workfile"], 1
    )
    assert intake.files == 2


def test_version_is_published_with_its_own_number_and_says_that_it_was_adopted() -> None:
    things = shows.gathered(f"{PUBLISH}/body.v003.usda")
    intake = drafted(things)
    (version,), (representation,), (task,) = (of_kind(intake, kind) for kind in ("version", "representation", "task"))
    assert (version.number, version.state, version.task, version.manifest) == (3, "published", task.id, "")
    assert version.metadata == {"adopted": {"template": "asset_publish", "modified_at": "2023-11-14T22:13:20.123456Z"}}
    assert (representation.name, representation.root, representation.folder) == ("usda", "show", PUBLISH)
    assert representation.files == (File("body.v003.usda", 10, ""),)


def test_work_file_knows_its_size_when_it_is_one_file() -> None:
    frames = [f"sequences/sq010/a/comp/work/maya/a.v001.{frame}.ma" for frame in (1001, 1002)]
    intake = drafted(shows.gathered("assets/char/hero/model/work/maya/hero.v012.ma", *frames))
    hero, shot = of_kind(intake, "workfile")
    assert (hero.file, hero.root, hero.number, hero.application, hero.size, hero.hash) == (
        "assets/char/hero/model/work/maya/hero.v012.ma", "show", 12, "maya", 10, ""
    )  # fmt: skip
    assert (shot.file, shot.size) == ("sequences/sq010/a/comp/work/maya/a.v001.<FRAME>.ma", None)
    assert intake.files == 3


def test_time_is_left_out_when_no_calendar_has_it() -> None:
    things = shows.gathered(f"{PUBLISH}/body.v003.usda")
    ((key, piece),) = things.versions[0].pieces
    version = attrs.evolve(things.versions[0], pieces=[(key, attrs.evolve(piece, modified=10**24))])
    (made,) = of_kind(drafted(attrs.evolve(things, versions=(version,))), "version")
    assert made.metadata == {"adopted": {"template": "asset_publish"}}


def test_files_share_a_representation_and_a_folder_when_a_version_has_many() -> None:
    files = [f"a{number}.v001" for number in range(3)]
    names = [f"typed/char/hero/{name}" for name in files]
    textures = [
        f"assets/char/hero/look/textures/skin/v002/skin_{name}.{tile}.exr" for name in "ab" for tile in (1001, 1002)
    ]
    intake = drafted(shows.gathered(*names, *textures, f"{PUBLISH}/skin.v001.usda", f"{PUBLISH}/skin.v001.abc"))
    found = {(each.name, each.folder): [file.name for file in each.files] for each in of_kind(intake, "representation")}
    assert found == {
        ("file", "typed/char/hero"): ["a2.v001"],
        ("a", "assets/char/hero/look/textures/skin/v002"): ["skin_a.<UDIM>.exr"],
        ("b", "assets/char/hero/look/textures/skin/v002"): ["skin_b.<UDIM>.exr"],
        ("abc", PUBLISH): ["skin.v001.abc"],
        ("usda", PUBLISH): ["skin.v001.usda"],
    }
    assert len(of_kind(intake, "representation")) == 7  # of three products named alike


def test_representations_are_divided_when_a_document_has_no_room() -> None:
    things = shows.gathered(f"{PUBLISH}/body.v003.usda")
    ((_, piece),) = things.versions[0].pieces
    many = [("usda", attrs.evolve(piece, path=f"{PUBLISH}/{'x' * 60}{number:05d}.usda")) for number in range(1_000)]
    intake = drafted(attrs.evolve(things, versions=(attrs.evolve(things.versions[0], pieces=many),)))
    found = of_kind(intake, "representation")
    assert [each.name for each in found] == ["usda", *(f"usda_{number}" for number in range(2, len(found) + 1))]
    assert sum(len(each.files) for each in found) == intake.files == 1_000
    hashed = [
        attrs.evolve(each, files=[attrs.evolve(file, hash=f"sha256:{0:064}") for file in each.files]) for each in found
    ]
    sizes = [len(wire.to_json(wire.dump(each)).encode()) for each in hashed]
    assert max(sizes) <= DOCUMENT_LIMIT
    assert min(sizes[:-1]) > DOCUMENT_LIMIT * 0.6


def test_set_is_left_when_its_frames_cannot_be_listed() -> None:
    things = shows.gathered(*(f"sequences/s/a/c/images/b/v001/a.{frame}.exr" for frame in (1001, 1002)))
    ((key, piece),) = things.versions[0].pieces
    scattered = FrameRange.of_frames(frame * frame for frame in range(20_000))
    huge = attrs.evolve(piece, files=FileSet("a.<FRAME>.exr", frames=scattered))
    intake = drafted(attrs.evolve(things, versions=(attrs.evolve(things.versions[0], pieces=[(key, huge)]),)))
    (left,) = intake.left
    assert (left.count, left.token) == (20_000, "frame")
    assert dict(intake.counts) == {"sequence": 1, "shot": 1}


def test_every_list_stands_alone_when_there_are_several() -> None:
    paths = [f"assets/char/{name}/model/publish/{product}.v{number:03d}.usda"
             for name in ("hero", "villain") for product in "ab" for number in range(1, 8)]  # fmt: skip
    whole, divided = drafted(shows.gathered(*paths)), drafted(shows.gathered(*paths), limit=9)
    assert len(whole.batches) == 1
    for batch in divided.batches:
        assert len(batch.changes) <= 9
        known = {PROJECT}
        for change in batch.changes:
            entity: Any = change.entity  # type: ignore[union-attr]  # Create and Ensure only
            above = {"version": "product", "representation": "version"}.get(entity.kind, "parent")
            assert getattr(entity, above) in known
            known.add(entity.id)
    made = {entity.id: entity for entity in entities(divided)}
    assert Counter(entity.kind for entity in made.values()) == divided.counts == whole.counts
    assert sum(batch.files for batch in divided.batches) == whole.files == len(paths)


def test_standing_things_are_taken_when_they_are_there() -> None:
    standing = Standing(PROJECT, NODES, tasks={(HERO.id, "model"): key(9)})
    intake = drafted(shows.gathered(f"{PUBLISH}/Body.v003.usda"), standing)
    (version,) = of_kind(intake, "version")
    assert (version.product, version.task) == (BODY.id, key(9))
    assert dict(intake.counts) == {"version": 1, "representation": 1}


def test_standing_version_gets_further_representations_when_files_are_new() -> None:
    usda = Representation(
        id=key(6), version=V1.id, name="usda", root="show", folder=PUBLISH, files=(File("a.usda", 1, ""),)
    )
    standing = Standing(PROJECT, NODES, versions={(BODY.id, 1): Held(V1, (usda,))})
    intake = drafted(shows.gathered(f"{PUBLISH}/body.v001.usda", f"{PUBLISH}/body.v001.abc"), standing)
    assert [(each.version, each.name) for each in of_kind(intake, "representation")] == [
        (V1.id, "abc"),
        (V1.id, "usda_2"),
    ]
    assert "version" not in intake.counts


def test_folder_is_one_further_up_when_names_would_be_taken() -> None:
    usda = Representation(
        id=key(6), version=V1.id, name="x", root="show", folder="other", files=(File("body.v001.abc", 1, ""),)
    )
    standing = Standing(PROJECT, NODES, versions={(BODY.id, 1): Held(V1, (usda,))})
    (made,) = of_kind(drafted(shows.gathered(f"{PUBLISH}/body.v001.abc"), standing), "representation")
    assert (made.folder, made.files[0].name) == ("assets/char/hero/model", "publish/body.v001.abc")


@pytest.mark.parametrize("state", ["reserved", "retired", "purged", "abandoned"])
def test_files_are_left_when_their_version_takes_none(state: str) -> None:
    standing = Standing(PROJECT, NODES, versions={(BODY.id, 1): Held(attrs.evolve(V1, state=state))})
    intake = drafted(shows.gathered(f"{PUBLISH}/body.v001.abc"), standing)
    (left,) = intake.left
    assert (left.token, f"is {state} in the catalog" in left.reason) == ("version", True)
    assert intake.batches == ()


def test_files_of_another_task_are_left_when_their_version_stands() -> None:
    held = Held(attrs.evolve(V1, task=key(9)), task="rig")
    for path, lefts in ((f"{PUBLISH}/body.v001.abc", ["task"]), ("assets/char/hero/Rig/publish/body.v001.abc", [])):
        intake = drafted(shows.gathered(path), Standing(PROJECT, NODES, versions={(BODY.id, 1): held}))
        assert [each.token for each in intake.left] == lefts
    free = Standing(PROJECT, NODES, versions={(BODY.id, 1): Held(V1)})
    assert drafted(shows.gathered(f"{PUBLISH}/body.v001.abc"), free).left == ()


def test_grown_set_is_left_when_its_version_was_published() -> None:
    held = (File("a.<FRAME>.exr", 20, "", frames="1001-1002", padding=4, count=2), File("b.1001.exr", 1, ""))
    folder = "sequences/s/a/c/images/b/v001"
    item = Representation(id=key(6), version=V1.id, name="exr", root="show", folder=folder, files=held)
    shot = attrs.evolve(BODY, path="shots/s/a/b")
    nodes = {"shots/s": Sequence(id=key(7), code="s", parent=PROJECT), "shots/s/a/b": shot}
    standing = Standing(PROJECT, nodes, versions={(BODY.id, 1): Held(V1, (item,))})
    later = shows.gathered(*(f"{folder}/a.{frame}.exr" for frame in (1003, 1004)), f"{folder}/a.1009.png")
    single = shows.gathered(f"{folder}/a.1003.exr")
    for things, lefts, made in ((later, 2, ["png"]), (single, 1, [])):
        intake = drafted(things, standing)
        assert [(each.count, each.token) for each in intake.left] == [(lefts, "frame")]
        assert [each.name for each in of_kind(intake, "representation")] == made
    ((key_, piece),) = later.versions[0].pieces[:1]
    renamed = attrs.evolve(
        piece, path=f"{folder}/b.<FRAME>.exr", files=attrs.evolve(piece.files, pattern="b.<FRAME>.exr")
    )
    things = attrs.evolve(later, versions=(attrs.evolve(later.versions[0], pieces=[(key_, renamed)]),))
    assert [each.count for each in drafted(things, standing).left] == [2]


def test_things_are_left_when_the_catalog_has_another_kind_there() -> None:
    other = Product(id=key(8), code="hero", parent=CHAR.id, path="assets/char/hero")
    standing = Standing(PROJECT, {"assets/char": CHAR, "assets/char/hero": other})
    things = shows.gathered(f"{PUBLISH}/body.v001.abc", "assets/char/hero/model/work/maya/hero.v012.ma")
    intake = drafted(things, standing)
    assert [(each.token, "is a product in the catalog" in each.reason) for each in intake.left] == [("asset", True)] * 2
    assert intake.batches == ()


def test_work_file_is_left_when_it_differs_in_case_from_another() -> None:
    paths = [f"assets/char/hero/model/work/maya/{name}.v012.ma" for name in ("hero",)]
    things = shows.gathered(*paths)
    twin = attrs.evolve(things.workfiles[0], piece=attrs.evolve(things.workfiles[0].piece, path=paths[0].upper()))
    intake = drafted(attrs.evolve(things, workfiles=(*things.workfiles, twin)))
    assert [("differs in case" in each.reason) for each in intake.left] == [True]
    assert intake.counts["workfile"] == 1
    standing = Standing(PROJECT, workfiles=frozenset({("show", paths[0])}))
    assert dict(drafted(things, standing).counts) == {"asset_type": 1, "asset": 1}
