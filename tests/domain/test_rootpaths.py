from __future__ import annotations

from pathlib import PurePath, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.rootpaths import Below, below, is_absolute, over_length

WINDOWS = PureWindowsPath("P:/shows")
SHARE = PureWindowsPath("//nas/shows")
POSIX = PurePosixPath("/mnt/shows")
FOLDERS: list[tuple[str, PurePath]] = [("publish", WINDOWS), ("publish", POSIX), ("publish", SHARE)]
HERO = [Below("publish", "demo/char/hero.usd")]

NAMES = st.text("abzAZ09_-é.", min_size=1, max_size=6).filter(lambda name: name.strip("."))
RELATIVE = st.lists(NAMES, min_size=1, max_size=4)


@pytest.mark.parametrize(
    "text",
    [
        r"P:\shows\demo\char\hero.usd",
        "P:/shows/demo/char/hero.usd",
        r"p:\SHOWS\demo\char\hero.usd",
        r"\\?\P:\shows\demo\char\hero.usd",
        r"P:\shows\demo\lost\..\char\.\hero.usd",
        r"\\nas\shows\demo\char\hero.usd",
        "//NAS/Shows/demo/char/hero.usd",
        r"\\?\UNC\nas\shows\demo\char\hero.usd",
        "/mnt/shows/demo/char/hero.usd",
        "/mnt//shows/demo/./char/hero.usd",
        "/mnt/shows/../shows/demo/char/hero.usd",
        "//mnt/shows/demo/char/hero.usd",
    ],
)
def test_path_is_found_when_spelled_as_its_platform_does(text: str) -> None:
    assert below(text, FOLDERS) == HERO
    assert is_absolute(text)


@pytest.mark.parametrize(
    "text",
    [
        r"Q:\shows\demo",
        r"\\nas\other\demo",
        "/mnt/showsx/demo",
        "/MNT/shows/demo",
        "/mnt/shows/../other",
        r"/mnt\shows\demo",
        "demo/char",
        r"P:shows\demo",
        r"\shows\demo",
        "",
    ],
)
def test_path_is_outside_when_no_root_holds_it(text: str) -> None:
    assert below(text, FOLDERS) == []


def test_root_itself_is_an_empty_path_when_asked_for() -> None:
    assert below("/mnt/shows/", FOLDERS) == [Below("publish", "")]


def test_nearest_root_comes_first_when_roots_lie_in_each_other() -> None:
    folders = [("all", PurePosixPath("/mnt")), ("work", PurePosixPath("/mnt/work/../work"))]
    assert below("/mnt/work/demo", folders) == [Below("work", "demo"), Below("all", "work/demo")]


def test_path_is_composed_when_a_disk_gives_it_decomposed() -> None:
    assert below("/mnt/shows/he\u0301ro", FOLDERS) == [Below("publish", "h\u00e9ro")]


@given(RELATIVE)
def test_path_comes_back_when_put_below_any_root(parts: list[str]) -> None:
    for _, folder in FOLDERS:
        assert Below("publish", "/".join(parts)) in below(str(folder.joinpath(*parts)), FOLDERS)


@given(RELATIVE, st.integers(1, 6))
def test_path_is_outside_when_it_has_parent_segments(parts: list[str], up: int) -> None:
    text = "/mnt/shows/" + "../" * up + "/".join(parts)
    assert below(text, FOLDERS) == []  # no name is one of the root's own folders


def test_length_is_told_when_a_windows_path_is_too_long() -> None:
    assert over_length(WINDOWS, "a" * 250) == 0  # P:\shows\ has 9 characters
    assert over_length(WINDOWS, "a" * 260) == 10
    assert over_length(WINDOWS, "a" * 240, is_folder=True) == 2
    assert over_length(WINDOWS, "\U0001f600" * 126) == 2  # two units each
    assert over_length(POSIX, "a" * 400) == 0
