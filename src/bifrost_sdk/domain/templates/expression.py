"""The one regular expression that reads a whole path, made of a template's tree.

What a path must never hold is part of it: a name that Windows gives to a device, a name that ends in a dot or a space.
Which of these can happen is worked out while the text is put together, so that paths pay only for what can go wrong.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.templates import patterns
from bifrost_sdk.domain.templates.grammar import Option, Part, Slot
from bifrost_sdk.domain.templates.tokens import Token
from bifrost_sdk.errors import TemplateError

# Where a path can stand between two characters: at the beginning of a name, in it, or in it behind a dot or space.
_BEGINNING: Final = "beginning"
_INSIDE: Final = "inside"
_DANGLING: Final = "dangling"
_Places: TypeAlias = frozenset[str]

_LOOSE: Final = frozenset(". ")
_NOT_LOOSE: Final = "(?<![. ])"
# Those that a path could hold: no template writes a dollar sign.
_DEVICES: Final = frozenset(name for name in codes.DEVICES if "$" not in name)


def _device() -> str:
    """No device of Windows begins here; sets of first letters refuse nearly every other name at once."""
    columns = ("".join(sorted({name[place] for name in _DEVICES})) for place in range(3))
    letters = "".join(f"[{column}{column.upper()}]" for column in columns)
    plain = "|".join(sorted(name for name in _DEVICES if name.isalpha()))
    ports = "|".join(sorted({name[:3] for name in _DEVICES if not name.isalpha()}))
    return rf"(?!{letters}(?i:(?<={plain})|(?<={ports})[{codes.PORT_DIGITS}]) *(?:[./]|\Z))"


_NO_DEVICE: Final = _device()
_NO_DEVICE_HERE: Final = "(?:(?<![^/])" + _NO_DEVICE + "|(?<=[^/]))"
_DEVICE_LETTERS: Final = frozenset(letter for name in _DEVICES for letter in (name[0], name[0].upper()))


class Expression(NamedTuple):
    """`source` reads a path; `aliases` are its groups that hold a token under another name than the token's."""

    source: str
    aliases: Mapping[str, str]


def expression(parts: tuple[Part, ...], tokens: Mapping[str, Token], *, others: bool = False) -> Expression:
    """What reads the paths of these decided parts: those in ASCII, or with `others` all and some that are none.

    Raises:
        TemplateError: every path, or one with some part left out, would be none that all platforms store alike.
    """
    builder = _Builder(tokens, others=others)
    source = builder.parts(parts, {}) + builder.end()
    aliases = {group: name for name, groups in builder.groups.items() for group in groups if group != name}
    return Expression(source, aliases)


def proof(pieces: tuple[str | Slot, ...], tokens: Mapping[str, Token]) -> Callable[[str], re.Match[str] | None]:
    """What matches exactly the paths in ASCII that are made of the tokens' own values, and captures nothing."""
    builder = _Prover(tokens, others=False)
    return re.compile(builder.parts(pieces, {}) + builder.end()).fullmatch


class _Builder:
    """Puts the text together from left to right; `places` are where a path can stand just there.

    A token is captured where it first stands in every reading and looked up behind that. In parts that may be left
    out it is captured again, under an alias, where it was not seen before: `groups` are all captures of a token.
    """

    def __init__(self, tokens: Mapping[str, Token], *, others: bool) -> None:
        self.tokens = tokens
        self.others = others
        self.groups: defaultdict[str, list[str]] = defaultdict(list)
        self.places: _Places = frozenset([_BEGINNING])
        self.fixed: str | None = ""  # the name so far, where no token or optional part is in it

    def parts(self, parts: tuple[Part, ...], settled: dict[str, str]) -> str:
        return "".join(self.part(part, settled) for part in parts)

    def part(self, part: Part, settled: dict[str, str]) -> str:
        if isinstance(part, str):
            return self.text(part)
        if self.fixed and "." in self.fixed:
            self.check(f"{self.fixed}x")
        self.fixed = None
        return self.slot(part.name, settled) if isinstance(part, Slot) else self.option(part, settled)

    def slot(self, name: str, settled: dict[str, str]) -> str:
        alphabet = self.tokens[name].alphabet
        guard = self.guard() if alphabet & _DEVICE_LETTERS else ""
        self.places = frozenset([_INSIDE, _DANGLING] if alphabet & _LOOSE else [_INSIDE])
        return guard + self.value(name, settled)

    def value(self, name: str, settled: dict[str, str], /) -> str:
        if name in settled:
            return f"(?P={settled[name]})"
        body = self.pattern(name)
        for group in self.groups[name]:
            body = f"(?({group})(?P={group})|{body})"
        settled[name] = f"_{len(self.groups[name])}_{name}" if self.groups[name] else name
        self.groups[name].append(settled[name])
        return f"(?P<{settled[name]}>{body})"

    def pattern(self, name: str) -> str:
        token = self.tokens[name]
        return token.pattern if self.others else token.pattern_in_ascii

    def option(self, option: Option, settled: dict[str, str]) -> str:
        """An optional part; where a part before it has the same tokens, both are there or both are not."""
        known = {name: self.groups[name][-1] for name in option.own if self.groups[name]}
        before = self.places
        body = self.parts(option.parts, settled | known)
        self.places |= before
        self.fixed = None
        if not known:
            return f"(?:{body})?"
        first, *others = known.values()
        absent = ""
        for group in others:
            absent = f"(?({group})(?!)|{absent})"
        return f"(?({first}){body}|{absent})"

    def text(self, text: str) -> str:
        for char in text:
            if char != "/" and patterns.hazard(char):
                raise TemplateError(f"{codes.describe(char)} cannot stand in a template: {patterns.hazard(char)}")
        patterns.check_composed(text)
        return "".join(map(self.piece, re.findall("/|[^/]+", text)))

    def piece(self, piece: str) -> str:
        """A slash, or text of one name."""
        if piece == "/":
            guard = self.ending("a '/'")
            self.places = frozenset([_BEGINNING])
            self.fixed = ""
            return f"{guard}/"
        if self.fixed is not None:
            self.fixed += piece
        key = codes.fold(piece)
        guard = self.guard() if any(name.startswith(key) or key.startswith(name) for name in _DEVICES) else ""
        self.places = frozenset([_DANGLING if piece[-1] in _LOOSE else _INSIDE])
        return guard + re.escape(piece)

    def check(self, name: str) -> None:
        """Refuse fixed text that is a device whatever follows."""
        fault = codes.path_fault(name)
        if fault is not None:
            raise TemplateError(f"{fault.message} ({fault.hint})")

    def end(self) -> str:
        return self.ending("its end")

    def guard(self) -> str:
        """What refuses a device, where a name can begin."""
        if _BEGINNING not in self.places:
            return ""
        return _NO_DEVICE if self.places == {_BEGINNING} else _NO_DEVICE_HERE

    def ending(self, where: str) -> str:
        """What refuses a name that ends in a dot or space, where a name ends."""
        if _BEGINNING in self.places:
            raise TemplateError(f"a name before {where} can be empty; give it text or move the '/' into the brackets")
        if self.places == {_DANGLING}:
            raise TemplateError(f"a name before {where} ends in a dot or a space; end it in something else")
        if self.fixed:
            self.check(self.fixed)
        return _NOT_LOOSE if _DANGLING in self.places else ""


class _Prover(_Builder):
    """Captures nothing: who asks knows the values, and that text which stands again is the same."""

    def value(self, name: str, _: dict[str, str], /) -> str:
        return patterns.source(self.tokens[name].values, others=False)
