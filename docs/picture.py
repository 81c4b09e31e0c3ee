"""Draw the pictures of the guides from what the code says, so that they are never wrong.

With `--check` nothing is written: the exit status is 1 when a picture that lies there is another.
"""

from __future__ import annotations

import argparse
import contextlib
import doctest
import html
import io
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
GUIDES = ROOT / "docs" / "guides"
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "docs")]

if TYPE_CHECKING:
    from bifrost_sdk.domain.templates.trees import Row

LINE = 22
STEP = 24
CHARACTER = 7.3
MARGIN = 20
COLORS = {
    "folder": "#5f6b7a",
    "work": "#1769aa",
    "output": "#b25c00",
    "cache": "#7a5195",
    "publish": "#1b7f3b",
    "textures": "#00796b",
}
STYLE = (
    "text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1f2933}"
    ".root{font-weight:bold}.rail{stroke:#b8c0cc;fill:none}.note{font-family:system-ui,sans-serif}"
)


def picture() -> str:
    """The film set as SVG: a line for each folder, and in a second column what its files are for."""
    from bifrost_sdk.domain.templates.sets import TemplateSet
    from bifrost_sdk.domain.templates.trees import rows
    from bifrost_sdk.services.template_files import builtin

    lines = rows(TemplateSet.from_document(builtin("film").document))
    column = MARGIN + max(STEP * row.depth + CHARACTER * len(row.label) for row in lines) + STEP
    width, height = int(column + 140), LINE * len(lines) + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        "<title>The templates of the film set</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#fbfcfd"/>',
    ]
    for number, row in enumerate(lines):
        parts += _line(row, MARGIN + LINE * number + LINE / 2, column)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _line(row: Row, y: float, column: float) -> Iterator[str]:
    yield from _rails(row.rails, y)
    kind = ' class="root"' if row.depth == 0 else ""
    yield f'<text{kind} x="{MARGIN + STEP * row.depth}" y="{y + 4:g}">{html.escape(row.label)}</text>'
    if row.note:
        color = COLORS.get(row.templates[0].area, "#1f2933")
        yield f'<circle cx="{column:g}" cy="{y:g}" r="4" fill="{color}"/>'
        place = f'x="{column + 12:g}" y="{y + 4:g}" style="fill:{color}"'
        yield f'<text class="note" {place}>{html.escape(row.note)}</text>'


def _rails(rails: str, y: float) -> Iterator[str]:
    """The lines that lead to a folder, four characters of text a step."""
    for step in range(len(rails) // 4):
        x, mark = MARGIN + STEP * step + 8, rails[4 * step]
        if mark in "│├└":
            bottom = y if mark == "└" else y + LINE / 2
            yield f'<path class="rail" d="M{x} {y - LINE / 2:g}V{bottom:g}"/>'
        if mark in "├└":
            yield f'<path class="rail" d="M{x} {y:g}h12"/>'


def dependencies() -> str:
    """What the guide of that name draws when it is followed."""
    page = (ROOT / "docs/guides/dependencies.md").read_text(encoding="utf-8")
    known: dict[str, object] = {}
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        os.chdir(folder)
        try:
            for block in re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
                for example in doctest.DocTestParser().get_examples(block):
                    exec(compile(example.source, "dependencies.md", "single"), known)  # noqa: S102 - our own page
            return Path("dependencies.svg").read_text(encoding="utf-8") + "\n"
        finally:
            os.chdir(before)


def states() -> str:
    """What a version may become, as `states.py` beside this file draws it."""
    from states import states

    return states()


PICTURES: dict[str, Callable[[], str]] = {
    "film-templates.svg": picture,
    "dependencies.svg": dependencies,
    "version-states.svg": states,
}


def main(arguments: list[str]) -> int:
    """Write the pictures, or compare them; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a picture differs")
    is_checked = parser.parse_args(arguments).check
    done = [_compared(name) if is_checked else _written(name) for name in PICTURES]
    return max(done)


def _written(name: str) -> int:
    (GUIDES / name).write_text(PICTURES[name](), encoding="utf-8", newline="\n")
    print(f"{name} is drawn")
    return 0


def _compared(name: str) -> int:
    path = GUIDES / name
    is_same = path.is_file() and path.read_text(encoding="utf-8") == PICTURES[name]()
    print(
        f"{name} is as the code draws it" if is_same else f"{name} differs: run nox -s docs and commit what it writes."
    )
    return int(not is_same)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
