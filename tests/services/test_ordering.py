from __future__ import annotations

import pytest

from bifrost_sdk.errors import ValidationError
from bifrost_sdk.session import Session


def codes(session: Session) -> list[str]:
    return [each.code for each in session.siblings("bifrost://demo/shots/sq010/a")]


def test_siblings_stand_as_placed_when_moved(session: Session) -> None:
    shots = {code: session.shots.create("demo", "sq010", code) for code in "abcd"}
    assert codes(session) == ["a", "b", "c", "d"]
    session.place(shots["d"])
    assert codes(session) == ["d", "a", "b", "c"]
    revision = session.revision("demo")
    session.place("bifrost://demo/shots/sq010/a", after=shots["c"].id)
    assert codes(session) == ["d", "b", "c", "a"]
    assert len(session.events("demo", after=revision)) == 1
    session.place(shots["d"].id, after=shots["b"].ref)
    assert codes(session) == ["b", "d", "c", "a"]


def test_place_is_refused_when_the_other_is_no_sibling(session: Session) -> None:
    one = session.shots.create("demo", "sq010", "a")
    other = session.shots.create("demo", "sq020", "b")
    with pytest.raises(ValidationError, match="behind one of its siblings"):
        session.place(one, after=other)


def test_only_node_is_placed_when_it_has_no_sibling(session: Session) -> None:
    assert session.place(session.shots.create("demo", "sq010", "a")).order == "V"
