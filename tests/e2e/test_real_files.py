"""Real assets, as artists delivered them, go in and come out the same: three sets of USD files with their textures."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import Representation, Version
from bifrost_sdk.services.manifests import Manifest, digest
from bifrost_sdk.services.workspace import SENTINEL
from bifrost_sdk.session import Session, connect, init

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("BIFROST_SDK_TEST_DATA") or ROOT.parent / "shared" / "data") / "usd-wg"
SETS = ["Teapot", "Vehicles", "intent-vfx"]

#: So many files of one folder are published as one representation; what is below makes further ones.
MANY = 200


def files_of(folder: Path) -> dict[str, str]:
    """The sha256 of every file in a folder and below it, by relative path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def data(missing: Callable[[str], NoReturn]) -> Path:
    if not DATA.is_dir():
        missing(f"there are no files in {DATA}; set BIFROST_SDK_TEST_DATA to the folder that holds usd-wg")
    return DATA


@pytest.fixture(scope="module")
def before(data: Path) -> dict[str, str]:
    """What the sources were before anything was done with them."""
    return files_of(data)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory, before: dict[str, str]) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("real") / "shows"
    init(folder, project="demo", user="anna")
    with connect(folder, user="anna", project="demo") as session:
        yield session


def parts(folder: Path, key: str) -> dict[str, list[Path]]:
    """Representations that hold a whole folder: itself, or its files and then each folder in it."""
    if len(files_of(folder)) <= MANY:
        return {key: [folder]}
    found: dict[str, list[Path]] = {}
    if loose := [path for path in sorted(folder.iterdir()) if path.is_file()]:
        found[key] = loose
    for index, path in enumerate(sorted(path for path in folder.iterdir() if path.is_dir())):
        found |= parts(path, f"{key}_{index}")
    return found


def publish(session: Session, data: Path, name: str) -> Version:
    asset = session.assets.ensure("demo", "set", name.lower())
    return session.publish(asset, "delivery", parts(data / name, "files"), source=name)


def representations(session: Session, version: Version) -> list[Representation]:
    return sorted(session.versions.representations(version), key=lambda item: item.name)


@pytest.mark.parametrize("name", SETS)
def test_files_come_out_as_they_went_in_when_published(session: Session, data: Path, name: str) -> None:
    expected = sorted(files_of(data / name).values())
    for number in (1, 2):
        version = publish(session, data, name)
        assert (version.number, version.state) == (number, "published")
        listed = [file for item in representations(session, version) for file in item.files]
        assert sorted(file.hash.removeprefix("sha256:") for file in listed) == expected
        answers = session.resolve_many([f"{version.ref}/{file.name}" for file in listed])
        for file, answer in zip(listed, answers, strict=True):
            assert not isinstance(answer, Exception), file.name
            path = session.path_of(answer)
            content = path.read_bytes()
            assert (digest(content), len(content)) == (file.hash, file.size) == (answer.hash, answer.size)
            assert not path.stat().st_mode & 0o222


@pytest.mark.parametrize(
    ("source", "product"),
    [
        ("Teapot/Teapot.usd", "model"),
        ("Teapot/Teapot_Materials.usd", "look"),
        ("Vehicles/USD_Mini_Car_Kit/assets/vehicles/vehicleVariants.usda", "model"),
    ],
)
def test_main_file_is_found_by_family_when_referred_to(session: Session, data: Path, source: str, product: str) -> None:
    owner = session.assets.ensure("demo", "prop", Path(source).stem.lower())
    first = session.publish(owner, product, {"usd": data / source})
    second = session.publish(owner, product, {"usd": data / source}, depends_on=[first])
    for ref, version in ((f"{owner.ref}/{product}/v001", first), (f"{owner.ref}/{product}", second)):
        path = session.resolve(f"{ref}/{product}.usd" if ref.endswith("v001") else f"{ref}/latest/{product}.usd")
        assert path.read_bytes() == (data / source).read_bytes()
        assert path.parent.name == f"v{version.number:03d}"
    assert [item.version for item in second.dependencies] == [first.id]


def test_relative_references_hold_when_a_set_is_published_by_its_main_file(session: Session, data: Path) -> None:
    owner = session.assets.ensure("demo", "prop", "teapot")
    names = sorted(path for path in (data / "Teapot").iterdir() if path.name != "Teapot.usd")
    version = session.publish(owner, "model", {"usd": [data / "Teapot" / "Teapot.usd", *names]})
    folder = session.resolve(f"{version.ref}/model.usd").parent
    expected = files_of(data / "Teapot")
    expected["model.usd"] = expected.pop("Teapot.usd")
    found = files_of(folder)
    manifest = found.pop("manifest.json")
    assert found == expected
    assert version.manifest == f"sha256:{manifest}"
    assert len(Manifest.from_bytes((folder / "manifest.json").read_bytes()).entries) == len(expected)


def test_nothing_else_was_touched_when_all_is_published(session: Session, data: Path, before: dict[str, str]) -> None:
    assert files_of(data) == before
    root = session.context.roots["publish"]
    listed = {
        f"{item.folder}/{file.name}"
        for item in session.iterate(Query("representation", project="demo"))
        for file in item.files
    }
    manifests = {f"{name.split('/v0')[0]}/v0{name.split('/v0')[1].split('/')[0]}/manifest.json" for name in listed}
    assert set(files_of(root)) == listed | manifests | {SENTINEL}
    folder = root.parent
    beside = {path.name for path in folder.iterdir()} - {"publish", "work"}
    assert {name for name in beside if not name.startswith("catalog.sqlite")} == {"bifrost.yaml", ".bifrost"}
    assert [path for path in (folder / ".bifrost").rglob("*") if not path.is_dir()] == []
    assert {path.name for path in folder.parent.iterdir()} == {folder.name}
    assert session.recover().findings == ()
