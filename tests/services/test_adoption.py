from __future__ import annotations

import datetime
import functools
import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bifrost_sdk.adapters.memory.store import MemoryStore
from bifrost_sdk.authority.catalog import Authority
from bifrost_sdk.domain import wire
from bifrost_sdk.domain.adoption.intake import draft
from bifrost_sdk.domain.production import STUDIO
from bifrost_sdk.domain.query import Query
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.errors import (
    ConfigurationError,
    NotFoundError,
    PermissionDeniedError,
    StorageError,
    ValidationError,
)
from bifrost_sdk.ports import Actor, Resolution
from bifrost_sdk.services import adoption as adoptions
from bifrost_sdk.services.adoption import Adoption
from bifrost_sdk.services.context import Context
from bifrost_sdk.services.identity import new_id
from bifrost_sdk.services.projects import Projects
from bifrost_sdk.services.templates import Templates
from bifrost_sdk.services.workspace import set_up
from bifrost_sdk.session import Session, connect, init

DOCUMENT: dict[str, Any] = {  # Any: JSON
    "tokens": {"step": {"from": "task.code"}},
    "templates": {
        "asset": "assets/{asset_type}/{asset}/{step}",
        "work": {"path": "{@asset}/work/{asset}.v{version}.{ext}", "root": "show", "for": "asset", "area": "work"},
        "publish": {"path": "{@asset}/publish/{product}.v{version}.{ext}", "root": "show"},
        "images": {"path": "shots/{sequence}/{shot}/{product}/v{version}/{shot}.{frame}.{ext}", "root": "show"},
    },
}
TEMPLATES = TemplateSet.from_document(DOCUMENT, source="another tool")
HERO = "assets/char/hero"
PATHS = [
    *(f"{HERO}/model/publish/model.v{number:03d}.{ext}" for number in (3, 7) for ext in ("usda", "abc")),
    f"{HERO}/model/work/hero.v012.ma",
    *(f"shots/sq010/sh020/beauty/v001/sh020.{frame}.exr" for frame in (1001, 1002, 1003, 1007)),
    f"{HERO}/model/publish/notes.txt",
]


def make(folder: Path, paths: list[str]) -> None:
    for number, path in enumerate(paths):
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"x" * (number + 1))


def snapshot(folder: Path) -> dict[str, tuple[int, ...]]:
    """Everything that adopting could have changed."""
    found = {}
    for path in sorted((folder, *folder.rglob("*"))):
        status = path.lstat()
        found[str(path)] = (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make(tmp_path / "old", PATHS)
    return tmp_path / "old"


@pytest.fixture
def session(tmp_path: Path, folder: Path) -> Iterator[Session]:
    init(tmp_path / "shows", project="demo", user="anna")
    with connect(tmp_path / "shows", project="demo", user="anna", roots={"show": folder}) as session:
        yield session


def after(count: int | None) -> Callable[[], bool]:
    """Says stop after so many times; None: never."""
    turns = itertools.count()
    return lambda: count is not None and next(turns) >= count


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans are made of many small commits."""
    monkeypatch.setattr(adoptions, "draft", functools.partial(draft, limit=5))


def everything(context: Context) -> dict[str, list[Any]]:
    """What the project holds by what it is, without ids and stamps."""
    found: dict[str, list[Any]] = {}
    names = {project.id: "" for project in context.every(Query("project", project=STUDIO))}
    for kind in ("asset_type", "asset", "sequence", "shot", "product", "task", "version", "representation", "workfile"):
        entities = context.every(Query(kind, project="demo").sort("id"))
        for each in entities:
            owner = names.get(getattr(each, "parent", None) or "", "")
            own = f"v{each.number}" if kind == "version" else getattr(each, "code", "")
            names[each.id] = f"{each.path or owner} {own}"
        bodies = (wire.dump(each).items() for each in entities)
        found[kind] = sorted(
            json.dumps({name: names.get(str(value), value) for name, value in body}, sort_keys=True) for body in bodies
        )
    return found


def test_show_is_in_the_catalog_when_its_plan_was_applied(session: Session, folder: Path) -> None:
    before = snapshot(folder)
    plan = session.adoption.plan(folder, templates=TEMPLATES)
    assert session.revision("demo") == 1
    assert dict(plan.counts) == {
        "asset_type": 1, "asset": 1, "sequence": 1, "shot": 1, "task": 1,
        "product": 2, "version": 3, "representation": 5, "workfile": 1,
    }  # fmt: skip
    assert (plan.files, plan.known, plan.others) == (9, 0, 0)
    ((left),) = plan.left
    assert (left.path, left.template, left.token) == (f"{HERO}/model/publish/notes.txt", "publish", "")
    done = session.adoption.apply(plan)
    assert (done.files, done.is_whole, done.revisions) == (9, True, (2,))
    assert snapshot(folder) == before
    for number in (3, 7):
        version = session.versions.get(f"bifrost://demo/{HERO}/model/v{number:03d}")
        assert (version.state, version.number) == ("published", number)
        adopted = version.metadata["adopted"]
        assert adopted["template"] == "publish"
        assert datetime.datetime.now(datetime.timezone.utc) - version.created_at < datetime.timedelta(minutes=5)
        assert (
            session.resolve(f"{version.ref}/model.v{number:03d}.abc")
            == folder / f"{HERO}/model/publish/model.v{number:03d}.abc"
        )
    found = session.resolve("bifrost://demo/shots/sq010/sh020/beauty/latest")
    assert found == folder / "shots/sq010/sh020/beauty/v001/sh020.<FRAME>.exr"
    (answer,) = session.resolve_many(["bifrost://demo/shots/sq010/sh020/beauty/v001"])
    assert isinstance(answer, Resolution)
    assert (answer.hash, answer.is_hashed, answer.size) == ("", False, 6 + 7 + 8 + 9)
    (workfile,) = session.iterate(Query("workfile"))
    assert (workfile.number, workfile.size, session.get(workfile.parent).path) == (12, 5, HERO)
    assert session.get(workfile.task).code == "model"


def test_later_versions_go_on_behind_the_highest_when_published(session: Session, folder: Path, tmp_path: Path) -> None:
    session.adoption.apply(session.adoption.plan(folder, templates=TEMPLATES))
    (tmp_path / "hero.usda").write_text("#usda 1.0")
    version = session.publish(f"bifrost://demo/{HERO}", "model", {"usd": tmp_path / "hero.usda"})
    assert version.number == 8
    with pytest.raises(NotFoundError):
        session.resolve(f"bifrost://demo/{HERO}/model/v004")


def test_nothing_is_made_twice_when_adopted_again(session: Session, folder: Path) -> None:
    session.adoption.apply(session.adoption.plan(folder, templates=TEMPLATES))
    before = everything(session.context)
    plan = session.adoption.plan(folder, templates=TEMPLATES)
    assert (dict(plan.counts), plan.batches, plan.known, plan.files) == ({}, (), 9, 0)
    assert session.adoption.apply(plan).revisions == ()
    assert everything(session.context) == before


def test_plan_answers_as_the_first_time_when_it_is_applied_again(session: Session, folder: Path, small: None) -> None:
    plan = session.adoption.plan(folder, templates=TEMPLATES)
    assert len(plan.batches) > 2
    first = session.adoption.apply(plan)
    revision = session.revision("demo")
    assert session.adoption.apply(plan) == first
    assert session.revision("demo") == revision


def test_series_goes_on_where_it_stopped_when_planned_again(
    session: Session, folder: Path, small: None, tmp_path: Path
) -> None:
    with connect(init(tmp_path / "other", project="demo", user="anna"), user="anna", roots={"show": folder}) as whole:
        whole.adoption.apply(whole.adoption.plan(folder, templates=TEMPLATES, project="demo"))
        expected = everything(whole.context)
    seen: list[tuple[int, int]] = []
    files = 0
    for _ in range(20):
        plan = session.adoption.plan(folder, templates=TEMPLATES)
        if not plan.batches:
            break
        done = session.adoption.apply(plan, cancel=after(1), progress=lambda *told: seen.append(told))
        assert done.is_whole is (len(plan.batches) == 1)
        files += done.files
    assert files == 9
    assert everything(session.context) == expected
    assert all(0 <= done <= total for done, total in seen)


def test_node_is_followed_when_it_was_renamed_since(session: Session, folder: Path) -> None:
    session.adoption.apply(session.adoption.plan(folder, templates=TEMPLATES))
    hero = session.assets.rename(f"bifrost://demo/{HERO}", "heroine")
    make(folder, [f"{HERO}/model/publish/model.v009.usda", f"{HERO}/model/publish/proxy.v001.usda"])
    plan = session.adoption.plan(folder, templates=TEMPLATES)
    assert dict(plan.counts) == {"version": 2, "representation": 2, "product": 1}
    session.adoption.apply(plan)
    assert [product.code for product in session.products.of(hero)] == ["model", "proxy"]
    assert [version.number for version in session.versions.of(f"{hero.ref}/model")] == [3, 7, 9]


def test_others_are_met_when_they_made_something_meanwhile(session: Session, folder: Path) -> None:
    plan = session.adoption.plan(folder, templates=TEMPLATES)
    asset = session.assets.create("demo", "char", "hero")
    session.adoption.apply(plan)
    assert [product.code for product in session.products.of(asset)] == ["model"]


def test_apply_is_refused_when_the_same_version_was_made_meanwhile(session: Session, folder: Path) -> None:
    plan = session.adoption.plan(folder, templates=TEMPLATES)
    session.adoption.apply(session.adoption.plan(folder, templates=TEMPLATES))
    before = everything(session.context)
    with pytest.raises(ValidationError, match="is taken"):
        session.adoption.apply(plan)
    assert everything(session.context) == before


def test_apply_is_refused_when_the_actor_may_not(session: Session, folder: Path, tmp_path: Path) -> None:
    plan = session.adoption.plan(folder, templates=TEMPLATES)
    session.users.create("berta")
    with connect(tmp_path / "shows", user="berta") as other, pytest.raises(PermissionDeniedError):
        other.adoption.apply(plan)


def test_templates_come_from_wherever_they_are_named(session: Session, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "old.yaml"
    file.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    for source in (TEMPLATES, DOCUMENT, file):
        assert session.adoption.plan(folder, templates=source).files == 9
    session.templates.apply(STUDIO, DOCUMENT, name="old_tool")
    assert session.adoption.plan(folder, templates="old_tool").files == 9
    session.templates.apply("demo", DOCUMENT)
    assert session.adoption.plan(folder).files == 9
    with pytest.raises(ValidationError, match="no set 'older'"):
        session.adoption.plan(folder, templates="older")
    with pytest.raises(ValidationError, match="templates"):
        session.adoption.plan(folder, templates={"templates": {"one": {"path": "{"}}})


def test_plan_tells_how_far_it_is_when_watched(session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoptions, "_TOLD", 2)
    seen: list[tuple[int, int]] = []
    session.adoption.plan(folder, templates=TEMPLATES, progress=lambda *told: seen.append(told))
    assert seen
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert (seen[-1][0], {total for _, total in seen}) == (len(PATHS), {0})


def test_plan_is_plain_data_when_asked_for(session: Session, folder: Path) -> None:
    data = session.adoption.plan(folder, templates=TEMPLATES).to_data()
    assert json.loads(json.dumps(data)) == data
    assert data["files"] == {"taken": 9, "known": 0, "others": 0, "left": 1}
    assert data["left"][0]["path"] == f"{HERO}/model/publish/notes.txt"
    assert (data["templates"], data["commits"]) == ("another tool", 1)


def test_own_files_are_known_when_published_folders_are_adopted(session: Session, tmp_path: Path) -> None:
    (tmp_path / "hero.usda").write_text("#usda 1.0")
    hero = session.assets.create("demo", "char", "hero")
    version = session.publish(hero, "model", {"usd": tmp_path / "hero.usda"})
    plan = session.adoption.plan(session.context.roots["publish"])
    assert (plan.known, plan.left, dict(plan.counts)) == (2, (), {})
    place = session.context.roots["publish"] / "demo/assets/char/hero/model/v001"
    (place / "extra.txt").write_text("?")
    assert [left.path for left in session.adoption.plan(place).left] == ["extra.txt"]
    assert version.number == 1


def test_lines_of_the_error_make_it_work_when_the_folder_lies_in_no_root(tmp_path: Path, folder: Path) -> None:
    shows = init(tmp_path / "shows", project="demo", user="anna")
    with connect(shows, user="anna") as session, pytest.raises(ConfigurationError) as caught:
        session.adoption.plan(folder, templates=TEMPLATES, project="demo")
    assert caught.value.setting == "roots.show"
    head, line = re.findall(r"^(?:roots:|  \w+: .*)$", str(caught.value), re.MULTILINE)
    file = shows / "bifrost.yaml"
    file.write_text(file.read_text("utf-8").replace(f"\n{head}\n", f"\n{head}\n{line}\n"), "utf-8")
    with connect(shows, user="anna") as session:
        assert session.adoption.plan(folder, templates=TEMPLATES, project="demo").files == 9


@pytest.mark.parametrize("missing", ["nowhere", f"{HERO}/model/publish/notes.txt"])
def test_plan_is_refused_when_there_is_no_such_folder(session: Session, folder: Path, missing: str) -> None:
    with pytest.raises(StorageError, match="is no folder"):
        session.adoption.plan(folder / missing, templates=TEMPLATES)


def test_plan_is_refused_when_there_is_no_such_project(session: Session, folder: Path) -> None:
    with pytest.raises(NotFoundError):
        session.adoption.plan(folder, templates=TEMPLATES, project="other")


PUBLISHED = st.builds(
    "assets/{}/{}/{}/publish/{}.v{:03d}.{}".format,
    st.sampled_from(["char", "prop"]),
    st.sampled_from(["a", "A", "b"]),
    st.sampled_from(["rig", "mod"]),
    st.sampled_from(["x", "y"]),
    st.integers(1, 3),
    st.sampled_from(["usd", "abc", "txt"]),
)
WORK = st.builds(
    "assets/char/{0}/{1}/work/{0}.v{2:03d}.ma".format,
    st.sampled_from(["a", "A", "b"]),
    st.sampled_from(["rig", "mod"]),
    st.integers(1, 3),
)
IMAGES = st.builds(
    "shots/{}/sh/beauty/v{:03d}/sh.{:04d}.exr".format,
    st.sampled_from(["s1", "s2"]),
    st.integers(1, 2),
    st.sampled_from([1001, 1002, 1003, 7]),
)
OTHERS = st.sampled_from(["notes.txt", "assets/char/a/rig/publish/x.v1.usd"])


def memory_context(folder: Path) -> Context:
    catalog = Authority(MemoryStore())
    context = Context(
        catalog=catalog.bind(Actor("anna")),
        actor=Actor("anna"),
        new_id=new_id,
        clock=functools.partial(datetime.datetime.now, datetime.timezone.utc),
        project="demo",
        roots={"show": folder},
    )
    set_up(attrs.evolve(context, catalog=catalog.bind(Actor("anna", system=True))))
    Projects(context).create("demo")
    return context


@given(
    st.sets(st.one_of(PUBLISHED, WORK, IMAGES, OTHERS), min_size=1, max_size=25),
    st.integers(3, 12),
    st.lists(st.integers(0, 3), max_size=4),
)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_interrupted_adoption_comes_to_the_same_as_a_whole_one(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    paths: set[str],
    limit: int,
    stops: list[int],
) -> None:
    folder = tmp_path_factory.mktemp("random")
    make(folder, sorted(paths))
    whole, parts = memory_context(folder), memory_context(folder)
    adoption = Adoption(whole, Templates(whole))
    plan = adoption.plan(folder, templates=TEMPLATES)
    assert plan.files + plan.others + sum(left.count for left in plan.left) == len(paths)
    adoption.apply(plan)
    monkeypatch.setattr(adoptions, "draft", functools.partial(draft, limit=limit))
    adoption = Adoption(parts, Templates(parts))
    taken = 0
    for stop in [*stops, None]:
        step = adoption.plan(folder, templates=TEMPLATES)
        assert (step.left, step.known + step.files) == (plan.left, plan.files)
        taken += adoption.apply(step, cancel=after(stop)).files
    assert everything(parts) == everything(whole)
    assert taken == plan.files
    again = adoption.plan(folder, templates=TEMPLATES)
    assert (again.batches, again.known) == ((), plan.files)
