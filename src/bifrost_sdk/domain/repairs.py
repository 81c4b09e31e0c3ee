"""What would bring the catalog up to what a scan found: a list of actions in plain words, decided without any disk.

Nothing is ever deleted from disk. A published file is never taken in as it lies there: its version is marked, so that
people see it, and the mark is taken back when the file is whole again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, get_args

import attrs

from bifrost_sdk.domain import text, wire
from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.reconciliation import NOWHERE, Content, Finding, Marked, Report, Spot
from bifrost_sdk.errors import Issue, ValidationError

#: What an action does.
Deed = Literal["make_folder", "register", "follow", "take_in", "forget", "mark", "clear"]

#: The tag of a version with files that are missing or changed, and the key in its metadata that names them.
CORRUPT: Final = "corrupt"

#: A mark names at most so many files of one state; of the others it tells how many there are.
NAMED: Final = 20

#: What is wrong with a published file so that its version is marked; what is not known for sure marks nothing.
_BROKEN: Final = ("missing", "moved", "modified")
_UNDECIDED: Final = ("unverified", "unreadable")

#: Actions that take in the content of the file that they are about: the last of their needs.
_OF_ONE_FILE: Final = ("register", "follow", "take_in")

#: The area of templates whose files are work files.
_WORK: Final = "work"

#: The form of plans that this code writes and reads.
_SCHEMA: Final = 1


@attrs.frozen
class Need:
    """A file as an action needs it to be, so that it is done only where the scan still holds; None: not there."""

    spot: Spot
    content: Content | None = None


@attrs.frozen(kw_only=True)
class Action:
    """One thing to do, told in plain `words`.

    `spot` is the file or folder that it is about, `entity` the work file, version or node that is changed or gets the
    new work file, `revision` what a work file must still stand at. `values` are what the deed needs besides.
    """

    do: Deed
    words: str
    spot: Spot = NOWHERE
    entity: str = ""
    revision: int | None = None
    needs: tuple[Need, ...] = ()
    values: Mapping[str, Any] = attrs.field(factory=dict, converter=text.json_object, hash=False)

    @property
    def roots(self) -> frozenset[str]:
        """The roots whose files it relies on."""
        return frozenset(spot.root for spot in (self.spot, *(need.spot for need in self.needs)) if spot.root)


@attrs.frozen(kw_only=True)
class Plan:
    """What is to be done, in order; an empty one means that there is nothing to do.

    `key` is of the scan, so that doing it again changes nothing. `gone` is how many of the `tracked` files the plan
    takes for gone: too many of them look like a disk that is not there.
    """

    project: str
    key: str
    actions: tuple[Action, ...] = ()
    gone: int = 0
    tracked: int = 0

    @property
    def roots(self) -> tuple[str, ...]:
        """The roots that its actions rely on, by name."""
        return tuple(sorted({root for action in self.actions for root in action.roots}))

    def to_document(self) -> dict[str, Any]:
        """The plan as JSON values, to be looked at, kept and applied later."""
        fields = attrs.asdict(self, recurse=False)
        return {"schema": _SCHEMA, **fields, "actions": [_written(action) for action in self.actions]}

    @classmethod
    def from_document(cls, document: Any) -> Plan:  # Any: checked here
        """The plan of such a document.

        Raises:
            ValidationError: when it is none, or was written by a newer version.
        """
        try:
            fields = dict(document)
            if fields.pop("schema") != _SCHEMA:
                raise ValidationError(Issue("plan.schema", f"this plan is not of the form {_SCHEMA}", hint="plan anew"))
            _check_types([fields["project"], fields["key"]], str)
            _check_types([fields["gone"], fields["tracked"]], int)
            return cls(**{**fields, "actions": tuple(_read(action) for action in fields["actions"])})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValidationError(Issue("plan.form", f"this is no plan: {error}", hint="plan anew")) from error


def plan(report: Report, *, allow_removals: bool = False) -> Plan:
    """What would bring the catalog up to the report; work files that are gone are forgotten only when allowed.

    >>> import datetime
    >>> now = datetime.datetime(2026, 1, 31, tzinfo=datetime.timezone.utc)
    >>> gone = Finding(state="missing", root="work", path="a.ma", about="work", entity="…", revision=3)
    >>> report = Report(project="demo", revision=3, at=now, counts={"missing": 1}, findings=(gone,))
    >>> [action.words for action in plan(report, allow_removals=True).actions], plan(report).actions
    (['forget the work file work:a.ma, which is gone'], ())
    """
    actions = [
        *_folders(report.findings),
        *_moves(report.findings),
        *_contents(report),
        *_arrivals(report.findings),
        *_marks(report),
        *(_removals(report.findings) if allow_removals else ()),
    ]
    gone = sum(_gone(action) for action in actions)
    key = f"{report.project}:{report.revision}:{wire.print_time(report.at)}"
    return Plan(project=report.project, key=key, actions=tuple(actions), gone=gone, tracked=report.tracked)


def _folders(findings: Iterable[Finding]) -> Iterator[Action]:
    for finding in findings:
        if finding.about == "folder" and finding.state == "missing":
            words = f"make the folder {finding.spot} of {finding.ref}"
            yield Action(do="make_folder", words=words, spot=finding.spot, entity=finding.entity)


def _moves(findings: Iterable[Finding]) -> Iterator[Action]:
    for finding in findings:
        if finding.about != "work" or finding.state != "moved" or finding.moved_to is None:
            continue
        if not finding.moved_to.is_portable:
            continue  # the catalog would hold another place
        words = f"follow the work file {finding.spot} to {finding.moved_to}"
        needs = (Need(finding.spot), Need(finding.moved_to, finding.found))
        yield Action(
            do="follow",
            words=words,
            spot=finding.moved_to,
            entity=finding.entity,
            revision=finding.revision,
            needs=needs,
        )


def _contents(report: Report) -> Iterator[Action]:
    for finding in report.findings:
        is_asked = finding.about == "work" and finding.state in ("modified", "unverified")
        if not is_asked or finding.found is None or not report.is_settled(finding.found):
            continue
        yield Action(
            do="take_in",
            words=f"take in the content of the work file {finding.spot}",
            spot=finding.spot,
            entity=finding.entity,
            revision=finding.revision,
            needs=(Need(finding.spot, finding.found),),
        )


def _arrivals(findings: Iterable[Finding]) -> Iterator[Action]:
    """New work files: what is untracked, and read by a template of the work area as something that the catalog has."""
    taken: set[Spot] = set()
    for finding in findings:
        reading = finding.reading
        if finding.state != "untracked" or reading is None or reading.area != _WORK or not reading.owner:
            continue
        twin = Spot(finding.root, fold(finding.path))
        if twin in taken or finding.reason:
            continue  # told apart by case only, or otherwise not to be taken in
        taken.add(twin)
        known = {"task": reading.task, "number": reading.number, "application": reading.application}
        yield Action(
            do="register",
            words=f"register {finding.spot} as a work file of {reading.ref}",
            spot=finding.spot,
            entity=reading.owner,
            needs=(Need(finding.spot, finding.found),),
            values={name: value for name, value in known.items() if value},
        )


def _removals(findings: Iterable[Finding]) -> Iterator[Action]:
    for finding in findings:
        if finding.about == "work" and finding.state == "missing":
            yield Action(
                do="forget",
                words=f"forget the work file {finding.spot}, which is gone",
                spot=finding.spot,
                entity=finding.entity,
                revision=finding.revision,
                needs=(Need(finding.spot),),
            )


def _marks(report: Report) -> Iterator[Action]:
    """A mark for each version with broken files, unless it carries just that; none any more where they are whole."""
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if finding.about == "published":
            found[finding.entity].append(finding)
    before = {marked.version: marked for marked in report.marked}
    for version in sorted({*found, *before}):
        marked = before.get(version, Marked(version, ""))
        mark = _mark(found[version], marked)
        if mark == dict(marked.parts):
            continue
        ref = marked.ref or found[version][0].ref
        marking = f"mark {ref} as corrupt{_told(found[version])}"
        yield Action(
            do="mark" if mark else "clear",
            words=marking if mark else f"take the mark of corrupt files from {ref}",
            entity=version,
            needs=(*_proofs(found[version]), *(Need(spot, content) for spot, content in marked.whole)),
            values={"mark": mark, "before": dict(marked.parts)},
        )


def _mark(findings: Sequence[Finding], marked: Marked) -> dict[str, Any]:
    """What is to be said of a version: representation -> state -> paths. What cannot be judged stays as it was."""
    undecided = {finding.part for finding in findings if finding.state in _UNDECIDED}
    kept = {part: said for part, said in marked.parts.items() if part not in marked.judged or part in undecided}
    broken: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for finding in findings:
        if finding.state in _BROKEN:
            broken[finding.part][finding.state].append(str(finding.spot))
    fresh = {part: {state: _named(paths) for state, paths in states.items()} for part, states in broken.items()}
    return {**kept, **fresh}


def _named(paths: Sequence[str]) -> list[str]:
    more = len(paths) - NAMED
    return [*paths[:NAMED], f"and {more:,} more"] if more > 0 else list(paths)


def _proofs(findings: Iterable[Finding]) -> Iterator[Need]:
    """What must still be so for the mark to be true; a set that was judged as one is not looked at again."""
    for finding in findings:
        if finding.state in _BROKEN and finding.count == 1:
            yield Need(finding.spot, finding.found if finding.state == "modified" else None)


def _told(findings: Iterable[Finding]) -> str:
    counts: Counter[str] = Counter(dict.fromkeys(_BROKEN, 0))
    for finding in findings:
        if finding.state in _BROKEN:
            counts[finding.state] += finding.count
    told = ", ".join(f"{count:,} {state}" for state, count in counts.items() if count)
    return f": {told}" if told else ""


def _gone(action: Action) -> int:
    if action.do == "mark":
        return sum(need.content is None for need in action.needs)
    return int(action.do == "forget")


def _written(action: Action) -> dict[str, Any]:
    fields = attrs.asdict(action, recurse=False)
    told = {name: wire.value(value) for name, value in fields.items() if value not in (None, "", (), {}, NOWHERE)}
    if "needs" in told:
        told["needs"] = [[*need.spot, *(need.content or ())] for need in action.needs]
    return told


def _read(document: Mapping[str, Any]) -> Action:
    fields = dict(document)
    if fields["do"] not in get_args(Deed):
        raise ValueError(f"there is no deed {fields['do']!r:.80}")
    needs = tuple(
        Need(Spot(root, path), Content(*content) if content else None)
        for root, path, *content in fields.pop("needs", ())
    )
    action = Action(**{**fields, "spot": Spot(*fields.get("spot", NOWHERE)), "needs": needs})
    _check(action)
    return action


def _check(action: Action) -> None:
    """Refuse an action that no plan has.

    Raises:
        TypeError, ValueError: it is such a one.
    """
    contents = [need.content for need in action.needs if need.content]
    texts = (action.words, action.entity, *action.spot, *(part for need in action.needs for part in need.spot))
    _check_types([*texts, *(content.hash for content in contents)], str)
    _check_types([action.revision, *(number for content in contents for number in content[:2])], int, type(None))
    if any(b"\0" in each.encode(errors="surrogateescape") for each in texts):  # which refuses what is no text at all
        raise ValueError("a text holds a NUL character")
    if action.do in _OF_ONE_FILE and (not action.needs or action.needs[-1].spot != action.spot):
        raise ValueError(f"{action.words!r:.200} relies on another file than {action.spot}")
    if action.do in ("mark", "clear") and action.values.keys() != {"mark", "before"}:
        raise ValueError(f"{action.words!r:.200} does not say what the mark is to be, and what it was")


def _check_types(values: Iterable[object], *types: type) -> None:
    for value in values:
        if type(value) not in types:
            raise TypeError(f"{value!r:.80} is no {types[0].__name__}")
