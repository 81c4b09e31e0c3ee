"""Where the files of a version are to lie, said before its number is known: ``%03d`` stands for that in the path."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # whoever only fills a number in needs no templates
    from bifrost_sdk.domain.templates.template import Template

_NUMBER = re.compile(r"%0([1-9])d")


def open_path(template: Template, values: Mapping[str, Any], numbers: Collection[str]) -> str:  # Any: as the tokens are
    """The path that a template makes of these values, where the tokens of a version's number are left open.

    Raises:
        TemplateError: as `Template.format`.

    >>> from bifrost_sdk.domain.templates.template import Template
    >>> open_path(Template("{asset}/v{version:03d}"), {"asset": "hero"}, {"version"})
    'hero/v%03d'
    """
    one, two = (template.format({**values, **dict.fromkeys(numbers, number)}) for number in (1, 2))
    open_tokens = [template.tokens[token] for token in numbers]
    padding = getattr(open_tokens[0], "padding", 1) if open_tokens else 1
    path, end = [], 0
    for position, (char, other) in enumerate(zip(one, two, strict=True), 1):
        if char != other:  # the last digit of the number: nothing else tells the two apart
            path += [one[end : position - padding], f"%0{padding}d"]
            end = position
    return "".join(path) + one[end:]


def filled(path: str, number: int) -> str:
    """The path of the version with that number.

    >>> filled("hero/v%03d", 12)
    'hero/v012'
    """
    return _NUMBER.sub(lambda found: f"{number:0{int(found[1])}d}", path)
