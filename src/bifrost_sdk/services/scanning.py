"""The walk of disks: every file below a root is looked at once, and compared with what the catalog knows of its folder.

Nearly every file is as it should be, so that is told by its size and time in the loop over a folder's entries, with
nothing built for it. Only what is odd is looked at again, with care. Disks change while they are read: what vanishes
meanwhile is missing, what cannot be read is reported, and nothing stops the walk. Links are never walked through.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from stat import ST_MODE, ST_MTIME, ST_SIZE
from typing import Final, NamedTuple, TypeAlias

import attrs

from bifrost_sdk.domain import locations
from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.reconciliation import NEAR, SKEW, Content, Finding, Spot, State, Verdict, judge
from bifrost_sdk.domain.rootpaths import LATEST
from bifrost_sdk.services.digests import algorithm_of
from bifrost_sdk.services.disks import REGULAR, TYPE, Disk, Look, problem_of
from bifrost_sdk.services.sources import MANIFEST
from bifrost_sdk.services.tracked import Holding, Listed, Numbered, Work
from bifrost_sdk.services.workspace import OWN_NAMES

_SECOND: Final = 1_000_000
_NEVER: Final = -(1 << 62)

# A folder with so many files is opened, so that each is found from there and not from the top; a smaller one is not
# worth it, and Windows cannot.
_MANY: Final = 8 if os.scandir in os.supports_fd else 1 << 62

# Whoever watches is told after so many files.
_TOLD: Final = 1_000

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

    def reads(self, version: str = "") -> bool:
        """Whether the content of files is read: those of a version, or of a work file."""
        return self.verify or version in self.suspects


class Stray(NamedTuple):
    """A file that the catalog does not know, and what there is of it; `reason` says why it cannot be taken in."""

    spot: Spot
    found: Content | str
    reason: str = ""


@attrs.define
class Outcome:
    """What the scans of all roots gather: counts of files and findings, and the strays, which are neither so far.

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
    _seen: int = attrs.field(default=0, init=False)
    _fine: int = attrs.field(default=0, init=False)
    _spelled: dict[str, str] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        if self.terms.is_folding:
            folded: dict[str, Holding] = {}
            for folder, holding in self.holdings.items():
                folded.setdefault(fold(folder), Holding()).merge(holding)
                self._spelled.setdefault(fold(folder), folder)
            self.holdings = folded

    def run(self, places: Iterable[str]) -> None:
        """Look at everything in these folders, none of which lies in another, and at all that is known elsewhere."""
        for place in places:
            stack = [place] if self.disk.is_inside(place) else []
            while stack:
                folder = stack.pop()
                inner = self._visit(folder, is_place=True)
                if inner:
                    above = f"{folder}/" if folder else ""
                    own = (above + name for name in inner if name not in OWN_NAMES)
                    stack += [path for path in own if not self._is_copy(path)]
        for folder in list(self.holdings):
            self._visit(self._spelled.get(folder, folder), is_place=False)
        self.outcome.counts["ok"] += self._fine
        self._tell()

    def _is_copy(self, folder: str) -> bool:
        """Whether it is the copy of a newest version, which is no version's own and comes and goes."""
        if LATEST not in folder.rpartition("/")[2] or self._key(folder) in self.holdings:
            return False
        return os.path.isfile(f"{self.disk.top}/{folder}/{MANIFEST}")  # noqa: PTH113 - a text

    def _key(self, folder: str) -> str:
        return fold(folder) if self.terms.is_folding else folder

    def _visit(self, folder: str, *, is_place: bool) -> list[str]:
        """Look at the files of one folder; the names of the folders in it. Strays count in a place only."""
        terms = self.terms
        holding = self.holdings.pop(self._key(folder), None)
        wanted, limit = _expected(holding, terms) if holding else ({}, 0)
        odd: Odd = {}
        inner: list[str] = []
        if is_place or self.disk.is_inside(folder):
            problem = self._compare(folder, wanted, limit, odd, inner)
        else:
            problem = OUTSIDE
        if MANIFEST in odd and MANIFEST not in wanted and holding and holding.is_published:
            del odd[MANIFEST]  # it tells of what was published here
        if wanted or odd or problem:
            settling = _Settling(self.disk, terms, self.outcome, folder, holding or Holding())
            settling.settle(set(wanted), odd, problem, is_place=is_place)
            self._seen += len(odd)
        if self._seen >= _TOLD:
            self._tell()
        return inner if is_place else []

    def _tell(self) -> None:
        self.terms.watch(self._seen)
        self._seen = 0

    def _compare(self, folder: str, wanted: dict[str, Want], limit: int, odd: Odd, inner: list[str]) -> str:  # noqa: C901, PLR0917 - see below
        """Take what is as it should be out of `wanted`, put what is not into `odd`; what stopped it, if anything did.

        This runs for every file of a show: what it works with are plain lists and dicts, and it calls nothing.
        """
        is_folding, expected, place = self.terms.is_folding, len(wanted), f"{self.disk.top}/{folder}"
        handle, problem, in_sets = None, "", 0
        try:
            if expected >= _MANY:
                handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
            with os.scandir(place if handle is None else handle) as entries:
                for entry in entries:
                    name = entry.name
                    try:
                        if entry.is_dir(follow_symlinks=False) and not _is_junction(entry):
                            inner.append(name)
                            continue
                        status = entry.stat(follow_symlinks=False)
                    except OSError:
                        odd[name] = None  # gone, or not to be looked at: that is told later
                        continue
                    key = fold(name) if is_folding else name
                    want = wanted.get(key)
                    if status[ST_MTIME] >= limit or status[ST_MODE] & TYPE != REGULAR:
                        odd[name] = status
                    elif want == status[ST_SIZE] or (
                        want.__class__ is tuple and want == (status[ST_SIZE], status.st_mtime_ns // 1_000)
                    ):
                        del wanted[key]
                    elif want.__class__ is Numbered:
                        want.sizes.append(status[ST_SIZE])
                        del wanted[key]
                        in_sets += 1  # what they are is told of the whole set, later
                    else:
                        odd[name] = status
        except (FileNotFoundError, NotADirectoryError):
            pass  # there is no such folder, or not any more
        except OSError as error:
            problem = problem_of(error)
        finally:
            if handle is not None:
                os.close(handle)
        seen = expected - len(wanted)
        self._fine += seen - in_sets
        self._seen += seen
        return problem


def _expected(holding: Holding, terms: Terms) -> tuple[dict[str, Want], int]:
    """What is expected in a folder by name, and the second since 1970 from which on files are looked at twice."""
    limit = terms.now - NEAR
    wanted: dict[str, Want] = {}
    count, is_doubtful = 0, terms.verify
    if holding.listed:
        versions, published, texts = zip(*holding.listed, strict=True)
        names, sizes, digests = locations.columns(texts)
        wanted.update(zip(names, map(int, sizes), strict=True))
        count, limit = len(names), min(limit, min(published) + SKEW)
        is_doubtful |= "" in digests or not terms.suspects.isdisjoint(versions)
    if holding.works:
        columns = zip(*locations.work_columns([text for _, _, text in holding.works]), strict=True)
        for path, size, time, digest in columns:
            is_known = size and time and digest and "<" not in path
            wanted[path[path.rfind("/") + 1 :]] = (int(size), int(time)) if is_known else None
        count += len(holding.works)
    for numbered, members in holding.members:
        wanted.update(dict.fromkeys(members, numbered))
        count += len(members)
        limit = min(limit, numbered.published + SKEW)
        is_doubtful |= numbered.version in terms.suspects
    if terms.is_folding:
        wanted = {fold(name): want for name, want in wanted.items()}
    if is_doubtful or count != len(wanted):
        limit = _NEVER  # of a name that is known twice, both are judged
    return wanted, limit // _SECOND


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

    def settle(self, wanted: set[str], odd: Odd, problem: str, *, is_place: bool) -> None:
        """Say of everything that is still wanted, or odd, what it is."""
        if problem:
            root = self.disk.root
            folder = Finding(state="unreadable", root=root, path=self.folder, about="folder", reason=problem, count=0)
            self.outcome.add(folder)
        there = {self._spell(name): (name, status) for name, status in odd.items()}
        told: set[str] = set()
        for owner in self.holding.owners():
            if isinstance(owner, Work) and owner.pattern:
                self._judge_pattern(owner, owner.pattern, there, problem)
                continue
            reads = self.terms.reads(owner.version if isinstance(owner, Listed) else "")
            for name, known in owner.files:
                key = self._spell(name)
                if key in wanted:
                    by = algorithm_of(known.hash) if reads else ""
                    found = problem if problem and key not in there else self._found(name, there.get(key), by)
                    self._judge(owner, name, known, found, count=key not in told)
                    told.add(key)
        if is_place:
            for key, (name, status) in there.items():
                if key not in wanted:
                    self._add_stray(name, status)

    def _found(self, name: str, entry: tuple[str, os.stat_result | None] | None, by: str) -> Look:
        """What there is of a file, its content read for the hash by an algorithm where one is given.

        One that the loop over the folder did not come to may have come meanwhile.
        """
        spelled, status = entry or (name, None)
        path = self._path(spelled)
        return self.disk.read(path, algorithm=by) if by else self.disk.look(path, status)

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

    def _judge_pattern(
        self, work: Work, pattern: re.Pattern[str], odd: dict[str, tuple[str, os.stat_result | None]], problem: str
    ) -> None:
        """A set of work files, of which the catalog knows the pattern only."""
        keys = [key for key, (name, _) in odd.items() if pattern.fullmatch(name)]
        for key in keys:
            del odd[key]
        if keys:
            verdict = Verdict("unverified", "a set of work files is looked for, not compared")
        else:
            verdict = Verdict("unreadable", problem) if problem else Verdict("missing")
        finding = Finding(
            state=verdict.state,
            root=self.disk.root,
            path=self._path(work.files[0][0]),
            reason=verdict.reason,
            count=max(1, len(keys)),
        )
        self.outcome.add_file(work, finding, self.terms)

    def _add_stray(self, name: str, status: os.stat_result | None) -> None:
        spot = Spot(self.disk.root, self._path(name))
        is_asked_for = self.holding.is_published or self.terms.asks_for(spot)
        if name in OWN_NAMES or not is_asked_for or self.disk.is_folder(spot.path):
            return
        found = self.disk.look(spot.path, status)
        if found is not None:
            is_link = status is not None and status.st_mode & TYPE != REGULAR
            self.outcome.strays.append(Stray(spot, found, "it is a link" if is_link else self._twin_of(name)))

    def _twin_of(self, name: str) -> str:
        """Why a stray cannot be taken in, where it differs from a tracked file in case alone."""
        folded = fold(name)
        is_twin = any(fold(known) == folded for owner in self.holding.owners() for known, _ in owner.files)
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
