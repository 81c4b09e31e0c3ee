"""A scan of a whole show beside the least that looking at every file costs: os.scandir and stat, one after the other.

The floor and the rows of the catalog alone come to 1.2 to 1.4 of the floor. What was tried beside what is done: two and
four threads take 1.6 and 2.1 times as long as one, since each status needs the interpreter's lock again; names and
os.stat on an open folder cost as much as entries of it, and so do folders opened from the one above; asking entries
whether they are files first, so that no mode is looked at, changes nothing; without the collection of garbage 4 % are
saved.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import attrs
from measure import Figure, paired

from bifrost_sdk.domain.changes import Change, Create
from bifrost_sdk.domain.filesets import FileSet
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.model import Asset, AssetType, Product, Representation, Version, Workfile
from bifrost_sdk.domain.versions import File
from bifrost_sdk.domain.wire import from_microseconds
from bifrost_sdk.services.identity import new_id
from bifrost_sdk.session import Session, connect, init

PROJECT = "show"
FILES = 200_000
CHUNK = 10_000
GOAL = "<= 1.5x"

#: When all files were written: long before they are scanned.
WRITTEN = 1_700_000_000

_HASH = "sha256:" + "0" * 64


@attrs.define
class Making:
    """A show on its way: files on disk, and the changes that make the catalog know them."""

    roots: dict[str, Path]
    changes: list[Change] = attrs.field(factory=list)
    files: int = 0

    def add(self, entity: object) -> str:
        """One more entity; its id."""
        self.changes.append(Create(entity))  # type: ignore[arg-type]  # every kind that is made here
        return str(entity.id)  # type: ignore[attr-defined]  # likewise

    def write(self, root: str, path: str) -> None:
        """One more file, of three bytes."""
        place = self.roots[root] / path
        if not place.parent.is_dir():
            place.parent.mkdir(parents=True)
        place.write_bytes(b"abc")
        os.utime(place, (WRITTEN, WRITTEN))
        self.files += 1

    def version(self, node: str, owner: str, number: int, files: dict[str, list[File]]) -> None:
        """A published version of a product that is new, with its manifest and all its files."""
        product = self.add(Product(id=new_id(), code=f"p{number}", parent=node))
        made = self.add(Version(id=new_id(), product=product, number=1, state="published"))
        folder = f"{PROJECT}/{owner}/p{number}/v001"
        self.write("publish", f"{folder}/manifest.json")
        for name, listed in files.items():
            self.add(Representation(id=new_id(), version=made, name=name, folder=folder, files=listed))
            for file in listed:
                frames = file.frames or FrameRange()
                members = FileSet(file.name, frames=frames) if file.frames else [file.name]
                for member in members:
                    self.write("publish", f"{folder}/{member}")

    def work(self, node: str, folder: str, count: int) -> None:
        """So many work files in one folder."""
        for number in range(1, count + 1):
            path = f"{PROJECT}/{folder}/scene.v{number:03d}.ma"
            self.write("work", path)
            written = from_microseconds(WRITTEN * 1_000_000)
            self.add(
                Workfile(id=new_id(), parent=node, file=path, number=number, size=3, hash=_HASH, modified_at=written)
            )


def _plain(*names: str) -> list[File]:
    return [File(name, 3, _HASH) for name in names]


def _mixed(making: Making, nodes: Iterable[tuple[str, str]]) -> None:
    """Half rendered frames, a third models with textures, the rest work files."""
    textures = _plain(*(f"color.{tile}.tx" for tile in range(1001, 1009)))
    frames = [File("beauty.<FRAME>.exr", 300, _HASH, frames="1001-1100", padding=4, count=100)]
    for index, (node, owner) in enumerate(nodes):
        for number in range(5):
            making.version(
                node, owner, number, {"usd": _plain("model.usda"), "preview": _plain("a.png"), "tx": textures}
            )
        if index % 2:
            making.version(node, owner, 5, {"exr": frames})
        making.work(node, f"{owner}/anim/work/anna", 20)
        if making.files >= FILES:
            return


def _single(making: Making, nodes: Iterable[tuple[str, str]]) -> None:
    """One file and its manifest a version: the most rows and folders for so many files."""
    for node, owner in nodes:
        for number in range(10):
            making.version(node, owner, number, {"usd": _plain("model.usda")})
        if making.files >= FILES:
            return


def _listed(making: Making, nodes: Iterable[tuple[str, str]]) -> None:
    """Large folders whose files are listed one by one: more than the catalog keeps in its short form."""
    names = _plain(*(f"cache_{number:04d}.abc" for number in range(200)))
    for node, owner in nodes:
        making.version(node, owner, 0, {"abc": names})
        if making.files >= FILES:
            return


def _works(making: Making, nodes: Iterable[tuple[str, str]]) -> None:
    """Work files alone, each an entity of its own: the most rows for so many files of few folders."""
    for node, owner in nodes:
        making.work(node, f"{owner}/anim/work/anna", 20)
        if making.files >= FILES:
            return


SHOWS: dict[str, Callable[[Making, Iterable[tuple[str, str]]], None]] = {
    "a show": _mixed,
    "one file a version": _single,
    "200 files a version": _listed,
    "work files": _works,
}


def build(folder: Path, fill: Callable[[Making, Iterable[tuple[str, str]]], None]) -> tuple[Session, int]:
    """A workspace with such a show; the session on it, and how many files there are."""
    init(folder, project=PROJECT, user="bench")
    session = connect(folder, user="bench")
    making = Making(dict(session.context.roots))
    project = session.projects.get(PROJECT).id
    kind = making.add(AssetType(id=new_id(), code="char", parent=project))
    fill(making, _nodes(making, kind))
    for start in range(0, len(making.changes), CHUNK):
        session.commit(making.changes[start : start + CHUNK], project=PROJECT)
    return session, making.files


def _nodes(making: Making, kind: str) -> Iterator[tuple[str, str]]:
    """Assets without end: id, and the folder that each has."""
    for number in itertools.count():
        code = f"asset{number:05d}"
        yield making.add(Asset(id=new_id(), code=code, parent=kind, asset_type=kind)), f"assets/char/{code}"


def scan_and_stat(*folders: str) -> int:
    """The floor: every entry of every folder, and the status of every file."""
    count = 0
    stack = list(folders)
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                else:
                    count += entry.stat(follow_symlinks=False).st_size > 0
    return count


def scans() -> Iterator[Figure]:
    """Each show scanned, nothing amiss."""
    for name, fill in SHOWS.items():
        with tempfile.TemporaryDirectory() as folder:
            session, files = build(Path(folder, "shows"), fill)
            with session:
                roots = [f"{path}/{PROJECT}" for path in session.context.roots.values() if (path / PROJECT).is_dir()]
                report = session.sync.scan(PROJECT)
                wrong = [finding for finding in report.findings if finding.about != "folder"]
                assert not wrong, wrong[:3]
                ours, floor, ratio = paired(
                    partial(session.sync.scan, PROJECT),
                    partial(scan_and_stat, *roots),
                    rounds=5,
                )
            size = f"{files:,} files"
            yield Figure(f"a scan: {name}", "file", ours / files * 1e6, floor / files * 1e6, ratio, GOAL, size)


def main() -> None:
    """Print the figures as they come."""
    start = time.perf_counter()
    for figure in scans():
        print(figure.name, figure.size, f"{figure.ours:.2f} us", f"{figure.floor:.2f} us", f"{figure.ratio:.2f}x")
        print(f"  {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
