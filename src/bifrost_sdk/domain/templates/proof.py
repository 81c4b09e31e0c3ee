"""Whether two templates can claim one path, and whether one template can read a path in two ways.

Paths are compared folded, as file systems that ignore case do. Tokens never hold a slash, so two templates meet only
where their segments meet one by one, and what two segments have in common is worked out once for all templates that
have them. An answer is never a guess: disjoint is proven, a witness has been read, all else is unproven.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias, TypeVar

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.templates import automata
from bifrost_sdk.domain.templates.automata import END, TooLargeError, example
from bifrost_sdk.domain.templates.derivations import derivations, spellings
from bifrost_sdk.domain.templates.language import Choice, Field, Node, Repeat, Sequence, Text
from bifrost_sdk.domain.templates.outlines import Outline, meeting, outline

LIMIT: Final = 50_000
"""Steps of a walk before a question is given up."""

# Languages that are walked, and paths that are read of each, before a question is given up.
_ASKED: Final = 12
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
    refuse. It is a shortest one unless that was refused. `limit` bounds the steps of each walk.

    >>> compare(Text("shots/Hero"), Text("shots/hero"))
    Witness(path='shots/Hero', twin='shots/hero', readings=({}, {}))
    >>> compare(Text("shots/hero"), Text("assets/hero"))
    Disjoint()
    """
    first, second = (claim if isinstance(claim, Claim) else Claim(claim) for claim in (one, other))
    path = meeting(first.outline, second.outline)
    if path is None:
        return Disjoint()
    return _Question((first.node, second.node), _walk_together, _read_by_both, confirm).answer(path, limit)


def readings(one: Node | Claim, *, confirm: Confirm = _any, limit: int = LIMIT) -> Verdict:
    """Whether one text gives the fields of a language two sets of values, where a field may also have none.

    `confirm` and `limit` are as for `compare`. Letter case matters here: one text is read.

    >>> name = Repeat(Text("a"), 1)
    >>> verdict = readings(Sequence((Field("asset", name), Field("task", name))))
    >>> verdict.path, verdict.readings
    ('aaa', ({'asset': 'aa', 'task': 'a'}, {'asset': 'a', 'task': 'aa'}))
    """
    node = one.node if isinstance(one, Claim) else one
    try:
        path = next(_walk_twice((node,), _Depth(exact=False, paths=1, limit=limit)), None)
    except TooLargeError as error:
        return Unproven(str(error))
    return Disjoint() if path is None else _Question((node,), _walk_twice, _read_twice, confirm).answer(path, limit)


class _Depth(NamedTuple):
    """How far a walk goes: whether all bounds are counted, how many paths are wanted, and the steps it may take."""

    exact: bool
    paths: int
    limit: int


@attrs.frozen
class _Question:
    """Languages, the walk that finds every path they claim twice, and others, and what such a path is evidence of."""

    nodes: _Nodes
    walk: Callable[[_Nodes, _Depth], Iterator[str]]
    witnesses: Callable[[_Nodes, str], Iterator[Witness]]
    confirm: Confirm

    def answer(self, path: str, limit: int) -> Verdict:
        """A witness, from `path` or another that the walk finds; disjoint, if no path keeps all bounds."""
        asked = [self.nodes]
        try:
            for nodes in asked:
                known = [path] if nodes is self.nodes else []
                for found in itertools.chain(known, self.walk(nodes, _Depth(exact=False, paths=_PATHS, limit=limit))):
                    witness = self._confirmed(found)
                    if witness is not None:
                        return witness
                    more = (narrowed for narrowed in _narrowed(nodes, found) if narrowed not in asked)
                    asked.extend(itertools.islice(more, _ASKED - len(asked)))
            exact = list(self.walk(self.nodes, _Depth(exact=True, paths=_PATHS, limit=limit)))
        except TooLargeError as error:
            return Unproven(str(error))
        if not exact:
            return Disjoint()
        witnesses = filter(None, map(self._confirmed, exact))
        return next(witnesses, Unproven(f"no path like {path!r} was read so, but some other might be"))

    def _confirmed(self, path: str) -> Witness | None:
        return next(filter(self.confirm, self.witnesses(self.nodes, path)), None)


def _read_by_both(nodes: _Nodes, path: str) -> Iterator[Witness]:
    """Paths that both languages read, spelled alike if possible."""
    key = codes.fold(path)
    one, other = nodes
    spelled = [next(spellings(node, key), None) for node in nodes]
    first, second = spelled
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
    graph = automata.marked(nodes[0], exact=depth.exact)
    masks, follows, marks = graph.masks, graph.follows, graph.marks

    def moves(state: tuple[int, int, bool]) -> Iterator[tuple[int, tuple[int, int, bool]]]:
        here, there, parted = state
        mark, other = marks.get(here), marks.get(there)
        alone = mark or other
        mask = masks[here] & masks[there]
        if alone is None and not mask:
            return
        if alone is None or (mark and other and not parted):
            parted = parted or (mark is not None and other is not None and mark[:2] != other[:2])
            steps = itertools.product(follows[here], follows[there])
        elif parted or alone.opens or not alone.again:
            parted = True
            here_next, there_next = (follows[here], (there,)) if mark else ((here,), follows[there])
            steps = itertools.product(here_next, there_next)
        else:
            return
        for one, two in steps:
            yield mask, (min(one, two), max(one, two), parted)

    starts = ((one, two, False) for one, two in itertools.combinations_with_replacement(graph.starts, 2))
    return _walks(starts, moves, (END, END, True), depth)


def _walks(
    starts: Iterable[_State], moves: Callable[[_State], Iterable[tuple[int, _State]]], end: _State, depth: _Depth
) -> Iterator[str]:
    """Texts along ways to `end`, shortest first: at most `depth.paths`, and as many ways through each state.

    Raises:
        TooLargeError: it takes more than `depth.limit` steps.
    """
    order = itertools.count()
    queue = [(0, next(order), state, "") for state in starts]
    visits = Counter[_State]()
    steps = 0
    while queue:
        length, _, state, text = heapq.heappop(queue)
        visits[state] += 1
        if visits[state] > depth.paths:
            continue
        if state == end:
            yield text
        steps += 1
        if steps > depth.limit:
            raise TooLargeError(f"it takes more than {depth.limit:,} steps to tell: shorten or narrow its tokens")
        for mask, after in moves(state):
            heapq.heappush(queue, (length + bool(mask), next(order), after, text + example(mask)))


def _narrowed(nodes: _Nodes, path: str) -> Iterator[_Nodes]:
    """The languages with one value for a field, for each that reads several in this path."""
    for index, node in enumerate(nodes):
        for found in itertools.islice(spellings(node, codes.fold(path), agreeing=False), _PATHS):
            for name, value in dict.fromkeys(found.fields):
                if any(other_name == name and other != value for other_name, other in found.fields):
                    yield (*nodes[:index], _with_value(node, name, value), *nodes[index + 1 :])


def _with_value(node: Node, name: str, value: str) -> Node:
    match node:
        case Field():
            return Field(node.name, Text(value) if node.name == name else _with_value(node.part, name, value))
        case Sequence():
            return Sequence(tuple(_with_value(part, name, value) for part in node.parts))
        case Choice():
            return Choice(tuple(_with_value(option, name, value) for option in node.options))
        case Repeat():
            return Repeat(_with_value(node.part, name, value), node.least, node.most)
        case _:
            return node
