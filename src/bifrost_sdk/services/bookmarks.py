"""How far a verification came, kept beside the files so that another process can go on with it.

It lies in ``.bifrost/verify`` below the root of published files, one file for each user and each project, or part of
one, that is being verified. It is replaced whole, tells only of versions that were through, and is gone when all of
them were.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import uuid
from pathlib import Path
from typing import Any

import attrs
from attrs.validators import instance_of

from bifrost_sdk.domain import wire
from bifrost_sdk.errors import ValidationError
from bifrost_sdk.services.inspection import Finding

#: Where they lie below the root of published files.
FOLDER = ".bifrost/verify"

_SCHEMA = 1


@attrs.frozen
class Bookmark:
    """Every version up to the id `mark` was verified as it stood at the revision `since`, with these findings.

    `began` is when the first process began; the counts are of what was looked at so far, sizes in bytes.
    """

    began: datetime.datetime
    since: int = attrs.field(validator=instance_of(int))
    mark: str = attrs.field(default="", validator=instance_of(str))
    versions: int = attrs.field(default=0, validator=instance_of(int))
    files: int = attrs.field(default=0, validator=instance_of(int))
    size: int = attrs.field(default=0, validator=instance_of(int))
    findings: tuple[Finding, ...] = ()


def read(path: Path | None) -> Bookmark | None:
    """The one that was kept; None where there is none, or none that can be understood."""
    if path is None:
        return None
    try:
        return _loaded(json.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None


def keep(path: Path | None, bookmark: Bookmark) -> None:
    """Put it in the place of the one before; where that may not be written, a later process begins anew."""
    if path is None:
        return
    document = {**attrs.asdict(bookmark), "schema": _SCHEMA, "began": wire.print_time(bookmark.began)}
    fresh = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            fresh.write_text(json.dumps(document), encoding="utf-8")
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)


def remove(path: Path | None) -> None:
    """Nothing is left to go on with."""
    if path is not None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _loaded(document: dict[str, Any]) -> Bookmark:  # Any: JSON
    if document.pop("schema") != _SCHEMA:
        raise ValueError("another schema")
    document["began"] = wire.read_time(document["began"])
    document["findings"] = tuple(Finding(**each) for each in document["findings"])
    return Bookmark(**document)
