from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.templates.cases import by_value
from bifrost_sdk.domain.templates.derivations import derivations, spellings
from bifrost_sdk.domain.templates.language import Chars, Choice, Field, Node, Repeat, Sequence, Text

languages: Any = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("languages.py"))))  # Any: a module
LETTERS = Repeat(Chars(frozenset("abcxyzABCXYZ"), others=True), 1)


@settings(max_examples=40)
@given(languages.templates(repeated=True))
def test_derivations_are_all_readings_when_a_text_is_short(node: Node) -> None:
    readings = languages.texts(node)
    for text in list(languages.keys(readings, fold=False))[:20]:
        found = {(read.text, frozenset(read.values.items())) for read in derivations(node, text)}
        assert found == {reading for reading in readings if reading[0] == text}


@settings(max_examples=40)
@given(languages.NODES)
def test_derivations_are_readings_when_fields_repeat(node: Node) -> None:
    readings = languages.texts(node)
    for text in list(languages.keys(readings, fold=False))[:20]:
        assert {(read.text, frozenset(read.values.items())) for read in derivations(node, text)} <= readings


@settings(max_examples=40)
@given(languages.NODES)
def test_nothing_is_read_when_it_is_no_text_of_the_language(node: Node) -> None:
    read = languages.keys(languages.texts(node, 3), fold=False)
    for text in ("", "a", "B", "-/", "ab", "BA-"):
        assert (next(derivations(node, text, agreeing=False), None) is not None) >= (text in read)
        if not languages.has_duplicates(node):
            assert (next(derivations(node, text), None) is not None) == (text in read)


@settings(max_examples=40)
@given(languages.templates())
def test_spellings_fold_to_the_key_when_case_is_mixed(node: Node) -> None:
    read = languages.keys(languages.texts(node), fold=False)
    for key in {codes.fold(text) for text in list(read)[:20]}:
        found = [spelled.text for spelled in spellings(node, key)]
        assert found
        assert set(found) <= read
        assert {codes.fold(text) for text in found} == {key}


def test_spellings_give_the_letters_back_when_folding_expands_them() -> None:
    node = Sequence((Text("Große/"), Field("x", LETTERS), Choice((Text("/Straße"), Text("/STRASSE")))))
    assert [found.text for found in spellings(node, codes.fold("GROSSE/ÄB/straße"))] == [
        "Große/äb/Straße",
        "Große/äb/STRASSE",
    ]


def test_nothing_is_spelled_when_a_text_is_not_composed() -> None:
    assert [found.text for found in spellings(Choice((Text("e\u0301"), Text("É"))), "é")] == ["É"]


def test_a_value_is_not_read_when_a_field_does_not_hold_it() -> None:
    _, others = by_value(Field("x", LETTERS), "x", "ab")
    assert [found.text for found in derivations(others, "aB")] == ["aB"]
    assert not list(derivations(others, "ab"))
    assert not list(spellings(others, "ab"))


def test_fields_may_disagree_when_they_are_asked_to() -> None:
    node = Sequence((Field("x", LETTERS), Text("/"), Field("x", LETTERS)))
    assert not list(derivations(node, "a/b"))
    assert [found.fields for found in derivations(node, "a/b", agreeing=False)] == [(("x", "a"), ("x", "b"))]


def test_reading_gives_up_when_there_are_too_many_ways() -> None:
    node: Node = Chars(frozenset("a"))
    for _ in range(6):
        node = Repeat(node, 1, 5)
    assert not list(derivations(Sequence((node, Text("b"))), "a" * 30))
