"""What all tokens have in common."""

from __future__ import annotations

import enum

import pytest

from bifrost_sdk.domain.templates.language import Text
from bifrost_sdk.domain.templates.token import Token, check_count, check_language, shown
from bifrost_sdk.domain.templates.tokens import StringToken, VersionToken
from bifrost_sdk.errors import TemplateError


def test_values_of_derived_types_are_written_plainly_when_they_are_text_or_numbers() -> None:
    class Name(str):
        __slots__ = ()

        def __str__(self) -> str:
            return "../etc"

    class Number(enum.IntEnum):
        SEVEN = 7

    assert StringToken().write(Name("hero")) == "hero"
    assert VersionToken().write(Number.SEVEN) == "007"


def test_value_is_shown_escaped_and_short_when_it_is_long_or_strange() -> None:
    assert shown("a\u202e") == "'a\\u202e'"
    assert len(shown("x" * 1000)) == 100
    assert shown(10**5000) == "a huge int"


def test_token_says_nothing_when_it_is_of_no_type() -> None:
    for ask in (lambda: Token().language, lambda: Token().expected):
        with pytest.raises(NotImplementedError):
            ask()


def test_language_is_refused_when_a_text_could_leave_its_folder() -> None:
    with pytest.raises(TemplateError, match="it would leave its folder") as caught:
        check_language(Text("a/b"))
    assert caught.value.value == "/"


@pytest.mark.parametrize("value", [0, 10, True, "3", None])
def test_count_is_refused_when_it_is_none(value: object) -> None:
    with pytest.raises(TemplateError, match="is no number from 1 to 9"):
        check_count(value, 9)
