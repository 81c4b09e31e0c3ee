"""Shows of any layout, ingested: each layer shows through the catalog what it showed in its folder."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bifrost_sdk as bf

Usd = pytest.importorskip("pxr.Usd", reason="needs the extra 'usd'")

from bifrost_sdk.integrations import usd  # noqa: E402 - behind what it needs

NAMES = st.sampled_from(["a", "b", "hero", "geo", "tex", "assets", "look dev", "ä"])
FILES = st.builds(
    lambda folder, stem: "/".join([*folder, f"{stem}.usda"]),
    st.lists(NAMES, max_size=3),
    st.sampled_from(["a", "b", "hero"]),
)
ARCS = st.sampled_from(["references", "payload", "variant", "sublayer", "asset"])


@st.composite
def shows(draw: st.DrawFn) -> dict[str, list[tuple[str, str]]]:
    """Layers with what they refer to, and how; mostly those before them, so that there are few circles."""
    files = draw(st.lists(FILES, min_size=1, max_size=7, unique_by=str.casefold))
    found = {}
    for index, file in enumerate(files):
        others = files[:index] if draw(st.integers(0, 9)) else [each for each in files if each != file]
        uses = st.lists(st.tuples(st.sampled_from(others), ARCS), max_size=3, unique=True) if others else st.just([])
        found[file] = draw(uses)
    return found


def write(folder: Path, show: dict[str, list[tuple[str, str]]]) -> None:
    for index, (file, uses) in enumerate(show.items()):
        arcs: dict[str, list[str]] = {kind: [] for kind in ("references", "payload", "variant", "sublayer", "asset")}
        for used, kind in uses:
            up = "../" * file.count("/")
            arcs[kind].append(f"@{up or './'}{used}@")
        variants = "".join(
            f'        "v{n}" (references = {path}</P>) {{\n        }}\n' for n, path in enumerate(arcs["variant"])
        )
        text = f"""#usda 1.0
(
    subLayers = [{", ".join(arcs["sublayer"])}]
)
def "P" (
    references = [{", ".join(f"{path}</P>" for path in arcs["references"])}]
    payload = [{", ".join(f"{path}</P>" for path in arcs["payload"])}]
    variantSets = "v"
) {{
    int i{index}
    asset[] files = [{", ".join(arcs["asset"])}]
    def "C{index}" {{
    }}
    variantSet "v" = {{
{variants}        "none" {{
        }}
    }}
}}
"""
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def shown(stage: Any) -> list[object]:
    """Prims, attributes and what asset paths lead to, as it is and with each variant of the one prim that has some."""
    found: list[object] = []
    stage.SetEditTarget(stage.GetSessionLayer())
    variants = stage.GetPrimAtPath("/P").GetVariantSet("v")
    for variant in ["", *variants.GetVariantNames()]:
        variants.SetVariantSelection(variant)
        for each in stage.Traverse():
            found.append((variant, str(each.GetPath()), sorted(each.GetPropertyNames())))
            texts = [Path(path.resolvedPath).read_text() for path in _paths(each)]
            found += [re.findall("int i[0-9]", text) for text in texts]
    return found


def _paths(prim: Any) -> list[Any]:
    files = prim.GetAttribute("files")
    return list(files.Get() or ()) if files else []


@settings(max_examples=8)
@given(shows())
def test_layers_show_the_same_when_ingested_from_any_layout(show: dict[str, list[tuple[str, str]]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        source = Path(place, "show")
        write(source, show)
        before = {file: shown(Usd.Stage.Open(str(source / file))) for file in show}
        with bf.connect(bf.init(Path(place, "shows"), project="demo")) as session:
            done = usd.ingest(session, source)
            assert done.problems == ()
            source.rename(Path(place, "gone"))
            for each in done.assets:
                for file in each.asset.layout.unit.files:
                    ref = f"{each.asset.ref}/latest/{each.asset.layout.name_of(file)}"
                    assert shown(usd.open_stage(ref, session=session)) == before[file], file
