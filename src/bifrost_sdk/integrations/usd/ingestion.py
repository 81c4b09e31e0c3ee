"""What ingesting a folder would do, and what it did, as values that can be shown and kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, Literal

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.integrations.usd.dependencies import Problem
from bifrost_sdk.integrations.usd.rewriting import Layout

#: Whether an asset is not there yet, has other content now, is as it was published, or is not published at all.
State = Literal["new", "changed", "same", "held"]


@attrs.frozen
class PlannedAsset:
    """One asset to be: where it goes, of what files, and what changes in its layers.

    `ref` is its product. `texts` are, for each layer that is written anew, the asset paths that change. `digest` tells
    content and place of everything; `latest` is the version that stands now, `number` the highest of any version that
    stands or once stood. `rewritten` is how many asset paths change, wherever they stand. `needs` are the products of
    others that it refers to, `managed` the ids of versions that its layers referred to before. It `is_held` back where
    something else stands under its name, or it refers to what is held back; a problem of the plan says why.
    """

    ref: str
    layout: Layout
    texts: Mapping[str, Mapping[str, str]] = attrs.field(hash=False)
    digest: str
    size: int
    latest: Version | None = None
    number: int = 0
    rewritten: int = 0
    needs: tuple[str, ...] = ()
    managed: tuple[str, ...] = ()
    is_held: bool = False

    @property
    def state(self) -> State:
        """What ingesting means for it."""
        if self.is_held:
            return "held"
        if self.latest is None:
            return "new"
        return "same" if digest_of(self.latest) == self.digest else "changed"

    def to_data(self) -> dict[str, Any]:  # Any: JSON
        """The asset as plain JSON values."""
        return {
            "ref": self.ref,
            "state": self.state,
            "source": self.layout.unit.source,
            "files": list(self.layout.items.values()),
            "bytes": self.size,
            "rewritten": self.rewritten,
            "needs": list(self.needs),
        }


@attrs.frozen
class IngestPlan:
    """What ingesting a folder would do: `assets` in the order in which they are published, each after its needs.

    `unmatched` files are referred to by nothing and lie beside no asset; they are not taken in.
    """

    project: str
    folder: Path
    assets: tuple[PlannedAsset, ...] = attrs.field(repr=False)
    problems: tuple[Problem, ...] = attrs.field(repr=False)
    unmatched: tuple[str, ...] = attrs.field(repr=False)
    is_frozen: bool = False
    is_replacing: bool = False

    def to_data(self) -> dict[str, Any]:  # Any: JSON
        """The plan as plain JSON values."""
        return {
            "project": self.project,
            "folder": str(self.folder),
            "assets": [asset.to_data() for asset in self.assets],
            **_left(self.problems, self.unmatched),
        }


@attrs.frozen
class Ingested:
    """What became of one asset: its `version`, which `is_new` or is the one that stood already."""

    asset: PlannedAsset
    version: Version
    is_new: bool

    def to_data(self) -> dict[str, Any]:  # Any: JSON
        """The asset and its version as plain JSON values."""
        return {**self.asset.to_data(), "version": self.version.ref, "is_new": self.is_new}


@attrs.frozen
class Ingestion:
    """What ingesting a folder did, in the order in which it was done.

    `is_whole`: all of it was done; otherwise it was cancelled, and ingesting again goes on from there.
    """

    project: str
    folder: Path
    assets: tuple[Ingested, ...] = attrs.field(repr=False)
    problems: tuple[Problem, ...] = attrs.field(repr=False)
    unmatched: tuple[str, ...] = attrs.field(repr=False)
    is_whole: bool = True

    @property
    def versions(self) -> list[Version]:
        """Those that were made now."""
        return [each.version for each in self.assets if each.is_new]

    @property
    def rewritten(self) -> int:
        """How many asset paths of the new versions became others."""
        return sum(each.asset.rewritten for each in self.assets if each.is_new)

    def to_data(self) -> dict[str, Any]:  # Any: JSON
        """The report as plain JSON values."""
        return {
            "project": self.project,
            "folder": str(self.folder),
            "is_whole": self.is_whole,
            "made": len(self.versions),
            "kept": len(self.assets) - len(self.versions),
            "rewritten": self.rewritten,
            "assets": [each.to_data() for each in self.assets],
            **_left(self.problems, self.unmatched),
        }


#: Under this name a version's metadata keep what it was ingested from.
INGESTED = "usd_ingest"


def digest_of(version: Version) -> str:
    """What a version was ingested from; empty for one that came in another way."""
    told = version.metadata.get(INGESTED)
    return str(told.get("digest", "")) if isinstance(told, Mapping) else ""


def comes_from(version: Version, folder: Path, source: str) -> bool:
    """Whether a version was ingested from this folder, or from the same place in a folder that is not there any more.

    It was so too where `folder` is only part of the folder that was ingested then, or the other way round.
    """
    told = version.metadata.get(INGESTED)
    if not isinstance(told, Mapping):
        return False
    inside = str(told.get("source", ""))
    there = PurePath(version.source)
    top = there.parents[len(PurePosixPath(inside).parts) - 1] if inside else there
    here = {PurePath(codes.nfc(str(path))) for path in (folder, folder / source)}
    return bool(here & {top, there}) or (inside == source and not os.path.lexists(top))


def _left(problems: tuple[Problem, ...], unmatched: tuple[str, ...]) -> dict[str, Any]:  # Any: JSON
    return {"problems": [attrs.asdict(problem) for problem in problems], "unmatched": list(unmatched)}
