from __future__ import annotations

from pathlib import Path

import pytest

from bifrost_sdk.domain.access import BUILTIN_ROLES
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import StorageError
from bifrost_sdk.services import workspace
from bifrost_sdk.services.documents import read_file
from bifrost_sdk.session import Session, init


def test_catalog_has_roles_and_an_owner_when_set_up(session: Session) -> None:
    roles = {role.code: (role.name, set(role.permissions)) for role in session.iterate(Query("role"))}
    assert roles == {code: (name, set(permissions)) for code, (name, permissions) in BUILTIN_ROLES.items()}
    assert [role.code for role in session.users.roles("anna", project="demo")] == ["owner"]
    assert session.events("studio")[0].comment == "set up"


def test_second_user_is_no_owner_when_the_catalog_is_set_up(session: Session) -> None:
    init(session.settings.folder, user="ben")
    assert [user.login for user in session.users.list()] == ["anna"]


@pytest.mark.parametrize("project", [None, "demo", "no", "123"])
def test_file_is_read_back_when_written(project: str | None, tmp_path: Path) -> None:
    workspace.write_file(tmp_path, project)
    found = read_file(tmp_path / "bifrost.yaml")
    assert found["catalog"].value == "catalog.sqlite"
    assert {name: item.value for name, item in found["roots"].value.items()} == {"publish": "publish", "work": "work"}
    assert (found["project"].value if project else found.get("project")) == project


def test_file_stays_as_it_is_when_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "bifrost.yaml").write_text("# mine\n", encoding="utf-8")
    workspace.write_file(tmp_path, "demo")
    assert (tmp_path / "bifrost.yaml").read_text(encoding="utf-8") == "# mine\n"


def test_folder_is_refused_when_a_file_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "shows").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match="cannot be made a folder"):
        workspace.make_folder(tmp_path / "shows")
    with pytest.raises(StorageError, match="cannot be written"):
        workspace.write_file(tmp_path / "missing", None)
