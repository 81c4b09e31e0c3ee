"""What a catalog promises about reading: by key, by query and by reference, today, then, and pinned."""

from __future__ import annotations

import datetime

import pytest

from bifrost_sdk.domain import locations, registry, wire
from bifrost_sdk.domain.changes import Create, Update
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.model import Asset, Product, Representation, Shot, Status, Version
from bifrost_sdk.domain.pins import Pin, PinSet
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import File, Workfile
from bifrost_sdk.errors import BifrostError, NotFoundError, QueryError, ReferenceSyntaxError, ValidationError
from bifrost_sdk.ports import Catalog, Resolution, View
from bifrost_sdk.testing.builder import Builder, ManualClock
from bifrost_sdk.testing.catalog_base import CatalogFixtures, everything, only, refused
from bifrost_sdk.testing.show import PROJECT, Show, make_id

HEAD = f"bifrost://{PROJECT}"
MODEL = f"{HEAD}/assets/char/hero/model"


class CatalogReads(CatalogFixtures):
    """Get, find, resolve and views."""

    def test_keys_are_answered_in_order_when_some_are_wrong(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """One wrong key among thousands must not cost the answers to all others."""
        hero, anna_id = made.ids["hero"], made.ids["anna"]
        keys = [
            f"{HEAD}/assets/char/hero",
            hero,
            "bifrost://",
            f"{HEAD}/~{hero}",
            make_id(0),
            anna_id,
            HEAD,
            "nonsense",
        ]
        first, second, syntax, third, missing, user, project, nonsense = anna.get(PROJECT, keys)
        assert first == second == third == builder.read(hero)
        assert isinstance(syntax, ReferenceSyntaxError)
        assert isinstance(missing, NotFoundError)
        assert isinstance(user, Entity)
        assert (user.kind, user.id) == ("user", anna_id)
        assert isinstance(project, Entity)
        assert project.id == made.ids["project"]
        assert isinstance(nonsense, BifrostError)
        assert anna.get(PROJECT, []) == []

    def test_version_and_product_are_found_when_asked_for_by_reference(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """The same text means one thing, whether a file or an entity is asked for."""
        for ref, name in (
            (MODEL, "hero/model"),
            (f"{MODEL}/v001", "hero/model/v001"),
            (f"{MODEL}/v003", "hero/model/v003"),
            (f"{MODEL}/latest", "hero/model/v002"),
            (f"{MODEL}/approved", "hero/model/v002"),
            (f"{HEAD}/assets/CHAR/Hero/MODEL/v001", "hero/model/v001"),
        ):
            assert only(anna.get(PROJECT, [ref])) == builder.read(made.ids[name]), ref

    def test_every_entity_stands_as_it_did_when_read_at_an_earlier_revision(
        self, anna: Catalog, builder: Builder, made: Show, clock: ManualClock
    ) -> None:
        """An old render can be understood only if nothing of its state has moved since."""
        kinds = [kind for kind in registry.kinds() if registry.entity_type(kind).scope != "studio"]
        states = {1: {kind: everything(anna, kind) for kind in kinds}}
        times = {1: clock.now}
        for fields in ({"code": "heroine"}, {"tags": ["new"]}, {"parent": made.ids["prop"]}):
            clock.advance(10)
            builder.update(made.ids["hero"], **fields)
            clock.advance(10)
            revision = anna.revision(PROJECT)
            states[revision] = {kind: everything(anna, kind) for kind in kinds}
            times[revision] = clock.now
        for revision, state in states.items():
            for at in (revision, wire.from_microseconds(times[revision])):
                for kind in kinds:
                    assert everything(anna, kind, view=View(at=at)) == state[kind]
                ids = [entity.id for found in state.values() for entity in found]
                expected = [entity for found in state.values() for entity in found]
                answers = anna.get(PROJECT, ids, view=View(at=at))
                assert answers == expected
                assert [getattr(each, "path", None) for each in answers] == [each.path for each in expected]

    def test_view_is_refused_when_its_revision_is_none_of_the_project(self, anna: Catalog, made: Show) -> None:
        """A revision that is still to come has no state that could be answered for good."""
        for at in (2, -1, datetime.datetime(2026, 1, 1)):  # noqa: DTZ001  # a time without a zone is what is refused
            with pytest.raises(ValidationError):
                anna.find(Query("asset", PROJECT), view=View(at=at))
        assert anna.find(Query("asset", PROJECT), view=View(at=0)).entities == ()

    def test_nothing_is_there_when_read_before_the_first_commit(
        self, anna: Catalog, made: Show, clock: ManualClock
    ) -> None:
        """The time before a project began is empty, it is no error and not today."""
        before = wire.from_microseconds(clock.now - 1)
        refused(anna.get(PROJECT, [made.ids["hero"]], view=View(at=before)), NotFoundError)
        refused(anna.resolve([MODEL], view=View(at=before)), NotFoundError)

    def test_pages_follow_in_one_state_when_it_changes_meanwhile(
        self, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """A listing that drifts between pages shows one thing twice and leaves out another."""
        shots = [
            Shot(id=builder.new_id(), code=f"a{number:03d}", parent=made.ids["sq020"], name=f"{number % 7}")
            for number in range(25)
        ]
        anna.commit(PROJECT, [Create(shot) for shot in shots])
        query = Query("shot", PROJECT).sort("-name", "code")
        expected = [shot.id for shot in anna.find(query.limit(1_000))]
        page = anna.find(query.limit(8))
        revision = page.revision
        found = [shot.id for shot in page]
        while page.cursor is not None:
            builder.update(shots[len(found) % 25].id, name="9", code=f"moved{len(found)}")
            page = anna.find(query.limit(8).after(page.cursor))
            assert page.revision == revision
            found += [shot.id for shot in page]
        assert found == expected

    def test_cursor_is_refused_when_it_is_of_another_query_or_none(self, anna: Catalog, made: Show) -> None:
        """A cursor followed in another order would skip entities without a word."""
        cursor = anna.find(Query("asset", PROJECT).limit(1)).cursor
        assert cursor is not None
        for query in (
            Query("shot", PROJECT).after(cursor),
            Query("asset", PROJECT).sort("code").after(cursor),
            Query("asset", PROJECT).where(code="hero").after(cursor),
            Query("asset", PROJECT).after("nonsense"),
            Query("asset", PROJECT).after(cursor[:-2]),
            Query("asset", PROJECT).after("\u00e4"),
        ):
            with pytest.raises(QueryError):
                anna.find(query)
        assert len(anna.find(Query("asset", PROJECT).limit(2).after(cursor))) == 2

    def test_query_is_refused_when_it_names_no_project(self, anna: Catalog, made: Show) -> None:
        """Without a project there is no revision that pages could hold on to."""
        with pytest.raises(QueryError):
            anna.find(Query("asset"))
        with pytest.raises(NotFoundError):
            anna.find(Query("asset", "nowhere"))

    def test_related_things_come_along_when_included(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """A table of a thousand rows must need one question, not one for each row."""
        ids = made.ids
        newest = Query("version").sort("-number")
        query = (
            Query("product", PROJECT).include("versions", query=newest, limit=2).include("parent").where(code="model")
        )
        page = anna.find(query)
        versions = page.included[ids["hero/model"]]["versions"]
        assert [version.number for version in versions] == [3, 2]
        assert [version.path for version in versions] == ["assets/char/hero/model"] * 2
        assert page.included[ids["hero/model"]]["parent"] == (builder.read(ids["hero"]),)
        assert [version.number for version in page.included[ids["sword/model"]]["versions"]] == [1]

    def test_entities_are_counted_and_grouped_when_asked_to(self, anna: Catalog, made: Show) -> None:
        """Overviews must not need all entities to be sent just to be counted."""
        query = Query("version", PROJECT)
        assert anna.find(query.count()).count == 6
        groups = anna.find(query.group_by("state")).groups
        assert [(group.values, group.count) for group in groups] == [(("published",), 5), (("reserved",), 1)]
        (hero,) = anna.find(query.where(number=3).group_by("product")).groups
        assert hero.values == (made.ids["hero/model"],)

    def test_walk_leads_up_and_down_when_asked_with_depth_and_kind(self, anna: Catalog, made: Show) -> None:
        """What breaks if this changes? is asked before every fix, and must be one call."""
        ids = made.ids
        anim = Query("version", PROJECT).where(id=ids["sh010/anim/v001"])
        sword = Query("version", PROJECT).where(id=ids["sword/model/v001"])
        for query, names in (
            (anim.walk("dependencies"), ["hero/model/v002", "hero/rig/v001", "hero/model/v001", "sword/model/v001"]),
            (anim.walk("dependencies", depth=1), ["hero/model/v002", "hero/rig/v001"]),
            (anim.walk("dependencies", kinds=["strong"]), ["hero/rig/v001", "hero/model/v001"]),
            (sword.walk("dependencies", forward=False), ["hero/model/v002", "hero/rig/v001", "sh010/anim/v001"]),
            (sword.walk("dependencies", forward=False, kinds=["reference"]), ["hero/rig/v001"]),
        ):
            page = anna.find(query)
            assert sorted(entity.id for entity in page) == sorted(ids[name] for name in names)
            assert query.steps is not None
            is_forward = query.steps.forward
            depths = {edge.target if is_forward else edge.source: edge.depth for edge in reversed(page.edges)}
            assert depths.keys() == {entity.id for entity in page}
            assert [depths[entity.id] for entity in page] == sorted(depths[entity.id] for entity in page)

    def test_reference_leads_to_a_file_when_resolved(self, anna: Catalog, made: Show) -> None:
        """Every spelling of one version must end at one file, or two departments load different ones."""
        exact = f"{MODEL}/v002/model.usda"
        for ref in (
            MODEL,
            f"{MODEL}/latest",
            f"{MODEL}/approved",
            f"{MODEL}/v002",
            f"{MODEL}?v=2",
            exact,
            f"{MODEL}/latest/model.usd",
            f"{HEAD}/assets/CHAR/hero/Model/v002",
            f"{HEAD}/~{made.ids['hero/model/v002']}",
            f"{HEAD}/~{made.ids['hero/model']}",
            f"{HEAD}/~{made.ids['hero/model/v002']}/model.usd",
            f"{HEAD}/~{made.ids['hero/model/v002/usd']}",
        ):
            found = only(anna.resolve([ref]))
            assert found == Resolution(
                exact,
                "publish",
                f"{PROJECT}/hero/model/v002/model.usda",
                f"sha256:{2:064x}",
                1_002,
                made.ids["hero/model/v002"],
                2,
                "published",
                "usd",
                made.ids["hero/model"],
            ), ref

    def test_set_and_further_files_are_resolved_when_named(self, anna: Catalog, made: Show) -> None:
        """Textures and frames are asked for by set and one by one; what was not published must not resolve."""
        for file, path in (
            ("preview.png", "preview.png"),
            ("tex/body.<UDIM>.exr", "tex/body.<UDIM>.exr"),
            ("tex/body.1001.exr", "tex/body.1001.exr"),
        ):
            found = only(anna.resolve([f"{MODEL}/v001/{file}"]))
            assert isinstance(found, Resolution), found
            assert found.path == f"{PROJECT}/hero/model/v001/{path}"
        for file in ("tex/body.1003.exr", "other.png", "model.abc", "../model.usda"):
            assert isinstance(only(anna.resolve([f"{MODEL}/v001/{file}"])), BifrostError), file

    def test_references_are_answered_in_order_when_some_are_wrong(self, anna: Catalog, made: Show) -> None:
        """A scene with one dead reference must still open with all the others."""
        refs = [f"{MODEL}/v001", "nonsense", f"{MODEL}/v009", f"{HEAD}/assets/char/hero", MODEL, f"{MODEL}/v003", MODEL]
        found = anna.resolve(refs)
        assert [type(each).__name__ for each in found] == [
            "Resolution",
            "ReferenceSyntaxError",
            "NotFoundError",
            "NotFoundError",
            "Resolution",
            "NotFoundError",
            "Resolution",
        ]
        assert found[4] == found[6]
        again = anna.resolve(refs)
        assert [str(each) for each in again] == [str(each) for each in found]

    def test_latest_follows_when_versions_come_and_retire(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """Answers are kept ready, so whatever can change one must also refresh it."""

        def numbers() -> list[object]:
            tags = ("latest", "approved", "v001", "v002", "v003")
            return [getattr(each, "number", None) for each in anna.resolve([f"{MODEL}/{tag}" for tag in tags])]

        assert numbers() == [2, 2, 1, 2, None]
        usd = File("model.usda", 5, f"sha256:{77:064x}")
        builder.create(Representation, version=made.ids["hero/model/v003"], name="usd", folder="x", files=(usd,))
        assert numbers() == [2, 2, 1, 2, None]
        builder.update(made.ids["hero/model/v003"], state="published")
        assert numbers() == [3, 2, 1, 2, 3]
        builder.update(made.ids["hero/model/v002"], state="retired")
        assert numbers() == [3, None, 1, 2, 3]
        builder.update(made.ids["hero/model/v001"], status=made.ids["active"])
        builder.update(made.ids["active"], category="approved")
        assert numbers() == [3, 1, 1, 2, 3]
        builder.update(made.ids["hero/model/v003"], state="retired")
        assert numbers() == [1, 1, 1, 2, 3]
        builder.update(made.ids["hero"], code="heroine")
        assert numbers() == [1, 1, 1, 2, 3]
        usurper = builder.create(Asset, code="hero", parent=made.ids["char"], asset_type=made.ids["char"])
        builder.create(Product, code="model", parent=usurper.id)
        assert numbers() == [None] * 5

    def test_reference_leads_where_it_led_when_resolved_as_of_then(
        self, anna: Catalog, builder: Builder, made: Show, clock: ManualClock
    ) -> None:
        """Renames and retirements since then must not reach into an old state."""
        then = clock.now
        clock.advance(60)
        builder.update(made.ids["hero/model/v002"], state="retired")
        builder.update(made.ids["char"], code="people")
        for at in (1, wire.from_microseconds(then)):
            found = only(anna.resolve([MODEL], view=View(at=at)))
            assert isinstance(found, Resolution)
            assert (found.number, found.ref) == (2, f"{MODEL}/v002/model.usda")
        now = only(anna.resolve([MODEL]))
        assert isinstance(now, Resolution)
        assert (now.number, now.ref) == (1, f"{HEAD}/assets/people/hero/model/v001/model.usda")

    def test_pinned_version_is_meant_when_a_view_pins_it(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """A render must see the pinned version however it is asked for: by file, entity or query."""
        pin = Pin("{publish}/demo/hero/model/v001/model.usda", made.ids["hero/model/v001"], number=1)
        view = View(pins=PinSet({f"{MODEL}/latest": pin}))
        for ref in (MODEL, f"{MODEL}/latest", f"{HEAD}/assets/char/HERO/model/latest/model.usd"):
            found = only(anna.resolve([ref], view=view))
            assert isinstance(found, Resolution), found
            assert found.number == 1
        for ref, number in ((f"{MODEL}/v002", 2), (f"{HEAD}/assets/prop/sword/model", 1)):
            found = only(anna.resolve([ref], view=view))
            assert isinstance(found, Resolution)
            assert found.number == number
        version = only(anna.get(PROJECT, [f"{MODEL}/latest"], view=view))
        assert isinstance(version, Version)
        assert version.number == 1
        query = Query("version", PROJECT).where(product=made.ids["hero/model"])
        assert [each.number for each in anna.find(query, view=view)] == [1]
        others = Query("version", PROJECT).where(product=made.ids["hero/rig"])
        assert len(anna.find(others, view=view)) == 1
        assert len(anna.find(query)) == 3

    def test_projects_are_mixed_when_references_are_resolved(self, catalog: Catalog, anna: Catalog, made: Show) -> None:
        """A shared library lives in a project of its own, and scenes refer to both in one batch."""
        second = Builder(catalog, "second", first=0x200000)
        second.show(first=0x10000)
        refs = [f"bifrost://{project}/assets/char/hero/model" for project in ("second", PROJECT, "third", "second")]
        found = second.system.resolve(refs)
        assert [getattr(each, "path", "-").partition("/")[0] for each in found] == ["second", PROJECT, "-", "second"]
        assert [isinstance(each, Resolution) for each in anna.resolve(refs)] == [False, True, False, False]

    def test_near_names_are_suggested_when_a_reference_leads_nowhere(self, anna: Catalog, made: Show) -> None:
        """Most wrong references are typing errors; the answer should end the search."""
        error = refused(anna.resolve([f"{HEAD}/assets/char/hera/model"]), NotFoundError)
        assert f"{HEAD}/assets/char/hero/model" in error.suggestions
        error = refused(anna.get(PROJECT, [f"{HEAD}/assets/char/hera"]), NotFoundError)
        assert f"{HEAD}/assets/char/hero" in error.suggestions
        error = refused(anna.resolve([f"{HEAD}/assets/char/hero"]), NotFoundError)
        assert error.reason

    def test_files_are_told_in_short_when_rows_are_read(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """Whoever compares all of them with a disk reads these texts, then as now."""
        before = builder.system.revision(PROJECT)
        anna.commit(PROJECT, [Update(made.ids["scene"], {"file": "anim/sh010_v002.ma", "size": 7})])
        for view in (View(), View(at=before)):
            for kind in (Workfile, Representation):
                query = Query(kind.kind, PROJECT).limit(1_000)
                told = dict(anna.find(query.rows("id", "files"), view=view).rows)
                write = locations.write_work if kind is Workfile else locations.write
                assert told == {each.id: write(each) for each in anna.find(query, view=view)}
                assert told

    def test_words_are_found_when_searched_for(self, anna: Catalog, builder: Builder, made: Show) -> None:
        """People search by words of any language and case; the index is of today, and says so."""
        assert [each.id for each in anna.find(Query("asset", PROJECT).search("bä MAIN"))] == [made.ids["hero"]]
        builder.update(made.ids["hero"], name="Other")
        assert len(anna.find(Query("asset", PROJECT).search("bär"))) == 0
        with pytest.raises(QueryError):
            anna.find(Query("asset", PROJECT).search("bär"), view=View(at=1))

    def test_every_field_is_compared_with_entities_and_times_when_given(
        self, anna: Catalog, builder: Builder, made: Show, clock: ManualClock
    ) -> None:
        """Callers pass what they hold, a time or an entity, not how a store writes it."""
        hero = builder.read(made.ids["hero"])
        clock.advance(10)
        status = builder.create(Status, code="late")
        moment = status.created_at
        assert [each.id for each in anna.find(Query("status", PROJECT).where(created_at__ge=moment))] == [status.id]
        assert {each.code for each in anna.find(Query("product", PROJECT).where(parent=hero))} == {"model", "rig"}
        anna.commit(PROJECT, [Update(hero, {"status": status.id})])
        assert [each.id for each in anna.find(Query("asset", PROJECT).where(status__code="LATE"))] == [hero.id]
