from __future__ import annotations

from typing import Any

import pytest

from bifrost_sdk.domain.templates.layouts import Layout, Wanted, laid_out
from bifrost_sdk.domain.templates.sets import TemplateSet
from bifrost_sdk.errors import TemplateError

FACTS = {"project.code": "demo", "asset.code": "hero"}


def asked(*folders: dict[str, Any]) -> list[Wanted]:
    made = TemplateSet.from_document({"folders": {"asset": folders}})
    return list(Layout(made).wanted("asset", FACTS, subject="hero"))


def test_folder_and_files_are_wanted_when_their_tokens_have_values() -> None:
    found = asked({"path": "{project}/{asset}", "root": "work", "mode": "0750", "files": {"in/.keep": "", "a": "b"}})
    assert found == [
        Wanted("work", "demo/hero", "folders.asset[0]", "hero", 0o750),
        Wanted("work", "demo/hero/in/.keep", "folders.asset[0]", "hero", text=""),
        Wanted("work", "demo/hero/a", "folders.asset[0]", "hero", text="b"),
    ]
    assert [item.is_folder for item in found] == [True, False, False]


def test_folder_is_left_out_when_a_token_has_no_value() -> None:
    assert asked({"path": "{project}/{shot}", "root": "work"}, {"path": "{project}/{variant}", "root": "work"}) == []
    (found,) = asked({"path": "{project}[/{shot}]/x", "root": "work"})
    assert found.path == "demo/x"


def test_each_thing_has_its_own_folder_when_the_same_or_less_is_known_of_it() -> None:
    made = TemplateSet.from_document({"folders": {"asset": [{"path": "{project}/{asset}[/{task}]", "root": "work"}]}})
    layout, known = Layout(made), ({}, {"task.code": "rig"}, {"asset.code": "sword"}, {"task.code": "look"})
    found = [each.path for more in known for each in layout.wanted("asset", {**FACTS, **more}, subject="it")]
    assert found == ["demo/hero", "demo/hero/rig", "demo/sword", "demo/hero/look"]


def test_nothing_is_wanted_when_the_set_says_nothing_of_the_kind() -> None:
    made = TemplateSet.from_document({"folders": {"shot": [{"path": "{project}", "root": "work"}]}})
    assert list(Layout(made).wanted("asset", FACTS, subject="hero")) == []


def test_folders_above_come_first_when_laid_out() -> None:
    items = laid_out(
        [
            Wanted("work", "demo/a/b", "two", "hero"),
            Wanted("publish", "demo", "three", "hero"),
            Wanted("work", "demo/a", "one", "sword", 0o700),
            Wanted("work", "demo/a/b", "four", "sword"),
            Wanted("work", "demo/a/in/.keep", "five", "sword", text=""),
        ]
    )
    assert [(item.root, item.path, item.mode, item.template) for item in items] == [
        ("work", "demo", None, "two"),
        ("work", "demo/a", 0o700, "one"),
        ("work", "demo/a/b", None, "two"),
        ("publish", "demo", None, "three"),
        ("work", "demo/a/in", None, "five"),
        ("work", "demo/a/in/.keep", None, "five"),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Wanted("work", "a/b", "one", "x", 0o755), Wanted("work", "a/b", "two", "y", 0o750)),
        (Wanted("work", "a/b", "one", "x"), Wanted("work", "a/b", "two", "y", text="")),
        (Wanted("work", "a/b", "one", "x", text="1"), Wanted("work", "a/b", "two", "y", text="2")),
        (Wanted("work", "a/b", "one", "x", text="1"), Wanted("work", "a/b/c", "two", "y")),
    ],
)
def test_both_are_named_when_they_ask_for_one_place_differently(one: Wanted, other: Wanted) -> None:
    for pair in ([one, other], [other, one]):
        with pytest.raises(TemplateError, match="let them ask for the same") as caught:
            laid_out(pair)
        assert all(word in str(caught.value) for word in ("one for x", "two for y", "a/b"))
