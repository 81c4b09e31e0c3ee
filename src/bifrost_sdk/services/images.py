"""Pictures made small: whatever was published comes out upright, with eight bits of sRGB, and without its metadata.

Needs the extra ``images``. A picture comes from anywhere, so none is decoded before its size is known to be sane, and
only by decoders of formats that are common here. Opaque pictures are written as JPEG, which every tool reads; those
with transparency as WebP, about a tenth of the size of a PNG.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from bifrost_sdk.domain.locations import extension_of
from bifrost_sdk.errors import ConfigurationError, StorageError

if TYPE_CHECKING:  # the extra
    from PIL.Image import Image

    Picture: TypeAlias = Image

#: The extensions of formats that can be read, and Pillow's names of these.
FORMATS: Final = {
    "bmp": "BMP",
    "gif": "GIF",
    "jp2": "JPEG2000",
    "jpeg": "JPEG",
    "jpg": "JPEG",
    "pgm": "PPM",
    "png": "PNG",
    "ppm": "PPM",
    "psd": "PSD",
    "rgb": "SGI",
    "sgi": "SGI",
    "tga": "TGA",
    "tif": "TIFF",
    "tiff": "TIFF",
    "webp": "WEBP",
}

#: How large an animation may be, in bytes.
LIMIT: Final = 8_000_000

_JPEG_QUALITY: Final = 85
_WEBP_QUALITY: Final = 80
_FILM_QUALITIES: Final = (75, 50, 25)
_FILM_METHOD: Final = 2  # of 6: 4, which is usual, takes twice the time to save a thirtieth
_SMALLEST: Final = 16

# The tag of Exif that says which way up a picture is.
_ORIENTATION: Final = 0x0112

# Below this the curve of sRGB is a line.
_DARK: Final = 0.0031308

# What can be made small as it is, since its values mix; all else is first brought to eight bits.
_MIXING: Final = frozenset({"CMYK", "L", "LA", "RGB", "RGBA", "YCbCr"})


def is_readable(name: str) -> bool:
    """Whether a file of that name is a picture that can be read.

    >>> [is_readable(name) for name in ("beauty.0001.PNG", "beauty.<FRAME>.exr", "hero.usda")]
    [True, False, False]
    """
    return extension_of(name).casefold() in FORMATS


def shrink(path: Path, size: int) -> Picture:
    """The picture of a file, its longest side at most `size` pixels; a small one is not enlarged.

    Raises:
        ConfigurationError: the extra ``images`` is missing.
        StorageError: there is no such file, or it is damaged, has too many pixels or no format that can be read.
    """
    _require()
    from PIL import Image, ImageOps

    # By its name Pillow would map a TIFF that is not compressed, and from 11 on turn it wrongly.
    with _reading(path), path.open("rb") as file, Image.open(file, formats=sorted(set(FORMATS.values()))) as opened:
        profile = opened.info.get("icc_profile")
        if opened.format != "JPEG":  # which is decoded smaller at once
            opened.load()
        orientation = 1 if opened.format == "TIFF" else opened.getexif().get(_ORIENTATION, 1)  # TIFF is upright now
        image: Picture = opened
        if image.mode not in _MIXING or "transparency" in image.info:
            image = _eight_bit(image)
        image.thumbnail((size, size), Image.Resampling.LANCZOS)
        image.getexif()[_ORIENTATION] = orientation
        small = _srgb(ImageOps.exif_transpose(image), profile)
    small.info = {}
    return small


def encode(picture: Picture) -> tuple[str, bytes]:
    """The extension that fits a picture, and its file."""
    written = io.BytesIO()
    if picture.mode == "RGB":
        picture.save(written, "JPEG", quality=_JPEG_QUALITY, optimize=True, progressive=True)
        return "jpg", written.getvalue()
    _require_webp()
    picture.save(written, "WEBP", quality=_WEBP_QUALITY)
    return "webp", written.getvalue()


def animate(pictures: Sequence[Picture], durations: Sequence[int]) -> bytes:
    """An endless animation as a WebP of at most `LIMIT` bytes; each picture stays so many milliseconds.

    They take the size of the first one.
    """
    from PIL import ImageOps

    _require_webp()
    mode = "RGBA" if any(picture.mode == "RGBA" for picture in pictures) else "RGB"
    size = pictures[0].size
    shown = [
        picture if (picture.mode, picture.size) == (mode, size) else ImageOps.pad(picture.convert(mode), size)
        for picture in pictures
    ]
    while True:
        for quality in _FILM_QUALITIES:
            written = io.BytesIO()
            shown[0].save(
                written,
                "WEBP",
                save_all=True,
                append_images=shown[1:],
                duration=list(durations),
                loop=0,
                quality=quality,
                method=_FILM_METHOD,
            )
            if written.tell() <= LIMIT or min(shown[0].size) <= _SMALLEST:
                return written.getvalue()
        shown = [picture.reduce(2) for picture in shown]


def lay_out(pictures: Sequence[tuple[int, int, Picture]], cell: int) -> Picture:
    """One picture of many: each at its column and row, counted from the top left, in square cells of `cell` pixels."""
    from PIL import Image

    columns, rows = (1 + max(place) for place in zip(*((each[0], each[1]) for each in pictures), strict=True))
    sheet = Image.new("RGB", (columns * cell, rows * cell), (32, 32, 32))
    for column, row, picture in pictures:
        left, top = ((cell - side) // 2 for side in picture.size)
        mask = picture.getchannel("A") if picture.mode == "RGBA" else None
        sheet.paste(picture.convert("RGB"), (column * cell + left, row * cell + top), mask)
    return sheet


def _eight_bit(image: Picture) -> Picture:
    """The picture with values that can be mixed: no palette, no sixteen bits, no floating point."""
    if image.mode.startswith("I"):
        scale = 255 / 65535  # of 32 bits, 16 are used
        return image.convert("I").point([int(value * scale + 0.5) for value in range(65536)], "L")
    if image.mode == "F":  # linear light from 0 to 1
        return image.point(lambda value: value * 65535).convert("I").point(_curve(), "L")
    if image.mode in ("P", "PA", "L", "RGB", "1") and ("transparency" in image.info or image.mode == "PA"):
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")


def _curve() -> list[int]:
    """The curve of sRGB (IEC 61966-2-1) from linear light in 16 bits to 8."""
    lights = (value / 65535 for value in range(65536))
    return [round(255 * (12.92 * light if light <= _DARK else 1.055 * light ** (1 / 2.4) - 0.055)) for light in lights]


def _srgb(image: Picture, profile: bytes | None) -> Picture:
    """The picture in sRGB, by its own profile if it has one that can be read; transparent only where that shows."""
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    opaque = image.convert(image.mode[:-1]) if alpha else image
    colours = _converted(opaque, profile) if profile else None
    colours = (colours or opaque).convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):
        colours.putalpha(alpha)
    return colours


def _converted(image: Picture, profile: bytes) -> Picture | None:
    from PIL import ImageCms

    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None  # the profile is of another kind of picture, or damaged


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn whatever a decoder says into an error that names the file."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of metadata that is odd, which is not used
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        message = f"{path} is refused: it has more than {Image.MAX_IMAGE_PIXELS} pixels, or says so; give a smaller one"
        raise StorageError(message, path=str(path), reason="pixels") from error
    except UnidentifiedImageError as error:
        message = f"{path} is no picture that can be read; those of {', '.join(FORMATS)} can"
        raise StorageError(message, path=str(path), reason="format") from error
    except Exception as error:  # on a damaged file a decoder fails in any way
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        message = f"cannot read the picture {path}: {reason}; look at it, and write it again if it is damaged"
        raise StorageError(message, path=str(path), reason=reason) from error


def _require() -> None:
    try:
        import PIL.Image  # noqa: F401 - whether it is there
    except ImportError as error:
        message = "pictures need the extra 'images', which is not installed; run pip install 'bifrost-sdk[images]'"
        raise ConfigurationError(message, setting="images") from error


def _require_webp() -> None:
    from PIL import features

    if not features.check("webp"):
        message = "this Pillow was built without WebP; run pip install --force-reinstall pillow"
        raise ConfigurationError(message, setting="images")
