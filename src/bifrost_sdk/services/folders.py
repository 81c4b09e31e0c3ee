"""The folders of a production: what is made on disk for its things, where a thing has its files, and what a path is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import attrs

from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.production import Project
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.rootpaths import RootFolders
from bifrost_sdk.domain.templates import layouts
from bifrost_sdk.domain.templates.filling import NODE_KINDS
from bifrost_sdk.domain.templates.layouts import Layout, Wanted
from bifrost_sdk.domain.text import listed
from bifrost_sdk.errors import BifrostError
from bifrost_sdk.services import folder_plans, lineages, paths, places, readings
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.folder_plans import FolderPlan
from bifrost_sdk.services.lineages import Lineage
from bifrost_sdk.services.paths import Filled, Request
from bifrost_sdk.services.readings import ParsedPath
from bifrost_sdk.services.templates import Templates

T = TypeVar("T")


@attrs.frozen(eq=False)
class Folders:
    """Folders and paths by the templates of the projects.

    `elsewhere` are the folders that the roots have on other platforms: paths that are spelled so are understood too.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo", user="anna"), user="anna") as session:
    ...     shot = session.shots.create("demo", "sq010", "sh020")
    ...     anim = session.tasks.create(shot, "anim")
    ...     made = session.folders.create(shot, anim)
    ...     scene = session.folders.path_for(anim, "work", version=3, ext="ma")
    ...     print(scene.relative_to(session.context.roots["work"]).as_posix())
    ...     print(session.folders.parse(scene).task == anim)
    demo/shots/sq010/sh020/anim/work/anna/sh020.anim.v003.ma
    True
    """

    context: Context
    templates: Templates
    elsewhere: RootFolders = ()

    def plan(self, *items: Item, below: bool = False) -> FolderPlan:
        """What is wanted on disk for these things, and how it stands there; nothing is made.

        With `below` also for all that lies below them, tasks included: for a project, the whole of it.

        Raises:
            NotFoundError: one of them is not there.
            TemplateError: the templates ask for one place to be two things.
            ConfigurationError, StorageError: a root has no folder on this machine, or it is not there.
        """
        return folder_plans.look(self.context, self.wanted(*items, below=below), self._roots)

    def wanted(self, *items: Item, below: bool = False) -> list[Wanted]:
        """What is wanted on disk for these things, whatever is there; each folder behind those that it lies in.

        Raises:
            NotFoundError, TemplateError: as `plan`.
        """
        found = self._lineages(items)
        if below:
            found = self._lineages(list(dict.fromkeys(self._below(found))))
        projects = {lineage.project for lineage in found}
        sets = {code: Layout(self.templates.get(code or None)) for code in projects}
        wanted = (
            each
            for lineage in found
            for each in sets[lineage.project].wanted(lineage.entity.kind, lineage.facts, subject=lineage.label)
        )
        return layouts.laid_out(wanted)

    def create(self, *items: Item, below: bool = False) -> FolderPlan:
        """Make what `plan` calls missing; the plan as it stands then. Repeating it changes nothing.

        What is there is never changed or removed; other permissions than those wanted are told as ``differs``.

        Raises:
            StorageError: something else has the place of a folder, or a link leads out of its root: nothing is made. Or
                a folder cannot be made: those made before it stay.
            NotFoundError, TemplateError, ConfigurationError: as `plan`.
        """
        return folder_plans.make(self.plan(*items, below=below))

    def parse(self, path: str | os.PathLike[str], *, project: Item | None = None) -> ParsedPath:
        """What a path is: the entity that it belongs to, and its version and file if it is published.

        Where several templates or readings fit, the one counts of which most is in the catalog. A relative path is one
        of the current folder. Without a `project`, the templates of every project that the path names are tried, and
        those of the default one.

        Raises:
            ValidationError: it lies below no root, or names no project.
            TemplateError: no template reads it, with the nearest one; or what it names may be several things.
            NotFoundError: the node that it names is not there, with those that resemble it.
        """
        return _one(self.parse_many([path], project=project))

    def parse_many(
        self, paths: Sequence[str | os.PathLike[str]], *, project: Item | None = None
    ) -> list[ParsedPath | BifrostError]:
        """What each path is, or the error that `parse` would raise, in order; with few questions to the catalog."""
        texts = [os.fsdecode(path) for path in listed(paths)]
        return readings.read(self.context, self.templates, texts, self._roots, project=project)

    def path_for(self, entity: Item, area: str, /, **tokens: Any) -> Path:  # Any: values of every type of token
        """Where a thing has its files of an area (``work``, ``publish``, ``folder``), by the templates of its project.

        Tokens are filled from the catalog: what the thing is and lies in, and who asks. `tokens` are the others; they
        may not contradict the catalog. A product, a version and a task also have the areas of their node.

        Raises:
            TemplateError: a token is missing, contradicts the catalog or does not fit, or there is no such area.
            NotFoundError: the thing is not there.
        """
        return _one(self.paths_for([(entity, area, tokens)]))

    def paths_for(
        self, requests: Sequence[tuple[Item, str, Mapping[str, Any]]]
    ) -> list[Path | BifrostError]:  # Any: values of every type of token
        """For each (entity, area, tokens) its path, or the error that `path_for` would raise, in order."""
        asked = [Request(*request) for request in listed(requests)]
        return [self._place(each) for each in paths.fill(self.context, self.templates, asked)]

    @property
    def _roots(self) -> RootFolders:
        return (*self.context.roots.items(), *self.elsewhere)

    def _place(self, filled: Filled | BifrostError) -> Path | BifrostError:
        if isinstance(filled, BifrostError):
            return filled
        try:
            return places.root(self.context.roots, filled.made.root) / filled.path
        except BifrostError as error:
            return error

    def _lineages(self, items: Sequence[Item]) -> list[Lineage]:
        found = lineages.trace(self.context, items)
        for each in found:
            if isinstance(each, BifrostError):
                raise each
        return [each for each in found if isinstance(each, Lineage)]

    def _below(self, found: Sequence[Lineage]) -> Iterator[Entity]:
        """The things and all that lies below them for which their project's templates may want folders."""
        for lineage in found:
            yield lineage.entity
            if isinstance(lineage.entity, Node):
                yield from self._under(lineage.entity, lineage.project)

    def _under(self, node: Node, project: str) -> Iterator[Entity]:
        kinds = set(self.templates.get(project).folders)
        nodes: list[Entity] = [node]
        for kind in (*NODE_KINDS, *sorted(kinds & {"product", "version"})):
            inner = {} if isinstance(node, Project) else {"path__startswith": f"{node.path}/"}
            found = self.context.every(Query(kind, project=project).where(**inner))
            nodes += sorted(found, key=lambda each: each.path or "")  # each page would be sorted out of all of them
        yield from nodes
        if "task" in kinds:
            ids = {each.id for each in nodes}
            asked = {} if isinstance(node, Project) else {"parent__in": sorted(ids)}
            found = self.context.every(Query("task", project=project).where(**asked))
            yield from (each for each in found if each.parent in ids)


def _one(answers: list[T | BifrostError]) -> T:
    (answer,) = answers
    if isinstance(answer, BifrostError):
        raise answer
    return answer
