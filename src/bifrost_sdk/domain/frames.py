"""Frames as sets and rates as fractions, because ``start, end`` cannot say 1001,1005,1010 and 23.976 is no float.

A range keeps runs, never single frames, so a range of a billion frames costs what one of two costs; only frames that
stand apart (``1-100x2``) cost one piece each, up to `MAX_PIECES`.
"""

from __future__ import annotations

import bisect
import itertools
import operator
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Final, NamedTuple, TypeAlias

import attrs

from bifrost_sdk.errors import ValidationError, refusal

MAX_FRAME: Final = 2**31 - 1
"""The largest frame either side of zero: what hosts keep in 32 bits."""

MAX_PIECES: Final = 100_000
"""The most pieces (frames or unbroken stretches that stand apart) that one range may have."""

MAX_TERM: Final = 999_999_999
"""The largest numerator and denominator of a rate."""

Interval: TypeAlias = tuple[int, int]

_PART: Final = re.compile(r"(-?[0-9]+)(?:-(-?[0-9]+)(?:x([0-9]+))?)?").fullmatch
_RATE: Final = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6})|/([0-9]{1,9}))?").fullmatch
_MAX_DIGITS: Final = len(str(MAX_FRAME))

# The decimals by which the trade calls n * 1000 / 1001; all other decimals are taken as they stand.
_DECIMALS: Final = {
    "23.976": 24,
    "23.98": 24,
    "29.97": 30,
    "47.952": 48,
    "47.95": 48,
    "59.94": 60,
    "119.88": 120,
}


class Run(NamedTuple):
    """Frames from `first` to `last`, both inclusive, `step` apart."""

    first: int
    last: int
    step: int = 1

    def __str__(self) -> str:
        if self.first == self.last:
            return str(self.first)
        return f"{self.first}-{self.last}" + (f"x{self.step}" if self.step > 1 else "")


def _canonical(runs: Iterable[Interval | Run]) -> tuple[Run, ...]:
    return _runs(_merged(_intervals(Run(*run) for run in runs)))


@attrs.frozen(repr=False)
class FrameRange:
    """A set of whole frames, written ``1001-1096``, ``1001-1096x2`` or ``1001-1010,1020``.

    Equal sets are equal and print alike, whatever they were made from: neighbours join into stretches, three or more
    single frames at one distance into a step. The empty range prints as the empty text. It can be iterated, has a
    length (of frames) and knows ``in``, ``|``, ``&`` and ``-``.

    Raises:
        ValidationError: a run ends before it starts, has no step, or the range is too large or too scattered.

    >>> shot = FrameRange.parse("1001-1010,1020,1030-1040x5")
    >>> len(shot), 1035 in shot, shot.first, shot.last
    (14, True, 1001, 1040)
    >>> str(shot - FrameRange.of(1003, 1008))
    '1001-1002,1009-1010,1020,1030-1040x5'
    """

    runs: tuple[Run, ...] = attrs.field(default=(), converter=_canonical)

    @classmethod
    def parse(cls, text: str) -> FrameRange:
        """The range that `text` spells; spaces around commas are allowed, order and repetition do not matter.

        Raises:
            ValidationError: it spells none; the message names the part and its place.

        >>> str(FrameRange.parse("1010, 1001,1005"))
        '1001,1005,1010'
        >>> list(FrameRange.parse("-5--1x2"))
        [-5, -3, -1]
        """
        return cls(_parsed(text)) if text else cls()

    @classmethod
    def of(cls, first: int, last: int, *, step: int = 1) -> FrameRange:
        """The frames from `first` to `last`, both inclusive."""
        return cls((Run(first, last, step),))

    @classmethod
    def of_frames(cls, frames: Iterable[int]) -> FrameRange:
        """The range of single frames, in any order."""
        return cls(_stretches(sorted(set(frames))))

    @property
    def first(self) -> int:
        """The first frame.

        Raises:
            ValidationError: the range is empty.
        """
        return self._filled()[0].first

    @property
    def last(self) -> int:
        """The last frame, inclusive.

        Raises:
            ValidationError: the range is empty.
        """
        return self._filled()[-1].last

    @property
    def holes(self) -> FrameRange:
        """The frames between first and last that are missing."""
        return FrameRange.of(self.first, self.last) - self if self.runs else self

    def with_handles(self, head: int, tail: int) -> HandledRange:
        """This range as the cut, with `head` frames before it and `tail` frames after it."""
        return HandledRange(self, head, tail)

    def __iter__(self) -> Iterator[int]:
        return itertools.chain.from_iterable(range(run.first, run.last + 1, run.step) for run in self.runs)

    def __len__(self) -> int:
        return sum((run.last - run.first) // run.step + 1 for run in self.runs)

    def __contains__(self, frame: object) -> bool:
        if not isinstance(frame, int):
            return False
        index = bisect.bisect_right(self.runs, (frame, MAX_FRAME + 1)) - 1
        if index < 0:
            return False
        run = self.runs[index]
        return frame <= run.last and (frame - run.first) % run.step == 0

    def __or__(self, other: FrameRange) -> FrameRange:
        return FrameRange((*self.runs, *other.runs))

    def __and__(self, other: FrameRange) -> FrameRange:
        return FrameRange(_common(_intervals(self.runs), _intervals(other.runs)))

    def __sub__(self, other: FrameRange) -> FrameRange:
        return FrameRange(_common(_intervals(self.runs), list(_outside(_intervals(other.runs)))))

    def __str__(self) -> str:
        return ",".join(map(str, self.runs))

    def __repr__(self) -> str:
        return f"FrameRange.parse({str(self)!r})"

    def _filled(self) -> tuple[Run, ...]:
        if not self.runs:
            raise refusal("frames.empty", "an empty range has no first and no last frame", "", "check it is not empty")
        return self.runs


@attrs.frozen
class HandledRange:
    """A cut with the extra frames rendered around it: handles are never mixed into the cut.

    >>> shot = FrameRange.parse("1009-1096").with_handles(8, 8)
    >>> str(shot.cut), str(shot.full)
    ('1009-1096', '1001-1104')
    """

    cut: FrameRange
    head: int = attrs.field()
    tail: int = attrs.field()

    @head.validator
    @tail.validator
    def _is_count(self, attribute: attrs.Attribute[int], value: int) -> None:
        if value < 0:
            raise refusal(f"frames.{attribute.name}", "a handle has no negative length", str(value), "use 0 or more")

    @property
    def full(self) -> FrameRange:
        """The cut and both handles, as one range; the handles' frames are unbroken."""
        if not self.cut:
            return self.cut
        before = Run(self.cut.first - self.head, self.cut.first)
        return FrameRange((before, *self.cut.runs, Run(self.cut.last, self.cut.last + self.tail)))


def _exact(rate: Fraction | int) -> Fraction:
    if isinstance(rate, float):
        raise refusal("rate.exact", "a float is no exact rate", str(rate), f"use FrameRate.parse('{rate}')")
    return Fraction(rate)


@attrs.frozen(repr=False)
class FrameRate:
    """Frames a second, exactly: ``24``, or ``24000/1001`` for what is called 23.976.

    Raises:
        ValidationError: it is not positive, its terms are too large, or it is a float, which could not be exact.

    >>> rate = FrameRate.parse("23.976")
    >>> str(rate), rate.seconds(24000)
    ('24000/1001', Fraction(1001, 1))
    """

    fraction: Fraction = attrs.field(converter=_exact)

    @fraction.validator
    def _is_sensible(self, _: attrs.Attribute[Fraction], value: Fraction) -> None:
        if value <= 0 or max(value.numerator, value.denominator) > MAX_TERM:
            message = f"a frame rate is above zero, in terms of at most {MAX_TERM}"
            raise refusal("rate.terms", message, str(value), "use e.g. 24 or 24000/1001")

    @classmethod
    def parse(cls, text: str) -> FrameRate:
        """The rate of ``24``, ``30000/1001``, ``12.5`` or one of the trade's decimals (``23.976``, ``29.97``, …).

        Raises:
            ValidationError: it spells no rate.
        """
        match = _RATE(text)
        if match is None or (match[3] is not None and int(match[3]) == 0):
            raise refusal("rate.syntax", "this is no frame rate", text, "write 24, 23.976 or 30000/1001")
        whole = _DECIMALS.get(text)
        return cls(Fraction(text) if whole is None else Fraction(whole * 1000, 1001))

    def seconds(self, frames: int) -> Fraction:
        """How long so many frames last, exactly."""
        return frames / self.fraction

    def frames(self, seconds: Fraction | int) -> Fraction:
        """How many frames fill so many seconds, exactly: rounding is the caller's choice."""
        return seconds * self.fraction

    def __float__(self) -> float:
        return float(self.fraction)

    def __str__(self) -> str:
        return str(self.fraction)

    def __repr__(self) -> str:
        return f"FrameRate.parse({str(self)!r})"


def _scattered(first: int, last: int) -> ValidationError:
    message = f"a range has at most {MAX_PIECES} frames or stretches that stand apart"
    return refusal("frames.scattered", message, f"{first}-{last}", "split it into several ranges")


def _parsed(text: str) -> Iterator[Run]:
    """The runs of a text, as written."""
    offset = 0
    for part in text.split(","):
        match = _PART(part.strip(" "))
        if match is None:
            place = f"{part.strip()!r} at character {offset + 1}"
            raise refusal(
                "frames.syntax", f"{place} is no frame, range or step", text[:80], "write 1001-1010,1020-1040x5"
            )
        first, last, step = match.group(1), match.group(2) or match.group(1), match.group(3) or "1"
        yield Run(_number(first, text), _number(last, text), _number(step, text))
        offset += len(part) + 1


def _number(digits: str, text: str) -> int:
    significant = digits.lstrip("-0")
    if len(significant) > _MAX_DIGITS:
        raise refusal("frames.large", f"a frame lies within {MAX_FRAME} of zero", text[:80], "use smaller frames")
    return -int(significant or 0) if digits[0] == "-" else int(significant or 0)


def _checked(run: Run) -> Run:
    """`run` with a last frame that it really reaches."""
    if run.step < 1:
        raise refusal("frames.step", "a step is at least 1", str(run.step), "leave it out or use x2")
    if run.last < run.first:
        raise refusal("frames.order", "a range ends before it starts", str(run), f"write {run.last}-{run.first}")
    if run.first < -MAX_FRAME or run.last > MAX_FRAME:
        raise refusal("frames.large", f"a frame lies within {MAX_FRAME} of zero", str(run), "use smaller frames")
    return run._replace(last=run.last - (run.last - run.first) % run.step)


def _intervals(runs: Iterable[Run]) -> list[Interval]:
    """The unbroken pieces of `runs`, in their order."""
    pieces: list[Interval] = []
    for run in map(_checked, runs):
        if run.step == 1:
            pieces.append((run.first, run.last))
        elif (run.last - run.first) // run.step >= MAX_PIECES or len(pieces) > 2 * MAX_PIECES:
            raise _scattered(run.first, run.last)
        else:
            pieces.extend((frame, frame) for frame in range(run.first, run.last + 1, run.step))
    return pieces


def _merged(pieces: list[Interval]) -> list[Interval]:
    """Sorted pieces that neither overlap nor touch."""
    merged: list[Interval] = []
    for first, last in sorted(pieces):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    if len(merged) > MAX_PIECES:
        raise _scattered(merged[0][0], merged[-1][1])
    return merged


def _runs(pieces: list[Interval]) -> tuple[Run, ...]:
    """The shortest honest writing of merged pieces: three or more single frames at one distance make a step."""
    runs: list[Run] = []
    index = 0
    while index < len(pieces):
        count = _even(pieces, index)
        if count < 3:  # noqa: PLR2004 - as the docstring says
            runs.append(Run(*pieces[index]))
            index += 1
        else:
            first, second, last = pieces[index][0], pieces[index + 1][0], pieces[index + count - 1][0]
            runs.append(Run(first, last, second - first))
            index += count
    return tuple(runs)


def _even(pieces: list[Interval], index: int) -> int:
    """How many single frames from `index` on lie at one distance."""
    start = pieces[index][0]
    step = pieces[index + 1][0] - start if index + 1 < len(pieces) else 0
    end = index
    while end < len(pieces) and pieces[end] == (start + (end - index) * step,) * 2:
        end += 1
    return end - index


def _stretches(frames: list[int]) -> Iterator[Interval]:
    """Unbroken stretches of sorted frames."""
    numbered = enumerate(frames)
    for _, group in itertools.groupby(numbered, key=lambda pair: pair[1] - pair[0]):
        members = list(map(operator.itemgetter(1), group))
        yield members[0], members[-1]


def _common(ours: list[Interval], theirs: list[Interval]) -> Iterator[Interval]:
    """What two sorted lists of pieces share."""
    mine, other = 0, 0
    while mine < len(ours) and other < len(theirs):
        first, last = max(ours[mine][0], theirs[other][0]), min(ours[mine][1], theirs[other][1])
        if first <= last:
            yield first, last
        if ours[mine][1] < theirs[other][1]:
            mine += 1
        else:
            other += 1


def _outside(pieces: list[Interval]) -> Iterator[Interval]:
    """The frames that sorted, merged pieces leave over."""
    free = -MAX_FRAME
    for first, last in pieces:
        if free < first:
            yield free, first - 1
        free = last + 1
    if free <= MAX_FRAME:
        yield free, MAX_FRAME
