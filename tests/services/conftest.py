"""A session on a new workspace with a real catalog, for whatever a service does."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from bifrost_sdk.session import Session, connect, init


@pytest.fixture(scope="session")
def fresh_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace as `init` makes it, to be copied: that is several times as fast."""
    return init(tmp_path_factory.mktemp("fresh") / "shows", project="demo", user="anna")


@pytest.fixture
def session(tmp_path: Path, fresh_workspace: Path) -> Iterator[Session]:
    shutil.copytree(fresh_workspace, tmp_path / "shows")
    with connect(tmp_path / "shows", user="anna") as session:
        yield session


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Install a module with its entry points, by group and name, as a package of its own; the folder it is in."""

    def write(name: str, text: str, points: Mapping[str, Mapping[str, str]]) -> Path:
        folder = tmp_path / f"site-{name}"
        told = folder / f"{name}-1.0.dist-info"
        told.mkdir(parents=True)
        (folder / f"{name}.py").write_text(text)
        (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        groups = (
            f"[{group}]\n" + "".join(f"{point} = {value}\n" for point, value in named.items())
            for group, named in points.items()
        )
        (told / "entry_points.txt").write_text("\n".join(groups))
        monkeypatch.syspath_prepend(folder)
        return folder

    return write


@pytest.fixture(scope="session")
def stocked_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with published files and a work file, all of them old and as the catalog says, to be copied."""
    source = tmp_path_factory.mktemp("source")
    for name in ("hero.usda", *(f"skin.{tile}.exr" for tile in (1001, 1002, 1003))):
        (source / name).write_text(name)
    for frame in range(1001, 1006):
        (source / f"beauty.{frame}.exr").write_text(f"frame {frame}")
    folder = init(tmp_path_factory.mktemp("stocked") / "shows", project="demo", user="anna")
    with connect(folder, user="anna") as session:
        hero = session.assets.create("demo", "char", "hero")
        task = session.tasks.create(hero, "rig")
        shot = session.shots.create("demo", "sq010", "sh020")
        session.folders.create("bifrost://demo", below=True)
        session.publish(hero, "model", {"usd": source / "hero.usda", "tex": source / "skin.<UDIM>.exr"})
        session.publish(shot, "render", {"exr": source / "beauty.<FRAME>.exr"})
        scene = session.folders.path_for(task, "work", version=1, ext="ma")
        scene.parent.mkdir(parents=True)
        scene.write_text("a scene")
        for path in folder.rglob("*"):
            os.utime(path, (time.time() - 3600,) * 2)
        session.sync.apply(session.sync.plan(session.sync.scan("demo")))
    return folder


@pytest.fixture
def show(tmp_path: Path, stocked_workspace: Path) -> Iterator[Session]:
    """A session on that workspace: a model with tiles, a render of five frames, and a scene."""
    shutil.copytree(stocked_workspace, tmp_path / "shows")
    with connect(tmp_path / "shows", project="demo", user="anna") as session:
        yield session


@pytest.fixture
def save(show: Session) -> Callable[..., Path]:
    """Write a file of the show behind the catalog's back, as somebody did `age` seconds ago."""

    def write(root: str, path: str, text: str, *, age: float = 1800) -> Path:
        place = show.context.roots[root] / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)  # what is published may only be read
        place.write_text(text)
        os.utime(place, (time.time() - age,) * 2)
        return place

    return write


@pytest.fixture
def states(show: Session) -> Callable[..., dict[str, set[str]]]:
    """What a scan of the show finds that is not ok, by state: paths, those of folders with a slash."""

    def scan(**options: object) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for each in show.sync.scan(**options).findings:  # type: ignore[arg-type]  # as the test says
            found.setdefault(each.state, set()).add(each.path + "/" * (each.about == "folder"))
        return found

    return scan
