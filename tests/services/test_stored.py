from __future__ import annotations

import pytest

from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.rootpaths import Below
from bifrost_sdk.domain.versions import File, Representation
from bifrost_sdk.services import stored
from bifrost_sdk.session import Session

HASH = "sha256:" + "0" * 64
FRAMES = File("fx.<FRAME>.exr", 9, HASH, frames=FrameRange.parse("1001-1010x3"), padding=4, count=4)
GRID = File("in/tex.<UDIM>.<FRAME>.tx", 9, HASH, frames=FrameRange.parse("1-2"), udims=(1001,), padding=2, count=2)


def kept(*files: File, folder: str = "demo/fx/v001") -> Representation:
    version = "01900000-0000-7000-8000-000000000001"
    return Representation(version=version, name="exr", folder=folder, files=files)


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("demo/fx/v001/fx.1001.exr", FRAMES),
        ("demo/fx/v001/fx.1004.exr", FRAMES),
        ("demo/fx/v001/fx.1002.exr", None),
        ("demo/fx/v001/fx.####.exr", FRAMES),
        ("demo/fx/v001/fx.###.exr", None),
        ("demo/fx/v001/in/tex.1001.01.tx", GRID),
        ("demo/fx/v001/in/tex.1001.1.tx", None),
        ("demo/fx/v001/in/tex.1002.01.tx", None),
        ("demo/fx/v001/in/tex.<UDIM>.%02d.tx", GRID),
        ("demo/fx/v001", None),
        ("demo/fx/v0012/fx.1001.exr", None),
    ],
)
def test_file_is_the_one_of_which_the_path_is_a_part(path: str, file: File | None) -> None:
    assert stored.file_at(kept(FRAMES, GRID), Below("publish", path)) == file
    assert stored.file_at(kept(FRAMES, GRID), Below("work", path)) is None


def test_file_is_found_when_its_folder_is_the_root_itself() -> None:
    assert stored.file_at(kept(File("a.vdb", 1, HASH), folder=""), Below("publish", "a.vdb")) is not None


@pytest.mark.parametrize(
    ("path", "ref"),
    [
        ("demo/assets/char/hero/model/v012", "bifrost://demo/assets/char/hero/model/v012"),
        ("demo/luts/v1000/a/v2.cube", "bifrost://demo/luts/v1000"),
        ("demo/luts/v001-0123456789ab/a.cube", "bifrost://demo/luts/v001"),
        ("demo/luts/v001-0123/a.cube", None),
        ("demo/luts/v01/a.cube", None),
        ("demo/v001/a.cube", None),
        ("", None),
    ],
)
def test_version_is_named_when_the_path_is_laid_out_as_publishing_does(path: str, ref: str | None) -> None:
    assert stored.version_ref(path) == ref


def test_files_are_found_by_their_folders_when_some_lie_nowhere(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    (session.settings.folder / "a.txt").write_text("a")
    made = [session.publish(hero, product, {"txt": session.settings.folder / "a.txt"}) for product in ("a", "b", "a")]
    places = [Below("publish", "demo/assets/char/hero/a/v002/txt.txt"), Below("publish", "nowhere")]
    found = stored.by_folder(session.context, "demo", places)
    assert {place: each.version for place, each in found.items()} == {places[0]: f"bifrost://demo/~{made[2].id}"}
    assert stored.by_folder(session.context, "demo", [Below("work", places[0].path)]) == {}
