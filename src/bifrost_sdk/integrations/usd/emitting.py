"""Pins in the forms that asset resolvers of others read, so that programs open scenes by them without a catalog.

Texts are made of the pins and of where their roots lie; nothing of USD is needed, and no file is looked at.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping

from bifrost_sdk.domain.pins import Pin, PinSet
from bifrost_sdk.domain.references import Reference
from bifrost_sdk.errors import ConfigurationError

#: The folders of roots by name, as the machine writes them that will read the text.
Roots = Mapping[str, "str | os.PathLike[str]"]


def to_mapping_layer(pins: PinSet, roots: Roots, *, scene: Reference | str | None = None) -> str:
    """A layer in text form (usda) whose customLayerData maps each reference to its file.

    `mappingPairs` is read by the CachedResolver and the FileResolver of VFX-UsdAssetResolver, `pathMappingPairs` by
    Autodesk's resolver. A `scene` becomes its sub-layer, so that a program that opens the layer sees the scene.

    Raises:
        ConfigurationError: when a root has no folder in `roots`.

    >>> pin = Pin("{publish}/demo/hero/v012/hero.usd", "0190f3aa-0000-7000-8000-000000000001", number=12)
    >>> pins = PinSet({"bifrost://demo/assets/hero/model/latest/hero.usd": pin})
    >>> print(to_mapping_layer(pins, {"publish": "/mnt/shows"}), end="")
    #usda 1.0
    (
        customLayerData = {
            string[] mappingPairs = [
                "bifrost://demo/assets/hero/model/latest/hero.usd", "/mnt/shows/demo/hero/v012/hero.usd",
                "bifrost:/demo/assets/hero/model/latest/hero.usd", "/mnt/shows/demo/hero/v012/hero.usd"
            ]
            string[] pathMappingPairs = [
                "bifrost://demo/assets/hero/model/latest/hero.usd", "/mnt/shows/demo/hero/v012/hero.usd",
                "bifrost:/demo/assets/hero/model/latest/hero.usd", "/mnt/shows/demo/hero/v012/hero.usd"
            ]
        }
    )
    """
    pairs = [f"{_quoted(ref)}, {_quoted(path)}" for ref, path in _pairs(pins, roots)]
    listed = ",".join(f"\n            {pair}" for pair in pairs) + ("\n        " if pairs else "")
    maps = "".join(f"        string[] {name} = [{listed}]\n" for name in ("mappingPairs", "pathMappingPairs"))
    shown = f"    subLayers = [\n        @{Reference.parse(str(scene))}@\n    ]\n" if scene is not None else ""
    return f"#usda 1.0\n(\n    customLayerData = {{\n{maps}    }}\n{shown})\n"


def to_ayon_pinning(pins: PinSet) -> str:
    """A pinning file (JSON) of ayon-usd-resolver, which puts its own folders in the place of ``{root[name]}``.

    >>> pin = Pin("{publish}/demo/hero/v012/hero.usd", "0190f3aa-0000-7000-8000-000000000001")
    >>> data = json.loads(to_ayon_pinning(PinSet({"bifrost://demo/assets/hero/model/latest/hero.usd": pin})))
    >>> data["ayon_resolver_pinning_data"]["bifrost://demo/assets/hero/model/latest/hero.usd"]
    '{root[publish]}/demo/hero/v012/hero.usd'
    """
    data = {form: f"{{root[{pin.root}]}}/{pin.relative}" for form, pin in _forms(pins)}
    return json.dumps({"ayon_resolver_pinning_data": data}, ensure_ascii=False, indent=1) + "\n"


def to_table(pins: PinSet, roots: Roots) -> str:
    r"""References and their files, one pair a line with a tab between them, for scripts.

    Raises:
        ConfigurationError: when a root has no folder in `roots`.

    >>> pin = Pin("{publish}/demo/hero/v012/hero.usd", "0190f3aa-0000-7000-8000-000000000001")
    >>> to_table(PinSet({"bifrost://demo/assets/hero/model/latest/hero.usd": pin}), {"publish": "P:\\shows"})
    'bifrost://demo/assets/hero/model/latest/hero.usd\tP:/shows/demo/hero/v012/hero.usd\n'
    """
    return "".join(f"{ref}\t{_path(pin, roots)}\n" for ref, pin in pins.pins.items())


def _pairs(pins: PinSet, roots: Roots) -> Iterator[tuple[str, str]]:
    for form, pin in _forms(pins):
        yield form, _path(pin, roots)


def _forms(pins: PinSet) -> Iterator[tuple[str, Pin]]:
    """The two forms of each reference: as written, and as the library's own resolver makes it, with one slash."""
    for ref, pin in pins.pins.items():
        yield str(ref), pin
        yield str(ref).replace("://", ":/", 1), pin


def _path(pin: Pin, roots: Roots) -> str:
    folder = roots.get(pin.root)
    if folder is None:
        known = ", ".join(sorted(roots)) or "none"
        message = (
            f"{pin.path}: the root {pin.root!r} has no folder here (those that have one: {known}); name its folder"
        )
        raise ConfigurationError(message, setting=f"roots.{pin.root}")
    return f"{_slashed(os.fspath(folder)).rstrip('/')}/{pin.relative}"


def _slashed(folder: str) -> str:
    """A folder of Windows with the slashes that USD writes; others stay, as they may hold a backslash in a name."""
    return folder if folder.startswith("/") else folder.replace("\\", "/")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
