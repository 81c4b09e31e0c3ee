"""A set of templates: what each is for, which of them read a path, and the proof that they do not contend for one."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import attrs

from bifrost_sdk.domain.templates import documents, filling, verdicts
from bifrost_sdk.domain.templates.compilation import Parts, SetTemplate
from bifrost_sdk.domain.templates.dispatch import Dispatch
from bifrost_sdk.domain.templates.documents import Document
from bifrost_sdk.domain.templates.failures import Failure
from bifrost_sdk.domain.templates.filling import Facts
from bifrost_sdk.domain.templates.verdicts import Verdict
from bifrost_sdk.errors import TemplateError, ValidationError


class _Reader(NamedTuple):
    """What reads the paths of one root: the templates in the order in which they are tried."""

    templates: tuple[SetTemplate, ...]
    matches: tuple[Callable[[str], dict[str, Any] | None], ...]  # Any: values of every type of token
    dispatch: Dispatch

    @classmethod
    def of(cls, templates: Iterable[SetTemplate]) -> _Reader:
        made = tuple(templates)
        matches = tuple(each.template.match for each in made)
        return cls(made, matches, Dispatch(each.template.language for each in made))


@attrs.frozen(eq=False, kw_only=True)
class TemplateSet(Parts):
    """Templates that belong together, each below a named root: the parts of a document, judged and ready to read paths.

    `document` is the whole set, with all that it inherits; `source` is where it comes from, for messages.
    """

    document: Document
    source: str = ""
    _verdicts: tuple[Verdict, ...] = attrs.field(init=False, repr=False)
    _readers: Mapping[str, _Reader] = attrs.field(init=False, repr=False)

    @_verdicts.default
    def _judged(self) -> tuple[Verdict, ...]:
        return tuple(verdicts.judge(self.templates.values(), self.examples))

    @_readers.default
    def _read(self) -> Mapping[str, _Reader]:
        by_root: dict[str, list[SetTemplate]] = {}
        for made in self.templates.values():
            if made.is_parsed:
                by_root.setdefault(made.root, []).append(made)
        return {root: _Reader.of(templates) for root, templates in by_root.items()}

    @classmethod
    def from_document(cls, document: Document, *, parents: Sequence[Document] = (), source: str = "") -> TemplateSet:
        """The set of a document; `parents` are the documents that it extends, the nearest first.

        Raises:
            ValidationError: with everything that is wrong in it; among it two templates that may read the same path, of
                which neither wins, with such a path.

        >>> made = TemplateSet.from_document({"templates": {"one": {"path": "{asset}/work/{task}", "root": "work"}}})
        >>> [(found.name, values) for found, values in made.match("work", "hero/work/rig")]
        [('one', {'asset': 'hero', 'task': 'rig'})]
        """
        made = cls.unproven(document, parents=parents, source=source)
        issues = [verdict.to_issue() for verdict in made.verdicts() if not verdict.is_clear]
        if issues:
            raise ValidationError(issues)
        return made

    @classmethod
    def unproven(cls, document: Document, *, parents: Sequence[Document] = (), source: str = "") -> TemplateSet:
        """The set of a document whose templates may contend for paths: only `verdicts` tells.

        Raises:
            ValidationError: with everything else that is wrong in it.
        """
        layers = [documents.check(each) for each in (*reversed(parents), document)]
        whole = documents.inherit(layers)
        return cls(document=whole, source=source, **attrs.asdict(Parts.of(whole), recurse=False))

    def to_document(self) -> Document:
        """The whole set as one document that stands alone."""
        return {"schema": documents.SCHEMA, **self.document}

    def get(self, name: str) -> SetTemplate:
        """The template of that name.

        Raises:
            TemplateError: when there is none, with the nearest names.
        """
        found = self.templates.get(name)
        if found is None:
            near = difflib.get_close_matches(name, self.templates, n=3) or list(self.templates)[:8]
            raise TemplateError(f"{self._called} has no template {name!r}; it has {', '.join(near)}", template=name)
        return found

    def for_area(
        self, kind: str, area: str, *, given: Collection[str] = (), facts: Facts = MappingProxyType({}), node: str = ""
    ) -> SetTemplate:
        """The template for an area of a kind, such as ``"shot", "work"``.

        Where there are several, the tokens that are `given`, and those that `facts` fill, choose: the one that needs
        the most of them and no other. Of what lies in a node of the kind `node`, those count that name such a node.

        Raises:
            TemplateError: when there is none, or the tokens choose none.
        """
        found = [made for made in self._of_area(kind, area) if self._names(made, node)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise self._no_area(kind, area)
        known = {made.name: {*given, *self._filled(made, facts)} for made in found}
        possible = [made for made in found if not facts or self._places(made) <= known[made.name]]
        fitting = [made for made in possible if made.template.required <= known[made.name]]
        if not fitting:  # the one that is read tells best what it needs
            fitting = [made for made in possible if made.is_parsed or len(possible) == 1]
            fitting = fitting if len(fitting) == 1 else []
        best = max(fitting, key=lambda made: len(made.template.required), default=None)
        if best is None or not all(made.template.required <= best.template.required for made in fitting):
            needs = "; ".join(f"{made.name} needs {', '.join(sorted(made.template.required))}" for made in found)
            raise TemplateError(f"which template is for {kind} and {area} is not clear from the tokens given: {needs}")
        return best

    def has_area(self, kind: str, area: str, *, facts: Facts, node: str) -> bool:
        """Whether a template is meant for the area of a thing that lies in such a node, be its tokens known or not."""
        found = (made for made in self._of_area(kind, area) if self._names(made, node))
        return any(self._places(made) <= self._filled(made, facts).keys() for made in found)

    def match(self, root: str, path: str) -> list[tuple[SetTemplate, dict[str, Any]]]:  # Any: values of every token
        """The templates of a root that read the path, with the values that they read, those that win first.

        `path` is relative to the root, with ``/`` between its parts.
        """
        reader = self._readers.get(root)
        if reader is None:
            return []
        matches, found = reader.matches, []
        for number in reader.dispatch.candidates(path):
            values = matches[number](path)
            if values is not None:
                found.append((reader.templates[number], values))
        return found

    def nearest(self, root: str, path: str, *, count: int = 3) -> list[tuple[SetTemplate, Failure]]:
        """The templates that read most of a path that none reads, and where each fails, the furthest first."""
        reader = self._readers.get(root)
        if reader is None:
            return []
        reaches = reader.dispatch.reaches(path)
        found: list[tuple[SetTemplate, Failure]] = []
        for number in sorted(range(len(reaches)), key=lambda each: -reaches[each]):
            if len(found) >= count and reaches[number] <= found[-1][1].position:
                break  # none of the others gets further
            failure = reader.templates[number].template.fails_at(path)
            if failure is not None:
                found.append((reader.templates[number], failure))
                found = heapq.nlargest(count, found, key=lambda item: item[1].position)
        return found

    def verdicts(self) -> list[Verdict]:
        """What is proven of each template with itself and with each other one of its root."""
        return list(self._verdicts)

    def _of_area(self, kind: str, area: str) -> list[SetTemplate]:
        return [made for made in self.templates.values() if (made.kind, made.area) == (kind, area) and kind]

    def _names(self, made: SetTemplate, node: str) -> bool:
        """Whether its paths tell a node of that kind; every path tells the project."""
        named = {self.sources.get(token) for token in made.template.tokens}
        return node in {"", "project"} or f"{node}.code" in named

    def _filled(self, made: SetTemplate, facts: Facts) -> dict[str, Any]:  # Any: values of every type of token
        return filling.filled(made.template, facts, self.sources)

    def _places(self, made: SetTemplate) -> set[str]:
        """The tokens without which it has no path and that only a node can fill."""
        return {token for token in made.template.required if self.sources.get(token) in filling.NODE_SOURCES}

    @property
    def _called(self) -> str:
        return self.source or "this set of templates"

    def _no_area(self, kind: str, area: str) -> TemplateError:
        areas = sorted({made.area for made in self.templates.values() if made.kind == kind})
        kinds = sorted({made.kind for made in self.templates.values() if made.area == area})
        has = f"{kind} has {', '.join(areas)}" if areas else f"{area} is for {', '.join(kinds) or 'nothing'}"
        return TemplateError(f"{self._called} has no template for {kind} and {area}; {has}")
