"""The types of tokens, by the names that a set of templates calls them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

from bifrost_sdk.domain.templates.dates import DateToken
from bifrost_sdk.domain.templates.numbers import FrameToken, IntegerToken, UdimToken, VersionToken
from bifrost_sdk.domain.templates.strings import ChoiceToken, StringToken
from bifrost_sdk.domain.templates.token import Token, settings
from bifrost_sdk.errors import TemplateError

__all__ = [
    "TYPES",
    "ChoiceToken",
    "DateToken",
    "FrameToken",
    "IntegerToken",
    "StringToken",
    "Token",
    "UdimToken",
    "VersionToken",
    "default",
    "from_document",
]

TYPES: Final[Mapping[str, type[Token]]] = {
    kind.kind: kind for kind in (StringToken, IntegerToken, ChoiceToken, VersionToken, FrameToken, UdimToken, DateToken)
}
"""The token of each type."""


@functools.lru_cache(maxsize=256)
def default(name: str) -> Token:
    """The token that a template takes for a name that nobody defines: by its name, else a string."""
    return TYPES[name]() if name in {"version", "frame", "udim", "date"} else StringToken()


def from_document(document: Mapping[str, Any]) -> Token:  # Any: plain values of YAML
    """The token that a mapping describes: its `type` (string when left out) and that type's fields.

    Raises:
        TemplateError: there is no such type or field, or a field cannot be so.

    >>> from_document({"type": "choice", "choices": ["work", "publish"]}).write("work")
    'work'
    """
    fields = dict(document)
    name = fields.pop("type", "string")
    kind = TYPES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise TemplateError(f"there is no token type {name!r:.80}; use {', '.join(TYPES)}", value=name)
    known = [str(field.alias) for field in settings(kind)]
    unknown = [str(name) for name in fields if name not in known]
    if unknown:
        message = f"a {kind.kind} token has no {', '.join(unknown)}; it has {', '.join(known) or 'nothing to set'}"
        raise TemplateError(message, value=unknown[0])
    if kind is ChoiceToken and "choices" not in fields:
        raise TemplateError("a choice token needs its choices; write choices: [work, publish]")
    return kind(**fields)
