"""The cache and the answers that a store has ready tell what looking everything up would tell."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bifrost_sdk.adapters.sqlite import answers
from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.adapters.sqlite.transaction import SqliteTransaction
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.domain.changes import Create, Delete, Update
from bifrost_sdk.domain.model import Asset, Product, Representation, Status, Version
from bifrost_sdk.domain.versions import File
from bifrost_sdk.errors import BifrostError
from bifrost_sdk.ports import Actor, Resolution, View
from bifrost_sdk.services.identity import new_id
from bifrost_sdk.testing import Builder
from bifrost_sdk.testing.show import PROJECT, Show

SYSTEM = Actor("system", system=True)
FILES = ("", "/model.usd", "/model.usda", "/model.usdc")
TAGS = ("", "/latest", "/approved", "/v001", "/v003", "/v004")
CODES = ("hero", "Hero", "twin")


def references() -> list[str]:
    heads = [f"bifrost://demo/assets/char/{code}/{product}" for code in CODES for product in ("model", "rig")]
    return [f"{head}{tag}{file}" for head in heads for tag in TAGS for file in (FILES if tag else ("",))]


def shown(answers: Sequence[Resolution | BifrostError]) -> list[object]:
    return [answer if isinstance(answer, Resolution) else type(answer) for answer in answers]


def looked_up(store: SqliteStore, refs: Sequence[str], view: View | None = None) -> list[object]:
    """What a new authority answers that finds nothing ready."""

    def nothing(*_: object, **__: object) -> Mapping[str, Resolution]:
        return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteTransaction, "recall", nothing)
        catalog = Authority(store).bind(SYSTEM)
        return shown(catalog.resolve(refs, view=view) if view else catalog.resolve(refs))


class History:
    """Steps of a random history of two assets and their products, each a commit."""

    def __init__(self, builder: Builder, made: Show) -> None:
        self.catalog, self.made = builder.system, made
        self.kind = made.ids["char"]

    def entities(self, kind: str) -> list[object]:
        from bifrost_sdk.domain.query import Query

        return list(self.catalog.find(Query(kind, PROJECT).limit(1000)))

    def run(self, step: str, number: int) -> None:
        with contextlib.suppress(BifrostError):  # what the rules refuse changes nothing
            getattr(self, step)(number)

    def _pick(self, kind: str, number: int) -> object:
        found = self.entities(kind)
        return found[number % len(found)]

    def make(self, number: int) -> None:
        code = CODES[number % len(CODES)]
        asset = Asset(id=new_id(), code=code, parent=self.kind, asset_type=self.kind)
        self.catalog.commit(PROJECT, [Create(asset), Create(Product(id=new_id(), code="model", parent=asset.id))])

    def publish(self, number: int) -> None:
        product = self._pick("product", number)
        version = Version(id=new_id(), product=product.id, state="published")  # type: ignore[attr-defined]  # a product
        self.catalog.commit(PROJECT, [Create(version), Create(self._files(version.id, number))])

    def reserve(self, number: int) -> None:
        product = self._pick("product", number)
        version = Version(id=new_id(), product=product.id)  # type: ignore[attr-defined]  # a product
        self.catalog.commit(PROJECT, [Create(version)])

    def add(self, number: int) -> None:
        version = self._pick("version", number)
        self.catalog.commit(PROJECT, [Create(self._files(version.id, number + 1))])

    def state(self, number: int) -> None:
        version = self._pick("version", number)
        state = ("published", "retired", "purged", "abandoned")[number // 7 % 4]
        self.catalog.commit(PROJECT, [Update(version.id, {"state": state})])

    def approve(self, number: int) -> None:
        status = self._pick("status", number)
        version = self._pick("version", number // 3)
        self.catalog.commit(PROJECT, [Update(version.id, {"status": status.id})])

    def category(self, number: int) -> None:
        status = self._pick("status", number)
        assert isinstance(status, Status)
        category = "approved" if status.category != "approved" else "todo"
        self.catalog.commit(PROJECT, [Update(status.id, {"category": category})])

    def rename(self, number: int) -> None:
        asset = self._pick("asset", number)
        self.catalog.commit(PROJECT, [Update(asset.id, {"code": CODES[number // 5 % len(CODES)]})])

    def rename_product(self, number: int) -> None:
        product = self._pick("product", number)
        self.catalog.commit(PROJECT, [Update(product.id, {"code": ("model", "rig")[number // 5 % 2]})])

    def learn(self, number: int) -> None:
        held = self._pick("representation", number)
        assert isinstance(held, Representation)
        files = tuple(attrs.evolve(file, hash=f"sha256:{number:064x}") for file in held.files)
        self.catalog.commit(PROJECT, [Update(held.id, {"files": files})])

    def delete(self, number: int) -> None:
        kind = ("product", "asset")[number % 2]
        self.catalog.commit(PROJECT, [Delete(self._pick(kind, number // 2).id)])

    @staticmethod
    def _files(version: str, number: int) -> Representation:
        name, extension = (("usd", "usda"), ("usdc", "usdc"), ("abc", "abc"))[number % 3]
        file = File(f"model.{extension}", number, f"sha256:{number:04x}" if number % 2 else "")
        return Representation(id=new_id(), version=version, name=name, folder=f"x/{version}", files=(file,))


STEPS = (
    *("make", "publish", "publish", "publish", "reserve", "add", "state", "state", "approve", "category"),
    *("rename", "rename_product", "delete", "learn"),
)


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 999)), min_size=1, max_size=14))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_answers_are_those_of_looking_up_when_histories_are_random(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    store = SqliteStore(tmp_path_factory.mktemp("catalog") / "catalog.sqlite")
    try:
        authority = Authority(store)
        builder = Builder(authority)
        history = History(builder, builder.show())
        warm = Authority(store).bind(SYSTEM)  # its cache follows the commits of the other
        refs = references()
        for step, number in steps:
            warm.resolve(refs)
            history.run(step, number)
            expected = looked_up(store, refs)
            assert shown(warm.resolve(refs)) == expected, (step, number)
            assert shown(Authority(store).bind(SYSTEM).resolve(refs)) == expected, (step, number)
        for revision in range(builder.system.revision(PROJECT) + 1):
            view = View(at=revision)
            assert shown(warm.resolve(refs, view=view)) == looked_up(store, refs, view), revision
    finally:
        store.close()


def test_commit_is_seen_at_once_when_another_catalog_made_it(store: SqliteStore, builder: Builder, made: Show) -> None:
    other = SqliteStore(store.path)
    reader = Authority(other).bind(SYSTEM)
    ref = "bifrost://demo/assets/char/hero/model/latest"
    for _ in range(20):
        version = builder.create(Version, product=made.ids["hero/model"], state="published")
        file = File("model.usda", 1, "sha256:00")
        builder.create(Representation, version=version.id, name="usd", folder=version.id, files=(file,))
        (found,) = reader.resolve([ref])
        assert isinstance(found, Resolution)
        assert found.version == version.id
    other.close()


def test_answer_never_goes_back_when_threads_resolve_and_another_publishes(
    authority: Authority, builder: Builder, made: Show
) -> None:
    ref = "bifrost://demo/assets/char/hero/model/latest"
    reader = authority.bind(SYSTEM)
    stop, wrong = threading.Event(), []

    def read() -> None:
        last = 0
        while not stop.is_set():
            (found,) = reader.resolve([ref])
            number = found.number if isinstance(found, Resolution) else None
            if number is None or number < last:
                wrong.append((number, last))
            last = number or last

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        version = Version(id=builder.new_id(), product=made.ids["hero/model"], state="published")
        file = File("model.usda", 1, "sha256:00")
        files = Representation(id=builder.new_id(), version=version.id, name="usd", folder="x", files=(file,))
        builder.system.commit(PROJECT, [Create(version), Create(files)])
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_shelf_closes_when_the_actor_loses_the_right_to_see(authority: Authority, builder: Builder, made: Show) -> None:
    ref = "bifrost://demo/assets/char/hero/model/v001"
    anna = authority.bind(Actor("anna-demo"))
    assert isinstance(anna.resolve([ref])[0], Resolution)
    builder.update(made.ids["anna"], active=False)
    assert isinstance(anna.resolve([ref])[0], BifrostError)


@pytest.mark.parametrize("change", ["publishes", "loses the right to see"])
def test_answer_is_of_after_the_commit_when_one_comes_between_rows_and_token(
    change: str, authority: Authority, builder: Builder, made: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read before that commit is neither answered to one who has lost the right to see it, nor kept."""
    product = "bifrost://demo/assets/char/hero/model"
    latest = f"{product}/latest/model.usda"
    reader = authority.bind(Actor("anna-demo"))
    reader.resolve([f"{product}/v001/model.usda"])  # a shelf is open from here on
    read, left = answers.recall, [None]

    def commit() -> None:
        if change == "publishes":
            version = Version(id=new_id(), product=made.ids["hero/model"], state="published")
            files = (File("model.usda", 1, "sha256:00"),)
            made_of = Representation(id=new_id(), version=version.id, name="usd", folder="x", files=files)
            builder.system.commit(PROJECT, [Create(version), Create(made_of)])
        else:
            builder.update(made.ids["anna"], active=False)

    def interrupted(*arguments: Any) -> Mapping[str, Resolution]:  # Any: as the store gives them
        found = read(*arguments)
        while left:
            left.pop()
            other = threading.Thread(target=commit)
            other.start()
            other.join()
        return found

    monkeypatch.setattr(answers, "recall", interrupted)
    found = [*reader.resolve([latest]), *reader.resolve([latest])]
    assert not left
    if change == "publishes":
        assert [answer.number for answer in found if isinstance(answer, Resolution)] == [4, 4]
    else:
        assert all(isinstance(answer, BifrostError) for answer in found)
