"""Paths that show what a template makes: with the example values of a set, or others that its tokens take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bifrost_sdk.domain.templates.language import Chars, Choice, Field, Node, Repeat, Sequence, Text
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.domain.templates.tokens import Token
from bifrost_sdk.errors import TemplateError

_LIKED = "abcdefghijklmnopqrstuvwxyz123456789"


def path_of(template: Template, examples: Mapping[str, Any], *, is_full: bool = False) -> str:  # Any: values of tokens
    """A path that the template makes: with the tokens that it needs, or with all that it has.

    Raises:
        TemplateError: when no values are found that fit together.

    >>> path_of(Template("{asset}[_{variant}]/v{version}.{ext}"), {"asset": "hero", "version": 12})
    'hero/v012.ext'
    """
    names = template.tokens if is_full else template.required
    given = {name: token for name, token in template.tokens.items() if name in names}
    return template.format({name: value_for(token, examples.get(name), name) for name, token in given.items()})


def value_for(token: Token, *wanted: Any) -> Any:  # Any: values of the token's type
    """The first wanted value that the token takes, else some value that it takes.

    Raises:
        TemplateError: when none is found.

    >>> from bifrost_sdk.domain.templates.tokens import ChoiceToken
    >>> value_for(ChoiceToken(("rig", "model")), "anim", "model"), value_for(ChoiceToken(("rig", "model")))
    ('model', 'model')
    """
    for value in wanted:
        if value is None:
            continue
        try:
            return token.read(token.write(value))
        except TemplateError:
            continue
    return token.read(_some_text(token.language))


def _some_text(node: Node) -> str:
    """One text of a language, without what may be left out of it altogether."""
    match node:
        case Text():
            return node.text
        case Chars():
            return next((char for char in _LIKED if char in node.ascii), min(node.ascii, default="ж"))
        case Field():
            return _some_text(node.part)
        case Sequence():
            return "".join(map(_some_text, node.parts))
        case Choice():
            return _some_text(node.options[0])
        case Repeat():
            return _some_text(node.part) * node.least
