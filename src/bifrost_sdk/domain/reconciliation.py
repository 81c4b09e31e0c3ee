"""Disk against catalog: the states of files, how one is told from another, and the report of a scan.

Nothing here looks at a disk. A scan hands in what the catalog knows of a file and what was found of it; what that
makes of the file is decided by `judge`, and by `match_moves` for those that are missing here and untracked there.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeVar, get_args

import attrs

from bifrost_sdk.domain import codes, text, wire

#: What a file can be.
State = Literal["ok", "missing", "untracked", "modified", "moved", "unverified", "unreadable"]
STATES: Final[tuple[State, ...]] = get_args(State)

#: What a finding is about: a file of a version, of a work file, a planned folder, or something of no entity's.
Subject = Literal["published", "work", "folder", "file"]

#: File systems tell times this coarsely, in microseconds: what was written so lately may be written again unseen.
NEAR: Final = 2_000_000

#: So far the clocks of those who keep files and those who keep catalogs may differ, in microseconds.
SKEW: Final = 60_000_000

Key = TypeVar("Key")


class Spot(NamedTuple):
    """Where a file lies: below a named root, ``/`` between the parts of its path."""

    root: str
    path: str

    def __str__(self) -> str:
        return f"{self.root}:{self.path}"

    @property
    def is_portable(self) -> bool:
        """Whether a catalog can keep it just as it is: every platform takes such names, and they are composed (NFC)."""
        return codes.path_fault(self.path) is None and codes.nfc(self.path) == self.path


class Content(NamedTuple):
    """What tells one content of a file from another: size in bytes, the file's own time, and hash.

    `modified` is in microseconds since 1970 in UTC, `hash` is ``sha256:…`` or ``blake3:…``. None and the empty text are
    not known.
    """

    size: int | None = None
    modified: int | None = None
    hash: str = ""


NOWHERE: Final = Spot("", "")
UNKNOWN: Final = Content()


class Verdict(NamedTuple):
    """The state of a file, and why it is not ok."""

    state: State
    reason: str = ""


OK: Final = Verdict("ok")


@attrs.frozen
class Reading:
    """What the project's templates read in the path of an untracked file.

    `template` and `area` are those of the best match, `values` its tokens. `owner` and `task` are ids of the node and
    the task that it belongs to, empty where the catalog has none; `ref` is that of the owner.
    """

    template: str
    area: str = ""
    values: Mapping[str, Any] = attrs.field(factory=dict, converter=text.json_object, hash=False)
    owner: str = ""
    ref: str = ""
    task: str = ""
    number: int | None = None
    application: str = ""


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that is not as it should be, or not known to be.

    `entity` is the id of the version, work file or node that it concerns and `ref` a reference to it, `revision` what
    the scan saw of a work file; `part` is the representation's name. A set of files that can only be judged as one has
    its pattern as path, and `count` files. `moved_to` is where a moved file lies now.
    """

    state: State
    root: str
    path: str
    about: Subject = "file"
    entity: str = ""
    ref: str = ""
    part: str = ""
    reason: str = ""
    count: int = 1
    revision: int | None = None
    known: Content = UNKNOWN
    found: Content | None = None
    moved_to: Spot | None = None
    reading: Reading | None = None

    @property
    def spot(self) -> Spot:
        """Where it is."""
        return Spot(self.root, self.path)


@attrs.frozen
class LookedAt:
    """One root of a scan; `problem` says why it could not be looked at, `is_marked` whether its sentinel is there."""

    root: str
    folder: str = ""
    is_marked: bool = False
    problem: str = ""


@attrs.frozen
class Marked:
    """A version that carries the mark of corrupt files as a scan found it.

    `parts` is the mark: representation -> state -> paths. `judged` are the representations that this scan looked at,
    `whole` all of their files that were found as published, each with its content.
    """

    version: str
    ref: str
    parts: Mapping[str, Any] = attrs.field(factory=dict, hash=False)
    judged: frozenset[str] = frozenset()
    whole: tuple[tuple[Spot, Content], ...] = ()


@attrs.frozen(kw_only=True)
class Report:
    """What a scan found: how many files have each state, and everything that is not ok, by root and path.

    `tracked` is how many files the catalog knows within what was scanned. `at` is the scan's time, `revision` that of
    the project which it compared with. Planned folders count in `findings` only.
    """

    project: str
    revision: int
    at: datetime.datetime
    roots: tuple[LookedAt, ...] = ()
    counts: Mapping[State, int] = attrs.field(factory=dict, hash=False)
    findings: tuple[Finding, ...] = ()
    marked: tuple[Marked, ...] = ()
    is_verified: bool = False

    @property
    def tracked(self) -> int:
        """How many files the catalog knows within what was scanned."""
        return sum(count for state, count in self.counts.items() if state != "untracked")

    @property
    def is_clean(self) -> bool:
        """Whether every root could be looked at and everything is as the catalog says."""
        return not self.findings and not any(root.problem for root in self.roots)

    def of(self, *states: State) -> tuple[Finding, ...]:
        """The findings of these states."""
        return tuple(finding for finding in self.findings if finding.state in states)

    def is_settled(self, content: Content) -> bool:
        """Whether a file that was found so can be relied on: it was not written just before the scan."""
        return not _is_near(content, wire.to_microseconds(self.at))

    def to_document(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "project": self.project,
            "revision": self.revision,
            "at": wire.print_time(self.at),
            "verified": self.is_verified,
            "roots": [attrs.asdict(root) for root in self.roots],
            "counts": {state: self.counts.get(state, 0) for state in STATES},
            "findings": [_document(finding) for finding in self.findings],
        }


def judge(known: Content, found: Content, *, now: int, published: int | None = None) -> Verdict:
    """What a file is that is there; `published` is when the catalog took its version in, None for a work file.

    A hash in `found` means that the content was read, and settles it. Otherwise size and time tell what they can.
    Times are in microseconds since 1970.

    >>> judge(Content(3, 1_000_000, "sha256:a"), Content(3, 1_000_000), now=9_000_000).state
    'ok'
    >>> judge(Content(3, 1_000_000, "sha256:a"), Content(3, 2_000_000), now=9_000_000)
    Verdict(state='unverified', reason='written at another time; its content was not compared')
    """
    if known.size is not None and found.size != known.size:
        return Verdict("modified", f"{found.size:,} bytes instead of {known.size:,}")
    if not known.hash:
        return Verdict("unverified", "its hash is not known yet")
    if found.hash and found.hash != known.hash:
        return Verdict("modified", "it has another content")
    doubt = "" if found.hash else _doubt(known, found, now, published)
    return Verdict("unverified", doubt) if doubt else OK


def _doubt(known: Content, found: Content, now: int, published: int | None) -> str:
    """Why a file of the right size may have another content all the same."""
    if _is_near(found, now):
        return "it was written just now"
    if published is None and known.modified != found.modified:
        return "written at another time; its content was not compared"
    if published is not None and found.modified is not None and found.modified > published + SKEW:
        return "written after it was published; its content was not compared"
    return ""


def candidates(missing: Iterable[Content], untracked: Iterable[tuple[Key, Content]]) -> list[Key]:
    """The untracked files that one of the missing may have become: their sizes are the same, and not zero."""
    sizes = {content.size for content in missing if content.hash and content.size}
    return [key for key, content in untracked if content.size in sizes]


def match_moves(
    missing: Iterable[tuple[Key, Content]], untracked: Iterable[tuple[Key, Content]]
) -> list[tuple[Key, Key]]:
    """Which missing file is which untracked one: the only two of their content. Several alike are never guessed.

    An untracked file may be given several times, hashed by each algorithm that a missing one is known by.

    >>> hero, shot = Content(3, hash="sha256:a"), Content(4, hash="sha256:b")
    >>> match_moves([("old", hero), ("one", shot), ("two", shot)], [("new", hero), ("other", shot)])
    [('old', 'new')]
    """
    gone, come = _by_content(missing), _by_content(untracked)
    moves = [(keys[0], come[content][0]) for content, keys in gone.items() if len(keys) == len(come[content]) == 1]
    times = Counter(new for _, new in moves)
    return [(old, new) for old, new in moves if times[new] == 1]


def sorted_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings in the order of a report."""
    return tuple(sorted(findings, key=lambda finding: (finding.root, finding.path, finding.about, finding.part)))


def _is_near(content: Content, now: int) -> bool:
    return content.modified is not None and content.modified > now - NEAR


def _by_content(files: Iterable[tuple[Key, Content]]) -> defaultdict[tuple[int, str], list[Key]]:
    found: defaultdict[tuple[int, str], list[Key]] = defaultdict(list)
    for key, content in files:
        if content.size and content.hash:
            found[content.size, content.hash].append(key)
    return found


def _document(finding: Finding) -> dict[str, Any]:
    """What is set of a finding, without what is empty."""
    fields = attrs.asdict(finding, recurse=False)
    told: dict[str, Any] = {name: value for name, value in fields.items() if value not in (None, "", UNKNOWN)}
    for name in ("known", "found", "moved_to"):
        if name in told:
            told[name] = _told(told[name])
    if finding.reading is not None:
        reading = attrs.asdict(finding.reading, recurse=False)
        told["reading"] = {name: wire.value(value) for name, value in reading.items() if value}
    return told


def _told(values: Any) -> dict[str, Any]:  # Any: a named tuple of plain values
    return {name: value for name, value in values._asdict().items() if value not in (None, "")}
