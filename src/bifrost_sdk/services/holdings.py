"""What a catalog holds where a show is adopted, asked in few questions whatever the number of files."""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.adoption.holdings import Held, Standing
from bifrost_sdk.domain.adoption.meanings import path_of
from bifrost_sdk.domain.adoption.things import AdoptedVersion, Things
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.filesets import FRAME, UDIM, FileSet
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.production import Project
from bifrost_sdk.domain.query import PAGE_LIMIT, Query
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.domain.versions import Representation, Version
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.sources import MANIFEST

T = TypeVar("T")

# So many ids are asked for at once.
_CHUNK = 500


@attrs.frozen
class Kept:
    """Where the files of a project lie that its catalog knows, the manifests of versions among them.

    `paths` are the (root, path) of all, those of sets file by file, and work files that are sets by their pattern.
    `workfiles` are those of work files, folded.
    """

    paths: frozenset[tuple[str, str]] = frozenset()
    workfiles: frozenset[tuple[str, str]] = frozenset()


def kept(context: Context, project: str, roots: Collection[str]) -> Kept:
    """What the project knows of these roots."""
    found: set[tuple[str, str]] = set()
    vouched = {id for (id,) in _rows(context, Query("version", project=project).where(manifest__gt=""), "id")}
    for body in _bodies(context, Query("representation", project=project).where(root__in=sorted(roots))):
        before = f"{body['folder']}/" if body.get("folder") else ""
        for file in body.get("files", ()):
            found.update((body["root"], before + name) for name in _names(file))
        if body["version"] in vouched:
            found.add((body["root"], before + MANIFEST))
    bodies = _bodies(context, Query("workfile", project=project).where(root__in=sorted(roots)))
    work = [(body["root"], body["file"]) for body in bodies]
    return Kept(frozenset(found.union(work)), frozenset((root, codes.fold(path)) for root, path in work))


def standing(context: Context, project: Project, things: Things, kept: Kept) -> Standing:
    """What stands of these things, and where they are to lie."""
    wanted = sorted({*map(path_of, things.places), *(version.path for version in things.versions)})
    nodes: dict[str, Entity] = {}
    for chunk in _chunks(wanted, PAGE_LIMIT):
        answers = context.catalog.get(project.code, [f"bifrost://{project.code}/{path}" for path in chunk])
        nodes.update(
            (codes.fold(path), answer)
            for path, answer in zip(chunk, answers, strict=True)
            if isinstance(answer, Entity)
        )
    above = {entity.id for entity in nodes.values()} | {project.id}
    tasks: dict[str, Task] = {task.id: task for task in _of(context, project, "task", parent=above)}
    return Standing(
        project.id,
        nodes,
        tasks={(task.parent, codes.fold(task.code)): id for id, task in tasks.items()},
        versions={
            key: Held(version, items, tasks[version.task].code if version.task in tasks else "")
            for key, (version, items) in _versions(context, project, things.versions, nodes).items()
        },
        workfiles=kept.workfiles,
    )


def _versions(
    context: Context, project: Project, made: Iterable[AdoptedVersion], nodes: Mapping[str, Entity]
) -> dict[tuple[str, int], tuple[Version, tuple[Representation, ...]]]:
    """Those of the versions that stand, with their representations, by (product's id, number)."""
    products = ((nodes.get(codes.fold(each.path)), each.number) for each in made)
    wanted = {(product.id, number) for product, number in products if product is not None}
    found: dict[str, Version] = {
        version.id: version
        for version in _of(context, project, "version", product={product for product, _ in wanted})
        if (version.product, version.number) in wanted
    }
    held: dict[str, list[Representation]] = {id: [] for id in found}
    for item in _of(context, project, "representation", version=found):
        held[item.version].append(item)
    return {
        (version.product, number): (version, tuple(held[id]))
        for id, version in found.items()
        if (number := version.number) is not None
    }


def _of(context: Context, project: Project, kind: str, **ids: Iterable[str]) -> Iterator[Any]:  # Any: of that kind
    """The entities of a kind one of whose relations leads to one of these."""
    ((name, targets),) = ids.items()
    for chunk in _chunks(sorted(targets), _CHUNK):
        yield from context.every(Query(kind, project=project.code).where(**{f"{name}__in": chunk}))


def _bodies(context: Context, query: Query) -> Iterator[dict[str, Any]]:  # Any: JSON
    for (body,) in _rows(context, query, "body"):
        yield json.loads(body)


def _rows(context: Context, query: Query, *columns: str) -> Iterator[tuple[Any, ...]]:  # Any: values of every column
    for page in context.pages(query.rows(*columns).limit(PAGE_LIMIT)):
        yield from page.rows


def _names(file: dict[str, Any]) -> Iterable[str]:  # Any: JSON
    """The names of all files that one entry of a representation stands for."""
    name: str = file["name"]
    if FRAME not in name and UDIM not in name:
        return [name]
    frames = FrameRange.parse(file.get("frames") or "")
    return FileSet(name, padding=file.get("padding", 0), frames=frames, udims=file.get("udims", ()))


def _chunks(items: Sequence[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
