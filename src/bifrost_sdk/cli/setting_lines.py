"""One setting of a file given another value: only its own characters change, comments and order stay."""

from __future__ import annotations

import contextlib
import re
from typing import Any

from bifrost_sdk.errors import ConfigurationError
from bifrost_sdk.services.documents import read_text


def with_setting(text: str, name: str, value: Any, *, file: str) -> str:  # Any: whatever YAML can hold
    r"""The text of a settings file with another value for one setting, ``roots.NAME`` for a root.

    >>> print(with_setting("project: demo  # ours\n", "project", "film", file="bifrost.yaml"), end="")
    project: film  # ours

    Raises:
        ConfigurationError: when the file cannot be understood, or is written in a way that cannot be changed so.
    """
    before = _settings_in(text, file)
    path = name.split(".", 1)
    changed = _edited(text, path, value)
    with contextlib.suppress(ConfigurationError):  # what was understood before may not be any more
        if _settings_in(changed, file) == _merged(before, path, value):
            return changed
    raise ConfigurationError(
        f"{file} is written in a way that cannot be changed here; set {name} in it by hand", setting=name, source=file
    )


def written(value: Any) -> str:  # Any: whatever YAML can hold
    """A value as it stands behind its name, on one line."""
    import yaml

    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=1_000_000, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def _settings_in(text: str, file: str) -> dict[str, Any]:  # Any: whatever YAML can hold
    return {name: item.plain() for name, item in read_text(text.encode(), file).items()}


def _merged(before: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:  # Any: whatever YAML can hold
    if len(path) == 1:
        return {**before, path[0]: value}
    return {**before, path[0]: {**(before.get(path[0]) or {}), path[1]: value}}


def _edited(text: str, path: list[str], value: Any) -> str:  # Any: whatever YAML can hold
    import yaml

    mark = "\ufeff" if text.startswith("\ufeff") else ""
    body = text.removeprefix(mark)
    end = "\r\n" if "\r\n" in body else "\n"
    top = _entry(yaml.compose(body, Loader=yaml.SafeLoader), path[0])
    if top is None:
        line = f"{path[0]}: {written(value)}" if len(path) == 1 else f"{path[0]}:{end}  {path[1]}: {written(value)}"
        return f"{mark}{body}{'' if not body or body.endswith(end) else end}{line}{end}"
    if len(path) == 1:
        return mark + _put(body, top, value)
    table = top[1]
    if table.id != "mapping" or table.flow_style or not table.value:
        known = yaml.safe_load(body[table.start_mark.index : _end(table)]) or {}
        return mark + _put(body, top, {**known, path[1]: value})
    entry = _entry(table, path[1])
    if entry is not None:
        return mark + _put(body, entry, value)
    last = _line_end(body, _end(table))
    indent = " " * table.value[0][0].start_mark.column
    return f"{mark}{body[:last]}{end}{indent}{path[1]}: {written(value)}{body[last:]}"


def _entry(table: Any, name: str) -> Any:  # Any: nodes of PyYAML, loaded on first use
    """The name and the value of an entry."""
    return next((pair for pair in (table.value if table else ()) if pair[0].value == name), None)


def _put(body: str, entry: Any, value: Any) -> str:  # Any: nodes of PyYAML, whatever YAML can hold
    """The text with another value for an entry, behind its colon."""
    key, old = entry
    colon = body.index(":", key.end_mark.index) + 1
    return f"{body[:colon]} {written(value)}{body[max(colon, _end(old)) :]}"


def _end(node: Any) -> int:  # Any: nodes of PyYAML
    """Where the value ends; PyYAML counts what follows a block, blank lines and comments, to it."""
    if node.id == "mapping" and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    if node.id == "sequence" and not node.flow_style and node.value:
        return _end(node.value[-1])
    end: int = node.end_mark.index
    return end


def _line_end(body: str, start: int) -> int:
    """Where the line ends that holds this place."""
    found = re.compile(r"\r?\n|\Z").search(body, start)
    assert found is not None  # the end of the text is found at least
    return found.start()
