"""Followers: what a studio does after each publish, told at least once, in the order of the log, and never in its way.

The log of a project is the only queue; each follower keeps a cursor in it, which moves on after a call has returned. A
call that fails or does not come back is made again, later each time; after some failures the version is parked, where
everybody sees it, and the follower goes on. Followers act as the library itself, since who published may be allowed
less than what the studio wants to happen then.
"""

from __future__ import annotations

import builtins
import contextlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import attrs

from bifrost_sdk.domain.production import STUDIO, Project
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import ConfigurationError, StorageError
from bifrost_sdk.ports import NOW, Actor
from bifrost_sdk.services import plugins
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.cursors import Attempt, Cursor, CursorFile
from bifrost_sdk.services.deliveries import Delivery, Job
from bifrost_sdk.services.plugins import Loaded

#: The group of entry points by which followers of other packages are found.
GROUP = "bifrost_sdk.followers"

#: Who publishes calls each follower with at most so many versions; what is left waits for the next one.
AT_ONCE: Final = 100

_LOG = logging.getLogger(__name__)


@attrs.frozen
class FollowerState:
    """How far a follower is in a project: all up to `revision` is done, of `head`.

    `trying` is the version that failed and is tried next, `parked` are those that were given up until somebody asks
    for them again. `error` says why it cannot be called.
    """

    follower: str
    project: str
    revision: int
    head: int
    trying: Attempt | None = None
    parked: tuple[Attempt, ...] = ()
    error: str = ""

    def to_data(self) -> dict[str, Any]:  # Any: JSON
        """The state as plain JSON values."""
        return attrs.asdict(self)


@attrs.frozen(eq=False)
class Followers:
    """The followers of this installation and this workspace.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     session.followers.list()
    []
    """

    context: Context

    def list(self, project: Item | None = None) -> builtins.list[FollowerState]:
        """How far each follower is, in one project or in all that are active."""
        return [_state(job) for code in _projects(self.context, project) for job in _jobs(self.context, code)]

    def run(
        self, project: Item | None = None, *, limit: int | None = None, retry: bool = False
    ) -> builtins.list[Delivery]:
        """Call the followers with what they do not know yet, in one project or in all that are active.

        Each is called at most `limit` times. With `retry`, versions that failed are tried now, those that are parked
        included.

        Raises:
            ConfigurationError: there is no workspace to keep cursors in.
        """
        found: list[Delivery] = []
        for code in _projects(self.context, project):
            for job in _jobs(self.context, code):
                found += attrs.evolve(job, limit=limit, retry=retry).run()
        return found


@contextlib.contextmanager
def delivering(context: Context, project: str) -> Iterator[None]:
    """Call followers with what the block publishes, once it has ended well; whatever they do, the block is not touched.

    A follower that is new begins here: it is told of what is published from now on.
    """
    jobs: Sequence[Job] = ()
    with _unharmed(project):
        jobs = _jobs(context, project) if context.plugins.folder is not None else ()
    for job in jobs:
        with _unharmed(project):
            job.begin()
    yield
    for job in jobs:
        with _unharmed(project):
            _warn(attrs.evolve(job, limit=AT_ONCE).run())


@contextlib.contextmanager
def _unharmed(project: str) -> Iterator[None]:
    try:
        yield
    except Exception:  # noqa: BLE001 - what was published is published: nothing here may look like a failure of that
        _LOG.warning("followers of %s could not be called; `bifrost followers run` does it", project, exc_info=True)


def _state(job: Job) -> FollowerState:
    head, fault = job.head, job.fault
    cursor = None
    try:
        cursor = job.file.read()
    except StorageError as error:
        fault = fault or str(error)
    found = cursor or Cursor(head + 1)
    done = min(found.revision - 1, head)
    return FollowerState(job.follower.name, job.project, done, head, found.trying, found.parked, fault)


def _warn(deliveries: Iterable[Delivery]) -> None:
    for each in deliveries:
        if each.outcome in {"failed", "parked", "broken"}:
            _LOG.warning("follower %s: %s %s: %s", each.follower, each.outcome, each.subject, each.reason)


def _projects(context: Context, project: Item | None) -> builtins.list[str]:
    if project is not None:
        return [context.project_of(project).code]
    return [found.code for found in context.every(Query("project", project=STUDIO)) if found.state == "active"]


def _own(context: Context) -> Iterator[Loaded]:
    """What the library itself does after each publish, where the settings ask for it."""
    if context.plugins.latest_copy is not None:
        from bifrost_sdk.services.latest_copies import LatestCopies

        yield Loaded("latest_copy", LatestCopies())


def _jobs(context: Context, project: str) -> builtins.list[Job]:
    """One for each follower, in the order in which they were found; nothing is asked of the catalog without any."""
    found = [*plugins.load(GROUP, context.plugins.followers), *_own(context)]
    if not found:
        return []
    if context.plugins.folder is None:
        raise ConfigurationError("followers need a workspace, where what they were told is remembered")
    actor = Actor(context.actor.login, system=True)
    own = attrs.evolve(context, catalog=context.catalog.bind(actor), actor=actor, view=NOW, project=project)
    id = own.take(Project, f"bifrost://{project}").id
    return [Job(own, project, each, CursorFile.of(context.plugins.folder, each.name, id)) for each in found]
