"""Every picture comes out small, upright, with eight bits of sRGB; what is damaged or too large is refused by name."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.errors import ConfigurationError, StorageError
from bifrost_sdk.services import images

Image = pytest.importorskip("PIL.Image", reason="needs the extra 'images'")
ImageCms = pytest.importorskip("PIL.ImageCms")

Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(name: str, image: Image.Image, **options: object) -> Path:
        image.save(tmp_path / name, **options)
        return tmp_path / name

    return write


def ramp(width: int = 256, height: int = 128) -> Image.Image:
    """Black on the left, white on the right."""
    return Image.linear_gradient("L").rotate(90).resize((width, height))


def is_near(found: object, wanted: tuple[int, ...], *, by: int = 3) -> bool:
    assert isinstance(found, tuple)
    return all(abs(one - other) <= by for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize(("name", "is_one"), [("a.JPG", True), ("a.0001.tiff", True), ("a.exr", False), ("a", False)])
def test_extension_tells_what_can_be_read_when_asked(name: str, *, is_one: bool) -> None:
    assert images.is_readable(name) is is_one


def test_every_extension_names_a_format_that_is_there() -> None:
    Image.init()
    assert set(images.FORMATS.values()) <= set(Image.OPEN)


def test_longest_side_has_the_size_when_it_is_larger(save: Save) -> None:
    path = save("a.png", Image.new("RGB", (1000, 400), (200, 100, 50)))
    assert images.shrink(path, 500).size == (500, 200)
    assert images.shrink(path, 1000).size == images.shrink(path, 4096).size == (1000, 400)
    assert images.shrink(save("line.png", Image.new("RGB", (4000, 1))), 100).size == (100, 1)


@pytest.mark.parametrize(
    ("mode", "kinds"),
    [
        ("1", "png tif bmp jpg tga webp"),
        ("L", "png tif bmp jpg tga webp"),
        ("RGB", "png tif bmp jpg tga webp"),
        ("P", "png tif bmp tga webp gif"),
        ("CMYK", "tif jpg"),
    ],
)
def test_colours_are_kept_when_the_file_has_eight_bits(save: Save, mode: str, kinds: str) -> None:
    for kind in kinds.split():
        path = save(f"a.{kind}", Image.new("RGB", (64, 64), (255, 255, 255)).convert(mode))
        found = images.shrink(path, 32)
        assert (found.mode, found.size) == ("RGB", (32, 32))
        assert is_near(found.getpixel((16, 16)), (255, 255, 255))


def test_cmyk_is_seen_as_it_is_when_it_comes_from_a_printer(save: Save) -> None:
    path = save("a.jpg", Image.new("CMYK", (64, 64), (0, 255, 255, 0)))
    assert is_near(images.shrink(path, 32).getpixel((9, 9)), (255, 0, 0), by=6)


@pytest.mark.parametrize("kind", ["png", "tif"])
def test_light_is_kept_when_there_are_sixteen_bits(save: Save, kind: str) -> None:
    image = ramp().convert("I").point(lambda value: value * 257).convert("I;16")
    found = images.shrink(save(f"a.{kind}", image), 128)
    assert found.mode == "RGB"
    for column in (8, 64, 120):
        grey = ramp(128, 64).getpixel((column, 30))
        assert is_near(found.getpixel((column, 30)), (grey, grey, grey))


def test_dark_stays_dark_when_there_are_sixteen_bits(save: Save) -> None:
    image = Image.new("I", (64, 64), 200).convert("I;16")
    assert images.shrink(save("a.png", image), 32).getpixel((3, 3)) == (1, 1, 1)


def test_linear_light_is_encoded_when_it_is_floating_point(save: Save) -> None:
    for light, grey in ((-1.0, 0), (0.0, 0), (0.002, 7), (0.2140411, 128), (1.0, 255), (7.5, 255)):
        found = images.shrink(save("a.tif", Image.new("F", (64, 64), light)), 32)
        assert is_near(found.getpixel((9, 9)), (grey, grey, grey), by=1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "tif", "lzw.tif", "16.png", "16.tif"])
def test_picture_is_upright_when_the_camera_was_not(save: Save, orientation: int, kind: str) -> None:
    upright = Image.new("L", (80, 40))
    upright.paste(255, (0, 0, 20, 20))  # the top left is bright
    turn = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what undoes each orientation, as Pillow numbers it
    lying = upright.transpose(turn[orientation]) if orientation > 1 else upright
    if kind.startswith("16"):
        lying = lying.convert("I").point(lambda value: value * 257).convert("I;16")
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"compression": "tiff_lzw"} if kind.startswith("lzw") else {}
    found = images.shrink(save(f"a.{kind}", lying, exif=exif, **options), 40)
    assert found.size == (40, 20)
    assert is_near(found.getpixel((4, 4)), (255, 255, 255), by=40)
    assert all(is_near(found.getpixel(place), (0, 0, 0), by=40) for place in ((35, 4), (4, 17), (35, 17)))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P"])
def test_transparency_is_kept_when_it_hides_something(save: Save, mode: str) -> None:
    image = Image.new("RGBA", (64, 64), (200, 40, 40, 255))
    image.paste((0, 0, 0, 0), (0, 0, 32, 64))
    path = save("a.png" if mode != "PA" else "a.tif", image.convert(mode if mode != "PA" else "RGBA"))
    found = images.shrink(path, 32)
    assert found.mode == "RGBA"
    assert (found.getpixel((4, 4))[3], found.getpixel((28, 4))[3]) == (0, 255)
    kind, content = images.encode(found)
    assert kind == "webp"
    assert Image.open(io.BytesIO(content)).mode == "RGBA"


def test_transparency_goes_when_it_hides_nothing(save: Save) -> None:
    found = images.shrink(save("a.png", Image.new("RGBA", (64, 64), (9, 9, 9, 255))), 32)
    kind, content = images.encode(found)
    assert (kind, Image.open(io.BytesIO(content)).format) == ("jpg", "JPEG")


def test_colours_are_those_of_srgb_when_the_file_has_a_profile(save: Save) -> None:
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ"))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    image = Image.new("RGB", (64, 64), (180, 90, 30))
    for profile in (srgb.tobytes(), lab.tobytes(), linear.tobytes(), b"no profile at all"):
        found = images.shrink(save("a.png", image, icc_profile=profile), 32)
        assert "icc_profile" not in found.info
        if profile != linear.tobytes():
            assert is_near(found.getpixel((9, 9)), (180, 90, 30))


def test_profile_is_applied_when_it_is_another_space(save: Save) -> None:
    path = save("a.png", Image.new("RGB", (64, 64), (120, 200, 60)), icc_profile=swapped_profile())
    assert is_near(images.shrink(path, 32).getpixel((9, 9)), (200, 120, 60), by=6)


def swapped_profile() -> bytes:
    """sRGB whose first two primaries have changed places."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = content.index(b"rXYZ", 128), content.index(b"gXYZ", 128)
    content[red : red + 4], content[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(content)


def test_metadata_is_left_out_when_it_is_written(save: Save) -> None:
    exif = Image.Exif()
    exif[0x010E] = "where and who"
    path = save("a.jpg", ramp(), exif=exif, icc_profile=b"no profile", comment=b"who")
    _, content = images.encode(images.shrink(path, 64))
    assert not any(word in content for word in (b"where", b"who", b"profile"))


def png(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG that says it is of that size, whatever it holds."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [10_000, 20_000, 100_000])
def test_bomb_is_refused_when_its_header_is_huge(tmp_path: Path, side: int) -> None:
    (tmp_path / "bomb.png").write_bytes(png(side, side))
    with pytest.raises(StorageError, match=r"bomb\.png is refused: it has more than \d+ pixels") as caught:
        images.shrink(tmp_path / "bomb.png", 64)
    assert (caught.value.path, caught.value.reason) == (str(tmp_path / "bomb.png"), "pixels")


@pytest.mark.parametrize("kind", ["png", "jpg", "tif", "webp", "gif", "bmp", "tga", "sgi", "ppm", "jp2"])
def test_file_is_named_when_it_is_truncated(save: Save, kind: str) -> None:
    path = save(f"a.{kind}", Image.effect_noise((200, 200), 80).convert("RGB"))
    whole = path.read_bytes()
    for count in (0, 3, 10, 40, len(whole) // 2):
        path.write_bytes(whole[:count])
        with pytest.raises(StorageError, match=rf"a\.{kind}") as caught:
            images.shrink(path, 64)
        assert caught.value.path == str(path)


def test_error_says_what_can_be_read_when_it_is_something_else(tmp_path: Path) -> None:
    for content in (b"\x76\x2f\x31\x01 exr", b"SDPX dpx", b"%!PS-Adobe-3.0 EPSF-3.0", b"#usda 1.0\n"):
        (tmp_path / "a.png").write_bytes(content)
        with pytest.raises(StorageError, match=r"a\.png is no picture that can be read; those of bmp, gif, .* can"):
            images.shrink(tmp_path / "a.png", 64)
    with pytest.raises(StorageError, match="No such file"):
        images.shrink(tmp_path / "missing.png", 64)


def test_animation_stays_below_its_limit_when_pictures_are_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [Image.effect_noise((200, 100), 100).convert("RGB") for _ in range(5)]
    whole = images.animate(pictures, [40] * 5)
    monkeypatch.setattr(images, "LIMIT", len(whole) // 8)
    small = images.animate(pictures, [40] * 5)
    assert len(small) <= len(whole) // 8
    film = Image.open(io.BytesIO(small))
    assert film.n_frames == 5
    assert film.width in (100, 50, 25)


def test_animation_keeps_the_first_size_when_others_differ() -> None:
    pictures = [Image.new("RGB", (80, 40), (250, 0, 0)), Image.new("RGBA", (40, 40), (0, 250, 0, 128))]
    film = Image.open(io.BytesIO(images.animate(pictures, [100, 200])))
    assert (film.size, film.n_frames, film.mode) == ((80, 40), 2, "RGBA")


def test_pictures_lie_in_their_cells_when_laid_out() -> None:
    sheet = images.lay_out([(0, 0, Image.new("RGB", (10, 10), (255, 0, 0))), (1, 1, Image.new("RGB", (10, 6)))], 10)
    assert sheet.size == (20, 20)
    assert [sheet.getpixel(place) for place in ((5, 5), (15, 5), (15, 11), (15, 15))] == [
        (255, 0, 0),
        (32, 32, 32),
        (32, 32, 32),
        (0, 0, 0),
    ]


def test_extra_is_named_when_it_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in sys.modules if name == "PIL" or name.startswith("PIL.")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigurationError, match=r"pip install 'bifrost-sdk\[images\]'"):
        images.shrink(tmp_path / "a.png", 64)


def test_webp_is_asked_for_when_pillow_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import features

    monkeypatch.setattr(features, "check", lambda name: name != "webp")
    with pytest.raises(ConfigurationError, match="without WebP"):
        images.encode(Image.new("RGBA", (4, 4)))
