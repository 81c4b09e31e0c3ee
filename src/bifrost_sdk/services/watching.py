"""Disks watched: the file system hints in which folders something changed, and each of them is scanned again.

A hint is never believed, only looked into, and one that is lost does no harm: everything is scanned when watching
begins and every now and then. Nothing here changes the catalog. Needs the extra ``watch``.
"""

from __future__ import annotations

import math
import os
import stat
import threading
import time
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Final, NamedTuple, TypeAlias

import attrs

from bifrost_sdk.domain.reconciliation import Report, Spot
from bifrost_sdk.domain.templates.beginnings import folders_of, outermost
from bifrost_sdk.errors import ConfigurationError, Issue, StorageError, ValidationError
from bifrost_sdk.services.folders import Folders
from bifrost_sdk.services.sources import ROOT
from bifrost_sdk.services.survey import Survey
from bifrost_sdk.services.tracked import Scope

#: A folder that never comes to rest is scanned after so many times the rest that it should have.
PATIENCE: Final = 20

#: So many folders of a root are scanned by themselves; where there are more, what holds several of them is.
FOLDERS: Final = 8

# Seconds until it is seen that watching was stopped, or that a folder has come; milliseconds that group notices.
_TICK: Final = 0.25
_STEP: Final = 20

#: Device and number of a folder.
_Identity: TypeAlias = tuple[int, int]

#: Folders by their real paths; where roots overlap, one may be of several.
_Places: TypeAlias = Mapping[str, Sequence[Spot]]

#: Sets of what happened and where, over and over; an empty one where nothing did for a moment.
_Notices: TypeAlias = Generator[set[tuple[object, str]], None, None]


class Sighting(NamedTuple):
    """One scan while watching: of a folder below a root with everything in it; both are empty where it was of all."""

    root: str
    folder: str
    report: Report


@attrs.frozen(kw_only=True)
class Pace:
    """How often is looked, in seconds.

    `settle`: how long a folder must be at rest before it is scanned. `every`: when all is scanned again. `poll`: how
    often to look for changes where the file system does not tell of them; None where it does.

    Raises:
        ValidationError: when one of them is not above zero.
    """

    settle: float = 3.0
    every: float = 3600.0
    poll: float | None = None

    def __attrs_post_init__(self) -> None:
        for name, value in (("settle", self.settle), ("every", self.every), ("poll", self.poll)):
            if value is not None and not 0 < value < math.inf:
                raise ValidationError(Issue("watch.pace", f"{value!r} is no number of seconds above 0", name))


def watch(
    folders: Folders, project: str, scope: Scope, *, pace: Pace, stop: threading.Event | None = None
) -> Iterator[Sighting]:
    """See `Sync.watch`."""
    watcher = _Watcher(folders, project, scope, pace, stop or threading.Event(), _watchfiles())
    return watcher.sightings()


@attrs.define(eq=False)
class Hints:
    """Folders in which something changed, until they have been at rest for `settle` seconds.

    >>> hints = Hints(2.0)
    >>> hints.add([Spot("work", "demo/a"), Spot("work", "demo/a/b")], 10.0)
    >>> hints.add([Spot("work", "demo/c")], 11.5)
    >>> hints.due(11.9), hints.due(12.0), hints.due(13.5)
    ([], [Spot(root='work', path='demo/a')], [Spot(root='work', path='demo/c')])
    """

    settle: float
    _times: dict[Spot, tuple[float, float]] = attrs.field(factory=dict, init=False)

    def add(self, spots: Iterable[Spot], now: float) -> None:
        """Something changed there at this time, in seconds."""
        for spot in spots:
            first, _ = self._times.get(spot, (now, now))
            self._times[spot] = first, now

    def due(self, now: float) -> list[Spot]:
        """The folders to be scanned now, none within another; they are hinted at no more."""
        found = [
            spot
            for spot, (first, last) in self._times.items()
            if last <= now - self.settle or first <= now - self.settle * PATIENCE
        ]
        for spot in found:
            del self._times[spot]
        roots = sorted({spot.root for spot in found})
        paths = {root: gathered(spot.path for spot in found if spot.root == root) for root in roots}
        return [Spot(root, path) for root in roots for path in paths[root]]

    def clear(self) -> None:
        """All was looked at."""
        self._times.clear()


def gathered(paths: Iterable[str]) -> list[str]:
    """At most `FOLDERS` folders that hold all of these, the deepest given up for what holds them.

    >>> gathered(["demo/b/x", "demo/a", "demo/a/x"])
    ['demo/a', 'demo/b/x']
    >>> gathered(f"demo/shots/{number}" for number in range(100))
    ['demo/shots']
    """
    found = outermost(paths)
    while len(found) > FOLDERS:
        depth = max(path.count("/") for path in found)
        found = outermost(path.rpartition("/")[0] if path.count("/") == depth else path for path in found)
    return found


class _StoppedError(Exception):
    """Watching was stopped while something was scanned."""


@attrs.define(eq=False)
class _Watcher:
    """One watch on its way."""

    folders: Folders
    project: str
    scope: Scope
    pace: Pace
    stop: threading.Event
    watchfiles: ModuleType

    def sightings(self) -> Iterator[Sighting]:
        """Scans, until it is stopped: of everything first, and whenever it is time; between them of what changed."""
        hints = Hints(self.pace.settle)
        lookout = _Lookout(self.watchfiles, self.pace.poll, self.stop)
        whole_at = rest_until = time.monotonic()
        try:
            while not self.stop.is_set():
                if time.monotonic() >= whole_at:
                    lookout.places = self._places()
                    lookout.look()  # what changes from here on is told, whatever the scan sees of it
                    hints.clear()
                    yield self._seen(self.scope)
                    whole_at = time.monotonic() + self.pace.every
                hints.add(lookout.look(), time.monotonic())
                if time.monotonic() < rest_until:
                    continue
                began = time.monotonic()
                for spot in hints.due(began):
                    yield self._seen(Scope(*spot))
                now = time.monotonic()
                rest_until = now + (now - began)  # a busy show costs half of the time at most
        except _StoppedError:
            return
        finally:
            lookout.close()

    def _seen(self, scope: Scope) -> Sighting:
        is_whole = scope is self.scope
        report = Survey(self.folders, self.project, scope, progress=self._heed).run()
        return Sighting("", "", report) if is_whole else Sighting(scope.root, scope.folder, report)

    def _heed(self, _done: int, _total: int) -> None:
        if self.stop.is_set():
            raise _StoppedError

    def _places(self) -> _Places:
        """The folders to be watched, as far as they are in the scope."""
        roots = self.folders.context.roots
        templates = self.folders.templates.get(self.project)
        made = {ROOT, *(each.root for each in templates.templates.values())}
        names = {self.scope.root} if self.scope.root else made
        found: defaultdict[str, list[Spot]] = defaultdict(list)
        for root in sorted(names & roots.keys()):
            tops = folders_of(templates, root, self.project)
            inner = [path for path in tops if self.scope.holds(path)] or [self.scope.folder]
            for path in inner:
                found[os.path.realpath(roots[root] / path)].append(Spot(root, path))
        return found


@attrs.define(eq=False)
class _Lookout:
    """What the file system tells of changes in some folders, whichever of them are there just now.

    One that comes, or comes back, is watched from then on.
    """

    watchfiles: ModuleType
    poll: float | None
    stop: threading.Event
    places: _Places = attrs.field(factory=dict, init=False)
    _there: Mapping[str, _Identity] | None = attrs.field(default=None, init=False)
    _notices: _Notices | None = attrs.field(default=None, init=False)

    def look(self) -> set[Spot]:
        """The folders in which something changed since the last look; waits a moment for that.

        Raises:
            StorageError: when the system lets no more folders be watched.
        """
        before = self._there or {}
        there = {path: found for path in self.places if (found := _identity(path))}
        other = (spots for path, spots in self.places.items() if there.get(path) != before.get(path))
        changed = {spot for spots in other for spot in spots}
        last = self._notices
        if there != self._there:
            self._there, self._notices = there, self._listen(there)
        changed |= self._told(self._notices)
        if last is not None and last is not self._notices:
            changed |= self._told(last)  # until the new one listened
            last.close()
        return changed

    def close(self) -> None:
        """Listen no more."""
        if self._notices is not None:
            self._notices.close()

    def _listen(self, paths: Iterable[str]) -> _Notices:
        """The notices from when they are first asked for."""
        found: _Notices = self.watchfiles.watch(
            *paths,
            watch_filter=None,
            debounce=int(_TICK * 1_000),
            step=_STEP,
            stop_event=self.stop,
            rust_timeout=int(_TICK * 1_000),
            yield_on_timeout=True,
            force_polling=True if self.poll else None,
            poll_delay_ms=int((self.poll or 1) * 1_000),
            ignore_permission_denied=True,
        )
        return found

    def _told(self, notices: _Notices | None) -> set[Spot]:
        """Where something changed, by the notices that came since they were asked for last."""
        try:
            told = next(notices, ()) if notices is not None else ()
        except FileNotFoundError:  # a folder went just now: the next look finds it gone
            self._there = None
            self.stop.wait(_TICK)
            return set()
        except OSError as error:
            message = f"the folders cannot be watched: {error}; raise the limit of the system (fs.inotify on Linux)"
            advice = "or look for changes every so many seconds (poll)"
            raise StorageError(f"{message}, {advice}", path=min(self.places, default=""), reason=str(error)) from error
        return {spot for _, path in told for spot in self._folders(path)}

    def _folders(self, path: str) -> Iterator[Spot]:
        """The folder in which to look for what changed at a path, itself or the one that it lies in, in each root."""
        for place, spots in self.places.items():
            above = place.rstrip(os.sep) + os.sep
            if path == place or path.startswith(above):
                inner = (path if _identity(path) else path.rpartition(os.sep)[0])[len(above) :].replace(os.sep, "/")
                for root, top in spots:
                    yield Spot(root, "/".join(part for part in (top, inner) if part))


def _identity(path: str) -> _Identity | None:
    """What tells a folder from one that comes in its place; None where there is none."""
    try:
        found = os.lstat(path)
    except OSError:  # whatever cannot be looked at is not there for us
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None


def _watchfiles() -> ModuleType:
    """The library that listens to file systems.

    Raises:
        ConfigurationError: when it is not installed.
    """
    try:
        import watchfiles
    except ImportError as error:
        message = "watching needs the extra 'watch', which is not installed; run pip install 'bifrost-sdk[watch]'"
        raise ConfigurationError(message, setting="watch") from error
    return watchfiles
