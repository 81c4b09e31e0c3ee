"""Whatever a commit did, reverting it right away leads back to the state before it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bifrost_sdk.domain import wire
from bifrost_sdk.domain.changes import Change, Create, Delete, Update
from bifrost_sdk.domain.production import Asset, AssetType, Link
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.errors import BifrostError, ConflictError
from bifrost_sdk.services.identity import new_id
from bifrost_sdk.session import Session, connect, init

KINDS = ("asset_type", "asset", "task", "link")

steps = st.lists(
    st.tuples(st.sampled_from(["asset", "task", "link", "name", "tags", "code", "delete"]), st.integers(0, 7)),
    min_size=1,
    max_size=5,
)


def state(session: Session) -> dict[str, Any]:
    return {
        entity.id: {"path": entity.path, **wire.dump(entity)}
        for kind in KINDS
        for entity in session.iterate(Query(kind, project="demo"))
    }


def changes_of(session: Session, chosen: Sequence[tuple[str, int]]) -> list[Change]:
    """One commit: each step picks what it works on among what there is."""
    (parent,) = session.assets.types("demo")
    assets = [asset.id for asset in session.assets.list(project="demo")]
    others = [each.id for kind in ("task", "link") for each in session.iterate(Query(kind, project="demo"))]
    changes: list[Change] = []
    for action, number in chosen:
        target = assets[number % len(assets)] if assets else None
        if action == "asset":
            made = Asset(id=new_id(), code=f"a{number}", parent=parent.id, asset_type=parent.id)
            assets.append(made.id)
            changes.append(Create(made))
        elif target is None:
            continue
        elif action == "task":
            changes.append(Create(Task(id=new_id(), parent=target, code=f"t{number}")))
        elif action == "link":
            changes.append(Create(Link(id=new_id(), source=target, target=assets[0], type=f"l{number}")))
        elif action == "delete":
            changes.append(Delete((others or assets)[number % len(others or assets)]))
        else:
            values: dict[str, Any] = {"name": f"n{number}", "tags": [f"g{number}"], "code": f"c{number}"}
            changes.append(Update(target, {action: values[action]}))
    return changes


@settings(max_examples=25)
@given(commits=st.lists(steps, min_size=1, max_size=5))
def test_state_is_as_before_when_the_last_commit_is_reverted(commits: list[list[tuple[str, int]]]) -> None:
    with tempfile.TemporaryDirectory() as folder, connect(init(Path(folder), project="demo")) as session:
        top = session.projects.get("demo")
        session.commit([Create(AssetType(code="char", parent=top.id))])
        for chosen in commits:
            before, revision = state(session), session.revision("demo")
            try:
                session.commit(changes_of(session, chosen), project="demo")
            except BifrostError:
                assert state(session) == before
                continue
            done = session.revision("demo")
            if done == revision:
                continue
            after = state(session)
            session.revert("demo", done)
            assert state(session) == before
            session.revert("demo", session.revision("demo"))
            assert state(session) == after


def test_oldest_commit_is_refused_when_everything_stands_on_it(tmp_path: Path) -> None:
    with connect(init(tmp_path, project="demo")) as session:
        first = session.revision("demo")
        hero = session.assets.create("demo", "char", "hero", status="todo")
        with pytest.raises(ConflictError) as caught:
            session.revert("demo", first)
        assert any(hero.ref in blocker for blocker in caught.value.blockers)
