"""The command ``bifrost doctor``: what is wrong with this installation, workspace or catalog, and what to do."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from bifrost_sdk.cli import catalog_checks, installation_checks, workspace_checks
from bifrost_sdk.cli.checks import Check
from bifrost_sdk.cli.command import Call, command
from bifrost_sdk.cli.screen import printable
from bifrost_sdk.errors import BifrostError

_STYLES = {"fine": "green", "note": "dim", "warning": "yellow", "wrong": "red"}


@command()
def doctor(call: Call) -> int:
    """Look at everything that the others rely on; the status is 1 when something is wrong."""
    checks = list(_checks(call))
    if call.in_json:
        call.screen.document([attrs.asdict(each) for each in checks])
    else:
        for each in checks:
            call.screen.words((f"{each.state:<7}", _STYLES[each.state]), f"{each.subject}:", printable(each.finding))
            if each.advice:
                call.screen.words(" " * 7, (printable(each.advice), "bold"))
        counts = {state: sum(each.state == state for each in checks) for state in ("wrong", "warning")}
        call.screen.line(_summary(counts), "red" if counts["wrong"] else "yellow" if counts["warning"] else "green")
    return int(any(each.state == "wrong" for each in checks))


def _checks(call: Call) -> Iterable[Check]:
    yield from installation_checks.checks()
    try:
        settings = workspace_checks.settings_of(call)
        yield from workspace_checks.checks(settings)
    except BifrostError as error:
        yield Check("wrong", "workspace", str(error))
        return
    try:
        with call.session() as session:
            yield from catalog_checks.checks(session)
    except BifrostError as error:
        yield Check("wrong", "catalog", str(error))


def _summary(counts: dict[str, int]) -> str:
    told = [
        f"{count} {what}" for what, count in zip(("wrong", "to be looked at"), counts.values(), strict=True) if count
    ]
    return ", ".join(told) or "nothing is wrong"
