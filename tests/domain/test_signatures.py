from __future__ import annotations

import pytest

from bifrost_sdk.domain.signatures import LENGTH, is_never_empty, is_plausible, types_of

BEGINNINGS = {
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "jpg": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "exr": b"\x76\x2f\x31\x01\x02\0\0\0channel",
    "tif": b"II*\0\x08\0\0\0",
    "usda": b'#usda 1.0\n(\n    "',
    "usdc": b"PXR-USDC\0\x08\0\0\0\0\0\0",
    "abc": b"Ogawa\xff\0\x01",
    "mov": b"\0\0\0\x14ftypqt  ",
    "vdb": b" BDV\0\0\0\0",
}


@pytest.mark.parametrize("extension", BEGINNINGS)
def test_only_its_own_beginning_is_plausible_when_compared_with_all(extension: str) -> None:
    assert {name for name, head in BEGINNINGS.items() if is_plausible(extension, head)} == {extension}
    assert extension in types_of(BEGINNINGS[extension])
    assert not is_plausible(extension, b"")
    assert is_never_empty(extension.upper())


@pytest.mark.parametrize(
    ("extension", "head"),
    [
        ("JPEG", BEGINNINGS["jpg"]),
        ("tiff", b"MM\0*\0\0\0\x08"),
        ("tif", b"MM\0+\0\x08\0\0"),
        ("usd", BEGINNINGS["usda"]),
        ("usd", BEGINNINGS["usdc"]),
        ("abc", b"\x89HDF\r\n\x1a\n"),
        ("mp4", b"\0\0\0\x18ftypmp42"),
        ("mov", b"\0\0\0\x08wide\0\0\x10\0mdat"),
        ("blend", b"\x28\xb5\x2f\xfd\x04"),
    ],
)
def test_beginning_is_plausible_when_the_format_has_several(extension: str, head: bytes) -> None:
    assert is_plausible(extension, head)


def test_anything_is_plausible_when_the_type_is_unknown() -> None:
    assert is_plausible("", b"")
    assert is_plausible("cube", b"anything")
    assert is_plausible("ma", b"//Maya ASCII")
    assert types_of(b"anything") == ()
    assert not is_never_empty("txt")
    assert is_never_empty("ma")


def test_every_beginning_fits_when_so_many_bytes_are_read() -> None:
    assert all(is_plausible(name, head[:LENGTH]) for name, head in BEGINNINGS.items())
