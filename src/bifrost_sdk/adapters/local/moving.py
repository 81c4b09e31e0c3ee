"""One rename that never replaces anything; Python's own replaces in silence."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

from bifrost_sdk.adapters.local.renaming import Way, rename

#: What a file system answers that has no such rename.
UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


def move(source: Path, target: Path) -> None:
    """Rename `source` to `target`, which must not exist.

    Raises:
        FileExistsError: `target` exists, and stays as it is.
        OSError: anything else; with an errno in `UNSUPPORTED` where no such rename is to be had.
    """
    if sys.platform == "win32":
        source.rename(target)  # refuses an existing target by itself
    else:
        rename(source, target, Way.EXCLUSIVE)
