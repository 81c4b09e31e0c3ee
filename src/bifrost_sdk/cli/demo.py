"""A minute of a production, told in a few lines: what is published stays, and every state can be asked for again."""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from pathlib import Path

import attrs

from bifrost_sdk import session as sessions
from bifrost_sdk.cli import pictures
from bifrost_sdk.cli.screen import Cell, Screen
from bifrost_sdk.domain.pins import PinSet
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.session import Session

_PROJECT = "demo"
_HERO = f"bifrost://{_PROJECT}/assets/char/hero"
_SHOT = f"bifrost://{_PROJECT}/shots/sq010/sh020"
_FRAMES = (1001, 1048)
_TEXTURE = f"{_HERO}/texture/latest/color.<UDIM>.png"
_MODEL = f"{_HERO}/model/latest/model.usd"


@attrs.define
class Story:
    """The demonstration on its way. `work` holds the artist's own files, `told` what JSON will say of it."""

    session: Session
    screen: Screen
    work: Path
    rows: list[tuple[Cell, ...]] = attrs.field(factory=list)
    told: list[dict[str, object]] = attrs.field(factory=list)

    def publish(self, owner: str, product: str, files: dict[str, str], *, needs: tuple[Version, ...] = ()) -> Version:
        """Publish files that were just made."""
        paths = {key: str(self.work / name) for key, name in files.items()}
        version = self.session.publish(owner, product, paths, depends_on=needs)
        size = sum(file.size for item in self.session.versions.representations(version) for file in item.files)
        made_of = ", ".join(_short(need) for need in needs) or "-"
        self.rows.append((_short(version), f"{size:,} B", made_of))
        self.told.append({"published": version.ref, "bytes": size, "depends_on": [need.ref for need in needs]})
        return version

    def show(self, title: str, session: Session, refs: list[str]) -> None:
        """How references resolve in one state."""
        rows: list[tuple[Cell, ...]] = []
        for ref in refs:
            path = session.resolve(ref)
            inside = path.relative_to(session.context.roots["publish"] / _PROJECT).as_posix()
            rows.append((ref.removeprefix(f"bifrost://{_PROJECT}/"), (_below(ref, inside), "green")))
            self.told.append({"state": title, "reference": ref, "file": str(path)})
        self.say(title)
        self.screen.table(("reference", "leads to"), rows, indent=2)

    def say(self, text: str) -> None:
        """A line of narration."""
        self.screen.line()
        self.screen.line(text, "bold")


def run(screen: Screen, *, keep: Path | None = None, in_json: bool = False) -> int:
    """Make a workspace, publish and resolve in it, and show it; the exit status."""
    folder = keep or Path(tempfile.mkdtemp(prefix="bifrost-demo-"))
    told_to = attrs.evolve(screen, stream=io.StringIO()) if in_json else screen
    try:
        sessions.init(folder, project=_PROJECT)
        work = folder / "work"
        work.mkdir(exist_ok=True)
        with sessions.connect(folder, project=_PROJECT) as session:
            story = Story(session, told_to, work)
            _tell(story)
    finally:
        if keep is None:
            _remove(folder)
    if in_json:
        screen.document({"workspace": str(keep) if keep else None, "steps": story.told})
    else:
        end = (
            f"The workspace is kept in {folder}"
            if keep
            else "The workspace is removed again; keep one with --keep FOLDER"
        )
        story.say(end)
    return 0


def _tell(story: Story) -> None:
    started = time.perf_counter()
    first, pins, then = _first_day(story)
    _second_day(story)
    story.say("1  Two days of work, published as whole versions")
    story.screen.table(("version", "size", "made of"), story.rows, indent=2)
    story.show("2  Now: the newest, whatever the files were called", story.session, [_TEXTURE, _MODEL, f"{_SHOT}/anim"])
    story.show("3  As of the first evening", story.session.at(then), [_TEXTURE, _MODEL, f"{_SHOT}/anim"])
    story.show("4  Pinned: a render keeps what it began with", story.session.pinned(pins), [_MODEL])
    _afterwards(story, first)
    story.screen.line()
    seconds = time.perf_counter() - started
    story.screen.line(f"{len(story.rows)} versions published and all of it resolved in {seconds:.1f} s", "dim")


def _first_day(story: Story) -> tuple[Version, PinSet, int]:
    session = story.session
    session.assets.create(_PROJECT, "char", "hero", tags=["main"])
    session.shots.create(_PROJECT, "sq010", "sh020", frames="-".join(map(str, _FRAMES)))
    _paint(story.work, (70, 130, 180))
    texture = story.publish(_HERO, "texture", {"color": "paint.<UDIM>.png"})
    model = _model(story, texture, height=1.8)
    _animation(story, model, distance=4)
    return model, session.pin([_MODEL]), session.revision(_PROJECT)


def _second_day(story: Story) -> None:
    _paint(story.work, (205, 92, 92))
    texture = story.publish(_HERO, "texture", {"color": "paint.<UDIM>.png"})
    model = _model(story, texture, height=2.1)
    _model(story, texture, height=9.9)
    _animation(story, model, distance=6)


def _afterwards(story: Story, first: Version) -> None:
    """What is changed later breaks nothing that was written down before."""
    session = story.session
    session.versions.retire(session.versions.latest(f"{_HERO}/model"))
    story.show(
        "5  v003 was a slip: retired, so latest skips it, and it still resolves",
        session,
        [_MODEL, f"{_HERO}/model/v003"],
    )
    session.assets.rename(_HERO, "heroine")
    renamed = _HERO.replace("hero", "heroine")
    story.show("6  hero becomes heroine: both names lead to the same files", session, [_MODEL, f"{renamed}/model/v001"])
    users = session.versions.dependents(first).entities
    story.say("7  Who used the first model?")
    for version in users:
        story.screen.line(f"  {version.ref}", "green")
    story.told.append({"dependents": first.ref, "versions": [version.ref for version in users]})


def _paint(folder: Path, color: tuple[int, int, int]) -> None:
    for tile in (1001, 1002):
        (folder / f"paint.{tile}.png").write_bytes(pictures.checker(64 + tile % 1000, color))


def _model(story: Story, texture: Version, *, height: float) -> Version:
    (story.work / "hero_final2.usda").write_text(pictures.model(f"{texture.ref}/color.<UDIM>.png", height=height))
    return story.publish(_HERO, "model", {"usd": "hero_final2.usda", "preview": "paint.1001.png"}, needs=(texture,))


def _animation(story: Story, model: Version, *, distance: float) -> Version:
    layer = pictures.animation(f"{model.ref}/model.usd", frames=_FRAMES, distance=distance)
    (story.work / "anim.usda").write_text(layer)
    return story.publish(_SHOT, "anim", {"usd": "anim.usda"}, needs=(model,))


def _short(version: Version) -> str:
    return version.ref.removeprefix(f"bifrost://{_PROJECT}/")


def _below(ref: str, path: str) -> str:
    """The path without the part that can be read in the reference too."""
    product = path.rpartition("/v")[0]
    hidden = product if f"/{product}/" in f"{ref}/" else product.rpartition("/")[0].rpartition("/")[0]
    return f"…{path.removeprefix(hidden)}"


def _remove(folder: Path) -> None:
    """Published files are read-only, which keeps some systems from removing them."""
    for path in folder.rglob("*"):
        path.chmod(0o700)
    shutil.rmtree(folder)
