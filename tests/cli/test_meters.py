from __future__ import annotations

import io
import sys

import pytest

from bifrost_sdk.cli.meters import meter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(patch: pytest.MonkeyPatch) -> Terminal:
    stream = Terminal()
    patch.setattr(sys, "stderr", stream)
    patch.setenv("TERM", "xterm")
    patch.setenv("COLUMNS", "80")
    return stream


def test_how_far_it_is_is_drawn_when_somebody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = terminal(monkeypatch)
    with meter("files [red]") as tell:
        assert tell is not None
        for done, total in ((5, 0), (1_000, 2_000), (2_000, 2_000)):
            tell(done, total)
    assert "2,000 of 2,000 files [red]" in watched.getvalue()
    assert watched.getvalue().endswith("\x1b[2K")  # nothing of it stays


def test_terminal_is_given_back_when_it_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = terminal(monkeypatch)
    with pytest.raises(KeyboardInterrupt), meter("files"):
        raise KeyboardInterrupt
    assert watched.getvalue().count("\x1b[?25l") == watched.getvalue().count("\x1b[?25h") == 1


def test_nothing_is_told_when_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with meter("files") as tell:
        assert tell is None
