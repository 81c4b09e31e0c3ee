from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.domain.versions import Workfile
from bifrost_sdk.services.desks import Desk
from bifrost_sdk.session import Session, connect

FOLDER = "demo/assets/char/hero/rig/work"


@pytest.fixture
def rig(session: Session) -> Task:
    return session.tasks.create(session.assets.create("demo", "char", "hero"), "rig")


@pytest.fixture
def ben(session: Session) -> Iterator[Session]:
    """A second artist, who may not take anything away."""
    session.users.create("ben")
    session.users.grant("ben", "artist", project="demo")
    with connect(session.settings.folder, user="ben") as opened:
        yield opened


def put(session: Session, name: str, content: str = "") -> Path:
    place = session.context.roots["work"] / FOLDER / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)
    return place


def registered(session: Session) -> list[Workfile]:
    return session.context.every(Query("workfile", project="demo").sort("number"))


def test_both_keep_their_numbers_when_two_save_at_once(
    session: Session, ben: Session, rig: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody saves between the look for a number and its registration, in a folder of their own."""
    usual = Desk.next_number
    entries = []

    def late(desk: Desk, *arguments: object) -> int:
        number = usual(desk, *arguments)  # type: ignore[arg-type]  # handed on
        if desk.context.actor.login == "anna" and len(entries) < 3:
            entries.append(ben.workfiles.create(rig, ext="ma"))
        return number

    monkeypatch.setattr(Desk, "next_number", late)
    mine = session.workfiles.create(rig, ext="ma")
    assert [each.number for each in entries] == [1, 2, 3]
    assert mine.number == 4
    known = registered(session)
    assert [(each.number, each.created_by) for each in known] == [(1, "ben"), (2, "ben"), (3, "ben"), (4, "anna")]
    assert all((session.context.roots["work"] / each.file).is_file() for each in known)


def test_number_is_passed_over_when_a_file_appears_meanwhile(
    session: Session, rig: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Desk.next_number
    places: list[Path] = []

    def late(desk: Desk, *arguments: object) -> int:
        number = usual(desk, *arguments)  # type: ignore[arg-type]  # handed on
        if not places:
            places.append(put(session, f"anna/hero.rig.v{number:03d}.ma", "theirs"))
        return number

    monkeypatch.setattr(Desk, "next_number", late)
    mine = session.workfiles.create(rig, ext="ma")
    assert (mine.number, places[0].read_text(), mine.path.read_text()) == (2, "theirs", "")
    assert [each.number for each in registered(session)] == [2]


def test_same_artist_gets_different_numbers_when_saving_twice_at_once(
    session: Session, rig: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Desk.next_number
    entries = []

    def late(desk: Desk, *arguments: object) -> int:
        number = usual(desk, *arguments)  # type: ignore[arg-type]  # handed on
        if not entries:
            entries.append(None)
            entries[0] = session.workfiles.create(rig, ext="ma")  # type: ignore[call-overload]  # what it made
        return number

    monkeypatch.setattr(Desk, "next_number", late)
    assert session.workfiles.create(rig, ext="ma").number == 2
    assert [each.number for each in registered(session)] == [1, 2]


def test_all_numbers_differ_when_many_save_at_once(session: Session, ben: Session, rig: Task) -> None:
    gate = threading.Barrier(4)

    def save(opened: Session) -> list[int | None]:
        gate.wait()
        return [opened.workfiles.create(rig, ext="ma").number for _ in range(3)]

    with ThreadPoolExecutor(4) as pool:
        numbers = [number for made in pool.map(save, [session, ben, session, ben]) for number in made]
    assert len(set(numbers)) == len(numbers) == 12
    known = registered(session)
    assert sorted(each.number or 0 for each in known) == sorted(number or 0 for number in numbers)
    assert {each.path for each in session.workfiles.list(rig) if each.is_there} == {
        session.context.roots["work"] / each.file for each in known
    }
