"""What is done with versions that stand: ``bifrost verify``, ``retire``, ``restore`` and ``purge``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from bifrost_sdk.cli.arguments import count, ref_of
from bifrost_sdk.cli.command import Call, argument, command, flag, option
from bifrost_sdk.cli.meters import Tell, meter
from bifrost_sdk.cli.screen import Cell, Screen, printable
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import ValidationError

if TYPE_CHECKING:  # loaded when something is verified or purged
    from bifrost_sdk.services.purging import PurgePlan
    from bifrost_sdk.services.verifying import Verification

#: So many lines are shown to people; programs are given all of them.
_SHOWN = 40

_STYLES = {"unverified": "yellow", "extra": "yellow"}
_VERSION = "the version: assets/char/hero/model/v003, or a whole reference"


@command()
@argument("ref", "[REF]", "a version, a product or what products lie below (default: the project)", required=False)
@option("-j", "--jobs", type=count, metavar="N", help="so many threads read")
@flag("--anew", help="do not go on where it was, begin anew")
def verify(call: Call, *, ref: str | None, jobs: int | None, anew: bool) -> int:
    """Verify a project or part of it; the status is 1 when something is wrong."""
    with call.session() as session, meter("MB read") as tell:
        item = ref_of(session, ref) if ref else None
        try:
            found = session.verify(
                call.project, item=item, jobs=jobs or 0, progress=_in_megabytes(tell), resume=not anew
            )
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt("what is verified is kept; run it again to go on") from error
    if call.in_json:
        document = attrs.asdict(found)
        call.screen.document({**document, "began": wire.print_time(found.began), "is_clean": found.is_clean})
    else:
        _show_verification(found, call.screen)
    return int(not found.is_clean)


@command()
@argument("ref", "REF", _VERSION)
def retire(call: Call, *, ref: str) -> int:
    """Retire a version."""
    with call.session() as session:
        version = session.versions.retire(ref_of(session, ref))
    return _show_version(version, call)


@command()
@argument("ref", "REF", _VERSION)
def restore(call: Call, *, ref: str) -> int:
    """Bring a retired version back."""
    with call.session() as session:
        version = session.versions.restore(ref_of(session, ref))
    return _show_version(version, call)


@command()
@argument("ref", "REF", _VERSION)
@flag("--yes", help="do it; nothing brings the files back")
def purge(call: Call, *, ref: str, yes: bool) -> int:
    """Say what purging a version would remove, and do it where that is wanted; the status is 1 when it is refused."""
    with call.session() as session:
        plan = session.versions.plan_purge(ref_of(session, ref))
        if not call.in_json:
            _show_plan(plan, call.screen)
        version = plan.version
        if yes:
            if plan.refusals:
                raise ValidationError(plan.refusals)
            version = session.versions.purge(version)
    if call.in_json:
        call.screen.document(_told(plan, version))
    elif yes:
        call.screen.line(f"{version.ref} is purged: {_amount(plan)} are gone for good", "green")
    elif not plan.refusals and plan.version.state != "purged":
        call.screen.line("nothing was removed; --yes does it, for good", "dim")
    return int(bool(plan.refusals))


def _in_megabytes(tell: Tell | None) -> Tell | None:
    return tell and (lambda done, total: tell(done // 1_000_000, total // 1_000_000))


def _show_verification(found: Verification, screen: Screen) -> None:
    looked = f"{_counted(found.versions, 'version')}, {_counted(found.files, 'file')}, {found.size:,} bytes"
    screen.line(f"{found.project}: {looked}", "bold")
    rows: list[tuple[Cell, ...]] = [
        (
            (each.problem, _STYLES.get(each.problem, "red")),
            printable(f"{each.root}: {each.path}"),
            each.ref,
            printable(each.reason),
        )
        for each in found.findings[:_SHOWN]
    ]
    if rows:
        screen.table(("problem", "file", "of", "because"), rows, whole=("problem", "file"))
    if len(found.findings) > _SHOWN:
        screen.line(f"and {len(found.findings) - _SHOWN:,} more; --json lists all of them", "dim")
    counts = Counter(each.problem for each in found.findings)
    told = ", ".join(f"{count:,} {problem}" for problem, count in sorted(counts.items()))
    if found.is_clean:
        screen.line(f"nothing is wrong; {told}" if told else "every file is what was published", "green")
    else:
        screen.line(told, "red")


def _show_version(version: Version, call: Call) -> int:
    if call.in_json:
        call.screen.document({**wire.to_document(version), "ref": version.ref})
    else:
        call.screen.line(f"{version.ref} is {version.state}")
    return 0


def _show_plan(plan: PurgePlan, screen: Screen) -> None:
    screen.line(f"{plan.version.ref} is {plan.version.state}: {_amount(plan)}", "bold")
    rows: list[tuple[Cell, ...]] = [
        (
            printable(f"{file.root}: {file.path}"),
            "" if file.size is None else f"{file.size:,}",
            ("no file of the version", "yellow") if file.is_extra else "",
        )
        for file in plan.files[:_SHOWN]
    ]
    if rows:
        screen.table(("would go", "bytes", ""), rows, whole=("would go",))
    if len(plan.files) > _SHOWN:
        screen.line(f"and {len(plan.files) - _SHOWN:,} more; --json lists all of them", "dim")
    uses = [(use.how, use.ref, use.state, "holds it" if use.holds else "") for use in plan.uses]
    if uses:
        screen.table(("used by", "what", "state", ""), uses, whole=("what",))
    for issue in plan.refusals:
        screen.line(f"it cannot be purged: {issue}", "red")


def _told(plan: PurgePlan, version: Version) -> dict[str, Any]:  # Any: JSON
    return {
        "ref": version.ref,
        "state": version.state,
        "size": plan.size,
        "files": [attrs.asdict(file) for file in plan.files],
        "uses": [attrs.asdict(use) for use in plan.uses],
        "refusals": [attrs.asdict(issue) for issue in plan.refusals],
    }


def _amount(plan: PurgePlan) -> str:
    return f"{_counted(len(plan.files), 'file')}, {plan.size:,} bytes"


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"
