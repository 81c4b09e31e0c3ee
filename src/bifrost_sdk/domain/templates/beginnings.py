"""The folder in which all paths of a template lie, as far as it is the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping

from bifrost_sdk.domain.templates.language import Field, Node, Sequence, Text
from bifrost_sdk.domain.templates.template import Template


def folder_of(template: Template, values: Mapping[str, str]) -> str:
    """The folder in which every path with these values lies, relative to the root; empty for the root itself.

    >>> folder_of(Template("{project}/assets/{asset}/{task}.{ext}"), {"project": "demo"})
    'demo/assets'
    """
    return _beginning(template.language, values)[0].rpartition("/")[0]


def _beginning(node: Node, values: Mapping[str, str]) -> tuple[str, bool]:
    """The text with which all texts of a part begin, and whether that is all of them."""
    if isinstance(node, Text):
        return node.text, True
    if isinstance(node, Field) and node.name in values:
        return values[node.name], True
    if not isinstance(node, Sequence):
        return "", False
    found = ""
    for part in node.parts:
        text, is_whole = _beginning(part, values)
        found += text
        if not is_whole:
            return found, False
    return found, True
