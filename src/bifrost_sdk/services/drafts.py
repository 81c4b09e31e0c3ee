"""What is asked to be published, looked at and given its published names: all of it known before a number is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias, get_args

import attrs

from bifrost_sdk.domain import codes, wire
from bifrost_sdk.domain.entity import DOCUMENT_LIMIT, Entity, Node
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import LEASE, AssetDependency, File, Product, Representation, Version
from bifrost_sdk.errors import ConflictError, Issue, ValidationError
from bifrost_sdk.services import dependencies, destinations, digests, inplace, originals, sources, staging
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.dependencies import Dependency
from bifrost_sdk.services.destinations import Wanted
from bifrost_sdk.services.identity import derived_id
from bifrost_sdk.services.inplace import Spot
from bifrost_sdk.services.manifests import Entry, Manifest, listing_digest
from bifrost_sdk.services.publications import Publication
from bifrost_sdk.services.sources import ROOT, Files, Piece, Source
from bifrost_sdk.services.staging import Transfer

#: What a version says of itself in its manifest, for whoever has to know it again without a catalog.
_TOLD = ("product", "comment", "description", "tags", "metadata", "source", "task", "created_by", "created_at")

# What the documents of a commit need besides the files that are listed in them, in bytes.
_HEADROOM = 2_048
# Up to so many bytes are read again to tell whether a key comes with the same files.
_CHEAP = 1 << 28
_SOME_HASH = "sha256:" + 64 * "0"


#: What is told of each file: the entries of each piece, by representation.
Entries: TypeAlias = Mapping[str, Sequence[Sequence[Entry]]]


@attrs.frozen
class Draft:
    """One version to be made: its entities, the files by representation, and where they lie if they stay there."""

    product: Product
    version: Version
    made: Mapping[str, tuple[Piece, ...]]
    needed: tuple[AssetDependency, ...]
    spots: Mapping[str, Spot] | None
    new_id: Callable[[], str]

    @property
    def size(self) -> int:
        """Of all files, in bytes."""
        return sum(piece.size for pieces in self.made.values() for piece in pieces)

    def check_size(self) -> None:
        """Refuse what will not fit the catalog's documents, before it is copied.

        Raises:
            ValidationError: a representation lists too many files, or there are too many dependencies.
        """
        for key, pieces in self.made.items():
            check_listing(self.version.id, key, pieces)
        whole = attrs.evolve(self.version, dependencies=self.needed)
        _check_document(whole, "depends_on", "there is too much text or there are too many dependencies", "give less")

    def check_same(self, context: Context, version: Version) -> Version:
        """The version, which was published earlier under the key that this comes with.

        Contents are compared up to so much that reading them again costs little; beyond that, sizes tell.

        Raises:
            ConflictError: it holds other files.
        """
        found = context.every(Query("representation", project=version.project).where(version=version.id))
        kept = {(item.name, file.name): file for item in found for file in item.files}
        asked = {(key, piece.name): piece for key, pieces in self.made.items() for piece in pieces}
        differences = [
            f"{key}: {name} {difference}"
            for key, name in sorted(kept.keys() | asked.keys())
            if (difference := self._difference(kept.get((key, name)), asked.get((key, name))))
        ]
        if differences:
            message = (
                f"the key was used for {version.ref}, which differs: {'; '.join(differences)}; publish with a new key"
            )
            raise ConflictError(message, blockers=[version.ref])
        return version

    def _difference(self, kept: File | None, asked: Piece | None) -> str:
        if kept is None or asked is None:
            return "was not published" if kept is None else "was published, and is not asked for"
        if (kept.size, kept.count) != (asked.size, len(asked.sources)):
            return "has another size"
        if (kept.frames, kept.udims) != (asked.frames, asked.udims):
            return "has other frames or tiles"
        if self.size > _CHEAP:
            return ""
        algorithm = digests.algorithm_of(kept.hash)
        read = _file(asked, [staging.entry(source, algorithm=algorithm) for source in asked.sources])
        return "" if read.hash == kept.hash else "has other content"

    @property
    def sources(self) -> Iterator[Source]:
        """Every file."""
        return (source for pieces in self.made.values() for piece in pieces for source in piece.sources)

    def describe(self, version: Version, folder: str, entries: Entries, members: Sequence[str] = ()) -> Manifest:
        """What the manifest says of the reserved version, in that folder unless its files stay where they lie."""
        representations = []
        for key, pieces in self.made.items():
            spot = self.spots[key] if self.spots is not None else Spot(version.root, folder)
            made = Representation(
                id=self.new_id(),
                project=version.project,
                version=version.id,
                name=key,
                root=spot.root,
                folder=spot.folder,
                files=list_files(pieces, entries[key]),
            )
            representations.append(made)
        assert version.number is not None  # the authority numbers what it reserves
        document = wire.to_document(version)
        return Manifest(
            version=version.id,
            project=version.project,
            path=version.path,
            number=version.number,
            about={name: told for name in _TOLD if (told := document.get(name))},
            members=tuple(members) if len(members) > 1 else (),
            dependencies=self.needed,
            representations=tuple(representations),
            entries=tuple(entry for pieces in entries.values() for found in pieces for entry in found),
        )

    def read(self, take: Callable[[Source], Entry]) -> Entries:
        """What `take` makes of each file."""
        return {
            key: [[take(source) for source in piece.sources] for piece in pieces] for key, pieces in self.made.items()
        }


def plan(
    context: Context,
    publications: Sequence[Publication],
    *,
    transfer: Transfer = "copy",
    key: str | None = None,
    lease: int = LEASE,
) -> list[Draft]:
    """What is to be made of each publication; nothing is written.

    Raises:
        ValidationError: a request is wrong, or they are of several projects, or two of one product, or what is
            published is to be moved away.
        NotFoundError: an owner is not there.
        TemplateError: a template cannot make the folder of a version.
        StorageError: a source cannot be read.
        ConfigurationError: the settings ask for hashes whose library is not installed.
    """
    if transfer not in get_args(Transfer):
        hint = f"give one of {', '.join(get_args(Transfer))}"
        raise ValidationError(
            Issue("transfer", f"{transfer!r:.50} is no way to take files over", "transfer", hint=hint)
        )
    digests.hasher_for(context.hash)
    if not publications:
        raise ValidationError(Issue("publications.missing", "there is nothing to publish", "publications"))
    nodes = [context.take(Node, each.owner) for each in publications]
    project = _one_project([context.code_of(node) for node in nodes])
    new_ids = [_ids(context, project, key, index) for index in range(len(publications))]
    versions = {id(each): new_id("version") for each, new_id in zip(publications, new_ids, strict=True)}
    drafts = []
    for asked, node, new_id in zip(publications, nodes, new_ids, strict=True):
        product = Product(id=new_id("product"), project=project, parent=node.id, code=codes.check_code(asked.product))
        made, spots = _gathered(context, product.code, asked.files, transfer)
        needed = _needed(context, project, asked.depends_on, versions)
        version = _version(context, asked, product, id=versions[id(asked)], lease=lease)
        drafts.append(Draft(product, version, made, needed, spots, context.new_id))
    _refuse_twice(drafts)
    given = [source for draft in drafts for source in draft.sources]
    if transfer == "move":
        originals.refuse_published(context, project, given)
    if transfer == "adopt":
        originals.refuse_fleeting(context, given)
    else:
        drafts = _destined(context, nodes, drafts)
    for draft in drafts:
        draft.check_size()
    return drafts


def _version(context: Context, asked: Publication, product: Product, *, id: str, lease: int) -> Version:
    """The version as it is to be reserved."""
    return Version(
        id=id,
        project=product.project,
        product=product.id,
        comment=asked.comment,
        description=asked.description,
        tags=asked.tags,
        metadata=asked.metadata or {},
        source=asked.source,
        task=context.id_of(asked.task) if asked.task else None,
        status=context.named("status", product.project, asked.status) if asked.status else None,
        lease=lease,
    )


def _destined(context: Context, nodes: Sequence[Node], drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts with the folders that their files are put in."""
    wanted = [Wanted(node, draft.product) for node, draft in zip(nodes, drafts, strict=True)]
    found = zip(drafts, destinations.choose(context, wanted), strict=True)
    return [
        attrs.evolve(draft, version=attrs.evolve(draft.version, root=root, folder=folder))
        for draft, (root, folder) in found
    ]


def _gathered(
    context: Context, product: str, files: Files, transfer: Transfer
) -> tuple[dict[str, tuple[Piece, ...]], dict[str, Spot] | None]:
    """The pieces by representation, and where these lie when they stay there."""
    if transfer != "adopt":
        return sources.gather(product, files, root=context.roots.get(ROOT)), None
    return inplace.lying(sources.gather(product, files, renames=False), context.roots)


def _one_project(codes: Sequence[str]) -> str:
    if len(found := dict.fromkeys(codes)) > 1:
        message = f"one set is of one project, not of {', '.join(found)}"
        raise ValidationError(Issue("publications.project", message, "publications", hint="publish a set for each"))
    return codes[0]


def _refuse_twice(drafts: Sequence[Draft]) -> None:
    seen: set[tuple[str | None, str]] = set()
    for draft in drafts:
        place = (draft.product.parent, codes.fold(draft.product.code))
        if place in seen:
            message = f"the set holds the product {draft.product.code!r} of one owner twice"
            raise ValidationError(
                Issue("publications.twice", message, "publications", hint="publish one after the other")
            )
        seen.add(place)


def _needed(
    context: Context, project: str, wanted: Sequence[Dependency | Publication], members: Mapping[int, str]
) -> tuple[AssetDependency, ...]:
    """What a version is made of, in order; members of the set by the ids that they will have."""
    if isinstance(wanted, (str, Publication)) or not isinstance(wanted, Sequence):
        wanted = [wanted]
    outside = [item for item in wanted if not isinstance(item, Publication)]
    frozen = iter(dependencies.freeze(context, project, outside))
    needed = []
    for item in wanted:
        if not isinstance(item, Publication):
            needed.append(next(frozen))
        elif id(item) in members:
            needed.append(AssetDependency(members[id(item)]))
        else:
            message = f"{item.product!r} is not published together with this"
            raise ValidationError(Issue("dependency.missing", message, "depends_on", hint="put it into the same set"))
    return tuple(needed)


def check_listing(version: str, key: str, pieces: Sequence[Piece]) -> None:
    """Refuse a representation that lists more files than a document of the catalog holds.

    Raises:
        ValidationError: it does.
    """
    files = list_files(pieces, [[Entry(piece.name, piece.size, _SOME_HASH)] for piece in pieces])
    body = Representation(version=version, name=key, folder="0" * 255, files=files)
    hint = "name frames by a pattern, or publish parts as representations or products of their own"
    _check_document(body, f"files.{key}", f"{len(files)} files are too many for one representation", hint)


def list_files(pieces: Sequence[Piece], entries: Sequence[Sequence[Entry]]) -> tuple[File, ...]:
    """The pieces as a representation lists them; `entries` are those of each."""
    return tuple(_file(piece, found) for piece, found in zip(pieces, entries, strict=True))


def _file(piece: Piece, entries: Sequence[Entry]) -> File:
    return File(
        name=piece.name,
        size=sum(entry.size for entry in entries),
        hash=listing_digest(entries) if piece.files else entries[0].hash,
        padding=piece.files.padding if piece.files else 0,
        frames=piece.frames,
        udims=piece.udims,
        count=len(piece.sources),
    )


def _check_document(entity: Entity, field: str, message: str, hint: str) -> None:
    size = len(wire.to_json(wire.dump(entity)).encode()) + _HEADROOM
    if size > DOCUMENT_LIMIT:
        detail = f"{message}: {size:,} bytes of {DOCUMENT_LIMIT:,}"
        raise ValidationError(Issue("document.size", detail, field, hint=hint))


def _ids(context: Context, project: str, key: str | None, index: int) -> Callable[[str], str]:
    """New ids; with an idempotency key always the same ones, so that the same request reads the same."""
    if key is None:
        return lambda _: context.new_id()

    return lambda what: derived_id(f"{project}\n{context.actor.login}\n{key}\n{what}:{index}")
