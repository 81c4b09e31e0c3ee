"""The newest version is the newest one that the asker may see, wherever it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bifrost_sdk.adapters.memory.store import MemoryStore
from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.model import Membership, Representation, Role, User, Version
from bifrost_sdk.domain.query import Compare, Not, Query
from bifrost_sdk.domain.query_documents import filter_to_document
from bifrost_sdk.domain.versions import File
from bifrost_sdk.errors import NotFoundError
from bifrost_sdk.ports import NOW, Actor, Catalog, Resolution, Store, View
from bifrost_sdk.testing import Builder
from bifrost_sdk.testing.show import PROJECT, Show

MODEL = f"bifrost://{PROJECT}/assets/char/hero/model"


@pytest.fixture(params=[MemoryStore, SqliteStore])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = MemoryStore() if request.param is MemoryStore else SqliteStore(tmp_path / "catalog.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def vendor(authority: Authority, builder: Builder, made: Show) -> Catalog:
    return _vendor(authority, builder, made)


def _vendor(authority: Authority, builder: Builder, made: Show) -> Catalog:
    """Somebody who sees no version with the tag ``internal``."""
    hidden = {"version": filter_to_document(Not(Compare(("tags",), "contains", "internal")))}
    role = builder.create(Role, code="vendor", permissions=("read:*",), filters=hidden)
    user = builder.create(User, login="vera")
    builder.create(Membership, user=user.id, role=role.id, of=made.ids["project"])
    return authority.bind(Actor("vera"))


def _numbers(catalog: Catalog, ref: str, view: View = NOW) -> list[object]:
    """The number of the version that resolving leads to and of the one that reading gives; None where there is none."""
    (resolved,) = catalog.resolve([ref], view=view)
    (read,) = catalog.get(PROJECT, [ref], view=view)
    found: list[object] = []
    for answer, kind in ((resolved, Resolution), (read, Version)):
        assert isinstance(answer, (kind, NotFoundError)), answer
        found.append(None if isinstance(answer, NotFoundError) else answer.number)  # type: ignore[attr-defined]  # a version
    return found


@pytest.mark.parametrize("tag", ["latest", "approved"])
def test_newest_visible_version_is_meant_when_newer_ones_are_hidden(
    vendor: Catalog, builder: Builder, made: Show, tag: str
) -> None:
    builder.update(made.ids["hero/model/v001"], status=made.ids["final"])
    assert _numbers(vendor, f"{MODEL}/{tag}") == [2, 2]
    builder.update(made.ids["hero/model/v002"], tags=["internal"])
    assert _numbers(vendor, f"{MODEL}/{tag}") == [1, 1]
    assert _numbers(builder.system, f"{MODEL}/{tag}") == [2, 2]
    assert vendor.resolve([f"{MODEL}/{tag}/model.usd", f"{MODEL}/{tag}/preview.png"]) == vendor.resolve(
        [f"{MODEL}/v001/model.usda", f"{MODEL}/v001/preview.png"]
    )
    builder.update(made.ids["hero/model/v001"], tags=["internal"])
    assert _numbers(vendor, f"{MODEL}/{tag}") == [None, None]


def test_product_means_its_newest_visible_version_when_it_is_named_alone(
    vendor: Catalog, builder: Builder, made: Show
) -> None:
    builder.update(made.ids["hero/model/v002"], tags=["internal"])
    for ref in (MODEL, f"bifrost://{PROJECT}/~{made.ids['hero/model']}"):
        (found,) = vendor.resolve([ref])
        assert isinstance(found, Resolution)
        assert (found.number, found.ref) == (1, f"{MODEL}/v001/model.usda")


def test_hidden_version_is_not_found_when_its_number_is_named(vendor: Catalog, builder: Builder, made: Show) -> None:
    builder.update(made.ids["hero/model/v002"], tags=["internal"])
    answers = vendor.resolve([f"{MODEL}/v002", f"{MODEL}/v099"])
    texts = [str(answer).replace("v002", "v099") for answer in answers]
    assert texts[0] == texts[1]
    assert f"{MODEL}/v001" in texts[0]


def test_newest_visible_version_of_then_is_meant_when_the_past_is_asked(
    vendor: Catalog, builder: Builder, made: Show
) -> None:
    new = builder.create(Version, product=made.ids["hero/model"], state="published")
    builder.create(Representation, version=new.id, name="usd", folder="x", files=(File("model.usda", 1, "sha256:00"),))
    then = View(at=builder.system.revision(PROJECT))
    builder.update(made.ids["hero/model/v002"], state="retired")
    builder.update(new.id, tags=["internal"])
    assert _numbers(vendor, f"{MODEL}/latest", then) == [2, 2]
    assert _numbers(vendor, f"{MODEL}/latest") == [1, 1]
    assert _numbers(builder.system, f"{MODEL}/latest", then) == [4, 4]


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=8))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_newest_is_what_a_query_puts_first_when_versions_are_random(made_as: list[tuple[bool, bool, bool]]) -> None:
    authority = Authority(MemoryStore())
    builder = Builder(authority)
    made = builder.show()
    vendor = _vendor(authority, builder, made)
    changes = []
    for hidden, published, approved in made_as:
        version = Version(id=builder.new_id(), product=made.ids["hero/rig"])
        fields = {
            "tags": ("internal",) if hidden else (),
            "state": "published" if published else "reserved",
            "status": made.ids["final"] if approved else None,
        }
        changes.append(Create(attrs.evolve(version, **fields)))
        files = (File("rig.usda", 1, "sha256:00"),)
        changes.append(Create(Representation(id=builder.new_id(), version=version.id, name="usd", files=files)))
    builder.system.commit(PROJECT, changes)
    rig = MODEL.replace("model", "rig")
    query = Query("version", PROJECT).where(product=made.ids["hero/rig"], state="published").sort("-number").limit(1)
    for asker in (vendor, builder.system):
        for tag, asked in (("latest", query), ("approved", query.where(status__category="approved"))):
            first = [getattr(each, "number", None) for each in asker.find(asked)] or [None]
            assert _numbers(asker, f"{rig}/{tag}") == first * 2
    authority.close()
