"""The commands ``bifrost adopt`` and ``bifrost import``: what exists already is brought into the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from bifrost_sdk.cli.command import Call, Command, argument, command, flag, option
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
_SET = "a YAML file, or the name of a set, that reads its paths (default: the project's own)"


@command()
@argument("folder", "[FOLDER]", "its folder, below a root of the workspace", required=False)
@option("-t", "--templates", metavar="T", help=_SET)
@option("--root", metavar="NAME", help="the root that is meant, where the folder lies in several")
@flag("--apply", help="do it; interrupted, it goes on when it is run again")
@flag("--hash", help="read what was adopted unread, so that it can be verified")
def adopt(  # Any: each as its own
    call: Call, *, folder: str | None, hash: bool, **said: Any
) -> int:
    """Plan an adoption, and carry it out where that is wanted; the status is 1 where files could not be hashed."""
    if folder is None and not hash:
        hint = "write bifrost adopt FOLDER, or bifrost adopt --hash"
        raise ValidationError(Issue("adopt.folder", "no folder is named", hint=hint))
    with call.session() as session:
        data = {} if folder is None else _adopt(session, call, folder, **said)
        hashed = None
        if hash:
            with meter("representations and work files read") as tell:
                hashed = session.adoption.hash(call.project, progress=tell)
            data["hashed"] = attrs.asdict(hashed)
            if not call.in_json:
                _show_hashed(hashed, call.screen)
    if call.in_json:
        call.screen.document(data)
    return int(hashed is not None and bool(hashed.failed))


def _adopt(  # Any: JSON
    session: Session, call: Call, folder: str, *, templates: str | None, root: str | None, apply: bool
) -> dict[str, Any]:
    with meter("files looked at") as tell:
        plan = session.adoption.plan(
            folder, templates=_templates(templates), project=call.project, root=root, progress=tell
        )
    if not call.in_json:
        _show_plan(plan, call.screen)
    if not apply:
        if plan.batches and not call.in_json:
            call.screen.line("nothing was changed; --apply does it", "dim")
        return plan.to_data()
    with meter("files taken in") as tell:
        done = session.adoption.apply(plan, progress=tell)
    if not call.in_json:
        commits = "1 commit" if len(done.revisions) == 1 else f"{len(done.revisions):,} commits"
        call.screen.line(f"{done.files:,} files were taken in by {commits}", "green")
    return {**plan.to_data(), "applied": attrs.asdict(done)}


def _import(kind: str, columns: str) -> Command:
    """The command that brings in a table of a kind."""

    @command()
    @argument("file", "FILE.csv", f"columns: {columns}, and the project's attributes")
    @flag("--apply", help="do it, all of it in one commit")
    def run(call: Call, *, file: str, apply: bool) -> int:
        return _import_table(call, kind, file, apply=apply)

    return run


import_assets = _import("assets", "type, code, name, description, tags, status")
import_shots = _import("shots", "episode, sequence, code, frames, name, description, tags, status")


def _import_table(call: Call, kind: str, file: str, *, apply: bool) -> int:
    """Plan the import of a table, and carry it out where that is wanted; the status is 1 when rows are wrong."""
    screen = call.screen
    with call.session() as session:
        plan = session.tables.plan(kind, file, project=call.project)
        data = plan.to_data()
        if not call.in_json:
            _show_table(plan, screen)
        if apply and not plan.issues:
            commit = session.tables.apply(plan)
            data["revision"] = commit.revision if commit else None
    if call.in_json:
        screen.document(data)
    elif plan.issues:
        screen.line(f"nothing can be imported: {len(plan.issues):,} cells or rows are wrong", "red")
    elif not plan.changes:
        screen.line("nothing to do", "dim")
    elif apply:
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
