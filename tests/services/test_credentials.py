from __future__ import annotations

import os
from pathlib import Path

import pytest

from bifrost_sdk.errors import ConfigurationError
from bifrost_sdk.services import configuration, credentials

TOKEN = "bifrost_0123abcd"  # noqa: S105 - of no server


def settings(folder: Path, **explicit: str) -> configuration.Settings:
    return configuration.load(folder, explicit=explicit, environment={})


def test_variable_is_taken_when_a_file_is_named_too(tmp_path: Path) -> None:
    given = settings(tmp_path, token_file=str(tmp_path / "none"))
    found = credentials.token(given, environment={"BIFROST_SDK_TOKEN": f" {TOKEN}\n"})
    assert found == TOKEN


def test_file_is_read_when_only_its_user_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n", encoding="utf-8")
    file.chmod(0o600)
    assert credentials.token(settings(tmp_path, token_file=str(file)), environment={}) == TOKEN
    (tmp_path / "bifrost.yaml").write_text("token_file: token\n", encoding="utf-8")
    assert credentials.token(configuration.load(tmp_path, environment={}), environment={}) == TOKEN


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_file_is_refused_when_others_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN, encoding="utf-8")
    file.chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600") as caught:
        credentials.token(settings(tmp_path, token_file=str(file)), environment={})
    assert TOKEN not in str(caught.value.to_data())


@pytest.mark.parametrize("content", [b"", b"two words", b"line\nline", b"\xff\xfe", "ü".encode(), b"tab\t1"])
def test_key_is_refused_unseen_when_no_header_can_hold_it(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(ConfigurationError) as caught:
        credentials.token(settings(tmp_path, token_file=str(file)), environment={})
    assert not content or content.decode("latin-1") not in str(caught.value.to_data())


def test_way_to_a_key_is_told_when_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="set BIFROST_SDK_TOKEN"):
        credentials.token(settings(tmp_path), environment={})
    with pytest.raises(ConfigurationError, match="holds no key that can be read"):
        credentials.token(settings(tmp_path, token_file=str(tmp_path / "none")), environment={})
