"""What people do wrong, and what happens to them: each answer says what to do. This page holds the texts."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bifrost_sdk.adapters.sqlite import connection, filesystem
from bifrost_sdk.session import connect, init

Run = Callable[..., tuple[int, str, str]]
resource = pytest.importorskip("resource", reason="the texts of the operating system are others on Windows")

PUBLISH = ("publish", "assets/char/hero", "model", "usd=hero.usda")
NOBODY = 65534


@pytest.fixture(scope="module")
def shows() -> Iterator[Path]:
    """A workspace with one version, where another user of the machine may go, too."""
    folder = Path(tempfile.mkdtemp(prefix="bifrost-mistakes-"))
    folder.chmod(0o755)
    init(folder, project="demo", user="anna")
    (folder / "hero.usda").write_text("#usda 1.0\n")
    with connect(folder, user="anna") as session:
        hero = session.assets.create("demo", "char", "hero")
        session.publish(hero, "model", {"usd": str(folder / "hero.usda")})
        session.projects.update("demo", default_role=None)
        session.users.create("bo")
    yield folder
    _remove(folder)


@pytest.fixture
def reader(shows: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: the workspace, which stays as it is."""
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    monkeypatch.chdir(shows)
    return shows


@pytest.fixture
def folder(shows: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder: a copy of the workspace, to be spoilt."""
    copy = shows.with_name(f"{shows.name}-copy")
    shutil.copytree(shows, copy)
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    monkeypatch.chdir(copy)
    yield copy
    _remove(copy)


def _remove(folder: Path) -> None:
    for path in folder.rglob("*"):
        path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (
            ("resolve", "bifrost://dmeo/assets/char/hero/model"),
            3,
            "bifrost://dmeo: there is no such project. Did you mean bifrost://demo?",
        ),
        (("list", "-p", "dmeo"), 3, "bifrost://dmeo: there is no such project. Did you mean bifrost://demo?"),
        (
            ("show", "assets/char/hreo"),
            3,
            "bifrost://demo/assets/char/hreo: not found. Did you mean bifrost://demo/assets/char/hero",
        ),
        (
            ("resolve", "assets/char/hero/model/v009"),
            3,
            "there is no version v009. Did you mean bifrost://demo/assets/char/hero/model/v001?",
        ),
        (
            ("resolve", "assets/char hero"),
            1,
            "' ' U+0020 space cannot stand in a code (use letters, digits, _ and -)",
        ),
        (("resolve", "-w", "nowhere", "x"), 1, "make one with init() or `bifrost init`, or name one that exists"),
        (("publish", "assets/char/villain", "model", "usd=hero.usda"), 3, "villain: not found; --create makes it"),
        (("publish", "assets/char/hero", "model", "hero.usda"), 1, "'hero.usda' is not KEY=PATH (write usd=hero.usda)"),
        (
            ("publish", "assets/char/hero", "model", "usd=hreo.usda"),
            1,
            "cannot read hreo.usda: No such file or directory; nothing was published",
        ),
        (("find", "asset", "tag=main"), 1, "there is no field 'tag' on asset (did you mean tags"),
        (("lsit",), 2, "there is no command 'lsit'; did you mean list?"),
        (("list", "--pojrect", "demo"), 2, "--project"),
        (("-w", "shows", "list"), 2, "-w stands behind the command, as in bifrost init -w"),
        (("asset", "--json", "list"), 2, "--json stands behind the command, as in bifrost asset list --json"),
        (("--nothing", "list"), 2, "No such option '--nothing'"),
        (("help",), 2, "there is no command 'help'; did you mean --help?"),
        (("version",), 2, "did you mean --version"),
    ],
)
def test_right_thing_is_named_when_something_is_misspelt(
    reader: Path, run: Run, arguments: tuple[str, ...], status: int, says: str
) -> None:
    found, out, err = run(*arguments)
    assert (found, out.strip(), says in err) == (status, "", True), err


def test_who_to_ask_is_told_when_a_role_does_not_allow_it(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIFROST_SDK_USER", "bo")
    hidden = run("list", "assets", "-p", "demo")
    assert (hidden[0], "bifrost://demo: there is no such project" in hidden[2]) == (3, True)
    with connect(folder, user="anna") as session:
        session.users.grant("bo", "viewer", project="demo")
    says = (
        "bo lacks the permission create:version in project demo; ask an admin of the project for a role that holds it"
    )
    assert run(*PUBLISH) == (5, "", f"bifrost: {says}\n")


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of some size in place of a folder, which root may mount; others are given up."""
    mount = shutil.which("mount") or pytest.skip("there is no mount here")
    mounted = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "none", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run([f"u{Path(mount).name}", folder], check=True)


def test_room_is_asked_for_when_the_disk_of_a_root_is_full(folder: Path, run: Run) -> None:
    Path("hero.usda").write_bytes(bytes(4 << 20))
    with small_disk(folder / "publish", "1m"):
        status, out, err = run(*PUBLISH)
    assert (status, out) == (1, "")
    assert "No space left on device" in err
    with connect(folder) as session:
        assert [version.state for version in session.versions.of("bifrost://demo/assets/char/hero/model")] == [
            "published",
            "abandoned",
        ]


def test_room_is_asked_for_when_the_disk_of_the_catalog_is_full(folder: Path, run: Run) -> None:
    shows = folder / "small"
    shows.mkdir()
    with small_disk(shows, "1m"):
        init(shows, project="demo", user="anna")
        with contextlib.suppress(OSError), (shows / "filler").open("wb", buffering=0) as file:
            while file.write(bytes(1024)):
                pass
        status, out, err = run("asset", "create", "char/hero", "-w", str(shows))
    assert (status, out) == (1, "")
    assert "disk is full" in err
    assert "nothing was changed: make room" in err


def test_reason_is_told_when_a_file_may_not_grow(folder: Path) -> None:
    """Where nothing can be mounted, a limit of the process is as good as a full disk."""
    Path("hero.usda").write_bytes(bytes(4 << 20))
    done = subprocess.run(
        [sys.executable, "-m", "bifrost_sdk.cli.main", *PUBLISH],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20)),
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user whom permissions stop; who is none already owns nothing here while it lasts."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def test_permissions_are_named_when_the_system_does_not_allow_it(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    assert run("asset", "create", "char/other")[0] == 0  # and all that is needed is loaded
    if os.geteuid() != 0:
        for path in (*folder.glob("catalog*"), folder):
            path.chmod(0o555)
    with as_nobody():
        status, out, err = run("asset", "create", "char/villain")
    assert (status, out) == (1, "")
    assert "it cannot be written: check the permissions of the file and its folder" in err


def test_extra_is_named_when_usd_is_not_installed(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pxr", None)  # what Python itself keeps of a module that is not there
    for name in [name for name in sys.modules if name.startswith("bifrost_sdk.integrations.usd")]:
        monkeypatch.delitem(sys.modules, name)
    status, out, err = run("ingest", ".")
    assert (status, out) == (1, "")
    assert "USD needs the extra 'usd', which is not installed; run pip install \"bifrost-sdk[usd]\"" in err


def test_update_is_asked_for_when_the_catalog_is_newer_than_the_code(folder: Path, run: Run) -> None:
    with contextlib.closing(sqlite3.connect(folder / "catalog.sqlite")) as catalog:
        catalog.execute("PRAGMA user_version = 999")
    for arguments in (("list",), PUBLISH, ("doctor",)):
        status, out, err = run(*arguments)
        assert (status, "999" in out + err, "update" in out + err) == (1, True, True)


def test_local_disk_is_asked_for_when_the_workspace_lies_on_nfs(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What mounts there are is told by a text of the system; here it is that of a machine with NFS."""
    table = f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 0:41 / {folder.resolve()} rw - nfs4 server:/shows rw\n"
    monkeypatch.setattr(filesystem, "network_type", lambda path: filesystem.from_mountinfo(table, str(path.resolve())))
    assert connection.filesystem is filesystem
    status, out, err = run("list")
    assert (status, out) == (1, "")
    says = "would lie on a network file system (nfs4), where several machines destroy it: put it on a local disk"
    assert says in err


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("catalog.sqlite", b"", "is empty; restore a backup, or run init to begin anew"),
        ("catalog.sqlite", b"no catalog at all" * 100, "is no SQLite database, so no catalog; it was left as it is"),
        ("bifrost.yaml", b"projet: demo\n", "there is no setting 'projet'; did you mean 'project'?"),
        ("bifrost.yaml", b"project: [\n", "bifrost.yaml:2 is no YAML"),
    ],
)
def test_file_is_named_when_it_is_damaged(folder: Path, run: Run, name: str, content: bytes, says: str) -> None:
    for path in folder.glob(f"{name}-*"):
        path.unlink()
    (folder / name).write_bytes(content)
    status, out, err = run("list", "assets")
    assert (status, out, says in err) == (1, "", True), err
