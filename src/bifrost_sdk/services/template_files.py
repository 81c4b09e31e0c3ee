"""Sets of templates as files: read strictly with the place of everything, written so that they read the same."""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from bifrost_sdk.domain.templates import documents
from bifrost_sdk.domain.templates.documents import Document
from bifrost_sdk.errors import ConfigurationError, ValidationError
from bifrost_sdk.services.documents import SIZE_LIMIT, Item, read_file, read_text

#: The sets that come with the library.
BUILTIN = ("film", "episodic")


@attrs.frozen
class Sheet:
    """A document with where it comes from: `places` are ``file:line`` by path (``templates.shot_work.root``)."""

    document: Document
    name: str
    places: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    def locate(self, error: ValidationError) -> ValidationError:
        """The same error, where each issue names its place in the file."""
        return ValidationError(
            attrs.evolve(issue, subject=issue.subject or self._place(issue.path)) for issue in error.issues
        )

    def _place(self, path: str) -> str:
        """The place of a path, or of the nearest one above that is written in this file."""
        while path and path not in self.places:
            path = re.sub(r"(?:\[[0-9]+\]|\.?[^.\[\]]*)$", "", path)
        return self.places.get(path, "")


def read(path: Path) -> Sheet:
    """The document of a YAML file, its form not yet checked.

    Raises:
        ConfigurationError: when there is no such file, or it is no plain YAML, with the place.
    """
    items = read_file(path)
    if not items and not path.is_file():
        raise ConfigurationError(f"there is no file {path}; name one that holds templates", source=str(path))
    return _sheet(items, str(path))


@functools.cache
def builtin(name: str) -> Sheet:
    """A set that comes with the library.

    >>> builtin("episodic").document["extends"]
    'film'
    """
    return _sheet(read_text(builtin_text(name).encode(), f"{name}.yaml"), name)


def builtin_text(name: str) -> str:
    """The file of a set that comes with the library, comments included."""
    folder = importlib.resources.files(documents.__name__.rpartition(".")[0])
    return (folder / f"{name}.yaml").read_text(encoding="utf-8")


def write(document: Document) -> str:
    """The document as YAML.

    >>> print(write({"schema": 1, "templates": {"shot_place": {"path": "{project}/shots/{shot}"}}}))
    schema: 1
    templates:
      shot_place:
        path: '{project}/shots/{shot}'
    <BLANKLINE>
    """
    import yaml

    return yaml.safe_dump(_plain(document), sort_keys=False, allow_unicode=True, width=SIZE_LIMIT)


def _sheet(items: Mapping[str, Item], name: str) -> Sheet:
    whole = Item(dict(items), f"{name}:1")
    return Sheet(whole.plain(), name, dict(_places(whole, "")))


def _places(item: Item, path: str) -> Iterator[tuple[str, str]]:
    yield path, item.place
    if isinstance(item.value, dict):
        for key, child in item.value.items():
            yield from _places(child, f"{path}.{key}" if path else key)
    elif isinstance(item.value, list):
        for index, child in enumerate(item.value):
            yield from _places(child, f"{path}[{index}]")


def _plain(value: object) -> object:
    """Tables and lists of the kinds that YAML writes."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
