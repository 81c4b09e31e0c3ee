from __future__ import annotations

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import wire
from bifrost_sdk.domain.reconciliation import (
    NEAR,
    NOWHERE,
    SKEW,
    STATES,
    UNKNOWN,
    Content,
    Finding,
    LookedAt,
    Reading,
    Report,
    Spot,
    candidates,
    judge,
    match_moves,
    sorted_findings,
)

NOW = 1_800_000_000_000_000
OLD = NOW - 3_600_000_000
AT = wire.from_microseconds(NOW)
A, B = "sha256:a", "sha256:b"
TIMES = st.integers(0, NOW + SKEW)
CONTENTS = st.builds(Content, st.integers(0, 2), TIMES, st.sampled_from(["", A, B]))


@pytest.mark.parametrize(
    ("known", "found", "published", "state", "reason"),
    [
        (Content(3, OLD, A), Content(3, OLD), None, "ok", ""),
        (Content(3, OLD, A), Content(4, OLD), None, "modified", "4 bytes instead of 3"),
        (Content(3, OLD, A), Content(3, OLD + 1), None, "unverified", "another time"),
        (Content(3, None, A), Content(3, OLD), None, "unverified", "another time"),
        (Content(3, OLD, A), Content(3, NOW - NEAR), None, "unverified", "another time"),
        (Content(3, NOW, A), Content(3, NOW), None, "unverified", "just now"),
        (Content(3, NOW - NEAR, A), Content(3, NOW - NEAR), None, "ok", ""),
        (Content(3, OLD, ""), Content(3, OLD), None, "unverified", "not known yet"),
        (Content(3, OLD, ""), Content(3, OLD, A), None, "unverified", "not known yet"),
        (Content(3, OLD, A), Content(3, NOW, A), None, "ok", ""),
        (Content(3, OLD, A), Content(3, OLD, B), None, "modified", "another content"),
        (Content(), Content(3, OLD), None, "unverified", "not known yet"),
        (Content(3, None, A), Content(3, OLD + SKEW), OLD, "ok", ""),
        (Content(3, None, A), Content(3, OLD + SKEW + 1), OLD, "unverified", "after it was published"),
        (Content(3, None, A), Content(3, OLD + SKEW + 1, A), OLD, "ok", ""),
        (Content(3, None, A), Content(3, NOW), NOW, "unverified", "just now"),
    ],
)
def test_file_is_judged_by_what_is_known_and_found(
    known: Content, found: Content, published: int | None, state: str, reason: str
) -> None:
    verdict = judge(known, found, now=NOW, published=published)
    assert verdict.state == state
    assert reason in verdict.reason
    assert bool(verdict.reason) == (state != "ok")


@given(known=CONTENTS, found=CONTENTS, published=st.none() | TIMES)
def test_verdict_never_lies_when_anything_is_known_and_found(
    known: Content, found: Content, published: int | None
) -> None:
    verdict = judge(known, found, now=NOW, published=published)
    if verdict.state == "ok":
        assert (known.size, bool(known.hash)) == (found.size, True)
        assert found.hash in ("", known.hash)
    if verdict.state == "modified":
        assert found.size != known.size or (found.hash and found.hash != known.hash)
    if known.hash and found.hash:
        same = known.size == found.size and known.hash == found.hash
        assert verdict.state == ("ok" if same else "modified")


@given(
    missing=st.dictionaries(st.integers(), CONTENTS, max_size=6),
    untracked=st.dictionaries(st.integers(), CONTENTS, max_size=6),
)
def test_moves_are_never_guessed_when_files_are_alike(
    missing: dict[int, Content], untracked: dict[int, Content]
) -> None:
    moves = match_moves(missing.items(), untracked.items())
    assert len({old for old, _ in moves}) == len({new for _, new in moves}) == len(moves)
    for old, new in moves:
        content = (missing[old].size, missing[old].hash)
        assert all(content)
        assert content == (untracked[new].size, untracked[new].hash)
        assert [(each.size, each.hash) for each in missing.values()].count(content) == 1
        assert [(each.size, each.hash) for each in untracked.values()].count(content) == 1
    sizes_alone = [(key, content._replace(hash="")) for key, content in untracked.items()]
    assert {new for _, new in moves} <= set(candidates(missing.values(), sizes_alone))


def test_moves_are_never_guessed_when_two_algorithms_tell_one_file_from_two() -> None:
    one, two = Content(3, hash="sha256:a"), Content(3, hash="blake3:a")
    assert match_moves([("old", two)], [("new", one), ("new", two)]) == [("old", "new")]
    assert match_moves([("old", one), ("older", two)], [("new", one), ("new", two)]) == []


def test_file_is_no_candidate_when_it_is_empty_or_nothing_has_its_size() -> None:
    untracked = [(size, Content(size)) for size in range(4)]
    assert candidates([Content(0, hash=A), Content(2, hash=A), Content(3)], untracked) == [2]
    assert candidates([], untracked) == []


def report(*findings: Finding, **fields: object) -> Report:
    return Report(project="demo", revision=4, at=AT, findings=findings, **fields)  # type: ignore[arg-type]  # as tests say


def test_report_counts_what_the_catalog_knows() -> None:
    made = report(counts={"ok": 5, "missing": 2, "untracked": 9})
    assert (made.tracked, report().tracked) == (7, 0)


def test_report_is_clean_when_nothing_is_wrong() -> None:
    gone = Finding(state="missing", root="work", path="a")
    assert report(roots=(LookedAt("work"),)).is_clean
    assert not report(gone).is_clean
    assert not report(roots=(LookedAt("work", problem="not there"),)).is_clean
    assert report(gone).of("missing", "moved") == (gone,)
    assert report(gone).of("moved") == ()


def test_content_is_settled_when_it_was_not_written_just_before_the_scan() -> None:
    times = (NOW - NEAR, NOW - NEAR + 1, NOW + 1, None)
    assert [report().is_settled(Content(3, time)) for time in times] == [True, False, False, True]


def test_findings_are_in_one_order_however_they_came() -> None:
    places = [("work", "b"), ("publish", "b"), ("work", "a"), ("publish", "a/b")]
    found = [Finding(state="missing", root=root, path=path) for root, path in places]
    assert [(each.root, each.path) for each in sorted_findings(found)] == sorted(places)
    assert sorted_findings(found) == sorted_findings(reversed(found))


def test_document_is_json_without_what_is_empty() -> None:
    reading = Reading("work", "work", {"asset": "hero"}, number=3)
    moved = Finding(
        state="moved", root="work", path="a", known=Content(3, None, A), found=Content(3, 5), moved_to=Spot("work", "b")
    )
    new = Finding(state="untracked", root="work", path="c", reading=reading, found=Content(0, 0))
    document = report(moved, new, roots=(LookedAt("work", "/mnt"),), counts={"moved": 1}).to_document()
    assert json.loads(json.dumps(document)) == document
    assert (document["project"], document["counts"]["ok"], document["counts"]["moved"]) == ("demo", 0, 1)
    assert document["at"] == wire.print_time(AT)
    assert set(document["counts"]) == set(STATES)
    one, other = document["findings"]
    assert one["known"] == {"size": 3, "hash": A}
    assert one["moved_to"] == {"root": "work", "path": "b"}
    assert (other["found"], other["reading"]["number"]) == ({"size": 0, "modified": 0}, 3)
    assert not {"entity", "ref", "reading", "reason"} & set(one)


def test_spot_is_told_as_root_and_path() -> None:
    finding = Finding(state="missing", root="work", path="a/b")
    assert (str(finding.spot), finding.known, str(NOWHERE)) == ("work:a/b", UNKNOWN, ":")
    assert datetime.timedelta(microseconds=SKEW) == datetime.timedelta(minutes=1)
