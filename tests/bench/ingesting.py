"""Ingesting a folder of layers beside the least that it takes: pxr's dependency scan, a hash, and a synced copy.

The floor knows no assets, writes no path anew and keeps nothing in a catalog; and it reads each file once, where
ingesting hashes it once to see whether it has changed and once more while it is copied.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import Figure, paired

from bifrost_sdk.session import connect, init

ASSETS = 110
PARTS = 6
SCENES = 10
POINTS = 4_000
GOAL = "<= 3x"


def ingesting() -> Iterator[Figure]:
    """A new show of a thousand layers, and the same once more when nothing has changed."""
    from bifrost_sdk.integrations import usd

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "show")
        layers = _write(source)
        size = sum(path.stat().st_size for path in layers)
        numbers = itertools.count()

        def ingest() -> None:
            with connect(
                init(Path(folder, f"shows{next(numbers)}"), project="show", user="bench"), user="bench"
            ) as session:
                assert len(usd.ingest(session, source).versions) == ASSETS + SCENES

        def copy(*, is_synced: bool = True) -> None:
            _floor(layers, Path(folder, "floor"), is_synced=is_synced)

        yield _figure("ingest 1,000 new layers", paired(ingest, copy, rounds=5), GOAL, size)
        unsynced = paired(ingest, lambda: copy(is_synced=False), rounds=5)
        yield _figure("ingest 1,000 new layers, the copy not synced", unsynced, "", size)
        with connect(Path(folder, "shows0"), user="bench", project="show") as session:
            again = paired(lambda: usd.ingest(session, source), copy, rounds=5)
        yield _figure("ingest 1,000 layers that are known", again, "", size)


def _figure(name: str, times: tuple[float, float, float], goal: str, size: int) -> Figure:
    count = ASSETS * (PARTS + 3) + SCENES
    return Figure(
        name, "layer", times[0] / count * 1e6, times[1] / count * 1e6, times[2], goal, f"{size / 1e6:,.1f} MB"
    )


def _floor(layers: list[Path], target: Path, *, is_synced: bool) -> None:
    from pxr import UsdUtils

    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for number, path in enumerate(layers):
        UsdUtils.ExtractExternalReferences(str(path))
        hasher = hashlib.sha256()
        with path.open("rb", buffering=0) as read, (target / str(number)).open("xb", buffering=0) as written:
            while block := read.read(1 << 20):
                hasher.update(block)
                written.write(block)
            if is_synced:
                os.fsync(written.fileno())


def _write(folder: Path) -> list[Path]:
    """Assets of an interface, a payload, a look and meshes in binary form, and scenes that hold all assets."""
    from pxr import Gf, Sdf, Vt

    for number in range(ASSETS):
        name = f"prop{number:03d}"
        place = folder / "props" / name
        place.mkdir(parents=True)
        text = '#usda 1.0\n(defaultPrim = "{0}")\ndef Xform "{0}" (\n    {1}\n)\n{{\n}}\n'
        (place / f"{name}.usda").write_text(text.format(name, "payload = @./payload.usda@"))
        meshes = ", ".join(f"@./geo/part{part}.usdc@" for part in range(PARTS))
        (place / "payload.usda").write_text(text.format(name, f"references = [@./look.usda@, {meshes}]"))
        (place / "look.usda").write_text(text.format(name, 'kind = "component"'))
        for part in range(PARTS):
            mesh = Sdf.Layer.CreateNew(str(place / f"geo/part{part}.usdc"))
            mesh.defaultPrim = name
            points = Sdf.CreatePrimInLayer(mesh, f"/{name}/part{part}")
            points = Sdf.AttributeSpec(points, "points", Sdf.ValueTypeNames.Point3fArray)
            points.default = Vt.Vec3fArray([Gf.Vec3f(number, part, index % 977) for index in range(POINTS)])
            assert mesh.Save()
    (folder / "scenes").mkdir()
    for number in range(SCENES):
        prims = (
            f'def "p{each}" (\n    references = @../props/prop{each:03d}/prop{each:03d}.usda@\n)\n{{\n}}\n'
            for each in range(ASSETS)
        )
        (folder / "scenes" / f"scene{number}.usda").write_text("#usda 1.0\n" + "".join(prims))
    return sorted(path for path in folder.rglob("*") if path.is_file())
