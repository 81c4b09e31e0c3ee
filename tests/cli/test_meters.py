from __future__ import annotations

import io
import sys

import pytest

from bifrost_sdk.cli.meters import meter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_one_line_is_written_over_when_somebody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    tell = meter("files")
    assert tell is not None
    for done, total in ((5, 0), (1_000, 2_000), (2_000, 2_000), (2_000, 2_000)):
        tell(done, total)
    assert sys.stderr.getvalue() == ("\r5 files\x1b[K\r1,000 of 2,000 files\x1b[K\r2,000 of 2,000 files\x1b[K\n")


def test_nothing_is_told_when_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert meter("files") is None
