"""The dialect of patterns, and what becomes of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.templates import patterns
from bifrost_sdk.domain.templates.language import Chars, Choice, Field, Repeat, Sequence, Text
from bifrost_sdk.errors import TemplateError

ATOMS = st.sampled_from(["a", "b", "-", "[ab]", "[a-c_]", r"\d", r"\.", "[b-]", r"[\w.]"])
COUNTS = st.sampled_from(["", "?", "*", "+", "{2}", "{0,2}", "{1,3}"])
PIECES = st.builds(str.__add__, ATOMS, COUNTS)
PATTERNS = st.recursive(
    st.lists(PIECES, min_size=1, max_size=3).map("".join),
    lambda inner: st.lists(inner, min_size=2, max_size=3).map(lambda options: f"(?:{'|'.join(options)})"),
    max_leaves=5,
)


@given(PATTERNS, st.text("ab-_.1", max_size=6))
def test_source_matches_what_python_matches_when_short(pattern: str, text: str) -> None:
    ours = re.compile(patterns.source(patterns.parse(pattern)))
    assert bool(ours.fullmatch(text)) == bool(re.fullmatch(pattern, text))


@given(PATTERNS, st.data())
def test_alphabet_holds_every_character_when_text_matches(pattern: str, data: st.DataObject) -> None:
    node = patterns.parse(pattern)
    text = data.draw(st.from_regex(re.compile(patterns.source(node), re.ASCII), fullmatch=True))
    assert {char for char in text if char.isascii()} <= patterns.alphabet(node)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("[a-z]+", "a" * 64, True),
        ("[a-z]+", "a" * 65, False),
        ("(a|b)c", "bc", True),
        (r"\w", "ж", True),
        (r"\d", "٣", False),
        ("[0-9]{3}", "012\n", False),
        (r"a\|b", "a|b", True),
        (r"[\]\-]", "]", True),
        ("a||b", "", True),
    ],
)
def test_pattern_reads_as_written_when_given_examples(pattern: str, text: str, *, fits: bool) -> None:
    assert bool(re.fullmatch(patterns.source(patterns.parse(pattern)), text)) == fits


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(ab", "a ')' is missing (at character 4)"),
        ("ab)", "')' closes nothing (at character 3)"),
        ("[ab", "a ']' is missing"),
        ("[]", "a set is empty"),
        ("[^a]", "a set lists characters"),
        ("[é]", "a set lists characters"),
        ("[z-a]", "a range ends before it begins"),
        (r"[a-\d]", "a range ends before it begins"),
        ("a**", "'*' stands for itself only behind a backslash (at character 3)"),
        ("+", "'+' stands"),
        (".", "'.' stands"),
        ("^a$", "'^' stands"),
        ("a{2,1}", "a count ends before it begins"),
        ("a{0}", "a count ends before it begins"),
        ("a{x}", "'{' stands"),
        ("a}", "'}' stands"),
        (r"\s", r"only \d and \w stand for sets"),
        ("a\\", r"only \d and \w stand for sets"),
        ("é+", r"it is written in ASCII; \w stands for letters of other scripts, not 'é' (at character 1)"),
        ("\\é", r"only \d and \w stand for sets"),
    ],
)
def test_pattern_is_refused_with_the_place_when_it_cannot_be_read(pattern: str, says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        patterns.parse(pattern)
    assert says in str(caught.value)
    assert caught.value.value == pattern


def test_characters_are_one_set_when_read() -> None:
    assert patterns.characters("a-c_-") == Chars(frozenset("abc_-"))
    assert patterns.characters(r"\w-") == Chars(patterns.ALPHANUMERIC | set("_-"), others=True)
    with pytest.raises(TemplateError, match="more than one set"):
        patterns.characters("a][b")


def test_source_counts_as_told_when_repeated() -> None:
    part = Text("ab")
    nodes = [Repeat(part), Repeat(part, 1), Repeat(part, 0, 1), Repeat(part, 2, 2), Repeat(Chars(frozenset("a")), 1, 3)]
    assert [patterns.source(node) for node in nodes] == ["(?:ab){0,}", "(?:ab){1,}", "(?:ab)?", "(?:ab){2}", "[a]{1,3}"]


def test_source_is_in_ascii_when_others_are_left_out() -> None:
    node = Field("asset", Sequence((Choice((Text("x"), Repeat(Chars(frozenset("a"), others=True), 1, 2))), Text("."))))
    wide, plain = (re.compile(patterns.source(node, others=others)) for others in (True, False))
    assert wide.fullmatch("éa.")
    assert plain.fullmatch("aa.")
    assert not plain.fullmatch("éa.")


@pytest.mark.parametrize("char", [*'/\\:*?"<>|@#%~$', "\0", "\n", "\u202e", "\u200d", "\ufe0f", "\ud800"])
def test_hazard_tells_why_when_a_character_can_stand_in_no_name(char: str) -> None:
    assert patterns.hazard(char)


@pytest.mark.parametrize("char", "aZ9-_. +=(){}[]é主")
def test_hazard_is_nothing_when_every_platform_takes_the_character(char: str) -> None:
    assert not patterns.hazard(char)
