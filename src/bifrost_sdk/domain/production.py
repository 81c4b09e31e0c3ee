"""The tree of a project: asset types and assets, episodes, sequences and shots, and what they are cast with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from bifrost_sdk.domain import codes, text
from bifrost_sdk.domain.attributes import AttributeType, attribute_types
from bifrost_sdk.domain.entity import Entity, Node, at_least, check_id, choice, optional_id, sibling_key
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.registry import Relation, register
from bifrost_sdk.errors import Issue, ValidationError

#: The reserved project that holds users, roles, teams and the list of projects.
STUDIO = "studio"

_STATUS = Relation("status", targets=("status",), inverse="status_of")
_NODE_SLOTS = {"parent": "parent", "status": "status"}
_SEARCH = ("code", "name", "description", "tags")


def _frames(value: Any) -> FrameRange | None:  # Any: checked here
    if value is None or isinstance(value, FrameRange):
        return value
    return FrameRange.parse(text.line(value))


def _is_top(_: Any, __: Any, value: str | None) -> None:  # Any: the signature that attrs asks for
    if value is not None:
        raise ValidationError(Issue("project.parent", "a project lies below nothing", "parent"))


@register(
    "project",
    plural="projects",
    slots={"state": "state"},
    relations=[Relation("default_role", targets=("role",))],
    natural_key=sibling_key,
    search=_SEARCH,
    immutable=frozenset({"code"}),
    is_node=True,
    scope=STUDIO,
)
@attrs.frozen(kw_only=True)
class Project(Node):
    """One production; its code is the host part of references and never changes.

    `attribute_types` declares the typed attributes that nodes of this project may carry. `default_role` is the role
    of everybody who has no membership (None: they see nothing). `state` is ``active`` or ``archived`` (read-only).
    """

    code: str = attrs.field(converter=codes.check_project_code)
    parent: str | None = attrs.field(default=None, validator=_is_top)
    state: str = attrs.field(default="active", validator=choice("active", "archived"))
    default_role: str | None = attrs.field(default=None, converter=optional_id)
    attribute_types: Mapping[str, AttributeType] = attrs.field(factory=dict, converter=attribute_types, hash=False)

    @property
    def ref(self) -> str:
        """The reference of the project itself."""
        return f"bifrost://{self.code}"


@register(
    "asset_type",
    plural="asset_types",
    slots={"parent": "parent"},
    relations=[Relation("parent", targets=("project",), inverse="asset_types")],
    natural_key=sibling_key,
    search=_SEARCH,
    is_node=True,
    root="assets",
)
@attrs.frozen(kw_only=True)
class AssetType(Node):
    """A class of assets (char, prop, set); its attributes are inherited by its assets."""


@register(
    "asset",
    plural="assets",
    slots=_NODE_SLOTS,
    relations=[
        Relation("parent", targets=("asset_type", "asset"), inverse="assets"),
        Relation("asset_type", targets=("asset_type",), inverse="assets_of_type", required=True),
        _STATUS,
    ],
    natural_key=sibling_key,
    search=_SEARCH,
    is_node=True,
)
@attrs.frozen(kw_only=True)
class Asset(Node):
    """Something that is built once and used often. Its `parent` is its type, or another asset that it belongs to.

    `asset_type` is None for readers whose role hides the type.
    """

    asset_type: str | None = attrs.field(default=None, converter=optional_id)
    status: str | None = attrs.field(default=None, converter=optional_id)


@register(
    "episode",
    plural="episodes",
    slots=_NODE_SLOTS,
    relations=[Relation("parent", targets=("project",), inverse="episodes"), _STATUS],
    natural_key=sibling_key,
    search=_SEARCH,
    is_node=True,
    root="shots",
)
@attrs.frozen(kw_only=True)
class Episode(Node):
    """A part of a series."""

    status: str | None = attrs.field(default=None, converter=optional_id)


@register(
    "sequence",
    plural="sequences",
    slots=_NODE_SLOTS,
    relations=[Relation("parent", targets=("project", "episode"), inverse="sequences"), _STATUS],
    natural_key=sibling_key,
    search=_SEARCH,
    is_node=True,
    root="shots",
)
@attrs.frozen(kw_only=True)
class Sequence(Node):
    """Shots that belong together, of an episode or of the project."""

    status: str | None = attrs.field(default=None, converter=optional_id)


@register(
    "shot",
    plural="shots",
    slots=_NODE_SLOTS,
    relations=[Relation("parent", targets=("project", "episode", "sequence", "shot"), inverse="shots"), _STATUS],
    natural_key=sibling_key,
    search=_SEARCH,
    is_node=True,
    root="shots",
)
@attrs.frozen(kw_only=True)
class Shot(Node):
    """A continuous run of frames. `frames` is the cut range, inclusive, without handles (those are an attribute)."""

    frames: FrameRange | None = attrs.field(default=None, converter=_frames)
    status: str | None = attrs.field(default=None, converter=optional_id)


@register(
    "shot_asset",
    plural="shot_assets",
    slots={"parent": "shot"},
    relations=[
        Relation("shot", targets=("shot", "sequence", "episode"), inverse="casting"),
        Relation("asset", targets=("asset",), inverse="cast_in", gate=True),
    ],
    natural_key=lambda casting: f"{casting.asset}:{codes.fold(casting.variant)}",
)
@attrs.frozen(kw_only=True)
class ShotAsset(Entity):
    """Casting: `count` copies of an asset, in one variant, are used in a shot (or everywhere in a sequence)."""

    shot: str = attrs.field(converter=check_id)
    asset: str = attrs.field(converter=check_id)
    count: int = attrs.field(default=1, validator=at_least(0))
    variant: str = attrs.field(default="", converter=text.line)


@register(
    "link",
    plural="links",
    relations=[
        Relation("source", inverse="links", gate=True),
        Relation("target", inverse="linked_from", gate=True, across=True),
    ],
    natural_key=lambda link: f"{link.source}:{link.target}:{codes.fold(link.type)}",
)
@attrs.frozen(kw_only=True)
class Link(Entity):
    """An annotation between any two things, made at any time; what a version was made of is never a Link."""

    source: str = attrs.field(converter=check_id)
    target: str = attrs.field(converter=check_id)
    type: str = attrs.field(default="related", converter=codes.check_code)
    description: str = attrs.field(default="", converter=text.prose)


def attributes_of(node: Any) -> Mapping[str, Any]:  # Any: every node; values are JSON
    """The node's own attribute values; empty for kinds that carry none."""
    return getattr(node, "attributes", {})
