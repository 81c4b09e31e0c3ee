from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import order
from bifrost_sdk.errors import ValidationError

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KEYS = st.text(DIGITS, max_size=5).flatmap(lambda head: st.sampled_from(DIGITS[1:]).map(lambda last: head + last))
ENDS = st.none() | KEYS


@given(low=ENDS, high=ENDS)
def test_key_lies_strictly_between_when_there_is_room(low: str | None, high: str | None) -> None:
    if low is not None and high is not None and low >= high:
        with pytest.raises(ValidationError):
            order.between(low, high)
        return
    made = order.check(order.between(low, high))
    assert low is None or low < made
    assert high is None or made < high


@given(places=st.lists(st.integers(0, 50), max_size=60))
def test_keys_stay_in_order_when_things_are_put_anywhere(places: list[int]) -> None:
    keys: list[str] = []
    for place in places:
        index = min(place, len(keys))
        low, high = keys[index - 1] if index else None, keys[index] if index < len(keys) else None
        keys.insert(index, order.between(low, high))
    assert keys == sorted(set(keys))


@given(count=st.integers(-1, 4_000))
def test_keys_rise_when_spread(count: int) -> None:
    keys = order.spread(count)
    assert len(keys) == max(count, 0)
    assert keys == sorted(set(keys))
    assert all(order.check(key) and len(key) <= 3 for key in keys)


def test_key_is_made_when_the_one_below_is_longer_than_the_stack() -> None:
    low = "z" * 5_000
    assert low < order.between(low, None)
    assert low < order.between(low + "y", None)


@pytest.mark.parametrize("key", ["", "0", "a0", "a b", "é", 5, None])
def test_key_is_refused_when_it_is_none(key: Any) -> None:
    with pytest.raises(ValidationError, match="no order key"):
        order.check(key)


def test_key_may_be_empty_when_nothing_was_put_in_order() -> None:
    assert order.optional_key("") == ""
    assert order.optional_key("V") == "V"
    with pytest.raises(ValidationError):
        order.optional_key("V0")


@pytest.mark.parametrize(
    ("low", "high", "key"),
    [("1", "21", "2"), ("1", "3", "2"), ("1", "2", "1V"), ("z", None, "zV"), (None, "01", "00V")],
)
def test_key_is_short_when_there_is_room(low: str | None, high: str | None, key: str) -> None:
    assert order.between(low, high) == key
