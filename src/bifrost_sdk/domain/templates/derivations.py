"""How one text is read by a language, step by step: slow and exact, the last word on a path that a walk has found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.templates.cases import excluded
from bifrost_sdk.domain.templates.language import Chars, Choice, Field, Node, Repeat, Sequence, Text

MAX_STEPS: Final = 5_000


class Derivation(NamedTuple):
    """A text that was read, and what its fields read, in order; `end` is where reading stands."""

    end: int
    text: str
    fields: tuple[tuple[str, str], ...]

    @property
    def values(self) -> dict[str, str]:
        """What each field reads."""
        return dict(self.fields)


def derivations(node: Node, text: str, *, agreeing: bool = True) -> Iterator[Derivation]:
    """Each way in which `node` reads exactly `text`, in up to `MAX_STEPS`; fields of one name agree if asked to."""
    return _Reader(text, is_key=False, agreeing=agreeing).all(node)


def spellings(node: Node, key: str, *, agreeing: bool = True) -> Iterator[Derivation]:
    """Texts of `node`, each with a way to read it, that fold to `key`: one for each way, not all that exist."""
    for found in _Reader(key, is_key=True, agreeing=agreeing).all(node):
        if codes.nfc(found.text) == found.text and codes.fold(found.text) == key:
            yield found


@attrs.define
class _Reader:
    """Reads `source`, which is a text itself or the key that it folds to."""

    source: str
    is_key: bool = attrs.field(kw_only=True)
    agreeing: bool = attrs.field(default=True, kw_only=True)
    steps: int = attrs.field(default=0, init=False)

    def all(self, node: Node) -> Iterator[Derivation]:
        for found in self.read(node, Derivation(0, "", ())):
            if found.end == len(self.source):
                yield found

    def read(self, node: Node, before: Derivation) -> Iterator[Derivation]:
        match node:
            case Text() | Chars():
                return self._leaf(node, before)
            case Sequence():
                return self._sequence(node.parts, before)
            case Choice():
                return (found for option in node.options for found in self.read(option, before))
            case Repeat():
                return self._repeat(node, before, 0)
            case Field():
                return self._field(node, before)

    def _leaf(self, leaf: Text | Chars, before: Derivation) -> Iterator[Derivation]:
        self.steps += 1
        if self.steps > MAX_STEPS:
            return
        read, spelled = self._text(leaf) if isinstance(leaf, Text) else self._char(leaf, before)
        if spelled is not None and self.source.startswith(read, before.end):
            yield Derivation(before.end + len(read), before.text + spelled, before.fields)

    def _text(self, text: Text) -> tuple[str, str]:
        return self._key(text.text), text.text

    def _char(self, chars: Chars, before: Derivation) -> tuple[str, str | None]:
        char = self.source[before.end : before.end + 1]
        if char in chars.ascii or (chars.others and _is_other(char, before.text)):
            return char, char
        return char, char.upper() if self.is_key and char.upper() in chars.ascii else None

    def _key(self, text: str) -> str:
        return codes.fold(text) if self.is_key else text

    def _sequence(self, parts: tuple[Node, ...], before: Derivation) -> Iterator[Derivation]:
        if not parts:
            yield before
            return
        for found in self.read(parts[0], before):
            yield from self._sequence(parts[1:], found)

    def _repeat(self, repeat: Repeat, before: Derivation, count: int) -> Iterator[Derivation]:
        if repeat.most is None or count < repeat.most:
            for found in self.read(repeat.part, before):
                if found.end > before.end:
                    yield from self._repeat(repeat, found, count + 1)
                elif count < repeat.least or found.fields != before.fields:  # reading nothing once is enough
                    yield found
        if count >= repeat.least:
            yield before

    def _field(self, field: Field, before: Derivation) -> Iterator[Derivation]:
        for found in self.read(field.part, before):
            value = found.text[len(before.text) :]
            if self.agreeing and any(name == field.name and other != value for name, other in found.fields):
                continue
            if self._key(value) not in map(self._key, excluded(field)):
                yield found._replace(fields=(*found.fields, (field.name, value)))


def _is_other(char: str, before: str) -> bool:
    """Whether it is a letter or digit of another script, or a mark on one."""
    return not char.isascii() and codes.fits(char, before[-1:])
