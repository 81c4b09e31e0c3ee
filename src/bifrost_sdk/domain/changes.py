"""State changes as values, the commit that they make and the events that it leaves behind."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import attrs

from bifrost_sdk.domain import text
from bifrost_sdk.domain.entity import STAMPS, Entity, at_least, check_id, choice, is_truth
from bifrost_sdk.domain.registry import Relation, register
from bifrost_sdk.errors import Issue, ValidationError

#: A commit holds at most so many changes.
COMMIT_LIMIT = 10_000


@attrs.frozen
class Create:
    """A new entity, which must not exist. A version without a number is given the next one of its product."""

    entity: Entity


@attrs.frozen
class Ensure:
    """The entity with this natural key: the existing one as it is, else this one, new.

    Where it exists, or an earlier change of the same list makes it, later changes of the list that name the given id
    follow that one.
    """

    entity: Entity


def _entity_or_id(value: Any) -> Any:  # Any: an entity becomes its id when the whole change is there
    return value if isinstance(value, Entity) else check_id(value)


def _fields(value: Any) -> dict[str, Any]:  # Any: checked here
    if not isinstance(value, Mapping):
        raise ValidationError(Issue("update.fields", f"{value!r:.200} names no fields", hint="give a dict"))
    return dict(value)


@attrs.frozen
class Update:
    """New values for some fields. `expected` is the revision that the writer has seen; None takes any.

    An entity is accepted for the id; then its revision is expected unless another is given.
    """

    id: str = attrs.field(converter=_entity_or_id)
    fields: Mapping[str, Any] = attrs.field(converter=_fields, hash=False)
    expected: int | None = None

    def __attrs_post_init__(self) -> None:
        given: Any = self.id  # Any: see _entity_or_id
        if isinstance(given, Entity):
            object.__setattr__(self, "id", check_id(given.id))
            if self.expected is None and given.revision:
                object.__setattr__(self, "expected", given.revision)
        if fixed := sorted({"id", "kind", "unknown", *STAMPS} & set(self.fields)):
            raise ValidationError(
                Issue("update.fixed", f"{', '.join(fixed)} cannot be set", fixed[0], self.id, "leave it out")
            )


@attrs.frozen
class Delete:
    """Take the entity away; refused while anything uses it. Its history stays."""

    id: str = attrs.field(converter=check_id)
    expected: int | None = None


@attrs.frozen
class Check:
    """Nothing changes, but the commit fails unless the entity stands at `expected`; None: unless it exists."""

    id: str = attrs.field(converter=check_id)
    expected: int | None = None


Change = Create | Ensure | Update | Delete | Check


def check_changes(values: Any) -> list[Change]:  # Any: checked here
    """The changes themselves.

    Raises:
        ValidationError: for a single one that is no list, and for what is no change.
    """
    found = [*text.listed(values)]
    for each in found:
        if not isinstance(each, (Create, Ensure, Update, Delete, Check)):
            raise ValidationError(Issue("change.type", f"{each!r:.80} is no change", hint="e.g. Create(entity)"))
    return found


@attrs.frozen
class Commit:
    """What a list of changes did.

    `entities` answers each change in order: the entity as written or found, None for a Delete. `revision` is the new
    revision of `project`; a commit without a key that changed nothing (only checks, or everything existed) has the
    revision that it read. `repeated` tells that the key had been used before and this is the answer of that time.
    """

    project: str
    revision: int
    at: datetime.datetime
    actor: str
    entities: tuple[Entity | None, ...]
    key: str | None = None
    repeated: bool = False


@register(
    "event",
    plural="events",
    slots={"number": "position", "state": "operation"},
    relations=[Relation("subject", inverse="activity", gate=True)],
    search=("comment",),
    read_only=True,
)
@attrs.frozen(kw_only=True)
class Event(Entity):
    """One change of one entity, as the log keeps it; read-only.

    `position` counts from 0 within its revision. `before` and `after` hold the changed fields; for a create `after`,
    for a delete `before` is the whole document. `created_at` and `created_by` say when and who. `is_partial` is set
    where the log is read by somebody from whom a part of the same commit is hidden, and None in all other cases.
    """

    operation: str = attrs.field(validator=choice("create", "update", "delete"))
    subject: str = attrs.field(converter=check_id)
    subject_kind: str = ""
    position: int = attrs.field(default=0, validator=at_least(0))
    before: Mapping[str, Any] = attrs.field(factory=dict, converter=text.json_object, hash=False)
    after: Mapping[str, Any] = attrs.field(factory=dict, converter=text.json_object, hash=False)
    comment: str = ""
    is_partial: bool | None = attrs.field(default=None, validator=attrs.validators.optional(is_truth))
