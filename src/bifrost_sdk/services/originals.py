"""The files that something is published from: given back as they were, or gone or protected when it stands."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterable, Mapping

import attrs

from bifrost_sdk.services import sources
from bifrost_sdk.services.sources import Source
from bifrost_sdk.services.staging import Transfer


@attrs.frozen
class Originals:
    """The files that a publish was made of, with the rights that they had: a link to one shares its rights."""

    sources: Mapping[Source, int]

    @classmethod
    def of(cls, found: Iterable[Source]) -> Originals:
        """These, as they are now, but those that cannot be looked at: who reads them next is told why."""
        modes = {}
        for source in found:
            with contextlib.suppress(OSError):
                modes[source] = stat.S_IMODE(source.path.stat().st_mode)
        return cls(modes)

    def give_back(self) -> None:
        """Let them be written again as before."""
        for source, mode in self.sources.items():
            with contextlib.suppress(OSError):
                if stat.S_IMODE(source.path.stat().st_mode) != mode:
                    source.path.chmod(mode)

    def finish(self, transfer: Transfer) -> None:
        """Remove what was moved, unless it was changed since; protect what stays where it lies.

        What cannot be removed or protected stays as it is: the version stands, and nothing is lost.
        """
        for source in self.sources if transfer in {"move", "adopt"} else ():
            with contextlib.suppress(OSError):
                if transfer == "adopt":
                    source.path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
                elif sources.stamp(source.path) == source.stamp:
                    source.path.unlink()
