"""The commands ``bifrost sync``: what lies on disk against what the catalog says, and the catalog brought up to it.

``scan`` and ``watch`` only look, ``plan`` only says, ``apply`` does; the status of each tells whether all is well.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from bifrost_sdk.cli.commands import Command, Group, opened
from bifrost_sdk.cli.meters import meter
from bifrost_sdk.cli.screen import Cell, Screen, printable
from bifrost_sdk.domain.reconciliation import STATES, Finding, Report, Spot
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
_DAY = 86_400.0


def add_commands(found: Group, placed: argparse.ArgumentParser) -> None:
    """Add ``sync`` with all that it can do to the parser of the command."""
    text = "compare what lies on disk with the catalog, and bring the catalog up to it"
    syncing = found.add_parser("sync", help=text, description=f"{text[0].upper()}{text[1:]}.")
    actions = syncing.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, run: Command, text: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made = actions.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[placed, *parents]
        )
        made.set_defaults(run=run)
        return made

    within, reading, removing = _scopes()
    scanning = add("scan", scan, "say what is not as the catalog says; the status is 1 then", within, reading)
    scanning.add_argument(
        "--state",
        action="append",
        choices=[state for state in STATES if state != "ok"],
        help="list and judge by this state alone, all of it; may be given again",
    )
    planning = add("plan", plan, "say what applying would do; nothing is changed", within, reading, removing)
    planning.add_argument("--to", metavar="FILE", help="keep the plan there, to be looked at and applied as it is")
    applying = add(
        "apply", apply, "do what a plan says; interrupted or repeated, it goes on", within, reading, removing
    )
    applying.add_argument("file", nargs="?", metavar="FILE", help="a kept plan (default: that of a new scan)")
    applying.add_argument(
        "--limit",
        type=float,
        default=0.1,
        metavar="PART",
        help="refuse when more than this part of the files is gone, 0 to 1 (default: 0.1); ten always may be",
    )
    _add_watch(add("watch", watch, "scan again whatever changes, until it is interrupted; nothing is changed", within))
    marking = add("mark", mark, "mark the folder of a root as the right one, so that scans of it may be applied")
    marking.add_argument("root", metavar="ROOT", help="its name in bifrost.yaml")


def _scopes() -> tuple[argparse.ArgumentParser, argparse.ArgumentParser, argparse.ArgumentParser]:
    """The options that commands share: what is looked at, how, and whether removals are wanted."""
    within, reading, removing = (argparse.ArgumentParser(add_help=False) for _ in range(3))
    within.add_argument("--root", metavar="NAME", help="only what lies below this root")
    within.add_argument("--folder", metavar="FOLDER", help="only this folder: a whole path, or one below the root")
    reading.add_argument("--verify", action="store_true", help="read every file, not only its size and time")
    removing.add_argument(
        "--allow-removals", action="store_true", help="let the catalog forget work files that are gone"
    )
    return within, reading, removing


def _add_watch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--poll",
        type=_seconds,
        metavar="SECONDS",
        help="look for changes so often, where the file system does not tell of them: NFS, SMB",
    )
    parser.add_argument(
        "--every",
        type=_seconds,
        default=3600.0,
        metavar="SECONDS",
        help="scan everything so often, whatever was told (default: 3600)",
    )
    parser.add_argument(
        "--settle",
        type=_seconds,
        default=3.0,
        metavar="SECONDS",
        help="scan a folder when nothing changed there for so long (default: 3)",
    )


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < float(text) <= 365 * _DAY:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")


def scan(options: argparse.Namespace, screen: Screen) -> int:
    """Show a scan; the status is 1 when something is not as the catalog says, or could not be looked at."""
    with opened(options) as session, _interruptible("nothing was changed"):
        report = _scan(session, options)
    if options.state:
        report = attrs.evolve(report, findings=report.of(*options.state))
    if options.json:
        screen.document(report.to_document())
    else:
        _show_report(report, screen, shown=None if options.state else _SHOWN)
        screen.line(*_summary(report, options.state or ()))
    return int(not report.is_clean)


def plan(options: argparse.Namespace, screen: Screen) -> int:
    """Show what applying a new scan would do; the status is 1 when not all could be looked at."""
    with opened(options) as session, _interruptible("nothing was changed"):
        report = _scan(session, options)
        made = session.sync.plan(report, allow_removals=options.allow_removals)
    document = made.to_document()
    if options.to:
        _keep(document, Path(options.to))
    if options.json:
        screen.document(document)
    else:
        _show_roots(report, screen)
        _show_plan(made, screen)
        if options.to:
            screen.line(f"kept; bifrost sync apply {printable(options.to)} does just this", "dim")
        elif made.actions:
            screen.line("nothing was changed; bifrost sync apply does it", "dim")
    return int(any(root.problem for root in report.roots))


def apply(options: argparse.Namespace, screen: Screen) -> int:
    """Do what a kept plan says, or that of a new scan; the status is 1 when some of it could not be done."""
    kept = _kept(options) if options.file else None
    with opened(options) as session:
        made = kept or _planned(session, options)
        if not options.json:
            _show_plan(made, screen)
        done = _apply(session, made, options.limit)
    if options.json:
        screen.document({"project": made.project, **_told(done)})
    else:
        _show_applied(done, screen)
    return int(bool(done.skipped))


def watch(options: argparse.Namespace, screen: Screen) -> int:
    """Show a scan of everything, and then one of each folder in which something changes."""
    with opened(options) as session:
        sightings = session.sync.watch(
            options.project,
            root=options.root,
            folder=_folder(options),
            settle=options.settle,
            every=options.every,
            poll=options.poll,
        )
        try:
            for sighting in sightings:
                _show_sighting(sighting, options, screen)
        except KeyboardInterrupt:  # there is no other end to it
            print("bifrost: watched until interrupted; nothing was changed", file=sys.stderr)
    return 0


def mark(options: argparse.Namespace, screen: Screen) -> int:
    """Put the sentinel into the folder of a root."""
    with opened(options) as session:
        is_new = session.sync.mark(options.root)
        folder = places.root(session.context.roots, options.root)
    if options.json:
        screen.document({"root": options.root, "folder": str(folder), "marked": is_new})
    else:
        screen.line(f"{options.root} ({folder}) {'is marked now' if is_new else 'was marked already'}")
    return 0


@contextlib.contextmanager
def _interruptible(consequence: str) -> Iterator[None]:
    """Say what an interruption left behind."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(consequence) from error


def _scan(session: Session, options: argparse.Namespace) -> Report:
    return session.sync.scan(
        options.project,
        root=options.root,
        folder=_folder(options),
        verify=options.verify,
        progress=meter(_LOOKED),
    )


def _folder(options: argparse.Namespace) -> str | None:
    """The folder as it is typed: relative to the root, or else to where one stands."""
    typed: str | None = options.folder
    return typed if typed is None or options.root is not None else str(Path(typed).absolute())


def _planned(session: Session, options: argparse.Namespace) -> Plan:
    with _interruptible("nothing was changed"):
        return session.sync.plan(_scan(session, options), allow_removals=options.allow_removals)


def _kept(options: argparse.Namespace) -> Plan:
    """The plan of a file, which was made of one scan and is done as it is."""
    from bifrost_sdk.domain.repairs import Plan

    asked = {
        "--root": options.root,
        "--folder": options.folder,
        "--verify": options.verify,
        "--allow-removals": options.allow_removals,
    }
    if given := [name for name, value in asked.items() if value]:
        hint = f"leave {', '.join(given)} out, or plan anew with it"
        raise ValidationError(Issue("plan.kept", "a kept plan is done as it is", subject=options.file, hint=hint))
    try:
        made = Plan.from_document(json.loads(Path(options.file).read_bytes()))
    except OSError as error:
        raise StorageError(
            f"{options.file} cannot be read: {error.strerror}", path=options.file, reason=str(error)
        ) from error
    except (ValueError, RecursionError) as error:
        hint = "bifrost sync plan --to FILE writes one"
        raise ValidationError(
            Issue("plan.form", f"this is no plan: {error}", subject=options.file, hint=hint)
        ) from error
    if options.project not in (None, made.project):
        message = f"the plan is of the project {made.project}, not of {options.project}"
        raise ValidationError(Issue("plan.project", message, subject=options.file, hint="leave --project out"))
    return made


def _keep(document: Any, path: Path) -> None:  # Any: JSON
    try:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", path=str(path), reason=str(error)) from error


def _apply(session: Session, made: Plan, limit: float) -> Applied:
    told, tell = [0], meter("actions done")

    def count(done: int, total: int) -> None:
        told[0] = done
        if tell:
            tell(done, total)

    try:
        return session.sync.apply(made, limit=limit, progress=count)
    except KeyboardInterrupt as error:
        stand = f"{told[0]:,} of {len(made.actions):,} actions are through and stay so, the others are as they were"
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


def _show_sighting(sighting: Sighting, options: argparse.Namespace, screen: Screen) -> None:
    report = sighting.report
    if options.json:
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
