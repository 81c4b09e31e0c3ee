"""Tokens that hold text."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bifrost_sdk.domain.templates.strings import ChoiceToken, StringToken
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.errors import TemplateError


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"characters": "a/"}, "it would leave its folder"),
        ({"characters": "a:"}, "Windows reads a drive"),
        ({"characters": r"a\\"}, "folders are separated"),
        ({"characters": "~a"}, "a shell expands it"),
        ({"characters": "a\n"}, "U+000A"),
        ({"pattern": "[a-z]*"}, "a value would be empty"),
        ({"pattern": "a|/etc"}, "it would leave its folder"),
        ({"pattern": "[ -~]"}, "cannot stand in a value"),
        ({"pattern": "a", "characters": "a"}, "a pattern says all"),
        ({"pattern": "a", "length": 3}, "a pattern says all"),
        ({"pattern": "("}, "cannot be read"),
        ({"pattern": 7}, "7 is no text"),
        ({"length": 0}, "0 is no number from 1 to 255"),
        ({"length": True}, "True is no number"),
    ],
)
def test_string_token_is_refused_when_its_values_could_leave_their_folder(options: dict[str, Any], says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        StringToken(**options)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ([], "several texts that differ"),
        (["work", "Work"], "several texts that differ"),
        (["a", "a"], "several texts that differ"),
        ([""], "a value would be empty"),
        (["a/b"], "it would leave its folder"),
        (["e\u0301"], "write it in NFC"),
        ("work", "choices are a list of texts"),
        ([1], "choices are a list of texts"),
    ],
)
def test_choice_token_is_refused_when_its_choices_do_not_stay_apart(choices: Any, says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        ChoiceToken(choices)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("a_b", ": '_' U+005F low line at character 2"),
        ("ae\u0301", "; it is not composed: give it in NFC"),
        ("x\u200d", ": U+200D zero width joiner at character 2"),
        ("²", ": '²' U+00B2 superscript two at character 1"),
        ("", "'' is not 1 to 64 characters of letters, digits and -"),
        (7, "7 is not 1 to 64"),
    ],
)
def test_string_token_blames_one_character_when_it_can(value: object, says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        StringToken().write(value)
    assert says in str(caught.value)


def test_expectation_tells_characters_or_form_when_a_token_has_them() -> None:
    tokens = (
        StringToken(characters="a-z_", length=8),
        StringToken(pattern="[a-z]{3}"),
        ChoiceToken(["work", "review"]),
    )
    assert [token.expected for token in tokens] == [
        "1 to 8 characters of [a-z_]",
        "text of the form [a-z]{3}",
        "one of work, review",
    ]


NONE = StringToken(characters=r"\w-", absent="no.sequence")


def test_nothing_is_written_and_read_when_a_token_has_a_text_for_it() -> None:
    template = Template("shots/{sequence}/{shot}.{shot}", tokens={"sequence": NONE})
    path = template.format(sequence=None, shot="sh010")
    assert path == "shots/no.sequence/sh010.sh010"
    assert template.parse(path) == {"sequence": None, "shot": "sh010"}
    assert template.parse("shots/größe/x.x")["sequence"] == "größe"
    assert template.parse("shots/no.sequence/größe.größe")["sequence"] is None
    assert template.match("shots/No.Sequence/x.x") is None
    for value in ("no.sequence", "no.x", 7):
        with pytest.raises(TemplateError) as caught:
            template.format(sequence=value, shot="sh010")
        assert (caught.value.token, caught.value.value) == ("sequence", value)
    with pytest.raises(TemplateError, match="None is not"):
        StringToken().write(None)


@pytest.mark.parametrize(
    ("absent", "says"),
    [
        ("none", "'none' is a value, so it cannot say that there is none"),
        ("None", "is a value"),
        ("a/b", "it would leave its folder"),
        ("e\u0301", "write it in NFC"),
        (7, "7 is no text"),
    ],
)
def test_text_for_nothing_is_refused_when_it_cannot_be_told_from_values(absent: Any, says: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(says)):
        StringToken(characters="a-z", absent=absent)
