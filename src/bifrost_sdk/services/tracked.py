"""What a catalog says lies on disk, folder by folder, for a scan that compares it with what does.

A show has hundreds of thousands of files, and most are as they should be: rows are kept as a store gave them until the
scan comes to their folder, and nothing is built of a file that is fine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import attrs

from bifrost_sdk.domain import locations
from bifrost_sdk.domain.filesets import FRAME, UDIM, FileSet
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.query import PAGE_LIMIT, Query
from bifrost_sdk.domain.reconciliation import Content
from bifrost_sdk.domain.versions import Workfile
from bifrost_sdk.services.context import Context

#: How many documents are asked for at once.
_CHUNK = 500

Row: TypeAlias = tuple[Any, ...]  # Any: columns as a query names them

#: Version, when it was published (as `judge` takes it), and the text of `locations` of files in one folder.
ListedRow: TypeAlias = tuple[str, int, str]

#: Id, revision and the text of `locations` of a work file.
WorkRow: TypeAlias = tuple[str, int, str]


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
    """Plain files of one representation in one folder; `published` as `judge` takes it."""

    version: str
    part: str
    published: int
    files: tuple[tuple[str, Content], ...]

    @classmethod
    def of(cls, row: ListedRow) -> Listed:
        """The files that a row tells of."""
        version, published, text = row
        head, *lines = text.split("\n")
        columns = (line.split("\t") for line in lines)
        files = tuple((name, Content(int(size), None, digest)) for name, size, digest in columns)
        return cls(version, head.partition("\t")[0], published, files)


class Work(NamedTuple):
    """A work file, or a set of them under one pattern; `revision` is that of the entity."""

    id: str
    revision: int
    files: tuple[tuple[str, Content], ...]

    @classmethod
    def of(cls, row: WorkRow) -> Work:
        """The work file that a row tells of."""
        id, revision, text = row
        _, path, size, modified, digest = locations.read_work(text)
        return cls(id, revision, ((path.rpartition("/")[2], Content(size, modified, digest)),))

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What the names of its files look like, where it stands for a set of which nothing else is known."""
        ((name, _),) = self.files
        if not is_pattern(name):
            return None
        escaped = re.escape(name).replace(re.escape(FRAME), "-?[0-9]+").replace(re.escape(UDIM), "[1-9][0-9]{3}")
        return re.compile(escaped)


@attrs.define(eq=False)
class Numbered:
    """A set of files that the catalog knows only as a whole: their count, size and hash together.

    `sizes` are those of its files that the scan came to and that looked as they should.
    """

    version: str
    part: str
    published: int
    root: str
    folder: str
    files: FileSet
    content: Content
    sizes: list[int] = attrs.field(factory=list)

    @classmethod
    def of(cls, version: str, published: int, body: Mapping[str, Any], file: Mapping[str, Any]) -> Numbered:
        """The set that `file` is in the document of a representation."""
        files = FileSet(
            file["name"],
            padding=file.get("padding", 0),
            frames=FrameRange.parse(file["frames"]) if file.get("frames") else FrameRange(),
            udims=tuple(file.get("udims", ())),
        )
        content = Content(file["size"], None, file.get("hash", ""))
        return cls(
            version, body["name"], published, body.get("root", "publish"), body.get("folder", ""), files, content
        )

    def path(self, name: str) -> str:
        """Where a file of that name in the representation lies below the root."""
        return f"{self.folder}/{name}" if self.folder else name

    @property
    def is_complete(self) -> bool:
        """Whether just what is expected was seen."""
        return len(self.sizes) == len(self.files) and sum(self.sizes) == self.content.size


class Members(NamedTuple):
    """Those files of a set that lie in one folder."""

    numbered: Numbered
    names: FileSet | list[str]


@attrs.define(eq=False)
class Holding:
    """What the catalog knows of one folder, as rows that nobody has read yet."""

    listed: list[ListedRow] = attrs.field(factory=list)
    works: list[WorkRow] = attrs.field(factory=list)
    members: list[Members] = attrs.field(factory=list)

    @property
    def is_published(self) -> bool:
        """Whether some of it is of versions."""
        return bool(self.listed or self.members)

    def owners(self) -> Iterator[Listed | Work]:
        """All that is known by name, read."""
        yield from map(Listed.of, self.listed)
        yield from map(Work.of, self.works)

    def patterns(self) -> Iterator[re.Pattern[str]]:
        """What the names of those sets look like of which nothing else is known."""
        yield from (pattern for work in map(Work.of, self.works) if (pattern := work.pattern))

    def merge(self, other: Holding) -> None:
        """Take in what is known of the same folder under another spelling."""
        self.listed += other.listed
        self.works += other.works
        self.members += other.members


@attrs.define
class Tracked:
    """Root -> folder -> what the catalog knows there; and all sets. `revision` is that of the project."""

    folders: dict[str, dict[str, Holding]] = attrs.field(factory=dict)
    sets: list[Numbered] = attrs.field(factory=list)
    revision: int = 0

    @property
    def count(self) -> int:
        """How many files that is."""
        holdings = [holding for folders in self.folders.values() for holding in folders.values()]
        listed = sum(text.count("\n") for holding in holdings for _, _, text in holding.listed)
        return listed + sum(len(holding.works) for holding in holdings) + sum(len(each.files) for each in self.sets)

    def at(self, root: str, folder: str) -> Holding:
        """What is known of one folder, to be added to."""
        folders = self.folders.get(root)
        if folders is None:
            folders = self.folders[root] = {}
        holding = folders.get(folder)
        if holding is None:
            holding = folders[folder] = Holding()
        return holding


def is_pattern(name: str) -> bool:
    """Whether a name stands for the files of a set."""
    return FRAME in name or UDIM in name


def read(context: Context, project: str, scope: Scope) -> Tracked:
    """Everything of the project within the scope that has files: representations and work files.

    A representation that has a file there is taken whole, wherever its other files lie, so that it is judged whole.
    """
    tracked = Tracked()
    reading = _Reading(tracked, scope)
    bulky: list[str] = []
    query = Query("representation", project=project).limit(PAGE_LIMIT)
    for page in context.pages(query.rows("parent", "created_at", "files", "id")):
        tracked.revision = page.revision
        bulky += reading.add_listed(page.rows)
    for start in range(0, len(bulky), _CHUNK):
        chunk = query.where(id__in=bulky[start : start + _CHUNK]).rows("parent", "created_at", "body")
        for page in context.pages(chunk):
            for version, published, body in page.rows:
                reading.add_document(version, published, json.loads(body))
    for page in context.pages(Query("workfile", project=project).limit(PAGE_LIMIT).rows("id", "revision", "files")):
        tracked.revision = tracked.revision or page.revision
        reading.add_works(_written(context, project, page.rows))
    return tracked


def _written(context: Context, project: str, rows: Sequence[Row]) -> Sequence[Row]:
    """The rows of work files with their short texts, which rows that an older version wrote do not have."""
    older = [row[0] for row in rows if row[2] is None]
    if not older:
        return rows
    found = [each for each in context.catalog.get(project, older) if isinstance(each, Workfile)]
    return [*(row for row in rows if row[2]), *((each.id, each.revision, locations.write_work(each)) for each in found)]


@attrs.frozen(eq=False)
class _Reading:
    """What lies within the scope, taken from the rows of a catalog; the loops over them are short, as rows are many."""

    tracked: Tracked
    scope: Scope

    def add_listed(self, rows: Iterable[Row]) -> list[str]:
        """Add representations by their short texts; the ids of those whose text does not tell all of their files."""
        bulky: list[str] = []
        at, scope, is_all = self.tracked.at, self.scope, self.scope == Scope()
        for version, published, text, id in rows:
            head, _, lines = text.partition("\n")
            _, root, folder, count = head.split("\t")
            if not lines or not (is_all or (scope.has_root(root) and scope.meets(folder))):
                continue
            if "<" in lines or int(count) > locations.INDEXED_FILES:
                bulky.append(id)
            elif "/" in lines:
                self._add_deep((version, published, head), folder, lines)
            elif is_all or scope.holds(folder):
                at(root, folder).listed.append((version, published, text))
        return bulky

    def add_document(self, version: str, published: int, body: Mapping[str, Any]) -> None:  # Any: JSON
        """Add a representation by its document."""
        root, folder, files = body.get("root", "publish"), body.get("folder", ""), body["files"]
        if not any(self.scope.holds(_joined(folder, file["name"])) for file in files):
            return
        head, lines = f"{body['name']}\t{root}", _lines(files)
        if "<" in lines:
            for file in files:
                if is_pattern(file["name"]):
                    self._add_set(Numbered.of(version, published, body, file))
            lines = _lines(file for file in files if not is_pattern(file["name"]))
        if "/" in lines:
            self._add_deep((version, published, head), folder, lines)
        elif lines:
            self.tracked.at(root, folder).listed.append((version, published, f"{head}\n{lines}"))

    def add_works(self, rows: Iterable[Row]) -> None:
        """Add work files by their short texts."""
        at, scope, is_all = self.tracked.at, self.scope, self.scope == Scope()
        for row in rows:
            root, path, _ = row[2].split("\t", 2)
            if is_all or (scope.has_root(root) and scope.holds(path)):
                at(root, path[: max(0, path.rfind("/"))]).works.append(row)

    def _add_deep(self, owner: ListedRow, folder: str, lines: str) -> None:
        """Add files that may lie in folders within that of their representation."""
        version, published, head = owner
        by_folder: dict[str, list[str]] = {}
        for line in lines.split("\n"):
            path, _, rest = line.partition("\t")
            inner, _, name = _joined(folder, path).rpartition("/")
            by_folder.setdefault(inner, []).append(f"{name}\t{rest}")
        if any(self.scope.holds(inner) for inner in by_folder):
            root = head.split("\t")[1]
            for inner, found in by_folder.items():
                self.tracked.at(root, inner).listed.append((version, published, "\n".join((head, *found))))

    def _add_set(self, numbered: Numbered) -> None:
        self.tracked.sets.append(numbered)
        files = numbered.files
        above, _, pattern = _joined(numbered.folder, files.pattern).rpartition("/")
        if not is_pattern(above):
            inner = FileSet(pattern, padding=files.padding, frames=files.frames, udims=files.udims)
            self.tracked.at(numbered.root, above).members.append(Members(numbered, inner))
            return
        by_folder: dict[str, list[str]] = {}  # a folder for each frame or tile
        for each in files:
            spot, _, name = _joined(numbered.folder, each).rpartition("/")
            by_folder.setdefault(spot, []).append(name)
        for spot, names in by_folder.items():
            self.tracked.at(numbered.root, spot).members.append(Members(numbered, names))


def _lines(files: Iterable[Mapping[str, Any]]) -> str:  # Any: JSON
    """The files of a document as `locations` writes them."""
    return "\n".join([f"{file['name']}\t{file['size']}\t{file.get('hash', '')}" for file in files])


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
