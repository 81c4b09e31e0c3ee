"""How files of a type begin, so that what is named one thing and holds another is noticed before it is published.

A few bytes prove nothing; they only make a file plausible. Sources: the formats' own specifications, as named below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

#: So many bytes of a file's beginning are needed.
LENGTH: Final = 16

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # TIFF 6.0, and BigTIFF
_USDA = b"#usda "
_USDC = b"PXR-USDC"
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")  # ISO 14496-12, and QuickTime

#: extension -> how such a file begins, as (offset, one of these).
_BEGINNINGS: Final[Mapping[str, tuple[int, tuple[bytes, ...]]]] = {
    "png": (0, (b"\x89PNG\r\n\x1a\n",)),  # ISO 15948
    "jpg": (0, (b"\xff\xd8\xff",)),  # ISO 10918
    "exr": (0, (b"\x76\x2f\x31\x01",)),  # OpenEXR file layout
    "tif": (0, _TIFF),
    "dpx": (0, (b"SDPX", b"XPDS")),  # SMPTE 268M
    "psd": (0, (b"8BPS",)),
    "gif": (0, (b"GIF87a", b"GIF89a")),
    "usda": (0, (_USDA,)),
    "usdc": (0, (_USDC,)),
    "usd": (0, (_USDA, _USDC)),
    "usdz": (0, (b"PK\x03\x04",)),
    "abc": (0, (b"Ogawa", b"\x89HDF\r\n\x1a\n")),  # both of Alembic's containers
    "mov": (4, _BOXES),
    "mp4": (4, _BOXES),
    "vdb": (0, (b" BDV",)),
    "blend": (0, (b"BLENDER", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")),  # plain, gzip, zstd
}
_OTHER_NAMES: Final = {"jpeg": "jpg", "tiff": "tif", "m4v": "mp4"}

#: Extensions of files that are never empty, though their beginning tells nothing.
_NEVER_EMPTY: Final = frozenset(
    {"ma", "mb", "hip", "hiplc", "hipnc", "nk", "fbx", "obj", "json", "xml", "bgeo", "tx", "wav"}
)


def is_never_empty(extension: str) -> bool:
    """Whether a file with this extension (``exr``, in any case) always holds something."""
    return _type_of(extension) in _BEGINNINGS or extension.lower() in _NEVER_EMPTY


def is_plausible(extension: str, head: bytes) -> bool:
    r"""Whether a file with this extension may begin so; True for types of which nothing is known.

    >>> is_plausible("EXR", b"v/1\x01"), is_plausible("exr", b"#usda 1.0"), is_plausible("txt", b"")
    (True, False, True)
    """
    known = _BEGINNINGS.get(_type_of(extension))
    return known is None or _begins(head, *known)


def types_of(head: bytes) -> tuple[str, ...]:
    """The types of file that begin so; several where formats share a container.

    >>> types_of(b"#usda 1.0")
    ('usda', 'usd')
    """
    return tuple(_types(head))


def _types(head: bytes) -> Iterator[str]:
    for name, beginning in _BEGINNINGS.items():
        if _begins(head, *beginning):
            yield name


def _type_of(extension: str) -> str:
    lower = extension.lower()
    return _OTHER_NAMES.get(lower, lower)


def _begins(head: bytes, offset: int, beginnings: tuple[bytes, ...]) -> bool:
    return head.startswith(beginnings, offset)
