"""All kinds of entities in one place: importing this module registers them, in the order of the tree."""

from __future__ import annotations

from bifrost_sdk.domain.api_keys import ApiKey
from bifrost_sdk.domain.changes import Event
from bifrost_sdk.domain.people import Membership, Role, Team, User
from bifrost_sdk.domain.production import (
    Asset,
    AssetType,
    Episode,
    Link,
    Project,
    Sequence,
    Shot,
    ShotAsset,
)
from bifrost_sdk.domain.tasks import Status, Task
from bifrost_sdk.domain.templates.documents import TemplateDocument
from bifrost_sdk.domain.versions import Product, Representation, Version, Workfile

__all__ = [
    "ApiKey",
    "Asset",
    "AssetType",
    "Episode",
    "Event",
    "Link",
    "Membership",
    "Product",
    "Project",
    "Representation",
    "Role",
    "Sequence",
    "Shot",
    "ShotAsset",
    "Status",
    "Task",
    "Team",
    "TemplateDocument",
    "User",
    "Version",
    "Workfile",
]
