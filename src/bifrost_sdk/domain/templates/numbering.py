"""How work files are counted: which of them share one row of numbers, and where on a disk these can lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from bifrost_sdk.domain.templates.compilation import SetTemplate
from bifrost_sdk.domain.templates.dispatch import Shape
from bifrost_sdk.domain.templates.filling import agree, needed
from bifrost_sdk.domain.templates.language import Field, Node, Repeat, Sequence, Text
from bifrost_sdk.domain.templates.tokens import DateToken, FrameToken, UdimToken
from bifrost_sdk.errors import TemplateError

#: What an application writes first, then what else it opens: how a file is called that it makes.
EXTENSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "blender": ("blend",),
    "houdini": ("hip", "hipnc", "hiplc"),
    "maya": ("ma", "mb"),
    "nuke": ("nk", "nknc"),
}

#: What does not set a row of numbers apart: a number belongs to one file, whoever makes it and with what.
_APART: Final = ("version.number", "user.login", "workfile.application")
_EXTENSION: Final = "ext"


def application_of(extension: str) -> str:
    """The application that makes files of an extension; empty where that is not known.

    >>> application_of("mb"), application_of("usda")
    ('maya', '')
    """
    return next((name for name, known in EXTENSIONS.items() if extension.lower() in known), "")


@attrs.frozen
class Counting:
    """Work files that are counted together: those of one template that have the same `values` of its `scope`.

    Numbers are shared by all users and applications; another task or variant has its own.
    """

    made: SetTemplate
    number: str
    scope: tuple[str, ...]
    values: Mapping[str, Any] = attrs.field(hash=False)  # Any: values of every type of token

    @classmethod
    def of(cls, made: SetTemplate, sources: Mapping[str, str], values: Mapping[str, Any]) -> Counting:
        """The counting of a path that is made of these values; the number may be among them.

        Raises:
            TemplateError: the template has no token for the number.
        """
        tokens = made.template.tokens
        number = next((name for name in tokens if sources.get(name) == "version.number"), None)
        if number is None:
            message = f"template {made.name!r} ({made.template.text}) has no version, so its files cannot be counted"
            raise TemplateError(message, template=made.name)
        loose = (DateToken, FrameToken, UdimToken)
        scope = tuple(
            name
            for name, token in tokens.items()
            if sources.get(name) not in _APART and name != _EXTENSION and not isinstance(token, loose)
        )
        return cls(made, number, scope, values)

    def number_in(self, path: str) -> int | None:
        """The number of a path, if it is one of those that are counted together."""
        found = self.made.template.match(path)
        if found is None or not all(agree(found.get(name), self.values.get(name)) for name in self.scope):
            return None
        number: int = found[self.number]
        return number

    def path(self, number: int) -> str:
        """The path with a number.

        Raises:
            TemplateError: a value does not fit its token.
        """
        return self.made.template.format({**self.values, self.number: number})


def shape_of(made: SetTemplate, values: Mapping[str, Any]) -> Shape:  # Any: values of every type of token
    """Where paths of a template with these values can lie: which folders are the same for all of them."""
    tokens = made.template.tokens
    texts = {
        name: None if value is None and not tokens[name].absent else tokens[name].write(value)
        for name, value in values.items()
        if name in tokens
    }
    return Shape.of(_fixed(made.template.language, texts))


def may_hold(shape: Shape, folder: str) -> bool:
    """Whether a folder, the root itself (empty) included, may hold paths of that shape.

    >>> from bifrost_sdk.domain.templates.template import Template
    >>> shape = Shape.of(Template("demo/{asset}/work/{user}.ma").language)
    >>> [may_hold(shape, folder) for folder in ("", "demo", "demo/hero", "demo/hero/cache", "demo/hero/work/anna")]
    [True, True, True, False, False]
    """
    parts = folder.split("/") if folder else []
    return any(
        all(shape.segment(place, count) in (None, part) for place, part in enumerate(parts))
        for count in range(max(shape.least, len(parts) + 1), shape.most + 1)
    )


def start_of(shape: Shape) -> str:
    """The folder below which all paths of that shape lie: what is the same for all of them from the beginning."""
    return "/".join(_literals(shape))


def _literals(shape: Shape) -> Iterator[str]:
    for segment in shape.head[: shape.least - 1]:
        if segment is None:
            return
        yield segment


def _fixed(language: Node, texts: Mapping[str, str | None]) -> Node:
    """The texts of a language where these fields have these texts, and optional parts with None are left out."""
    if isinstance(language, Field):
        text = texts.get(language.name)
        return language if text is None else Text(text)
    if isinstance(language, Sequence):
        return Sequence(tuple(_fixed(part, texts) for part in language.parts))
    if isinstance(language, Repeat):
        told = [texts[name] for name in needed(language.part) if name in texts]
        if told:
            return Sequence(()) if None in told else _fixed(language.part, texts)
        return Repeat(_fixed(language.part, texts), language.least, language.most)
    return language
