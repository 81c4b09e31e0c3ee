"""Every query on random entities answers as `evaluate` says."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.records import to_record
from bifrost_sdk.domain import registry, wire
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.evaluation import evaluate
from bifrost_sdk.domain.expansion import expand
from bifrost_sdk.domain.model import (
    Asset,
    AssetType,
    Link,
    Product,
    Project,
    Representation,
    Shot,
    ShotAsset,
    Status,
    Task,
    Team,
    User,
    Version,
)
from bifrost_sdk.domain.query import (
    All,
    AnyOf,
    Compare,
    Filter,
    Gated,
    Include,
    Lineage,
    Not,
    Query,
    Related,
    Walk,
)
from bifrost_sdk.domain.versions import AssetDependency, File
from bifrost_sdk.ports import LoggedCommit, Write

WORDS = ["Hero", "hero", "HERO", "straße", "STRASSE", "é", "z", "10", "main", "a_b", "%"]
TIME = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc)
JSON = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.5, -3, 10**12, 0.1, "", *WORDS]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", 'q"b', "x\\y", "é", "in"]), inner)
    ),
    max_leaves=6,
)
METADATA = st.dictionaries(st.sampled_from(["a", "b", 'q"b', "x\\y", "é", "0"]), JSON, max_size=4)
TAGS = st.lists(st.sampled_from(WORDS), max_size=3)


@st.composite
def worlds(draw: st.DrawFn) -> list[Entity]:
    """Some entities of most kinds; references point backwards, now and then at nothing."""
    made: list[Entity] = []

    def new_id() -> str:
        return f"0190f3aa-0000-7000-8000-{len(made) + 1:012x}"

    def add(cls: type[Any], **values: Any) -> str:
        moment = TIME + datetime.timedelta(seconds=draw(st.integers(0, 3)))
        who = draw(st.sampled_from(["ann", "Ann", "bob"]))
        made.append(
            cls(
                **{
                    "id": new_id(),
                    "project": "demo",
                    "revision": 1,
                    "created_at": moment,
                    "updated_at": TIME,
                    **values,
                },
                created_by=who,
                updated_by="ann",
            )
        )
        return made[-1].id

    def some(ids: Sequence[str], most: int = 3) -> list[str]:
        return draw(st.lists(st.sampled_from(ids), max_size=most, unique=True)) if ids else []

    def maybe(ids: Sequence[str]) -> str | None:
        return draw(st.none() | st.sampled_from(ids)) if ids else None

    project = add(Project, code="demo", project="studio")
    users = [add(User, login=login, project="studio") for login in ("ann", "Bob")]
    for name in ("one", "two"):
        add(Team, code=name, members=some(users), project="studio")
    statuses = [add(Status, code=code, category=category) for code, category in (("wip", "active"), ("ok", "approved"))]
    statuses.append("0190f3aa-ffff-7000-8000-000000000000")
    kinds = [add(AssetType, code=code, parent=project, path=f"assets/{code}") for code in ("char", "Prop")]
    assets: list[str] = []
    for number in range(draw(st.integers(0, 5))):
        parent = draw(st.sampled_from([*kinds, *assets]))
        above = next(entity for entity in made if entity.id == parent)
        code = f"{draw(st.sampled_from(['Hero', 'hero', 'Zoë']))}{number}"
        shared = {"tags": draw(TAGS), "metadata": draw(METADATA), "name": draw(st.sampled_from(["", *WORDS]))}
        path = f"{above.path}/{code}"
        assets.append(
            add(
                Asset,
                code=code,
                parent=parent,
                asset_type=kinds[0],
                status=maybe(statuses),
                path=path,
                order="",
                **shared,
            )
        )
    shots = [add(Shot, code=f"sh{n}", parent=project, path=f"shots/sh{n}", frames="1001-1010") for n in range(2)]
    if assets:
        add(ShotAsset, shot=shots[0], asset=assets[0], variant=draw(st.sampled_from(WORDS)))
        add(Link, source=shots[1], target=assets[-1], type="seen")
    add(Link, source=shots[0], target="0190f3aa-ffff-7000-8000-000000000000")
    for number in range(draw(st.integers(0, 3))):
        add(
            Task,
            code=f"t{number}",
            parent=draw(st.sampled_from([*shots, *assets])),
            status=maybe(statuses),
            assignees=some(users),
            priority=draw(st.integers(0, 2)),
            due_at=draw(st.none() | st.just(TIME)),
        )
    owner = draw(st.sampled_from([project, *shots, *assets]))
    above = next(entity for entity in made if entity.id == owner)
    product = add(Product, code="model", parent=owner, path=f"{above.path}/model".lstrip("/"))
    versions: list[str] = []
    for number in range(draw(st.integers(0, 4))):
        needed = [
            AssetDependency(
                version,
                draw(st.sampled_from(["strong", "weak"])),
                purpose=draw(st.sampled_from(["", "Look"])),
                overrides=draw(METADATA),
            )
            for version in some([*versions, "0190f3aa-ffff-7000-8000-000000000000"])
        ]
        version = add(
            Version,
            product=product,
            number=draw(st.none() | st.just(number + 1)),
            state=draw(st.sampled_from(["published", "reserved"])),
            dependencies=needed,
            tags=draw(TAGS),
            metadata=draw(METADATA),
            comment=draw(st.sampled_from(["", *WORDS])),
            path=made[[entity.id for entity in made].index(product)].path,
        )
        versions.append(version)
        add(Representation, version=version, name="usd", files=[File("m.usda", number, "sha256:a", udims=[1001, 1002])])
    return made


PATHS = {
    "asset": [
        *(("code",), ("name",), ("tags",), ("parent",), ("status",), ("id",), ("kind",), ("path",), ("project",)),
        *(("revision",), ("created_at",), ("created_by",), ("metadata",), ("metadata", "a"), ("metadata", 'q"b')),
        *(("metadata", "a", "a"), ("metadata", "x\\y"), ("metadata", "é"), ("metadata", "0"), ("asset_type",)),
        *(("parent", "code"), ("status", "category"), ("products", "code"), ("tasks", "priority"), ("assets", "code")),
        *(("parent", "parent"), ("parent", "kind"), ("cast_in", "variant"), ("linked_from", "type"), ("tasks",)),
    ],
    "version": [
        *(("number",), ("state",), ("comment",), ("tags",), ("dependencies",), ("dependencies", "kind"), ("path",)),
        *(("dependencies", "purpose"), ("dependencies", "overrides", "a"), ("dependencies", "overrides")),
        *(("dependents", "number"), ("product", "code"), ("representations", "name"), ("metadata", "b"), ("status",)),
        *(("product", "parent", "code"), ("dependencies", "number"), ("task",), ("updated_at",)),
    ],
    "task": [
        ("priority",),
        ("assignees",),
        ("assignees", "login"),
        ("due_at",),
        ("parent", "code"),
        ("status", "code"),
    ],
    "representation": [("files", "size"), ("files", "udims"), ("files",), ("version", "number"), ("files", "name")],
    "link": [("type",), ("source", "code"), ("target", "code"), ("target",)],
    "user": [("login",), ("teams", "code"), ("assigned_tasks", "code"), ("active",)],
    "shot": [("frames",), ("casting", "asset", "code"), ("links", "type"), ("workfiles",)],
}
VALUES = st.sampled_from(
    [
        *(*WORDS, "", "strong", "published", "demo", "asset_type", "model", "ann", "1001-1010", "approved", "usd"),
        *(0, 1, 2, 3, True, False, 1.5, 0.1, 1001, 10**12, TIME, "2026-01-31", "2026-01-31T12:00:01.000000Z"),
        *(f"0190f3aa-0000-7000-8000-{number:012x}" for number in range(1, 12)),
    ]
)


@st.composite
def compares(draw: st.DrawFn, kind: str) -> Filter:
    path = draw(st.sampled_from(PATHS[kind]))
    operator = draw(
        st.sampled_from(["eq", "ne", "in", "lt", "le", "gt", "ge", "contains", "startswith", "endswith", "isnull"])
    )
    if operator == "isnull":
        return Compare(path, operator, draw(st.booleans()))
    if operator == "in":
        return Compare(path, operator, tuple(draw(st.lists(VALUES | st.none(), max_size=3))))
    return Compare(path, operator, draw(VALUES | st.none()))


NEUTRAL = st.sampled_from(
    [
        All(),
        AnyOf(),
        Compare(("code",), "contains", "e"),
        Compare(("status",), "isnull", value=True),
        Not(Compare(("state",), "eq", "reserved")),
        AnyOf(
            (Compare(("kind",), "in", ("project", "asset_type", "shot", "product")), Compare(("tags",), "eq", "main"))
        ),
        Related("status", Compare(("category",), "eq", "approved")),
        Not(Related("parent", Compare(("code",), "startswith", "p"))),
        Compare(("metadata", "a"), "isnull", value=True),
    ]
)


def filters(kind: str) -> st.SearchStrategy[Filter]:
    leaves = compares(kind) | st.builds(Lineage, NEUTRAL) | st.builds(Gated, NEUTRAL)
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds(Not, inner)
            | st.builds(lambda parts: All(tuple(parts)), st.lists(inner, max_size=3))
            | st.builds(lambda parts: AnyOf(tuple(parts)), st.lists(inner, max_size=3))
        ),
        max_leaves=4,
    )


ORDERS = {
    "asset": ["code", "-name", "metadata__a", "-metadata__a", "status", "-created_at", "path", "-id", 'metadata__q"b'],
    "version": ["number", "-number", "comment", "-state", "path"],
    "task": ["-priority", "due_at"],
    "link": ["target"],
}
GROUPS = {
    "asset": ["tags", "status", "metadata__a", "name", "created_at", "created_by", "project", 'metadata__q"b'],
    "version": ["state", "number", "tags", "dependencies__kind", "path", "dependencies__purpose"],
    "representation": ["files__udims", "files__size"],
    "task": ["assignees", "priority", "due_at"],
    "user": ["active"],
}


@st.composite
def queries(draw: st.DrawFn) -> Query:
    kind = draw(st.sampled_from(sorted(PATHS)))
    project = "studio" if kind == "user" else "demo"
    query = Query(
        kind, project=project, filter=draw(filters(kind)), text=draw(st.sampled_from(["", "", "HERO", "e s"]))
    )
    order = draw(st.lists(st.sampled_from(ORDERS[kind]), max_size=2, unique=True)) if kind in ORDERS else []
    return query.sort(*order).limit(draw(st.sampled_from([1, 2, 100])))


@pytest.fixture(scope="module")
def shared_store() -> Iterator[SqliteStore]:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder, "catalog.db"))
        with store.begin("studio") as transaction:
            transaction.create_project("studio")
            transaction.create_project("demo")
        yield store
        store.close()


def fill(store: SqliteStore, entities: Sequence[Entity]) -> None:
    """Begin anew with these entities."""
    raw = store._connections.get().raw
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute("BEGIN IMMEDIATE")
    for table in ("entity", "entity_history", "path", "edge", "event", "commits"):
        raw.execute(f"DELETE FROM {table}")  # noqa: S608  # this test's own words
    raw.execute("UPDATE head SET revision = 0")
    raw.execute("COMMIT")
    for project in ("studio", "demo"):
        with store.begin(project) as transaction:
            rows = [Write(None, as_record(entity)) for entity in entities if entity.project == project]
            transaction.write(rows)
            transaction.append(LoggedCommit(project, 1, 1, "ann", None, "", "[]"), [])


def as_record(entity: Entity) -> Any:
    is_node = registry.entity_type(entity.kind).is_node
    return to_record(entity, entity.path if is_node else None, at=wire.to_microseconds(entity.updated_at or TIME))


def ids(entities: Any) -> list[str]:
    return [entity.id for entity in entities]


settled = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)


@settled
@given(entities=worlds(), asked=st.lists(queries(), min_size=1, max_size=4))
def test_select_answers_as_evaluate_when_anything_is_asked(
    shared_store: SqliteStore, entities: list[Entity], asked: list[Query]
) -> None:
    fill(shared_store, entities)
    for query in map(expand, asked):
        wanted = evaluate(query, entities)
        with shared_store.begin() as transaction:
            selection = transaction.select(query)
            assert ids(selection.records) == ids(wanted.entities)
            whole = ids(evaluate(attrs.evolve(query, size=1000), entities))
            assert transaction.select(query.count()).count == len(whole)
            if not query.text:
                assert ids(transaction.select(query, at=1).records) == ids(wanted.entities)
            pages = ids(selection.records)
            while selection.last is not None:
                selection = transaction.select(query, offset=selection.last)
                pages += ids(selection.records)
            assert pages == whole


@settled
@given(entities=worlds(), data=st.data())
def test_groups_answer_as_evaluate_when_any_field_is_grouped(
    shared_store: SqliteStore, entities: list[Entity], data: st.DataObject
) -> None:
    fill(shared_store, entities)
    kind = data.draw(st.sampled_from(sorted(GROUPS)))
    fields = data.draw(st.lists(st.sampled_from(GROUPS[kind]), min_size=1, max_size=2, unique=True))
    query = expand(Query(kind, project="studio" if kind == "user" else "demo").group_by(*fields))
    wanted = evaluate(query, entities)
    with shared_store.begin() as transaction:
        selection = transaction.select(query)
    assert selection.count == wanted.count
    assert selection.groups == wanted.groups


WALKS = st.builds(
    Walk,
    st.sampled_from(["dependencies", "parent", "status", "version", "product", "source", "target", "assignees"]),
    forward=st.booleans(),
    depth=st.integers(1, 4),
    kinds=st.sampled_from([(), (), ("strong",)]),
    visible=NEUTRAL,
)


@settled
@given(entities=worlds(), step=WALKS, kind=st.sampled_from(["asset", "version", "product", "status", "link", "shot"]))
def test_walk_answers_as_evaluate_when_going_anywhere(
    shared_store: SqliteStore, entities: list[Entity], step: Walk, kind: str
) -> None:
    fill(shared_store, entities)
    query = attrs.evolve(Query(kind, project="demo"), shape="walk", steps=step)
    try:
        query = expand(query)
    except Exception:  # noqa: BLE001  # a relation that this kind does not have
        return
    wanted = evaluate(query, entities)
    with shared_store.begin() as transaction:
        starts = ids(transaction.select(query).records)
        for at in (None, 1):
            assert tuple(transaction.walk(starts, query.steps or step, at=at)) == wanted.edges


INCLUDES = {
    "asset": ["parent", "products", "tasks", "assets", "status", "asset_type", "cast_in", "linked_from"],
    "version": ["dependencies", "dependents", "representations", "product"],
    "user": ["teams", "assigned_tasks"],
    "status": ["status_of"],
    "link": ["target", "source"],
}


@settled
@given(entities=worlds(), data=st.data())
def test_related_answers_as_evaluate_when_anything_is_included(
    shared_store: SqliteStore, entities: list[Entity], data: st.DataObject
) -> None:
    fill(shared_store, entities)
    kind = data.draw(st.sampled_from(sorted(INCLUDES)))
    relation = data.draw(st.sampled_from(INCLUDES[kind]))
    inner = data.draw(st.none() | st.just(Query("asset").where(code__contains="e").sort("-code")))
    include = Include(relation, inner, data.draw(st.integers(1, 3)))
    query = attrs.evolve(Query(kind, project="studio" if kind == "user" else "demo"), includes=(include,))
    try:
        query = expand(query)
    except Exception:  # noqa: BLE001  # this relation never leads to an asset
        return
    wanted = evaluate(query, entities)
    with shared_store.begin() as transaction:
        for at in (None, 1):
            found = transaction.related(kind, ids(wanted.entities), query.includes[0], at=at)
            assert {source: ids(records) for source, records in found.items()} == {
                entity.id: ids(wanted.included[entity.id][relation]) for entity in wanted.entities
            }
