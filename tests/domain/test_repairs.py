from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import wire
from bifrost_sdk.domain.reconciliation import STATES, Content, Finding, Marked, Reading, Report, Spot
from bifrost_sdk.domain.repairs import NAMED, Action, Need, Plan, plan
from bifrost_sdk.errors import ValidationError

NOW = 1_800_000_000_000_000
OLD = Content(3, NOW - 3_600_000_000)
ONE, TWO = (f"01890000-0000-7000-8000-00000000000{number}" for number in (1, 2))
REF = "bifrost://demo/assets/char/hero/model/v001"
READING = Reading("asset_work", "work", owner=ONE, ref="bifrost://demo/assets/char/hero", task=TWO, number=2)

FINDINGS = st.builds(
    Finding,
    state=st.sampled_from([state for state in STATES if state != "ok"]),
    root=st.sampled_from(["work", "publish"]),
    path=st.sampled_from(["a.ma", "A.ma", "b.ma", "c/d.ma"]),
    about=st.sampled_from(["published", "work", "folder", "file"]),
    entity=st.sampled_from([ONE, TWO]),
    ref=st.just(REF),
    part=st.sampled_from(["usd", "tex"]),
    revision=st.just(3),
    reason=st.sampled_from(["", "it is a link"]),
    found=st.none() | st.just(OLD) | st.just(Content(3, NOW)),
    moved_to=st.none() | st.just(Spot("work", "z.ma")),
    reading=st.none() | st.just(READING) | st.just(attrs.evolve(READING, owner="")),
)
MARKS = st.builds(
    Marked,
    version=st.sampled_from([ONE, TWO]),
    ref=st.just(REF),
    parts=st.sampled_from([{}, {"usd": {"missing": ["publish:a.ma"]}}]),
    judged=st.sampled_from([frozenset(), frozenset({"usd"})]),
    whole=st.just(((Spot("publish", "w.ma"), OLD),)),
)


def report(*findings: Finding, marked: tuple[Marked, ...] = ()) -> Report:
    counts = {state: sum(each.count for each in findings if each.state == state) for state in STATES}
    at = wire.from_microseconds(NOW)
    return Report(project="demo", revision=4, at=at, findings=findings, marked=marked, counts=counts)


def published(state: Any, path: str = "a.usd", *, part: str = "usd", **fields: Any) -> Finding:  # Any: of a Finding
    return Finding(state=state, root="publish", path=path, about="published", entity=ONE, ref=REF, part=part, **fields)


def work(state: Any, path: str = "a.ma", **fields: Any) -> Finding:  # Any: of a Finding
    return Finding(state=state, root="work", path=path, about="work", entity=ONE, revision=3, **fields)


def deeds(made: Plan) -> list[str]:
    return [action.do for action in made.actions]


def test_nothing_is_to_be_done_when_nothing_is_amiss() -> None:
    made = plan(report())
    assert (made.actions, made.gone, made.tracked, made.roots) == ((), 0, 0, ())


def test_work_file_is_taken_in_when_it_has_a_settled_content() -> None:
    for state in ("modified", "unverified"):
        (action,) = plan(report(work(state, found=OLD))).actions
        assert (action.do, action.entity, action.revision) == ("take_in", ONE, 3)
        assert action.needs == (Need(Spot("work", "a.ma"), OLD),)
        assert plan(report(work(state, found=Content(3, NOW)))).actions == ()
        assert plan(report(work(state))).actions == ()
    assert plan(report(work("unreadable"))).actions == ()


def test_work_file_is_followed_when_it_moved() -> None:
    (action,) = plan(report(work("moved", found=OLD, moved_to=Spot("other", "b.ma")))).actions
    assert (action.do, action.spot) == ("follow", Spot("other", "b.ma"))
    assert action.needs == (Need(Spot("work", "a.ma"), None), Need(Spot("other", "b.ma"), OLD))
    assert action.roots == {"work", "other"}


@pytest.mark.parametrize("path", ["e\u0301.ma", "a\nb.ma", "\udcff.ma", "CON.ma", "a.ma "])
def test_work_file_is_not_followed_when_the_catalog_cannot_keep_its_name(path: str) -> None:
    assert plan(report(work("moved", found=OLD, moved_to=Spot("work", path)))).actions == ()


def test_work_file_is_forgotten_when_it_is_gone_and_that_is_allowed() -> None:
    made = plan(report(work("missing")), allow_removals=True)
    assert (deeds(made), made.gone, made.tracked) == (["forget"], 1, 1)
    assert made.actions[0].needs == (Need(Spot("work", "a.ma"), None),)
    assert plan(report(work("missing"))).actions == ()


def test_file_is_registered_when_a_work_area_reads_it_as_of_something() -> None:
    new = Finding(state="untracked", root="work", path="a.ma", found=OLD, reading=READING)
    (action,) = plan(report(new)).actions
    assert (action.do, action.entity, dict(action.values)) == ("register", ONE, {"task": TWO, "number": 2})
    for reading in (None, attrs.evolve(READING, owner=""), attrs.evolve(READING, area="publish")):
        assert plan(report(attrs.evolve(new, reading=reading))).actions == ()
    assert plan(report(attrs.evolve(new, reason="it is a link"))).actions == ()
    twin = attrs.evolve(new, path="A.ma")
    assert [action.spot.path for action in plan(report(new, twin)).actions] == ["a.ma"]


def test_folder_is_made_when_it_is_missing() -> None:
    folder = Finding(state="missing", root="work", path="a", about="folder", ref=REF, count=0)
    assert deeds(plan(report(folder))) == ["make_folder"]
    assert plan(report(attrs.evolve(folder, state="unreadable"))).actions == ()


def test_version_is_marked_when_its_files_are_broken() -> None:
    found = [
        published("missing"),
        published("modified", "b.usd", found=OLD),
        published("moved", "c.png", part="tex", moved_to=Spot("work", "c.png"), found=OLD),
        published("unverified", "d.usd", found=OLD),
    ]
    made = plan(report(*found))
    (action,) = made.actions
    assert (action.do, action.entity) == ("mark", ONE)
    assert action.words == f"mark {REF} as corrupt: 1 missing, 1 moved, 1 modified"
    assert action.values["mark"] == {
        "usd": {"missing": ["publish:a.usd"], "modified": ["publish:b.usd"]},
        "tex": {"moved": ["publish:c.png"]},
    }
    assert {(str(need.spot), need.content) for need in action.needs} == {
        ("publish:a.usd", None),
        ("publish:b.usd", OLD),
        ("publish:c.png", None),
    }
    assert made.gone == 2


@pytest.mark.parametrize("state", ["unverified", "unreadable"])
def test_version_is_not_marked_when_nothing_is_known_for_sure(state: str) -> None:
    assert plan(report(published(state, found=OLD))).actions == ()


def test_mark_names_few_files_when_there_are_many() -> None:
    found = [published("missing", f"{number:03d}.usd") for number in range(NAMED + 1_005)]
    (action,) = plan(report(*found)).actions
    paths = action.values["mark"]["usd"]["missing"]
    assert (len(paths), paths[-1]) == (NAMED + 1, "and 1,005 more")
    assert len(action.needs) == len(found)


def test_set_that_is_judged_as_one_is_no_proof_when_marked() -> None:
    (action,) = plan(report(published("modified", "a.<FRAME>.exr", count=5))).actions
    assert action.needs == ()
    assert action.words.endswith("5 modified")


def test_mark_stays_as_it_is_when_nothing_new_is_known() -> None:
    mark = {"usd": {"missing": ["publish:a.usd"]}}
    same = Marked(ONE, REF, mark, frozenset({"usd"}))
    assert plan(report(published("missing"), marked=(same,))).actions == ()
    unseen = Marked(ONE, REF, mark, frozenset())
    assert plan(report(marked=(unseen,))).actions == ()
    for state in ("unverified", "unreadable"):
        assert plan(report(published(state, found=OLD), marked=(same,))).actions == ()


def test_mark_is_cleared_when_the_files_are_whole() -> None:
    whole = ((Spot("publish", "a.usd"), OLD),)
    mark = {"usd": {"missing": ["publish:a.usd"]}, "tex": {"missing": ["publish:b.png"]}}
    (action,) = plan(report(marked=(Marked(ONE, REF, mark, frozenset({"usd", "tex"}), whole),))).actions
    assert (action.do, action.values["mark"], action.values["before"]) == ("clear", {}, mark)
    assert action.needs == (Need(*whole[0]),)
    (action,) = plan(report(marked=(Marked(ONE, REF, mark, frozenset({"usd"}), whole),))).actions
    assert (action.do, action.values["mark"]) == ("mark", {"tex": mark["tex"]})


@given(findings=st.lists(FINDINGS, max_size=8), marked=st.lists(MARKS, max_size=2), removals=st.booleans())
def test_plan_is_safe_whatever_was_found(findings: list[Finding], marked: list[Marked], removals: bool) -> None:  # noqa: FBT001 - drawn
    """Nothing published is taken in, nothing is forgotten unasked, and each action says on what it relies."""
    made = report(*findings, marked=tuple(marked))
    found = plan(made, allow_removals=removals)
    assert found == plan(made, allow_removals=removals)
    assert Plan.from_document(json.loads(json.dumps(found.to_document()))) == found
    published = {each.entity for each in findings if each.about == "published"} | {each.version for each in marked}
    for action in found.actions:
        assert action.words
        assert removals or action.do != "forget"
        if action.do in ("mark", "clear"):
            assert action.entity in published
            assert set(action.values) == {"mark", "before"}
            assert action.values["mark"] != action.values["before"]
        else:
            assert action.spot.root
            about = {"make_folder": "folder", "register": None}.get(action.do, "work")
            assert about is None or about in {
                each.about for each in findings if action.spot in (each.spot, each.moved_to)
            }
        if action.do in ("register", "take_in", "follow"):
            assert action.needs[-1].spot == action.spot
        assert {need.spot.root for need in action.needs} <= set(found.roots)
    kept = plan(made).actions
    assert [action for action in found.actions if action.do != "forget"] == list(kept)


def test_document_is_refused_when_it_is_no_plan() -> None:
    document = plan(report(work("missing")), allow_removals=True).to_document()
    assert Plan.from_document(document).actions[0].do == "forget"
    wrong: list[Any] = [
        None,
        [],
        "x",
        {},
        {**document, "schema": 2},
        {**document, "more": 1},
        {**document, "actions": [{"do": "delete", "words": "x"}]},
        {**document, "actions": [{"do": "forget"}]},
        {**document, "actions": [{"do": "forget", "words": "x", "needs": [["work"]]}]},
        {**document, "actions": [{"do": "forget", "words": "x", "needs": [["work", "a", 1, 2, 3, 4]]}]},
        {**document, "actions": [{"do": "forget", "words": "x", "spot": ["a", "b", "c"]}]},
        {**document, "actions": 3},
        {**document, "gone": "x"},
        {**document, "tracked": None},
        {**document, "key": 1},
        {**document, "actions": [{"do": "forget", "words": None}]},
        {**document, "actions": [{"do": "forget", "words": "x", "revision": "1"}]},
        {**document, "actions": [{"do": "forget", "words": "x", "entity": []}]},
        {**document, "actions": [{"do": "forget", "words": "x", "spot": [1, "a"]}]},
        {**document, "actions": [{"do": "forget", "words": "x", "spot": ["work", "a\0b"]}]},
        {**document, "actions": [{"do": "forget", "words": "x", "spot": ["work", "\ud800"]}]},
        {**document, "actions": [{"do": "forget", "words": "x", "needs": [["work", "a", "1"]]}]},
        {**document, "actions": [{"do": "take_in", "words": "x", "spot": ["work", "a"]}]},
        {**document, "actions": [{"do": "register", "words": "x", "spot": ["work", "a"], "needs": [["work", "b", 1]]}]},
        {**document, "actions": [{"do": "mark", "words": "x", "entity": "e"}]},
    ]
    for each in wrong:
        with pytest.raises(ValidationError, match="plan"):
            Plan.from_document(each)


def test_action_relies_on_the_roots_of_all_its_files() -> None:
    action = Action(do="mark", words="x", needs=(Need(Spot("publish", "a")), Need(Spot("tape", "b"), OLD)))
    assert action.roots == {"publish", "tape"}
    assert Plan(project="demo", key="x", actions=(action,)).roots == ("publish", "tape")
