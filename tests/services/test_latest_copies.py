"""What lies under `latest` is the newest published version: whole, at any moment, and never an older one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from bifrost_sdk.adapters.local.storage import LocalStorage
from bifrost_sdk.domain.entity import Entity
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import ConfigurationError, StorageError
from bifrost_sdk.services import latest_copies
from bifrost_sdk.services.latest_copies import STAGED, place_of
from bifrost_sdk.services.manifests import Manifest
from bifrost_sdk.session import Session, connect

LATEST = "demo/assets/char/hero/model/latest"
COPIES = {"copy": {"*": "copy"}, "link": {"*": "link"}, "symlink": {"*": "symlink"}}


@pytest.fixture(params=["copy", "link", "symlink", "without swap", "without swap or link"])
def kept(session: Session, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session that keeps copies, in each way and on each kind of disk."""
    storage = session.context.storages["publish"]
    assert isinstance(storage, LocalStorage)
    if request.param.startswith("without"):
        storage.__dict__["capabilities"] = attrs.evolve(storage.capabilities, swaps=False)
    if request.param.endswith("or link"):
        monkeypatch.setattr(storage, "point", lambda *_: False)
    return keeping(session, COPIES.get(request.param, {"*": "copy"}))


def keeping(session: Session, ways: dict[str, str]) -> Session:
    """The same workspace with these copies; closed with the session that it is made of."""
    context = attrs.evolve(session.context, plugins=attrs.evolve(session.context.plugins, latest_copy=ways))
    return Session(context, settings=session.settings, is_view=True)


def hero_of(session: Session) -> Entity:
    return session.assets.ensure("demo", "char", "hero")


def publish(session: Session, tmp_path: Path, text: str, *, extra: str = "") -> Any:
    folder = tmp_path / "source"
    folder.mkdir(exist_ok=True)
    (folder / "hero.usda").write_text(text)
    files: dict[str, Any] = {"usd": folder / "hero.usda"}
    if extra:
        (folder / "maps").mkdir(exist_ok=True)
        (folder / "maps" / extra).write_text(text)
        files["tex"] = [folder / "maps" / extra]
    version = session.publish(hero_of(session), "model", files)
    if extra:
        (folder / "maps" / extra).unlink()
    return version


def latest(session: Session) -> dict[str, str] | None:
    """What lies there, without the manifest; None where there is nothing."""
    folder = session.context.roots["publish"] / LATEST
    if not folder.exists():
        return None
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    del files["manifest.json"]
    return {name: path.read_text() for name, path in files.items()}


def left_over(session: Session) -> list[str]:
    folder = session.context.roots["publish"] / STAGED
    return [path.name for path in folder.iterdir() if path.suffix != ".lock"] if folder.exists() else []


def test_copy_holds_the_newest_version_when_states_change(kept: Session, tmp_path: Path) -> None:
    publish(kept, tmp_path, "zero")
    for number, text in enumerate(("one", "two"), 1):
        made = publish(kept, tmp_path, text, extra=f"skin{number}.png")
        assert latest(kept) == {"model.usda": text, "tex.png": text}
    kept.versions.retire(made)
    assert latest(kept) == {"model.usda": "one", "tex.png": "one"}
    kept.versions.restore(made.ref)
    assert latest(kept) == {"model.usda": "two", "tex.png": "two"}
    kept.versions.retire(made.ref)
    kept.versions.purge(made.ref)
    assert latest(kept) == {"model.usda": "one", "tex.png": "one"}
    for version in kept.versions.of(made.product, state="published"):
        kept.versions.retire(version)
    assert latest(kept) is None
    assert not os.path.lexists(kept.context.roots["publish"] / LATEST)
    assert left_over(kept) == []
    assert kept.recover().findings == ()


def test_copy_is_what_its_way_says_when_it_is_made(session: Session, tmp_path: Path) -> None:
    root = session.context.roots["publish"]
    for way in ("copy", "link", "symlink", "copy"):
        version = publish(keeping(session, {"*": way}), tmp_path, f"as {way}")
        path = session.resolve(version.ref)
        found = root / LATEST / "model.usda"
        assert found.read_text() == f"as {way}"
        assert found.parent.is_symlink() is (way == "symlink")
        assert found.samefile(path) is (way != "copy")
        assert not found.stat().st_mode & 0o222
    assert (root / LATEST).is_dir()


def test_only_named_products_are_copied_when_the_setting_is_a_table(session: Session, tmp_path: Path) -> None:
    publish(keeping(session, {"rig": "copy"}), tmp_path, "one")
    assert latest(session) is None
    model = publish(keeping(session, {"model": "copy"}), tmp_path, "two").product
    assert latest(session) == {"model.usda": "two"}
    assert keeping(session, {}).products.copy_latest(model) is None
    assert latest(session) is None
    with pytest.raises(ConfigurationError, match="latest_copy"):
        session.products.copy_latest(model)


def test_copy_is_made_when_the_workspace_says_so(session: Session, tmp_path: Path) -> None:
    before = publish(session, tmp_path, "one")
    file = session.settings.folder / "bifrost.yaml"
    file.write_text(file.read_text() + "latest_copy: copy\n")
    with connect(session.settings.folder, user="anna") as told:
        assert [state.follower for state in told.followers.list()] == ["latest_copy"]
        held = told.products.copy_latest(before.product)
        assert held is not None
        assert (held.id, latest(told)) == (before.id, {"model.usda": "one"})
        publish(told, tmp_path, "two")
        assert latest(told) == {"model.usda": "two"}


def test_copy_never_goes_back_when_publishers_finish_out_of_order(session: Session, tmp_path: Path) -> None:
    kept = keeping(session, {"*": "copy"})
    publish(session, tmp_path, "one")
    two = publish(session, tmp_path, "two")
    seen = []
    find = kept.context.catalog.find

    class Late:
        """A catalog on which somebody publishes right after the newest version was asked for the first time."""

        def find(self, query: Any, **options: Any) -> Any:
            page = find(query, **options)
            if query.kind == "version" and len(seen) < 1:
                seen.append(publish(session, tmp_path, "three"))
            return page

        def bind(self, _: object) -> Any:
            return self

        def __getattr__(self, name: str) -> Any:
            return getattr(kept.context.catalog, name)

    late: Any = Late()
    held = latest_copies.refresh(attrs.evolve(kept.context, catalog=late), two.product)
    assert held is not None
    assert (held.number, latest(session)) == (3, {"model.usda": "three"})


def test_copy_is_made_once_more_when_it_waits_for_another_process(session: Session, tmp_path: Path) -> None:
    kept = keeping(session, {"*": "copy"})
    one = publish(session, tmp_path, "one")
    with latest_copies._alone(kept.context, "demo", 0):
        with pytest.raises(StorageError, match="another process keeps the copies of demo"):
            latest_copies.refresh(kept.context, one.product, patience=0)
        waiting = threading.Thread(target=latest_copies.refresh, args=(kept.context, one.product))
        waiting.start()
    waiting.join()
    assert latest(session) == {"model.usda": "one"}


def test_what_is_half_done_goes_when_somebody_recovers(session: Session, tmp_path: Path) -> None:
    kept = keeping(session, {"*": "copy"})
    product = publish(session, tmp_path, "one").product
    storage = session.context.storages["publish"]
    for recovering, copied in ((session, None), (kept, {"model.usda": "one"})):
        storage.write(f"{STAGED}/{product}/model.usda", [b"half"])
        with latest_copies._alone(kept.context, "demo", 0):
            assert recovering.recover().findings == ()  # somebody is at it
        (found,) = recovering.recover().findings
        assert (found.subject, found.outcome) == (f"{STAGED}/{product}", "removed")
        assert "the newest version of bifrost://demo/assets/char/hero/model was left half done" in found.reason
        assert latest(session) == copied
        assert left_over(session) == []
    storage.write(f"{STAGED}/notes/a.txt", [b"mine"])
    storage.write(f"{STAGED}/{hero_of(session).id}/a.txt", [b"mine"])
    assert {found.outcome for found in kept.recover().findings} == {"unknown"}
    assert len(left_over(session)) == 2


def test_folder_of_somebody_else_stays_when_it_has_the_place(session: Session, tmp_path: Path) -> None:
    theirs = session.context.roots["publish"] / LATEST / "notes.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    kept = keeping(session, {"*": "copy"})
    version = publish(kept, tmp_path, "one")
    assert session.resolve(version.ref).read_text() == "one"  # what was published is published
    (state,) = kept.followers.list()
    assert state.trying is not None
    assert "is no copy of a version" in state.trying.error
    assert theirs.read_text() == "mine"


def test_copy_follows_when_the_product_moves(session: Session, tmp_path: Path) -> None:
    kept = keeping(session, {"*": "copy"})
    publish(kept, tmp_path, "one")
    kept.assets.update(hero_of(kept), code="heroine")
    source = tmp_path / "source" / "hero.usda"
    heroine = kept.get("bifrost://demo/assets/char/heroine")
    kept.publish(heroine, "model", {"usd": source})
    root = kept.context.roots["publish"]
    assert not (root / LATEST).exists()
    assert (root / LATEST.replace("hero", "heroine") / "model.usda").exists()
    source.write_text("of another hero")
    other = kept.publish(hero_of(kept), "model", {"usd": source})
    assert latest(kept) == {"model.usda": "of another hero"}
    kept.versions.retire(kept.versions.latest(kept.get("bifrost://demo/assets/char/heroine/model")))
    assert latest(kept) == {"model.usda": "of another hero"}  # the old place is another product's now
    assert not (root / LATEST.replace("hero", "heroine")).exists()
    kept.versions.retire(other)
    assert latest(kept) is None


def test_copy_stays_that_of_the_first_when_a_template_gives_two_products_one_place(
    session: Session, tmp_path: Path
) -> None:
    own = {"asset_version": {"path": "{project}/lib/{asset}/v{version}", "root": "publish"}}
    session.templates.apply("demo", {"extends": "film", "templates": own})
    kept = keeping(session, {"*": "copy"})
    first = publish(kept, tmp_path, "one")
    rig = kept.publish(hero_of(kept), "rig", {"usd": tmp_path / "source" / "hero.usda"})
    folder = kept.context.roots["publish"] / "demo/lib/hero/latest"
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "model.usda"]
    assert kept.products.copy_latest(rig.product) is None
    kept.versions.retire(first)
    assert kept.products.copy_latest(rig.product) == rig
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "rig.usda"]


def test_damaged_version_is_told_when_it_is_copied(session: Session, tmp_path: Path) -> None:
    version = publish(session, tmp_path, "one")
    path = session.resolve(version.ref)
    path.chmod(0o644)
    path.write_text("other")
    kept = keeping(session, {"*": "copy"})
    with pytest.raises(StorageError, match=r"model\.usda is not what was published"):
        kept.products.copy_latest(version.product)
    (path.parent / "manifest.json").unlink()
    with pytest.raises(StorageError, match=r"manifest\.json is not what was published"):
        kept.products.copy_latest(version.product)
    assert latest(session) is None
    path.write_text("one")


def test_adopted_version_has_no_copy_when_it_is_the_newest(session: Session, tmp_path: Path) -> None:
    kept = keeping(session, {"*": "copy"})
    publish(kept, tmp_path, "one")
    lying = session.context.roots["publish"] / "old" / "hero.usda"
    lying.parent.mkdir()
    lying.write_text("adopted")
    kept.publish(hero_of(kept), "model", {"usd": lying}, transfer="adopt")
    assert latest(kept) is None


def test_scan_finds_no_stray_when_there_is_a_copy(show: Session, tmp_path: Path) -> None:
    for way in ("copy", "symlink"):
        kept = keeping(show, {"*": way})
        for product in kept.find(Query("product")):
            kept.products.copy_latest(product)
        assert len(list(show.context.roots["publish"].glob("demo/**/latest"))) == 2
        assert show.sync.scan("demo").findings == ()


@pytest.mark.parametrize(
    ("folder", "number", "place"),
    [
        ("demo/assets/char/hero/model/v012", 12, "demo/assets/char/hero/model/latest"),
        ("demo/sh020/sh020_anim_v0002/usd", 2, "demo/sh020/sh020_anim_latest/usd"),
        ("demo/sh020/anim/v020", 20, "demo/sh020/anim/latest"),
        ("demo/hero2/model", 2, "demo/hero2/model/latest"),
        ("demo/hero/V2", 2, "demo/hero/latest"),
        ("demo/hero/tex/v004/4k", 4, "demo/hero/tex/latest/4k"),
        ("demo/hero/tex/4/4k", 4, "demo/hero/tex/latest/4k"),
        ("demo/hero/anim_v001/take_1", 1, "demo/hero/anim_latest/take_1"),
        ("demo/1/hero/1", 1, "demo/1/hero/latest"),
    ],
)
def test_place_is_that_of_the_number_when_the_folder_has_one(folder: str, number: int, place: str) -> None:
    assert place_of(folder, number, "0190f3aa-0000-7000-8000-0123456789ab") == place
    assert place_of(f"{folder}-0123456789ab", number, "0190f3aa-0000-7000-8000-0123456789ab") == place


@contextlib.contextmanager
def reading(session: Session) -> Iterator[list[str]]:
    """Read the copy again and again meanwhile: what was read, of which each must be whole and known."""
    folder = session.context.roots["publish"] / LATEST
    seen: list[str] = []
    faults: list[str] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                text = (folder / "model.usda").read_text()
                Manifest.from_bytes((folder / "manifest.json").read_bytes())
            except OSError as error:
                faults.append(str(error))
                return
            if text != text[:5] * 10_000:
                faults.append(f"partial: {text[:20]} of {len(text)}")
            if not seen or seen[-1] != text[:4]:
                seen.append(text[:4])

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()
    assert faults == []


def text_of(number: int) -> str:
    return f"{number:04d} " * 10_000


@pytest.mark.parametrize("count", [8, pytest.param(50, marks=pytest.mark.slow)])
def test_reader_finds_whole_files_at_any_time_when_versions_follow_each_other(
    kept: Session, tmp_path: Path, count: int
) -> None:
    publish(kept, tmp_path, text_of(0))
    with reading(kept) as seen:
        for number in range(1, count + 1):
            publish(kept, tmp_path, text_of(number))
    assert len(seen) > 1
    assert latest(kept) == {"model.usda": text_of(count)}
    assert left_over(kept) == []


PUBLISHER = """
import sys
import bifrost_sdk as bf
with bf.connect(sys.argv[1], user="anna") as session:
    for number in range(int(sys.argv[3])):
        session.publish("bifrost://demo/assets/char/hero", "model", {"usd": sys.argv[2]})
"""


def test_copy_is_the_newest_version_when_several_processes_publish(session: Session, tmp_path: Path) -> None:
    file = session.settings.folder / "bifrost.yaml"
    file.write_text(file.read_text() + "latest_copy: copy\n")
    hero_of(session)
    publish(keeping(session, {"*": "copy"}), tmp_path, text_of(0))
    commands = []
    for number in range(3):
        source = tmp_path / f"{number}.usda"
        source.write_text(text_of(number))
        commands.append([sys.executable, "-c", PUBLISHER, str(session.settings.folder), str(source), "5"])
    with reading(session) as seen:
        running = [subprocess.Popen(command) for command in commands]
        assert [process.wait() for process in running] == [0, 0, 0]
    newest = session.resolve("bifrost://demo/assets/char/hero/model/latest")
    assert newest.parent.name == "v016"
    assert latest(session) == {"model.usda": newest.read_text()}
    assert seen


@pytest.mark.parametrize("how", ["swaps", "piecewise"])
@pytest.mark.parametrize("stride", ["7", pytest.param("1", marks=pytest.mark.slow)])
def test_copy_is_healed_when_its_maker_dies_at_any_step(
    session: Session, tmp_path: Path, how: str, stride: str
) -> None:
    file = session.settings.folder / "bifrost.yaml"
    file.write_text(file.read_text() + "latest_copy: copy\n")
    publish(keeping(session, {"*": "copy"}), tmp_path, text_of(0))
    program = Path(__file__).with_name("copying.py")
    with reading(session):
        done = subprocess.run(
            [sys.executable, str(program), str(session.settings.folder), str(tmp_path / "dying.usda"), how, stride],
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 10
    assert left_over(session) == []
