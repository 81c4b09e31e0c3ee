"""The key that is shown to a server, which is no setting itself, so that nothing that tells settings can tell it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from bifrost_sdk.errors import ConfigurationError
from bifrost_sdk.services.configuration import Setting, Settings


def token(settings: Settings, *, environment: Mapping[str, str] | None = None) -> str:
    """The key that is shown to a server: of BIFROST_SDK_TOKEN, else of the file that `token_file` names.

    Raises:
        ConfigurationError: when there is none, or others may read the file.
    """
    found = (os.environ if environment is None else environment).get("BIFROST_SDK_TOKEN", "").strip()
    if found:
        return _sendable(found, "BIFROST_SDK_TOKEN")
    setting = settings["token_file"]
    if setting.value is None:
        raise ConfigurationError(
            "a server asks for a key, and there is none; set BIFROST_SDK_TOKEN, or `token_file` in the user's file: "
            "whoever runs the server makes keys with `bifrost server keys create`",
            setting="token_file",
        )
    file = _placed(setting)
    try:
        mode = file.stat().st_mode
        found = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{file} holds no key that can be read: {getattr(error, 'strerror', None) or 'it is no text'}",
            setting="token_file",
            source=setting.origin,
        ) from None
    if os.name == "posix" and mode & 0o077:
        raise ConfigurationError(
            f"{file} holds a key and can be read by others; run chmod 600 on it", setting="token_file", source=str(file)
        )
    return _sendable(found, str(file))


def _sendable(token: str, source: str) -> str:
    """The key, when a header can hold it; what is wrong with it is not shown."""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(f"what {source} holds is no key of a server", setting="token_file", source=source)
    return token


def _placed(setting: Setting) -> Path:
    path = Path(str(setting.value)).expanduser()
    return path if setting.folder is None else setting.folder.absolute() / path
