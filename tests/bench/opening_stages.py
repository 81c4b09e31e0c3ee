"""Opening a published scene beside the same files with absolute paths between them, opened by USD alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measure import Figure, paired

from bifrost_sdk.integrations.usd import baking
from bifrost_sdk.integrations.usd.library import Usd
from bifrost_sdk.integrations.usd.stages import open_stage
from bifrost_sdk.services.publications import Publication
from bifrost_sdk.session import connect, init

PROJECT = "show"
ASSETS = 1_000

_LEAF = """#usda 1.0
(
    defaultPrim = "Asset"
)
def Xform "Asset"
{{
    def Mesh "geo" (
        references = {reference}
    )
    {{
        point3f[] points = [(0, 0, 0), (1, 0, 0), (0, 1, 0)]
        asset file = @./skin.png@
    }}
}}
"""


def opening() -> Iterator[Figure]:
    """A scene of 1,000 assets, and one whose assets lead on to one more."""
    yield _figure("open a stage of 1,000 references, cold", is_nested=False, goal="<= 1.5x")
    yield _figure("open a stage of 1,000 references that lead on, cold", is_nested=True, goal="")


def _figure(name: str, *, is_nested: bool, goal: str) -> Figure:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        scene = _write(folder / "plain", lambda asset, file: f"{folder}/plain/{asset}/{file}", is_nested=is_nested)
        _write(folder / "made", _reference, is_nested=is_nested)
        workspace = init(folder / "shows", project=PROJECT, user="bench")
        _publish(workspace, folder / "made")

        def ours() -> Any:  # Any: Usd.Stage
            with connect(workspace, user="bench") as session:
                return open_stage(_reference("town", "model.usda"), session=session)

        stages = [ours(), Usd.Stage.Open(str(scene))]
        assert len({len(list(stage.Traverse())) for stage in stages}) == 1
        stages.clear()
        mine, bare, ratio = paired(ours, lambda: Usd.Stage.Open(str(scene)), prepare=baking.forget, rounds=11)
    return Figure(name, "stage", mine * 1e6, bare * 1e6, ratio, goal, f"{ASSETS:,} layers")


def _reference(asset: str, file: str) -> str:
    return f"bifrost://{PROJECT}/assets/prop/{asset}/model/latest/{file}"


def _write(folder: Path, named: Callable[[str, str], str], *, is_nested: bool) -> Path:
    """The files of the scene; `named` tells what a file of an asset is called in the layers."""
    for number in range(ASSETS):
        asset = folder / f"asset{number:04d}"
        asset.mkdir(parents=True)
        reference = f"@{named('base', 'model.usda')}@" if is_nested else "None"
        (asset / "model.usda").write_text(_LEAF.format(reference=reference))
    for asset in ("base", "town"):
        (folder / asset).mkdir()
    (folder / "base" / "model.usda").write_text(_LEAF.format(reference="None"))
    prims = (
        f'def "P{number}" (\n    references = @{named(f"asset{number:04d}", "model.usda")}@\n)\n{{\n}}\n'
        for number in range(ASSETS)
    )
    (folder / "town" / "model.usda").write_text("#usda 1.0\n" + "".join(prims))
    return folder / "town" / "model.usda"


def _publish(workspace: Path, folder: Path) -> None:
    with connect(workspace, user="bench") as session:
        names = sorted(path.name for path in folder.iterdir())
        for name in names:
            session.assets.create(PROJECT, "prop", name)
        session.publish_set(
            [
                Publication(f"bifrost://{PROJECT}/assets/prop/{name}", "model", {"usd": folder / name / "model.usda"})
                for name in names
            ],
            transfer="move",
        )
