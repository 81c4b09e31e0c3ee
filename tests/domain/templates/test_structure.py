"""When optional parts are written."""

from __future__ import annotations

import pytest

from bifrost_sdk.domain.templates import grammar, structure
from bifrost_sdk.domain.templates.grammar import Option, Part, Slot
from bifrost_sdk.domain.templates.language import Field, Repeat, Sequence, Text
from bifrost_sdk.domain.templates.tokens import StringToken, VersionToken
from bifrost_sdk.errors import TemplateError


def decided(text: str) -> tuple[Part, ...]:
    return structure.decided(grammar.parse(text, {}))


def written(text: str, names: str) -> str:
    """What is written when these tokens are given."""
    pieces = structure.chosen(decided(text), frozenset(names))
    return "".join(piece if isinstance(piece, str) else piece.name for piece in pieces)


def own(parts: tuple[Part, ...]) -> list[tuple[str, ...]]:
    return [found for part in parts if isinstance(part, Option) for found in (part.own, *own(part.parts))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{a}[_{b}]", [("b",)]),
        ("{a}[_{b}[-{c}{a}]]", [("b",), ("c",)]),
        ("[_{b}{a}]{a}", [("b",)]),
        ("{a}[_{b}{c}]/x[.{b}]", [("b", "c"), ("b",)]),
        ("{a}[_{b}[-{b}{c}]]", [("b",), ("c",)]),
    ],
)
def test_part_has_its_own_tokens_when_they_stand_nowhere_outside(text: str, found: list[tuple[str, ...]]) -> None:
    assert own(decided(text)) == found


@pytest.mark.parametrize(
    ("text", "names", "path"),
    [
        ("{a}[_{b}]", "a", "a"),
        ("{a}[_{b}]", "ab", "a_b"),
        ("{a}[_{b}[-{c}]]", "ab", "a_b"),
        ("{a}[_{b}[-{c}]]", "abc", "a_b-c"),
        ("{a}[_{b}]/x[.{b}]", "ab", "a_b/x.b"),
        ("{a}[_{b}]/x[.{b}]", "a", "a/x"),
        ("{a}[.{b}][.{c}]", "ac", "a.c"),
    ],
)
def test_part_is_written_when_its_own_tokens_are_given(text: str, names: str, path: str) -> None:
    assert written(text, names) == path


@pytest.mark.parametrize(
    ("text", "names", "token", "missing"),
    [
        ("{a}[_{b}{c}]", "ab", "b", "c"),
        ("{a}[_{b}[-{c}]]", "ac", "c", "b"),
        ("{a}[_{b}]/x[.{b}{c}]", "ab", "b", "c"),
        ("{a}[_{b}[-{c}[+{d}]]]", "ad", "d", "b"),
    ],
)
def test_token_is_refused_when_those_beside_it_are_missing(text: str, names: str, token: str, missing: str) -> None:
    with pytest.raises(TemplateError) as caught:
        written(text, names)
    assert caught.value.token == token
    assert f"token '{token}' is given without {missing}" in str(caught.value)


@pytest.mark.parametrize("text", ["{a}[x]", "[_{a}]{a}", "{a}[_{b}[-{a}]]", "[a[_{b}]]", "[_{b}[-{b}]]", "{a}[]"])
def test_part_is_refused_when_nothing_says_when_it_is_written(text: str) -> None:
    with pytest.raises(TemplateError, match="let it hold a token of its own"):
        decided(text)


def test_token_is_refused_when_its_parts_lie_differently_deep() -> None:
    with pytest.raises(TemplateError, match="token 'b' stands in optional parts of which one lies deeper"):
        decided("{x}[_{a}[-{b}]]/y[.{b}]")


def test_deep_parts_cost_nothing_when_there_are_many() -> None:
    text = "".join(f"[_{{a{number}}}]" for number in range(100))
    parts = decided("{x}" + text)
    assert len(structure.chosen(parts, frozenset(["x", "a50"]))) == 3


def test_language_holds_a_field_for_each_token_when_asked() -> None:
    parts = decided("{a}[_{v}]")
    string, version = StringToken(), VersionToken()
    fields = Field("a", string.language), Repeat(Sequence((Text("_"), Field("v", version.language))), 0, 1)
    assert structure.language(parts, {"a": string, "v": version}) == Sequence(fields)


def test_required_are_the_tokens_outside_all_parts() -> None:
    assert structure.required(decided("{a}[_{b}]/{c}")) == {"a", "c"}
    assert structure.chosen((Slot("a"), "x"), frozenset("a")) == [Slot("a"), "x"]
