"""What one match of a path proves about the values in it."""

from __future__ import annotations

import itertools

import pytest

from bifrost_sdk.domain.templates import grammar, structure
from bifrost_sdk.domain.templates.plans import Plan, plan
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.domain.templates.tokens import StringToken, Token

TOKENS: dict[str, Token] = {
    "a": StringToken(characters="ab", length=2),
    "b": StringToken(characters="b_", length=2),
    "w": StringToken(characters=r"\w. ", length=3),
}


def planned(text: str, names: str) -> Plan:
    parts = structure.decided(grammar.parse(text, {}))
    return plan(parts, Template(text, tokens=TOKENS).tokens, frozenset(names.split()))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{a}", "a"),
        ("x", ""),
        ("{a}/{b}", "a b"),
        ("{a}.{b}", "a b"),
        ("x{a}_{a}y", "a"),
        ("{a}/{b}-{b}/{a}", "a b"),
        ("{a}[_{b}]/{a}", "a"),
        ("{version}.{frame}", "version frame"),
    ],
)
def test_path_proves_its_values_when_fixed_text_tells_them_apart(text: str, names: str) -> None:
    assert planned(text, names).proves is not None


@pytest.mark.parametrize(
    ("text", "names"),
    [("{a}{b}", "a b"), ("{a}_{b}", "a b"), ("{a}b{a}", "a"), ("{a}.{w}", "a w"), ("{a}[_{b}]", "a b")],
)
def test_path_proves_nothing_when_a_value_could_hold_the_text_between(text: str, names: str) -> None:
    assert planned(text, names).proves is None


HOSTILE = ["a", "b", "_", "/", "a/b", ".", "..", "a.b", "-", "a-b", "", "ab/", "/a", "é", "con", "\n", "a\n"]


@pytest.mark.parametrize("text", ["{a}/{b}", "{a}.{b}", "{a}-{b}/x", "x/{a}/{b}-{b}/{a}", "{b}/{a}.{a}", "{w}/{a}"])
def test_match_is_proof_when_any_values_are_tried(text: str) -> None:
    template = Template(text, tokens=TOKENS)
    names = list(template.tokens)
    made = planned(text, " ".join(names))
    assert made.proves is not None
    for found in itertools.product(HOSTILE, repeat=len(names)):
        values = dict(zip(names, found, strict=True))
        path = made.directives % made.pick(values)
        if made.proves(path):
            assert template.match(path) == values
            assert all(template.tokens[name].holds(value) for name, value in values.items())


def test_types_refuse_everything_when_a_token_has_no_directive() -> None:
    assert planned("{date}.{version}", "date version").types == (Token, int)
    made = planned("x[_{date}].{version}", "version")
    assert (made.types, made.directives, made.pick({"version": 7})) == ((int,), "x.%03d", (7,))
