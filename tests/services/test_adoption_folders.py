from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from bifrost_sdk.domain.adoption.things import Entry
from bifrost_sdk.errors import ConfigurationError, StorageError
from bifrost_sdk.services.adoption_folders import prefixes, walk
from bifrost_sdk.services.configuration import load

ROOTS = {"publish": Path("/mnt/shows/publish"), "work": Path("/mnt/shows"), "else": Path("/srv/else")}


@pytest.mark.parametrize(
    ("folder", "read", "expected"),
    [
        ("/mnt/shows/publish/demo", ["publish"], {"publish": "demo/"}),
        ("/mnt/shows/publish/demo", ["work"], {"work": "publish/demo/"}),
        ("/mnt/shows/publish/demo", ["publish", "work", "other"], {"publish": "demo/", "work": "publish/demo/"}),
        ("/mnt/shows/publish", ["publish"], {"publish": ""}),
        ("/mnt/shows/x/../publish", ["publish"], {"publish": ""}),
        ("/mnt/shows/a/b", ["publish", "work"], {"work": "a/b/"}),
    ],
)
def test_prefixes_are_those_of_the_nearest_roots_when_several_hold_the_folder(
    folder: str, read: list[str], expected: dict[str, str]
) -> None:
    found = prefixes(ROOTS, Path(folder), read=read)
    assert found == expected
    assert list(found) == list(expected)


def test_prefixes_are_those_of_one_root_when_it_is_named() -> None:
    folder = Path("/mnt/shows/publish/demo")
    assert prefixes(ROOTS, folder, root="work", read=["publish", "work"]) == {"work": "publish/demo/"}


@pytest.mark.parametrize(
    ("folder", "options", "setting", "says"),
    [
        ("/mnt/showsx", {}, "roots.showsx", 'roots:\n  showsx: "/mnt/showsx"'),
        ("/old/My Show (2019)", {}, "roots.my_show_2019", '  my_show_2019: "/old/My Show (2019)"'),
        ("/old/2019", {}, "roots.show_2019", '  show_2019: "/old/2019"'),
        ("/old/日本", {}, "roots.show", '  show: "/old/日本"'),
        ("/old/work", {}, "roots.work_adopted", '  work_adopted: "/old/work"'),
        ("/old/show", {"read": ["publish", "film"]}, "roots.film", '  film: "/old/show"'),
        ("/mnt", {}, "roots.publish", "holds publish and work; adopt /mnt/shows/publish"),
        ("/srv/else/x", {}, "roots.else", "write root: else in the templates"),
        ("/mnt/shows/publish", {"read": []}, "roots.publish", "read files of no root"),
        ("/mnt/shows/x", {"root": "publish"}, "roots.publish", "does not lie in the root 'publish'"),
        ("/mnt/shows/x", {"root": "nothing"}, "roots.nothing", "has no folder on this machine"),
    ],
)
def test_folder_is_refused_with_what_to_do_when_no_root_fits(
    folder: str, options: dict[str, Any], setting: str, says: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        prefixes(ROOTS, Path(folder), **{"read": ["publish", "work"], **options})
    assert caught.value.setting == setting
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ['a"b', "it's: #1", "日本", "back\\slash"])
def test_lines_of_the_error_are_the_root_when_a_workspace_reads_them(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    with pytest.raises(ConfigurationError) as caught:
        prefixes(ROOTS, folder, read=["film"])
    lines = str(caught.value).partition("roots:\n")
    (tmp_path / "bifrost.yaml").write_text("".join(lines[1:]), encoding="utf-8")
    assert load(tmp_path, environment={}).roots()["film"] == folder


def test_folder_is_found_when_it_or_its_root_is_reached_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "real/show").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for root, folder in (("link", "real"), ("real", "link"), ("link", "link")):
        assert prefixes({"film": tmp_path / root}, tmp_path / folder / "show", read=["film"]) == {"film": "show/"}


def test_walk_lists_everything_in_order_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "b/inner").mkdir(parents=True)
    (tmp_path / "a").mkdir()
    for name in ("z.txt", "a/2", "a/1", "b/inner/x"):
        (tmp_path / name).write_bytes(name.encode())
    os.utime(tmp_path / "z.txt", ns=(0, 123_456_789))
    (tmp_path / "a/link").symlink_to(tmp_path / "b")
    (tmp_path / "a/lost").symlink_to(tmp_path / "nowhere")
    (tmp_path / "a/file").symlink_to(tmp_path / "z.txt")
    os.mkfifo(tmp_path / "a/pipe")
    for own in (".bifrost", "b/.bifrost"):
        (tmp_path / own).mkdir()
        (tmp_path / own / "tx").write_bytes(b"")
    (tmp_path / ".bifrost-root").write_bytes(b"")
    found = {listing.folder: listing for listing in walk(tmp_path)}
    assert list(found) == ["", "a", "b", "b/inner"]
    assert found[""].files == (Entry("z.txt", 5, 123_456_789),)
    assert [entry.name for entry in found["a"].files] == ["1", "2"]
    assert {left.path: left.reason.partition(";")[0] for left in found["a"].left} == {
        "a/file": "it is a link",
        "a/link": "it is a link",
        "a/lost": "it is a link",
        "a/pipe": "it is no plain file",
    }


def test_walk_goes_on_when_what_it_looks_at_vanishes(tmp_path: Path) -> None:
    for name in ("a/x", "b/y"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"")
    listings = walk(tmp_path)
    assert next(listings).folder == ""
    (tmp_path / "a/x").unlink()
    (tmp_path / "a").rmdir()
    first, second = listings
    assert [left.path for left in first.left] == ["a"]
    assert [entry.name for entry in second.files] == ["y"]


def test_walk_lists_names_when_no_encoding_has_them(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff.txt", "wb"):  # noqa: PTH123 - a name of bytes
        pass
    (listing,) = walk(tmp_path)
    assert [entry.name for entry in listing.files] == ["\udcff.txt"]


def test_walk_is_refused_when_there_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for name in ("nothing", "file"):
        with pytest.raises(StorageError) as caught:
            list(walk(tmp_path / name))
        assert caught.value.path == str(tmp_path / name)
