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
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bifrost_sdk.domain.changes import Change, Ensure
from bifrost_sdk.domain.production import Asset, AssetType
from bifrost_sdk.domain.versions import AssetDependency, Version
from bifrost_sdk.errors import ConflictError, StorageError
from bifrost_sdk.integrations.usd.ingestion import INGESTED, Ingested, Ingestion, IngestPlan, PlannedAsset
from bifrost_sdk.integrations.usd.naming import Names
from bifrost_sdk.integrations.usd.planning import Options, plan
from bifrost_sdk.integrations.usd.rewriting import write_copy
from bifrost_sdk.integrations.usd.surveying import Cancel, Progress
from bifrost_sdk.services import publishing, recovery
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.publications import Publication
from bifrost_sdk.session.session import Session

#: So many assets, or so many bytes, are published in one set.
_SET = 100
_SET_SIZE = 1 << 30

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
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> IngestPlan:
    """What ingesting a folder would do; nothing is changed, on disk or in the catalog.

    `project` is the session's own unless it is named. `names` says how assets are called: patterns of folders or layers
    below `folder` -> ``type/code``, in which ``{name}`` is the code that would be found; a folder that matches is one
    asset with all below it. With `freeze` references between assets name exact versions instead of the latest one.
    `progress` is told the layers that were read, and in all.

    Raises:
        StorageError: the folder cannot be read, or `cancel` said so.
        ValidationError: `names` or `product` are no codes, or the folder holds a workspace.
        NotFoundError: there is no such project.
    """
    context = session.context
    owner = context.project_of(project)
    options = Options(product=product, names=dict(names or {}), is_frozen=freeze)
    return plan(context, Path(folder), owner.code, options, progress=progress, cancel=cancel)


def ingest(
    session: Session,
    folder: str | os.PathLike[str] | IngestPlan,
    *,
    project: Item | None = None,
    product: str = "usd",
    names: Names | None = None,
    freeze: bool = False,
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
        made = plan_ingest(session, folder, project=project, product=product, names=names, freeze=freeze, cancel=cancel)
    return _Ingesting(session.context, made, progress, cancel).run()


class _Ingesting:
    """One plan being carried out; `versions` are those that stand for each product by now."""

    def __init__(self, context: Context, made: IngestPlan, progress: Progress | None, cancel: Cancel | None) -> None:
        self.context = context
        self.plan = made
        self.progress = progress
        self.cancel = cancel
        self.versions: dict[str, Version] = {}
        self.total = sum(asset.size for asset in made.assets if asset.state != "same")
        self.done = 0

    def run(self) -> Ingestion:
        """Publish set after set."""
        found: list[Ingested] = []
        is_whole = True
        try:
            self._ensure_assets()
            for members in self._sets():
                found += self._publish(members)
        except StorageError as error:
            if error.reason != "cancelled":
                raise
            is_whole = False
        made = self.plan
        return Ingestion(made.project, made.folder, tuple(found), made.problems, made.unmatched, is_whole)

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

    def _sets(self) -> Iterator[list[PlannedAsset]]:
        """The assets in sets that are the same whenever the folder is planned, in an order that needs allow."""
        members: list[PlannedAsset] = []
        size = 0
        for asset in self.plan.assets:
            is_full = len(members) == _SET or (size and size + asset.size > _SET_SIZE)
            if is_full or (self.plan.is_frozen and {each.ref for each in members} & set(asset.needs)):
                yield members
                members, size = [], 0
            members.append(asset)
            size += asset.size
        if members:
            yield members

    def _publish(self, members: Sequence[PlannedAsset]) -> list[Ingested]:
        """Publish those of a set that have changed; the others are told as they stand."""
        if self.cancel and self.cancel():
            raise StorageError("ingesting was cancelled", reason="cancelled")
        changed = [asset for asset in members if asset.state != "same"]
        self.versions |= {asset.ref: asset.latest for asset in members if asset.latest and asset.state == "same"}
        if changed:
            with tempfile.TemporaryDirectory(prefix="bifrost-ingest-") as folder:
                publications: dict[str, Publication] = {}
                for index, asset in enumerate(changed):
                    publications[asset.ref] = self._publication(asset, Path(folder, str(index)), publications)
                made = self._publish_set(list(publications.values()), _key(self.plan.project, changed))
            self.versions |= dict(zip(publications, made, strict=True))
            self.done += sum(asset.size for asset in changed)
        return [Ingested(asset, self.versions[asset.ref], asset.state != "same") for asset in members]

    def _publication(self, asset: PlannedAsset, staged: Path, others: Mapping[str, Publication]) -> Publication:
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
        return Publication(
            owner,
            product,
            _representations(paths),
            comment=f"ingested from {self.plan.folder.name}{'/' if source else ''}{source}",
            depends_on=[
                *(others.get(ref) or self.versions[ref] for ref in asset.needs),
                *(AssetDependency(id) for id in asset.managed),
            ],
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
        while True:
            try:
                return publishing.publish_set(
                    self.context, publications, key=key, lease=_LEASE, progress=self._tell, cancel=self.cancel
                )
            except ConflictError as error:
                self._wait(error)

    def _wait(self, error: ConflictError) -> None:
        """Wait a moment while a set is being published by another process, and take over from one that is lost."""
        answers = self.context.get_many(list(error.blockers)) if error.blockers else []
        held = [each for each in answers if isinstance(each, Version) and each.state == "reserved"]
        if not held:
            raise error
        if self.cancel and self.cancel():
            raise StorageError("ingesting was cancelled", reason="cancelled") from error
        if any(each.lease_until and each.lease_until < self.context.clock() for each in held):
            recovery.recover(self.context, self.plan.project)
        time.sleep(_PAUSE)

    def _tell(self, done: int, _: int) -> None:
        if self.progress:
            self.progress(min(self.done + done, self.total), self.total)


def _key(project: str, assets: Sequence[PlannedAsset]) -> str:
    """One text for the same set from the same state, whoever computes it, so that it is published once."""
    told = [[asset.ref, asset.digest, asset.latest.number if asset.latest else 0] for asset in assets]
    return f"ingest {hashlib.sha256(json.dumps([project, told]).encode()).hexdigest()}"


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
