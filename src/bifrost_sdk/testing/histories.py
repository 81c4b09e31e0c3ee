"""Random histories: a catalog and a plain-Python model are told the same, and must agree on every state there ever was.

The model is `bifrost_sdk.testing.oracle`.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain import wire
from bifrost_sdk.domain.changes import Change, Check, Create, Delete, Ensure, Update
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.evaluation import evaluate
from bifrost_sdk.domain.model import Asset, AssetType, Link, Product, Project, Status, Version
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.rules import related_ids
from bifrost_sdk.domain.versions import TRANSITIONS, AssetDependency
from bifrost_sdk.errors import BifrostError, ConfigurationError, ConflictError, NotFoundError
from bifrost_sdk.ports import Actor, Catalog, View
from bifrost_sdk.services import history
from bifrost_sdk.services.context import Context
from bifrost_sdk.testing.builder import ManualClock
from bifrost_sdk.testing.oracle import PROJECT_ID, Model, State, is_legal, name_of, plain
from bifrost_sdk.testing.show import PROJECT, make_id

try:
    from hypothesis import strategies
    from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
except ModuleNotFoundError as error:
    raise ConfigurationError(
        "random histories need hypothesis, which is not installed; run `pip install hypothesis`", source="hypothesis"
    ) from error

_KINDS: tuple[type[Entity], ...] = (Status, AssetType, Asset, Product, Version, Link)
_CODES = strategies.sampled_from(["hero", "Hero", "prop", "model", "a", "B"])
_DATA = strategies.data()


class CatalogMachine(RuleBasedStateMachine):
    """Random commits, reads and accidents; a subclass opens its catalog in `open`, again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.model = Model()
        self.keyed: dict[str, tuple[Sequence[Change], tuple[Entity | None, ...]]] = {}
        self.times: list[int] = []
        self._ids = itertools.count(100)

    def open(self) -> Catalog:
        """The catalog, whose contents stay between calls; it asks `clock` for the time."""
        raise NotImplementedError("a machine opens its own catalog")

    @initialize()
    def begin(self) -> None:
        """A project with a type, a status and an asset."""
        self.catalog = self.open().bind(Actor("system", system=True))
        self.catalog.commit(STUDIO, [Create(Project(id=PROJECT_ID, code=PROJECT))])
        self.times = [self.clock.now]
        kind = AssetType(id=self.new_id(), code="char", parent=PROJECT_ID)
        asset = Asset(id=self.new_id(), code="hero", parent=kind.id, asset_type=kind.id)
        product = Product(id=self.new_id(), code="model", parent=asset.id)
        status = Status(id=self.new_id(), code="done", category="approved")
        first: list[Entity] = [kind, asset, product, status]
        self.attempt([Create(each) for each in first], {each.id: each for each in first})

    def new_id(self) -> str:
        """The next id."""
        return make_id(next(self._ids))

    def attempt(self, changes: Sequence[Change], after: State, *, key: str | None = None, stale: bool = False) -> None:
        """Commit; the catalog must do what the model would, or refuse and change nothing."""
        self.clock.advance(1)
        if stale or not is_legal(self.model.now, after):
            with pytest.raises(BifrostError):
                self.catalog.commit(PROJECT, changes, key=key)
            return
        done = self.catalog.commit(PROJECT, changes, key=key)
        is_new = self.model.commit(after, is_kept=key is not None)
        if is_new:
            self.times.append(self.clock.now)
        now = self.model.now
        assert done.revision == len(self.model.states) - 1
        for change, entity in zip(changes, done.entities, strict=True):
            if entity is not None and entity.id in now:  # what a later change took away may be told as it was
                assert plain(entity) == now[entity.id]
            elif entity is None and not isinstance(change, Delete):
                assert _id_of(change) not in now
        if key is not None and is_new:
            self.keyed[key] = changes, done.entities

    def pick(self, data: strategies.DataObject, state: State, *kinds: type[Entity]) -> Entity | None:
        """Something of these kinds, None where there is nothing."""
        found = sorted(id for id, entity in state.items() if isinstance(entity, kinds))
        return state[data.draw(strategies.sampled_from(found))] if found else None

    @rule(data=_DATA, count=strategies.integers(1, 4), has_key=strategies.booleans())
    def commit(self, data: strategies.DataObject, count: int, *, has_key: bool) -> None:
        """Some changes of any sorts in one commit, each to what the ones before leave."""
        changes: list[Change] = []
        after = dict(self.model.now)
        stale = False
        for _ in range(count):
            step: Callable[[strategies.DataObject, dict[str, Entity]], tuple[Change, bool] | None]
            step = data.draw(
                strategies.sampled_from(
                    [
                        self._create,
                        self._ensure,
                        self._rename,
                        self._set,
                        self._move,
                        self._state,
                        self._delete,
                        self._check,
                    ]
                )
            )
            taken = step(data, after)
            if taken is not None:
                changes.append(taken[0])
                stale |= taken[1]
        if changes:
            key = f"key {len(self.keyed)} {self.clock.now}" if has_key else None
            self.attempt(changes, after, key=key, stale=stale)

    def _new(self, data: strategies.DataObject, state: State) -> Entity | None:
        cls = data.draw(strategies.sampled_from(_KINDS))
        id, code = self.new_id(), data.draw(_CODES)
        if cls is Status:
            return Status(id=id, code=code)
        if cls is AssetType:
            return AssetType(id=id, code=code, parent=PROJECT_ID)
        if cls is Version:
            return self._new_version(data, state, id)
        source, target = self.pick(data, state, AssetType, Asset), self.pick(data, state, Asset, AssetType)
        kind = self.pick(data, state, AssetType)
        if source is None or target is None or kind is None:
            return None
        made: dict[type[Entity], Callable[[], Entity]] = {
            Link: lambda: Link(id=id, source=source.id, target=target.id, type=code),
            Product: lambda: Product(id=id, code=code, parent=source.id),
            Asset: lambda: Asset(id=id, code=code, parent=source.id, asset_type=kind.id),
        }
        return made[cls]()

    def _new_version(self, data: strategies.DataObject, state: State, id: str) -> Entity | None:
        product = self.pick(data, state, Product)
        if product is None:
            return None
        others = sorted(each.id for each in state.values() if isinstance(each, Version))
        needs = data.draw(strategies.lists(strategies.sampled_from(others), max_size=2, unique=True)) if others else []
        kinds = strategies.sampled_from(["strong", "weak"])
        dependencies = tuple(AssetDependency(each, kind=data.draw(kinds)) for each in needs)
        state_ = data.draw(strategies.sampled_from(["reserved", "reserved", "published"]))
        return Version(id=id, product=product.id, state=state_, dependencies=dependencies)

    def _create(self, data: strategies.DataObject, after: dict[str, Entity]) -> tuple[Change, bool] | None:
        entity = self._new(data, after)
        if entity is None:
            return None
        after[entity.id] = entity
        return Create(entity), False

    def _ensure(self, data: strategies.DataObject, after: dict[str, Entity]) -> tuple[Change, bool] | None:
        entity = self._new(data, self.model.now)
        if entity is None or isinstance(entity, Version):
            return None
        named = [each for each in (*self.model.now.values(), *after.values()) if name_of(each) == name_of(entity)]
        if any(each.kind == entity.kind for each in named):
            return (Ensure(entity), False) if self.model.now == after else None
        after[entity.id] = entity  # a name of another kind is in the way, unless a later change frees it
        return Ensure(entity), False

    def _update(
        self, data: strategies.DataObject, after: dict[str, Entity], entity: Entity, fields: dict[str, Any]
    ) -> tuple[Change, bool]:
        """An update with the revision that was seen, an older one, or none."""
        known = self.model.now.get(entity.id)
        seen = data.draw(strategies.sampled_from([None, None, 0, -1])) if known else None
        expected = None if known is None or seen is None else known.revision + seen
        after[entity.id] = attrs.evolve(entity, **fields)
        return Update(entity.id, fields, expected), seen == -1

    def _rename(self, data: strategies.DataObject, after: dict[str, Entity]) -> tuple[Change, bool] | None:
        entity = self.pick(data, after, Status, AssetType, Asset, Product)
        return self._update(data, after, entity, {"code": data.draw(_CODES)}) if entity else None

    def _set(self, data: strategies.DataObject, after: dict[str, Entity]) -> tuple[Change, bool] | None:
        entity = self.pick(data, after, Asset, Version)
        status = self.pick(data, after, Status)
        tags = data.draw(strategies.sampled_from([(), ("x",), ("x", "y")]))
        held = status and data.draw(strategies.sampled_from([None, status.id]))
        return self._update(data, after, entity, {"tags": tags, "status": held}) if entity else None

    def _move(self, data: strategies.DataObject, after: dict[str, Entity]) -> tuple[Change, bool] | None:
        entity, parent = self.pick(data, after, Asset, Product), self.pick(data, after, AssetType, Asset)
        return self._update(data, after, entity, {"parent": parent.id}) if entity and parent else None

    def _state(self, data: strategies.DataObject, after: dict[str, Entity]) -> tuple[Change, bool] | None:
        entity = self.pick(data, after, Version)
        state = data.draw(strategies.sampled_from([*TRANSITIONS, "published", "retired"]))
        return self._update(data, after, entity, {"state": state}) if entity else None

    def _delete(self, data: strategies.DataObject, after: dict[str, Entity]) -> tuple[Change, bool] | None:
        entity = self.pick(data, after, *_KINDS)
        if entity is None:
            return None
        del after[entity.id]
        return Delete(entity.id), False

    def _check(self, data: strategies.DataObject, after: dict[str, Entity]) -> tuple[Change, bool] | None:
        entity = self.pick(data, self.model.now, *_KINDS)
        if entity is None or entity.id not in after:
            return None
        off = data.draw(strategies.sampled_from([0, 0, 1]))
        return Check(entity.id, entity.revision + off), bool(off)

    @precondition(lambda self: self.keyed)
    @rule(data=_DATA)
    def repeat(self, data: strategies.DataObject) -> None:
        """The same key again: the same answer, and nothing happens; other content conflicts."""
        key = data.draw(strategies.sampled_from(sorted(self.keyed)))
        changes, answer = self.keyed[key]
        done = self.catalog.commit(PROJECT, changes, key=key)
        differing = [pair for pair in zip(answer, done.entities, strict=True) if pair[0] != pair[1]]
        assert not differing, (changes, differing)
        with pytest.raises(ConflictError):
            self.catalog.commit(PROJECT, [*changes, Check(self.new_id())], key=key)

    @precondition(lambda self: len(self.model.states) > 1)
    @rule(data=_DATA)
    def revert(self, data: strategies.DataObject) -> None:
        """Undo some commit: refused with nothing changed, or each of its changes is taken back."""
        revision = data.draw(strategies.integers(1, len(self.model.states) - 1))
        before, made = self.model.states[revision - 1], self.model.states[revision]
        expected = dict(self.model.now)
        changed = [id for id in {**before, **made} if before.get(id) != made.get(id)]
        kept = _needed([id for id in changed if id not in before], changed, self.model.now)
        for id in changed:
            if id not in kept:
                _take_back(id, before.get(id), made.get(id), expected)
        self.clock.advance(1)
        actor = Actor("system", system=True)
        context = Context(self.catalog, actor, self.new_id, lambda: _time(self.clock.now), project=PROJECT)
        try:
            done = history.revert(context, PROJECT, revision)
        except BifrostError:
            return
        assert self.model.commit(expected)
        self.times.append(self.clock.now)
        assert done.revision == len(self.model.states) - 1

    @rule()
    def reopen(self) -> None:
        """Close the catalog and open it again."""
        self.catalog.close()
        self.catalog = self.open().bind(Actor("system", system=True))

    @rule(data=_DATA)
    def read_then(self, data: strategies.DataObject) -> None:
        """Any state there ever was, by revision or by time."""
        revision = data.draw(strategies.integers(0, len(self.model.states) - 1))
        at = data.draw(strategies.booleans())
        self.check_state(revision, View(at=revision) if at else None)

    @rule(data=_DATA)
    def ask(self, data: strategies.DataObject) -> None:
        """A query of today's state or of another, answered as `evaluate` answers it."""
        revision = data.draw(strategies.integers(0, len(self.model.states) - 1))
        query = data.draw(
            strategies.sampled_from(
                [
                    Query("asset", PROJECT).where(parent__code="HERO").sort("-code", "id"),
                    Query("version", PROJECT).where(dependencies__state="published").sort("number"),
                    Query("version", PROJECT).where(product__parent__tags__isnull=True, state__ne="retired"),
                    Query("product", PROJECT).where(versions__number__ge=2),
                    Query("status", PROJECT).where(status_of__isnull=False),
                    Query("link", PROJECT).where(source__kind="asset").sort("type"),
                ]
            )
        )
        state = self.model.states[revision].values()
        project = Project(id=PROJECT_ID, code=PROJECT, project=STUDIO)
        world = [attrs.evolve(entity, project=PROJECT) for entity in state]
        expected = [entity.id for entity in evaluate(query, [project, *world]).entities]
        assert [entity.id for entity in self.catalog.find(query, view=View(at=revision))] == expected

    def check_state(self, revision: int, view: View | None = None) -> None:
        """The catalog shows exactly this state at its revision."""
        state = self.model.states[revision]
        view = view or View(at=_time(self.times[revision]))
        found: dict[str, Entity] = {}
        for cls in _KINDS:
            for entity in self.catalog.find(Query(cls.kind, PROJECT).limit(1_000), view=view):
                found[entity.id] = entity
        shown = {id: plain(entity) for id, entity in found.items()}
        differing = {id: (shown.get(id), state.get(id)) for id in {**shown, **state} if shown.get(id) != state.get(id)}
        assert not differing, (revision, view, differing)
        paths = {id: (entity.path, self.model.path(id, state)) for id, entity in found.items()}
        assert not [(id, pair) for id, pair in paths.items() if pair[0] != pair[1]], (revision, view)
        ever = sorted({id for each in self.model.states for id in each})
        answers = dict(zip(ever, self.catalog.get(PROJECT, ever, view=view), strict=True))
        assert {id for id, answer in answers.items() if isinstance(answer, Entity)} == set(state)
        assert all(isinstance(answer, (Entity, NotFoundError)) for answer in answers.values())

    @invariant()
    def heads_agree(self) -> None:
        """Catalog and model are at the same revision."""
        if self.times:
            assert self.catalog.revision(PROJECT) == len(self.model.states) - 1

    def teardown(self) -> None:
        """At the end every state is read once more, and the log tells every change once."""
        if not self.times:
            return
        for revision in range(len(self.model.states)):
            self.check_state(revision, View(at=revision))
        changed = [
            (revision, id)
            for revision, (before, after) in enumerate(itertools.pairwise(self.model.states), start=1)
            for id in {**before, **after}
            if before.get(id) != after.get(id)
        ]
        events = self.catalog.events(PROJECT, limit=100_000)
        assert sorted((event.revision, event.subject) for event in events) == sorted(changed)
        self.catalog.close()


def _id_of(change: Change) -> str:
    return change.entity.id if isinstance(change, (Create, Ensure)) else change.id


def _needed(created: Collection[str], changed: Iterable[str], state: State) -> set[str]:
    """What a commit created and stays when that is undone: a version that it touched never goes, and needs it."""
    kept: set[str] = set()
    waiting = [id for id in changed if isinstance(state.get(id), Version)]
    while waiting:
        entity = state[waiting.pop()]
        relations = entity_type(entity.kind).relations.values()
        targets = {id for relation in relations for id in related_ids(entity, relation)}
        new = {id for id in targets & {*created} & state.keys() - kept if not isinstance(state[id], Version)}
        kept |= new
        waiting += new
    return kept


def _take_back(id: str, old: Entity | None, made: Entity | None, state: dict[str, Entity]) -> None:
    """Undo one entity's part of a commit in `state`."""
    now = state.get(id)
    if old is None and isinstance(now, Version):
        state[id] = attrs.evolve(now, state={"published": "retired", "reserved": "abandoned"}.get(now.state, now.state))
    elif old is None:
        state.pop(id, None)
    elif made is None:
        state.setdefault(id, attrs.evolve(old, revision=0))  # once it is back, its deletion is undone
    elif now is not None:
        fields = {
            field.name: getattr(old, field.name)
            for field in attrs.fields(type(old))
            if field.name != "revision" and getattr(old, field.name) != getattr(made, field.name)
        }
        if isinstance(now, Version) and fields.get("state") == "reserved":
            fields["state"] = "retired"
        state[id] = attrs.evolve(now, **fields)


def _time(count: int) -> datetime.datetime:
    return wire.from_microseconds(count)
