"""Fields of one name hold one text: what follows for a proof, which no graph of a language can say by itself.

Where a proof hangs on it, the languages are split into the texts whose field holds a value and those whose field does
not, until each case is clear. Where one language is read twice, a field that was read before has but one length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import attrs

from bifrost_sdk.domain.templates.language import Choice, Field, Node, Repeat, Sequence, Text

Names: TypeAlias = frozenset[str]


@attrs.frozen
class Occurrence(Field):
    """A field of which more is known: whether one of its name was surely read before, and what it does not hold."""

    is_again: bool = False
    excluded: frozenset[str] = frozenset()


def by_value(node: Node, name: str, value: str) -> tuple[Node, Node]:
    """The texts whose fields of this name hold `value`, and those whose fields do not: folded where paths are."""
    return (
        _mapped(node, name, lambda _: Field(name, Text(value))),
        _mapped(node, name, lambda field: Occurrence(name, field.part, excluded=excluded(field) | {value})),
    )


def told_apart(node: Node, seen: Names = frozenset()) -> tuple[Node, Names]:
    """The node with fields of a name that is among `seen` or was surely read before, and the names then seen."""
    match node:
        case Field():
            part, inner = told_apart(node.part, seen)
            return Occurrence(node.name, part, node.name in seen, excluded(node)), inner | {node.name}
        case Sequence():
            parts = []
            for part in node.parts:
                told, seen = told_apart(part, seen)
                parts.append(told)
            return Sequence(tuple(parts)), seen
        case Choice():
            options = [told_apart(option, seen) for option in node.options]
            sure = frozenset.intersection(*(names for _, names in options)) if options else seen
            return Choice(tuple(option for option, _ in options)), sure
        case Repeat():
            part, inner = told_apart(node.part, seen)
            return Repeat(part, node.least, node.most), inner if node.least else seen
        case _:
            return node, seen


def _mapped(node: Node, name: str, change: Callable[[Field], Field]) -> Node:
    match node:
        case Field():
            return change(node) if node.name == name else attrs.evolve(node, part=_mapped(node.part, name, change))
        case Sequence():
            return Sequence(tuple(_mapped(part, name, change) for part in node.parts))
        case Choice():
            return Choice(tuple(_mapped(option, name, change) for option in node.options))
        case Repeat():
            return attrs.evolve(node, part=_mapped(node.part, name, change))
        case _:
            return node


def excluded(field: Field) -> frozenset[str]:
    """What the field does not hold."""
    return field.excluded if isinstance(field, Occurrence) else frozenset()
