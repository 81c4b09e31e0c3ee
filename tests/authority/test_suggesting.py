"""What is suggested for what is not found: names that the asker may see, of the state that is asked about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bifrost_sdk.adapters.memory.store import MemoryStore
from bifrost_sdk.adapters.sqlite.store import SqliteStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.authority.sight import SUGGESTED
from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.model import Asset, Membership, Product, Role, User
from bifrost_sdk.domain.query import Compare, Not
from bifrost_sdk.domain.query_documents import filter_to_document
from bifrost_sdk.errors import NotFoundError
from bifrost_sdk.ports import NOW, Actor, Catalog, Store, View
from bifrost_sdk.testing import Builder
from bifrost_sdk.testing.show import PROJECT, Show

CHAR = f"bifrost://{PROJECT}/assets/char"
NAMES = st.text("ehro01", min_size=3, max_size=5)


@pytest.fixture(params=[MemoryStore, SqliteStore])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = request.param() if request.param is MemoryStore else SqliteStore(tmp_path / "catalog.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def vendor(authority: Authority, builder: Builder, made: Show) -> Catalog:
    return _vendor(authority, builder, made)


def _vendor(authority: Authority, builder: Builder, made: Show) -> Catalog:
    """Somebody who sees no asset with the tag ``secret``."""
    hidden = {"asset": filter_to_document(Not(Compare(("tags",), "contains", "secret")))}
    role = builder.create(Role, code="vendor", permissions=("read:*",), filters=hidden)
    user = builder.create(User, login="vera")
    builder.create(Membership, user=user.id, role=role.id, of=made.ids["project"])
    return authority.bind(Actor("vera"))


def _hide(builder: Builder, made: Show, codes: list[str]) -> None:
    """Secret assets of these names, each with a product."""
    kind = made.ids["char"]
    assets = [Asset(id=builder.new_id(), code=code, parent=kind, asset_type=kind, tags=("secret",)) for code in codes]
    products = [Product(id=builder.new_id(), code="model", parent=asset.id) for asset in assets]
    builder.system.commit(PROJECT, [Create(each) for each in (*assets, *products)])


def _suggested(catalog: Catalog, ref: str, view: View = NOW) -> list[tuple[str, ...]]:
    answers = (*catalog.get(PROJECT, [ref], view=view), *catalog.resolve([ref], view=view))
    found = []
    for answer in answers:
        assert isinstance(answer, NotFoundError), answer
        found.append(answer.suggestions)
    return found


def test_suggestions_stay_when_many_hidden_names_are_nearer(vendor: Catalog, builder: Builder, made: Show) -> None:
    refs = [f"{CHAR}/her0", f"{CHAR}/hero1/modal", f"{CHAR}/her/model"]
    before = {ref: _suggested(vendor, ref) for ref in refs}
    assert before[refs[0]][0][0] == f"{CHAR}/hero"
    _hide(builder, made, [f"her{number}" for number in range(1, 60)] + ["hero1"])
    assert {ref: _suggested(vendor, ref) for ref in refs} == before
    assert _suggested(builder.system, refs[0]) != before[refs[0]]


@given(asked=NAMES, shown=st.sets(NAMES, max_size=6), hidden=st.sets(NAMES, min_size=20, max_size=40))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_suggestions_are_those_without_the_hidden_names_when_names_are_random(
    asked: str, shown: set[str], hidden: set[str]
) -> None:
    authority = Authority(MemoryStore())
    builder = Builder(authority)
    made = builder.show()
    vendor = _vendor(authority, builder, made)
    kind = made.ids["char"]
    taken = {"hero", "villain"}
    for code in sorted(shown - taken):
        builder.create(Asset, code=code, parent=kind, asset_type=kind)
    refs = [f"{CHAR}/{name}" for name in (asked, f"{asked}/model") if asked not in shown | taken]
    before = [_suggested(vendor, ref) for ref in refs]
    _hide(builder, made, sorted(hidden - shown - taken) or ["zzz"])
    assert [_suggested(vendor, ref) for ref in refs] == before
    authority.close()


def test_names_are_those_of_then_when_the_past_is_asked(builder: Builder, made: Show) -> None:
    then = View(at=builder.system.revision(PROJECT))
    builder.update(made.ids["hero"], code="protagonist")
    kind = made.ids["char"]
    builder.create(Asset, code="protagonost", parent=kind, asset_type=kind)
    builder.create(Asset, code="herox", parent=kind, asset_type=kind)
    for suggestions in _suggested(builder.system, f"{CHAR}/heroo", then):
        assert suggestions[0] == f"{CHAR}/hero"
        assert f"{CHAR}/herox" not in suggestions
    for suggestions in _suggested(builder.system, f"{CHAR}/protagonis", then):
        assert not any("protagon" in each for each in suggestions)
    for suggestions in _suggested(builder.system, f"{CHAR}/protagonis"):
        assert set(suggestions[:2]) == {f"{CHAR}/protagonist", f"{CHAR}/protagonost"}


def test_name_hidden_today_is_not_told_when_the_past_is_asked(vendor: Catalog, builder: Builder, made: Show) -> None:
    then = View(at=builder.system.revision(PROJECT))
    assert any(f"{CHAR}/hero" in each for each in _suggested(vendor, f"{CHAR}/heroo", then))
    builder.update(made.ids["hero"], tags=["secret"])
    for suggestions in _suggested(vendor, f"{CHAR}/heroo", then):
        assert not any("hero" in each for each in suggestions)


def test_few_are_suggested_for_when_thousands_are_not_found(builder: Builder, made: Show) -> None:
    refs = [f"{CHAR}/hero{number}" for number in range(SUGGESTED + 10)]
    for answers in (builder.system.get(PROJECT, refs), builder.system.resolve(refs)):
        suggested = [isinstance(answer, NotFoundError) and bool(answer.suggestions) for answer in answers]
        assert suggested == [True] * SUGGESTED + [False] * 10
