"""Hashes by two algorithms, from the settings through publishing, verifying and scanning to what a set is known by."""

from __future__ import annotations

import hashlib
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.reconciliation import Finding, Report
from bifrost_sdk.domain.versions import ALGORITHMS, Representation, Version, is_hash
from bifrost_sdk.errors import ConfigurationError, ConflictError
from bifrost_sdk.services import digests, publishing
from bifrost_sdk.services.manifests import Entry, listing_digest
from bifrost_sdk.session import Session, connect, init

HERO = "bifrost://demo/assets/char/hero"
INSTALL = r"pip install 'bifrost-sdk\[blake3\]'"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A scene, and a sequence of three frames."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "hero.usda").write_text("#usda 1.0\n")
    for frame in range(1001, 1004):
        (folder / f"fx.{frame}.exr").write_text(f"{frame % 100:02d}")
    return folder


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Session]:
    """A session whose settings ask for blake3, whether it is there or not, with an asset."""
    init(tmp_path / "shows", project="demo", user="anna")
    with (tmp_path / "shows/bifrost.yaml").open("a") as file:
        file.write("hash: blake3\n")
    with connect(tmp_path / "shows", project="demo", user="anna") as session:
        session.assets.create("demo", "char", "hero")
        yield session


@pytest.fixture
def fast(asking: Session) -> Session:
    """The same where blake3 is there."""
    pytest.importorskip("blake3", reason="needs the extra 'blake3'")
    return asking


@pytest.fixture
def no_blake3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "blake3", None)  # what Python itself keeps of a module that is not there


def publish(session: Session, source: Path, **options: str) -> Version:
    files = {"usd": source / "hero.usda", "exr": source / "fx.####.exr"}
    return session.publish(HERO, "model", files, **options)


def usual(session: Session) -> Session:
    """The same catalog for somebody whose settings ask for nothing."""
    return Session(attrs.evolve(session.context, hash=digests.USUAL), settings=session.settings)


def hashes(session: Session, version: Version) -> set[str]:
    items: list[Representation] = list(session.versions.representations(version))
    return {file.hash for item in items for file in item.files}


def place_of(session: Session, name: str) -> Path:
    return session.context.roots["publish"] / "demo/assets/char/hero/model/v001" / name


def of_files(report: Report) -> list[Finding]:
    """What is found of published files; folders that nobody made yet are none."""
    return [finding for finding in report.findings if finding.about == "published"]


def rewrite(path: Path, content: str) -> None:
    path.chmod(0o644)
    path.write_text(content)


def test_hash_is_that_of_the_library_when_spelled() -> None:
    blake3 = pytest.importorskip("blake3", reason="needs the extra 'blake3'")
    expected = {"sha256": hashlib.sha256(b"hero").hexdigest(), "blake3": blake3.blake3(b"hero").hexdigest()}
    for algorithm in ALGORITHMS:
        hasher = digests.hasher_for(algorithm)
        hasher.update(b"he")
        hasher.update(b"ro")
        spelled = digests.spell(hasher)
        assert spelled == f"{algorithm}:{expected[algorithm]}"
        assert is_hash(spelled)
        assert digests.algorithm_of(spelled) == algorithm


@pytest.mark.parametrize("hash", ["", "0" * 64, "md5:" + "0" * 32, "sha256:" + "0" * 64])
def test_algorithm_is_the_usual_one_when_no_other_is_named(hash: str) -> None:
    assert digests.algorithm_of(hash) == "sha256"


def test_listing_tells_the_algorithm_when_its_files_have_one() -> None:
    pytest.importorskip("blake3", reason="needs the extra 'blake3'")
    for algorithm in ALGORITHMS:
        entries = [Entry(name, 1, f"{algorithm}:{name * 64}") for name in "ba"]
        assert listing_digest(entries) == listing_digest(entries[::-1])
        assert digests.algorithm_of(listing_digest(entries)) == algorithm
    assert listing_digest([]) == f"sha256:{hashlib.sha256().hexdigest()}"


def test_files_are_hashed_as_the_settings_say_when_published(fast: Session, source: Path) -> None:
    version = publish(fast, source)
    assert {digests.algorithm_of(hash) for hash in hashes(fast, version)} == {"blake3"}
    assert version.manifest.startswith("sha256:")
    added = fast.versions.add(version, {"preview": source / "hero.usda"})
    assert added[0].files[0].hash.startswith("blake3:")


def test_files_are_hashed_as_the_settings_say_when_they_stay_where_they_lie(fast: Session, source: Path) -> None:
    place = fast.context.roots["publish"] / "demo/old"
    place.mkdir(parents=True)
    source = source.rename(place / "source")
    assert {digests.algorithm_of(hash) for hash in hashes(fast, publish(fast, source, transfer="adopt"))} == {"blake3"}


@pytest.mark.parametrize("way", ["verify", "scan"])
def test_either_kind_is_verified_whatever_the_settings_say(fast: Session, source: Path, way: str) -> None:
    slow = usual(fast)
    for session, other in ((fast, slow), (slow, fast)):
        publish(session, source)
        if way == "verify":
            assert other.verify("demo").is_clean
            assert other.verify("demo").files == (4 if session is fast else 8)
        else:
            assert of_files(other.sync.scan("demo", verify=True)) == []


@pytest.mark.parametrize("name", ["hero.usda", "fx.1002.exr"])
def test_change_is_found_when_it_is_of_the_same_size(fast: Session, source: Path, name: str) -> None:
    publish(fast, source)
    (changed,) = place_of(fast, "").glob(f"*{name.partition('.')[2]}")
    rewrite(changed, "x" * changed.stat().st_size)
    assert [finding.problem for finding in fast.verify("demo").findings] == ["modified"]


def test_move_is_told_when_the_settings_name_another_algorithm(fast: Session, source: Path) -> None:
    publish(fast, source)
    place_of(fast, "model.usda").rename(place_of(fast, "renamed.usda"))
    found = of_files(usual(fast).sync.scan("demo"))
    (moved,) = (finding for finding in found if finding.state == "moved")
    assert moved.moved_to
    assert moved.moved_to.path.endswith("/renamed.usda")
    assert moved.found
    assert moved.found.hash == moved.known.hash


def test_set_is_verified_as_a_whole_when_no_manifest_tells_of_its_files(fast: Session, source: Path) -> None:
    publish(fast, source)
    place_of(fast, "manifest.json").unlink()
    assert {finding.problem for finding in fast.verify("demo").findings} == {"manifest"}


def test_version_is_the_same_when_a_key_comes_again_with_other_settings(fast: Session, source: Path) -> None:
    version = publish(fast, source, key="one")
    assert publish(usual(fast), source, key="one").id == version.id
    rewrite(source / "fx.1002.exr", "xx")
    with pytest.raises(ConflictError, match="other content"):
        publish(usual(fast), source, key="one")


def test_extra_is_named_when_publishing_needs_it(asking: Session, source: Path, no_blake3: None) -> None:
    with pytest.raises(ConfigurationError, match=INSTALL) as caught:
        publish(asking, source)
    assert caught.value.setting == "hash"
    assert publish(usual(asking), source).number == 1  # no number was taken


def test_extra_is_named_when_verifying_needs_it(fast: Session, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(fast, source)
    publish(usual(fast), source)
    monkeypatch.setitem(sys.modules, "blake3", None)
    found = fast.verify("demo")
    assert not found.is_clean
    assert found.files == 4  # those of the other version
    assert {(each.problem, each.path.rpartition("/")[2]) for each in found.findings} == {
        ("unreadable", "model.usda"),
        ("unreadable", "model.<FRAME>.exr"),
    }
    assert all("bifrost-sdk[blake3]" in each.reason for each in found.findings)
    scanned = of_files(fast.sync.scan("demo", verify=True))
    assert {each.state for each in scanned} == {"unreadable"}
    assert all("bifrost-sdk[blake3]" in each.reason for each in scanned)


def test_dead_publish_is_left_to_those_who_can_tell_whether_it_is_whole(
    fast: Session, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = runpy.run_path(str(Path(__file__).with_name("killing.py")))["settle"]

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "_undo", lambda *_: [])
        patch.setattr(publishing.Reservation, "finalise", die)
        with pytest.raises(KeyboardInterrupt):
            publish(fast, source)
    (left,) = fast.iterate(Query("version"))
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "blake3", None)
        (failed,) = settle(fast.settings.folder, hours=1).findings
    assert (failed.outcome, "bifrost-sdk[blake3]" in failed.reason) == ("failed", True)
    assert fast.versions.get(left.id) == left  # nobody else has to wait
    assert settle(fast.settings.folder, hours=1).subjects("published") == (left.ref,)


def test_setting_is_refused_when_there_is_no_such_algorithm(tmp_path: Path) -> None:
    init(tmp_path, project="demo")
    with (tmp_path / "bifrost.yaml").open("a") as file:
        file.write("hash: md5\n")
    with pytest.raises(ConfigurationError, match="hash is one of sha256, blake3, not 'md5'"):
        connect(tmp_path)
