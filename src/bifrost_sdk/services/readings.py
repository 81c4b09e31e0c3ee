"""What paths are: read by the templates of projects, settled by what the catalog holds, many in a few questions."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import attrs

from bifrost_sdk.domain import rootpaths, wire
from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.people import User
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.rootpaths import Below, RootFolders
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.domain.versions import File, Product, Representation, Version, Workfile
from bifrost_sdk.errors import BifrostError, Issue, NotFoundError, TemplateError, ValidationError
from bifrost_sdk.services import candidates, lineages, stored
from bifrost_sdk.services.candidates import Candidate
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.lineages import Lineage
from bifrost_sdk.services.paths import Tokens
from bifrost_sdk.services.stored import Stored
from bifrost_sdk.services.templates import Templates


@attrs.frozen(kw_only=True)
class ParsedPath:
    """What a path is.

    It lies at `path` below the named `root`. `node` is what it belongs to: a node of the tree or the project; `task`,
    `user` and `workfile` are what else a work area tells. Of something published, `version` and, for one of its files
    (or a set of them), `representation` and `file` are what the catalog keeps. `template` is the name of the template
    that reads it, with its `area` and `values`; empty where only the catalog knows the path. `missing` are the things
    that the path names and that are not there, or not to be seen.
    """

    text: str
    root: str
    path: str
    project: str
    node: Entity
    task: Task | None = None
    user: User | None = None
    workfile: Workfile | None = None
    product: Product | None = None
    version: Version | None = None
    representation: Representation | None = None
    file: File | None = None
    template: str = ""
    area: str = ""
    values: Tokens = attrs.field(factory=dict, hash=False)
    missing: tuple[NotFoundError, ...] = ()

    @property
    def entity(self) -> Entity:
        """The closest thing in the catalog: the representation, version, product, work file or task, else the node."""
        closest = (self.representation, self.version, self.product, self.workfile, self.task)
        return next((each for each in closest if each is not None), self.node)

    def to_data(self) -> dict[str, Any]:  # Any: JSON
        """The answer as plain JSON values; things are their references."""
        things = ("node", "task", "user", "workfile", "product", "version", "representation")
        refs = {name: found.ref if (found := getattr(self, name)) else None for name in things}
        plain = {name: getattr(self, name) for name in ("text", "root", "path", "project", "template", "area")}
        file = None if self.file is None else self.file.name
        missing = [error.to_data() for error in self.missing]
        return {**plain, **refs, "file": file, "values": wire.value(dict(self.values)), "missing": missing}


def read(
    context: Context, templates: Templates, texts: Sequence[str], folders: RootFolders, *, project: Item | None = None
) -> list[ParsedPath | BifrostError]:
    """What each path is, or why that cannot be told, in order; with a `project`, only by the templates of that one."""
    paths = [_Path(text, _places(text, folders)) for text in texts]
    _choose_sets(context, templates, paths, project)
    for path in paths:
        path.ways = [way for place in path.places for way in candidates.read(path.sets, place)]
    candidates.look_up(context, [way for path in paths for way in path.ways])
    _find_kept(context, paths)
    traced = iter(lineages.trace(context, [path.kept.version for path in paths if path.kept]))
    return [_answer(path, next(traced) if path.kept else None, folders) for path in paths]


@attrs.define(eq=False)
class _Path:
    """A path on its way to an answer.

    `places` are those that it may name, below roots within roots; `sets` the templates of the projects that it may
    belong to; `ways` how these read it; `kept` what the catalog keeps there.
    """

    text: str
    places: Sequence[Below]
    sets: Mapping[str, TemplateSet] = attrs.field(factory=dict)
    ways: Sequence[Candidate] = ()
    kept: Stored | None = None

    @property
    def way(self) -> Candidate | None:
        """The way to read it of which most is there."""
        return min(self.ways, key=lambda way: way.rank, default=None)

    @property
    def is_work(self) -> bool:
        """Whether a template reads it as something of a node, all of it there, and not as published."""
        way = self.way
        return way is not None and way.node is not None and not way.missing and way.product is None

    @property
    def is_open(self) -> bool:
        """Whether it may be published, although no version that it names says so."""
        way = self.way
        is_numbered = way is not None and "version.number" in way.named and way.workfile is None
        return self.kept is None and (is_numbered or not self.is_work)


def _places(text: str, folders: RootFolders) -> list[Below]:
    """Where a path lies; one that is reached by a link is looked for where the link leads, too."""
    if not _is_text(text):
        return []
    absolute = text if rootpaths.is_absolute(text) else os.path.abspath(text)  # noqa: PTH100 - a text is needed
    found = rootpaths.below(absolute, folders)
    if found:
        return found
    real = [(name, PurePath(os.path.realpath(folder))) for name, folder in folders if isinstance(folder, Path)]
    return rootpaths.below(os.path.realpath(absolute), real)


def _is_text(text: str) -> bool:
    """Whether every platform and the catalog can hold it: no bytes that are none, no end in the middle."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def _choose_sets(context: Context, templates: Templates, paths: Sequence[_Path], project: Item | None) -> None:
    """The templates of the named project; else of the default one and of each whose code stands in the path."""
    if project is not None:
        codes = [context.code_of(project)]
    else:
        studio = lineages.people_and_projects(context)
        codes = [each.code for each in studio.every(Query("project", project=STUDIO))]
    sets: dict[str, TemplateSet] = {}
    for path in paths:
        parts = {fold(part) for part in re.split(r"[/\\]", path.text)}
        own = [code for code in codes if project is not None or code == context.project or code in parts]
        for code in own:
            if code not in sets:
                sets[code] = templates.get(code)
        path.sets = {code: sets[code] for code in own}


def _find_kept(context: Context, paths: Sequence[_Path]) -> None:
    """Ask what the catalog keeps: of the versions that paths name first, then of all for those that may be any."""
    refs = {place: ref for path in paths for place in path.places if (ref := stored.version_ref(place.path))}
    answers = context.get_many(list(refs.values())) if refs else ()
    layout = {place: each for place, each in zip(refs, answers, strict=True) if isinstance(each, Version)}
    asked = [
        (path, place, [each for each in (layout.get(place), path.way and path.way.version) if each])
        for path in paths
        for place in path.places
    ]
    found = stored.of_versions(context, [(place, versions) for _, place, versions in asked])
    for (path, _, _), kept in zip(asked, found, strict=True):
        path.kept = path.kept or kept
    for project in dict.fromkeys(code for path in paths for code in path.sets):
        searched = [path for path in paths if project in path.sets and path.is_open]
        known = stored.by_folder(context, project, [place for path in searched for place in path.places])
        for path in searched:
            path.kept = next((known[place] for place in path.places if place in known), None)


def _answer(path: _Path, kept: Lineage | BifrostError | None, folders: RootFolders) -> ParsedPath | BifrostError:
    """What is kept counts; without that, what a template reads and the catalog holds."""
    if not path.places:
        return _outside(path.text, folders)
    way = path.way
    if isinstance(kept, Lineage) and path.kept is not None:
        parsed = ParsedPath(
            text=path.text,
            root=path.kept.place.root,
            path=path.kept.place.path,
            project=kept.project,
            node=kept.node,
            product=next((each for each in kept.chain if isinstance(each, Product)), None),
            version=next((each for each in kept.chain if isinstance(each, Version)), None),
            representation=path.kept.representation,
            file=path.kept.file,
        )
        return parsed if way is None else attrs.evolve(parsed, **_told_by(way))
    if way is None:
        return _unread(path)
    if way.node is None:
        return way.error or NotFoundError(path.text)
    missing = list(way.missing)
    if way.version is not None:
        missing.append(NotFoundError(way.version.ref, reason="the files of this version lie elsewhere"))
    return ParsedPath(
        text=path.text,
        root=way.place.root,
        path=way.place.path,
        project=way.project,
        node=way.node,
        task=way.task,
        user=way.user,
        workfile=way.workfile,
        product=way.product,
        missing=tuple(missing),
        **_told_by(way),
    )


def _told_by(way: Candidate) -> dict[str, Any]:  # Any: fields of ParsedPath
    return {"template": way.made.name, "area": way.made.area, "values": way.values}


def _outside(text: str, folders: RootFolders) -> ValidationError:
    if not _is_text(text):
        hint = "rename the file"
        return ValidationError(Issue("path.text", "it holds what is no character", subject=repr(text), hint=hint))
    known = ", ".join(f"{name} ({folder})" for name, folder in folders) or "none here"
    hint = "give a path below one of them, or add its folder to 'roots:'"
    return ValidationError(
        Issue("path.outside", f"it lies below no root; the roots are {known}", subject=text, hint=hint)
    )


def _unread(path: _Path) -> BifrostError:
    """That no template reads a path, with the one that got furthest and what stopped it."""
    if not path.sets:
        message = "its folders name no project that may be seen"
        return ValidationError(Issue("path.project", message, subject=path.text, hint="say which project is meant"))
    near = [
        (failure, made, place)
        for place in path.places
        for templates in path.sets.values()
        for made, failure in templates.nearest(place.root, place.path, count=1)
    ]
    if not near:
        names = ", ".join(path.sets)
        return TemplateError(f"{path.text}: the templates of {names} read nothing below {path.places[0].root}")
    failure, made, place = max(near, key=lambda item: item[0].position)
    found = place.path[failure.position :].partition("/")[0]
    at = f"at character {failure.position + 1} of {place.path!r}" + (
        f", token {failure.token}" if failure.token else ""
    )
    message = (
        f"{path.text} is read by no template; the nearest is {made.name!r} ({made.template.text}), which expects "
        f"{failure.expected} {at}, not {found!r:.100}"
    )
    return TemplateError(message, template=made.name, token=failure.token, value=found)
