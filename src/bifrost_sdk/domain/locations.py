"""What resolving needs to know of a representation's files, as one short text that a store can index.

One file a line: name, root, folder, size, hash, separated by tabs (none of them can hold a tab). A store keeps the text
as it is and hands it back; only this module writes and reads it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.versions import Representation

#: Representations with more files than this are located through their document, to keep the index small.
INDEXED_FILES = 32


class Location(NamedTuple):
    """One file of one representation. `complete` in `read` tells whether all files were listed."""

    representation: str
    name: str
    root: str
    folder: str
    size: int
    hash: str

    @property
    def path(self) -> str:
        """The path below the root."""
        return f"{self.folder}/{self.name}" if self.folder else self.name


def write(representation: Representation) -> str:
    """The text that a store keeps in the column ``files``."""
    count = len(representation.files)
    head = f"{representation.name}\t{representation.root}\t{representation.folder}\t{count}"
    lines = (f"{file.name}\t{file.size}\t{file.hash}" for file in representation.files[:INDEXED_FILES])
    return "\n".join((head, *lines))


def first(text: str) -> Location | None:
    """The main file, None for a representation without files."""
    head, _, rest = text.partition("\n")
    if not rest:
        return None
    representation, root, folder, _ = head.split("\t")
    name, size, digest = rest.partition("\n")[0].split("\t")
    return Location(representation, name, root, folder, int(size), digest)


def read(text: str) -> tuple[list[Location], bool]:
    """The locations in their order, the main file first, and whether these are all files."""
    head, *lines = text.split("\n")
    representation, root, folder, count = head.split("\t")
    found = []
    for line in lines:
        name, size, hash = line.split("\t")
        found.append(Location(representation, name, root, folder, int(size), hash))
    return found, len(found) == int(count)


#: format family -> the extensions that can stand for each other
FAMILIES = {
    "usd": ("usd", "usda", "usdc", "usdz"),
    "exr": ("exr",),
    "abc": ("abc",),
    "jpeg": ("jpg", "jpeg"),
    "tiff": ("tif", "tiff"),
    "maya": ("ma", "mb"),
    "houdini": ("hip", "hipnc", "hiplc"),
}
_FAMILY = {extension: family for family, extensions in FAMILIES.items() for extension in extensions}


def family(extension: str) -> str:
    """The family an extension belongs to; itself when it has no relatives."""
    folded = extension.casefold()
    return _FAMILY.get(folded, folded)


def is_family(key: str) -> bool:
    """Whether a representation's key names a format family, so that its main file carries the product's name."""
    return codes.fold(key) in FAMILIES or codes.fold(key) in _FAMILY


# Compressed formats keep both of their extensions: sim.1001.bgeo.sc
_EXTENSION = re.compile(r"\.([A-Za-z0-9_-]+(?:\.(?:sc|gz|bz2|xz|zst))?)\Z")


def extension_of(name: str) -> str:
    """The extension of a file by its name or path, both of them for a compressed format; empty where it has none.

    >>> [extension_of(name) for name in ("a/hero.usda", "sim.1001.bgeo.sc", "README")]
    ['usda', 'bgeo.sc', '']
    """
    found = _EXTENSION.search(name)
    return found[1] if found else ""


def main_name(product: str, key: str, extension: str) -> str:
    """The name of a representation's main file below its version.

    >>> main_name("model", "usd", "usda"), main_name("model", "preview", "png")
    ('model.usda', 'preview.png')
    """
    stem = product if is_family(key) else key
    return f"{stem}.{extension}" if extension else stem


def by_family(name: str, locations: list[Location]) -> Location | None:
    """The one file whose stem is that of `name` and whose extension is of the same family, None if none or several."""
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return None
    wanted = (codes.fold(stem), family(extension))
    found = [place for place in locations if _stem_and_family(place.name) == wanted]
    return found[0] if len(found) == 1 else None


def _stem_and_family(name: str) -> tuple[str, str]:
    stem, _, extension = name.rpartition(".")
    return codes.fold(stem), family(extension)


def all_files(representations: list[Representation]) -> list[Location]:
    """Every file of these representations, from their documents."""
    return [
        Location(item.name, file.name, item.root, item.folder, file.size, file.hash)
        for item in representations
        for file in item.files
    ]
