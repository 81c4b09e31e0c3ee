"""What there is, found by what holds for it and told in full."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bifrost_sdk.session import Session, connect, init

Run = Callable[..., tuple[int, str, str]]
HERO = "bifrost://demo/assets/char/hero"


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A show: hero with a model, a second one and a rig made of the first, cast in a shot."""
    folder = init(tmp_path_factory.mktemp("shows"), project="demo", user="anna")
    files = {"usd": str(folder / "hero.usda")}
    Path(files["usd"]).write_text("#usda 1.0\n")
    with connect(folder, user="anna") as session:
        hero = session.assets.create("demo", "char", "hero", name="The hero", tags=["main"])
        session.assets.create("demo", "prop", "sword")
        model = session.publish(hero, "model", files, comment="first", metadata={"frames": 3})
        session.publish(hero, "rig", files, depends_on=[model])
        session.publish(hero, "model", files, comment="second")
        session.shots.cast(session.shots.create("demo", "sq010", "sh020", frames="1001-1010"), hero)
        session.tasks.create(hero, "rig", status="wip", due_at=None)
        yield session


@pytest.fixture
def session(show: Session, monkeypatch: pytest.MonkeyPatch) -> Session:
    """The show, which the current folder is the workspace of; nothing here changes it."""
    monkeypatch.chdir(show.settings.folder)
    monkeypatch.setenv("BIFROST_SDK_USER", "anna")
    return show


def refs(answer: tuple[int, str, str]) -> list[str]:
    status, out, err = answer
    assert (status, err) == (0, "")
    return [each["ref"] for each in json.loads(out)]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("asset", "tags__contains=main"), [HERO]),
        (("assets", "parent__code=prop"), ["bifrost://demo/assets/prop/sword"]),
        (("version", "number=2"), [f"{HERO}/model/v002"]),
        (("version", "number__in=2,3"), [f"{HERO}/model/v002"]),
        (("version", "metadata__frames=3"), [f"{HERO}/model/v001"]),
        (("version", "product__code=model", "-s", "-number"), [f"{HERO}/model/v002", f"{HERO}/model/v001"]),
        (("version", "-t", "second"), [f"{HERO}/model/v002"]),
        (("asset", "updated_at__ge=2999-01-01"), []),
        (("asset", "status__isnull=true", "name=The hero"), [HERO]),
    ],
)
def test_things_are_found_when_conditions_hold(
    session: Session, run: Run, arguments: tuple[str, ...], found: list[str]
) -> None:
    assert refs(run("find", *arguments, "--json")) == found
    assert run("find", *arguments, "--count")[1] == f"{len(found)}\n"


def test_earlier_state_is_asked_when_a_revision_is_named(session: Session, run: Run) -> None:
    assert json.loads(run("find", "asset", "--count", "--at", "2", "--json")[1]) == {"count": 1}


def test_rest_is_told_when_more_is_found(session: Session, run: Run) -> None:
    status, _, err = run("find", "version", "-n", "1")
    assert (status, err) == (0, "bifrost: 2 more; show more at once with --limit 3\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("find", "asets"), "did you mean assets"),
        (("find", "asset", "tag=main"), "did you mean"),
        (("find", "asset", "tags"), "write tags__contains=main"),
        (("find", "version", "number=two"), "'two' is no whole number (write 12)"),
        (("find", "version", "updated_at=soon"), "is no time"),
        (("find", "asset", "status__isnull=perhaps"), "neither true nor false"),
    ],
)
def test_mistake_is_named_when_a_condition_is_wrong(
    session: Session, run: Run, arguments: tuple[str, ...], says: str
) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    assert says in err


def test_version_is_told_in_full_when_shown(session: Session, run: Run) -> None:
    status, out, _ = run("show", "assets/char/hero/rig/v001")
    assert status == 0
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["version", f"{HERO}/rig/v001"]
    assert ["state", "published"] in lines
    assert [f"{HERO}/model/v001", "published"] in lines
    assert any(line[:1] == ["usd"] and line[1].endswith("rig.usda") for line in lines)
    (document,) = json.loads(run("show", f"{HERO}/model/v001", "--json")[1])
    assert document["representations"][0]["name"] == "usd"
    assert document["dependents"] == [f"{HERO}/rig/v001"]


def test_node_is_told_with_what_it_inherits_when_shown(session: Session, run: Run) -> None:
    hero = session.get(HERO)
    status, out, _ = run("show", hero.id)
    lines = [line.split() for line in out.splitlines()]
    assert status == 0
    assert ["tags", "main"] in lines
    assert ["fps", "24", "bifrost://demo"] in lines
    assert "hero/model " in out
    assert json.loads(run("show", hero.id, "--json")[1])[0]["inherited"]["fps"] == "24"


def test_others_are_shown_when_one_is_not_there(session: Session, run: Run) -> None:
    status, out, err = run("show", "assets/char/her", "assets/char/hero")
    assert (status, out.splitlines()[0]) == (3, f"asset {HERO}")
    assert f"Did you mean {HERO}" in err
