from __future__ import annotations

from typing import Any

import pytest

from bifrost_sdk.domain.production import Asset, AssetType, Episode, Sequence, Shot
from bifrost_sdk.domain.tasks import Task
from bifrost_sdk.domain.templates import filling
from bifrost_sdk.domain.templates.documents import SOURCES
from bifrost_sdk.domain.templates.strings import StringToken
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.domain.versions import Version
from bifrost_sdk.errors import TemplateError

USUAL = {name: source for source, name in SOURCES.items()}
ID = "01900000-0000-7000-8000-000000000001"
FACTS = {"project.code": "demo", "asset_type.code": "char", "asset.code": "Hero"}
PLACE = "{project}/{asset_type}/{asset}"


def fill(text: str, given: dict[str, Any], facts: dict[str, Any] = FACTS) -> dict[str, Any]:
    template = Template(text, name="one")
    return filling.values_for(template, facts, given, sources=USUAL, subject="hero")


def test_inner_thing_counts_when_two_of_a_kind_lie_in_each_other() -> None:
    chain = [AssetType(code="char"), Asset(code="hero"), Asset(code="helmet"), Task(code="rig", parent=ID)]
    known = {"asset_type.code": "char", "asset.parents": "hero", "asset.code": "helmet", "task.code": "rig"}
    assert filling.facts_of(chain) == known
    inner = [*chain[:3], Asset(code="visor"), Asset(code="gem")]
    assert filling.facts_of(inner)["asset.parents"] == "hero.helmet.visor"
    assert filling.tree_path(filling.facts_of(inner), "asset") == "assets/char/hero/helmet/visor/gem"


def test_nothing_is_known_when_a_version_has_no_number_yet() -> None:
    assert filling.facts_of([Version(product=ID)]) == {}
    assert filling.facts_of([Version(product=ID, number=3)]) == {"version.number": 3}


def test_catalog_fills_tokens_when_the_caller_gives_the_rest() -> None:
    values = fill(f"{PLACE}/{{task}}.v{{version}}.{{ext}}", {"task": "rig", "version": 3, "ext": "ma"})
    assert values == {
        "project": "demo", "asset_type": "char", "asset": "Hero", "task": "rig", "version": 3, "ext": "ma"
    }  # fmt: skip


def test_catalog_spelling_counts_when_the_caller_says_it_again() -> None:
    assert fill(PLACE, {"asset": "HERO", "shot": "sh010"}) == {"project": "demo", "asset_type": "char", "asset": "Hero"}


@pytest.mark.parametrize(
    ("given", "token", "says"),
    [
        ({"asset": "sword"}, "asset", "token 'asset' cannot be 'sword': hero has 'Hero'; leave the token out"),
        ({"asset": 3}, "asset", "cannot be 3"),
        ({"taks": "rig"}, "taks", "it has no token 'taks'; did you mean 'task'?"),
        ({"zz": "rig"}, "zz", "its tokens: project, asset_type, asset, task, variant"),
        ({}, "task", "for hero it needs task (a task does, or the code of one: task=…)"),
    ],
)
def test_error_names_template_and_token_when_values_do_not_fit(given: dict[str, Any], token: str, says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        fill(f"{PLACE}/{{task}}[.{{variant}}]", given)
    assert caught.value.token == token
    assert caught.value.template == "one"
    assert says in str(caught.value)


def test_error_says_what_would_fill_each_token_when_several_are_missing() -> None:
    with pytest.raises(TemplateError) as caught:
        fill("{project}/{shot}/{product}/v{version}.{ext}", {})
    assert str(caught.value).endswith(
        "for hero it needs ext (give ext=…); "
        "product (a product or a version does, or the code of a product: product=…); "
        "shot (only what lies in a shot has one); version (a version does, or a number: version=…)"
    )


@pytest.mark.parametrize(
    ("text", "given", "written"),
    [
        ("{asset}[.{task}]", {}, {"asset"}),
        ("{asset}[.{task}]", {"task": "rig"}, {"asset", "task"}),
        ("x[.{asset}]", {}, {"asset"}),
        ("x[.{asset}.{variant}]", {}, set()),
        ("x[.{asset}.{variant}]", {"variant": "a"}, {"asset", "variant"}),
        ("x[.{asset}[.{variant}]]", {}, {"asset"}),
        ("x[.{variant}[.{asset}]]", {}, set()),
    ],
)
def test_optional_part_is_written_when_what_is_known_is_enough(
    text: str, given: dict[str, Any], written: set[str]
) -> None:
    values = fill(text, given)
    assert values.keys() == written
    Template(text).format(values)  # which refuses a part with a token too few


def test_path_names_nothing_when_its_tokens_disagree() -> None:
    sources = {**USUAL, "hero": "asset.code"}
    assert filling.named_by({"asset": "a", "hero": "b"}, sources) is None
    assert filling.named_by({"asset": "a", "hero": "A", "ext": "ma"}, sources) == {"asset.code": "a"}


@pytest.mark.parametrize(
    ("named", "kind", "path"),
    [
        ({"project.code": "demo"}, "project", ""),
        ({"asset_type.code": "char"}, "asset_type", "assets/char"),
        ({"asset_type.code": "char", "asset.code": "hero"}, "asset", "assets/char/hero"),
        ({"episode.code": "ep1", "sequence.code": "sq1", "shot.code": "sh1"}, "shot", "shots/ep1/sq1/sh1"),
        ({"sequence.code": "sq1", "shot.code": "sh1", "asset.code": "hero"}, "shot", "shots/sq1/sh1"),
        ({"shot.code": "sh1", "user.login": "anna"}, "shot", "shots/sh1"),
        ({"user.login": "anna"}, "project", ""),
    ],
)
def test_place_in_the_tree_is_told_when_it_is_named(named: dict[str, str], kind: str, path: str) -> None:
    assert filling.node_kind(named) == kind
    assert filling.tree_path(named, kind) == path


def test_nodes_are_unnamed_when_the_path_leaves_them_out() -> None:
    episode, sequence, shot = Episode(code="ep1"), Sequence(code="sq1"), Shot(code="sh1")
    hero, helmet = Asset(code="hero"), Asset(code="helmet")
    assert filling.unnamed([episode, sequence, shot], ["sequence", "shot"], USUAL) == [episode]
    assert filling.unnamed([hero, helmet], ["asset"], USUAL) == [hero]
    assert (
        filling.unnamed([episode, sequence, shot, Task(code="a", parent=ID)], ["episode", "sequence", "shot"], USUAL)
        == []
    )


@pytest.mark.parametrize(
    ("facts", "text", "filled"),
    [
        ({"shot.code": "sh1"}, "{sequence}/{shot}", {"sequence": None, "shot": "sh1"}),
        ({"sequence.code": "sq1", "shot.code": "sh1"}, "{sequence}/{shot}", {"sequence": "sq1", "shot": "sh1"}),
        ({"shot.code": "sh1"}, "{sequence}", {}),
        ({"asset.code": "hero"}, "{sequence}/{asset}", {"asset": "hero"}),
        ({"sequence.code": "sq1"}, "{sequence}/{shot}", {"sequence": "sq1"}),
        ({"shot.code": "sh1"}, "{episode}/{shot}", {"shot": "sh1"}),
    ],
)
def test_nothing_fills_a_token_when_a_thing_has_none_and_the_token_writes_that(
    facts: dict[str, str], text: str, filled: dict[str, str | None]
) -> None:
    template = Template(text, tokens={"sequence": StringToken(absent="no.sequence")})
    assert filling.filled(template, facts, USUAL) == filled


def test_value_is_refused_when_the_thing_is_known_to_have_none() -> None:
    template = Template("{sequence}/{shot}", tokens={"sequence": StringToken(absent="no.sequence")}, name="one")
    facts = {"shot.code": "sh1"}
    values = filling.values_for(template, facts, {"sequence": None}, sources=USUAL, subject="sh1")
    assert values == {"sequence": None, "shot": "sh1"}
    assert filling.named_by(values, USUAL) == facts
    with pytest.raises(TemplateError, match="token 'sequence' cannot be 'sq1': sh1 has none") as caught:
        filling.values_for(template, facts, {"sequence": "sq1"}, sources=USUAL, subject="sh1")
    assert (caught.value.template, caught.value.token, caught.value.value) == ("one", "sequence", "sq1")


def test_parents_are_said_when_a_path_has_them() -> None:
    chain = [AssetType(code="char"), Asset(code="hero"), Asset(code="belt"), Asset(code="gem")]
    said = {"asset_type", "asset", "parent_assets"}
    assert filling.unnamed(chain, said, USUAL) == []
    assert filling.unnamed(chain, said - {"parent_assets"}, USUAL) == chain[1:3]
