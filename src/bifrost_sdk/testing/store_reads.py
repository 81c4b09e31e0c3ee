"""What a store promises about looking things up: by id, key, path and reference, today and as of any revision."""

from __future__ import annotations

import attrs
import pytest

from bifrost_sdk.authority.records import to_record
from bifrost_sdk.domain import codes, rules
from bifrost_sdk.domain.entity import Entity, Node
from bifrost_sdk.domain.model import Asset, Product, Representation, Status, Version
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import All, Compare, Edge, Lineage, Not, Query, Today
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.ports import Located, Want
from bifrost_sdk.testing.ledger import Ledger, State
from bifrost_sdk.testing.show import PROJECT, Show, make_id
from bifrost_sdk.testing.store_base import StoreFixtures, changed, check_records, check_select


class StoreReads(StoreFixtures):
    """Loading, aliases, history, edges and locating."""

    @pytest.fixture
    def history(self, ledger: Ledger, made: Show) -> list[int]:
        """The show after changes of every sort; the revisions that there are."""
        ids = made.ids

        def change(name: str, **fields: object) -> Entity:
            return changed(ledger, made, name, **fields)

        ledger.commit(PROJECT, [change("hero", code="heroine", tags=("lead",)), change("sh010", frames="1-10")])
        ledger.commit(PROJECT, [change("cape", parent=ids["villain"])], deleted=[ids["like"], ids["lookdev"]])
        ledger.commit(PROJECT, [change("char", code="people"), change("sq010", code="sq015")])
        ledger.commit(PROJECT, [change("hero", code="hero"), change("active", category="approved")])
        new = Product(id=make_id(900), code="rig", parent=ids["cape"])
        versions = [Version(id=make_id(901), product=new.id, number=1, state="published", status=ids["final"])]
        ledger.commit(PROJECT, [new, *versions, change("hero/model/v002", state="retired")])
        ledger.commit(PROJECT, [change("hero/model/v001", status=ids["active"])], deleted=[ids["hero/model/v003"]])
        return sorted(ledger.states[PROJECT])[1:]

    def test_every_entity_is_loaded_when_asked_for_by_id(self, ledger: Ledger, made: Show) -> None:
        """Answers pair with the ids that were asked, repeated and missing ones too."""
        expected = [*ledger.today(STUDIO).values(), *ledger.today(PROJECT).values()]
        ids = [entity.id for entity in expected]
        with ledger.store.begin() as transaction:
            check_records(transaction.load("id", PROJECT, ids), expected)
            check_records(transaction.load("id", STUDIO, ids), expected)
            check_records(
                transaction.load("id", PROJECT, [ids[3], make_id(0), ids[3]]), [expected[3], None, expected[3]]
            )
            assert transaction.load("id", PROJECT, []) == []

    def test_records_come_back_whole_when_loaded(self, ledger: Ledger, made: Show) -> None:
        """The authority compares a record with what it wrote; a column less is a change that never was."""
        with ledger.store.begin() as transaction:
            for entity in ledger.today(PROJECT).values():
                (found,) = transaction.load("id", PROJECT, [entity.id])
                at = 0 if entity.updated_at is None else int(entity.updated_at.timestamp()) * 1_000_000
                written = to_record(entity, entity.path or None, at=at)
                assert found is not None
                assert attrs.evolve(found, edges=()) == attrs.evolve(written, edges=())

    def test_events_are_loaded_when_asked_for_by_id(self, ledger: Ledger, made: Show) -> None:
        """Events are entities with references of their own, though they are kept elsewhere."""
        events = ledger.events[PROJECT][:3]
        with ledger.store.begin() as transaction:
            check_records(transaction.load("id", PROJECT, [each.id for each in events]), events)

    def test_every_entity_is_loaded_when_asked_for_by_key(self, ledger: Ledger, made: Show, history: list[int]) -> None:
        """Uniqueness is decided by this look-up, in the past as well when a commit is reverted."""
        with ledger.store.begin() as transaction:
            for revision, state in ledger.states[PROJECT].items():
                held = [entity for entity in state.values() if rules.key_of(entity) is not None]
                keys = list(map(rules.key_of, held))
                check_records(transaction.load("key", PROJECT, keys, at=revision), held)
            assert transaction.load("key", "second", [(None, "status:todo")]) == [None]
            assert transaction.load("key", PROJECT, [(None, "status:none"), (make_id(0), "hero")]) == [None, None]

    def test_every_node_is_loaded_when_asked_for_by_path(self, ledger: Ledger, made: Show, history: list[int]) -> None:
        """All resolving goes through the path; renamed parents must carry every path below along."""
        with ledger.store.begin() as transaction:
            for revision, state in ledger.states[PROJECT].items():
                nodes = [entity for entity in state.values() if isinstance(entity, Node)]
                paths = [codes.fold(entity.path) for entity in nodes]
                check_records(transaction.load("path", PROJECT, paths, at=revision), nodes)

    def test_project_is_loaded_when_the_path_is_empty(self, ledger: Ledger, made: Show) -> None:
        """The project itself is a node, and the only one without a path."""
        with ledger.store.begin() as transaction:
            (found,) = transaction.load("path", PROJECT, [""])
            check_records([found], [ledger.today(STUDIO)[made.ids["project"]]])

    def test_every_state_is_read_when_asked_for_its_revision(
        self, ledger: Ledger, made: Show, history: list[int]
    ) -> None:
        """A row that is superseded must be left findable by exactly the revisions it stood in."""
        ever = sorted({id for state in ledger.states[PROJECT].values() for id in state})
        with ledger.store.begin() as transaction:
            for revision, state in ledger.states[PROJECT].items():
                check_records(transaction.load("id", PROJECT, ever, at=revision), [state.get(id) for id in ever])
            check_records(transaction.load("id", PROJECT, ever), [ledger.today(PROJECT).get(id) for id in ever])

    def test_every_state_is_queried_when_asked_for_its_revision(
        self, ledger: Ledger, made: Show, history: list[int]
    ) -> None:
        """A query of the past joins current rows and history, and must count none twice."""
        queries = [
            Query("asset", PROJECT).where(parent__code__in=["char", "people"]).sort("-code"),
            Query("version", PROJECT).where(product__parent__parent__code="people"),
            Query("version", PROJECT).where(dependencies__status__category="approved").sort("-revision", "id"),
            Query("product", PROJECT).where(path__startswith="assets/people/hero").sort("path"),
            Query("status", PROJECT).where(status_of__isnull=False),
            Query("event", PROJECT).count(),
            Query("task", PROJECT).count(),
        ]
        found = {
            (place, revision): check_select(ledger, query, at=revision)
            for revision in ledger.states[PROJECT]
            for place, query in enumerate(queries)
        }
        for place in range(len(queries)):
            assert len({found[place, revision] for revision in (0, *history)}) > 1, "the states do not differ"

    def test_walks_differ_when_the_past_is_walked(self, ledger: Ledger, made: Show) -> None:
        """Edges change with their versions, and must be dated like rows."""
        ledger.commit(PROJECT, [changed(ledger, made, "sh010/anim/v001", dependencies=())])
        query = Query("version", PROJECT).where(id=made.ids["sh010/anim/v001"]).walk("dependencies")
        assert query.steps is not None
        with ledger.store.begin() as transaction:
            starts = [made.ids["sh010/anim/v001"]]
            assert len(transaction.walk(starts, query.steps, at=1)) == 5
            assert transaction.walk(starts, query.steps, at=2) == transaction.walk(starts, query.steps) == []

    def test_old_paths_lead_on_when_a_node_above_was_renamed(
        self, ledger: Ledger, made: Show, history: list[int]
    ) -> None:
        """Whoever wrote a path down before the rename knows nothing of it."""
        ids = made.ids
        for path, id in {
            "assets/char/hero": ids["hero"],
            "assets/char/heroine": ids["hero"],
            "assets/people/heroine": ids["hero"],
            "assets/char/hero/model": ids["hero/model"],
            "assets/char/heroine/rig": ids["hero/rig"],
            "assets/char/hero/cape": ids["cape"],
            "assets/people/villain/cape": ids["cape"],
            "assets/char/villain/cape/rig": make_id(900),
            "shots/ep01/sq010/sh010/anim": ids["sh010/anim"],
        }.items():
            with ledger.store.begin() as transaction:
                check_records(transaction.load("path", PROJECT, [path]), [ledger.today(PROJECT)[id]])
                (found,) = transaction.locate([Want(PROJECT, path, None, "latest")])
            assert (found.node, found.path) == (id, ledger.today(PROJECT)[id].path)
            assert found.alias is (codes.fold(found.path) != path)

    def test_old_path_leads_nowhere_when_its_node_is_gone(self, ledger: Ledger, made: Show) -> None:
        """An alias must not outlive its node and point at a row that is not there."""
        ledger.commit(PROJECT, [changed(ledger, made, "project/lut", code="look")])
        lut = "project/lut"
        with ledger.store.begin() as transaction:
            assert transaction.load("path", PROJECT, ["lut"])[0] is not None
        ledger.commit(PROJECT, deleted=[made.ids[lut]])
        with ledger.store.begin() as transaction:
            assert transaction.load("path", PROJECT, ["lut", "look"]) == [None, None]
            assert transaction.load("path", PROJECT, ["look"], at=2)[0] is not None

    def test_living_node_wins_when_its_path_was_once_of_another(self, ledger: Ledger, made: Show) -> None:
        """A name given anew means the new thing, but as of then still the old one."""
        ledger.commit(PROJECT, [changed(ledger, made, "hero", code="heroine")])
        new = Asset(id=make_id(900), code="Hero", parent=made.ids["char"], asset_type=made.ids["char"])
        ledger.commit(PROJECT, [new])
        with ledger.store.begin() as transaction:
            (found,) = transaction.load("path", PROJECT, ["assets/char/hero"])
            assert found is not None
            assert (found.id, found.path) == (new.id, "assets/char/Hero")
            (then,) = transaction.load("path", PROJECT, ["assets/char/hero"], at=2)
            assert then is not None
            assert then.id == made.ids["hero"]

    def test_users_are_found_when_something_is_pointed_at(self, ledger: Ledger, made: Show, history: list[int]) -> None:
        """What is deleted or purged is refused by this answer alone; one edge missed is data lost."""
        for at in (None, *history):
            world = [each for each in ledger.world(PROJECT, at) if each.kind != "event"]
            expected = sorted(_uses(world), key=lambda edge: (edge.target, edge.source, edge.relation, edge.kind))
            names = ("hero", "hero/model/v001", "final", "like", "hero/rig")
            targets = {made.ids[name] for name in names}
            with ledger.store.begin() as transaction:
                assert transaction.used_by([], at=at) == []
                found = transaction.used_by(sorted(targets), at=at)
            assert found == [edge for edge in expected if edge.target in targets]

    def test_nodes_are_suggested_when_a_path_is_nearly_right(self, ledger: Ledger, made: Show) -> None:
        """Suggestions are asked for on every miss, so they must be few and of that project."""
        with ledger.store.begin() as transaction:
            found = transaction.suggest(PROJECT, "assets/char/hera", 3)
            assert found[0] == (made.ids["hero"], "assets/char/hero")
            assert len(found) <= 3
            assert len(transaction.suggest(PROJECT, "assets/char/hera", 1)) == 1
            assert transaction.suggest("second", "assets/char/hera", 3) == []

    def test_only_visible_nodes_of_then_are_suggested_when_asked_so(self, ledger: Ledger, made: Show) -> None:
        """Filtering after the limit would leave those who see little with no suggestion at all."""
        ledger.commit(PROJECT, [changed(ledger, made, "hero", code="heroine", tags=("lead",))])
        lead = Compare(("tags",), "contains", "lead")
        for at, visible, expected in (
            (None, All(), ["assets/char/heroine", "assets/char/heroine/rig"]),
            (1, All(), ["assets/char/hero", "assets/char/hero/rig"]),
            (None, lead, ["assets/char/heroine"]),
            (1, lead, []),
            (1, Today(lead), ["assets/char/hero"]),
            (None, Lineage(Not(Compare(("code",), "eq", "heroine"))), ["assets/char/Villain"]),
        ):
            with ledger.store.begin() as transaction:
                found = transaction.suggest(PROJECT, "assets/char/heroin", 9, visible=visible, at=at)
            paths = [path for _, path in found]
            assert paths[: len(expected)] == expected, (at, visible, paths)
            assert bool(paths) is bool(expected)

    def test_versions_are_located_when_asked_for_by_tag(self, ledger: Ledger, made: Show, history: list[int]) -> None:
        """This is the hot path; its short cuts must find what reading the whole state finds."""
        wants = _wants(ledger, made)
        with ledger.store.begin() as transaction:
            for revision in (*ledger.states[PROJECT], None):
                state = ledger.states[PROJECT][history[-1] if revision is None else revision]
                expected = [_located(state, want) for want in wants]
                assert [_plain(each) for each in transaction.locate(wants, at=revision)] == expected
                for want, answer in zip(wants, expected, strict=True):
                    assert [_plain(each) for each in transaction.locate([want], at=revision)] == [answer]

    def test_nothing_is_located_when_the_id_is_of_another_project(self, ledger: Ledger, made: Show) -> None:
        """Access is checked for the project that was asked, so an id must not lead out of it."""
        ledger.commit("second", [Status(id=make_id(900), code="todo")])
        with ledger.store.begin() as transaction:
            for id in (made.ids["hero/model"], make_id(0)):
                assert transaction.locate([Want("second", None, id, "latest")])[0].matched == "none"


def _uses(world: list[Entity]) -> set[Edge]:
    found = set()
    for entity in world:
        for name, relation in entity_type(entity.kind).relations.items():
            held = getattr(entity, name)
            for item in held if relation.many else [held] if held else []:
                target = getattr(item, relation.path) if relation.path else item
                found.add(Edge(entity.id, target, name, 1, getattr(item, "kind", "") if relation.path else ""))
    return found


def _wants(ledger: Ledger, made: Show) -> list[Want]:
    """Each product by path and id with every tag, and what is no product."""
    products = [each for each in ledger.today(PROJECT).values() if isinstance(each, Product)]
    tags: list[int | str] = ["latest", "approved", 1, 2, 3, 99]
    wants = [Want(PROJECT, codes.fold(each.path), None, tag) for each in products for tag in tags]
    wants += [Want(PROJECT, None, each.id, tag) for each in products for tag in tags]
    names = ("hero/model/v001", "hero/model/v003", "hero/model/v002/usd", "hero/rig/v001/preview", "hero", "todo")
    wants += [Want(PROJECT, None, made.ids[name], "latest") for name in names]
    return [*wants, Want(PROJECT, "assets/people", None, "latest"), Want(PROJECT, "assets/none/at/all", None, 1)]


def _located(state: State, want: Want) -> tuple[object, ...]:
    """(matched, path, node, version, number, state, representations) by looking through a whole state."""
    by_path = {codes.fold(each.path): each for each in state.values() if isinstance(each, Node)}
    found = state.get(want.id or "") if want.path is None else by_path.get(want.path)
    only = None
    if isinstance(found, Representation):
        only, found = found.id, state[found.version]
    if isinstance(found, Version):
        return _whole(state, found, only)
    if found is None:
        return ("none",)
    versions = [each for each in state.values() if isinstance(each, Version) and each.product == found.id]
    fitting = [each for each in versions if _fits(state, each, want.tag)]
    if found.kind != "product" or not fitting:
        return "node", found.path, found.id
    return _whole(state, max(fitting, key=lambda each: each.number or 0), None)


def _fits(state: State, version: Version, tag: int | str) -> bool:
    if isinstance(tag, int):
        return version.number == tag
    status = state.get(version.status or "")
    is_approved = isinstance(status, Status) and status.category == "approved"
    return version.state == "published" and (tag == "latest" or is_approved)


def _whole(state: State, version: Version, only: str | None) -> tuple[object, ...]:
    files = {each.id for each in state.values() if isinstance(each, Representation) and each.version == version.id}
    shown = frozenset({only} if only else files)
    return "version", version.path, version.product, version.id, version.number, version.state, shown


def _plain(found: Located) -> tuple[object, ...]:
    """What of an answer can be compared; old paths are followed in the past alone, where `_located` finds nothing."""
    if found.matched == "none" or found.alias:
        return ("none",)
    head = found.matched, found.path, found.node
    if found.matched == "node":
        return head
    return (*head, found.version, found.number, found.state, frozenset(id for id, _ in found.files))
