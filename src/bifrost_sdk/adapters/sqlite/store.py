"""The Store in one SQLite file."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from bifrost_sdk import forks
from bifrost_sdk.adapters.sqlite import answers
from bifrost_sdk.adapters.sqlite import connection as connections
from bifrost_sdk.adapters.sqlite.connection import Connection, Connections, explained
from bifrost_sdk.adapters.sqlite.transaction import Projects, SqliteTransaction
from bifrost_sdk.errors import CatalogError
from bifrost_sdk.forks import Forking
from bifrost_sdk.ports import Resolution


class SqliteStore(Forking):
    """The catalog in the file at `path`, made when it is not there; `timeout` is how long a write waits, in seconds.

    A `read_only` store never writes a byte and works where the file may not be written.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 30.0, read_only: bool = False) -> None:
        self.path = Path(path).absolute()
        self.timeout = timeout
        self.read_only = read_only
        self._connections = Connections(self.path, timeout=timeout, read_only=read_only)
        self._writing = threading.Lock()  # threads of one process queue here, instead of asking the file
        self._bumping = threading.Lock()
        self._generation = 0
        self._projects = Projects()
        self._connections.get()  # what is wrong with the file is said now
        forks.watch(self)

    def begin(
        self, project: str | None = None, *, timeout: float | None = None
    ) -> AbstractContextManager[SqliteTransaction]:
        """A consistent read, or with `project` a write that holds the project's lock; reads nest in a thread.

        Raises:
            CatalogError: when the catalog is busy for longer than `timeout`, damaged, full or closed.
        """
        if project is None:
            return _Read(self._connections, self._projects)
        return self._write(project, self.timeout if timeout is None else timeout)

    def token(self) -> object:
        """Different after any commit by anybody.

        SQLite tells a connection that others have committed; a number of this process follows what any of its
        connections is told, and its own commits.
        """
        return self.recall(())[1]

    def recall(self, refs: Sequence[str]) -> tuple[Mapping[str, Resolution], object]:
        """The answers of the table of ready ones, each statement a read of its own, and then the token."""
        connection = self._connections.use()
        try:
            found = answers.recall(connection.raw, refs, None) if refs else {}
            (version,) = connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            raise explained(error, str(self.path)) from error
        finally:
            connection.depth -= 1
        if version != connection.seen:
            connection.seen = version
            self._bump()
        return found, self._generation

    def projects(self) -> Mapping[str, int]:
        """The present revision of every project."""
        with self.begin() as transaction:
            return dict(transaction.connection.execute("SELECT code, revision FROM head"))

    def close(self) -> None:
        """Close the connections of all threads."""
        self._connections.close()

    @contextlib.contextmanager
    def _write(self, project: str, timeout: float) -> Iterator[SqliteTransaction]:
        with connections.translated(str(self.path)):
            connection = self._connections.use()
            try:
                with self._locked(connection, timeout):
                    transaction = SqliteTransaction(connection.raw, self._projects, project=project)
                    transaction.lock()
                    yield transaction
            finally:
                connection.depth -= 1

    @contextlib.contextmanager
    def _locked(self, connection: Connection, timeout: float) -> Iterator[None]:
        if connection.depth > 1:
            raise CatalogError(f"a write of {self.path} cannot begin inside another transaction of its thread")
        if self.read_only:
            raise CatalogError(f"the catalog {self.path} was opened for reading only", path=str(self.path))
        lock = self._writing
        if not lock.acquire(timeout=timeout):
            raise connections.busy(str(self.path), timeout)
        try:
            connections.begin_immediate(connection.raw, str(self.path), timeout)
            yield
            if not connection.is_own:
                raise CatalogError(f"this write of {self.path} was begun before a fork, and is left to the parent")
            connection.execute("COMMIT")
            self._bump()
        finally:
            if connection.is_own and connection.raw.in_transaction:
                connection.execute("ROLLBACK")
                self._projects.forget()  # one may have been made and is not
            lock.release()

    def _bump(self) -> None:
        with self._bumping:
            self._generation += 1

    def after_fork(self, *, is_child: bool) -> None:
        """A child's threads queue for themselves, whoever held a lock in its parent."""
        if is_child:
            self._writing, self._bumping = threading.Lock(), threading.Lock()


class _Read:
    """A read: the outermost one of a thread begins and ends it; inside a write, reads see what it has written.

    A class and no generator, since resolving one reference passes here.
    """

    __slots__ = ("_connection", "_connections", "_projects")

    def __init__(self, connections: Connections, projects: Projects) -> None:
        self._connections = connections
        self._projects = projects

    def __enter__(self) -> SqliteTransaction:
        connection = self._connection = self._connections.use()
        if connection.depth == 1:
            try:
                connection.execute("BEGIN")
            except sqlite3.Error as error:
                connection.depth = 0
                raise explained(error, str(self._connections.path)) from error
        return SqliteTransaction(connection.raw, self._projects)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        connection = self._connection
        try:
            if connection.depth == 1 and connection.raw.in_transaction and connection.is_own:
                connection.execute("ROLLBACK")
        finally:
            connection.depth -= 1
        if isinstance(error, sqlite3.Error):
            raise explained(error, str(self._connections.path)) from error
