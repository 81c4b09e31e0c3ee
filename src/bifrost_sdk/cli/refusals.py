"""How the command says no: one message an error on standard error, and an exit status that tells the kind."""

from __future__ import annotations

import json
import sys

from bifrost_sdk.cli.screen import Screen
from bifrost_sdk.errors import BifrostError, ConflictError, NotFoundError, PermissionDeniedError

_STATUS = {NotFoundError: 3, ConflictError: 4, PermissionDeniedError: 5}


def refuse(error: BifrostError, *, in_json: bool) -> int:
    """Tell the error, and answer with its exit status."""
    if in_json:
        print(json.dumps(error.to_data(), ensure_ascii=False), file=sys.stderr)
    else:
        screen = Screen.of(sys.stderr)
        screen.line(f"{screen.styled('bifrost:', 'red')} {error}")
    return status_of(error)


def status_of(error: BifrostError) -> int:
    """The exit status that tells what kind of error it was."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 1)
