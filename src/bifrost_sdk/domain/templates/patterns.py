r"""What a token may hold, written as a small pattern, and any description of texts as a regular expression.

The dialect is the part of regular expressions that a proof can follow: characters, ``[a-z0-9_]``, groups, ``|``, ``?``,
``*``, ``+``, ``{2}`` and ``{2,4}``; ``\d`` is 0-9 and ``\w`` a letter or digit of any script or ``_``, which is how
other scripts are allowed. ``*`` and ``+`` end at 64.
"""

from __future__ import annotations

import functools
import itertools
import re
import string
import unicodedata
from collections.abc import Callable
from typing import Final, NoReturn

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.templates.language import Chars, Choice, Field, Node, Repeat, Sequence, Text
from bifrost_sdk.errors import TemplateError

LONGEST: Final = codes.MAX_CODE

MAX_LENGTH: Final = 500
"""The most characters of a pattern."""

MAX_DEPTH: Final = 16
"""How deep groups may lie in each other."""

DIGITS: Final = frozenset(string.digits)
ALPHANUMERIC: Final = frozenset(string.ascii_letters + string.digits)

_EXPANDED: Final = {"~": "a shell expands it", "$": "a shell or a host expands it"}
_ASCII: Final = frozenset(map(chr, range(128)))
_CLASSES: Final = {"d": Chars(DIGITS), "w": Chars(ALPHANUMERIC | {"_"}, others=True)}
_COUNT: Final = re.compile(r"\{([0-9]{1,3})(,([0-9]{1,3}))?\}")
_COUNTS: Final = {"?": (0, 1), "*": (0, LONGEST), "+": (1, LONGEST)}


@functools.lru_cache(maxsize=256)
def parse(pattern: str) -> Node:
    """What the pattern stands for.

    Raises:
        TemplateError: it cannot be read; `value` is the pattern.

    >>> source(parse("[A-Z]{3}[0-9]+"))
    '[A-Z]{3}[0-9]{1,64}'
    """
    reader = _Reader(pattern)
    if len(pattern) > MAX_LENGTH:
        raise TemplateError(f"a pattern has at most {MAX_LENGTH} characters, not {len(pattern)}", value=pattern)
    node = reader.choice()
    if reader.position < len(pattern):
        reader.refuse("')' closes nothing")
    return node


def characters(text: str) -> Chars:
    """The characters that ``[text]`` stands for in a pattern.

    Raises:
        TemplateError: it cannot be read; `value` is the pattern.
    """
    node = parse(f"[{text}]")
    if not isinstance(node, Chars):
        raise TemplateError(f"characters {text!r} are more than one set; write e.g. a-z0-9_", value=text)
    return node


def source(node: Node, *, others: bool = True) -> str:
    r"""A regular expression that matches the texts of `node`, without groups.

    A letter of another script is any character beyond ASCII there, so who matches has to look at those one by one;
    without `others` it is none.
    """
    within = functools.partial(source, others=others)
    if isinstance(node, Text):
        return re.escape(node.text)
    if isinstance(node, Chars):
        return f"[^{_ranges(_ASCII - node.ascii)}]" if node.others and others else f"[{_ranges(node.ascii)}]"
    if isinstance(node, Sequence):
        return "".join(map(within, node.parts))
    if isinstance(node, Choice):
        return f"(?:{'|'.join(map(within, node.options))})"
    return within(node.part) if isinstance(node, Field) else _repeated(node, within)


def alphabet(node: Node) -> frozenset[str]:
    """Every character that is named in `node`: all of ASCII that its texts can hold."""
    if isinstance(node, Text):
        return frozenset(node.text)
    if isinstance(node, Chars):
        return node.ascii
    if isinstance(node, (Field, Repeat)):
        return alphabet(node.part)
    parts = node.parts if isinstance(node, Sequence) else node.options
    return frozenset().union(*map(alphabet, parts))


@functools.lru_cache(maxsize=1024)
def hazard(char: str) -> str:
    """Why `char` can stand in no name of a path, or nothing: not every platform, host or layer reads it alike."""
    if char == "/":
        return "it would leave its folder"
    fault = codes.file_fault(f"x{char}x")
    return _EXPANDED.get(char, "") if fault is None else fault.hint


def check_composed(text: str) -> None:
    """Refuse fixed text that is not in NFC, or that would join what stands before it.

    Raises:
        TemplateError: it would; `value` is the text.
    """
    if not unicodedata.is_normalized("NFC", text):
        raise TemplateError(f"the text {text!r} is not composed; write it in NFC", value=text)
    if unicodedata.category(text[0]).startswith("M"):
        message = f"the text {text!r} begins with {codes.describe(text[0])}; write its letter before it"
        raise TemplateError(message, value=text)


class _Reader:
    """Reads one pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0
        self.depth = 0

    def refuse(self, reason: str) -> NoReturn:
        place = f"at character {self.position + 1}"
        raise TemplateError(f"the pattern {self.pattern!r} cannot be read: {reason} ({place})", value=self.pattern)

    def choice(self) -> Node:
        options = [self.sequence()]
        while self.next() == "|":
            self.position += 1
            options.append(self.sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def sequence(self) -> Node:
        parts: list[Node] = []
        while self.next() not in {"", "|", ")"}:
            parts.append(self.counted(self.atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def next(self) -> str:
        return self.pattern[self.position : self.position + 1]

    def take(self) -> str:
        char = self.next()
        self.position += len(char)
        return char

    def atom(self) -> Node:
        char = self.next()
        if char in "?*+{}].^$":
            self.refuse(f"{char!r} stands for itself only behind a backslash")
        if not char.isascii():
            self.refuse(rf"it is written in ASCII; \w stands for letters of other scripts, not {char!r}")
        self.position += 1
        if char == "(":
            return self.group()
        if char == "[":
            return self.set()
        return self.escaped() if char == "\\" else Text(char)

    def group(self) -> Node:
        if self.pattern.startswith("?:", self.position):
            self.position += 2
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.refuse(f"groups lie deeper than {MAX_DEPTH} in each other")
        node = self.choice()
        self.depth -= 1
        if self.take() != ")":
            self.refuse("a ')' is missing")
        return node

    def escaped(self) -> Chars | Text:
        char = self.take()
        if not char or not char.isascii() or (char.isalnum() and char not in _CLASSES):
            self.refuse(r"only \d and \w stand for sets")
        return _CLASSES.get(char) or Text(char)

    def counted(self, node: Node) -> Node:
        found = _COUNT.match(self.pattern, self.position)
        if found is None and self.next() not in _COUNTS:
            return node
        if found is None:
            least, most = _COUNTS[self.take()]
        else:
            self.position = found.end()
            least = int(found[1])
            most = int(found[3]) if found[2] else least
        if most < max(least, 1):
            self.refuse("a count ends before it begins")
        return Repeat(node, least, most)

    def set(self) -> Chars:
        ascii: frozenset[str] = frozenset()
        others = False
        while self.next() != "]":
            first = self.member()
            if isinstance(first, Chars):
                ascii, others = ascii | first.ascii, others or first.others
            elif self.next() == "-" and self.pattern[self.position + 1 : self.position + 2] != "]":
                self.position += 1
                ascii |= self.range(first.text, self.member())
            else:
                ascii |= {first.text}
        self.position += 1
        if not ascii:
            self.refuse("a set is empty")
        return Chars(ascii, others)

    def member(self) -> Chars | Text:
        char = self.take()
        if not char:
            self.refuse("a ']' is missing")
        node = self.escaped() if char == "\\" else Text(char)
        if isinstance(node, Text) and (not node.text.isascii() or char in "^["):
            self.refuse(rf"a set lists characters of ASCII, and \w for other scripts; not {char!r}")
        return node

    def range(self, first: str, last: Chars | Text) -> frozenset[str]:
        if isinstance(last, Chars) or last.text < first:
            self.refuse("a range ends before it begins")
        return frozenset(map(chr, range(ord(first), ord(last.text) + 1)))


def _repeated(node: Repeat, within: Callable[[Node], str]) -> str:
    is_one = isinstance(node.part, Chars) or (isinstance(node.part, Text) and len(node.part.text) == 1)
    part = within(node.part) if is_one else f"(?:{within(node.part)})"
    if (node.least, node.most) == (0, 1):
        return f"{part}?"
    if node.least == node.most:
        return f"{part}{{{node.least}}}"
    return f"{part}{{{node.least},{'' if node.most is None else node.most}}}"


@functools.lru_cache(maxsize=256)
def _ranges(chars: frozenset[str]) -> str:
    """The inside of a set of a regular expression."""
    found = []
    ordered = enumerate(sorted(map(ord, chars)))
    for _, numbered in itertools.groupby(ordered, key=lambda pair: pair[1] - pair[0]):
        run = [chr(code) for _, code in numbered]
        ends = [re.escape(char) for char in (run[0], run[-1])]
        found.append("-".join(ends) if len(run) > 2 else "".join(map(re.escape, run)))  # noqa: PLR2004  # three or more
    return "".join(found)
