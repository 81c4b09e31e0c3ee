"""What is made of published files for people and other programs: ``bifrost thumbnail``, ``preview`` and ``latest``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bifrost_sdk.cli.arguments import count, ref_of
from bifrost_sdk.cli.command import Call, argument, command, option
from bifrost_sdk.cli.meters import meter

if TYPE_CHECKING:
    from bifrost_sdk.domain.versions import Representation
    from bifrost_sdk.session import Session

_VERSION = "the version: assets/char/hero/model/v003, or a whole reference"
_SOURCE = "the picture or sequence to make it of (default: what the version holds)"


@command()
@argument("ref", "REF", _VERSION)
@option("--source", metavar="FILE", help=_SOURCE)
@option("--size", type=count, metavar="N", default="512", help="the longer side in pixels (default: 512)")
def thumbnail(call: Call, *, ref: str, source: str | None, size: int) -> int:
    """Make one small picture of a version, and add it."""
    with call.session() as session:
        version = session.versions.get(ref_of(session, ref))
        made = session.versions.thumbnail(version, source=source, size=size)
        return _show(call, session, made)


@command()
@argument("ref", "REF", _VERSION)
@option("--source", metavar="FILE", help=_SOURCE)
@option("--size", type=count, metavar="N", help="the longer side in pixels (default: 640, and 1920 for one picture)")
@option("--frames", type=count, metavar="N", default="96", help="at most so many frames (default: 96)")
def preview(call: Call, *, ref: str, source: str | None, size: int | None, frames: int) -> int:
    """Make a moving picture of a sequence, or a larger one of a single picture, and add it."""
    with call.session() as session, meter("frames") as tell:
        version = session.versions.get(ref_of(session, ref))
        made = session.versions.preview(version, source=source, size=size, frames=frames, progress=tell)
        return _show(call, session, made)


@command()
@argument("ref", "REF", "the product: assets/char/hero/model, or a whole reference")
def latest(call: Call, *, ref: str) -> int:
    """Bring the copy of a product's newest version up to date; publishing does so where the settings ask for copies."""
    with call.session() as session:
        version = session.products.copy_latest(ref_of(session, ref))
    if call.in_json:
        call.screen.document({"version": version.ref if version else None})
    elif version is None:
        call.screen.line("there is no copy: nothing is published, or the settings name other products", "dim")
    else:
        call.screen.line(f"the copy is {version.ref}", "green")
    return 0


def _show(call: Call, session: Session, made: Representation) -> int:
    """Tell what was added."""
    version = session.versions.get(made.version)
    path = Path(session.resolve(f"{version.ref}/{made.files[0].name}"))
    if call.in_json:
        call.screen.document(
            {"version": version.ref, "name": made.name, "file": str(path), "bytes": made.files[0].size}
        )
    else:
        call.screen.words((f"{made.name} of {version.ref}:", ""), (str(path), "green"))
    return 0
