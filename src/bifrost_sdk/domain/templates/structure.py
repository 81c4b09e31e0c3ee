"""When an optional part is written: its own tokens say so, on the way to a path and back.

A token belongs to the outermost part where it stands: one that also stands outside is given anyway and decides nothing.
A part is written when all its own tokens are given, and left out when none of them is; anything between is an error.
So a path tells without doubt which tokens were given, and no combination of parts is ever spelled out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TypeAlias

import attrs

from bifrost_sdk.domain.templates.grammar import Option, Part, Slot
from bifrost_sdk.domain.templates.language import Field, Node, Repeat, Sequence, Text
from bifrost_sdk.domain.templates.tokens import Token
from bifrost_sdk.errors import TemplateError

_Chain: TypeAlias = tuple[int, ...]


def decided(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The same parts, where every optional one knows its own tokens.

    Raises:
        TemplateError: an optional part has none, or a token belongs to parts that lie differently deep.
    """
    places: defaultdict[str, set[_Chain]] = defaultdict(set)
    _gather(parts, (), places)
    homes = {name: _homes(name, chains) for name, chains in places.items()}
    return _with_own(parts, (), homes)


def required(parts: tuple[Part, ...]) -> frozenset[str]:
    """The tokens that every path has."""
    return frozenset(part.name for part in parts if isinstance(part, Slot))


def chosen(parts: tuple[Part, ...], names: frozenset[str]) -> list[str | Slot]:
    """What is written when exactly these tokens are given; `parts` are decided.

    Raises:
        TemplateError: a token is missing, unknown, or needs others that are not given.
    """
    pieces: list[str | Slot] = []
    for part in parts:
        if not isinstance(part, Option):
            pieces.append(part)
        elif names.issuperset(part.own):
            pieces += chosen(part.parts, names)
        else:
            _check_absent(part, names)
    return pieces


def language(parts: tuple[Part, ...], tokens: Mapping[str, Token]) -> Node:
    """The paths that the parts stand for, each token as a field."""
    nodes: list[Node] = []
    for part in parts:
        if isinstance(part, str):
            nodes.append(Text(part))
        elif isinstance(part, Slot):
            nodes.append(Field(part.name, tokens[part.name].language))
        else:
            nodes.append(Repeat(language(part.parts, tokens), 0, 1))
    return Sequence(tuple(nodes))


def _gather(parts: tuple[Part, ...], chain: _Chain, places: Mapping[str, set[_Chain]]) -> None:
    for index, part in enumerate(parts):
        if isinstance(part, Slot):
            places[part.name].add(chain)
        elif isinstance(part, Option):
            _gather(part.parts, (*chain, index), places)


def _homes(name: str, chains: set[_Chain]) -> set[_Chain]:
    """The outermost parts where a token stands; a part is known by its way from the top."""
    homes = {chain for chain in chains if not any(chain[:depth] in chains for depth in range(len(chain)))}
    if len({chain[:-1] for chain in homes}) > 1:
        message = f"token {name!r} stands in optional parts of which one lies deeper; let it stand in both alike"
        raise TemplateError(message, token=name)
    return homes


def _with_own(parts: tuple[Part, ...], chain: _Chain, homes: Mapping[str, set[_Chain]]) -> tuple[Part, ...]:
    found: list[Part] = []
    for index, part in enumerate(parts):
        if not isinstance(part, Option):
            found.append(part)
            continue
        inner = (*chain, index)
        own = tuple(sorted(name for name in required(part.parts) if inner in homes[name]))
        if not own:
            raise TemplateError("nothing says when an optional part is written; let it hold a token of its own")
        found.append(attrs.evolve(part, parts=_with_own(part.parts, inner, homes), own=own))
    return tuple(found)


def _check_absent(option: Option, names: frozenset[str]) -> None:
    """Refuse tokens that are given for a part that is left out."""
    given = [name for name in _owned(option) if name in names]
    if given:
        missing = ", ".join(name for name in option.own if name not in names)
        message = f"token {given[0]!r} is given without {missing}: they are written together; give all or none"
        raise TemplateError(message, token=given[0])


def _owned(option: Option) -> list[str]:
    """Its own tokens and those of the parts in it."""
    return [*option.own, *(name for part in option.parts if isinstance(part, Option) for name in _owned(part))]
