"""The commands ``bifrost validate`` and ``bifrost followers``: what happens before a publish, and what after it."""

from __future__ import annotations

import argparse
import datetime
from typing import TYPE_CHECKING

from bifrost_sdk.cli.commands import Command, Group, files_of, opened, ref_of
from bifrost_sdk.cli.screen import Cell, Screen, printable
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.errors import NotFoundError
from bifrost_sdk.session import Session

if TYPE_CHECKING:  # loaded when something is validated or delivered
    from bifrost_sdk.domain.validation import ValidationResult
    from bifrost_sdk.services.deliveries import Delivery
    from bifrost_sdk.services.following import FollowerState

_STYLES = {"error": "red", "warning": "yellow", "info": "dim"}
_OUTCOMES = {"delivered": "green", "failed": "red", "parked": "red", "broken": "red"}


def add_commands(found: Group, placed: argparse.ArgumentParser) -> None:
    """Add what can be done around a publish to the parser of the command."""

    def add(group: Group, name: str, run: Command, text: str) -> argparse.ArgumentParser:
        made = group.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[placed])
        made.set_defaults(run=run)
        return made

    checking = add(found, "validate", validate, "say what speaks against publishing files; nothing is published")
    checking.add_argument("owner", metavar="NODE", help="whose product it would be: assets/char/hero")
    checking.add_argument("product", help="the product's code: model, rig, anim")
    checking.add_argument("files", nargs="+", metavar="KEY=PATH", help="as for publish")
    checking.add_argument("-m", "--comment", default="", help="what is new")
    checking.add_argument("-d", "--depends-on", action="append", default=[], metavar="REF", help="a version it needs")
    checking.add_argument("-t", "--tag", action="append", default=[], dest="tags", help="a tag for the version")
    checking.add_argument("--task", metavar="CODE", help="the task of the node that it was made in")
    checking.add_argument("--source", default="", metavar="PATH", help="the work file that it was made from")
    checking.add_argument("--fix", action="store_true", help="apply the fixes that are offered, then look again")
    text = "call what runs after each publish, and see how far it is"
    group = found.add_parser("followers", help=text, description=f"{text[0].upper()}{text[1:]}.")
    following = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add(following, "list", list_, "list the followers, how far they are and what they could not do")
    running = add(following, "run", run, "call the followers with what they do not know yet")
    running.add_argument("-n", "--limit", type=int, help="each at most so many times")
    running.add_argument("--retry", action="store_true", help="try what failed now, and what is parked, too")


def validate(options: argparse.Namespace, screen: Screen) -> int:
    """Show what validators say; the status is 1 where there is an error."""
    files = files_of(options.files)
    with opened(options) as session:
        owner = session.get(ref_of(session, options.owner))
        made = session.validate(
            owner,
            options.product,
            files,
            comment=options.comment,
            depends_on=[ref_of(session, ref) for ref in options.depends_on],
            tags=options.tags,
            task=_task(session, owner, options.task) if options.task else None,
            source=options.source,
            fix=options.fix,
        )
    if options.json:
        screen.document(made.to_data())
        return int(not made.ok)
    if made.results:
        screen.table(("weight", "what", "is wrong", "to do"), [_result_row(each) for each in made.results])
    for each in made.fixed:
        screen.line(f"fixed: {printable(str(each.issue))}", "green")
    if not made.results:
        screen.line("nothing speaks against it", "green")
    return int(not made.ok)


def list_(options: argparse.Namespace, screen: Screen) -> int:
    """List followers; the status is 1 where one needs a person."""
    with opened(options) as session:
        states = session.followers.list(options.project)
    if options.json:
        screen.document([each.to_data() for each in states])
    elif states:
        head = ("follower", "project", "behind", "parked", "note")
        screen.table(head, [_state_row(each) for each in states], whole=("follower",))
    else:
        screen.line("no followers", "dim")
    return int(any(each.error or each.parked for each in states))


def run(options: argparse.Namespace, screen: Screen) -> int:
    """Call followers; the status is 1 where a call failed."""
    with opened(options) as session:
        found = session.followers.run(options.project, limit=options.limit, retry=options.retry)
    if options.json:
        screen.document([each.to_data() for each in found])
    elif found:
        screen.table(("outcome", "follower", "what", "because"), [_delivery_row(each) for each in found])
    else:
        screen.line("nothing to do", "dim")
    return int(any(each.outcome in {"failed", "parked", "broken"} for each in found))


def _task(session: Session, owner: Entity, code: str) -> Task:
    """The task of the node that has this code."""
    tasks = session.tasks.list(project=owner.project, parent=owner.id)
    found = next((task for task in tasks if fold(task.code) == fold(code)), None)
    if found is None:
        reason = f"{owner.ref} has no task of that name"
        raise NotFoundError(code, suggestions=[task.code for task in tasks], reason=reason)
    return found


def _result_row(result: ValidationResult) -> tuple[Cell, ...]:
    what = printable(result.subject or result.path or result.label)
    hint = f"{result.hint} (--fix does it)" if result.fixable else result.hint
    return (result.severity, _STYLES[result.severity]), what, printable(result.message), (hint, "dim")


def _state_row(state: FollowerState) -> tuple[Cell, ...]:
    note = state.error
    if state.trying is not None and not note:
        again = wire.from_microseconds(state.trying.retry_at).astimezone(datetime.timezone.utc)
        note = f"{state.trying.error}; tried again from {again:%Y-%m-%d %H:%M:%S} UTC on"
    parked = str(len(state.parked) or "")
    behind = str(state.head - state.revision or "")
    return state.follower, state.project, behind, (parked, "red"), (printable(note), "red" if state.error else "yellow")


def _delivery_row(delivery: Delivery) -> tuple[Cell, ...]:
    style = _OUTCOMES.get(delivery.outcome, "yellow")
    return (delivery.outcome, style), delivery.follower, delivery.subject, printable(delivery.reason)
