"""Whether two templates can claim one path, and whether one template can read a path in two ways.

Paths are compared folded, as file systems that ignore case do. Tokens never hold a slash, so two templates meet only
where their segments meet one by one, and what two segments have in common is worked out once for all templates that
have them. An answer is never a guess: disjoint is proven, a witness has been read, all else is unproven.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias, TypeVar

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.templates import automata
from bifrost_sdk.domain.templates.automata import END, TooLargeError, example
from bifrost_sdk.domain.templates.cases import by_value
from bifrost_sdk.domain.templates.derivations import Derivation, derivations, spellings
from bifrost_sdk.domain.templates.language import Node
from bifrost_sdk.domain.templates.outlines import Outline, meeting, outline

LIMIT: Final = 20_000
"""Steps of the search for a witness before it is given up."""

# The first walk decides most questions: it may take so many times the steps of a search.
_FIRST: Final = 10
# Cases that are looked at, and paths that are read of each, before a question is given up.
_CASES: Final = 16
_PATHS: Final = 4


@attrs.frozen
class Disjoint:
    """No path is claimed twice."""


@attrs.frozen
class Witness:
    """A path that is claimed twice, and what each claim reads in it.

    `path` is as the first claim spells it, `twin` as the second: the same, or equal when folded. Where one template
    reads a path in two ways they are the same.
    """

    path: str
    twin: str
    readings: tuple[Mapping[str, str], Mapping[str, str]]


@attrs.frozen
class Unproven:
    """Neither could be shown, and why."""

    reason: str


Verdict: TypeAlias = Disjoint | Witness | Unproven
Confirm: TypeAlias = Callable[[Witness], bool]

_Nodes: TypeAlias = tuple[Node, ...]
_State = TypeVar("_State", bound=Hashable)


@attrs.frozen(eq=False)
class Claim:
    """The texts that a template claims, made ready once to be compared often; `node` is its language."""

    node: Node
    outline: Outline = attrs.field(init=False, repr=False)

    @outline.default
    def _outlined(self) -> Outline:
        return outline(automata.folded(self.node))


def _any(_: Witness) -> bool:
    return True


def compare(one: Node | Claim, other: Node | Claim, *, confirm: Confirm = _any, limit: int = LIMIT) -> Verdict:
    """Whether two languages share a path, letter case aside.

    A witness is a path that `confirm` accepts: what a language does not say, e.g. which names Windows reserves, it can
    refuse. It is a shortest one unless that was refused. `limit` bounds the steps of that search.

    >>> from bifrost_sdk.domain.templates.language import Text
    >>> compare(Text("shots/Hero"), Text("shots/hero"))
    Witness(path='shots/Hero', twin='shots/hero', readings=({}, {}))
    >>> compare(Text("shots/hero"), Text("assets/hero"))
    Disjoint()
    """
    first, second = (claim if isinstance(claim, Claim) else Claim(claim) for claim in (one, other))
    path = meeting(first.outline, second.outline)
    if path is None:
        return Disjoint()
    return _Question((first.node, second.node), _walk_together, _spelled, _read_by_both, confirm).answer(path, limit)


def readings(one: Node | Claim, *, confirm: Confirm = _any, limit: int = LIMIT) -> Verdict:
    """Whether one text gives the fields of a language two sets of values, where a field may also have none.

    `confirm` and `limit` are as for `compare`. Letter case matters here: one text is read.

    >>> from bifrost_sdk.domain.templates.language import Field, Repeat, Sequence, Text
    >>> name = Repeat(Text("a"), 1)
    >>> verdict = readings(Sequence((Field("asset", name), Field("task", name))))
    >>> verdict.path, verdict.readings
    ('aaa', ({'asset': 'aa', 'task': 'a'}, {'asset': 'a', 'task': 'aa'}))
    """
    node = one.node if isinstance(one, Claim) else one
    try:
        path = next(_walk_twice((node, node), _Depth(exact=False, paths=1, steps=iter(range(_FIRST * limit)))), None)
    except TooLargeError as error:
        return Unproven(str(error))
    if path is None:
        return Disjoint()
    return _Question((node, node), _walk_twice, derivations, _read_twice, confirm).answer(path, limit)


class _Depth(NamedTuple):
    """How far a walk goes: whether all bounds are counted, how many paths are wanted, and the steps that are left."""

    exact: bool
    paths: int
    steps: Iterator[int]


@attrs.frozen
class _Question:
    """Two languages (or one twice), the walk that finds all that both claim, and more, and how a path is read."""

    nodes: _Nodes
    walk: Callable[[_Nodes, _Depth], Iterator[str]]
    read: Callable[..., Iterator[Derivation]]
    witnesses: Callable[[_Nodes, str], Iterator[Witness]]
    confirm: Confirm

    def answer(self, path: str, limit: int) -> Verdict:
        """What can be shown by `path` and by walking so many steps."""
        unproven = Unproven(f"{path!r} comes near, and no path was found that is read so")
        try:
            return self._confirmed([path]) or self._judged(iter(range(limit))) or unproven
        except TooLargeError as error:
            return Unproven(str(error))

    def _judged(self, steps: Iterator[int]) -> Disjoint | Witness | None:
        """Disjoint, if the languages are so in every case of what their fields hold."""
        cases = [self.nodes]
        is_clear = True
        for nodes in cases:
            paths = list(self.walk(nodes, _Depth(exact=False, paths=_PATHS, steps=steps)))
            split = self._split(nodes, paths) if len(cases) < _CASES else []
            cases.extend(split)
            if paths and not split and not any(self._witnesses(paths)):
                paths = list(self.walk(nodes, _Depth(exact=True, paths=_PATHS, steps=steps)))
            witness = self._confirmed(paths)
            if witness is not None:
                return witness
            is_clear = is_clear and (bool(split) or not paths)
        return Disjoint() if is_clear else None

    def _split(self, nodes: _Nodes, paths: Iterable[str]) -> list[_Nodes]:
        """Two cases, by a value that a field would have in one of these paths while another of its name has none."""
        for path, index in itertools.product(paths, range(len(nodes))):
            for found in itertools.islice(self.read(nodes[index], path, agreeing=False), _PATHS):
                for name, value in found.fields:
                    if value.isascii() and any(name == other[0] and value != other[1] for other in found.fields):
                        cases = by_value(nodes[index], name, value)
                        return [(*nodes[:index], case, *nodes[index + 1 :]) for case in cases]
        return []

    def _confirmed(self, paths: Iterable[str]) -> Witness | None:
        return next(filter(self.confirm, self._witnesses(paths)), None)

    def _witnesses(self, paths: Iterable[str]) -> Iterator[Witness]:
        return (found for path in paths for found in self.witnesses(self.nodes, path))


def _spelled(node: Node, path: str, *, agreeing: bool = True) -> Iterator[Derivation]:
    return spellings(node, codes.fold(path), agreeing=agreeing)


def _read_by_both(nodes: _Nodes, path: str) -> Iterator[Witness]:
    """Paths that both languages read, spelled alike if possible."""
    one, other = nodes
    first, second = next(_spelled(one, path), None), next(_spelled(other, path), None)
    if first is None or second is None:
        return
    for text in dict.fromkeys((first.text, second.text)):
        by_one, by_other = next(derivations(one, text), None), next(derivations(other, text), None)
        if by_one is not None and by_other is not None:
            yield Witness(text, text, (by_one.values, by_other.values))
    if first.text != second.text:
        yield Witness(first.text, second.text, (first.values, second.values))


def _read_twice(nodes: _Nodes, path: str) -> Iterator[Witness]:
    """The path with its first reading and one that differs."""
    first = None
    for found in derivations(nodes[0], path):
        first = first or found
        if found.values != first.values:
            yield Witness(path, path, (first.values, found.values))
            return


def _walk_together(nodes: _Nodes, depth: _Depth) -> Iterator[str]:
    """Folded paths of both languages."""
    one, other = (automata.folded(node, exact=depth.exact) for node in nodes)

    def moves(state: tuple[int, int]) -> Iterator[tuple[int, tuple[int, int]]]:
        here, there = state
        mask = one.masks[here] & other.masks[there]
        if mask:
            for after in itertools.product(one.follows[here], other.follows[there]):
                yield mask, after

    return _walks(itertools.product(one.starts, other.starts), moves, (END, END), depth)


def _walk_twice(nodes: _Nodes, depth: _Depth) -> Iterator[str]:
    """Texts that one language reads along two ways whose marks differ.

    A state is two positions that are read next, and whether the ways have parted. Until they do, they have read the
    same fields, so a field whose name stood before has the same length in both, or else one way is none.
    """
    first = automata.marked(nodes[0], exact=depth.exact)
    second = first if nodes[0] is nodes[1] else automata.marked(nodes[1], exact=depth.exact)

    def moves(state: tuple[int, int, bool]) -> Iterator[tuple[int, tuple[int, int, bool]]]:
        here, there, parted = state
        mark, other = first.marks.get(here), second.marks.get(there)
        mask = first.masks[here] & second.masks[there]
        after_here, after_there = first.follows[here], second.follows[there]
        alone = mark or other
        if alone is None:
            if not mask:
                return
        elif mark and other and not parted:
            parted = mark != other
        elif parted or alone.opens or not alone.again:
            parted = True
            after_here, after_there = (after_here, (there,)) if mark else ((here,), after_there)
        else:
            return
        for after in itertools.product(after_here, after_there):
            yield mask, (*after, parted)

    starts = ((here, there, False) for here, there in itertools.product(first.starts, second.starts))
    return _walks(starts, moves, (END, END, True), depth)


def _walks(
    starts: Iterable[_State], moves: Callable[[_State], Iterable[tuple[int, _State]]], end: _State, depth: _Depth
) -> Iterator[str]:
    """Texts along ways to `end`, shortest first: up to `depth.paths`, with as many ways through each state.

    Raises:
        TooLargeError: no steps are left.
    """
    visits: dict[_State, int] = {}
    found: set[str] = set()
    level = [(state, "") for state in starts]
    while level:
        longer: list[tuple[_State, str]] = []
        for state, text in level:  # moves that read nothing are put at its end
            if state == end:
                if text not in found:
                    yield text
                    found.add(text)
                if len(found) == depth.paths:
                    return
            elif visits.setdefault(state, 0) < depth.paths:
                visits[state] += 1
                if next(depth.steps, None) is None:
                    raise TooLargeError("it takes too many steps; narrow a token")
                for mask, after in moves(state):
                    (longer if mask else level).append((after, text + example(mask)))
        level = longer
