"""One template beside the least that could write and read its paths, and beside lucidity where that is installed."""

from __future__ import annotations

import importlib.util
import random
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs
from measure import Figure, paired

from bifrost_sdk.domain.templates.template import Template

COUNT = 2_000
SEED = 7
ROUNDS = 41  # short ones, so many of them
GOAL = "<= 2x"

PLAIN = "{root}/{project}/assets/{asset_type}/{asset}/{task}/publish/v{version:03}/{asset}_{task}.{ext}"
READER = (
    r"(?P<root>[^/]+)/(?P<project>[^/]+)/assets/(?P<asset_type>[^/]+)/(?P<asset>[^/]+)/(?P<task>[^/]+)"
    r"/publish/v(?P<version>[0-9]+)/(?P=asset)_(?P=task)\.(?P<ext>[^/.]+)"
)
OPTIONAL = "{project}/assets/{asset}[/{variant}]/v{version:03}/{asset}[.{frame:04}].{ext}"
OPTIONAL_WRITER = "{project}/assets/{asset}/{variant}/v{version:03}/{asset}.{frame:04}.{ext}"
OPTIONAL_READER = (
    r"(?P<project>[^/]+)/assets/(?P<asset>[^/]+)(?:/(?P<variant>[^/]+))?/v(?P<version>[0-9]+)"
    r"/(?P=asset)(?:\.(?P<frame>[0-9]+))?\.(?P<ext>[^/.]+)"
)


@attrs.frozen
class Bench:
    """A template, what str.format and one regular expression make of the same paths, and 2,000 different values."""

    template: Template
    writer: str
    reader: re.Pattern[str]
    values: Sequence[Mapping[str, Any]]
    paths: Sequence[str]

    @classmethod
    def of(cls, text: str, writer: str, reader: str) -> Bench:
        """The bench of a template; all three agree on every path before anything is measured."""
        template = Template(text)
        values = list(_values(tuple(template.tokens)))
        paths = [template.format(given) for given in values]
        made = cls(template, writer, re.compile(reader), values, paths)
        assert len(set(paths)) == COUNT
        assert [template.match(path) for path in paths] == values
        assert [writer.format(**given) for given in values] == paths
        assert [made.texts(path) for path in paths] == [_texts(template, given) for given in values]
        return made

    def texts(self, path: str) -> dict[str, str]:
        """What the regular expression reads."""
        found = self.reader.fullmatch(path)
        assert found is not None
        return found.groupdict()


def templates() -> Iterator[Figure]:
    """Writing and reading, plain and with optional parts."""
    plain = Bench.of(PLAIN, PLAIN, READER)
    optional = Bench.of(OPTIONAL, OPTIONAL_WRITER, OPTIONAL_READER)
    yield from _writing("", plain)
    yield _reading("", plain)
    yield from _writing(", two optional parts", optional)
    yield _reading(", two optional parts", optional)
    yield from _lucidity(plain)


def _writing(name: str, bench: Bench) -> Iterator[Figure]:
    def floor() -> None:
        for given in bench.values:
            bench.writer.format(**given)

    def ours() -> None:
        for given in bench.values:
            bench.template.format(given)

    def ours_by_name() -> None:
        for given in bench.values:
            bench.template.format(**given)

    yield _figure(f"write a path{name} (floor: str.format)", _paired(ours, floor), GOAL)
    yield _figure(f"write a path{name}, values by name", _paired(ours_by_name, floor), GOAL)


def _reading(name: str, bench: Bench) -> Figure:
    def floor() -> None:
        for path in bench.paths:
            bench.reader.fullmatch(path).groupdict()  # type: ignore[union-attr]  # each was seen to match

    def ours() -> None:
        for path in bench.paths:
            bench.template.match(path)

    return _figure(f"read a path{name} (floor: one regular expression)", _paired(ours, floor), GOAL)


def _lucidity(bench: Bench) -> Iterator[Figure]:
    """The same paths by lucidity, which wants its numbers written beforehand."""
    if importlib.util.find_spec("lucidity") is None:
        print("lucidity is not installed, so it is not measured: pip install lucidity", file=sys.stderr)
        return
    import lucidity

    peer = lucidity.Template("bench", PLAIN.replace(":03", ":[0-9]+"), anchor=lucidity.Template.ANCHOR_BOTH)
    values = [_texts(bench.template, given) for given in bench.values]
    assert [peer.format(given) for given in values] == bench.paths
    assert [peer.parse(path) for path in bench.paths] == values

    def write() -> None:
        for given in values:
            peer.format(given)

    def floor_write() -> None:
        for given in bench.values:
            bench.writer.format(**given)

    def read() -> None:
        for path in bench.paths:
            peer.parse(path)

    def floor_read() -> None:
        for path in bench.paths:
            bench.reader.fullmatch(path).groupdict()  # type: ignore[union-attr]  # each was seen to match

    yield _figure("write a path, by lucidity", _paired(write, floor_write), "")
    yield _figure("read a path, by lucidity", _paired(read, floor_read), "")


def _values(names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """As many different values for these names."""
    chance = random.Random(SEED)  # noqa: S311  # not for secrets
    for number in range(COUNT):
        values = {
            "root": "shows",
            "project": f"project{chance.randrange(10)}",
            "asset_type": chance.choice(["char", "prop", "env"]),
            "asset": f"asset{number}",
            "task": chance.choice(["model", "rig", "lookdev"]),
            "variant": chance.choice(["clean", "torn"]),
            "version": chance.randrange(1, 2000),
            "frame": chance.randrange(1, 20_000),
            "ext": chance.choice(["usd", "abc", "exr"]),
        }
        yield {name: values[name] for name in names}


def _texts(template: Template, values: Mapping[str, Any]) -> dict[str, str]:
    return {name: template.tokens[name].write(value) for name, value in values.items()}


def _paired(ours: Callable[[], object], floor: Callable[[], object]) -> tuple[float, float, float]:
    return paired(ours, floor, rounds=ROUNDS)


def _figure(name: str, times: tuple[float, float, float], goal: str) -> Figure:
    ours, floor, ratio = times
    return Figure(name, "path", ours / COUNT * 1e6, floor / COUNT * 1e6, ratio, goal, f"{COUNT:,} paths")


if __name__ == "__main__":
    for found in templates():
        print(f"{found.name}: {found.ours:.2f} us, floor {found.floor:.2f} us, {found.ratio:.2f}x {found.goal}")
