from __future__ import annotations

import re
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.services import roots

PUBLISH = {
    "linux": "/mnt/shows",
    "windows": "P:\\shows",
    "sites": {
        "berlin": {"linux": "/fs1/shows", "windows": "\\\\fs1\\shows"},
        "vancouver": "/yvr/shows",
    },
}


@pytest.mark.parametrize(
    ("platform", "site", "expected"),
    [
        ("linux", None, "/mnt/shows"),
        ("windows", None, "P:\\shows"),
        ("macos", None, None),
        ("linux", "berlin", "/fs1/shows"),
        ("windows", "berlin", "\\\\fs1\\shows"),
        ("macos", "berlin", None),
        ("linux", "vancouver", "/yvr/shows"),
        ("windows", "elsewhere", "P:\\shows"),
    ],
)
def test_folder_is_the_sites_own_when_it_has_one(platform: str, site: str | None, expected: str | None) -> None:
    roots.check(PUBLISH)
    assert roots.text_for(PUBLISH, platform, site) == expected


def test_folder_is_that_for_everywhere_when_the_site_has_none_for_the_platform() -> None:
    value = {"linux": "/mnt/shows", "macos": "/Volumes/shows", "sites": {"berlin": {"linux": "/fs1/shows"}}}
    assert roots.text_for(value, "macos", "berlin") == "/Volumes/shows"
    assert roots.text_for("/one", "macos", "berlin") == "/one"
    assert roots.site_names(value) == {"berlin"}
    assert roots.site_names("/one") == roots.site_names({"linux": "/one"}) == frozenset()


@pytest.mark.parametrize(
    ("text", "platform", "expected"),
    [
        ("/mnt/shows", "linux", PurePosixPath("/mnt/shows")),
        ("/mnt/shows", "windows", None),
        ("P:\\shows", "windows", PureWindowsPath("P:\\shows")),
        ("p:/shows", "windows", PureWindowsPath("P:/shows")),
        ("P:\\", "windows", PureWindowsPath("P:\\")),
        ("P:\\shows", "linux", None),
        ("\\\\server\\share", "windows", PureWindowsPath("\\\\server\\share")),
        ("\\\\server\\share\\x", "windows", PureWindowsPath("\\\\server\\share\\x")),
        ("\\\\server\\share\\x", "macos", None),
        ("\\\\192.168.1.2\\share$\\x y", "windows", PureWindowsPath("\\\\192.168.1.2\\share$\\x y")),
        ("//server/share/x", "windows", PureWindowsPath("\\\\server\\share\\x")),
        ("//server/share/x", "linux", PurePosixPath("//server/share/x")),
        ("work", "linux", PurePosixPath("work")),
        ("work\\deep", "windows", PureWindowsPath("work/deep")),
    ],
)
def test_path_is_the_platforms_own_when_read(text: str, platform: str, expected: PurePath | None) -> None:
    roots.check(text)
    found = roots.path_for(text, platform)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "is a folder"),
        (12, "is a folder"),
        ("", "is a folder"),
        ("  ", "is a folder"),
        ({}, "is a folder"),
        ({"linux": ""}, "is a folder"),
        ({"linux": ["/a"]}, "is a folder"),
        ({"linux": {"berlin": "/a"}}, "is a folder"),
        ({"sites": {}}, "is a folder"),
        ({"sites": "berlin"}, "is a folder"),
        ({"sites": {"berlin": {}}}, "is a folder"),
        ({"sites": {"berlin": {"sites": {"vancouver": "/a"}}}}, "is a folder"),
        ({"sites": {"Berlin": "/a"}}, "has a site 'Berlin'; a site's name is"),
        ({"sites": {3: "/a"}}, "has a site 3"),
        ({"linx": "/a"}, "knows no platform 'linx'; did you mean 'linux'?"),
        ({"site": {"berlin": "/a"}}, "did you mean 'sites'?"),
        ({"berlin": "/a"}, "knows no platform 'berlin'; is a folder"),
        ({3: "/a"}, "knows no platform 3"),
        ({"sites": {"berlin": {"osx": "/a"}}}, "knows no platform 'osx'"),
        ("/mnt/a\nb", "has a character that shows nothing"),
        ("/mnt/a\u202eb", "has a character that shows nothing"),
        ("\\\\server", "has a folder of windows with a drive or a server and its share"),
        ("\\\\server\\", "a server and its share"),
        ("\\\\?\\C:\\shows", "a server and its share"),
        ("\\\\.\\pipe\\x", "a server and its share"),
        ("\\shows", "has a folder of windows with a drive"),
        ("P:shows", "has a folder of windows with a drive"),
        ("P:", "has a folder of windows with a drive"),
        ({"windows": "/mnt/shows"}, "has a folder of windows with a drive"),
        ({"windows": "P:shows"}, "has a folder of windows with a drive"),
        ({"linux": "P:\\shows"}, "has a folder of linux that only Windows understands"),
        ({"macos": "\\\\server\\share"}, "has a folder of macos that only Windows understands"),
        ({"sites": {"berlin": {"windows": "/mnt"}}}, "has a folder of windows with a drive"),
    ],
)
def test_value_is_refused_when_it_says_no_place(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        roots.check(value)


@given(st.text(max_size=12), st.sampled_from(["linux", "macos", "windows"]))
def test_path_is_absolute_or_relative_to_the_workspace_when_it_was_checked(text: str, platform: str) -> None:
    """No path that was checked depends on a current drive or on the current folder of a drive."""
    try:
        roots.check(text)
    except ValueError:
        return
    path = roots.path_for(text, platform)
    assert path is None or path.is_absolute() or not (path.drive or path.root)
