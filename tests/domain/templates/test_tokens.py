"""Every type of token: one spelling a value, one value a spelling, and all else refused."""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.filesets import FRAME, UDIM
from bifrost_sdk.domain.templates import tokens
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

DAY = datetime.date(2026, 1, 31)
TIME = datetime.datetime(2026, 1, 31, 23, 59, 7)  # noqa: DTZ001  # a path tells no zone
KINDS: list[Token] = [
    StringToken(),
    StringToken(characters=r"\w. -", length=5),
    StringToken(pattern="[a-z]{3}[0-9]{2,4}(?:[.][a-z]+)?"),
    ChoiceToken(["work", "publish", "größe", "tar.gz"]),
    IntegerToken(),
    IntegerToken(padding=4),
    VersionToken(),
    VersionToken(padding=1),
    FrameToken(),
    FrameToken(padding=1),
    UdimToken(),
    DateToken(),
    DateToken("%d.%m.%Y_%H%M"),
]
VALUES: st.SearchStrategy[Any] = (
    st.integers(-20, 20_000)
    | st.integers()
    | st.booleans()
    | st.floats()
    | st.none()
    | st.binary(max_size=3)
    | st.text(max_size=6)
    | st.text("abcworkpublish019.-_ é", max_size=8)
    | st.sampled_from(
        ["work", "größe", "tar.gz", "abc0010", FRAME, UDIM, "%04d", "####", "$F4", "%(UDIM)d", "..", "a."]
    )
    | st.dates()
    | st.datetimes()
)
_PLACES = ["", "../x", "/etc", "a/b", "a\\b", "C:", "C:x", "~", "~root", "$HOME", "%USERPROFILE%", "x" * 300]
_UNSEEN = ["a\0", "a\n", "\n", "a\t", "a\x7f", "a\u202eb", "a\u200db", "a\ufeff", "a\u2028b", "a\u00a0b", "a\u3164"]
_OTHERS = ["e\u0301", "\u0301a", "a\ud800", "a\ufe0f", "ﬀ\u0301\u0323", "a*", "a?", "a|b", '"', "a<b>", "a@b", "a#b"]
HOSTILE = [*_PLACES, *_UNSEEN, *_OTHERS]


def written(token: Token, value: object) -> str | None:
    try:
        return token.write(value)
    except TemplateError:
        return None


@pytest.mark.parametrize("token", KINDS, ids=repr)
@given(value=VALUES)
def test_value_comes_back_when_it_is_written(token: Token, value: object) -> None:
    text = written(token, value)
    if text is None:
        return
    read = token.read(text)
    assert token.write(read) == text
    assert read == value or read in {FRAME, UDIM}
    assert type(read) is not bool
    assert re.fullmatch(token.pattern, text)
    assert codes.path_fault(f"x{text}x") is None
    assert unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize("token", KINDS, ids=repr)
@given(data=st.data())
def test_text_comes_back_when_it_is_read(token: Token, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(token.pattern, fullmatch=True) | st.text(max_size=5))
    if not token.holds(text):
        with pytest.raises(TemplateError):
            token.read(text)
    else:
        value = token.read(text)
        assert token.write(value) == text
        assert isinstance(value, token.value_type) or value in {FRAME, UDIM}


@pytest.mark.parametrize("token", KINDS, ids=repr)
def test_value_is_refused_when_it_is_hostile(token: Token) -> None:
    assert not [value for value in HOSTILE if written(token, value) is not None or token.holds(value)]


@pytest.mark.parametrize("token", KINDS, ids=repr)
@pytest.mark.parametrize(
    "value",
    [None, True, False, 1.0, b"abc", ["work"], object(), 10**5000, -(10**30)],
    ids=lambda value: type(value).__name__,  # Python does not write the largest
)
def test_value_is_refused_when_its_type_or_size_is_wrong(token: Token, value: object) -> None:
    with pytest.raises(TemplateError, match="is not"):
        token.write(value)


@pytest.mark.parametrize(
    ("token", "value", "text"),
    [
        (StringToken(), "मुख्य-2", "मुख्य-2"),
        (StringToken(), "主人公", "主人公"),
        (IntegerToken(), 0, "0"),
        (IntegerToken(padding=3), 7, "007"),
        (IntegerToken(padding=3), 1234, "1234"),
        (IntegerToken(), 10**18 - 1, "9" * 18),
        (VersionToken(), 1, "001"),
        (VersionToken(), 999, "999"),
        (VersionToken(), 1000, "1000"),
        (FrameToken(), 0, "0000"),
        (FrameToken(), -10, "-010"),
        (FrameToken(), -1000, "-1000"),
        (FrameToken(padding=1), -5, "-5"),
        (FrameToken(), FRAME, "%04d"),
        (FrameToken(padding=3), FRAME, "%03d"),
        (UdimToken(), 1001, "1001"),
        (UdimToken(), 9999, "9999"),
        (UdimToken(), UDIM, "<UDIM>"),
        (DateToken(), DAY, "20260131"),
        (DateToken(), datetime.date(7, 1, 1), "00070101"),
        (DateToken("%Y-%m-%d_%H%M%S"), TIME, "2026-01-31_235907"),
    ],
)
def test_value_has_this_spelling_when_written(token: Token, value: object, text: str) -> None:
    assert token.write(value) == text
    assert token.read(text) == value


@pytest.mark.parametrize(
    ("token", "text"),
    [
        (StringToken(), "a_b"),
        (StringToken(), "a\u0301"),
        (StringToken(), "x-\u0301"),
        (StringToken(), "²"),
        (StringToken(), "x" * 65),
        (StringToken(pattern="[a-z]{3}"), "abc\n"),
        (ChoiceToken(["work"]), "Work"),
        (IntegerToken(padding=3), "07"),
        (IntegerToken(padding=3), "0007"),
        (IntegerToken(), "٣"),
        (IntegerToken(), "+1"),
        (IntegerToken(), "-1"),
        (IntegerToken(), "1_0"),
        (VersionToken(), "000"),
        (VersionToken(), "0100"),
        (FrameToken(), "-0000"),
        (FrameToken(), "-0010"),
        (FrameToken(), "####"),
        (FrameToken(), "%03d"),
        (UdimToken(), "1000"),
        (UdimToken(), "10000"),
        (UdimToken(), "<udim>"),
        (DateToken(), "20260230"),
        (DateToken(), "00000101"),
        (DateToken(), "20261301"),
        (DateToken("%Y%m%d%H"), "2026013124"),
    ],
)
def test_text_is_no_spelling_when_another_is_the_one(token: Token, text: str) -> None:
    assert not token.holds(text)
    with pytest.raises(TemplateError, match="is not"):
        token.read(text)


@pytest.mark.parametrize(
    ("token", "spec", "found"),
    [
        (VersionToken(), "04d", VersionToken(padding=4)),
        (VersionToken(), "03", VersionToken()),
        (IntegerToken(padding=3), "d", IntegerToken()),
        (FrameToken(), "05d", FrameToken(padding=5)),
        (DateToken(), "%Y-%m-%d", DateToken("%Y-%m-%d")),
    ],
)
def test_format_gives_the_padding_when_a_template_has_one(token: Token, spec: str, found: Token) -> None:
    assert token.formatted(spec) == found


@pytest.mark.parametrize(
    ("token", "spec"),
    [
        (VersionToken(), "3d"),
        (VersionToken(), "010d"),
        (VersionToken(), ".3f"),
        (StringToken(), "s"),
        (UdimToken(), "04d"),
    ],
)
def test_format_is_refused_when_the_token_takes_none_like_it(token: Token, spec: str) -> None:
    with pytest.raises(TemplateError) as caught:
        token.formatted(spec)
    assert caught.value.value == spec


@pytest.mark.parametrize("token", KINDS, ids=repr)
def test_token_comes_back_when_it_crosses_as_a_document(token: Token) -> None:
    document = token.to_document()
    assert tokens.from_document(document) == token
    assert document["type"] == token.kind


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"type": "strings"}, "there is no token type 'strings'; use string, integer"),
        ({"type": "version", "width": 3}, "a version token has no width; it has padding"),
        ({"type": "udim", "padding": 4}, "a udim token has no padding; it has nothing to set"),
        ({"type": "choice"}, "a choice token needs its choices"),
        ({"type": "version", "padding": 10}, "10 is no number from 1 to 9"),
        ({"type": "date", "format": None}, "None is no text"),
    ],
)
def test_document_is_refused_when_it_describes_no_token(document: dict[str, Any], says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        tokens.from_document(document)
    assert says in str(caught.value)


def test_document_is_a_string_token_when_it_names_no_type() -> None:
    assert tokens.from_document({"characters": "a-z"}) == StringToken(characters="a-z")


def test_default_goes_by_name_when_nobody_defines_a_token() -> None:
    names = ("version", "frame", "udim", "date", "asset")
    assert [tokens.default(name) for name in names] == [
        VersionToken(),
        FrameToken(),
        UdimToken(),
        DateToken(),
        StringToken(),
    ]
