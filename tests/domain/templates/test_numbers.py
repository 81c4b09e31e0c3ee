"""Tokens that hold numbers, frames and tiles."""

from __future__ import annotations

import itertools
import re

import pytest

from bifrost_sdk.domain.filesets import FRAME
from bifrost_sdk.domain.templates import patterns
from bifrost_sdk.domain.templates.numbers import FrameToken, UdimToken, number
from bifrost_sdk.errors import TemplateError


@pytest.mark.parametrize("value", ["%04d", "####", "$F4", "${F4}", "<FRAME>"])
def test_frame_is_one_value_when_programs_spell_it(value: str) -> None:
    assert FrameToken().write(value) == "%04d"
    assert FrameToken().read("%04d") == FRAME


@pytest.mark.parametrize("value", ["%03d", "#####", "$F", "%d", "a.%04d", "%04d.", "<UDIM>", "%04d%04d"])
def test_frame_is_refused_when_its_padding_or_form_is_another(value: str) -> None:
    with pytest.raises(TemplateError, match="a frame's number in 4 or more digits, or <FRAME>"):
        FrameToken().write(value)


@pytest.mark.parametrize("value", ["<UDIM>", "<udim>", "%(UDIM)d"])
def test_udim_is_one_value_when_programs_spell_it(value: str) -> None:
    assert UdimToken().write(value) == "<UDIM>"


@pytest.mark.parametrize("padding", [1, 2, 3])
@pytest.mark.parametrize("positive", [False, True])
def test_number_has_one_spelling_when_all_short_digits_are_tried(padding: int, *, positive: bool) -> None:
    matches = re.compile(patterns.source(number(padding, 4, positive=positive))).fullmatch
    texts = ["".join(digits) for size in range(6) for digits in itertools.product("0129", repeat=size)]
    numbers = {value for value in range(positive, 10_000) if set(str(value)) <= set("0129")}
    assert sorted(filter(matches, texts)) == sorted(f"{value:0{padding}d}" for value in numbers)
