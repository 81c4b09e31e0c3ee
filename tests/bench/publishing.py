"""Publishing beside the bare system calls that its protocol is made of: nothing checked, nothing known afterwards."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from measure import Figure, paired

from bifrost_sdk.services.publications import Publication
from bifrost_sdk.session import Session, connect, init

PROJECT = "show"
BLOCK = 1 << 20

# What a commit of publishing appends to the log of the catalog, about, in bytes.
_LOGGED = 40_000


def publishing() -> Iterator[Figure]:
    """One small file, a sequence of large ones, many small ones, and the large ones hashed by blake3."""
    yield _figure("publish one file of 1 kB", [1_000], "<= 3x", rounds=41)
    yield _figure("publish 1,000 frames of 1 MB", [1_000_000] * 1_000, "<= 1.15x", rounds=3)
    yield _figure("publish 10,000 frames of 1 kB", [1_000] * 10_000, "", rounds=3)
    yield _figure("publish 1,000 frames of 1 MB, by blake3", [1_000_000] * 1_000, "", rounds=3, algorithm="blake3")


def _figure(name: str, sizes: Sequence[int], goal: str, *, rounds: int, algorithm: str = "sha256") -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        sources = _made(Path(folder, "source"), sizes)
        workspace = init(Path(folder, "shows"), project=PROJECT, user="bench")
        with (workspace / "bifrost.yaml").open("a") as settings:
            settings.write(f"hash: {algorithm}\n")
        with connect(workspace, user="bench") as session:
            hero = session.assets.create(PROJECT, "char", "hero").ref
            floor = Floor(Path(folder, "floor"))
            pattern = sources[0] if len(sources) == 1 else Path(folder, "source", "frame.#####.bin")
            ours, bare, ratio = paired(
                lambda: _publish(session, hero, pattern), lambda: floor.publish(sources), rounds=rounds
            )
    count = len(sizes)
    return Figure(name, "file", ours / count * 1e6, bare / count * 1e6, ratio, goal, f"{sum(sizes) / 1e6:,.1f} MB")


def _publish(session: Session, owner: str, files: Path) -> None:
    version = session.publish_set([Publication(owner, "model", {"bin": files})])[0]
    shutil.rmtree(session.context.roots["publish"] / PROJECT / "assets/char/hero/model" / f"v{version.number:03d}")


def _made(folder: Path, sizes: Sequence[int]) -> list[Path]:
    folder.mkdir()
    paths = []
    for number, size in enumerate(sizes, 1):
        path = folder / (f"frame.{number:05d}.bin" if len(sizes) > 1 else "frame.bin")
        path.write_bytes(os.urandom(size))
        paths.append(path)
    return paths


class Floor:
    """Reserve, stage, place and finalise as calls alone; a log that is synced stands for the catalog."""

    def __init__(self, folder: Path) -> None:
        (folder / "tx").mkdir(parents=True)
        (folder / "hero").mkdir()
        self.folder = folder
        self.log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.numbers = itertools.count(1)

    def publish(self, sources: Sequence[Path]) -> None:
        number = next(self.numbers)
        staged, final = self.folder / "tx" / str(number), self.folder / "hero" / f"v{number:03d}"
        self._commit()
        staged.mkdir()
        listing = [f"{_copy(source, staged / source.name)}  {source.name}\n" for source in sources]
        _write(staged / "manifest.json", "".join(listing).encode())
        _sync(staged)
        staged.rename(final)
        _sync(final.parent)
        _sync(staged.parent)
        self._commit()
        shutil.rmtree(final)

    def _commit(self) -> None:
        os.write(self.log, bytes(_LOGGED))
        os.fsync(self.log)


def _copy(source: Path, target: Path) -> str:
    hasher = hashlib.sha256()
    with source.open("rb", buffering=0) as read, target.open("xb", buffering=0) as written:
        while block := read.read(BLOCK):
            hasher.update(block)
            written.write(block)
        os.fchmod(written.fileno(), 0o444)
        os.fsync(written.fileno())
    return hasher.hexdigest()


def _write(path: Path, content: bytes) -> None:
    with path.open("xb", buffering=0) as file:
        file.write(content)
        os.fchmod(file.fileno(), 0o444)
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
