"""What is published: products, their versions, the representations of a version and what it was made of."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

import attrs

from bifrost_sdk.domain import codes, text
from bifrost_sdk.domain.entity import Entity, Node, at_least, check_id, choice, is_truth, optional_id, sibling_key
from bifrost_sdk.domain.filesets import TILES
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.registry import NODES, Relation, register
from bifrost_sdk.domain.spelling import MAX_VERSION
from bifrost_sdk.errors import Issue, ValidationError

#: state -> the states that may follow it
TRANSITIONS: dict[str, tuple[str, ...]] = {
    "reserved": ("published", "abandoned"),
    "published": ("retired",),
    "retired": ("published", "purged"),
    "purged": (),
    "abandoned": (),
}

#: How long a publisher may be silent before others may recover its version, in seconds, unless it says otherwise.
LEASE = 900

#: The longest lease of a reservation, in seconds: 30 days.
LEASE_LIMIT = 2_592_000

#: What content may be hashed by, the usual one first; each gives 32 bytes.
ALGORITHMS = ("sha256", "blake3")

#: Whether a text is a hash as files have it: the algorithm, a colon and 64 hexadecimal digits in lower case.
is_hash = re.compile(f"(?:{'|'.join(ALGORITHMS)}):[0-9a-f]{{64}}").fullmatch

#: What may still change once a version is published.
CHANGEABLE = frozenset({"state", "status", "tags", "description", "metadata"})


@register(
    "product",
    plural="products",
    slots={"parent": "parent", "status": "status"},
    relations=[
        Relation("parent", targets=NODES, inverse="products"),
        Relation("status", targets=("status",), inverse="status_of"),
    ],
    natural_key=sibling_key,
    search=("code", "name", "description", "tags"),
    is_node=True,
    is_leaf=True,
)
@attrs.frozen(kw_only=True)
class Product(Node):
    """One output stream of a node: model, rig, anim. `type` says what it holds; by default its code."""

    type: str = attrs.field(default="", converter=text.line)
    status: str | None = attrs.field(default=None, converter=optional_id)


@attrs.frozen
class AssetDependency:
    """A version that another was made of; `version` is the id of the one that is needed.

    `kind` is ``strong`` (cannot be opened without), ``weak`` (can) or ``reference`` (was looked at). `overrides` are
    JSON values that the dependent applies on top.
    """

    version: str = attrs.field(converter=check_id)
    kind: str = attrs.field(default="strong", validator=choice("strong", "weak", "reference"))
    purpose: str = attrs.field(default="", converter=text.line)
    context: str = attrs.field(default="", converter=text.line)
    optional: bool = attrs.field(default=False, validator=is_truth)
    overrides: Mapping[str, Any] = attrs.field(factory=dict, converter=text.json_object, hash=False)
    unknown: Mapping[str, Any] = attrs.field(factory=dict, converter=text.json_object, repr=False, hash=False)


def _dependencies(values: Any) -> tuple[AssetDependency, ...]:  # Any: checked here
    found = tuple(item if isinstance(item, AssetDependency) else AssetDependency(item) for item in text.listed(values))
    return tuple({(item.version, item.kind, item.context): item for item in found}.values())


def _relative(value: Any) -> str:  # Any: checked here
    path = text.line(value)
    if fault := codes.path_fault(path):
        raise ValidationError(Issue(fault.code, fault.message, subject=repr(path), hint=fault.hint))
    return path


def _folder(value: Any) -> str:  # Any: checked here
    return "" if value == "" else _relative(value)


@register(
    "version",
    plural="versions",
    slots={"parent": "product", "number": "number", "state": "state", "status": "status"},
    relations=[
        Relation("product", targets=("product",), inverse="versions"),
        Relation("dependencies", targets=("version",), many=True, inverse="dependents", across=True, path="version"),
        Relation("task", targets=("task",), inverse="task_versions"),
        Relation("status", targets=("status",), inverse="status_of"),
    ],
    natural_key=lambda version: None if version.number is None else f"v{version.number}",
    search=("comment", "description", "tags"),
    immutable=frozenset({"product", "root", "folder"}),
)
@attrs.frozen(kw_only=True)
class Version(Entity):
    """One numbered, frozen state of a product: of an asset, a shot, a sequence or a project alike.

    `number` counts from 1 and is given by the authority when the version is reserved; it is never used twice. An
    importer may give it, up to 999,999: whatever comes after is counted on from there.
    `state`: reserved -> published -> retired -> purged, or reserved -> abandoned. A retired version is skipped by
    ``latest`` and still resolved by number. `lease_until` is when a reservation may be recovered by others.
    The authority sets it by its own clock, `lease` seconds ahead, whenever a reserved version is written.
    `root` and `folder` say where its files are put, decided when it is reserved: until it has a number, ``%03d`` stands
    for that. `folder` is empty where files stay where they lie; where files are, their representations tell.
    `manifest` is the sha256 of the manifest that lies beside the files.
    """

    product: str = attrs.field(converter=check_id)
    number: int | None = attrs.field(default=None, validator=at_least(1, at_most=MAX_VERSION))
    state: str = attrs.field(default="reserved", validator=choice(*TRANSITIONS))
    comment: str = attrs.field(default="", converter=text.prose)
    description: str = attrs.field(default="", converter=text.prose)
    tags: tuple[str, ...] = attrs.field(default=(), converter=text.tags)
    status: str | None = attrs.field(default=None, converter=optional_id)
    task: str | None = attrs.field(default=None, converter=optional_id)
    source: str = attrs.field(default="", converter=text.line)
    root: str = attrs.field(default="publish", converter=codes.check_code)
    folder: str = attrs.field(default="", converter=_folder)
    dependencies: tuple[AssetDependency, ...] = attrs.field(default=(), converter=_dependencies)
    lease: int = attrs.field(default=LEASE, validator=at_least(1, at_most=LEASE_LIMIT))
    lease_until: datetime.datetime | None = attrs.field(default=None, converter=text.utc)
    manifest: str = attrs.field(default="", converter=text.line)

    @property
    def is_held(self) -> bool:
        """Whether its files are on their way."""
        return self.state == "reserved"

    @property
    def ref(self) -> str:
        """The reference of exactly this version; by id while it has no number or was not committed."""
        if self.number is None or not self.path:
            return super().ref
        return f"bifrost://{self.project}/{self.path}/v{self.number:03d}"


def _frames(value: Any) -> FrameRange | None:  # Any: checked here
    if value is None or isinstance(value, FrameRange):
        return value
    return FrameRange.parse(text.line(value))


def _tiles(values: Any) -> tuple[int, ...]:  # Any: checked here
    tiles = tuple(text.listed(values))
    if wrong := [tile for tile in tiles if type(tile) is not int or tile not in TILES]:
        raise ValidationError(Issue("udim", f"{wrong[0]!r:.50} is no tile: 1001 + u + 10 * v", "udims"))
    return tiles


def _files(values: Any) -> tuple[File, ...]:  # Any: checked here
    files = tuple(text.listed(values))
    if wrong := [file for file in files if not isinstance(file, File)]:
        raise ValidationError(Issue("file", f"{wrong[0]!r:.200} is no File", "files"))
    return files


@attrs.frozen
class File:
    """One file of a representation, or one set of files under a single name.

    `name` is the path inside the representation's folder, ``/`` between its parts, a set as ``<FRAME>`` or
    ``<UDIM>``, with `padding` digits at least for a frame. `size` is in bytes, of all files of a set together.
    `hash` is ``sha256:…`` or ``blake3:…`` of the content; of a set, of its listing in the manifest. It is empty where
    nobody has read the content yet, as of files that were adopted, and may then become known, once.
    """

    name: str = attrs.field(converter=_relative)
    size: int = attrs.field(validator=at_least(0))
    hash: str = attrs.field(converter=text.line)
    frames: FrameRange | None = attrs.field(default=None, converter=_frames)
    udims: tuple[int, ...] = attrs.field(default=(), converter=_tiles)
    padding: int = attrs.field(default=0, validator=at_least(0))
    count: int = attrs.field(default=1, validator=at_least(1))
    unknown: Mapping[str, Any] = attrs.field(factory=dict, converter=text.json_object, repr=False, hash=False)


@register(
    "representation",
    plural="representations",
    slots={"parent": "version"},
    relations=[Relation("version", targets=("version",), inverse="representations")],
    natural_key=lambda representation: codes.fold(representation.name),
    search=("name",),
    immutable=frozenset({"version", "name", "root", "folder", "files"}),
)
@attrs.frozen(kw_only=True)
class Representation(Entity):
    """A version in one format; `name` is its key and role (usd, abc, preview).

    The files lie under the named `root`, in `folder` relative to it, ``/`` between its parts. The first file is the
    main one. They stay as they are, but for hashes that become known.

    One that is added to a version later has a `lease`, in seconds, and no files until they are there. Until then
    `lease_until` says, as for versions, when others may give it up.
    """

    version: str = attrs.field(converter=check_id)
    name: str = attrs.field(converter=codes.check_code)
    root: str = attrs.field(default="publish", converter=codes.check_code)
    folder: str = attrs.field(default="", converter=_folder)
    files: tuple[File, ...] = attrs.field(default=(), converter=_files)
    media_type: str = attrs.field(default="", converter=text.line)
    lease: int = attrs.field(default=0, validator=at_least(0, at_most=LEASE_LIMIT))
    lease_until: datetime.datetime | None = attrs.field(default=None, converter=text.utc)

    @property
    def is_held(self) -> bool:
        """Whether its files are on their way."""
        return bool(self.lease) and not self.files

    @property
    def main(self) -> File | None:
        """The main file, None for a representation without files."""
        return self.files[0] if self.files else None


@register(
    "workfile",
    plural="workfiles",
    slots={"parent": "parent", "number": "number"},
    relations=[
        Relation("parent", targets=NODES, inverse="workfiles"),
        Relation("task", targets=("task",), inverse="task_workfiles"),
    ],
    natural_key=lambda workfile: f"{workfile.root}:{codes.fold(workfile.file)}",
    search=("file", "comment"),
)
@attrs.frozen(kw_only=True)
class Workfile(Entity):
    """A scene that somebody works in; `file` is relative to the named `root`, `number` its own counting.

    `size` in bytes, `hash` (``sha256:…``) and `modified_at`, the file's own time, tell which content was last taken
    in; they are empty until that is done. `modified_at` is empty too when the file was so new then that it may have
    been written again without another time.
    """

    parent: str = attrs.field(converter=check_id)
    file: str = attrs.field(converter=_relative)
    root: str = attrs.field(default="work", converter=codes.check_code)
    number: int | None = attrs.field(default=None, validator=at_least(1))
    task: str | None = attrs.field(default=None, converter=optional_id)
    comment: str = attrs.field(default="", converter=text.prose)
    application: str = attrs.field(default="", converter=text.line)
    size: int | None = attrs.field(default=None, validator=at_least(0))
    hash: str = attrs.field(default="", converter=text.line)
    modified_at: datetime.datetime | None = attrs.field(default=None, converter=text.utc)
