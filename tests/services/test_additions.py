"""What a published version gains later is there whole or not at all, and the version stays as it was."""

from __future__ import annotations

import itertools
import runpy
from pathlib import Path
from typing import Any

import attrs
import pytest

from bifrost_sdk.domain.changes import Update
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import BifrostError, StorageError, ValidationError
from bifrost_sdk.services import additions
from bifrost_sdk.services.recovery import Recovery
from bifrost_sdk.services.workspace import SENTINEL
from bifrost_sdk.session import Session

SETTLE: Any = runpy.run_path(str(Path(__file__).with_name("killing.py")))["settle"]
FOLDER = "demo/assets/char/hero/model"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name in ("hero.usda", "shot.jpg", "proxy.0001.jpg", "proxy.0002.jpg"):
        (folder / name).write_text(f"content of {name}")
    return folder


@pytest.fixture
def version(session: Session, source: Path) -> Version:
    hero = session.assets.create("demo", "char", "hero")
    return session.publish(hero, "model", {"usd": source / "hero.usda"})


def files_of(session: Session) -> set[str]:
    root = session.context.roots["publish"]
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} - {SENTINEL}


def names_of(session: Session, version: Version) -> list[str]:
    return [item.name for item in session.versions.representations(version)]


def test_files_are_found_when_they_were_added(session: Session, version: Version, source: Path) -> None:
    before = files_of(session)
    made = session.versions.add(version, {"thumbnail": source / "shot.jpg", "proxy": source / "proxy.####.jpg"})
    assert [(item.name, item.folder) for item in made] == [
        ("thumbnail", f"{FOLDER}/v001-thumbnail"),
        ("proxy", f"{FOLDER}/v001-proxy"),
    ]
    assert session.resolve(f"{version.ref}/thumbnail.jpg").read_text() == "content of shot.jpg"
    assert session.resolve(f"{version.ref}/proxy.<FRAME>.jpg").parent.name == "v001-proxy"
    assert names_of(session, version) == ["proxy", "thumbnail", "usd"]
    assert [item.lease_until for item in made] == [None, None]
    assert files_of(session) - before == {
        f"{FOLDER}/v001-thumbnail/manifest.json",
        f"{FOLDER}/v001-thumbnail/thumbnail.jpg",
        *(f"{FOLDER}/v001-proxy/{name}" for name in ("manifest.json", "proxy.0001.jpg", "proxy.0002.jpg")),
    }
    assert session.versions.get(version.id).manifest == version.manifest
    assert session.recover().findings == ()


def test_request_is_refused_when_nothing_can_be_added(session: Session, version: Version, source: Path) -> None:
    session.versions.add(version, {"thumbnail": source / "shot.jpg"})
    for files, match in (
        ({"Thumbnail": source / "shot.jpg"}, "taken"),
        ({"usd": source / "hero.usda"}, "taken"),
        ({}, "nothing to publish"),
    ):
        with pytest.raises(ValidationError, match=match):
            session.versions.add(version, files)
    with pytest.raises(ValidationError, match="not adopted"):
        session.versions.add(version, {"proxy": source / "shot.jpg"}, transfer="adopt")
    session.versions.retire(version)
    with pytest.raises(ValidationError, match="no further files"):
        session.versions.add(version, {"proxy": source / "shot.jpg"})
    assert names_of(session, version) == ["thumbnail", "usd"]


def test_source_is_gone_when_it_was_moved(session: Session, version: Version, source: Path) -> None:
    session.versions.add(version, {"thumbnail": source / "shot.jpg"}, transfer="move")
    assert not (source / "shot.jpg").exists()
    assert session.resolve(f"{version.ref}/thumbnail.jpg").read_text() == "content of shot.jpg"


def test_only_one_has_the_name_when_two_add_it(session: Session, version: Version, source: Path) -> None:
    others: list[BifrostError] = []

    def meanwhile(done: int, total: int) -> None:
        with pytest.raises(ValidationError) as caught:
            session.versions.add(version, {"thumbnail": source / "hero.usda"})
        others.append(caught.value)

    session.versions.add(version, {"thumbnail": source / "shot.jpg"}, progress=meanwhile)
    assert others
    assert session.resolve(f"{version.ref}/thumbnail.jpg").read_text() == "content of shot.jpg"


class Dead(BaseException):
    """Stands for a machine that is switched off: nothing is tidied up."""


@attrs.define
class Spoiled:
    """A catalog and a storage, which fail in their own way before one of their steps, counted from 0."""

    inner: Any
    left: list[int]
    error: type[BaseException]

    def __getattr__(self, name: str) -> Any:
        if name in {"commit", "write", "place", "sync", "share"}:
            self.left[0] -= 1
            if self.left[0] == -1:
                raise self.error("the machine was switched off")
        return getattr(self.inner, name)


def spoiled(session: Session, steps: int, error: type[BaseException]) -> Any:
    context, left = session.context, [steps]
    catalog, storage = Spoiled(context.catalog, left, error), Spoiled(context.storages["publish"], left, error)
    return attrs.evolve(context, catalog=catalog, storages={"publish": storage})  # type: ignore[arg-type]  # they stand for it


def test_nothing_is_left_when_a_step_fails(session: Session, version: Version, source: Path) -> None:
    before = files_of(session)
    for steps in itertools.count():
        try:
            additions.add(spoiled(session, steps, StorageError), version, {"thumbnail": source / "shot.jpg"})
        except StorageError:
            assert files_of(session) == before
            assert names_of(session, version) == ["usd"]
        else:
            break
    assert steps >= 6
    assert session.recover().findings == ()


def test_all_of_it_is_there_or_nothing_when_the_machine_died(
    session: Session, version: Version, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, outcomes = files_of(session), []
    monkeypatch.setattr(additions, "_undo", lambda *_: None)
    for steps in itertools.count():
        key = f"thumb{steps}"
        try:
            additions.add(spoiled(session, steps, Dead), version, {key: source / "shot.jpg"})
        except Dead:
            with pytest.raises(BifrostError):
                session.resolve(f"{version.ref}/{key}.jpg")
            waiting = session.recover()
            found: Recovery = SETTLE(session.settings.folder, hours=steps + 1)
            assert len(waiting.subjects("waiting")) == len(found.findings) == (steps > 0)
        else:
            break
        if key in names_of(session, version):
            assert session.resolve(f"{version.ref}/{key}.jpg").read_text() == "content of shot.jpg"
            outcomes.append("there")
        else:
            outcomes.append("gone")
            assert files_of(session) == before, steps
        before = files_of(session)
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {"gone", "there"}


def test_late_one_shows_nothing_when_a_recovery_took_it(session: Session, version: Version, source: Path) -> None:
    before, once = files_of(session), iter([True])

    def late(*_: int) -> None:
        if next(once, False):
            SETTLE(session.settings.folder, hours=1)

    with pytest.raises(BifrostError):
        session.versions.add(version, {"thumbnail": source / "shot.jpg"}, progress=late)
    assert (files_of(session), names_of(session, version)) == (before, ["usd"])


def test_files_are_fixed_when_they_are_there(session: Session, version: Version, source: Path) -> None:
    (made,) = session.versions.add(version, {"thumbnail": source / "shot.jpg"})
    for fields in ({"folder": "elsewhere"}, {"files": ()}):
        with pytest.raises(ValidationError, match="cannot be changed"):
            session.commit([Update(made.id, fields)], project="demo")


@pytest.mark.parametrize("step", ["take", "finalise"])
def test_nothing_is_added_when_the_version_is_purged_meanwhile(
    session: Session, version: Version, source: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Before files are staged, or once they have their place."""
    real = getattr(additions.Claim, step)

    def late(*arguments: Any) -> Any:
        made = real(*arguments[step == "take" :]) if step == "take" else None
        session.versions.purge(session.versions.retire(version))
        return made or real(*arguments)

    monkeypatch.setattr(additions.Claim, step, classmethod(late) if step == "take" else late)
    with pytest.raises(ValidationError, match="is purged and gets no further files"):
        session.versions.add(version, {"thumbnail": source / "shot.jpg"})
    assert (files_of(session), names_of(session, version)) == (set(), ["usd"])
    assert session.recover().findings == ()


def test_what_was_being_added_goes_when_the_version_is_purged_before_it_is_recovered(
    session: Session, version: Version, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = additions.Claim.take

    def late(_: type, *arguments: Any) -> additions.Claim:
        made = real(*arguments)
        session.versions.purge(session.versions.retire(version))
        return made

    def die(*_: Any) -> None:
        raise Dead

    with monkeypatch.context() as patch:
        patch.setattr(additions, "_undo", lambda *_: None)
        patch.setattr(additions.Claim, "take", classmethod(late))
        patch.setattr(additions.Claim, "finalise", die)
        with pytest.raises(Dead):
            session.versions.add(version, {"thumbnail": source / "shot.jpg"})
    found: Recovery = SETTLE(session.settings.folder, hours=1)
    assert {each.outcome for each in found.findings} == {"abandoned"}
    assert (files_of(session), names_of(session, version)) == (set(), ["usd"])
