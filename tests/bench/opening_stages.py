"""Opening a published scene beside the same files with absolute paths between them, opened by USD alone."""

from __future__ import annotations

import functools
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
        point3f[] points = [{points}]
        asset file = @./skin.png@
    }}
}}
"""


def opening() -> Iterator[Figure]:
    """A scene of 1,000 assets that are next to nothing, or small models; and one whose assets lead on to one more."""
    yield _figure("open a stage of 1,000 small models, cold", points=1_000, goal="<= 1.5x")
    yield _figure("open a stage of 1,000 references, cold", points=3, goal="<= 1.5x")
    yield _figure("open a stage of 1,000 references that lead on, cold", points=3, is_nested=True, goal="")


def _figure(name: str, *, points: int, goal: str, is_nested: bool = False) -> Figure:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        leaf = functools.partial(_LEAF.format, points=", ".join(["(0.25, 1.5, 0.125)"] * points))
        scene = _write(folder / "plain", lambda asset: f"{folder}/plain/{asset}/model.usda", leaf, is_nested=is_nested)
        _write(folder / "made", _reference, leaf, is_nested=is_nested)
        workspace = init(folder / "shows", project=PROJECT, user="bench")
        _publish(workspace, folder / "made")

        def ours() -> Any:  # Any: Usd.Stage
            with connect(workspace, user="bench") as session:
                return open_stage(_reference("town"), session=session)

        stages = [ours(), Usd.Stage.Open(str(scene))]
        assert len({len(list(stage.Traverse())) for stage in stages}) == 1
        stages.clear()
        mine, bare, ratio = paired(ours, lambda: Usd.Stage.Open(str(scene)), prepare=baking.forget, rounds=11)
    return Figure(name, "stage", mine * 1e6, bare * 1e6, ratio, goal, f"{ASSETS:,} layers")


def _reference(asset: str) -> str:
    return f"bifrost://{PROJECT}/assets/prop/{asset}/model/latest/model.usda"


def _write(folder: Path, named: Callable[[str], str], leaf: Callable[..., str], *, is_nested: bool) -> Path:
    """The files of the scene; `named` tells what the file of an asset is called in the layers."""
    for number in range(ASSETS):
        asset = folder / f"asset{number:04d}"
        asset.mkdir(parents=True)
        reference = f"@{named('base')}@" if is_nested else "None"
        (asset / "model.usda").write_text(leaf(reference=reference))
    for asset in ("base", "town"):
        (folder / asset).mkdir()
    (folder / "base" / "model.usda").write_text(leaf(reference="None"))
    prims = (
        f'def "P{number}" (\n    references = @{named(f"asset{number:04d}")}@\n)\n{{\n}}\n' for number in range(ASSETS)
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
