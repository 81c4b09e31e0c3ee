"""Things with all that they lie in, many in a few questions to the catalog: what fills the tokens of templates."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence

import attrs

from bifrost_sdk.domain.codes import fold
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.production import STUDIO, Project
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.registry import entity_type, kinds
from bifrost_sdk.domain.templates.filling import Facts, facts_of
from bifrost_sdk.domain.versions import Product
from bifrost_sdk.errors import BifrostError
from bifrost_sdk.ports import NOW
from bifrost_sdk.services.context import Context, Item

# From a representation to its version, and from there to the product.
_STEPS = 2


@attrs.frozen
class Lineage:
    """A thing with what it lies in: `chain` leads from the outermost below the project to the thing itself.

    A version lies in its product, a task in its node. `project` is the code of the project, empty for what belongs to
    the studio. `facts` are what is known of the thing, as `filling.facts_of` tells.
    """

    project: str
    chain: tuple[Entity, ...]
    facts: Facts

    @property
    def entity(self) -> Entity:
        """The thing itself."""
        return self.chain[-1]

    @property
    def label(self) -> str:
        """What it is called in messages: its reference, or its name where it has no place in the tree."""
        entity = self.entity
        name = getattr(entity, "code", "") or getattr(entity, "login", "")
        if entity.path or isinstance(entity, Node) or not name:
            return entity.ref
        return f"{entity.kind} {name}" + (f" of {self.chain[-2].ref}" if len(self.chain) > 1 else "")

    @property
    def node(self) -> Entity:
        """The node of the tree that it belongs to, itself where it is one; a product and a version belong to theirs."""
        nodes = (entity for entity in reversed(self.chain) if isinstance(entity, Node))
        return next((node for node in nodes if not isinstance(node, Product)), self.entity)


def trace(context: Context, items: Sequence[Item]) -> list[Lineage | BifrostError]:
    """The lineage of each thing, or why it cannot be had, in order; asks the catalog at most a few times.

    An entity is taken as it is given.
    """
    asked = [item for item in items if not (isinstance(item, Entity) and item.id)]
    answers = iter(context.get_many(asked) if asked else ())
    found = [item if isinstance(item, Entity) and item.id else next(answers) for item in items]
    entities = [each for each in found if isinstance(each, Entity)]
    holders = _holders(context, entities)
    nodes = _nodes(context, [*entities, *holders.values()])
    return [_lineage(each, holders, nodes) if isinstance(each, Entity) else each for each in found]


def namesakes(context: Context, project: str, kind: str, codes: Iterable[str]) -> dict[str, list[Lineage]]:
    """By folded code, the nodes of a kind that have one of these codes, wherever they lie."""
    query = Query(kind, project=project).where(code__in=sorted(set(codes)))
    found: dict[str, list[Lineage]] = {}
    for lineage in trace(context, context.every(query)):
        if isinstance(lineage, Lineage):
            found.setdefault(fold(lineage.facts[f"{kind}.code"]), []).append(lineage)
    return found


def people_and_projects(context: Context) -> Context:
    """The context in which the studio is asked: as it is today, since a revision of a project is none of its own."""
    return attrs.evolve(context, view=NOW)


def _lineage(entity: Entity, holders: Mapping[str, Entity], nodes: Mapping[tuple[str, str], Entity]) -> Lineage:
    chain = [entity]
    while (above := holders.get(_holder_id(chain[0]))) is not None:
        chain.insert(0, above)
    top = chain[0]
    above_all = [nodes[top.project, path] for path in _prefixes(top) if (top.project, path) in nodes]
    project = top.code if isinstance(top, Project) else "" if top.project == STUDIO else top.project
    whole = (*above_all, *chain)
    return Lineage(project, whole, {**({"project.code": project} if project else {}), **facts_of(whole)})


def _holders(context: Context, entities: Iterable[Entity]) -> dict[str, Entity]:
    """By id, what contains these things up to the tree: the parents of tasks, the versions of representations."""
    found: dict[str, Entity] = {}
    asked = {_holder_id(entity): entity.project for entity in entities}
    for _ in range(_STEPS):
        keys = [f"bifrost://{project}/~{id}" for id, project in asked.items() if id and id not in found]
        made = [each for each in (context.get_many(keys) if keys else ()) if isinstance(each, Entity)]
        found |= {each.id: each for each in made}
        asked = {_holder_id(each): each.project for each in made}
    return found


def _holder_id(entity: Entity) -> str:
    """The id of what contains a thing that the tree's path does not tell: nodes and versions have their own path."""
    parent = entity_type(entity.kind).parent
    return "" if isinstance(entity, Node) or parent is None else getattr(entity, parent.name) or ""


def _nodes(context: Context, entities: Iterable[Entity]) -> dict[tuple[str, str], Entity]:
    """The nodes that lie above these ones, by project and path."""
    wanted = dict.fromkeys((entity.project, path) for entity in entities for path in _prefixes(entity))
    refs = [f"bifrost://{project}/{path}".rstrip("/") for project, path in wanted]
    answers = context.get_many(refs) if refs else ()
    return {place: answer for place, answer in zip(wanted, answers, strict=True) if isinstance(answer, Entity)}


def _prefixes(entity: Entity) -> list[str]:
    """The paths above a node, the outermost first; the project alone, the empty path, for what lies right below it."""
    if not isinstance(entity, Node) or not entity.path:
        return []
    parts = entity.path.split("/")[:-1]
    if not parts:
        return [""]
    first = 2 if parts[0] in _branches(kinds()) else 1
    return ["/".join(parts[:count]) for count in range(first, len(parts) + 1)]


@functools.lru_cache(maxsize=1)
def _branches(known: tuple[str, ...]) -> frozenset[str]:
    """The folders of the tree that hold nodes of a kind and are no nodes themselves."""
    return frozenset(root for kind in known if (root := entity_type(kind).root))
