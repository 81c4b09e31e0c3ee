from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bifrost_sdk.domain.templates.cases import Occurrence, by_value, excluded, told_apart
from bifrost_sdk.domain.templates.language import Chars, Choice, Field, Node, Repeat, Sequence, Text

languages: Any = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("languages.py"))))  # Any: a module
NAME = Repeat(Chars(frozenset("ab")), 1)


@settings(max_examples=40)
@given(languages.templates(repeated=True), st.data())
def test_cases_hold_every_reading_once_when_split_by_a_value(node: Node, data: st.DataObject) -> None:
    readings = languages.texts(node)
    values = sorted({(name, value) for _, fields in readings for name, value in fields})
    name, value = data.draw(st.sampled_from(values or [("x", "a")]))
    held, others = by_value(node, name, value)
    assert {reading for reading in readings if (name, value) in reading[1]} <= languages.texts(held)
    assert languages.texts(others) == {reading for reading in readings if (name, value) not in reading[1]}


def test_values_add_up_when_a_case_is_split_again() -> None:
    _, others = by_value(Field("x", NAME), "x", "a")
    _, others = by_value(others, "x", "b")
    assert isinstance(others, Field)
    assert excluded(others) == {"a", "b"}
    assert excluded(Field("x", NAME)) == frozenset()


@settings(max_examples=40)
@given(languages.NODES)
def test_readings_are_the_same_when_fields_are_told_apart(node: Node) -> None:
    told, _ = told_apart(node)
    assert languages.texts(told) == languages.texts(node)


def test_a_field_comes_again_when_one_of_its_name_was_surely_read() -> None:
    first, again = Field("x", NAME), Occurrence("x", NAME, is_again=True)
    both, names = told_apart(Sequence((first, Text("/"), first)))
    assert both == Sequence((Occurrence("x", NAME), Text("/"), again))
    assert names == {"x"}
    assert told_apart(Sequence((Repeat(first, 1), first)))[0] == Sequence((Repeat(Occurrence("x", NAME), 1), again))


def test_a_field_comes_first_when_the_other_may_be_left_out() -> None:
    first = Field("x", NAME)
    for optional in (Choice((first, Text(""))), Repeat(first, 0, 1)):
        told, _ = told_apart(Sequence((optional, first)))
        assert isinstance(told, Sequence)
        assert told.parts[1] == Occurrence("x", NAME)
