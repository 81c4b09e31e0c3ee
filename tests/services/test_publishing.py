from __future__ import annotations

import concurrent.futures
import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain.changes import Change, Commit
from bifrost_sdk.domain.filesets import FileSet
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import AssetDependency, Version
from bifrost_sdk.errors import (
    BifrostError,
    CatalogError,
    ConfigurationError,
    ConflictError,
    NetworkError,
    NotFoundError,
    StorageError,
    ValidationError,
)
from bifrost_sdk.ports import Catalog, View
from bifrost_sdk.services import publishing, recovery, watchers
from bifrost_sdk.services.context import Context, Item
from bifrost_sdk.services.dependencies import Dependency
from bifrost_sdk.services.manifests import Manifest, digest
from bifrost_sdk.services.workspace import SENTINEL
from bifrost_sdk.session import Session, connect, init

HERO = "bifrost://demo/assets/char/hero"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with an artist's files."""
    folder = tmp_path / "source"
    (folder / "Kit" / "textures").mkdir(parents=True)
    for name in ("hero_final2.usda", "hero.png", "sim.bgeo.sc", "Kit/Kit.usd", "Kit/a.usd", "Kit/textures/b.png"):
        (folder / name).write_text(f"content of {name}")
    for frame in (1001, 1002, 1005):
        (folder / f"beauty.{frame:06d}.exr").write_text(f"frame {frame}")
        for tile in (1001, 1011):
            (folder / f"tex.{tile}.{frame}.exr").write_text(f"tile {tile} {frame}")
    return folder


@pytest.fixture
def hero(session: Session) -> str:
    return session.assets.create("demo", "char", "hero").ref


def root_of(session: Session) -> Path:
    return session.context.roots["publish"]


def files_of(session: Session) -> set[str]:
    """Everything below the root but its sentinel, without the folders of a publish that is through."""
    root = root_of(session)
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} - {SENTINEL}


def versions_of(session: Session) -> list[tuple[int | None, str]]:
    found = session.iterate(Query("version", project="demo").sort("number"))
    return [(version.number, version.state) for version in found]


def names_of(session: Session, version: Version) -> dict[str, list[str]]:
    return {item.name: [file.name for file in item.files] for item in session.versions.representations(version)}


class Spoiled:
    """A catalog whose commits can be spoiled, before or after they are carried out."""

    def __init__(self, catalog: Catalog, spoil: Callable[[str, str], None]) -> None:
        self._catalog = catalog
        self._spoil = spoil

    def commit(self, project: str, changes: Sequence[Change], *, key: str | None = None, comment: str = "") -> Commit:
        self._spoil("before", key or "")
        commit = self._catalog.commit(project, changes, key=key, comment=comment)
        self._spoil("after", key or "")
        return commit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalog, name)


def spoiled(session: Session, spoil: Callable[[str, str], None]) -> Context:
    catalog: Any = Spoiled(session.context.catalog, spoil)
    return attrs.evolve(session.context, catalog=catalog)


# What a version holds


def test_version_is_whole_when_published(session: Session, source: Path, hero: str) -> None:
    version = session.publish(
        hero,
        "model",
        {"usd": source / "hero_final2.usda", "preview": str(source / "hero.png")},
        comment="first",
        description="long",
        tags=["main"],
        metadata={"polygons": 12},
        source="hero.ma",
    )
    assert (version.ref, version.state, version.number) == (f"{HERO}/model/v001", "published", 1)
    assert (version.comment, version.description, version.tags, version.source) == (
        "first",
        "long",
        ("main",),
        "hero.ma",
    )
    assert version.metadata == {"polygons": 12}
    assert version.lease_until is None
    assert names_of(session, version) == {"usd": ["model.usda"], "preview": ["preview.png"]}
    path = session.resolve(f"{hero}/model/latest/model.usd")
    assert path.read_bytes() == (source / "hero_final2.usda").read_bytes()
    assert not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    folder = "demo/assets/char/hero/model/v001"
    assert files_of(session) == {f"{folder}/{name}" for name in ("model.usda", "preview.png", "manifest.json")}


def test_hashes_vouch_for_each_other_when_published(session: Session, source: Path, hero: str) -> None:
    version = session.publish(hero, "model", {"usd": source / "hero.png"})
    (item,) = session.versions.representations(version)
    content = (source / "hero.png").read_bytes()
    assert item.files[0].hash == f"sha256:{hashlib.sha256(content).hexdigest()}"
    written = (root_of(session) / item.folder / "manifest.json").read_bytes()
    assert version.manifest == digest(written)
    manifest = Manifest.from_bytes(written)
    assert (manifest.version, manifest.number, manifest.path) == (version.id, 1, "assets/char/hero/model")
    assert [attrs.evolve(found, project="demo") for found in manifest.representations] == [
        attrs.evolve(item, revision=0, created_at=None, created_by="", updated_at=None, updated_by="")
    ]


def test_numbers_go_on_when_published_again(session: Session, source: Path, hero: str) -> None:
    numbers = [session.publish(hero, "model", {"usd": source / "hero.png"}).number for _ in range(3)]
    assert numbers == [1, 2, 3]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"usd": "hero_final2.usda"}, {"usd": ["model.usda"]}),
        ({"cache": "sim.bgeo.sc"}, {"cache": ["cache.bgeo.sc"]}),
        ({"usd": ["hero_final2.usda", "hero.png"]}, {"usd": ["model.usda", "hero.png"]}),
        ({"kit": "Kit"}, {"kit": ["kit/Kit.usd", "kit/a.usd", "kit/textures/b.png"]}),
        ({"usd": ["Kit/Kit.usd", "Kit/textures"]}, {"usd": ["model.usd", "textures/b.png"]}),
        ({"usd": ["Kit", "hero.png"]}, {"usd": ["Kit/Kit.usd", "Kit/a.usd", "Kit/textures/b.png", "hero.png"]}),
        ({"exr": "beauty.######.exr"}, {"exr": ["model.<FRAME>.exr"]}),
        ({"beauty": "beauty.%06d.exr"}, {"beauty": ["beauty.<FRAME>.exr"]}),
        ({"tex": "tex.<UDIM>.####.exr"}, {"tex": ["tex.<UDIM>.<FRAME>.exr"]}),
        ({"usd": ["hero_final2.usda", "beauty.$F6.exr"]}, {"usd": ["model.usda", "beauty.<FRAME>.exr"]}),
    ],
)
def test_files_are_named_after_what_they_are_when_published(
    session: Session, source: Path, hero: str, files: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    def located(value: Any) -> Any:
        return [str(source / name) for name in value] if isinstance(value, list) else source / value

    wanted = {key: located(value) for key, value in files.items()}
    version = session.publish(hero, "model", wanted, frames="1001,1002,1005")
    assert names_of(session, version) == expected


def test_set_keeps_its_numbers_when_published(
    session: Session, source: Path, hero: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(source)
    beauty = FileSet("beauty.<FRAME>.exr", padding=6, frames=FrameRange.parse("1001-1002"))
    version = session.publish(hero, "render", {"exr": beauty, "tex": "tex.<UDIM>.%04d.exr"}, frames="1001,1002,1005")
    exr, tex = session.versions.representations(version)
    if exr.name != "exr":
        exr, tex = tex, exr
    (file,) = exr.files
    assert (file.name, file.padding, str(file.frames), file.count) == ("render.<FRAME>.exr", 6, "1001-1002", 2)
    assert (str(tex.files[0].frames), tex.files[0].udims, tex.files[0].count) == (
        "1001,1002,1005",
        (1001, 1011),
        6,
    ) or (tex.files[0].frames == FrameRange.parse("1001,1002,1005"))
    place = root_of(session) / exr.folder
    assert (place / "render.001002.exr").read_text() == "frame 1002"
    assert not (place / "render.001005.exr").exists()
    lines = "".join(
        f"sha256:{hashlib.sha256(text.encode()).hexdigest()}  {len(text)}  render.{frame:06d}.exr\n"
        for frame, text in ((1001, "frame 1001"), (1002, "frame 1002"))
    )
    assert file.hash == digest(lines.encode())


def test_pattern_is_a_plain_file_when_one_has_that_name(session: Session, source: Path, hero: str) -> None:
    (source / "odd.####.exr").write_text("odd")
    version = session.publish(hero, "render", {"exr": source / "odd.####.exr"})
    assert names_of(session, version) == {"exr": ["render.exr"]}


def test_links_are_followed_when_published(session: Session, source: Path, hero: str) -> None:
    (source / "link.usda").symlink_to(source / "hero_final2.usda")
    (source / "Kit" / "more").symlink_to(source / "Kit" / "textures")
    version = session.publish(hero, "model", {"usd": source / "link.usda", "kit": source / "Kit"})
    assert "kit/more/b.png" in names_of(session, version)["kit"]
    assert not session.resolve(f"{version.ref}/model.usda").is_symlink()


def test_owner_is_any_node_when_published(session: Session, source: Path, hero: str) -> None:
    shot = session.shots.create("demo", "sq010", "sh020")
    files = {"usd": source / "hero.png"}
    owners: list[Item] = [
        hero,
        session.get(hero),
        session.get(hero).id,
        shot,
        "bifrost://demo",
        "bifrost://demo/shots/sq010",
    ]
    refs = [session.publish(owner, f"product{index}", files).ref for index, owner in enumerate(owners)]
    assert refs[3:] == [
        "bifrost://demo/shots/sq010/sh020/product3/v001",
        "bifrost://demo/product4/v001",
        "bifrost://demo/shots/sq010/product5/v001",
    ]


def test_task_and_status_are_set_when_named(session: Session, source: Path, hero: str) -> None:
    task = session.tasks.create(hero, "modelling")
    code = session.find(Query("status", project="demo").limit(1)).entities[0].code
    version = session.publish(hero, "model", {"usd": source / "hero.png"}, task=task, status=code)
    assert version.task == task.id
    assert session.get(version.status or "").code == code  # type: ignore[attr-defined]  # a status
    with pytest.raises(NotFoundError, match="no status"):
        session.publish(hero, "model", {"usd": source / "hero.png"}, status="nonsense")


def test_other_folder_is_taken_when_a_moved_node_left_files_there(session: Session, source: Path, hero: str) -> None:
    first = session.publish(hero, "model", {"usd": source / "hero.png"})
    session.assets.rename(hero, "old")
    again = session.assets.create("demo", "char", "hero")
    second = session.publish(again, "model", {"usd": source / "hero_final2.usda"})
    assert second.number == 1
    paths = [session.resolve(f"bifrost://demo/~{version.id}") for version in (first, second)]
    assert paths[0].parent.name == "v001"
    assert paths[1].parent.name == f"v001-{second.id[-12:]}"
    assert paths[1].read_bytes() == (source / "hero_final2.usda").read_bytes()


# What it was made of


def test_dependencies_are_exact_when_given_in_any_form(session: Session, source: Path, hero: str) -> None:
    files = {"usd": source / "hero.png"}
    made = [session.publish(hero, f"part{index}", files) for index in range(5)]
    needed: list[Dependency] = [
        f"{hero}/part0/latest",
        made[1].id,
        made[2],
        AssetDependency(made[3].id, kind="weak", purpose="look"),
        f"{hero}/part4",
    ]
    version = session.publish(hero, "model", files, depends_on=needed)
    assert [item.version for item in version.dependencies] == [each.id for each in made]
    assert [item.kind for item in version.dependencies] == ["strong", "strong", "strong", "weak", "strong"]
    single = session.publish(hero, "rig", files, depends_on=version.ref)
    assert [item.version for item in single.dependencies] == [version.id]


def test_every_unfit_dependency_is_named_when_refused(session: Session, source: Path, hero: str) -> None:
    with pytest.raises(ValidationError) as caught:
        session.publish(hero, "rig", {"usd": source / "hero.png"}, depends_on=[f"{hero}/model", f"{hero}/look/v002"])
    assert [issue.code for issue in caught.value.issues] == ["dependency.missing"] * 2
    assert versions_of(session) == []


# What is refused before a number is taken


@pytest.mark.parametrize(
    ("files", "error", "text"),
    [
        ({}, ValidationError, "nothing to publish"),
        ({"usd": []}, ValidationError, "no file"),
        ({"usd": 3}, ValidationError, "is no file"),
        ({"usd": ""}, ValidationError, "is no file"),
        ({"usd": "missing.usd"}, StorageError, "No such file"),
        ({"usd": "missing.####.exr"}, StorageError, "no file is there for .*missing.%04d.exr"),
        ({"usd": "nowhere/missing.####.exr"}, StorageError, "cannot read"),
        ({"usd": "a.####.####.exr"}, ValidationError, "one frame token"),
        ({"usd": "a.####:.exr"}, ValidationError, "Windows reads a drive"),
        ({"usd": "empty"}, StorageError, "holds no files"),
        ({"usd": "round"}, StorageError, "leads back"),
        ({"usd": "self.usd"}, StorageError, "(?i)symbolic link|cannot read"),
        ({"usd": "pipe"}, StorageError, "is no file; a pipe"),
        ({"usd": "nul\0.usd"}, StorageError, "cannot read"),
        ({"usd": "Kit", "USD": "hero.png"}, ValidationError, "are one name"),
        ({"usd": ["hero.png", "Kit/a.usd", "other/a.usd"]}, ValidationError, "which is taken by"),
        ({"usd": ["hero.png", "Kit/A.usd"], "abc": ["hero.png", "Kit/a.usd"]}, ValidationError, "which is taken by"),
        ({"usd": ["hero.png", "manifest.json"]}, ValidationError, "the manifest of every version"),
        ({"usd": ["hero.png", "Kit", "other/Kit"]}, ValidationError, "which is taken by"),
        ({"usd": ["hero.png", "other/Kit", "Kit"]}, ValidationError, "which is taken by"),
        ({"usd": ["hero.png", "100%.png"]}, ValidationError, "percent"),
        ({"bad key": "hero.png"}, ValidationError, "code"),
        ({"tex": "gap.<UDIM>.####.exr"}, StorageError, "No such file"),
    ],
)
def test_request_is_refused_when_files_are_unfit(
    session: Session, source: Path, hero: str, files: dict[str, Any], error: type[BifrostError], text: str
) -> None:
    (source / "empty").mkdir()
    (source / "round").mkdir()
    (source / "round" / "again").symlink_to(source / "round")
    (source / "self.usd").symlink_to(source / "self.usd")
    os.mkfifo(source / "pipe")
    (source / "other").mkdir()
    for name in ("other/a.usd", "manifest.json", "100%.png", "Kit/A.usd", "other/Kit"):
        (source / name).write_text("x")
    for name in ("gap.1001.0001.exr", "gap.1002.0002.exr"):
        (source / name).write_text("x")

    def located(value: Any) -> Any:
        if isinstance(value, list):
            return [source / name for name in value]
        return source / value if isinstance(value, str) and value else value

    with pytest.raises(error, match=text):
        session.publish(hero, "model", {key: located(value) for key, value in files.items()})
    assert versions_of(session) == []
    assert files_of(session) == set()
    assert session.products.of(hero) == []


def test_request_is_refused_when_a_path_in_the_version_would_be_too_long(
    session: Session, source: Path, hero: str
) -> None:
    deep = source.joinpath("kit", *["folder" * 30] * 6)
    deep.mkdir(parents=True)
    (deep / "a.usd").write_text("x")
    with pytest.raises(ValidationError, match=r"kit/folder.* is longer than 1000 .*take shorter names"):
        session.publish(hero, "kit", {"kit": source / "kit"})
    assert versions_of(session) == []


@pytest.mark.parametrize("files", ["a.usda", ["a.usda", "b.usda"], Path("a.usda")])
def test_request_is_refused_when_files_have_no_representation(session: Session, hero: str, files: Any) -> None:
    with pytest.raises(ValidationError, match=r'names no representation.*give \{"usd": "hero.usda"\}'):
        session.publish(hero, "model", files)
    assert versions_of(session) == []


@pytest.mark.parametrize("place", ["", "shows", "shows/publish", "link", "shows/work/other"])
def test_request_is_refused_when_a_folder_holds_the_root_or_a_workspace(
    session: Session, hero: str, tmp_path: Path, place: str
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "shows")
    init(tmp_path / "shows/work/other/deep", user="anna")
    with pytest.raises(ValidationError, match=r"holds .*(where published files lie|a workspace)"):
        session.publish(hero, "model", {"usd": tmp_path / place})
    assert versions_of(session) == []


@pytest.mark.parametrize("place", ["hero.png", "Kit", "Kit/textures"])
def test_request_is_refused_when_a_source_may_not_be_looked_at(
    session: Session, source: Path, hero: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Path.stat

    def refuse(path: Path, *arguments: Any, **options: Any) -> os.stat_result:
        if path == source / place:
            raise PermissionError(13, "Permission denied", str(path))
        return look(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", refuse)
        with pytest.raises(StorageError, match=r"cannot read .*Permission denied"):
            session.publish(hero, "model", {"usd": source / place.partition("/")[0]})
    assert versions_of(session) == []


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom permissions stop")
def test_request_is_refused_when_a_file_is_unreadable(session: Session, source: Path, hero: str) -> None:
    (source / "hero.png").chmod(0)
    with pytest.raises(StorageError, match="Permission denied"):
        session.publish(hero, "model", {"usd": source / "hero.png"})
    assert versions_of(session) == []


def test_request_is_refused_when_its_document_would_be_too_large(session: Session, source: Path, hero: str) -> None:
    many = source / "many"
    many.mkdir()
    for index in range(600):
        (many / f"file_{index:04d}_of_a_long_list.txt").write_text("x")
    with pytest.raises(ValidationError, match="600 files are too many"):
        session.publish(hero, "model", {"usd": many})
    assert versions_of(session) == []


@pytest.mark.parametrize("owner", ["bifrost://demo/assets/char/nobody", "bifrost://nowhere/assets/char/hero"])
def test_request_is_refused_when_the_owner_is_not_there(session: Session, source: Path, owner: str) -> None:
    with pytest.raises(NotFoundError):
        session.publish(owner, "model", {"usd": source / "hero.png"})


def test_request_is_refused_when_the_owner_can_have_no_products(session: Session, source: Path, hero: str) -> None:
    version = session.publish(hero, "model", {"usd": source / "hero.png"})
    for owner in (version, version.product):
        with pytest.raises(ValidationError):
            session.publish(owner, "more", {"usd": source / "hero.png"})
    assert len(files_of(session)) == 2


def test_request_is_refused_when_the_view_is_of_the_past(session: Session, source: Path, hero: str) -> None:
    with pytest.raises(ValidationError, match="the past cannot be changed"):
        session.at(session.revision("demo")).publish(hero, "model", {"usd": source / "hero.png"})


def test_request_is_refused_when_there_is_no_root(session: Session, source: Path, hero: str) -> None:
    context = attrs.evolve(session.context, storages={})
    with pytest.raises(ConfigurationError, match="the root 'publish' has no folder on this machine"):
        publishing.publish(context, hero, "model", {"usd": source / "hero.png"})


def test_root_is_not_made_when_it_is_not_there(session: Session, source: Path, hero: str, tmp_path: Path) -> None:
    with connect(tmp_path / "shows", user="anna", roots={"publish": tmp_path / "mnt" / "shows"}) as other:
        with pytest.raises(StorageError) as caught:
            other.publish(hero, "model", {"usd": source / "hero.png"})
        advice = "is not there; mount it or set BIFROST_SDK_ROOT_PUBLISH"
        assert str(caught.value) == f"the root 'publish' ({tmp_path / 'mnt' / 'shows'}) {advice}"
    assert versions_of(session) == []
    assert not (tmp_path / "mnt").exists()


# What goes wrong on the way


def assert_nothing_is_left(session: Session, *, attempts: int = 1) -> None:
    assert files_of(session) == set()
    assert [state for _, state in versions_of(session)] == ["abandoned"] * attempts
    assert session.recover().findings == ()


@pytest.mark.parametrize("change", ["grow", "touch", "vanish", "replace"])
def test_nothing_is_left_when_a_source_changes_meanwhile(
    session: Session, source: Path, hero: str, change: str
) -> None:
    other = source / "hero.png"

    def spoil(done: int, total: int) -> None:
        if change == "grow":
            other.write_text("x" * 99)
        elif change == "touch":
            os.utime(other, ns=(1, 1))
        elif change == "vanish":
            other.unlink(missing_ok=True)
        else:
            other.rename(source / "kept")
            (source / "copy").write_text("content of hero.png")
            (source / "copy").rename(other)

    with pytest.raises(StorageError, match=r"was changed while|cannot read"):
        session.publish(hero, "model", {"usd": source / "hero_final2.usda", "png": other}, progress=spoil)
    assert_nothing_is_left(session)


@pytest.mark.skipif(sys.platform != "linux", reason="needs files that do not say how large they are")
@pytest.mark.parametrize("transfer", ["copy", "move", "link"])
def test_nothing_is_left_when_a_source_holds_more_than_its_size(session: Session, hero: str, transfer: Any) -> None:
    with pytest.raises(StorageError, match="was changed while it was copied"):
        session.publish(hero, "model", {"txt": "/proc/cpuinfo"}, transfer=transfer)
    assert files_of(session) == set()


def test_nothing_is_left_when_cancelled(session: Session, source: Path, hero: str) -> None:
    seen: list[tuple[int, int]] = []
    files = {"usd": source / "hero_final2.usda", "png": source / "hero.png"}
    with pytest.raises(StorageError, match="cancelled") as caught:
        session.publish(
            hero, "model", files, progress=lambda *counts: seen.append(counts), cancel=lambda: len(seen) == 2
        )
    assert caught.value.reason == "cancelled"
    assert_nothing_is_left(session)
    assert seen == [(27, 46), (46, 46)]


def test_nothing_is_left_when_interrupted(session: Session, source: Path, hero: str) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.publish(hero, "model", {"usd": source / "hero.png"}, progress=interrupt)
    assert_nothing_is_left(session)


def test_nothing_is_left_when_the_place_is_taken(session: Session, source: Path, hero: str) -> None:
    place = root_of(session) / "demo/assets/char/hero/model/v001"

    def take(done: int, total: int) -> None:
        place.mkdir(parents=True, exist_ok=True)
        (place / "theirs").write_text("theirs")

    with pytest.raises(ConflictError, match="exists already"):
        session.publish(hero, "model", {"usd": source / "hero.png"}, progress=take)
    assert files_of(session) == {"demo/assets/char/hero/model/v001/theirs"}
    second = session.publish(hero, "model", {"usd": source / "hero.png"})
    assert second.number == 2


@pytest.mark.parametrize("step", ["reserve", "finalise"])
def test_nothing_is_left_when_a_commit_is_refused(session: Session, source: Path, hero: str, step: str) -> None:
    def refuse(moment: str, key: str) -> None:
        if (moment, key.rpartition(":")[2]) == ("before", step):
            raise NetworkError("no answer")

    with pytest.raises(NetworkError):
        publishing.publish(spoiled(session, refuse), hero, "model", {"usd": source / "hero.png"})
    assert files_of(session) == set()
    assert [state for _, state in versions_of(session)] == (["abandoned"] if step == "finalise" else [])


def test_version_is_published_when_only_the_answer_was_lost(session: Session, source: Path, hero: str) -> None:
    def lose(moment: str, key: str) -> None:
        if moment == "after" and key.endswith(":finalise"):
            raise NetworkError("the answer was lost")

    version = publishing.publish(spoiled(session, lose), hero, "model", {"usd": source / "hero.png"})
    assert (version.state, version.number) == ("published", 1)
    assert len(files_of(session)) == 2


def test_version_stays_published_when_interrupted_after_it_was(session: Session, source: Path, hero: str) -> None:
    def interrupt(moment: str, key: str) -> None:
        if moment == "after" and key.endswith(":finalise"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publishing.publish(spoiled(session, interrupt), hero, "model", {"usd": source / "hero.png"})
    assert versions_of(session) == [(1, "published")]
    assert len(files_of(session)) == 2


def test_everything_waits_for_recovery_when_the_catalog_is_gone(session: Session, source: Path, hero: str) -> None:
    def fail(moment: str, key: str) -> None:
        if moment == "before" and key.endswith((":finalise", ":abandon")):
            raise NetworkError("no answer")

    with pytest.raises(NetworkError):
        publishing.publish(spoiled(session, fail), hero, "model", {"usd": source / "hero.png"}, lease=1)
    assert versions_of(session) == [(1, "reserved")]
    assert len(files_of(session)) == 2


def test_no_file_stays_when_an_unfinished_version_cannot_be_abandoned(
    session: Session, source: Path, hero: str
) -> None:
    def fail(moment: str, key: str) -> None:
        if moment == "before" and key.endswith(":abandon"):
            raise CatalogError("the disk is full")

    files = {"usd": source / "hero.png", "preview": source / "hero_final2.usda"}
    with pytest.raises(StorageError, match="cancelled"):
        publishing.publish(spoiled(session, fail), hero, "model", files, cancel=lambda: bool(files_of(session)))
    assert versions_of(session) == [(1, "reserved")]
    assert files_of(session) == set()


def test_abandoned_files_go_when_only_the_answer_of_abandoning_was_lost(
    session: Session, source: Path, hero: str
) -> None:
    def fail(moment: str, key: str) -> None:
        if (moment, key.rpartition(":")[2]) in {("before", "finalise"), ("after", "abandon")}:
            raise NetworkError("no answer")

    with pytest.raises(NetworkError):
        publishing.publish(spoiled(session, fail), hero, "model", {"usd": source / "hero.png"})
    assert_nothing_is_left(session)


def test_lease_is_kept_alive_when_publishing_takes_long(
    session: Session, source: Path, hero: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str] = []
    context = spoiled(session, lambda moment, key: keys.append(key) if moment == "before" else None)
    now = [0.0]
    monkeypatch.setattr(watchers.time, "monotonic", lambda: now[0])

    def advance(done: int, total: int) -> None:
        now[0] += 400.0
        assert recovery.recover(session.context).subjects("waiting") == (f"{HERO}/model/v001",)

    version = publishing.publish(
        context, hero, "model", {"usd": source / "hero.png", "png": source / "sim.bgeo.sc"}, progress=advance
    )
    assert sum(":renew:" in key for key in keys) == 2
    assert version.state == "published"


def test_publisher_stops_when_its_lease_was_lost(session: Session, source: Path, hero: str) -> None:
    version_ids: list[str] = []

    def lose(done: int, total: int) -> None:
        (version,) = session.iterate(Query("version", project="demo").where(state="reserved"))
        version_ids.append(version.id)
        session.context.catalog.commit("demo", [publishing_change(version)])

    with pytest.raises(ConflictError):
        session.publish(hero, "model", {"usd": source / "hero.png"}, progress=lose)
    assert_nothing_is_left(session, attempts=3)


def publishing_change(version: Version) -> Change:
    from bifrost_sdk.domain.changes import Update

    return Update(version.id, {"state": "abandoned"}, expected=version.revision)


# Keys


def test_first_version_answers_when_a_key_is_used_again(session: Session, source: Path, hero: str) -> None:
    files = {"usd": source / "hero.png"}
    first = session.publish(hero, "model", files, key="nightly")
    assert session.publish(hero, "model", files, key="nightly") == first
    session.versions.retire(first)
    assert session.publish(hero, "model", files, key="nightly").state == "retired"
    assert versions_of(session) == [(1, "retired")]
    with pytest.raises(ConflictError, match="used for another commit"):
        session.publish(hero, "model", files, key="nightly", comment="other")


@pytest.mark.parametrize("change", ["node", "template"])
def test_first_version_answers_when_its_files_would_lie_elsewhere_now(
    session: Session, source: Path, hero: str, change: str
) -> None:
    owner = session.get(hero)
    first = session.publish(owner, "model", {"usd": source / "hero.png"}, key="nightly", comment="first")
    if change == "node":
        owner = session.assets.update(owner, code="villain")
    else:
        own = {"asset_version": {"path": "{project}/lib/{asset}.{product}.v{version}", "root": "publish"}}
        session.templates.apply("demo", {"extends": "film", "templates": own})
    found = session.publish(owner, "model", {"usd": source / "hero.png"}, key="nightly", comment="first")
    assert found.id == first.id
    with pytest.raises(ConflictError, match="used for another commit"):
        session.publish(owner, "model", {"usd": source / "hero.png"}, key="nightly", comment="other")
    (source / "hero.png").write_text("CONTENT of hero.png")
    with pytest.raises(ConflictError, match="has other content"):
        session.publish(owner, "model", {"usd": source / "hero.png"}, key="nightly", comment="first")
    assert versions_of(session) == [(1, "published")]


@pytest.mark.parametrize(
    ("files", "difference"),
    [
        ({"usd": "hero.png"}, "preview: preview.usda was published, and is not asked for"),
        ({"usd": "hero.png", "preview": "hero_final2.usda", "abc": "sim.bgeo.sc"}, "abc: model.bgeo.sc was not"),
        ({"usd": "hero.png", "preview": "longer.usda"}, "preview: preview.usda has another size"),
        ({"usd": "hero.png", "preview": "alike.usda"}, "preview: preview.usda has other content"),
    ],
)
def test_key_is_refused_when_other_files_are_asked_for(
    session: Session, source: Path, hero: str, files: dict[str, str], difference: str
) -> None:
    kept = (source / "hero_final2.usda").read_text()
    (source / "longer.usda").write_text(kept + "x")
    (source / "alike.usda").write_text(kept[:-1] + "x")
    first = {"usd": source / "hero.png", "preview": source / "hero_final2.usda"}
    version = session.publish(hero, "model", first, key="nightly")
    with pytest.raises(ConflictError) as caught:
        session.publish(hero, "model", {key: source / name for key, name in files.items()}, key="nightly")
    assert difference in str(caught.value)
    assert caught.value.blockers == (version.ref,)
    assert session.publish(hero, "model", first, key="nightly") == version


def test_key_answers_with_the_first_version_when_a_set_is_asked_for_again(
    session: Session, source: Path, hero: str
) -> None:
    files = {"exr": [source / "beauty.######.exr", source / "tex.<UDIM>.####.exr"], "kit": source / "Kit"}
    options: Any = {"key": "nightly", "frames": FrameRange.parse("1001,1002,1005")}
    first = session.publish(hero, "model", files, **options)
    assert session.publish(hero, "model", files, **options) == first
    (source / "beauty.001001.exr").write_text("frame 1OO1")
    with pytest.raises(ConflictError, match=r"model\.<FRAME>\.exr has other content"):
        session.publish(hero, "model", files, **options)


@pytest.mark.parametrize("frames", [None, "1001-1005", "1001,1002,1005,1006"])
def test_request_is_refused_when_frames_are_missing(session: Session, source: Path, hero: str, frames: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        session.publish(hero, "model", {"exr": source / "beauty.######.exr"}, frames=frames)
    assert [issue.code for issue in caught.value.issues] == ["sequence.holes"]
    assert versions_of(session) == []


def test_key_is_refused_when_its_version_is_not_published(session: Session, source: Path, hero: str) -> None:
    files = {"usd": source / "hero.png"}

    def fail(moment: str, key: str) -> None:
        if moment == "before" and key.endswith((":finalise", ":abandon")):
            raise NetworkError("no answer")

    with pytest.raises(NetworkError):
        publishing.publish(spoiled(session, fail), hero, "model", files, key="nightly")
    with pytest.raises(ConflictError, match="is being published under this key"):
        session.publish(hero, "model", files, key="nightly")
    (version,) = session.iterate(Query("version", project="demo"))
    session.context.catalog.commit("demo", [publishing_change(version)])
    again = session.publish(hero, "model", files, key="nightly")
    assert (again.number, session.publish(hero, "model", files, key="nightly")) == (2, again)


# Many at once

RACER = """
import sys
import bifrost_sdk as bf
with bf.connect(sys.argv[1], user="anna") as session:
    for _ in range(int(sys.argv[3])):
        print(session.publish("bifrost://demo/assets/char/hero", "model", {"usd": sys.argv[2]}).number)
"""


def race(session: Session, source: Path, *, count: int) -> list[int]:
    command = [sys.executable, "-c", RACER, str(session.settings.folder), str(source / "hero.png"), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]


def test_numbers_are_gapless_when_processes_race_and_others_recover(session: Session, source: Path, hero: str) -> None:
    outcomes: set[str] = set()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        racers = [pool.submit(race, session, source, count=10) for _ in range(4)]
        while not all(racer.done() for racer in racers):
            outcomes |= {finding.outcome for finding in session.recover().findings}
    numbers = [number for racer in racers for number in racer.result()]
    assert outcomes <= {"waiting"}
    assert sorted(numbers) == list(range(1, 41))
    assert versions_of(session) == [(number, "published") for number in range(1, 41)]
    content = (source / "hero.png").read_bytes()
    for number in range(1, 41):
        assert session.resolve(f"{hero}/model/v{number:03d}").read_bytes() == content
    assert len(files_of(session)) == 80
    assert session.recover().findings == ()


def test_view_is_what_dependencies_are_read_in_when_pinned(session: Session, source: Path, hero: str) -> None:
    files = {"usd": source / "hero.png"}
    first = session.publish(hero, "model", files)
    pins = session.pin([f"{hero}/model/latest"])
    session.publish(hero, "model", files)
    product = session.products.get(f"{hero}/model")
    for needed in (f"{hero}/model/latest", f"{hero}/model", product.id, f"bifrost://demo/~{product.id}"):
        version = session.pinned(pins).publish(hero, "rig", files, depends_on=[needed])
        assert [item.version for item in version.dependencies] == [first.id], needed
    assert View(pins=pins) == session.pinned(pins).view
