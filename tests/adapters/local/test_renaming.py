from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bifrost_sdk.adapters.local import moving, renaming, swapping
from bifrost_sdk.adapters.local.renaming import Way

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows needs no library")


class _Library:
    """A C library as another system has it."""

    def __init__(self, name: str, *, number: int = 0) -> None:
        self.calls: list[tuple[object, ...]] = []

        def call(*arguments: object) -> int:
            self.calls.append(arguments)
            renaming.ctypes.set_errno(number)
            return -1 if number else 0

        setattr(self, name, call)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    renaming._native.cache_clear()
    yield
    renaming._native.cache_clear()


@pytest.mark.parametrize(
    ("name", "way", "expected"),
    [
        ("renameat2", Way.EXCLUSIVE, (-100, b"a", -100, b"b", 1)),
        ("renameat2", Way.EXCHANGE, (-100, b"a", -100, b"b", 2)),
        ("renamex_np", Way.EXCLUSIVE, (b"a", b"b", 4)),
        ("renamex_np", Way.EXCHANGE, (b"a", b"b", 2)),
    ],
)
def test_flag_says_what_becomes_of_the_target_when_the_system_is_asked(
    monkeypatch: pytest.MonkeyPatch, name: str, way: Way, expected: tuple[object, ...]
) -> None:
    library = _Library(name)
    monkeypatch.setattr(renaming.ctypes, "CDLL", lambda *_, **__: library)
    {Way.EXCLUSIVE: moving.move, Way.EXCHANGE: swapping.swap}[way](Path("a"), Path("b"))
    assert library.calls == [expected]


def test_rename_is_unsupported_when_the_library_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(renaming.ctypes, "CDLL", lambda *_, **__: object())
    with pytest.raises(OSError, match="no rename") as caught:
        moving.move(tmp_path / "a", tmp_path / "b")
    assert caught.value.errno in moving.UNSUPPORTED


def test_both_places_are_told_when_a_rename_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renaming.ctypes, "CDLL", lambda *_, **__: _Library("renameat2", number=18))
    with pytest.raises(OSError, match="cross-device") as caught:
        swapping.swap(Path("a"), Path("b"))
    assert (caught.value.errno, caught.value.filename, caught.value.filename2) == (18, "a", "b")
