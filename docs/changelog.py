"""Gather the changelog's fragments into a release, so that two changes never meet in one file before that."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATEGORIES = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
FRAGMENT_NAME = re.compile(r"[0-9]{3,}-[a-z0-9]+(?:-[a-z0-9]+)*\.md")
MARK = "<!-- releases -->\n"


def fragments(root: Path) -> list[Path]:
    """The fragments that wait for a release, in the order of their issues."""
    found = (path for path in (root / "changelog.d").glob("*.md") if path.name != "README.md")
    return sorted(found, key=lambda path: (int(path.name.split("-")[0]), path.name))


def read(path: Path) -> dict[str, str]:
    """The list of each category of one fragment.

    Raises:
        ValueError: the name or the content does not follow changelog.d/README.md.
    """
    if not FRAGMENT_NAME.fullmatch(path.name):
        raise ValueError(f"{path.name}: name it NNN-slug.md, after the issue's number")
    before, *blocks = re.split(r"^### ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if before.strip() or not blocks:
        raise ValueError(f"{path.name}: begin with a heading, one of ### {', ### '.join(CATEGORIES)}")
    entries: dict[str, str] = {}
    for block in blocks:
        category, _, body = block.partition("\n")
        if category not in CATEGORIES or category in entries or not body.lstrip().startswith("- "):
            raise ValueError(f"{path.name}: '### {category}' is no category, is there twice, or has no list below it")
        entries[category] = body.strip()
    if list(entries) != [category for category in CATEGORIES if category in entries]:
        raise ValueError(f"{path.name}: put the headings in this order: {', '.join(CATEGORIES)}")
    return entries


def release(root: Path, version: str, date: str) -> str:
    """The section of one release, with the fragments' entries under one heading a category."""
    read_ones = [read(path) for path in fragments(root)]
    section = f"\n## {version} ({date})\n"
    for category in CATEGORIES:
        if entries := [fragment[category] for fragment in read_ones if category in fragment]:
            section += f"\n### {category}\n" + "\n".join(entries) + "\n"
    return section


def main(arguments: list[str]) -> None:
    """Write the release into CHANGELOG.md and remove the fragments it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version")
    parser.add_argument("date", help="as YYYY-MM-DD")
    chosen = parser.parse_args(arguments)
    page = ROOT / "CHANGELOG.md"
    before, mark, after = page.read_text(encoding="utf-8").partition(MARK)
    page.write_text(before + mark + release(ROOT, chosen.version, chosen.date) + after, encoding="utf-8")
    for path in fragments(ROOT):
        path.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
