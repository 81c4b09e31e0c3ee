"""The sets of templates by which projects make and read paths: kept in the catalog, checked before they count.

A project goes by the set that it keeps, else by the studio's default, else by ``film``, which comes with the library.
A set may extend another: one that the studio keeps, or one of the library.
"""

from __future__ import annotations

import builtins
import functools
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import attrs

from bifrost_sdk.domain.changes import Change, Create, Delete, Update
from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.templates.documents import SCHEMA, Document, TemplateDocument
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.errors import Issue, NotFoundError, ValidationError
from bifrost_sdk.ports import View
from bifrost_sdk.services import template_files
from bifrost_sdk.services.context import Context, Item, last_of
from bifrost_sdk.services.template_files import Sheet
from bifrost_sdk.services.template_lineage import DEFAULT, FALLBACK, Layer, layers
from bifrost_sdk.services.template_reports import Report

#: A set as callers give it: a document, or the YAML file of one.
Source: TypeAlias = Document | os.PathLike[str]


@attrs.frozen
class _Known:
    """A set that was made, and from what: `revisions` of the project and the studio, and of the sets that they keep.

    `studio` is what that keeps, which changes far less often than a project does.
    """

    revisions: tuple[int, int] | None
    studio: Mapping[str, TemplateDocument]
    kept: tuple[tuple[str, int], ...]
    made: TemplateSet


@attrs.frozen(eq=False)
class Templates:
    """The sets of templates of the catalog.

    >>> import bifrost_sdk as bf
    >>> with bf.connect(bf.init("shows", project="demo")) as session:
    ...     work = session.templates.get("demo").for_area("shot", "work").template
    ...     values = {"project": "demo", "sequence": "sq010", "shot": "sh020", "task": "anim", "version": 3}
    ...     work.format(values, user="anna", ext="ma")
    'demo/shots/sq010/sh020/anim/work/anna/sh020.anim.v003.ma'
    """

    context: Context
    _known: dict[str, _Known] = attrs.field(factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, context: Context) -> Templates:
        """Those of a context, always the same ones, so that a set is looked up once."""
        if (made := context.kept.get(cls)) is None:
            made = context.kept[cls] = cls(context)
        return made

    def get(self, project: Item | None = None) -> TemplateSet:
        """The set that a project goes by; what anybody changes is seen at once.

        Raises:
            ValidationError: when what is kept cannot be used, with everything that is wrong in it.
        """
        code = self.context.code_of(project)
        revisions = self._revisions(code)
        known = self._known.get(code)
        if known is None or revisions is None or known.revisions != revisions:
            own = self._kept(code)
            is_studio_known = known and known.revisions and revisions and known.revisions[1] == revisions[1]
            studio = known.studio if known and is_studio_known else self._of_studio(code)
            kept = tuple((each.id, each.revision) for each in (*own.values(), *studio.values()))
            if known is None or known.kept != kept:
                known = _Known(revisions, studio, kept, _made(_lineage(code, own, _documents(studio))))
            self._known[code] = known = attrs.evolve(known, revisions=revisions, studio=studio)
        return known.made

    def named(self, name: str) -> TemplateSet:
        """A set by its name: one of the studio's, or one of the library.

        Raises:
            ValidationError: when there is no such set, or it cannot be used.
        """
        return _made(layers({"extends": name}, _documents(self._of_studio(STUDIO)), name=name)[1:])

    def lineage(self, project: Item | None = None) -> tuple[str, ...]:
        """What the set of a project is called, and those that it extends, the nearest first."""
        code = self.context.code_of(project)
        return tuple(layer.name for layer in _lineage(code, self._kept(code), _documents(self._of_studio(code))))

    def list(self, project: Item | None = None) -> builtins.list[TemplateDocument]:
        """The sets that the catalog keeps: that of the project, then those of the studio."""
        code = self.context.code_of(project)
        own = self._kept(code).values() if code != STUDIO else ()
        return [*own, *self._of_studio(code).values()]

    def check(self, source: Source, *, name: str | None = None) -> Report:
        """Everything that is to be said of a set before it counts; nothing is changed.

        `name` is the code under which the studio keeps it, None for a set of a project.

        Raises:
            ConfigurationError: when it is a file that cannot be read.
        """
        kept = _documents(self._of_studio(STUDIO))
        kept.pop(fold(name or ""), None)
        return Report.of(_sheet(source), kept)

    def apply(
        self, project: Item | None, source: Source, *, name: str = DEFAULT, comment: str = ""
    ) -> TemplateDocument:
        """Keep a set: that of a project, or of the studio, which may keep several under different names.

        Raises:
            ValidationError: when it cannot be used, with everything that is wrong in it; for a set of the studio also
                when a project that extends it could not be used any more. Nothing was changed.
            PermissionDeniedError: when the actor may not.
        """
        code = self.context.code_of(project)
        if code != STUDIO and name != DEFAULT:
            message = f"a project keeps one set, {DEFAULT!r}, not {name!r}"
            raise ValidationError(Issue("template_set.name", message, "name", hint=f"keep it in {STUDIO!r}"))
        sheet = _sheet(source)
        issues = self.check(source, name=name if code == STUDIO else None).issues
        if code == STUDIO and not issues:
            issues = tuple(self._broken({fold(name): sheet.document}))
        if issues:
            raise ValidationError(issues)
        known = self._kept(code).get(fold(name))
        made = TemplateDocument(id=self.context.new_id(), code=name, document=sheet.document)
        change: Change = Update(known.id, {"document": made.document}, known.revision) if known else Create(made)
        return last_of(self.context.commit(code, [change], comment=comment or "apply templates"), TemplateDocument)

    def remove(self, project: Item | None, *, name: str = DEFAULT, comment: str = "") -> None:
        """Keep a set no longer; the project goes by the studio's default again.

        Raises:
            NotFoundError: when it keeps none of that name.
            ValidationError: when a project that extends it could not be used any more.
        """
        code = self.context.code_of(project)
        known = self._kept(code).get(fold(name))
        if known is None:
            raise NotFoundError(name, reason=f"{code} keeps no set of templates of that name")
        if issues := builtins.list(self._broken({fold(name): None}) if code == STUDIO else ()):
            raise ValidationError(issues)
        self.context.commit(code, [Delete(known.id, known.revision)], comment=comment or "remove templates")

    def export(self, project: Item | None = None, *, name: str = DEFAULT, whole: bool = False) -> Document:
        """What a project keeps as a document to edit and apply again; `whole`: with all that it inherits.

        A project that keeps none is given a document that changes nothing.
        """
        code = self.context.code_of(project)
        own, studio = self._kept(code), _documents(self._of_studio(code))
        if whole:
            return _made(_lineage(code, own, studio, name=name)).to_document()
        known = own.get(fold(name))
        return known.document if known else {"schema": SCHEMA, "extends": FALLBACK if code == STUDIO else DEFAULT}

    def _revisions(self, code: str) -> tuple[int, int] | None:
        """The revisions on which the set of a project depends; None for a view of the past, which does not move."""
        if self.context.view.at is not None:
            return None
        catalog = self.context.catalog
        return catalog.revision(code), catalog.revision(STUDIO)

    def _kept(self, code: str) -> dict[str, TemplateDocument]:
        """What a project keeps, by folded code."""
        return _by_code(self.context.every(Query("template_set", project=code).sort("code")))

    def _of_studio(self, code: str) -> dict[str, TemplateDocument]:
        """What the studio keeps, as it stood when the project was as it is viewed."""
        at = self.context.view.at
        context = self.context
        if isinstance(at, int) and code != STUDIO:
            events = context.catalog.events(code, after=at - 1, limit=1)
            context = attrs.evolve(context, view=View(at=events[0].created_at if events else None))
        return _by_code(context.every(Query("template_set", project=STUDIO).sort("code")))

    def _broken(self, changed: Mapping[str, Document | None]) -> Iterator[Issue]:
        """The projects whose set stands now, and would not when the studio's sets have changed so."""
        now = _documents(self._of_studio(STUDIO))
        then = {code: each for code, each in {**now, **changed}.items() if each is not None}
        for project in self.context.every(Query("project", project=STUDIO).where(state="active").sort("code")):
            own = self._kept(project.code)
            if _fault(project.code, own, now) is None and (fault := _fault(project.code, own, then)):
                message = f"the templates of {project.code} could not be used any more: {fault}"
                yield Issue("template_set.broken", message, subject=project.ref, hint="change its set first")


def _sheet(source: Source) -> Sheet:
    return Sheet(source, "this document") if isinstance(source, Mapping) else template_files.read(Path(source))


def _by_code(found: Iterable[TemplateDocument]) -> dict[str, TemplateDocument]:
    return {fold(each.code): each for each in found}


def _documents(kept: Mapping[str, TemplateDocument]) -> dict[str, Document]:
    return {code: each.document for code, each in kept.items()}


def _lineage(
    code: str, own: Mapping[str, TemplateDocument], studio: Mapping[str, Document], *, name: str = DEFAULT
) -> list[Layer]:
    """The set of that name that a project keeps with those that it extends, else what stands in for it."""
    known = own.get(fold(name))
    others = {each: document for each, document in studio.items() if code != STUDIO or each != fold(name)}
    if known is not None:
        return layers(known.document, others, name=code if code != STUDIO else f"{known.code} of the studio")
    return layers({"extends": FALLBACK if code == STUDIO else DEFAULT}, others, name=code)[1:]


def _fault(code: str, own: Mapping[str, TemplateDocument], studio: Mapping[str, Document]) -> str | None:
    try:
        _made(_lineage(code, own, studio))
    except ValidationError as error:
        return str(error.issues[0])
    return None


def _made(found: Sequence[Layer]) -> TemplateSet:
    return _compiled(tuple(json.dumps(dict(layer.document)) for layer in found), found[0].name)


@functools.lru_cache(maxsize=64)
def _compiled(texts: tuple[str, ...], name: str) -> TemplateSet:
    """The set of documents as JSON, the nearest first; the same documents are compiled and proven once a process."""
    document, *parents = map(json.loads, texts)
    return TemplateSet.from_document(document, parents=parents, source=name)
