"""How the text of a template is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.templates import grammar
from bifrost_sdk.domain.templates.grammar import Option, Part, Slot
from bifrost_sdk.errors import TemplateError

SLOTS = st.builds(
    Slot, st.sampled_from(["asset", "version", "frame", "x1_y"]), st.sampled_from(["", "03d", "%Y-%m-%d"])
)
TEXTS = st.text("ab_/.-v{} é", min_size=1, max_size=4)


def _joined(parts: list[Part]) -> tuple[Part, ...]:
    """Without text beside text, which reading joins."""
    found: list[Part] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return tuple(found)


PARTS = st.recursive(
    st.lists(SLOTS | TEXTS, max_size=4).map(_joined),
    # A part that begins with a part would read as a bracket that stands for itself.
    lambda inner: st.lists(SLOTS | TEXTS | inner.map(lambda parts: Option(("_", *parts))), max_size=4).map(
        lambda parts: _joined([_cleared(part) for part in parts])
    ),
    max_leaves=8,
)


def _cleared(part: Part) -> Part:
    return Option(_joined(list(part.parts))) if isinstance(part, Option) else part


@given(PARTS)
def test_parts_come_back_when_written(parts: tuple[Part, ...]) -> None:
    assert grammar.parse(grammar.write(parts, {}), {}) == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("assets", ("assets",)),
        ("{asset}.{ext}", (Slot("asset"), ".", Slot("ext"))),
        ("v{version:03d}", ("v", Slot("version", "03d"))),
        ("{date:%Y-%m-%d}", (Slot("date", "%Y-%m-%d"),)),
        ("{a}[_{b}[-{c}]]", (Slot("a"), Option(("_", Slot("b"), Option(("-", Slot("c"))))))),
        ("{{a}}", ("{a}",)),
        ("[[a]]", ("[a]",)),
        ("{{{a}}}", ("{", Slot("a"), "}")),
        ("a[_{b}]]]", ("a", Option(("_", Slot("b"))), "]")),
        ("a.%04d.exr", ("a.", Slot("frame", "04d"), ".exr")),
        ("a.%d", ("a.", Slot("frame", "01d"))),
        ("a.####", ("a.", Slot("frame", "04d"))),
        ("a.$F4", ("a.", Slot("frame", "04d"))),
        ("a.$F", ("a.", Slot("frame", "01d"))),
        ("a.<FRAME>", ("a.", Slot("frame", "04d"))),
        ("a.<UDIM>.%(UDIM)d", ("a.", Slot("udim"), ".", Slot("udim"))),
    ],
)
def test_text_reads_as_these_parts_when_parsed(text: str, parts: tuple[Part, ...]) -> None:
    assert grammar.parse(text, {}) == parts


def test_included_text_joins_when_named() -> None:
    including = {"root.v2": "shows/{project}", "shot": "{@root.v2}/{shot}"}
    assert grammar.parse("in/{@shot}/x", including) == ("in/shows/", Slot("project"), "/", Slot("shot"), "/x")
    assert grammar.parse("[{@shot}_]", including) == (Option(("shows/", Slot("project"), "/", Slot("shot"), "_")),)


def test_included_text_reads_brackets_as_parts_when_it_is_in_one() -> None:
    assert grammar.parse("[_{@a}]", {"a": "{x}[_{y}[-{z}]]"}) == (
        Option(("_", Slot("x"), Option(("_", Slot("y"), Option(("-", Slot("z"))))))),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "'{' belongs to no token"),
        ("}", "'}' belongs to no token"),
        ("{}", "'{' belongs to no token"),
        ("{Asset}", "'{' belongs to no token"),
        ("{1a}", "'{' belongs to no token"),
        ("{a:}", "'{' belongs to no token"),
        ("{a!r}", "'{' belongs to no token"),
        ("a]", "']' closes nothing"),
        ("[a", "a ']' is missing"),
        ("[[{a}]", "']' closes nothing ('[[' and ']]' stand for brackets)"),
        ("{@b}", "{@b} names no template; there are a, c"),
        ("{@a}", "the template includes itself: a > a"),
        ("{@c}", "(in {@c}): the template includes itself: c > c"),
        ("[a" * 17 + "]" * 17, "optional parts lie deeper than 16"),
        ("{a}_" * 101, "more than 200 parts"),
    ],
)
def test_template_is_refused_with_the_place_when_its_text_cannot_be_read(text: str, says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        grammar.parse(text, {"a": "{@a}", "c": "{@c}"})
    assert says in str(caught.value)
    assert str(caught.value).endswith("^")


def test_place_is_shown_below_the_text_when_it_cannot_be_read() -> None:
    with pytest.raises(TemplateError) as caught:
        grammar.parse("{asset}/v{Version}", {})
    assert str(caught.value).splitlines()[1:] == ["  {asset}/v{Version}", "           ^"]


def test_inclusion_that_grows_without_end_is_refused_soon() -> None:
    including = {f"a{depth}": f"{{@a{depth + 1}}}-{{x}}{{@a{depth + 1}}}" for depth in range(30)} | {"a30": "{x}"}
    with pytest.raises(TemplateError, match="more than 200 parts"):
        grammar.parse("{@a0}", including)


def test_spellings_stand_for_tokens_when_given() -> None:
    parts = grammar.parse("{a}.%04d[_{b}]", {})
    assert grammar.write(parts, {"frame": "####", "b": "<UDIM>"}) == "{a}.####[_<UDIM>]"


def test_slots_are_found_in_their_order_when_parts_lie_in_parts() -> None:
    assert [slot.name for slot in grammar.slots(grammar.parse("{a}[_{b}[-{c}]]{a}", {}))] == ["a", "b", "c", "a"]
