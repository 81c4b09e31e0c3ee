"""The command ``bifrost ingest``: a folder of USD files becomes a managed show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bifrost_sdk.cli.command import Call, argument, command, flag, option
from bifrost_sdk.cli.meters import meter
from bifrost_sdk.cli.screen import Cell, Screen, printable
from bifrost_sdk.errors import Issue, ValidationError

if TYPE_CHECKING:  # loaded when something is ingested: they need the extra `usd`
    from bifrost_sdk.integrations.usd.dependencies import Problem
    from bifrost_sdk.integrations.usd.ingestion import Ingestion, IngestPlan, PlannedAsset

#: So many problems and files are shown to people; programs are given all of them.
_SHOWN = 40

#: So many files that were left out are named.
_FEW = 5

_STYLES = {"new": "green", "changed": "yellow", "same": "dim", "held": "red"}
_NAMES = "how an asset is called: a folder or layer below FOLDER, as TYPE/CODE; may be given again: 'sets/*=set/{name}'"


@command()
@argument("folder", "FOLDER", "a folder of USD layers and textures, which stays as it is")
@option("--product", metavar="CODE", default="usd", help="the product that each asset is published as (default: usd)")
@option("--name", "names", metavar="PATTERN=TYPE/CODE", multiple=True, help=_NAMES)
@flag("--freeze", help="refer to exact versions of other assets, not to the latest")
@flag("--replace", help="publish over assets of the same names that came from elsewhere, too")
@flag("--dry-run", help="only say what would be done")
def ingest(
    call: Call, *, folder: str, product: str, names: tuple[str, ...], freeze: bool, replace: bool, dry_run: bool
) -> int:
    """Take a folder in; the status is 1 when something in it is broken, while the rest is taken in."""
    from bifrost_sdk.integrations.usd import ingesting

    called = dict(_names(names))
    with call.session() as session:
        with meter("layers read") as tell:
            plan = ingesting.plan_ingest(
                session,
                folder,
                project=call.project,
                product=product,
                names=called,
                freeze=freeze,
                replace=replace,
                progress=tell,
            )
        if dry_run:
            return _show_plan(call, plan)
        try:
            with meter("bytes published") as tell:
                done = ingesting.ingest(session, plan, progress=tell)
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt("what was published stays; run it again to go on") from error
    return _show_done(call, done)


def _names(typed: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in typed:
        pattern, mark, name = text.rpartition("=")
        if not (pattern and mark and name):
            hint = "write 'sets/*=set/{name}'"
            raise ValidationError(Issue("names.form", f"{text!r} is not PATTERN=TYPE/CODE", "names", hint=hint))
        yield pattern, name


def _show_plan(call: Call, plan: IngestPlan) -> int:
    if call.in_json:
        call.screen.document(plan.to_data())
        return int(bool(plan.problems))
    rows = [_row(asset, "") for asset in plan.assets]
    if rows:
        call.screen.table(("", "product", "files", "bytes", "from"), rows, whole=("product",))
    _show_left(call.screen, plan.problems, plan.unmatched)
    call.screen.line("nothing was changed; without --dry-run it is done", "dim")
    return int(bool(plan.problems))


def _show_done(call: Call, done: Ingestion) -> int:
    if call.in_json:
        call.screen.document(done.to_data())
        return int(bool(done.problems))
    rows = [_row(each.asset, each.version.ref) for each in done.assets if each.is_new]
    if rows:
        call.screen.table(("", "version", "files", "bytes", "from"), rows, whole=("version",))
    _show_left(call.screen, done.problems, done.unmatched)
    counts = {
        "published": len(rows),
        "had not changed": len(done.assets) - len(rows),
        "held back": sum(problem.code in {"taken", "held"} for problem in done.problems),
    }
    told = [f"{count:,} {what}" for what, count in counts.items() if count or what == "published"]
    call.screen.line(f"{', '.join(told)}; references that lead through the catalog now: {done.rewritten:,}", "green")
    return int(bool(done.problems))


def _row(asset: PlannedAsset, version: str) -> tuple[Cell, ...]:
    state = asset.state
    source = printable(asset.layout.unit.source or ".")
    return (state, _STYLES[state]), version or asset.ref, f"{len(asset.layout.items):,}", f"{asset.size:,}", source


def _show_left(screen: Screen, problems: Sequence[Problem], unmatched: Sequence[str]) -> None:
    for problem in problems[:_SHOWN]:
        screen.words((f"{problem.code}:", "yellow"), printable(str(problem)))
    if len(problems) > _SHOWN:
        screen.line(f"and {len(problems) - _SHOWN:,} more; --json lists all of them", "dim")
    if unmatched:
        few = ", ".join(printable(each) for each in unmatched[:_FEW])
        more = f" and {len(unmatched) - _FEW:,} more" if len(unmatched) > _FEW else ""
        screen.line(f"left out, as nothing refers to it: {few}{more}", "dim")
