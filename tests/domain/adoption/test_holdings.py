from __future__ import annotations

import pytest

from bifrost_sdk.domain.adoption.holdings import Held
from bifrost_sdk.domain.adoption.things import Piece
from bifrost_sdk.domain.filesets import FileSet
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.versions import File, Representation, Version

ID = "01890000-0000-7000-8000-000000000001"
FILES = (
    File("plain.usd", 1, ""),
    File("single.1001.exr", 1, ""),
    File("seq.<FRAME>.exr", 1, "", frames="1001-1010", padding=4, count=10),
    File("tex/c.<UDIM>.tx", 1, "", udims=(1001, 1002), count=2),
)
HELD = Held(
    Version(id=ID, product=ID),
    (
        Representation(version=ID, name="a", root="show", folder="x/y", files=FILES),
        Representation(version=ID, name="b", root="show", files=(File("top.usd", 1, ""),)),
    ),
)


def piece(path: str, frames: str = "", *, root: str = "show") -> Piece:
    name = path.rpartition("/")[2]
    files = FileSet(name, frames=FrameRange.parse(frames)) if "<FRAME>" in name else None
    return Piece(root, path, 1, 0, path, "template", files)


@pytest.mark.parametrize(
    ("path", "frames"),
    [
        ("x/y/plain.usd", ""),
        ("top.usd", ""),
        ("x/y/single.1001.exr", ""),
        ("x/y/single.<FRAME>.exr", "1002-1003"),
        ("x/y/seq.<FRAME>.exr", "1001-1010"),
        ("x/y/seq.<FRAME>.exr", "2001-2010"),
        ("x/y/seq.1001.exr", ""),
        ("x/y/seq.9999.exr", ""),
        ("x/y/tex/c.1009.tx", ""),
    ],
)
def test_file_is_listed_when_it_or_one_of_its_set_is(path: str, frames: str) -> None:
    assert HELD.lists(piece(path, frames))
    assert not HELD.lists(piece(path, frames, root="else"))


@pytest.mark.parametrize(
    ("path", "frames"),
    [
        ("plain.usd", ""),
        ("x/y/other.usd", ""),
        ("x/y/seq.1.exr", ""),
        ("x/y/seq.1001.png", ""),
        ("x/y/plain.<FRAME>.usd", "1-2"),
    ],
)
def test_file_is_new_when_nothing_of_its_name_is_listed(path: str, frames: str) -> None:
    assert not HELD.lists(piece(path, frames))
    assert not Held(HELD.version).lists(piece(path, frames))
