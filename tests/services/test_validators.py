from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bifrost_sdk.errors import Issue, ValidationError
from bifrost_sdk.services.proposals import Proposal, propose
from bifrost_sdk.services.validators import Validator
from bifrost_sdk.session import Session


@pytest.fixture
def proposal(session: Session, tmp_path: Path) -> Proposal:
    path = tmp_path / "hero.usda"
    path.write_text("#usda 1.0\n")
    hero = session.assets.create("demo", "char", "hero")
    return propose(session.context, hero, "model", {"usd": path})[0]


def is_commented(proposal: Proposal) -> Iterator[Issue | str]:
    """Says what is new.

    In a comment.
    """
    if not proposal.comment:
        yield "there is no comment"
        yield Issue("comment.empty", "nobody says what is new", "comment", "hero", "give one")


def test_function_is_a_validator_when_it_says_nothing_of_itself() -> None:
    made = Validator.of(is_commented, "studio.comment")
    assert (made.id, made.label, made.kinds, made.severity, made.fix) == (
        "studio.comment",
        "Says what is new.",
        frozenset(),
        "error",
        None,
    )


def test_object_says_what_it_is_when_it_has_the_fields() -> None:
    class Scale:
        id = "studio.scale"
        label = "Scale"
        kinds = ("asset", "usd")
        severity = "warning"

        def check(self, _: Proposal) -> list[str]:
            return ["is 0.1"]

        def fix(self, proposal: Proposal, _: Issue) -> Proposal:
            return proposal

    for given in (Scale, Scale()):
        made = Validator.of(given, "other")
        assert (made.id, made.label, made.severity) == ("studio.scale", "Scale", "warning")
        assert made.kinds == {"asset", "usd"}
        assert made.fix is not None
    whole = Validator("a", "A", is_commented)
    assert Validator.of(whole, "other") is whole


@pytest.mark.parametrize(
    "fields",
    [
        {"kinds": "usd"},
        {"severity": "fatal"},
        {"id": ""},
        {"id": 1},
        {"check": "no function"},
        {"fix": None, "kinds": 3},
    ],
)
def test_validator_is_refused_when_a_field_is_wrong(fields: dict[str, Any]) -> None:
    with pytest.raises((ValidationError, ValueError, TypeError)):
        Validator(**{"id": "a", "label": "A", "check": is_commented, **fields})


def test_value_is_refused_when_it_cannot_check() -> None:
    with pytest.raises(ValidationError, match=r"studio\.x: 12 is no validator"):
        Validator.of(12, "studio.x")


def test_problems_become_results_when_it_runs(proposal: Proposal) -> None:
    made = Validator("studio.comment", "Comment", is_commented, severity="warning")
    first, second = made.run(proposal)
    assert (first.result.code, first.result.message) == ("studio.comment", "there is no comment")
    assert second.problem == Issue("comment.empty", "nobody says what is new", "comment", "hero", "give one")
    assert second.result.issue == second.problem
    assert (second.result.validator, second.result.label, second.result.severity) == (
        "studio.comment",
        "Comment",
        "warning",
    )
    assert not second.result.fixable


@pytest.mark.parametrize("answer", [None, [], ()])
def test_nothing_is_found_when_all_is_well(proposal: Proposal, answer: Any) -> None:
    assert Validator("a", "A", lambda _: answer).run(proposal) == []


def test_failure_is_an_error_when_the_check_raises(proposal: Proposal) -> None:
    def check(_: Proposal) -> Iterator[str]:
        yield "one"
        raise RuntimeError("no licence")

    (found,) = Validator("a", "A", check, severity="info", fix=lambda _, __: None).run(proposal)
    assert (found.result.severity, found.result.message) == ("error", "it could not be run: RuntimeError: no licence")
    assert not found.result.fixable


def test_failure_is_an_error_when_the_answer_is_no_problem(proposal: Proposal) -> None:
    answers: list[Any] = [[12], 12]
    for answer in answers:
        (found,) = Validator("a", "A", lambda _, answer=answer: answer).run(proposal)  # type: ignore[misc]  # a default
        assert found.result.message.startswith("it could not be run: TypeError")


@pytest.mark.parametrize(
    ("kinds", "is_for"),
    [((), True), (("asset",), True), (("usd", "abc"), True), (("shot",), False), (("abc",), False)],
)
def test_proposal_is_looked_at_when_the_kind_fits(proposal: Proposal, kinds: tuple[str, ...], *, is_for: bool) -> None:
    assert Validator("a", "A", is_commented, kinds=kinds).is_for(proposal) is is_for
