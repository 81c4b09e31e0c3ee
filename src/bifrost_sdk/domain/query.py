"""Reads as values: immutable queries, built step by step.

What a query means is defined by `bifrost_sdk.domain.evaluation.evaluate`; every store answers the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.domain import model  # noqa: F401  # registers the kinds
from bifrost_sdk.domain.fieldpaths import OPERATORS, group_path, sort_path, split_path, target_kinds
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.errors import QueryError

#: The most entities one page holds, and what a query without a limit is given.
PAGE_LIMIT = 1_000
PAGE_DEFAULT = 100

#: The columns that `Query.rows` may name: fields of every record that a store keeps, as `bifrost_sdk.ports.Record`
#: describes them.
COLUMNS = ("id", "revision", "created_at", "updated_at", "parent", "number", "state", "status", "files", "body")


@attrs.frozen
class Compare:
    """A field against a value.

    `path` leads to the field: over relations (which `expand` turns into `Related`) and into JSON objects.
    """

    path: tuple[str, ...]
    operator: str
    value: Any = attrs.field(default=None, hash=False)

    def __attrs_post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise QueryError(f"there is no operator {self.operator!r}; the operators are {', '.join(OPERATORS)}")


@attrs.frozen
class All:
    """True where every one of `filters` is; true when there are none."""

    filters: tuple[Filter, ...] = ()


@attrs.frozen
class AnyOf:
    """True where at least one of `filters` is; false when there are none."""

    filters: tuple[Filter, ...] = ()


@attrs.frozen
class Not:
    """True where `filter` is not."""

    filter: Filter


@attrs.frozen
class Lineage:
    """True where `filter` holds for the entity and for everything that contains it, up to the project.

    The chain is that of the ``parent`` slot. This is what access compiles to: below a hidden thing all is hidden.
    """

    filter: Filter


@attrs.frozen
class Gated:
    """True where every target of the entity's gating relations (``Relation.gate``) fulfils `filter`.

    A target that does not exist does not fulfil it; a gate without a value lets pass.
    """

    filter: Filter


@attrs.frozen
class Related:
    """True where `relation`, or an inverse of that name, leads to at least one entity that fulfils `filter`."""

    relation: str
    filter: Filter = attrs.field(factory=All)


@attrs.frozen
class Today:
    """True where the entity stands today and fulfils `filter` as things are today, whatever state is read.

    Access is always today's: this is how it is joined to reads of the past.
    """

    filter: Filter


Filter = Compare | All | AnyOf | Not | Related | Lineage | Gated | Today

EVERYTHING = All()
NOTHING = AnyOf()


@attrs.frozen
class Walk:
    """From the entities found, along `relation`, down its arrow (``forward``) or against it, `depth` steps at most.

    Forward along ``dependencies`` leads upstream, to what a version is made of. `kinds` keeps only edges of these
    kinds (the field ``kind`` of a dependency); empty: all. Nothing is reached through what is not `visible`.
    """

    relation: str
    forward: bool = True
    depth: int = 64
    kinds: tuple[str, ...] = ()
    visible: Filter = EVERYTHING


@attrs.frozen
class Include:
    """Related entities that come with each entity found; at most `limit` for each, in the order of `query`.

    Only what is `visible` comes.
    """

    relation: str
    query: Query | None = None
    limit: int = 20
    visible: Filter = EVERYTHING


def _known(kind: str) -> str:
    return entity_type(kind).kind


@attrs.frozen
class Query:
    """Which entities of one kind, in which order, with what.

    >>> query = Query("asset").where(tags__contains="main").sort("-updated_at").limit(50)
    >>> query.kind, query.order, query.size
    ('asset', ('-updated_at',), 50)

    `project` None means the project that the session or view is about. `shape` is ``entities``, ``rows``,
    ``count``, ``groups`` or ``walk``.
    """

    kind: str = attrs.field(converter=_known)
    project: str | None = None
    filter: Filter = EVERYTHING
    text: str = ""
    order: tuple[str, ...] = ()
    size: int = PAGE_DEFAULT
    cursor: str | None = None
    includes: tuple[Include, ...] = ()
    shape: str = "entities"
    groups: tuple[str, ...] = ()
    steps: Walk | None = None
    columns: tuple[str, ...] = ()

    def where(self, *filters: Filter, **lookups: Any) -> Query:  # Any: values of every field type
        """Narrow: all given filters and lookups hold. A lookup is ``field``, ``field__operator``, ``relation__field``.

        Raises:
            QueryError: when a name is no field of the kind, with the nearest names.
        """
        parts = [*_parts(self.filter), *filters, *(lookup(self.kind, name, value) for name, value in lookups.items())]
        return attrs.evolve(self, filter=parts[0] if len(parts) == 1 else All(tuple(parts)))

    def search(self, words: str) -> Query:
        """Keep what holds every one of these words in its searchable fields."""
        return attrs.evolve(self, text=words)

    def sort(self, *fields: str) -> Query:
        """Order by these fields, ``-`` for descending; nulls come last, ties are settled by id."""
        for name in fields:
            sort_path(self.kind, name)
        return attrs.evolve(self, order=fields)

    def limit(self, size: int) -> Query:
        """At most `size` entities a page, 1 to 1,000."""
        if type(size) is not int or not 1 <= size <= PAGE_LIMIT:
            raise QueryError(f"a limit is a whole number from 1 to {PAGE_LIMIT}, not {size!r}")
        return attrs.evolve(self, size=size)

    def after(self, cursor: str | None) -> Query:
        """The page that follows the one which gave this cursor, in the same state of the project."""
        return attrs.evolve(self, cursor=cursor)

    def include(self, relation: str, *, query: Query | None = None, limit: int = 20) -> Query:
        """Bring the entities that `relation` (or an inverse) leads to, at most `limit` for each entity found."""
        target_kinds(self.kind, relation)
        return attrs.evolve(self, includes=(*self.includes, Include(relation, query, limit)))

    def rows(self, *columns: str) -> Query:
        """Only these columns of each entity, unread, as a store keeps them: `Page.rows` instead of entities.

        For those who go through very many: nothing is built of a row but what the caller builds.

        Raises:
            QueryError: when there is no such column.
        """
        if not columns or (unknown := [name for name in columns if name not in COLUMNS]):
            found = f"there is no column {unknown[0]!r:.200}" if columns else "no column is named"
            raise QueryError(f"{found}; the columns are {', '.join(COLUMNS)}")
        return attrs.evolve(self, shape="rows", columns=columns)

    def count(self) -> Query:
        """Only how many there are."""
        return attrs.evolve(self, shape="count")

    def group_by(self, *fields: str) -> Query:
        """How many there are for each combination of these fields' values; a list counts once for each element."""
        for name in fields:
            group_path(self.kind, name)
        return attrs.evolve(self, shape="groups", groups=fields)

    def walk(self, relation: str, *, forward: bool = True, depth: int = 64, kinds: Sequence[str] = ()) -> Query:
        """What can be reached from the entities found; see `Walk`. The page holds edges besides the entities."""
        step = Walk(relation, forward, depth, tuple(kinds))
        return attrs.evolve(self, shape="walk", steps=step)

    def within(self, project: str) -> Query:
        """The same query in another project."""
        return attrs.evolve(self, project=project)


@attrs.frozen
class Edge:
    """One step of a walk: `source` holds the relation, `target` is what it points at; `depth` counts from 1."""

    source: str
    target: str
    relation: str
    depth: int
    kind: str = ""


@attrs.frozen
class Group:
    """One combination of values and how many entities have it."""

    values: tuple[Any, ...] = attrs.field(hash=False)
    count: int = 0


@attrs.frozen
class Page:
    """What a query found, as of `revision` of the project.

    `cursor` leads to the next page, None at the end. `count` is set for the shapes count and groups. `included`
    maps entity id -> relation -> entities. `edges` are those of a walk; then `entities` are what was reached. `rows`
    are those of the shape rows: of each entity the columns that were asked for, in their order.
    """

    entities: tuple[Any, ...] = ()
    revision: int = 0
    cursor: str | None = None
    count: int | None = None
    groups: tuple[Group, ...] = ()
    included: Mapping[str, Mapping[str, tuple[Any, ...]]] = attrs.field(factory=dict, hash=False)
    edges: tuple[Edge, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = attrs.field(default=(), hash=False)

    def __iter__(self) -> Any:  # Any: an iterator over entities of the asked kind
        return iter(self.entities)

    def __len__(self) -> int:
        return len(self.entities)


def lookup(kind: str, name: str, value: Any) -> Compare:  # Any: values of every field type
    """The filter that a lookup stands for.

    >>> lookup("asset", "parent__code__startswith", "pro")
    Compare(path=('parent', 'code'), operator='startswith', value='pro')

    Raises:
        QueryError: when a name is not known there, with the nearest names.
    """
    path, operator = split_path(kind, name)
    return Compare(path, operator, value)


def _parts(filter: Filter) -> tuple[Filter, ...]:
    return filter.filters if isinstance(filter, All) else (filter,)
