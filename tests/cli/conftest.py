"""The command as a person calls it; what it draws with is an extra, which not every session has."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import TypeAlias

import pytest

#: Calls the command: its exit status, and what it wrote to standard output and to standard error.
Run: TypeAlias = Callable[..., tuple[int, str, str]]

if importlib.util.find_spec("rich") is None:  # then there is no command to test, but that it says so
    collect_ignore_glob = ["test_[!e]*.py"]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command as it is typed."""
    from bifrost_sdk.cli.main import main

    def call(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call
