"""The text of a template as a tree of fixed text, slots for tokens, and optional parts.

``{name}`` is a token, ``{version:03d}`` one with a format, ``[...]`` a part that may be left out, ``{@name}`` the text
of another template. ``%04d``, ``####``, ``$F4``, ``<FRAME>`` and ``<UDIM>`` are the tokens frame and udim. ``{{`` and
``}}`` stand for braces; outside optional parts, ``[[`` and ``]]`` stand for brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

import attrs

from bifrost_sdk.domain import filesets
from bifrost_sdk.domain.filesets import FRAME
from bifrost_sdk.errors import TemplateError

MAX_DEPTH: Final = 16
"""How deep optional parts may lie in each other."""

MAX_PARTS: Final = 200
"""The most texts, tokens and optional parts that stand beside each other, included ones too."""

_LEXEMES: Final = re.compile(
    r"(?P<brace>\{\{|\}\})|(?P<bracket>\[\[|\]\])|(?P<open>\[)|(?P<close>\])"
    r"|\{@(?P<included>[A-Za-z][A-Za-z0-9_.-]*)\}|\{(?P<name>[a-z][a-z0-9_]*)(?::(?P<spec>[^{}\[\]]+))?\}|(?P<stray>[{}])"
)

_INCLUDED: Final = re.compile(r"\{@([A-Za-z][A-Za-z0-9_.-]*)\}")


@attrs.frozen
class Slot:
    """The place of a token; `spec` is its format as written, if any."""

    name: str
    spec: str = ""


@attrs.frozen
class Option:
    """Parts that are written together or not at all: when its `own` tokens are given (see `structure`)."""

    parts: tuple[Part, ...]
    own: tuple[str, ...] = ()


Part: TypeAlias = "str | Slot | Option"


def parse(text: str, including: Mapping[str, str]) -> tuple[Part, ...]:
    """The tree of a template; `including` holds the texts that ``{@name}`` may name.

    Raises:
        TemplateError: it cannot be read; the message shows the place.

    >>> parse("{asset}[_{variant}].%04d.exr", {})[2:]
    ('.', Slot(name='frame', spec='04d'), '.exr')
    """
    return _Reader(text, including, ()).parts()


def included(text: str, including: Mapping[str, str]) -> dict[str, str]:
    """What of `including` the text needs, by name."""
    found: dict[str, str] = {}
    texts = [text]
    for each in texts:
        needed = [name for name in _INCLUDED.findall(each) if name in including and name not in found]
        found.update((name, including[name]) for name in needed)
        texts += [including[name] for name in needed]
    return found


def slots(parts: tuple[Part, ...]) -> Iterator[Slot]:
    """Every slot, from left to right, those of optional parts too."""
    for part in parts:
        if isinstance(part, Slot):
            yield part
        elif isinstance(part, Option):
            yield from slots(part.parts)


def write(parts: tuple[Part, ...], spellings: Mapping[str, str]) -> str:
    """The text that reads as these parts, inclusions written out; tokens are spelled as told, if they are.

    >>> write(parse("{asset}[_{variant}]{@end}", {"end": ".####.exr"}), {})
    '{asset}[_{variant}].{frame:04d}.exr'
    """
    return "".join(_written(part, spellings) for part in parts)


def _written(part: Part, spellings: Mapping[str, str]) -> str:
    if isinstance(part, Slot):
        spec = f":{part.spec}" if part.spec else ""
        return spellings.get(part.name) or f"{{{part.name}{spec}}}"
    if isinstance(part, Option):
        return f"[{write(part.parts, spellings)}]"
    return re.sub(r"[{}\[\]]", lambda found: found[0] * 2, part)


class _Reader:
    """Reads one text; `names` are the templates that it is included by, `depth` the optional parts around it."""

    def __init__(self, text: str, including: Mapping[str, str], names: tuple[str, ...], *, depth: int = 0) -> None:
        self.text = text
        self.including = including
        self.names = names
        self.depth = depth
        self.open: list[list[Part]] = [[]]

    def parts(self) -> tuple[Part, ...]:
        position = 0
        while found := _LEXEMES.search(self.text, position):
            self.add_text(self.text[position : found.start()])
            position = self.take(found)
        self.add_text(self.text[position:])
        if len(self.open) > 1:
            raise self.refusal("a ']' is missing", len(self.text))
        return tuple(self.open[0])

    def take(self, found: re.Match[str]) -> int:
        """Add what was found; answers with the place where reading goes on."""
        char = found[0][0]
        if found["stray"]:
            reason = f"{char!r} belongs to no token; write {{name}}, {{name:03d}}, or {char * 2} for itself"
            raise self.refusal(reason, found.start())
        if found["name"]:
            self.add(Slot(found["name"], found["spec"] or ""))
        elif found["included"]:
            self.include(found["included"], found.start())
        elif found["brace"] or (found["bracket"] and not self.is_inside):
            self.add(char)
        else:
            (self.begin if char == "[" else self.end)(found.start())
            return found.start() + 1
        return found.end()

    @property
    def is_inside(self) -> bool:
        return self.depth + len(self.open) > 1

    def begin(self, position: int) -> None:
        if self.depth + len(self.open) > MAX_DEPTH:
            raise self.refusal(f"optional parts lie deeper than {MAX_DEPTH} in each other", position)
        self.open.append([])

    def end(self, position: int) -> None:
        if len(self.open) == 1:
            raise self.refusal("']' closes nothing ('[[' and ']]' stand for brackets)", position)
        self.add(Option(tuple(self.open.pop())))

    def include(self, name: str, position: int) -> None:
        if name not in self.including:
            known = ", ".join(sorted(self.including)) or "no others"
            raise self.refusal(f"{{@{name}}} names no template; there are {known}", position)
        names = (*self.names, name)
        if name in self.names:
            raise self.refusal(f"the template includes itself: {' > '.join(names)}", position)
        depth = self.depth + len(self.open) - 1
        for part in _Reader(self.including[name], self.including, names, depth=depth).parts():
            self.add(part)

    def add_text(self, text: str) -> None:
        """Text with the tokens that other programs write in it."""
        position = 0
        for found in filesets.placeholders(text):
            self.add(text[position : found.start])
            is_frame = found.token == FRAME
            self.add(Slot("frame", f"{found.padding:02d}d") if is_frame else Slot("udim"))
            position = found.end
        self.add(text[position:])

    def add(self, part: Part) -> None:
        """Text joins the text before it."""
        parts = self.open[-1]
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        elif part:
            parts.append(part)
        if len(parts) > MAX_PARTS:
            raise self.refusal(f"more than {MAX_PARTS} parts stand beside each other", 0)

    def refusal(self, reason: str, position: int) -> TemplateError:
        where = f" (in {{@{self.names[-1]}}})" if self.names else ""
        shown = f"{self.text}\n  {' ' * position}^"
        return TemplateError(f"the template cannot be read{where}: {reason}\n  {shown}", template=self.text)
