from __future__ import annotations

import functools
import operator
import re
import runpy
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.templates import patterns
from bifrost_sdk.domain.templates.cases import by_value
from bifrost_sdk.domain.templates.language import Chars, Choice, Field, Node, Repeat, Sequence, Text
from bifrost_sdk.domain.templates.proof import Claim, Disjoint, Unproven, Verdict, Witness, compare, readings
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.domain.templates.tokens import ChoiceToken, StringToken

languages: Any = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("languages.py"))))  # Any: a module
WIDE = StringToken(characters=r"\w-")


def language(text: str, **tokens: Any) -> Node:  # Any: types of tokens
    return Template(text, tokens=tokens).language


def wide(text: str) -> Node:
    """A template whose tokens may hold underscores."""
    return language(text, **dict.fromkeys("abcdefgh", WIDE))


def check_pair(one: Node, other: Node, verdict: Verdict) -> None:
    """What the verdict says is true of all texts of `LONGEST` characters at most."""
    ours, theirs = languages.texts(one), languages.texts(other)
    common = languages.keys(ours) & languages.keys(theirs)
    if isinstance(verdict, Disjoint):
        assert not common
    if isinstance(verdict, Witness):
        assert codes.fold(verdict.path) == codes.fold(verdict.twin)
        assert re.fullmatch(patterns.source(one), verdict.path)
        assert re.fullmatch(patterns.source(other), verdict.twin)
        if len(verdict.path) <= languages.LONGEST:
            assert (verdict.path, frozenset(verdict.readings[0].items())) in ours
            assert (verdict.twin, frozenset(verdict.readings[1].items())) in theirs


def check_alone(node: Node, verdict: Verdict) -> None:
    read = languages.texts(node)
    if isinstance(verdict, Disjoint):
        assert not languages.ambiguous(read)
    if isinstance(verdict, Witness):
        assert verdict.path == verdict.twin
        assert verdict.readings[0] != verdict.readings[1]
        assert re.fullmatch(patterns.source(node), verdict.path)
        if len(verdict.path) <= languages.LONGEST:
            assert {(verdict.path, frozenset(reading.items())) for reading in verdict.readings} <= read


@given(languages.NODES, languages.NODES)
def test_compare_is_right_about_every_text_when_languages_are_small(one: Node, other: Node) -> None:
    verdict = compare(one, other)
    check_pair(one, other, verdict)
    if not languages.has_duplicates(one) and not languages.has_duplicates(other):
        common = languages.keys(languages.texts(one)) & languages.keys(languages.texts(other))
        assert not isinstance(verdict, Unproven)
        if common:
            assert isinstance(verdict, Witness)
            assert len(verdict.path) == min(map(len, common))


@given(languages.templates(), languages.templates(names="uv"))
def test_compare_decides_when_templates_have_each_token_once(one: Node, other: Node) -> None:
    verdict = compare(Claim(one), Claim(other))
    check_pair(one, other, verdict)
    assert not isinstance(verdict, Unproven)


@given(languages.templates(repeated=True), languages.templates(names="uv", repeated=True))
def test_compare_is_right_when_tokens_come_back(one: Node, other: Node) -> None:
    check_pair(one, other, compare(one, other))


@given(languages.NODES)
def test_readings_are_right_about_every_text_when_languages_are_small(node: Node) -> None:
    check_alone(node, readings(node))


@given(languages.templates())
def test_readings_decide_when_a_template_has_each_token_once(node: Node) -> None:
    verdict = readings(node)
    check_alone(node, verdict)
    assert not isinstance(verdict, Unproven)
    if languages.ambiguous(languages.texts(node)):
        assert isinstance(verdict, Witness)


@given(languages.templates(repeated=True))
def test_readings_are_right_when_tokens_come_back(node: Node) -> None:
    check_alone(node, readings(node))


@given(st.lists(st.sampled_from(languages.NASTY), min_size=1, max_size=4), st.data())
def test_compare_never_says_disjoint_when_texts_fold_alike(letters: list[str], data: st.DataObject) -> None:
    text = "".join(letters)
    forms = [text, codes.fold(text), text.upper(), text.swapcase(), codes.nfc(text)]
    twin = data.draw(st.sampled_from([form for form in forms if codes.fold(form) == codes.fold(text)]))
    anything = Chars(frozenset("abcefhijklmnst"), others=True)

    def pieces(whole: str) -> Node:
        cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=2)))
        ends = zip([0, *cuts], [*cuts, len(whole)], strict=True)
        return Sequence(tuple(data.draw(st.sampled_from([Text(whole[a:b]), any_of(whole[a:b])])) for a, b in ends))

    def any_of(part: str) -> Node:
        return Repeat(anything, len(part), len(part))

    assert not isinstance(compare(pieces(text), pieces(twin)), Disjoint)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{a}/work/{b}.ma", "{a}/publish/{b}.ma"),
        ("{a}/{b}.v{version:03d}.ma", "{a}/{b}.ma"),
        ("{a}/{b}.%04d.exr", "{a}/{b}.<UDIM>.x.exr"),
        ("{a}[/{b}]/x", "{a}/{b}/{c}/x"),
        ("{a}/{a}.usd", "{a}/x.{a}.usd"),
        # Only agreeing tokens tell these apart.
        ("{a}/x/{a}_1.usd", "hero/x/rig_{b}.usd"),
        ("{a}[/{b}]/{c}/cache/{c}.abc", "{a}[/{b}]/{c}/publish/{d}/{d}.abc"),
        ("{a}[/{b}]/{c}/out/{c}.exr", "{a}[/{b}]/{c}/render/{d}/beauty.exr"),
    ],
)
def test_compare_says_disjoint_when_templates_share_no_path(one: str, other: str) -> None:
    assert compare(language(one), language(other)) == Disjoint()


def test_compare_says_disjoint_when_values_that_agree_are_written_in_capitals() -> None:
    kind = ChoiceToken(("Rig", "Model"))
    assert compare(language("{a}/x/{a}_1.usd", a=kind), language("rig/x/model_{b}.usd")) == Disjoint()
    assert isinstance(compare(language("{a}/x/{a}_1.usd", a=kind), language("rig/x/rig_{b}.usd")), Witness)


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        ("{a}/{b}.ma", "{c}/{d}.ma", "a/a.ma"),
        ("{a}/geo/{a}_{b}.abc", "hero/geo/{c}_{d}.abc", "hero/geo/hero_a.abc"),
        ("{a}_{b}/geo/{a}_{b}.abc", "hero_x/geo/{c}_x.abc", "hero_x/geo/hero_x.abc"),
        ("a[/{b}]/{c}", "a/{b}", "a/a"),
        ("{a}/v{version:03d}/x", "{a}/{b}/x", "a/v111/x"),
        ("{a}.{frame}.exr", "{a}.1001.exr", "a.1001.exr"),
        ("{a}/Straße", "{a}/STRASSE", "a/Straße"),
        ("資産/{a}", "資産/hero", "資産/hero"),
        ("{a}/café", "x/CAFÉ", "x/café"),
    ],
)
def test_compare_gives_a_path_when_both_read_it(one: str, other: str, path: str) -> None:
    first, second = Template(one), Template(other)
    verdict = compare(first.language, second.language)
    assert isinstance(verdict, Witness)
    assert verdict.path == path
    assert first.match(verdict.path) is not None
    assert second.match(verdict.twin) is not None
    assert codes.fold(verdict.path) == codes.fold(verdict.twin)


def test_witness_names_both_spellings_when_paths_differ_in_case() -> None:
    both = Sequence((Text("a/"), Field("x", Choice((Text("Rig"), Text("Model"))))))
    assert compare(both, Text("A/RIG")) == Witness("a/Rig", "A/RIG", ({"x": "Rig"}, {}))
    names = Sequence((Text("a/"), Field("x", Repeat(Chars(frozenset("MODELmodel")), 1))))
    assert compare(both, names) == Witness("a/Model", "a/Model", ({"x": "Model"}, {"x": "Model"}))


@pytest.mark.parametrize(
    "text",
    [
        "{a}/{b}/{a}_{b}.ma",  # the folders tell what is what in the name
        "{a}/{a}_{b}_v{version:03d}.ma",
        "{a}/{b}[/{c}]/x/{a}_{b}.{ext}",
        "{a}.{b}.v{version:03d}[.{frame}].{ext}",
    ],
)
def test_readings_are_one_when_a_folder_settles_a_token(text: str) -> None:
    assert readings(wide(text)) == Disjoint()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{a}_{b}.ma", "a__a.ma"),
        ("x/{a}/{b}_{c}_{a}.ma", "x/a/a____a.ma"),
        ("[{a}/][{b}/]x", "a/x"),
        ("{a}/[{b}/]v{version:03d}/{c}[/{d}]", "a/v111/v111/a"),
    ],
)
def test_readings_give_a_path_when_it_reads_in_two_ways(text: str, path: str) -> None:
    verdict = readings(wide(text))
    assert isinstance(verdict, Witness)
    assert verdict.path == path == verdict.twin
    assert verdict.readings[0] != verdict.readings[1]
    for reading in verdict.readings:
        assert re.fullmatch(patterns.source(narrowed(wide(text), reading)), path)


def narrowed(node: Node, values: Mapping[str, str]) -> Node:
    """The language with these values for its fields."""
    for name, value in values.items():
        node, _ = by_value(node, name, value)
    return node


def test_readings_differ_when_a_token_may_be_missing() -> None:
    name = Field("x", Repeat(Chars(frozenset("ab")), 0, 3))
    for optional in (Choice((name, Text(""))), Repeat(name, 0, 1)):
        assert readings(Sequence((Text("a"), optional))) == Witness("a", "a", ({"x": ""}, {}))


def test_readings_differ_when_a_repeated_token_stands_at_two_places() -> None:
    """The ways part where one reads `x` again and the other a letter; that alone is no contradiction."""
    x, y = (Field(name, Repeat(Chars(frozenset("a")), 1)) for name in "xy")
    node = Sequence((x, Text("/"), Choice((Sequence((x, y)), Sequence((Text("a"), x))))))
    assert readings(node) == Witness("a/aa", "a/aa", ({"x": "a", "y": "a"}, {"x": "a"}))


def test_a_witness_is_refused_when_it_is_not_confirmed() -> None:
    one, other = language("{a}/{b}.ma"), language("{c}/{d}.ma")
    asked: list[Witness] = []

    def refuse(witness: Witness) -> bool:
        asked.append(witness)
        return False

    assert isinstance(compare(one, other, confirm=refuse), Unproven)
    assert len({witness.path for witness in asked}) > 2
    for witness in asked:
        assert compare(one, other, confirm=functools.partial(operator.eq, witness)) == witness
    assert isinstance(readings(wide("{a}_{b}"), confirm=refuse), Unproven)


def test_a_question_is_given_up_when_it_takes_too_long() -> None:
    node = wide("{a}/{b}/{c}/{a}_{b}_{c}.ma")
    assert isinstance(compare(node, language("x/{d}/z/{d}_y_z.ma")), Unproven)
    assert isinstance(readings(node, limit=1), Unproven)
    assert readings(node) == Disjoint()


@pytest.mark.parametrize(
    ("literal", "expected"), [("publishing", Disjoint), ("straßen", Witness), ("STRASSEN", Witness)]
)
def test_lengths_count_when_they_alone_tell_languages_apart(literal: str, expected: type[Verdict]) -> None:
    short = StringToken(length=8)
    assert isinstance(compare(language("{a}", a=short), language(literal)), expected)
    assert compare(language("{a}", a=short), language("{b}", b=StringToken(pattern="[0-9]{9}"))) == Disjoint()
    # A sharp s folds to two letters: what is too short may still collide, and is not called disjoint.
    assert compare(language("{a}", a=short), language("{b}", b=StringToken(pattern="[a-z]{9}"))) != Disjoint()


def test_long_lists_are_compared_quickly_enough_to_prove_anything() -> None:
    listed = ChoiceToken(tuple(f"{number:03d}-asset" for number in range(1000)))
    one, other = language("{a}/{a}_x.ma", a=listed), language("{a}/{b}_x.ma", a=listed)
    assert readings(one) == Disjoint()
    assert isinstance(compare(one, other), Witness)
    assert compare(one, language("{b}/hero_x.ma")) == Disjoint()


def test_marks_may_change_places_when_they_meet_at_an_edge() -> None:
    mark = Chars(frozenset("b"), others=True)
    assert not isinstance(compare(Sequence((Text("x\u0345"), mark)), Text("x\u0345\u0323")), Disjoint)
    held = Field("x", Choice((Text("e\u0301"), Text("b"))))
    node = Sequence((held, mark, Text("/"), held))
    assert not isinstance(compare(node, Text("e\u0323\u0301/e\u0301")), Disjoint)
