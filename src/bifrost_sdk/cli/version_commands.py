"""What is done with versions that stand: ``bifrost verify``, ``retire``, ``restore`` and ``purge``."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from bifrost_sdk.cli.commands import Command, Group, opened, read_count, ref_of
from bifrost_sdk.cli.meters import meter
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


def add_commands(found: Group, placed: argparse.ArgumentParser) -> None:
    """Add what can be done with published versions to the parser of the command."""

    def add(name: str, run: Command, text: str) -> argparse.ArgumentParser:
        made = found.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[placed])
        made.set_defaults(run=run)
        return made

    verifying = add(
        "verify", verify, "read published files and hold them against their hashes; interrupted, it goes on"
    )
    verifying.add_argument(
        "ref", nargs="?", metavar="REF", help="a version, a product or what products lie below (default: the project)"
    )
    verifying.add_argument("-j", "--jobs", type=read_count, default=0, metavar="N", help="so many threads read")
    verifying.add_argument("--anew", action="store_true", help="do not go on where it was, begin anew")
    add("retire", retire, "let latest and approved skip a version").add_argument("ref", metavar="REF", help=_VERSION)
    add("restore", restore, "bring a retired version back").add_argument("ref", metavar="REF", help=_VERSION)
    purging = add("purge", purge, "remove the files of a retired version for good; without --yes only say which")
    purging.add_argument("ref", metavar="REF", help=_VERSION)
    purging.add_argument("--yes", action="store_true", help="do it; nothing brings the files back")


def verify(options: argparse.Namespace, screen: Screen) -> int:
    """Verify a project or part of it; the status is 1 when something is wrong."""
    with opened(options) as session:
        try:
            found = session.verify(
                options.project,
                item=ref_of(session, options.ref) if options.ref else None,
                jobs=options.jobs,
                progress=_megabytes(),
                resume=not options.anew,
            )
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt("what is verified is kept; run it again to go on") from error
    if options.json:
        document = attrs.asdict(found)
        screen.document({**document, "began": wire.print_time(found.began), "is_clean": found.is_clean})
    else:
        _show_verification(found, screen)
    return int(not found.is_clean)


def retire(options: argparse.Namespace, screen: Screen) -> int:
    """Retire a version."""
    with opened(options) as session:
        version = session.versions.retire(ref_of(session, options.ref))
    return _show_version(version, options, screen)


def restore(options: argparse.Namespace, screen: Screen) -> int:
    """Bring a retired version back."""
    with opened(options) as session:
        version = session.versions.restore(ref_of(session, options.ref))
    return _show_version(version, options, screen)


def purge(options: argparse.Namespace, screen: Screen) -> int:
    """Say what purging a version would remove, and do it where that is wanted; the status is 1 when it is refused."""
    with opened(options) as session:
        plan = session.versions.plan_purge(ref_of(session, options.ref))
        if not options.json:
            _show_plan(plan, screen)
        version = plan.version
        if options.yes:
            if plan.refusals:
                raise ValidationError(plan.refusals)
            version = session.versions.purge(version)
    if options.json:
        screen.document(_told(plan, version))
    elif options.yes:
        screen.line(f"{version.ref} is purged: {_amount(plan)} are gone for good", "green")
    elif not plan.refusals and plan.version.state != "purged":
        screen.line("nothing was removed; --yes does it, for good", "dim")
    return int(bool(plan.refusals))


def _megabytes() -> Callable[[int, int], None] | None:
    tell = meter("MB read")
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


def _show_version(version: Version, options: argparse.Namespace, screen: Screen) -> int:
    if options.json:
        screen.document({**wire.to_document(version), "ref": version.ref})
    else:
        screen.line(f"{version.ref} is {version.state}")
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
