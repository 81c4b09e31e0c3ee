"""The commands ``bifrost adopt`` and ``bifrost import``: what exists already is brought into the catalog."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from bifrost_sdk.cli.commands import Command, Group, opened
from bifrost_sdk.cli.meters import meter
from bifrost_sdk.cli.screen import Screen, printable
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.session import Session

if TYPE_CHECKING:  # loaded when something is adopted or imported
    from bifrost_sdk.services.adoption import AdoptionPlan
    from bifrost_sdk.services.hashing import Hashed
    from bifrost_sdk.services.tables import TablePlan

#: So many lines of what is left out are shown to people; programs are given all of them.
_SHOWN = 40

_YAML = (".yaml", ".yml")


def add_commands(found: Group, placed: argparse.ArgumentParser) -> None:
    """Add what brings existing things in to the parser of the command."""

    def add(group: Group, name: str, run: Command, text: str) -> argparse.ArgumentParser:
        made = group.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[placed])
        made.set_defaults(run=run)
        return made

    adopting = add(found, "adopt", adopt, "take in a show where it lies; without --apply only say what would be done")
    adopting.add_argument("folder", nargs="?", metavar="FOLDER", help="its folder, below a root of the workspace")
    adopting.add_argument(
        "-t",
        "--templates",
        metavar="T",
        help="a YAML file, or the name of a set, that reads its paths (default: the project's own)",
    )
    adopting.add_argument("--root", metavar="NAME", help="the root that is meant, where the folder lies in several")
    adopting.add_argument("--apply", action="store_true", help="do it; interrupted, it goes on when it is run again")
    adopting.add_argument(
        "--hash", action="store_true", help="read what was adopted unread, so that it can be verified"
    )
    text = "bring in tables of assets or shots"
    importing = found.add_parser("import", help=text, description=f"{text[0].upper()}{text[1:]}.")
    tables = importing.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, columns in (
        ("assets", "type, code, name, description, tags, status"),
        ("shots", "episode, sequence, code, frames, name, description, tags, status"),
    ):
        made = add(tables, name, import_, f"bring in {name}; without --apply only say what would be done")
        made.add_argument("file", metavar="FILE.csv", help=f"columns: {columns}, and the project's attributes")
        made.add_argument("--apply", action="store_true", help="do it, all of it in one commit")
        made.set_defaults(kind=name)


def adopt(options: argparse.Namespace, screen: Screen) -> int:
    """Plan an adoption, and carry it out where that is wanted; the status is 1 where files could not be hashed."""
    if options.folder is None and not options.hash:
        hint = "write bifrost adopt FOLDER, or bifrost adopt --hash"
        raise ValidationError(Issue("adopt.folder", "no folder is named", hint=hint))
    with opened(options) as session:
        data = {} if options.folder is None else _adopt(session, options, screen)
        hashed = None
        if options.hash:
            hashed = session.adoption.hash(options.project, progress=meter("representations and work files read"))
            data["hashed"] = attrs.asdict(hashed)
            if not options.json:
                _show_hashed(hashed, screen)
    if options.json:
        screen.document(data)
    return int(hashed is not None and bool(hashed.failed))


def _adopt(session: Session, options: argparse.Namespace, screen: Screen) -> dict[str, Any]:  # Any: JSON
    plan = session.adoption.plan(
        options.folder,
        templates=_templates(options.templates),
        project=options.project,
        root=options.root,
        progress=meter("files looked at"),
    )
    if not options.json:
        _show_plan(plan, screen)
    if not options.apply:
        if plan.batches and not options.json:
            screen.line("nothing was changed; --apply does it", "dim")
        return plan.to_data()
    done = session.adoption.apply(plan, progress=meter("files taken in"))
    if not options.json:
        commits = "1 commit" if len(done.revisions) == 1 else f"{len(done.revisions):,} commits"
        screen.line(f"{done.files:,} files were taken in by {commits}", "green")
    return {**plan.to_data(), "applied": attrs.asdict(done)}


def import_(options: argparse.Namespace, screen: Screen) -> int:
    """Plan the import of a table, and carry it out where that is wanted; the status is 1 when rows are wrong."""
    with opened(options) as session:
        plan = session.tables.plan(options.kind, options.file, project=options.project)
        data = plan.to_data()
        if not options.json:
            _show_table(plan, screen)
        if options.apply and not plan.issues:
            commit = session.tables.apply(plan)
            data["revision"] = commit.revision if commit else None
    if options.json:
        screen.document(data)
    elif plan.issues:
        screen.line(f"nothing can be imported: {len(plan.issues):,} cells or rows are wrong", "red")
    elif not plan.changes:
        screen.line("nothing to do", "dim")
    elif options.apply:
        screen.line(f"imported by revision {data['revision']}", "green")
    else:
        screen.line("nothing was changed; --apply does it", "dim")
    return int(bool(plan.issues))


def _templates(given: str | None) -> Path | str | None:
    """A file when it looks like one, else the name of a set."""
    if given is None:
        return None
    path = Path(given)
    return path if path.suffix in _YAML or path.is_file() else given


def _show_plan(plan: AdoptionPlan, screen: Screen) -> None:
    screen.line(f"{plan.folder} into {plan.project}, by {plan.templates or 'its templates'}", "bold")
    _show_counts(plan.counts, screen)
    left = sum(each.count for each in plan.left)
    told = {"to be taken in": plan.files, "known": plan.known, "kept by no catalog": plan.others, "left out": left}
    screen.line(", ".join(f"{count:,} {what}" for what, count in told.items() if count) or "no files")
    rows = [
        (printable(each.path), f"{each.count:,}", each.template, each.token, printable(each.reason))
        for each in plan.left[:_SHOWN]
    ]
    if rows:
        screen.table(("left out", "files", "nearest template", "token", "because"), rows, whole=("left out",))
    if len(plan.left) > _SHOWN:
        screen.line(f"and {len(plan.left) - _SHOWN:,} more; --json lists all of them", "dim")


def _show_counts(counts: Mapping[str, int], screen: Screen) -> None:
    rows = [(entity_type(kind).plural.replace("_", " "), f"{count:,}") for kind, count in counts.items()]
    if rows:
        screen.table(("to be made", "count"), rows)


def _show_hashed(hashed: Hashed, screen: Screen) -> None:
    screen.line(f"{hashed.files:,} files were read", "green")
    rows = [(f"{each.root}: {each.path}", each.reason) for each in hashed.failed]
    if rows:
        screen.table(("not read", "because"), rows, whole=("not read",))


def _show_table(plan: TablePlan, screen: Screen) -> None:
    screen.line(f"{plan.source} into {plan.project}", "bold")
    _show_counts(plan.counts, screen)
    changed = [(ref, ", ".join(fields)) for ref, fields in plan.changed.items()]
    if changed:
        screen.table(("to be changed", "fields"), changed, whole=("to be changed",))
    if plan.unchanged:
        screen.line(f"{plan.unchanged:,} stand as the table says")
    issues: Sequence[Issue] = plan.issues
    rows = [(issue.subject, issue.path, issue.message, issue.hint) for issue in issues]
    if rows:
        screen.table(("line", "column", "wrong", "to do"), rows, whole=("line", "column", "wrong"))
