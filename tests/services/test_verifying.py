from __future__ import annotations

import concurrent.futures
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.versions import File, Representation, Version
from bifrost_sdk.errors import NotFoundError, StorageError, ValidationError
from bifrost_sdk.services import bookmarks, verifying
from bifrost_sdk.services.inspection import Finding
from bifrost_sdk.services.manifests import digest
from bifrost_sdk.services.sources import MANIFEST
from bifrost_sdk.session import Session, connect

HERO = "bifrost://demo/assets/char/hero"
FOLDER = "demo/assets/char/hero/model/v001"


@pytest.fixture
def source(tmp_path: Path, session: Session) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "hero.usda").write_text("#usda 1.0\n")
    for frame in (1001, 1002, 1003):
        (folder / f"beauty.{frame}.exr").write_text(f"frame {frame}")
    for tile in (1001, 1011):
        (folder / f"tex.{tile}.tx").write_text(f"tile {tile}")
    session.assets.create("demo", "char", "hero")
    return folder


@pytest.fixture
def version(session: Session, source: Path) -> Version:
    files = {"usd": source / "hero.usda", "exr": source / "beauty.####.exr", "tx": source / "tex.<UDIM>.tx"}
    return session.publish(HERO, "model", files)


def root_of(session: Session) -> Path:
    return session.context.roots["publish"]


def place_of(session: Session, name: str, *, number: int = 1) -> Path:
    """A published file, which the test may damage."""
    place = root_of(session) / f"demo/assets/char/hero/model/v{number:03d}" / name
    if place.exists():
        place.chmod(0o644)
    return place


def told(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.problem, finding.path.removeprefix(f"{FOLDER}/")) for finding in findings]


def bookmarks_of(session: Session) -> list[Path]:
    return sorted((root_of(session) / bookmarks.FOLDER).glob("demo-*.json"))


def publish_many(session: Session, source: Path, count: int) -> list[Version]:
    return [session.publish(HERO, "model", {"usd": source / "hero.usda"}) for _ in range(count)]


def test_everything_is_read_when_nothing_is_wrong(session: Session, version: Version, source: Path) -> None:
    session.versions.retire(session.publish(HERO, "rig", {"usd": source / "hero.usda"}))
    before = session.revision("demo"), {path: path.stat().st_mtime_ns for path in root_of(session).rglob("v*/*")}
    seen: list[tuple[int, int]] = []
    found = session.verify("demo", progress=lambda *figures: seen.append(figures))
    assert (found.versions, found.files, found.size, found.findings) == (2, 7, 68, ())
    assert (found.is_clean, found.is_whole, found.project) == (True, True, "demo")
    assert seen[-1] == (68, 68)
    assert before == (
        session.revision("demo"),
        {path: path.stat().st_mtime_ns for path in root_of(session).rglob("v*/*")},
    )
    assert not bookmarks_of(session)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGES: dict[str, tuple[str, Callable[[Path], object], list[tuple[str, str]]]] = {
    "byte": ("model.usda", flip, [("modified", "model.usda")]),
    "byte of a frame": ("model.1002.exr", flip, [("modified", "model.1002.exr")]),
    "truncated": ("model.usda", lambda path: path.write_bytes(path.read_bytes()[:-1]), [("modified", "model.usda")]),
    "longer": ("tx.1011.tx", lambda path: path.write_bytes(path.read_bytes() + b"x"), [("modified", "tx.1011.tx")]),
    "removed": ("model.usda", Path.unlink, [("missing", "model.usda")]),
    "frame removed": ("model.1003.exr", Path.unlink, [("missing", "model.1003.exr")]),
    "folder": ("model.usda", lambda path: (path.unlink(), path.mkdir()), [("unreadable", "model.usda")]),
    "link": ("model.usda", lambda path: (path.rename(path.with_suffix(".b")), path.symlink_to("model.b")),
             [("extra", "model.b"), ("unreadable", "model.usda")]),
    "stranger": ("Thumbs.db", lambda path: path.write_text("x"), [("extra", "Thumbs.db")]),
    "stranger's folder": ("a/b.txt", lambda path: (path.parent.mkdir(), path.write_text("")), [("extra", "a/b.txt")]),
    "no manifest": (MANIFEST, Path.unlink, [("manifest", MANIFEST)]),
    "damaged manifest": (MANIFEST, lambda path: path.write_text("{"), [("manifest", MANIFEST)]),
    "changed manifest": (MANIFEST, lambda path: path.write_text(path.read_text() + " "), [("manifest", MANIFEST)]),
    "newer manifest": (MANIFEST, lambda path: path.write_text('{"schema": 99}'), [("manifest", MANIFEST)]),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found_when_files_are_not_what_they_were(session: Session, version: Version, damage: str) -> None:
    name, do, expected = DAMAGES[damage]
    place = place_of(session, name)
    do(place)
    found = session.verify("demo")
    assert told(found.findings) == expected
    assert {(finding.version, finding.ref, finding.root) for finding in found.findings} == {
        (version.id, version.ref, "publish")
    }
    assert not found.is_clean
    assert found.is_whole


def test_set_is_told_as_a_whole_when_the_manifest_is_lost(session: Session, version: Version) -> None:
    place_of(session, MANIFEST).unlink()
    flip(place_of(session, "model.1002.exr"))
    place_of(session, "tx.1001.tx").unlink()
    assert told(session.verify("demo").findings) == [
        ("manifest", MANIFEST),
        ("modified", "model.<FRAME>.exr"),
        ("missing", "tx.1001.tx"),
    ]


def test_forged_manifest_vouches_for_nothing_when_it_fits_the_damage(session: Session, version: Version) -> None:
    """Who changes a file and what the manifest says of it is found out by the hashes in the catalog."""
    frame, manifest = place_of(session, "model.1002.exr"), place_of(session, MANIFEST)
    old = digest(frame.read_bytes())
    flip(frame)
    manifest.write_text(manifest.read_text().replace(old, digest(frame.read_bytes())))
    assert told(session.verify("demo").findings) == [("manifest", MANIFEST), ("modified", "model.<FRAME>.exr")]


def test_manifest_of_another_version_is_found_when_it_was_put_here(
    session: Session, version: Version, source: Path
) -> None:
    publish_many(session, source, 1)
    place_of(session, MANIFEST).write_bytes(place_of(session, MANIFEST, number=2).read_bytes())
    (finding,) = session.verify("demo").findings
    assert (finding.problem, finding.reason) == ("manifest", "it is that of another version")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="who may read everything is refused nothing")
def test_file_is_told_when_it_may_not_be_read(session: Session, version: Version) -> None:
    place_of(session, "model.usda").chmod(0)
    assert told(session.verify("demo").findings) == [("unreadable", "model.usda")]


def test_file_is_told_when_the_disk_refuses_to_read(
    session: Session, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    cls = type(session.context.storages["publish"])
    read = cls.read

    def refuse(storage: Any, path: str) -> Iterator[bytes]:
        if path.endswith(("model.usda", MANIFEST)):
            raise StorageError(f"cannot read {path}", path=path, reason="Input/output error")
        return read(storage, path)  # type: ignore[no-any-return]  # as the real one

    monkeypatch.setattr(cls, "read", refuse)
    found = session.verify("demo").findings
    assert told(found) == [("unreadable", "model.usda"), ("manifest", MANIFEST)][::-1]
    assert {finding.reason for finding in found} == {"Input/output error"}


def test_nothing_is_called_missing_when_the_share_is_not_there(session: Session, version: Version) -> None:
    root = root_of(session)
    root.rename(root.with_name("away"))
    for reason in ("is not there", "has no sentinel"):
        (finding,) = session.verify("demo").of("unreadable")
        assert reason in finding.reason
        assert not session.verify("demo").of("missing", "modified")
        root.mkdir(exist_ok=True)


def adopt(session: Session, *files: File, folder: str = "old", root: str = "publish") -> Version:
    product = session.products.create(HERO, f"p{len(session.products.of(HERO))}")
    version = Version(id=session.context.new_id(), product=product.id, state="published")
    item = Representation(
        id=session.context.new_id(), version=version.id, name="usd", root=root, folder=folder, files=files
    )
    session.commit([Create(version), Create(item)], project="demo")
    return session.versions.get(version.id)


def test_adopted_files_are_looked_at_when_their_hash_is_not_known(session: Session, source: Path) -> None:
    place = root_of(session) / "old"
    place.mkdir()
    for name in ("a.usda", "b.usda", "c.1.exr", "c.2.exr", "stranger.txt"):
        (place / name).write_text(name)
    adopt(session, File("a.usda", 6, ""), File("b.usda", 7, ""), File("gone.usda", 7, ""))
    adopt(session, File("c.<FRAME>.exr", 14, "", frames="1-2", padding=1, count=2))
    adopt(session, File("c.<FRAME>.exr", 15, "", frames="1-2", padding=1, count=2))
    found = session.verify("demo")
    assert [(finding.problem, finding.path) for finding in found.findings] == [
        ("unverified", "old/a.usda"),
        ("modified", "old/b.usda"),
        ("missing", "old/gone.usda"),
        ("unverified", "old/c.<FRAME>.exr"),
        ("modified", "old/c.<FRAME>.exr"),
    ]
    assert not found.is_clean
    assert session.verify(item=f"{HERO}/p1").is_clean


def test_adopted_files_are_read_when_their_hash_is_known(session: Session, source: Path) -> None:
    (root_of(session) / "real.usda").write_text("content")
    (root_of(session) / "link.usda").symlink_to("real.usda")
    listing = "".join(f"{digest(b'%d' % n)}  1  {n}.exr\n" for n in (1, 2))
    for number in (1, 2):
        (root_of(session) / f"{number}.exr").write_text(str(number))
    frames = File("<FRAME>.exr", 2, digest(listing.encode()), frames="1-2", padding=1, count=2)
    adopt(session, File("link.usda", 7, digest(b"content")), frames, folder="")
    assert session.verify("demo").findings == ()
    (root_of(session) / "real.usda").write_text("CONTENT")
    (root_of(session) / "2.exr").write_text("3")
    assert [(each.problem, each.path) for each in session.verify("demo").findings] == [
        ("modified", "<FRAME>.exr"),
        ("modified", "link.usda"),
    ]


def test_root_is_told_once_a_folder_when_it_has_none_here(session: Session, source: Path) -> None:
    version = adopt(session, File("a.usda", 6, ""), root="elsewhere")
    (finding,) = session.verify("demo").findings
    assert (finding.version, finding.problem, finding.path) == (version.id, "unreadable", "old")
    assert "'elsewhere' has no folder on this machine" in finding.reason


@pytest.mark.parametrize(
    ("item", "count"),
    [
        (f"{HERO}/model/v001", 1),
        (f"{HERO}/model", 2),
        (HERO, 3),
        ("bifrost://demo/assets/char", 4),
        ("bifrost://demo", 5),
        ("bifrost://demo/shots", None),
    ],
)
def test_only_what_is_below_is_read_when_an_item_is_named(
    session: Session, source: Path, item: str, count: int | None
) -> None:
    session.assets.create("demo", "char", "hero2")
    session.assets.create("demo", "prop", "hero")
    owners = (HERO, HERO, HERO, f"{HERO}2", "bifrost://demo/assets/prop/hero")
    for owner, product in zip(owners, ("model", "model", "rig", "model", "model"), strict=True):
        session.publish(owner, product, {"usd": source / "hero.usda"})
    if count is None:
        with pytest.raises(NotFoundError):
            session.verify(item=item)
    else:
        assert session.verify(item=item).versions == count


def test_wrong_questions_are_refused_when_verified(session: Session, version: Version) -> None:
    with pytest.raises(NotFoundError):
        session.verify("nowhere")
    with pytest.raises(ValidationError, match="of today"):
        session.at(1).verify("demo")
    (item, *_) = session.versions.representations(version)
    with pytest.raises(ValidationError, match="no version is below a representation"):
        session.verify(item=item)


def test_large_version_is_read_by_several_threads_when_it_has_many_files(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bifrost_sdk.services import inspection

    monkeypatch.setattr(inspection, "_FILES", 2)
    for frame in range(1, 12):
        (source / f"fx.{frame:04d}.vdb").write_text(f"{frame}")
    session.publish(HERO, "model", {"vdb": source / "fx.####.vdb"})
    flip(place_of(session, "vdb.0007.vdb"))
    names: set[str] = set()
    examine = inspection.examine

    def watched(*arguments: Any) -> Any:
        names.add(threading.current_thread().name)
        return examine(*arguments)

    monkeypatch.setattr(inspection, "examine", watched)
    found = session.verify("demo", jobs=3)
    assert told(found.findings) == [("modified", "vdb.0007.vdb")]
    assert (found.files, found.versions) == (11, 1)
    assert all(name.startswith("verify") for name in names)


def cancelled_after(session: Session, count: int, **options: Any) -> verifying.Verification:
    """A verification that is cancelled when so many versions are through."""

    def cancel() -> bool:
        found = bookmarks.read(next(iter(bookmarks_of(session)), None))
        return found is not None and found.versions >= count

    return session.verify("demo", cancel=cancel, jobs=1, **options)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the bookmark whenever something was answered."""
    monkeypatch.setattr(verifying, "_KEEP", 0.0)
    monkeypatch.setattr(verifying, "_SHARE", 1e9)
    monkeypatch.setattr(verifying, "_AHEAD", 1)


def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    from bifrost_sdk.services import inspection

    inspect, seen = inspection.inspect, []

    def watched(context: Any, version: Version, *rest: Any) -> Any:
        seen.append(version.ref.rpartition("/")[2])
        return inspect(context, version, *rest)

    monkeypatch.setattr(inspection, "inspect", watched)
    return seen


@pytest.mark.usefixtures("often")
def test_it_goes_on_where_it_was_when_cancelled(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_many(session, source, 6)
    flip(place_of(session, "model.usda", number=1))
    first = cancelled_after(session, 3)
    assert (first.is_whole, first.is_clean, first.versions) == (False, False, 3)
    seen = reads(monkeypatch)
    figures: list[tuple[int, int]] = []
    second = session.verify("demo", progress=lambda *told: figures.append(told))
    assert sorted(seen) == ["v004", "v005", "v006"]
    assert (second.is_whole, second.versions, second.files, second.size, second.began) == (True, 6, 6, 60, first.began)
    assert [finding.ref for finding in second.findings] == [f"{HERO}/model/v001"]
    assert (figures[0][0] >= 30, figures[-1]) == (True, (60, 60))
    seen.clear()
    assert session.verify("demo").versions == 6
    assert len(seen) == 6


@pytest.mark.usefixtures("often")
def test_changed_versions_are_read_again_when_going_on(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = publish_many(session, source, 6)
    for number in (1, 2, 3):
        flip(place_of(session, "model.usda", number=number))
    cancelled_after(session, 4)
    flip(place_of(session, "model.usda", number=1))
    session.versions.retire(made[0])
    session.versions.purge(session.versions.retire(made[1]))
    item = Representation(id=session.context.new_id(), version=made[3].id, name="abc", folder="x", files=())
    session.commit([Create(item)], project="demo")
    seen = reads(monkeypatch)
    found = session.verify("demo")
    assert sorted(seen) == ["v001", "v004", "v005", "v006"]
    assert [finding.ref for finding in found.findings] == [made[2].ref]


@pytest.mark.usefixtures("often")
def test_changed_versions_are_still_read_again_when_cancelled_twice(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = publish_many(session, source, 4)
    flip(place_of(session, "model.usda", number=1))
    cancelled_after(session, 3)
    session.versions.retire(made[0])
    assert not session.verify("demo", cancel=lambda: True).is_whole
    found = session.verify("demo")
    assert (found.is_whole, [finding.ref for finding in found.findings]) == (True, [made[0].ref])


@pytest.mark.usefixtures("often")
def test_it_begins_anew_when_asked_to_or_when_the_bookmark_is_damaged(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_many(session, source, 4)
    cancelled_after(session, 2)
    (path,) = bookmarks_of(session)
    kept = path.read_bytes()
    seen = reads(monkeypatch)
    assert session.verify("demo", resume=False).versions == 4
    assert not path.exists()
    for damaged in (b"", b"{}", b"[]", b"\xff", kept[:-5], kept.replace(b'"schema": 1', b'"schema": 2')):
        path.write_bytes(damaged)
        assert session.verify("demo").versions == 4
    assert len(seen) == 7 * 4


def test_each_user_and_each_part_goes_on_by_itself_when_cancelled(session: Session, source: Path) -> None:
    """What is hidden from one user was not verified by that user, and must not be left out for another."""
    publish_many(session, source, 2)
    session.users.create("berta")
    session.users.grant("berta", "viewer")
    with connect(session.settings.folder, user="berta") as berta:
        for asker in (session, berta):
            asker.verify(item=HERO, cancel=lambda: True)
            asker.verify("demo", cancel=lambda: True)
        assert len(bookmarks_of(session)) == 4
        assert session.verify(item=HERO).is_clean
        assert berta.verify("demo").is_clean
    assert len(bookmarks_of(session)) == 2


def test_it_is_verified_all_the_same_when_nothing_can_be_kept(session: Session, source: Path) -> None:
    publish_many(session, source, 2)
    (root_of(session) / ".bifrost").mkdir(exist_ok=True)
    (root_of(session) / bookmarks.FOLDER).write_text("in the way")
    assert not session.verify("demo", cancel=lambda: True).is_whole
    assert session.verify("demo").is_clean


KILLED = """
import os, signal, sys
from bifrost_sdk.services import verifying
from bifrost_sdk.session import connect

verifying._KEEP, verifying._SHARE, verifying._AHEAD = 0.0, 1e9, 1

def progress(done, total):
    if done >= total / 2:
        os.kill(os.getpid(), signal.SIGKILL)

with connect(sys.argv[1], user="anna") as session:
    session.verify("demo", jobs=1, progress=progress)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_it_goes_on_in_another_process_when_killed(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_many(session, source, 10)
    flip(place_of(session, "model.usda", number=2))
    done = subprocess.run([sys.executable, "-c", KILLED, str(session.settings.folder)], check=False)
    assert done.returncode == -signal.SIGKILL
    kept = bookmarks.read(*bookmarks_of(session))
    assert kept is not None
    assert 2 <= kept.versions < 10
    seen = reads(monkeypatch)
    found = session.verify("demo")
    assert sorted(seen) == [f"v{number:03d}" for number in range(kept.versions + 1, 11)]
    assert (found.versions, [finding.ref for finding in found.findings]) == (10, [f"{HERO}/model/v002"])


def test_reading_ends_within_a_file_when_cancelled(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that takes for ever is left between two blocks."""
    publish_many(session, source, 1)
    cls = type(session.context.storages["publish"])
    read, begun = cls.read, threading.Event()

    def endless(storage: Any, path: str, **_: bool) -> Iterator[bytes]:
        if path.endswith(MANIFEST):
            yield from read(storage, path)
            return
        while True:
            begun.set()
            yield b"x"

    monkeypatch.setattr(cls, "read", endless)
    assert not session.verify("demo", cancel=begun.is_set).is_whole


def test_readers_leave_when_the_caller_is_interrupted(session: Session, source: Path) -> None:
    publish_many(session, source, 3)

    def progress(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.verify("demo", progress=progress)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("verify")]
    assert session.verify("demo").is_clean


def test_nothing_is_found_when_a_version_is_purged_meanwhile(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bifrost_sdk.services import inspection

    made = [session.versions.retire(each) for each in publish_many(session, source, 3)]
    inspect = inspection.inspect

    def late(context: Any, version: Version, *rest: Any) -> Any:
        session.versions.purge(version.id)
        return inspect(context, version, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(inspection, "inspect", late)
        assert session.verify("demo").findings == ()
    assert {session.versions.get(each.id).state for each in made} == {"purged"}
    assert session.verify("demo").versions == 0


def test_further_files_are_known_when_they_come_meanwhile(
    session: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bifrost_sdk.services import inspection

    (version,) = publish_many(session, source, 1)
    inspect = inspection.inspect

    def late(context: Any, *rest: Any) -> Any:
        monkeypatch.setattr(inspection, "inspect", inspect)
        place = place_of(session, "thumb.png")
        place.write_bytes(b"picture")
        file = File("thumb.png", 7, digest(b"picture"))
        item = Representation(version=version.id, name="thumb", folder=FOLDER, files=(file,))
        session.commit([Create(item)], project="demo")
        return inspect(context, *rest)

    monkeypatch.setattr(inspection, "inspect", late)
    found = session.verify("demo")
    assert (found.findings, found.files) == ((), 2)


def test_nothing_is_found_when_others_publish_and_purge_all_the_while(session: Session, source: Path) -> None:
    folder, stop, states = session.settings.folder, threading.Event(), Counter[str]()

    def work() -> None:
        with connect(folder, user="anna") as other:
            while not stop.is_set():
                version = other.publish(HERO, "model", {"usd": source / "hero.usda"})
                if version.number and version.number % 3:
                    version = other.versions.purge(other.versions.retire(version))
                states[version.state] += 1

    findings: list[Finding] = []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        try:
            while not working.done() and states.total() < 15:
                findings += session.verify("demo").findings
        finally:
            stop.set()
        working.result()
    assert findings == []
    assert session.verify("demo").versions == states["published"] >= 5
