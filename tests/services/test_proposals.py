from __future__ import annotations

from pathlib import Path

import pytest

from bifrost_sdk.domain.filesets import FileSet
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.errors import NotFoundError
from bifrost_sdk.services.proposals import propose
from bifrost_sdk.session import Session


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "source"
    made.mkdir()
    (made / "hero.usda").write_text("#usda 1.0\n")
    for frame in (1001, 1002):
        (made / f"b.{frame}.exr").write_bytes(b"\x76\x2f\x31\x01" + bytes(frame))
    return made


def test_proposal_holds_all_that_is_known_when_everything_is_there(session: Session, folder: Path) -> None:
    hero = session.assets.create("demo", "char", "hero")
    task = session.tasks.create(hero, "rig")
    base = session.publish(hero, "model", {"usd": folder / "hero.usda"})
    proposal, issues = propose(
        session.context,
        hero.ref,
        "rig",
        {"usd": folder / "hero.usda", "exr": folder / "b.####.exr"},
        depends_on=[f"{hero.ref}/model/latest"],
        task=task,
        source="hero.ma",
        comment="first",
        metadata={"polygons": 12},
    )
    assert issues == ()
    assert (proposal.owner, proposal.project, proposal.product, proposal.task) == (hero, "demo", "rig", task.id)
    assert (proposal.source, proposal.comment, proposal.metadata) == ("hero.ma", "first", {"polygons": 12})
    assert [needed.version for needed in proposal.dependencies] == [base.id]
    assert proposal.kinds == {"asset", "usd", "exr"}
    assert [(key, source.name) for key, _, source in proposal.offered()] == [
        ("usd", "rig.usda"),
        ("exr", "rig.1001.exr"),
        ("exr", "rig.1002.exr"),
    ]


def test_rest_is_still_found_when_parts_are_missing(session: Session, folder: Path) -> None:
    hero = session.assets.create("demo", "char", "hero")
    base = session.publish(hero, "model", {"usd": folder / "hero.usda"})
    files = {"usd": folder / "hero.usda", "abc": folder / "none.abc", "a/b": folder / "hero.usda", "exr": []}
    wanted = ["bifrost://demo/assets/none/model/latest", base, "bifrost://demo/assets/char/hero/none/latest"]
    proposal, issues = propose(session.context, hero, "rig", files, depends_on=wanted)
    assert set(proposal.pieces) == {"usd"}
    assert [needed.version for needed in proposal.dependencies] == [base.id]
    assert [(issue.code, issue.path) for issue in issues] == [
        ("files.storage", "files.abc"),
        ("code.character", ""),
        ("files.missing", "files.exr"),
        ("dependency.missing", "depends_on"),
        ("dependency.missing", "depends_on"),
    ]


def test_clash_of_two_representations_is_told_when_each_alone_would_do(session: Session, folder: Path) -> None:
    hero = session.assets.create("demo", "char", "hero")
    files = {"usd": folder / "hero.usda", "usda": folder / "hero.usda"}
    proposal, issues = propose(session.context, hero, "rig", files)
    assert [issue.code for issue in issues] == ["files.name"]
    assert set(proposal.pieces) == {"usd", "usda"}


def test_nothing_is_found_when_nothing_is_asked_for(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    proposal, issues = propose(session.context, hero, "rig", {})
    assert (dict(proposal.pieces), [issue.code for issue in issues]) == ({}, ["files.missing"])


def test_owner_is_missing_when_nobody_made_it(session: Session, folder: Path) -> None:
    with pytest.raises(NotFoundError):
        propose(session.context, "bifrost://demo/assets/char/none", "rig", {"usd": folder / "hero.usda"})


def test_head_is_read_once_when_asked_again(session: Session, folder: Path) -> None:
    hero = session.assets.create("demo", "char", "hero")
    proposal, _ = propose(session.context, hero, "rig", {"usd": folder / "hero.usda"})
    (offered,) = proposal.offered()
    assert proposal.head(offered.source) == b"#usda 1.0\n"
    (folder / "hero.usda").write_text("changed")
    assert proposal.head(offered.source) == b"#usda 1.0\n"
    (folder / "hero.usda").unlink()
    again = propose(session.context, hero, "rig", {"usd": folder / "b.1001.exr"})[0]
    (gone,) = again.offered()
    (folder / "b.1001.exr").unlink()
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            again.head(gone.source)


def test_files_are_found_anew_when_they_changed(session: Session, folder: Path) -> None:
    hero = session.assets.create("demo", "char", "hero")
    frames = FileSet(f"{folder.as_posix().lstrip('/')}/b.<FRAME>.exr", frames=FrameRange.parse("1001-1003"))
    proposal, issues = propose(session.context, hero, "rig", {"exr": folder / "b.####.exr"})
    assert issues == ()
    assert len(list(proposal.offered())) == 2
    (folder / "b.1003.exr").write_bytes(b"\x76\x2f\x31\x01")
    again, issues = proposal.gathered()
    assert issues == ()
    assert [source.path.name for _, _, source in again.offered()] == [name.rpartition("/")[2] for name in frames]
