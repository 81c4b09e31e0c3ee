"""The commands ``bifrost config``: which settings hold, where they come from, and giving one another value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bifrost_sdk.cli.command import Call, argument, command, flag
from bifrost_sdk.cli.files import write_whole
from bifrost_sdk.cli.setting_lines import with_setting, written
from bifrost_sdk.errors import ConfigurationError, StorageError
from bifrost_sdk.services import configuration, documents
from bifrost_sdk.services.configuration import WORKSPACE_FILE, Setting
from bifrost_sdk.session import opening

_NAME = "catalog, project, user, site, timeout, validators, followers, …, or roots.NAME"
_VALUE = "as it stands in the file: demo, 60, [studio.checks:Names], '{linux: /mnt/shows, windows: P:/shows}'"

# What the variables that stand for settings begin with.
_VARIABLE = "BIFROST_SDK_"


@command()
@argument("name", "[NAME]", f"{_NAME} (default: all)", required=False)
def get(call: Call, *, name: str | None) -> int:
    """Tell settings."""
    settings = _settings(call)
    found = {name: settings[name]} if name else settings.values
    if call.in_json:
        call.screen.document({key: {"value": each.value, "from": each.origin} for key, each in found.items()})
    elif name:
        call.screen.line(_text(settings[name]))
    else:
        rows = [(key, _text(each), (each.origin, "dim")) for key, each in sorted(found.items())]
        call.screen.table(("setting", "value", "from"), rows, whole=("setting",))
    return 0


@command()
def where(call: Call) -> int:
    """Tell the files and variables that settings come from, the weakest first."""
    places = [(what, str(path), path.is_file()) for what, path in _files(call).items()]
    variables = sorted(name for name in os.environ if name.startswith(_VARIABLE))
    if call.in_json:
        files = [{"what": what, "file": path, "is_there": is_there} for what, path, is_there in places]
        call.screen.document({"files": files, "variables": variables})
        return 0
    rows = [(what, path, "" if is_there else ("not there", "dim")) for what, path, is_there in places]
    rows += [("variable", name, "") for name in variables]
    call.screen.table(("what", "place", ""), rows, whole=("place",))
    return 0


@command()
def check(call: Call) -> int:
    """Say whether all settings can be understood; what cannot is refused with its place."""
    settings = _settings(call)
    count, roots = len(settings.values), settings.roots()
    if call.in_json:
        call.screen.document({"settings": count, "roots": {name: str(path) for name, path in roots.items()}})
    else:
        call.screen.line(f"{count} settings can be understood; bifrost doctor looks at what they lead to", "green")
    return 0


@command()
@argument("name", "NAME", _NAME)
@argument("value", "VALUE", _VALUE)
@flag("--user", "is_own", help="in the user's own file, which is stronger than the workspace's")
@flag("--studio", "is_shared", help="in the studio's file, which is weaker than the workspace's")
def set_(call: Call, *, name: str, value: str, is_own: bool, is_shared: bool) -> int:
    """Give a setting a value in a file; comments and all other lines stay."""
    layer = "user" if is_own else "studio" if is_shared else "workspace"
    file = _files(call)[layer]
    read = _read(name, value)
    try:
        before = file.read_bytes().decode("utf-8") if file.exists() else ""
        file.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{file} cannot be changed: {error}", path=str(file), reason=str(error)) from error
    write_whole(file, with_setting(before, name, read, file=str(file)))
    holds = _settings(call)[name]
    if call.in_json:
        call.screen.document({"file": str(file), "name": name, "value": read, "holds": holds.value == read})
    else:
        call.screen.line(f"{name} is {written(read)} in {file}")
        if holds.value != read and holds.origin.partition(":")[0] != str(file):
            call.screen.line(f"but {_text(holds)} holds, from {holds.origin}, which is stronger", "yellow")
    return 0


def _settings(call: Call) -> configuration.Settings:
    folder, _ = opening.locate(call.workspace or os.environ.get("BIFROST_SDK_URL"))
    return configuration.load(folder, explicit={"project": call.project})


def _files(call: Call) -> Mapping[str, Path]:
    """The files of settings, the weakest first; outside of a workspace there is none of it."""
    environment = os.environ
    studio = environment.get("BIFROST_SDK_STUDIO")
    folder, _ = opening.locate(call.workspace or environment.get("BIFROST_SDK_URL"))
    return {
        "studio": Path(studio) if studio else configuration.studio_file(environment),
        "workspace": folder / WORKSPACE_FILE,
        "user": configuration.user_file(environment),
    }


def _read(name: str, typed: str) -> Any:  # Any: whatever YAML can hold
    """The value that is meant: what YAML reads, or the text itself where a text is wanted.

    Raises:
        ConfigurationError: when the setting cannot be that, or there is none of that name.
    """
    plain = documents.read_text(f"value: {typed}".encode(), "argument")["value"].plain()
    try:
        _judge(name, plain)
    except ConfigurationError:
        if plain == typed or isinstance(plain, (list, dict)):
            raise
        _judge(name, typed)
        return typed
    return plain


def _judge(name: str, value: Any) -> None:  # Any: whatever YAML can hold
    top, _, root = name.partition(".")
    configuration.load(Path.cwd(), explicit={top: {root: value} if root else value}, environment={})


def _text(setting: Setting) -> str:
    return "" if setting.value is None else written(setting.value)
