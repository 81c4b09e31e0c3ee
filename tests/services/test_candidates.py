from __future__ import annotations

from bifrost_sdk.domain.rootpaths import Below
from bifrost_sdk.errors import NotFoundError
from bifrost_sdk.services import candidates
from bifrost_sdk.services.candidates import Candidate
from bifrost_sdk.session import Session

SCENE = "demo/assets/char/hero/rig/work/anna/hero.rig.v003.ma"


def looked_up(session: Session, root: str, *paths: str) -> list[Candidate]:
    sets = {"demo": session.templates.get("demo")}
    found = [way for path in paths for way in candidates.read(sets, Below(root, path))]
    candidates.look_up(session.context, found)
    return found


def test_path_of_another_project_is_no_candidate_when_read(session: Session) -> None:
    sets = {"demo": session.templates.get("demo")}
    assert [way.made.name for way in candidates.read(sets, Below("work", SCENE))] == ["asset_work"]
    assert list(candidates.read(sets, Below("work", SCENE.replace("demo/", "other/")))) == []
    assert list(candidates.read(sets, Below("publish", SCENE))) == []


def test_what_is_there_comes_first_when_candidates_are_ranked(session: Session) -> None:
    session.tasks.create(session.assets.create("demo", "char", "hero"), "rig")
    whole, part, nothing = looked_up(session, "work", SCENE, "demo/assets/char/hero/groom", "demo/assets/char/sword")
    assert sorted([nothing, part, whole], key=lambda way: way.rank) == [whole, part, nothing]
    assert (whole.missing, len(part.missing), nothing.node) == ([], 1, None)
    assert isinstance(nothing.error, NotFoundError)
    assert (whole.kind, whole.name("task.code"), whole.name("shot.code")) == ("asset", "rig", "")


def test_another_kind_is_not_taken_when_it_has_the_place(session: Session) -> None:
    session.sequences.create("demo", "sq010", episode="sh010")
    session.shots.create("demo", "sq010", "sh020")
    (found,) = looked_up(session, "work", "demo/shots/sh010/sq010")
    assert found.kind == "shot"
    assert found.node is None


def test_nothing_is_asked_when_there_are_no_candidates(session: Session) -> None:
    candidates.look_up(session.context, [])
