"""What the references of a scene stand for, kept as pins: in a file beside it, and in the stage that shows it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from bifrost_sdk.domain.pins import Pin, PinSet
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.errors import BifrostError, StorageError
from bifrost_sdk.ports import Resolution

#: A reference and what it stands for, as JSON keeps it: root, path below it, the version's id and number, the hash.
Row: TypeAlias = tuple[str, str, str, str, "int | None", str]


def read_pins(file: str | os.PathLike[str]) -> PinSet:
    """The pins in a file.

    Raises:
        StorageError: when it cannot be read.
        ValidationError: when it holds something else.
    """
    try:
        return PinSet.from_json(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"the pins in {file} cannot be read: {error}", path=str(file), reason=str(error)) from error


def write_pins(pins: PinSet, file: str | os.PathLike[str]) -> None:
    """Write pins into a file, as `open_stage` and `read_pins` take it.

    Raises:
        StorageError: when it cannot be written.

    >>> write_pins(PinSet(), "scene.pins.json")
    >>> read_pins("scene.pins.json")
    PinSet(pins=mappingproxy({}))
    """
    try:
        Path(file).write_text(pins.to_json(), encoding="utf-8", newline="\n")
    except OSError as error:
        reason = str(error)
        raise StorageError(f"the pins cannot be written to {file}: {reason}", path=str(file), reason=reason) from error


def rows(answers: Mapping[str, Resolution | BifrostError]) -> list[Row]:
    """The answers that lead somewhere. They become pins when these are asked for: making one costs more than a row."""
    return [
        (ref if "~" not in ref else _kept(ref, found), found.root, found.path, found.version, found.number, found.hash)
        for ref, found in answers.items()
        if isinstance(found, Resolution)
    ]


def of_rows(rows: Iterable[Row]) -> PinSet:
    """The pins of such rows; two spellings of one reference are one."""
    pins: dict[Reference, Pin] = {}
    for ref, root, path, version, number, digest in rows:
        pins[Reference.parse(ref)] = Pin(f"{{{root}}}/{path}", version, number=number, hash=digest)
    return PinSet(pins)


def _kept(ref: str, found: Resolution) -> str:
    """The reference as pins are kept: of a product by its id, by path."""
    asked = Reference.parse(ref)
    return str(Reference.parse(found.ref).with_tag("latest")) if asked.id and asked.id == found.product else ref
