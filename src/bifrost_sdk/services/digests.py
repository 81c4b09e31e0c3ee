"""Content known by its hash, whose text begins with the algorithm, so that hashes of several kinds live side by side.

sha256 is always to be had. blake3 is faster, and needs the extra ``blake3``.
"""

from __future__ import annotations

import hashlib
from typing import Protocol

from bifrost_sdk.domain.versions import ALGORITHMS
from bifrost_sdk.errors import ConfigurationError

#: The algorithm where nothing names one.
USUAL = ALGORITHMS[0]


class Hasher(Protocol):
    """What the libraries give: fed block by block."""

    @property
    def name(self) -> str:
        """The algorithm."""

    def update(self, data: bytes, /) -> object:
        """Take in the next block."""

    def hexdigest(self) -> str:
        """The hash of all blocks so far, in lower case."""


def hasher_for(algorithm: str) -> Hasher:
    """A hasher that has read nothing yet.

    Raises:
        ConfigurationError: the algorithm needs a library that is not installed.
    """
    return hashlib.sha256() if algorithm == USUAL else _blake3()


def spell(hasher: Hasher) -> str:
    """The hash of what a hasher has read, as it is written everywhere: the algorithm and 64 hexadecimal digits.

    >>> hasher = hasher_for("sha256")
    >>> _ = hasher.update(b"hero")
    >>> spell(hasher)[:15]
    'sha256:ae6c79d1'
    """
    return f"{hasher.name}:{hasher.hexdigest()}"


def algorithm_of(hash: str) -> str:
    """The algorithm that made a hash; the usual one where the text names none, as an empty one.

    >>> algorithm_of("blake3:" + 64 * "0"), algorithm_of("")
    ('blake3', 'sha256')
    """
    name = hash.partition(":")[0]
    return name if name in ALGORITHMS else USUAL


def _blake3() -> Hasher:
    try:
        import blake3  # loaded only where there are such hashes
    except ImportError as error:
        message = (
            "hashes by blake3 need the extra 'blake3', which is not installed; run pip install 'bifrost-sdk[blake3]'"
        )
        raise ConfigurationError(message, setting="hash") from error
    return blake3.blake3()
