from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bifrost_sdk.domain.entity import Node
from bifrost_sdk.domain.query import Query
from bifrost_sdk.errors import BifrostError, NotFoundError, TemplateError
from bifrost_sdk.services.readings import ParsedPath
from bifrost_sdk.services.workspace import SENTINEL
from bifrost_sdk.session import Session


def made(session: Session, root: str = "work") -> list[str]:
    top = session.context.roots[root]
    return sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if path.name != SENTINEL)


def test_folders_of_things_are_made_when_asked_for(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    rig = session.tasks.create(hero, "rig")
    plan = session.folders.plan(hero, rig.id)
    assert made(session) == []
    done = session.folders.create(hero, rig.id)
    assert [step.wanted for step in done.steps] == [step.wanted for step in plan.steps]
    top = "demo/assets/char/hero"
    assert made(session) == [
        "demo", "demo/assets", "demo/assets/char", top, f"{top}/rig",
        f"{top}/rig/cache", f"{top}/rig/output", f"{top}/rig/work",
    ]  # fmt: skip
    reasons = {step.wanted.path: (step.wanted.template, step.wanted.subject) for step in done.steps}
    assert reasons[f"{top}/rig/work"] == ("folders.task[0]", f"task rig of {hero.ref}")
    assert reasons[top] == ("folders.asset[0]", hero.ref)
    assert session.folders.create(hero, rig).in_state("made") == ()


def test_all_of_a_project_is_made_when_asked_below_it(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    shot = session.shots.create("demo", "sq010", "sh020")
    for node in (hero, shot, session.projects.get("demo")):
        session.tasks.create(node, "anim")
    session.folders.create("bifrost://demo/shots/sq010", below=True)
    assert [path for path in made(session) if path.endswith("/work")] == ["demo/shots/sq010/sh020/anim/work"]
    session.folders.create("bifrost://demo", below=True)
    assert [path for path in made(session) if path.endswith("/work")] == [
        "demo/assets/char/hero/anim/work",
        "demo/shots/sq010/sh020/anim/work",
    ]
    assert "demo/show" in made(session)
    assert session.folders.create("bifrost://demo", below=True).in_state("made") == ()


def test_own_templates_count_when_a_project_keeps_some(session: Session) -> None:
    session.templates.apply("demo", {"extends": "film", "folders": {
        "product": [{"path": "{@shot_place}/out/{product}", "root": "publish", "files": {"readme.txt": "keep\n"}}]}}
    )  # fmt: skip
    shot = session.shots.create("demo", "sq010", "sh020")
    session.products.ensure(shot, "beauty")
    session.folders.create(shot, below=True)
    assert made(session, "publish")[-2:] == [
        "demo/shots/sq010/sh020/out/beauty",
        "demo/shots/sq010/sh020/out/beauty/readme.txt",
    ]


def test_nothing_is_planned_when_one_of_the_things_is_missing(session: Session) -> None:
    with pytest.raises(NotFoundError, match="assets/char/hero"):
        session.folders.create("bifrost://demo", "bifrost://demo/assets/char/hero")
    assert made(session) == []


def test_paths_are_absolute_when_asked_for(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    top = session.context.roots["work"]
    assert session.folders.path_for(hero, "folder") == top / "demo/assets/char/hero"
    good, bad = session.folders.paths_for([(hero, "folder", {}), (hero.ref, "folder", {"asset": "sword"})])
    assert good == top / "demo/assets/char/hero"
    assert isinstance(bad, TemplateError)
    nowhere = attrs.evolve(session.folders, context=attrs.evolve(session.context, roots={}))
    (lost,) = nowhere.paths_for([(hero, "folder", {})])
    assert isinstance(lost, BifrostError)


CODES = st.text("abAB019_-é", min_size=1, max_size=8).filter(lambda code: code[0] not in "-_")


@given(codes=st.lists(CODES, min_size=4, max_size=4), version=st.integers(1, 99_999), data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_path_is_read_as_what_it_was_made_for_when_parsed(
    session: Session, codes: list[str], version: int, data: st.DataObject
) -> None:
    kind, node, task, variant = codes
    sequence, shot = f"s{kind}", f"t{node}"
    things = [
        session.assets.ensure("demo", kind, node),
        session.shots.ensure("demo", sequence, shot),
    ]
    for thing in things:
        tokens: dict[str, Any] = {"task": task, "version": version, "ext": "ma"}
        if data.draw(st.booleans()):
            tokens["variant"] = variant
        path = session.folders.path_for(thing, "work", **tokens)
        found = session.folders.parse(path)
        assert (found.node, found.area) == (thing, "work")
        assert {name: found.values.get(name) for name in tokens} == tokens
        assert session.context.roots["work"] in path.parents


def test_one_bad_path_leaves_the_others_alone_when_parsed_together(session: Session, tmp_path: Path) -> None:
    hero = session.assets.create("demo", "char", "hero")
    paths = [session.folders.path_for(hero, "folder"), tmp_path, "nowhere", session.folders.path_for(hero, "folder")]
    answers = session.folders.parse_many(paths)
    assert [isinstance(each, ParsedPath) for each in answers] == [True, False, False, True]


def test_each_folder_is_made_once_when_many_make_them_at_once(session: Session) -> None:
    for index in range(5):
        session.tasks.create(session.shots.create("demo", f"sq{index}", "sh010"), "anim")
    with ThreadPoolExecutor(4) as pool:
        plans = list(pool.map(lambda _: session.folders.create("bifrost://demo", below=True), range(4)))
    made_by_each = [{step.place for step in plan.in_state("made")} for plan in plans]
    assert sum(map(len, made_by_each)) == len(set().union(*made_by_each)) == len(plans[0].steps)
    assert {step.state for step in session.folders.plan("bifrost://demo", below=True).steps} == {"there"}


def legal_nodes(session: Session, *, episodes: bool) -> list[Node]:
    """A node in each place that the model allows, many of them with the same codes."""
    hero = session.assets.create("demo", "char", "hero")
    belt = session.assets.create("demo", "char", "belt", parent=hero)
    found: list[Node] = [hero, belt, session.assets.create("demo", "char", "belt")]
    found.append(session.assets.create("demo", "char", "gem", parent=belt))
    above: list[tuple[str | None, str | None]] = [(None, None), (None, "sq010")]
    above += [("ep01", None), ("ep01", "sq010"), ("ep02", "sq010")] if episodes else []
    for episode, sequence in above:
        shot = session.shots.create("demo", sequence, "sh020", episode=episode)
        inner = session.shots.create("demo", None, "sh020a", parent=shot)
        found += [shot, inner, session.shots.create("demo", None, "sh020b", parent=inner)]
    for kind in ("sequence", "episode"):
        found += session.context.every(Query(kind, project="demo"))
    return found


@pytest.mark.parametrize("name", ["film", "episodic"])
def test_each_node_has_folders_of_its_own_that_lead_back_to_it_wherever_it_lies(session: Session, name: str) -> None:
    session.templates.apply("demo", {"extends": name})
    nodes = legal_nodes(session, episodes=name == "episodic")
    tasks = [session.tasks.create(node, "anim") for node in nodes]
    things = [*nodes, *tasks]
    asked = [(thing, area, {"version": 3, "ext": "ma"} if area == "work" else {}) for thing in things
             for area in (("folder",) if thing in nodes else ("folder", "work"))]  # fmt: skip
    places = session.folders.paths_for(asked)
    assert not [place for place in places if isinstance(place, BifrostError)]
    assert len(set(places)) == len(places)
    for (thing, _, _), parsed in zip(asked, session.folders.parse_many([str(place) for place in places]), strict=True):
        assert isinstance(parsed, ParsedPath), parsed
        assert (parsed.entity, parsed.missing) == (thing, ())
    done = session.folders.create("bifrost://demo", below=True)
    assert {str(place) for (_, area, _), place in zip(asked, places, strict=True) if area == "folder"} <= {
        str(step.place) for step in done.steps
    } | {str(place) for task, place in zip(tasks, places[len(nodes) :: 2], strict=True) if task.kind == "task"}
    assert session.folders.create("bifrost://demo", below=True).in_state("made") == ()
    for task in tasks:
        first = session.workfiles.create(task, ext="ma")
        assert first.number == 1
        assert [each.number for each in session.workfiles.list(task)] == [1]
        assert session.workfiles.next(task, ext="ma").number == 2


@pytest.mark.parametrize("name", ["film", "episodic"])
def test_published_files_lie_where_the_templates_say_when_nodes_lie_anywhere(
    session: Session, name: str, tmp_path: Path
) -> None:
    session.templates.apply("demo", {"extends": name})
    source = tmp_path / "a.usda"
    source.write_text("#usda 1.0\n")
    for node in legal_nodes(session, episodes=name == "episodic"):
        version = session.publish(node, "model", {"usd": source})
        place = session.resolve(version.ref)
        found = session.folders.parse(place)
        assert (found.node, found.version) == (node, version)
        said = session.folders.paths_for([(version, "publish", {"ext": "usda"}), (version, "folder", {})])
        assert said == [place, place.parent]


def test_path_says_that_there_is_no_sequence_when_a_shot_has_none(session: Session) -> None:
    lone = session.shots.create("demo", None, "sh020")
    below = session.context.roots["work"]
    place = session.folders.path_for(lone, "work", task="anim", version=1, ext="ma")
    assert place.relative_to(below).as_posix() == "demo/shots/no.sequence/sh020/anim/work/anna/sh020.anim.v001.ma"
    assert session.folders.parse(place).values["sequence"] is None
    with pytest.raises(TemplateError, match="token 'sequence' cannot be 'sq010': bifrost://demo/shots/sh020 has none"):
        session.folders.path_for(lone, "work", task="anim", version=1, ext="ma", sequence="sq010")
    session.shots.create("demo", "sq010", "sh030")
    with pytest.raises(NotFoundError):
        session.folders.parse(below / "demo/shots/no.sequence/sh030")
