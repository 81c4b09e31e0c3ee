"""Which version of the protocol two sides speak, and who must be updated where there is none."""

from __future__ import annotations

import re
from typing import Final

from bifrost_sdk.errors import ConfigurationError

#: The header of every request (the versions that the client speaks, ``1-1``) and of every answer (the one taken).
HEADER: Final = "Bifrost-Protocol"

#: The versions that this code speaks, both inclusive.
OLDEST: Final = 1
NEWEST: Final = 1

_SPAN = re.compile(r"([0-9]{1,6})-([0-9]{1,6})")


def spoken() -> str:
    """The versions that this code speaks, as a request tells them.

    >>> spoken()
    '1-1'
    """
    return f"{OLDEST}-{NEWEST}"


def agreed(offer: str) -> int:
    """The version to answer in: the newest that both sides speak.

    >>> agreed("1-4")
    1

    Raises:
        ConfigurationError: when there is none, with the side that must be updated.
    """
    found = _SPAN.fullmatch(offer)
    if found is None:
        raise ConfigurationError(
            f"a request names the versions it speaks in {HEADER}, as {spoken()}, not {offer!r:.80}; "
            "connect() of Bifrost SDK does",
            setting="protocol",
        )
    oldest, newest = int(found[1]), int(found[2])
    if newest < OLDEST:
        raise _apart(offer, "Bifrost SDK on this machine")
    if oldest > NEWEST:
        raise _apart(offer, "the server")
    return min(newest, NEWEST)


def _apart(offer: str, behind: str) -> ConfigurationError:
    return ConfigurationError(
        f"the server speaks version {spoken()} of the protocol and this client {offer}; update {behind}",
        setting="protocol",
    )
