"""The folders in which all paths of templates lie, as far as they are the same for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bifrost_sdk.domain.templates.language import Field, Node, Sequence, Text
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.domain.templates.template import Template


def folder_of(template: Template, values: Mapping[str, str]) -> str:
    """The folder in which every path with these values lies, relative to the root; empty for the root itself.

    >>> folder_of(Template("{project}/assets/{asset}/{task}.{ext}"), {"project": "demo"})
    'demo/assets'
    """
    return _beginning(template.language, values)[0].rpartition("/")[0]


def folders_of(templates: TemplateSet, root: str, project: str) -> list[str]:
    """The outermost folders of a root that are a project's: its own, and those in which its templates make paths."""
    code = {name: project for name, source in templates.sources.items() if source == "project.code"}
    made = (each for each in templates.templates.values() if each.root == root and each.is_parsed)
    return outermost({project, *(folder_of(each.template, code) for each in made)})


def outermost(folders: Iterable[str]) -> list[str]:
    """Those of the folders that lie in no other of them.

    >>> outermost(["demo/a/b", "demo/a", "demo/ab"])
    ['demo/a', 'demo/ab']
    """
    found: list[str] = []
    for folder in sorted(folders):
        if not any(not outer or folder == outer or folder.startswith(f"{outer}/") for outer in found):
            found.append(folder)
    return found


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
