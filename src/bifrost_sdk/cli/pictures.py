"""Pictures for the demonstration, made by code: a PNG that any viewer opens."""

from __future__ import annotations

import struct
import zlib


def checker(size: int, color: tuple[int, int, int]) -> bytes:
    """A PNG of `size` x `size` pixels, a board of a colour and its shade (PNG 1.2: 8 bits, RGB, no filter)."""
    shade = bytes(value // 3 for value in color)
    rows = []
    for y in range(size):
        pixels = (bytes(color) if (x * 8 // size + y * 8 // size) % 2 else shade for x in range(size))
        rows.append(b"\0" + b"".join(pixels))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
