"""One scan from beginning to end: what the catalog knows, what lies on disk, and the report of how they differ."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

import attrs

from bifrost_sdk.domain import codes, wire
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.reconciliation import (
    Content,
    Finding,
    LookedAt,
    Marked,
    Report,
    candidates,
    match_moves,
    sorted_findings,
)
from bifrost_sdk.domain.repairs import CORRUPT
from bifrost_sdk.domain.templates.beginnings import folders_of
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import NotFoundError
from bifrost_sdk.services import series, strays, tracked, workspace
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.digests import algorithm_of
from bifrost_sdk.services.disks import Disk
from bifrost_sdk.services.folders import Folders
from bifrost_sdk.services.overlaps import Overlaps, overlapping
from bifrost_sdk.services.scanning import OUTSIDE, Outcome, RootScan, Terms
from bifrost_sdk.services.sources import ROOT
from bifrost_sdk.services.tracked import Numbered, Scope, Tracked

#: Told (done, in all): of a scan files, of applying actions. May raise to stop; what was applied stays.
Progress: TypeAlias = Callable[[int, int], None]

#: Platforms whose file systems usually take names for the same that differ in case or composition alone.
_FOLDING = ("darwin", "win32")

# Whoever watches is told after so many files; so many versions are asked for at once.
_TOLD = 1_000
_CHUNK = 500


@attrs.define
class _Telling:
    """Tells how many files were looked at, now and then."""

    progress: Progress | None
    total: int
    done: int = 0
    told: int = 0

    def __call__(self, count: int) -> None:
        self.done += count
        if self.progress and (self.done - self.told >= _TOLD or not count):
            self.told = self.done
            self.progress(self.done, max(self.done, self.total))


@attrs.define(eq=False)
class Survey:
    """A scan of one project on its way."""

    folders: Folders
    project: str
    scope: Scope
    verify: bool = attrs.field(default=False, kw_only=True)
    progress: Progress | None = attrs.field(default=None, kw_only=True)
    _outcome: Outcome = attrs.field(factory=Outcome, init=False)
    _disks: dict[str, Disk] = attrs.field(factory=dict, init=False)

    @property
    def context(self) -> Context:
        """Who asks which catalog."""
        return self.folders.context

    def run(self) -> Report:
        """Look at everything in the scope, once."""
        at = self.context.clock()
        templates = self.folders.templates.get(self.project)
        marked = self._marked()
        known = tracked.read(self.context, self.project, self.scope)
        overlaps = self._overlaps(known)
        telling = _Telling(self.progress, known.count)
        terms = Terms(
            now=wire.to_microseconds(at),
            verify=self.verify,
            suspects=frozenset(marked),
            watch=telling,
            is_folding=sys.platform in _FOLDING,
            asks_for=lambda spot: strays.is_asked_for(templates, overlaps.spots(spot)),
        )
        looked = tuple(self._look_at(root, known, terms, templates) for root in self._roots(known, templates))
        self._outcome.strays = overlaps.settle(self._outcome.strays, lambda spot: strays.rank(templates, spot))
        self._find_moves(telling)
        for finding in strays.findings(self.context, self.project, templates, self._outcome.strays):
            self._outcome.add(finding)
        findings = [*self._named(self._outcome.findings), *self._folders(looked)]
        telling(0)
        return Report(
            project=self.project,
            revision=known.revision,
            at=at,
            roots=looked,
            counts={state: count for state, count in self._outcome.counts.items() if count},
            findings=sorted_findings(findings),
            marked=tuple(self._judged(version) for version in marked.values()),
            is_verified=self.verify,
        )

    def _roots(self, known: Tracked, templates: TemplateSet) -> list[str]:
        """The roots to look at: where something is known, where files are worked on or published."""
        if self.scope.root:
            return [self.scope.root]
        areas = {made.root for made in templates.templates.values() if made.area in strays.AREAS}
        return sorted({*known.folders, *(areas & self.context.roots.keys()), ROOT})

    def _overlaps(self, known: Tracked) -> Overlaps:
        """What is known in the roots that lie in one another, whatever the scope; scanning uses `known` up."""
        tops = overlapping(self.context.roots)
        if not tops:
            return Overlaps(tops)
        whole = known if self.scope == Scope() else tracked.read(self.context, self.project, Scope())
        return Overlaps(tops, {root: dict(folders) for root, folders in whole.folders.items()})

    def _look_at(self, root: str, known: Tracked, terms: Terms, templates: TemplateSet) -> LookedAt:
        top = self.context.roots.get(root)
        if top is None:
            return LookedAt(root, problem="it has no folder on this machine")
        if not os.path.isdir(top):  # noqa: PTH112 - Path.is_dir raises where it may not look
            return LookedAt(root, str(top), problem="its folder is not there; is it mounted?")
        disk = self._disks[root] = Disk(root, top)
        scan = RootScan(disk, known.folders.get(root, {}), terms, self._outcome)
        scan.run([self.scope.folder] if self.scope.folder else folders_of(templates, root, self.project))
        sets = [each for each in known.sets if each.root == root]
        series.judge_sets(disk, sets, terms, self._outcome, digests=self._digests(sets))
        return LookedAt(root, str(top), is_marked=workspace.is_marked(top))

    def _digests(self, sets: Iterable[Numbered]) -> Mapping[str, str]:
        """The hash of the manifest of each version that has such sets, where one of them needs it."""
        ids = sorted({each.version for each in sets if self.verify or not each.is_complete})
        return {version.id: version.manifest for version in self._versions(ids).values()}

    def _find_moves(self, telling: Callable[[int], None]) -> None:
        """What is missing in one place and untracked in another is one file that moved, if nothing else can be."""
        outcome = self._outcome
        gone = {index: each.known for index, each in enumerate(outcome.findings) if each.state == "missing"}
        read: dict[tuple[int, str], Content] = {}
        algorithms = sorted({algorithm_of(known.hash) for known in gone.values() if known.hash})
        come = ((index, each.found) for index, each in enumerate(outcome.strays) if isinstance(each.found, Content))
        for index in candidates(gone.values(), come):
            spot = outcome.strays[index].spot
            for algorithm in algorithms:
                found = self._disks[spot.root].read(spot.path, algorithm=algorithm)
                telling(0)
                if isinstance(found, Content):
                    read[index, found.hash] = found
        moves = match_moves(gone.items(), ((index, found) for (index, _), found in read.items()))
        for old, new in moves:
            spot = outcome.strays[new].spot
            if sys.platform == "darwin":  # where a composed name leads to the same file
                spot = spot._replace(path=codes.nfc(spot.path))
            advice = "" if spot.is_portable else "; the catalog can keep no such name, rename it"
            outcome.findings[old] = attrs.evolve(
                outcome.findings[old],
                state="moved",
                reason=f"it lies at {spot} now{advice}",
                moved_to=spot,
                found=read[new, gone[old].hash],
            )
        outcome.counts["missing"] -= len(moves)
        outcome.counts["moved"] += len(moves)
        taken = {new for _, new in moves}
        outcome.strays = [stray for index, stray in enumerate(outcome.strays) if index not in taken]

    def _named(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """The findings with references; those of versions whose files were taken away on purpose are left out."""
        found = list(findings)
        versions = self._versions({each.entity for each in found if each.about == "published"})
        for finding in found:
            if finding.about != "published":
                ref = f"bifrost://{self.project}/~{finding.entity}" if finding.entity else ""
                yield attrs.evolve(finding, ref=ref)
            elif (version := versions.get(finding.entity)) and version.state != "purged":
                yield attrs.evolve(finding, ref=version.ref)
            else:
                self._outcome.counts[finding.state] -= finding.count

    def _versions(self, ids: Iterable[str]) -> dict[str, Version]:
        wanted = sorted(ids)
        chunks = (wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK))
        answers = (answer for chunk in chunks for answer in self.context.catalog.get(self.project, chunk))
        return {answer.id: answer for answer in answers if isinstance(answer, Version)}

    def _marked(self) -> dict[str, Version]:
        """The versions that carry a mark, whatever the scope."""
        query = Query("version", project=self.project).where(tags__contains=CORRUPT)
        found = (version for version in self.context.every(query) if CORRUPT in version.metadata)
        return {version.id: version for version in found}

    def _judged(self, version: Version) -> Marked:
        parts = version.metadata[CORRUPT]
        return Marked(
            version.id,
            version.ref,
            parts if isinstance(parts, Mapping) else {},
            frozenset(self._outcome.judged[version.id]),
            tuple(self._outcome.whole[version.id]),
        )

    def _folders(self, looked: Iterable[LookedAt]) -> Iterator[Finding]:
        """The folders that the templates want for the things of the project, where they are not there."""
        there = {each.root for each in looked if not each.problem}
        try:
            wanted = self.folders.wanted(f"bifrost://{self.project}", below=True)
        except NotFoundError:  # somebody took one of these things away just now: the next scan tells
            return
        problems: dict[tuple[str, str], str] = {}
        for item in wanted:
            if not item.is_folder or item.root not in there or not self.scope.holds(item.path):
                continue
            disk = self._disks[item.root]
            if disk.is_folder(item.path):
                continue
            problem = problems.get((item.root, item.path.rpartition("/")[0])) or _in_the_way(disk, item.path)
            problems[item.root, item.path] = problem
            yield Finding(
                state="unreadable" if problem else "missing",
                root=item.root,
                path=item.path,
                about="folder",
                ref=item.subject,
                reason=problem or f"{item.template} asks for it",
                count=0,
            )


def _in_the_way(disk: Disk, path: str) -> str:
    """Why a folder that is not there cannot be made; empty where it can be."""
    if not disk.is_inside(path):
        return OUTSIDE
    return f"something else has the place of {path}" if os.path.lexists(disk.place(path)) else ""
