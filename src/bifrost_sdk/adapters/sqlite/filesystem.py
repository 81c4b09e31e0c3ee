"""Which kind of file system a path lies on: SQLite's shared memory serves the processes of one machine only.

The readers of the three platforms' words are pure; only `network_type` asks the system.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

#: Types of file systems that other machines share, in lower case, as Linux and macOS name them.
NETWORK_TYPES = frozenset(
    [
        *("nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "afpfs", "9p", "ncpfs", "webdav"),
        *("ceph", "glusterfs", "lustre", "beegfs", "gpfs", "panfs", "pvfs2", "ocfs2", "gfs2", "davfs", "davfs2"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph-fuse", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "fuse.davfs2"),
        *("fuse.smbnetfs", "fuse.juicefs", "macfuse", "osxfuse", "prl_fs", "vboxsf", "vmhgfs", "fuse.vmhgfs-fuse"),
    ]
)
_ESCAPE = re.compile(r"\\([0-7]{3})")
_MACOS_LINE = re.compile(r".+? on (?P<point>.+) \((?P<type>[^,()]+)[^()]*\)")
_POINT = 4  # the field of mountinfo with the mount point
_REMOTE_DRIVE = 4  # DRIVE_REMOTE of GetDriveType


def network_type(path: Path) -> str:
    """The type of the network file system that holds `path` (which may be still to come), empty for a local one."""
    place = _existing(path)
    if sys.platform == "win32":
        import ctypes

        drive = os.path.splitdrive(place)[0] + "\\"
        return from_windows_path(str(place), ctypes.windll.kernel32.GetDriveTypeW(drive))
    if sys.platform == "darwin":
        lines = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=False).stdout
        return from_macos_mounts(lines, str(place))
    try:
        text = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
    return from_mountinfo(text, str(place))


def from_mountinfo(text: str, path: str) -> str:
    """The network type of the mount that holds the absolute `path`, from the text of Linux's mountinfo."""
    mounts = []
    for line in text.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if dash and len(fields) > _POINT:
            mounts.append((_unescaped(fields[_POINT]), after.split(" ")[0]))
    return _longest(mounts, path)


def from_macos_mounts(text: str, path: str) -> str:
    """The network type of the mount that holds the absolute `path`, from what macOS's mount prints."""
    found = (_MACOS_LINE.fullmatch(line) for line in text.splitlines())
    return _longest([(line["point"], line["type"]) for line in found if line], path)


def from_windows_path(path: str, drive_type: int) -> str:
    """The network type of an absolute Windows path, given the number that GetDriveType tells for its drive."""
    plain = path.replace("/", "\\")
    if plain.casefold().startswith("\\\\?\\unc\\"):
        return "unc"
    if plain.startswith(("\\\\?\\", "\\\\.\\")):
        plain = plain[4:]
    if plain.startswith("\\\\"):
        return "unc"
    return "remote drive" if drive_type == _REMOTE_DRIVE else ""


def _existing(path: Path) -> Path:
    """The nearest folder or file that exists, without links: the mount of a link's target counts."""
    path = path.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return path.resolve()


def _longest(mounts: list[tuple[str, str]], path: str) -> str:
    """The type of the innermost mount; of several on one point the last one lies on top."""
    best, found = -1, ""
    for point, kind in mounts:
        folder = point.rstrip("/")
        if (path == folder or path.startswith(f"{folder}/")) and len(folder) >= best:
            best, found = len(folder), kind.casefold()
    return found if found in NETWORK_TYPES else ""


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text)
