"""Bifrost SDK: assets, shots, versions and files of an animation production, in any process.

>>> import tempfile
>>> import bifrost_sdk as bf
>>> folder = tempfile.mkdtemp()
>>> _ = bf.init(folder, project="demo")
>>> with bf.connect(folder) as session:
...     session.assets.create("demo", "char", "hero").ref
'bifrost://demo/assets/char/hero'

Every name is loaded when it is first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib

_HOMES = {
    "bifrost_sdk.session": ("Session", "connect", "init"),
    "bifrost_sdk.errors": (
        "BifrostError",
        "CatalogError",
        "ConfigurationError",
        "ConflictError",
        "Issue",
        "NetworkError",
        "NotFoundError",
        "PermissionDeniedError",
        "QueryError",
        "ReferenceSyntaxError",
        "StorageError",
        "TemplateError",
        "ValidationError",
    ),
    "bifrost_sdk.domain.model": (
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
    ),
    "bifrost_sdk.services.publications": ("Publication",),
    "bifrost_sdk.domain.attributes": ("AttributeType", "Inherited"),
    "bifrost_sdk.domain.changes": ("Check", "Commit", "Create", "Delete", "Ensure", "Update"),
    "bifrost_sdk.domain.filesets": ("FileSet",),
    "bifrost_sdk.domain.frames": ("FrameRange", "FrameRate"),
    "bifrost_sdk.domain.pins": ("Pin", "PinSet"),
    "bifrost_sdk.domain.query": ("AnyOf", "Compare", "Not", "Page", "Query", "Related"),
    "bifrost_sdk.domain.references": ("Reference",),
    "bifrost_sdk.domain.templates.sets": ("TemplateSet",),
    "bifrost_sdk.domain.templates.template": ("Template",),
    "bifrost_sdk.domain.validation": ("ValidationResult",),
    "bifrost_sdk.domain.versions": ("AssetDependency", "File"),
    "bifrost_sdk.ports": ("Resolution", "View"),
    "bifrost_sdk.services.identity": ("new_id",),
    "bifrost_sdk.services.proposals": ("Proposal",),
    "bifrost_sdk.services.validators": ("Validator",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

#: What is a module of its own, with names below it.
_MODULES = {"usd": "bifrost_sdk.integrations.usd"}

__version__ = "0.1.0"
__all__ = sorted([*_HOME, *_MODULES, "__version__"])  # noqa: PLE0605  # computed from the one table above


def __getattr__(name: str) -> object:
    value: object
    if name in _MODULES:
        value = importlib.import_module(_MODULES[name])
    elif name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
