"""Renames with conditions, which Python does not offer, as the C library of each operating system spells them."""

from __future__ import annotations

import ctypes
import enum
import errno
import functools
import os
from collections.abc import Callable
from pathlib import Path

_AT_FDCWD = -100

_Native = Callable[[bytes, bytes, "Way"], int]


class Way(enum.Enum):
    """What a rename does with its target: its flags in linux/fs.h, and in sys/stdio.h of macOS."""

    EXCLUSIVE = (1, 4)
    """It must not exist (RENAME_NOREPLACE, RENAME_EXCL)."""
    EXCHANGE = (2, 2)
    """Both exist, and change places (RENAME_EXCHANGE, RENAME_SWAP)."""


def rename(source: Path, target: Path, way: Way) -> None:
    """Rename in one step, or change nothing.

    Raises:
        OSError: it cannot be done; with ENOSYS where the system has no such rename.
    """
    native = _native()
    if native is None:
        raise OSError(errno.ENOSYS, "this system has no rename with conditions", str(target))
    if native(os.fsencode(source), os.fsencode(target), way) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(source), None, str(target))


@functools.lru_cache(maxsize=1)
def _native() -> _Native | None:
    """The C library's rename with flags; None where it has none, as on Windows."""
    if os.name == "nt":
        return None
    library = ctypes.CDLL(None, use_errno=True)
    if hasattr(library, "renameat2"):
        call = library.renameat2
        call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
        return lambda source, target, way: int(call(_AT_FDCWD, source, _AT_FDCWD, target, way.value[0]))
    if hasattr(library, "renamex_np"):
        call = library.renamex_np
        call.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint)
        return lambda source, target, way: int(call(source, target, way.value[1]))
    return None
