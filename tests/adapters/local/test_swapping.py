"""Folders change places in one step, or file by file so that each is whole at any moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from bifrost_sdk.adapters.local import swapping
from bifrost_sdk.adapters.local.storage import LocalStorage


def put(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{folder.name}: {name}")
    return folder


def tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_folders_change_places_when_swapped(tmp_path: Path) -> None:
    if not LocalStorage(tmp_path).capabilities.swaps:
        pytest.skip("this file system swaps no folders")
    one, other = put(tmp_path / "one", "a"), put(tmp_path / "other", "b/c")
    swapping.swap(one, other)
    assert (tree(one), tree(other)) == ({"b/c": "other: b/c"}, {"a": "one: a"})


def test_both_stay_when_one_of_them_is_missing(tmp_path: Path) -> None:
    one = put(tmp_path / "one", "a")
    for pair in ((one, tmp_path / "none"), (tmp_path / "none", one)):
        with pytest.raises(OSError, match=r"\w"):
            swapping.swap(*pair)
    assert tree(tmp_path) == {"one/a": "one: a"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["a", "last"], ["a", "b", "last"]),
        (["a", "tex/b", "last"], ["tex/c/d", "last"]),
        (["tex", "last"], ["tex/a/b", "last"]),
        (["tex/a/b", "tex/c", "last"], ["tex", "last"]),
        (["a/b/c", "a/d", "last"], ["last"]),
        ([], ["a/b", "last"]),
    ],
)
def test_new_files_are_all_there_are_when_replaced_one_by_one(tmp_path: Path, old: list[str], new: list[str]) -> None:
    target, source = put(tmp_path / "old", *old), put(tmp_path / "new", *new)
    target.mkdir(exist_ok=True)
    swapping.replace_piecewise(source, target, last="last")
    assert tree(target) == {name: f"new: {name}" for name in new}
    assert tree(source) == {}
    assert {path.name for path in target.rglob("*") if path.is_dir()} == {
        part for name in new for part in name.split("/")[:-1]
    }


def test_last_file_is_the_old_one_when_replacing_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, source = put(tmp_path / "old", "a", "b", "last"), put(tmp_path / "new", "a", "c", "last")
    replace, left = Path.replace, iter(range(2))

    def interrupted(path: Path, other: Path) -> Path:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return replace(path, other)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            swapping.replace_piecewise(source, target, last="last")
    assert tree(target) == {"a": "new: a", "c": "new: c", "last": "old: last"}
