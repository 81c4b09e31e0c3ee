"""Thumbnails and previews: small pictures made of what was published, and added to the version it is of.

They are made in a temporary folder and then added like any other representation, whole or not at all.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import attrs

from bifrost_sdk.domain.frames import FrameRate
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import LEASE, Product, Representation, Version
from bifrost_sdk.errors import ConflictError, Issue, StorageError, ValidationError
from bifrost_sdk.services import additions, attributes, contents, images, places, sources
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.deliveries import Published
from bifrost_sdk.services.watchers import Cancel, Progress

THUMBNAIL: Final = "thumbnail"
PREVIEW: Final = "preview"

#: The longest sides, in pixels: of a thumbnail, of a preview that is one picture, and of one that moves.
THUMBNAIL_SIZE: Final = 512
PICTURE_SIZE: Final = 1920
FILM_SIZE: Final = 640

#: So many pictures a preview shows at most, evenly taken from the frames there are.
FRAMES: Final = 96

_LARGEST: Final = 4096
_MOST: Final = 240
_TILES_IN_A_ROW: Final = 10

# A follower that dies while it adds must not be in the way of the one that comes after it, in seconds.
_FOLLOWER_LEASE: Final = 60

_DEFAULT_RATE: Final = FrameRate.parse("24")

#: Extension and content of what was made.
_File: TypeAlias = tuple[str, bytes]


@attrs.frozen
class Footage:
    """Pictures that belong together: of a sequence with their frames, of tiles with their numbers, or one alone.

    `end` is the frame behind the last one.
    """

    paths: Sequence[Path]
    frames: Sequence[int] = ()
    tiles: Sequence[int] = ()
    end: int = 0

    def thinned(self, most: int) -> Footage:
        """At most so many frames of it."""
        picked = _picked(len(self.paths), most)
        return attrs.evolve(
            self, paths=[self.paths[index] for index in picked], frames=[self.frames[index] for index in picked]
        )

    @property
    def main(self) -> Path:
        """The one that stands for all: the middle frame, else the first."""
        return self.paths[len(self.paths) // 2 if self.frames else 0]


def thumbnail(
    context: Context,
    version: Item,
    *,
    source: sources.Item | None = None,
    size: int = THUMBNAIL_SIZE,
    cancel: Cancel | None = None,
    lease: int = LEASE,
) -> Representation:
    """Add a small picture to a version: of its sequence (the middle frame), of its first picture, or of `source`.

    Its longest side has at most `size` pixels, 1 to 4096.

    Raises:
        ValidationError: the version has a thumbnail, is not published, or has no picture that can be read.
        StorageError: a picture is damaged, has too many pixels or a format that cannot be read, or `cancel` said so.
        ConfigurationError: the extra ``images`` is missing.
    """
    made = _version(context, version, THUMBNAIL)
    _check("size", size, _LARGEST)
    footage = _footage(context, made, source)

    def make(watch: Callable[[], None]) -> _File:
        watch()
        return images.encode(images.shrink(footage.main, size))

    return _added(context, made, THUMBNAIL, make, cancel=cancel, lease=lease)


def preview(
    context: Context,
    version: Item,
    *,
    source: sources.Item | None = None,
    size: int | None = None,
    frames: int = FRAMES,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    lease: int = LEASE,
) -> Representation:
    """Add a larger picture to a version; one that moves where it has a sequence, a sheet of all tiles for UDIMs.

    What moves runs as fast as the sequence, by the frame rate of the node, and shows at most so many `frames` of it (1
    to 240), evenly chosen. `size` is the longest side in pixels, at most 4096; 1920 unless said, and 640 where it
    moves. `progress` is told the pictures done and in all.

    Raises:
        ValidationError, StorageError, ConfigurationError: as for `thumbnail`.
    """
    made = _version(context, version, PREVIEW)
    _check("frames", frames, _MOST)
    footage = _footage(context, made, source)
    is_film = len(footage.frames) > 1 and frames > 1
    wanted = size if size is not None else FILM_SIZE if is_film else PICTURE_SIZE
    _check("size", wanted, _LARGEST)

    def make(watch: Callable[[], None]) -> _File:
        if is_film:
            return "webp", _film(footage.thinned(frames), wanted, _rate(context, made), watch)
        if len(footage.tiles) > 1:
            return images.encode(_sheet(footage, wanted, watch))
        watch()
        return images.encode(images.shrink(footage.main, wanted))

    total = min(frames, len(footage.paths)) if is_film else len(footage.tiles) or 1
    return _added(context, made, PREVIEW, make, cancel=cancel, lease=lease, progress=progress, total=total)


def make_thumbnail(published: Published) -> None:
    """A follower that gives each version a thumbnail that has none and holds a picture that can be read.

    Raises:
        ConflictError: somebody else is adding one.
        StorageError, ConfigurationError: as for `thumbnail`.
    """
    context, version = published.context, published.version
    found = _named(context, version, THUMBNAIL)
    if found is not None and found.is_held:
        from bifrost_sdk.services import recovery

        recovery.recover(context, version.project)  # a follower that died may hold it
        found = _named(context, version, THUMBNAIL)
        if found is not None and found.is_held:
            raise ConflictError(f"the thumbnail of {version.ref} is on its way", blockers=[found.id])
    if found is None and version.state == "published" and any(_pictures(context, version)):
        thumbnail(context, version, lease=_FOLLOWER_LEASE)


def _version(context: Context, item: Item, name: str) -> Version:
    """The version, which has no representation of that name."""
    version = context.take(Version, item)
    if _named(context, version, name) is not None:
        message, hint = f"it has a {name}, and what is published stays", "publish a new version"
        raise ValidationError(Issue(f"preview.{name}", message, "", version.ref, hint))
    return version


def _named(context: Context, version: Version, name: str) -> Representation | None:
    query = Query("representation", project=version.project).where(version=version.id, name=name)
    return next((each for each in context.find(query.limit(1)) if isinstance(each, Representation)), None)


def _check(name: str, value: int, largest: int) -> None:
    if type(value) is not int or not 1 <= value <= largest:
        raise ValidationError(Issue("preview.number", f"{value!r:.50} is no number from 1 to {largest}", name))


def _footage(context: Context, version: Version, source: sources.Item | None) -> Footage:
    """What the picture is made of: what was given, else the first of the version.

    Raises:
        ValidationError: the version holds no picture that can be read.
    """
    if source is not None:
        pieces = sources.gather("", {PREVIEW: source}, renames=False)[PREVIEW]
        piece = next((each for each in pieces if images.is_readable(each.name)), pieces[0])
        paths = [each.path for each in piece.sources]
        return _of(paths, piece.frames or (), piece.udims)
    footage = next(_pictures(context, version), None)
    if footage is None:
        message = f"it holds no picture that can be read; those of {', '.join(images.FORMATS)} can"
        raise ValidationError(Issue("preview.source", message, "source", version.ref, "give a picture of it"))
    return footage


def _pictures(context: Context, version: Version) -> Iterator[Footage]:
    """The main files of a version that are pictures, but those made here: sequences, then what is alone, then tiles."""
    query = Query("representation", project=version.project).where(version=version.id).sort("name")
    given = [each for each in context.every(query) if not (each.lease and each.name in (THUMBNAIL, PREVIEW))]
    mains = [(each, each.main) for each in given if each.main and images.is_readable(each.main.name)]
    for each, file in sorted(mains, key=lambda found: 0 if found[1].frames else 2 if found[1].udims else 1):
        folder = places.root(context.roots, each.root) / each.folder
        yield _of([folder / name for name in contents.names_of(file)], file.frames or (), file.udims)


def _of(paths: Sequence[Path], frames: Iterable[int], tiles: Sequence[int]) -> Footage:
    """Footage of a set, whose files come tile by tile; of tiles that move, the first one."""
    numbers = list(frames)
    if numbers:
        return Footage(paths[: len(numbers)], numbers, end=numbers[-1] + 1)
    return Footage(paths, tiles=tiles)


def _picked(count: int, most: int) -> list[int]:
    """At most so many of the first whole numbers, evenly, the first and the last among them.

    >>> _picked(9, 5), _picked(3, 5)
    ([0, 2, 4, 6, 8], [0, 1, 2])
    """
    if count <= most:
        return list(range(count))
    return [round(index * (count - 1) / (most - 1)) for index in range(most)]


def _film(footage: Footage, size: int, rate: FrameRate, watch: Callable[[], None]) -> bytes:
    """All pictures one after the other, each as long as until the next one."""
    pictures = []
    for path in footage.paths:
        watch()
        pictures.append(images.shrink(path, size))
    times = [round(1000 * rate.seconds(frame - footage.frames[0])) for frame in (*footage.frames, footage.end)]
    return images.animate(pictures, [max(1, times[index + 1] - times[index]) for index in range(len(pictures))])


def _sheet(footage: Footage, size: int, watch: Callable[[], None]) -> images.Picture:
    """All tiles as they lie in UV: the first row at the bottom."""
    spots = [divmod(tile - 1001, _TILES_IN_A_ROW) for tile in footage.tiles]
    left, bottom, top = min(u for _, u in spots), min(v for v, _ in spots), max(v for v, _ in spots)
    cell = max(1, size // (1 + max(max(u for _, u in spots) - left, top - bottom)))
    laid = []
    for (v, u), path in zip(spots, footage.paths, strict=True):
        watch()
        laid.append((u - left, top - v, images.shrink(path, cell)))
    return images.lay_out(laid, cell)


def _rate(context: Context, version: Version) -> FrameRate:
    """The frame rate of the node that the version is of."""
    product = context.take(Product, f"bifrost://{version.project}/~{version.product}")
    found = attributes.inherited(context, product).get("fps")
    return FrameRate.parse(str(found.value)) if found else _DEFAULT_RATE


def _added(
    context: Context,
    version: Version,
    name: str,
    make: Callable[[Callable[[], None]], _File],
    *,
    cancel: Cancel | None,
    lease: int,
    progress: Progress | None = None,
    total: int = 1,
) -> Representation:
    """Add what is made under that name; before each picture it is told how far it is, and may stop."""
    done = 0

    def watch() -> None:
        nonlocal done
        if cancel and cancel():
            raise StorageError(f"the {name} of {version.ref} was cancelled; nothing was added", reason="cancelled")
        done += 1
        if progress:
            progress(done, total)

    extension, content = make(watch)
    with tempfile.TemporaryDirectory(prefix="bifrost-") as folder:
        path = Path(folder, f"{name}.{extension}")
        path.write_bytes(content)
        (made,) = additions.add(context, version, {name: path}, cancel=cancel, lease=lease)
    return made
