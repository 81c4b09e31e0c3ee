"""YAML files read strictly: plain values only, small, each with its file and line.

Aliases are refused, as a few lines of them grow into gigabytes; so are keys given twice, which YAML would let the last
one win.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from bifrost_sdk.errors import ConfigurationError

#: A file larger than this is refused, in bytes.
SIZE_LIMIT = 65_536

#: Tables and lists nest at most so deep; the time to read grows with the square of it.
DEPTH_LIMIT = 16


@attrs.frozen
class Item:
    """A value of a file: a plain value, a list of items, or items by name; `place` is ``file:line``."""

    value: Any  # Any: whatever YAML can hold
    place: str

    def plain(self) -> Any:  # Any: whatever YAML can hold
        """The value alone, without the places of what is in it."""
        if isinstance(self.value, dict):
            return {name: item.plain() for name, item in self.value.items()}
        return [item.plain() for item in self.value] if isinstance(self.value, list) else self.value


def read_file(path: Path) -> dict[str, Item]:
    """The items of a YAML file by name; empty when there is no such file, or nothing in it.

    Raises:
        ConfigurationError: when it cannot be read or is not a plain table, with the place.
    """
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror or error}", source=str(path)) from error
    if len(content) > SIZE_LIMIT:
        raise ConfigurationError(f"{path} is larger than {SIZE_LIMIT} bytes; is this the right file?", source=str(path))
    return read_text(content, str(path))


def read_text(content: bytes, name: str) -> dict[str, Item]:
    """The items of YAML in UTF-8; `name` is the file in the places of items and errors.

    Raises:
        ConfigurationError: when it is not a plain table.

    >>> read_text(b"project: demo", "bifrost.yaml")["project"]
    Item(value='demo', place='bifrost.yaml:1')
    """
    import yaml

    try:
        text = content.decode("utf-8-sig")
        _check_events(yaml.parse(text, Loader=yaml.SafeLoader), name)
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        item = Item({}, f"{name}:1") if node is None else _item(loader, node, name)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{name} is not UTF-8: {error}", source=name) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}:{mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or error
        raise ConfigurationError(f"{place} is no YAML: {problem}", source=place) from error
    except ValueError as error:
        raise ConfigurationError(f"{name} cannot be read: {error}", source=name) from error
    if not isinstance(item.value, dict):
        raise ConfigurationError(f"{item.place}: a table is expected, lines of 'name: value'", source=item.place)
    return item.value


def _check_events(events: Iterable[Any], name: str) -> None:  # Any: PyYAML's own types, loaded on first use
    depth = 0
    for event in events:
        what = type(event).__name__
        depth += what.endswith("StartEvent") - what.endswith("EndEvent")
        if what == "AliasEvent" or depth > DEPTH_LIMIT:
            place = f"{name}:{event.start_mark.line + 1}"
            problem = "aliases (*name) are not allowed; write the value again"
            if depth > DEPTH_LIMIT:
                problem = f"tables nest at most {DEPTH_LIMIT} deep"
            raise ConfigurationError(f"{place}: {problem}", source=place)


def _item(loader: Any, node: Any, name: str) -> Item:  # Any: PyYAML's own types, loaded on first use
    place = f"{name}:{node.start_mark.line + 1}"
    if node.id == "sequence":
        return Item([_item(loader, child, name) for child in node.value], place)
    if node.id == "scalar":
        return Item(loader.construct_object(node), place)
    found: dict[str, Item] = {}
    for key_node, value_node in node.value:
        key = _item(loader, key_node, name)
        if not isinstance(key.value, str) or key.value in found:
            problem = "is given twice" if isinstance(key.value, str) else "is no name"
            raise ConfigurationError(f"{key.place}: {key.value!r:.80} {problem}", source=key.place)
        found[key.value] = _item(loader, value_node, name)
    return Item(found, place)
