"""What is said where the command's extra is not installed; the only test of it that runs there."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pytest

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("name", ["click", "rich"])
def test_what_is_missing_is_named_when_the_extra_is_not_installed(
    run: Run, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)  # what Python itself keeps of a module that is not there
    status, out, err = run("list")
    assert (status, out) == (1, "")
    assert 'pip install "bifrost-sdk[cli]"' in err
    assert json.loads(run("list", "--json")[2])["setting"] == "cli"
