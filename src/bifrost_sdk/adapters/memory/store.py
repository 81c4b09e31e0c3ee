"""The Store that keeps everything in memory, as values: a reader holds one state, a writer makes the next."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence

from bifrost_sdk import forks
from bifrost_sdk.adapters.memory.shelf import Shelf
from bifrost_sdk.adapters.memory.transaction import MemoryTransaction
from bifrost_sdk.errors import CatalogError
from bifrost_sdk.forks import Forking
from bifrost_sdk.ports import Resolution


class MemoryStore(Forking):
    """A catalog that lives as long as this object; one write at a time waits at most `timeout` seconds.

    >>> store = MemoryStore()
    >>> with store.begin("demo") as transaction:
    ...     transaction.create_project("demo")
    >>> store.projects()
    {'demo': 1}
    """

    def __init__(self, *, timeout: float = 30.0) -> None:
        self._timeout = timeout
        self._shelves: Mapping[str, Shelf] = {}
        self._generation = 0
        self._lock = threading.Lock()
        self._thread = threading.local()
        forks.watch(self)

    @contextlib.contextmanager
    def begin(self, project: str | None = None, *, timeout: float | None = None) -> Iterator[MemoryTransaction]:
        """A consistent read, or with `project` a write that holds the lock; a read in a write sees what was written.

        Raises:
            CatalogError: when another write does not end in time, or a write is begun in a write.
        """
        writing: MemoryTransaction | None = getattr(self._thread, "writing", None)
        if project is None:
            yield MemoryTransaction(self._shelves if writing is None else writing.shelves)
            return
        if writing is not None:
            raise CatalogError("a write cannot begin inside another write of its thread: end that one first")
        waited = self._timeout if timeout is None else timeout
        lock = self._lock
        if not lock.acquire(timeout=waited):
            raise CatalogError(f"another write has kept the catalog busy for {waited:g} s: try again")
        try:
            self._thread.writing = transaction = MemoryTransaction(self._shelves, project=project)
            yield transaction
            self._shelves = transaction.shelves
            self._generation += 1
        finally:
            self._thread.writing = None
            lock.release()

    def token(self) -> object:
        """The number of commits so far."""
        return self._generation

    def recall(self, refs: Sequence[str]) -> tuple[Mapping[str, Resolution], object]:  # noqa: ARG002  # the port gives them
        """Nothing, as this store looks everything up, and the token."""
        return {}, self._generation

    def projects(self) -> Mapping[str, int]:
        """Project -> present revision."""
        return {code: shelf.revision for code, shelf in self._shelves.items()}

    def close(self) -> None:
        """Nothing is held that has to be given back."""

    def after_fork(self, *, is_child: bool) -> None:
        """A child has a catalog of its own from here on, whoever was writing in its parent."""
        if is_child:
            self._lock = threading.Lock()
