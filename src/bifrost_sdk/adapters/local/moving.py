"""One rename that never replaces anything, as each operating system spells it; Python's own replaces in silence."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path

#: What a file system answers that has no such rename.
UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1  # linux/fs.h
_RENAME_EXCL = 4  # sys/stdio.h of macOS

_Rename = Callable[[bytes, bytes], int]


def move(source: Path, target: Path) -> None:
    """Rename `source` to `target`, which must not exist.

    Raises:
        FileExistsError: `target` exists, and stays as it is.
        OSError: anything else; with an errno in `UNSUPPORTED` where no such rename is to be had.
    """
    if sys.platform == "win32":
        source.rename(target)  # refuses an existing target by itself
        return
    rename = _native()
    if rename is None:
        raise OSError(errno.ENOSYS, "this system has no rename that refuses to replace", str(target))
    if rename(os.fsencode(source), os.fsencode(target)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(source), None, str(target))


@functools.lru_cache(maxsize=1)
def _native() -> _Rename | None:
    """The C library's rename with flags; None where it has none."""
    library = ctypes.CDLL(None, use_errno=True)
    if hasattr(library, "renameat2"):
        call = library.renameat2
        call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
        return lambda source, target: int(call(_AT_FDCWD, source, _AT_FDCWD, target, _RENAME_NOREPLACE))
    if hasattr(library, "renamex_np"):
        call = library.renamex_np
        call.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint)
        return lambda source, target: int(call(source, target, _RENAME_EXCL))
    return None
