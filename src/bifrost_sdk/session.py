"""The way in: `init` makes a workspace, `connect` opens it, and a `Session` holds all that can be done.

Only here is chosen which adapters serve: by the scheme of the catalog's URL, each loaded when it is first needed.
"""

from __future__ import annotations

import datetime
import functools
import importlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.attributes import Inherited
from bifrost_sdk.domain.changes import Change, Commit, Event
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.pins import PinSet
from bifrost_sdk.domain.query import Page, Query
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import BifrostError, CatalogError, ConfigurationError, Issue, ValidationError
from bifrost_sdk.ports import NOW, Actor, Catalog, Resolution, Storage, View
from bifrost_sdk.services import attributes, configuration, ordering, places, workspace
from bifrost_sdk.services.assets import Assets
from bifrost_sdk.services.changes import project_of, with_ids
from bifrost_sdk.services.configuration import Settings
from bifrost_sdk.services.context import Context, Item, is_id
from bifrost_sdk.services.identity import new_id
from bifrost_sdk.services.links import Links
from bifrost_sdk.services.products import Products
from bifrost_sdk.services.projects import Projects
from bifrost_sdk.services.shots import Episodes, Sequences, Shots
from bifrost_sdk.services.tasks import Tasks
from bifrost_sdk.services.users import Users
from bifrost_sdk.services.versions import Versions

if TYPE_CHECKING:  # named in signatures; the modules are loaded when something is published or recovered
    from bifrost_sdk.services.dependencies import Dependency
    from bifrost_sdk.services.publishing import Cancel, Progress
    from bifrost_sdk.services.recovery import Recovery
    from bifrost_sdk.services.sources import Files

#: scheme of a catalog's URL -> the Store that serves it, loaded on first use.
STORES = {"sqlite": "bifrost_sdk.adapters.sqlite.store:SqliteStore"}

#: What serves the files below a root that is a folder.
LOCAL_STORAGE = "bifrost_sdk.adapters.local.storage:LocalStorage"

#: Paths of resolved files are remembered up to this many.
_PATHS_LIMIT = 100_000

_is_day = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_has_zone = re.compile(".*(?:Z|[+-][0-9]{2}:[0-9]{2})").fullmatch


class Session:
    """One user's way to a catalog and its files; also a context manager that closes it.

    `at` and `pinned` give further sessions that show another state of the same catalog and need not be closed.
    A session may be used from several threads.
    """

    def __init__(self, context: Context, *, settings: Settings, is_view: bool = False) -> None:
        self.context = context
        self.settings = settings
        self._is_view = is_view
        self._resolve = context.catalog.resolve
        self._view = context.view
        self._paths: dict[tuple[str, str], Path] = {}

    # What there is, noun by noun

    @functools.cached_property
    def projects(self) -> Projects:
        """Productions."""
        return Projects(self.context)

    @functools.cached_property
    def assets(self) -> Assets:
        """What is built once and used often."""
        return Assets(self.context)

    @functools.cached_property
    def episodes(self) -> Episodes:
        """The parts of series."""
        return Episodes(self.context)

    @functools.cached_property
    def sequences(self) -> Sequences:
        """Shots that belong together."""
        return Sequences(self.context)

    @functools.cached_property
    def shots(self) -> Shots:
        """Shots and their casting."""
        return Shots(self.context)

    @functools.cached_property
    def tasks(self) -> Tasks:
        """Who works on what."""
        return Tasks(self.context)

    @functools.cached_property
    def users(self) -> Users:
        """People, teams and roles."""
        return Users(self.context)

    @functools.cached_property
    def products(self) -> Products:
        """Output streams of nodes."""
        return Products(self.context)

    @functools.cached_property
    def versions(self) -> Versions:
        """What was published."""
        return Versions(self.context)

    @functools.cached_property
    def links(self) -> Links:
        """Annotations between any two things."""
        return Links(self.context)

    # Reading

    def get(self, item: Item) -> Entity:
        """The entity with this id or reference, as it stands in this view.

        Raises:
            NotFoundError: when there is none that may be seen, with those that resemble it.
        """
        return self.context.get(item)

    def get_many(self, items: Sequence[Item]) -> list[Entity | BifrostError]:
        """One entity or error for each id or reference, in order."""
        return self.context.get_many(items)

    def find(self, query: Query) -> Page:
        """What the query asks for; see `Query`.

        Raises:
            QueryError: when it names what does not exist.
        """
        return self.context.find(query)

    def iterate(self, query: Query) -> Iterator[Any]:  # Any: entities of the asked kind
        """Every entity that the query finds, over all pages, in the state of the first one."""
        for page in self.context.pages(query):
            yield from page

    def resolve(self, ref: Item) -> Path:
        """The path of the file that the reference leads to, a set with its ``<FRAME>`` or ``<UDIM>``.

        Raises:
            NotFoundError: when it leads to no file, with references that do.
            ConfigurationError: when the file's root has no folder on this machine.
        """
        text = ref if type(ref) is str and ":" in ref else self._reference(ref)
        if self._view.pins is not None:
            (text,) = places.by_path(self.context, [text])
        (answer,) = self._resolve((text,), view=self._view)
        if type(answer) is not Resolution:
            raise answer  # type: ignore[misc]  # what is no Resolution is an error
        path = self._paths.get((answer.root, answer.path))
        return path if path is not None else self._placed(answer)

    def resolve_many(self, refs: Sequence[Item]) -> list[Resolution | BifrostError]:
        """One `Resolution` or error for each reference, in order; `path_of` tells where one lies."""
        texts = [ref if type(ref) is str and ":" in ref else self._reference(ref) for ref in refs]
        if self._view.pins is not None:
            texts = places.by_path(self.context, texts)
        return self._resolve(texts, view=self._view)

    def path_of(self, resolution: Resolution) -> Path:
        """Where a resolved file lies on this machine.

        Raises:
            ConfigurationError: when its root has no folder here.
        """
        return self._paths.get((resolution.root, resolution.path)) or self._placed(resolution)

    def attributes(self, node: Item) -> dict[str, Inherited]:
        """The value of each declared attribute at a node, and the node that gives it."""
        return attributes.inherited(self.context, node)

    # Other states

    @property
    def view(self) -> View:
        """Which state this session shows."""
        return self._view

    def at(self, when: str | datetime.datetime | int) -> Session:
        """The same catalog as it stood at a time, or as of a revision of the one project that is asked.

        Text is ``2026-01-31T12:00:00``, in UTC unless ``+01:00`` follows; a day alone means its first moment.

        Raises:
            ValidationError: when it is no time, or a time without a zone.
        """
        return self._showing(attrs.evolve(self._view, at=_moment(when)))

    def pinned(self, pins: PinSet) -> Session:
        """The same catalog where the pinned references lead to their pinned versions."""
        return self._showing(attrs.evolve(self._view, pins=pins))

    def pin(self, refs: Sequence[Item]) -> PinSet:
        """What these references stand for now, to be kept beside a scene; products by id are kept by path.

        Raises:
            BifrostError: when one of them leads nowhere; ValidationError with all of them when several do.
        """
        texts = places.by_path(self.context, [self._reference(ref) for ref in refs])
        return places.pins_of(texts, self._resolve(texts, view=self._view))

    # Changing

    def commit(
        self, changes: Sequence[Change], *, project: Item | None = None, key: str | None = None, comment: str = ""
    ) -> Commit:
        """All changes, or none, in one project: the named one, else that of what is changed.

        New entities without an id are given one. With a `key`, repeating the commit gives its first answer.

        Raises:
            ValidationError, ConflictError, PermissionDeniedError, NotFoundError: and nothing was changed.
        """
        made = with_ids(self.context, changes)
        code = project_of(self.context, made) if project is None else self.context.code_of(project)
        return self.context.commit(code, made, key=key, comment=comment)

    def place(self, node: Item, *, after: Item | None = None) -> Node:
        """Put a node behind one of its siblings, or before all of them."""
        return ordering.place(self.context, node, after=after)

    def siblings(self, node: Item) -> list[Any]:  # Any: nodes of that kind
        """The nodes of the same kind below the same parent, in their order."""
        return ordering.siblings(self.context, node)

    def publish(
        self,
        owner: Item,
        product: str,
        files: Files,
        *,
        comment: str = "",
        description: str = "",
        depends_on: Sequence[Dependency] = (),
        task: Item | None = None,
        status: Item | None = None,
        tags: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        source: str = "",
        progress: Progress | None = None,
        cancel: Cancel | None = None,
        key: str | None = None,
        lease: int = 900,
    ) -> Version:
        """Publish files as the next version of a product of `owner`; `services.publishing.publish` tells all of it.

        Raises:
            ValidationError, NotFoundError, PermissionDeniedError, StorageError, ConflictError: nothing was published.
        """
        from bifrost_sdk.services import publishing

        return publishing.publish(
            self.context,
            owner,
            product,
            files,
            comment=comment,
            description=description,
            depends_on=depends_on,
            task=task,
            status=status,
            tags=tags,
            metadata=metadata,
            source=source,
            progress=progress,
            cancel=cancel,
            key=key,
            lease=lease,
        )

    def recover(self, project: Item | None = None) -> Recovery:
        """Finish or remove publishes that were interrupted; safe at any time, beside live publishers."""
        from bifrost_sdk.services import recovery

        return recovery.recover(self.context, project)

    # What happened

    def events(self, project: Item | None = None, *, after: int = 0, limit: int = 1000) -> list[Event]:
        """The events of the revisions above `after`, whole revisions only, oldest first."""
        return self.context.catalog.events(self.context.code_of(project), after=after, limit=limit)

    def revision(self, project: Item | None = None) -> int:
        """The project's present revision."""
        return self.context.catalog.revision(self.context.code_of(project))

    def history(self, item: Item) -> list[Event]:
        """Everything that happened to one thing, oldest first."""
        from bifrost_sdk.services import history

        return history.events_of(self.context, item)

    def revert(self, project: Item | None, revision: int, *, comment: str = "") -> Commit:
        """Undo one commit, field by field, as a new commit; the reverse of a publish is retiring it.

        Raises:
            ConflictError: when a later commit changed the same or uses what would go; `blockers` names each.
        """
        from bifrost_sdk.services import history

        return history.revert(self.context, self.context.code_of(project), revision, comment=comment)

    # The session itself

    def close(self) -> None:
        """Give back what is held; safe to repeat. Sessions that show another state are left to the first one."""
        if not self._is_view:
            self.context.catalog.close()

    def __enter__(self) -> Session:  # noqa: PYI034 - typing.Self is not in Python 3.10
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Session of {self.context.actor.login} on {self.settings.folder}>"

    def _showing(self, view: View) -> Session:
        return Session(attrs.evolve(self.context, view=view), settings=self.settings, is_view=True)

    def _reference(self, item: Item) -> str:
        if isinstance(item, str) and is_id(item):
            return f"bifrost://{self.context.get(item).project}/~{item}"
        return item.ref if isinstance(item, Entity) else str(item)

    def _placed(self, resolution: Resolution) -> Path:
        if len(self._paths) >= _PATHS_LIMIT:
            self._paths.clear()
        path = places.path_of(self.context.roots, resolution)
        self._paths[resolution.root, resolution.path] = path
        return path


def init(folder: str | os.PathLike[str], *, project: str | None = None, user: str | None = None) -> Path:
    """Make a folder a workspace, with a catalog and, when named, a project; answers with the folder.

    Whoever sets the catalog up (the operating system's user unless `user` or the configuration says otherwise)
    becomes its owner. Repeating it changes nothing.

    Raises:
        ConfigurationError: when the folder's ``bifrost.yaml`` cannot be understood.
        StorageError: when something else is in the way; it is left as it is.
        PermissionDeniedError: when the catalog is there, and its roles do not let the user make the project.

    >>> import bifrost_sdk as bf
    >>> folder = bf.init("shows", project="demo")
    >>> sorted(path.name for path in folder.iterdir() if not path.name.startswith("catalog.sqlite-"))
    ['bifrost.yaml', 'catalog.sqlite', 'publish', 'work']
    """
    if project is not None:
        codes.check_project_code(project)
    place = _absolute(Path(folder).expanduser())
    workspace.make_folder(place)
    settings = configuration.load(place, explicit={"user": user, "project": project})
    catalog = _open(settings, must_exist=False)
    try:
        context = _context(catalog, settings)
        system = Actor(context.actor.login, system=True)
        workspace.set_up(attrs.evolve(context, catalog=catalog.bind(system)))
        if project is not None:
            Projects(context).ensure(project)
    finally:
        catalog.close()
    for path in settings.roots().values():
        if place in path.parents:
            workspace.make_folder(path)
    workspace.write_file(place, project)
    return place


def connect(
    target: str | os.PathLike[str] | None = None,
    *,
    project: str | None = None,
    user: str | None = None,
    roots: Mapping[str, str | os.PathLike[str]] | None = None,
    timeout: float | None = None,
) -> Session:
    """Open a workspace: its folder (or one inside it), or the URL of a catalog such as ``sqlite:///shows/catalog.sqlite``.

    Without a target, the variable BIFROST_SDK_URL tells it, or the nearest folder above the current one that holds
    ``bifrost.yaml``. The other arguments are settings, stronger than those of any file: the default `project`, who
    asks, folders of `roots` by name, and how long a write waits for others, in seconds.

    Raises:
        ConfigurationError: when there is no workspace, or a setting cannot be understood.
        CatalogError: when the catalog cannot be opened.

    >>> import bifrost_sdk as bf
    >>> _ = bf.init("shows", project="demo", user="anna")
    >>> with bf.connect("shows", user="anna") as session:
    ...     hero = session.assets.create("demo", "char", "hero")
    ...     session.users.me().login, session.get(hero.ref) == hero
    ('anna', True)
    """
    folder, url = _locate(target or os.environ.get("BIFROST_SDK_URL"))
    explicit = {"project": project, "user": user, "roots": roots, "timeout": timeout, "catalog": url}
    settings = configuration.load(folder, explicit=explicit)
    return Session(_context(_open(settings, must_exist=True), settings), settings=settings)


class _Storages(Mapping[str, Storage]):
    """The storage of each root that has a folder here, made when it is first used."""

    def __init__(self, roots: Mapping[str, Path]) -> None:
        self._roots = roots
        self._made: dict[str, Storage] = {}

    def __getitem__(self, name: str) -> Storage:
        if name not in self._made:
            self._made[name] = _load(LOCAL_STORAGE)(self._roots[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._roots)

    def __len__(self) -> int:
        return len(self._roots)


def _context(catalog: Catalog, settings: Settings) -> Context:
    actor = Actor(settings.user)
    roots = settings.roots()
    return Context(
        catalog=catalog.bind(actor),
        actor=actor,
        new_id=new_id,
        clock=functools.partial(datetime.datetime.now, datetime.timezone.utc),
        view=NOW,
        project=settings["project"].value,
        roots=roots,
        storages=_Storages(roots),
    )


def _locate(target: str | os.PathLike[str] | None) -> tuple[Path, str | None]:
    """The workspace's folder, and the catalog's URL when the target is one, or is the file of a catalog."""
    if isinstance(target, str) and "://" in target:
        path = _file_of(target)
        start = path.parent if path else Path.cwd()
        return configuration.workspace_above(start) or start, target
    start = _absolute(Path(target).expanduser() if target else Path.cwd())
    if start.is_file() and start.name != configuration.WORKSPACE_FILE:
        return configuration.workspace_above(start.parent) or start.parent, f"sqlite:///{start}"
    folder = configuration.workspace_above(start) if start.exists() else None
    if folder is None:
        raise ConfigurationError(
            f"{start} lies in no workspace: neither it nor a folder above holds "
            f"{configuration.WORKSPACE_FILE}; make one with init() or `bifrost init`, or name one that exists",
            source=str(start),
        )
    return folder, None


def _open(settings: Settings, *, must_exist: bool) -> Catalog:
    from bifrost_sdk.authority.catalog import Authority

    setting = settings["catalog"]
    url = str(setting.value)
    scheme = url.partition("://")[0].lower() if "://" in url else "sqlite"
    store = STORES.get(scheme)
    if store is None:
        known = ", ".join(f"{name}://" for name in STORES)
        raise ConfigurationError(
            f"no catalog is known for {scheme}:// (from {setting.origin}); known are {known} and a file's path",
            setting="catalog",
            source=setting.origin,
        )
    path = _file_of(url) or (setting.folder or settings.folder) / url
    if must_exist and not path.is_file():
        raise ConfigurationError(
            f"there is no catalog at {path} (from {setting.origin}); make one with init() or `bifrost init`",
            setting="catalog",
            source=setting.origin,
        )
    if must_exist and not path.stat().st_size:
        raise CatalogError(f"the catalog {path} is empty; restore a backup, or run init to begin anew", path=str(path))
    return Authority(_load(store)(path, timeout=settings["timeout"].value))


def _file_of(url: str) -> Path | None:
    """The file of ``sqlite:///file`` (relative) or ``sqlite:////file`` (absolute), else None."""
    scheme, mark, rest = url.partition(":///")
    return _absolute(rest) if mark and scheme.lower() == "sqlite" and rest else None


def _absolute(path: str | os.PathLike[str]) -> Path:
    """Without ``..``, and with links as they are: resolve() would lead out of a workspace that is reached by one."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - see above


def _load(name: str) -> Any:  # Any: the class that the name leads to
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _moment(when: str | datetime.datetime | int) -> datetime.datetime | int:
    if isinstance(when, int) and not isinstance(when, bool):
        return when
    if isinstance(when, str):
        return _read_time(when)
    if not isinstance(when, datetime.datetime) or when.tzinfo is None:
        raise ValidationError(
            Issue("time.zone", f"{when!r} has no time zone", "at", hint="use datetime.timezone.utc, or text for UTC")
        )
    return when


def _read_time(written: str) -> datetime.datetime:
    """The time of a text: a day alone is its first moment, and UTC is meant where no zone is given."""
    from bifrost_sdk.domain import wire  # loads cattrs

    text = written.strip()
    whole = f"{text}T00:00:00Z" if _is_day(text) else text if _has_zone(text) else f"{text}Z"
    try:
        return wire.read_time(whole)
    except ValidationError as error:
        hint = "write 2026-01-31 or 2026-01-31T12:00:00Z"
        raise ValidationError(Issue("time.form", f"{written!r:.200} is no time", "at", hint=hint)) from error
