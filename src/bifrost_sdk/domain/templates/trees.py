"""A set of templates as the folders that it makes: one tree a root, each folder told once."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from bifrost_sdk.domain.templates.compilation import SetTemplate
from bifrost_sdk.domain.templates.sets import TemplateSet


@attrs.frozen
class Row:
    """One line of a tree.

    `label` is a folder, or several where one holds nothing but the next; `templates` end there. `depth` counts from 0,
    `rails` are the lines that lead to it.
    """

    label: str
    templates: tuple[SetTemplate, ...]
    depth: int
    rails: str

    @property
    def note(self) -> str:
        """What ends here: what for and in which area, or by name."""
        notes = (f"{made.kind} {made.area}" if made.kind else made.name for made in self.templates)
        return ", ".join(dict.fromkeys(notes))


@attrs.define
class _Branch:
    templates: list[SetTemplate] = attrs.field(factory=list)
    branches: dict[str, _Branch] = attrs.field(factory=dict)


def rows(made: TemplateSet) -> list[Row]:
    """The trees of all roots, line by line; folders stand in the order in which the set names them."""
    top = _Branch()
    for template in made.templates.values():
        branch = top
        for segment in (f"{template.root}:", *_segments(template.template.spelled("bifrost"))):
            branch = branch.branches.setdefault(segment, _Branch())
        branch.templates.append(template)
    return list(_rows(top, "", depth=0))


def draw(made: TemplateSet) -> str:
    """The trees as text, with what each path is for.

    >>> print(
    ...     draw(
    ...         TemplateSet.from_document(
    ...             {
    ...                 "templates": {
    ...                     "scene": {"path": "{shot}/work/{shot}.ma", "root": "work", "for": "shot", "area": "work"},
    ...                     "notes": {"path": "{shot}/notes.txt", "root": "work"},
    ...                 }
    ...             }
    ...         )
    ...     )
    ... )
    work:
    └── {shot}
        ├── work/{shot}.ma   shot work
        └── notes.txt        notes
    """
    found = rows(made)
    width = max((len(row.rails + row.label) for row in found if row.note), default=0)
    return "\n".join(f"{row.rails + row.label:<{width}}   {row.note}".rstrip() for row in found)


def _rows(branch: _Branch, rails: str, *, depth: int) -> Iterator[Row]:
    last = next(reversed(branch.branches), None)
    for label, child in branch.branches.items():
        whole, end = label, child
        while depth and len(end.branches) == 1 and not end.templates:
            ((segment, end),) = end.branches.items()
            whole = f"{whole}/{segment}"
        is_last = label == last
        yield Row(whole, tuple(end.templates), depth, f"{rails}{'└── ' if is_last else '├── '}" if depth else "")
        below = f"{rails}{'    ' if is_last else '│   '}" if depth else ""
        yield from _rows(end, below, depth=depth + 1)


def _segments(text: str) -> Iterator[str]:
    """The folders of a template's text and its file; what is optional stays whole."""
    segment, depth = "", 0
    for char in text:
        depth += (char == "[") - (char == "]")
        if char == "/" and not depth:
            yield segment
            segment = ""
        else:
            segment += char
    yield segment
