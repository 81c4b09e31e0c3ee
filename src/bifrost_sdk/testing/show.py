"""A small show in which every kind of entity stands at least once: what contract suites and examples look at."""

from __future__ import annotations

import datetime

import attrs

from bifrost_sdk.domain import registry
from bifrost_sdk.domain.attributes import AttributeType
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.model import (
    Asset,
    AssetType,
    Episode,
    Link,
    Membership,
    Product,
    Project,
    Representation,
    Role,
    Sequence,
    Shot,
    ShotAsset,
    Status,
    Task,
    Team,
    User,
    Version,
    Workfile,
)
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.versions import AssetDependency, File
from bifrost_sdk.testing.examples import example

#: The project that the show is made in.
PROJECT = "demo"

_DUE = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.timezone.utc)


def make_id(number: int) -> str:
    """An id that is the same in every run; larger numbers sort later.

    >>> make_id(255)
    '01900000-0000-7000-8000-0000000000ff'
    """
    return f"01900000-0000-7000-8000-{number:012x}"


@attrs.frozen
class Show:
    """What a show consists of.

    The entities of the `studio` and those of its `project` each stand in an order in which they can be created; `ids`
    are theirs by a short name (``hero``, ``hero/model``, ``hero/model/v001``).
    """

    studio: tuple[Entity, ...]
    project: tuple[Entity, ...]
    ids: dict[str, str]

    def get(self, name: str) -> Entity:
        """The entity with this short name, as it was before it was committed."""
        return next(entity for entity in (*self.studio, *self.project) if entity.id == self.ids[name])


class _Making:
    """Entities with the next id each, found again by their short names."""

    def __init__(self, code: str, first: int) -> None:
        self.code = code
        self.first = first
        self.ids: dict[str, str] = {}
        self.made: list[Entity] = []
        self.every: list[Entity] = []

    def add(self, name: str, cls: type[Entity], /, **fields: object) -> str:
        id = make_id(self.first + len(self.ids))
        self.put(name, cls(id=id, **fields))  # type: ignore[arg-type]  # each class checks its own fields
        return id

    def put(self, name: str, entity: Entity) -> None:
        """Take in an entity that has its id."""
        self.ids[name] = entity.id
        self.made.append(entity)
        self.every.append(entity)


def show(code: str = PROJECT, *, first: int = 1) -> Show:
    """The show under a project's code; its ids count from `first`, so that several shows stand in one catalog."""
    making = _Making(code, first)
    _people(making)
    _further(making, STUDIO)
    studio = tuple(making.made)
    making.made = []
    _plan(making)
    _products(making)
    _versions(making)
    _work(making)
    _further(making, "project")
    return Show(studio, tuple(making.made), making.ids)


def _further(making: _Making, scope: str) -> None:
    """One of every other kind that is registered, so that it is looked at like those of the library."""
    standing: dict[str, list[str]] = {}
    for entity in making.every:
        standing.setdefault(entity.kind, []).append(entity.id)
    for kind in registry.kinds():
        made = registry.entity_type(kind)
        if kind not in standing and (made.scope == STUDIO) == (scope == STUDIO) and not made.read_only:
            entity = example(kind, make_id(making.first + len(making.ids)), standing, name="further")
            making.put(kind, entity)
            standing[kind] = [entity.id]


def _people(making: _Making) -> None:
    add, code, ids = making.add, making.code, making.ids
    add("owners", Role, code=f"{code}-owner", name="Owner", permissions=("*:*",))
    add("viewers", Role, code=f"{code}-viewer", permissions=("read:*",))
    add("anna", User, login=f"anna-{code}", name="Anna", email="anna@example.com")
    add("ben", User, login=f"ben-{code}", name="Ben Ünal")
    add("crew", Team, code=f"{code}-crew", members=(ids["anna"], ids["ben"]))
    declared = {"fps": AttributeType("fps", "24"), "renderer": AttributeType("choice", choices=("karma", "arnold"))}
    add("project", Project, code=code, name="The Show", attribute_types=declared)
    add("anna owns", Membership, user=ids["anna"], role=ids["owners"], of=ids["project"])
    add("crew views", Membership, team=ids["crew"], role=ids["viewers"], of=ids["project"])


def _plan(making: _Making) -> None:
    add, ids = making.add, making.ids
    for code, category in (("todo", "todo"), ("active", "active"), ("final", "approved")):
        add(code, Status, code=code, category=category, color="#336699", order=code[0])
    add("char", AssetType, code="char", parent=ids["project"], attributes={"fps": "25"})
    add("prop", AssetType, code="prop", parent=ids["project"], name="Props", order="V")
    asset = {"asset_type": ids["char"]}
    add(
        "hero",
        Asset,
        code="hero",
        parent=ids["char"],
        tags=("main", "Human"),
        status=ids["active"],
        name="Bär",
        **asset,
    )
    add("villain", Asset, code="Villain", parent=ids["char"], tags=("human",), metadata={"age": 41, "n": [1]}, **asset)
    add("cape", Asset, code="cape", parent=ids["hero"], description="50% wool_mix\nred", metadata={"age": 3}, **asset)
    add("sword", Asset, code="sword", parent=ids["prop"], asset_type=ids["prop"], status=ids["final"], order="F")
    add("ep01", Episode, code="ep01", parent=ids["project"], attributes={"renderer": "karma"})
    add("sq010", Sequence, code="sq010", parent=ids["ep01"])
    add("sq020", Sequence, code="sq020", parent=ids["project"], metadata={"age": "old"})
    add("sh010", Shot, code="sh010", parent=ids["sq010"], frames="1001-1096", status=ids["todo"])
    add("sh020", Shot, code="sh020", parent=ids["sq010"], frames="1001,1005,1010", tags=("fx",))
    add("sh030", Shot, code="sh030", parent=ids["sq020"], metadata={"handles": {"in": 8}, "hot": True})


def _products(making: _Making) -> None:
    add, ids = making.add, making.ids
    for owner, code in (("hero", "model"), ("hero", "rig"), ("sword", "model"), ("sh010", "anim"), ("project", "lut")):
        add(f"{owner}/{code}", Product, code=code, parent=ids[owner], type=code)


def _versions(making: _Making) -> None:
    add = making.add
    _version(making, "hero/model", 1, (), comment="first", tags=("wip",))
    _version(making, "sword/model", 1, ())
    _version(making, "hero/model", 2, (("sword/model/v001", "weak"),), status=making.ids["final"])
    _version(making, "hero/rig", 1, (("hero/model/v001", "strong"), ("sword/model/v001", "reference")))
    _version(making, "sh010/anim", 1, (("hero/rig/v001", "strong"), ("hero/model/v002", "weak")))
    add("hero/model/v003", Version, product=making.ids["hero/model"], number=3, comment="being made")


def _version(making: _Making, product: str, number: int, needs: tuple[tuple[str, str], ...], **fields: object) -> None:
    ids = making.ids
    name = f"{product}/v{number:03d}"
    dependencies = tuple(AssetDependency(ids[target], kind=kind, purpose="build") for target, kind in needs)
    making.add(
        name, Version, product=ids[product], number=number, state="published", dependencies=dependencies, **fields
    )
    stem = product.rpartition("/")[2]
    folder = f"{making.code}/{name}"
    main = File(f"{stem}.usda", 1_000 + number, f"sha256:{number:064x}")
    texture = File("tex/body.<UDIM>.exr", 4_000, f"sha256:{number + 100:064x}", udims=(1001, 1002), count=2)
    making.add(f"{name}/usd", Representation, version=ids[name], name="usd", folder=folder, files=(main, texture))
    preview = File("preview.png", 10, f"sha256:{number + 200:064x}")
    making.add(f"{name}/preview", Representation, version=ids[name], name="preview", folder=folder, files=(preview,))


def _work(making: _Making) -> None:
    add, ids = making.add, making.ids
    both = (ids["anna"], ids["ben"])
    add("anim", Task, code="anim", parent=ids["sh010"], assignees=both, due_at=_DUE, priority=3, estimate=3600)
    add("lookdev", Task, code="lookdev", parent=ids["hero"], status=ids["active"], assignees=both[:1], tags=("fx",))
    add("scene", Workfile, parent=ids["sh010"], file="anim/sh010_v001.ma", task=ids["anim"], number=1)
    add("hero in sh010", ShotAsset, shot=ids["sh010"], asset=ids["hero"], count=2, variant="clean")
    add("sword in sh010", ShotAsset, shot=ids["sh010"], asset=ids["sword"])
    add("like", Link, source=ids["hero"], target=ids["sword"], type="inspired-by", description="same smith")
