"""What a shell offers while somebody types: references segment by segment, projects and kinds, from the catalog.

A shell has no place for errors: where nothing can be found out, nothing is offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import click

from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.production import Project
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.registry import entity_type, kinds
from bifrost_sdk.domain.versions import Product, Version
from bifrost_sdk.session import Session, connect

#: Of what lies at one place so many are offered.
LIMIT = 100

#: What a shell may be offered for the beginning of a word.
Offers: TypeAlias = Callable[[Session, str], list[str]]

_SCHEME = "bifrost://"


def offered(ctx: click.Context, typed: str, offers: Offers) -> list[str]:
    """What there is for what was typed so far, in the workspace that the command would work in."""
    try:
        with connect(ctx.params.get("workspace"), project=ctx.params.get("project"), timeout=1) as session:
            return offers(session, typed)
    except Exception:  # noqa: BLE001 - the edge of the process: a shell that completes has no place for errors
        return []


def references(session: Session, typed: str) -> list[str]:
    """The references that go on with one more segment: projects, nodes, versions and files.

    Bash takes ``bifrost:`` for a word of its own; then ``//demo/…`` is what was typed.
    """
    start = next((each for each in (_SCHEME, "//") if typed.startswith(each)), "")
    path = typed.removeprefix(start)
    if not start:
        return _below(session, session.context.code_of(None), path, "")
    project, mark, rest = path.partition("/")
    if not mark:
        return [f"{start}{code}/" for code in projects(session, project)]
    return _below(session, project, rest, f"{start}{project}/")


def projects(session: Session, typed: str) -> list[str]:
    """The codes of projects that begin so."""
    return [each.code for each in session.projects.list(code__startswith=typed)]


def kinds_and_references(session: Session, typed: str) -> list[str]:
    """What can be listed: kinds in the plural, and references."""
    return [*kind_names(session, typed), *references(session, typed)]


def kind_names(_: Session, typed: str) -> list[str]:
    """The kinds that begin so, in the plural."""
    return [name for kind in kinds() if (name := entity_type(kind).plural).startswith(typed)]


def _below(session: Session, project: str, path: str, start: str) -> list[str]:
    above, _, last = path.rpartition("/")
    begin = f"{start}{above}/" if above else start
    names, is_end = _names(session, project, above)
    found = [f"{begin}{name}" for name in names if fold(name).startswith(fold(last))]
    is_open = len(found) == 1 and not is_end
    return [*found, f"{found[0]}/"] if is_open else found  # a shell that has a choice does not end the word


def _names(session: Session, project: str, above: str) -> tuple[list[str], bool]:
    """The names of what lies right below a path of a project, and whether nothing lies below these."""
    branches: dict[str, list[str]] = {}
    for kind in kinds():
        if root := entity_type(kind).root:
            branches.setdefault(root, []).append(kind)
    if not above or above in branches:
        owner = session.get(f"{_SCHEME}{project}")
        own = _codes(session, owner, branches.get(above, ["product"]))
        return [*([] if above else sorted(branches)), *own], False
    node = session.get(f"{_SCHEME}{project}/{above}")
    if isinstance(node, Version):
        return [file.name for item in session.versions.representations(node) for file in item.files], True
    if isinstance(node, Product):
        numbers = [f"v{version.number:03d}" for version in session.versions.of(node) if version.number]
        return ["latest", "approved", *numbers[-LIMIT:]], False
    return list(_codes(session, node, [kind for kind in kinds() if entity_type(kind).is_node])), False


def _codes(session: Session, node: Entity, wanted: Iterable[str]) -> Iterator[str]:
    """The codes of the nodes of these kinds right below a node; each kind is asked by its indexed parent."""
    owner = node.code if isinstance(node, Project) else node.project
    for kind in wanted:
        parent = entity_type(kind).parent
        if parent is not None and (not parent.targets or node.kind in parent.targets):
            query = Query(kind, project=owner).where(**{parent.name: node.id}).sort("code").limit(LIMIT)
            entities: Any = session.find(query)  # Any: nodes of these kinds
            yield from (each.code for each in entities)
