"""The commands ``bifrost folders``, ``bifrost path`` and ``bifrost workfiles``: folders, paths and scenes on disk."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bifrost_sdk.cli.commands import Command, Group, opened, ref_of
from bifrost_sdk.cli.refusals import refuse
from bifrost_sdk.cli.screen import Cell, Screen
from bifrost_sdk.errors import BifrostError, Issue, ValidationError
from bifrost_sdk.session import Session

if TYPE_CHECKING:  # loaded when folders are asked for
    from bifrost_sdk.services.folder_plans import FolderPlan
    from bifrost_sdk.services.readings import ParsedPath
    from bifrost_sdk.services.workfiles import WorkfileEntry

_STYLES = {"missing": "yellow", "made": "green", "differs": "yellow", "blocked": "red"}
_TOKENS = "values that the catalog does not give: task=anim version=3 ext=ma"


def add_commands(found: Group, placed: argparse.ArgumentParser) -> None:
    """Add what can be done with folders, paths and work files to the parser of the command."""

    def add(group: Group, name: str, run: Command, text: str) -> argparse.ArgumentParser:
        made = group.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[placed])
        made.set_defaults(run=run)
        return made

    folders = _group(found, "folders", "make the folders of a production by its templates")
    for name, run, text in (
        ("plan", plan, "say which folders and files there should be, and how it stands; nothing is made"),
        ("create", create, "make the folders and files that are missing; what is there stays as it is"),
    ):
        made = add(folders, name, run, text)
        made.add_argument("refs", nargs="*", metavar="REF", help="for these; none: for the whole project")
        made.add_argument("-b", "--below", action="store_true", help="for all that lies below them, too")
    paths = _group(found, "path", "say what a path is, and where a thing has its files")
    parsing = add(paths, "parse", parse, "say what paths are")
    parsing.add_argument("paths", nargs="+", metavar="PATH", help="a file or folder below a root")
    asking = add(paths, "for", path_for, "print the path of a thing in an area")
    asking.add_argument("ref", metavar="REF", help="assets/char/hero, or a whole reference")
    asking.add_argument("area", help="work, output, publish, folder, or another area of the templates")
    asking.add_argument("tokens", nargs="*", metavar="TOKEN=VALUE", help=_TOKENS)
    workfiles = _group(found, "workfiles", "find the scenes that people work in")
    for name, run, text in (
        ("list", list_, "list the work files of a thing, in the catalog and on disk"),
        ("next", next_, "print the path of the work file that comes next; nothing is made"),
    ):
        made = add(workfiles, name, run, text)
        made.add_argument("ref", metavar="REF", help="shots/sq010/sh020, or a whole reference, also of a task")
        made.add_argument("tokens", nargs="*", metavar="TOKEN=VALUE", help="task=anim variant=blocking ext=ma")
        made.add_argument("-a", "--application", default="", help="of this application: maya, blender, houdini")


def plan(options: argparse.Namespace, screen: Screen) -> int:
    """Show what is wanted on disk; the status is 1 where something else has a place."""
    with opened(options) as session:
        return _show_plan(session.folders.plan(*_items(session, options), below=_is_deep(options)), options, screen)


def create(options: argparse.Namespace, screen: Screen) -> int:
    """Make what is missing on disk."""
    with opened(options) as session:
        return _show_plan(session.folders.create(*_items(session, options), below=_is_deep(options)), options, screen)


def parse(options: argparse.Namespace, screen: Screen) -> int:
    """Say what each path is; the highest exit status counts."""
    with opened(options) as session:
        answers = session.folders.parse_many(options.paths, project=options.project)
    if options.json:
        screen.document([answer.to_data() for answer in answers])
    else:
        rows = [_parsed_row(answer) for answer in answers if not isinstance(answer, BifrostError)]
        if rows:
            screen.table(("belongs to", "what", "file", "template", "missing"), rows, whole=("belongs to",))
    errors = [answer for answer in answers if isinstance(answer, BifrostError)]
    return max((refuse(error, in_json=options.json) for error in errors), default=0)


def path_for(options: argparse.Namespace, screen: Screen) -> int:
    """Print where a thing has its files."""
    with opened(options) as session:
        ref = ref_of(session, options.ref)
        path = session.folders.path_for(ref, options.area, **_tokens(session, ref, options.tokens))
    if options.json:
        screen.document({"ref": ref, "area": options.area, "path": str(path)})
    else:
        screen.line(str(path))
    return 0


def list_(options: argparse.Namespace, screen: Screen) -> int:
    """List work files by number."""
    with opened(options) as session:
        ref = ref_of(session, options.ref)
        tokens = _tokens(session, ref, options.tokens)
        found = session.workfiles.list(ref, application=options.application, **tokens)
    if options.json:
        screen.document([entry.to_data() for entry in found])
    elif found:
        screen.table(("number", "path", "by", "note"), [_workfile_row(entry) for entry in found], whole=("path",))
    else:
        screen.line("nothing yet", "dim")
    return 0


def next_(options: argparse.Namespace, screen: Screen) -> int:
    """Print the path of the next work file."""
    with opened(options) as session:
        ref = ref_of(session, options.ref)
        tokens = _tokens(session, ref, options.tokens)
        entry = session.workfiles.next(ref, application=options.application, **tokens)
    if options.json:
        screen.document(entry.to_data())
    else:
        screen.line(str(entry.path))
    return 0


def _group(found: Group, name: str, text: str) -> Group:
    made = found.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    return made.add_subparsers(title="commands", metavar="COMMAND", required=True)


def _items(session: Session, options: argparse.Namespace) -> list[str]:
    return [ref_of(session, ref) for ref in options.refs] or [f"bifrost://{session.context.code_of(None)}"]


def _is_deep(options: argparse.Namespace) -> bool:
    return bool(options.below or not options.refs)


def _tokens(session: Session, ref: str, arguments: Sequence[str]) -> dict[str, Any]:  # Any: values of tokens
    """The values that are typed: a number where a token of that name is one."""
    templates = session.templates.get(session.context.code_of(ref)).templates.values()
    found: dict[str, Any] = {}  # Any: as above
    for argument in arguments:
        name, mark, value = argument.partition("=")
        if not (name and mark):
            raise ValidationError(
                Issue("token.form", f"{argument!r} is not TOKEN=VALUE", "tokens", hint="write task=anim")
            )
        types = (made.template.tokens[name].value_type for made in templates if name in made.template.tokens)
        is_number = next(types, str) is int and re.fullmatch("-?[0-9]{1,18}", value)
        found[name] = int(value) if is_number else value
    return found


def _show_plan(plan: FolderPlan, options: argparse.Namespace, screen: Screen) -> int:
    blocked = plan.in_state("blocked")
    if options.json:
        warnings = [str(issue) for issue in plan.warnings]
        screen.document({"steps": [step.to_data() for step in plan.steps], "warnings": warnings})
        return int(bool(blocked))
    told = [step for step in plan.steps if step.state != "there"]
    rows: list[tuple[Cell, ...]] = [
        (
            (step.state, _STYLES.get(step.state, "")),
            str(step.place),
            "" if step.wanted.mode is None else f"{step.wanted.mode:04o}",
            f"{step.wanted.template} for {step.wanted.subject}",
            (step.detail, "dim"),
        )
        for step in told
    ]
    if rows:
        screen.table(("state", "place", "mode", "because of", "note"), rows, whole=("place",))
    for issue in plan.warnings:
        screen.line(str(issue), "yellow")
    screen.line(f"{len(plan.steps) - len(told)} of {len(plan.steps)} were there", "dim")
    return int(bool(blocked))


def _parsed_row(parsed: ParsedPath) -> tuple[Cell, ...]:
    thing = parsed.version or parsed.product or parsed.node
    what = parsed.task.code if parsed.task else thing.kind
    if parsed.workfile is not None:
        what = f"{what}, work file"
    file = parsed.file.name if parsed.file else ""
    missing = ", ".join(error.ref for error in parsed.missing)
    return thing.ref, what, file, parsed.template, (missing, "yellow")


def _workfile_row(entry: WorkfileEntry) -> tuple[Cell, ...]:
    number = "" if entry.number is None else str(entry.number)
    note: Cell = ("not on disk", "red")
    if entry.is_there:
        note = entry.workfile.comment if entry.workfile else ("not in the catalog", "yellow")
    return number, str(entry.path), entry.workfile.created_by if entry.workfile else "", note
