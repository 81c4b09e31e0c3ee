"""Files that a catalog does not know, read by the templates of the project: what they would be, and whose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.reconciliation import Content, Finding, Reading, Spot
from bifrost_sdk.domain.rootpaths import Below
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.domain.templates import filling
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.domain.templates.tokens import FrameToken, UdimToken
from bifrost_sdk.services import candidates
from bifrost_sdk.services.candidates import Candidate
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.scanning import Stray
from bifrost_sdk.services.sources import ROOT

#: The area whose files are work files, and all whose files a catalog keeps; one's templates describe folders alone.
WORK = "work"
AREAS = frozenset({WORK, "publish"})
_FOLDER = "folder"

# So much is asked of the catalog at once.
_CHUNK = 500


def is_asked_for(templates: TemplateSet, spots: Iterable[Spot]) -> bool:
    """Whether an untracked file is worth telling: one of a published or a work area, or that no template reads.

    What tasks put into areas of their own (renders, caches) is kept by no catalog. `spots` are the place of the file,
    as each root names it that holds it.
    """
    found = {(spot.root, area) for spot in spots for area in _areas(templates, spot)}
    return not found or any(root == ROOT or area in AREAS for root, area in found)


def rank(templates: TemplateSet, spot: Spot) -> int:
    """How much the templates make of a place: what it is as a work file counts most, then what it is at all."""
    areas = _areas(templates, spot)
    return 2 if WORK in areas else 1 if areas else 0


def findings(context: Context, project: str, templates: TemplateSet, strays: Sequence[Stray]) -> Iterator[Finding]:
    """The strays as findings, each with what the templates read in its path."""
    for stray in strays:
        if isinstance(stray.found, str):
            yield Finding(state="unreadable", root=stray.spot.root, path=stray.spot.path, reason=stray.found)
    yield from _untracked(context, project, templates, [each for each in strays if isinstance(each.found, Content)])


def _untracked(context: Context, project: str, templates: TemplateSet, strays: Sequence[Stray]) -> Iterator[Finding]:
    read = [_read(templates, project, stray.spot) for stray in strays]
    work = [each for each in read if each is not None and each.made.area == WORK]
    nodes = _nodes(context, work)
    tasks = _tasks(context, project, {node.id for node in nodes.values()} if work else ())
    for stray, each in zip(strays, read, strict=True):
        found = stray.found if isinstance(stray.found, Content) else None
        finding = Finding(
            state="untracked", root=stray.spot.root, path=stray.spot.path, reason=stray.reason, found=found
        )
        if each is None:
            yield finding
            continue
        reading = Reading(each.made.name, each.made.area, {name: _plain(value) for name, value in each.values.items()})
        if each.made.area != WORK:
            yield attrs.evolve(finding, reading=reading)
            continue
        ref, reason = _ref(each), stray.reason
        node = nodes.get(ref)
        if node is None:
            reason = reason or f"the catalog has no {ref}"
        elif _is_numbered(each):
            reason = reason or "it is one of a set; adopting takes sets in"
        reading = attrs.evolve(
            reading,
            owner=node.id if node else "",
            ref=ref,
            task=tasks.get((node.id, fold(each.name("task.code"))), "") if node else "",
            number=each.named.get("version.number"),
            application=each.name("workfile.application"),
        )
        yield attrs.evolve(finding, reason=reason, reading=reading)


def _areas(templates: TemplateSet, spot: Spot) -> set[str]:
    return {made.area for made, _ in templates.match(spot.root, spot.path)} - {_FOLDER}


def _read(templates: TemplateSet, project: str, spot: Spot) -> Candidate | None:
    """The first way in which a template reads the path of a file of this project."""
    ways = candidates.read({project: templates}, Below(spot.root, spot.path))
    return next((way for way in ways if way.made.area != _FOLDER), None)


def _ref(candidate: Candidate) -> str:
    path = filling.tree_path(candidate.named, candidate.kind)
    return f"bifrost://{candidate.project}/{path}".rstrip("/")


def _is_numbered(candidate: Candidate) -> bool:
    tokens = candidate.made.template.tokens
    return any(isinstance(tokens.get(name), (FrameToken, UdimToken)) for name in candidate.values)


def _nodes(context: Context, ways: Iterable[Candidate]) -> Mapping[str, Entity]:
    """The nodes that the catalog has of those that are read, by reference."""
    kinds = {_ref(way): way.kind for way in ways}
    refs = sorted(kinds)
    answers = (
        answer for start in range(0, len(refs), _CHUNK) for answer in context.get_many(refs[start : start + _CHUNK])
    )
    return {
        ref: answer
        for ref, answer in zip(refs, answers, strict=True)
        if isinstance(answer, Entity) and answer.kind == kinds[ref]
    }


def _tasks(context: Context, project: str, nodes: Iterable[str]) -> Mapping[tuple[str, str], str]:
    """The ids of the tasks of these nodes, by node and folded code."""
    ids = sorted(nodes)
    found: dict[tuple[str, str], str] = {}
    for start in range(0, len(ids), _CHUNK):
        query = Query("task", project=project).where(parent__in=ids[start : start + _CHUNK])
        task: Task
        for task in context.every(query):
            found[task.parent, fold(task.code)] = task.id
    return found


def _plain(value: Any) -> Any:  # Any: the value of any type of token in, JSON out
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
