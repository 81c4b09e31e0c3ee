from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.frames import MAX_FRAME, MAX_PIECES, FrameRange, FrameRate, Run
from bifrost_sdk.errors import ValidationError

SETS = st.sets(st.integers(-30, 60), max_size=40)
RUNS = st.builds(
    lambda first, length, step: Run(first, first + length, step),
    st.integers(-50, 50),
    st.integers(0, 40),
    st.integers(1, 7),
)


@given(SETS)
def test_parse_gives_the_range_back_when_printed(frames: set[int]) -> None:
    made = FrameRange.of_frames(frames)
    assert FrameRange.parse(str(made)) == made
    assert list(made) == sorted(frames)
    assert len(made) == len(frames)
    assert bool(made) is bool(frames)


@given(st.lists(RUNS, max_size=6))
def test_ranges_are_equal_when_they_hold_the_same_frames(runs: list[Run]) -> None:
    frames = {frame for run in runs for frame in range(run.first, run.last + 1, run.step)}
    made = FrameRange(runs)
    assert made == FrameRange.of_frames(frames) == FrameRange(reversed(runs))
    assert hash(made) == hash(FrameRange.of_frames(frames))
    assert str(FrameRange.parse(",".join(map(str, runs)))) == str(made)
    assert [frame for frame in range(-60, 100) if frame in made] == sorted(frames)


@given(SETS, SETS)
def test_operators_mean_those_of_sets_when_combined(ours: set[int], theirs: set[int]) -> None:
    one, other = FrameRange.of_frames(ours), FrameRange.of_frames(theirs)
    assert set(one | other) == ours | theirs
    assert set(one & other) == ours & theirs
    assert set(one - other) == ours - theirs
    assert one - other == FrameRange.of_frames(ours - theirs)
    assert set(one.holes) == (set(range(min(ours), max(ours) + 1)) - ours if ours else set())


@given(st.text("0123456789-,x ", max_size=12) | st.text(max_size=8))
def test_parse_normalises_or_refuses_when_given_anything(text: str) -> None:
    try:
        made = FrameRange.parse(text)
    except ValidationError as error:
        assert error.issues[0].code.startswith("frames.")  # noqa: PT017 - either outcome is right
    else:
        assert FrameRange.parse(str(made)) == made
        assert re.fullmatch(r"[0-9,x-]*", str(made))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", ""),
        ("1001", "1001"),
        ("1001-1096", "1001-1096"),
        ("1001-1096x2", "1001-1095x2"),
        ("1001,1005,1010", "1001,1005,1010"),
        ("1010,1001 , 1005,1001", "1001,1005,1010"),
        ("1001-1010,1020,1030-1040x5", "1001-1010,1020,1030-1040x5"),
        ("1,2", "1-2"),
        ("1-5x4", "1,5"),
        ("1,3,5-10", "1,3,5-10"),
        ("1,4,7", "1-7x3"),
        ("1-9x2,2-10x2", "1-10"),
        ("-5--1", "-5--1"),
        ("-5-5x5", "-5-5x5"),
        ("-0", "0"),
        ("0007", "7"),
        (f"-{MAX_FRAME}-{MAX_FRAME}", f"-{MAX_FRAME}-{MAX_FRAME}"),
    ],
)
def test_parse_prints_one_spelling_when_others_are_given(text: str, canonical: str) -> None:
    assert str(FrameRange.parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("a", "frames.syntax", "'a' at character 1"),
        ("1,,2", "frames.syntax", "'' at character 3"),
        ("1-2-3", "frames.syntax", "at character 1"),
        ("1001, 10x2", "frames.syntax", "'10x2' at character 6"),
        ("1\n", "frames.syntax", "at character 1"),
        ("\u0661", "frames.syntax", "at character 1"),
        ("10-1", "frames.order", "write 1-10"),
        ("1-10x0", "frames.step", "at least 1"),
        ("2147483648", "frames.large", "within 2147483647"),
        ("-2147483648", "frames.large", "within 2147483647"),
        ("9" * 5000, "frames.large", "within 2147483647"),
        ("1-1000000000x2", "frames.scattered", "at most 100000"),
        ("1-100000x2," * 9 + "1", "frames.scattered", "at most 100000"),
    ],
)
def test_parse_says_what_and_where_when_refused(text: str, code: str, says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        FrameRange.parse(text)
    assert caught.value.issues[0].code == code
    assert says in str(caught.value)


def test_a_range_costs_its_runs_when_it_is_huge() -> None:
    huge = FrameRange.of(1, 2_000_000_000)
    assert huge.runs == (Run(1, 2_000_000_000),)
    assert len(huge) == 2_000_000_000
    assert 1_999_999_999 in huge
    assert str(huge - FrameRange.of(10, 19)) == "1-9,20-2000000000"
    assert str(huge.with_handles(8, 8).full) == "-7-2000000008"


def test_everything_can_be_taken_away_when_a_range_is_full() -> None:
    full = FrameRange.of(-MAX_FRAME, MAX_FRAME)
    assert full - full == FrameRange()
    assert str(full - FrameRange()) == str(full)


def test_a_range_is_refused_when_it_has_too_many_pieces() -> None:
    odd = FrameRange.of(1, 2 * MAX_PIECES, step=2)
    assert len(odd) == MAX_PIECES
    assert str(odd | FrameRange.of(2, 2 * MAX_PIECES, step=2)) == f"1-{2 * MAX_PIECES}"
    with pytest.raises(ValidationError, match="stand apart"):
        odd | FrameRange.of(-1, -1)


def test_ends_are_given_when_there_are_any() -> None:
    shot = FrameRange.parse("1020,1001-1010")
    assert (shot.first, shot.last, repr(shot)) == (1001, 1020, "FrameRange.parse('1001-1010,1020')")
    for end in ("first", "last"):
        with pytest.raises(ValidationError, match="empty range"):
            getattr(FrameRange(), end)


def test_contains_is_false_when_it_is_no_frame() -> None:
    assert "1001" not in FrameRange.of(1001, 1010)
    assert 1000 not in FrameRange.of(1001, 1010)
    assert 1 not in FrameRange()


def test_handles_stay_apart_when_added() -> None:
    handled = FrameRange.parse("1009-1096x3").with_handles(8, 0)
    assert (str(handled.cut), str(handled.full)) == ("1009-1096x3", "1001-1009,1012-1096x3")
    assert FrameRange().with_handles(8, 8).full == FrameRange()
    with pytest.raises(ValidationError, match="negative length"):
        handled.cut.with_handles(0, -1)


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("24", Fraction(24)),
        ("25.0", Fraction(25)),
        ("12.5", Fraction(25, 2)),
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("48/2", Fraction(24)),
    ],
)
def test_rate_is_exact_when_parsed(text: str, fraction: Fraction) -> None:
    rate = FrameRate.parse(text)
    assert rate.fraction == fraction
    assert FrameRate.parse(str(rate)) == rate
    assert float(rate) == float(fraction)


@pytest.mark.parametrize("text", ["", "0", "-24", "24/0", "1e3", "24.", "nan", "24 fps", "\u0662\u0664", "1" * 10])
def test_rate_is_refused_when_it_is_none(text: str) -> None:
    with pytest.raises(ValidationError):
        FrameRate.parse(text)


def test_rate_is_refused_when_it_is_a_float_or_has_huge_terms() -> None:
    with pytest.raises(ValidationError, match=re.escape("FrameRate.parse('23.976')")):
        FrameRate(23.976)  # type: ignore[arg-type]  # the mistake that is tested
    with pytest.raises(ValidationError, match="in terms of at most"):
        FrameRate(Fraction(1, 10**9))
    assert repr(FrameRate(24)) == "FrameRate.parse('24')"


@given(st.integers(-(10**9), 10**9), st.fractions(Fraction(1, 1000), 1000, max_denominator=10**5))
def test_frames_come_back_when_turned_into_seconds(frames: int, fraction: Fraction) -> None:
    rate = FrameRate(fraction)
    assert rate.frames(rate.seconds(frames)) == frames
    assert FrameRate.parse(str(rate)) == rate
