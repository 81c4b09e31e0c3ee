from __future__ import annotations

from pathlib import Path

import pytest

from bifrost_sdk.adapters.sqlite import filesystem
from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.errors import CatalogError

LINUX = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /mnt/shows rw,relatime shared:20 - nfs4 server:/shows rw,vers=4.2
41 40 8:2 / /mnt/shows/scratch rw - xfs /dev/sdb rw
42 22 0:36 / /mnt/with\040space rw master:3 - cifs //server/share rw
43 22 0:37 / /users/ann/remote rw - fuse.sshfs ann@host: rw
44 22 0:38 / /mnt/twice rw - ext4 /dev/sdc rw
45 44 0:39 / /mnt/twice rw - nfs server:/twice rw
a broken line
"""
MACOS = """/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
//ann@server/shows on /Volumes/shows (smbfs, nodev, nosuid, mounted by ann)
server:/vol on /Volumes/My Films (nfs)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
not a mount
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/users/ann/c.db", ""),
        ("/mnt/shows/c.db", "nfs4"),
        ("/mnt/shows", "nfs4"),
        ("/mnt/shows-local/c.db", ""),
        ("/mnt/shows/scratch/c.db", ""),
        ("/mnt/with space/c.db", "cifs"),
        ("/users/ann/remote/c.db", "fuse.sshfs"),
        ("/mnt/twice/c.db", "nfs"),
    ],
)
def test_from_mountinfo_names_the_network_when_the_innermost_mount_is_one(path: str, kind: str) -> None:
    assert filesystem.from_mountinfo(LINUX, path) == kind


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/Volumes/ann/c.db", ""),
        ("/Volumes/shows/a/c.db", "smbfs"),
        ("/Volumes/My Films/c.db", "nfs"),
        ("/Volumes/Other/c.db", ""),
    ],
)
def test_from_macos_mounts_names_the_network_when_the_innermost_mount_is_one(path: str, kind: str) -> None:
    assert filesystem.from_macos_mounts(MACOS, path) == kind


@pytest.mark.parametrize(
    ("path", "drive", "kind"),
    [
        (r"C:\shows\c.db", 3, ""),
        (r"Z:\shows\c.db", 4, "remote drive"),
        (r"\\server\share\c.db", 1, "unc"),
        ("//server/share/c.db", 1, "unc"),
        (r"\\?\UNC\server\share\c.db", 1, "unc"),
        (r"\\?\C:\shows\c.db", 3, ""),
    ],
)
def test_from_windows_path_names_the_network_when_it_is_one(path: str, drive: int, kind: str) -> None:
    assert filesystem.from_windows_path(path, drive) == kind


def test_network_type_is_empty_when_the_folder_is_local_and_the_file_to_come(tmp_path: Path) -> None:
    assert filesystem.network_type(tmp_path / "to" / "come.db") == ""


@pytest.fixture
def on_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """No share is at hand: the system's word is replaced, all that follows from it runs."""
    monkeypatch.setattr(filesystem, "network_type", lambda _: "nfs4")


def test_open_refuses_to_write_when_on_a_network(path: Path, on_network: None) -> None:
    with pytest.raises(CatalogError, match=r"nfs4.*local disk, or use a server"):
        SqliteStore(path)
    assert not path.exists()


def test_open_reads_on_a_network_when_nobody_uses_it(
    path: Path, store: SqliteStore, request: pytest.FixtureRequest
) -> None:
    with store.begin("studio") as transaction:
        transaction.create_project("studio")
    store.close()
    request.getfixturevalue("on_network")
    reader = SqliteStore(path, read_only=True)
    assert reader.projects() == {"studio": 1}
    reader.close()


def test_open_refuses_to_read_on_a_network_when_a_log_holds_newer_pages(
    path: Path, store: SqliteStore, request: pytest.FixtureRequest
) -> None:
    with store.begin("studio") as transaction:
        transaction.create_project("studio")
    request.getfixturevalue("on_network")
    with pytest.raises(CatalogError, match="in use on its own machine"):
        SqliteStore(path, read_only=True)
