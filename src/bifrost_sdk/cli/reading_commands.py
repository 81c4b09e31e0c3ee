"""The commands ``bifrost resolve``, ``list``, ``find`` and ``show``: what there is, and where it lies."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from bifrost_sdk.cli import listing, sheets
from bifrost_sdk.cli.arguments import AT, count, moment_of, ref_of
from bifrost_sdk.cli.command import Call, argument, command, flag, option
from bifrost_sdk.cli.fields import conditions_of
from bifrost_sdk.cli.pin_commands import read_pins
from bifrost_sdk.cli.refusals import refuse
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.errors import BifrostError, Issue, QueryError
from bifrost_sdk.services.context import is_id
from bifrost_sdk.session import Session

_CONDITION = (
    "FIELD=VALUE or FIELD__OPERATOR=VALUE, all of which hold: tags__contains=main status__code=wip "
    "updated_at__ge=2026-01-31"
)


@command()
@argument("refs", "REF...", "assets/char/hero/model/latest, or a whole reference", nargs=-1, required=True)
@option("--at", metavar="WHEN", help=AT)
@option("--pins", metavar="FILE", help="where a reference is pinned there, to the pinned version")
def resolve(call: Call, *, refs: tuple[str, ...], at: str | None, pins: str | None) -> int:
    """Print paths, one a line and in order, an empty line for what leads nowhere; the highest exit status counts."""
    with call.session() as session:
        shown = session.at(moment_of(at)) if at else session
        shown = shown.pinned(read_pins(pins)) if pins else shown
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
    return show_listing(call, found, after=after)


@command()
@argument("kind", "KIND", "asset, shot, task, version, product, user, … in the singular or plural")
@argument("conditions", "[CONDITION]...", _CONDITION, nargs=-1)
@option("-t", "--text", metavar="WORDS", default="", help="holds all of these words")
@option(
    "-s", "--sort", metavar="FIELD", multiple=True, help="by this field, - before it: the other way; may be given again"
)
@option("-n", "--limit", type=count, default="100", metavar="N", help="at most so many (default: 100)")
@option("--at", metavar="WHEN", help=AT)
@flag("--count", "is_count", help="print only how many there are")
def find(  # Any: each as its own
    call: Call, *, kind: str, conditions: tuple[str, ...], at: str | None, is_count: bool, **said: Any
) -> int:
    """Find entities of a kind by what holds for them."""
    made = entity_type(kind).kind
    query = Query(made).where(*conditions_of(made, conditions)).search(said["text"])
    with call.session() as session:
        shown = session.at(moment_of(at)) if at else session
        if is_count:
            number = shown.find(query.count()).count or 0
            return _show_count(call, number)
        found = listing.as_found(shown, query.sort(*said["sort"]), limit=said["limit"])
    return show_listing(call, found)


@command()
@argument("refs", "REF...", "any reference or id", nargs=-1, required=True)
@option("--at", metavar="WHEN", help=AT)
def show(call: Call, *, refs: tuple[str, ...], at: str | None) -> int:
    """Tell all that is known of things; the highest exit status counts."""
    with call.session() as session:
        shown = session.at(moment_of(at)) if at else session
        return show_things(call, shown, [ref if is_id(ref) else ref_of(session, ref) for ref in refs])


def show_things(call: Call, session: Session, refs: Sequence[str]) -> int:
    """Show a sheet of each thing; the highest exit status counts."""
    answers = session.get_many(refs)
    made = [sheets.sheet_of(session, answer) for answer in answers if isinstance(answer, Entity)]
    if call.in_json:
        call.screen.document([sheet.document for sheet in made])
    else:
        for sheet in made:
            sheets.draw(sheet, call.screen)
    errors = [answer for answer in answers if isinstance(answer, BifrostError)]
    return max((refuse(error, in_json=call.in_json) for error in errors), default=0)


def show_listing(call: Call, found: listing.Listing, *, after: str | None = None) -> int:
    """Show what was found, and how to go on where there is more."""
    if call.in_json:
        call.screen.document([{**wire.to_document(entity), "ref": entity.ref} for entity in found.entities])
    elif found.entities:
        call.screen.table(listing.COLUMNS, found.rows(), whole=listing.WHOLE)
    else:
        call.screen.line("nothing yet" if after is None else "nothing more", "dim")
    if found.more:
        way = f"go on with --after {found.entities[-1].ref}, or " if found.can_go_on else ""
        limit = len(found.entities) + found.more
        print(f"bifrost: {found.more:,} more; {way}show more at once with --limit {limit}", file=sys.stderr)
    return 0


def _show_count(call: Call, number: int) -> int:
    if call.in_json:
        call.screen.document({"count": number})
    else:
        call.screen.line(str(number))
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
