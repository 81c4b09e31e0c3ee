from __future__ import annotations

import pytest

from bifrost_sdk.domain.templates.beginnings import folder_of, folders_of, outermost
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.domain.templates.template import Template


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("{project}/assets/{asset}/{task}.{ext}", "demo/assets"),
        ("{project}/show/fixed.txt", "demo/show"),
        ("{asset}/{project}.{ext}", ""),
        ("shows/{project}[/{variant}]/{asset}.{ext}", "shows"),
        ("{project}.{ext}", ""),
    ],
)
def test_folder_is_told_as_far_as_it_is_the_same_when_values_are_known(text: str, folder: str) -> None:
    assert folder_of(Template(text), {"project": "demo"}) == folder


def test_folders_are_those_of_the_root_when_templates_make_paths_there() -> None:
    made = TemplateSet.from_document(
        {
            "tokens": {"show": {"from": "project.code"}},
            "templates": {
                "work": {"path": "{project}/work/{asset}.{ext}", "root": "work"},
                "renders": {"path": "renders/{show}/{asset}.{frame}.{ext}", "root": "work"},
                "written": {"path": "farm/{project}/{asset}.log", "root": "work", "parse": False},
                "published": {"path": "library/{asset}/{product}.{ext}", "root": "publish"},
            },
        }
    )
    assert folders_of(made, "work", "demo") == ["demo", "renders/demo"]
    assert folders_of(made, "publish", "demo") == ["demo", "library"]
    assert folders_of(made, "elsewhere", "demo") == ["demo"]


def test_outermost_is_one_when_it_holds_all() -> None:
    assert outermost(["demo", "", "demo/assets"]) == [""]
    assert outermost([]) == []
