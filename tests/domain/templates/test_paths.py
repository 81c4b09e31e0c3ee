"""Whole paths on each platform."""

from __future__ import annotations

import pytest

from bifrost_sdk.domain.templates import paths


def codes_of(path: str, platform: str) -> list[str]:
    return [fault.code for fault in paths.faults(path, platform=platform)]


@pytest.mark.parametrize("platform", paths.LIMITS)
@pytest.mark.parametrize(
    "path", ["demo/assets/hero.usd", "/mnt/shows/demo/a.%04d.exr", "P:/shows/demo", "//server/x/y"]
)
def test_path_has_no_faults_when_all_platforms_store_it(path: str, platform: str) -> None:
    expected = ["path.character"] if ":" in path and platform != "windows" else []
    assert codes_of(path, platform) == expected


@pytest.mark.parametrize("path", [r"P:\shows\demo\a.usd", r"\\server\share\demo\a.usd", r"\\?\P:\shows\a.usd"])
def test_backslashes_and_drives_are_taken_when_the_platform_is_windows(path: str) -> None:
    assert codes_of(path, "windows") == []
    assert "path.character" in codes_of(path, "linux")


@pytest.mark.parametrize(
    ("path", "platform", "found"),
    [
        ("P:/" + "/".join(["x" * 63] * 4) + "y", "windows", []),  # 259
        ("P:/" + "/".join(["x" * 63] * 4) + "yy", "windows", ["path.long"]),
        ("/" + "/".join(["x" * 63] * 4) + "/yyy", "linux", []),  # 260
        ("/" + "/".join(["x" * 62] * 65), "linux", []),  # 4095
        ("/" + "/".join(["x" * 62] * 65) + "y", "linux", ["path.long"]),
        ("/" + "/".join(["x" * 63] * 16), "macos", ["path.long"]),
        ("/" + "é" * 128, "linux", ["path.name"]),
        ("/" + "é" * 127, "linux", []),
        ("P:/" + "é" * 255, "windows", []),
        ("P:/" + "\U0001f600" * 128, "windows", ["path.name"]),
    ],
)
def test_length_is_counted_as_the_platform_does_when_a_path_is_long(path: str, platform: str, found: list[str]) -> None:
    assert codes_of(path, platform) == found


def test_faults_give_places_in_the_whole_path_when_there_are_several() -> None:
    path = "P:/shows/" + "n" * 256 + "/aux.txt"
    found = paths.faults(path, platform="windows")
    assert [(fault.code, path[fault.position :][:3]) for fault in found] == [
        ("path.reserved", "aux"),
        ("path.long", path[259:262]),
        ("path.name", "nnn"),
    ]


def test_forward_reads_backslashes_as_folders_when_asked() -> None:
    assert paths.forward(r"demo\assets/hero.usd") == "demo/assets/hero.usd"
