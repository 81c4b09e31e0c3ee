"""The command ``bifrost publish``: files become a version, or it is shown what would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from bifrost_sdk.cli.arguments import count, files_of, ref_of, task_of
from bifrost_sdk.cli.command import Call, argument, command, flag, option
from bifrost_sdk.cli.fields import metadata_of
from bifrost_sdk.cli.meters import meter
from bifrost_sdk.cli.screen import Screen, printable
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.domain.versions import LEASE
from bifrost_sdk.errors import Issue, NotFoundError, ValidationError
from bifrost_sdk.services import places
from bifrost_sdk.session import Session

if TYPE_CHECKING:  # loaded when something is published
    from bifrost_sdk.services.sources import Piece
    from bifrost_sdk.services.validating import Validation

TRANSFERS = ("copy", "move", "link", "adopt")

_STYLES = {"error": "red", "warning": "yellow"}
_FILES = (
    "a representation and its file, folder or pattern: usd=hero.usda exr=beauty.####.exr; a key given again adds to it"
)

# The parts of a path that says all that is needed to make an asset or a shot: branch, type or sequence, code.
_MAKEABLE = 3

_LEASE = f"how long it may be silent before others may take its number back (default: {LEASE})"

# What only a publish asks for, and no validation.
_PUBLISHED = ("description", "status", "key", "transfer", "lease")


@command()
@argument("owner", "NODE", "whose product it is: assets/char/hero, or a whole reference")
@argument("product", "PRODUCT", "the product's code: model, rig, anim")
@argument("files", "KEY=PATH...", _FILES, nargs=-1, required=True)
@option("-m", "--comment", metavar="TEXT", default="", help="what is new")
@option("-d", "--depends-on", metavar="REF", multiple=True, help="a version it needs")
@option("-t", "--tag", "tags", metavar="TAG", multiple=True, help="a tag for the version")
@option("--description", metavar="TEXT", default="", help="what it is")
@option("--status", metavar="CODE", help="the code of its status")
@option("--task", metavar="CODE", help="the task of the node that it was made in")
@option("--source", metavar="PATH", default="", help="the work file that it was made from")
@option("--metadata", metavar="KEY=VALUE", multiple=True, help="a value of your own, read as JSON where it is some")
@option("--frames", metavar="RANGE", help="the frames that sequences are to have: 1001-1100x2,1105")
@option(
    "--transfer",
    type=click.Choice(TRANSFERS),
    default="copy",
    help="copy (default), move, link (hard links) or adopt files where they lie",
)
@option("--key", metavar="TEXT", help="the same key again answers with the same version")
@option("--lease", type=count, metavar="SECONDS", default=str(LEASE), help=_LEASE)
@flag("--create", help="make the asset or shot where it is missing")
@flag("--dry-run", help="show what would be published, and what speaks against it")
def publish(  # Any: each as its own
    call: Call, *, owner: str, product: str, files: tuple[str, ...], create: bool, dry_run: bool, **said: Any
) -> int:
    """Publish the next version of a product."""
    found = files_of(files)
    with call.session() as session:
        node = _owner(session, ref_of(session, owner), can_make=create and not dry_run)
        said["depends_on"] = [ref_of(session, ref) for ref in said["depends_on"]]
        said["task"] = task_of(session, node, said["task"]) if said["task"] else None
        said["metadata"] = metadata_of(said["metadata"])
        if dry_run:
            asked = {name: value for name, value in said.items() if name not in _PUBLISHED}
            proposed = session.validate(node, product, found, **asked)
            return _show(f"{node.ref}/{product}", proposed, call.screen, in_json=call.in_json)
        with meter("bytes published") as tell:
            version = session.publish(node, product, found, progress=tell, **said)
        made = session.versions.representations(version)
        roots = session.context.roots
        paths = [places.root(roots, item.root) / item.folder / file.name for item in made for file in item.files]
    if call.in_json:
        call.screen.document({**wire.to_document(version), "ref": version.ref, "paths": [str(path) for path in paths]})
    else:
        call.screen.line(version.ref, "bold")
        for path in paths:
            call.screen.line(f"  {path}")
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
