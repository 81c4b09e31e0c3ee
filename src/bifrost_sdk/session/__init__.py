"""The way in: `init` makes a workspace, `connect` opens it, and a `Session` holds all that can be done."""

from __future__ import annotations

from bifrost_sdk.session.opening import connect, init
from bifrost_sdk.session.services import Services
from bifrost_sdk.session.session import Session

__all__ = ["Services", "Session", "connect", "init"]
