"""A folder of USD files becomes a managed show: assets with versions that refer to each other, nothing flattened.

Everything is planned first, from what lies in the folder and what the catalog holds. Assets are then published in sets,
each after what it needs, so that an ingestion that was interrupted goes on where it was when it is repeated: what is
published already has not changed. Sources are only read.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from pathlib import Path
from typing import TypeVar

import attrs

from bifrost_sdk.domain.changes import Change, Ensure
from bifrost_sdk.domain.production import Asset, AssetType
from bifrost_sdk.domain.versions import AssetDependency, Version
from bifrost_sdk.errors import ConflictError, StorageError
from bifrost_sdk.integrations.usd.ingestion import (
    INGESTED,
    Ingested,
    Ingestion,
    IngestPlan,
    PlannedAsset,
    comes_from,
    digest_of,
)
from bifrost_sdk.integrations.usd.naming import Names
from bifrost_sdk.integrations.usd.planning import NEEDS, Options, plan
from bifrost_sdk.integrations.usd.rewriting import write_copy
from bifrost_sdk.integrations.usd.surveying import Cancel, Progress
from bifrost_sdk.services import publishing, recovery
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.dependencies import Dependency
from bifrost_sdk.services.publications import Publication
from bifrost_sdk.session.session import Session

T = TypeVar("T")

#: So many assets, or so many bytes, are published in one set, and so many sets at once.
_SET = 32
_SET_SIZE = 1 << 30
_THREADS = 4

#: How long a set may be silent before others may take over, in seconds; and how often one looks whether it is done.
_LEASE = 60
_PAUSE = 0.2

#: So many bytes of listed files go into one representation: a document of the catalog has a limit.
_LISTED = 48_000


def plan_ingest(
    session: Session,
    folder: str | os.PathLike[str],
    *,
    project: Item | None = None,
    product: str = "usd",
    names: Names | None = None,
    freeze: bool = False,
    replace: bool = False,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> IngestPlan:
    """What ingesting a folder would do; nothing is changed, on disk or in the catalog.

    `project` is the session's own unless it is named. `names` says how assets are called: patterns of folders or layers
    below `folder` -> ``type/code``, in which ``{name}`` is the code that would be found; a folder that matches is one
    asset with all below it. With `freeze` references between assets name exact versions instead of the latest one.
    An asset under whose name something else stands, which came from elsewhere, is held back with all that refers to it,
    unless `replace` is said. `progress` is told the layers that were read, and in all.

    Raises:
        StorageError: the folder cannot be read, or `cancel` said so.
        ValidationError: `names` or `product` are no codes, or the folder holds a workspace.
        NotFoundError: there is no such project.
    """
    context = session.context
    owner = context.project_of(project)
    options = Options(product=product, names=dict(names or {}), is_frozen=freeze, is_replacing=replace)
    return plan(context, Path(folder), owner.code, options, progress=progress, cancel=cancel)


def ingest(
    session: Session,
    folder: str | os.PathLike[str] | IngestPlan,
    *,
    project: Item | None = None,
    product: str = "usd",
    names: Names | None = None,
    freeze: bool = False,
    replace: bool = False,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Ingestion:
    r"""Take the USD files of a folder in, or carry out a plan that was made of one; sources stay as they are.

    Each asset becomes a version of its product, made of those that it refers to. In its layers references to other
    assets become ``bifrost://…/latest/…``, everything else stays as it is; layers without such references are copied
    byte for byte. An asset whose files and references are as its latest version has them is left alone, also when its
    folder was renamed meanwhile. The options are those of `plan_ingest`; `progress` is told the bytes that were
    published, and in all.

    Raises:
        ValidationError, NotFoundError, PermissionDeniedError, StorageError, ConflictError: it went no further; what was
            published stays, and ingesting again goes on from there.

    >>> import bifrost_sdk as bf
    >>> from bifrost_sdk.integrations import usd
    >>> for name, text in {
    ...     "oak/oak.usda": "#usda 1.0",
    ...     "room.usda": "#usda 1.0\n(subLayers = [@./oak/oak.usda@])",
    ... }.items():
    ...     path = Path("set", name)
    ...     path.parent.mkdir(parents=True, exist_ok=True)
    ...     _ = path.write_text(text)
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     done = usd.ingest(session, "set")
    ...     [version.ref for version in done.versions]
    ...     "@bifrost://demo/assets/general/oak/usd/latest/oak.usda@" in session.resolve(done.versions[1]).read_text()
    ['bifrost://demo/assets/general/oak/usd/v001', 'bifrost://demo/assets/general/room/usd/v001']
    True
    """
    if isinstance(folder, IngestPlan):
        made = folder
    else:
        made = plan_ingest(
            session,
            folder,
            project=project,
            product=product,
            names=names,
            freeze=freeze,
            replace=replace,
            cancel=cancel,
        )
    return _Ingesting(session.context, made, progress, cancel).run()


class _Ingesting:
    """One plan being carried out; `versions` are those that stand for each product by now."""

    def __init__(self, context: Context, made: IngestPlan, progress: Progress | None, cancel: Cancel | None) -> None:
        self.context = context
        self.plan = made
        self.progress = progress
        self.interrupted = threading.Event()
        self.cancel: Cancel = lambda: self.interrupted.is_set() or bool(cancel and cancel())
        self.versions: dict[str, Version] = {}
        self.total = sum(asset.size for asset in made.assets if asset.state in {"new", "changed"})
        self.done: dict[str, int] = {}
        self.lock = threading.Lock()

    def run(self) -> Ingestion:
        """Publish level after level, the sets of a level at once: most of the time goes by waiting for the disk."""
        found: dict[str, Ingested] = {}
        is_whole = True
        try:
            self._ensure_assets()
            with futures.ThreadPoolExecutor(_THREADS) as pool:
                try:
                    for sets in self._levels():
                        for done in _done(pool.submit(self._publish, members) for members in sets):
                            found |= {each.asset.ref: each for each in done}
                except BaseException:  # from the keyboard: the pool would publish all of the level first
                    self.interrupted.set()
                    raise
        except StorageError as error:
            if error.reason != "cancelled":
                raise
            is_whole = False
        made = self.plan
        assets = tuple(found[asset.ref] for asset in made.assets if asset.ref in found)
        return Ingestion(made.project, made.folder, assets, made.problems, made.unmatched, is_whole)

    def _ensure_assets(self) -> None:
        """Make the types and assets that are new, a commit for each thousand."""
        owner = self.context.project_of(self.plan.project)
        new = [asset for asset in self.plan.assets if asset.state == "new"]
        for start in range(0, len(new), 1_000):
            changes: list[Change] = []
            types: dict[str, str] = {}
            for asset in new[start : start + 1_000]:
                type_, code = asset.ref.split("/")[-3:-1]
                if type_ not in types:
                    made = AssetType(id=self.context.new_id(), project=owner.code, code=type_, parent=owner.id)
                    types[type_] = made.id
                    changes.append(Ensure(made))
                id = self.context.new_id()
                changes.append(
                    Ensure(Asset(id=id, project=owner.code, code=code, parent=types[type_], asset_type=types[type_]))
                )
            self.context.commit(owner.code, changes, comment=f"ingest {self.plan.folder.name}")

    def _levels(self) -> Iterator[list[list[PlannedAsset]]]:
        """Sets of assets that need only those of levels before, the same sets whenever the same folder is planned."""
        heights: dict[str, int] = {}
        levels: defaultdict[int, list[PlannedAsset]] = defaultdict(list)
        for asset in (each for each in self.plan.assets if each.state != "held"):
            heights[asset.ref] = max((heights[ref] + 1 for ref in asset.needs), default=0)
            levels[heights[asset.ref]].append(asset)
        for _, level in sorted(levels.items()):
            yield list(_sets(level))

    def _publish(self, members: Sequence[PlannedAsset]) -> list[Ingested]:
        """Publish those of a set that have changed; the others are told as they stand."""
        if self.cancel():
            raise StorageError("ingesting was cancelled", reason="cancelled")
        members = self._as_they_stand(members)
        changed = [asset for asset in members if asset.state != "same"]
        self.versions |= {asset.ref: asset.latest for asset in members if asset.latest and asset.state == "same"}
        if changed:
            with tempfile.TemporaryDirectory(prefix="bifrost-ingest-") as folder:
                asked = [self._publication(asset, Path(folder, str(index))) for index, asset in enumerate(changed)]
                made = self._publish_set(asked, _key(self.plan, changed))
            self.versions |= {asset.ref: version for asset, version in zip(changed, made, strict=True)}
        return [Ingested(asset, self.versions[asset.ref], asset.state != "same") for asset in members]

    def _as_they_stand(self, members: Sequence[PlannedAsset]) -> list[PlannedAsset]:
        """The assets of a set, of which somebody else may have published some since they were planned."""
        answers = self.context.get_many([f"{asset.ref}/latest" for asset in members])
        found = []
        for asset, answer in zip(members, answers, strict=True):
            latest = answer if isinstance(answer, Version) else asset.latest
            self._check(asset, latest)
            found.append(attrs.evolve(asset, latest=latest))
        return found

    def _check(self, asset: PlannedAsset, latest: Version | None) -> None:
        """Refuse to publish over what came from elsewhere since it was planned."""
        if latest is None or self.plan.is_replacing or digest_of(latest) == asset.digest:
            return
        is_planned = asset.latest is not None and asset.latest.id == latest.id
        if not is_planned and not comes_from(latest, self.plan.folder, asset.layout.unit.source):
            message = f"{latest.ref} by {latest.created_by} came from elsewhere meanwhile; ingest again to see more"
            raise ConflictError(message, blockers=[latest.ref])

    def _publication(self, asset: PlannedAsset, staged: Path) -> Publication:
        """What is asked to be published of an asset; layers that change are written to a folder first."""
        owner, _, product = asset.ref.rpartition("/")
        source = asset.layout.unit.source
        paths: dict[str, Path] = {}
        for item, name in asset.layout.items.items():
            path = self.plan.folder / item
            if texts := asset.texts.get(item):
                write_copy(path, staged / name, self._exact(asset, texts))
                path = staged / name
            paths[name] = path
        needed: list[Dependency] = [
            *(self.versions[ref] for ref in asset.needs),
            *(AssetDependency(id) for id in asset.managed),
        ]
        return Publication(
            owner,
            product,
            _representations(paths),
            comment=f"ingested from {self.plan.folder.name}{'/' if source else ''}{source}",
            depends_on=needed[:NEEDS],
            source=str(self.plan.folder / source),
            metadata={INGESTED: {"digest": asset.digest, "source": source}},
        )

    def _exact(self, asset: PlannedAsset, texts: Mapping[str, str]) -> Mapping[str, str]:
        """The asset paths as they are written: with the numbers of versions, where these are wanted."""
        if not self.plan.is_frozen:
            return texts
        heads = {f"{ref}/latest/": f"{self.versions[ref].ref}/" for ref in asset.needs}
        return {
            path: next((text.replace(head, exact, 1) for head, exact in heads.items() if text.startswith(head)), text)
            for path, text in texts.items()
        }

    def _publish_set(self, publications: Sequence[Publication], key: str) -> list[Version]:
        """Publish a set, or wait for who is at it already and take what came of that."""

        def tell(done: int, _: int) -> None:
            self._tell(key, done)

        while True:
            try:
                return publishing.publish_set(
                    self.context, publications, key=key, lease=_LEASE, progress=tell, cancel=self.cancel
                )
            except ConflictError as error:
                self._wait(error)

    def _wait(self, error: ConflictError) -> None:
        """Wait a moment while a set is being published by another process, and take over from one that is lost."""
        answers = self.context.get_many(list(error.blockers)) if error.blockers else []
        held = [each for each in answers if isinstance(each, Version) and each.state == "reserved"]
        if not held:
            raise error
        if self.cancel():
            raise StorageError("ingesting was cancelled", reason="cancelled") from error
        recovery.recover_own(self.context)  # of this machine; that others died is only told by their leases
        if any(each.lease_until and each.lease_until < self.context.clock() for each in held):
            recovery.recover(self.context, self.plan.project)
        time.sleep(_PAUSE)

    def _tell(self, key: str, done: int) -> None:
        if self.progress:
            with self.lock:  # sets tell at once, and who is told need not know of threads
                self.done[key] = done
                self.progress(min(sum(self.done.values()), self.total), self.total)


def _sets(assets: Sequence[PlannedAsset]) -> Iterator[list[PlannedAsset]]:
    """Assets in sets that are neither too many nor too large."""
    members: list[PlannedAsset] = []
    size = 0
    for asset in assets:
        if members and (len(members) == _SET or size + asset.size > _SET_SIZE):
            yield members
            members, size = [], 0
        members.append(asset)
        size += asset.size
    if members:
        yield members


def _done(made: Iterable[futures.Future[T]]) -> Iterator[T]:
    """What comes of each; when some fail the others come to their end, then one of the failures is raised."""
    started = list(made)
    futures.wait(started)
    yield from (each.result() for each in sorted(started, key=_gravity))


def _gravity(ended: futures.Future[T]) -> int:
    """What went well comes first, and that it was cancelled hides nothing worse."""
    error = ended.exception()
    if error is None:
        return 0
    return 2 if isinstance(error, StorageError) and error.reason == "cancelled" else 1


def _key(plan: IngestPlan, assets: Sequence[PlannedAsset]) -> str:
    """One text for the same set of the same folder from the same state, in every process: it is published once."""
    told = [[asset.ref, asset.digest, asset.number] for asset in assets]
    return f"ingest {hashlib.sha256(json.dumps([str(plan.folder), _LEASE, told]).encode()).hexdigest()}"


def _representations(paths: Mapping[str, Path]) -> dict[str, dict[str, Path]]:
    """The files by the names that they shall have, over as many representations as a catalog needs to list them."""
    found: dict[str, dict[str, Path]] = {"usd": {}}
    listed = 0
    for name, path in paths.items():
        size = len(json.dumps(name)) + 200
        if listed + size > _LISTED:
            found[f"usd_{len(found) + 1}"] = {}
            listed = 0
        listed += size
        list(found.values())[-1][name] = path
    return found
