"""What a version is made of, named as a caller likes and frozen as exact versions before anything is copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import attrs

from bifrost_sdk.domain.references import Reference
from bifrost_sdk.domain.versions import AssetDependency, Version
from bifrost_sdk.errors import BifrostError, Issue, ValidationError
from bifrost_sdk.services import places
from bifrost_sdk.services.context import Context

#: A version that is needed: as entity, reference or id, or with all that can be said of it.
Dependency: TypeAlias = AssetDependency | Version | Reference | str


def freeze(context: Context, project: str, wanted: Sequence[Dependency]) -> tuple[AssetDependency, ...]:
    """The exact versions that are meant, all looked up at once: ``latest`` becomes the version that it is in the view.

    Raises:
        ValidationError: some are not there or not published; with every one of them.
    """
    if isinstance(wanted, (str, Reference, Version, AssetDependency)):
        wanted = [wanted]
    refs = [_ref(project, item) for item in wanted]
    if context.view.pins is not None:
        refs = places.by_path(context, refs)
    answers = context.catalog.resolve(refs, view=context.view) if refs else []
    issues = [
        Issue("dependency.missing", str(answer), "depends_on", ref, "depend on a published version")
        for ref, answer in zip(refs, answers, strict=True)
        if isinstance(answer, BifrostError)
    ]
    if issues:
        raise ValidationError(issues)
    found = zip(wanted, answers, strict=True)
    return tuple(_frozen(item, answer.version) for item, answer in found if not isinstance(answer, BifrostError))


def _ref(project: str, item: Dependency) -> str:
    if isinstance(item, AssetDependency):
        return f"bifrost://{project}/~{item.version}"
    if isinstance(item, Version):
        return f"bifrost://{item.project}/~{item.id}"
    text = str(item)
    return text if text[:8].casefold() == "bifrost:" else f"bifrost://{project}/~{text}"


def _frozen(item: Dependency, version: str) -> AssetDependency:
    return attrs.evolve(item, version=version) if isinstance(item, AssetDependency) else AssetDependency(version)
