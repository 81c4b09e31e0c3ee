"""In which order a publish does what it does: a loss of power may take all that was not synced, and nothing shown."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs strace, which is Linux's")

TRACED = "openat,write,pwrite64,ioctl,fsync,fdatasync,mkdir,rename,renameat,renameat2,link,symlink,unlink,rmdir,chmod"
NO_SUCH_RENAME = "renameat2:error=EINVAL"  # as NFS answers
NAMED = re.compile(r'"([^"]*)"')
HANDLE = re.compile(r"^\d+<([^>]*)>")


@attrs.define
class Disk:
    """What a loss of power could take, as the calls of a process go by.

    `contents` are files whose bytes or rights were written since they were synced, `names` are files and folders that
    came to where they are since the folder around them was synced. `faults` is all that was done in a wrong order.
    """

    root: str
    staged: str
    contents: set[str] = attrs.field(factory=set)
    names: set[str] = attrs.field(factory=set)
    faults: list[str] = attrs.field(factory=list)
    commits: int = 0
    is_committing: bool = False
    placed: int = 0

    def see(self, name: str, text: str) -> None:
        """One call; those that failed did nothing."""
        if re.search(r"= -1 |= \?$", text.rstrip()):
            return
        paths, handle = NAMED.findall(text), HANDLE.match(text)
        if name in {"fsync", "fdatasync"} and handle:
            self.sync(handle[1])
        elif handle and name == "pwrite64" and handle[1].endswith("-wal"):
            self.log(is_head=text.rstrip().endswith(", 32, 0) = 32"))
        elif handle and (name == "write" or "FICLONE" in text) and handle[1].startswith(self.root):
            self.contents.add(handle[1])
        elif name.startswith("rename"):
            self.move(paths[0], paths[1], is_safe="RENAME_NOREPLACE" in text)
        elif name in {"unlink", "rmdir"}:
            self.contents.discard(paths[0])
            self.names.discard(paths[0])
        elif name in {"mkdir", "link", "symlink"} or "O_EXCL" in text:
            self.make(paths[-1], is_file=name == "openat")
        elif name == "chmod":
            self.contents.add(paths[0])

    def make(self, path: str, *, is_file: bool) -> None:
        if path.endswith("/manifest.json") and is_file:
            folder = path.rpartition("/")[0]
            self.faults += [f"{each} is not synced when its manifest is begun" for each in below(self.contents, folder)]
        self.names.add(path)
        if is_file:
            self.contents.add(path)

    def log(self, *, is_head: bool) -> None:
        """Something is written to the log of the catalog: its head, which comes once, or a part of a commit."""
        if not self.is_committing and not is_head:
            self.is_committing = True
            self.commits += 1
            if self.commits == 2:
                self.finalise()

    def sync(self, path: str) -> None:
        if path.endswith("-wal"):
            self.is_committing = False
        self.contents.discard(path)
        self.names = {each for each in self.names if each.rpartition("/")[0] != path}

    def move(self, old: str, new: str, *, is_safe: bool) -> None:
        if re.fullmatch(rf"{re.escape(self.staged)}/[^/]+", old):
            self.placed += 1
            if not is_safe:
                self.faults.append(f"{new} is placed by a rename that replaces what is there")
        elif new.endswith("/manifest.json"):
            self.placed += 1
            folder = new.rpartition("/")[0]
            unsafe = set(below(self.names | self.contents, folder)) - {folder, new}  # but the link that holds its place
            self.faults += [f"{each} is not synced when its manifest comes" for each in sorted(unsafe)]
        self.contents = {renamed(path, old, new) for path in self.contents}
        self.names = {renamed(path, old, new) for path in self.names if path != old} | {new}

    def finalise(self) -> None:
        """The commit that shows the versions is about to be written: from now on all of it must stay."""
        shown = f"{self.root}/demo"
        self.faults += [f"{path} is not synced when it is shown" for path in below(self.contents | self.names, shown)]
        if not self.placed:
            self.faults.append("shown before it is placed")


def below(paths: set[str], folder: str) -> Iterator[str]:
    return (path for path in sorted(paths) if path == folder or path.startswith(f"{folder}/"))


def renamed(path: str, old: str, new: str) -> str:
    return new + path[len(old) :] if path == old or path.startswith(f"{old}/") else path


def faults_of(stage: Any, trace: Any, do: str, mutants: Sequence[str] = (), *injected: str) -> list[str]:
    """What is done in a wrong order by a publish, which succeeds."""
    stage.renew()
    outcome = trace(*injected, trace=TRACED, do=do, mutants=mutants, **stage.request)
    assert outcome.made, outcome
    disk = Disk(str(stage.root), f"{stage.root}/.bifrost/tx")
    for call in outcome.calls:
        if str(stage.place) in call.text:
            disk.see(call.name, call.text)
    assert disk.commits >= 2
    return disk.faults


@pytest.mark.parametrize("do", ["single", "sequence", "together", "moved"])
@pytest.mark.parametrize("injected", [(), (NO_SUCH_RENAME,)], ids=["whole", "piecewise"])
def test_all_is_synced_when_it_is_shown(stage: Any, trace: Any, do: str, injected: Sequence[str]) -> None:
    assert faults_of(stage, trace, do, (), *injected) == []


@pytest.mark.parametrize(
    ("mutant", "fault"),
    [
        ("no_file_sync", "model.usda is not synced when its manifest is begun"),
        ("no_folder_sync", "v001 is not synced when it is shown"),
        ("catalog_first", "shown before it is placed"),
        ("plain_rename", "replaces what is there"),
    ],
)
def test_fault_is_found_when_the_order_is_wrong(stage: Any, trace: Any, mutant: str, fault: str) -> None:
    assert any(fault in each for each in faults_of(stage, trace, "single", [mutant]))


@pytest.mark.parametrize("mutant", ["no_file_sync", "no_folder_sync", "catalog_first"])
def test_fault_is_found_when_the_order_is_wrong_piece_by_piece(stage: Any, trace: Any, mutant: str) -> None:
    assert faults_of(stage, trace, "single", [mutant], NO_SUCH_RENAME)
