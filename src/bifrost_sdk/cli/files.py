"""Files that a command writes: whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from bifrost_sdk.errors import StorageError


def write_whole(path: Path, text: str) -> None:
    """Put a text into a file, which keeps its permissions; until all of it is on the disk the file stays as it was.

    Raises:
        StorageError: when it cannot be written; nothing was changed.
    """
    place = path.resolve()  # a link stays one
    try:
        handle, name = tempfile.mkstemp(prefix=f".{place.name[:80]}.", dir=place.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(_mode(place))
            Path(name).replace(place)
        except BaseException:  # an interruption leaves no more behind than an error does
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}; it is as it was", path=str(path), reason=str(error)
        ) from error


def _mode(path: Path) -> int:
    """The permissions that the file has, or that a new one would get."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
