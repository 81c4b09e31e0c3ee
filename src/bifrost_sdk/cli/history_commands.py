"""The commands ``bifrost activity``, ``undo`` and ``recover``: what happened, and putting right what went wrong."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from bifrost_sdk.cli.arguments import count, ref_of
from bifrost_sdk.cli.command import Call, argument, command, flag, option
from bifrost_sdk.cli.listing import Listing, targets_of
from bifrost_sdk.cli.screen import Cell, printable
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.changes import Event
from bifrost_sdk.domain.query import Query
from bifrost_sdk.session import Session

if TYPE_CHECKING:  # loaded when something is recovered
    from bifrost_sdk.services.recovery import Finding

_STYLES = {"create": "green", "update": "", "delete": "red"}
_HEAD = ("revision", "when (UTC)", "by", "did", "what", "fields", "comment")

# Seconds between two looks at a project that is followed.
_PAUSE = 1.0


@command()
@argument("ref", "[REF]", "only what happened to this (default: everything in the project)", required=False)
@option("-n", "--limit", type=count, default="40", metavar="N", help="the last so many (default: 40)")
@flag("-f", "--follow", help="then tell what happens, until it is interrupted")
def activity(call: Call, *, ref: str | None, limit: int, follow: bool) -> int:
    """Tell what happened, oldest first."""
    with call.session() as session:
        head = session.revision(call.project)
        if ref is None:
            query = Query("event", project=session.context.code_of(call.project)).sort("-revision", "-position")
            events = list(reversed(list(_first(session.iterate(query.limit(min(limit, 1_000))), limit))))
        else:
            events = session.history(ref_of(session, ref))[-limit:]
        if not follow:
            _show(call, session, events)
            return 0
        subject = session.get(ref_of(session, ref)).id if ref else None
        try:
            _show_lines(call, session, events)
            for events in _following(session, call.project, head):
                _show_lines(call, session, [each for each in events if subject in (None, each.subject)])
        except KeyboardInterrupt:  # there is no other end to it
            print("bifrost: followed until interrupted", file=sys.stderr)
    return 0


@command()
@argument("revision", "REVISION", "the revision that the commit made, as activity tells it", type=count)
@option("-m", "--comment", metavar="TEXT", default="", help="why")
def undo(call: Call, *, revision: int, comment: str) -> int:
    """Undo one commit."""
    with call.session() as session:
        commit = session.revert(call.project, revision, comment=comment)
    if call.in_json:
        call.screen.document({"project": commit.project, "revision": commit.revision, "undone": revision})
    else:
        call.screen.line(f"revision {revision} of {commit.project} is undone by revision {commit.revision}")
    return 0


@command()
def recover(call: Call) -> int:
    """Settle what was interrupted; the status is 1 while something needs a person."""
    with call.session() as session:
        findings = session.recover(call.project).findings
    if call.in_json:
        times = [item.until and wire.print_time(item.until) for item in findings]
        call.screen.document(
            [{**attrs.asdict(item), "until": until} for item, until in zip(findings, times, strict=True)]
        )
    elif findings:
        rows = [(item.subject, item.outcome, _reason(item)) for item in findings]
        call.screen.table(("what", "became", "because"), rows)
    else:
        call.screen.line("nothing was left behind")
    return int(any(item.outcome in {"failed", "unknown"} for item in findings))


def _first(events: Iterator[Event], limit: int) -> Iterator[Event]:
    return (event for _, event in zip(range(limit), events, strict=False))


def _following(session: Session, project: str | None, after: int) -> Iterator[list[Event]]:
    """What happens from now on, whenever something did."""
    while True:
        events = session.events(project, after=after)
        if events:
            after = events[-1].revision
            yield events
        else:
            time.sleep(_PAUSE)


def _show(call: Call, session: Session, events: Sequence[Event]) -> None:
    if call.in_json:
        call.screen.document([_told(event) for event in events])
    elif events:
        call.screen.table(_HEAD, _rows(session, events), whole=("revision", "when (UTC)", "what"))
    else:
        call.screen.line("nothing yet", "dim")


def _show_lines(call: Call, session: Session, events: Sequence[Event]) -> None:
    """One line an event, as they come."""
    if call.in_json:
        for event in events:
            call.screen.document(_told(event), indent=None)
    else:
        for row in _rows(session, events):
            call.screen.words(*(cell for cell in row if cell))
    call.screen.stream.flush()


def _told(event: Event) -> dict[str, Any]:  # Any: JSON
    return {**wire.to_document(event), "ref": event.ref}


def _rows(session: Session, events: Sequence[Event]) -> list[tuple[Cell, ...]]:
    found = Listing(tuple(events), 0, targets_of(session, events))
    return [
        (
            str(event.revision),
            f"{event.created_at:%Y-%m-%d %H:%M:%S}" if event.created_at else "",
            event.created_by,
            (event.operation, _STYLES[event.operation]),
            found.name_of(event),
            ", ".join(event.after) if event.operation == "update" else "",
            (printable(event.comment.partition("\n")[0]), "dim"),
        )
        for event in events
    ]


def _reason(finding: Finding) -> str:
    """Why it became so, and when it may be looked at again."""
    if finding.until is None:
        return finding.reason
    return f"{finding.reason}; its lease runs until {finding.until:%Y-%m-%d %H:%M:%S} UTC"
