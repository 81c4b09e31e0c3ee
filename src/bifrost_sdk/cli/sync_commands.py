"""The commands ``bifrost sync``: what lies on disk against what the catalog says, and the catalog brought up to it.

``scan`` and ``watch`` only look, ``plan`` only says, ``apply`` does; the status of each tells whether all is well.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from bifrost_sdk.cli.arguments import seconds
from bifrost_sdk.cli.command import Call, F, argument, command, flag, option
from bifrost_sdk.cli.meters import meter
from bifrost_sdk.cli.screen import Cell, Screen, printable
from bifrost_sdk.domain.reconciliation import STATES, Finding, Report, Spot, State
from bifrost_sdk.errors import Issue, StorageError, ValidationError
from bifrost_sdk.services import places
from bifrost_sdk.session import Session

if TYPE_CHECKING:  # loaded when something is planned, applied or watched
    from bifrost_sdk.domain.repairs import Plan
    from bifrost_sdk.services.applying import Applied
    from bifrost_sdk.services.watching import Sighting

#: So many findings of a state are listed for people who did not ask for that state alone, and actions of a kind.
_SHOWN = 40

_STYLES = {"ok": "green", "missing": "red", "modified": "red", "unreadable": "red", "moved": "yellow"}
_LOOKED = "files looked at"
_LIMIT = "refuse when more than this part of the files is gone, 0 to 1 (default: 0.1); ten always may be"
_POLL = "look for changes so often, where the file system does not tell of them: NFS, SMB"
_STATE = "list and judge by this state alone, all of it; may be given again"


def _within(function: F) -> F:
    """What is looked at."""
    root = option("--root", metavar="NAME", help="only what lies below this root")
    folder = "only this folder: a whole path, or one below the root"
    return root(option("--folder", metavar="FOLDER", help=folder)(function))


_reading = flag("--verify", help="read every file, not only its size and time")
_removing = flag("--allow-removals", help="let the catalog forget work files that are gone")


@command()
@_within
@_reading
@option("--state", multiple=True, type=click.Choice([each for each in STATES if each != "ok"]), help=_STATE)
def scan(call: Call, *, state: tuple[State, ...], root: str | None, folder: str | None, verify: bool) -> int:
    """Show a scan; the status is 1 when something is not as the catalog says, or could not be looked at."""
    with call.session() as session, _interruptible("nothing was changed"):
        report = _scan(session, call, root=root, folder=folder, verify=verify)
    if state:
        report = attrs.evolve(report, findings=report.of(*state))
    if call.in_json:
        call.screen.document(report.to_document())
    else:
        _show_report(report, call.screen, shown=None if state else _SHOWN)
        call.screen.line(*_summary(report, state))
    return int(not report.is_clean)


@command()
@_within
@_reading
@_removing
@option("--to", metavar="FILE", help="keep the plan there, to be looked at and applied as it is")
def plan(call: Call, *, to: str | None, allow_removals: bool, **within: Any) -> int:  # Any: each as its own
    """Show what applying a new scan would do; the status is 1 when not all could be looked at."""
    screen = call.screen
    with call.session() as session, _interruptible("nothing was changed"):
        report = _scan(session, call, **within)
        made = session.sync.plan(report, allow_removals=allow_removals)
    document = made.to_document()
    if to:
        _keep(document, Path(to))
    if call.in_json:
        screen.document(document)
    else:
        _show_roots(report, screen)
        _show_plan(made, screen)
        if to:
            screen.line(f"kept; bifrost sync apply {printable(to)} does just this", "dim")
        elif made.actions:
            screen.line("nothing was changed; bifrost sync apply does it", "dim")
    return int(any(each.problem for each in report.roots))


@command()
@argument("file", "[FILE]", "a kept plan (default: that of a new scan)", required=False)
@_within
@_reading
@_removing
@option("--limit", type=float, default=0.1, metavar="PART", help=_LIMIT)
def apply(call: Call, *, file: str | None, limit: float, **scope: Any) -> int:  # Any: each as its own
    """Do what a kept plan says, or that of a new scan; the status is 1 when some of it could not be done."""
    kept = _kept(call, file, scope) if file else None
    with call.session() as session:
        made = kept or _planned(session, call, **scope)
        if not call.in_json:
            _show_plan(made, call.screen)
        done = _apply(session, made, limit)
    if call.in_json:
        call.screen.document({"project": made.project, **_told(done)})
    else:
        _show_applied(done, call.screen)
    return int(bool(done.skipped))


@command()
@_within
@option("--poll", type=seconds, metavar="SECONDS", help=_POLL)
@option(
    "--every",
    type=seconds,
    default="3600",
    metavar="SECONDS",
    help="scan everything so often, whatever was told (default: 3600)",
)
@option(
    "--settle",
    type=seconds,
    default="3",
    metavar="SECONDS",
    help="scan a folder when nothing changed there for so long (default: 3)",
)
def watch(call: Call, *, root: str | None, folder: str | None, **pace: float | None) -> int:
    """Show a scan of everything, and then one of each folder in which something changes."""
    with call.session() as session:
        asked: dict[str, Any] = {"root": root, "folder": _folder(root, folder), **pace}  # Any: each as its own
        try:
            for sighting in session.sync.watch(call.project, **asked):
                _show_sighting(sighting, call)
        except KeyboardInterrupt:  # there is no other end to it
            print("bifrost: watched until interrupted; nothing was changed", file=sys.stderr)
    return 0


@command()
@argument("root", "ROOT", "its name in bifrost.yaml")
def mark(call: Call, *, root: str) -> int:
    """Put the sentinel into the folder of a root."""
    with call.session() as session:
        is_new = session.sync.mark(root)
        folder = places.root(session.context.roots, root)
    if call.in_json:
        call.screen.document({"root": root, "folder": str(folder), "marked": is_new})
    else:
        call.screen.line(f"{root} ({folder}) {'is marked now' if is_new else 'was marked already'}")
    return 0


@contextlib.contextmanager
def _interruptible(consequence: str) -> Iterator[None]:
    """Say what an interruption left behind."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(consequence) from error


def _scan(session: Session, call: Call, *, root: str | None, folder: str | None, verify: bool) -> Report:
    with meter(_LOOKED) as tell:
        return session.sync.scan(call.project, root=root, folder=_folder(root, folder), verify=verify, progress=tell)


def _folder(root: str | None, folder: str | None) -> str | None:
    """The folder as it is typed: relative to the root, or else to where one stands."""
    return folder if folder is None or root is not None else str(Path(folder).absolute())


def _planned(session: Session, call: Call, *, allow_removals: bool, **within: Any) -> Plan:  # Any: as `_scan` takes it
    with _interruptible("nothing was changed"):
        return session.sync.plan(_scan(session, call, **within), allow_removals=allow_removals)


def _kept(call: Call, file: str, scope: Mapping[str, object]) -> Plan:
    """The plan of a file, which was made of one scan and is done as it is."""
    from bifrost_sdk.domain.repairs import Plan

    if given := [f"--{name.replace('_', '-')}" for name, value in sorted(scope.items()) if value]:
        hint = f"leave {', '.join(given)} out, or plan anew with it"
        raise ValidationError(Issue("plan.kept", "a kept plan is done as it is", subject=file, hint=hint))
    try:
        made = Plan.from_document(json.loads(Path(file).read_bytes()))
    except OSError as error:
        raise StorageError(f"{file} cannot be read: {error.strerror}", path=file, reason=str(error)) from error
    except (ValueError, RecursionError) as error:
        hint = "bifrost sync plan --to FILE writes one"
        raise ValidationError(Issue("plan.form", f"this is no plan: {error}", subject=file, hint=hint)) from error
    if call.project not in (None, made.project):
        message = f"the plan is of the project {made.project}, not of {call.project}"
        raise ValidationError(Issue("plan.project", message, subject=file, hint="leave --project out"))
    return made


def _keep(document: Any, path: Path) -> None:  # Any: JSON
    try:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", path=str(path), reason=str(error)) from error


def _apply(session: Session, made: Plan, limit: float) -> Applied:
    through = 0

    def count(done: int, total: int) -> None:
        nonlocal through
        through = done
        if tell:
            tell(done, total)

    try:
        with meter("actions done") as tell:
            return session.sync.apply(made, limit=limit, progress=count)
    except KeyboardInterrupt as error:
        stand = f"{through:,} of {len(made.actions):,} actions are through and stay so, the others are as they were"
        raise KeyboardInterrupt(f"{stand}; run it again to go on") from error


def _told(done: Applied) -> dict[str, Any]:  # Any: JSON
    skipped = [{"do": each.action.do, "words": each.action.words, "because": each.reason} for each in done.skipped]
    return {"done": done.done, "unchanged": done.unchanged, "skipped": skipped, "revisions": list(done.revisions)}


def _show_report(report: Report, screen: Screen, *, shown: int | None) -> None:
    """The roots where something is to be said of them, how many files have each state, and what is not ok."""
    screen.line(f"{report.project} at revision {report.revision}, known files: {report.tracked:,}", "bold")
    _show_roots(report, screen)
    folders = Counter(finding.state for finding in report.findings if finding.about == "folder")
    rows: list[tuple[Cell, ...]] = [
        ((state, _STYLES.get(state, "")), f"{report.counts.get(state, 0):,}", f"{folders[state]:,}".lstrip("0"))
        for state in STATES
        if report.counts.get(state) or folders[state]
    ]
    if rows:
        screen.table(("state", "files", "folders"), rows)
    _show_findings(report.findings, screen, shown=shown)


def _show_findings(findings: Sequence[Finding], screen: Screen, *, shown: int | None) -> None:
    listed: list[Finding] = []
    for state in STATES:
        listed += [finding for finding in findings if finding.state == state][:shown]
    if listed:
        rows = [_finding_row(finding) for finding in listed]
        screen.table(("state", "what", "place", "files", "of", "because"), rows, whole=("state", "what", "place"))
    if len(listed) < len(findings):
        more = len(findings) - len(listed)
        screen.line(f"and {more:,} more; --json lists all of them, --state STATE those of a state", "dim")


def _finding_row(finding: Finding) -> tuple[Cell, ...]:
    is_set = finding.count > 1
    return (
        (finding.state, _STYLES.get(finding.state, "")),
        "" if finding.about == "file" else finding.about,
        printable(str(finding.spot)),
        f"{finding.count:,}" if is_set else "",
        finding.ref if finding.about != "work" else "",
        printable(finding.reason),
    )


def _show_roots(report: Report, screen: Screen) -> None:
    for root in report.roots:
        place = f"root {root.root} ({printable(root.folder)})" if root.folder else f"root {root.root}"
        if root.problem:
            screen.line(f"{place}: {root.problem}", "red")
        elif not root.is_marked:
            advice = f"nothing is applied there until it is marked: bifrost sync mark {root.root}"
            screen.line(f"{place} has no sentinel; {advice}", "yellow")


def _summary(report: Report, states: Sequence[str]) -> tuple[str, str]:
    """What it comes to, and its style; `states` are those that were asked for."""
    if report.is_clean:
        return f"nothing is {' or '.join(states)}" if states else "all is as the catalog says", "green"
    count = len(report.findings)
    if not count:
        return "not everything could be looked at", "red"
    return f"{count:,} {'finding' if count == 1 else 'findings'}; bifrost sync plan says what can be done", "dim"


def _show_plan(made: Plan, screen: Screen) -> None:
    count = len(made.actions)
    for deed in dict.fromkeys(action.do for action in made.actions):
        actions = [action for action in made.actions if action.do == deed]
        for action in actions[:_SHOWN]:
            screen.line(printable(action.words))
        if len(actions) > _SHOWN:
            screen.line(f"and {len(actions) - _SHOWN:,} more like this; --json lists all of them", "dim")
    screen.line(f"{count:,} {'action' if count == 1 else 'actions'}" if count else "nothing to do", "bold")


def _show_applied(done: Applied, screen: Screen) -> None:
    counts = {"done": done.done, "had nothing left to do": done.unchanged, "skipped": len(done.skipped)}
    told = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    if told:
        screen.line(told, "yellow" if done.skipped else "green")
    rows = [(printable(each.action.words), printable(each.reason)) for each in done.skipped]
    if rows:
        screen.table(("skipped", "because"), rows, whole=("skipped",))


def _show_sighting(sighting: Sighting, call: Call) -> None:
    screen, report = call.screen, sighting.report
    if call.in_json:
        looked = {"root": sighting.root, "folder": sighting.folder}
        screen.document({**looked, **report.to_document()}, indent=None)
    elif not sighting.root:
        _show_report(report, screen, shown=_SHOWN)
    else:
        time = f"{report.at:%H:%M:%S}"
        counts = ", ".join(f"{count:,} {state}" for state in STATES if (count := report.counts.get(state)))
        place = printable(str(Spot(sighting.root, sighting.folder)))
        screen.line(f"{time} {place}: {counts or 'no files'}", "bold")
        _show_findings(report.findings, screen, shown=_SHOWN)
    screen.stream.flush()
