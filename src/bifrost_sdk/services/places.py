"""Where resolved files lie on this machine, and what a state of references is when it is kept as pins."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from bifrost_sdk.domain import codes, references
from bifrost_sdk.domain.pins import Pin, PinSet
from bifrost_sdk.domain.versions import Product
from bifrost_sdk.errors import (
    BifrostError,
    ConfigurationError,
    Issue,
    ReferenceSyntaxError,
    StorageError,
    ValidationError,
)
from bifrost_sdk.ports import Resolution, Storage
from bifrost_sdk.services import workspace
from bifrost_sdk.services.context import Context

T = TypeVar("T")


def root(roots: Mapping[str, Path], name: str) -> Path:
    """The folder of a root on this machine.

    Raises:
        ConfigurationError: when it has none here.
    """
    return _of_root(roots, name)


def storage_of(context: Context, name: str) -> Storage:
    """What serves the files of a root on this machine, whose folder is there.

    Raises:
        ConfigurationError: when it has no folder here.
        StorageError: when its folder is not there, as when a share is not mounted.
    """
    storage = _of_root(context.storages, name)
    folder = context.roots.get(name)
    if folder is not None and not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises where it may not look
        advice = f"mount it or set BIFROST_SDK_ROOT_{name.upper()}"
        raise StorageError(f"the root {name!r} ({folder}) is not there; {advice}", path=str(folder), reason="missing")
    return storage


def marked_root(context: Context, name: str) -> Path:
    """The folder of a root on this machine that is surely there: it holds its sentinel.

    Raises:
        ConfigurationError: when it has no folder here.
        StorageError: when its folder is not there, or is only the place where its share would be mounted.
    """
    storage_of(context, name)
    folder = root(context.roots, name)
    if not workspace.is_marked(folder):
        message = f"the root {name!r} ({folder}) has no sentinel {workspace.SENTINEL}"
        advice = f"mount it, or if this is the right folder, mark it: bifrost sync mark {name}"
        raise StorageError(f"{message}; {advice}", path=str(folder), reason="sentinel")
    return folder


def path_of(roots: Mapping[str, Path], resolution: Resolution) -> Path:
    """The path of a resolved file, a set with its ``<FRAME>`` or ``<UDIM>``; it never leaves its root.

    Raises:
        ConfigurationError: when its root has no folder on this machine.
        StorageError: when the catalog names a path that would leave the root.
    """
    return Path(file_of(roots, resolution))


def file_of(roots: Mapping[str, Path], resolution: Resolution) -> str:
    """The same as a text, for those who place very many files; with the platform's separators or ``/``.

    Raises:
        ConfigurationError, StorageError: as `path_of`.
    """
    fault = codes.path_fault(resolution.path)
    if fault is not None:
        raise StorageError(
            f"{resolution.ref}: the catalog gives the path {resolution.path!r}, and {fault.message}",
            path=resolution.path,
            reason=fault.code,
        )
    return f"{root(roots, resolution.root)}/{resolution.path}"


def by_path(context: Context, refs: Sequence[str]) -> list[str]:
    """The references, where those of products by id are written by path, as pins are kept.

    What names no product that may be seen stays as it is, to be answered by the catalog.
    """
    found = list(refs)
    split = {index: parts for index, ref in enumerate(refs) if (parts := _split_id(ref))}
    keys = [f"bifrost://{project}/~{id}" if project else id for project, id, _ in split.values()]
    for (index, (_, _, file)), entity in zip(split.items(), context.get_many(keys) if keys else (), strict=True):
        if isinstance(entity, Product):
            found[index] = f"{entity.ref}/latest/{file}" if file else entity.ref
    return found


def pins_of(refs: Sequence[str], answers: Sequence[Resolution | BifrostError]) -> PinSet:
    """The set of pins that these references stand for.

    Raises:
        BifrostError: the one error, when one reference leads nowhere.
        ValidationError: with all of them, when several do.
    """
    errors = [(ref, answer) for ref, answer in zip(refs, answers, strict=True) if isinstance(answer, BifrostError)]
    if len(errors) == 1:
        raise errors[0][1]
    if errors:
        raise ValidationError(Issue("pin.unresolved", str(error), subject=ref) for ref, error in errors)
    return PinSet(
        {
            ref: Pin(f"{{{found.root}}}/{found.path}", found.version, number=found.number, hash=found.hash)
            for ref, found in zip(refs, answers, strict=True)
            if isinstance(found, Resolution)
        }
    )


def _of_root(mapping: Mapping[str, T], name: str) -> T:
    found = mapping.get(name)
    if found is None:
        known = ", ".join(sorted(mapping)) or "none"
        raise ConfigurationError(
            f"the root {name!r} has no folder on this machine ({sys.platform}; those that have one: {known}); "
            f"add it to 'roots:' in bifrost.yaml or set BIFROST_SDK_ROOT_{name.upper()}",
            setting=f"roots.{name}",
        )
    return found


def _split_id(ref: str) -> tuple[str, str, str] | None:
    """Project, id and file of a reference by id, else None."""
    try:
        project, _, id, _, file = references.split(ref)
    except ReferenceSyntaxError:
        return None
    return (project, id, file) if id else None
