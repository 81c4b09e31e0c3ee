"""Fractional order keys: text that sorts siblings, with room for another between any two.

A key is a fraction between 0 and 1 in base 62, without its leading ``0.`` and without trailing zeros, so that comparing
code points compares fractions and moving one thing is one Update.
"""

from __future__ import annotations

from typing import Any

from bifrost_sdk.errors import Issue, ValidationError

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_BASE = len(_DIGITS)


def between(low: str | None, high: str | None) -> str:
    """A key above `low` and below `high`, as short as can be; None is the open end.

    >>> between(None, None), between("V", None), between(None, "V")
    ('V', 'k', 'F')

    Raises:
        ValidationError: when a key is malformed or `low` is not below `high`.
    """
    for key in (low, high):
        if key is not None:
            check(key)
    if low is not None and high is not None and low >= high:
        raise ValidationError(Issue("order.room", f"there is no order key between {low!r} and {high!r}"))
    return _middle(low or "", high)


def spread(count: int) -> list[str]:
    """`count` rising keys, as short as so many can be, that leave equal room around each.

    >>> spread(3)
    ['F', 'V', 'k']
    """
    width = 1
    while _BASE**width <= count * 2:
        width += 1
    total = _BASE**width
    return [_print((index + 1) * total // (count + 1), width) for index in range(count)]


def check(key: Any) -> str:  # Any: checked here
    """The key itself.

    Raises:
        ValidationError: when it is empty, ends in ``0`` or holds anything but base 62 digits.
    """
    if not isinstance(key, str) or not key or key[-1] == "0" or any(digit not in _VALUES for digit in key):
        raise ValidationError(Issue("order.key", f"{key!r:.200} is no order key: base 62 digits, the last not 0"))
    return key


def optional_key(key: Any) -> str:  # Any: checked here
    """Like `check`, with the empty text for a thing that was never put in order."""
    return "" if key == "" else check(key)


def _middle(low: str, high: str | None) -> str:
    shared = 0
    while high is not None and shared < len(high) and (low[shared : shared + 1] or "0") == high[shared]:
        shared += 1
    prefix = high[:shared] if high is not None else ""
    low, high = low[shared:], high[shared:] if high is not None else None
    first = _VALUES[low[0]] if low else 0
    last = _VALUES[high[0]] if high else _BASE
    if last - first > 1:
        return prefix + _DIGITS[(first + last) // 2]
    if high and len(high) > 1:
        return prefix + high[0]
    return prefix + _DIGITS[first] + _above(low[1:])


def _above(low: str) -> str:
    full = len(low) - len(low.lstrip(_DIGITS[-1]))
    first = _VALUES[low[full]] if full < len(low) else 0
    return low[:full] + _DIGITS[(first + _BASE) // 2]


def _print(value: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        value, digit = divmod(value, _BASE)
        digits = _DIGITS[digit] + digits
    return digits.rstrip("0")
