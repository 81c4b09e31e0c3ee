"""Verifying published files, beside the least that reading and hashing every one of them costs with as many threads."""

from __future__ import annotations

import concurrent.futures
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from measure import Figure, paired

from bifrost_sdk.session import Session, connect, init

#: So many frames of 1 MB, and small files, in versions of 100; and small files that are a version each.
FRAMES, SMALL, SINGLE = 1_000, 10_000, 2_000
GOAL = "<= 1.25x"  # 0.8 of the floor's throughput

_BLOCK = 1 << 20
_JOBS = min(8, os.cpu_count() or 1)


def verifying() -> Iterator[Figure]:
    """Shows as studios have them, and the worst case: every file a version of its own."""
    for name, files, size, together, goal, algorithm in (
        ("verify frames of 1 MB", FRAMES, 1_000_000, 100, GOAL, "sha256"),
        ("verify frames of 1 MB, by blake3", FRAMES, 1_000_000, 100, "", "blake3"),
        ("verify files of 10 kB", SMALL, 10_000, 100, GOAL, "sha256"),
        ("verify one file of 10 kB a version", SINGLE, 10_000, 1, "", "sha256"),
    ):
        with tempfile.TemporaryDirectory() as folder:
            workspace = init(Path(folder, "shows"), project="demo", user="bench")
            with (workspace / "bifrost.yaml").open("a") as settings:
                settings.write(f"hash: {algorithm}\n")
            with connect(Path(folder, "shows"), project="demo", user="bench") as session:
                paths = _publish(session, Path(folder, "source"), files, size, together)
                ours, floor, ratio = paired(partial(_verify, session, files), partial(_hash, paths))
        yield Figure(name, "file", ours / files * 1e6, floor / files * 1e6, ratio, goal, f"{files:,} files")


def _publish(session: Session, source: Path, files: int, size: int, together: int) -> list[str]:
    """Versions of so many files each; the paths of what was published, manifests left out."""
    source.mkdir()
    node = session.assets.create("demo", "char", "hero")
    for _ in range(files // together):
        for frame in range(together):
            (source / f"beauty.{1001 + frame}.exr").write_bytes(os.urandom(size))
        session.publish(node, "beauty", {"exr": source / "beauty.####.exr"})
    root = session.context.roots["publish"]
    return [str(path) for path in sorted(root.rglob("*.exr"))]


def _verify(session: Session, files: int) -> None:
    found = session.verify(jobs=_JOBS, resume=False)
    if not found.is_clean or found.files != files:
        raise RuntimeError(f"{found.files} of {files} files, {found.findings[:3]}")


def _hash(paths: Sequence[str]) -> None:
    """Read and hash everything, in as many threads, each given many files at once."""
    parts = [paths[start::_JOBS] for start in range(_JOBS)]
    with concurrent.futures.ThreadPoolExecutor(_JOBS) as pool:
        if sum(map(len, pool.map(_digests, parts))) != len(paths):
            raise RuntimeError("not every file was read")


def _digests(paths: Sequence[str]) -> list[str]:
    found = []
    for path in paths:
        hasher = hashlib.sha256()
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - the least that it costs
            while block := file.read(_BLOCK):
                hasher.update(block)
        found.append(hasher.hexdigest())
    return found


def main() -> int:
    """Show the throughput of both."""
    for figure in verifying():
        assert figure.ratio is not None
        print(f"{figure.name}: {figure.ours:.0f} us a file, floor {figure.floor:.0f} us, ", end="")
        print(f"{1 / figure.ratio:.2f} of its throughput", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
