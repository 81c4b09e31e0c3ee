from __future__ import annotations

from pathlib import Path

import pytest

from bifrost_sdk.adapters.local.storage import LocalStorage
from bifrost_sdk.domain.versions import File, Representation
from bifrost_sdk.errors import StorageError
from bifrost_sdk.services import contents

VERSION = "01900000-0000-7000-8000-000000000001"
FRAMES = File("fx.<FRAME>.exr", 9, "", frames="8-10x2", padding=4, count=2)
TILES = File("in/tex.<UDIM>.tx", 9, "", udims=(1001, 1011), count=2)
PLAIN = File("in/fx.vdb", 9, "")


@pytest.mark.parametrize(
    ("folder", "paths"),
    [
        ("a/b", ["a/b/fx.0008.exr", "a/b/fx.0010.exr", "a/b/in/tex.1001.tx", "a/b/in/tex.1011.tx", "a/b/in/fx.vdb"]),
        ("", ["fx.0008.exr", "fx.0010.exr", "in/tex.1001.tx", "in/tex.1011.tx", "in/fx.vdb"]),
    ],
)
def test_each_file_is_named_when_a_representation_has_sets(folder: str, paths: list[str]) -> None:
    item = Representation(version=VERSION, name="exr", folder=folder, files=(FRAMES, TILES, PLAIN))
    assert list(contents.paths_of(item)) == paths
    assert [contents.is_set(file) for file in item.files] == [True, True, False]


def test_everything_that_lies_below_is_named_when_a_folder_is_walked(tmp_path: Path) -> None:
    for path in ("v001/b.txt", "v001/a/c.txt", "v002/d.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    (tmp_path / "v001/empty").mkdir()
    (tmp_path / "v001/link").symlink_to(tmp_path / "v002")
    storage = LocalStorage(tmp_path)
    assert list(contents.walk(storage, "v001")) == ["v001/a/c.txt", "v001/b.txt", "v001/link"]
    assert list(contents.walk(storage, "v003")) == []
    (tmp_path / "v001/x:y").mkdir()
    with pytest.raises(StorageError):
        list(contents.walk(storage, "v001"))
