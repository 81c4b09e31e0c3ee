"""Paths of things by the templates of their projects: tokens filled from the catalog, many in a few questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import attrs

from bifrost_sdk.domain.codes import fold, path_fault
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.templates import filling
from bifrost_sdk.domain.templates.compilation import SetTemplate
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.domain.text import LINE_LIMIT
from bifrost_sdk.errors import BifrostError, TemplateError
from bifrost_sdk.services import lineages
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.lineages import Lineage
from bifrost_sdk.services.templates import Templates

#: Values by token, as a caller gives them.
Tokens: TypeAlias = Mapping[str, Any]  # Any: values of every type of token

#: How names are spelled: (kind, id of the parent or empty, folded name) -> the name as the catalog has it.
_Spellings: TypeAlias = Mapping[tuple[str, str, str], str]


class Request(NamedTuple):
    """The path of a thing in an area is asked for; `tokens` are those that the catalog does not fill."""

    item: Item
    area: str
    tokens: Tokens = MappingProxyType({})


@attrs.frozen
class Asked:
    """A request with what is known of its thing: `lineage`, and the `templates` of its project.

    `given` are the tokens of the request, and that of the user who asks where it gives none.
    """

    lineage: Lineage
    templates: TemplateSet
    area: str
    given: Tokens

    @property
    def kind(self) -> str:
        """The kind whose area is meant: of the thing itself, or of what it belongs to, up to its node."""
        areas = {(each.kind, each.area) for each in self.templates.templates.values()}
        kinds = list(self._kinds())
        return next((kind for kind in kinds if (kind, self.area) in areas), kinds[-1])

    def chosen(self) -> SetTemplate:
        """The template of the area.

        Raises:
            TemplateError: there is none, or the tokens choose none.
        """
        kind, node = self.kind, self.lineage.node.kind
        inner = "" if kind == node else node  # what lies in a node has templates for each kind of these
        return self.templates.for_area(kind, self.area, given=self.given, facts=self.lineage.facts, node=inner)

    def values(self, made: SetTemplate) -> dict[str, Any]:  # Any: values of every type of token
        """What fills the template.

        Raises:
            TemplateError: a token is missing, or contradicts the catalog.
        """
        sources = self.templates.sources
        return filling.values_for(
            made.template, self.lineage.facts, self.given, sources=sources, subject=self.lineage.label
        )

    def filled(self, made: SetTemplate) -> Filled:
        """The path of the thing by that template.

        Raises:
            TemplateError: as `values`, or a value does not fit.
        """
        values = self.values(made)
        return Filled(self, made, values, made.template.format(values))

    def _kinds(self) -> Iterator[str]:
        for entity in reversed(self.lineage.chain):
            yield entity.kind
            if entity is self.lineage.node:
                return


@attrs.frozen
class Filled:
    """A path below its template's root, and the values that it was made of."""

    asked: Asked
    made: SetTemplate
    values: Tokens
    path: str


def fill(context: Context, templates: Templates, requests: Sequence[Request]) -> list[Filled | BifrostError]:
    """One path or error for each request, in order; two things never get the same one."""
    found = [
        each if isinstance(each, BifrostError) else _attempt(_filled, each)
        for each in prepare(context, templates, requests)
    ]
    shared = _shared(context, [each for each in found if isinstance(each, Filled)])
    return [shared.get(id(each), each) for each in found]


def refuse_shared(context: Context, found: Sequence[Filled]) -> None:
    """Refuse a path that another thing has as well.

    Raises:
        TemplateError: it is so.
    """
    for error in _shared(context, found).values():
        raise error


def prepare(context: Context, templates: Templates, requests: Sequence[Request]) -> list[Asked | BifrostError]:
    """Each request with what is known of its thing, or why nothing is, in order."""
    sets: dict[str, TemplateSet] = {}

    def asked(request: Request, lineage: Lineage) -> Asked:
        made = _with_project(context, lineage, request)
        if made.project not in sets:
            sets[made.project] = templates.get(made.project)
        given = dict(request.tokens)
        if "user.login" not in made.facts:
            sources = sets[made.project].sources
            given = {token: context.actor.login for token in sources if sources[token] == "user.login"} | given
        return Asked(made, sets[made.project], request.area, given)

    found = [
        each if isinstance(each, BifrostError) else _attempt(asked, request, each)
        for request, each in zip(requests, lineages.trace(context, [each.item for each in requests]), strict=True)
    ]
    spellings = _spellings(context, [each for each in found if isinstance(each, Asked)])
    return [_spelled(each, spellings) if isinstance(each, Asked) else each for each in found]


def _filled(asked: Asked) -> Filled:
    return asked.filled(asked.chosen())


def _attempt(function: Any, *arguments: Any) -> Any:  # Any: what the function takes and gives
    """What the function gives, or the error that it raises, as a value: one bad request leaves the others alone."""
    try:
        return function(*arguments)
    except BifrostError as error:
        return error


def _with_project(context: Context, lineage: Lineage, request: Request) -> Lineage:
    """A person has folders in a project: the one that is given, or the default one."""
    if lineage.project:
        return lineage
    code = str(request.tokens.get("project") or context.code_of(None))
    return attrs.evolve(lineage, project=code, facts={"project.code": code, **lineage.facts})


def _names(asked: Asked) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """The tokens given for things that the catalog may know by another spelling, with the key of what they name."""
    for token, value in asked.given.items():
        source = asked.templates.sources.get(token)
        if not isinstance(value, str) or len(value) > LINE_LIMIT or path_fault(value):
            continue  # which the template will refuse
        if source in {"task.code", "product.code"}:
            yield token, (source.partition(".")[0], asked.lineage.node.id, fold(value))
        elif source == "user.login":
            yield token, ("user", "", fold(value))


def _spellings(context: Context, asked: Iterable[Asked]) -> _Spellings:
    """How the catalog spells what the tokens name: a folder has one spelling, whoever asks for it."""
    wanted: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for each in asked:
        for _, (kind, parent, name) in _names(each):
            project = STUDIO if kind == "user" else each.lineage.project
            wanted.setdefault((project, kind), set()).add((parent, name))
    found: dict[tuple[str, str, str], str] = {}
    for (project, kind), pairs in wanted.items():
        query = Query(kind, project=project)
        names = sorted({name for _, name in pairs})
        if kind == "user":
            users = lineages.people_and_projects(context).every(query.where(login__in=names))
            found |= {(kind, "", fold(user.login)): user.login for user in users}
        else:
            parents = sorted({parent for parent, _ in pairs})
            things = context.every(query.where(parent__in=parents, code__in=names))
            found |= {(kind, each.parent, fold(each.code)): each.code for each in things}
    return found


def _spelled(asked: Asked, spellings: _Spellings) -> Asked:
    own = {token: spellings[key] for token, key in _names(asked) if key in spellings}
    return attrs.evolve(asked, given={**asked.given, **own})


def _shared(context: Context, found: Iterable[Filled]) -> dict[int, TemplateError]:
    """What is to be said of paths, by the id of the object, that another thing has as well.

    A path that names all that a thing lies in is the thing's own; only for the others the catalog is asked.
    """
    groups: dict[tuple[str, str], list[Filled]] = {}
    for each in found:
        node = each.asked.lineage.node
        if node.project != STUDIO and _left_out(each):
            groups.setdefault((node.project, node.kind), []).append(each)
    errors: dict[int, TemplateError] = {}
    for (project, kind), group in groups.items():
        codes = [each.asked.lineage.facts[f"{kind}.code"] for each in group]
        known = lineages.namesakes(context, project, kind, codes)
        for each, code in zip(group, codes, strict=True):
            if rivals := [other for other in known.get(fold(code), ()) if _shares(each, other)]:
                errors[id(each)] = _contested(each, rivals[0])
    return errors


def _left_out(filled: Filled) -> list[str]:
    """The nodes that the thing lies in and of which the path says nothing."""
    nodes = filling.unnamed(filled.asked.lineage.chain, filled.values, filled.asked.templates.sources)
    return [node.ref for node in nodes]


def _shares(filled: Filled, other: Lineage) -> bool:
    """Whether the template makes the same path for another node."""
    sources = filled.asked.templates.sources
    said = {sources[token] for token in filled.values if token in sources}
    own = {source for source in said if source.partition(".")[0] in filling.NODE_KINDS}
    facts = filled.asked.lineage.facts
    is_same = all(filling.agree(facts.get(source), other.facts.get(source)) for source in own)
    return is_same and other.entity.id != filled.asked.lineage.node.id


def _contested(filled: Filled, rival: Lineage) -> TemplateError:
    message = (
        f"template {filled.made.name!r} ({filled.made.template.text}) makes one path for {filled.asked.lineage.label} "
        f"and {rival.entity.ref}: it says nothing of {', '.join(_left_out(filled))}; let it name more"
    )
    return TemplateError(message, template=filled.made.name)
