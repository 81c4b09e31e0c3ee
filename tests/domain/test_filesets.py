from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.filesets import FRAME, STYLES, UDIM, FileSet, Place, Placeholder, collect, placeholders, spell
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.errors import ValidationError

FRAMES = st.sets(st.integers(-20, 12000), max_size=6).map(FrameRange.of_frames)
TILES = st.sets(st.integers(1001, 9999), max_size=4).map(tuple)
SETS = st.one_of(
    st.builds(FileSet, st.just("a.<FRAME>.exr"), frames=FRAMES, padding=st.integers(1, 6)),
    st.builds(FileSet, st.sampled_from(["tex.<UDIM>.exr", "<UDIM>"]), udims=TILES),
    st.builds(FileSet, st.sampled_from(["t_<UDIM>.<FRAME>.x", "<FRAME>_<UDIM>"]), frames=FRAMES, udims=TILES),
)
NUMBERS = st.integers(-3, 12).map(str) | st.sampled_from(
    ["0001", "0010", "001", "1001", "1002", "-005", "-000", "9" * 10]
)
NAMES = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["a", "a.", "b_", "v", "x_v", "t.1001.", "t.1002.", "t.0999.", "-", "a.<FRAME>.", "c:", ""]),
        NUMBERS | st.just(""),
        st.sampled_from(["", ".exr", ".bgeo.sc", ".mp4", "x", ".1", ".\n"]),
    ),
)


def expand(items: list[FileSet | str]) -> list[str]:
    return sorted(name for item in items for name in ([item] if isinstance(item, str) else item))


@pytest.mark.parametrize("udims", [False, True])
@given(names=st.lists(NAMES | st.text(max_size=6), max_size=25))
def test_collect_expands_to_the_listing_when_given_any(names: list[str], *, udims: bool) -> None:
    items = collect(names, udims=udims)
    assert expand(items) == sorted(set(names))
    assert all(isinstance(item, str) or len(item) > 1 for item in items)
    assert collect(reversed(names), udims=udims) == items


@given(SETS)
def test_a_set_knows_its_files_when_listed(files: FileSet) -> None:
    names = list(files)
    assert len(names) == len(files) == len(set(names))
    for name in names:
        place = files.match(name)
        assert place is not None
        assert files.name_for(frame=place.frame, udim=place.udim) == name
        assert name in files
    assert FileSet.parse_name(files.printf).pattern == files.pattern
    assert FileSet.parse_name(files.printf).padding == files.padding


@pytest.mark.parametrize(
    ("name", "pattern", "padding"),
    [
        ("beauty.%04d.exr", "beauty.<FRAME>.exr", 4),
        ("beauty.%d.exr", "beauty.<FRAME>.exr", 1),
        ("beauty.###.exr", "beauty.<FRAME>.exr", 3),
        ("beauty.$F4.exr", "beauty.<FRAME>.exr", 4),
        ("beauty.$F.exr", "beauty.<FRAME>.exr", 1),
        ("beauty_${F3}_x.exr", "beauty_<FRAME>_x.exr", 3),
        ("beauty.<FRAME>.exr", "beauty.<FRAME>.exr", 4),
        ("tex.<UDIM>.exr", "tex.<UDIM>.exr", 0),
        ("tex/body.<udim>.%05d.exr", "tex/body.<UDIM>.<FRAME>.exr", 5),
        ("tex.%(UDIM)d.exr", "tex.<UDIM>.exr", 0),
    ],
)
def test_parse_name_gives_typed_tokens_when_spelled_in_any_way(name: str, pattern: str, padding: int) -> None:
    files = FileSet.parse_name(name)
    assert (files.pattern, files.padding, len(files)) == (pattern, padding, 0)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: FileSet.parse_name("beauty.exr"), "fileset.tokens"),
        (lambda: FileSet.parse_name("beauty.$FF.exr"), "fileset.tokens"),
        (lambda: FileSet.parse_name("a.%04d.####.exr"), "fileset.tokens"),
        (lambda: FileSet.parse_name("../a.%04d.exr"), "fileset.path.segment"),
        (lambda: FileSet.parse_name("a.%00d.exr"), "fileset.padding"),
        (lambda: FileSet.parse_name("a.%11d.exr"), "fileset.tokens"),
        (lambda: FileSet.parse_name("a.%011d.exr"), "fileset.padding"),
        (lambda: FileSet("a.<UDIM>.exr", padding=4), "fileset.padding"),
        (lambda: FileSet("a.<UDIM>.exr", frames=FrameRange.of(1, 2)), "fileset.frames"),
        (lambda: FileSet("a.<FRAME>.exr", udims=(1001,)), "fileset.udims"),
        (lambda: FileSet("a.<UDIM>.exr", udims=(1000,)), "fileset.udims"),
        (lambda: FileSet("a.<UDIM>.exr", udims=(10000,)), "fileset.udims"),
        (lambda: FileSet("a.<FRAME>.exr").name_for(), "fileset.place"),
        (lambda: FileSet("a.<FRAME>.exr").name_for(frame=1, udim=1001), "fileset.place"),
        (lambda: FileSet("a.<UDIM>.exr").name_for(udim=999), "fileset.udims"),
    ],
)
def test_a_set_is_refused_when_pattern_and_numbers_do_not_fit(make: Callable[[], object], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make()
    assert caught.value.issues[0].code == code


def test_match_reads_the_numbers_when_spelled_as_the_set_spells_them() -> None:
    files = FileSet("t.<UDIM>.<FRAME>.exr", frames=FrameRange.of(1, 3), udims=[1001])
    assert files.match("t.1011.12345.exr") == Place(12345, 1011)
    assert files.match("t.1001.-001.exr") == Place(-1, 1001)
    for name in ("t.1001.1.exr", "t.1001.00001.exr", "t.1001.-000.exr", "t.0999.0001.exr", "t.1001.0001.exr\n", "t"):
        assert files.match(name) is None
    assert "t.1001.0003.exr" in files
    assert "t.1001.0004.exr" not in files
    assert "t.1002.0003.exr" not in files
    assert 7 not in files


def shown(items: list[FileSet | str]) -> list[str]:
    return [
        item if isinstance(item, str) else f"{item.printf} {item.frames} {','.join(map(str, item.udims))}".strip()
        for item in items
    ]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("a.1001.exr a.1002.exr a.1005.exr", ["a.%04d.exr 1001-1002,1005"]),
        ("a.9999.exr a.10000.exr", ["a.%04d.exr 9999-10000"]),
        ("a.0999.exr a.10000.exr", ["a.%04d.exr 999,10000"]),
        ("a.8.exr a.10.exr", ["a.%01d.exr 8,10"]),
        ("a.001.exr a.002.exr a.0001.exr a.0002.exr", ["a.%04d.exr 1-2", "a.%03d.exr 1-2"]),
        ("a.1.exr a.0001.exr a.0002.exr", ["a.%04d.exr 1-2", "a.1.exr"]),
        ("a.0001.exr", ["a.0001.exr"]),
        ("a.-002.exr a.-001.exr a.0000.exr", ["a.%04d.exr -2-0"]),
        ("a-002.exr a-001.exr", ["a-%03d.exr 1-2"]),
        ("sim.1.bgeo.sc sim.2.bgeo.sc", ["sim.%01d.bgeo.sc 1-2"]),
        ("img1.png img2.png", ["img%01d.png 1-2"]),
        ("hero_v001.usd hero_v002.usd v003.usd v004.usd", ["hero_v001.usd", "hero_v002.usd", "v003.usd", "v004.usd"]),
        ("mov1.exr mov2.exr", ["mov%01d.exr 1-2"]),
        ("clip.mp4 clip.mp3", ["clip.mp3", "clip.mp4"]),
        ("a.9999999998.exr a.9999999999.exr", ["a.9999999998.exr", "a.9999999999.exr"]),
        ("c:1.exr c:2.exr", ["c:1.exr", "c:2.exr"]),
    ],
)
def test_collect_groups_frames_when_names_differ_by_number(names: str, expected: list[str]) -> None:
    assert shown(collect(names.split())) == expected


def test_collect_groups_tiles_when_asked_for_them() -> None:
    names = ["t.1001.exr", "t.1002.exr", "a.1001.0001.exr", "a.1001.0002.exr", "a.1002.0001.exr", "a.1002.0002.exr"]
    names += ["a.1003.0001.exr", "b.0001.exr", "b.0002.exr"]
    assert shown(collect(names, udims=True)) == [
        "a.<UDIM>.%04d.exr 1-2 1001,1002",
        "a.1003.0001.exr",
        "b.%04d.exr 1-2",
        "t.<UDIM>.exr  1001,1002",
    ]


def test_collect_leaves_names_plain_when_numbers_scatter_without_end() -> None:
    names = [f"a.{2 * number:07d}.jpg" for number in range(100_001)]
    assert collect(names) == names


@pytest.mark.parametrize("style", STYLES)
@given(padding=st.integers(1, 9))
def test_placeholder_is_found_when_it_is_spelled_in_any_style(style: str, padding: int) -> None:
    name = f"{spell(UDIM, style=style)}.{spell(FRAME, padding, style=style)}.exr"
    udim, frame = placeholders(name)
    assert (udim.token, udim.padding, udim.start) == (UDIM, 0, 0)
    assert (frame.token, frame.padding) == (FRAME, 4 if style == "bifrost" else padding)
    assert name[udim.end] == "."
    assert name[frame.end :] == ".exr"


def test_placeholders_are_none_when_a_name_has_numbers_only() -> None:
    assert placeholders("a.0001.$FF.100%.exr") == []
    assert placeholders("x#") == [Placeholder(FRAME, 1, 1, 2)]
