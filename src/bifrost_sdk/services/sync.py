"""Disk against catalog: a scan reports, a plan says what would be done, and only applying it changes anything.

A scan and its plan can be repeated at any time, beside everybody who works. Nothing is ever deleted from disk.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from bifrost_sdk.domain import codes, repairs, rootpaths
from bifrost_sdk.domain.reconciliation import Report
from bifrost_sdk.domain.repairs import Plan
from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.services import places, workspace
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.folders import Folders
from bifrost_sdk.services.survey import Progress, Survey
from bifrost_sdk.services.tracked import Scope

if TYPE_CHECKING:  # loaded when something is applied or watched
    from bifrost_sdk.services.applying import Applied
    from bifrost_sdk.services.watching import Sighting


@attrs.frozen(eq=False)
class Sync:
    """Compares what lies on disk with what the catalog says.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo", user="anna"), user="anna") as session:
    ...     anim = session.tasks.create(session.shots.create("demo", "sq010", "sh020"), "anim")
    ...     scene = session.folders.path_for(anim, "work", version=1, ext="ma")
    ...     scene.parent.mkdir(parents=True)
    ...     _ = scene.write_text("a scene")
    ...     plan = session.sync.plan(session.sync.scan("demo", folder=scene.parent))
    ...     [action.do for action in plan.actions], session.sync.apply(plan).done, session.workfiles.latest(anim).number
    (['register'], 1, 1)
    """

    folders: Folders

    @property
    def context(self) -> Context:
        """Who asks which catalog, and where files lie."""
        return self.folders.context

    def scan(
        self,
        project: Item | None = None,
        *,
        root: str | None = None,
        folder: str | os.PathLike[str] | None = None,
        verify: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """What lies on disk against what the catalog says: of all roots or one, of everything or one folder.

        `folder` is relative to `root`, or an absolute path below one. With `verify` the content of every file is read;
        without it sizes and times tell, and what they cannot tell is ``unverified``. `progress` is told files.

        Raises:
            NotFoundError: there is no such project.
            ConfigurationError: the root has no folder on this machine.
            ValidationError: the folder lies below no root.
        """
        code = self.context.project_of(project).code
        scope = self._scope(root, folder)
        return Survey(self.folders, code, scope, verify=verify, progress=progress).run()

    def plan(self, report: Report, *, allow_removals: bool = False) -> Plan:
        """What would bring the catalog up to the report, in plain words; see `bifrost_sdk.domain.repairs`."""
        return repairs.plan(report, allow_removals=allow_removals)

    def apply(self, plan: Plan, *, limit: float = 0.1, progress: Progress | None = None) -> Applied:
        """Do what the plan says; each action only where it still holds. Doing it again changes nothing.

        `limit` is which part of the tracked files may be gone; ten always may. `progress` is told actions.

        Raises:
            StorageError: the sentinel of a root is missing, or a folder cannot be made.
            ValidationError: more is gone than the limit allows. Nothing was changed then.
            PermissionDeniedError, ConflictError: what was committed before stays.
        """
        from bifrost_sdk.services import applying

        return applying.apply(self.folders, plan, limit=limit, progress=progress)

    def watch(
        self,
        project: Item | None = None,
        *,
        root: str | None = None,
        folder: str | os.PathLike[str] | None = None,
        settle: float = 3.0,
        every: float = 3600.0,
        poll: float | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Sighting]:
        """Scans for as long as they are asked for: of everything first, then of each folder in which something changed.

        All times are in seconds. A folder is scanned when it was at rest for `settle`, everything again after `every`,
        as what the file system tells is only a hint. `poll`: look for changes so often where it tells none, as of NFS
        and SMB. Setting `stop`, in whatever thread, ends it, a scan on its way too. The catalog is only read.

        Raises:
            NotFoundError: there is no such project.
            ConfigurationError: the extra ``watch`` is not installed, or the root has no folder on this machine.
            ValidationError: the folder lies below no root, or a time is not above zero.
            StorageError: the system lets no more folders be watched.
        """
        from bifrost_sdk.services import watching

        code = self.context.project_of(project).code
        scope, pace = self._scope(root, folder), watching.Pace(settle=settle, every=every, poll=poll)
        return watching.watch(self.folders, code, scope, pace=pace, stop=stop)

    def mark(self, root: str) -> bool:
        """Put the sentinel into the folder of a root that is there; False when it holds it already.

        Raises:
            ConfigurationError: the root has no folder on this machine.
            StorageError: its folder is not there, or may not be written.
        """
        places.storage_of(self.context, root)
        return workspace.mark_root(places.root(self.context.roots, root))

    def _scope(self, root: str | None, folder: str | os.PathLike[str] | None) -> Scope:
        text = "" if folder is None else os.fspath(folder)
        if rootpaths.is_absolute(text):
            roots = [(name, path) for name, path in self.context.roots.items() if root in (None, name)]
            found = rootpaths.below(text, roots)
            if not found:
                hint = f"the roots are {', '.join(str(path) for _, path in roots) or 'not here'}"
                raise ValidationError(Issue("path.outside", "it lies below no root", subject=text, hint=hint))
            return Scope(*found[0])
        if root is not None:
            places.root(self.context.roots, root)
        elif text:
            hint = "say below which, or give the whole path"
            raise ValidationError(Issue("path.root", "it may lie below any root", subject=text, hint=hint))
        text = text.strip("/")
        if text and (fault := codes.path_fault(text)):
            raise ValidationError(Issue(fault.code, fault.message, "folder", text, fault.hint))
        return Scope(root or "", text)
