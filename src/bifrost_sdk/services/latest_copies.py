"""The newest version of a product under a name that stays, for tools that know no references: ``…/model/latest``.

What lies there is made of what the catalog says, and only under a lock: whoever comes late brings the newest version
all the same, so it never goes back. Files are staged, then change places with the old ones in one step where that can
be, so that a reader finds each of them at any moment. Whatever is left half done is done again by who comes next.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from typing import ClassVar, Final

import attrs

from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.rootpaths import LATEST, Below
from bifrost_sdk.domain.versions import Product, Representation, Version
from bifrost_sdk.errors import ConfigurationError, StorageError
from bifrost_sdk.ports import NOW, Actor, Storage
from bifrost_sdk.services import places, staging
from bifrost_sdk.services.context import Context, Item, is_id
from bifrost_sdk.services.deliveries import Published
from bifrost_sdk.services.locks import try_lock
from bifrost_sdk.services.manifests import Manifest
from bifrost_sdk.services.plugins import EVERY_PRODUCT
from bifrost_sdk.services.sources import MANIFEST, ROOT

#: Where copies lie while they are made, below a root, one folder each, named by the id of the product.
STAGED: Final = ".bifrost/latest"

#: How the file ends that is locked while copies of a project are made; it lies there too.
LOCK: Final = ".lock"

# So long another process may be at it, in seconds.
_PATIENCE: Final = 60.0
_TICK: Final = 0.02


@attrs.frozen
class LatestCopies:
    """The follower that keeps copies: told of each change of a version's state, since `latest` may go back too."""

    is_told_of_states: ClassVar[bool] = True

    def __call__(self, told: Published) -> None:
        """Bring the copy of the version's product up to date, if the settings ask for one."""
        refresh(told.context, told.version.product)


@attrs.frozen
class _Newest:
    """A version, where its files lie, and where the copy of them is to be."""

    version: Version
    source: Below
    place: str


def refresh(context: Context, product: Item, *, patience: float = _PATIENCE) -> Version | None:
    """Make the copy what the catalog says now; the version that it holds then, None where there is to be none.

    Raises:
        ConfigurationError: the setting `latest_copy` is not there.
        NotFoundError: there is no such product.
        StorageError: files cannot be read or written, something else has the place, or another process was at it for
            longer than `patience`, in seconds.
    """
    if context.plugins.latest_copy is None:
        raise ConfigurationError("no product is to have a copy; set 'latest_copy: copy'", setting="latest_copy")
    made = context.take(Product, product)
    system = Actor(context.actor.login, system=True)  # who asks may see less than there is
    own = attrs.evolve(context, catalog=context.catalog.bind(system), actor=system, view=NOW)
    with _alone(own, made.project, patience):
        while True:
            made = own.take(Product, f"bifrost://{made.project}/~{made.id}")
            copy = _Copy(own, made)
            newest = copy.newest()
            is_there = copy.bring(newest)
            if copy.newest() == newest:
                return newest.version if newest and is_there else None


def place_of(folder: str, number: int, id: str) -> str:
    """The place of the copy, by the folder of a version: its number, wherever that stands, becomes ``latest``.

    A version whose folder was taken has the end of its id behind it; the copy has not.

    >>> [place_of(folder, 12, "") for folder in ("demo/hero/model/v012", "hero/hero_v012/usd", "hero/12", "hero")]
    ['demo/hero/model/latest', 'hero/hero_latest/usd', 'hero/latest', 'hero/latest']
    """
    plain = folder.removesuffix(f"-{id[-12:]}") if id else folder
    found = list(re.finditer(rf"(?<![^\W_])(v?)0*{number}(?![0-9])([^\W_]?)", plain, re.IGNORECASE))
    if not found:
        return f"{plain}/{LATEST}"
    best = max(found, key=lambda each: (bool(each[1]), not each[2], each.start()))  # of v004/4k it is the first
    return plain[: best.start()] + LATEST + plain[best.start(2) :]


def heal(context: Context, storage: Storage) -> Iterator[tuple[str, Product | None]]:
    """Finish what was left half done; each staged folder, and the product that it was for.

    What another process is at just now is left to that one.

    Raises:
        StorageError: it cannot be finished now.
    """
    for name in storage.names(STAGED):
        path = f"{STAGED}/{name.rstrip('/')}"
        if name.endswith(LOCK):
            continue
        (product,) = context.get_many([name.rstrip("/")]) if is_id(name.rstrip("/")) else [None]
        if not isinstance(product, Product):
            yield path, None
            continue
        with contextlib.suppress(_BusyError):
            if context.plugins.latest_copy is not None:
                refresh(context, product, patience=0)
            else:
                with _alone(context, product.project, 0):
                    storage.remove(path)
            yield path, product


class _BusyError(StorageError):
    """Another process is at it."""


@attrs.frozen(eq=False)
class _Copy:
    """The copy of one product; whoever has it holds the lock."""

    context: Context
    product: Product

    @property
    def way(self) -> str | None:
        """How it is made; None where there is to be none."""
        ways = self.context.plugins.latest_copy or {}
        return ways.get(fold(self.product.code), ways.get(EVERY_PRODUCT))

    @property
    def staged(self) -> str:
        """Where it is made."""
        return f"{STAGED}/{self.product.id}"

    def newest(self) -> _Newest | None:
        """What it would hold, by the catalog as it stands."""
        query = Query("version", project=self.product.project).where(product=self.product.id, state="published")
        version = next(iter(self.context.find(query.sort("-number").limit(1))), None)
        if not isinstance(version, Version) or not version.manifest:
            return None  # what was adopted lies where it lay, in no folder of its own
        query = Query("representation", project=version.project).where(version=version.id).sort("name")
        own = [each for each in self.context.every(query) if not each.lease]
        return _newest(version, own[0]) if own else None

    def bring(self, newest: _Newest | None) -> bool:
        """Let it hold that version and lie in that place, and nowhere else; whether there is one now."""
        for storage in self.context.storages.values():
            storage.remove(self.staged)  # what somebody left who was interrupted
        if newest is None:
            self._clear(None)
            return False
        storage = places.storage_of(self.context, newest.source.root)
        manifest = staging.any_manifest_in(storage, newest.place)
        holder = self._holder(manifest)
        if self.way is None:
            if holder == self.product.id:
                self._take_away(storage, newest.place)
            return False
        return self._is_done(storage, newest, manifest) or self._is_made(storage, newest, holder)

    def _is_done(self, storage: Storage, newest: _Newest, manifest: Manifest | None) -> bool:
        is_link = storage.target(newest.place) is not None
        is_fitting = is_link is (self.way == "symlink") or not storage.capabilities.swaps
        return is_fitting and manifest is not None and manifest.transaction == newest.version.id

    def _is_made(self, storage: Storage, newest: _Newest, holder: str | None) -> bool:
        """Make it; False where another product has the place by right."""
        if holder is None and storage.target(newest.place) is None and _is_taken(storage, newest.place):
            message = f"{newest.place} in {newest.source.root} is no copy of a version and was left as it is"
            raise StorageError(f"{message}; look what it is, and move it away", path=newest.place, reason="taken")
        if holder != self.product.id:
            self._clear(newest)
            own = staging.any_manifest_in(storage, newest.source.path)
            if holder is not None and own is not None and own.path != self.product.path:
                return False  # the product has moved away, and what has its old name now has the place
            if self._is_there_by_right(holder, storage, newest.place):
                return False  # a template that names no product gives several one place: the first of them has it
        if not self._is_pointed(storage, newest):
            self._copy(storage, newest)
        return True

    def _is_there_by_right(self, holder: str | None, storage: Storage, place: str) -> bool:
        """Whether the product whose copy has that place is still where it was when that version was published."""
        manifest = staging.any_manifest_in(storage, place)
        (other,) = self.context.get_many([f"bifrost://{self.product.project}/~{holder}"]) if holder else [None]
        return isinstance(other, Product) and manifest is not None and other.path == manifest.path

    def _is_pointed(self, storage: Storage, newest: _Newest) -> bool:
        """Make it a link, because it shall be one or since no folders change places here; False where it is none."""
        is_folder = storage.target(newest.place) is None and bool(storage.names(newest.place))
        if self.way == "symlink":
            if is_folder:  # it was copied before the settings changed
                self._take_away(storage, newest.place)
        elif is_folder or storage.capabilities.swaps:
            return False
        return storage.point(self.staged, newest.place, newest.source.path)

    def _copy(self, storage: Storage, newest: _Newest) -> None:
        root, folder = self.context.roots[newest.source.root], newest.source.path
        manifest = staging.any_manifest_in(storage, folder)
        if manifest is None:
            raise _unlike(folder, f"{folder}/{MANIFEST}")
        for name in (*(entry.name for entry in manifest.entries), MANIFEST):
            path, made = f"{folder}/{name}", f"{self.staged}/{name}"
            if not storage.share(root / path, made, link=self.way == "link"):
                storage.write(made, storage.read(path))
        for entry in manifest.entries:
            if storage.size(f"{self.staged}/{entry.name}") != entry.size:
                raise _unlike(folder, f"{folder}/{entry.name}")
        storage.sync(self.staged)
        storage.replace(self.staged, newest.place, last=MANIFEST)

    def _clear(self, newest: _Newest | None) -> None:
        """Take away what lies elsewhere: where the product was before it moved, or of versions that went."""
        project, found = self.product.project, set()
        query = Query("version", project=project).where(product=self.product.id)
        made = {version.id: version for version in self.context.every(query)}
        for each in self.context.every(
            Query("representation", project=project).where(version__product=self.product.id)
        ):
            if not each.lease and each.version in made and made[each.version].manifest:
                found.add(Below(each.root, _newest(made[each.version], each).place))
        now = newest and Below(newest.source.root, newest.place)
        for root, place in sorted(found - {now}):
            storage = self.context.storages.get(root)
            if storage is not None and self._holder(staging.any_manifest_in(storage, place)) == self.product.id:
                self._take_away(storage, place)

    def _take_away(self, storage: Storage, place: str) -> None:
        if storage.target(place) is None:
            storage.place(place, self.staged, last=MANIFEST)  # in one step, so that nobody sees half of it
            storage.remove(self.staged)
        else:
            storage.remove(place)

    def _holder(self, manifest: Manifest | None) -> str | None:
        """The id of the product of whose versions it is a copy, empty for one that is unknown; None without any."""
        if manifest is None:
            return None
        (version,) = self.context.get_many([f"bifrost://{self.product.project}/~{manifest.version}"])
        return version.product if isinstance(version, Version) else ""


def _newest(version: Version, own: Representation) -> _Newest:
    assert version.number is not None  # it has files
    return _Newest(version, Below(own.root, own.folder), place_of(own.folder, version.number, version.id))


def _unlike(folder: str, path: str) -> StorageError:
    message = f"{path} is not what was published; `bifrost verify` says more of {folder}"
    return StorageError(message, path=path, reason="changed")


def _is_taken(storage: Storage, place: str) -> bool:
    return bool(storage.names(place)) or storage.size(place) is not None


@contextlib.contextmanager
def _alone(context: Context, project: str, patience: float) -> Iterator[None]:
    """Hold the lock of a project's copies, which lies in the root: whoever makes one shares that."""
    places.storage_of(context, ROOT)
    path = places.root(context.roots, ROOT) / STAGED / f"{project}{LOCK}"
    until = time.monotonic() + patience
    while True:
        with try_lock(path) as held:
            if held:
                yield
                return
        if time.monotonic() >= until:
            message = f"another process keeps the copies of {project}; this one is made when it is tried again"
            raise _BusyError(message, path=str(path), reason="busy")
        time.sleep(_TICK)
