"""One commit: plan, check, number, write, log. All of it under the lock of one project, or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from bifrost_sdk.authority.journal import Journal
from bifrost_sdk.authority.planning import Plan, plan
from bifrost_sdk.authority.policy import demand
from bifrost_sdk.authority.records import to_record
from bifrost_sdk.authority.sight import Sight
from bifrost_sdk.authority.stamps import stamped
from bifrost_sdk.authority.tree import Paths
from bifrost_sdk.domain import destinations, rules, text, wire
from bifrost_sdk.domain.changes import COMMIT_LIMIT, Change, Commit, Create, Ensure, Update, check_changes
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.production import STUDIO, Project
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.rules import Delta, Facts
from bifrost_sdk.domain.spelling import MAX_VERSION
from bifrost_sdk.domain.tasks import Status
from bifrost_sdk.domain.versions import Representation, Version
from bifrost_sdk.errors import ConflictError, Issue, NotFoundError, ValidationError
from bifrost_sdk.ports import LoggedCommit, Transaction, Write

#: How long an idempotency key is remembered, in microseconds.
KEY_LIFETIME = 30 * 24 * 3600 * 1_000_000

#: The longest idempotency key, in characters.
KEY_LIMIT = 200


@attrs.frozen
class Request:
    """What is asked for. `time` is the authority's clock, in microseconds, when the commit began.

    `is_attempt` tells that the key is not the caller's: something between made it, to be able to ask again. Such a
    commit is answered as one without a key, and as one with a key when it is repeated.
    """

    project: str
    changes: Sequence[Change] = attrs.field(converter=check_changes)
    actor: str
    time: int
    key: str | None = attrs.field(default=None, converter=attrs.converters.optional(text.line))
    comment: str = attrs.field(default="", converter=text.prose)
    is_attempt: bool = False

    def __attrs_post_init__(self) -> None:
        if not self.changes:
            raise ValidationError(Issue("commit.empty", "a commit needs at least one change"))
        if len(self.changes) > COMMIT_LIMIT:
            message = f"{len(self.changes)} changes are more than the {COMMIT_LIMIT} of one commit"
            raise ValidationError(Issue("commit.size", message, hint="make several commits"))
        if self.key is not None and not 0 < len(self.key) <= KEY_LIMIT:
            raise ValidationError(Issue("commit.key", f"an idempotency key has 1 to {KEY_LIMIT} characters", "key"))


class Unchanged(Exception):  # noqa: N818  # no error: it undoes the transaction of a commit that changes nothing
    """Carries the answer of a commit that needs no new revision out of the transaction."""

    def __init__(self, commit: Commit) -> None:
        super().__init__()
        self.commit = commit


def digest_of(request: Request) -> str:
    """What tells two requests with one key apart; made before the lock is taken. Empty without a key."""
    if request.key is None:
        return ""
    content = hashlib.sha256()
    for change in request.changes:
        content.update(wire.to_json(change_document(change)).encode() + b"\n")
    return content.hexdigest()


def change_document(change: Change) -> dict[str, Any]:  # Any: JSON
    """A change as JSON."""
    name = type(change).__name__.lower()
    if isinstance(change, (Create, Ensure)):
        return {"change": name, "entity": wire.to_document(change.entity)}
    fields = {"fields": wire.value(dict(change.fields))} if isinstance(change, Update) else {}
    return {"change": name, "id": change.id, "expected": change.expected, **fields}


@attrs.frozen
class Committing:
    """One request in a write transaction that holds the project's lock; `sight` is unmasked."""

    request: Request
    digest: str
    transaction: Transaction
    sight: Sight

    def run(self) -> Commit:
        """Carry it out.

        Raises:
            Unchanged: when there is nothing to write; the transaction is to be undone.
            ValidationError, ConflictError, NotFoundError, PermissionDeniedError: when it is refused.
        """
        revision, last = self.transaction.head(self.request.project)
        at = max(self.request.time, last)
        self._answer_repeated()
        made = plan(self.request.project, self.request.changes, self.sight.by_id, self.sight.by_key)
        if not made.deltas and (self.request.key is None or self.request.is_attempt):
            raise Unchanged(self._answer(revision - 1, at, made, {}))
        number_versions(made, self.transaction)
        renew_leases(made, at)
        self._check_permissions(made)
        seen = self._check_rules(made)
        written, writes = self._stamp(made, seen, revision=revision, at=at)
        self._write(made, writes, revision, at)
        return self._answer(revision, at, made, written)

    def _answer(self, revision: int, at: int, made: Plan, written: dict[str, Entity]) -> Commit:
        entities = tuple(
            (written.get(id) if id in made.deltas else made.found.get(id)) if id else None for id in made.answers
        )
        moment = wire.from_microseconds(at)
        key = None if self.request.is_attempt else self.request.key
        return Commit(self.request.project, revision, moment, self.request.actor, entities, key=key)

    def _answer_repeated(self) -> None:
        request = self.request
        if request.key is None:
            return
        since = request.time - KEY_LIFETIME
        earlier = self.transaction.commit_with_key(request.project, request.actor, request.key, since=since)
        if earlier is None:
            return
        if earlier.digest != self.digest:
            raise ConflictError(
                f"the key {request.key!r} was used for another commit (revision {earlier.revision} of "
                f"{request.project}); use a new key for a new commit"
            )
        ids = json.loads(earlier.answer)
        then = attrs.evolve(self.sight, at=earlier.revision).by_id([id for id in ids if id])
        entities = tuple(then.get(id) if id else None for id in ids)
        at = wire.from_microseconds(earlier.at)
        key = None if request.is_attempt else request.key
        repeated = Commit(request.project, earlier.revision, at, request.actor, entities, key, repeated=True)
        raise Unchanged(repeated)

    def _check_permissions(self, made: Plan) -> None:
        access = self.sight.access
        asked = {(verb_of(delta), delta.entity.kind) for delta in made.deltas.values()}
        if not access.allows("approve", "version") and self._approves(made):
            asked.add(("approve", "version"))
        for verb, kind in sorted(asked):
            demand(access, verb, kind, self.request.project)

    def _approves(self, made: Plan) -> bool:
        """Whether some version is given a status that approves."""
        changed = {
            delta.after.status
            for delta in made.deltas.values()
            if isinstance(delta.after, Version) and delta.after.status and delta.changed("status")
        }
        found = self.sight.by_id(changed).values()
        return any(isinstance(status, Status) and status.category == "approved" for status in found)

    def _check_rules(self, made: Plan) -> Mapping[str, Entity]:
        """Refuse what breaks a rule; the entities that were looked up for that, by id."""
        needs = rules.gather(made.deltas)
        known = self.sight.by_id(needs.ids - made.found.keys())
        wanted = list(needs.keys)
        holders = self.transaction.load("key", self.request.project, wanted) if wanted else []
        facts = Facts(
            entities={**made.found, **known},
            holders={key: record.id for key, record in zip(wanted, holders, strict=True) if record is not None},
            users=self.transaction.used_by(sorted(needs.used)) if needs.used else (),
            project=self._project(),
        )
        named = {edge.source for edge in facts.users} | set(facts.holders.values())
        if named:
            seen = self.sight.by_id(named)
            names = {id: entity.ref for id, entity in seen.items()}
            facts = attrs.evolve(facts, names=names, entities={**seen, **facts.entities})
        if issues := rules.check(made.deltas, facts):
            raise ValidationError(issues)
        return {**facts.entities, **({facts.project.id: facts.project} if facts.project else {})}

    def _project(self) -> Project | None:
        code = self.request.project
        if code == STUDIO:
            return None
        (record,) = self.transaction.load("key", STUDIO, [(None, code)])
        found = record.entity() if record else None
        if not isinstance(found, Project):
            raise NotFoundError(f"bifrost://{code}", reason="there is no such project")
        return found

    def _stamp(
        self, made: Plan, seen: Mapping[str, Entity], *, revision: int, at: int
    ) -> tuple[dict[str, Entity], list[Write]]:
        """The entities as written, by id, and the rows to write."""
        moment, actor = wire.from_microseconds(at), self.request.actor
        paths = Paths(made.deltas, self.sight, seen=seen)
        written: dict[str, Entity] = {}
        writes: list[Write] = []
        for id, delta in made.deltas.items():
            before = to_record(delta.before, paths.before(delta.before), at=0) if delta.before else None
            if delta.after is None:
                writes.append(Write(before, None))
                continue
            path = paths.after(delta.after)
            stamps = {"revision": revision, "path": path or "", "updated_at": moment, "updated_by": actor}
            if delta.before is None:
                stamps |= {"created_at": moment, "created_by": actor}
            after = written[id] = stamped(delta.after, stamps)
            kept = path if entity_type(after.kind).is_node else None
            writes.append(Write(before, to_record(after, kept, at=at)))
        return written, writes

    def _write(self, made: Plan, writes: Sequence[Write], revision: int, at: int) -> None:
        request, transaction = self.request, self.transaction
        for delta in made.deltas.values():
            if isinstance(delta.after, Project) and delta.before is None:
                transaction.create_project(delta.after.code)
        transaction.write(writes)
        answer = json.dumps(made.answers)
        logged = LoggedCommit(
            request.project, revision, at, request.actor, request.key, self.digest, answer, request.comment
        )
        events = Journal(request.project, revision, request.comment).events(writes)
        transaction.append(logged, events, keys_since=request.time - KEY_LIFETIME)


def number_versions(made: Plan, transaction: Transaction) -> None:
    """Give new versions without a number the next one of their product, and their folders that number."""
    new = [
        delta.after
        for delta in made.deltas.values()
        if isinstance(delta.after, Version) and delta.before is None and delta.after.number is None
    ]
    if not new:
        return
    last = transaction.last_numbers("version", list(dict.fromkeys(version.product for version in new)))
    for delta in made.deltas.values():
        if isinstance(delta.after, Version) and delta.before is None and delta.after.number is not None:
            last[delta.after.product] = max(last.get(delta.after.product, 0), delta.after.number)
    for version in new:
        number = last[version.product] = last.get(version.product, 0) + 1
        if number > MAX_VERSION:
            message = f"the product {version.product} has used up its numbers: the last is {MAX_VERSION}"
            raise ValidationError(Issue("version.number", message, "number", version.id, "publish as another product"))
        folder = destinations.filled(version.folder, number)
        made.deltas[version.id] = Delta(None, attrs.evolve(version, number=number, folder=folder))


def renew_leases(made: Plan, at: int) -> None:
    """Whoever writes what is on its way holds it for another `lease` seconds of the authority's clock."""
    for id, delta in made.deltas.items():
        held = delta.after
        if isinstance(held, (Version, Representation)):
            until = wire.from_microseconds(at + held.lease * 1_000_000) if held.is_held else None
            if held.lease_until != until:
                made.deltas[id] = Delta(delta.before, attrs.evolve(held, lease_until=until))


def verb_of(delta: Delta) -> str:
    """The verb of the permission that a delta asks for."""
    if delta.after is None:
        return "delete"
    if isinstance(delta.after, Version) and delta.changed("state"):
        verbs = {"published": "publish", "retired": "retire", "purged": "purge"}
        return verbs.get(delta.after.state, "update" if delta.before else "create")
    return "update" if delta.before else "create"
