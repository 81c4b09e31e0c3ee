from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.records import to_record
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.model import Asset, AssetType, Product, Project, Representation, Status, Version
from bifrost_sdk.domain.versions import File
from bifrost_sdk.ports import Located, Logged, LoggedCommit, Record, Want, Write

NOW = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc)


class Shop:
    """A store and a small production in it, changed entity by entity."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.numbers = itertools.count(1)
        self.records: dict[str, Record] = {}
        self.entities: dict[str, Entity] = {}

    def new_id(self) -> str:
        return f"0190f3aa-0000-7000-8000-{next(self.numbers):012x}"

    def record(self, entity: Entity, path: str | None, *, project: str, revision: int) -> Record:
        stamps = {"created_at": NOW, "created_by": "Ann", "updated_at": NOW, "updated_by": "Ann"}
        stamped = attrs.evolve(entity, project=project, revision=revision, path=path or "", **stamps)
        self.entities[entity.id] = stamped
        return to_record(stamped, path, at=wire.to_microseconds(NOW))

    def commit(self, placed: Iterable[tuple[Entity | str, str | None]], *, project: str = "demo", at: int = 0) -> int:
        """Write entities with their paths; an id instead of an entity deletes it."""
        with self.store.begin(project) as transaction:
            if project == "studio":
                transaction.create_project(project)
            revision, _ = transaction.head(project)
            writes = []
            for entity, path in placed:
                if isinstance(entity, str):
                    writes.append(Write(self.records.pop(entity), None))
                    del self.entities[entity]
                    continue
                record = self.record(entity, path, project=project, revision=revision)
                writes.append(Write(self.records.get(entity.id), record))
                self.records[entity.id] = record
                if isinstance(entity, Project):
                    transaction.create_project(entity.code)
            transaction.write(writes)
            commit = LoggedCommit(project, revision, at or 1000 * revision, "Ann", None, "", "[]")
            transaction.append(commit, [])
        return revision

    def locate(self, *wants: tuple[str | None, str | None, int | str], at: int | None = None) -> list[Located]:
        with self.store.begin() as transaction:
            return transaction.locate([Want("demo", *want) for want in wants], at=at)

    def ask(self, name: str, *args: Any, **options: Any) -> Any:
        with self.store.begin() as transaction:
            return getattr(transaction, name)(*args, **options)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(path)
    yield made
    made.close()


@pytest.fixture
def shop(store: SqliteStore) -> Shop:
    shop = Shop(store)
    shop.project = Project(id=shop.new_id(), code="demo")
    shop.commit([(shop.project, "")], project="studio")
    return shop


@pytest.fixture
def hero(shop: Shop) -> Shop:
    """The asset Hero with a model in three versions: published and approved, published, reserved."""
    shop.approved = Status(id=shop.new_id(), code="apr", category="approved")
    shop.chars = AssetType(id=shop.new_id(), code="char", parent=shop.project.id)
    shop.hero = Asset(id=shop.new_id(), code="Hero", parent=shop.chars.id, asset_type=shop.chars.id, tags=["Main"])
    shop.model = Product(id=shop.new_id(), code="model", parent=shop.hero.id)
    states = ("published", "published", "reserved")
    shop.versions = [
        Version(id=shop.new_id(), product=shop.model.id, number=number, state=state)
        for number, state in enumerate(states, 1)
    ]
    shop.versions[0] = attrs.evolve(shop.versions[0], status=shop.approved.id)
    shop.usd = [
        Representation(id=shop.new_id(), version=version.id, name="usd", files=[File("model.usda", 1, "sha256:aa")])
        for version in shop.versions
    ]
    shop.commit(
        [
            *((shop.approved, None), (shop.chars, "assets/char"), (shop.hero, "assets/char/Hero")),
            (shop.model, "assets/char/Hero/model"),
            *((each, None) for each in [*shop.versions, *shop.usd]),
        ]
    )
    return shop


@pytest.fixture
def logged() -> Callable[..., Logged]:
    def make(shop: Shop, subject: str, *, position: int = 0, body: str = '{"comment":"First look"}') -> Logged:
        return Logged(shop.new_id(), subject, "asset", "create", position, body)

    return make
