"""What is looked at around the files: their names, what they were made of, and the scene that they come from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bifrost_sdk.domain import rootpaths, wire
from bifrost_sdk.domain.changes import Update
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.reconciliation import Content
from bifrost_sdk.domain.rootpaths import Below
from bifrost_sdk.domain.templates import beginnings, filling
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.domain.versions import Version, Workfile
from bifrost_sdk.errors import BifrostError, Issue, NotFoundError, StorageError, ValidationError
from bifrost_sdk.services import disks, lineages, places
from bifrost_sdk.services.context import is_id
from bifrost_sdk.services.disks import Disk, Look
from bifrost_sdk.services.lineages import Lineage
from bifrost_sdk.services.proposals import Proposal
from bifrost_sdk.services.sources import ROOT
from bifrost_sdk.services.validators import Validator

#: What a path can name of whom it belongs to.
_NODES: Final = ("project.code", *(f"{kind}.code" for kind in filling.NODE_KINDS))


def find_misnamed(proposal: Proposal) -> Iterator[Issue]:
    """Main files in folders that belong to templates, which none of these reads, or which belong to something else."""
    found = {key: _place(proposal, pieces[0].sources[0].path) for key, pieces in proposal.pieces.items()}
    placed = {key: place for key, place in found.items() if place is not None and place.root != ROOT}
    if not placed:
        return
    from bifrost_sdk.services.templates import Templates  # compiles and proves; most publishes need none of it

    try:
        templates = Templates.of(proposal.context).get(proposal.project)
    except ValidationError as error:
        hint = "see `bifrost templates check`"
        yield Issue("template.set", f"names cannot be checked: {error}", "files", proposal.project, hint)
        return
    (lineage,) = lineages.trace(proposal.context, [proposal.owner])
    for key, place in placed.items():
        fault = _misnamed(templates, place, lineage, proposal.project)
        if fault:
            hint = "name it as `bifrost path for` says, or publish it from elsewhere"
            yield Issue("file.name", fault, f"files.{key}", str(proposal.pieces[key][0].sources[0].path), hint)


def find_unfit(proposal: Proposal) -> Iterator[Issue]:
    """Dependencies that are retired, purged or not published at all."""
    for ref, version in _needed(proposal):
        if isinstance(version, BifrostError):
            yield Issue("dependency.missing", str(version), "depends_on", ref, "depend on a published version")
        elif isinstance(version, Version) and version.state != "published":
            message = f"it is {version.state}"
            hint = "depend on a newer one, or restore it" if version.state == "retired" else "publish it first"
            yield Issue(f"dependency.{version.state}", message, "depends_on", version.ref, hint)


def _needed(proposal: Proposal) -> Iterator[tuple[str, Entity | BifrostError]]:
    """Each dependency by its reference, and what it is: of the same project, or else of any."""
    ids = [needed.version for needed in proposal.dependencies]
    refs = [f"bifrost://{proposal.project}/~{id}" for id in ids]
    for id, ref, found in zip(ids, refs, proposal.context.get_many(refs) if refs else (), strict=True):
        yield ref, proposal.context.get_many([id])[0] if isinstance(found, NotFoundError) else found


def find_unsaved(proposal: Proposal) -> Iterator[Issue]:
    """That the work file is not there, or that nothing was saved in it yet."""
    for workfile in _workfiles(proposal):
        look = _disk(proposal, workfile).look(workfile.file)
        fault = look if isinstance(look, str) else "it is not on disk" if look is None else ""
        if isinstance(look, Content) and not look.size:
            fault = "nothing was saved in it yet"
        if fault:
            place = str(_disk(proposal, workfile).place(workfile.file))
            yield Issue("workfile.unsaved", f"work file {workfile.file}: {fault}", "source", place, "save it")


def find_changed(proposal: Proposal) -> Iterator[Issue]:
    """That the work file was saved again since the catalog was last told what it holds."""
    for workfile in _workfiles(proposal):
        disk = _disk(proposal, workfile)
        if _is_changed(workfile, disk.look(workfile.file), disk):
            message = f"work file {workfile.file} was saved again since it was taken in"
            hint = "save it under the next number, or take in what it holds now"
            yield Issue("workfile.changed", message, "source", workfile.ref, hint)


def take_in(proposal: Proposal, problem: Issue) -> None:
    """Keep what the work file holds now.

    Raises:
        StorageError: it cannot be read.
    """
    context = proposal.context
    workfile = context.take(Workfile, problem.subject)
    content = _disk(proposal, workfile).read(workfile.file)
    if not isinstance(content, Content):
        raise StorageError(f"cannot read {workfile.file}: {content or 'it is gone'}", path=workfile.file)
    fields = disks.taken_in(content, wire.to_microseconds(context.clock()))
    change = Update(workfile.id, fields, workfile.revision)
    context.commit(proposal.project, [change], comment="take in a work file")


def _place(proposal: Proposal, path: str | os.PathLike[str]) -> Below | None:
    """Where a file lies below the roots; one that is reached by a link, where the link leads."""
    folders = list(proposal.context.roots.items())
    found = rootpaths.below(os.path.abspath(path), folders)  # noqa: PTH100 - a text is needed, and links kept
    return next(iter(found or rootpaths.below(os.path.realpath(path), folders)), None)


def _misnamed(templates: TemplateSet, place: Below, lineage: Lineage | BifrostError, project: str) -> str:
    """What is wrong with the name of a file; empty outside the folders in which templates make paths."""
    if not any(place.path.startswith(f"{folder}/") for folder in beginnings.folders_of(templates, place.root, project)):
        return ""
    matches = templates.match(place.root, place.path)
    if not matches:
        near = templates.nearest(place.root, place.path, count=1)
        return "no template reads its name" + "".join(
            f"; the nearest is {made.name!r}, which expects {failure.expected} at character {failure.position + 1} of "
            f"{place.path!r}"
            for made, failure in near
        )
    if isinstance(lineage, BifrostError):
        return ""
    named = [filling.named_by(values, templates.sources) or {} for _, values in matches]
    if any(_is_of(names, lineage) for names in named):
        return ""
    others = ", ".join(str(named[0][source]) for source in _NODES if source in named[0])
    return f"its path names {others}, and it is to be published for {lineage.label}"


def _is_of(names: Mapping[str, Any], lineage: Lineage) -> bool:  # Any: codes and numbers
    """Whether what a path names of nodes is what the owner is, or lies in."""
    return all(filling.agree(names[source], lineage.facts.get(source)) for source in _NODES if source in names)


def _workfiles(proposal: Proposal) -> list[Workfile]:
    """The work file that is named as the source; without one, the last of the task."""
    query = Query("workfile", project=proposal.project)
    source = proposal.source
    if is_id(source) or source.casefold().startswith("bifrost:"):
        (named,) = proposal.context.get_many([source])
        return [named] if isinstance(named, Workfile) else []
    place = _place(proposal, source) if source and "\0" not in source else None
    if place is not None:
        query = query.where(root=place.root, file=place.path)
    elif proposal.task is not None and not source:
        query = query.where(task=proposal.task).sort("-number")
    else:
        return []
    found = [each for each in proposal.context.find(query.limit(1)) if isinstance(each, Workfile)]
    return [each for each in found if each.root in proposal.context.roots]


def _disk(proposal: Proposal, workfile: Workfile) -> Disk:
    return Disk(workfile.root, places.root(proposal.context.roots, workfile.root))


def _is_changed(workfile: Workfile, look: Look, disk: Disk) -> bool:
    """Whether it holds something else than was taken in; what was never taken in tells nothing."""
    if not isinstance(look, Content) or workfile.size is None:
        return False
    if look.size != workfile.size:
        return True
    modified = None if workfile.modified_at is None else wire.to_microseconds(workfile.modified_at)
    if modified == look.modified:
        return False
    if workfile.hash:
        now = disk.read(workfile.file)
        return isinstance(now, Content) and now.hash != workfile.hash
    return modified is not None and look.modified is not None and look.modified > modified


DEPENDENCIES: Final = Validator("dependencies.published", "Dependencies are published", find_unfit)

VALIDATORS: Final = (
    DEPENDENCIES,
    Validator("files.named", "Names match the templates", find_misnamed, severity="warning"),
    Validator("workfile.saved", "The work file is saved", find_unsaved, severity="warning"),
    Validator("workfile.known", "The catalog knows the work file", find_changed, severity="warning", fix=take_in),
)
