"""How the command says no: one message an error on standard error, and an exit status that tells the kind."""

from __future__ import annotations

import os
import sys

from bifrost_sdk.cli.screen import Screen
from bifrost_sdk.errors import BifrostError, ConflictError, NotFoundError, PermissionDeniedError

#: The exit status of wrong usage, and of what was interrupted.
MISUSED = 2
INTERRUPTED = 130

_STATUS = {NotFoundError: 3, ConflictError: 4, PermissionDeniedError: 5}


def refuse(error: BifrostError, *, in_json: bool) -> int:
    """Tell the error, and answer with its exit status."""
    screen = Screen.of(sys.stderr)
    if in_json:
        screen.document(error.to_data(), indent=None)
    else:
        screen.words(("bifrost:", "red"), str(error))
    return status_of(error)


def refuse_interrupted(consequence: str = "") -> int:
    """Tell that it was interrupted and what that left behind, and answer with the exit status."""
    print(f"bifrost: interrupted; {consequence or 'what was on its way was taken back'}", file=sys.stderr)
    return INTERRUPTED


def end_output() -> None:
    """Print what can be printed, and lead the rest nowhere, or it would be complained of when the process ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def status_of(error: BifrostError) -> int:
    """The exit status that tells what kind of error it was."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 1)
