"""Ways to read paths by templates, each looked up in the catalog: what exists of what it names, and what does not."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.people import User
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.references import Tag
from bifrost_sdk.domain.rootpaths import Below
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.domain.templates import filling
from bifrost_sdk.domain.templates.compilation import SetTemplate
from bifrost_sdk.domain.templates.filling import Facts, agree
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.domain.versions import Product, Version, Workfile
from bifrost_sdk.errors import BifrostError, NotFoundError, TemplateError
from bifrost_sdk.services import lineages
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.paths import Tokens

T = TypeVar("T", bound=Entity)


@attrs.define(eq=False)
class Candidate:
    """One template that reads a path in one way, and what of that the catalog holds.

    `named` is what the values name in the catalog. `node` is the node that they lead to, a project included; without
    one, `error` says why. `missing` are the other things that are named and not there. `without` is where the path
    could name a node and says that there is none.
    """

    place: Below
    project: str
    made: SetTemplate
    values: Tokens
    named: Facts
    node: Entity | None = None
    product: Product | None = None
    version: Version | None = None
    task: Task | None = None
    user: User | None = None
    workfile: Workfile | None = None
    error: BifrostError | None = None
    missing: list[NotFoundError] = attrs.field(factory=list)
    without: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        """The kind of its node."""
        own = self.made.kind
        return own if f"{own}.code" in self.named and own in filling.NODE_KINDS else filling.node_kind(self.named)

    @property
    def rank(self) -> tuple[bool, int]:
        """Orders candidates: what is there comes before what is not."""
        return self.node is None, len(self.missing)

    def name(self, source: str) -> str:
        """What it names of that source (``task.code``); empty where it names nothing."""
        return str(self.named.get(source, ""))


def read(sets: Mapping[str, TemplateSet], place: Below) -> Iterator[Candidate]:
    """The ways in which the sets of these projects read a place, those that win first."""
    for project, made in sets.items():
        for template, values in made.match(place.root, place.path):
            named = filling.named_by(values, made.sources)
            if named is not None and agree(named.get("project.code", project), project):
                said = {made.sources[token] for token in template.template.tokens if token in made.sources}
                without = filling.NODE_SOURCES & said - named.keys()
                yield Candidate(place, project, template, values, named, without=without)


def look_up(context: Context, candidates: Sequence[Candidate]) -> None:
    """Find what the candidates name, with a few questions for all of them."""
    _find_nodes(context, candidates)
    there = [each for each in candidates if each.node is not None]
    _find_products(context, [each for each in there if each.name("product.code")])
    for project in dict.fromkeys(each.project for each in there):
        own = [each for each in there if each.project == project]
        _find_tasks(context, project, [each for each in own if each.name("task.code")])
        _find_workfiles(context, project, [each for each in own if not each.name("product.code")])
    _find_users(context, [each for each in there if each.name("user.login")])


def _find_nodes(context: Context, candidates: Sequence[Candidate]) -> None:
    """By the place in the tree, where the path names all of it, else by name wherever it lies."""
    refs = [_node_ref(each) for each in candidates]
    others: dict[tuple[str, str], list[Candidate]] = {}
    for each, answer in zip(candidates, context.get_many(refs) if refs else (), strict=True):
        if isinstance(answer, Entity) and answer.kind == each.kind:
            each.node = answer
            continue
        each.error = answer if isinstance(answer, NotFoundError) else NotFoundError(_node_ref(each))
        if each.kind != "project":
            others.setdefault((each.project, each.kind), []).append(each)
    for (project, kind), group in others.items():
        known = lineages.namesakes(context, project, kind, [each.name(f"{kind}.code") for each in group])
        for each in group:
            said = filling.branch_of(each.named, kind)
            alike = [
                other.entity
                for other in known.get(fold(each.name(f"{kind}.code")), ())
                if each.without.isdisjoint(other.facts)
                and all(agree(other.facts.get(source), value) for source, value in said.items())
            ]
            _settle(each, alike)


def _settle(candidate: Candidate, alike: Sequence[Entity]) -> None:
    if len(alike) == 1:
        candidate.node = alike[0]
    elif alike:
        refs = ", ".join(each.ref for each in alike[:3])
        message = (
            f"{candidate.place.path} may belong to any of {len(alike)}: {refs}; template {candidate.made.name!r} "
            f"({candidate.made.template.text}) names too little to tell"
        )
        candidate.error = TemplateError(message, template=candidate.made.name)


def _node_ref(candidate: Candidate) -> str:
    path = filling.tree_path(candidate.named, candidate.kind)
    return f"bifrost://{candidate.project}/{path}".rstrip("/")


def _find_products(context: Context, candidates: Sequence[Candidate]) -> None:
    refs: list[str] = []
    for each in candidates:
        assert each.node is not None  # only such are asked for
        product = f"{each.node.ref}/{each.name('product.code')}"
        number = each.named.get("version.number")
        refs += [product, f"{product}/{Tag.of(number)}" if number else product]
    answers = iter(context.get_many(refs) if refs else ())
    for each, product_ref, version_ref in zip(candidates, refs[::2], refs[1::2], strict=True):
        product_answer, version_answer = next(answers), next(answers)
        each.product = _taken(product_answer, Product, each, ref=product_ref)
        if each.product is not None and version_ref != product_ref:
            each.version = _taken(version_answer, Version, each, ref=version_ref)


def _taken(answer: Entity | BifrostError, cls: type[T], candidate: Candidate, *, ref: str) -> T | None:
    if isinstance(answer, cls):
        return answer
    missing = answer if isinstance(answer, NotFoundError) else NotFoundError(ref)
    candidate.missing.append(missing)
    return None


def _find_tasks(context: Context, project: str, candidates: Sequence[Candidate]) -> None:
    by_node: dict[str, dict[str, Task]] = {}
    task: Task
    for task in _below(context, Query("task", project=project), candidates):
        by_node.setdefault(task.parent, {})[fold(task.code)] = task
    for each in candidates:
        assert each.node is not None  # as above
        known = by_node.get(each.node.id, {})
        each.task = _among(known, each, "task.code", reason=f"{each.node.ref} has no task of that code")


def _find_workfiles(context: Context, project: str, candidates: Sequence[Candidate]) -> None:
    files = sorted({each.place.path for each in candidates})
    known: dict[tuple[str, Below], Workfile] = {
        (each.parent, Below(each.root, each.file)): each
        for each in _below(context, Query("workfile", project=project).where(file__in=files), candidates)
    }
    for each in candidates:
        assert each.node is not None  # only such are asked for
        each.workfile = known.get((each.node.id, each.place))


def _below(
    context: Context, query: Query, candidates: Sequence[Candidate]
) -> list[Any]:  # Any: entities of the asked kind
    """What the query finds right below the nodes of candidates."""
    ids = sorted({each.node.id for each in candidates if each.node is not None})
    return context.every(query.where(parent__in=ids)) if ids else []


def _find_users(context: Context, candidates: Sequence[Candidate]) -> None:
    logins = sorted({each.name("user.login") for each in candidates})
    query, studio = Query("user", project=STUDIO), lineages.people_and_projects(context)
    found = studio.every(query.where(login__in=logins)) if logins else []
    if len(found) < len(logins):
        found = studio.every(query)  # to tell who is near
    known = {fold(user.login): user for user in found}
    for each in candidates:
        each.user = _among(known, each, "user.login", reason="the catalog knows no user of that login")


def _among(known: Mapping[str, T], candidate: Candidate, source: str, *, reason: str) -> T | None:
    """What is named, else the names that are near to it."""
    name = candidate.name(source)
    found = known.get(fold(name))
    if found is None:
        near = difflib.get_close_matches(fold(name), known, n=3) or list(known)[:8]
        names = [getattr(known[key], source.partition(".")[2]) for key in near]
        candidate.missing.append(NotFoundError(name, suggestions=names, reason=reason))
    return found
