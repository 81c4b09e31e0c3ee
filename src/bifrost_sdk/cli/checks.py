"""What a look at one thing came to."""

from __future__ import annotations

from typing import Literal

import attrs

#: ``note`` is worth knowing, ``warning`` may become trouble, ``wrong`` is trouble.
State = Literal["fine", "note", "warning", "wrong"]


@attrs.frozen
class Check:
    """How a thing was found to be, and what to do where that is not well."""

    state: State
    subject: str
    finding: str
    advice: str = ""
