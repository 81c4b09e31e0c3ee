from __future__ import annotations

import pytest

from bifrost_sdk.domain.attributes import Inherited
from bifrost_sdk.domain.changes import Update
from bifrost_sdk.errors import ValidationError
from bifrost_sdk.session import Session


def test_values_come_from_the_nearest_node_when_inherited(session: Session) -> None:
    session.projects.update("demo", attributes={"fps": "25"})
    shot = session.shots.create("demo", "sq010", "sh020", episode="ep01", attributes={"handles": "8+8"})
    session.sequences.update("bifrost://demo/shots/ep01/sq010", attributes={"fps": "48", "handles": "4+4"})
    found = session.attributes(shot)
    assert found["fps"] == Inherited("48", "bifrost://demo/shots/ep01/sq010")
    assert found["handles"] == Inherited("8+8", shot.ref)
    assert found["resolution"] == Inherited("1920x1080", "bifrost://demo")
    assert "color_space" not in found
    assert session.attributes("bifrost://demo")["fps"] == Inherited("25", "bifrost://demo")
    assert session.attributes("bifrost://demo/shots/ep01")["fps"] == Inherited("25", "bifrost://demo")
    with pytest.raises(ValidationError, match="no such attribute"):
        session.shots.update(shot, attributes={"fsp": "24"})


def test_asset_inherits_from_its_type_when_it_has_no_value(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    sword = session.assets.create("demo", "prop", "sword", parent=hero)
    session.commit([Update(hero.asset_type, {"attributes": {"color_space": "acescg"}})])
    assert session.attributes(sword)["color_space"] == Inherited("acescg", "bifrost://demo/assets/char")
