"""How the values of one set of names become a path, worked out once, and what proves such a path with one match.

A path proves its values when the fixed text alone tells where each begins and ends. Then one match of the whole says
that every value is one of its token's, whatever else was given, and that no name in the path is a forbidden one.
"""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from bifrost_sdk.domain.templates import expression, structure
from bifrost_sdk.domain.templates.grammar import Part, Slot
from bifrost_sdk.domain.templates.tokens import Token


class Plan(NamedTuple):
    """How values of certain names, whose Python types are `types`, become a path: ``directives % pick(values)``.

    `proves` matches a path that holds only values of its tokens; None where the text does not tell them apart.
    `pieces` are what is written, for values that need more than that.
    """

    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]  # Any: values, not yet checked
    types: tuple[type, ...]
    directives: str
    proves: Callable[[str], re.Match[str] | None] | None
    pieces: tuple[str | Slot, ...]


def plan(parts: tuple[Part, ...], tokens: Mapping[str, Token], names: frozenset[str]) -> Plan:
    """The plan for values of these names.

    Raises:
        TemplateError: a token is given without those that belong to it.
    """
    pieces = tuple(structure.chosen(parts, names))
    slots = [piece.name for piece in pieces if isinstance(piece, Slot)]
    # A type that no value has, where a token cannot be written in the % style.
    types = tuple(tokens[name].value_type if tokens[name].directive else Token for name in slots)
    texts = (part.replace("%", "%%") if isinstance(part, str) else tokens[part.name].directive for part in pieces)
    proves = None if any(crowds(pieces, tokens)) else expression.proof(pieces, tokens)
    return Plan(_picker(slots), types, "".join(text or "%s" for text in texts), proves, pieces)


def _picker(names: list[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:  # Any: values, not yet checked
    if len(names) > 1:
        return operator.itemgetter(*names)
    return lambda values: tuple(values[name] for name in names)


def crowds(pieces: tuple[str | Slot, ...], tokens: Mapping[str, Token]) -> Iterator[list[str]]:
    """The tokens of each stretch in which the fixed text does not tell where one value ends and the next begins.

    Where no token may hold a character, a path that matches has as many of it as the fixed text, so no value has any:
    the path falls into parts there, each of which can be looked at alone. One value beside fixed text is plain.
    """
    slots = [piece.name for piece in pieces if isinstance(piece, Slot)]
    if len(slots) <= 1:
        return
    held = frozenset[str]().union(*(tokens[name].alphabet for name in slots))
    split = list(_split(pieces, held))
    if len(split) == 1:
        yield slots
    else:
        for part in split:
            yield from crowds(part, tokens)


def _split(pieces: tuple[str | Slot, ...], held: frozenset[str]) -> Iterator[tuple[str | Slot, ...]]:
    """The pieces between characters of the fixed text that are not `held`."""
    items: Iterator[str | Slot] = itertools.chain.from_iterable(
        piece if isinstance(piece, str) else [piece] for piece in pieces
    )
    for is_separator, group in itertools.groupby(items, key=lambda item: isinstance(item, str) and item not in held):
        if not is_separator:
            yield tuple(group)
