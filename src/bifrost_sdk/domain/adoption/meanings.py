"""What the values of a path say of its file: where in the tree it belongs, to which version, to which task."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import attrs

from bifrost_sdk.domain import codes, model  # noqa: F401  # the model registers the kinds
from bifrost_sdk.domain.registry import entity_type
from bifrost_sdk.domain.spelling import MAX_VERSION
from bifrost_sdk.domain.templates.compilation import SetTemplate
from bifrost_sdk.domain.templates.filling import NODE_KINDS, named_by, node_kind, nodes_of
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.domain.templates.tokens import FrameToken, UdimToken

#: The area whose files are work files.
WORK: Final = "work"

#: The kinds that a node lies below, from the top, itself the last; a layout may leave out some.
CHAINS: Final[Mapping[str, tuple[str, ...]]] = {
    "asset_type": ("asset_type",),
    "asset": ("asset_type", "asset"),
    "episode": ("episode",),
    "sequence": ("episode", "sequence"),
    "shot": ("episode", "sequence", "shot"),
    "project": (),
}

#: A node by the kinds and codes from the top of its project's tree down to it; the project itself is empty.
Place: TypeAlias = tuple[tuple[str, str], ...]


def path_of(place: Place) -> str:
    """The path of a node in its project's tree; empty for the project.

    >>> path_of((("asset_type", "char"), ("asset", "hero"))), path_of((("product", "lut"),))
    ('assets/char/hero', 'lut')
    """
    names = [code for _, code in place]
    root = entity_type(place[0][0]).root if place else ""
    return "/".join([root, *names] if root else names)


@attrs.frozen
class Claim:
    """What a path says of its file; empty where it says nothing, `number` None."""

    place: Place
    task: str = ""
    product: str = ""
    number: int | None = None
    representation: str = ""
    application: str = ""

    @property
    def versioned(self) -> Place:
        """The product whose version the file belongs to; empty where it belongs to none."""
        return (*self.place, ("product", self.product)) if self.product and self.number is not None else ()


class Trouble(NamedTuple):
    """Why a path cannot mean what it says, and the token to blame, if it is one."""

    reason: str
    token: str = ""


@attrs.frozen(eq=False)
class Meaning:
    """How the values of one template are understood.

    `sources` tells where the values of its tokens come from. `numbered` tokens only tell the files of one set apart;
    `has_tiles`: one of them is a tile's number.
    """

    template: SetTemplate
    sources: Mapping[str, str]
    numbered: frozenset[str]
    has_tiles: bool

    @classmethod
    def of(cls, templates: TemplateSet, made: SetTemplate) -> Meaning:
        """The meaning of a template in its set."""
        tokens = made.template.tokens
        tiles = {name for name, token in tokens.items() if isinstance(token, UdimToken)}
        frames = {name for name, token in tokens.items() if isinstance(token, FrameToken)}
        sources = {name: templates.sources[name] for name in tokens if name in templates.sources}
        return cls(made, sources, frozenset(tiles | frames), bool(tiles))

    @property
    def is_work(self) -> bool:
        """Whether its files are work files."""
        return self.template.area == WORK

    def claim(self, values: Mapping[str, Any], project: str) -> Claim | Trouble:  # Any: values of every type of token
        """What a file of the project is by these values."""
        named = named_by(values, self.sources)
        if named is None:
            return Trouble("two of its tokens name different things")
        fault, source = _fault_in(named, project)
        if fault:
            return Trouble(fault, self._token_of(source))
        kind = self.template.kind if self.template.kind in CHAINS else node_kind(named)
        place = tuple(nodes_of(named, kind)) if kind in NODE_KINDS else ()
        if place and place[0][0] == "asset":
            hint = "give the template a token for it, a choice of one if need be"
            return Trouble(f"an asset has a type; {hint}", self._token_of("asset_type.code"))
        return Claim(
            place,
            str(named.get("task.code", "")),
            str(named.get("product.code", "")),
            named.get("version.number"),
            str(named.get("representation.name", "")),
            str(named.get("workfile.application", "")),
        )

    def _token_of(self, source: str) -> str:
        """The token whose value comes from there; the usual one where the template has none."""
        return next((token for token, each in self.sources.items() if each == source), source.partition(".")[0])


def _fault_in(named: Mapping[str, Any], project: str) -> tuple[str, str]:  # Any: values of every type of token
    """Why what a path names cannot be so, and where that value comes from; empty where nothing is wrong."""
    if named.get("project.code", project) != project:
        return f"it belongs to the project {named['project.code']}, not to {project}", "project.code"
    for source, value in named.items():
        if source in _CODES and (fault := _code_fault(str(value))):
            return f"{value!r} is no code: {fault}", source
    number = named.get("version.number", 1)
    if type(number) is not int or not 1 <= number <= MAX_VERSION:
        return f"{number!r} is no version's number from 1 to {MAX_VERSION}", "version.number"
    return "", ""


@functools.lru_cache(maxsize=65_536)
def _code_fault(code: str) -> str:
    fault = codes.code_fault(codes.nfc(code))
    return fault.message if fault else ""


_CODES = frozenset([*(f"{kind}.code" for kind in (*NODE_KINDS, "product", "task")), "representation.name"])
