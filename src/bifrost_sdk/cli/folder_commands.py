"""The commands ``bifrost folders``, ``bifrost path`` and ``bifrost workfiles``: folders, paths and scenes on disk."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bifrost_sdk.cli.arguments import ref_of
from bifrost_sdk.cli.command import Call, F, argument, command, flag, option
from bifrost_sdk.cli.refusals import refuse
from bifrost_sdk.cli.screen import Cell
from bifrost_sdk.errors import BifrostError, Issue, ValidationError
from bifrost_sdk.session import Session

if TYPE_CHECKING:  # loaded when folders are asked for
    from bifrost_sdk.services.folder_plans import FolderPlan
    from bifrost_sdk.services.readings import ParsedPath
    from bifrost_sdk.services.workfiles import WorkfileEntry

_STYLES = {"missing": "yellow", "made": "green", "differs": "yellow", "blocked": "red"}
_TOKENS = "values that the catalog does not give: task=anim version=3 ext=ma"


def _for_nodes(function: F) -> F:
    """For which things folders are wanted."""
    refs = argument("refs", "[REF]...", "for these; none: for the whole project", nargs=-1)
    return refs(flag("-b", "--below", help="for all that lies below them, too")(function))


def _for_scenes(function: F) -> F:
    """Whose work files are asked for, and which."""
    ref = argument("ref", "REF", "shots/sq010/sh020, or a whole reference, also of a task")
    tokens = argument("tokens", "[TOKEN=VALUE]...", "task=anim variant=blocking ext=ma", nargs=-1)
    of = "of this application: maya, blender, houdini"
    return ref(tokens(option("-a", "--application", metavar="NAME", default="", help=of)(function)))


@command()
@_for_nodes
def plan(call: Call, *, refs: tuple[str, ...], below: bool) -> int:
    """Show what is wanted on disk; the status is 1 where something else has a place."""
    with call.session() as session:
        return _show_plan(session.folders.plan(*_items(session, refs), below=below or not refs), call)


@command()
@_for_nodes
def create(call: Call, *, refs: tuple[str, ...], below: bool) -> int:
    """Make what is missing on disk."""
    with call.session() as session:
        return _show_plan(session.folders.create(*_items(session, refs), below=below or not refs), call)


@command()
@argument("paths", "PATH...", "a file or folder below a root", nargs=-1, required=True)
def parse(call: Call, *, paths: tuple[str, ...]) -> int:
    """Say what each path is; the highest exit status counts."""
    with call.session() as session:
        answers = session.folders.parse_many(paths, project=call.project)
    if call.in_json:
        call.screen.document([answer.to_data() for answer in answers])
    else:
        rows = [_parsed_row(answer) for answer in answers if not isinstance(answer, BifrostError)]
        if rows:
            head = ("belongs to", "what", "file", "template", "missing")
            call.screen.table(head, rows, whole=("belongs to",))
    errors = [answer for answer in answers if isinstance(answer, BifrostError)]
    return max((refuse(error, in_json=call.in_json) for error in errors), default=0)


@command()
@argument("ref", "REF", "assets/char/hero, or a whole reference")
@argument("area", "AREA", "work, output, publish, folder, or another area of the templates")
@argument("tokens", "[TOKEN=VALUE]...", _TOKENS, nargs=-1)
def path_for(call: Call, *, ref: str, area: str, tokens: tuple[str, ...]) -> int:
    """Print where a thing has its files."""
    with call.session() as session:
        whole = ref_of(session, ref)
        path = session.folders.path_for(whole, area, **_tokens(session, whole, tokens))
    if call.in_json:
        call.screen.document({"ref": whole, "area": area, "path": str(path)})
    else:
        call.screen.line(str(path))
    return 0


@command()
@_for_scenes
def list_(call: Call, *, ref: str, tokens: tuple[str, ...], application: str) -> int:
    """List work files by number."""
    with call.session() as session:
        whole = ref_of(session, ref)
        found = session.workfiles.list(whole, application=application, **_tokens(session, whole, tokens))
    if call.in_json:
        call.screen.document([entry.to_data() for entry in found])
    elif found:
        rows = [_workfile_row(entry) for entry in found]
        call.screen.table(("number", "path", "by", "note"), rows, whole=("path",))
    else:
        call.screen.line("nothing yet", "dim")
    return 0


@command()
@_for_scenes
def next_(call: Call, *, ref: str, tokens: tuple[str, ...], application: str) -> int:
    """Print the path of the next work file."""
    with call.session() as session:
        whole = ref_of(session, ref)
        entry = session.workfiles.next(whole, application=application, **_tokens(session, whole, tokens))
    if call.in_json:
        call.screen.document(entry.to_data())
    else:
        call.screen.line(str(entry.path))
    return 0


def _items(session: Session, refs: Sequence[str]) -> list[str]:
    return [ref_of(session, ref) for ref in refs] or [f"bifrost://{session.context.code_of(None)}"]


def _tokens(session: Session, ref: str, typed: Sequence[str]) -> dict[str, Any]:  # Any: values of tokens
    """The values that are typed: a number where a token of that name is one."""
    templates = session.templates.get(session.context.code_of(ref)).templates.values()
    found: dict[str, Any] = {}  # Any: as above
    for text in typed:
        name, mark, value = text.partition("=")
        if not (name and mark):
            hint = "write task=anim"
            raise ValidationError(Issue("token.form", f"{text!r} is not TOKEN=VALUE", "tokens", hint=hint))
        types = (made.template.tokens[name].value_type for made in templates if name in made.template.tokens)
        is_number = next(types, str) is int and re.fullmatch("-?[0-9]{1,18}", value)
        found[name] = int(value) if is_number else value
    return found


def _show_plan(plan: FolderPlan, call: Call) -> int:
    screen, blocked = call.screen, plan.in_state("blocked")
    if call.in_json:
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
