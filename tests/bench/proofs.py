"""The proof of 200 templates as a studio has them: how long each part of it takes."""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from measure import Figure, alone

from bifrost_sdk.domain.templates import outlines, proof
from bifrost_sdk.domain.templates.language import Node
from bifrost_sdk.domain.templates.proof import Disjoint, Witness
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.domain.templates.tokens import StringToken

PLACES = (
    "{project}/assets/{asset_type}/{asset}/{task}",
    "{project}/library/{asset_type}/{asset}[/{collection}]/{task}",
    "{project}/shots/[{episode}/]{sequence}/{shot}/{task}",
    "{project}/sequences/[{episode}/]{sequence}/{task}",
    "{project}/episodes/{episode}/{task}",
)
FILES = (
    "work/{user}/{task}_{variant}.v{version:03d}.ma",
    "work/{user}/{task}_{variant}.v{version:03d}.hiplc",
    "work/{user}/nuke/{task}[_{variant}].v{version:03d}.nk",
    "work/{user}/scripts/{task}.py",
    "output/v{version:03d}/{task}[_{variant}].####.exr",
    "output/v{version:03d}/{task}[_{variant}].mov",
    "cache/v{version:03d}/{task}[_{variant}][.####].abc",
    "cache/v{version:03d}/{task}[_{variant}][.####].bgeo.sc",
    "cache/v{version:03d}/{task}[_{variant}].vdb",
    "publish/{product}/v{version:03d}/{product}.usd",
    "publish/{product}/v{version:03d}/{product}[.####].abc",
    "publish/{product}/v{version:03d}/tex/{product}[_{variant}].<UDIM>.exr",
    "publish/{product}/v{version:03d}/tex/{product}[_{variant}].<UDIM>.tx",
    "publish/{product}/v{version:03d}/preview/{product}.####.jpg",
    "publish/{product}/v{version:03d}/preview.mp4",
    "review/{date}/{task}_{user}.v{version:03d}.mov",
    "review/{date}/notes/{user}[_{variant}].md",
    "reference/{variant}.{ext}",
    "render/{app}/v{version:03d}/[{product}/]beauty[.{variant}].####.exr",
    "render/{app}/v{version:03d}/[{product}/]crypto[.{variant}].####.exr",
    *(f"publish/{{product}}/v{{version:03d}}/lod{level}/{{product}}[_{{variant}}].abc" for level in range(10)),
    *(f"delivery/{{date}}/{vendor}/{{task}}.v{{version:03d}}.mov" for vendor in ("north", "south", "east", "west")),
    *(f"delivery/{{date}}/{vendor}/{{task}}.####.dpx" for vendor in ("north", "south", "east", "west")),
    "settings.yaml",
    "thumbnail[.{variant}].png",
)


def languages() -> list[Node]:
    """What the templates stand for: folders may hold underscores, names in files none."""
    wide = StringToken(characters=r"\w-")
    tokens = dict.fromkeys(("project", "asset_type", "asset", "episode", "sequence", "shot"), wide)
    return [Template(f"{place}/{file}", tokens=tokens).language for place, file in itertools.product(PLACES, FILES)]


def proving() -> Iterator[Figure]:
    """The whole proof and its parts; nothing of a segment is known before each round."""
    nodes = languages()
    claims = [proof.Claim(node) for node in nodes]
    pairs = list(itertools.combinations(claims, 2))
    found = Counter(type(verdict) for verdict in _verdicts(nodes))
    assert found[Disjoint] + found[Witness] == len(nodes) + len(pairs)
    size = f"{len(nodes)} templates"
    work = (
        (f"prove {len(nodes) + len(pairs):,} pairs", lambda: _verdicts(nodes), "<= 1000 ms"),
        ("make the templates' graphs", lambda: [proof.Claim(node) for node in nodes], "<= 250 ms"),
        ("compare two by two", lambda: [proof.compare(one, other) for one, other in pairs], "<= 500 ms"),
        ("read each in two ways", lambda: [proof.readings(claim) for claim in claims], "<= 400 ms"),
    )
    for name, part, goal in work:
        yield Figure(name, "us", alone(lambda part=part: _cold(part)) * 1e6, None, None, goal, size)


def _verdicts(nodes: Sequence[Node]) -> list[proof.Verdict]:
    claims = [proof.Claim(node) for node in nodes]
    compared = itertools.starmap(proof.compare, itertools.combinations(claims, 2))
    return [*map(proof.readings, claims), *compared]


def _cold(work: Callable[[], object]) -> object:
    outlines._shared.cache_clear()
    outlines._meetings.cache_clear()
    return work()


def main() -> int:
    """Measure and print; the exit status tells whether every goal was met."""
    figures = list(proving())
    for figure in figures:
        verdict = "met" if figure.is_met else "missed"
        print(f"{figure.name} ({figure.size}): {figure.ours / 1e3:.0f} ms ({figure.goal}: {verdict})")
    return int(not all(figure.is_met for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
