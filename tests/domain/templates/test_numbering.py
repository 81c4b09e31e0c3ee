from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain.templates.compilation import SetTemplate
from bifrost_sdk.domain.templates.documents import SOURCES
from bifrost_sdk.domain.templates.numbering import EXTENSIONS, Counting, application_of, may_hold, shape_of, start_of
from bifrost_sdk.domain.templates.template import Template
from bifrost_sdk.errors import TemplateError

USUAL = {name: source for source, name in SOURCES.items()}
SCENE = "{project}/{asset}[/{shot}]/{task}/work/{user}/{asset}.{task}[.{variant}].v{version}.{ext}"
VALUES = {"project": "demo", "asset": "hero", "task": "rig", "user": "anna", "version": 1, "ext": "ma"}


def template(text: str = SCENE) -> SetTemplate:
    return SetTemplate("work", Template(text, name="work"), "work")


def test_numbers_are_shared_when_user_and_application_differ() -> None:
    counting = Counting.of(template(), USUAL, VALUES)
    assert counting.scope == ("project", "asset", "shot", "task", "variant")
    assert counting.path(12) == "demo/hero/rig/work/anna/hero.rig.v012.ma"
    assert counting.number_in("demo/hero/rig/work/ben/hero.rig.v007.mb") == 7
    assert counting.number_in("demo/hero/rig/work/ben/hero.rig.low.v007.mb") is None
    assert counting.number_in("demo/hero/anim/work/ben/hero.anim.v007.mb") is None
    assert counting.number_in("demo/hero/rig/work/ben/notes.txt") is None


def test_nothing_is_counted_when_the_template_has_no_version() -> None:
    with pytest.raises(TemplateError, match="has no version, so its files cannot be counted"):
        Counting.of(template("{project}/{asset}.{ext}"), USUAL, {})


def test_application_is_known_when_its_extension_is() -> None:
    for name, extensions in EXTENSIONS.items():
        assert [application_of(each.upper()) for each in extensions] == [name] * len(extensions)
    assert application_of("") == ""


def test_walk_begins_where_paths_differ_when_values_are_known() -> None:
    shape = shape_of(template("{project}/assets/{asset}/{task}/{user}.{ext}"), {"project": "demo", "asset": "hero"})
    assert start_of(shape) == "demo/assets/hero"
    assert may_hold(shape, "demo/assets/hero/rig")
    assert not may_hold(shape, "demo/assets/sword")
    assert not may_hold(shape, "demo/assets/hero/rig/deeper")


def test_values_of_other_templates_are_passed_over_when_a_shape_is_made() -> None:
    assert start_of(shape_of(template("{project}/x"), {"project": "demo", "shot": "sh010"})) == "demo"


def test_walk_begins_deep_when_optional_folders_are_known_to_be_there_or_not() -> None:
    made = template("{project}/{asset}[/{parent_assets}/parts]/{shot}/{user}.{ext}")
    known = {"project": "demo", "asset": "hero", "shot": "x"}
    assert start_of(shape_of(made, {**known, "parent_assets": None})) == "demo/hero/x"
    assert start_of(shape_of(made, {**known, "parent_assets": "a-b"})) == "demo/hero/a-b/parts/x"
    assert start_of(shape_of(made, known)) == "demo"


CODES = st.text("abc", min_size=1, max_size=2)


@given(
    st.fixed_dictionaries({"asset": CODES, "task": CODES, "user": CODES}, optional={"shot": CODES, "variant": CODES})
)
def test_no_folder_is_passed_over_when_a_path_lies_in_it(values: dict[str, str]) -> None:
    whole = {**VALUES, **values}
    made = template()
    path = made.template.format(whole)
    folders = ["/".join(path.split("/")[:count]) for count in range(path.count("/") + 1)]
    for known in ({}, {"asset": values["asset"]}, {key: whole[key] for key in ("project", "asset", "task")}, whole):
        shape = shape_of(made, known)
        assert all(may_hold(shape, folder) for folder in folders)
        assert f"{path}/".startswith(f"{start_of(shape)}/" if start_of(shape) else "")
