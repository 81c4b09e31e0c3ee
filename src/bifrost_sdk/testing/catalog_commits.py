"""What a catalog promises about commits: all of it or nothing, in order, once for each key, and logged."""

from __future__ import annotations

import attrs
import pytest

from bifrost_sdk.domain.changes import COMMIT_LIMIT, Change, Check, Create, Delete, Ensure, Update
from bifrost_sdk.domain.entity import DOCUMENT_LIMIT
from bifrost_sdk.domain.model import (
    Asset,
    AssetType,
    Event,
    Product,
    Status,
    Task,
    User,
    Version,
)
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.errors import BifrostError, ConflictError, NotFoundError, ValidationError
from bifrost_sdk.ports import Actor, Catalog, View
from bifrost_sdk.testing.builder import Builder, ManualClock
from bifrost_sdk.testing.catalog_base import CatalogFixtures, refused
from bifrost_sdk.testing.show import PROJECT, Show

_MONTH = 30 * 24 * 3600


class CatalogCommits(CatalogFixtures):
    """Atomicity, keys, optimistic locking, limits, events."""

    def test_commit_answers_each_change_when_all_are_of_different_sorts(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """Callers zip the answer with what they sent: one left out would shift all that follow."""
        asset = Asset(id=builder.new_id(), code="dragon", parent=made.ids["char"], asset_type=made.ids["char"])
        done = anna.commit(
            PROJECT,
            [
                Create(asset),
                Update(made.ids["cape"], {"tags": ["red"]}),
                Delete(made.ids["like"]),
                Check(made.ids["sword"], 1),
                Ensure(attrs.evolve(asset, id=builder.new_id(), code="HERO")),
                Ensure(attrs.evolve(asset, id=builder.new_id(), code="fairy")),
            ],
        )
        dragon, cape, gone, sword, hero, fairy = done.entities
        assert (done.project, done.revision, done.actor, done.repeated) == (PROJECT, 2, f"anna-{PROJECT}", False)
        assert dragon == attrs.evolve(
            asset,
            project=PROJECT,
            revision=2,
            created_at=done.at,
            created_by=done.actor,
            updated_at=done.at,
            updated_by=done.actor,
        )
        assert dragon.path == "assets/char/dragon"
        assert isinstance(cape, Asset)
        assert (cape.tags, cape.revision, cape.updated_by) == (("red",), 2, done.actor)
        assert (cape.created_by, cape.created_at) == ("system", builder.read(made.ids["sword"]).created_at)
        assert gone is None
        assert sword == builder.read(made.ids["sword"])
        assert hero is not None
        assert (hero.id, hero.revision) == (made.ids["hero"], 1)
        assert fairy is not None
        assert fairy.ref == f"bifrost://{PROJECT}/assets/char/fairy"
        assert anna.get(PROJECT, [dragon.id, cape.id, fairy.id]) == [dragon, cape, fairy]
        refused(anna.get(PROJECT, [made.ids["like"]]), NotFoundError)

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_nothing_is_changed_when_one_change_is_refused(
        self, anna: Catalog, builder: Builder, made: Show, place: int
    ) -> None:
        """Half a commit is a state that nobody asked for, and its key would be used up for nothing."""
        wrong: list[Change] = [
            Update(made.ids["sword"], {"code": "cape", "parent": made.ids["hero"]}),
            Check(made.ids["sword"], 77),
            Delete(builder.new_id()),
        ]
        status = Status(id=builder.new_id(), code="more")
        right: list[Change] = [Create(status), Update(made.ids["hero"], {"code": "x"}), Delete(made.ids["like"])]
        with pytest.raises(BifrostError):
            anna.commit(PROJECT, [*right[:place], wrong[place], *right[place:]], key="k")
        assert anna.revision(PROJECT) == 1
        assert anna.events(PROJECT, after=1) == []
        hero = builder.read(made.ids["hero"])
        assert (hero.path, hero.revision) == ("assets/char/hero", 1)
        refused(anna.get(PROJECT, [status.id]), NotFoundError)
        assert anna.commit(PROJECT, right, key="k").revision == 2

    def test_revision_stays_when_nothing_was_changed(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """Repeating a script must not fill the log, nor wake everybody who follows it."""
        hero = builder.read(made.ids["hero"])
        for changes in (
            [Check(hero.id)],
            [Check(hero.id, 1)],
            [Update(hero, {"tags": ["main", "Human"]})],
            [Ensure(attrs.evolve(hero, id=builder.new_id()))],
        ):
            done = anna.commit(PROJECT, changes)
            assert (done.revision, done.entities) == (1, (hero,))
        assert anna.revision(PROJECT) == 1
        assert anna.events(PROJECT, after=1) == []

    def test_later_changes_follow_when_an_ensured_thing_exists(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """A tree can be ensured in one commit only if children follow to the parent that was there."""
        char, hero, model, version = (builder.new_id() for _ in range(4))
        done = anna.commit(
            PROJECT,
            [
                Ensure(AssetType(id=char, code="Char", parent=made.ids["project"])),
                Ensure(Asset(id=hero, code="Hero", parent=char, asset_type=char)),
                Ensure(Product(id=model, code="model", parent=hero)),
                Create(Version(id=version, product=model)),
                Update(hero, {"description": "followed"}),
                Check(model),
            ],
        )
        ids = [entity and entity.id for entity in done.entities]
        expected = [made.ids["char"], made.ids["hero"], made.ids["hero/model"], version]
        assert ids == [*expected, made.ids["hero"], made.ids["hero/model"]]
        written = done.entities[3]
        assert isinstance(written, Version)
        assert (written.product, written.number, written.state) == (made.ids["hero/model"], 4, "reserved")

    def test_ensured_thing_is_made_once_when_named_twice_in_one_commit(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """Lists gathered from many places repeat themselves; that is no clash."""
        one, other = (Status(id=builder.new_id(), code=code) for code in ("Fresh", "FRESH"))
        first, second = anna.commit(PROJECT, [Ensure(one), Ensure(other)]).entities
        assert first == second
        assert first is not None
        assert first.id == one.id

    def test_both_sides_are_told_when_somebody_was_first(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """Without what stands now, a client cannot offer to merge, only to lose its work."""
        seen = builder.read(made.ids["hero"])
        builder.update(seen, description="theirs", tags=["x"])
        for change in (
            Update(seen, {"description": "mine"}),
            Update(seen.id, {"description": "mine"}, expected=1),
            Delete(seen.id, expected=1),
            Check(seen.id, expected=1),
        ):
            with pytest.raises(ConflictError) as caught:
                anna.commit(PROJECT, [change])
            theirs = caught.value.theirs
            assert theirs is not None
            assert (theirs["id"], theirs["revision"], theirs["description"]) == (seen.id, 2, "theirs")
            if isinstance(change, Update):
                assert caught.value.mine == {"description": "mine"}
                assert caught.value.fields == ("description",)
        assert anna.revision(PROJECT) == 2
        anna.commit(PROJECT, [Update(seen.id, {"description": "mine"}, expected=2)])

    def test_create_conflicts_when_the_id_exists(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """Ids are made by clients: one that is taken, in whatever project, must not be overwritten."""
        for id in (made.ids["todo"], made.ids["anna"]):
            with pytest.raises(ConflictError):
                anna.commit(PROJECT, [Create(Status(id=id, code="again"))])

    def test_answer_is_the_same_when_a_key_is_used_again(
        self, anna: Catalog, builder: Builder, made: Show, clock: ManualClock
    ) -> None:
        """A farm job that retries after a lost answer must not publish a second time."""
        status = Status(id=builder.new_id(), code="more")
        changes: list[Change] = [Create(status), Update(made.ids["hero"], {"name": "Other"}), Delete(made.ids["like"])]
        first = anna.commit(PROJECT, changes, key="once", comment="a")
        builder.update(made.ids["hero"], name="Later")
        clock.advance(_MONTH - 60)
        again = anna.commit(PROJECT, changes, key="once", comment="a")
        assert again == attrs.evolve(first, repeated=True)
        assert anna.revision(PROJECT) == 3

    def test_key_conflicts_when_used_for_other_content(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """A key that answers for something else would make a change disappear silently."""
        anna.commit(PROJECT, [Update(made.ids["hero"], {"name": "One"})], key="once")
        others: list[list[Change]] = [
            [Update(made.ids["hero"], {"name": "Two"})],
            [Update(made.ids["hero"], {"name": "One"}, expected=1)],
            [Update(made.ids["cape"], {"name": "One"})],
            [Update(made.ids["hero"], {"name": "One"}), Check(made.ids["cape"])],
        ]
        for changes in others:
            with pytest.raises(ConflictError, match="once"):
                anna.commit(PROJECT, changes, key="once")
        assert anna.revision(PROJECT) == 2

    def test_key_is_free_when_actor_or_project_is_another(
        self, catalog: Catalog, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """Keys like a job's number are chosen without asking others, so they must not collide."""
        anna.commit(PROJECT, [Create(Status(id=builder.new_id(), code="a"))], key="once")
        root = catalog.bind(Actor("root", system=True))
        assert not root.commit(PROJECT, [Create(Status(id=builder.new_id(), code="b"))], key="once").repeated
        assert not root.commit(STUDIO, [Create(User(id=builder.new_id(), login="cleo"))], key="once").repeated

    def test_key_is_forgotten_when_a_month_has_passed(
        self, anna: Catalog, builder: Builder, made: Show, clock: ManualClock
    ) -> None:
        """Answers cannot be kept for ever, but long enough for the slowest retry."""
        anna.commit(PROJECT, [Update(made.ids["hero"], {"name": "One"})], key="once")
        clock.advance(_MONTH + 60)
        done = anna.commit(PROJECT, [Update(made.ids["hero"], {"name": "Two"})], key="once")
        assert (done.repeated, done.revision) == (False, 3)
        again = anna.commit(PROJECT, [Update(made.ids["hero"], {"name": "Two"})], key="once")
        assert again.repeated

    def test_commit_is_refused_when_it_is_empty_or_too_large(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """A commit holds its project's lock: its size bounds how long everybody else waits."""
        check = Check(made.ids["hero"])
        for changes in ([], [check] * (COMMIT_LIMIT + 1)):
            with pytest.raises(ValidationError):
                anna.commit(PROJECT, changes)
        assert len(anna.commit(PROJECT, [check] * COMMIT_LIMIT).entities) == COMMIT_LIMIT

    def test_document_is_refused_when_too_large(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """Stores index and copy whole documents; one huge one slows every read beside it."""
        room = {f"k{number}": "ä" * 10_000 for number in range(3)}
        anna.commit(PROJECT, [Update(made.ids["hero"], {"metadata": room})])
        room["k4"] = "ä" * (DOCUMENT_LIMIT // 2 - 30_000)
        with pytest.raises(ValidationError, match="bytes"):
            anna.commit(PROJECT, [Update(made.ids["hero"], {"metadata": room})])
        assert anna.revision(PROJECT) == 2

    def test_unknown_fields_stay_when_others_are_changed(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """An older client that edits a newer document must not strip what it does not understand."""
        newer = Status(id=builder.new_id(), code="newer", unknown={"icon": {"name": "star"}, "rank": 3})
        anna.commit(PROJECT, [Create(newer)])
        anna.commit(PROJECT, [Update(newer.id, {"name": "Newer", "rank": 4})])
        found = builder.read(newer.id)
        assert isinstance(found, Status)
        assert (found.name, dict(found.unknown)) == ("Newer", {"icon": {"name": "star"}, "rank": 4})

    def test_project_is_missing_when_it_was_never_made(self, catalog: Catalog, builder: Builder, made: Show) -> None:
        """A typing error in a project's code must not begin a new history."""
        for asker in (builder.system, catalog.bind(Actor(f"anna-{PROJECT}"))):
            with pytest.raises(NotFoundError):
                asker.commit("nowhere", [Create(Status(id=builder.new_id(), code="x"))])
            with pytest.raises(NotFoundError):
                asker.revision("nowhere")
            with pytest.raises(NotFoundError):
                asker.events("nowhere")

    def test_event_tells_what_changed_when_a_field_is_set(
        self, anna: Catalog, builder: Builder, made: Show, clock: ManualClock
    ) -> None:
        """Undo and synchronisation read nothing but events, so both sides of a field must be there."""
        clock.advance(5)
        changes: list[Change] = [
            Update(made.ids["hero"], {"tags": ["a"], "description": "new", "status": None}),
            Create(Task(id=builder.new_id(), code="model", parent=made.ids["hero"])),
            Delete(made.ids["like"]),
        ]
        done = anna.commit(PROJECT, changes, comment="tidy up")
        update, create, delete = anna.events(PROJECT, after=1)
        assert [each.operation for each in (update, create, delete)] == ["update", "create", "delete"]
        assert [each.position for each in (update, create, delete)] == [0, 1, 2]
        assert {each.comment for each in (update, create, delete)} == {"tidy up"}
        assert {(each.revision, each.created_at, each.created_by) for each in (update, create, delete)} == {
            (2, done.at, done.actor)
        }
        assert (update.subject, update.subject_kind) == (made.ids["hero"], "asset")
        assert dict(update.before) == {"tags": ["main", "Human"], "description": None, "status": made.ids["active"]}
        assert dict(update.after) == {"tags": ["a"], "description": "new", "status": None}
        assert dict(create.before) == dict(delete.after) == {}
        assert (create.after["code"], create.after["parent"]) == ("model", made.ids["hero"])
        assert (delete.before["source"], delete.before["description"]) == (made.ids["hero"], "same smith")

    def test_events_follow_without_gaps_when_read_in_steps(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """A follower that pages by revision must neither miss an event nor see one twice."""
        for number in range(1, 5):
            statuses = [Status(id=builder.new_id(), code=f"s{number}-{place}") for place in range(number)]
            anna.commit(PROJECT, [Create(each) for each in statuses])
        everything = anna.events(PROJECT)
        for limit in (1, 2, 3, 1000):
            found: list[Event] = []
            while step := anna.events(PROJECT, after=found[-1].revision if found else 0, limit=limit):
                found += step
            assert found == everything
        assert sorted({event.revision for event in everything}) == [1, 2, 3, 4, 5]
        assert len({event.id for event in everything}) == len(everything)

    def test_time_never_goes_back_when_the_clock_does(
        self, anna: Catalog, builder: Builder, made: Show, clock: ManualClock
    ) -> None:
        """Reads as of a time need times that rise with the revisions, on machines whose clocks do not."""
        first = anna.commit(PROJECT, [Update(made.ids["hero"], {"name": "a"})])
        clock.advance(-3600)
        second = anna.commit(PROJECT, [Update(made.ids["hero"], {"name": "b"})])
        assert second.at >= first.at
        (hero,) = anna.get(PROJECT, [made.ids["hero"]], view=View(at=first.at))
        assert isinstance(hero, Asset)
        assert hero.name == "b"
