from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.pictures.markup import Markup, element, escaped, joined, number, shortened, text_width

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=40)


@given(ANYTHING, ANYTHING)
def test_any_text_stays_text_when_put_into_an_element(inside: str, said: str) -> None:
    read = ET.fromstring(element("p", inside, title=said))  # noqa: S314 - our own markup
    assert list(read) == []
    assert set(read.attrib) == {"title"}
    if inside.isascii() and inside.isprintable():
        assert (read.text or "") == inside


def test_text_is_made_harmless_when_it_cannot_be_shown() -> None:
    assert escaped("a\x00b\ud800c\ufffed") == "a\ufffdb\ufffdc\ufffdd"
    assert escaped("gnp\u202eexe") == "gnp\ufffdexe"
    assert escaped("Größe 日本 \U0001f40d") == "Größe 日本 \U0001f40d"
    assert escaped("'\"<>&") == "&#x27;&quot;&lt;&gt;&amp;"


def test_markup_stays_when_it_is_put_into_an_element() -> None:
    assert element("b", Markup("<i>x</i>"), "<i>") == "<b><i>x</i>&lt;i&gt;</b>"
    assert joined(element("br"), "<", by=",") == "<br>,&lt;"
    assert element("td", data_label="a b", class_="c", title=None) == '<td data-label="a b" class="c"></td>'


def test_numbers_are_short_when_written() -> None:
    assert [number(value) for value in (1, 1.0, 1.25, -0.04, 1e6)] == ["1", "1", "1.2", "0", "1000000"]


def test_width_grows_when_characters_are_wide() -> None:
    assert text_width("日本", 10) > text_width("ab", 10) == 12
    assert shortened("assets/char/hero", 9) == "…har/hero"
    assert shortened("hero", 4) == "hero"
