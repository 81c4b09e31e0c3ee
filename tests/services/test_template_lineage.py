from __future__ import annotations

from typing import Any

import pytest

from bifrost_sdk.errors import ValidationError
from bifrost_sdk.services.template_files import builtin
from bifrost_sdk.services.template_lineage import layers


def names(document: dict[str, Any], kept: dict[str, dict[str, Any]]) -> list[str]:
    return [layer.name for layer in layers(document, kept, name="demo")]


@pytest.mark.parametrize(
    ("document", "kept", "expected"),
    [
        ({}, {}, ["demo"]),
        ({"extends": "film"}, {}, ["demo", "film of the library"]),
        ({"extends": "default"}, {}, ["demo", "film of the library"]),
        ({"extends": "default"}, {"film": {}}, ["demo", "film of the library"]),
        ({"extends": "default"}, {"default": {}}, ["demo", "default of the studio"]),
        (
            {"extends": "Default"},
            {"default": {"extends": "default"}},
            ["demo", "Default of the studio", "film of the library"],
        ),
        ({"extends": "film"}, {"film": {"extends": "film"}}, ["demo", "film of the studio", "film of the library"]),
        (
            {"extends": "base"},
            {"base": {"extends": "episodic"}},
            ["demo", "base of the studio", "episodic of the library", "film of the library"],
        ),
    ],
)
def test_layers_are_the_studios_then_the_librarys_when_a_set_extends(
    document: dict[str, Any], kept: dict[str, dict[str, Any]], expected: list[str]
) -> None:
    assert names(document, kept) == expected


def test_layers_hold_the_documents_when_they_are_found() -> None:
    found = layers({"extends": "film", "description": "x"}, {}, name="demo")
    assert [layer.document for layer in found] == [{"extends": "film", "description": "x"}, builtin("film").document]


@pytest.mark.parametrize("wanted", ["zzz", "demo", "../film", 3, ["film"], ""])
def test_layers_are_refused_when_there_is_no_such_set(wanted: Any) -> None:
    with pytest.raises(ValidationError, match="there is no set") as caught:
        layers({"extends": wanted}, {"ours": {}}, name="demo")
    assert caught.value.issues[0].path == "extends"
    assert caught.value.issues[0].hint == "there are ours, default, film, episodic"


def test_layers_end_when_sets_extend_each_other() -> None:
    with pytest.raises(ValidationError, match="there is no set 'b'"):
        names({"extends": "a"}, {"a": {"extends": "b"}, "b": {"extends": "b"}})
