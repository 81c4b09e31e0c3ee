from __future__ import annotations

import datetime
from typing import Any

import pytest

from bifrost_sdk.domain.templates.examples import path_of, value_for
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.domain.templates.tokens import (
    ChoiceToken,
    DateToken,
    FrameToken,
    IntegerToken,
    StringToken,
    Token,
    UdimToken,
    VersionToken,
)
from bifrost_sdk.errors import TemplateError

TOKENS = [
    StringToken(),
    StringToken(characters="0-9"),
    StringToken(characters="-"),
    StringToken(pattern="[A-Z]{3}[0-9]{4}(_x)?|b"),
    IntegerToken(padding=4),
    VersionToken(),
    FrameToken(),
    UdimToken(),
    DateToken(),
    DateToken(format="%Y-%m-%d_%H%M%S"),
    ChoiceToken(("rig", "model")),
]


@pytest.mark.parametrize("token", TOKENS, ids=str)
def test_value_is_taken_when_none_was_wanted(token: Token) -> None:
    value = value_for(token)
    assert token.read(token.write(value)) == value
    assert value_for(token, object(), "no value at all/", value) == value


@pytest.mark.parametrize(
    ("token", "wanted", "expected"),
    [
        (StringToken(), ("hero",), "hero"),
        (StringToken(), ("he/ro", "asset"), "asset"),
        (StringToken(), (None, "asset"), "asset"),
        (VersionToken(), (12,), 12),
        (VersionToken(), ("12", 3), 3),
        (DateToken(), (datetime.date(2026, 1, 31),), datetime.date(2026, 1, 31)),
        (ChoiceToken(("rig", "model")), ("anim",), "model"),
    ],
)
def test_wanted_value_is_taken_when_the_token_takes_it(token: Token, wanted: tuple[Any, ...], expected: Any) -> None:
    assert value_for(token, *wanted) == expected


def test_path_is_refused_when_no_value_makes_one() -> None:
    template = Template("shots/{shot}", tokens={"shot": ChoiceToken(("con",))})
    with pytest.raises(TemplateError, match="device"):
        path_of(template, {})


def test_path_holds_what_is_needed_or_everything_when_asked() -> None:
    template = Template("{project}/{asset}[.{variant}].v{version:03d}[.{frame}].{ext}")
    examples = {"asset": "hero", "version": 12, "frame": 1001}
    assert path_of(template, examples) == "project/hero.v012.ext"
    assert path_of(template, examples, is_full=True) == "project/hero.variant.v012.1001.ext"
