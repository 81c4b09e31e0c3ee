from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bifrost_sdk.domain import spelling
from bifrost_sdk.errors import ReferenceSyntaxError

ID = "0190f3aa-1111-7222-8333-444455556666"
MODEL = "bifrost://demo/assets/char/hero/model"

CODES_NEARLY = [
    "a",
    "Hero",
    "v",
    "v8",
    "V001",
    "v12",
    "v000",
    "v0012",
    "v1000000000",
    "LATEST",
    "con",
    "COM1",
    "",
    "x" * 65,
    "?v=12",
    "e\u0301",
    "\u202e",
    "@ %20",
    "\\",
]
TAILS = ["v001", "v1000", "latest", "approved", "x.", ".x", "..", "a.usd", "a.b.c", "nul.usd", "~", f"~{ID}", "x" * 64]
NEAR = st.lists(st.sampled_from(CODES_NEARLY + TAILS), max_size=6).map("/".join)


@given(st.sampled_from(["bifrost://demo/", "bifrost://nul/", "bifrost:///", "bifrost://x-/"]), NEAR)
@example("bifrost://demo/", "abcdefghi/" * 101 + "abcdefghij")
def test_the_fast_way_says_what_the_reader_says_when_it_answers(head: str, tail: str) -> None:
    fast = spelling.read_plain(head + tail)
    assert fast is None or fast == spelling.read(head + tail)


@pytest.mark.parametrize("tail", ["", "/v012", "/latest/model.usd", "/v1000/model.usd"])
def test_the_fast_way_answers_when_a_reference_is_plain(tail: str) -> None:
    assert spelling.read_plain(MODEL + tail) is not None
    assert spelling.read_plain(f"bifrost://demo/~{ID}/model.usd") is not None


@pytest.mark.parametrize(
    "parts",
    [
        ("demo", "", "", "", ""),
        ("demo", "assets/char/Hero/model", "", "latest", "tex/body.<UDIM>.exr"),
        ("demo", "", ID, "", "model.usd"),
        ("", "", ID, "", ""),
    ],
)
def test_parts_are_read_back_when_written(parts: spelling.Plain) -> None:
    assert spelling.read(spelling.write(parts)) == parts


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("v012", ""),
        ("latest", ""),
        ("v12", "'v12' is no tag: version 12 is written v012"),
        ("newest", "'newest' is no tag: versions are v001 to v999"),
        ("v1000000000", "'v1000000000' is no tag: versions are v001 to v999"),
    ],
)
def test_tag_is_told_what_is_wrong_when_misspelled(name: str, fault: str) -> None:
    assert spelling.tag_fault(name).startswith(fault)
    assert bool(spelling.tag_fault(name)) is bool(fault)


def test_place_is_told_when_no_spelling_is_understood() -> None:
    with pytest.raises(ReferenceSyntaxError) as caught:
        spelling.read("bifrost://demo/assets/char/hero/model/v12")
    assert caught.value.position == len(MODEL) + 1
