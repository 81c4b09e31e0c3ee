"""What is to be published, as validators are shown it: everything that is known before a number is taken."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import attrs

from bifrost_sdk.domain import signatures
from bifrost_sdk.domain.entity import Node
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.versions import AssetDependency
from bifrost_sdk.errors import Issue, StorageError, ValidationError
from bifrost_sdk.services import dependencies, sources
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.dependencies import Dependency
from bifrost_sdk.services.publications import Publication
from bifrost_sdk.services.sources import ROOT, Files, Piece, Source

if TYPE_CHECKING:  # it brings what a name alone does not need
    from bifrost_sdk.services.drafts import Draft

T = TypeVar("T")


class Offered(NamedTuple):
    """One file of a proposal: the representation that it is for, and the piece that it belongs to."""

    key: str
    piece: Piece
    source: Source


def _as_range(value: FrameRange | str | None) -> FrameRange | None:
    return FrameRange.parse(value) if isinstance(value, str) else value


@attrs.frozen(eq=False, kw_only=True)
class Proposal:
    """What somebody wants to publish.

    `files` is what was given, `pieces` what of it was found: by representation, with the published names.
    `dependencies` are the exact versions that are meant, `task` is an id, `source` what it was made from, as text.
    `frames` are those that its sequences are said to have.
    """

    context: Context
    owner: Node
    product: str
    files: Files
    pieces: Mapping[str, tuple[Piece, ...]] = attrs.field(factory=dict)
    dependencies: tuple[AssetDependency, ...] = ()
    task: str | None = None
    source: str = ""
    comment: str = ""
    tags: Sequence[str] = ()
    metadata: Mapping[str, Any] = attrs.field(factory=dict)  # Any: JSON
    frames: FrameRange | None = attrs.field(default=None, converter=_as_range)
    _heads: dict[Source, bytes | OSError] = attrs.field(factory=dict, init=False, repr=False)

    @property
    def project(self) -> str:
        """The code of the project."""
        return self.context.code_of(self.owner)

    @property
    def kinds(self) -> frozenset[str]:
        """What validators choose by: the kind of the owner, and the keys of the representations."""
        return frozenset((self.owner.kind, *self.pieces))

    def offered(self) -> Iterator[Offered]:
        """Every file, in the order of the representations."""
        for key, pieces in self.pieces.items():
            yield from (Offered(key, piece, source) for piece in pieces for source in piece.sources)

    def head(self, source: Source) -> bytes:
        """The first bytes of a file, read once.

        Raises:
            OSError: it cannot be read.
        """
        if source not in self._heads:
            try:
                with source.path.open("rb", buffering=0) as file:
                    self._heads[source] = file.read(signatures.LENGTH)
            except OSError as error:
                self._heads[source] = error
        found = self._heads[source]
        if isinstance(found, OSError):
            raise found
        return found

    def gathered(self) -> tuple[Proposal, tuple[Issue, ...]]:
        """The proposal with what its files are now on disk, and why some are not to be had."""
        pieces, issues = _gathered(self.product, self.files, self.context.roots.get(ROOT))
        return attrs.evolve(self, pieces=pieces), issues


def propose(
    context: Context,
    owner: Item,
    product: str,
    files: Files,
    *,
    depends_on: Sequence[Dependency] = (),
    task: Item | None = None,
    **fields: Any,  # Any: further fields of a Proposal
) -> tuple[Proposal, tuple[Issue, ...]]:
    """What is to be published as far as it can be had, and why the rest cannot: files and dependencies alike.

    Raises:
        NotFoundError: there is no such owner or task.
    """
    node = context.take(Node, owner)
    needed, missing = _frozen(context, context.code_of(node), depends_on)
    draft = Proposal(
        context=context,
        owner=node,
        product=product,
        files=files,
        dependencies=needed,
        task=context.id_of(task) if task else None,
        **fields,
    )
    proposal, issues = draft.gathered()
    return proposal, (*issues, *missing)


def proposals_of(context: Context, publications: Sequence[Publication], drafts: Sequence[Draft]) -> list[Proposal]:
    """What was planned of these publications, without dependencies on others of the set, which are not there yet.

    Raises:
        NotFoundError: an owner is not there any more.
    """
    own = {draft.version.id for draft in drafts}
    return [
        Proposal(
            context=context,
            owner=context.take(Node, asked.owner),
            product=draft.product.code,
            files=asked.files,
            pieces=draft.made,
            dependencies=tuple(needed for needed in draft.needed if needed.version not in own),
            task=draft.version.task,
            source=draft.version.source,
            comment=draft.version.comment,
            tags=draft.version.tags,
            metadata=draft.version.metadata,
            frames=asked.frames,
        )
        for asked, draft in zip(publications, drafts, strict=True)
    ]


def _gathered(
    product: str,
    files: Any,  # Any: as given; judged by sources.gather
    root: Path | None,
) -> tuple[dict[str, tuple[Piece, ...]], tuple[Issue, ...]]:
    """What there is of each representation: one that cannot be had does not hide what is wrong with the others."""
    found, refused = _tried(functools.partial(sources.gather, product, files, root=root), "files")
    if found is not None:
        return found, ()
    pieces: dict[str, tuple[Piece, ...]] = {}
    issues: list[Issue] = []
    for key, items in files.items() if isinstance(files, Mapping) else ():
        gather = functools.partial(sources.gather, product, {key: items}, root=root)
        alone, wrong = _tried(gather, f"files.{key}")
        pieces |= alone or {}
        issues += wrong
    return pieces, tuple(issues) or refused


def _frozen(
    context: Context,
    project: str,
    wanted: Any,  # Any: dependencies, or a single one
) -> tuple[tuple[AssetDependency, ...], tuple[Issue, ...]]:
    found, refused = _tried(functools.partial(dependencies.freeze, context, project, wanted), "depends_on")
    if found is not None:
        return found, ()
    alone: list[AssetDependency] = []
    for item in wanted if isinstance(wanted, (list, tuple)) else ():
        alone += _tried(functools.partial(dependencies.freeze, context, project, [item]), "depends_on")[0] or ()
    return tuple(alone), refused


def _tried(make: Callable[[], T], path: str) -> tuple[T | None, tuple[Issue, ...]]:
    try:
        return make(), ()
    except ValidationError as error:
        return None, error.issues
    except StorageError as error:
        return None, (Issue("files.storage", str(error), path, error.path),)
