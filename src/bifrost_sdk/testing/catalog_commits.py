"""What a catalog promises about changes: all or none, in order, by rules, once for each key, and logged."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from bifrost_sdk.domain.changes import COMMIT_LIMIT, Change, Check, Create, Delete, Ensure, Update
from bifrost_sdk.domain.entity import DOCUMENT_LIMIT
from bifrost_sdk.domain.model import (
    Asset,
    AssetType,
    Event,
    Link,
    Product,
    Project,
    Representation,
    Sequence,
    Shot,
    Status,
    Task,
    User,
    Version,
)
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import CHANGEABLE, TRANSITIONS, AssetDependency, File
from bifrost_sdk.errors import BifrostError, ConflictError, NotFoundError, ValidationError
from bifrost_sdk.ports import Actor, Catalog, View
from bifrost_sdk.testing.builder import Builder, ManualClock
from bifrost_sdk.testing.catalog_base import CatalogFixtures, codes_of, only, refused
from bifrost_sdk.testing.show import PROJECT, Show

_MONTH = 30 * 24 * 3600


class CatalogCommits(CatalogFixtures):
    """Atomicity, keys, optimistic locking, rules, numbers, events."""

    def test_commit_answers_each_change_when_all_are_of_different_sorts(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
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
        one, other = (Status(id=builder.new_id(), code=code) for code in ("Fresh", "FRESH"))
        first, second = anna.commit(PROJECT, [Ensure(one), Ensure(other)]).entities
        assert first == second
        assert first is not None
        assert first.id == one.id

    def test_both_sides_are_told_when_somebody_was_first(self, anna: Catalog, builder: Builder, made: Show) -> None:
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
        for id in (made.ids["todo"], made.ids["anna"]):
            with pytest.raises(ConflictError):
                anna.commit(PROJECT, [Create(Status(id=id, code="again"))])

    def test_answer_is_the_same_when_a_key_is_used_again(
        self, anna: Catalog, builder: Builder, made: Show, clock: ManualClock
    ) -> None:
        status = Status(id=builder.new_id(), code="more")
        changes: list[Change] = [Create(status), Update(made.ids["hero"], {"name": "Other"}), Delete(made.ids["like"])]
        first = anna.commit(PROJECT, changes, key="once", comment="a")
        builder.update(made.ids["hero"], name="Later")
        clock.advance(_MONTH - 60)
        again = anna.commit(PROJECT, changes, key="once", comment="a")
        assert again == attrs.evolve(first, repeated=True)
        assert anna.revision(PROJECT) == 3

    def test_key_conflicts_when_used_for_other_content(self, anna: Catalog, builder: Builder, made: Show) -> None:
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
        anna.commit(PROJECT, [Create(Status(id=builder.new_id(), code="a"))], key="once")
        root = catalog.bind(Actor("root", system=True))
        assert not root.commit(PROJECT, [Create(Status(id=builder.new_id(), code="b"))], key="once").repeated
        assert not root.commit(STUDIO, [Create(User(id=builder.new_id(), login="cleo"))], key="once").repeated

    def test_key_is_forgotten_when_a_month_has_passed(
        self, anna: Catalog, builder: Builder, made: Show, clock: ManualClock
    ) -> None:
        anna.commit(PROJECT, [Update(made.ids["hero"], {"name": "One"})], key="once")
        clock.advance(_MONTH + 60)
        done = anna.commit(PROJECT, [Update(made.ids["hero"], {"name": "Two"})], key="once")
        assert (done.repeated, done.revision) == (False, 3)
        again = anna.commit(PROJECT, [Update(made.ids["hero"], {"name": "Two"})], key="once")
        assert again.repeated

    def test_commit_is_refused_when_it_is_empty_or_too_large(self, anna: Catalog, builder: Builder, made: Show) -> None:
        check = Check(made.ids["hero"])
        for changes in ([], [check] * (COMMIT_LIMIT + 1)):
            with pytest.raises(ValidationError):
                anna.commit(PROJECT, changes)
        assert len(anna.commit(PROJECT, [check] * COMMIT_LIMIT).entities) == COMMIT_LIMIT

    def test_document_is_refused_when_too_large(self, anna: Catalog, builder: Builder, made: Show) -> None:
        room = {f"k{number}": "ä" * 10_000 for number in range(3)}
        anna.commit(PROJECT, [Update(made.ids["hero"], {"metadata": room})])
        room["k4"] = "ä" * (DOCUMENT_LIMIT // 2 - 30_000)
        with pytest.raises(ValidationError, match="bytes"):
            anna.commit(PROJECT, [Update(made.ids["hero"], {"metadata": room})])
        assert anna.revision(PROJECT) == 2

    def test_unknown_fields_stay_when_others_are_changed(self, anna: Catalog, builder: Builder, made: Show) -> None:
        newer = Status(id=builder.new_id(), code="newer", unknown={"icon": {"name": "star"}, "rank": 3})
        anna.commit(PROJECT, [Create(newer)])
        anna.commit(PROJECT, [Update(newer.id, {"name": "Newer", "rank": 4})])
        found = builder.read(newer.id)
        assert isinstance(found, Status)
        assert (found.name, dict(found.unknown)) == ("Newer", {"icon": {"name": "star"}, "rank": 4})

    @pytest.mark.parametrize("code", ["hero", "HERO", "he\u0301ro".upper()])
    def test_siblings_are_unique_when_of_whatever_kind(
        self, anna: Catalog, builder: Builder, made: Show, code: str
    ) -> None:
        builder.create(Product, code="h\u00e9ro", parent=made.ids["char"])
        other = Asset(id=builder.new_id(), code=code, parent=made.ids["char"], asset_type=made.ids["char"])
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Create(other)])
        assert codes_of(caught.value) == {"unique"}
        anna.commit(PROJECT, [Create(attrs.evolve(other, parent=made.ids["prop"]))])

    def test_siblings_are_unique_when_made_in_one_commit(self, anna: Catalog, builder: Builder, made: Show) -> None:
        twins = [Sequence(id=builder.new_id(), code=code, parent=made.ids["project"]) for code in ("sqA", "SQa")]
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Create(each) for each in twins])
        assert codes_of(caught.value) == {"unique"}

    def test_name_is_free_when_its_holder_gives_it_up_in_the_same_commit(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        new = Asset(id=builder.new_id(), code="hero", parent=made.ids["char"], asset_type=made.ids["char"])
        anna.commit(PROJECT, [Update(made.ids["hero"], {"code": "heroine"}), Create(new)])
        assert builder.read(new.id).path == "assets/char/hero"
        anna.commit(PROJECT, [Update(new.id, {"code": "heroine"}), Update(made.ids["hero"], {"code": "hero"})])
        assert builder.read(made.ids["hero/model"]).path == "assets/char/hero/model"
        assert builder.read(new.id).path == "assets/char/heroine"

    def test_versions_are_counted_when_made_without_a_number(self, anna: Catalog, builder: Builder, made: Show) -> None:
        def reserve(*products: str) -> list[int | None]:
            versions = [Version(id=builder.new_id(), product=made.ids[name]) for name in products]
            done = anna.commit(PROJECT, [Create(each) for each in versions])
            return [each.number for each in done.entities if isinstance(each, Version)]

        assert reserve("hero/model", "hero/rig", "hero/model", "project/lut") == [4, 2, 5, 1]
        (version,) = anna.find(Query("version", PROJECT).where(number=5)).entities
        anna.commit(PROJECT, [Update(version, {"state": "abandoned"})])
        assert reserve("hero/model") == [6]
        builder.update(made.ids["hero/model"], code="body")
        assert reserve("hero/model") == [7]

    def test_lease_is_renewed_when_a_reserved_version_is_written(
        self, anna: Catalog, builder: Builder, made: Show, clock: ManualClock
    ) -> None:
        version = builder.create(Version, product=made.ids["hero/model"], lease=60)
        assert version.lease_until is not None
        clock.advance(30)
        renewed = builder.update(version, lease=120)
        assert isinstance(renewed, Version)
        assert renewed.lease_until is not None
        assert (renewed.lease_until - version.lease_until).total_seconds() == 90
        published = builder.update(version, state="published")
        assert isinstance(published, Version)
        assert published.lease_until is None

    def test_states_follow_each_other_only_when_allowed(self, anna: Catalog, builder: Builder, made: Show) -> None:
        ways = {"reserved": [], "published": ["published"], "abandoned": ["abandoned"]}
        ways["retired"] = ["published", "retired"]
        ways["purged"] = ["published", "retired", "purged"]
        for state, way in ways.items():
            for following in TRANSITIONS:
                version = builder.create(Version, product=made.ids["project/lut"])
                for each in way:
                    builder.update(version, state=each)
                if following in (*TRANSITIONS[state], state):
                    builder.update(version, state=following)
                else:
                    with pytest.raises(ValidationError) as caught:
                        anna.commit(PROJECT, [Update(version.id, {"state": following})])
                    assert codes_of(caught.value) == {"state.transition"}, (state, following)

    def test_version_begins_reserved_or_published_when_created(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        for state in ("retired", "purged", "abandoned"):
            with pytest.raises(ValidationError):
                builder.create(Version, product=made.ids["project/lut"], state=state)

    def test_published_version_keeps_what_it_is_when_changed(self, anna: Catalog, builder: Builder, made: Show) -> None:
        id = made.ids["hero/rig/v001"]
        fixed: dict[str, Any] = {  # Any: values of every field type
            "number": 9,
            "product": made.ids["hero/model"],
            "dependencies": [],
            "comment": "other",
            "source": "other",
            "task": made.ids["anim"],
            "manifest": "other",
        }
        for name, value in fixed.items():
            with pytest.raises(ValidationError) as caught:
                anna.commit(PROJECT, [Update(id, {name: value})])
            assert "immutable" in codes_of(caught.value), name
        free = {"status": made.ids["todo"], "tags": ["a"], "description": "d", "metadata": {"a": 1}, "state": "retired"}
        assert free.keys() == CHANGEABLE
        anna.commit(PROJECT, [Update(id, free)])

    def test_version_is_not_deleted_when_it_has_a_number(self, anna: Catalog, builder: Builder, made: Show) -> None:
        for name in ("hero/model/v003", "sh010/anim/v001"):
            with pytest.raises(ValidationError):
                anna.commit(PROJECT, [Delete(made.ids[name])])

    def test_files_are_fixed_when_a_representation_exists(self, anna: Catalog, builder: Builder, made: Show) -> None:
        id = made.ids["hero/model/v001/usd"]
        for name, value in (("files", []), ("folder", "x"), ("root", "other"), ("name", "abc")):
            with pytest.raises(ValidationError) as caught:
                anna.commit(PROJECT, [Update(id, {name: value})])
            assert "immutable" in codes_of(caught.value)
        with pytest.raises(ValidationError):
            anna.commit(PROJECT, [Delete(id)])
        proxy = Representation(id=builder.new_id(), version=made.ids["hero/model/v001"], name="proxy")
        anna.commit(PROJECT, [Create(proxy)])
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Create(attrs.evolve(proxy, id=builder.new_id(), name="PROXY"))])
        assert codes_of(caught.value) == {"unique"}

    @pytest.mark.parametrize("length", [1, 2, 5])
    def test_cycle_is_refused_when_versions_are_published_together(
        self, anna: Catalog, builder: Builder, made: Show, length: int
    ) -> None:
        products = [builder.create(Product, code=f"p{number}", parent=made.ids["hero"]) for number in range(length)]
        ids = [builder.new_id() for _ in products]
        ring = [
            Version(
                id=id,
                product=product.id,
                state="published",
                dependencies=(AssetDependency(ids[(place + 1) % length], kind="weak"),),
            )
            for place, (id, product) in enumerate(zip(ids, products, strict=True))
        ]
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Create(each) for each in ring])
        assert "dependency.cycle" in codes_of(caught.value)
        chain = [attrs.evolve(ring[-1], dependencies=()), *ring[:-1]]
        anna.commit(PROJECT, [Create(each) for each in chain])

    def test_dependency_is_refused_when_its_target_is_not_published(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        version = Version(
            id=builder.new_id(),
            product=made.ids["hero/rig"],
            state="published",
            dependencies=(AssetDependency(made.ids["hero/model/v003"]),),
        )
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Create(version)])
        assert codes_of(caught.value) == {"dependency.state"}
        anna.commit(PROJECT, [Update(made.ids["hero/model/v003"], {"state": "published"}), Create(version)])

    def test_delete_is_refused_when_something_uses_it(self, anna: Catalog, builder: Builder, made: Show) -> None:
        for name, user in (
            ("hero", "cape"),
            ("char", "hero"),
            ("todo", "sh010"),
            ("hero/rig", "rig"),
            ("anim", made.ids["scene"]),
        ):
            with pytest.raises(ValidationError) as caught:
                anna.commit(PROJECT, [Delete(made.ids[name])])
            assert "in_use" in codes_of(caught.value)
            assert user in str(caught.value)
        assert anna.revision(PROJECT) == 1

    def test_delete_is_done_when_its_users_go_in_the_same_commit(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        anna.commit(PROJECT, [Delete(made.ids["anim"]), Delete(made.ids["scene"])])
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Delete(made.ids["ep01"]), Update(made.ids["sq020"], {"parent": made.ids["ep01"]})])
        assert "in_use" in codes_of(caught.value)

    def test_purge_is_refused_when_another_version_was_made_of_it(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        for name in ("hero/model/v001", "sh010/anim/v001"):
            builder.update(made.ids[name], state="retired")
        with pytest.raises(ValidationError) as caught:
            builder.update(made.ids["hero/model/v001"], state="purged")
        assert codes_of(caught.value) == {"in_use"}
        builder.update(made.ids["sh010/anim/v001"], state="purged")

    def test_relation_is_refused_when_it_leads_nowhere_or_to_another_kind(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        for fields, code in (
            ({"status": builder.new_id()}, "relation.missing"),
            ({"status": made.ids["hero"]}, "relation.kind"),
            ({"parent": made.ids["sh010"]}, "relation.kind"),
            ({"asset_type": made.ids["hero"]}, "relation.kind"),
        ):
            with pytest.raises(ValidationError) as caught:
                anna.commit(PROJECT, [Update(made.ids["hero"], fields)])
            assert code in codes_of(caught.value)

    def test_node_is_refused_when_it_would_lie_within_itself(self, anna: Catalog, builder: Builder, made: Show) -> None:
        with pytest.raises(ValidationError):
            anna.commit(PROJECT, [Update(made.ids["hero"], {"parent": made.ids["cape"]})])
        with pytest.raises(ValidationError):
            anna.commit(PROJECT, [Update(made.ids["hero"], {"parent": made.ids["hero"]})])

    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"fps": "fast"}, "attribute.value"),
            ({"fps": 24}, "attribute.value"),
            ({"renderer": "other"}, "attribute.value"),
            ({"colour": "red"}, "attribute.unknown"),
        ],
    )
    def test_attributes_are_refused_when_of_the_wrong_type(
        self, anna: Catalog, builder: Builder, made: Show, values: dict[str, object], code: str
    ) -> None:
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Update(made.ids["hero"], {"attributes": values})])
        assert codes_of(caught.value) <= {code, "attribute.form"}
        anna.commit(PROJECT, [Update(made.ids["hero"], {"attributes": {"fps": "24000/1001", "renderer": "arnold"}})])

    @pytest.mark.parametrize("fields", [{"no_such": 1}, {"tags": "main"}, {"code": "v001"}, {"metadata": [1]}])
    def test_update_is_refused_when_a_field_is_wrong(
        self, anna: Catalog, made: Show, fields: dict[str, object]
    ) -> None:
        with pytest.raises(ValidationError):
            anna.commit(PROJECT, [Update(made.ids["hero"], fields)])

    def test_kind_is_refused_when_its_place_is_another(self, anna: Catalog, builder: Builder, made: Show) -> None:
        with pytest.raises(ValidationError) as caught:
            builder.system.commit(PROJECT, [Create(User(id=builder.new_id(), login="cleo"))])
        assert "kind.scope" in codes_of(caught.value)
        with pytest.raises(ValidationError) as caught:
            builder.system.commit(STUDIO, [Create(Status(id=builder.new_id(), code="x"))])
        assert "kind.scope" in codes_of(caught.value)

    def test_event_is_refused_when_written_by_hand(self, anna: Catalog, builder: Builder, made: Show) -> None:
        event = Event(id=builder.new_id(), operation="create", subject=made.ids["hero"], subject_kind="asset")
        with pytest.raises(BifrostError):
            builder.system.commit(PROJECT, [Create(event)])
        first = anna.events(PROJECT, limit=1)[0]
        for change in (Update(first.id, {"comment": "x"}), Delete(first.id)):
            with pytest.raises(BifrostError):
                builder.system.commit(PROJECT, [change])
        assert anna.events(PROJECT, limit=1)[0] == first

    def test_project_is_read_only_when_archived(self, anna: Catalog, builder: Builder, made: Show) -> None:
        builder.update(made.ids["project"], state="archived")
        with pytest.raises(ValidationError) as caught:
            anna.commit(PROJECT, [Delete(made.ids["like"])])
        assert "project.archived" in codes_of(caught.value)
        builder.update(made.ids["project"], state="active")
        anna.commit(PROJECT, [Delete(made.ids["like"])])

    def test_project_keeps_its_code_when_changed(self, builder: Builder, made: Show) -> None:
        with pytest.raises(ValidationError):
            builder.update(made.ids["project"], code="other")

    def test_project_is_missing_when_it_was_never_made(self, catalog: Catalog, builder: Builder, made: Show) -> None:
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
        first = anna.commit(PROJECT, [Update(made.ids["hero"], {"name": "a"})])
        clock.advance(-3600)
        second = anna.commit(PROJECT, [Update(made.ids["hero"], {"name": "b"})])
        assert second.at >= first.at
        (hero,) = anna.get(PROJECT, [made.ids["hero"]], view=View(at=first.at))
        assert isinstance(hero, Asset)
        assert hero.name == "b"

    def test_path_stays_an_alias_when_a_node_is_renamed_or_moved(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        builder.update(made.ids["char"], code="people")
        builder.update(made.ids["cape"], parent=made.ids["villain"])
        for ref, id in (
            ("assets/char/hero/model", "hero/model"),
            ("assets/people/hero/rig/v001", "hero/rig/v001"),
            ("assets/char/hero/cape", "cape"),
            ("assets/people/villain/cape", "cape"),
            ("assets/char/villain/cape", "cape"),
        ):
            found = only(anna.get(PROJECT, [f"bifrost://{PROJECT}/{ref}"]))
            assert getattr(found, "id", found) == made.ids[id], ref
            assert found == builder.read(made.ids[id])
        product = only(anna.get(PROJECT, [f"bifrost://{PROJECT}/assets/char/hero/model"]))
        assert getattr(product, "ref", "") == f"bifrost://{PROJECT}/assets/people/hero/model"

    def test_link_may_lead_to_another_project_when_other_relations_may_not(
        self, catalog: Catalog, builder: Builder, made: Show
    ) -> None:
        second = Builder(catalog, "second", first=0x200000)
        project = builder.create(Project, code="second")
        theirs = second.create(Sequence, code="sq010", parent=project.id)
        builder.create(Link, source=made.ids["hero"], target=theirs.id)
        with pytest.raises(ValidationError) as caught:
            builder.create(Shot, code="sh999", parent=theirs.id)
        assert "relation.project" in codes_of(caught.value)
        with pytest.raises(ValidationError):
            second.delete(theirs)
        with pytest.raises(NotFoundError):
            builder.system.commit(PROJECT, [Update(theirs.id, {"name": "x"})])

    def test_set_of_files_comes_back_when_written(self, builder: Builder, made: Show) -> None:
        files = (File("beauty.<FRAME>.exr", 10, f"sha256:{7:064x}", frames="1001-1003,1010", count=4),)
        version = builder.create(Version, product=made.ids["sh010/anim"])
        written = builder.create(Representation, version=version.id, name="exr", folder="a/b", files=files)
        found = builder.read(written.id)
        assert isinstance(found, Representation)
        assert found.files == files
        assert str(found.files[0].frames) == "1001-1003,1010"
