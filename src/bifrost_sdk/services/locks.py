"""Only one process at a time, on this machine: a lock that the operating system gives back when its holder ends."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from bifrost_sdk.errors import StorageError


@contextlib.contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Whether the lock was free and is held now, until the end of the block; the file is made where it is missing.

    Threads of one process exclude each other as processes do.

    Raises:
        StorageError: the file cannot be made, or its file system knows no locks.

    >>> with try_lock(Path("one.lock")) as first, try_lock(Path("one.lock")) as second:
    ...     print(first, second)
    True False
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise _refused(path, error) from error
    with _closing(file):
        try:
            held = _take(file)
        except OSError as error:
            raise _refused(path, error) from error
        try:
            yield held
        finally:
            if held:
                with contextlib.suppress(OSError):  # closing the file gives it back too
                    _give_back(file)


@contextlib.contextmanager
def _closing(file: IO[bytes]) -> Iterator[None]:
    """Close a file of which nothing is kept: what its disk says then must not hide what happened."""
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            file.close()


if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:  # somebody else has it
            return False
        return True

    def _give_back(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _give_back(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


def _refused(path: Path, error: OSError) -> StorageError:
    reason = error.strerror or str(error)
    return StorageError(f"cannot lock {path}: {reason}", path=str(path), reason=reason)
