"""The seams: Catalog (the one waist), Store, Storage. Values that cross them live in `domain` or here."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import attrs

from bifrost_sdk.domain.changes import Change, Commit, Event
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.pins import PinSet
from bifrost_sdk.domain.query import EVERYTHING, Edge, Filter, Group, Include, Page, Query, Walk
from bifrost_sdk.errors import BifrostError


@attrs.frozen
class View:
    """Which state is read: today's, or as of a revision or a time (`at`), with pinned versions (`pins`).

    A time means the last revision that was committed at or before it. `locale` is for messages made for people.
    """

    at: int | datetime.datetime | None = None
    pins: PinSet | None = None
    locale: str = ""


NOW = View()


class Resolution(NamedTuple):
    """Where a reference leads: one file (or one set) of exactly one version.

    `ref` is the canonical, exact reference; `root` and `path` place the file: `path` is relative to the named root,
    ``/`` between its parts, a set with its ``<FRAME>`` or ``<UDIM>``. `size` is in bytes. `hash` is empty while it is
    not known, as of a file that was adopted. `state` is that of the version, so that a retired one can be told apart.
    `version` and `product` are ids, `representation` is a name.
    """

    ref: str
    root: str
    path: str
    hash: str
    size: int
    version: str
    number: int | None
    state: str
    representation: str = ""
    product: str = ""

    @property
    def is_hashed(self) -> bool:
        """Whether the hash of its content is known, so that the file can be verified."""
        return bool(self.hash)


@attrs.frozen
class Actor:
    """Who asks: a login. `system` is the library itself (set-up, recovery of the workspace): everything is allowed."""

    login: str
    system: bool = False


class Catalog(Protocol):
    """The one waist: what every caller uses, on every kind of catalog. Bound to an actor."""

    def bind(self, actor: Actor) -> Catalog:
        """The same catalog, asked by somebody else."""

    def get(self, project: str, keys: Sequence[str], *, view: View = NOW) -> list[Entity | BifrostError]:
        """The entities with these ids or references, one answer or error each, in order."""

    def find(self, query: Query, *, view: View = NOW) -> Page:
        """What the query asks for; `query.project` must be set.

        Raises:
            QueryError: when it asks for what does not exist.
            NotFoundError: when there is no such project (that the actor may see).
        """

    def resolve(self, refs: Sequence[str], *, view: View = NOW) -> list[Resolution | BifrostError]:
        """Where the references lead, one answer or error each, in order; projects may be mixed."""

    def commit(self, project: str, changes: Sequence[Change], *, key: str | None = None, comment: str = "") -> Commit:
        """All changes, or none.

        Raises:
            ValidationError, ConflictError, PermissionDeniedError, NotFoundError: and nothing was changed.
        """

    def events(self, project: str, *, after: int = 0, limit: int = 1000) -> list[Event]:
        """The events of the revisions above `after`, whole revisions only, at least one where there is one."""

    def revision(self, project: str) -> int:
        """The project's present revision."""

    def close(self) -> None:
        """Give back what is held; safe to repeat."""


@attrs.frozen
class Record:
    """One entity as a store keeps it: an envelope that it understands, and a `body` of JSON text.

    The body is read only to answer queries about fields without a column. `key` is the name that is unique below
    `parent` (in the project where parent is None), with the kind in front of it for kinds outside the tree
    (``task:anim``), since all nodes share one name space. `path` is the canonical path of a node in its project's tree;
    read back, versions carry that of their product; written, it is None for all but nodes, and for the project itself.
    Times are microseconds since 1970 in UTC. `search` is the folded text that full-text search looks at. `files` is
    what resolving needs of a representation, and scanning of a work file: see `bifrost_sdk.domain.locations`. `edges`
    are (relation, target id, kind of the edge).
    """

    id: str
    kind: str
    project: str
    revision: int
    created_at: int
    created_by: str
    updated_at: int
    updated_by: str
    body: str
    parent: str | None = None
    key: str | None = None
    number: int | None = None
    state: str | None = None
    status: str | None = None
    path: str | None = None
    search: str | None = None
    files: str | None = None
    edges: tuple[tuple[str, str, str], ...] = ()

    def entity(self) -> Entity:
        """The entity that it is a record of."""
        from bifrost_sdk.domain import wire  # loads cattrs

        return wire.load(
            self.kind,
            json.loads(self.body),
            id=self.id,
            project=self.project,
            revision=self.revision,
            path=self.path or "",
            created_at=wire.from_microseconds(self.created_at),
            created_by=self.created_by,
            updated_at=wire.from_microseconds(self.updated_at),
            updated_by=self.updated_by,
        )


@attrs.frozen
class Write:
    """One row to write: `after` None deletes, `before` None creates.

    The store keeps `before` as history, and where the path of a node changes, moves every path below it and keeps the
    old ones as aliases.
    """

    before: Record | None
    after: Record | None


@attrs.frozen
class Logged:
    """One event as a store keeps it; `body` is the JSON document of the Event without its stamps."""

    id: str
    subject: str
    subject_kind: str
    operation: str
    position: int
    body: str


@attrs.frozen
class LoggedCommit:
    """One commit as a store keeps it.

    `answer` is JSON: the ids that answer each change. `digest` tells whether two requests are the same.
    """

    project: str
    revision: int
    at: int
    actor: str
    key: str | None
    digest: str
    answer: str
    comment: str = ""


class Want(NamedTuple):
    """What one reference asks for: by folded `path` of the product or by `id`, in a project.

    `tag` is a number, ``latest`` or ``approved``.
    """

    project: str
    path: str | None
    id: str | None
    tag: int | str


class Located(NamedTuple):
    """What a store found for a `Want`: the version, and id and `Record.files` of each of its representations.

    `path` is the canonical path of the product. `matched` tells how far it got: ``none`` (no such node), ``node`` (the
    node is there, but is no product or has no such version) or ``version``. `alias` is set when an old path led here.
    """

    matched: str
    path: str = ""
    node: str = ""
    kind: str = ""
    version: str = ""
    number: int | None = None
    state: str = ""
    files: tuple[tuple[str, str], ...] = ()
    alias: bool = False


class Transaction(Protocol):
    """One consistent look at a store, or one write of one project; see `Store.begin`.

    `at` None is today's state. Hidden things are not its concern: filters come with the queries.
    """

    def head(self, project: str) -> tuple[int, int]:
        """(revision, time of the last commit in microseconds); NotFoundError when there is no such project."""

    def load(self, by: str, project: str, values: Sequence[Any], *, at: int | None = None) -> list[Record | None]:
        """Records by ``id`` (of any project), ``key`` (pairs of parent id or None, and key) or folded ``path``."""

    def select(self, query: Query, *, at: int | None = None, offset: Any = None) -> Selection:
        """What the query (with `query.project`) asks for, without includes and cursors, which the authority adds.

        `offset` is the sort key of the last entity of the page before, as `Selection.last` gave it.
        """

    def related(
        self, kind: str, sources: Sequence[str], include: Include, *, at: int | None = None
    ) -> dict[str, list[Record]]:
        """For each source entity (of `kind`) what `include.relation` leads to, at most `include.limit` each.

        `include.query` filters and sorts, `include.visible` narrows.
        """

    def walk(self, starts: Sequence[str], step: Walk, *, at: int | None = None) -> list[Edge]:
        """Breadth first along `step` (a `query.Walk`); each edge once, at its least depth, cycles ended."""

    def recall(self, refs: Sequence[str], *, at: int | None = None) -> Mapping[str, Resolution]:
        """Of these texts the exact, canonical references whose answer is at hand, by text; `locate` finds the others.

        A store may have none at hand. What it has must be what `locate` would lead to.
        """

    def locate(self, wants: Sequence[Want], *, at: int | None = None) -> list[Located]:
        """The indexed look-up that resolving stands on; one answer each, in order."""

    def used_by(self, targets: Sequence[str], *, at: int | None = None) -> list[Edge]:
        """Every edge, parent and status that points at one of these, from whichever project."""

    def last_numbers(self, kind: str, parents: Sequence[str]) -> dict[str, int]:
        """Parent id -> the highest number ever given below it, for those that have one."""

    def revision_at(self, project: str, time: int) -> int:
        """The last revision committed at or before `time` (microseconds); 0 when there is none."""

    def commit_with_key(self, project: str, actor: str, key: str, *, since: int) -> LoggedCommit | None:
        """The commit that used the key at or after the time `since`."""

    def events(self, project: str, *, after: int, limit: int) -> list[Record]:
        """Events as records of the kind ``event``, oldest first, whole revisions only, at least one revision."""

    def write(self, writes: Sequence[Write]) -> None:
        """Put the rows of this revision in place."""

    def append(self, commit: LoggedCommit, events: Sequence[Logged], *, keys_since: int = 0) -> None:
        """Log the commit and its events.

        Its key may have been used by a commit before the time `keys_since` (microseconds), which then loses it.
        """

    def create_project(self, code: str) -> None:
        """Make the head of a new project, at revision 0; nothing when it is there."""

    def suggest(
        self, project: str, path: str, limit: int, *, visible: Filter = EVERYTHING, at: int | None = None
    ) -> list[tuple[str, str]]:
        """(id, path) of nodes whose path resembles this one, nearest first: siblings and alike names.

        Nodes that do not fulfil `visible` are as if they were not; see `bifrost_sdk.domain.resembling`.
        """


@attrs.frozen
class Selection:
    """What a store selected: records for entities, or `count`, or `groups`; `last` is the offset of the next page.

    For the shape rows a store gives `rows`: of each record the columns that the query names.
    """

    records: tuple[Record, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    count: int | None = None
    groups: tuple[Group, ...] = ()
    last: tuple[Any, ...] | None = None


class Store(Protocol):
    """Where rows are kept. Knows no rules and no actors."""

    def begin(self, project: str | None = None, *, timeout: float | None = None) -> AbstractContextManager[Transaction]:
        """One transaction: with `project` a write, without a consistent read.

        A write first increments that project's head and so holds its lock; leaving the block commits, an exception
        rolls back, the head included.
        """

    def token(self) -> object:
        """Cheap to get, and different after any commit by anybody to any project; validates caches."""

    def recall(self, refs: Sequence[str]) -> tuple[Mapping[str, Resolution], object]:
        """Today's answers that are at hand, as `Transaction.recall` gives them, and the token of after they were read.

        Where that token is the one of before, the answers are of one state; without transaction, so it costs less.
        """

    def projects(self) -> Mapping[str, int]:
        """Project -> present revision."""

    def close(self) -> None:
        """Give back what is held."""


@attrs.frozen
class Capabilities:
    """What a storage was found to do, by trying it.

    `moves_whole`: a staged folder takes its final place in one step that never replaces anything. Without it the final
    folder is claimed first and its manifest comes last. `syncs`: what `sync` and `write` have done survives a loss
    of power, names of files included. `clones`: a file can share its blocks with another one until either is written.
    `links`: a file can have two names. `swaps`: two folders can change places in one step.
    """

    moves_whole: bool
    syncs: bool
    clones: bool = False
    links: bool = False
    swaps: bool = False


class Storage(Protocol):
    """The files below one named root; paths are relative to it, with ``/`` between their parts, and never leave it.

    Everything raises StorageError, with the path, when the file system refuses.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this storage can do; found out once."""

    def write(self, path: str, blocks: Iterable[bytes]) -> None:
        """A new read-only file with this content, synced; its folders are made. Refused where there is one."""

    def share(self, source: Path, path: str, *, link: bool = False) -> bool:
        """A new read-only file with the content of a local one, synced, of which no byte is copied.

        It shares blocks with the source, or with `link` is the source under a second name. False, and nothing is there,
        where that cannot be done: `write` can.
        """

    def read(self, path: str, *, links: bool = True) -> Iterable[bytes]:
        """The content of a plain file, block by block; without `links` it must be one itself, not lie behind a link."""

    def sync(self, path: str) -> None:
        """Make the names of everything in the folder and below it durable."""

    def place(self, staged: str, final: str, *, last: str) -> None:
        """Give a staged folder its final place; its file `last` is never there before all others are.

        Done again after an interruption it goes on where it was.

        Raises:
            ConflictError: something else has that place, and stays as it is.
        """

    def replace(self, staged: str, final: str, *, last: str) -> None:
        """Let a staged folder take the place of a folder, or of none; nothing is left where it was staged.

        Who reads a file by its name finds the old or the new one, whole. Where the storage `swaps`, all of them change
        in one step, and what an interruption leaves at `staged` may be the old ones; else they change one by one,
        `last` after the others.
        """

    def point(self, staged: str, final: str, folder: str) -> bool:
        """Let `final` be a link that leads to a folder, in place of a link that was there, in one step.

        The link is made at `staged`, where nothing is left. False, and nothing has changed, where there are no links.

        Raises:
            ConflictError: something that is no link has that place, and stays as it is.
        """

    def target(self, path: str) -> str | None:
        """The folder that a link leads to, as `point` made it; None where there is no such link."""

    def remove(self, path: str) -> None:
        """Take away a file, or a folder with all that is in it; nothing happens where there is none."""

    def names(self, path: str) -> list[str]:
        """What lies directly in a folder, sorted, folders with a ``/`` behind; empty where there is no such folder."""

    def size(self, path: str) -> int | None:
        """The size of a file in bytes; None where there is no such file."""
