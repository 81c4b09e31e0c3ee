"""Several products at once: all of them become visible in one commit, or nothing is left of any."""

from __future__ import annotations

import itertools
import runpy
from pathlib import Path
from typing import Any

import attrs
import pytest

import bifrost_sdk as bf
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import ConflictError, StorageError, ValidationError
from bifrost_sdk.ports import Storage
from bifrost_sdk.services import publishing, staging
from bifrost_sdk.services.publications import Publication
from bifrost_sdk.services.recovery import Recovery
from bifrost_sdk.services.workspace import SENTINEL
from bifrost_sdk.session import Session

KILLING = Path(__file__).with_name("killing.py")
HERO = "bifrost://demo/assets/char/hero"


@pytest.fixture
def hero(session: Session) -> str:
    return session.assets.create("demo", "char", "hero").ref


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name in ("model.usda", "rig.usda", "look.usda"):
        (folder / name).write_text(f"content of {name}")
    return folder


def wanted(source: Path, *codes: str, **options: Any) -> list[Publication]:
    return [Publication(HERO, code, {"usd": source / f"{code}.usda"}, **options) for code in codes]


def versions_of(session: Session) -> dict[str, str]:
    """The state of each version by its path."""
    found = session.iterate(Query("version", project="demo"))
    return {f"{version.path.rpartition('/')[2]}/{version.number}": version.state for version in found}


def files_of(session: Session) -> set[str]:
    root = session.context.roots["publish"]
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} - {SENTINEL}


def settle(workspace: Path, *, hours: int) -> Recovery:
    """Recover as somebody does when leases have run out."""
    found: Recovery = runpy.run_path(str(KILLING))["settle"](workspace, hours=hours)
    return found


class Dead(BaseException):
    """Stands for a machine that is switched off: nothing is tidied up."""


@attrs.define
class Counted:
    """A storage that fails in its own way before one of its calls, counted from 0; the others go through."""

    inner: Storage
    left: int
    error: type[BaseException]

    def __getattr__(self, name: str) -> Any:
        if name in {"write", "place", "sync", "share"}:
            self.left -= 1
            if self.left == -1:
                raise self.error("the machine was switched off")
        return getattr(self.inner, name)


def counted(session: Session, calls: int, error: type[BaseException]) -> Any:
    storage: Any = Counted(session.context.storages["publish"], calls, error)
    return attrs.evolve(session.context, storages={"publish": storage})


# What a set is


@pytest.mark.usefixtures("hero")
def test_versions_show_in_one_commit_when_published_together(session: Session, source: Path) -> None:
    model, rig, look = wanted(source, "model", "rig", "look", comment="all of it")
    rig = attrs.evolve(rig, depends_on=[model, f"{HERO}/look/latest"])
    session.publish(HERO, "look", {"usd": source / "look.usda"})
    before = session.revision("demo")
    versions = session.publish_set([rig, model, look])
    assert session.revision("demo") == before + 2  # one commit reserves, one shows
    assert {version.revision for version in versions} == {before + 2}
    assert [version.ref for version in versions] == [
        f"{HERO}/{code}/v{n:03d}" for code, n in (("rig", 1), ("model", 1), ("look", 2))
    ]
    needed = [session.get(dependency.version).ref for dependency in versions[0].dependencies]
    assert needed == [f"{HERO}/model/v001", f"{HERO}/look/v001"]
    for version in versions:
        assert session.resolve(version.ref).read_text() == f"content of {version.path.rpartition('/')[2]}.usda"
        assert version.comment == "all of it"


@pytest.mark.usefixtures("hero")
def test_key_answers_with_the_first_versions_when_a_set_is_published_again(session: Session, source: Path) -> None:
    first = session.publish_set(wanted(source, "model", "rig"), key="nightly")
    again = session.publish_set(wanted(source, "model", "rig"), key="nightly")
    assert [version.id for version in again] == [version.id for version in first]
    (source / "rig.usda").write_text("content of rig-usda")
    with pytest.raises(ConflictError, match="has other content"):
        session.publish_set(wanted(source, "model", "rig"), key="nightly")


def test_request_is_refused_when_a_set_is_none(session: Session, source: Path, hero: str) -> None:
    session.projects.create("other")
    elsewhere = session.assets.create("other", "char", "hero")
    model, rig = wanted(source, "model", "rig")
    for publications, code in (
        ([], "publications.missing"),
        ([model, attrs.evolve(rig, product="Model")], "publications.twice"),
        ([model, attrs.evolve(rig, owner=elsewhere)], "publications.project"),
        ([attrs.evolve(rig, depends_on=[model])], "dependency.missing"),
    ):
        with pytest.raises(ValidationError) as caught:
            session.publish_set(publications)
        assert [issue.code for issue in caught.value.issues] == [code]
    with pytest.raises(ValidationError, match="no way to take files over"):
        session.publish(hero, "model", {"usd": source / "model.usda"}, transfer="steal")  # type: ignore[arg-type]  # that is asked
    assert versions_of(session) == {}


@pytest.mark.usefixtures("hero")
def test_cycle_is_refused_when_a_set_depends_on_itself(session: Session, source: Path) -> None:
    model, rig = wanted(source, "model", "rig")
    needs: list[Any] = [rig]
    model = attrs.evolve(model, depends_on=needs)
    rig = attrs.evolve(rig, depends_on=[model])
    needs[0] = rig
    with pytest.raises(ValidationError):
        session.publish_set([model, rig])
    assert set(versions_of(session).values()) <= {"abandoned"}
    assert files_of(session) == set()


# All or none


@pytest.mark.usefixtures("hero")
def test_nothing_is_left_when_a_step_of_a_set_fails(session: Session, source: Path) -> None:
    for calls in itertools.count():
        context = counted(session, calls, StorageError)
        try:
            versions = publishing.publish_set(context, wanted(source, "model", "rig"))
        except StorageError:
            assert set(versions_of(session).values()) == {"abandoned"}
            assert files_of(session) == set()
        else:
            break
    assert calls >= 8
    assert [version.number for version in versions] == [calls + 1] * 2


@pytest.mark.usefixtures("hero")
def test_set_is_published_whole_or_given_up_when_its_publisher_died(session: Session, source: Path) -> None:
    outcomes = []
    for calls in itertools.count():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(publishing, "_undo", lambda *_: [])
            try:
                publishing.publish_set(counted(session, calls, Dead), wanted(source, "model", "rig"))
            except Dead:
                settle(session.settings.folder, hours=calls + 1)
            else:
                break
        states = versions_of(session)
        last = {states[f"{code}/{calls + 1}"] for code in ("model", "rig")}
        assert len(last) == 1, states
        outcomes.append(last.pop())
        numbers = [number for number, outcome in enumerate(outcomes, 1) if outcome == "published"]
        owned = {
            f"demo/assets/char/hero/{code}/v{number:03d}/{name}"
            for code in ("model", "rig")
            for number in numbers
            for name in ("manifest.json", f"{code}.usda")
        }
        assert files_of(session) == owned
    assert outcomes == sorted(outcomes)  # given up until all of it is there, and published from then on
    assert set(outcomes) == {"abandoned", "published"}


@pytest.mark.usefixtures("hero")
def test_set_is_given_up_when_one_of_it_was_damaged(session: Session, source: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "_undo", lambda *_: [])
        patch.setattr(publishing.Reservation, "finalise", lambda *_: (_ for _ in ()).throw(Dead))
        with pytest.raises(Dead):
            session.publish_set(wanted(source, "model", "rig"))
    placed = session.context.roots["publish"] / "demo/assets/char/hero/rig/v001/rig.usda"
    placed.chmod(0o644)
    placed.write_text("content of rig+usda")
    assert session.recover().subjects("waiting") == (f"{HERO}/model/v001", f"{HERO}/rig/v001")
    found = settle(session.settings.folder, hours=1)
    assert set(found.subjects("abandoned")) == {f"{HERO}/model/v001", f"{HERO}/rig/v001"}
    assert files_of(session) == set()


@pytest.mark.usefixtures("hero")
def test_rest_is_given_up_when_a_recovery_took_one_of_the_set(session: Session, source: Path) -> None:
    """It cannot happen while leases are renewed together; whoever abandons one by hand must not split a set."""

    def take_one(*_: object) -> bool:
        states = versions_of(session)
        if set(states.values()) == {"reserved"}:
            (one,) = session.find(Query("version", project="demo").where(state="reserved").limit(1))
            session.versions.update(one, state="abandoned")
        return False

    versions = session.publish_set(wanted(source, "model", "rig"), cancel=take_one)
    assert [version.number for version in versions] == [2, 2]  # begun anew, all of it
    states = versions_of(session)
    assert [states[f"{code}/1"] for code in ("model", "rig")] == ["abandoned"] * 2
    assert {path.split("/")[-2] for path in files_of(session)} == {"v002"}


# How files are taken over


def stamp(path: Path) -> tuple[int, int]:
    return path.stat().st_ino, path.stat().st_mtime_ns


def published(session: Session, version: Version, name: str) -> Path:
    return session.resolve(f"{version.ref}/{name}")


def test_source_is_gone_when_it_was_moved(session: Session, source: Path, hero: str) -> None:
    before = stamp(source / "model.usda")
    version = session.publish(hero, "model", {"usd": source / "model.usda"}, transfer="move")
    assert not (source / "model.usda").exists()
    place = published(session, version, "model.usda")
    assert place.read_text() == "content of model.usda"
    assert stamp(place) == before  # no byte was copied
    assert place.stat().st_mode & 0o222 == 0


def test_source_is_linked_when_asked_for(session: Session, source: Path, hero: str) -> None:
    version = session.publish(hero, "model", {"usd": source / "model.usda"}, transfer="link")
    place = published(session, version, "model.usda")
    assert place.samefile(source / "model.usda")
    assert (source / "model.usda").stat().st_mode & 0o222 == 0


@pytest.mark.parametrize("transfer", ["move", "link", "adopt"])
def test_source_stays_as_it_was_when_taking_it_over_fails(
    session: Session, source: Path, hero: str, transfer: Any
) -> None:
    lying = session.context.roots["work"] / "model.usda"
    lying.write_text("content")
    mode, before = lying.stat().st_mode, stamp(lying)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing.Reservation, "finalise", lambda *_: (_ for _ in ()).throw(StorageError("no")))
        with pytest.raises(StorageError):
            session.publish(hero, "model", {"usd": lying}, transfer=transfer)
    assert (lying.stat().st_mode, stamp(lying)) == (mode, before)
    assert files_of(session) == set()


def test_source_stays_when_it_was_written_after_it_was_moved(session: Session, source: Path, hero: str) -> None:
    real = publishing.Reservation.finalise

    def late(*arguments: Any) -> Any:
        (source / "model.usda").unlink()
        (source / "model.usda").write_text("a newer one")
        return real(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing.Reservation, "finalise", late)
        version = session.publish(hero, "model", {"usd": source / "model.usda"}, transfer="move")
    assert (source / "model.usda").read_text() == "a newer one"
    assert published(session, version, "model.usda").read_text() == "content of model.usda"


def test_file_is_copied_when_it_cannot_be_shared(session: Session, source: Path, hero: str) -> None:
    storage = session.context.storages["publish"]
    capabilities = attrs.evolve(storage.capabilities, clones=False, links=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(storage.__dict__, "capabilities", capabilities)
        version = session.publish(hero, "model", {"usd": source / "model.usda"}, transfer="move")
    assert not (source / "model.usda").exists()
    assert published(session, version, "model.usda").read_text() == "content of model.usda"


def test_publish_is_whole_when_sources_are_links(session: Session, source: Path, hero: str) -> None:
    (source / "current.usda").symlink_to(source / "model.usda")
    version = session.publish(hero, "model", {"usd": source / "current.usda"}, transfer="link")
    assert published(session, version, "model.usda").samefile(source / "model.usda")


def test_what_a_link_leads_to_stays_as_it_is_when_the_link_was_moved(session: Session, source: Path, hero: str) -> None:
    mode = (source / "model.usda").stat().st_mode
    (source / "current.usda").symlink_to(source / "model.usda")
    version = session.publish(hero, "model", {"usd": source / "current.usda"}, transfer="move")
    assert not (source / "current.usda").is_symlink()
    assert (source / "model.usda").stat().st_mode == mode
    assert not published(session, version, "model.usda").samefile(source / "model.usda")


def test_move_is_refused_when_it_would_take_what_is_published(session: Session, source: Path, hero: str) -> None:
    version = session.publish(hero, "model", {"usd": source / "model.usda"})
    place = published(session, version, "model.usda")
    (source / "shortcut").symlink_to(place.parent)
    adopted = session.context.roots["work"] / "lib.usda"
    adopted.write_text("content")
    session.publish(hero, "lib", {"usd": adopted}, transfer="adopt")
    for asked in (place, place.with_name("manifest.json"), source / "shortcut" / "model.usda", adopted):
        with pytest.raises(ValidationError, match="what is published stays"):
            session.publish(hero, "rig", {"usd": asked}, transfer="move")
        with pytest.raises(ValidationError, match="what is published stays"):
            session.versions.add(version, {"proxy": asked}, transfer="move")
    assert session.verify("demo").is_clean
    session.publish(hero, "rig", {"usd": place}, transfer="link")


# Where they lie


@pytest.fixture
def lying(session: Session) -> Path:
    folder = session.context.roots["work"] / "demo" / "from_vendor"
    (folder / "tex").mkdir(parents=True)
    for name in ("Hero_v7.usda", "tex/a.1001.exr", "tex/a.1002.exr", "sim.0001.vdb", "sim.0003.vdb"):
        (folder / name).write_text(f"content of {name}")
    return folder


def test_files_stay_where_they_lie_when_adopted(session: Session, hero: str, lying: Path) -> None:
    files = {"usd": [lying / "Hero_v7.usda", lying / "tex" / "a.<UDIM>.exr"], "vdb": lying / "sim.####.vdb"}
    before = {path: path.read_bytes() for path in lying.rglob("*") if path.is_file()}
    version = session.publish(hero, "model", files, transfer="adopt", frames="1,3")
    assert {path: path.read_bytes() for path in lying.rglob("*") if path.is_file()} == before
    made = {item.name: item for item in session.versions.representations(version)}
    assert {(item.root, item.folder) for item in made.values()} == {("work", "demo/from_vendor")}
    assert [file.name for file in made["usd"].files] == ["Hero_v7.usda", "tex/a.<UDIM>.exr"]
    (sim,) = made["vdb"].files
    assert (sim.name, str(sim.frames), sim.count) == ("sim.<FRAME>.vdb", "1,3", 2)
    assert session.resolve(f"{version.ref}/Hero_v7.usda") == lying / "Hero_v7.usda"
    assert all(path.stat().st_mode & 0o222 == 0 for path in before)
    assert files_of(session) == set()


def test_request_is_refused_when_files_lie_in_no_root(
    session: Session, source: Path, hero: str, lying: Path, tmp_path: Path
) -> None:
    (lying / "link.usda").symlink_to(lying / "Hero_v7.usda")
    for files, code in (
        (source / "model.usda", "files.root"),
        (lying / "link.usda", "files.link"),
    ):
        with pytest.raises(ValidationError) as caught:
            session.publish(hero, "model", {"usd": files}, transfer="adopt")
        assert [issue.code for issue in caught.value.issues] == [code]
    other = session.context.roots["publish"] / "b.usda"
    other.write_text("b")
    with pytest.raises(ValidationError, match="several roots"):
        session.publish(hero, "model", {"usd": [lying / "Hero_v7.usda", other]}, transfer="adopt")


def test_adopting_is_refused_when_files_do_not_stay_where_they_lie(
    session: Session, source: Path, hero: str, tmp_path: Path
) -> None:
    settings = session.settings.folder / "bifrost.yaml"
    settings.write_text(f"{settings.read_text()}latest_copy: copy\n")
    with bf.connect(session.settings.folder, user="anna") as other:
        place = published(other, other.publish(hero, "model", {"usd": source / "model.usda"}), "model.usda")
        (tmp_path / "shortcut").symlink_to(place.parent.with_name("latest"))
        staged = other.context.roots["publish"] / staging.TRANSACTIONS / "x.usda"
        staged.write_text("x")
        for asked in (place.parent.with_name("latest") / place.name, tmp_path / "shortcut" / place.name, staged):
            with pytest.raises(ValidationError, match="replaced, or goes, with the next version"):
                other.publish(hero, "look", {"usd": asked}, transfer="adopt")
        elsewhere = other.context.roots["work"] / "delivered"
        elsewhere.mkdir()
        for path in place.parent.iterdir():
            (elsewhere / path.name).write_bytes(path.read_bytes())
        assert other.publish(hero, "look", {"usd": elsewhere / place.name}, transfer="adopt").number == 1
        assert other.publish(hero, "rig", {"usd": place}, transfer="adopt").number == 1


def test_folder_is_found_through_links_when_adopted(session: Session, hero: str, lying: Path, tmp_path: Path) -> None:
    (tmp_path / "shortcut").symlink_to(lying.parent)
    version = session.publish(
        hero, "model", {"usd": tmp_path / "shortcut" / "from_vendor" / "Hero_v7.usda"}, transfer="adopt"
    )
    assert session.resolve(f"{version.ref}/Hero_v7.usda") == lying / "Hero_v7.usda"


def test_files_stay_when_an_adopting_publisher_died(session: Session, hero: str, lying: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "_undo", lambda *_: [])
        patch.setattr(publishing.Reservation, "finalise", lambda *_: (_ for _ in ()).throw(Dead))
        with pytest.raises(Dead):
            session.publish(hero, "model", {"usd": lying / "Hero_v7.usda"}, transfer="adopt")
    assert settle(session.settings.folder, hours=1).subjects("abandoned") == (f"{HERO}/model/v001",)
    assert (lying / "Hero_v7.usda").read_text() == "content of Hero_v7.usda"


def test_manifest_tells_of_the_whole_set_when_published(session: Session, source: Path, hero: str) -> None:
    versions = session.publish_set(wanted(source, "model", "rig", comment="both", tags=["wip"]))
    root = session.context.roots["publish"]
    for version in versions:
        manifest = staging.manifest_in(
            session.context.storages["publish"],
            f"demo/assets/char/hero/{version.path.rpartition('/')[2]}/v001",
            version.id,
        )
        assert manifest is not None
        assert set(manifest.members) == {each.id for each in versions}
        assert (manifest.about["comment"], manifest.about["tags"]) == ("both", ["wip"])
        assert manifest.about["product"] == version.product
    alone = session.publish(hero, "look", {"usd": source / "look.usda"})
    assert '"members": []' in (root / "demo/assets/char/hero/look/v001/manifest.json").read_text()
    assert isinstance(alone, bf.Version)
