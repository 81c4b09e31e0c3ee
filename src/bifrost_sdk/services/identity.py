"""Ids made by the client: UUIDv7 text, rising within a process, so that rows sort by their creation.

The layout is that of RFC 9562, section 5.7: 48 bits of milliseconds, then a counter of 12 bits in ``rand_a`` (section
6.2, method 1; its upper bit starts at 0, so that at least 2,048 ids fit in a millisecond before the time is pushed
ahead), then 62 random bits.
"""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time

_COUNTER_LIMIT = 1 << 12
_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62


class IdGenerator:
    """Makes ids; one generator never makes the same id twice and each is greater than the one before."""

    __slots__ = ("_counter", "_lock", "_millisecond", "_process", "_random")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = self._counter = 0
        self._start()

    def __call__(self) -> str:
        """The next id; safe to call from any thread, and in a child process after a fork."""
        if os.getpid() != self._process:
            self._lock = threading.Lock()  # it may have been held by a thread that the fork left behind
            self._start()
        with self._lock:
            millisecond = time.time_ns() // 1_000_000
            if millisecond > self._millisecond:
                self._millisecond = millisecond
                self._counter = self._random.getrandbits(11)
            else:
                self._count()
            value = self._millisecond << 80 | _VERSION | self._counter << 64 | _VARIANT | self._random.getrandbits(62)
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _start(self) -> None:
        self._process = os.getpid()
        self._random = random.Random()  # noqa: S311 - ids are no secrets; seeded by the system, differently after a fork

    def _count(self) -> None:
        """Go on within the millisecond, also when the clock was set back."""
        self._counter += 1
        if self._counter == _COUNTER_LIMIT:
            self._millisecond += 1
            self._counter = self._random.getrandbits(11)


_next_id = IdGenerator()


def new_id() -> str:
    """A new id: UUIDv7 text in lower case, greater than every id this process made before.

    >>> one, other = new_id(), new_id()
    >>> one < other, len(one), one[14]
    (True, 36, '7')
    """
    return _next_id()


def derived_id(seed: str) -> str:
    """The one id that belongs to a text, so that the same request made again names the same new thing.

    >>> derived_id("demo/hero") == derived_id("demo/hero"), derived_id("demo/hero")[14]
    (True, '7')
    """
    text = hashlib.sha256(seed.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{text[:8]}-{text[8:12]}-7{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:32]}"
