"""A second file without copying a byte: shared blocks as each operating system spells it, and hard links."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path

#: What a system answers where a file can neither share blocks nor have a second name there: it can be copied.
UNSUPPORTED = frozenset({
    errno.EINVAL,
    errno.EMLINK,
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.ENOTTY,
    errno.EOPNOTSUPP,
    errno.EPERM,
    errno.EXDEV,
})  # fmt: skip

_FICLONE = 0x40049409  # linux/fs.h


def clone(source: Path, target: Path) -> None:
    """Make `target`, which must not exist, share the blocks of `source` until one of them is written.

    Raises:
        OSError: it cannot be done, and there is no `target`; with an errno in `UNSUPPORTED` where a copy can be made.
    """
    if sys.platform == "linux":
        _clone_by_handle(source, target)
    elif (native := _native()) is not None:
        if native(os.fsencode(os.path.realpath(source)), os.fsencode(target), 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(source), None, str(target))
    else:
        raise OSError(errno.ENOSYS, "this system shares no blocks", str(target))


def link(source: Path, target: Path) -> None:
    """Give the file `source`, whatever links lead to it, the second name `target`, which must not exist.

    Raises:
        OSError: it cannot be done; with an errno in `UNSUPPORTED` where a copy can be made.
    """
    os.link(os.path.realpath(source), target)


def _clone_by_handle(source: Path, target: Path) -> None:
    import fcntl  # not on Windows

    with source.open("rb", buffering=0) as read, target.open("xb", buffering=0) as written:
        try:
            fcntl.ioctl(written.fileno(), _FICLONE, read.fileno())
        except OSError:
            target.unlink()
            raise


@functools.lru_cache(maxsize=1)
def _native() -> Callable[[bytes, bytes, int], int] | None:
    """The C library's clonefile, which macOS has."""
    library = ctypes.CDLL(None, use_errno=True) if sys.platform == "darwin" else None
    call = getattr(library, "clonefile", None)
    if call is not None:
        call.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint32)
    return call
