"""From references to files: sets, families, long lists of files, and what is said when there is none."""

from __future__ import annotations

import pytest

from bifrost_sdk.domain.locations import INDEXED_FILES
from bifrost_sdk.domain.model import Representation, Version
from bifrost_sdk.domain.versions import File
from bifrost_sdk.errors import BifrostError, NotFoundError, ReferenceSyntaxError, ValidationError
from bifrost_sdk.ports import Resolution, View
from bifrost_sdk.testing import Builder
from bifrost_sdk.testing.show import PROJECT, Show

HERO = "bifrost://demo/assets/char/hero"


@pytest.fixture
def many(builder: Builder, made: Show) -> Version:
    version = builder.create(Version, product=made.ids["hero/model"], state="published")
    files = tuple(File(f"t{number:02d}.jpg", number, f"sha256:{number:02x}") for number in range(INDEXED_FILES + 10))
    builder.create(Representation, version=version.id, name="maps", folder="demo/maps", files=files)
    sets = (File("b.<FRAME>.exr", 30, "sha256:aa", frames="1001-1003", padding=4, count=3),)
    builder.create(Representation, version=version.id, name="exr", folder="demo/exr", files=sets)
    tiles = (File("t.<UDIM>.tx", 30, "sha256:bb", udims=(1001, 1002), count=2),)
    builder.create(Representation, version=version.id, name="tiles", folder="demo/tiles", files=tiles)
    return version


def one(builder: Builder, ref: str, view: View | None = None) -> Resolution | BifrostError:
    (answer,) = builder.system.resolve([ref], view=view) if view else builder.system.resolve([ref])
    return answer


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("t00.jpg", "demo/maps/t00.jpg"),
        ("t39.jpg", "demo/maps/t39.jpg"),
        ("t39.jpeg", "demo/maps/t39.jpeg".replace("jpeg", "jpg")),
        ("T39.JPG", "demo/maps/t39.jpg"),
        ("b.<FRAME>.exr", "demo/exr/b.<FRAME>.exr"),
        ("b.1002.exr", "demo/exr/b.1002.exr"),
        ("t.1001.tx", "demo/tiles/t.1001.tx"),
    ],
)
def test_file_is_found_when_named_in_any_way(builder: Builder, many: Version, file: str, path: str) -> None:
    found = one(builder, f"{many.ref}/{file}")
    assert isinstance(found, Resolution)
    assert found.path == path
    assert found.product == many.product


@pytest.mark.parametrize("file", ["b.1004.exr", "b.01002.exr", "t.1003.tx", "nothing.jpg", "t99.jpeg"])
def test_file_is_not_found_when_it_is_none_of_the_version(builder: Builder, many: Version, file: str) -> None:
    found = one(builder, f"{many.ref}/{file}")
    assert isinstance(found, NotFoundError)
    assert "has no file" in str(found)
    assert all(each.startswith(many.ref) for each in found.suggestions)


def test_version_without_files_says_so_when_resolved(builder: Builder, made: Show) -> None:
    version = builder.create(Version, product=made.ids["hero/model"], state="published")
    assert "has no files" in str(one(builder, version.ref))


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        (HERO, "is an asset, not a product"),
        (f"{HERO}/model/v003", "not published yet"),
        (f"{HERO}/model/v099", "no version v099"),
        (f"{HERO}/fur", "not found"),
        ("bifrost://nowhere/assets", "no such project"),
    ],
)
def test_reason_is_told_when_nothing_answers(builder: Builder, made: Show, ref: str, words: str) -> None:
    found = one(builder, ref)
    assert isinstance(found, NotFoundError)
    assert words in str(found)


def test_text_is_refused_in_its_place_when_it_is_no_reference(builder: Builder, made: Show) -> None:
    answers = builder.system.resolve(["nope", 5, f"{HERO}/model/v001", f"bifrost:///asset/{made.ids['hero']}"])  # type: ignore[list-item]  # the mistake that is tested
    assert isinstance(answers[0], ReferenceSyntaxError)
    assert isinstance(answers[1], ValidationError)
    assert isinstance(answers[2], Resolution)
    assert "needs its project" in str(answers[3])


def test_revision_is_refused_when_references_are_of_several_projects(builder: Builder, made: Show) -> None:
    other = Builder(builder.system, "other", first=0x300000)
    other.show(first=0x200000)
    refs = [f"{HERO}/model/v001", "bifrost://other/assets/char/hero/model/v001"]
    assert all(isinstance(answer, Resolution) for answer in builder.system.resolve(refs))
    with pytest.raises(ValidationError, match="give a time"):
        builder.system.resolve(refs, view=View(at=0))


@pytest.mark.parametrize("at", [-1, 10_000])
def test_view_is_refused_when_there_is_no_such_revision(builder: Builder, made: Show, at: int) -> None:
    found = one(builder, f"{HERO}/model/v001", View(at=at))
    assert isinstance(found, ValidationError)
    assert "has the revisions" in str(found)
    assert builder.system.revision(PROJECT) < 10_000
