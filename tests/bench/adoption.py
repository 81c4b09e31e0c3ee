"""Adopting a show with real files on disk, beside the least that looking at every file costs: os.scandir and stat."""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
from measure import Figure

from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.session import connect, init

FILES = 100_000
GOAL = "<= 333 us"

_TEMPLATES = TemplateSet.from_document(
    {
        "tokens": {
            "step": {"from": "task.code"},
            "product": {"characters": "\\w"},
            "app": {"type": "choice", "choices": ["maya", "houdini", "nuke"]},
        },
        "templates": {
            "asset_place": "assets/{asset_type}/{asset}/{step}",
            "shot_place": "sequences/{sequence}/{shot}/{step}",
            "asset_work": {
                "path": "{@asset_place}/work/{app}/{asset}.v{version}.{ext}",
                "root": "show",
                "for": "asset",
                "area": "work",
            },
            "asset_publish": {"path": "{@asset_place}/publish/{product}.v{version}.{ext}", "root": "show"},
            "asset_textures": {
                "path": "{@asset_place}/textures/{product}/v{version}/{product}.{udim}.{ext}",
                "root": "show",
            },
            "shot_work": {
                "path": "{@shot_place}/work/{app}/{shot}.v{version}.{ext}",
                "root": "show",
                "for": "shot",
                "area": "work",
            },
            "shot_publish": {"path": "{@shot_place}/publish/{product}.v{version}.{ext}", "root": "show"},
            "shot_images": {
                "path": "{@shot_place}/images/{product}/v{version}/{shot}.{frame}.{ext}",
                "root": "show",
            },
            "shot_cache": {"path": "{@shot_place}/cache/v{version}/{shot}.{frame}.{ext}", "root": "show"},
        },
    }
)


@attrs.frozen
class Timing:
    """Seconds: of the whole, and of its parts; `floor` is that of looking at every file."""

    files: int
    floor: float
    planning: float
    committing: float
    commits: int
    entities: int

    @property
    def whole(self) -> float:
        """Planning and committing."""
        return self.planning + self.committing


def adoption() -> Iterator[Figure]:
    """A show as studios have them, and the worst case: every file a version of its own."""
    for name, paths, files in (("adopt a show", _mixed, FILES), ("adopt one file a version", _single, FILES // 5)):
        timing = measure(paths, files)
        ours, floor = timing.whole / timing.files * 1e6, timing.floor / timing.files * 1e6
        yield Figure(name, "file", ours, floor, ours / floor, GOAL, f"{timing.files:,} files")


def measure(paths: Callable[[], Iterator[str]], files: int) -> Timing:
    """Make so many files, adopt them, and look at the clock in between."""
    with tempfile.TemporaryDirectory() as folder:
        show = Path(folder, "old")
        count = _write(show, paths(), files)
        init(Path(folder, "shows"), project="demo", user="bench")
        with connect(Path(folder, "shows"), project="demo", user="bench", roots={"show": show}) as session:
            start = time.perf_counter()
            looked = _look(show)
            floor = time.perf_counter() - start
            start = time.perf_counter()
            plan = session.adoption.plan(show, templates=_TEMPLATES)
            planned = time.perf_counter()
            done = session.adoption.apply(plan)
            end = time.perf_counter()
            left = sum(each.count for each in plan.left)
            if not (looked == count == done.files + plan.others + left and done.files > 0.9 * count):
                raise RuntimeError(f"{looked} files, {done.files} taken in, {plan.others} others, {left} left")
    entities = sum(plan.counts.values())
    return Timing(count, floor, planned - start, end - planned, len(plan.batches), entities)


def _look(folder: Path) -> int:
    """Scan everything and ask for the status of every file."""
    count = 0
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)
                    count += 1
    return count


def _write(show: Path, paths: Iterator[str], files: int) -> int:
    made: set[str] = set()
    for path in itertools.islice(paths, files):
        folder = path.rpartition("/")[0]
        if folder not in made:
            (show / folder).mkdir(parents=True, exist_ok=True)
            made.add(folder)
        with (show / path).open("xb"):
            pass
    return files


def _mixed() -> Iterator[str]:
    """Assets and shots in turn: work files, publishes of two formats, textures, rendered frames, caches, and litter."""
    index = 0
    while True:
        asset, shot = f"asset{index:05d}", f"sequences/sq{index // 20:03d}/sh{index:05d}"
        for step in ("model", "rig"):
            place = f"assets/char/{asset}/{step}"
            yield from (f"{place}/work/maya/{asset}.v{number:03d}.ma" for number in range(1, 7))
            yield from (f"{place}/publish/{step}.v{n:03d}.{ext}" for n in range(1, 7) for ext in ("ma", "usd"))
        yield from (f"assets/char/{asset}/look/textures/skin/v001/skin.{tile}.exr" for tile in range(1001, 1021))
        for number in range(1, 4):
            images, cache = f"{shot}/comp/images/beauty/v{number:03d}", f"{shot}/fx/cache/v{number:03d}"
            yield from (f"{images}/sh{index:05d}.{frame}.exr" for frame in range(1001, 1061))
            yield from (f"{cache}/sh{index:05d}.{frame}.vdb" for frame in range(1001, 1004))
            yield from (f"{shot}/anim/publish/anim.v{number:03d}.{ext}" for ext in ("ma", "abc"))
            yield f"{shot}/anim/work/maya/sh{index:05d}.v{number:03d}.ma"
        yield f"{shot}/anim/work/maya/.DS_Store"
        index += 1


def _single() -> Iterator[str]:
    index = 0
    while True:
        place = f"assets/char/asset{index:05d}/model/publish"
        yield from (f"{place}/{product}.v{n:03d}.usd" for product in ("body", "proxy") for n in range(1, 11))
        index += 1


def main() -> int:
    """Show where the time goes."""
    for name, paths, files in (("a show", _mixed, FILES), ("one file a version", _single, FILES // 5)):
        timing = measure(paths, files)
        parts = {"looking": timing.floor, "planning": timing.planning, "committing": timing.committing}
        told = ", ".join(f"{what} {seconds / timing.files * 1e6:.0f} us" for what, seconds in parts.items())
        print(f"{name}: {timing.files:,} files, {timing.entities:,} things in {timing.commits} commits: ", end="")
        print(f"{timing.files / timing.whole:,.0f} files/s; for each file: {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
