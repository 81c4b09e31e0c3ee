"""What units are called in a catalog, and their files in a version: names that hold everywhere, each its own."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.codes import fold
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.integrations.usd.grouping import Unit, matches

#: Folders of these names say nothing of what lies in them; the folder above them does.
PLAIN = frozenset(["asset", "assets", "usd"])

#: The type of assets of whose kind no folder tells.
GENERAL = "general"

#: How an asset may be called: patterns of folders and layers -> ``type/code``, in which ``{name}`` is the found code.
Names = Mapping[str, str]

#: A type and a code below it.
Place = tuple[str, str]


def places(units: Sequence[Unit], *, names: Names | None = None) -> dict[Unit, Place]:
    """Type and code of each unit: from the folder or layer that it is named after, the whole folder from its main file.

    Two that would be called alike are told apart by the folder above them, then by a number.

    Raises:
        ValidationError: `names` asks for what is no type or no code, or for something that is not there.

    >>> oak = Unit("props/oak", "props/oak", ("props/oak/oak.usda",))
    >>> places([oak])[oak], places([oak], names={"props/*": "tree/{name}_big"})[oak]
    (('props', 'oak'), ('tree', 'oak_big'))
    """
    for pattern in names or {}:
        if not any(matches(unit.source, pattern) for unit in units):
            hint = "name a folder or layer by its path below the folder that is ingested; an asterisk crosses no slash"
            raise ValidationError(Issue("ingest.pattern", "there is no such asset", "names", pattern, hint))
    found: dict[Unit, Place] = {}
    taken: set[tuple[str, str]] = set()
    for unit in sorted(units, key=lambda unit: unit.source):
        for type_, code in _candidates(unit, _place(unit, names or {})):
            key = fold(type_), fold(code)
            if key not in taken:
                taken.add(key)
                found[unit] = type_, code
                break
    return found


def code_of(text: str) -> str:
    """The code nearest to a text.

    >>> code_of("Hero (old)"), code_of("v001"), code_of("@")
    ('Hero_old', 'v001_', 'unnamed')
    """
    code = ""
    for char in codes.nfc(text):
        if codes.fits(char, code[-1:]):
            code += char
        elif code and not code.endswith("_"):
            code += "_"
    code = code[: codes.MAX_CODE - 8].rstrip("_") or "unnamed"
    return f"{code}_" if codes.code_fault(code) else code


def file_names(files: Iterable[str], *, reserved: Sequence[str] = ()) -> dict[str, str]:
    """For each path below a unit's folder the nearest one that a version can hold, no two alike where case is ignored.

    Names that can be held stay, if they can.

    >>> file_names(["tex/skin@2x.png", "a.usda", "A.usda"])
    {'A.usda': 'A.usda', 'a.usda': 'a_2.usda', 'tex/skin@2x.png': 'tex/skin_2x.png'}
    """
    found: dict[str, str] = {}
    taken = {fold(name) for name in reserved}
    for file in sorted(files, key=lambda file: (fitting(file) != file, file)):
        head, dot, extension = fitting(file).rpartition(".")
        name, number = f"{head}{dot}{extension}", 2
        while fold(name) in taken:
            name = f"{head}_{number}{dot}{extension}" if dot else f"{extension}_{number}"
            number += 1
        found[file] = name
        taken.add(fold(name))
    return found


def _place(unit: Unit, names: Names) -> Place:
    """Type and code before others are looked at."""
    called = posixpath.basename(unit.source or unit.main)
    code = code_of(posixpath.splitext(called)[0] if unit.source in {"", unit.main} else called)
    type_ = _type(posixpath.dirname(unit.source) if unit.source else "")
    for pattern, wanted in names.items():
        if matches(unit.source, pattern):
            type_, slash, told = wanted.replace("{name}", code).partition("/")
            if not slash or codes.code_fault(codes.nfc(type_)) or codes.code_fault(codes.nfc(told)):
                hint = "write type/code, as in vehicle/{name}"
                raise ValidationError(Issue("ingest.name", f"{wanted!r} names no asset", "names", pattern, hint))
            return codes.nfc(type_), codes.nfc(told)
    return type_, code


def _type(folder: str) -> str:
    names = [each for each in folder.split("/") if each and fold(each) not in PLAIN]
    return code_of(names[-1]) if names else GENERAL


def _candidates(unit: Unit, place: Place) -> Iterable[Place]:
    type_, code = place
    yield place
    above = posixpath.basename(posixpath.dirname(unit.source))
    if above:
        yield type_, code_of(f"{above}_{code}")
    number = 2
    while True:
        yield type_, f"{code[: codes.MAX_CODE - 8]}_{number}"
        number += 1


def fitting(path: str) -> str:
    """The nearest path that a version can hold."""
    return "/".join(_segment(segment) for segment in codes.nfc(path).split("/"))


def _segment(text: str) -> str:
    """The nearest name of a file or folder, its tokens left."""
    made = text
    for _ in text:
        fault = codes.file_fault(made)
        if fault is None:
            return made
        at = fault.position
        made = f"_{made}" if fault.code == "path.reserved" else f"{made[:at]}_{made[at + 1 :]}"
    return made
