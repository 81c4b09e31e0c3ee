"""The commands ``bifrost validate`` and ``bifrost followers``: what happens before a publish, and what after it."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from bifrost_sdk.cli.arguments import count, files_of, ref_of, task_of
from bifrost_sdk.cli.command import Call, argument, command, flag, option
from bifrost_sdk.cli.screen import Cell, printable
from bifrost_sdk.domain import wire

if TYPE_CHECKING:  # loaded when something is validated or delivered
    from bifrost_sdk.domain.validation import ValidationResult
    from bifrost_sdk.services.deliveries import Delivery
    from bifrost_sdk.services.following import FollowerState

_STYLES = {"error": "red", "warning": "yellow", "info": "dim"}
_OUTCOMES = {"delivered": "green", "failed": "red", "parked": "red", "broken": "red"}


@command()
@argument("owner", "NODE", "whose product it would be: assets/char/hero")
@argument("product", "PRODUCT", "the product's code: model, rig, anim")
@argument("files", "KEY=PATH...", "as for publish", nargs=-1, required=True)
@option("-m", "--comment", metavar="TEXT", default="", help="what is new")
@option("-d", "--depends-on", metavar="REF", multiple=True, help="a version it needs")
@option("-t", "--tag", "tags", metavar="TAG", multiple=True, help="a tag for the version")
@option("--task", metavar="CODE", help="the task of the node that it was made in")
@option("--source", metavar="PATH", default="", help="the work file that it was made from")
@flag("--fix", help="apply the fixes that are offered, then look again")
def validate(  # Any: each as its own
    call: Call, *, owner: str, product: str, files: tuple[str, ...], task: str | None, **said: Any
) -> int:
    """Show what validators say; the status is 1 where there is an error."""
    found = files_of(files)
    with call.session() as session:
        node = session.get(ref_of(session, owner))
        said["depends_on"] = [ref_of(session, ref) for ref in said["depends_on"]]
        made = session.validate(node, product, found, task=task_of(session, node, task) if task else None, **said)
    if call.in_json:
        call.screen.document(made.to_data())
        return int(not made.ok)
    if made.results:
        call.screen.table(("weight", "what", "is wrong", "to do"), [_result_row(each) for each in made.results])
    for each in made.fixed:
        call.screen.line(f"fixed: {printable(str(each.issue))}", "green")
    if not made.results:
        call.screen.line("nothing speaks against it", "green")
    return int(not made.ok)


@command()
def list_(call: Call) -> int:
    """List followers; the status is 1 where one needs a person."""
    with call.session() as session:
        states = session.followers.list(call.project)
    if call.in_json:
        call.screen.document([each.to_data() for each in states])
    elif states:
        head = ("follower", "project", "behind", "parked", "note")
        call.screen.table(head, [_state_row(each) for each in states], whole=("follower",))
    else:
        call.screen.line("no followers", "dim")
    return int(any(each.error or each.parked for each in states))


@command()
@option("-n", "--limit", type=count, metavar="N", help="each at most so many times")
@flag("--retry", help="try what failed now, and what is parked, too")
def run(call: Call, *, limit: int | None, retry: bool) -> int:
    """Call followers; the status is 1 where a call failed."""
    with call.session() as session:
        found = session.followers.run(call.project, limit=limit, retry=retry)
    if call.in_json:
        call.screen.document([each.to_data() for each in found])
    elif found:
        call.screen.table(("outcome", "follower", "what", "because"), [_delivery_row(each) for each in found])
    else:
        call.screen.line("nothing to do", "dim")
    return int(any(each.outcome in {"failed", "parked", "broken"} for each in found))


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
