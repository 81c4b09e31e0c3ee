"""The commands ``bifrost project``, ``asset``, ``shot``, ``task`` and ``cast``: what a production is made of.

Each noun has ``list`` and ``update`` of its kind and ``create`` in its own words; fields are typed as FIELD=VALUE.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from bifrost_sdk.cli import listing
from bifrost_sdk.cli.arguments import count, ref_of, task_of
from bifrost_sdk.cli.command import Call, Command, F, argument, command, flag, option
from bifrost_sdk.cli.fields import conditions_of, values_of
from bifrost_sdk.cli.reading_commands import show_listing, show_things
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import Compare
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.services.entities import Entities
from bifrost_sdk.session import Session

#: How the things of a kind are got at: a session's service.
Service: TypeAlias = Callable[[Session], Entities[Any]]  # Any: entities of that kind

_FIELDS = "values for its fields: name='The hero' tags=main,digital description=…"
_CONDITIONS = "what holds for them: tags__contains=main status__code=wip"
_ENSURE = "take the one that is there, as it is"

_ASSET = "TYPE/ASSET, and what it lies below between: char/hero, char/hero/sword"
_SHOT = "SHOT, SEQUENCE/SHOT or EPISODE/SEQUENCE/SHOT: sq010/sh020"


def _with_fields(function: F) -> F:
    return argument("fields", "[FIELD=VALUE]...", _FIELDS, nargs=-1)(function)


def _list(kind: str) -> Command:
    """The command that lists the things of a kind."""

    @command()
    @argument("conditions", "[CONDITION]...", _CONDITIONS, nargs=-1)
    @option("-n", "--limit", type=count, default="100", metavar="N", help="at most so many (default: 100)")
    @option("--after", metavar="REF", help="go on behind this one, the last of a listing")
    def run(call: Call, *, conditions: tuple[str, ...], limit: int, after: str | None) -> int:
        filters = conditions_of(kind, conditions)
        with call.session() as session:
            last = session.get(ref_of(session, after)) if after else None
            found = listing.list_entities(session, kind, limit=limit, after=last, filters=filters)
        return show_listing(call, found, after=after)

    return run


def _update(kind: str, what: str) -> Command:
    """The command that gives the things of a kind new values."""

    @command()
    @argument("ref", "REF", what)
    @_with_fields
    def run(call: Call, *, ref: str, fields: tuple[str, ...]) -> int:
        values = values_of(kind, _some(fields))
        with call.session() as session:
            return _show_changed(call, _SERVICES[kind](session).update(_ref(session, kind, ref), **values))

    return run


_SERVICES: dict[str, Service] = {
    "project": lambda session: session.projects,
    "asset": lambda session: session.assets,
    "shot": lambda session: session.shots,
}

list_projects, list_assets, list_shots = _list("project"), _list("asset"), _list("shot")
update_project = _update("project", "its code: demo")
update_asset = _update("asset", "assets/char/hero, or a whole reference")
update_shot = _update("shot", "shots/sq010/sh020, or a whole reference")


@command()
@argument("code", "CODE", "its code, which never changes: a-z, 0-9, _ and -")
@_with_fields
@flag("--ensure", help=_ENSURE)
def create_project(call: Call, *, code: str, fields: tuple[str, ...], ensure: bool) -> int:
    """Make a project."""
    values = values_of("project", fields)
    with call.session() as session:
        make = session.projects.ensure if ensure else session.projects.create
        return _show_changed(call, make(code, **values))


@command()
@argument("code", "CODE", "its code: demo")
def show_project(call: Call, *, code: str) -> int:
    """Tell all that is known of a project."""
    with call.session() as session:
        return show_things(call, session, [code if ":" in code else f"bifrost://{code}"])


@command()
@argument("path", "PATH", _ASSET)
@_with_fields
@flag("--ensure", help=_ENSURE)
def create_asset(call: Call, *, path: str, fields: tuple[str, ...], ensure: bool) -> int:
    """Make an asset, and its type where that is missing."""
    values = values_of("asset", fields)
    with call.session() as session:
        project, (kind, *above, code) = _path(session, path, "assets", parts=(2, 99))
        if above:
            values["parent"] = f"bifrost://{project}/{'/'.join(['assets', kind, *above])}"
        make = session.assets.ensure if ensure else session.assets.create
        return _show_changed(call, make(project, kind, code, **values))


@command()
@argument("path", "PATH", _SHOT)
@_with_fields
@flag("--ensure", help=_ENSURE)
def create_shot(call: Call, *, path: str, fields: tuple[str, ...], ensure: bool) -> int:
    """Make a shot, and its sequence and episode where they are missing."""
    values = values_of("shot", fields)
    with call.session() as session:
        project, parts = _path(session, path, "shots", parts=(1, 3))
        episode, sequence, code = [None, None, *parts][-3:]
        make = session.shots.ensure if ensure else session.shots.create
        return _show_changed(call, make(project, sequence, str(code), episode=episode, **values))


@command()
@argument("node", "NODE", "what is worked on: assets/char/hero")
@argument("code", "CODE", "what is done: model, rig, anim")
@_with_fields
def create_task(call: Call, *, node: str, code: str, fields: tuple[str, ...]) -> int:
    """Make a task on a node."""
    values = values_of("task", fields)
    with call.session() as session:
        return _show_changed(call, session.tasks.create(ref_of(session, node), code, **values))


@command()
@argument("conditions", "[CONDITION]...", _CONDITIONS, nargs=-1)
@option("--of", metavar="NODE", help="only those of this node: assets/char/hero")
@flag("--mine", help="only those that I am assigned to")
@option("-n", "--limit", type=count, default="100", metavar="N", help="at most so many (default: 100)")
def list_tasks(call: Call, *, conditions: tuple[str, ...], of: str | None, mine: bool, limit: int) -> int:
    """List tasks."""
    filters = conditions_of("task", conditions)
    with call.session() as session:
        if of:
            filters.append(Compare(("parent",), "eq", session.get(ref_of(session, of)).id))
        if mine:
            filters.append(Compare(("assignees",), "contains", session.users.me().id))
        found = listing.list_entities(session, "task", limit=limit, filters=filters)
    return show_listing(call, found)


@command()
@argument("node", "NODE", "what is worked on: assets/char/hero")
@argument("code", "CODE", "the task's code: rig")
@argument("fields", "FIELD=VALUE...", "status=wip assignees=anna,bo due_at=2026-01-31 …", nargs=-1)
def update_task(call: Call, *, node: str, code: str, fields: tuple[str, ...]) -> int:
    """Give a task new values."""
    values = values_of("task", _some(fields))
    with call.session() as session:
        task = task_of(session, session.get(ref_of(session, node)), code)
        return _show_changed(call, session.tasks.update(task.id, **values))


@command()
@argument("shot", "SHOT", "a shot, sequence or episode: shots/sq010/sh020")
@argument("assets", "[ASSET]...", "what it is cast with; none: say what it is cast with now", nargs=-1)
@option("-c", "--count", "number", type=count, default="1", metavar="N", help="so many of each (default: 1)")
@option("--variant", metavar="NAME", default="", help="in this variant")
def cast(call: Call, *, shot: str, assets: tuple[str, ...], number: int, variant: str) -> int:
    """Cast assets into a shot, or say what it is cast with."""
    with call.session() as session:
        into = session.get(ref_of(session, shot))
        for asset in assets:
            session.shots.cast(into, ref_of(session, asset), count=number, variant=variant)
        found = session.shots.casting(into)
        things = session.get_many([f"bifrost://{into.project}/~{each.asset}" for each in found])
    rows = [
        (thing.ref if isinstance(thing, Entity) else f"~{each.asset}", str(each.count), each.variant)
        for each, thing in zip(found, things, strict=True)
    ]
    if call.in_json:
        call.screen.document([{"asset": ref, "count": int(many), "variant": variant} for ref, many, variant in rows])
    elif rows:
        call.screen.table(("asset", "count", "variant"), rows, whole=("asset",))
    else:
        call.screen.line("nothing yet", "dim")
    return 0


def _path(session: Session, typed: str, root: str, *, parts: tuple[int, int]) -> tuple[str, list[str]]:
    """The project and the codes of a path as it is typed, with the name of its branch or without.

    Raises:
        ValidationError: when it has too few or too many of them.
    """
    text = typed if ":" in typed or typed.startswith(f"{root}/") else f"{root}/{typed.strip('/')}"
    ref = Reference.parse(ref_of(session, text))
    found = [*ref.path[1:]]
    if ref.path[:1] != (root,) or not parts[0] <= len(found) <= parts[1]:
        hint = f"write {_ASSET if root == 'assets' else _SHOT}"
        raise ValidationError(Issue("create.path", f"this is no place below {root}", subject=typed, hint=hint))
    return str(ref.project), found


def _ref(session: Session, kind: str, text: str) -> str:
    return text if kind == "project" else ref_of(session, text)


def _some(fields: tuple[str, ...]) -> tuple[str, ...]:
    if not fields:
        raise ValidationError(Issue("update.fields", "no field is given", hint="write name='The hero'"))
    return fields


def _show_changed(call: Call, entity: Entity) -> int:
    if call.in_json:
        call.screen.document({**wire.to_document(entity), "ref": entity.ref})
    else:
        code = "" if entity.path else getattr(entity, "code", "")
        call.screen.words((entity.ref, "bold"), *[code][: bool(code)])
    return 0
