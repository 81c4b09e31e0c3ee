"""The command ``bifrost publish``: files become a version, or it is shown what would."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bifrost_sdk.cli.commands import Group, files_of, opened, ref_of
from bifrost_sdk.cli.meters import meter
from bifrost_sdk.cli.screen import Screen, printable
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.errors import Issue, NotFoundError, ValidationError
from bifrost_sdk.services import places
from bifrost_sdk.session import Session

if TYPE_CHECKING:  # loaded when something is published
    from bifrost_sdk.services.sources import Piece
    from bifrost_sdk.services.validating import Validation

TRANSFERS = ("copy", "move", "link", "adopt")

_STYLES = {"error": "red", "warning": "yellow"}

# The parts of a path that says all that is needed to make an asset or a shot: branch, type or sequence, code.
_MAKEABLE = 3


def add_commands(found: Group, placed: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    text = "publish files as the next version of a product"
    made = found.add_parser("publish", help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[placed])
    made.set_defaults(run=publish)
    made.add_argument("owner", metavar="NODE", help="whose product it is: assets/char/hero, or a whole reference")
    made.add_argument("product", help="the product's code: model, rig, anim")
    made.add_argument(
        "files",
        nargs="+",
        metavar="KEY=PATH",
        help="a representation and its file, folder or pattern: usd=hero.usda exr=beauty.####.exr; a key given "
        "again adds to it",
    )
    made.add_argument("-m", "--comment", default="", help="what is new")
    made.add_argument("-d", "--depends-on", action="append", default=[], metavar="REF", help="a version it needs")
    made.add_argument("-t", "--tag", action="append", default=[], dest="tags", help="a tag for the version")
    made.add_argument("--status", help="the code of its status")
    made.add_argument("--frames", metavar="RANGE", help="the frames that sequences are to have: 1001-1100x2,1105")
    made.add_argument(
        "--transfer",
        choices=TRANSFERS,
        default="copy",
        help="copy (default), move, link (hard links) or adopt files where they lie",
    )
    made.add_argument("--key", help="the same key again answers with the same version")
    made.add_argument("--create", action="store_true", help="make the asset or shot where it is missing")
    made.add_argument("--dry-run", action="store_true", help="show what would be published, and what speaks against it")


def publish(options: argparse.Namespace, screen: Screen) -> int:
    """Publish the next version of a product."""
    files = files_of(options.files)
    with opened(options) as session:
        owner = _owner(session, ref_of(session, options.owner), can_make=options.create and not options.dry_run)
        asked: dict[str, Any] = {  # Any: each as its own
            "comment": options.comment,
            "depends_on": [ref_of(session, ref) for ref in options.depends_on],
            "tags": options.tags,
            "frames": options.frames,
        }
        if options.dry_run:
            proposed = session.validate(owner, options.product, files, **asked)
            return _show(f"{owner.ref}/{options.product}", proposed, screen, in_json=options.json)
        asked |= {"status": options.status, "key": options.key, "transfer": options.transfer}
        version = session.publish(owner, options.product, files, progress=meter("bytes published"), **asked)
        made = session.versions.representations(version)
        roots = session.context.roots
        paths = [places.root(roots, item.root) / item.folder / file.name for item in made for file in item.files]
    if options.json:
        screen.document({**wire.to_document(version), "ref": version.ref, "paths": [str(path) for path in paths]})
    else:
        screen.line(version.ref, "bold")
        for path in paths:
            screen.line(f"  {path}")
    return 0


def _show(ref: str, made: Validation, screen: Screen, *, in_json: bool) -> int:
    """What a publish would do; the status is 1 where something forbids it."""
    pieces = [(key, piece) for key, found in made.proposal.pieces.items() for piece in found]
    if in_json:
        listed = [
            {"representation": key, "name": piece.name, "size": piece.size, "sources": _paths(piece)}
            for key, piece in pieces
        ]
        screen.document({"ref": ref, "files": listed, "validation": made.to_data()})
        return int(not made.ok)
    screen.line(f"{ref} would get a version of", "bold")
    rows = [
        (key, printable(piece.name), f"{len(piece.sources):,}", f"{piece.size:,}", printable(_paths(piece)[0]))
        for key, piece in pieces
    ]
    screen.table(("as", "name", "files", "bytes", "from"), rows, whole=("name",))
    for each in made.results:
        screen.line(printable(f"{each.severity}: {each.issue}"), _STYLES.get(each.severity, "dim"))
    return int(not made.ok)


def _paths(piece: Piece) -> list[str]:
    return [str(source.path) for source in piece.sources]


def _owner(session: Session, ref: str, *, can_make: bool) -> Entity:
    """The node that is there, or is made where that is wanted and can be done."""
    parts = Reference.parse(ref)
    makers: Mapping[str, Callable[..., Node]] = {"assets": session.assets.ensure, "shots": session.shots.ensure}
    make = makers.get(parts.path[0]) if len(parts.path) == _MAKEABLE else None
    if can_make and make is None:
        hint = "write assets/TYPE/ASSET or shots/SEQUENCE/SHOT"
        raise ValidationError(Issue("create.path", "--create does not know what to make", subject=ref, hint=hint))
    if can_make and make is not None:
        return make(parts.project, *parts.path[1:])
    try:
        return session.get(ref)
    except NotFoundError as error:
        if make is None or error.reason:
            raise
        reason = "not found; --create makes it"
        raise NotFoundError(error.ref, suggestions=error.suggestions, reason=reason) from error
