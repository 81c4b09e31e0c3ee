"""What a catalog promises about access: what an actor may not see shows nowhere, and what one may not do is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain import registry, wire
from bifrost_sdk.domain.changes import Check, Create, Delete, Ensure, Update
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.fieldpaths import target_kinds
from bifrost_sdk.domain.model import Asset, Membership, Product, Role, Status, Team, User, Version
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Compare, Not, Query
from bifrost_sdk.domain.query_documents import filter_to_document
from bifrost_sdk.domain.versions import AssetDependency
from bifrost_sdk.errors import BifrostError, NotFoundError, PermissionDeniedError, QueryError
from bifrost_sdk.ports import Actor, Catalog, View
from bifrost_sdk.testing.builder import Builder
from bifrost_sdk.testing.catalog_base import CatalogFixtures, everything, place_of, refused
from bifrost_sdk.testing.show import PROJECT, Show

HEAD = f"bifrost://{PROJECT}"

#: What the vendor of the suite may not see, by short name; with whatever lies below and whatever leads there.
HIDDEN = ("hero", "sq020", "final", "like")


class CatalogAccess(CatalogFixtures):
    """A vendor sees a part of the show; everything else is as if it were not."""

    @pytest.fixture
    def vendor(self, catalog: Catalog, builder: Builder, made: Show) -> Catalog:
        """The catalog as the vendor asks it."""
        filters = {
            "asset": Not(Compare(("code",), "eq", "hero")),
            "sequence": Not(Compare(("code",), "eq", "sq020")),
            "status": Not(Compare(("category",), "eq", "approved")),
        }
        documents = {kind: filter_to_document(each) for kind, each in filters.items()}
        permissions = ("read:*", "create:*", "update:*", "delete:*", "publish:version")
        role = builder.create(Role, code="vendor", permissions=permissions, filters=documents)
        user = builder.create(User, login="vera")
        builder.create(Membership, user=user.id, role=role.id, of=made.ids["project"])
        return catalog.bind(Actor("vera"))

    @pytest.fixture
    def hidden(self, builder: Builder, made: Show) -> dict[str, Entity]:
        """Everything of the project that the vendor may not see, by id: the named things and what lies below them."""
        found = {made.ids[name]: builder.read(made.ids[name]) for name in HIDDEN}
        everybody = [each for kind in registry.kinds() if kind != "event" for each in everything(builder.system, kind)]
        size = 0
        while len(found) > size:
            size = len(found)
            for entity in everybody:
                made_as = registry.entity_type(entity.kind)
                parent = made_as.slots.get("parent")
                gates = [name for name, each in made_as.relations.items() if each.gate or name == parent]
                if any(getattr(entity, name) in found for name in gates):
                    found[entity.id] = entity
        return found

    def test_hidden_thing_shows_nowhere_when_its_kind_is_read_in_every_shape(
        self, vendor: Catalog, builder: Builder, hidden: dict[str, Entity], writable_kind: str
    ) -> None:
        """One shape that forgets the filter, a count say, tells a vendor how many secrets there are."""
        kind = writable_kind
        every = everything(builder.system, kind)
        here = place_of(kind)
        seen = everything(vendor, kind)
        if here == PROJECT:
            assert {each.id for each in seen} == {each.id for each in every} - hidden.keys()
        assert hidden.keys().isdisjoint(_ids_in(seen))
        query = Query(kind, here)
        assert vendor.find(query.count()).count == len(seen)
        for entity in every:
            if entity.id in hidden:
                error = refused(vendor.get(here, [entity.id]), NotFoundError)
                assert error.suggestions == ()
                for narrowed in (query.where(id=entity.id), query.where(id__in=[entity.id])):
                    assert len(vendor.find(narrowed)) == 0
                    assert vendor.find(narrowed.count()).count == 0

    def test_hidden_thing_shows_nowhere_when_rows_are_read(
        self, vendor: Catalog, hidden: dict[str, Entity], kind: str
    ) -> None:
        """Rows are columns as they are kept, documents with the ids of others among them."""
        seen = everything(vendor, kind)
        query = Query(kind, place_of(kind)).limit(7).rows("id", "revision", "body")
        page = vendor.find(query)
        rows = [*page.rows]
        while page.cursor is not None:
            page = vendor.find(query.after(page.cursor))
            rows += page.rows
        assert [row[:2] for row in rows] == [(each.id, each.revision) for each in seen]
        assert vendor.find(query.limit(1_000).rows("id")).rows == tuple((each.id,) for each in seen)
        assert [json.loads(row[2]) for row in rows] == [wire.dump(each) for each in seen]
        assert not [id for id in hidden if id in str(rows)]

    def test_hidden_thing_shows_nowhere_when_grouped_or_included_or_walked_to(
        self, vendor: Catalog, hidden: dict[str, Entity], kind: str
    ) -> None:
        """A relation leads to other kinds, so the filter of each must be joined at every hop."""
        made = registry.entity_type(kind)
        query = Query(kind, place_of(kind)).limit(1_000)
        for name in (*made.relations, *registry.inverse_names(kind)):
            if target_kinds(kind, name):
                page = vendor.find(query.include(name, limit=1_000))
                assert hidden.keys().isdisjoint(_ids_in(page.included))
                self._check_hops(vendor, query, name, hidden)
        for name, relation in made.relations.items():
            if not relation.path:
                groups = vendor.find(query.group_by(name)).groups
                assert hidden.keys().isdisjoint(_ids_in([group.values for group in groups]))
            for asked in (query.walk(name), Query(kind, place_of(kind)).walk(name, forward=False)):
                try:
                    page = vendor.find(asked)
                except QueryError:
                    continue
                assert hidden.keys().isdisjoint(_ids_in((page.entities, page.edges)))

    def _check_hops(self, vendor: Catalog, query: Query, name: str, hidden: dict[str, Entity]) -> None:
        """Asking for a hidden thing by what it is finds nothing, whichever way round it is asked."""
        for id in list(hidden)[:1]:
            for lookup in (f"{name}__id", name):
                assert vendor.find(query.where(**{lookup: id}).count()).count == 0
        all_of_them = vendor.find(query.count()).count
        bare = vendor.find(query.where(**{f"{name}__isnull": True}).count()).count
        led = vendor.find(query.where(**{f"{name}__isnull": False}).count()).count
        assert bare is not None
        assert led is not None
        assert bare + led == all_of_them
        page = vendor.find(query.include(name, limit=1_000))
        shown = sum(1 for related in page.included.values() if related.get(name))
        assert shown == led

    def test_hidden_thing_shows_nowhere_when_events_are_read(
        self, vendor: Catalog, builder: Builder, made: Show, hidden: dict[str, Entity]
    ) -> None:
        """The log repeats whole documents: unfiltered, it would tell all that reads hide."""
        builder.update(made.ids["hero"], name="Secret")
        builder.update(made.ids["sword"], status=made.ids["todo"])
        builder.delete(made.ids["like"])
        for events in (
            vendor.events(PROJECT),
            everything(vendor, "event"),
            everything(vendor, "event", view=View(at=1)),
            vendor.find(Query("event", PROJECT).where(subject_kind="asset")).entities,
        ):
            assert hidden.keys().isdisjoint(_ids_in(events))
            assert "Secret" not in str(events)
        events = vendor.events(PROJECT)
        assert {event.subject for event in events if event.revision == 3} == {made.ids["sword"]}
        assert [event.id for event in events] == [event.id for event in everything(vendor, "event")][: len(events)] or {
            event.id for event in events
        } == {event.id for event in everything(vendor, "event")}

    def test_hidden_thing_stays_hidden_when_the_past_is_read(
        self, vendor: Catalog, builder: Builder, made: Show, hidden: dict[str, Entity]
    ) -> None:
        """A role that was given today must not be got round by asking about yesterday."""
        builder.update(made.ids["villain"], name="later")
        for kind in ("asset", "version", "product", "representation", "shot", "task", "status", "link"):
            assert hidden.keys().isdisjoint(_ids_in(everything(vendor, kind, view=View(at=1))))
        for id in hidden:
            refused(vendor.get(PROJECT, [id], view=View(at=1)), NotFoundError)
        refused(vendor.resolve([f"{HEAD}/assets/char/hero/model"], view=View(at=1)), NotFoundError)

    def test_thing_hidden_today_stays_hidden_when_the_past_is_read(
        self, vendor: Catalog, builder: Builder, made: Show
    ) -> None:
        """Access is always today's: what has become secret is secret with its history."""
        sword = made.ids["sword"]
        assert sword in {each.id for each in everything(vendor, "asset")}
        builder.update(sword, code="hero")
        then = View(at=1)
        refused(vendor.get(PROJECT, [sword], view=then), NotFoundError)
        refused(vendor.resolve([f"{HEAD}/assets/prop/sword/model"], view=then), NotFoundError)
        assert sword not in _ids_in(everything(vendor, "asset", view=then))
        assert made.ids["sword/model/v001"] not in _ids_in(everything(vendor, "version", view=then))
        assert vendor.find(Query("asset", PROJECT).count(), view=then).count == 1
        page = vendor.find(Query("asset_type", PROJECT).include("assets"), view=then)
        assert sword not in _ids_in(page.included)

    def test_hidden_name_is_never_told_when_nearly_asked_for(self, vendor: Catalog, made: Show) -> None:
        """Suggestions are read from all names; a guess must not confirm one that is hidden."""
        for ref in ("assets/char/hera", "assets/char/hero", "assets/char/hero/modal", "shots/sq02", "shots/sq020/sh03"):
            for answers in (vendor.get(PROJECT, [f"{HEAD}/{ref}"]), vendor.resolve([f"{HEAD}/{ref}"])):
                error = refused(answers, NotFoundError)
                assert not any("hero" in each or "sq020" in each for each in error.suggestions)
                assert "hero" not in str(error).replace(ref, "")

    def test_hidden_and_missing_answer_alike_when_asked_for(
        self, vendor: Catalog, builder: Builder, made: Show
    ) -> None:
        """Two answers that differ would let anybody find out which ids exist."""
        missing = builder.new_id()
        for id in (made.ids["hero"], made.ids["hero/model/v001"], made.ids["final"]):
            pairs: list[list[object]] = [
                [vendor.get(PROJECT, [each])[0] for each in (id, missing)],
                [vendor.get(PROJECT, [f"{HEAD}/~{each}"])[0] for each in (id, missing)],
                [vendor.resolve([f"{HEAD}/~{each}"])[0] for each in (id, missing)],
            ]
            for hidden, absent in pairs:
                assert type(hidden) is type(absent) is NotFoundError
                assert str(hidden).replace(id, "") == str(absent).replace(missing, "")

    def test_hidden_and_missing_are_refused_alike_when_written_to(
        self, vendor: Catalog, builder: Builder, made: Show
    ) -> None:
        """A refusal is an answer too: it must not tell that the thing is there."""
        missing = builder.new_id()
        villain = made.ids["villain"]

        def changes(id: str) -> Iterator[Any]:  # Any: each sort of change
            yield Update(id, {"name": "x"})
            yield Update(id, {"name": "x"}, expected=1)
            yield Delete(id)
            yield Check(id)
            yield Check(id, expected=99)
            yield Update(villain, {"status": id})
            yield Create(Product(id=builder.new_id(), code="groom", parent=id))

        for id in (made.ids["hero"], made.ids["final"]):
            for hidden, absent in zip(changes(id), changes(missing), strict=True):
                errors = []
                for change in (hidden, absent):
                    with pytest.raises(BifrostError) as caught:
                        vendor.commit(PROJECT, [change])
                    errors.append(caught.value)
                assert type(errors[0]) is type(errors[1]), hidden
                assert str(errors[0]).replace(id, "") == str(errors[1]).replace(missing, ""), hidden

    def test_users_are_counted_not_named_when_they_are_hidden(
        self, vendor: Catalog, anna: Catalog, builder: Builder, made: Show
    ) -> None:
        """Whoever is kept from purging must learn why, but not the names of what stands in the way."""
        builder.delete(made.ids["like"])
        lone = builder.create(Asset, code="stone", parent=made.ids["prop"], asset_type=made.ids["prop"])
        product = builder.create(Product, code="model", parent=lone.id)
        used = builder.create(Version, product=product.id, state="published")
        for parent in ("hero", "villain"):
            own = builder.create(Product, code="layout", parent=made.ids[parent])
            builder.create(Version, product=own.id, state="published", dependencies=(AssetDependency(used.id),))
        builder.update(used, state="retired")
        builder.update(made.ids["owners"], permissions=["*:*"])
        for asker, named in ((anna, True), (_allowed(vendor, builder), False)):
            with pytest.raises(BifrostError) as caught:
                asker.commit(PROJECT, [Update(used.id, {"state": "purged"})])
            assert ("hero/layout" in str(caught.value)) is named
            assert "Villain/layout" in str(caught.value)
            assert ("1 that you may not see" in str(caught.value)) is not named

    def test_sight_of_what_is_written_is_whole_when_hidden_things_are_pointed_at(
        self, vendor: Catalog, builder: Builder, made: Show
    ) -> None:
        """The status of the sword is hidden from the vendor; changing something else must not take it away."""
        (sword,) = vendor.get(PROJECT, [made.ids["sword"]])
        assert isinstance(sword, Asset)
        assert sword.status is None
        (written,) = vendor.commit(PROJECT, [Update(sword.id, {"name": "Excalibur"})]).entities
        assert isinstance(written, Asset)
        assert written.status is None
        found = builder.read(sword.id)
        assert isinstance(found, Asset)
        assert (found.name, found.status) == ("Excalibur", made.ids["final"])

    def test_thing_is_shown_when_a_relation_that_it_needs_leads_to_what_is_hidden(
        self, catalog: Catalog, builder: Builder, made: Show
    ) -> None:
        """Readers get along without a required target; to fail would hide more than was asked."""
        document = filter_to_document(Not(Compare(("code",), "eq", "prop")))
        role = builder.create(Role, code="few", permissions=("read:*",), filters={"asset_type": document})
        user = builder.create(User, login="fay")
        builder.create(Membership, user=user.id, role=role.id, of=made.ids["project"])
        builder.update(made.ids["villain"], asset_type=made.ids["prop"])
        few = catalog.bind(Actor("fay"))
        found = [each.id for each in few.find(Query("asset", PROJECT)).entities]
        assert made.ids["sword"] not in found
        assert made.ids["prop"] not in str(few.get(PROJECT, [made.ids["villain"]]))

    @pytest.mark.parametrize("login", ["nobody", "paul", "gone"])
    def test_project_is_as_if_missing_when_the_asker_has_no_part_in_it(
        self, catalog: Catalog, builder: Builder, made: Show, login: str
    ) -> None:
        """That a production exists may itself be the secret."""
        builder.create(User, login="paul")
        gone = builder.create(User, login="gone", active=False)
        builder.create(Membership, user=gone.id, role=made.ids["owners"], of=made.ids["project"])
        asker = catalog.bind(Actor(login))
        for ask in (
            lambda: asker.find(Query("asset", PROJECT)),
            lambda: asker.revision(PROJECT),
            lambda: asker.events(PROJECT),
            lambda: asker.commit(PROJECT, [Check(made.ids["hero"])]),
        ):
            with pytest.raises(NotFoundError) as caught:
                ask()
            assert "The Show" not in str(caught.value)
        refused(asker.resolve([f"{HEAD}/assets/char/hero/model"]), NotFoundError)

    def test_role_reaches_everybody_when_the_project_says_so(
        self, catalog: Catalog, builder: Builder, made: Show
    ) -> None:
        """Without a default role, a studio would have to list everybody in every project."""
        builder.update(made.ids["project"], default_role=made.ids["viewers"])
        builder.create(User, login="paul")
        paul = catalog.bind(Actor("paul"))
        assert len(paul.find(Query("asset", PROJECT))) == 4
        with pytest.raises(PermissionDeniedError) as caught:
            paul.commit(PROJECT, [Update(made.ids["hero"], {"name": "x"})])
        assert caught.value.required_permission == "update:asset"

    def test_access_follows_at_once_when_memberships_change(
        self, catalog: Catalog, builder: Builder, made: Show
    ) -> None:
        """Roles are cached; whoever is dismissed must not read on until the cache expires."""
        ben = catalog.bind(Actor(f"ben-{PROJECT}"))
        ref = f"{HEAD}/assets/char/hero/model"
        assert getattr(ben.resolve([ref])[0], "number", None) == 2
        builder.update(made.ids["crew"], members=[made.ids["anna"]])
        refused(ben.resolve([ref]), NotFoundError)
        builder.update(made.ids["crew"], members=[made.ids["anna"], made.ids["ben"]])
        assert getattr(ben.resolve([ref])[0], "number", None) == 2
        builder.update(made.ids["viewers"], permissions=["read:status"])
        refused(ben.resolve([ref]), NotFoundError)
        assert len(ben.find(Query("status", PROJECT))) == 3

    @pytest.mark.parametrize(
        ("state", "permission"),
        [("published", "publish:version"), ("retired", "retire:version"), (None, "approve:version")],
    )
    def test_domain_verbs_are_asked_for_when_versions_change_state(
        self, catalog: Catalog, builder: Builder, made: Show, state: str | None, permission: str
    ) -> None:
        """The right to edit a version's text is not the right to publish, retire or approve it."""
        builder.update(made.ids["viewers"], permissions=["read:*", "update:version"])
        ben = catalog.bind(Actor(f"ben-{PROJECT}"))
        name = "hero/model/v003" if state == "published" else "hero/model/v001"
        fields = {"state": state} if state else {"status": made.ids["final"]}
        with pytest.raises(PermissionDeniedError) as caught:
            ben.commit(PROJECT, [Update(made.ids[name], fields)])
        assert caught.value.required_permission == permission
        builder.update(made.ids["viewers"], permissions=["read:*", "update:version", permission])
        ben.commit(PROJECT, [Update(made.ids[name], fields)])

    def test_studio_shows_its_people_but_not_their_parts_when_asked_by_anybody(
        self, vendor: Catalog, builder: Builder, made: Show
    ) -> None:
        """Logins are needed to assign work; who has which role where is nobody else's matter."""
        other = builder.create(Membership, user=made.ids["ben"], role=made.ids["owners"], of=made.ids["project"])
        assert [getattr(each, "user", "") for each in everything(vendor, "membership")] == [
            each.id for each in everything(vendor, "user") if getattr(each, "login", "") == "vera"
        ]
        refused(vendor.get(STUDIO, [other.id]), NotFoundError)
        for change in (Create(Team(id=builder.new_id(), code="x")), Update(made.ids["owners"], {"name": "x"})):
            with pytest.raises(BifrostError):
                vendor.commit(STUDIO, [change])

    def test_names_are_taken_without_being_told_when_their_holder_is_hidden(
        self, vendor: Catalog, builder: Builder, made: Show
    ) -> None:
        """Names stay unique across what is hidden, and the clash must not give its holder away."""
        for change in (Create, Ensure):
            twin = Asset(id=builder.new_id(), code="hero", parent=made.ids["char"], asset_type=made.ids["char"])
            with pytest.raises(BifrostError) as caught:
                vendor.commit(PROJECT, [change(twin)])
            assert made.ids["hero"] not in str(caught.value)
            assert "assets/char/hero" not in str(caught.value)
        status = Status(id=builder.new_id(), code="fresh")
        assert vendor.commit(PROJECT, [Ensure(status)]).entities[0] is not None


def _ids_in(value: Any) -> set[str]:  # Any: entities, edges, and lists and maps of them
    """Every text in it, so every id."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, Entity):
        return _ids_in(wire.to_document(value))
    if isinstance(value, dict):
        return {text for pair in value.items() for each in pair for text in _ids_in(each)}
    if isinstance(value, (list, tuple, set)):
        return {text for each in value for text in _ids_in(each)}
    if attrs.has(type(value)):
        return _ids_in(attrs.asdict(value, recurse=False))
    return set()


def _allowed(vendor: Catalog, builder: Builder) -> Catalog:
    """The vendor, with the permission to purge as well."""
    (role,) = [each for each in everything(builder.system, "role") if getattr(each, "code", "") == "vendor"]
    assert isinstance(role, Role)
    builder.update(role, permissions=[*role.permissions, "purge:version"])
    return vendor
