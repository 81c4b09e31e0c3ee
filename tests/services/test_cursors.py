from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.changes import Event
from bifrost_sdk.errors import StorageError
from bifrost_sdk.services.cursors import Attempt, Cursor, CursorFile
from bifrost_sdk.services.identity import new_id

NUMBERS = st.integers(min_value=0, max_value=2**40)


@st.composite
def attempts(draw: st.DrawFn) -> Attempt:
    return Attempt(
        new_id(),
        new_id(),
        draw(NUMBERS) + 1,
        attempts=draw(NUMBERS),
        retry_at=draw(NUMBERS),
        error=draw(st.text(st.characters(exclude_categories=["Cs"]))),
    )


def event_at(revision: int, position: int) -> Event:
    return Event(id=new_id(), operation="update", subject=new_id(), revision=revision, position=position)


@given(
    st.builds(Cursor, NUMBERS.map(lambda n: n + 1), NUMBERS, st.none() | attempts(), st.lists(attempts()).map(tuple))
)
def test_cursor_is_the_same_when_it_was_written_and_read(
    tmp_path_factory: pytest.TempPathFactory, cursor: Cursor
) -> None:
    file = CursorFile(tmp_path_factory.getbasetemp() / "cursor.json")
    file.write(cursor)
    assert file.read() == cursor
    assert not file.path.with_suffix(".new").exists()


def test_cursor_is_behind_an_event_when_it_was_done() -> None:
    cursor = Cursor(5, 1)
    assert [cursor.is_before(event_at(*place)) for place in ((4, 9), (5, 0), (5, 1), (5, 2), (6, 0))] == [
        False, False, True, True, True,
    ]  # fmt: skip
    after = cursor.behind(event_at(5, 1))
    assert (after.revision, after.position, after.trying) == (5, 2, None)


def test_file_is_one_of_its_own_when_names_are_strange(tmp_path: Path) -> None:
    names = ["a", "studio.tell:chat", "../a", "a/b", "ä", "a b"]
    files = [CursorFile.of(tmp_path, name, "id") for name in names]
    assert len({file.path for file in files}) == len(names)
    assert all(file.path.parent.parent == tmp_path / "followers" and file.lock != file.path for file in files)


def test_there_is_no_cursor_when_nothing_was_written(tmp_path: Path) -> None:
    assert CursorFile(tmp_path / "cursor.json").read() is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"schema": 2}',
        '{"schema": 1}',
        json.dumps({"schema": 1, "revision": 0, "trying": None, "parked": []}),
    ],
)
def test_cursor_is_refused_when_it_is_damaged(tmp_path: Path, text: str) -> None:
    file = CursorFile(tmp_path / "cursor.json")
    file.path.write_text(text)
    with pytest.raises(StorageError, match="cannot be read") as caught:
        file.read()
    assert caught.value.path == str(file.path)


def test_old_cursor_stays_when_a_new_one_cannot_be_written(tmp_path: Path) -> None:
    file = CursorFile(tmp_path / "cursor.json")
    file.write(Cursor(3))
    file.path.with_suffix(".new").mkdir()
    with pytest.raises(StorageError, match="cannot write"):
        file.write(Cursor(4))
    assert file.read() == Cursor(3)
