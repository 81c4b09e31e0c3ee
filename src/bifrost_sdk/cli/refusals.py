"""How the command says no: one message an error on standard error, and an exit status that tells the kind."""

from __future__ import annotations

import sys

from bifrost_sdk.cli.screen import Screen
from bifrost_sdk.errors import BifrostError, ConflictError, NotFoundError, PermissionDeniedError

_STATUS = {NotFoundError: 3, ConflictError: 4, PermissionDeniedError: 5}


def refuse(error: BifrostError, *, in_json: bool) -> int:
    """Tell the error, and answer with its exit status."""
    screen = Screen.of(sys.stderr)
    if in_json:
        screen.document(error.to_data(), indent=None)
    else:
        screen.line(f"{screen.styled('bifrost:', 'red')} {error}")
    return status_of(error)


def status_of(error: BifrostError) -> int:
    """The exit status that tells what kind of error it was."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 1)
