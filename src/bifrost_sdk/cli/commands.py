"""What each command does, in terms of a session; parsing and errors are the entry's concern."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import attrs

from bifrost_sdk import session as sessions
from bifrost_sdk.cli import listing
from bifrost_sdk.cli.refusals import refuse
from bifrost_sdk.cli.screen import Screen
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.errors import BifrostError, Issue, QueryError, ValidationError
from bifrost_sdk.session import Session

if TYPE_CHECKING:  # loaded when something is recovered
    from bifrost_sdk.services.recovery import Finding

#: What runs a command; its answer is the exit status.
Command: TypeAlias = Callable[[argparse.Namespace, Screen], int]

#: What argparse's add_subparsers gives.
Group: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no public name


def init(options: argparse.Namespace, screen: Screen) -> int:
    """Make a workspace."""
    folder = sessions.init(options.folder, project=options.project)
    if options.json:
        screen.document({"workspace": str(folder), "project": options.project})
    else:
        screen.line(f"{folder} is a workspace" + (f" with the project {options.project}" if options.project else ""))
    return 0


def resolve(options: argparse.Namespace, screen: Screen) -> int:
    """Print paths, one a line and in order, an empty line for what leads nowhere; the highest exit status counts."""
    with opened(options) as session:
        shown = session.at(_moment(options.at)) if options.at else session
        answers = shown.resolve_many([ref_of(session, ref) for ref in options.refs])
        paths = [None if isinstance(answer, BifrostError) else str(shown.path_of(answer)) for answer in answers]
    if options.json:
        documents = [
            answer.to_data() if isinstance(answer, BifrostError) else {**answer._asdict(), "file": path}
            for answer, path in zip(answers, paths, strict=True)
        ]
        screen.document(documents)
    else:
        for path in paths:
            screen.line(path or "")
    errors = [answer for answer in answers if isinstance(answer, BifrostError)]
    return max((refuse(error, in_json=options.json) for error in errors), default=0)


def list_(options: argparse.Namespace, screen: Screen) -> int:
    """List entities of a kind, or what lies below a node."""
    with opened(options) as session:
        asked = None if options.what is None else _asked(session, options.what)
        after = session.get(ref_of(session, options.after)) if options.after else None
        found = listing.list_entities(session, asked, limit=options.limit, after=after)
    if options.json:
        screen.document([{**wire.to_document(entity), "ref": entity.ref} for entity in found.entities])
    elif found.entities:
        screen.table(listing.COLUMNS, found.rows(), whole=listing.WHOLE)
    else:
        screen.line("nothing yet" if after is None else "nothing more", "dim")
    if found.more:
        print(
            f"bifrost: {found.more:,} more; go on with --after {found.entities[-1].ref}, "
            f"or show more at once with --limit {len(found.entities) + found.more}",
            file=sys.stderr,
        )
    return 0


def recover(options: argparse.Namespace, screen: Screen) -> int:
    """Settle what was interrupted; the status is 1 while something needs a person."""
    with opened(options) as session:
        findings = session.recover(options.project).findings
    if options.json:
        times = [item.until and wire.print_time(item.until) for item in findings]
        screen.document([{**attrs.asdict(item), "until": until} for item, until in zip(findings, times, strict=True)])
    elif findings:
        screen.table(("what", "became", "because"), [(item.subject, item.outcome, _reason(item)) for item in findings])
    else:
        screen.line("nothing was left behind")
    return int(any(item.outcome in {"failed", "unknown"} for item in findings))


def revert(options: argparse.Namespace, screen: Screen) -> int:
    """Undo one commit."""
    with opened(options) as session:
        commit = session.revert(options.project, options.revision)
    if options.json:
        screen.document({"project": commit.project, "revision": commit.revision, "reverted": options.revision})
    else:
        screen.line(f"revision {options.revision} of {commit.project} is undone by revision {commit.revision}")
    return 0


def demo(options: argparse.Namespace, screen: Screen) -> int:
    """Show what it is about, with real files."""
    from bifrost_sdk.cli import demo as demonstration

    return demonstration.run(screen, keep=Path(options.keep) if options.keep else None, in_json=options.json)


def opened(options: argparse.Namespace) -> Session:
    """The session that a command works in."""
    return sessions.connect(options.workspace, project=options.project)


def _reason(finding: Finding) -> str:
    """Why it became so, and when it may be looked at again."""
    if finding.until is None:
        return finding.reason
    return f"{finding.reason}; its lease runs until {finding.until:%Y-%m-%d %H:%M:%S} UTC"


def read_count(text: str) -> int:
    """A number of things as it is typed, at least one.

    Raises:
        ArgumentTypeError: when it is none.
    """
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def ref_of(session: Session, text: str) -> str:
    """A reference as it is typed: the default project's where only a path is given."""
    if ":" in text:
        return text
    return f"bifrost://{session.context.code_of(None)}/{text.strip('/')}"


def _asked(session: Session, what: str) -> str | Entity:
    """What is to be listed: a kind, or the node below which it lies."""
    if ":" in what or "/" in what:
        return session.get(ref_of(session, what))
    try:
        return entity_type(what).kind
    except QueryError as error:
        place = Issue("list.place", "nor is it a place", hint="write a path: assets/char/hero")
        raise QueryError([*error.issues, place]) from error


def files_of(arguments: Sequence[str]) -> Mapping[str, list[str]]:
    """What is typed as KEY=PATH, by key."""
    files: dict[str, list[str]] = {}
    for argument in arguments:
        key, mark, path = argument.partition("=")
        if not (key and mark and path):
            hint = "write usd=hero.usda"
            raise ValidationError(Issue("files.form", f"{argument!r} is not KEY=PATH", "files", hint=hint))
        files.setdefault(key, []).append(path)
    return files


def _moment(text: str) -> str | int:
    """What is typed for a moment: digits alone are a revision, everything else a time."""
    return int(text) if text.isascii() and text.isdecimal() else text
