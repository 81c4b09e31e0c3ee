from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.pins import Pin, PinSet
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.errors import ReferenceSyntaxError, ValidationError

ID = "0190f3aa-1111-7222-8333-444455556666"
HERO = "bifrost://demo/assets/Hero/model/latest"
SWORD = "bifrost://demo/assets/sword/model/latest"

PINS = st.builds(
    Pin,
    st.sampled_from(["{publish}/a/b.usd", "{work_2}/größe/tex.<UDIM>.exr", "{publish}/a#1 @x.usd"]),
    st.uuids().map(str),
    number=st.none() | st.integers(1, 9999),
    hash=st.just("") | st.binary(min_size=8, max_size=32).map(bytes.hex),
)
SETS = st.dictionaries(st.sampled_from([HERO, SWORD, f"bifrost:///~{ID}", "bifrost://demo/é"]), PINS).map(PinSet)


def pin(number: int = 1) -> Pin:
    return Pin(f"{{publish}}/hero/v{number:03d}/hero.usd", ID, number=number, hash="sha256:0123456789abcdef")


def document(**changes: Any) -> str:
    fields: dict[str, Any] = {"path": "{publish}/a.usd", "version": ID, "number": 1, "hash": ""}
    return json.dumps({"schema": 1, "pins": {HERO: fields | changes}})


@given(SETS)
def test_from_json_gives_the_set_back_when_written(pins: PinSet) -> None:
    again = PinSet.from_json(pins.to_json())
    assert again == pins
    assert hash(again) == hash(pins)
    assert again.to_json() == pins.to_json()
    assert PinSet(dict(reversed(pins.pins.items()))).to_json() == pins.to_json()


@given(SETS, SETS)
def test_diff_and_merge_agree_when_combined(old: PinSet, new: PinSet) -> None:
    difference = old.diff(new)
    kept = {ref: one for ref, one in old.pins.items() if ref not in difference.removed}
    after = {ref: pair[1] for ref, pair in difference.changed.items()}
    assert PinSet({**kept, **difference.added, **after}) == new
    assert all(before != now for before, now in difference.changed.values())
    merged = old.merge(new)
    assert set(merged) == set(old) | set(new)
    assert all(merged.get(ref) == new.get(ref) for ref in new)


def test_get_answers_when_the_reference_is_spelled_otherwise() -> None:
    pins = PinSet({HERO: pin()})
    assert pins.get("bifrost:/demo/assets/HERO/model?v=latest") == pin()
    assert pins.get(Reference.parse(SWORD)) is None
    assert HERO in pins
    assert 7 not in pins
    assert (list(pins), len(pins)) == ([Reference.parse(HERO)], 1)
    with pytest.raises(ReferenceSyntaxError):
        pins.get("hero")


def test_a_set_stays_as_it_is_when_what_it_was_made_from_changes() -> None:
    source = {HERO: pin()}
    pins = PinSet(source)
    source[SWORD] = pin(2)
    assert len(pins) == 1
    with pytest.raises(TypeError):
        pins.pins[Reference.parse(SWORD)] = pin(2)  # type: ignore[index]  # the mistake that is tested


def test_a_pin_gives_root_and_relative_path_when_asked() -> None:
    assert (pin().root, pin().relative) == ("publish", "hero/v001/hero.usd")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/abs/hero.usd",
        "hero.usd",
        "{publish}",
        "{publish}/",
        "{publish}hero.usd",
        "{Publish}/hero.usd",
        "{publish}//etc/passwd",
        "{publish}/../hero.usd",
        "{publish}/a/../../b",
        "{publish}/a\\b",
        "{publish}/c:/b",
        "{publish}/a\n",
        "x{publish}/a",
    ],
)
def test_a_pin_is_refused_when_its_path_may_leave_the_root(path: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Pin(path, ID)
    assert caught.value.issues[0].code == "pin.path"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Pin("{publish}/a", "7"), "pin.version"),
        (lambda: Pin("{publish}/a", ID, number=0), "pin.number"),
        (lambda: Pin("{publish}/a", ID, hash="XYZ"), "pin.hash"),
        (lambda: PinSet({HERO: pin(), HERO.lower(): pin(2)}), "pins.twice"),
        (lambda: PinSet.from_json("nonsense"), "pins.json"),
        (lambda: PinSet.from_json("[" * 100_000), "pins.json"),
        (lambda: PinSet.from_json("[]"), "pins.schema"),
        (lambda: PinSet.from_json('{"schema": 2, "pins": {}}'), "pins.schema"),
        (lambda: PinSet.from_json('{"schema": true, "pins": {}}'), "pins.schema"),
        (lambda: PinSet.from_json('{"schema": 1, "pins": []}'), "pins.schema"),
        (lambda: PinSet.from_json('{"schema": 1, "pins": {}, "more": 1}'), "pins.schema"),
        (lambda: PinSet.from_json('{"schema": 1, "schema": 1, "pins": {}}'), "pins.twice"),
        (lambda: PinSet.from_json(f'{{"schema": 1, "pins": {{"{HERO}": 7}}}}'), "pin.fields"),
        (lambda: PinSet.from_json(document(more=1)), "pin.fields"),
        (lambda: PinSet.from_json(document(number=True)), "pin.fields"),
        (lambda: PinSet.from_json(document(number="1")), "pin.fields"),
        (lambda: PinSet.from_json(document(path=None)), "pin.fields"),
        (lambda: PinSet.from_json(document(path="/etc/passwd")), "pin.path"),
        (lambda: PinSet.from_json(document().replace("bifrost:", "http:")), "reference.syntax"),
    ],
)
def test_a_set_is_refused_when_something_in_it_is_wrong(make: Callable[[], object], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make()
    assert caught.value.issues[0].code == code


def test_from_json_says_to_update_when_the_schema_is_newer() -> None:
    with pytest.raises(ValidationError, match="update Bifrost SDK"):
        PinSet.from_json('{"schema": 2, "pins": {}, "new": 1}')
