"""The asset paths that a layer holds: found all of them, and spelled anew without changing anything else.

`UsdUtils.ModifyAssetPaths` would lose the offsets of sub-layers and the empty entries of arrays, and would replace
expressions by what they mean at that moment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from bifrost_sdk.integrations.usd.library import Sdf, UsdUtils

#: Gives a path its new spelling; it is told the path as authored, and the prim or property that holds it, followed by
#: the field where that is metadata: ``/Hero``, ``/Hero.inputs:file``, ``/Hero assetInfo``.
Respelling: TypeAlias = Callable[[str, str], str]

# What Python gives of the library's classes has no types.
Layer: TypeAlias = Any
Spec: TypeAlias = Any

#: Fields of a spec that hold no asset path, or are looked at by name.
_OTHER_FIELDS = frozenset({
    "active", "apiSchemas", "comment", "connectionPaths", "custom", "default", "documentation", "elementSize",
    "expressionVariables", "hidden", "inheritPaths", "instanceable", "interpolation", "kind", "payload", "references",
    "specializes", "specifier", "spline", "subLayerOffsets", "subLayers", "targetPaths", "timeSamples", "typeName",
    "variability", "variantSelection", "variantSetNames",
})  # fmt: skip
_LISTS = ("addedItems", "prependedItems", "appendedItems", "deletedItems", "orderedItems")


def referred(layer: Layer) -> list[str]:
    """What a layer needs from elsewhere: layers, textures and clips, as authored, each once; it stays as it is."""
    sublayers, others, payloads = UsdUtils.ExtractExternalReferences(layer.identifier)
    return list(dict.fromkeys([*sublayers, *others, *payloads]))


def holders(layer: Layer, path: str) -> list[str]:
    """The prims and properties of a layer that hold this asset path; ``/`` is the layer itself."""
    found: dict[str, None] = {}

    def note(authored: str, where: str) -> str:
        if authored == path:
            found[where] = None
        return authored

    respell(layer, note)
    return list(found)


def respell(layer: Layer, change: Respelling) -> None:
    """Give the asset paths of a layer their new spelling, wherever they stand; what `change` leaves is not written."""
    specs: list[Any] = []  # Any: Sdf.Path
    layer.Traverse(Sdf.Path.absoluteRootPath, specs.append)
    with Sdf.ChangeBlock():
        _respell_sublayers(layer, change)
        for path in specs:
            spec = layer.GetObjectAtPath(path)
            if isinstance(spec, Sdf.VariantSpec):
                spec = spec.primSpec
            if spec is not None:
                _respell_fields(spec, change)
            if isinstance(spec, Sdf.AttributeSpec) and str(spec.typeName) in {"asset", "asset[]"}:
                _respell_values(layer, spec, change)


def _respell_sublayers(layer: Layer, change: Respelling) -> None:
    if not layer.pseudoRoot.HasInfo("subLayers"):
        return
    old = list(layer.subLayerPaths)
    new = [change(path, "/") for path in old]
    if new == old:
        return
    kept = dict(reversed([*zip(new, layer.subLayerOffsets, strict=True)]))  # of two that became one, the stronger
    layer.subLayerPaths = list(dict.fromkeys(new))
    for place, path in enumerate(layer.subLayerPaths):
        layer.subLayerOffsets[place] = kept[path]


def _respell_arcs(spec: Spec, field: str, change: Respelling) -> None:
    old = spec.GetInfo(field)
    where = str(spec.path)
    make = _ARCS[field]
    new, is_new = type(old)(), False
    for name in ("explicitItems",) if old.isExplicit else _LISTS:
        items = getattr(old, name)
        if items or old.isExplicit:
            changed = [make(item, change, where) for item in items]
            is_new = is_new or any(a is not b for a, b in zip(changed, items, strict=True))
            setattr(new, name, list(dict.fromkeys(changed)))
    if is_new:
        spec.SetInfo(field, new)


def _reference(item: Any, change: Respelling, where: str) -> Any:  # Any: Sdf.Reference
    path = change(item.assetPath, where) if item.assetPath else ""  # without one it leads into its own layer
    return item if path == item.assetPath else Sdf.Reference(path, item.primPath, item.layerOffset, item.customData)


def _payload(item: Any, change: Respelling, where: str) -> Any:  # Any: Sdf.Payload
    path = change(item.assetPath, where) if item.assetPath else ""
    return item if path == item.assetPath else Sdf.Payload(path, item.primPath, item.layerOffset)


_ARCS = {"references": _reference, "payload": _payload}


def _respell_values(layer: Layer, spec: Spec, change: Respelling) -> None:
    where = str(spec.path)
    if spec.HasInfo("default"):
        old = spec.default
        if (new := _value(old, where, change)) is not old:
            spec.default = new
    for time in layer.ListTimeSamplesForPath(spec.path):
        old = layer.QueryTimeSample(spec.path, time)
        if (new := _value(old, where, change)) is not old:
            layer.SetTimeSample(spec.path, time, new)


def _respell_fields(spec: Spec, change: Respelling) -> None:
    for field in spec.ListInfoKeys():
        if field in _ARCS:
            _respell_arcs(spec, field, change)
        if field in _OTHER_FIELDS:
            continue
        where = f"{spec.path} {field}"
        old = spec.GetInfo(field)
        if not isinstance(old, dict):
            if (new := _value(old, where, change)) is not old:
                spec.SetInfo(field, new)
            continue
        for key, value in old.items():
            if (new := _entry(field, value, where, change)) is not value:
                spec.SetInfoDictionaryValue(field, key, new)


def _entry(field: str, old: Any, where: str, change: Respelling) -> Any:  # Any: a value of any type that USD has
    """An entry of a dictionary; where a path in it changes, numbers beside it take the widest type, as in Python."""
    if not isinstance(old, dict):
        return _value(old, where, change)
    new = {key: _entry(field, value, where, change) for key, value in old.items()}
    if field == "clips" and isinstance(template := old.get("templateAssetPath"), str):  # a path that is kept as a text
        changed = change(template, where)
        new["templateAssetPath"] = changed if changed != template else template
    return new if any(new[key] is not value for key, value in old.items()) else old


def _value(old: Any, where: str, change: Respelling) -> Any:  # Any: a value of any type that USD has
    """The value with new paths, the very same where none changed."""
    if isinstance(old, Sdf.AssetPath):
        new = change(old.path, where) if old.path else ""
        return Sdf.AssetPath(new) if new != old.path else old
    if isinstance(old, Sdf.AssetPathArray):
        items = list(old)
        changed = [_value(item, where, change) for item in items]
        return Sdf.AssetPathArray(changed) if any(a is not b for a, b in zip(items, changed, strict=True)) else old
    return old
