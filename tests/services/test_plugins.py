from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bifrost_sdk.services.plugins import Loaded, is_name, load


def test_entry_points_come_before_names_when_there_are_both(install: Callable[..., Path]) -> None:
    points = {
        "studio.group": {"second": "bifrost_plugin_a:two", "first": "bifrost_plugin_a:one"},
        "other": {"x": "a:b"},
    }
    install("bifrost_plugin_a", "one = [1]\ntwo = [2]\nthree = [3]\n", points)
    found = list(load("studio.group", ["bifrost_plugin_a:three", "bifrost_plugin_a:two"]))
    assert [(each.name, each.value) for each in found] == [
        ("first", [1]),
        ("second", [2]),
        ("bifrost_plugin_a:three", [3]),
    ]


def test_what_is_installed_is_found_when_the_path_grew(install: Callable[..., Path]) -> None:
    assert list(load("studio.late", [])) == []
    points = {"studio.late": {"one": "bifrost_plugin_b:one"}}
    install("bifrost_plugin_b", "one = 1\n", points)
    assert list(load("studio.late", [])) == [Loaded("one", 1)]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("no_such_module_here:check", ModuleNotFoundError),
        ("math:no_such_name", AttributeError),
        ("bifrost_plugin_c:check", ZeroDivisionError),
    ],
)
def test_failure_is_an_answer_when_a_plugin_cannot_be_loaded(
    name: str, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bifrost_plugin_c.py").write_text("check = 1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = list(load("studio.group", [name, "math:pi"]))
    assert [each.name for each in found] == [name, "math:pi"]
    assert isinstance(found[0].error, error)
    assert found[1].error is None


def test_attribute_of_a_class_is_found_when_it_is_named() -> None:
    (found,) = load("studio.group", ["pathlib:Path.exists"])
    assert found.value is Path.exists


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("a:b", True),
        ("a.b:c.d", True),
        ("ä:ö", True),
        ("a", False),
        ("a:", False),
        (":b", False),
        ("a:1", False),
        ("a b:c", False),
    ],
)
def test_name_is_told_when_it_leads_to_a_thing_in_a_module(text: str, *, is_one: bool) -> None:
    assert bool(is_name(text)) is is_one


def test_network_is_not_loaded_when_plugins_are_described_only() -> None:
    program = "import sys, bifrost_sdk.services.plugins as p; p.Plugins(); print('importlib.metadata' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
