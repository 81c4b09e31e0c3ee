"""Measure every promise beside its floor and write docs/benchmarks.md: `nox -s bench`, or `-- --quick` to try it."""

from __future__ import annotations

import argparse
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import adoption
import cases
import ingesting
import opening_stages
import proofs
import publishing
import scans
import template_sets
import templates
import verifying
from measure import Figure
from show import build

REPORT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
SIZES = (10_000, 300_000)

INTRODUCTION = """# Benchmarks

Each figure beside its floor, measured in turn in one run; times are medians, in microseconds for each unit, ratios the
median of the ratios. Machines differ and are noisy: compare ratios, not times.

```bash
nox -s bench
```

- The floor of resolving is `SELECT path, hash FROM flat WHERE ref = ?` on one table with a primary key, with `IN` for a
  batch: no parsing, no access, no versions, no freshness.
- The floor of a commit is `executemany` of the same rows and events into the same tables, in one transaction.
- The floor of the past is the same read of today, nothing cached.
- The floor of a template is `str.format` of the same values, and one compiled regular expression with named groups:
  neither checks a value, makes a number of it, or refuses a name that leaves its folder. Lucidity does not either.
- The floor of adopting and of a scan is `os.scandir` and `stat` of every file, one after the other: no path read,
  nothing asked of a catalog, nothing committed.
- The floor of a publish is the system calls that its protocol is made of, with a log that is synced for the catalog.
- The floor of verifying is to read and hash every file, in as many threads, its paths given. All of it lies in the
  operating system's cache, so of small files it shows what each costs besides; 1.25x is 0.8 of the floor's throughput.
- Both floors hash by sha256, also where we do it by blake3.
- The floor of ingesting is USD's own scan of each layer for what it refers to, a hash, and a copy that is synced; once
  more beside a copy that is not, which no version could be made of.
- The floor of opening a stage is USD itself on the same files with absolute paths in place of references; both read
  every layer anew, and ours connects, asks and closes besides.
- Cold: nothing in the process's cache; the database file is in the operating system's.
"""


def main(arguments: Sequence[str]) -> int:
    """Measure, write the report, and tell which goals are missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only the small show; print, write nothing")
    quick = parser.parse_args(arguments).quick
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES[:1] if quick else SIZES:
            show = build(Path(folder), size)
            for case in (cases.resolving, cases.the_past, cases.starting):
                figures += _shown(list(case(show)))
            figures += _shown(list(cases.committing(size)))
            show.catalog.close()
    chapters = [templates.templates, template_sets.reading, proofs.proving, publishing.publishing]
    long = [verifying.verifying, adoption.adoption, scans.scans, opening_stages.opening, ingesting.ingesting]
    for chapter in chapters if quick else [*chapters, *long]:
        figures += _shown(list(chapter()))
    if not quick:
        REPORT.write_text(f"{INTRODUCTION}\n{_table(figures)}\n\n{_machine()}\n", encoding="utf-8")
    return 0


def _shown(figures: list[Figure]) -> list[Figure]:
    for figure in figures:
        print(_line(figure), flush=True)
    return figures


def _table(figures: Sequence[Figure]) -> str:
    head = "| what | size | ours | floor | ratio | goal | |\n|---|---|---|---|---|---|---|"
    return "\n".join([head, *map(_line, figures)])


def _line(figure: Figure) -> str:
    floor = f"{figure.floor:.1f} us" if figure.floor is not None else ""
    ratio = f"{figure.ratio:.2f}x" if figure.ratio is not None else ""
    ours = f"{figure.ours / 1000:.1f} ms" if figure.goal.endswith("ms") else f"{figure.ours:.1f} us"
    verdict = ("met" if figure.is_met else "missed") if figure.goal else "peer"
    return f"| {figure.name} | {figure.size} | {ours} | {floor} | {ratio} | {figure.goal} | {verdict} |"


def _machine() -> str:
    parts = (f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}", platform.system())
    return f"{', '.join(parts)} {platform.machine()}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
