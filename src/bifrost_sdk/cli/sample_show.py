"""A small show of USD files, written by code: furniture, a set that is built of it, and shots that use both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from bifrost_sdk.cli import pictures

#: A box: where its middle is and how large it is along x, y and z, in metres.
Box = tuple[tuple[float, float, float], tuple[float, float, float]]

#: The colours of a variant, by its name.
_FINISHES: Final = {"oak": (0.55, 0.38, 0.22), "white": (0.92, 0.91, 0.88)}
_LIGHTS: Final = {"on": (1.0, 0.85, 0.55), "off": (0.35, 0.35, 0.38)}

#: The back of the chair on the first and on the second day, in metres: the height of its top above the ground.
LOW_BACK: Final = 0.8
HIGH_BACK: Final = 1.1

_TEXTURE: Final = 64


@attrs.frozen
class Placed:
    """One thing in a layer that brings others in: its prim's name, the layer it comes from, its place and variants."""

    name: str
    asset: str
    at: tuple[float, float, float] = (0, 0, 0)
    variants: Mapping[str, str] = attrs.field(factory=dict, hash=False)


def write(folder: Path, *, back: float = LOW_BACK) -> Path:
    """Write the assets of the show below a folder, the chair with its back so high; the folder.

    Writing it again with another back changes that one file.
    """
    props = folder / "assets" / "props"
    _furniture(props / "chair", _chair(back), {"finish": _FINISHES}, texture=(140, 97, 56))
    _furniture(props / "table", _table(), {"finish": _FINISHES}, texture=(120, 80, 45))
    _furniture(props / "lamp", _lamp(), {"light": _LIGHTS})
    _save(folder / "assets" / "sets" / "kitchen" / "kitchen.usda", assembly("kitchen", _kitchen()))
    return folder


def assembly(name: str, things: Iterable[Placed], *, frames: tuple[int, int] | None = None) -> str:
    """A layer that brings things in at their places; `frames` are the first and the last, for a shot."""
    times = f"    startTimeCode = {frames[0]}\n    endTimeCode = {frames[1]}\n" if frames else ""
    children = "\n".join(_reference(thing) for thing in things)
    return f"""#usda 1.0
(
    defaultPrim = "{name}"
    metersPerUnit = 1
    upAxis = "Y"
{times})

def Xform "{name}" (
    kind = "assembly"
)
{{
{children}
}}
"""


def _kitchen() -> list[Placed]:
    chairs = [((-0.5, 0, 0.6), "oak"), ((0.5, 0, 0.6), "oak"), ((-0.5, 0, -0.6), "white"), ((0.5, 0, -0.6), "oak")]
    return [
        Placed("table", "../../props/table/table.usda"),
        *(
            Placed(f"chair_{number}", "../../props/chair/chair.usda", at, {"finish": finish})
            for number, (at, finish) in enumerate(chairs, 1)
        ),
        Placed("lamp", "../../props/lamp/lamp.usda", (0, 1.4, 0)),
    ]


def _chair(back: float) -> dict[str, Box]:
    seat = 0.45
    return {
        "seat": ((0, seat, 0), (0.42, 0.04, 0.42)),
        "back": ((0, (seat + back) / 2, -0.2), (0.42, back - seat, 0.03)),
        **_legs(0.18, seat),
    }


def _table() -> dict[str, Box]:
    return {"top": ((0, 0.73, 0), (1.6, 0.05, 0.8)), **_legs(0.35, 0.73)}


def _lamp() -> dict[str, Box]:
    return {"shade": ((0, 0, 0), (0.3, 0.18, 0.3)), "cord": ((0, 0.5, 0), (0.01, 0.9, 0.01))}


def _legs(spread: float, height: float) -> dict[str, Box]:
    corners = [(x, z) for x in (-spread, spread) for z in (-spread, spread)]
    size = (0.04, height, 0.04)
    return {f"leg_{number}": ((x, height / 2, z), size) for number, (x, z) in enumerate(corners, 1)}


def _furniture(
    folder: Path,
    boxes: Mapping[str, Box],
    variants: Mapping[str, Mapping[str, Sequence[float]]],
    *,
    texture: tuple[int, int, int] | None = None,
) -> None:
    """One asset: its own layer with variants, the heavy part as a payload in USD's binary form, maybe a texture."""
    name = folder.name
    _save(folder / "geo" / f"{name}.usdc", _geometry(name, boxes))
    if texture:
        _keep(folder / "tex" / "wood.png", pictures.checker(_TEXTURE, texture))
    _save(folder / f"{name}.usda", _interface(name, variants, "tex/wood.png" if texture else ""))


def _interface(name: str, variants: Mapping[str, Mapping[str, Sequence[float]]], texture: str) -> str:
    sets = "\n".join(_variant_set(*each) for each in variants.items())
    chosen = "\n".join(f'        string {each} = "{next(iter(values))}"' for each, values in variants.items())
    worn = f"    asset inputs:texture = @{texture}@\n" if texture else ""
    return f"""#usda 1.0
(
    defaultPrim = "{name}"
    metersPerUnit = 1
    upAxis = "Y"
)

def Xform "{name}" (
    kind = "component"
    payload = @./geo/{name}.usdc@
    variants = {{
{chosen}
    }}
    prepend variantSets = [{", ".join(f'"{each}"' for each in variants)}]
)
{{
{worn}{sets}
}}
"""


def _variant_set(name: str, values: Mapping[str, Sequence[float]]) -> str:
    options = "\n".join(_variant(*each) for each in values.items())
    return f'    variantSet "{name}" = {{\n{options}\n    }}'


def _variant(name: str, color: Sequence[float]) -> str:
    return f"""        "{name}" {{
            color3f[] primvars:displayColor = [({", ".join(map(str, color))})]
        }}"""


def _geometry(name: str, boxes: Mapping[str, Box]) -> str:
    cubes = "\n".join(_cube(*each) for each in boxes.items())
    return f'#usda 1.0\n(\n    defaultPrim = "{name}"\n)\n\ndef Xform "{name}"\n{{\n{cubes}\n}}\n'


def _cube(name: str, box: Box) -> str:
    middle, size = box
    return f"""    def Cube "{name}"
    {{
        double size = 1
        double3 xformOp:scale = ({", ".join(map(str, size))})
        double3 xformOp:translate = ({", ".join(map(str, middle))})
        uniform token[] xformOpOrder = ["xformOp:translate", "xformOp:scale"]
    }}"""


def _reference(thing: Placed) -> str:
    chosen = "".join(f'            string {each} = "{value}"\n' for each, value in thing.variants.items())
    variants = f"        variants = {{\n{chosen}        }}\n" if chosen else ""
    return f"""    def "{thing.name}" (
        prepend references = @{thing.asset}@
{variants}    )
    {{
        double3 xformOp:translate = ({", ".join(map(str, thing.at))})
        uniform token[] xformOpOrder = ["xformOp:translate"]
    }}"""


def _save(path: Path, text: str) -> None:
    """Write a layer in the form that its extension says, unless it is there as it would be written."""
    from bifrost_sdk.integrations.usd.library import Sdf

    made: Any = Sdf.Layer.CreateAnonymous(path.suffix)  # Any: USD has no types
    made.ImportFromString(text)
    new = path.with_name(f".{path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    made.Export(str(new), args={"format": path.suffix[1:]})
    _keep(path, new.read_bytes())
    new.unlink()


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)
