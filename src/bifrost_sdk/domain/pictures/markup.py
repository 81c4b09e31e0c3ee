"""SVG and HTML written so that no text, whatever it says, can become more than text."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Any, ClassVar

# What XML 1.0 cannot hold, and the marks that make text run the other way, by which one name can look like another.
_UNFIT = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]"
)
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "col", "wbr"})


class Markup(str):
    """Text that is markup already; all other text is escaped when it is put into an element."""

    __slots__: ClassVar[tuple[str, ...]] = ()


def escaped(text: str) -> Markup:
    """The text as it is written between tags and in attributes; what cannot be shown becomes U+FFFD.

    >>> escaped('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    return Markup(html.escape(_UNFIT.sub("\ufffd", text)))


def element(name: str, /, *children: str, **attributes: Any) -> Markup:  # Any: texts and numbers
    """An element; an attribute's trailing ``_`` falls away, others become ``-``, and None leaves it out.

    >>> element("a", "1 < 2", class_="note", stroke_width=1.5)
    '<a class="note" stroke-width="1.5">1 &lt; 2</a>'
    """
    written = "".join(
        f' {key.removesuffix("_").replace("_", "-")}="{escaped(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(child if isinstance(child, Markup) else escaped(child) for child in children)
    return Markup(f"<{name}{written}>" if name in _VOID else f"<{name}{written}>{inside}</{name}>")


def joined(*parts: str, by: str = "") -> Markup:
    """Several pieces as one."""
    return Markup(by.join(part if isinstance(part, Markup) else escaped(part) for part in parts))


def breakable(text: str) -> Markup:
    """A path or reference that is broken behind its slashes first where it is too long for its line.

    >>> breakable("char/hero")
    'char/<wbr>hero'
    """
    return joined(*text.replace("/", "/\0").split("\0"), by="<wbr>")


def number(value: float) -> str:
    """The number with one decimal at most.

    >>> number(12.04), number(0.25), number(-0.01)
    ('12', '0.2', '0')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def text_width(text: str, size: float) -> float:
    """About how wide the text is, in pixels, in a plain font of that size; rather too wide than too narrow."""
    cells = sum(1.7 if unicodedata.east_asian_width(char) in "WF" else 1.0 for char in text)
    return 0.6 * size * cells


def shortened(text: str, length: int) -> str:
    """The end of the text, where names differ, in `length` characters at most.

    >>> shortened("assets/char/hero", 8)
    '…ar/hero'
    """
    return text if len(text) <= length else f"…{text[len(text) - length + 1 :]}"


def _text(value: Any) -> str:  # Any: as of an attribute
    return number(value) if isinstance(value, float) else str(value)
