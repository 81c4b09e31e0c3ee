"""One follower is told of one project: call by call, each noted before it is made and again after it has returned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, TypeGuard, cast

import attrs

from bifrost_sdk.domain import wire
from bifrost_sdk.domain.changes import Event
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import StorageError
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.cursors import Attempt, Cursor, CursorFile
from bifrost_sdk.services.locks import try_lock
from bifrost_sdk.services.plugins import Loaded

#: A version is parked after so many calls that failed.
ATTEMPTS: Final = 5
#: After the first failure a version is tried again so much later, in seconds, and twice as late each time.
PAUSE: Final = 30

_PAGE = 1_000
_SECOND = 1_000_000
_ENDED = "the process ended while the follower ran"

Outcome = Literal["delivered", "failed", "parked", "waiting", "busy", "broken"]


@attrs.frozen
class Published:
    """What a follower is called with: a version that was published, and the event that says so.

    A follower whose attribute `is_told_of_states` is true is also called when one was retired, restored or purged.

    It may be called with the same version again, and the version may have been retired meanwhile. `context` is that of
    the library itself, which may do everything.
    """

    version: Version
    event: Event
    context: Context


#: What a studio registers.
Follower = Callable[[Published], object]


@attrs.frozen
class Delivery:
    """What became of one version (its reference), or of a follower as a whole, at one run.

    ``delivered``; ``failed``: it is tried again later; ``parked``: it failed too often; ``waiting``: it failed before
    and its time has not come; ``busy``: another process is at it; ``broken``: the follower cannot be loaded, or its
    cursor not be read or written.
    """

    follower: str
    project: str
    outcome: Outcome
    subject: str = ""
    reason: str = ""

    def to_data(self) -> dict[str, Any]:  # Any: JSON
        """The delivery as plain JSON values."""
        return attrs.asdict(self)


@attrs.frozen(eq=False)
class Job:
    """One follower in one project: at most `limit` calls, with `retry` also those whose time has not come."""

    context: Context
    project: str
    follower: Loaded
    file: CursorFile
    limit: int | None = None
    retry: bool = False

    @property
    def head(self) -> int:
        """The last revision of the project."""
        return self.context.catalog.revision(self.project)

    @property
    def fault(self) -> str:
        """Why the follower cannot be called; empty where it can."""
        if self.follower.error is not None:
            return f"{type(self.follower.error).__name__}: {self.follower.error}"
        return "" if callable(self.follower.value) else f"{self.follower.value!r:.200} cannot be called"

    def begin(self) -> None:
        """Give a follower that has no cursor, or one behind the end of the log, one at that end.

        Raises:
            StorageError: a cursor cannot be read or written.
        """
        if not self._is_in_log(self.file.read()):
            with try_lock(self.file.lock) as held:
                if held:
                    self._cursor()

    def run(self) -> list[Delivery]:
        """Call the follower until it knows everything, or has to wait.

        What is published while another process is at it is not missed: that one looks again after it has let go.
        """
        if self.fault:
            return [self.tell("broken", reason=self.fault)]
        told: list[Delivery] = []
        try:
            self._run(told)
        except StorageError as error:  # the cursor: other followers have their own
            told.append(self.tell("broken", reason=str(error)))
        return told

    def tell(self, outcome: Outcome, subject: str = "", reason: str = "") -> Delivery:
        """What is to be reported."""
        return Delivery(self.follower.name, self.project, outcome, subject, reason)

    def _run(self, told: list[Delivery]) -> None:
        while True:
            with try_lock(self.file.lock) as held:
                if not held:
                    told.append(self.tell("busy"))
                    return
                run = _Run(self, self._cursor(), told)
                is_through = run.go(parked=self.retry and not told)
            if not is_through or self.head < run.cursor.revision:
                return

    def _cursor(self) -> Cursor:
        found = self.file.read()
        if not self._is_in_log(found):
            found = Cursor(self.head + 1, parked=found.parked if found else ())
            self.file.write(found)
        return found

    def _is_in_log(self, cursor: Cursor | None) -> TypeGuard[Cursor]:
        """Whether there is a cursor, and the log was not put back to before it, as from a backup."""
        return cursor is not None and cursor.revision <= self.head + 1


@attrs.define(eq=False)
class _Run:
    """A job under its lock; `told` is added to."""

    job: Job
    cursor: Cursor
    told: list[Delivery]

    def go(self, *, parked: bool) -> bool:
        """Call with what is `parked`, if asked to, and with all behind the cursor; False where some of it must wait."""
        for attempt in self.cursor.parked if parked else ():
            self._call_again(attempt)
        before = self.cursor
        while events := self._events(self.cursor.revision):
            for event in events:
                if self.cursor.is_before(event) and self._is_asked_for(event) and not self._deliver(event):
                    return False
            self.cursor = attrs.evolve(self.cursor, revision=events[-1].revision + 1, position=0)
        if self.cursor != before:
            self._keep(self.cursor)
        return True

    def _events(self, revision: int, *, limit: int = _PAGE) -> Sequence[Event]:
        return self.job.context.catalog.events(self.job.project, after=revision - 1, limit=limit)

    def _is_asked_for(self, event: Event) -> bool:
        return _is_publish(event) or (getattr(self.job.follower.value, "is_told_of_states", False) and _is_state(event))

    def _deliver(self, event: Event) -> bool:
        """Whether the cursor is behind the event now."""
        if self._is_enough():
            return False
        attempt = self.cursor.trying
        if attempt is None or attempt.event != event.id:
            attempt = Attempt(event.id, event.subject, event.revision)
        if attempt.attempts >= ATTEMPTS:  # each of its processes ended in the call
            return self._park(event, attempt)
        now = wire.to_microseconds(self.job.context.clock())
        if attempt.retry_at > now and not self.job.retry:
            self._report("waiting", attempt)
            return False
        attempt = attrs.evolve(
            attempt,
            attempts=attempt.attempts + 1,
            retry_at=now + PAUSE * _SECOND * 2**attempt.attempts,
            error=_ENDED,
        )
        self._keep(attrs.evolve(self.cursor, trying=attempt))
        error = self._call(event)
        if error is None:
            self._keep(self.cursor.behind(event))
            self._report("delivered", attempt)
            return True
        attempt = attrs.evolve(attempt, error=error)
        if attempt.attempts >= ATTEMPTS:
            return self._park(event, attempt)
        self._keep(attrs.evolve(self.cursor, trying=attempt))
        self._report("failed", attempt)
        return False

    def _park(self, event: Event, attempt: Attempt) -> bool:
        self._keep(attrs.evolve(self.cursor.behind(event), parked=(*self.cursor.parked, attempt)))
        self._report("parked", attempt)
        return True

    def _call_again(self, attempt: Attempt) -> None:
        """Call with a parked version; it stays parked unless that returns."""
        if self._is_enough():
            return
        event = next(each for each in self._events(attempt.revision, limit=1) if each.id == attempt.event)
        error = self._call(event)
        now = attrs.evolve(attempt, attempts=attempt.attempts + 1, error=error or "")
        kept = (now if each == attempt else each for each in self.cursor.parked if error or each != attempt)
        self._keep(attrs.evolve(self.cursor, parked=tuple(kept)))
        self._report("parked" if error else "delivered", now)

    def _call(self, event: Event) -> str | None:
        """Why the call failed; None where it returned."""
        context = self.job.context
        try:
            version = context.take(Version, f"bifrost://{self.job.project}/~{event.subject}")
            cast("Follower", self.job.follower.value)(Published(version, event, context))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a studio's code may fail in any way; it is tried again
            return f"{type(error).__name__}: {error}"
        return None

    def _is_enough(self) -> bool:
        calls = sum(each.outcome not in ("waiting", "busy") for each in self.told)
        return self.job.limit is not None and calls >= self.job.limit

    def _report(self, outcome: Outcome, attempt: Attempt) -> None:
        ref = f"bifrost://{self.job.project}/~{attempt.version}"
        (found,) = self.job.context.get_many([ref])
        reason = "" if outcome == "delivered" else attempt.error
        self.told.append(self.job.tell(outcome, found.ref if isinstance(found, Version) else ref, reason))

    def _keep(self, cursor: Cursor) -> None:
        self.job.file.write(cursor)
        self.cursor = cursor


def _is_publish(event: Event) -> bool:
    """Whether a version was published: not one that was restored, nor one that was adopted as already published."""
    states = event.before.get("state"), event.after.get("state")
    return event.subject_kind == "version" and states == ("reserved", "published")


def _is_state(event: Event) -> bool:
    """Whether a version that was published has another state now."""
    is_change = event.subject_kind == "version" and "state" in event.after
    return is_change and event.before.get("state") in {"published", "retired"}
