"""What there is of a file on disk, without ever leaving the folder of its root."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, Final, TypeAlias

from bifrost_sdk.domain import wire
from bifrost_sdk.domain.reconciliation import NEAR, Content
from bifrost_sdk.errors import ConfigurationError
from bifrost_sdk.services import digests
from bifrost_sdk.services.staging import BLOCK

#: What of a file's mode tells what it is, and what it is for a plain file.
TYPE: Final = 0o170000
REGULAR: Final = stat.S_IFREG

#: What there is of a file: its content, or why that cannot be told; None where there is no file.
Look: TypeAlias = Content | str | None


class Disk:
    """The folder of a root; links are followed to what lies inside it only.

    >>> import tempfile
    >>> top = Path(tempfile.mkdtemp())
    >>> _ = (top / "hero.ma").write_bytes(b"a scene")
    >>> disk = Disk("work", top)
    >>> disk.read("hero.ma").hash[:15], disk.look("hero.ma").size, disk.look("villain.ma")
    ('sha256:d6b00d69', 7, None)
    """

    def __init__(self, root: str, top: Path) -> None:
        self.root = root
        self.top = str(top)
        self._real = os.path.realpath(top)
        self._inside = {"": True}

    def place(self, path: str) -> str:
        """Where a path below the root lies."""
        return f"{self.top}/{path}" if path else self.top

    def look(self, path: str, status: os.stat_result | None = None) -> Look:
        """What there is of a file, unread; `status` is what its entry told, where that is known."""
        place = self.place(path)
        try:
            found = os.lstat(place) if status is None else status
            if stat.S_ISLNK(found.st_mode):
                if not self._holds(os.path.realpath(place)):
                    return "it is a link that leads out of the root"
                found = os.stat(place)  # noqa: PTH116 - says the same with less
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            return problem_of(error)
        return _content(found) if stat.S_ISREG(found.st_mode) else "it is no plain file"

    def read(self, path: str, *, algorithm: str = digests.USUAL) -> Look:
        """What there is of a file, its content read for the hash by that algorithm."""
        seen = self.look(path)
        if not isinstance(seen, Content):
            return seen
        try:
            return _read(self.place(path), algorithm)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            return problem_of(error)
        except ConfigurationError as error:
            return str(error)

    def is_inside(self, folder: str) -> bool:
        """Whether a folder lies in the root even when links on the way to it are followed."""
        if folder not in self._inside:
            place = self.place(folder)
            is_plain = self.is_inside(folder.rpartition("/")[0]) and not os.path.islink(place)  # noqa: PTH114 - a text
            self._inside[folder] = is_plain or self._holds(os.path.realpath(place))
        return self._inside[folder]

    def is_folder(self, path: str) -> bool:
        """Whether it is a folder in the root, or a link to one."""
        return os.path.isdir(self.place(path)) and self.is_inside(path)  # noqa: PTH112 - a text

    def _holds(self, real: str) -> bool:
        return real == self._real or real.startswith(self._real.rstrip(os.sep) + os.sep)


def taken_in(content: Content, now: int) -> dict[str, Any]:  # Any: values of these fields
    """The fields of a work file that keep what was read of it; `now` is in microseconds since 1970.

    The time of a file that was just written is left out: it may be written again without another time.
    """
    assert content.modified is not None  # it was read
    modified = wire.from_microseconds(content.modified) if content.modified <= now - NEAR else None
    return {"size": content.size, "hash": content.hash, "modified_at": modified}


def problem_of(error: OSError) -> str:
    """What the operating system says of it."""
    return error.strerror or str(error)


def _content(status: os.stat_result) -> Content:
    return Content(status.st_size, status.st_mtime_ns // 1_000)


def _read(place: str, algorithm: str) -> Content:
    hasher = digests.hasher_for(algorithm)
    with open(place, "rb", buffering=0) as file:  # noqa: PTH123 - the path is a text here
        before = os.fstat(file.fileno())
        while block := file.read(BLOCK):
            hasher.update(block)
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise OSError(None, "it was written while it was read")
    return _content(after)._replace(hash=digests.spell(hasher))
