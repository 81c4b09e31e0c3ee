"""Roots whose folders lie in one another, or are one: what one of them knows is no stray of another.

Work files and published ones are often kept side by side below one folder. Each root is looked at by itself; here it is
told whether a file that one of them does not know is known to another, and each is told of once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import attrs

from bifrost_sdk.domain.reconciliation import Spot
from bifrost_sdk.services.scanning import Stray
from bifrost_sdk.services.sources import MANIFEST
from bifrost_sdk.services.tracked import Holding


@attrs.frozen(eq=False)
class Overlaps:
    """The roots that lie in one another: the real folder of each, and what the catalog knows there, by folder."""

    tops: Mapping[str, str]
    holdings: Mapping[str, Mapping[str, Holding]] = attrs.field(factory=dict)
    _names: dict[Spot, frozenset[str]] = attrs.field(factory=dict, init=False)

    def spots(self, spot: Spot) -> list[Spot]:
        """The ways in which roots name a place, the given one first."""
        top = self.tops.get(spot.root)
        if top is None:
            return [spot]
        place = f"{top}/{spot.path}"
        others = ((root, other) for root, other in self.tops.items() if root != spot.root)
        return [spot, *(Spot(root, place[len(other) + 1 :]) for root, other in others if place.startswith(f"{other}/"))]

    def settle(self, strays: Iterable[Stray], rank: Callable[[Spot], int]) -> list[Stray]:
        """The strays that no root knows, each of them once: as the root names it where `rank` is highest."""
        by_place: dict[frozenset[Spot], list[Stray]] = {}
        for stray in strays:
            by_place.setdefault(frozenset(self.spots(stray.spot)), []).append(stray)
        return [
            max(alike, key=lambda stray: rank(stray.spot))
            for places, alike in by_place.items()
            if len(places) == 1 or not any(map(self._is_known, places))
        ]

    def _is_known(self, spot: Spot) -> bool:
        folder, _, name = spot.path.rpartition("/")
        holding = self.holdings.get(spot.root, {}).get(folder)
        if holding is None:
            return False
        key = Spot(spot.root, folder)
        if key not in self._names:
            self._names[key] = _names(holding)
        return name in self._names[key] or any(pattern.fullmatch(name) for pattern in holding.patterns())


def overlapping(roots: Mapping[str, Path]) -> dict[str, str]:
    """The real folders of those roots that lie in the folder of another, or hold it."""
    tops = {root: os.path.realpath(folder).rstrip(os.sep) for root, folder in roots.items()}
    return {
        root: top
        for root, top in tops.items()
        if any(_is_in(top, other) or _is_in(other, top) for name, other in tops.items() if name != root)
    }


def _is_in(folder: str, other: str) -> bool:
    return folder == other or folder.startswith(other + os.sep)


def _names(holding: Holding) -> frozenset[str]:
    listed = {name for owner in holding.owners() for name, _ in owner.files}
    members = {name for each in holding.members for name in each.names}
    return frozenset(listed | members | ({MANIFEST} if holding.is_published else set()))
