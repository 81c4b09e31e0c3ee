"""Commits straight into a Store, with a plain-Python copy of every state: what a store's answers are compared with."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping

import attrs

from bifrost_sdk.authority import records
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.model import Event, Project, Version
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.ports import Logged, LoggedCommit, Record, Store, Write
from bifrost_sdk.testing.show import Show, make_id

#: When the first commit is made, in microseconds; each further one comes a second later.
START = 1_700_000_000_000_000
SECOND = 1_000_000

State = Mapping[str, Entity]


class Ledger:
    """Writes to a store without any rule, and remembers what must be read back.

    `states` maps project -> revision -> the entities of that state by id, with their stamps and paths. `events` holds
    the events of each project in order.
    """

    def __init__(self, store: Store, *, first_event: int = 0xE000000) -> None:
        self.store = store
        self.states: dict[str, dict[int, State]] = {}
        self.events: dict[str, list[Event]] = {}
        self._ids = itertools.count(first_event)
        self._time = START

    def commit(
        self, project: str, entities: Iterable[Entity] = (), *, deleted: Iterable[str] = (), key: str | None = None
    ) -> int:
        """Write these entities as they are given (new or changed) and take others away; the new revision."""
        before = self.today(project)
        with self.store.begin(project) as transaction:
            transaction.create_project(project)
            revision, _ = transaction.head(project)
            for each in entities if (entities := tuple(entities)) else ():
                if isinstance(each, Project):
                    transaction.create_project(each.code)
            self._time += SECOND
            after = self._after(project, entities, frozenset(deleted), revision)
            writes = [
                Write(self._record(before.get(id)), self._record(after.get(id)))
                for id in dict.fromkeys((*(each.id for each in entities), *deleted))
            ]
            transaction.write(writes)
            logged = [self._log(project, revision, position, each) for position, each in enumerate(writes)]
            digest = hashlib.sha256(str(revision).encode()).hexdigest()
            commit = LoggedCommit(project, revision, self._time, "anna", key, digest, "[]", comment="by hand")
            transaction.append(commit, [each for each, _ in logged])
        self.states.setdefault(project, {0: {}})[revision] = after
        self.events.setdefault(project, []).extend(event for _, event in logged)
        return revision

    def today(self, project: str) -> State:
        """The entities that stand now, by id."""
        states = self.states.get(project, {0: {}})
        return states[max(states)]

    def world(self, project: str, revision: int | None = None) -> list[Entity]:
        """Everything there is, for `evaluate`: the project as of a revision, all others as of today, and the events."""
        found: list[Entity] = []
        for code in self.states:
            past = revision if code == project else None
            state = self.today(code) if past is None else self.states[code][past]
            events = [each for each in self.events.get(code, ()) if past is None or each.revision <= past]
            found += [*state.values(), *events]
        return found

    def _after(self, project: str, entities: tuple[Entity, ...], deleted: frozenset[str], revision: int) -> State:
        """The state with its changes and stamps; paths are worked out anew for every node, from the top."""
        moment = wire.from_microseconds(self._time)
        after = {id: entity for id, entity in self.today(project).items() if id not in deleted}
        for each in entities:
            origin = after.get(each.id)
            after[each.id] = attrs.evolve(
                each,
                project=project,
                revision=revision,
                created_at=origin.created_at if origin else moment,
                created_by=origin.created_by if origin else "anna",
                updated_at=moment,
                updated_by="anna",
            )
        return {id: attrs.evolve(each, path=self._path(after, each)) for id, each in after.items()}

    def _path(self, state: State, entity: Entity) -> str:
        if isinstance(entity, Version):
            return self._path(state, state[entity.product])
        if not isinstance(entity, Node) or isinstance(entity, Project):
            return ""
        above = state.get(entity.parent or "")
        names = [self._path(state, above)] if above else []
        if not any(names):
            names = [entity_type(entity.kind).root]
        return "/".join(name for name in (*names, entity.code) if name)

    def _record(self, entity: Entity | None) -> Record | None:
        if entity is None:
            return None
        is_placed = isinstance(entity, Node) and not isinstance(entity, Project)
        at = wire.to_microseconds(entity.updated_at) if entity.updated_at else 0
        return records.to_record(entity, entity.path if is_placed else None, at=at)

    def _log(self, project: str, revision: int, position: int, write: Write) -> tuple[Logged, Event]:
        record = write.after or write.before
        assert record is not None
        operation = "create" if write.before is None else "delete" if write.after is None else "update"
        moment = wire.from_microseconds(self._time)
        event = Event(
            id=make_id(next(self._ids)),
            project=project,
            revision=revision,
            created_at=moment,
            created_by="anna",
            updated_at=moment,
            updated_by="anna",
            operation=operation,
            subject=record.id,
            subject_kind=record.kind,
            position=position,
            comment="by hand",
        )
        body = wire.to_json(wire.dump(event))
        return Logged(event.id, record.id, record.kind, operation, position, body), event


def fill(ledger: Ledger, made: Show, project: str) -> int:
    """Commit a show: the studio's part first, then the tree in one revision."""
    ledger.commit(STUDIO, made.studio)
    return ledger.commit(project, made.project)
