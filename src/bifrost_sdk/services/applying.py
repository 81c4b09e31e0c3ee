"""A plan carried out: each action only where disk and catalog are still as the scan found them, in a series of commits.

Whatever ends the series, applying the plan again goes on where it was: what is done already is seen to be done, and a
commit whose answer was lost is answered again. No file is ever deleted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from bifrost_sdk.domain import wire
from bifrost_sdk.domain.changes import Change, Delete, Ensure, Update
from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import PAGE_LIMIT, Query
from bifrost_sdk.domain.reconciliation import Content, Spot
from bifrost_sdk.domain.repairs import CORRUPT, Action, Need, Plan
from bifrost_sdk.domain.templates import layouts
from bifrost_sdk.domain.versions import Version, Workfile
from bifrost_sdk.errors import ConflictError, Issue, ValidationError
from bifrost_sdk.services import disks, folder_plans, places
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.disks import Disk
from bifrost_sdk.services.folders import Folders
from bifrost_sdk.services.identity import derived_id
from bifrost_sdk.services.survey import Progress

#: So many actions make one commit at most: an interruption costs no more than their files being read again.
BATCH: Final = 500

#: So many tracked files may be gone, however few there are.
FEW: Final = 10

_CHANGED: Final = "it was changed since the scan"


@attrs.frozen
class Skipped:
    """An action that was not done, and why: scan again to see how things stand."""

    action: Action
    reason: str


@attrs.frozen
class Applied:
    """How many actions were done, how many had nothing left to do, and which were skipped.

    `revisions` are those of the commits that were made.
    """

    done: int = 0
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = ()
    revisions: tuple[int, ...] = ()


def apply(folders: Folders, plan: Plan, *, limit: float = 0.1, progress: Progress | None = None) -> Applied:
    """Carry the plan out; see `Sync.apply`."""
    _check_limit(plan, limit)
    applying = _Applying(folders, plan, progress)
    applying.check_roots()
    applying.make_folders([action for action in plan.actions if action.do == "make_folder"])
    rest = [action for action in plan.actions if action.do != "make_folder"]
    for start in range(0, len(rest), BATCH):
        applying.commit(rest[start : start + BATCH])
    return Applied(applying.done, applying.unchanged, tuple(applying.skipped), tuple(applying.revisions))


def _check_limit(plan: Plan, limit: float) -> None:
    """Refuse a plan that takes too much for gone.

    Raises:
        ValidationError: it does, or the limit is none.
    """
    if not 0 <= limit <= 1:
        raise ValidationError(Issue("sync.limit", f"{limit!r} is no part of a whole, 0 to 1", "limit"))
    if plan.gone > FEW and plan.gone > limit * plan.tracked:
        message = (
            f"{plan.gone:,} of {plan.tracked:,} files are gone, more than the limit of {limit:.0%}; nothing was changed"
        )
        hint = "see that every disk is there, and scan again; raise the limit if they are really gone"
        raise ValidationError(Issue("sync.removals", message, "limit", plan.project, hint))


@attrs.define(eq=False)
class _Standing:
    """What the catalog holds of a batch of actions: things by id, and the places of work files by their nodes."""

    entities: Mapping[str, Entity]
    taken: frozenset[tuple[str, str]]


@attrs.define(eq=False)
class _Applying:
    """One plan on its way."""

    folders: Folders
    plan: Plan
    progress: Progress | None
    done: int = 0
    unchanged: int = 0
    skipped: list[Skipped] = attrs.field(factory=list)
    revisions: list[int] = attrs.field(factory=list)
    _disks: dict[str, Disk] = attrs.field(factory=dict)

    @property
    def context(self) -> Context:
        """Who asks which catalog."""
        return self.folders.context

    def check_roots(self) -> None:
        """Make sure that every root is really there.

        Raises:
            StorageError: it is not, or its sentinel is missing.
        """
        for root in self.plan.roots:
            top = places.marked_root(self.context, root)
            self._disks.setdefault(root, Disk(root, top))

    def make_folders(self, actions: Sequence[Action]) -> None:
        """Make the folders that are still wanted and missing, what they lie in, and the placeholder files in them."""
        if not actions:
            return
        asked = {action.spot: action for action in actions}
        needed = {*asked, *(Spot(spot.root, above) for spot in asked for above in layouts.above(spot.path))}
        wanted = [
            item
            for item in self.folders.wanted(f"bifrost://{self.plan.project}", below=True)
            if Spot(item.root, item.path) in needed
            or (not item.is_folder and Spot(item.root, item.path.rpartition("/")[0]) in asked)
        ]
        plan = folder_plans.look(self.context, wanted, ())
        free = tuple(step for step in plan.steps if step.state != folder_plans.BLOCKED)
        steps = [*plan.in_state(folder_plans.BLOCKED), *folder_plans.make(attrs.evolve(plan, steps=free)).steps]
        states = {Spot(step.wanted.root, step.wanted.path): step for step in steps}
        for spot, action in asked.items():
            step = states.get(spot)
            if step is None:
                self._skip(action, "the templates do not ask for it any more")
            elif step.state == folder_plans.BLOCKED:
                self._skip(action, step.detail)
            else:
                self._count(done=step.state == folder_plans.MADE)

    def commit(self, actions: Sequence[Action]) -> None:
        """Do a batch of actions in one commit; where one of them is refused, the others are done without it."""
        standing = self._standing(actions)
        changes: list[tuple[Action, Change]] = []
        for action in actions:
            change = self._change(action, standing)
            if isinstance(change, str):
                self._skip(action, change)
            elif change is None:
                self._count(done=False)
            else:
                changes.append((action, change))
        self.check_roots()
        self._write(changes)

    def _write(self, changes: Sequence[tuple[Action, Change]]) -> None:
        if not changes:
            return
        key = hashlib.sha256(f"{self.plan.key}\n{[change for _, change in changes]!r}".encode()).hexdigest()
        try:
            commit = self.context.commit(
                self.plan.project, [change for _, change in changes], key=f"sync {key}", comment="sync with disk"
            )
        except (ConflictError, ValidationError) as error:
            if len(changes) == 1:
                self._skip(changes[0][0], str(error))
                return
            middle = len(changes) // 2
            self._write(changes[:middle])
            self._write(changes[middle:])
            return
        for _ in changes:
            self._count(done=not commit.repeated)
        if not commit.repeated:
            self.revisions.append(commit.revision)

    def _standing(self, actions: Iterable[Action]) -> _Standing:
        changed = [action.entity for action in actions if action.do != "register"]
        owners = sorted({action.entity for action in actions if action.do == "register"})
        answers = self.context.catalog.get(self.plan.project, changed) if changed else []
        entities = {answer.id: answer for answer in answers if isinstance(answer, Entity)}
        query = Query("workfile", project=self.plan.project).where(parent__in=owners).limit(PAGE_LIMIT)
        bodies = [json.loads(body) for page in self.context.pages(query.rows("body")) for (body,) in page.rows]
        return _Standing(entities, frozenset((body["root"], fold(body["file"])) for body in bodies))

    def _change(self, action: Action, standing: _Standing) -> Change | str | None:
        """What is to be committed for an action; None where there is nothing left to do, a text where it is skipped."""
        if action.do == "register":
            return self._registered(action, standing)
        entity = standing.entities.get(action.entity)
        if action.do == "forget":
            return self._forgotten(action, entity)
        if action.do in ("mark", "clear") and isinstance(entity, Version):
            return self._marked(action, entity)
        return self._work(action, entity) if isinstance(entity, Workfile) else "the catalog has it no more"

    def _registered(self, action: Action, standing: _Standing) -> Change | str | None:
        root, path = action.spot
        if (root, fold(path)) in standing.taken:
            return None
        fields = self._content(action)
        if isinstance(fields, str):
            return fields
        id = derived_id(f"{self.plan.key}\n{action.spot}")
        try:
            return Ensure(Workfile(id=id, parent=action.entity, root=root, file=path, **fields, **action.values))
        except ValidationError as error:
            return str(error)

    def _forgotten(self, action: Action, entity: Entity | None) -> Change | str | None:
        if entity is None:
            return None
        if entity.revision != action.revision:
            return _CHANGED
        return self._unfulfilled(action.needs) or Delete(entity.id, entity.revision)

    def _work(self, action: Action, entity: Workfile) -> Change | str | None:
        is_same = entity.revision == action.revision
        if not is_same and (entity.root, entity.file) != action.spot:
            return _CHANGED
        fields = self._unfulfilled(action.needs[:-1]) or self._content(action)
        if isinstance(fields, str):
            return fields
        fields |= {"root": action.spot.root, "file": action.spot.path}
        if all(getattr(entity, name) == value for name, value in fields.items()):
            return None
        return Update(entity.id, fields, entity.revision) if is_same else _CHANGED

    def _marked(self, action: Action, version: Version) -> Change | str | None:
        mark = action.values["mark"]
        now = version.metadata.get(CORRUPT, {}) if CORRUPT in version.tags else {}  # people take the tag away
        if now == mark:
            return None
        if now != action.values["before"]:
            return _CHANGED
        if reason := self._unfulfilled(action.needs):
            return reason
        metadata = {name: value for name, value in version.metadata.items() if name != CORRUPT}
        tags = tuple(tag for tag in version.tags if tag != CORRUPT)
        if mark:
            metadata, tags = {**metadata, CORRUPT: mark}, (*tags, CORRUPT)
        return Update(version.id, {"metadata": metadata, "tags": tags}, version.revision)

    def _content(self, action: Action) -> dict[str, Any] | str:
        """The content of a work file as the catalog is to know it, read now; a text where it is not as it was."""
        need = action.needs[-1]
        found = self._disks[need.spot.root].read(need.spot.path, algorithm=self.context.hash)
        if not isinstance(found, Content):
            return found or "it is gone"
        if need.content is None or found[:2] != need.content[:2]:
            return _CHANGED
        return disks.taken_in(found, wire.to_microseconds(self.context.clock()))

    def _unfulfilled(self, needs: Iterable[Need]) -> str:
        """Why an action cannot be done: the first of its needs that disk does not fulfil any more."""
        for need in needs:
            found = self._disks[need.spot.root].look(need.spot.path)
            if isinstance(found, str):
                return f"{need.spot}: {found}"
            if (found and found[:2]) != (need.content and need.content[:2]):
                return f"{need.spot} was changed since the scan"
        return ""

    def _count(self, *, done: bool) -> None:
        self.done += done
        self.unchanged += not done
        self._tell()

    def _skip(self, action: Action, reason: str) -> None:
        self.skipped.append(Skipped(action, reason))
        self._tell()

    def _tell(self) -> None:
        if self.progress:
            self.progress(self.done + self.unchanged + len(self.skipped), len(self.plan.actions))
