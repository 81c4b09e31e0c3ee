"""How far a path got in a template that does not read it, to say what to mend and which template is nearest."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import NamedTuple

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.templates.grammar import Part, Slot, slots
from bifrost_sdk.domain.templates.tokens import Token


class Failure(NamedTuple):
    """Where reading stopped: the 0-based position, the token that stands there (or none), and what would go on."""

    position: int
    token: str
    expected: str


def furthest(parts: tuple[Part, ...], tokens: Mapping[str, Token], path: str) -> Failure:
    """Where reading `path`, which the template does not read, gets furthest."""
    composed = codes.nfc(path)
    if composed != path:
        return Failure(_shared(composed, path), "", "composed text (NFC)")
    walk = _Walk(tokens, path)
    ends = walk.parts(parts, {0})
    if len(path) not in ends:
        for end in ends:
            walk.stop(end, "", "the end of the path")
        return walk.failure
    fault = codes.path_fault(path)
    if fault is not None:
        return Failure(fault.position, walk.token_near(fault.position), f"another name: {fault.message}")
    names = [slot.name for slot in slots(parts)]
    token = next((name for name in names if names.count(name) > 1), "")
    return Failure(len(path), token, "the same text wherever a token stands again")


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


class _Walk:
    """All readings at once, as the set of positions that they reach; the agreement of tokens is not looked at."""

    def __init__(self, tokens: Mapping[str, Token], path: str) -> None:
        self.path = path
        self.tokens = tokens
        self.matchers = {name: re.compile(token.pattern) for name, token in tokens.items()}
        self.failure = Failure(-1, "", "")
        self.depth = 0
        self.failed_depth = 0
        self.before = ""
        self.tried: dict[int, str] = {}

    def token_near(self, position: int) -> str:
        """The first token that was tried in the name at `position`."""
        first = self.path.rfind("/", 0, position) + 1
        return next((self.tried[place] for place in sorted(self.tried) if place >= first), "")

    def stop(self, position: int, token: str, expected: str, *, is_value: bool = False) -> None:
        """Keep the failure that got furthest; at one place a token that has to stand there counts before what may."""
        is_firmer = is_value and position == self.failure.position and self.depth < self.failed_depth
        if position > self.failure.position or is_firmer:
            self.failure, self.failed_depth = Failure(position, token, expected), self.depth

    def parts(self, parts: tuple[Part, ...], starts: set[int]) -> set[int]:
        for part in parts:
            if isinstance(part, str):
                starts = self.text(part, starts)
                self.before = ""
            elif isinstance(part, Slot):
                starts = self.slot(part.name, starts)
                self.before = part.name
            else:
                self.depth += 1
                starts = starts | self.parts(part.parts, starts)
                self.depth -= 1
        return starts

    def text(self, text: str, starts: set[int]) -> set[int]:
        for start in starts:
            shared = _shared(text, self.path[start:])
            if shared < len(text):
                self.stop(start + shared, "" if shared else self.before, f"{text[shared:]!r}")
        return {start + len(text) for start in starts if self.path.startswith(text, start)}

    def slot(self, name: str, starts: set[int]) -> set[int]:
        found = set()
        for start in starts:
            self.tried.setdefault(start, name)
            stop = self.path.find("/", start)
            last = len(self.path) if stop < 0 else stop
            ends = {end for end in range(start + 1, last + 1) if self.matchers[name].fullmatch(self.path, start, end)}
            ends = {end for end in ends if self.tokens[name].holds(self.path[start:end])}
            if not ends:
                self.stop(start, name, self.tokens[name].expected, is_value=True)
            found |= ends
        return found
