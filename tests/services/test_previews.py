"""Thumbnails and previews are made of what was published, and added whole or not at all."""

from __future__ import annotations

import io
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain.versions import Representation, Version
from bifrost_sdk.errors import ConfigurationError, ConflictError, StorageError, ValidationError
from bifrost_sdk.services import previews
from bifrost_sdk.services.deliveries import Published
from bifrost_sdk.session import Session

Image = pytest.importorskip("PIL.Image", reason="needs the extra 'images'")

CONTEXT_OF: Any = runpy.run_path(str(Path(__file__).with_name("killing.py")))["context_of"]
Paint = Callable[..., Path]
FOLLOWER = "bifrost_sdk.services.previews:make_thumbnail"


@pytest.fixture
def paint(tmp_path: Path) -> Paint:
    """Write a picture of one colour: its red tells which it is."""

    def write(name: str, red: int = 0, *, size: tuple[int, int] = (96, 54)) -> Path:
        path = tmp_path / "source" / name
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", size, (red, 40, 90)).save(path)
        return path

    return write


@pytest.fixture(autouse=True)
def no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is made on the way is gone in the end, whatever happened."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    yield
    assert list((tmp_path / "temporary").iterdir()) == []


def publish(session: Session, files: dict[str, Any], **options: Any) -> Version:
    shot = session.shots.ensure("demo", "sq010", "sh020")
    return session.publish(shot, "render", files, **options)


def opened(session: Session, made: Representation) -> Any:
    assert made.main is not None
    path = session.context.roots["publish"] / made.folder / made.main.name
    return Image.open(io.BytesIO(path.read_bytes()))


def played(film: Any) -> list[tuple[int, int]]:
    """The red of each picture, and how long it is shown, in milliseconds."""
    found = []
    for index in range(film.n_frames):
        film.seek(index)
        red = red_of(film)  # what was decoded tells how long
        found.append((red, film.info["duration"]))
    return found


def red_of(image: Any) -> int:
    """Of the middle."""
    return int(image.convert("RGB").getpixel((image.width // 2, image.height // 2))[0])


def names_of(session: Session, version: Version) -> list[str]:
    return [item.name for item in session.versions.representations(version)]


def test_thumbnail_is_added_when_there_is_a_picture(session: Session, paint: Paint) -> None:
    version = publish(session, {"png": paint("a.png", 200, size=(1000, 500))})
    made = session.versions.thumbnail(version)
    assert (made.name, made.main.name if made.main else "") == ("thumbnail", "thumbnail.jpg")
    image = opened(session, made)
    assert (image.format, image.size) == ("JPEG", (512, 256))
    assert abs(red_of(image) - 200) < 4
    assert session.resolve(f"{version.ref}/thumbnail.jpg").exists()
    assert session.verify(item=version).is_clean
    with pytest.raises(ValidationError, match="it has a thumbnail"):
        session.versions.thumbnail(version)


def test_thumbnail_is_of_the_middle_frame_when_there_is_a_sequence(session: Session, paint: Paint) -> None:
    paths = [paint(f"beauty.{frame}.png", red) for frame, red in ((1001, 10), (1003, 120), (1010, 250))]
    version = publish(
        session,
        {"preview": paint("other.png", 60), "png": paths[0].with_name("beauty.####.png")},
        frames="1001,1003,1010",
    )
    assert abs(red_of(opened(session, session.versions.thumbnail(version, size=32))) - 120) < 4


def test_thumbnail_is_of_what_is_given_when_a_source_is_named(session: Session, paint: Paint, tmp_path: Path) -> None:
    (tmp_path / "hero.usda").write_text("#usda 1.0\n")
    version = publish(session, {"usd": tmp_path / "hero.usda"})
    with pytest.raises(ValidationError, match=r"holds no picture that can be read; those of bmp, gif, .* can"):
        session.versions.thumbnail(version)
    with pytest.raises(StorageError, match=r"hero\.usda is no picture that can be read"):
        session.versions.thumbnail(version, source=tmp_path / "hero.usda")
    with pytest.raises(StorageError, match=r"cannot read .*missing\.png"):
        session.versions.thumbnail(version, source=tmp_path / "missing.png")
    assert names_of(session, version) == ["usd"]
    made = session.versions.thumbnail(version, source=paint("turntable.png", 180))
    assert abs(red_of(opened(session, made)) - 180) < 4


def test_exr_is_not_pretended_to_be_read_when_it_is_all_there_is(session: Session, tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(b"\x76\x2f\x31\x01")
    version = publish(session, {"exr": tmp_path / "a.exr"})
    for make in (session.versions.thumbnail, session.versions.preview):
        with pytest.raises(ValidationError, match="give a picture of it"):
            make(version)


def test_nothing_is_added_when_the_picture_is_damaged(session: Session, paint: Paint) -> None:
    path = paint("a.png", 200)
    path.write_bytes(path.read_bytes()[:60])
    version = publish(session, {"png": path})
    for make in (session.versions.thumbnail, session.versions.preview):
        with pytest.raises(StorageError, match=r"cannot read the picture .*png\.png"):
            make(version)
    assert names_of(session, version) == ["png"]
    assert session.recover().findings == ()


def test_preview_is_one_picture_when_one_was_published(session: Session, paint: Paint) -> None:
    version = publish(session, {"png": paint("a.png", 90, size=(4000, 1000))})
    image = opened(session, session.versions.preview(version))
    assert (image.format, image.size) == ("JPEG", (1920, 480))
    other = publish(session, {"png": paint("a.png", 90, size=(40, 10))})
    assert opened(session, session.versions.preview(other, size=20)).size == (20, 5)


def test_preview_moves_as_fast_as_the_shot_when_there_is_a_sequence(session: Session, paint: Paint) -> None:
    paths = [paint(f"beauty.{frame}.png", 20 * (frame - 1000), size=(1000, 500)) for frame in range(1001, 1013)]
    version = publish(session, {"png": paths[0].with_name("beauty.####.png")})
    session.shots.update("bifrost://demo/shots/sq010/sh020", attributes={"fps": "24000/1001"})
    seen: list[tuple[int, int]] = []
    made = session.versions.preview(version, progress=lambda done, total: seen.append((done, total)))
    film = opened(session, made)
    assert (made.name, film.format, film.size, film.n_frames) == ("preview", "WEBP", (640, 320), 12)
    assert seen == [(done, 12) for done in range(1, 13)]
    assert film.info["loop"] == 0
    shown = played(film)
    assert sum(duration for _, duration in shown) == round(12 * 1001 / 24)  # milliseconds
    assert all(abs(red - 20 * number) < 8 for number, (red, _) in enumerate(shown, 1))


def test_only_what_is_shown_is_read_when_a_sequence_is_long(session: Session, paint: Paint) -> None:
    first = paint("beauty.1001.png", 10)
    for frame in range(1002, 1301):
        first.with_name(f"beauty.{frame}.png").write_text("no picture")
    for frame in (1101, 1200, 1300):  # with the first one, four evenly
        paint(f"beauty.{frame}.png", 100)
    version = publish(session, {"png": first.with_name("beauty.####.png")})
    film = opened(session, session.versions.preview(version, frames=4))
    durations = [duration for _, duration in played(film)]
    assert len(durations) == 2  # pictures that are the same are one
    assert sum(durations) == 12_500


def test_preview_is_a_sheet_when_there_are_tiles(session: Session, paint: Paint) -> None:
    tiles = {1001: 10, 1002: 120, 1012: 250}
    paths = [paint(f"skin.{tile}.png", red, size=(64, 64)) for tile, red in tiles.items()]
    version = publish(session, {"tex": paths[0].with_name("skin.<UDIM>.png")})
    assert abs(red_of(opened(session, session.versions.thumbnail(version))) - 10) < 4
    sheet = opened(session, session.versions.preview(version, size=100))
    assert sheet.size == (100, 100)
    found = [sheet.getpixel(place)[0] for place in ((25, 25), (75, 25), (25, 75), (75, 75))]
    assert all(abs(red - wanted) < 6 for red, wanted in zip(found, (32, 250, 10, 120), strict=True))


def test_nothing_is_added_when_it_is_cancelled(session: Session, paint: Paint) -> None:
    paths = [paint(f"beauty.{frame}.png", frame - 1000) for frame in range(1001, 1006)]
    version = publish(session, {"png": paths[0].with_name("beauty.####.png")})
    for count in range(6):
        answers = iter([*[False] * count, *[True] * 9])
        with pytest.raises(StorageError) as caught:
            session.versions.preview(version, cancel=answers.__next__)
        assert caught.value.reason == "cancelled"
    with pytest.raises(StorageError, match=r"the thumbnail of .* was cancelled; nothing was added"):
        session.versions.thumbnail(version, cancel=lambda: True)
    assert names_of(session, version) == ["png"]


@pytest.mark.parametrize("options", [{"size": 0}, {"size": 5000}, {"size": True}, {"frames": 0}, {"frames": 241}])
def test_number_is_refused_when_it_makes_no_sense(session: Session, paint: Paint, options: dict[str, Any]) -> None:
    version = publish(session, {"png": paint("a.png")})
    with pytest.raises(ValidationError, match="is no number from 1 to"):
        session.versions.preview(version, **options)


def follow(session: Session) -> Session:
    """The same workspace, where each publish gets a thumbnail; closed with the session that it is made of."""
    plugins = attrs.evolve(session.context.plugins, followers=(FOLLOWER,))
    return Session(attrs.evolve(session.context, plugins=plugins), settings=session.settings, is_view=True)


def told(session: Session, version: Version) -> Published:
    (event,) = [each for each in session.events("demo") if each.subject == version.id and each.operation == "create"]
    return Published(version, event, session.context)


def test_each_publish_has_a_thumbnail_when_the_follower_is_named(
    session: Session, paint: Paint, tmp_path: Path
) -> None:
    (tmp_path / "a.usda").write_text("#usda 1.0\n")
    followed = follow(session)
    pictures = publish(followed, {"png": paint("a.png", 9)})
    scene = publish(followed, {"usd": tmp_path / "a.usda"})
    own = publish(followed, {"png": paint("b.png", 9), "thumbnail": paint("c.png", 99)})
    assert names_of(session, pictures) == ["png", "thumbnail"]
    assert names_of(session, scene) == ["usd"]
    assert names_of(session, own) == ["png", "thumbnail"]
    (state,) = followed.followers.list()
    assert (state.trying, state.parked) == (None, ())


def test_nothing_happens_when_the_follower_is_told_again(session: Session, paint: Paint) -> None:
    version = publish(session, {"png": paint("a.png", 9)})
    for _ in range(2):
        previews.make_thumbnail(told(session, version))
    revision = session.revision("demo")
    previews.make_thumbnail(told(session, version))
    retired = session.versions.retire(publish(session, {"png": paint("a.png", 9)}))
    previews.make_thumbnail(told(session, retired))
    assert names_of(session, version) == ["png", "thumbnail"]
    assert names_of(session, retired) == ["png"]
    assert session.revision("demo") == revision + 3


DYING = """
import os, signal, sys
from bifrost_sdk.services import previews, staging
from bifrost_sdk.session import connect

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

staging.seal = die
with connect(sys.argv[1], user="anna") as session:
    previews.thumbnail(session.context, sys.argv[2])
"""


def test_thumbnail_is_made_when_somebody_died_while_adding_it(session: Session, paint: Paint, tmp_path: Path) -> None:
    version = publish(session, {"png": paint("a.png", 9)})
    (tmp_path / "elsewhere").mkdir()
    died = subprocess.run(
        [sys.executable, "-c", DYING, str(session.settings.folder), version.ref],
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path / "elsewhere")},
    )
    assert died.returncode == -signal.SIGKILL
    assert session.versions.representations(version)[-1].is_held
    with pytest.raises(ConflictError, match=r"the thumbnail of .* is on its way"):
        previews.make_thumbnail(told(session, version))  # its lease runs still
    with CONTEXT_OF(session.settings.folder, hours=1, piecewise=False) as later:
        previews.make_thumbnail(attrs.evolve(told(session, version), context=later))
    assert [item.is_held for item in session.versions.representations(version)] == [False, False]


def test_extra_is_named_when_it_is_not_installed(
    session: Session, paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = publish(session, {"png": paint("a.png", 9)})
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ConfigurationError, match="extra 'images'"):
        session.versions.thumbnail(version)
