"""What resolving needs to know of a representation's files, as one short text that a store can index.

One file a line: name, root, folder, size, hash, separated by tabs (none of them can hold a tab). A store keeps the text
as it is and hands it back; only this module writes and reads it. A work file has one line, for those who compare all of
them with a disk.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import NamedTuple

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.versions import Representation, Workfile

#: Representations with more files than this are located through their document, to keep the index small.
INDEXED_FILES = 32

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MICROSECOND = datetime.timedelta(microseconds=1)


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


def write_work(workfile: Workfile) -> str:
    """The text that a store keeps of a work file in the column ``files``."""
    size = "" if workfile.size is None else str(workfile.size)
    written = workfile.modified_at
    modified = "" if written is None else str((written - _EPOCH) // _MICROSECOND)
    return f"{workfile.root}\t{workfile.file}\t{size}\t{modified}\t{workfile.hash}"


def read_work(text: str) -> tuple[str, str, int | None, int | None, str]:
    r"""Root, path, size, the file's own time (in microseconds since 1970) and hash of such a text.

    >>> read_work("work\tdemo/hero.ma\t12\t\tsha256:ab")
    ('work', 'demo/hero.ma', 12, None, 'sha256:ab')
    """
    root, path, size, modified, digest = text.split("\t")
    return root, path, int(size) if size else None, int(modified) if modified else None, digest


def work_columns(texts: Iterable[str]) -> tuple[list[str], list[str], list[str], list[str]]:
    r"""Paths, sizes, times and hashes of such texts, as they are written, for those who go through very many.

    >>> work_columns(["work\tdemo/hero.ma\t12\t\tsha256:ab", "work\tdemo/rig.ma\t\t\t"])
    (['demo/hero.ma', 'demo/rig.ma'], ['12', ''], ['', ''], ['sha256:ab', ''])
    """
    fields = "\t".join(texts).split("\t")
    return fields[1::5], fields[2::5], fields[3::5], fields[4::5]


def folder(text: str) -> str:
    r"""The folder below the root in such a text of a representation.

    >>> folder("usd\tpublish\tdemo/hero\t0")
    'demo/hero'
    """
    return text.partition("\n")[0].split("\t")[2]


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


def columns(texts: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    r"""Names, sizes and hashes of the files of such texts, each of at least one, for those who go through very many.

    >>> columns(
    ...     ["usd\tpublish\tdemo\t2\nhero.usda\t12\tsha256:ab\nskin.png\t7\t", "png\tpublish\tdemo\t1\nhero.png\t3\t"]
    ... )
    (['hero.usda', 'skin.png', 'hero.png'], ['12', '7', '3'], ['sha256:ab', '', ''])
    """
    fields = "\t".join([text.partition("\n")[2] for text in texts]).replace("\n", "\t").split("\t")
    return fields[0::3], fields[1::3], fields[2::3]


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
