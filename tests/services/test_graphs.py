from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.domain.changes import Create
from bifrost_sdk.domain.pictures.graphs import Graph
from bifrost_sdk.domain.versions import AssetDependency, Version
from bifrost_sdk.errors import NotFoundError, ValidationError
from bifrost_sdk.session import Session, connect


@pytest.fixture
def stage(session: Session, tmp_path: Path) -> dict[str, Version]:
    """A shot with its animation, made of a hero's model and a sword, both of textures; the model has a newer one."""
    path = tmp_path / "some.usda"
    path.write_text("#usda 1.0\n", encoding="utf-8")

    def publish(owner: str, product: str, *needs: object) -> Version:
        return session.publish(owner, product, {"usd": path}, depends_on=needs)

    hero = session.assets.create("demo", "char", "hero").ref
    sword = session.assets.create("demo", "prop", "sword").ref
    shot = session.shots.create("demo", "sq010", "sh020").ref
    session.shots.cast(shot, hero)
    session.shots.cast(shot, sword, count=2, variant="broken")
    made = {"texture": publish(hero, "texture")}
    made["model"] = publish(hero, "model", AssetDependency(made["texture"].id, purpose="look"))
    made["model2"] = publish(hero, "model", made["texture"])
    made["sword"] = publish(sword, "model", AssetDependency(made["texture"].id, "reference", optional=True))
    made["anim"] = publish(shot, "anim", made["model"], AssetDependency(made["sword"].id, "weak"))
    return made


def edges(graph: Graph) -> set[tuple[str, str, str, str]]:
    names = {node.id: node.name for node in graph.nodes}
    return {(names[edge.source], names[edge.target], edge.kind, edge.note) for edge in graph.edges}


def names(graph: Graph) -> set[str]:
    return {node.name for node in graph.nodes}


def test_dependencies_come_with_kind_and_purpose_when_a_version_is_asked_about(
    session: Session, stage: dict[str, Version]
) -> None:
    graph = session.graph(stage["anim"])
    assert edges(graph) == {
        ("sh020/anim v001", "hero/model v001", "strong", ""),
        ("sh020/anim v001", "sword/model v001", "weak", ""),
        ("hero/model v001", "hero/texture v001", "strong", "look"),
        ("sword/model v001", "hero/texture v001", "reference", "optional"),
    }
    assert graph.roots == (stage["anim"].id,)
    nodes = {node.name: node for node in graph.nodes}
    model = nodes["hero/model v001"]
    assert (model.newest, model.is_outdated, model.is_newest, model.area, model.state) == (
        2, True, False, "assets", "published"
    )  # fmt: skip
    assert nodes["sh020/anim v001"].is_newest
    assert nodes["sh020/anim v001"].area == "shots"
    assert model.ref == stage["model"].ref


def test_item_means_the_same_when_named_in_each_way(session: Session, stage: dict[str, Version]) -> None:
    anim = stage["anim"]
    whole = session.graph(anim)
    product = anim.ref.removesuffix("/v001")
    for item in (anim.id, anim.ref, product, f"{product}/latest", session.products.get(product)):
        assert session.graph(item) == whole


def test_users_are_found_when_asked_against_the_arrows(session: Session, stage: dict[str, Version]) -> None:
    graph = session.graph(stage["texture"], direction="used_by")
    assert names(graph) == {
        "hero/texture v001", "hero/model v001", "hero/model v002", "sword/model v001", "sh020/anim v001"
    }  # fmt: skip
    both = session.graph(stage["model"], direction="both")
    assert edges(both) == {
        ("sh020/anim v001", "hero/model v001", "strong", ""),
        ("hero/model v001", "hero/texture v001", "strong", "look"),
    }


def test_shot_brings_its_casting_when_asked_about(session: Session, stage: dict[str, Version]) -> None:
    graph = session.graph("bifrost://demo/shots/sq010/sh020")
    assert {edge for edge in edges(graph) if edge[2] in ("cast", "holds")} == {
        ("sq010/sh020", "char/hero", "cast", ""),
        ("sq010/sh020", "prop/sword", "cast", "\u00d72 broken"),
        ("sq010/sh020", "sh020/anim v001", "holds", ""),
        ("char/hero", "hero/model v002", "holds", ""),
        ("char/hero", "hero/texture v001", "holds", ""),
        ("prop/sword", "sword/model v001", "holds", ""),
    }
    tavern = session.assets.create("demo", "set", "tavern")
    session.shots.cast("bifrost://demo/shots/sq010", tavern, count=2)
    assert ("sq010/sh020", "set/tavern", "cast", "\u00d72 by sq010") in edges(session.graph(graph.roots[0]))
    assert ("shots/sq010", "set/tavern", "cast", "\u00d72") in edges(session.graph(tavern, direction="used_by"))
    asset = session.graph("bifrost://demo/assets/prop/sword", direction="used_by")
    assert ("sq010/sh020", "prop/sword", "cast", "\u00d72 broken") in edges(asset)
    assert "sh020/anim v001" in names(asset)


def test_rest_is_a_number_when_more_is_there_than_is_shown(session: Session, stage: dict[str, Version]) -> None:
    near = session.graph(stage["anim"], depth=1)
    assert names(near) == {"sh020/anim v001", "hero/model v001", "sword/model v001", "1 more"}
    assert ("hero/model v001", "1 more", "more", "") in edges(near)
    few = session.graph(stage["texture"], direction="used_by", limit=2)
    (more,) = (node for node in few.nodes if node.kind == "more")
    assert (len(few.nodes), more.count) == (3, 3)
    assert sum(node.count for node in session.graph(stage["model"], direction="both", limit=1).nodes) == 3
    assert len(session.graph(stage["anim"], depth=2).nodes) == 4


def test_links_are_told_apart_when_there_are_some(session: Session, stage: dict[str, Version]) -> None:
    twin = session.assets.create("demo", "char", "twin")
    session.links.create(stage["texture"], stage["anim"], type="seen-in")
    session.links.create(stage["model2"], twin)
    graph = session.graph(stage["anim"])
    assert ("hero/texture v001", "sh020/anim v001", "link", "seen-in") in edges(graph)
    assert "char/twin" not in names(graph)
    assert ("hero/model v002", "char/twin", "link", "related") in edges(session.graph(stage["model2"]))


def test_past_is_shown_when_the_view_is_of_then(session: Session, stage: dict[str, Version]) -> None:
    then = session.revision("demo")
    session.versions.retire(stage["model"])
    shown = {node.name: node.state for node in session.graph(stage["anim"]).nodes}
    assert shown["hero/model v001"] == "retired"
    shown = {node.name: node.state for node in session.at(then).graph(stage["anim"].ref).nodes}
    assert shown["hero/model v001"] == "published"
    pins = session.pin(["bifrost://demo/assets/char/hero/model/v001"])
    pinned = {node.name: node for node in session.pinned(pins).graph(stage["anim"]).nodes}
    assert pinned["hero/model v001"].newest == 2


def test_hidden_things_are_left_out_when_the_role_hides_them(
    session: Session, stage: dict[str, Version], tmp_path: Path
) -> None:
    sees = {"asset": {"not": {"path": ["code"], "operator": "eq", "value": "sword"}}}
    role = session.users.create_role("guest", permissions=["read:*"], filters=sees)
    session.users.grant(session.users.ensure("bo"), role, project="demo")
    session.projects.update("demo", default_role=role)
    with connect(tmp_path / "shows", user="bo") as guest:
        seen = [guest.graph(item) for item in (stage["anim"].ref, "bifrost://demo/shots/sq010/sh020")]
        seen.append(guest.graph(stage["texture"].ref, direction="used_by"))
    assert names(seen[0]) == {"sh020/anim v001", "hero/model v001", "hero/texture v001"}
    assert all("sword" not in node.ref + node.label and node.kind != "more" for graph in seen for node in graph.nodes)


def test_reads_stay_few_when_there_is_much(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    hero = session.assets.create("demo", "char", "hero")
    product = session.products.create(hero, "model")
    new = session.context.new_id
    base = Version(id=new(), product=product.id, number=1, state="published")
    users = [
        Version(id=new(), product=product.id, number=number, state="published", dependencies=(base.id,))
        for number in range(2, 600)
    ]
    session.commit([Create(version) for version in (base, *users)], project="demo")
    asked: list[str] = []

    def counted(name: str, asking: Callable[..., object]) -> Callable[..., object]:
        def ask(*arguments: object, **options: object) -> object:
            asked.append(name)
            return asking(*arguments, **options)

        return ask

    catalog = type(session.context.catalog)
    for name in ("find", "get", "resolve"):
        monkeypatch.setattr(catalog, name, counted(name, getattr(catalog, name)))
    graph = session.graph(base.id, direction="used_by", limit=50)
    assert sum(node.count for node in graph.nodes) == 599
    assert len(graph.nodes) == 51
    assert 0 < len(asked) <= 4, asked


def test_nonsense_is_refused_when_asked_for(session: Session, stage: dict[str, Version]) -> None:
    for options in ({"direction": "up"}, {"depth": 0}, {"limit": 0}, {"limit": 1001}, {"depth": True}):
        with pytest.raises(ValidationError):
            session.graph(stage["anim"], **options)
    with pytest.raises(NotFoundError):
        session.graph("bifrost://demo/assets/char/nobody")
    session.products.create("bifrost://demo/assets/char/hero", "rig")
    with pytest.raises(NotFoundError):
        session.graph("bifrost://demo/assets/char/hero/rig")


def test_other_projects_are_reached_when_dependencies_cross(session: Session, stage: dict[str, Version]) -> None:
    session.projects.create("other")
    kit = session.products.create(session.assets.create("other", "prop", "stock"), "kit")
    made = Version(
        id=session.context.new_id(), product=kit.id, number=1, state="published", dependencies=(stage["texture"].id,)
    )
    used = session.commit([Create(made)], project="other").entities[0]
    assert isinstance(used, Version)
    graph = session.graph(used)
    assert edges(graph) == {("stock/kit v001", "hero/texture v001", "strong", "")}
    assert all(node.is_newest for node in graph.nodes)
    assert "stock/kit v001" in names(session.graph(stage["texture"], direction="used_by"))


def test_thing_stands_alone_when_nothing_is_made_of_it(session: Session) -> None:
    hero = session.assets.create("demo", "char", "hero")
    task = session.tasks.create(hero, "rig")
    user = session.users.ensure("bo")
    for thing in (hero, task, user, session.projects.get("demo")):
        for direction in ("uses", "used_by", "both"):
            graph = session.graph(thing, direction=direction)  # type: ignore[arg-type]  # one of the three
            assert [node.id for node in graph.nodes] == [thing.id] == list(graph.roots)
            assert graph.nodes[0].label
