from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bifrost_sdk.domain.changes import Create, Update
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import File, Representation, Version
from bifrost_sdk.errors import ConflictError, NotFoundError, PermissionDeniedError, StorageError, ValidationError
from bifrost_sdk.services import purging, validating
from bifrost_sdk.services.purging import Doomed, PurgePlan, Use
from bifrost_sdk.services.sources import MANIFEST
from bifrost_sdk.services.staging import TRANSACTIONS, Places
from bifrost_sdk.services.workspace import SENTINEL
from bifrost_sdk.session import Session, connect

KILLING = Path(__file__).with_name("killing.py")
HERO = "bifrost://demo/assets/char/hero"
FOLDER = "demo/assets/char/hero/model/v001"


@pytest.fixture
def source(tmp_path: Path, session: Session) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "hero.usda").write_text("#usda 1.0\n")
    for frame in (1001, 1002):
        (folder / f"beauty.{frame}.exr").write_text(f"frame {frame}")
    session.assets.create("demo", "char", "hero")
    return folder


@pytest.fixture
def retired(session: Session, source: Path) -> Version:
    files = {"usd": source / "hero.usda", "exr": source / "beauty.####.exr"}
    return session.versions.retire(session.publish(HERO, "model", files))


def root_of(session: Session) -> Path:
    return session.context.roots["publish"]


def files_of(session: Session) -> list[Path]:
    return [path for path in root_of(session).rglob("*") if path.is_file() and path.name != SENTINEL]


def codes_of(plan: PurgePlan) -> list[str]:
    return [issue.code for issue in plan.refusals]


def test_files_go_and_the_record_stays_when_purged(session: Session, retired: Version) -> None:
    purged = session.versions.purge(retired)
    assert (purged.state, purged.number, purged.manifest) == ("purged", 1, retired.manifest)
    assert files_of(session) == []
    assert not (root_of(session) / FOLDER).exists()
    assert [item.name for item in session.versions.representations(purged)] == ["exr", "usd"]
    for ref in (retired.ref, f"{retired.ref}/model.usda", f"bifrost://demo/~{retired.id}"):
        with pytest.raises(NotFoundError, match="had its files purged"):
            session.resolve(ref)
    assert session.versions.get(retired.ref).state == "purged"
    assert session.recover().findings == ()


def test_purged_version_never_comes_back_when_asked_to(session: Session, retired: Version, source: Path) -> None:
    session.versions.purge(retired)
    with pytest.raises(ValidationError, match="after purged comes nothing"):
        session.versions.restore(retired.ref)
    assert session.publish(HERO, "model", {"usd": source / "hero.usda"}).number == 2
    assert session.versions.purge(retired.ref).state == "purged"
    assert {path.parent.name for path in files_of(session)} == {"v002"}


def test_everything_is_told_when_a_purge_is_planned(session: Session, retired: Version) -> None:
    (root_of(session) / FOLDER / "notes").mkdir()
    (root_of(session) / FOLDER / "notes/todo.txt").write_text("paint")
    plan = session.versions.plan_purge(retired.ref)
    assert plan.files == tuple(
        Doomed("publish", f"{FOLDER}/{name}", (root_of(session) / FOLDER / name).stat().st_size, is_extra=is_extra)
        for name, is_extra in (
            (MANIFEST, False),
            ("model.1001.exr", False),
            ("model.1002.exr", False),
            ("model.usda", False),
            ("notes/todo.txt", True),
        )
    )
    assert plan.size == sum(path.stat().st_size for path in files_of(session))
    assert (plan.version, plan.uses, plan.refusals) == (retired, (), ())
    assert len(files_of(session)) == 5
    session.versions.purge(plan.version)
    assert files_of(session) == []
    assert session.versions.plan_purge(retired.id) == PurgePlan(session.versions.get(retired.id))


@pytest.mark.parametrize("state", ["published", "reserved", "abandoned"])
def test_purge_is_refused_when_the_version_is_not_retired(
    session: Session, retired: Version, source: Path, state: str
) -> None:
    if state == "published":
        version = session.versions.restore(retired)
    else:
        product = session.products.create(HERO, "rig")
        made = session.commit([Create(Version(product=product.id))], project="demo").entities[0]
        assert isinstance(made, Version)
        version = session.versions.update(made, state=state)
    assert codes_of(session.versions.plan_purge(version)) == ["purge.state"]
    with pytest.raises(ValidationError, match=f"it is {state}"):
        session.versions.purge(version)
    assert len(files_of(session)) == 4


def test_purge_waits_for_dependents_when_they_are_not_retired(session: Session, source: Path, retired: Version) -> None:
    restored = session.versions.restore(retired)
    shot = session.shots.create("demo", "sq010", "sh020")
    session.shots.cast(shot, HERO)
    scene = session.publish(shot, "layout", {"usd": source / "hero.usda"}, depends_on=[restored])
    other = session.assets.create("demo", "char", "other")
    link = session.links.create(other, restored)
    session.versions.retire(restored)
    plan = session.versions.plan_purge(restored.ref)
    expected = (Use("dependent", scene.ref, "published", holds=True), Use("link", link.ref), Use("casting", shot.ref))
    assert plan.uses == expected
    assert codes_of(plan) == ["in_use"]
    with pytest.raises(ValidationError, match=f"used by {scene.ref}"):
        session.versions.purge(restored.ref)
    session.versions.retire(scene)
    assert session.versions.plan_purge(restored.ref).uses[0] == Use("dependent", scene.ref, "retired")
    session.versions.purge(restored.ref)
    with pytest.raises(ValidationError, match="is purged, not published"):
        session.versions.restore(scene.ref)


def test_commit_has_the_last_word_when_a_dependent_comes_meanwhile(
    session: Session, source: Path, retired: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was made of the version since the plan, or restored it, is seen by the one commit that decides."""
    plan = purging.plan

    def late(context: Any, item: Any) -> PurgePlan:
        found = plan(context, item)
        session.publish(HERO, "rig", {"usd": source / "hero.usda"}, depends_on=[f"{retired.ref}"])
        return found

    with monkeypatch.context() as patch:
        patch.setattr(purging, "plan", late)
        patch.setattr(validating, "check_before_publish", lambda *_: [])  # as one publishes who asks no validator
        with pytest.raises(ValidationError, match="used by"):
            session.versions.purge(retired.ref)
    session.versions.retire(f"{HERO}/rig/v001")
    session.versions.restore(retired.ref)
    session.versions.retire(retired.ref)
    with pytest.raises(ConflictError):
        session.versions.purge(retired)
    assert session.resolve(f"{retired.ref}/model.usda").read_text() == "#usda 1.0\n"


def test_purge_is_refused_when_the_actor_may_not(session: Session, retired: Version) -> None:
    session.users.create("berta")
    session.users.grant("berta", "artist")
    with connect(session.settings.folder, user="berta") as berta, pytest.raises(PermissionDeniedError):
        berta.versions.purge(retired.ref)
    assert len(files_of(session)) == 4


@pytest.mark.parametrize("damage", ["removed", "damaged", "another's"])
def test_files_stay_when_they_cannot_be_told_to_be_its_own(
    session: Session, source: Path, retired: Version, damage: str
) -> None:
    manifest = root_of(session) / FOLDER / MANIFEST
    other = session.publish(HERO, "model", {"usd": source / "hero.usda"})
    manifest.unlink()
    if damage == "damaged":
        manifest.write_text("{")
    elif damage == "another's":
        manifest.write_bytes((session.resolve(other).parent / MANIFEST).read_bytes())
    before = files_of(session)
    assert codes_of(session.versions.plan_purge(retired)) == ["purge.manifest"]
    with pytest.raises(ValidationError, match="no readable manifest"):
        session.versions.purge(retired)
    assert files_of(session) == before


def test_record_is_purged_when_the_files_are_gone_already(session: Session, retired: Version) -> None:
    for path in files_of(session):
        path.unlink()
    assert session.versions.plan_purge(retired).files == ()
    assert session.versions.purge(retired).state == "purged"


def test_files_stay_when_the_root_is_only_where_a_share_would_be(session: Session, retired: Version) -> None:
    root = root_of(session)
    root.rename(root.with_name("away"))
    for problem in ("is not there", "has no sentinel"):
        with pytest.raises(StorageError, match=problem):
            session.versions.purge(retired)
        root.mkdir(exist_ok=True)
    assert session.versions.get(retired.ref).state == "retired"


def adopted(session: Session, product: str, folder: str) -> Version:
    made = session.products.create(HERO, product)
    version = Version(id=session.context.new_id(), product=made.id, state="published")
    files = (File("model.usda", 10, ""),)
    item = Representation(id=session.context.new_id(), version=version.id, name="usd", folder=folder, files=files)
    session.commit([Create(version), Create(item)], project="demo")
    return session.versions.get(version.id)


def test_adopted_files_stay_when_a_purge_is_asked_for(session: Session, source: Path) -> None:
    place = root_of(session) / "old"
    place.mkdir()
    (place / "model.usda").write_text("#usda 1.0\n")
    version = session.versions.retire(adopted(session, "model", "old"))
    with pytest.raises(ValidationError, match="taken in where they lie"):
        session.versions.purge(version)
    assert (place / "model.usda").exists()


@pytest.mark.parametrize("folder", [FOLDER, f"{FOLDER}/textures"])
def test_files_stay_when_those_of_another_version_lie_among_them(
    session: Session, retired: Version, folder: str
) -> None:
    other = adopted(session, "look", folder)
    assert codes_of(session.versions.plan_purge(retired)) == ["purge.shared"]
    with pytest.raises(ValidationError, match=other.id):
        session.versions.purge(retired)
    assert len(files_of(session)) == 4


@pytest.mark.parametrize("rest", ["placed", "staged"])
def test_rest_is_removed_when_recovered_after_a_purge_that_died(session: Session, retired: Version, rest: str) -> None:
    session.commit([Update(retired.id, {"state": "purged"})], project="demo")
    if rest == "staged":
        staged = root_of(session) / Places.of(retired).staged
        staged.parent.mkdir(parents=True, exist_ok=True)
        (root_of(session) / FOLDER).rename(staged)
    assert len(files_of(session)) == 4
    places = [FOLDER] if rest == "placed" else []
    assert session.recover().subjects("removed") == (*places, Places.of(retired).staged)
    assert files_of(session) == []
    assert session.recover().findings == ()


def test_failure_is_told_when_files_cannot_be_removed(
    session: Session, retired: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise StorageError("the disk is read-only")

    with monkeypatch.context() as patch:
        patch.setattr(type(session.context.storages["publish"]), "place", refuse)
        with pytest.raises(StorageError):
            session.versions.purge(retired)
        assert session.recover().subjects("failed") == (retired.ref,)
    assert session.versions.purge(retired.ref).state == "purged"
    assert files_of(session) == []


def test_purge_ends_well_when_a_recovery_does_the_same_meanwhile(
    session: Session, retired: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = type(session.context.storages["publish"]).place

    def late(storage: Any, *arguments: Any, **options: Any) -> None:
        monkeypatch.undo()
        assert FOLDER in session.recover().subjects("removed")
        place(storage, *arguments, **options)

    monkeypatch.setattr(type(session.context.storages["publish"]), "place", late)
    assert session.versions.purge(retired).state == "purged"
    assert files_of(session) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
@pytest.mark.parametrize("how", ["whole", "piecewise"])
def test_catalog_and_disk_agree_when_killed_before_every_step(session: Session, source: Path, how: str) -> None:
    files = {"usd": source / "hero.usda", "exr": source / "beauty.####.exr"}
    for _ in range(60):
        session.versions.retire(session.publish(HERO, "model", files))

    def run(what: str) -> int:
        command = [sys.executable, str(KILLING), what, str(session.settings.folder), str(source), how]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return int(done.stdout.split()[0])

    assert run("purge") > 20
    assert run("recover") > 10
    versions = list(session.iterate(Query("version", project="demo").sort("number").limit(100)))
    states = Counter(version.state for version in versions)
    assert set(states) == {"retired", "purged"}
    kept = {version.number for version in versions if version.state == "retired"}
    expected = {
        root_of(session) / f"demo/assets/char/hero/model/v{number:03d}" / name
        for number in kept
        for name in ("model.usda", "model.1001.exr", "model.1002.exr", MANIFEST)
    }
    assert set(files_of(session)) == expected
    assert list((root_of(session) / TRANSACTIONS).iterdir()) == []
