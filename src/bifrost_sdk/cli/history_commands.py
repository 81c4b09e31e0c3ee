"""The commands ``bifrost recover`` and ``bifrost revert``: what went wrong is put right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from bifrost_sdk.cli.arguments import count
from bifrost_sdk.cli.command import Call, argument, command
from bifrost_sdk.domain import wire

if TYPE_CHECKING:  # loaded when something is recovered
    from bifrost_sdk.services.recovery import Finding


@command()
def recover(call: Call) -> int:
    """Settle what was interrupted; the status is 1 while something needs a person."""
    with call.session() as session:
        findings = session.recover(call.project).findings
    if call.in_json:
        times = [item.until and wire.print_time(item.until) for item in findings]
        call.screen.document(
            [{**attrs.asdict(item), "until": until} for item, until in zip(findings, times, strict=True)]
        )
    elif findings:
        rows = [(item.subject, item.outcome, _reason(item)) for item in findings]
        call.screen.table(("what", "became", "because"), rows)
    else:
        call.screen.line("nothing was left behind")
    return int(any(item.outcome in {"failed", "unknown"} for item in findings))


@command()
@argument("revision", "REVISION", "the revision that the commit made", type=count)
def revert(call: Call, *, revision: int) -> int:
    """Undo one commit."""
    with call.session() as session:
        commit = session.revert(call.project, revision)
    if call.in_json:
        call.screen.document({"project": commit.project, "revision": commit.revision, "reverted": revision})
    else:
        call.screen.line(f"revision {revision} of {commit.project} is undone by revision {commit.revision}")
    return 0


def _reason(finding: Finding) -> str:
    """Why it became so, and when it may be looked at again."""
    if finding.until is None:
        return finding.reason
    return f"{finding.reason}; its lease runs until {finding.until:%Y-%m-%d %H:%M:%S} UTC"
