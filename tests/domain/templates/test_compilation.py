from __future__ import annotations

from typing import Any

import pytest

from bifrost_sdk.domain.templates import compilation
from bifrost_sdk.domain.templates.compilation import Parts
from bifrost_sdk.domain.templates.documents import SOURCES, check
from bifrost_sdk.domain.templates.tokens import ChoiceToken, StringToken
from bifrost_sdk.errors import ValidationError


def parts(document: dict[str, Any]) -> Parts:
    return Parts.of(check(document))


def test_parts_are_those_of_the_document_when_everything_is_right() -> None:
    made = parts(
        {
            "tokens": {
                "char": {"from": "asset.code", "example": "hero", "description": "who"},
                "task": {"characters": "a-z", "example": "anim"},
            },
            "templates": {
                "place": "{project}/{char}",
                "work": {"path": "{@place}/{task}", "root": "work", "description": "scenes"},
                "rig": {"path": "{@place}/rig/{task}", "root": "work", "tokens": {"task": {"characters": "0-9"}}},
            },
            "folders": {"asset": [{"path": "{@place}", "root": "work"}]},
        }
    )
    assert made.tokens == {"char": StringToken(), "task": StringToken(characters="a-z")}
    assert made.examples == {"char": "hero", "task": "anim"}
    assert made.sources["char"] == made.sources["asset"] == "asset.code"
    assert set(SOURCES.values()) <= set(made.sources)
    assert list(made.templates) == ["work", "rig"]
    assert made.templates["work"].description == "scenes"
    assert made.templates["work"].template.tokens["task"] == StringToken(characters="a-z")
    assert made.templates["rig"].template.tokens["task"] == StringToken(characters="0-9")
    assert (made.folders["asset"][0].mode, dict(made.folders["asset"][0].files)) == (None, {})


def test_token_is_another_when_a_template_tells_its_type() -> None:
    made = parts(
        {
            "tokens": {"task": {"characters": "a-z"}},
            "templates": {
                "work": {
                    "path": "{task}",
                    "root": "work",
                    "tokens": {"task": {"type": "choice", "choices": ["rig"]}, "more": {"type": "integer"}},
                }
            },
        }
    )
    assert made.templates["work"].template.tokens == {"task": ChoiceToken(("rig",))}


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({"tokens": {"a": {"type": "word"}}}, "tokens.a", "there is no token type 'word'"),
        ({"tokens": {"a": {"type": ["word"]}}}, "tokens.a", "there is no token type ['word']"),
        ({"tokens": {"a": {"colour": "red"}}}, "tokens.a", "a string token has no colour"),
        ({"tokens": {"a": {"characters": "/"}}}, "tokens.a", "would leave its folder"),
        ({"tokens": {"a": {"characters": "a-z", "example": "A"}}}, "tokens.a.example", "'A' is not"),
        ({"tokens": {"version": {"example": "3"}}}, "tokens.version.example", "'3' is not"),
        ({"templates": {"a": {"root": "work"}}}, "templates.a", "neither this set nor one that it extends gives"),
        ({"templates": {"a": {"path": "{", "root": "work"}}}, "templates.a.path", "cannot be read"),
        ({"templates": {"a": {"path": "/etc/{x}", "root": "work"}}}, "templates.a.path", "/etc"),
        ({"templates": {"a": {"path": "../{x}", "root": "work"}}}, "templates.a.path", ".."),
        ({"templates": {"a": {"path": "{@b}", "root": "work"}}}, "templates.a.path", "{@b} names no template"),
        ({"templates": {"a": {"path": "{@a}", "root": "work"}}}, "templates.a.path", "includes itself"),
        ({"templates": {"a": "{"}}, "templates.a.path", "cannot be read"),
        ({"templates": {"a": {"path": "a", "for": "shot"}}}, "templates.a.for", "without a root is a part"),
        ({"templates": {"a": {"path": "a", "before": []}}}, "templates.a.before", "without a root is a part"),
        ({"templates": {"a": {"path": "a", "root": "work", "for": "shot"}}}, "templates.a.area", "both, for and area"),
        ({"templates": {"a": {"path": "a", "root": "work", "area": "x"}}}, "templates.a.for", "both, for and area"),
        (
            {"templates": {"a": {"path": "a", "root": "work", "before": ["a"]}}},
            "templates.a.before[0]",
            "'a' is no other template below the root 'work'",
        ),
        (
            {"templates": {"a": {"path": "a", "root": "work", "before": ["b"]}, "b": {"path": "b", "root": "x"}}},
            "templates.a.before[0]",
            "'b' is no other template",
        ),
        (
            {"templates": {"a": {"path": "a", "root": "w", "tokens": {"x": {"type": "y"}}}}},
            "templates.a.tokens.x",
            "there is no token type 'y'",
        ),
        ({"folders": {"shot": [{"root": "work"}]}}, "folders.shot[0].path", "a folder has a path and a root"),
        ({"folders": {"shot": [{"path": "a"}]}}, "folders.shot[0].root", "a folder has a path and a root"),
        ({"folders": {"shot": [{"path": "]", "root": "work"}]}}, "folders.shot[0].path", "cannot be read"),
    ],
)
def test_document_is_refused_with_the_place_when_something_in_it_is_wrong(
    document: dict[str, Any], path: str, message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        parts(document)
    (issue,) = caught.value.issues
    assert issue.path == path
    assert message in issue.message


def test_winners_are_tried_first_when_they_stand_last() -> None:
    def placed(path: str, *before: str) -> dict[str, Any]:
        return {"path": path, "root": "work", "before": list(before)}

    written = {"a": placed("a"), "b": placed("b"), "c": placed("c", "b"), "d": placed("d", "a", "c"), "e": placed("e")}
    assert list(parts({"templates": written}).templates) == ["d", "a", "c", "b", "e"]
    written["b"] = placed("b", "d")
    with pytest.raises(ValidationError, match="each of these wins over the next") as caught:
        parts({"templates": written})
    assert {"b", "c", "d"} <= set(caught.value.issues[0].message.replace(",", "").split())


def test_templates_of_one_area_are_refused_when_they_need_the_same_tokens() -> None:
    area = {"root": "work", "for": "shot", "area": "output"}
    written = {"a": {"path": "a/{shot}", **area}, "b": {"path": "b/{shot}[.{frame}]", **area}}
    with pytest.raises(ValidationError, match="'a' is for shot and output too and needs the same tokens") as caught:
        parts({"templates": written})
    assert caught.value.issues[0].path == "templates.b.area"
    written["b"]["path"] = "b/{shot}.{frame}"
    assert list(parts({"templates": written}).templates) == ["a", "b"]


def test_set_is_refused_when_it_has_too_many_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "TEMPLATE_LIMIT", 2)
    with pytest.raises(ValidationError, match="3 templates are more than 2"):
        parts({"templates": {"a": "a", "b": "b", "c": "c"}})


def test_everything_wrong_is_told_at_once_when_there_are_several() -> None:
    with pytest.raises(ValidationError) as caught:
        parts(
            {"tokens": {"a": {"type": "x"}}, "templates": {"b": "{", "c": {"root": "work"}}, "folders": {"shot": [{}]}}
        )
    assert [issue.path for issue in caught.value.issues] == [
        "tokens.a",
        "templates.b.path",
        "templates.c",
        "folders.shot[0].path",
    ]
