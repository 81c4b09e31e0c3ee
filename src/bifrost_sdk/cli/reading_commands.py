"""The commands ``bifrost resolve`` and ``bifrost list``: what there is, and where it lies."""

from __future__ import annotations

import sys

from bifrost_sdk.cli import listing
from bifrost_sdk.cli.arguments import count, moment_of, ref_of
from bifrost_sdk.cli.command import Call, argument, command, option
from bifrost_sdk.cli.refusals import refuse
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.errors import BifrostError, Issue, QueryError
from bifrost_sdk.session import Session

_AT = (
    "as it was at a time, in UTC unless it says otherwise (2026-01-31, 2026-01-31T12:00:00+01:00), "
    "or at a revision: digits alone (12)"
)


@command()
@argument("refs", "REF...", "assets/char/hero/model/latest, or a whole reference", nargs=-1, required=True)
@option("--at", metavar="WHEN", help=_AT)
def resolve(call: Call, *, refs: tuple[str, ...], at: str | None) -> int:
    """Print paths, one a line and in order, an empty line for what leads nowhere; the highest exit status counts."""
    with call.session() as session:
        shown = session.at(moment_of(at)) if at else session
        answers = shown.resolve_many([ref_of(session, ref) for ref in refs])
        paths = [None if isinstance(answer, BifrostError) else str(shown.path_of(answer)) for answer in answers]
    if call.in_json:
        documents = [
            answer.to_data() if isinstance(answer, BifrostError) else {**answer._asdict(), "file": path}
            for answer, path in zip(answers, paths, strict=True)
        ]
        call.screen.document(documents)
    else:
        for path in paths:
            call.screen.line(path or "")
    errors = [answer for answer in answers if isinstance(answer, BifrostError)]
    return max((refuse(error, in_json=call.in_json) for error in errors), default=0)


@command()
@argument("what", "[WHAT]", "a kind (assets, shots, versions) or a reference", required=False)
@option("-n", "--limit", type=count, default="100", metavar="N", help="at most so many (default: 100)")
@option("--after", metavar="REF", help="go on behind this one, the last of a listing")
def list_(call: Call, *, what: str | None, limit: int, after: str | None) -> int:
    """List entities of a kind, or what lies below a node."""
    with call.session() as session:
        asked = None if what is None else _asked(session, what)
        last = session.get(ref_of(session, after)) if after else None
        found = listing.list_entities(session, asked, limit=limit, after=last)
    if call.in_json:
        call.screen.document([{**wire.to_document(entity), "ref": entity.ref} for entity in found.entities])
    elif found.entities:
        call.screen.table(listing.COLUMNS, found.rows(), whole=listing.WHOLE)
    else:
        call.screen.line("nothing yet" if after is None else "nothing more", "dim")
    if found.more:
        print(
            f"bifrost: {found.more:,} more; go on with --after {found.entities[-1].ref}, "
            f"or show more at once with --limit {len(found.entities) + found.more}",
            file=sys.stderr,
        )
    return 0


def _asked(session: Session, what: str) -> str | Entity:
    """What is to be listed: a kind, or the node below which it lies."""
    if ":" in what or "/" in what:
        return session.get(ref_of(session, what))
    try:
        return entity_type(what).kind
    except QueryError as error:
        place = Issue("list.place", "nor is it a place", hint="write a path: assets/char/hero")
        raise QueryError([*error.issues, place]) from error
