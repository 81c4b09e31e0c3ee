"""Many files that are one thing: image sequences, UDIM tiles, and tiles over time.

Programs write the same token in many ways (``%04d``, ``####``, ``$F4``); here it is ``<FRAME>`` with a padding, or
``<UDIM>``, and the numbers are values, so that a set can be counted, compared and listed without a disk.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import attrs

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.frames import MAX_FRAME, FrameRange
from bifrost_sdk.errors import ValidationError, refusal

FRAME: Final = "<FRAME>"
UDIM: Final = "<UDIM>"
TILES: Final = range(1001, 10_000)
"""The numbers of UDIM tiles: 1001 + u + 10 * v."""
MAX_PADDING: Final = 10
DEFAULT_PADDING: Final = 4

STYLES: Final = ("printf", "hashes", "houdini", "bifrost")
"""Ways of writing a frame token: ``%04d``, ``####``, ``$F4``, ``<FRAME>``."""

_SPELLINGS: Final = re.compile(
    r"(?P<udim><UDIM>|<udim>|%\(UDIM\)d)|(?P<frame><FRAME>)|%(?:0(?P<printf>[0-9]{1,2}))?d|(?P<hashes>#+)"
    r"|\$F(?P<houdini>[0-9]{0,2})(?![A-Za-z])|\$\{F(?P<braced>[0-9]{0,2})\}"
)
# A number before the extensions (one or several: sim.1001.bgeo.sc) is a frame, unless a lone v makes it a version.
# A minus is a sign only after a dot or underscore and not of a zero; elsewhere it joins words.
_NUMBERED: Final = re.compile(
    r"(.*?(?<![0-9])(?<!\A[vV])(?<![^A-Za-z][vV]))((?:(?<=[._])-(?=0*[1-9]))?[0-9]{1,10})((?:\.[A-Za-z][A-Za-z0-9_-]*)*)",
    re.DOTALL,
).fullmatch
_TILED: Final = re.compile(r"(.*?(?<![0-9]))([1-9][0-9]{3})([._])", re.DOTALL).fullmatch


class Place(NamedTuple):
    """Where one file stands in its set."""

    frame: int | None = None
    udim: int | None = None


def _tiles(udims: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(udims)))


def _usual_padding(files: FileSet) -> int:
    return DEFAULT_PADDING if FRAME in files.pattern else 0


@attrs.frozen
class FileSet:
    """Files of one pattern: every tile of `udims` at every frame of `frames`.

    `pattern` holds ``<FRAME>``, ``<UDIM>`` or both, once each. `padding` is what ``%04d`` says: at least so many
    characters, more for larger numbers; it is 0 without a frame token. `udims` are 1001 + u + 10 * v.
    Iterating gives the files' names, tile by tile.

    Raises:
        ValidationError: the pattern has no token or one twice, or numbers do not fit its tokens.

    >>> FileSet("tex.<UDIM>.exr", udims=(1002, 1001)).name_for(udim=1002)
    'tex.1002.exr'
    >>> list(FileSet("beauty.<FRAME>.exr", frames=FrameRange.parse("999-1000")))
    ['beauty.0999.exr', 'beauty.1000.exr']
    """

    pattern: str = attrs.field()
    padding: int = attrs.field(default=attrs.Factory(_usual_padding, takes_self=True), kw_only=True)
    frames: FrameRange = attrs.field(default=FrameRange(), kw_only=True)
    udims: tuple[int, ...] = attrs.field(default=(), kw_only=True, converter=_tiles)

    @pattern.validator
    def _has_tokens(self, _: attrs.Attribute[str], pattern: str) -> None:
        counts = pattern.count(FRAME), pattern.count(UDIM)
        if max(counts) != 1:
            hint = "write e.g. beauty.%04d.exr, beauty.####.exr, beauty.$F4.exr or tex.<UDIM>.exr"
            raise refusal("fileset.tokens", "a set has one frame token, one UDIM token, or one of each", pattern, hint)
        fault = codes.path_fault(pattern)
        if fault is not None:
            message = f"{fault.message} (at character {fault.position + 1})"
            raise refusal(f"fileset.{fault.code}", message, pattern, fault.hint)

    @padding.validator
    def _is_width(self, _: attrs.Attribute[int], padding: int) -> None:
        if not (1 <= padding <= MAX_PADDING if FRAME in self.pattern else padding == 0):
            message = f"a frame token's padding is 1 to {MAX_PADDING}, and 0 where there is none; not {padding}"
            raise refusal("fileset.padding", message, self.pattern, "use e.g. %04d")

    @frames.validator
    def _has_frame_token(self, _: attrs.Attribute[FrameRange], frames: FrameRange) -> None:
        if frames.runs and FRAME not in self.pattern:
            raise refusal("fileset.frames", "frames need a frame token", self.pattern, f"put {FRAME} in the pattern")

    @udims.validator
    def _are_tiles(self, _: attrs.Attribute[tuple[int, ...]], udims: tuple[int, ...]) -> None:
        if udims and UDIM not in self.pattern:
            raise refusal("fileset.udims", "tiles need a UDIM token", self.pattern, f"put {UDIM} in the pattern")
        if not all(tile in TILES for tile in udims):
            hint = "number tiles 1001 + u + 10 * v"
            raise refusal("fileset.udims", f"a tile is {TILES[0]} to {TILES[-1]}", self.pattern, hint)

    @classmethod
    def parse_name(cls, name: str) -> FileSet:
        """The set, still without numbers, that a name with tokens in any program's spelling describes.

        Raises:
            ValidationError: it has no token, or one twice.

        >>> [FileSet.parse_name(name).padding for name in ("a.%04d.exr", "a.###.exr", "a.$F5.exr", "a.<FRAME>.exr")]
        [4, 3, 5, 4]
        """
        paddings = [found.padding for found in placeholders(name) if found.token == FRAME]
        pattern = _SPELLINGS.sub(lambda token: UDIM if token["udim"] else FRAME, name)
        return cls(pattern, padding=paddings[0] if paddings else 0)

    @property
    def printf(self) -> str:
        """The pattern as most programs read it: ``beauty.%04d.exr``; a UDIM stays ``<UDIM>``."""
        return self.pattern.replace(FRAME, spell(FRAME, self.padding))

    def name_for(self, *, frame: int | None = None, udim: int | None = None) -> str:
        """The name of one file; it need not be among the set's numbers.

        Raises:
            ValidationError: a token has no number, a number has no token, or a tile does not exist.
        """
        if (frame is None) is (FRAME in self.pattern) or (udim is None) is (UDIM in self.pattern):
            message = f"frame={frame} and udim={udim} do not fit the tokens"
            raise refusal("fileset.place", message, self.pattern, "give one number per token")
        if udim is not None and udim not in TILES:
            raise refusal("fileset.udims", f"{udim} is no tile", self.pattern, "number tiles 1001 + u + 10 * v")
        return self._name(frame, udim)

    def match(self, name: str) -> Place | None:
        """The numbers in `name`, when it is a file of this pattern and padding, listed or not."""
        found = _matcher(self.pattern).fullmatch(name)
        if found is None:
            return None
        numbers = {token: int(digits) for token, digits in found.groupdict().items()}
        place = Place(**numbers)
        return place if self._name(place.frame, place.udim) == name else None

    def __iter__(self) -> Iterator[str]:
        udims = self.udims if UDIM in self.pattern else (None,)
        return itertools.chain.from_iterable(map(self._names, udims))  # sets are long

    def __len__(self) -> int:
        frames = len(self.frames) if FRAME in self.pattern else 1
        return frames * (len(self.udims) if UDIM in self.pattern else 1)

    def __contains__(self, name: object) -> bool:
        place = self.match(name) if isinstance(name, str) else None
        if place is None:
            return False
        return (place.frame is None or place.frame in self.frames) and (place.udim is None or place.udim in self.udims)

    def _names(self, udim: int | None) -> Iterable[str]:
        """The names of all files of one tile."""
        if FRAME not in self.pattern:
            return (self._name(None, udim),)
        name = self.pattern if udim is None else self.pattern.replace(UDIM, str(udim))
        return map(name.replace("%", "%%").replace(FRAME, f"%0{self.padding}d").__mod__, self.frames)

    def _name(self, frame: int | None, udim: int | None) -> str:
        name = self.pattern if udim is None else self.pattern.replace(UDIM, str(udim))
        return name if frame is None else name.replace(FRAME, f"{frame:0{self.padding}d}")


class Placeholder(NamedTuple):
    """A token in a name: ``FRAME`` with its padding, or ``UDIM`` with 0; `end` is exclusive."""

    token: str
    padding: int
    start: int
    end: int


def placeholders(name: str) -> list[Placeholder]:
    """The tokens of a name in any program's spelling, in their order.

    >>> placeholders("a.<UDIM>.$F4.exr")[1]
    Placeholder(token='<FRAME>', padding=4, start=9, end=12)
    """
    return [
        Placeholder(UDIM, 0, *found.span()) if found["udim"] else Placeholder(FRAME, _padding(found), *found.span())
        for found in _SPELLINGS.finditer(name)
    ]


def spell(token: str, padding: int = DEFAULT_PADDING, *, style: str = "printf") -> str:
    """`token`, which is ``FRAME`` or ``UDIM``, as programs write it; `style` is one of `STYLES`.

    ``bifrost`` does not tell the padding.

    >>> [spell(FRAME, 4, style=style) for style in STYLES]
    ['%04d', '####', '$F4', '<FRAME>']
    """
    if token == UDIM:
        return "%(UDIM)d" if style == "houdini" else UDIM
    return {"printf": f"%0{padding}d", "hashes": "#" * padding, "houdini": f"$F{padding}", "bifrost": FRAME}[style]


def collect(names: Iterable[str], *, udims: bool = False) -> list[FileSet | str]:
    """The sets in a folder's listing, and the names that belong to none, sorted by first name.

    The number before the extension is a frame. A listing cannot tell 1001 the frame from 1001 the tile: with `udims`,
    a number of 1001 to 9999 there, or right before the frame's, is a tile. A file that is alone stays a plain name.

    >>> [str(item) if isinstance(item, str) else item.printf for item in collect(["a.0998.exr", "a.1000.exr", "b.txt"])]
    ['a.%04d.exr', 'b.txt']
    """
    groups: defaultdict[str, list[_Member]] = defaultdict(list)
    items: list[FileSet | str] = []
    for name in set(names):
        pattern, member = _recognised(name, udims=udims)
        if member is None:
            items.append(name)
        else:
            groups[pattern].append(member)
    for pattern, members in groups.items():
        items.extend(_sets(pattern, members))
    return sorted(items, key=lambda item: item if isinstance(item, str) else next(iter(item)))


class _Member(NamedTuple):
    """A numbered file of a listing; `digits` is the frame as written, empty for a tile without frames."""

    name: str
    digits: str
    udim: int | None


def _padding(token: re.Match[str]) -> int:
    if token["frame"]:
        return DEFAULT_PADDING
    if token["hashes"]:
        return len(token["hashes"])
    return int(token["printf"] or token["houdini"] or token["braced"] or 1)


@functools.lru_cache(maxsize=256)
def _matcher(pattern: str) -> re.Pattern[str]:
    escaped = re.escape(pattern).replace(re.escape(FRAME), "(?P<frame>-?[0-9]{1,11})")
    return re.compile(escaped.replace(re.escape(UDIM), "(?P<udim>[1-9][0-9]{3})"))


def _recognised(name: str, *, udims: bool) -> tuple[str, _Member | None]:
    """The pattern of a numbered name and its numbers, or no member."""
    match = None if "<" in name else _NUMBERED(name)
    if match is None or abs(int(match[2])) > MAX_FRAME:
        return name, None
    head, digits, tail = match.groups()
    if not tail and "." in head and head[-1] != ".":
        return name, None  # the number belongs to the extension: clip.mp4
    tile = _TILED(head) if udims else None
    if tile is not None and int(tile[2]) in TILES:
        return f"{tile[1]}{UDIM}{tile[3]}{FRAME}{tail}", _Member(name, digits, int(tile[2]))
    number = int(digits)
    if udims and number in TILES and digits[0] != "0":
        return f"{head}{UDIM}{tail}", _Member(name, "", number)
    return f"{head}{FRAME}{tail}", _Member(name, digits, None)


def _sets(pattern: str, members: list[_Member]) -> Iterator[FileSet | str]:
    """The sets that the members of one pattern make, one a padding and a stretch of time."""
    for padding, alike in _by_padding(members).items():
        try:
            found = _grids(pattern, padding, alike)
        except ValidationError:  # a name that is no portable path, or numbers that are no frames: not a set
            yield from (member.name for member in alike)
            continue
        for files in found:
            yield files if len(files) > 1 else next(iter(files))


def _by_padding(members: list[_Member]) -> dict[int, list[_Member]]:
    """The members by padding: leading zeros give it away, other numbers take the widest one that they can have."""
    known = {len(member.digits) for member in members if member.digits.lstrip("-").startswith("0")}
    free = [len(member.digits) for member in members if not any(width <= len(member.digits) for width in known)]
    widths = sorted({*known, min(free, default=0)} if free else known)
    groups: defaultdict[int, list[_Member]] = defaultdict(list)
    for member in members:
        groups[max(width for width in widths if width <= len(member.digits))].append(member)
    return groups


def _grids(pattern: str, padding: int, members: list[_Member]) -> list[FileSet]:
    """Full grids only: tiles share a set when they have the same frames."""
    if not members[0].digits:
        return [FileSet(pattern, udims=[member.udim for member in members if member.udim])]
    times: defaultdict[int | None, list[int]] = defaultdict(list)
    for member in members:
        times[member.udim].append(int(member.digits))
    tiles: defaultdict[FrameRange, list[int]] = defaultdict(list)
    for udim, frames in times.items():
        tiles[FrameRange.of_frames(frames)].extend([] if udim is None else [udim])
    return [FileSet(pattern, padding=padding, frames=frames, udims=udims) for frames, udims in tiles.items()]
