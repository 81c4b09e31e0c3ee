"""What every test runs under: no settings of the user's own, and one of three profiles for properties."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("bifrost_sdk.testing")  # before anything imports it

# How fast a machine is says nothing about the code: no deadlines, no complaint about slow generation.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("desk", _PATIENT)  # finds new examples; the default
settings.register_profile("ci", _PATIENT, derandomize=True, print_blob=True)  # the same commit, the same answer
settings.register_profile("quick", _PATIENT, derandomize=True, print_blob=True, max_examples=20)
settings.load_profile("desk")

# Of the shipped contracts, those that ask much of every kind, and whatever kills or races processes; what else makes a
# sweep says so itself.
_SWEEPS = (
    "test_every_operator_finds_what_evaluate_finds_when_used_on_every_field",
    "test_hidden_thing_shows_nowhere_when_grouped_or_included_or_walked_to",
    "test_numbers_are_gapless_when_processes_race_and_others_recover",
    "test_copy_is_the_newest_version_when_several_processes_publish",
    "test_copy_is_healed_when_its_maker_dies_at_any_step",
    "test_workspace_is_one_when_many_make_it_at_once",
)
_CRASHING = Path(__file__).with_name("crash")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.name.startswith(_SWEEPS) or _CRASHING in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Neither read nor write the settings of whoever runs the tests."""
    home = str(tmp_path_factory.mktemp("home"))
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("BIFROST_SDK_")]:
            patch.delenv(name)
        for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            patch.setenv(name, home)
        yield


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Give up a test because something is not on this machine: that explains itself, and in CI it fails."""
    return pytest.fail if os.environ.get("CI") else pytest.skip


@pytest.fixture(scope="session")
def served() -> ModuleType:
    """`served.py`, by its path."""
    for name in ("fastapi", "uvicorn"):
        pytest.importorskip(name, reason="needs the extra 'server'")
    spec = importlib.util.spec_from_file_location("served", Path(__file__).with_name("served.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def server(served: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:  # a `Process` of that file
    """A server process for catalogs of any names."""
    with contextlib.closing(served.Process(tmp_path_factory.mktemp("served"))) as process:
        yield process
