from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.frames import FrameRange
from bifrost_sdk.domain.people import Role
from bifrost_sdk.domain.versions import File, Representation, Version, Workfile
from bifrost_sdk.errors import BifrostError, NotFoundError, TemplateError, ValidationError
from bifrost_sdk.services.folders import Folders
from bifrost_sdk.services.readings import ParsedPath
from bifrost_sdk.session import Session, connect

Parse = Callable[[str], ParsedPath]
SCENE = "work/demo/assets/char/hero/rig/work/anna/hero.rig.v003.ma"


@pytest.fixture
def parse(session: Session) -> Parse:
    def one(path: str) -> ParsedPath:
        return session.folders.parse(session.settings.folder / path)

    return one


def publish(session: Session, ref: str, product: str, *names: str) -> Version:
    folder = session.settings.folder / "incoming"
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text(name)
    files = {Path(name).suffix[1:]: folder / name for name in names}
    return session.publish(ref, product, files)


def test_work_path_is_understood_when_all_of_it_is_in_the_catalog(session: Session, parse: Parse) -> None:
    hero = session.assets.create("demo", "char", "hero")
    rig = session.tasks.create(hero, "rig")
    found = parse(SCENE)
    assert (found.node, found.task, found.user, found.entity) == (hero, rig, session.users.me(), rig)
    assert (found.template, found.area, found.root, found.project) == ("asset_work", "work", "work", "demo")
    assert found.path == SCENE.removeprefix("work/")
    assert (found.values["version"], found.values["ext"], found.missing) == (3, "ma", ())
    assert (found.product, found.version, found.workfile) == (None, None, None)
    scene = Workfile(id=session.context.new_id(), parent=hero.id, file=found.path, number=3, task=rig.id)
    session.commit([Create(scene)], project="demo")
    known = parse(SCENE)
    assert known.workfile is not None
    assert (known.workfile.id, known.entity) == (scene.id, known.workfile)


def test_folder_leads_to_its_node_when_parsed(session: Session, parse: Parse) -> None:
    session.assets.create("demo", "char", "hero")
    session.shots.create("demo", "sq010", "sh020")
    for path, ref in (
        ("demo/show", "bifrost://demo"),
        ("demo/assets/char/hero", "bifrost://demo/assets/char/hero"),
        ("demo/sequences/sq010", "bifrost://demo/shots/sq010"),
        ("demo/shots/sq010/sh020", "bifrost://demo/shots/sq010/sh020"),
        ("demo/shots/sq010/../sq010/sh020/", "bifrost://demo/shots/sq010/sh020"),
    ):
        found = parse(f"work/{path}")
        assert found.node.ref == found.entity.ref == ref


def test_what_is_missing_is_told_with_what_is_near_when_the_node_is_there(session: Session, parse: Parse) -> None:
    hero = session.assets.create("demo", "char", "hero")
    session.tasks.create(hero, "rigging")
    publish(session, hero.ref, "model", "a.usda")
    found = parse("work/demo/assets/char/hero/rig/work/ann/hero.rig.v003.ma")
    assert (found.node, found.task, found.user) == (hero, None, None)
    assert [(each.ref, each.suggestions) for each in found.missing] == [("rig", ("rigging",)), ("ann", ("anna",))]
    found = parse("publish/demo/assets/char/hero/modle/v001/modle.usda")
    assert (found.node, found.product, found.version) == (hero, None, None)
    assert found.missing[0].suggestions[:1] == ("bifrost://demo/assets/char/hero/model",)
    found = parse("publish/demo/assets/char/hero/model/v002/model.usda")
    assert found.product is not None
    assert (found.version, [each.ref for each in found.missing]) == (None, [f"{found.product.ref}/v002"])


def test_nearest_nodes_are_told_when_the_node_is_missing(session: Session, parse: Parse) -> None:
    session.assets.create("demo", "char", "hero")
    with pytest.raises(NotFoundError, match=r"Did you mean bifrost://demo/assets/char/hero\?") as caught:
        parse("work/demo/assets/char/herp/rig/work/anna/herp.rig.v003.ma")
    assert caught.value.ref == "bifrost://demo/assets/char/herp"


def test_hidden_nodes_are_as_if_they_were_not_when_parsed(session: Session) -> None:
    session.assets.create("demo", "char", "hero")
    filters = {"asset": {"path": ["code"], "operator": "ne", "value": "hero"}}
    session.commit(
        [Create(Role(id=session.context.new_id(), code="guest", permissions=("read:*",), filters=filters))],
        project="studio",
    )
    session.users.create("gus")
    session.users.grant("gus", "guest", project="demo")
    with connect(session.settings.folder, user="gus") as guest:
        for code in ("hero", "herp"):
            (found,) = guest.folders.parse_many([session.settings.folder / f"work/demo/assets/char/{code}"])
            assert isinstance(found, NotFoundError)
            assert session.get("bifrost://demo/assets/char/hero").ref not in found.suggestions


def test_nearest_template_is_told_when_none_reads_a_path(session: Session, parse: Parse) -> None:
    for path, template, token, says in (
        ("work/demo/assets/char/hero/rig/work/anna/hero.rig.v3.ma", "asset_work", "", "expects 'v'"),
        ("work/demo/assets/char/@ro", "asset_folder", "asset", "token asset, not '@ro'"),
        ("publish/demo/x", "", "", "is read by no template; the nearest is"),
    ):
        with pytest.raises(TemplateError, match=says) as caught:
            parse(path)
        assert template in caught.value.template
        assert token in caught.value.token


def test_roots_are_told_when_a_path_lies_below_none(session: Session, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="lies below no root; the roots are publish") as caught:
        session.folders.parse(tmp_path / "elsewhere")
    assert caught.value.issues[0].code == "path.outside"
    with pytest.raises(ValidationError, match="its folders name no project that may be seen"):
        Folders(attrs.evolve(session.context, project=None), session.templates).parse(
            session.settings.folder / "work/nothing"
        )


def test_published_file_is_known_when_no_template_reads_it(session: Session, parse: Parse) -> None:
    hero = session.assets.create("demo", "char", "hero")
    version = publish(session, hero.ref, "model", "a.usda", "turn.png")
    folder = "publish/demo/assets/char/hero/model/v001"
    found = parse(f"{folder}/model.usda")
    assert (found.node, found.version, found.template) == (hero, version, "asset_publish")
    assert found.product is not None
    assert found.file is not None
    assert (found.product.code, found.file.name, found.entity) == ("model", "model.usda", found.representation)
    found = parse(f"{folder}/png.png")
    assert (found.version, found.template) == (version, "")
    assert found.representation is not None
    assert found.representation.name == "png"
    assert (parse(folder).version, parse(folder).file) == (version, None)
    assert (parse(f"{folder}/manifest.json").version, parse(f"{folder}/manifest.json").file) == (version, None)


def test_published_file_stays_with_its_version_when_nodes_change_names(session: Session, parse: Parse) -> None:
    hero = session.assets.create("demo", "char", "hero")
    old = publish(session, hero.ref, "model", "a.usda")
    hero = session.assets.rename(hero, "heroine")
    other = session.assets.create("demo", "char", "hero")
    new = publish(session, other.ref, "model", "b.usda")
    found = parse("publish/demo/assets/char/hero/model/v001/model.usda")
    assert (found.node, found.version and found.version.id) == (hero, old.id)
    assert found.missing == ()
    lies = session.resolve(new.ref)
    assert lies.parent.name != "v001"
    found = session.folders.parse(lies)
    assert (found.node, found.version and found.version.id) == (other, new.id)
    assert parse("work/demo/assets/char/hero").node == other


def test_old_path_leads_to_the_node_when_it_was_renamed(session: Session, parse: Parse) -> None:
    hero = session.assets.create("demo", "char", "hero")
    hero = session.assets.rename(hero, "heroine")
    assert parse("work/demo/assets/char/hero").node == hero


def adopt(session: Session, ref: str, folder: str, *files: File, root: str = "publish") -> Version:
    """A version whose files lie where no template says."""
    product = session.products.ensure(ref, "fx")
    new_id = session.context.new_id
    version = Version(id=new_id(), product=product.id, number=None, state="published")
    stored = Representation(id=new_id(), version=version.id, name="vdb", root=root, folder=folder, files=files)
    made = session.commit([Create(version), Create(stored)], project="demo").entities[0]
    assert isinstance(made, Version)
    return made


HASH = "sha256:" + "0" * 64


def test_file_is_found_where_it_was_taken_in_when_templates_say_nothing(session: Session, parse: Parse) -> None:
    shot = session.shots.create("demo", "sq010", "sh020")
    for folder, name, root in (
        ("old/show", "sim.vdb", "publish"), ("", "top.vdb", "publish"), ("old", "a/b/sim.vdb", "work")
    ):  # fmt: skip
        version = adopt(session, shot.ref, folder, File(name, 3, HASH), root=root)
        found = parse("/".join(part for part in (root, folder, name) if part))
        assert (found.node, found.version, found.file and found.file.name) == (shot, version, name)
    with pytest.raises(TemplateError):
        parse("publish/old/other.vdb")


def test_file_in_a_work_area_is_published_when_the_catalog_says_so(session: Session, parse: Parse) -> None:
    hero = session.assets.create("demo", "char", "hero")
    session.tasks.create(hero, "rig")
    folder, _, name = SCENE.removeprefix("work/").rpartition("/")
    version = adopt(session, hero.ref, folder, File(name, 3, HASH), root="work")
    assert (parse(SCENE).version, parse(SCENE).template) == (version, "asset_work")


def test_one_folder_of_many_versions_is_none_of_them_when_parsed(session: Session, parse: Parse) -> None:
    shot = session.shots.create("demo", "sq010", "sh020")
    first = adopt(session, shot.ref, "old/caches", File("sim_v1.vdb", 3, HASH))
    assert parse("publish/old/caches").version == first
    second = adopt(session, shot.ref, "old/caches", File("sim_v2.vdb", 3, HASH))
    assert parse("publish/old/caches/sim_v2.vdb").version == second
    with pytest.raises(TemplateError):
        parse("publish/old/caches")


def test_file_of_a_set_is_found_when_it_is_one_of_its_numbers(session: Session) -> None:
    shot = session.shots.create("demo", "sq010", "sh020")
    frames = File("fx.<FRAME>.exr", 9, HASH, frames=FrameRange.parse("1001-1002"), padding=4, count=2)
    tiles = File("tex.<UDIM>.tx", 9, HASH, udims=(1001, 1002), count=2)
    version = adopt(session, shot.ref, "old/fx", frames, tiles)
    inside = [
        "fx.1001.exr",
        "fx.%04d.exr",
        "fx.####.exr",
        "fx.$F4.exr",
        "fx.<FRAME>.exr",
        "tex.1002.tx",
        "tex.<UDIM>.tx",
    ]
    outside = ["fx.1003.exr", "fx.1.exr", "fx.###.exr", "tex.1004.tx", "fx.exr"]
    folder = session.settings.folder / "publish/old/fx"
    answers = session.folders.parse_many([folder / name for name in (*inside, *outside)])
    found = [each.version if isinstance(each, ParsedPath) else None for each in answers]
    assert found == [version] * len(inside) + [None] * len(outside)


def test_existing_thing_counts_when_several_templates_read_a_path(session: Session) -> None:
    session.templates.apply("demo", {"templates": {
        "sequence_any": {"path": "{project}/{sequence}/{task}", "root": "work", "for": "task", "area": "folder",
                         "before": ["shot_any"]},
        "shot_any": {"path": "{project}/{sequence}/{shot}", "root": "work", "for": "shot", "area": "folder"},
    }})  # fmt: skip
    shot = session.shots.create("demo", "sq010", "sh020")
    sequence = session.get("bifrost://demo/shots/sq010")
    edit = session.tasks.create(sequence, "edit")
    top = session.settings.folder / "work/demo/sq010"
    answers = session.folders.parse_many([top / "edit", top / "sh020", top / "neither"])
    found = [(each.node, each.task) for each in answers if isinstance(each, ParsedPath)]
    assert found == [(sequence, edit), (shot, None), (sequence, None)]
    both = session.tasks.create(sequence, "sh020")
    assert session.folders.parse(top / "sh020").task == both  # where both are there, what wins in the set counts


def test_node_is_found_by_name_when_the_path_names_too_little(session: Session) -> None:
    session.templates.apply("demo", {"templates": {
        "flat": {"path": "{project}/{shot}", "root": "work", "for": "shot", "area": "folder"}}})  # fmt: skip
    shot = session.shots.create("demo", "sq010", "sh020", episode="ep01")
    path = session.settings.folder / "work/demo/SH020"
    assert session.folders.parse(path).node == shot
    other = session.shots.create("demo", "sq020", "sh020")
    with pytest.raises(TemplateError, match="may belong to any of 2") as caught:
        session.folders.parse(path)
    assert shot.ref in str(caught.value)
    assert other.ref in str(caught.value)
    own = session.shots.create("demo", None, "sh020")
    assert session.folders.parse(path).node == own


def test_templates_of_each_project_read_its_paths_when_there_are_several(session: Session) -> None:
    session.projects.create("other")
    place = {"path": "{project}/{asset}.{asset_type}", "root": "work", "for": "asset", "area": "folder"}
    session.templates.apply("other", {"templates": {"place": place}})
    session.assets.create("demo", "char", "hero")
    session.assets.create("other", "char", "hero")
    top = session.settings.folder / "work"
    mine, other, wrong = session.folders.parse_many(
        [top / "demo/assets/char/hero", top / "other/hero.char", top / "other/x"]
    )
    assert isinstance(mine, ParsedPath)
    assert isinstance(other, ParsedPath)
    assert (mine.node.ref, other.node.ref) == ("bifrost://demo/assets/char/hero", "bifrost://other/assets/char/hero")
    assert isinstance(wrong, TemplateError)
    with pytest.raises(TemplateError):
        session.folders.parse(top / "other/hero.char", project="demo")


def test_spelling_of_another_platform_is_understood_when_the_root_has_a_folder_there(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    folders = attrs.evolve(session.folders, elsewhere=(("work", PureWindowsPath("P:/shows")),))
    assert folders.parse(r"p:\shows\demo\assets\char\hero").node == hero


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_path_is_understood_when_it_leads_to_a_root_by_a_link(session: Session, tmp_path: Path) -> None:
    hero = session.assets.create("demo", "char", "hero")
    (tmp_path / "link").symlink_to(session.settings.folder / "work")
    assert session.folders.parse(tmp_path / "link/demo/assets/char/hero").node == hero


def test_relative_path_is_one_of_the_current_folder_when_given(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    hero = session.assets.create("demo", "char", "hero")
    monkeypatch.chdir(session.settings.folder / "work")
    assert session.folders.parse("demo/assets/char/hero").node == hero


def test_catalog_is_asked_as_often_when_paths_are_many(session: Session) -> None:
    count = 20
    paths = []
    for index in range(count):
        shot = session.shots.create("demo", f"sq{index:03d}", "sh010")
        session.tasks.create(shot, "anim")
        paths += [session.folders.path_for(shot, "work", task="anim", version=1, ext="ma")]
    calls: list[int] = []
    for wanted in (paths[:1], paths):
        counted = Counting(session.context.catalog)
        folders = Folders(attrs.evolve(session.context, catalog=counted), session.templates)
        assert not [each for each in folders.parse_many(wanted) if isinstance(each, BifrostError)]
        calls.append(counted.count)
    assert calls[1] <= calls[0] <= 14


class Counting:
    """A catalog that counts its calls."""

    def __init__(self, catalog: Any) -> None:
        self.catalog = catalog
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        self.count += 1
        return getattr(self.catalog, name)


def test_error_is_one_of_ours_when_a_path_is_hostile(session: Session) -> None:
    top = f"{session.settings.folder}/work/demo/"
    hostile = ["", ".", "/", "\0", "work/a\0b", "work/\udc80", "\ud800", "a" * 30_000, "C:", "\\\\", "//", "~"]
    paths = [f"{before}{text}" for text in hostile for before in ("", top, f"{top}assets/char/", f"{top}assets/../")]
    answers = session.folders.parse_many(paths)
    assert all(isinstance(each, (BifrostError, ParsedPath)) for each in answers)
    assert [each for path in paths for each in session.folders.parse_many([path]) if isinstance(each, ParsedPath)] == [
        each for each in answers if isinstance(each, ParsedPath)
    ]


@given(st.text(max_size=40), st.sampled_from(["", "assets/char/", "shots/", "assets/char/hero/rig/work/anna/"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_answer_is_about_the_root_when_any_text_is_parsed(session: Session, text: str, above: str) -> None:
    (found,) = session.folders.parse_many([f"{session.settings.folder}/work/demo/{above}{text}"])
    assert isinstance(found, (BifrostError, ParsedPath))
    if isinstance(found, ParsedPath):
        assert found.node.project in ("demo", "studio")


def test_answer_is_plain_json_when_asked_for(session: Session, parse: Parse) -> None:
    session.assets.create("demo", "char", "hero")
    data = json.loads(json.dumps(parse(SCENE).to_data()))
    assert (data["node"], data["task"], data["values"]["version"]) == ("bifrost://demo/assets/char/hero", None, 3)
    assert [each["ref"] for each in data["missing"]] == ["rig"]
