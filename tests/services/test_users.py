from __future__ import annotations

from pathlib import Path

import pytest

from bifrost_sdk.errors import NotFoundError, PermissionDeniedError
from bifrost_sdk.session import Session, connect


def test_roles_open_a_project_when_granted(session: Session, tmp_path: Path) -> None:
    session.users.create("ben", name="Ben")
    with connect(tmp_path / "shows", user="ben") as ben:
        assert ben.users.me().name == "Ben"
        assert ben.projects.get("demo").code == "demo"
        with pytest.raises(PermissionDeniedError, match="create:asset"):
            ben.assets.create("demo", "char", "hero")
        session.users.grant("ben", "supervisor", project="demo")
        assert ben.assets.create("demo", "char", "hero").created_by == "ben"
        session.users.revoke("ben", "supervisor", project="demo")
        with pytest.raises(PermissionDeniedError):
            ben.assets.create("demo", "char", "other")
    with pytest.raises(NotFoundError, match="they do not have the role"):
        session.users.revoke("ben", "supervisor", project="demo")


def test_closed_project_is_not_found_when_one_has_no_role(session: Session, tmp_path: Path) -> None:
    session.projects.create("secret", default_role=None)
    session.assets.create("secret", "char", "ghost")
    session.users.create("ben")
    with connect(tmp_path / "shows", user="ben") as ben:
        assert [project.code for project in ben.projects.list()] == ["demo"]
        with pytest.raises(NotFoundError):
            ben.get("bifrost://secret/assets/char/ghost")


def test_roles_are_listed_when_they_come_from_everywhere(session: Session) -> None:
    ben = session.users.create("ben")
    team = session.users.team("rigging", members=[ben])
    assert session.users.team("rigging") == team
    session.users.grant(team, "artist", project="demo")
    session.users.grant(ben, "lead")
    granted = session.users.grant(ben, "viewer", project="bifrost://demo")
    assert session.users.grant(ben.id, "viewer", project="demo") == granted
    assert [role.code for role in session.users.roles("ben", project="demo")] == ["artist", "lead", "viewer"]
    assert [role.code for role in session.users.roles(ben)] == ["lead"]
    assert session.users.roles(session.users.create("cleo")) == []
    assert session.users.team("rigging", members=["anna"]).members == (session.users.me().id,)
    session.users.revoke(team, "artist", project="demo")


def test_user_is_found_and_changed_when_named_in_each_way(session: Session) -> None:
    ben = session.users.create("ben")
    assert session.users.get("ben") == session.users.get(ben.id) == session.users.get(ben) == ben
    assert session.users.ensure("BEN", name="x") == ben
    assert session.users.update("ben", name="Ben").name == "Ben"
    assert session.users.update(session.users.get("ben"), active=False).active is False
    with pytest.raises(NotFoundError, match="Did you mean ben"):
        session.users.get("bem")


def test_role_narrows_when_made_by_hand(session: Session, tmp_path: Path) -> None:
    role = session.users.create_role("vendor", permissions=["read:asset"], name="Vendor")
    session.projects.update("demo", default_role=role)
    session.users.create("vera")
    session.assets.create("demo", "char", "hero")
    session.shots.create("demo", "sq010", "sh020")
    with connect(tmp_path / "shows", user="vera") as vera:
        assert vera.shots.list() == []
