"""The commands ``bifrost pins``: what references stand for is written down, looked at and compared.

``bifrost resolve --pins FILE`` goes by what is written there.
"""

from __future__ import annotations

from pathlib import Path

from bifrost_sdk.cli.arguments import AT, moment_of, ref_of
from bifrost_sdk.cli.command import Call, argument, command, option
from bifrost_sdk.cli.files import write_whole
from bifrost_sdk.cli.screen import Cell
from bifrost_sdk.domain.pins import Pin, PinDifference, PinSet
from bifrost_sdk.errors import Issue, StorageError, ValidationError

_STYLES = {"added": "green", "removed": "red", "changed": "yellow"}


@command()
@argument("refs", "REF...", "assets/char/hero/model, or a whole reference", nargs=-1, required=True)
@option("--to", metavar="FILE", help="keep the pins there (default: print them)")
@option("--at", metavar="WHEN", help=AT)
def make(call: Call, *, refs: tuple[str, ...], to: str | None, at: str | None) -> int:
    """Write down what references stand for."""
    with call.session() as session:
        shown = session.at(moment_of(at)) if at else session
        pins = shown.pin([ref_of(session, ref) for ref in refs])
    if to is None:
        call.screen.line(pins.to_json().rstrip())
        return 0
    write_whole(Path(to), pins.to_json())
    if call.in_json:
        call.screen.document({"file": to, "pins": len(pins)})
    else:
        call.screen.line(f"{to} pins {len(pins):,}; bifrost resolve --pins {to} goes by it")
    return 0


@command(is_placed=False)
@argument("file", "FILE", "a file of pins")
def show(call: Call, *, file: str) -> int:
    """Tell what a file pins; no workspace is needed."""
    pins = read_pins(file)
    if call.in_json:
        call.screen.line(pins.to_json().rstrip())
        return 0
    rows = [(str(ref), _number(pin), pin.path, pin.hash[:19]) for ref, pin in pins.pins.items()]
    call.screen.table(("reference", "version", "file", "hash"), rows, whole=("reference", "file"))
    return 0


@command()
@argument("file", "FILE", "a file of pins")
@argument("other", "[NEWER]", "another one (default: what the same references stand for now)", required=False)
def compare(call: Call, *, file: str, other: str | None) -> int:
    """Say what changed since something was pinned; the status is 1 when something did."""
    pins = read_pins(file)
    if other is not None:
        newer = read_pins(other)
    else:
        with call.session() as session:
            newer = session.pin([str(ref) for ref in pins])
    found = pins.diff(newer)
    rows = list(_rows(found))
    if call.in_json:
        names = ("change", "reference", "before", "after")
        call.screen.document([dict(zip(names, _plain(row), strict=True)) for row in rows])
    elif rows:
        call.screen.table(("", "reference", "before", "after"), rows, whole=("reference",))
    else:
        call.screen.line("nothing changed", "green")
    return int(bool(rows))


def read_pins(file: str) -> PinSet:
    """The pins of a file.

    Raises:
        StorageError: when it cannot be read.
        ValidationError: when it holds no pins.
    """
    try:
        return PinSet.from_json(Path(file).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ValidationError(Issue("pins.form", f"this is no file of pins: {error}", subject=file)) from error
    except OSError as error:
        raise StorageError(f"{file} cannot be read: {error.strerror}", path=file, reason=str(error)) from error


def _rows(found: PinDifference) -> list[tuple[Cell, ...]]:
    changed = [(ref, before, after) for ref, (before, after) in found.changed.items()]
    rows: list[tuple[Cell, ...]] = [
        (("removed", _STYLES["removed"]), str(ref), _number(pin), "") for ref, pin in found.removed.items()
    ]
    rows += [(("added", _STYLES["added"]), str(ref), "", _number(pin)) for ref, pin in found.added.items()]
    rows += [(("changed", _STYLES["changed"]), str(ref), _number(old), _number(new)) for ref, old, new in changed]
    return rows


def _plain(row: tuple[Cell, ...]) -> list[str]:
    return [cell if isinstance(cell, str) else cell[0] for cell in row]


def _number(pin: Pin) -> str:
    return pin.version if pin.number is None else f"v{pin.number:03d}"
