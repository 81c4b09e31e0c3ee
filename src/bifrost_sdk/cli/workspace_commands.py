"""The commands ``bifrost init`` and ``bifrost demo``: workspaces come about."""

from __future__ import annotations

from pathlib import Path

from bifrost_sdk import session as sessions
from bifrost_sdk.cli.command import Call, argument, command, option


@command(is_placed=False)
@argument("folder", "[FOLDER]", "the folder (default: the current one)", default=".")
@option("-p", "--project", metavar="CODE", help="a project to begin with")
def init(call: Call, *, folder: str) -> int:
    """Make a workspace."""
    made = sessions.init(folder, project=call.project)
    if call.in_json:
        call.screen.document({"workspace": str(made), "project": call.project})
    else:
        call.screen.line(f"{made} is a workspace" + (f" with the project {call.project}" if call.project else ""))
    return 0


@command(is_placed=False)
@option("--keep", metavar="FOLDER", help="make the workspace there and keep it")
@option("--report", metavar="FILE", help="where the report goes (default: bifrost-demo.html, here or in that folder)")
def demo(call: Call, *, keep: str | None, report: str | None) -> int:
    """Show what it is about, with real files."""
    from bifrost_sdk.cli import demo as demonstration

    page = Path(report) if report else None
    return demonstration.run(call.screen, keep=Path(keep) if keep else None, page=page, in_json=call.in_json)
