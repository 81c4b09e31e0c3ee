"""Sets of templates beside one template: reading a path, and the proof at load."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

from measure import Figure, alone, paired

from bifrost_sdk.domain.templates import verdicts
from bifrost_sdk.domain.templates.sets import TemplateSet

SIZE = 200
PATHS = 2_000

_PLACES = {
    "asset": "{project}/assets/{asset_type}/{asset}",
    "shot": "{project}/shots/{sequence}/{shot}",
    "sequence": "{project}/sequences/{sequence}",
    "user": "{project}/users/{user}",
}
_AREAS = ("work", "output", "cache", "review", "plates")
_APPLICATIONS = ("maya", "houdini", "blender", "nuke", "katana", "mari", "resolve", "substance", "unreal", "zbrush")


def document() -> Mapping[str, Any]:  # Any: YAML
    """A set of 200 templates, as studios write them: things, areas and applications, all below one root."""
    templates = {
        f"{thing}_{area}_{application}": {
            "path": f"{place}/{{task}}/{area}/{application}/{{task}}[.{{variant}}].v{{version:03d}}.{{ext}}",
            "root": "work",
        }
        for (thing, place), area, application in itertools.product(_PLACES.items(), _AREAS, _APPLICATIONS)
    }
    names = ("asset_type", "asset", "sequence", "shot", "user", "task", "variant")
    return {"templates": templates, "tokens": {name: {"characters": "a-zA-Z0-9_-"} for name in names}}


def paths(made: TemplateSet) -> list[str]:
    """Different paths of every template in turn."""
    values = {"project": "demo", "asset_type": "char", "sequence": "sq010", "user": "anna", "ext": "ma"}
    found = []
    for number, template in zip(range(PATHS), itertools.cycle(made.templates.values()), strict=False):
        given = values | {"asset": f"a{number}", "shot": f"sh{number}", "task": f"t{number % 7}", "version": number + 1}
        tokens = {name: given[name] for name in template.template.required}
        found.append(template.template.format(tokens))
    return found


def reading() -> Iterator[Figure]:
    """A path against the whole set, beside the one template that reads it."""
    made = TemplateSet.from_document(document())
    written = paths(made)
    readers = [found.template.match for path in written for found, _ in made.match("work", path)]
    assert len(readers) == len(written) == PATHS

    def whole() -> None:
        for path in written:
            made.match("work", path)

    def single() -> None:
        for match, path in zip(readers, written, strict=True):
            match(path)

    ours, floor, ratio = paired(whole, single)
    yield _figure("read a path (floor: its one template)", ours / PATHS, floor / PATHS, ratio=ratio, goal="<= 4x")
    missing = [f"{path}/more" for path in written]
    ours, floor, ratio = paired(lambda: [made.match("work", path) for path in missing], single)
    yield _figure("see that none reads a path", ours / PATHS, floor / PATHS, ratio=ratio, goal="<= 4x")


def proving() -> Iterator[Figure]:
    """The proof of the whole set, every pair and every template by itself."""
    made = TemplateSet.from_document(document())
    pairs = len(made.verdicts())
    seconds = alone(lambda: list(verdicts.judge(made.templates.values())), rounds=3)
    yield _figure(f"prove {pairs:,} pairs", seconds, None, ratio=None, goal="<= 1000 ms")


def _figure(name: str, ours: float, floor: float | None, *, ratio: float | None, goal: str) -> Figure:
    floor = None if floor is None else floor * 1e6
    return Figure(name, "us", ours * 1e6, floor, ratio, goal, f"{SIZE} templates")


def main() -> int:
    """Measure and print; the exit status tells whether every goal was met."""
    started = time.perf_counter()
    figures = [*reading(), *proving()]
    for figure in figures:
        ours = f"{figure.ours / 1e3:.0f} ms" if figure.goal.endswith("ms") else f"{figure.ours:.1f} us"
        floor = "" if figure.floor is None else f", floor {figure.floor:.1f} us, {figure.ratio:.2f}x"
        print(f"{figure.name}: {ours}{floor} ({figure.goal}: {'met' if figure.is_met else 'missed'})")
    print(f"in {time.perf_counter() - started:.1f} s")
    return int(not all(figure.is_met for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
