"""USD scenes and a catalog: folders of layers become managed assets. Needs the extra ``usd``.

Every name is loaded when it is first used; importing this module loads nothing of USD.
"""

from __future__ import annotations

import importlib

_HOMES = {
    "bifrost_sdk.integrations.usd.emitting": ("to_ayon_pinning", "to_mapping_layer", "to_table"),
    "bifrost_sdk.integrations.usd.pinning": ("read_pins", "write_pins"),
    "bifrost_sdk.integrations.usd.stages": ("bake", "open_stage", "pins_of", "problems_of"),
    "bifrost_sdk.integrations.usd.ingesting": ("ingest", "plan_ingest"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)  # noqa: PLE0605  # computed from the one table above


def __getattr__(name: str) -> object:
    module = _HOME.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
