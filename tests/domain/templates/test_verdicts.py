from __future__ import annotations

import re
from typing import Any

from bifrost_sdk.domain.templates import proof, verdicts
from bifrost_sdk.domain.templates.compilation import Parts
from bifrost_sdk.domain.templates.documents import check
from bifrost_sdk.domain.templates.verdicts import Verdict, judge


def judged(**written: dict[str, Any]) -> dict[tuple[str, str], Verdict]:
    made = Parts.of(check({"templates": {name: {"root": "work", **item} for name, item in written.items()}}))
    return {(verdict.first, verdict.second): verdict for verdict in judge(made.templates.values())}


def test_every_pair_of_a_root_and_each_template_is_judged_when_parsed() -> None:
    found = judged(
        a={"path": "a/{asset}"},
        b={"path": "b/{asset}"},
        c={"path": "a/{asset}", "root": "publish"},
        d={"path": "a/{asset}", "parse": False},
    )
    assert sorted(found) == [("a", "a"), ("a", "b"), ("b", "b"), ("c", "c")]
    assert {verdict.kind for verdict in found.values()} == {"disjoint"}
    assert all(verdict.is_clear for verdict in found.values())
    assert found["a", "b"].explain() == "a and b share no path"
    assert found["a", "a"].explain() == "a reads in one way"


def test_witness_is_a_path_that_both_read_when_they_share_one() -> None:
    found = judged(a={"path": "{asset}/{task}"}, b={"path": "{shot}/work"})["a", "b"]
    assert (found.kind, found.is_clear) == ("witness", False)
    shot = found.witness.partition("/")[0]
    assert found.explain() == (
        f"a and b both read {shot}/work: a with asset {shot!r}, task 'work', b with shot {shot!r}"
    )


def test_witness_shows_examples_when_both_still_read_them() -> None:
    written = {
        "a": {"path": "{project}/{shot}/plates/{shot}.{ext}", "root": "work"},
        "b": {"path": "{project}/{shot}/{task}/{shot}.{ext}", "root": "work", "tokens": {"ext": {"characters": "0-9"}}},
    }
    made = Parts.of(check({"templates": written}))
    examples = {"project": "demo", "shot": "sh010", "task": "anim", "ext": "exr"}
    found = {(each.first, each.second): each for each in judge(made.templates.values(), examples)}["a", "b"]
    assert re.fullmatch(r"demo/sh010/plates/sh010\.[0-9]+", found.witness)
    assert found.explain() == (f"a and b both read {found.witness}: a with nothing more, b with task 'plates'")


def test_witness_is_settled_when_the_set_says_which_wins() -> None:
    found = judged(a={"path": "{asset}/{task}"}, b={"path": "{shot}/work", "before": ["a"]})["b", "a"]
    assert (found.kind, found.is_settled, found.is_clear) == ("witness", True, True)


def test_two_spellings_are_shown_when_paths_differ_in_case_alone() -> None:
    found = judged(a={"path": "Work/{asset}"}, b={"path": "work/{asset}"})["a", "b"]
    assert found.kind == "witness"
    assert (found.witness[:5], found.twin[:5]) == ("Work/", "work/")
    assert found.explain().startswith("a and b differ in case alone: Work/")


def test_same_template_twice_is_told_without_tokens_when_both_read_alike() -> None:
    found = judged(a={"path": "{asset}"}, b={"path": "{asset}"})["a", "b"]
    assert found.explain() == f"a and b both read {found.witness}"


def test_template_is_told_when_it_reads_one_path_in_two_ways() -> None:
    found = judged(a={"path": "{asset}[-{task}]"})["a", "a"]
    assert found.kind == "witness"
    assert found.explain().startswith(f"a reads {found.witness} in two ways: once with ")
    issue = found.to_issue()
    assert (issue.code, issue.path) == ("template_set.witness", "templates.a")
    assert issue.hint == "say parse: false when it is only written, or narrow a token"


def test_reason_is_told_when_nothing_could_be_proven() -> None:
    made = Parts.of(check({"templates": {"a": {"path": "a", "root": "work"}, "b": {"path": "b", "root": "work"}}}))
    one, two = made.templates.values()
    found = verdicts._verdict(one, two, proof.Unproven("it takes too long"), is_settled=False)
    assert (found.kind, found.is_clear) == ("unproven", False)
    assert found.explain() == "whether a and b may read the same path could not be told: it takes too long"
    assert found.to_issue().hint == (
        "say before: [b] where a is to win, parse: false where one is only written, or narrow a token"
    )
    alone = verdicts._verdict(one, one, proof.Unproven("it takes too long"), is_settled=False)
    assert alone.explain() == "whether a may be read in two ways could not be told: it takes too long"
    assert verdicts._verdict(one, two, proof.Unproven("x"), is_settled=True).is_clear
