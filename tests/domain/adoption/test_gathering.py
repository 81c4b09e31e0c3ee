from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.adoption.gathering import Gathering
from bifrost_sdk.domain.adoption.meanings import path_of
from bifrost_sdk.domain.adoption.things import Entry, Left, Things
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.templates.sets import TemplateSet

shows: Any = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("shows.py"))))  # Any: a module

HERO = (("asset_type", "char"), ("asset", "hero"))
SHOT = (("episode", "ep01"), ("sequence", "sq010"), ("shot", "sh020"))


def gathered(*paths: str, **options: Any) -> Things:
    made: Things = shows.gathered(*paths, **options)
    return made


def left(things: Things) -> dict[str, tuple[str, str]]:
    return {each.path: (each.template, each.token) for each in things.left}


def test_files_become_versions_when_they_tell_a_product_and_a_number() -> None:
    files = ("assets/char/hero/model/publish/body.v003.abc", "assets/char/hero/model/publish/body.v003.usda")
    things = gathered(*files, "assets/char/hero/model/publish/body.v001.usda")
    assert things.left == ()
    assert things.places == (HERO[:1], HERO)
    assert [(each.place, each.product, each.number, each.task) for each in things.versions] == [
        (HERO, "body", 1, "model"),
        (HERO, "body", 3, "model"),
    ]
    assert [(key, piece.path, piece.size) for key, piece in things.versions[1].pieces] == [
        ("abc", files[0], 10),
        ("usda", files[1], 10),
    ]


def test_files_become_work_files_when_they_lie_in_the_work_area() -> None:
    things = gathered("assets/char/hero/model/work/maya/hero.v012.ma")
    (workfile,) = things.workfiles
    claim = workfile.claim
    assert (claim.place, claim.task, claim.number, claim.application) == (HERO, "model", 12, "maya")
    assert things.versions == ()


def test_frames_and_tiles_become_one_file_each_when_they_are_alike() -> None:
    images = [f"sequences/ep01/sq010/sh020/comp/images/beauty/v001/sh020.{frame}.exr" for frame in (1001, 1002, 1004)]
    tiles = [
        f"assets/char/hero/look/textures/skin/v002/skin_{name}.{tile}.exr"
        for name in ("bump", "color")
        for tile in (1001, 1011)
    ]
    things = gathered(*images, *tiles, "sequences/ep01/sq010/sh020/comp/images/beauty/v001/sh020.1001.png")
    skin, beauty = things.versions
    assert beauty.place == SHOT
    found = dict(beauty.pieces)
    assert found["png"].files is None
    assert found["exr"].files is not None
    assert found["exr"].files.frames == FrameRange.parse("1001-1002,1004")
    assert (found["exr"].path, found["exr"].size, found["exr"].count) == (
        "sequences/ep01/sq010/sh020/comp/images/beauty/v001/sh020.<FRAME>.exr",
        30,
        3,
    )
    assert [(key, piece.files and piece.files.udims) for key, piece in skin.pieces] == [
        ("bump", (1001, 1011)),
        ("color", (1001, 1011)),
    ]


def test_frames_of_several_shots_stay_apart_when_they_lie_in_one_folder() -> None:
    names = [f"typed/char/{name}/a.v001" for name in ("sh", "si")]
    frames = [
        f"sequences/sq010/{shot}/comp/work/maya/{shot}.v001.{frame}.ma" for shot in "ab" for frame in (1001, 1002)
    ]
    things = gathered(*names, *frames)
    assert [workfile.piece.count for workfile in things.workfiles] == [2, 2]
    assert len(things.versions) == 2


def test_files_only_show_their_thing_when_no_catalog_keeps_them() -> None:
    things = gathered("sequences/sq010/sh020/fx/cache/vdb/1001", "sequences/sq010/sh020/fx/cache/vdb/1002")
    assert (things.others, things.versions, things.workfiles) == (2, (), ())
    assert [path_of(place) for place in things.places] == ["shots/sq010", "shots/sq010/sh020"]


def test_files_in_the_catalog_are_counted_and_not_read_again() -> None:
    path, other = "assets/char/hero/model/publish/body.v003.abc", "readme.txt"
    things = gathered(path, other, known={("show", path), ("show", other), ("work", path)})
    assert things == Things(known=2)


def test_name_stays_with_files_in_the_catalog_when_a_twin_comes_before_them() -> None:
    twin, known = (f"assets/char/{name}/rig/publish/a.v001.ma" for name in ("Hero", "hero"))
    things = gathered(twin, known, known={("show", known)})
    assert left(things) == {twin: ("asset_publish", "asset")}
    assert (things.known, things.places, things.versions) == (1, (), ())


def test_set_of_work_files_is_known_when_the_catalog_has_its_pattern() -> None:
    paths = [f"sequences/sq010/a/comp/work/maya/a.v001.{frame}.ma" for frame in (1001, 1002)]
    assert gathered(*paths, known={("show", "sequences/sq010/a/comp/work/maya/a.v001.<FRAME>.ma")}).known == 2


@pytest.mark.parametrize(
    ("path", "template", "token", "says"),
    [
        ("assets/char/hero/model/publish/body.v3.usda", "asset_publish", "version", "expected a version's number"),
        ("assets/char/hero/model/work/nuke/hero.v001.nk", "asset_work", "app", "expected one of maya, houdini"),
        ("assets/char/hero/model/publish", "asset_publish", "", "it ends"),
        ("loose/hero/a.v001", "typeless", "asset_type", "an asset has a type"),
        ("typed/char/my hero/a.v001", "typed", "any_asset", "'my hero' is no code"),
        ("counted/char/hero/a.0", "counted", "count", "0 is no version's number from 1"),
        ("counted/char/hero/a.1000000", "counted", "count", "1000000 is no version's number"),
        ("twice/sq010/sh020/sh030.a.v001", "twice", "", "two of its tokens name different things"),
        ("projects/other/lut.v001.cube", "of_project", "project", "belongs to the project other, not to demo"),
        ("assets/char/latest/model/publish/body.v001.usda", "asset_publish", "asset", "reads as a version's tag"),
    ],
)
def test_file_is_left_with_template_and_token_when_it_cannot_be_taken_in(
    path: str, template: str, token: str, says: str
) -> None:
    things = gathered(path)
    assert things.versions == things.workfiles == things.places == ()
    (found,) = things.left
    assert (found.path, found.template, found.token, found.count) == (path, template, token, 1)
    assert says in found.reason


def test_unread_files_are_listed_as_one_when_they_are_a_set() -> None:
    things = gathered(*(f"assets/char/hero/model/thumbs/a.{frame}.jpg" for frame in range(1001, 1011)), "notes.txt")
    assert [(each.path, each.count) for each in things.left] == [
        ("assets/char/hero/model/thumbs/a.%04d.jpg", 10),
        ("notes.txt", 1),
    ]
    assert sum(each.count for each in things.left) == 11


def test_whole_folder_is_explained_once_when_reading_stops_in_it() -> None:
    paths = [f"old/{folder}/deep/{name}.txt" for folder in ("one", "two") for name in "abc"]
    gathering = Gathering(shows.TEMPLATES, "demo", {"show": ""})
    asked = []
    nearest = TemplateSet.nearest
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TemplateSet, "nearest", lambda *args, **named: asked.append(args[2]) or nearest(*args, **named))
        for path in paths:
            folder, _, name = path.rpartition("/")
            gathering.add(folder, [Entry(name, 1, 0)])
    assert asked == paths[:1]
    assert [each.path for each in gathering.things().left] == sorted(paths)


@given(
    st.lists(
        st.lists(st.sampled_from(["assets", "char", "hero", "model", "publish", "work", "maya", "x"]), max_size=6),
        min_size=1,
        max_size=8,
    ),
    st.lists(st.sampled_from(["body.v001.usda", "body.v1.usda", "hero.v001.ma", "x"]), min_size=1, max_size=8),
)
def test_reason_is_that_of_the_path_alone_when_others_were_left_before(
    folders: list[list[str]], names: list[str]
) -> None:
    paths = list(dict.fromkeys("/".join([*folder, name]) for folder in folders for name in names))
    together = gathered(*paths)
    alone = [each for path in sorted(paths) for each in gathered(path).left]
    assert list(together.left) == sorted(alone, key=lambda each: each.path)


def test_version_keeps_its_task_when_files_of_another_claim_it() -> None:
    paths = ["assets/char/hero/model/publish/body.v001.abc", "assets/char/hero/rig/publish/body.v001.ma"]
    things = gathered(*paths)
    (version,) = things.versions
    assert [piece.path for _, piece in version.pieces] == paths[:1]
    (found,) = things.left
    assert (found.path, found.token) == (paths[1], "task")
    assert "belongs to the task 'model', this to 'rig'" in found.reason


def test_name_is_one_thing_when_several_files_claim_it() -> None:
    product = "twice/sq010/sh020/sh020.comp.v001"
    things = gathered(product, "sequences/sq010/sh020/anim/work/maya/sh020.v001.ma")
    assert left(things) == {}
    twins = ["assets/char/Hero/rig/publish/a.v001.ma", "assets/char/hero/rig/publish/a.v001.ma"]
    things = gathered(*twins)
    assert left(things) == {twins[1]: ("asset_publish", "asset")}
    assert "differs in case alone from 'Hero'" in things.left[0].reason


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        (["a/sh/b.v001", "a/b/c.v001"], "assets/a/b is there already as product"),
        (["a/b/c.v001", "a/sh/b.v001"], "assets/a/b is there already as asset"),
    ],
)
def test_path_leads_to_one_thing_when_product_and_node_share_a_name(paths: list[str], says: str) -> None:
    templates = TemplateSet.from_document(
        {
            "tokens": {"only": {"type": "choice", "choices": ["sh"]}},
            "templates": {
                "of_type": {"path": "{asset_type}/{only}/{product}.v{version}", "root": "show", "before": ["of_asset"]},
                "of_asset": {"path": "{asset_type}/{asset}/{product}.v{version}", "root": "show"},
            },
        }
    )
    gathering = Gathering(templates, "demo", {"show": ""})
    for path in paths:
        folder, _, name = path.rpartition("/")
        gathering.add(folder, [Entry(name, 1, 0)])
    (found,) = gathering.things().left
    assert (found.path, says in found.reason) == (paths[1], True), found.reason


def test_product_of_the_project_is_refused_when_it_begins_a_branch() -> None:
    things = gathered("projects/demo/assets.v001.cube", "projects/demo/lut.v001.cube")
    assert left(things) == {"projects/demo/assets.v001.cube": ("of_project", "product")}
    assert [(each.place, each.product) for each in things.versions] == [((), "lut")]


def test_nearest_root_reads_first_when_the_folder_lies_in_several() -> None:
    path = "char/hero/body.v001.usda"
    for prefixes, root, whole in (
        ({"show": "x/", "work": ""}, "work", path),
        ({"work": "", "show": "x/"}, "work", path),
        ({"show": "assets/"}, "", ""),
    ):
        things = gathered(path, prefixes=prefixes)
        assert [(piece.root, piece.path) for each in things.versions for _, piece in each.pieces] == (
            [(root, whole)] if root else []
        )
    things = gathered("hero/model/publish/body.v001.usda", prefixes={"show": "assets/char/", "work": "assets/char/"})
    ((_, piece),) = things.versions[0].pieces
    assert (piece.root, piece.path, piece.label) == (
        "show",
        "assets/char/hero/model/publish/body.v001.usda",
        "hero/model/publish/body.v001.usda",
    )


def test_what_cannot_be_looked_at_is_listed_when_it_is_left() -> None:
    gathering = Gathering(shows.TEMPLATES, "demo", {"show": ""})
    gathering.leave(Left("locked", "cannot be read: Permission denied"))
    assert gathering.things().left == (Left("locked", "cannot be read: Permission denied"),)


@pytest.mark.parametrize("name", ["\udcff.txt", "a\n.txt", "..", "aux", "\u202e.ma", "e\u0301.v001.ma"])
def test_hostile_names_are_left_when_no_template_can_read_them(name: str) -> None:
    things = gathered(f"assets/char/hero/model/publish/{name}")
    assert [each.path for each in things.left] == [f"assets/char/hero/model/publish/{name}"]
