"""What a store promises about writing: whole revisions or nothing, a log without gaps, and names that are unique."""

from __future__ import annotations

import threading

import attrs
import pytest

from bifrost_sdk.authority.records import to_event, to_record
from bifrost_sdk.domain.model import Asset, Status, Version
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.errors import CatalogError, ConflictError, NotFoundError
from bifrost_sdk.ports import LoggedCommit, Store, Write
from bifrost_sdk.testing.ledger import SECOND, START, Ledger
from bifrost_sdk.testing.show import PROJECT, Show, make_id, show
from bifrost_sdk.testing.store_base import StoreFixtures, changed, check_records


class Refusal(Exception):  # noqa: N818  # no error of the library: what a caller may raise in a write
    """Raised to leave a write."""


class StoreWrites(StoreFixtures):
    """Heads, rollback, commits, keys, events and numbers."""

    def test_head_is_missing_when_the_project_is_unknown(self, store: Store) -> None:
        """Asking for a project must not make it."""
        with store.begin() as transaction, pytest.raises(NotFoundError):
            transaction.head("nowhere")
        assert store.projects() == {}

    def test_revisions_have_no_gaps_when_commits_follow_each_other(self, ledger: Ledger) -> None:
        """A follower takes a gap for an event that it has missed."""
        statuses = [Status(id=make_id(number), code=f"s{number}") for number in range(5)]
        assert [ledger.commit("demo", [each]) for each in statuses] == [1, 2, 3, 4, 5]
        with ledger.store.begin() as transaction:
            assert transaction.head("demo") == (5, START + 5 * SECOND)
        assert ledger.store.projects() == {"demo": 5}

    def test_projects_count_for_themselves_when_several_are_written(self, ledger: Ledger) -> None:
        """One busy show must not move the revisions, nor take the lock, of another."""
        for project, number in (("one", 1), ("two", 2), ("one", 3)):
            ledger.commit(project, [Status(id=make_id(number), code="todo" if number < 3 else "done")])
        assert ledger.store.projects() == {"one": 2, "two": 1}

    def test_nothing_stays_when_a_write_is_left_by_an_exception(self, ledger: Ledger, made: Show) -> None:
        """Rules are checked after writing has begun; a refusal must undo all of it, the project too."""
        token, projects = ledger.store.token(), ledger.store.projects()
        hero = changed(ledger, made, "hero", code="other")
        with pytest.raises(Refusal), ledger.store.begin(PROJECT) as transaction:
            record = to_record(attrs.evolve(hero, revision=2, path="assets/char/other"), "assets/char/other", at=5)
            before = to_record(ledger.today(PROJECT)[hero.id], "assets/char/hero", at=5)
            transaction.write([Write(before, record)])
            transaction.create_project("further")
            transaction.append(LoggedCommit(PROJECT, 2, START * 2, "anna", "key", "digest", "[]"), [])
            raise Refusal
        assert (ledger.store.token(), ledger.store.projects()) == (token, projects)
        with ledger.store.begin() as transaction:
            check_records(transaction.load("id", PROJECT, [hero.id]), [ledger.today(PROJECT)[hero.id]])
            assert transaction.load("path", PROJECT, ["assets/char/other"]) == [None]
            assert transaction.commit_with_key(PROJECT, "anna", "key", since=0) is None
            assert {event.revision for event in transaction.events(PROJECT, after=0, limit=1000)} == {1}

    def test_writes_go_on_when_one_was_left_by_an_exception(self, ledger: Ledger) -> None:
        """A lock that is not given back stops the whole studio."""
        ledger.commit("demo", [Status(id=make_id(1), code="a")])
        with pytest.raises(Refusal), ledger.store.begin("demo"):
            raise Refusal
        assert ledger.commit("demo", [Status(id=make_id(2), code="b")]) == 2

    def test_own_writes_are_seen_when_read_in_the_same_transaction(self, ledger: Ledger, made: Show) -> None:
        """Numbers are counted and paths are made by reading what the same commit wrote."""
        with pytest.raises(Refusal), ledger.store.begin(PROJECT) as transaction:
            assert transaction.head(PROJECT)[0] == 2
            record = to_record(Status(id=make_id(999), project=PROJECT, revision=2, code="new"), None, at=7)
            transaction.write([Write(None, record)])
            (found,) = transaction.load("id", PROJECT, [record.id])
            assert found is not None
            assert (found.key, found.revision) == ("status:new", 2)
            raise Refusal

    def test_key_is_refused_when_taken_below_the_same_parent(self, ledger: Ledger, made: Show) -> None:
        """The store is the last to refuse a name that is taken, whatever the rules above have overlooked."""
        twin = Asset(id=make_id(999), code="HERO", parent=made.ids["char"], asset_type=made.ids["char"])
        with pytest.raises(ConflictError, match="hero"):
            ledger.commit(PROJECT, [twin])
        assert ledger.store.projects()[PROJECT] == 1

    def test_key_is_free_when_the_parent_or_the_kind_is_another(self, ledger: Ledger, made: Show) -> None:
        """Every character has a model; only siblings of one sort compete for a name."""
        elsewhere = Asset(id=make_id(999), code="hero", parent=made.ids["prop"], asset_type=made.ids["prop"])
        assert ledger.commit(PROJECT, [elsewhere, Status(id=make_id(998), code="hero")]) == 2

    def test_names_may_be_swapped_when_one_write_does_both(self, ledger: Ledger, made: Show) -> None:
        """Checked row by row, the first half of a swap would be refused."""
        hero = changed(ledger, made, "hero", code="villain")
        villain = changed(ledger, made, "villain", code="hero")
        ledger.commit(PROJECT, [hero, villain])
        with ledger.store.begin() as transaction:
            found = transaction.load("path", PROJECT, ["assets/char/hero", "assets/char/villain"])
            assert [each and each.id for each in found] == [villain.id, hero.id]

    def test_id_is_refused_when_taken(self, ledger: Ledger, made: Show) -> None:
        """A row written over another would lose it without a trace."""
        with pytest.raises(ConflictError), ledger.store.begin(PROJECT) as transaction:
            record = to_record(Status(id=made.ids["todo"], project=PROJECT, revision=2, code="more"), None, at=7)
            transaction.write([Write(None, record)])

    def test_id_is_refused_when_taken_in_another_project(self, ledger: Ledger, made: Show) -> None:
        """An id alone is a reference, so it must be one thing in the whole catalog."""
        with pytest.raises(ConflictError):
            ledger.commit("second", [Status(id=made.ids["todo"], code="todo")])

    def test_write_is_refused_when_the_transaction_only_reads(self, ledger: Ledger, made: Show) -> None:
        """A write outside of the lock could not be given a revision."""
        with ledger.store.begin() as transaction, pytest.raises(CatalogError):
            transaction.write([])

    def test_write_waits_no_longer_than_asked_when_another_holds_the_lock(self, ledger: Ledger, made: Show) -> None:
        """An artist must be told that somebody is busy, in words, and before giving up on the program."""
        refused: list[BaseException] = []

        def attempt() -> None:
            try:
                with ledger.store.begin(PROJECT, timeout=0.05):
                    pass
            except CatalogError as error:
                refused.append(error)

        with pytest.raises(Refusal), ledger.store.begin(PROJECT):
            thread = threading.Thread(target=attempt)
            thread.start()
            thread.join()
            raise Refusal
        assert len(refused) == 1
        assert "database is locked" not in str(refused[0])
        assert ledger.commit(PROJECT, [Status(id=make_id(998), code="more")]) == 2

    def test_reader_keeps_its_state_when_others_commit_meanwhile(self, ledger: Ledger, made: Show) -> None:
        """Two looks in one read must agree, or an answer mixes two states."""
        with ledger.store.begin() as reading:
            assert reading.head(PROJECT)[0] == 1
            thread = threading.Thread(target=ledger.commit, args=(PROJECT, [Status(id=make_id(998), code="more")]))
            thread.start()
            thread.join()
            assert reading.head(PROJECT)[0] == 1
            assert reading.load("id", PROJECT, [make_id(998)]) == [None]
        with ledger.store.begin() as reading:
            assert reading.head(PROJECT)[0] == 2

    def test_token_changes_when_anybody_commits_anywhere(self, ledger: Ledger, made: Show) -> None:
        """Caches are trusted while the token stands: one commit unseen is a stale answer for good."""
        with self.another(ledger.store) as other:
            seen = [(ledger.store.token(), other.token())]
            for project, number in ((PROJECT, 901), ("second", 902), (STUDIO, 903)):
                ledger.commit(project, [Status(id=make_id(number), code="new")])
                now = ledger.store.token(), other.token()
                assert now[0] != seen[-1][0]
                assert now[1] != seen[-1][1]
                assert (ledger.store.token(), other.token()) == now
                assert (ledger.store.recall([f"bifrost://{PROJECT}/a/v001/b"])[1], other.recall([])[1]) == now
                seen.append(now)

    def test_commit_is_seen_at_once_when_another_connection_made_it(self, ledger: Ledger, made: Show) -> None:
        """What one artist publishes, the next one loads a second later on another machine."""
        with self.another(ledger.store) as other:
            for number in range(3):
                ledger.commit(PROJECT, [Status(id=make_id(900 + number), code=f"new{number}")])
                with other.begin() as transaction:
                    assert transaction.head(PROJECT)[0] == number + 2
                    (found,) = transaction.load("id", PROJECT, [make_id(900 + number)])
                    assert found is not None

    def test_commit_is_found_when_its_key_is_asked_for(self, ledger: Ledger) -> None:
        """A repeated key must be answered as it was, and never with somebody else's commit."""
        ledger.commit("demo", [Status(id=make_id(1), code="a")], key="first")
        with ledger.store.begin() as transaction:
            found = transaction.commit_with_key("demo", "anna", "first", since=0)
            assert found is not None
            assert (found.project, found.revision, found.at, found.actor) == ("demo", 1, START + SECOND, "anna")
            assert (found.key, found.answer, found.comment) == ("first", "[]", "by hand")
            assert transaction.commit_with_key("demo", "anna", "first", since=START + SECOND) == found
            for project, actor, key, since in (
                ("demo", "anna", "first", START + SECOND + 1),
                ("demo", "anna", "First", 0),
                ("demo", "ben", "first", 0),
                ("other", "anna", "first", 0),
            ):
                assert transaction.commit_with_key(project, actor, key, since=since) is None

    def test_key_is_refused_when_used_again(self, ledger: Ledger) -> None:
        """The store is the last to refuse a repeated key, should the look before the write have missed it."""
        ledger.commit("demo", [Status(id=make_id(1), code="a")], key="first")
        with pytest.raises(ConflictError, match="first"):
            ledger.commit("demo", [Status(id=make_id(2), code="b")], key="first")
        ledger.commit("other", [Status(id=make_id(2), code="b")], key="first")

    def test_key_can_be_used_again_when_the_old_commit_is_forgotten(self, ledger: Ledger) -> None:
        """Keys are kept for a time only, so what is past it must not stand in the way of a new commit."""
        ledger.commit("demo", [Status(id=make_id(1), code="a")], key="first")
        with ledger.store.begin("demo") as transaction:
            assert transaction.commit_with_key("demo", "anna", "first", since=START + 2 * SECOND) is None
            logged = LoggedCommit("demo", 2, START + 3 * SECOND, "anna", "first", "digest", "[]")
            transaction.append(logged, [], keys_since=START + 2 * SECOND)
        with ledger.store.begin() as transaction:
            assert transaction.commit_with_key("demo", "anna", "first", since=0) == logged

    def test_events_come_in_whole_revisions_when_there_is_a_limit(self, ledger: Ledger) -> None:
        """Half a revision would be half a commit for whoever follows."""
        for revision, count in enumerate((1, 3, 2), start=1):
            numbers = range(10 * revision, 10 * revision + count)
            ledger.commit("demo", [Status(id=make_id(number), code=f"s{number}") for number in numbers])
        with ledger.store.begin() as transaction:
            for after, limit, revisions in (
                (0, 100, [1, 2, 2, 2, 3, 3]),
                (0, 1, [1]),
                (0, 3, [1]),
                (0, 4, [1, 2, 2, 2]),
                (1, 1, [2, 2, 2]),
                (1, 4, [2, 2, 2]),
                (2, 2, [3, 3]),
                (3, 5, []),
            ):
                found = transaction.events("demo", after=after, limit=limit)
                assert [each.revision for each in found] == revisions, (after, limit)
                expected = [each for each in ledger.events["demo"] if each.revision in revisions]
                assert [to_event(each) for each in found] == expected

    def test_revision_is_found_when_asked_for_by_time(self, ledger: Ledger) -> None:
        """As of noon means the last commit up to noon, and the commit at noon exactly counts."""
        for number in (1, 2):
            ledger.commit("demo", [Status(id=make_id(number), code=f"s{number}")])
        with ledger.store.begin() as transaction:
            times = [START, START + SECOND - 1, START + SECOND, START + 2 * SECOND - 1, START + 2 * SECOND, START * 2]
            assert [transaction.revision_at("demo", time) for time in times] == [0, 0, 1, 1, 2, 2]

    def test_last_number_stays_when_its_version_is_taken_away(self, ledger: Ledger, made: Show) -> None:
        """A number that was seen by anybody must never be given to another version."""
        model, rig, anim = (made.ids[name] for name in ("hero/model", "hero/rig", "project/lut"))
        ledger.commit(PROJECT, deleted=[made.ids["hero/model/v003"]])
        with ledger.store.begin() as transaction:
            assert transaction.last_numbers("version", [model, rig, anim]) == {model: 3, rig: 1}
            assert transaction.last_numbers("version", []) == {}
            assert transaction.last_numbers("workfile", [made.ids["sh010"]]) == {made.ids["sh010"]: 1}

    def test_last_number_counts_what_was_written_when_asked_in_the_same_transaction(
        self, ledger: Ledger, made: Show
    ) -> None:
        """Two versions of one product in one commit need two numbers."""
        version = Version(id=make_id(999), project=PROJECT, revision=2, product=made.ids["hero/rig"], number=7)
        with pytest.raises(Refusal), ledger.store.begin(PROJECT) as transaction:
            transaction.write([Write(None, to_record(version, None, at=7))])
            assert transaction.last_numbers("version", [version.product]) == {version.product: 7}
            raise Refusal
        with ledger.store.begin() as transaction:
            assert transaction.last_numbers("version", [version.product]) == {version.product: 1}

    def test_ids_are_apart_when_two_projects_hold_the_same_show(self, ledger: Ledger, made: Show) -> None:
        """The same paths exist in every show; one project's rename must not reach into another."""
        second = show("second", first=5_000)
        ledger.commit(STUDIO, second.studio)
        ledger.commit("second", second.project)
        ledger.commit(PROJECT, [changed(ledger, made, "hero", code="renamed")])
        with ledger.store.begin() as transaction:
            (ours,) = transaction.load("path", PROJECT, ["assets/char/renamed"])
            (theirs,) = transaction.load("path", "second", ["assets/char/hero"])
            assert ours is not None
            assert theirs is not None
            assert (ours.id, theirs.id) == (made.ids["hero"], second.ids["hero"])
            assert transaction.load("path", "second", ["assets/char/renamed"]) == [None]
