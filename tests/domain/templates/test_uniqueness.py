"""Patterns that read a text in two ways are refused, so no text makes reading try one thing again and again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bifrost_sdk.domain.templates import patterns, uniqueness
from bifrost_sdk.domain.templates.language import Chars, Choice, Field, Node, Repeat, Sequence, Text
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.domain.templates.strings import StringToken
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.errors import TemplateError, ValidationError

ENOUGH = 20_000

ATOMS = st.sampled_from(["a", "b", "-", "[ab]", "[a-c_]", "[-_]", "ab", "[0-9]"])
COUNTS = st.sampled_from(["", "?", "*", "+", "{2}", "{0,2}", "{1,3}", "{3,12}"])
PATTERNS = st.recursive(
    st.lists(st.builds(str.__add__, ATOMS, COUNTS), min_size=1, max_size=3).map("".join),
    lambda inner: st.builds(
        lambda options, before, count: f"{before}({'|'.join(options)}){count}",
        st.lists(inner, min_size=1, max_size=3),
        st.sampled_from(["", "a", "-", "_"]),
        COUNTS,
    ),
    max_leaves=5,
)

#: A place of an expression: which part of which part, which turn of a repeat.
Place: TypeAlias = tuple[int, ...]


class Engine:
    """Reads as an engine does that goes back to each choice, to the very end, and counts what it tries where."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tried: Counter[tuple[Place, int]] = Counter()

    @property
    def steps(self) -> int:
        return self.tried.total()

    def read(self, node: Node, at: int, place: Place) -> Iterator[int]:
        match node:
            case Text() | Chars():
                self.tried[place, at] += 1
                found = node.text if isinstance(node, Text) else self.text[at : at + 1]
                fits = self.text.startswith(found, at) if isinstance(node, Text) else found in node.ascii
                if found and fits and self.steps < ENOUGH:
                    yield at + len(found)
            case Sequence():
                yield from self.sequence(node.parts, at, place)
            case Choice():
                for number, option in enumerate(node.options):
                    yield from self.read(option, at, (*place, number))
            case Repeat():
                yield from self.turns(node, at, place, 0)
            case Field():
                yield from self.read(node.part, at, place)

    def sequence(self, parts: tuple[Node, ...], at: int, place: Place) -> Iterator[int]:
        if not parts:
            yield at
            return
        for end in self.read(parts[0], at, (*place, -len(parts))):
            yield from self.sequence(parts[1:], end, place)

    def turns(self, repeat: Repeat, at: int, place: Place, turn: int) -> Iterator[int]:
        if repeat.most is None or turn < repeat.most:
            for end in self.read(repeat.part, at, (*place, turn)):
                if end > at or turn < repeat.least:
                    yield from self.turns(repeat, end, place, turn + 1)
        if turn >= repeat.least:
            yield at


def tried(pattern: str, text: str) -> Engine:
    """What is tried of a text that does not fit, as nothing follows a value that ends."""
    engine = Engine(text)
    for _ in engine.read(patterns.parse(pattern), 0, ()):
        pass
    return engine


def is_single(pattern: str) -> bool:
    try:
        uniqueness.check(pattern)
    except TemplateError:
        return False
    return True


@given(PATTERNS, st.data())
def test_nothing_is_tried_twice_at_one_character_when_a_pattern_is_accepted(pattern: str, data: st.DataObject) -> None:
    assume(is_single(pattern))
    fitting = st.from_regex(re.compile(patterns.source(patterns.parse(pattern)), re.ASCII), fullmatch=True)
    text = data.draw(st.one_of(fitting, fitting.map(lambda found: f"{found}{found}!"), st.text("ab-_0", max_size=30)))
    engine = tried(pattern, text[:40])
    assert max(engine.tried.values(), default=0) <= 1


@given(PATTERNS)
def test_text_is_read_twice_when_a_pattern_is_refused_for_it(pattern: str) -> None:
    assume(not is_single(pattern))
    with pytest.raises(TemplateError) as caught:
        uniqueness.check(pattern)
    told = re.search(r" holds '(.*)' as .* or as ", str(caught.value))
    assert told is not None
    part = pattern_of(patterns.parse(pattern), str(caught.value))
    turned = Repeat(part.part, 0, part.most) if isinstance(part, Repeat) and part.most != 1 else part
    engine = Engine(told[1])
    ends = [end for end in engine.read(turned, 0, ()) if end == len(told[1])]
    assert len(ends) > 1 or is_empty(part)


def is_empty(node: Node) -> bool:
    return isinstance(node, Repeat) and re.fullmatch(patterns.source(node.part), "") is not None


def pattern_of(node: Node, message: str) -> Node:
    """The part that an error names."""
    if f": {patterns.source(node):.100} holds " in message:
        return node
    match node:
        case Sequence():
            inner = node.parts
        case Choice():
            inner = node.options
        case Repeat():
            inner = (node.part,)
        case _:
            inner = ()
    found = [pattern_of(each, message) for each in inner]
    return next((each for each in found if f": {patterns.source(each):.100} holds " in message), node)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("([a-z]+)*X", "a"),
        ("(([a-z]+)+)+", "a"),
        ("([a-z]{1,9}){1,9}", "a"),
        ("(a|aa)+b", "a"),
        ("(a|b|ab)*c", "ab"),
        ("([a-z0-9]*[0-9]*)*x", "1"),
        ("(x+x+)+y", "x"),
        ("(a?){40}b", "a"),
        ("a?" * 40, "a"),
        ("(a*)*", "a"),
        ("(a?b?)*c", "ab"),
        ("((a|b)*(b|c)*)*d", "b"),
        ("(a|a)*b", "a"),
        ("([a-z]|[a-c])*1", "a"),
        ("(-?[a-z]*)*_", "a-"),
        ("[a-z]*" * 12 + "X", "a"),
    ],
)
def test_pattern_is_refused_when_texts_make_it_slow(pattern: str, text: str) -> None:
    assert tried(pattern, text * 24 + "!").steps >= ENOUGH
    with pytest.raises(TemplateError, match="can read a text in two ways, which may take very long") as caught:
        StringToken(pattern=pattern)
    assert caught.value.value == pattern


@pytest.mark.parametrize(
    "pattern",
    [
        *("[a-z]*X", "[a-z]+(-[a-z]+)*", r"[\w-]+([.][\w-]+)*", "[A-Za-z0-9]+|bgeo[.]sc", "[a-z][a-z0-9]*"),
        *("[a-z]{3}[0-9]{4}", "[a-z0-9]+[0-9]{2}", "(sh|sq)[0-9]{3,4}[a-z]?", "([a-z]*-)*x", "([a-z]|[0-9])+"),
        *("(([a-z]{2}-){2}_){8}", "[a-z]{10}[a-z0-9]{5}", "sh([0-9]{4}|[0-9]{3}[a-z])", "([a-z]+_)*v[0-9]{3}"),
        *("([a-z]{1,64}-){0,64}x", "[ab]{0,6}a[ab]{6}", "(a|b)*a(a|b)", "[0-9]{3}|[1-9][0-9]{3,9}", "a||b"),
    ],
)
def test_pattern_is_accepted_and_never_slow_when_each_text_is_read_in_one_way(pattern: str) -> None:
    uniqueness.check(pattern)
    for text in ("a" * 60, "ab" * 30, "a-" * 30, "-" * 60, "a1" * 30, "a_b-" * 15, "sh0010" * 10, "1" * 60):
        for tail in ("", "!", "-!", "X!"):
            engine = tried(pattern, text + tail)
            assert max(engine.tried.values()) == 1
            assert engine.steps < 20 * len(text + tail)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("([a-z]+)*X", "holds 'aa' as 'aa' or as 'a' + 'a'; write [a-z]*"),
        ("(([a-z]+)+)+", "write [a-z]+"),
        ("(a?){9}", "holds 'a' as 'a' or as '' + 'a'; what repeats may be empty already"),
        ("(a?b?)*", "what repeats may be empty already"),
        ("(a?)?", "holds '' as '' or as nothing; what repeats"),
        ("(a|ba|b)+", "let every turn begin or end with what it holds nowhere else"),
        ("[a-z]+[a-z0-9]*", "let each part end where the next one begins: [a-z][a-z0-9]*, not [a-z]+[a-z0-9]*"),
        ("[a-c]|[c-e]", "[a-c]|[c-e]) holds 'c' as [a-c] or as [c-e]; let each text fit one option"),
        ("((((((a{9}){9}){9}){9}){9}){9})b?", "is too large to be judged, at "),
        ("((((((((a?){64}){64}){64}){64}){64}){64}){64}){64}", "what repeats may be empty already"),
        ("a" * 501, "a pattern has at most 500 characters, not 501"),
        ("(" * 17 + "a" + ")" * 17, "groups lie deeper than 16 in each other (at character 18)"),
    ],
)
def test_error_tells_the_text_and_what_to_write_when_a_pattern_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        StringToken(pattern=pattern)
    assert says in str(caught.value)
    assert caught.value.value == pattern


def test_error_names_template_and_token_when_a_set_has_such_a_pattern() -> None:
    templates = {"one": {"path": "{a}", "root": "work", "tokens": {"a": {"pattern": "(a|a)b"}}}}
    with pytest.raises(ValidationError) as caught:
        TemplateSet.from_document({"tokens": {"b": {"pattern": "([a-z]+)*X"}}, "templates": templates})
    found = {issue.path: issue.message for issue in caught.value.issues}
    assert "'([a-z]+)*X' can read a text in two ways" in found["tokens.b"]
    assert "'(a|a)b' can read a text in two ways" in found["templates.one.tokens.a"]


def test_a_long_text_is_refused_at_once_when_it_nearly_fits() -> None:
    template = Template("{a}.x", tokens={"a": StringToken(pattern="([a-z]+-)*[a-z]+")})
    assert template.match("a-" * 60 + "a.x") is not None
    assert template.match("a-" * 2_000 + "!.x") is None
    assert template.fails_at("a-" * 100 + "!.x") is not None
