"""Real processes on real files that are traced, killed or lied to at one system call, and what must hold afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

import attrs
import pytest

from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.rootpaths import TRIALS
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.services import contents
from bifrost_sdk.services.manifests import Manifest, digest
from bifrost_sdk.services.sources import MANIFEST
from bifrost_sdk.services.staging import TRANSACTIONS
from bifrost_sdk.services.workspace import SENTINEL
from bifrost_sdk.session import Session, connect, init

DOING = Path(__file__).with_name("doing.py")
HERO = "bifrost://demo/assets/char/hero"
MEMORY = "/dev/shm"  # noqa: S108 - folders of their own are made there
FAST = MEMORY if os.access(MEMORY, os.W_OK) else tempfile.gettempdir()

_LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")


@attrs.frozen
class Call:
    """The `number`-th call of its `name` in a process, counted from 1."""

    name: str
    number: int
    text: str


@attrs.frozen
class Outcome:
    """How a process ended: the signal that killed it, if any, and what it said; `calls` are those that were traced."""

    signal: int
    made: Sequence[Any] | None = None
    error: Mapping[str, Any] | None = None
    crash: str = ""
    calls: Sequence[Call] = ()

    @property
    def is_killed(self) -> bool:
        return self.signal == signal.SIGKILL

    def check_clean(self) -> None:
        """It ended by itself, and what it raised, if anything, was an error of the library."""
        assert (self.signal, self.crash) == (0, ""), self


@attrs.define
class Running:
    """A process that was begun; `end` waits for it."""

    server: Server
    pid: int

    def end(self, calls: Sequence[Call] = ()) -> Outcome:
        ended = self.server.hear()
        return Outcome(ended["signal"], **ended["said"], calls=calls)


@attrs.define
class Server:
    """The program that forks the processes."""

    process: subprocess.Popen[str]

    @classmethod
    @contextlib.contextmanager
    def run(cls, log: Path) -> Iterator[Server]:
        with (
            log.open("w") as errors,
            subprocess.Popen(
                [sys.executable, str(DOING), str(FAST)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as process,
        ):
            server = cls(process)
            try:
                server.hear()
                yield server
            finally:
                assert process.stdin is not None
                process.stdin.close()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the server died; its errors are in its log"
        heard: dict[str, Any] = json.loads(line)
        return heard

    def fork(self, **request: Any) -> Running:
        """A process that waits for SIGUSR1."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request, default=str) + "\n")
        self.process.stdin.flush()
        return Running(self, self.hear()["pid"])

    def begin(self, **request: Any) -> Running:
        running = self.fork(**request)
        os.kill(running.pid, signal.SIGUSR1)
        return running

    def do(self, **request: Any) -> Outcome:
        return self.begin(**request).end()


@attrs.define
class Tracer:
    """Runs requests under strace, which injects what it is told to."""

    server: Server
    log: Path
    strace: str

    def __call__(self, *injected: str, trace: str = "%file,%desc", **request: Any) -> Outcome:
        running = self.server.fork(**request)
        names = "".join(f",{each.partition(':')[0]}" for each in injected)
        options = [text for each in injected for text in ("-e", f"inject={each}")]
        command = [self.strace, "-f", "-y", "-s", "64", "-e", f"trace={trace}{names}", *options]
        command += ["-o", str(self.log), "-p", str(running.pid)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracing:
            assert tracing.stderr is not None
            said = tracing.stderr.readline()
            is_attached = "attached" in said
            os.kill(running.pid, signal.SIGUSR1 if is_attached else signal.SIGKILL)
            ended = running.end()
            assert is_attached, f"strace cannot trace here: {said}"
        return attrs.evolve(ended, calls=read_calls(self.log))


def read_calls(log: Path) -> list[Call]:
    counts: Counter[str] = Counter()
    calls = []
    for line in log.read_text(errors="replace").splitlines():
        if found := _LINE.match(line):
            counts[found[1]] += 1
            calls.append(Call(found[1], counts[found[1]], found[2]))
    return calls


@attrs.frozen
class Stage:
    """A workspace with an asset, and sources, both made anew for each process; `root` is where files are published."""

    template: Path
    place: Path

    @property
    def workspace(self) -> Path:
        return self.place / "shows"

    @property
    def source(self) -> Path:
        return self.place / "source"

    @property
    def root(self) -> Path:
        return self.workspace / "publish"

    @property
    def request(self) -> dict[str, Path]:
        return {"workspace": self.workspace, "source": self.source}

    def renew(self) -> None:
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.template, self.place, symlinks=True)

    def touching(self, outcome: Outcome) -> list[Call]:
        """The calls that touch the workspace or the sources."""
        return [call for call in outcome.calls if str(self.place) in call.text]

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """As on another machine: whoever connects on this one settles what is left at once."""
        with mock.patch("platform.node", return_value="elsewhere"), connect(self.workspace, user="anna") as session:
            yield session

    def files(self) -> set[str]:
        """Every file and folder below the root but its sentinel."""
        return {path.relative_to(self.root).as_posix() for path in self.root.rglob("*")} - {SENTINEL}

    def versions(self) -> list[Version]:
        with self.session() as session:
            return list(session.iterate(Query("version", project="demo").sort("number")))


def make_stage(template: Path) -> None:
    """What every stage is copied from."""
    source = template / "source"
    source.mkdir(parents=True)
    for name in ("hero.usda", "rig.usda", *(f"beauty.{frame}.exr" for frame in (1001, 1002, 1003))):
        (source / name).write_text(f"content of {name}\n")
    (source / "large.abc").write_bytes(bytes(range(256)) * 12_288)
    with connect(init(template / "shows", project="demo", user="anna"), user="anna") as session:
        session.assets.create("demo", "char", "hero")


def check_whole(stage: Stage, session: Session, version: Version) -> set[str]:
    """A published version is what its manifest and the catalog say; the files and folders that it owns."""
    representations = session.versions.representations(version)
    (folder,) = {item.folder for item in representations}
    written = (stage.root / folder / MANIFEST).read_bytes()
    assert digest(written) == version.manifest
    manifest = Manifest.from_bytes(written)
    assert (manifest.version, manifest.number) == (version.id, version.number)
    for entry in manifest.entries:
        path = stage.root / folder / entry.name
        content = path.read_bytes()
        assert (len(content), digest(content)) == (entry.size, entry.hash), path
        assert not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH), path
    names = {entry.name for entry in manifest.entries}
    assert {path for item in representations for path in contents.paths_of(item)} == {f"{folder}/{n}" for n in names}
    return {folder, *(f"{folder}/{name}" for name in (*names, MANIFEST))}


def check_agreement(stage: Stage, *, may_try: bool = False) -> list[Version]:
    """Catalog and disk agree: numbers without a gap, all versions settled and whole, and no other file; the versions.

    What is left of a try of what the disk can do is no version's; it `may` wait for the next recovery.
    """
    versions = stage.versions()
    assert {version.state for version in versions} <= {"published", "abandoned"}, versions
    numbers: dict[str, list[int | None]] = {}
    owned = set()
    with stage.session() as session:
        for version in versions:
            numbers.setdefault(version.path, []).append(version.number)
            if version.state == "published":
                owned |= check_whole(stage, session, version)
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values()), numbers
    around = {parent.as_posix() for path in (*owned, TRIALS, f"{TRANSACTIONS}/any") for parent in Path(path).parents}
    left = stage.files() - owned - around - {TRIALS}
    left -= {path for path in left if may_try and path.startswith(f"{TRIALS}/")}
    products = {f"demo/{path}" for path in numbers}
    products |= {parent.as_posix() for path in products for parent in Path(path).parents}
    assert left <= products, left  # an empty folder may stay for the next version
    return versions


@pytest.fixture(scope="session", name="check_agreement")
def _check_agreement() -> Callable[..., list[Version]]:
    return check_agreement


@pytest.fixture(scope="session")
def changing() -> frozenset[str]:
    """The names of system calls that change what is on a disk: before any other it is as after the last of these."""
    writing = "write pwrite64 writev copy_file_range sendfile ftruncate truncate fallocate fsync fdatasync openat creat"
    naming = "mkdir mkdirat rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat rmdir"
    return frozenset(f"{writing} {naming} chmod fchmod fchmodat".split())


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "stage"
    make_stage(folder)
    return folder


@pytest.fixture
def stage(template: Path) -> Iterator[Stage]:
    """In memory where there is a place for that: a kill asks nothing of the disk, and syncs take the most time."""
    with tempfile.TemporaryDirectory(dir=FAST, prefix="bifrost-") as folder:
        made = Stage(template, Path(folder, "stage"))
        made.renew()
        yield made


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server.run(tmp_path_factory.mktemp("server") / "errors") as running:
        yield running


@pytest.fixture
def trace(server: Server, tmp_path: Path, missing: Callable[[str], NoReturn]) -> Tracer:
    strace = shutil.which("strace")
    if strace is None:
        missing("install the Debian package strace")
    return Tracer(server, tmp_path / "trace", strace)
