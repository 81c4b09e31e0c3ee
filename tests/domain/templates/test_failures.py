"""How far a path got in a template that does not read it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.templates.failures import Failure
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.domain.templates.tokens import ChoiceToken

SHOT = Template(
    "{project}/shots/{shot}/{area}/v{version:03d}[_{variant}]/{shot}.{frame}.exr",
    tokens={"area": ChoiceToken(["work", "publish"])},
)
PATH = "demo/shots/sh010/work/v001_red/sh010.0001.exr"


@pytest.mark.parametrize(
    ("path", "token", "rest", "expected"),
    [
        ("", "project", "", "1 to 64 characters"),
        ("demo", "project", "", "'/shots/'"),
        ("demo/assets/x", "", "assets/x", "'shots/'"),
        ("demo/shots/sh_010/work", "shot", "_010/work", "'/'"),
        ("demo/shots/sh010/render/v001", "area", "render/v001", "one of work, publish"),
        ("demo/shots/sh010/work/v01/x", "version", "01/x", "a version's number from 1 in 3 or more digits"),
        ("demo/shots/sh010/work/v001-x/x", "version", "-x/x", "'_'"),
        ("demo/shots/sh010/work/v001_re d/x", "variant", " d/x", "'/'"),
        ("demo/shots/sh010/work/v001/sh010.1.exr", "frame", "1.exr", "a frame's number in 4 or more digits"),
        ("demo/shots/sh010/work/v001/sh010.###.exr", "frame", "%03d.exr", "a frame's number in 4 or more digits"),
        (PATH + "x", "", "x", "the end of the path"),
        (PATH + "\n", "", "\n", "the end of the path"),
        ("demo/shots/sh010/work/v001/sh020.0001.exr", "shot", "", "the same text wherever a token stands again"),
        ("demo/shots/con/work/v001/con.0001.exr", "shot", "con/work/v001/con.0001.exr", "another name: 'con' is a"),
        ("demo/shots/he\u0301/work", "", "e\u0301/work", "composed text (NFC)"),
    ],
)
def test_failure_tells_place_and_token_when_a_path_is_not_read(path: str, token: str, rest: str, expected: str) -> None:
    failure = SHOT.fails_at(path)
    assert failure is not None
    assert failure.token == token
    assert SHOT._respelled(path)[failure.position :] == rest
    assert failure.expected.startswith(expected)


def test_failure_is_none_when_the_path_is_read() -> None:
    assert SHOT.fails_at(PATH) is None
    assert SHOT.fails_at("demo/shots/sh010/work/v001_red/sh010.####.exr") is None


@given(st.integers(0, len(PATH) - 1), st.sampled_from(" !\\:"))
def test_failure_lies_no_further_than_the_damage_when_a_character_is_wrong(place: int, char: str) -> None:
    failure = SHOT.fails_at(PATH[:place] + char + PATH[place + 1 :])
    assert failure is not None
    assert failure.position <= place


def test_nearest_template_gets_furthest_when_several_fail() -> None:
    texts = ["{project}/assets/{asset}/{task}", "{project}/shots/{shot}/{task}", "{project}/shots/{shot}/v{version}"]
    failures = [Template(text).fails_at("demo/shots/sh010/v1") for text in texts[::2]]
    assert [failure and failure.position for failure in failures] == [5, 18]


def test_failure_names_a_day_when_no_month_has_it() -> None:
    assert Template("x.{date}").fails_at("x.20260230") == Failure(2, "date", "a date (written %Y%m%d)")
