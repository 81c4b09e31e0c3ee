from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.versions import File, Representation, Version
from bifrost_sdk.services import inspection
from bifrost_sdk.services.inspection import Inspection
from bifrost_sdk.services.manifests import digest
from bifrost_sdk.services.sources import MANIFEST
from bifrost_sdk.session import Session

HERO = "bifrost://demo/assets/char/hero"


@pytest.fixture
def version(session: Session, tmp_path: Path) -> Version:
    """One with a plain file of 10 bytes and five frames of 2."""
    (tmp_path / "hero.usda").write_text("#usda 1.0\n")
    for frame in range(1001, 1006):
        (tmp_path / f"fx.{frame}.exr").write_text(f"{frame % 100:02d}")
    session.assets.create("demo", "char", "hero")
    return session.publish(HERO, "model", {"usd": tmp_path / "hero.usda", "exr": tmp_path / "fx.####.exr"})


def inspected(session: Session, version: Version) -> tuple[Inspection, list[int]]:
    read: list[int] = []
    items = session.versions.representations(version)
    return inspection.inspect(session.context, version, items, read.append), read


def place_of(session: Session) -> Path:
    return session.context.roots["publish"] / "demo/assets/char/hero/model/v001"


def add(session: Session, version: Version, folder: str, content: bytes = b"thumb") -> Path:
    """A further representation of one file in a folder of its own."""
    place = session.context.roots["publish"] / folder
    place.mkdir()
    (place / "thumb.png").write_bytes(content)
    files = (File("thumb.png", 5, digest(b"thumb")),)
    session.commit([Create(Representation(version=version.id, name="thumb", folder=folder, files=files))])
    return place


def test_every_byte_is_told_when_a_small_version_is_read(session: Session, version: Version) -> None:
    found, read = inspected(session, version)
    assert found == Inspection(files=6)
    assert sorted(read) == [2, 2, 2, 2, 2, 10]


@pytest.mark.parametrize(("limit", "value"), [("_FILES", 2), ("_BYTES", 4)])
def test_large_version_is_left_in_parts_when_it_is_looked_at(
    session: Session, version: Version, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(inspection, limit, value)
    found, read = inspected(session, version)
    assert (found.findings, found.files, read) == ((), 0, [])
    assert len(found.parts) == 3
    assert sum(part.size for part in found.parts) == 20
    assert sum(inspection.examine(version, part, read.append).files for part in found.parts) == 6
    assert sum(read) == 20


def test_reading_ends_when_the_watch_says_so(session: Session, version: Version) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        inspection.inspect(session.context, version, session.versions.representations(version), stop)


def test_further_folder_needs_no_manifest_when_the_first_has_it(session: Session, version: Version) -> None:
    place = add(session, version, "thumbs")
    (place / "of another.png").write_bytes(b"")
    assert inspected(session, version)[0] == Inspection(files=7)
    (place_of(session) / MANIFEST).unlink()
    findings = inspected(session, version)[0].findings
    assert [(each.problem, each.path) for each in findings] == [
        ("manifest", f"demo/assets/char/hero/model/v001/{MANIFEST}"),
        ("manifest", f"thumbs/{MANIFEST}"),
    ]


@pytest.mark.parametrize(
    ("manifest", "problems"),
    [("own", ["extra"]), ("another's", ["manifest"]), ("damaged", ["manifest"])],
)
def test_further_folder_is_held_to_its_manifest_when_it_has_one(
    session: Session, version: Version, manifest: str, problems: list[str]
) -> None:
    place = add(session, version, "thumbs")
    content = (place_of(session) / MANIFEST).read_text()
    contents = {
        "own": content + " ",
        "another's": content.replace(version.id, session.context.new_id()),
        "damaged": "{",
    }
    (place / MANIFEST).write_text(contents[manifest])
    (place / "stranger.png").write_bytes(b"")
    findings = inspected(session, version)[0].findings
    assert [each.problem for each in findings] == problems
    assert {each.path.split("/")[0] for each in findings} == {"thumbs"}


def test_files_are_read_all_the_same_when_a_stranger_cannot_be_walked(session: Session, version: Version) -> None:
    (place_of(session) / "a:b").mkdir()
    (place_of(session) / "model.usda").unlink()
    findings = inspected(session, version)[0].findings
    assert [(each.problem, each.path.rpartition("/")[2]) for each in findings] == [
        ("unreadable", "v001"),
        ("missing", "model.usda"),
    ]


def test_size_is_that_of_the_set_when_it_is_read_as_a_whole(session: Session, version: Version) -> None:
    (place_of(session) / MANIFEST).unlink()
    items = session.versions.representations(version)
    (exr,) = (item for item in items if item.name == "exr")
    (file,) = exr.files
    for frames, reason in (("1001-1004", "its files have 8 bytes, not 10"), ("1001-1006", "there is no such file")):
        other = attrs.evolve(exr, files=(attrs.evolve(file, frames=frames),))
        found = inspection.inspect(session.context, version, [other], lambda _: None)
        assert [each.reason for each in found.findings if each.problem != "manifest"] == [reason]
