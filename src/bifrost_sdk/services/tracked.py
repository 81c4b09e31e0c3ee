"""What a catalog says lies on disk, folder by folder, for a scan that compares it with what does.

A show has hundreds of thousands of files, and most are as they should be: rows are read as a store keeps them, and the
files of a representation stay one text until the scan comes to their folder.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import attrs

from bifrost_sdk.domain import locations
from bifrost_sdk.domain.filesets import FRAME, UDIM, FileSet
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.query import PAGE_LIMIT, Query
from bifrost_sdk.domain.reconciliation import Content
from bifrost_sdk.services.context import Context

#: How many documents are asked for at once.
_CHUNK = 500

_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - stored times are all in UTC, and told apart by subtraction only
_MICROSECOND = datetime.timedelta(microseconds=1)


@attrs.frozen
class Scope:
    """What a scan is about: one root or all, and everything in one folder of it; empty for all."""

    root: str = ""
    folder: str = ""

    def has_root(self, root: str) -> bool:
        """Whether the root is looked at."""
        return not self.root or root == self.root

    def holds(self, path: str) -> bool:
        """Whether a path lies in the folder, or is it."""
        return not self.folder or path == self.folder or path.startswith(f"{self.folder}/")

    def meets(self, folder: str) -> bool:
        """Whether a folder holds something of what is looked at, or may."""
        return self.holds(folder) or not folder or self.folder.startswith(f"{folder}/")


class Listed(NamedTuple):
    """Plain files of one representation in one folder, as lines of `locations`; `published` as `judge` takes it."""

    version: str
    part: str
    published: int
    lines: str

    @property
    def is_hashed(self) -> bool:
        """Whether the hash of each file is known."""
        return not self.lines.endswith("\t") and "\t\n" not in self.lines

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Each file's name and size, and nothing built besides."""
        columns = self.lines.replace("\n", "\t").split("\t")
        return zip(columns[::3], map(int, columns[1::3]), strict=False)  # a generator's length costs more than it tells

    def files(self) -> Iterator[tuple[str, Content]]:
        """Each file's name, and what is known of it."""
        for line in self.lines.split("\n"):
            name, size, digest = line.split("\t")
            yield name, Content(int(size), None, digest)


class Work(NamedTuple):
    """A work file, or a set of them under one pattern; `revision` is that of the entity."""

    id: str
    revision: int
    parent: str
    name: str
    content: Content

    @property
    def is_set(self) -> bool:
        """Whether it stands for all files of its pattern, of which nothing else is known."""
        return FRAME in self.name or UDIM in self.name

    def files(self) -> Iterator[tuple[str, Content]]:
        """Its name, and what is known of it."""
        yield self.name, self.content

    @property
    def pattern(self) -> re.Pattern[str]:
        """What the names of its files look like."""
        escaped = re.escape(self.name).replace(re.escape(FRAME), "-?[0-9]+").replace(re.escape(UDIM), "[1-9][0-9]{3}")
        return re.compile(escaped)


@attrs.define(eq=False)
class Numbered:
    """A set of files that the catalog knows only as a whole: their count, size and hash together.

    The scan counts here what it sees of them: how many, with how many bytes, and whether one looked doubtful.
    """

    version: str
    part: str
    published: int
    root: str
    folder: str
    files: FileSet
    content: Content
    seen: int = 0
    size: int = 0
    is_doubtful: bool = False

    def add(self, size: int) -> None:
        """One of its files was seen, and looked as it should."""
        self.seen += 1
        self.size += size

    def path(self, name: str) -> str:
        """Where a file of that name in the representation lies below the root."""
        return f"{self.folder}/{name}" if self.folder else name

    @property
    def is_complete(self) -> bool:
        """Whether just what is expected was seen, and nothing raised a doubt."""
        return not self.is_doubtful and self.seen == len(self.files) and self.size == self.content.size


class Members(NamedTuple):
    """Those files of a set that lie in one folder."""

    numbered: Numbered
    names: Iterable[str]


#: What the catalog knows of one folder.
Holding = list[Listed | Work | Members]


@attrs.define
class Tracked:
    """Root -> folder -> what the catalog knows there; and all sets. `revision` is that of the project."""

    folders: dict[str, dict[str, Holding]] = attrs.field(factory=dict)
    sets: list[Numbered] = attrs.field(factory=list)
    revision: int = 0

    @property
    def count(self) -> int:
        """How many files that is."""
        holdings = (owner for folders in self.folders.values() for holding in folders.values() for owner in holding)
        plain = (
            owner.lines.count("\n") + 1 if isinstance(owner, Listed) else isinstance(owner, Work) for owner in holdings
        )
        return sum(plain) + sum(len(each.files) for each in self.sets)

    def at(self, root: str, folder: str) -> Holding:
        """What is known of one folder, to be added to."""
        return self.folders.setdefault(root, {}).setdefault(folder, [])


def read(context: Context, project: str, scope: Scope) -> Tracked:
    """Everything of the project within the scope that has files: representations and work files.

    A representation that has a file there is taken whole, wherever its other files lie, so that it is judged whole.
    """
    tracked = Tracked()
    bulky: list[str] = []
    query = Query("representation", project=project).limit(PAGE_LIMIT)
    for page in context.pages(query.rows("id", "parent", "created_at", "files")):
        tracked.revision = page.revision
        for id, version, published, text in page.rows:
            if not _add_listed(tracked, scope, Listed(version, "", published, text)):
                bulky.append(id)
    for start in range(0, len(bulky), _CHUNK):
        chunk = query.where(id__in=bulky[start : start + _CHUNK]).rows("parent", "created_at", "body")
        for page in context.pages(chunk):
            for version, published, body in page.rows:
                _add_document(tracked, scope, Listed(version, "", published, ""), json.loads(body))
    for page in context.pages(Query("workfile", project=project).limit(PAGE_LIMIT).rows("id", "revision", "body")):
        tracked.revision = tracked.revision or page.revision
        for id, revision, body in page.rows:
            _add_work(tracked, scope, Work(id, revision, "", "", Content()), json.loads(body))
    return tracked


def _add_listed(tracked: Tracked, scope: Scope, listed: Listed) -> bool:
    """Add a representation by its short text; False where that does not tell all of its files."""
    head, _, lines = listed.lines.partition("\n")
    part, root, folder, count = head.split("\t")
    if not lines or not scope.has_root(root) or not scope.meets(folder):
        return True
    if "<" in lines or int(count) > locations.INDEXED_FILES:
        return False
    if "/" not in lines:
        if scope.holds(folder):
            tracked.at(root, folder).append(Listed(listed.version, part, listed.published, lines))
        return True
    by_folder: dict[str, list[str]] = {}
    for line in lines.split("\n"):
        inner, _, name = _joined(folder, line.partition("\t")[0]).rpartition("/")
        by_folder.setdefault(inner, []).append(name + line[line.index("\t") :])
    if any(scope.holds(inner) for inner in by_folder):
        for inner, rest in by_folder.items():
            tracked.at(root, inner).append(Listed(listed.version, part, listed.published, "\n".join(rest)))
    return True


def _add_document(tracked: Tracked, scope: Scope, listed: Listed, body: Mapping[str, Any]) -> None:  # Any: JSON
    """Add a representation by its document."""
    root, folder = body.get("root", "publish"), body.get("folder", "")
    files = body["files"]
    if not any(_holds_file(scope, _joined(folder, file["name"])) for file in files):
        return
    by_folder: dict[str, list[str]] = {}
    for file in files:
        if FRAME in file["name"] or UDIM in file["name"]:
            _add_set(tracked, Listed(listed.version, body["name"], listed.published, ""), (root, folder), file)
            continue
        inner, _, name = _joined(folder, file["name"]).rpartition("/")
        by_folder.setdefault(inner, []).append(f"{name}\t{file['size']}\t{file.get('hash', '')}")
    for inner, rest in by_folder.items():
        tracked.at(root, inner).append(Listed(listed.version, body["name"], listed.published, "\n".join(rest)))


def _add_set(tracked: Tracked, owner: Listed, place: tuple[str, str], file: Mapping[str, Any]) -> None:  # Any: JSON
    root, folder = place
    files = FileSet(
        file["name"],
        padding=file.get("padding", 0),
        frames=FrameRange.parse(file["frames"]) if file.get("frames") else FrameRange(),
        udims=tuple(file.get("udims", ())),
    )
    content = Content(file["size"], None, file.get("hash", ""))
    numbered = Numbered(owner.version, owner.part, owner.published, root, folder, files, content)
    tracked.sets.append(numbered)
    above, _, pattern = files.pattern.rpartition("/")
    if "<" not in above:
        inner = FileSet(pattern, padding=files.padding, frames=files.frames, udims=files.udims)
        tracked.at(root, _joined(folder, above)).append(Members(numbered, inner))
        return
    by_folder: dict[str, list[str]] = {}  # a folder for each frame or tile
    for each in files:
        spot, _, name = _joined(folder, each).rpartition("/")
        by_folder.setdefault(spot, []).append(name)
    for spot, names in by_folder.items():
        tracked.at(root, spot).append(Members(numbered, names))


def _add_work(tracked: Tracked, scope: Scope, work: Work, body: Mapping[str, Any]) -> None:  # Any: JSON
    root, path = body.get("root", "work"), body["file"]
    if not scope.has_root(root) or not _holds_file(scope, path):
        return
    folder, _, name = path.rpartition("/")
    content = Content(body.get("size"), _microseconds(body.get("modified_at", "")), body.get("hash", ""))
    tracked.at(root, folder).append(Work(work.id, work.revision, body["parent"], name, content))


def _holds_file(scope: Scope, path: str) -> bool:
    return scope.holds(path.rpartition("/")[0]) or path == scope.folder


def _joined(folder: str, name: str) -> str:
    return "/".join(part for part in (folder, name) if part)


def _microseconds(written: str) -> int | None:
    """A time as documents hold it, in microseconds since 1970."""
    if not written:
        return None
    return (datetime.datetime.fromisoformat(written.rstrip("Z")) - _EPOCH) // _MICROSECOND
