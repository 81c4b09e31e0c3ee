"""The walk of disks: every file below a root is looked at once, and compared with what the catalog knows of its folder.

Nearly every file is as it should be, so that is told by its size and time in the loop over a folder's entries, with
nothing built for it. Only what is odd is looked at again, with care. Disks change while they are read: what vanishes
meanwhile is missing, what cannot be read is reported, and nothing stops the walk. Links are never walked through.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, TypeAlias

import attrs

from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.reconciliation import NEAR, SKEW, Content, Finding, Spot, State, Verdict, judge
from bifrost_sdk.services.disks import REGULAR, TYPE, Disk, Look, problem_of
from bifrost_sdk.services.sources import MANIFEST
from bifrost_sdk.services.tracked import Holding, Listed, Members, Numbered, Work
from bifrost_sdk.services.workspace import OWN_NAMES

_SECOND: Final = 1_000_000
_NEVER: Final = float("-inf")

#: Why a file is not looked at that only a link leads to.
OUTSIDE: Final = "it lies behind a link that leads out of the root"

#: What the loop over a folder expects of a name: a size, size and time, or a member of a set; None: look twice.
Want: TypeAlias = int | tuple[int | None, int | None] | Numbered | None

#: The status of each entry that is odd, by name; None where there is none to be had.
Odd: TypeAlias = dict[str, os.stat_result | None]


@attrs.frozen
class Terms:
    """What one scan goes by.

    `now` is in microseconds since 1970. With `verify` every content is read; of the versions in `suspects` it always
    is. `watch` is told how many files were looked at since it was told last, and may raise to stop. `is_folding`: names
    that differ in case or composition alone are one file, as on Windows and macOS. `asks_for` tells whether a file that
    the catalog does not know is worth telling.
    """

    now: int
    verify: bool = False
    suspects: frozenset[str] = frozenset()
    watch: Callable[[int], None] = lambda _: None
    is_folding: bool = False
    asks_for: Callable[[Spot], bool] = lambda _: True

    def reads(self, owner: Listed | Work | Numbered) -> bool:
        """Whether the content of its files is read."""
        return self.verify or (not isinstance(owner, Work) and owner.version in self.suspects)


class Stray(NamedTuple):
    """A file that the catalog does not know; `reason` says why it cannot be taken in."""

    spot: Spot
    content: Content
    reason: str = ""


@attrs.define
class Outcome:
    """What the scans of all roots gather: counts of files, findings, strays.

    `judged` are the representations of suspected versions that were looked at, `whole` their files that are fine.
    """

    counts: Counter[State] = attrs.field(factory=Counter)
    findings: list[Finding] = attrs.field(factory=list)
    strays: list[Stray] = attrs.field(factory=list)
    judged: defaultdict[str, set[str]] = attrs.field(factory=lambda: defaultdict(set))
    whole: defaultdict[str, list[tuple[Spot, Content]]] = attrs.field(factory=lambda: defaultdict(list))

    def add(self, finding: Finding) -> None:
        """One more finding, counted."""
        self.counts[finding.state] += finding.count
        self.findings.append(finding)

    def add_file(self, owner: Listed | Work | Numbered, finding: Finding, terms: Terms) -> None:
        """One file of a version or work file as it was judged; one that is ok is only counted."""
        if not isinstance(owner, Work):
            finding = attrs.evolve(finding, about="published", entity=owner.version, part=owner.part)
            if owner.version in terms.suspects:
                self.judged[owner.version].add(owner.part)
                if finding.state == "ok" and finding.found is not None:
                    self.whole[owner.version].append((finding.spot, finding.found))
        else:
            finding = attrs.evolve(finding, about="work", entity=owner.id, revision=owner.revision)
        if finding.state == "ok":
            self.counts["ok"] += finding.count
        else:
            self.add(finding)


@attrs.define(eq=False)
class RootScan:
    """The scan of one root; `holdings` is what the catalog knows there, by folder, and is used up."""

    disk: Disk
    holdings: dict[str, Holding]
    terms: Terms
    outcome: Outcome

    def __attrs_post_init__(self) -> None:
        if self.terms.is_folding:
            folded: dict[str, Holding] = {}
            for folder, holding in self.holdings.items():
                folded.setdefault(fold(folder), []).extend(holding)
            self.holdings = folded

    def run(self, places: Iterable[str]) -> None:
        """Look at everything in these folders, none of which lies in another, and at all that is known elsewhere."""
        for place in places:
            stack = [place] if self.disk.is_inside(place) else []
            while stack:
                folder = stack.pop()
                inner = self._visit(folder, is_place=True)
                stack += [f"{folder}/{name}" if folder else name for name in inner]
        for folder in list(self.holdings):
            self._visit(folder, is_place=False)

    def _visit(self, folder: str, *, is_place: bool) -> list[str]:
        """Look at the files of one folder; the names of the folders in it. Strays count in a place only."""
        holding = self.holdings.pop(fold(folder) if self.terms.is_folding else folder, [])
        wanted, limit = _expected(holding, self.terms)
        expected, seen = len(wanted), _Seen()
        if is_place or self.disk.is_inside(folder):
            self._compare(folder, wanted, limit, seen)
        else:
            seen.problem = OUTSIDE
        self.outcome.counts["ok"] += seen.ok
        if wanted or seen.odd or seen.problem:
            settling = _Settling(self.disk, self.terms, self.outcome, folder, holding)
            settling.settle(set(wanted), seen, is_place=is_place)
        self.terms.watch(expected - len(wanted) + len(seen.odd))
        return [name for name in seen.inner if folder or name not in OWN_NAMES] if is_place else []

    def _compare(self, folder: str, wanted: dict[str, Want], limit: float, seen: _Seen) -> None:
        """Take what is as it should be out of `wanted`; what is not is put into `seen`."""
        is_folding, odd = self.terms.is_folding, seen.odd
        try:
            with os.scandir(self.disk.place(folder)) as entries:
                for entry in entries:
                    try:
                        if entry.is_dir(follow_symlinks=False) and not _is_junction(entry):
                            seen.inner.append(entry.name)
                            continue
                        status = entry.stat(follow_symlinks=False)
                    except OSError:
                        odd[entry.name] = None  # gone, or not to be looked at: that is told later
                        continue
                    want = wanted.get(fold(entry.name) if is_folding else entry.name)
                    if status.st_mtime > limit or status.st_mode & TYPE != REGULAR:
                        odd[entry.name] = status
                        continue
                    if isinstance(want, Numbered):
                        want.add(status.st_size)
                    elif want == status.st_size or (
                        want.__class__ is tuple and want == (status.st_size, status.st_mtime_ns // 1_000)
                    ):
                        seen.ok += 1
                    else:
                        odd[entry.name] = status
                        continue
                    del wanted[fold(entry.name) if is_folding else entry.name]
        except (FileNotFoundError, NotADirectoryError):
            pass  # there is no such folder, or not any more
        except OSError as error:
            seen.problem = problem_of(error)


@attrs.define
class _Seen:
    """What the loop over a folder found: folders in it, how many files were fine, and the status of the others."""

    inner: list[str] = attrs.field(factory=list)
    odd: Odd = attrs.field(factory=dict)
    ok: int = 0
    problem: str = ""


def _expected(holding: Holding, terms: Terms) -> tuple[dict[str, Want], float]:
    """What is expected in a folder by name, and the time, in seconds, up to which files are not looked at twice."""
    wanted: dict[str, Want] = {}
    limit: float = terms.now - NEAR
    for owner in holding:
        found: dict[str, Want]
        if isinstance(owner, Listed):
            found = dict(owner.sizes())
            limit = min(limit, owner.published + SKEW) if owner.is_hashed else _NEVER
        elif isinstance(owner, Work):
            found = {owner.name: None if owner.is_set or not owner.content.hash else owner.content[:2]}
        else:
            found = dict.fromkeys(owner.names, owner.numbered)
            limit = min(limit, owner.numbered.published + SKEW)
        if terms.reads(owner.numbered if isinstance(owner, Members) else owner):
            limit = _NEVER
        if terms.is_folding:
            found = {fold(name): want for name, want in found.items()}
        twice = wanted.keys() & found.keys() if wanted else ()
        wanted = {**wanted, **found, **dict.fromkeys(twice)} if wanted else found
    return wanted, limit / _SECOND


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Whether a folder is a link of the kind that Windows takes for a folder."""
    return os.name == "nt" and bool(getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0))


@attrs.define(eq=False)
class _Settling:
    """One folder, looked at with care: each file that is not plainly as it should be."""

    disk: Disk
    terms: Terms
    outcome: Outcome
    folder: str
    holding: Holding

    def settle(self, wanted: set[str], seen: _Seen, *, is_place: bool) -> None:
        """Say of everything that is still wanted, or odd, what it is."""
        if seen.problem:
            reason = seen.problem
            root = self.disk.root
            folder = Finding(state="unreadable", root=root, path=self.folder, about="folder", reason=reason, count=0)
            self.outcome.add(folder)
        odd = {self._spell(name): (name, status) for name, status in seen.odd.items()}
        told: set[str] = set()
        for owner in self.holding:
            if isinstance(owner, Members):
                owner.numbered.is_doubtful |= any(self._spell(name) in wanted for name in owner.names)
            elif isinstance(owner, Work) and owner.is_set:
                self._judge_pattern(owner, odd, seen.problem)
            else:
                for name, known in owner.files():
                    key = self._spell(name)
                    if key in wanted:
                        found = self._found(name, odd.get(key), reads=self.terms.reads(owner)) or seen.problem or None
                        self._judge(owner, name, known, found, count=key not in told)
                        told.add(key)
        if is_place:
            for key, (name, status) in odd.items():
                if key not in wanted:
                    self._add_stray(name, status)

    def _found(self, name: str, entry: tuple[str, os.stat_result | None] | None, *, reads: bool) -> Look:
        """What there is of a file that the loop over the folder came to, or not."""
        if entry is None:
            return None
        path = self._path(name)
        return self.disk.read(path) if reads else self.disk.look(path, entry[1])

    def _judge(self, owner: Listed | Work, name: str, known: Content, found: Look, *, count: bool) -> None:
        published = owner.published if isinstance(owner, Listed) else None
        verdict = verdict_of(known, found, now=self.terms.now, published=published)
        content = found if isinstance(found, Content) else None
        finding = Finding(
            state=verdict.state,
            root=self.disk.root,
            path=self._path(name),
            reason=verdict.reason,
            count=int(count),
            known=known,
            found=content,
        )
        self.outcome.add_file(owner, finding, self.terms)

    def _judge_pattern(self, work: Work, odd: dict[str, tuple[str, os.stat_result | None]], problem: str) -> None:
        """A set of work files, of which the catalog knows the pattern only."""
        pattern = work.pattern
        names = [key for key, (name, _) in odd.items() if pattern.fullmatch(name)]
        for key in names:
            del odd[key]
        verdict = Verdict("unverified", "a set of work files is looked for, not compared") if names else None
        verdict = verdict or (Verdict("unreadable", problem) if problem else Verdict("missing"))
        path, state, reason = self._path(work.name), verdict.state, verdict.reason
        finding = Finding(state=state, root=self.disk.root, path=path, reason=reason, count=max(1, len(names)))
        self.outcome.add_file(work, finding, self.terms)

    def _add_stray(self, name: str, status: os.stat_result | None) -> None:
        is_published = any(not isinstance(owner, Work) for owner in self.holding)
        if (name == MANIFEST and is_published) or (not self.folder and name in OWN_NAMES):
            return
        spot = Spot(self.disk.root, self._path(name))
        if not self.terms.asks_for(spot):
            return
        found = self.disk.look(spot.path, status)
        if isinstance(found, str):
            self.outcome.add(Finding(state="unreadable", root=spot.root, path=spot.path, reason=found))
        elif found is not None:
            is_link = status is not None and status.st_mode & TYPE != REGULAR
            reason = "it is a link" if is_link else self._twin_of(name)
            self.outcome.counts["untracked"] += 1
            self.outcome.strays.append(Stray(spot, found, reason))

    def _twin_of(self, name: str) -> str:
        """Why a stray cannot be taken in, where it differs from a tracked file in case alone."""
        folded = fold(name)
        owners = (owner for owner in self.holding if not isinstance(owner, Members))
        is_twin = any(fold(known) == folded for owner in owners for known, _ in owner.files())
        return "it differs from a tracked file in case alone" if is_twin else ""

    def _path(self, name: str) -> str:
        return f"{self.folder}/{name}" if self.folder else name

    def _spell(self, name: str) -> str:
        return fold(name) if self.terms.is_folding else name


def verdict_of(known: Content, found: Look, *, now: int, published: int | None) -> Verdict:
    """What a file is, by what is known and what was found of it."""
    if found is None:
        return Verdict("missing")
    if isinstance(found, str):
        return Verdict("unreadable", found)
    return judge(known, found, now=now, published=published)
