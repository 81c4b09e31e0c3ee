"""How a session comes about: `init` makes a workspace, `connect` opens it.

Only here is chosen which adapters serve: by the scheme of the catalog's URL, each loaded when it is first needed.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import importlib
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.errors import BifrostError, CatalogError, ConfigurationError
from bifrost_sdk.ports import NOW, Actor, Catalog, Storage
from bifrost_sdk.services import configuration, credentials, presences, workspace
from bifrost_sdk.services.configuration import Settings
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.identity import new_id
from bifrost_sdk.services.projects import Projects
from bifrost_sdk.session.session import Session

if TYPE_CHECKING:  # loaded when a catalog is opened
    from bifrost_sdk.authority.catalog import Authority

_LOG = logging.getLogger(__name__)

#: scheme of a catalog's URL -> the Store that serves it, loaded on first use.
STORES = {"sqlite": "bifrost_sdk.adapters.sqlite.store:SqliteStore"}

#: scheme -> the Catalog that a server keeps, loaded on first use.
CATALOGS = dict.fromkeys(("http", "https"), "bifrost_sdk.adapters.http.catalog:HttpCatalog")

#: What serves the files below a root that is a folder.
LOCAL_STORAGE = "bifrost_sdk.adapters.local.storage:LocalStorage"


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
            workspace.make_root(path)
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
    """Open a workspace: its folder (or one inside it), or a catalog's URL: ``sqlite:///shows.db``, ``http://host:8600``.

    Without a target, the variable BIFROST_SDK_URL tells it, or the nearest folder above the current one that holds
    ``bifrost.yaml``. The other arguments are settings, stronger than those of any file: the default `project`, who
    asks, folders of `roots` by name, and how long a write waits for others, or a server is waited for, in seconds.

    Raises:
        ConfigurationError: when there is no workspace, or a setting cannot be understood.
        CatalogError: when the catalog cannot be opened.
        NetworkError: when its server does not answer.

    >>> import bifrost_sdk as bf
    >>> _ = bf.init("shows", project="demo", user="anna")
    >>> with bf.connect("shows", user="anna") as session:
    ...     hero = session.assets.create("demo", "char", "hero")
    ...     session.users.me().login, session.get(hero.ref) == hero
    ('anna', True)
    """
    with _told():
        folder, url = locate(target or os.environ.get("BIFROST_SDK_URL"))
        explicit = {"project": project, "user": user, "roots": roots, "timeout": timeout, "catalog": url}
        settings = configuration.load(folder, explicit=explicit)
        catalog = _open(settings, must_exist=True)
        try:
            session = Session(_context(catalog, settings), settings=settings)
        except BaseException:
            catalog.close()
            raise
    if presences.found(settings.plugins.folder):
        _recover_own(session.context)
    return session


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What the operating system refuses inside the block is told as an error of ours."""
    try:
        yield
    except OSError as error:
        place = str(error.filename or "the workspace")
        message = f"cannot look at {place}: {error.strerror or error}; check that it is mounted and may be read"
        raise ConfigurationError(message, source=place) from error


def _recover_own(context: Context) -> None:
    """Settle what this user's dead publishers left behind on this machine; whatever happens, the session opens."""
    from bifrost_sdk.services import recovery

    try:
        findings = recovery.recover_own(context).findings
    except BifrostError as error:
        findings = (recovery.Finding(str(context.plugins.folder), "failed", str(error)),)
    for finding in findings:
        level = logging.WARNING if finding.outcome == "failed" else logging.INFO
        _LOG.log(level, "%s: %s; %s", finding.subject, finding.outcome, finding.reason)


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
    is_told = settings["user"].value or not is_served(settings)
    actor = Actor(settings.user) if is_told else catalog.actor  # type: ignore[attr-defined]  # of a served catalog
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
        plugins=settings.plugins,
        hash=settings["hash"].value,
    )


def locate(target: str | os.PathLike[str] | None) -> tuple[Path, str | None]:
    """The workspace's folder, and the catalog's URL when the target is one, or is the file of a catalog.

    Raises:
        ConfigurationError: when it lies in no workspace.
    """
    if isinstance(target, str) and "://" in target:
        path = _file_of(target)
        start = path.parent if path else Path.cwd()
        return configuration.workspace_above(start) or start, target
    start = _absolute(Path(target).expanduser() if target else Path.cwd())
    if configuration.is_file(start) and start.name != configuration.WORKSPACE_FILE:
        return configuration.workspace_above(start.parent) or start.parent, f"sqlite:///{start}"
    folder = configuration.workspace_above(start) if start.exists() else None
    if folder is None:
        raise ConfigurationError(
            f"{start} lies in no workspace: neither it nor a folder above holds "
            f"{configuration.WORKSPACE_FILE}; make one with init() or `bifrost init`, or name one that exists",
            source=str(start),
        )
    return folder, None


def catalog_file(settings: Settings) -> Path:
    """The file of the catalog, which need not be there.

    Raises:
        ConfigurationError: when its URL leads to none.
    """
    setting = settings["catalog"]
    url = str(setting.value)
    scheme = _scheme(url)
    if scheme in CATALOGS:
        raise ConfigurationError(
            f"a server keeps the catalog {url} (from {setting.origin}); do this where its file is",
            setting="catalog",
            source=setting.origin,
        )
    if scheme not in STORES:
        known = ", ".join(f"{name}://" for name in (*STORES, *CATALOGS))
        raise ConfigurationError(
            f"no catalog is known for {scheme}:// (from {setting.origin}); known are {known} and a file's path",
            setting="catalog",
            source=setting.origin,
        )
    path = _file_of(url)
    if path is None and "://" in url:
        raise ConfigurationError(
            f"{url} names no file (from {setting.origin}); write sqlite:///{url.partition('://')[2]} for one in the "
            "current folder, sqlite:////folder/file for one anywhere",
            setting="catalog",
            source=setting.origin,
        )
    return path or (setting.folder or settings.folder) / url


def is_served(settings: Settings) -> bool:
    """Whether a server keeps the catalog."""
    return _scheme(str(settings["catalog"].value)) in CATALOGS


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower() if "://" in url else "sqlite"


def _open(settings: Settings, *, must_exist: bool) -> Catalog:
    if is_served(settings):
        return _reached(settings)
    return open_authority(settings, must_exist=must_exist)


def _reached(settings: Settings) -> Catalog:
    url = str(settings["catalog"].value)
    make = _load(CATALOGS[_scheme(url)])
    catalog: Catalog = make(url, credentials.token(settings), timeout=settings["timeout"].value)
    return catalog


def open_authority(settings: Settings, *, must_exist: bool = True) -> Authority:
    """What decides over the catalog's file: for those who serve it, as nobody yet.

    Raises:
        ConfigurationError: when there is no such file, or a server keeps the catalog.
        CatalogError: when it cannot be opened.
    """
    from bifrost_sdk.authority.catalog import Authority

    setting, path = settings["catalog"], catalog_file(settings)
    if must_exist and not configuration.is_file(path):
        raise ConfigurationError(
            f"there is no catalog at {path} (from {setting.origin}); make one with init() or `bifrost init`",
            setting="catalog",
            source=setting.origin,
        )
    if must_exist and not path.stat().st_size:
        raise CatalogError(f"the catalog {path} is empty; restore a backup, or run init to begin anew", path=str(path))
    return Authority(_load(STORES[_scheme(str(setting.value))])(path, timeout=settings["timeout"].value))


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
