r"""Where a root lies: one folder, or one for each platform, and again for each site.

As settings write it: ``/mnt/shows``, or ``{linux: /mnt/shows, windows: 'P:\shows', sites: {berlin: …}}``, where a site
gives one folder or one for each platform. The paths of every platform are understood on all of them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Any

from bifrost_sdk.domain import codes

#: What Python calls a platform -> what settings call it.
PLATFORMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}

#: The key of a root that holds its folders by site.
SITES = "sites"

#: What a root may be called.
ROOT_NAME = re.compile(codes.ROOT)

#: What a site may be called.
SITE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")

_NAMES = tuple(PLATFORMS.values())
_FORMS = f"is a folder, or one for each of {', '.join(_NAMES)}, and the same for each of its sites"
_BAD_IN_WINDOWS = r'\\/:*?"<>|'
# A drive with its slash, or a server with a share; `\\?\` and `\\.\` name devices and are neither.
_WINDOWS = re.compile(
    rf"[A-Za-z]:[\\/].*|[\\/]{{2}}(?![.?][\\/])[^{_BAD_IN_WINDOWS}]+[\\/][^{_BAD_IN_WINDOWS}]+(?:[\\/].*)?", re.DOTALL
)
_BEGINS_LIKE_WINDOWS = re.compile(r"[A-Za-z]:|\\")


def check(value: Any) -> None:  # Any: judged here
    r"""Whether this says where a root lies.

    Raises:
        ValueError: with what it should be.

    >>> check({"linux": "/mnt/shows", "windows": "P:\\shows", "sites": {"berlin": "\\\\fs1\\shows"}})
    >>> check({"windows": "/shows"})
    Traceback (most recent call last):
    ValueError: has a folder of windows with a drive or a server and its share (P:\shows, \\server\share), not '/shows'
    """
    texts = list(_texts(value))
    if not texts:
        raise ValueError(_FORMS)
    for platform, text in texts:
        _check_text(platform, text)


def site_names(value: Any) -> frozenset[str]:  # Any: a value that was checked
    """The sites that have a folder of their own."""
    return frozenset(value.get(SITES, ())) if isinstance(value, Mapping) else frozenset()


def text_for(value: Any, platform: str, site: str | None = None) -> str | None:  # Any: a value that was checked
    """The folder as it is written for a platform, ``windows``, at a site: the site's own, else that for everywhere.

    None where the root has no folder there.
    """
    if not isinstance(value, Mapping):
        return str(value)
    own = value.get(SITES, {}).get(site)
    found = None if own is None else text_for(own, platform)
    return value.get(platform) if found is None else found


def path_for(text: str, platform: str) -> PurePath | None:
    r"""The path as that platform means it, relative ones as they are; None for a path of another platform.

    >>> path_for("P:\\shows", "windows"), path_for("P:\\shows", "linux"), path_for("/mnt/shows", "windows")
    (PureWindowsPath('P:/shows'), None, None)
    """
    if platform == "windows":
        is_foreign = text.startswith("/") and not _WINDOWS.fullmatch(text)
        return None if is_foreign else PureWindowsPath(text)
    is_foreign = _WINDOWS.fullmatch(text) is not None and not text.startswith("/")
    return None if is_foreign else PurePosixPath(text)


def _texts(value: Any) -> Iterator[tuple[str, Any]]:  # Any: judged here
    """Every folder that is written, with its platform, empty for any."""
    if not isinstance(value, Mapping):
        yield "", value
        return
    for key, item in value.items():
        if key != SITES:
            yield key, item
            continue
        if not isinstance(item, Mapping) or not item:
            raise ValueError(_FORMS)
        for site, folders in item.items():
            _check_site(site)
            yield from _of_site(folders)


def _of_site(folders: Any) -> Iterator[tuple[str, Any]]:  # Any: judged here
    if isinstance(folders, Mapping) and (not folders or SITES in folders):
        raise ValueError(_FORMS)
    yield from _texts(folders)


def _check_site(site: Any) -> None:  # Any: judged here
    if not isinstance(site, str) or not SITE_NAME.fullmatch(site):
        raise ValueError(f"has a site {site!r:.50}; a site's name is of a-z, 0-9, _ and -, starting with a letter")


def _check_text(platform: str, text: Any) -> None:  # Any: judged here
    if platform not in {"", *_NAMES}:
        near = difflib.get_close_matches(str(platform), [*_NAMES, SITES], n=1)
        raise ValueError(f"knows no platform {platform!r:.50}; {f'did you mean {near[0]!r}?' if near else _FORMS}")
    if not isinstance(text, str) or not text.strip():
        raise ValueError(_FORMS)
    if not text.isprintable():
        raise ValueError(f"has a character that shows nothing in {text!r:.80}")
    looks_windows = _BEGINS_LIKE_WINDOWS.match(text) is not None
    if platform in {"linux", "macos"} and looks_windows:
        raise ValueError(f"has a folder of {platform} that only Windows understands: {text!r:.80}")
    is_rooted = looks_windows or (platform == "windows" and text.startswith("/"))
    if is_rooted and not _WINDOWS.fullmatch(text):
        forms = r"P:\shows, \\server\share"
        raise ValueError(f"has a folder of windows with a drive or a server and its share ({forms}), not {text!r:.80}")
