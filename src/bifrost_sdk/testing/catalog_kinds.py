"""What follows from registration alone: every kind is kept, read, asked for, logged and guarded like any other."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from bifrost_sdk.domain import registry, wire
from bifrost_sdk.domain.changes import Create, Delete, Ensure, Update
from bifrost_sdk.domain.entity import STAMPS, Entity
from bifrost_sdk.domain.fieldpaths import field_names, shape
from bifrost_sdk.domain.model import Membership, Role, User
from bifrost_sdk.domain.query import NOTHING, Query
from bifrost_sdk.domain.query_documents import filter_to_document
from bifrost_sdk.domain.rules import key_of
from bifrost_sdk.errors import ConflictError, NotFoundError, PermissionDeniedError, ValidationError
from bifrost_sdk.ports import Actor, Catalog, View
from bifrost_sdk.testing.builder import Builder
from bifrost_sdk.testing.catalog_base import CatalogFixtures, everything, place_of, refused
from bifrost_sdk.testing.examples import example, text_fields
from bifrost_sdk.testing.show import Show

#: Kinds of which nothing is deleted that was published.
_KEPT = ("version", "representation")


class CatalogKinds(CatalogFixtures):
    """Each test runs for each kind that is registered; a new one is covered without a word here."""

    @pytest.fixture
    def sample(self, builder: Builder, made: Show, writable_kind: str) -> Entity:
        """A new entity of the kind, not committed yet."""
        return self.example(builder, made, writable_kind)

    def example(self, builder: Builder, made: Show, kind: str, *, name: str = "sample") -> Entity:
        """An entity of the kind with whatever it needs; a suite may know better."""
        standing: dict[str, list[str]] = {}
        for entity in (*made.studio, *made.project):
            standing.setdefault(entity.kind, []).append(entity.id)
        return example(kind, builder.new_id(), standing, name=name)

    def test_entity_is_read_back_as_it_was_written_when_created(self, builder: Builder, sample: Entity) -> None:
        """A field that storage drops or rounds is lost without an error."""
        project = place_of(sample.kind)
        before = builder.system.revision(project)
        done = builder.system.commit(project, [Create(sample)])
        (written,) = done.entities
        assert written is not None
        assert done.revision == written.revision == before + 1
        for name in attrs.fields_dict(type(sample)):
            if name not in (*STAMPS, "number", "lease_until"):
                assert getattr(written, name) == getattr(sample, name), name
        assert builder.read(sample.id) == written
        assert builder.system.get(project, [written.ref]) == [written]
        assert written in everything(builder.system, sample.kind)

    def test_document_reads_back_when_sent_over_the_wire(self, builder: Builder, sample: Entity) -> None:
        """A kind that cannot be written as JSON works embedded and fails on the first server."""
        (written,) = builder.system.commit(place_of(sample.kind), [Create(sample)]).entities
        assert written is not None
        document = {**wire.to_document(written), "from a newer peer": {"x": [1]}}
        found = wire.from_document(document)
        assert wire.to_document(found) == document
        assert attrs.evolve(found, unknown={}) == written
        assert found.path == written.path

    def test_entity_is_found_when_asked_for_by_each_field(self, builder: Builder, sample: Entity) -> None:
        """Every field is queried by somebody; one the store cannot compare would find nothing, silently."""
        project = place_of(sample.kind)
        (written,) = builder.system.commit(project, [Create(sample)]).entities
        assert written is not None
        document = wire.to_document(written)
        for name in field_names(sample.kind):
            value = document.get(name)
            if shape(sample.kind, (name,)) == "value" and value is not None and value != "":
                page = builder.system.find(Query(sample.kind, project).where(**{name: value}).limit(1_000))
                assert written.id in {each.id for each in page}, name
                assert builder.system.find(Query(sample.kind, project).sort(f"-{name}")).entities
                groups = builder.system.find(Query(sample.kind, project).group_by(name)).groups
                assert sum(group.count for group in groups) == len(everything(builder.system, sample.kind))

    def test_history_keeps_every_state_when_changed_and_deleted(self, builder: Builder, sample: Entity) -> None:
        """A kind left out of the history could be seen as of today only, and not be reverted."""
        project = place_of(sample.kind)
        states: list[Entity | None] = [None, *builder.system.commit(project, [Create(sample)]).entities]
        first = builder.system.revision(project) - 1
        for changes in self._changes(sample):
            states += builder.system.commit(project, [changes]).entities
        assert len({repr(state) for state in states}) > 2
        for revision, state in enumerate(states, start=first):
            view = View(at=revision)
            if state is None:
                refused(builder.system.get(project, [sample.id], view=view), NotFoundError)
            else:
                assert builder.system.get(project, [sample.id], view=view) == [state]
            found = [each for each in everything(builder.system, sample.kind, view=view) if each.id == sample.id]
            assert found == ([state] if state else [])

    def test_events_tell_each_change_when_changed_and_deleted(self, builder: Builder, sample: Entity) -> None:
        """Followers rebuild a kind from its events alone."""
        project = place_of(sample.kind)
        after = builder.system.revision(project)
        changes = [Create(sample), *self._changes(sample)]
        for change in changes:
            builder.system.commit(project, [change], comment="by the suite")
        events = builder.system.events(project, after=after)
        names = {Create: "create", Update: "update", Delete: "delete"}
        assert [event.operation for event in events] == [names[type(change)] for change in changes]
        assert {(event.subject, event.subject_kind, event.comment) for event in events} == {
            (sample.id, sample.kind, "by the suite")
        }
        for name, value in wire.dump(sample).items():
            assert name == "schema" or events[0].after[name] == value
        for change, event in zip(changes, events, strict=True):
            if isinstance(change, Update):
                assert dict(event.after) == wire.value(dict(change.fields))
        found = builder.system.find(Query("event", project).where(subject=sample.id).sort("revision")).entities
        assert [event.id for event in found] == [event.id for event in events]

    def test_entity_is_one_when_its_natural_key_is_ensured_again(self, builder: Builder, sample: Entity) -> None:
        """Two processes that ensure the same thing must end up with the same thing."""
        project = place_of(sample.kind)
        (written,) = builder.system.commit(project, [Create(sample)]).entities
        again = attrs.evolve(sample, id=builder.new_id())
        if key_of(sample) is None:
            return
        assert builder.system.commit(project, [Ensure(again)]).entities == (written,)
        with pytest.raises(ValidationError) as caught:
            builder.system.commit(project, [Create(again)])
        assert {issue.code for issue in caught.value.issues} == {"unique"}

    def test_writer_is_refused_when_another_was_first(self, builder: Builder, sample: Entity) -> None:
        """Without the check, the later of two editors would undo the other unseen."""
        project = place_of(sample.kind)
        (written,) = builder.system.commit(project, [Create(sample)]).entities
        assert written is not None
        for name in ("one", "two"):
            update = Update(sample.id, {"metadata": {"by": name}}, expected=written.revision)
            if name == "one":
                builder.system.commit(project, [update])
                continue
            with pytest.raises(ConflictError) as caught:
                builder.system.commit(project, [update])
            assert caught.value.theirs == wire.to_document(builder.read(sample.id))

    def test_permission_is_asked_for_when_changed_by_somebody_who_reads(
        self, catalog: Catalog, builder: Builder, sample: Entity
    ) -> None:
        """A kind nobody thought of in the roles must be closed to readers, not open."""
        project = place_of(sample.kind)
        self._person(builder, "rea", permissions=("read:*",))
        reader = catalog.bind(Actor("rea"))
        with pytest.raises(PermissionDeniedError) as caught:
            reader.commit(project, [Create(sample)])
        assert caught.value.required_permission == f"create:{sample.kind}"
        builder.system.commit(project, [Create(sample)])
        assert reader.get(project, [sample.id]) == [builder.read(sample.id)]
        for change in self._changes(sample):
            with pytest.raises(PermissionDeniedError) as caught:
                reader.commit(project, [change])
            verb = type(change).__name__.lower()
            assert caught.value.required_permission == f"{verb}:{sample.kind}"
            assert (caught.value.actor, caught.value.project) == ("rea", project)

    def test_entity_shows_nowhere_when_a_role_hides_its_kind(
        self, catalog: Catalog, builder: Builder, sample: Entity
    ) -> None:
        """A filter on a kind must hold without a line of code in that kind."""
        project = place_of(sample.kind)
        if sample.kind == "project" or registry.entity_type(sample.kind).scope == "studio":
            return  # what of the studio shows is not a matter of roles in one project
        builder.system.commit(project, [Create(sample)])
        self._person(builder, "few", permissions=("*:*",), filters={sample.kind: filter_to_document(NOTHING)})
        few = catalog.bind(Actor("few"))
        refused(few.get(project, [sample.id]), NotFoundError)
        assert everything(few, sample.kind) == []
        assert few.find(Query(sample.kind, project).count()).count == 0
        assert sample.id not in {event.subject for event in few.events(project)}
        with pytest.raises(NotFoundError):
            few.commit(project, [Update(sample.id, {"metadata": {"a": 1}})])

    def _changes(self, sample: Entity) -> list[Update | Delete]:
        """Updates of what may be changed, then a delete where there is one."""
        made = registry.entity_type(sample.kind)
        updates: list[Update | Delete] = [
            Update(sample.id, {"metadata": {"step": 1}}),
            Update(sample.id, {"metadata": {"step": 2, "more": []}}),
        ]
        for name in text_fields(sample.kind):
            if name in made.search and name not in made.immutable and sample.kind not in _KEPT:
                many = isinstance(getattr(sample, name), tuple)
                updates.append(Update(sample.id, {name: ["other"] if many else "other"}))
        return updates if sample.kind in _KEPT else [*updates, Delete(sample.id)]

    def _person(self, builder: Builder, login: str, **role: Any) -> None:  # Any: fields of a role
        """Somebody with one role in every project."""
        user = builder.create(User, login=login)
        made = builder.create(Role, code=f"{login}-role", **role)
        builder.create(Membership, user=user.id, role=made.id)
