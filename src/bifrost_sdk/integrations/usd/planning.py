"""What would be done with a folder, found out without doing it: its assets, their names, and what has changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import BifrostError, Issue, NotFoundError, StorageError, ValidationError
from bifrost_sdk.integrations.usd import naming
from bifrost_sdk.integrations.usd.dependencies import Link, Problem
from bifrost_sdk.integrations.usd.grouping import Unit, group
from bifrost_sdk.integrations.usd.ingestion import INGESTED, IngestPlan, PlannedAsset, comes_from, digest_of
from bifrost_sdk.integrations.usd.naming import Names
from bifrost_sdk.integrations.usd.rewriting import Layout, sets_of, texts_of
from bifrost_sdk.integrations.usd.surveying import Cancel, Progress, Survey, survey
from bifrost_sdk.services import staging
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.sources import ROOT

#: A version names no more of those that it needs: a document of the catalog has a limit.
NEEDS = 600

#: Part of each digest: raised when the same folder would be published otherwise than before.
_FORM = 1


@attrs.frozen(kw_only=True)
class Options:
    """How a folder is ingested.

    `product` is the code of the product that each asset gets. `names` says how assets are called: patterns of folders
    and layers -> ``type/code``, with ``{name}`` for the code that would be found; a folder that matches is one asset.
    `is_frozen`: references between assets name exact versions instead of the latest. `is_replacing`: what stands under
    the name of an asset and came from elsewhere gets a version of it, too.
    """

    product: str = attrs.field(default="usd", converter=codes.check_code)
    names: Names = attrs.field(factory=dict, hash=False)
    is_frozen: bool = False
    is_replacing: bool = False


def plan(
    context: Context,
    folder: Path,
    project: str,
    options: Options,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> IngestPlan:
    """See `bifrost_sdk.integrations.usd.ingesting.plan_ingest`."""
    _refuse_published(context, folder)
    found = survey(folder, progress=progress, cancel=cancel)
    grouping = group(found.holdings, whole=tuple(options.names))
    places = naming.places(grouping.units, names=options.names)
    refs = {
        unit: f"bifrost://{project}/assets/{type_}/{code}/{options.product}" for unit, (type_, code) in places.items()
    }
    planning = _Planning(context, found, options, refs, cancel=cancel)
    assets = tuple(planning.assets(grouping.units, project))
    problems = (*found.problems, *planning.problems)
    told = problems, grouping.unmatched, options.is_frozen, options.is_replacing
    return IngestPlan(project, found.folder.path, assets, *told)


def _refuse_published(context: Context, folder: Path) -> None:
    """Refuse a folder that holds what is published, or is part of it."""
    root = context.roots.get(ROOT)
    if root is None:
        return
    one, other = Path(os.path.realpath(root)), Path(os.path.realpath(folder))
    if one.is_relative_to(other) or other.is_relative_to(one):
        message = f"{folder} and {root}, where published files lie, are one within the other"
        raise ValidationError(Issue("files.around", message, "folder", hint="give a folder of sources"))


class _Planning:
    """One plan being made: each unit after those that it needs."""

    def __init__(
        self, context: Context, found: Survey, options: Options, refs: dict[Unit, str], *, cancel: Cancel | None
    ) -> None:
        self.context = context
        self.found = found
        self.options = options
        self.refs = refs
        self.cancel = cancel
        self.layouts: dict[str, Layout] = {}
        self.digests: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.held: set[str] = set()
        self.managed = self._managed()

    def assets(self, units: Sequence[Unit], project: str) -> Iterator[PlannedAsset]:
        """What becomes of each unit."""
        standing = self._standing([self.refs[unit] for unit in units])
        sources = {self.refs[unit]: unit.source for unit in units}
        is_settled = len(standing) == len(units) and all(
            comes_from(version, self.found.folder.path, sources[ref]) for ref, version in standing.items()
        )
        moved = {} if is_settled else self._moved(project, standing)
        numbers = self._withdrawn(project)
        sets = sets_of(self.found.layers.values())
        for unit in units:
            layout = Layout.of(unit, {pattern: files for pattern, files in sets.items() if files & set(unit.files)})
            self.layouts.update(dict.fromkeys([*unit.files, *layout.items], layout))
            self.problems += (
                Problem("name", file, f"is called {name} in the version, since none can hold its name")
                for file, name in layout.renamed.items()
            )
            asset = self._asset(layout)
            self.problems += _too_many(asset)
            latest = standing.get(asset.ref)
            if latest is None or self._is_other(latest, asset):
                latest = moved.pop(asset.digest, None) or latest
            if latest is not None:
                self.refs[unit] = latest.ref.rpartition("/")[0]
            ref = self.refs[unit]
            number = max(numbers.get(ref, 0), latest.number or 0 if latest else 0)
            asset = self._held(attrs.evolve(asset, ref=ref, latest=latest, number=number))
            self.digests[asset.ref] = asset.digest
            yield asset

    def _is_other(self, latest: Version, asset: PlannedAsset) -> bool:
        """Whether what stands there is something else than what is ingested, which nobody said is to replace it."""
        is_known = self.options.is_replacing or digest_of(latest) == asset.digest
        return not is_known and not comes_from(latest, self.found.folder.path, asset.layout.unit.source)

    def _held(self, asset: PlannedAsset) -> PlannedAsset:
        """The asset, held back and told where something else has its name, or what it refers to is held back."""
        unit = asset.layout.unit
        if asset.latest and self._is_other(asset.latest, asset):
            came = f"was ingested from {asset.latest.source}" if digest_of(asset.latest) else "was not ingested"
            reason = f"is not published, as {asset.latest.ref} by {asset.latest.created_by} {came}"
            type_, code = asset.ref.split("/")[-3:-1]
            hint = (
                f"name it otherwise (names, --name '{unit.source or '.'}={type_}/{code}_2'), "
                "or say that it replaces that (replace, --replace)"
            )
            self.problems.append(Problem("taken", unit.source or unit.main, reason, hint=hint))
        elif needed := [ref for ref in asset.needs if ref in self.held]:
            more = f" and {len(needed) - 1:,} more" if len(needed) > 1 else ""
            reason = f"is not published, as it refers to what would be {needed[0]}{more}"
            self.problems.append(Problem("held", unit.source or unit.main, reason, hint="settle that first"))
        else:
            return asset
        self.held.add(asset.ref)
        return attrs.evolve(asset, is_held=True)

    def _asset(self, layout: Layout) -> PlannedAsset:
        needs: dict[str, None] = {}

        def reference(link: Link) -> str:
            other = self.layouts[link.files[0]]
            ref = self.refs[other.unit]
            needs[ref] = None
            return f"{ref}/latest/{other.name_of(link.target)}"

        layers = [file for file in layout.unit.files if file in self.found.layers]
        texts = {layer: texts_of(self.found.layers[layer], layer, layout, reference) for layer in layers}
        texts = {layer: changed for layer, changed in texts.items() if changed}
        managed = {
            id: None for layer in layers for ref in self.found.layers[layer].managed if (id := self.managed[ref])
        }
        paths = [self.found.folder.path / file for file in layout.unit.files]
        return PlannedAsset(
            ref=self.refs[layout.unit],
            layout=layout,
            texts=texts,
            digest=self._digest(layout, texts, tuple(needs)),
            size=sum(path.stat().st_size for path in paths),
            rewritten=sum(
                self.found.layers[layer].counts[path] for layer, changed in texts.items() for path in changed
            ),
            needs=tuple(needs),
            managed=tuple(managed),
        )

    def _digest(self, layout: Layout, texts: Mapping[str, Mapping[str, str]], needs: Sequence[str]) -> str:
        """What tells whether the unit is as it was: content, names, new paths, and exact versions where these count."""
        told = {
            "form": _FORM,
            "main": layout.name_of(layout.unit.main),
            "files": sorted([layout.name_of(file), self._hash(file)] for file in layout.unit.files),
            "texts": {layout.name_of(layer): dict(changed) for layer, changed in texts.items()},
            "needs": {ref: self.digests[ref] for ref in needs} if self.options.is_frozen else None,
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()

    def _hash(self, file: str) -> str:
        hasher = hashlib.sha256()
        path = self.found.folder.path / file
        try:
            with path.open("rb", buffering=0) as read:
                while block := read.read(staging.BLOCK):
                    hasher.update(block)
                    if self.cancel and self.cancel():
                        raise StorageError("planning was cancelled; nothing was done", reason="cancelled")
        except OSError as error:
            reason = error.strerror or str(error)
            raise StorageError(f"cannot read {path}: {reason}", path=str(path), reason=reason) from error
        return hasher.hexdigest()

    def _standing(self, refs: Sequence[str]) -> dict[str, Version]:
        """The latest versions of the products that are there under these references."""
        answers = self.context.get_many([f"{ref}/latest" for ref in refs])
        return {ref: answer for ref, answer in zip(refs, answers, strict=True) if isinstance(answer, Version)}

    def _moved(self, project: str, standing: Mapping[str, Version]) -> dict[str, Version]:
        """Latest versions that were ingested from folders which are not there any more, by their digests."""
        query = Query("version", project=project).where(state="published", **{f"metadata__{INGESTED}__isnull": False})
        latest: dict[str, Version] = {}
        for version in self.context.every(query):
            if version.product not in latest or version.number > latest[version.product].number:
                latest[version.product] = version
        taken = {version.product for version in standing.values()}
        return {digest_of(version): version for product, version in latest.items() if product not in taken}

    def _withdrawn(self, project: str) -> dict[str, int]:
        """The highest number of a version that stood and does not any more, by product."""
        query = Query("version", project=project).where(state__in=["retired", "purged"])
        numbers: dict[str, int] = {}
        for version in self.context.every(query):
            ref = version.ref.rpartition("/")[0]
            numbers[ref] = max(numbers.get(ref, 0), version.number)
        return numbers

    def _managed(self) -> dict[str, str]:
        """The ids of the versions that layers refer to already; empty for references that lead nowhere."""
        refs = list(dict.fromkeys(ref for contents in self.found.layers.values() for ref in contents.managed))
        answers = (
            dict(zip(refs, self.context.catalog.resolve(refs, view=self.context.view), strict=True)) if refs else {}
        )
        for layer, contents in self.found.layers.items():
            for ref in contents.managed:
                if isinstance(error := answers[ref], BifrostError):
                    hint = "publish what it needs first, or change the reference"
                    reason = error.reason if isinstance(error, NotFoundError) and error.reason else str(error)
                    self.problems.append(Problem("missing", layer, reason or "not found", path=ref, hint=hint))
        return {ref: "" if isinstance(answer, BifrostError) else answer.version for ref, answer in answers.items()}


def _too_many(asset: PlannedAsset) -> Iterator[Problem]:
    count = len(asset.needs) + len(asset.managed)
    if count > NEEDS:
        reason = f"refers to {count:,} assets, and its version names {NEEDS:,} as dependencies; it opens all the same"
        yield Problem("needs", asset.layout.unit.main, reason, hint="put assets together in sets that it refers to")
