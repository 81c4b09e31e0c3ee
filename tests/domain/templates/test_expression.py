"""The regular expression of a whole path."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.templates import grammar, structure
from bifrost_sdk.domain.templates.expression import expression, proof
from bifrost_sdk.domain.templates.tokens import StringToken, Token

TOKENS: dict[str, Token] = {
    "a": StringToken(characters=r"\w. -", length=9),
    "b": StringToken(characters="a-z", length=3),
    "c": StringToken(characters="a-z", length=1),
    "x": StringToken(characters="0-9"),
}
STEMS = st.sampled_from(
    [
        *(name for name in sorted(codes.DEVICES) if name.isascii() and name.isalnum()),
        *("CON", "Aux", "cOm1", "co", "com", "com10", "conn", "xcon", "lpt", "n"),
    ]
)
ENDS = st.sampled_from(["", ".", ".txt", " .x", "  ", " x", "_", ".con", "-"])


def matches(text: str, path: str) -> bool:
    source, _ = expression(structure.decided(grammar.parse(text, {})), TOKENS, others=not path.isascii())
    return re.fullmatch(source, path) is not None


@given(STEMS, ENDS)
def test_name_is_read_exactly_when_every_platform_stores_it(stem: str, end: str) -> None:
    name = stem + end
    stored = codes.path_fault(name) is None and len(name) <= 9
    assert matches("{a}", name) == stored
    assert matches("x/{a}/y", f"x/{name}/y") == stored
    assert matches("[{b}/]{a}", f"x/{name}") == stored
    assert matches("x{a}", f"x{name}") == (name[-1] not in ". " and len(name) <= 9)


@pytest.mark.parametrize("text", ["{b}\u00b9", "{b}\u00b3.x", "co[{c}]\u00b2", "x/[{b}]\u00b9 .x/x"])
@pytest.mark.parametrize("name", ["com", "LPT", "con", "m", "lp"])
def test_port_in_superscript_is_refused_when_text_and_token_make_it(text: str, name: str) -> None:
    path = text.replace("[", "").replace("]", "").replace("{b}", name).replace("{c}", name)
    is_token = len(name) == 1 if "{c}" in text else name.islower()
    assert matches(text, path) == (is_token and codes.path_fault(path) is None)


@pytest.mark.parametrize(
    ("text", "aliases"),
    [
        ("{b}/{b}", {}),
        ("{c}[_{b}]/x[.{b}]", {}),
        ("[{b}{x}_]{c}/{b}{c}", {"_1_b": "b"}),
        ("{c}[_{b}{c}]/[{b}-{c}/]{c}", {}),
    ],
)
def test_token_is_captured_once_when_it_stands_before_in_every_reading(text: str, aliases: dict[str, str]) -> None:
    parts = structure.decided(grammar.parse(text, {}))
    found = expression(parts, TOKENS)
    assert found.aliases == aliases
    assert re.compile(found.source).groupindex.keys() == {slot.name for slot in grammar.slots(parts)} | set(aliases)


def test_proof_matches_and_captures_nothing_when_asked() -> None:
    matched = proof(("x/", grammar.Slot("b"), ".", grammar.Slot("b")), TOKENS)("x/ab.cd")
    assert matched is not None
    assert matched.groups() == ()
