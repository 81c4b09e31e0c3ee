"""Connections to one catalog file: one a thread, opened when first used, closed while the process forks.

SQLite keeps locks by process: a child that inherits an open connection takes its parent's locks for its own, so that
others may take away the log that it writes to. So none is open at a fork, and both go on with new ones.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bifrost_sdk import forks
from bifrost_sdk.adapters.sqlite import fields, filesystem, schema
from bifrost_sdk.domain import codes
from bifrost_sdk.errors import CatalogError
from bifrost_sdk.forks import Forking

OLDEST = (3, 34, 0)
_CACHE_KIB = 65_536

# How long a fork waits for other threads' reads and writes, in seconds.
_FORK_WAIT = 5.0

# What could not be closed before this process was forked, by the catalog's file; kept, since it is never closed here.
_UNSAFE: dict[Path, list[Connection]] = {}

_DAMAGED = "it is damaged ({}), or its disk cannot be read: check the disk, then restore a backup"
_ADVICE = {
    "disk is full": "the disk is full; nothing was changed: make room and try again",
    "disk I/O": "its disk is full or fails ({}); nothing was changed: make room, or check the disk, and try again",
    "readonly": "it cannot be written: check the permissions of the file and its folder",
    "unable to open": "it cannot be opened: check that the folder exists and may be written",
    "malformed": _DAMAGED,
    "not a database": _DAMAGED,
}

_BUSY = ("database is locked", "database table is locked", "database schema is locked")


class Connection:
    """One thread's connection; `depth` counts the uses of it that are under way, each within the one before.

    `seen` is the data version of the last look at the token, None before the first.
    """

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw
        self.execute = raw.execute
        self.process = os.getpid()
        self.is_open = True
        self.depth = 0
        self.seen: int | None = None

    @property
    def is_own(self) -> bool:
        """Whether this process opened it."""
        return self.process == os.getpid()

    def close(self) -> None:
        """Give the file back; safe to repeat. A child never closes what its parent opened."""
        self.is_open = False
        if self.is_own:
            self.raw.close()

    def __del__(self) -> None:
        self.close()


class Connections(Forking):
    """All connections of this process to the catalog at `path`."""

    def __init__(self, path: Path, *, timeout: float, read_only: bool) -> None:
        self.path = path
        self.timeout = timeout
        self.read_only = read_only
        self._local = threading.local()
        self._all: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._lock = threading.Lock()  # held while connections are opened, and while the process forks
        self._in_use: list[Connection] = []  # at the fork that is under way
        self._is_opening = False  # then
        self._closed = False
        self._network = _check_place(path, read_only=read_only)
        forks.watch(self)

    def get(self) -> Connection:
        """This thread's connection."""
        connection: Connection | None = getattr(self._local, "connection", None)
        return connection if connection is not None and connection.is_open else self._open()

    def use(self) -> Connection:
        """This thread's connection, which is left open until the caller has taken back 1 from its `depth`."""
        while True:
            connection = self.get()
            connection.depth += 1
            if connection.depth > 1 or (connection.is_open and not self._lock.locked()):
                return connection
            connection.depth -= 1
            with self._lock:  # until the process has forked
                pass

    def before_fork(self) -> None:
        """Close all connections, and open none before the fork; those of other threads when they are done with them."""
        end = time.monotonic() + _FORK_WAIT
        self._is_opening = not self._lock.acquire(timeout=_FORK_WAIT)
        own: Connection | None = getattr(self._local, "connection", None)
        for connection in list(self._all):
            while connection.depth and connection is not own and time.monotonic() < end:
                time.sleep(0.0005)
            if connection.depth:
                self._in_use.append(connection)
            else:
                connection.close()

    def after_fork(self, *, is_child: bool) -> None:
        """Let connections be opened again."""
        if not is_child:
            self._in_use.clear()
            if not self._is_opening:
                self._lock.release()
            return
        if self._in_use or self._is_opening:
            _UNSAFE.setdefault(self.path.resolve(), []).extend(self._in_use)
        self._in_use, self._all = [], weakref.WeakSet()
        self._lock, self._local = threading.Lock(), threading.local()

    def close(self) -> None:
        """Close the connections of all threads; later use raises."""
        with self._lock:
            self._closed = True
            for connection in list(self._all):
                connection.close()
        self._local = threading.local()

    def _open(self) -> Connection:
        if self._closed:
            raise CatalogError(f"the catalog {self.path} was closed: connect again", path=str(self.path))
        if self.path.resolve() in _UNSAFE:
            raise CatalogError(
                f"the catalog {self.path} was in use at the moment when this process was forked, and cannot be used "
                "here: fork outside of reads and writes, or start the process anew (multiprocessing: spawn)",
                path=str(self.path),
                reason="forked",
            )
        with self._lock:
            with translated(str(self.path)):
                connection = Connection(self._connect())
            self._all.add(connection)
        self._local.connection = connection
        return connection

    def _connect(self) -> sqlite3.Connection:
        _check_library()
        is_new = not self.path.exists()
        if is_new and self.read_only:
            raise CatalogError(f"there is no catalog at {self.path}: make one with init", path=str(self.path))
        mode = "rwc" if not self.read_only else "ro&immutable=1" if self._network else "ro"
        raw = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=self.timeout,
            isolation_level=None,
            check_same_thread=False,  # close() closes those of other threads
            cached_statements=256,
        )
        try:
            self._prepare(raw)
        except BaseException:
            raw.close()
            raise
        if is_new:
            _sync_folder(self.path.parent)
        return raw

    def _prepare(self, raw: sqlite3.Connection) -> None:
        version = schema.state_of(raw, str(self.path))
        if version < schema.VERSION:
            if self.read_only:
                raise CatalogError(
                    f"the catalog {self.path} has schema {version} and {schema.VERSION} is needed: "
                    "open it once for writing, which brings it up to date",
                    path=str(self.path),
                )
            _migrate(raw, str(self.path), self.timeout)
        raw.execute("PRAGMA foreign_keys = ON")
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        raw.create_function("fold", 1, _fold, deterministic=True)
        raw.create_function("iso", 1, _iso, deterministic=True)
        raw.create_function("dig", 2, fields.dig, deterministic=True)


@contextlib.contextmanager
def translated(path: str) -> Iterator[None]:
    """Errors of SQLite and of the operating system inside the block become `CatalogError`, with what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise explained(error, path) from error
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"the catalog {path} cannot be used: {reason}; check that it is mounted and may be read"
        raise CatalogError(message, path=path, reason=reason) from error


def explained(error: sqlite3.Error, path: str) -> CatalogError:
    """The error in words that a person can act on."""
    return CatalogError(f"the catalog {path}: {_advice(str(error))}", path=path, reason=str(error))


def begin_immediate(raw: sqlite3.Connection, path: str, timeout: float) -> None:
    """Begin a write. Every waiter tries again after a short random while, so that none is preferred for long.

    Raises:
        CatalogError: when others held the catalog during `timeout` seconds.
    """
    _persist(lambda: raw.execute("BEGIN IMMEDIATE"), raw, path, timeout=timeout)


def _persist(action: Callable[[], object], raw: sqlite3.Connection, path: str, *, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    waiting = raw.execute("PRAGMA busy_timeout").fetchone()[0]
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        while not _succeeds(action):
            if time.monotonic() >= deadline:
                raise busy(path, timeout)
            time.sleep(random.uniform(0.0005, 0.004))  # noqa: S311  # spreads waiters, guards nothing
    finally:
        raw.execute(f"PRAGMA busy_timeout = {waiting}")


def _succeeds(action: Callable[[], object]) -> bool:
    """Do it, unless somebody else holds the file. The words tell: Python knows the code only from 3.11 on."""
    try:
        action()
    except sqlite3.OperationalError as error:
        if str(error) in _BUSY:
            return False
        raise
    return True


def busy(path: str, timeout: float) -> CatalogError:
    """The error of whoever waited in vain."""
    return CatalogError(
        f"the catalog {path} was busy for {timeout:g} s: another program is writing. Try again; "
        "if it stays so, look for a program that hangs, or give a longer timeout",
        path=path,
        reason="busy",
    )


def _advice(reason: str) -> str:
    if reason in _BUSY:
        return "another program is writing for too long; try again"
    found = next((advice for words, advice in _ADVICE.items() if words in reason), "{}; nothing was changed")
    return found.format(reason)


def _fold(value: Any) -> Any:  # Any: whatever a column holds
    return codes.fold(value) if isinstance(value, str) else value


def _iso(value: int) -> str:
    from bifrost_sdk.domain import wire

    return wire.print_time(wire.from_microseconds(value))


def _check_place(path: Path, *, read_only: bool) -> str:
    """The type of the network file system that the catalog lies on, if any.

    Reading there takes the file as it lies, which is safe only where no write-ahead log holds newer pages.
    """
    network = filesystem.network_type(path)
    if network and not read_only:
        raise CatalogError(
            f"the catalog {path} would lie on a network file system ({network}), where several machines destroy it: "
            "put it on a local disk, or use a server",
            path=str(path),
            reason=network,
        )
    log = path.with_name(f"{path.name}-wal")
    if network and log.exists() and log.stat().st_size:
        raise CatalogError(
            f"the catalog {path} on a network file system ({network}) is in use on its own machine: "
            "read it there, use a server, or copy it after everybody has closed it",
            path=str(path),
            reason=network,
        )
    return network


def _check_library() -> None:
    if sqlite3.sqlite_version_info < OLDEST:
        raise CatalogError(f"SQLite {sqlite3.sqlite_version} is too old: 3.34 or later is needed, update Python")
    with contextlib.closing(sqlite3.connect(":memory:")) as memory:
        try:
            memory.execute("SELECT json_array(1)")
        except sqlite3.OperationalError as error:
            raise CatalogError(f"SQLite {sqlite3.sqlite_version} was built without JSON: use another Python") from error


def _migrate(raw: sqlite3.Connection, path: str, timeout: float) -> None:
    """Whoever is first does it, in one transaction; the others find it done."""
    from bifrost_sdk.adapters.sqlite import migrations

    _persist(lambda: raw.execute("PRAGMA journal_mode = WAL"), raw, path, timeout=timeout)
    begin_immediate(raw, path, timeout)
    try:
        version = schema.state_of(raw, path)
        if version < schema.VERSION:
            migrations.migrate(raw, version)
        raw.execute("COMMIT")
        raw.execute("ANALYZE sqlite_master")  # reads the planner's figures, which were just written
    except BaseException:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file last; Windows does so by itself."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
