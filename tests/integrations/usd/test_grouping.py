from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.integrations.usd.grouping import Grouping, Holdings, Unit, group, matches


def held(
    uses: Mapping[str, Iterable[str]],
    *others: str,
    titles: Mapping[str, str] | None = None,
    sublayers: Collection[tuple[str, str]] = (),
    ties: Collection[tuple[str, str]] = (),
) -> Holdings:
    """Layers with the files that they use, and other files."""
    layers = {layer: frozenset((titles or {}).get(layer, "").split()) for layer in uses}
    used = {file for files in uses.values() for file in files}
    files = frozenset([*uses, *used, *others])
    named = {layer: frozenset(uses[layer]) for layer in uses}
    return Holdings(files, layers, named, frozenset(sublayers), frozenset(ties))


def told(grouping: Grouping) -> dict[str, set[str]]:
    """The files of each unit by what it is named after."""
    return {unit.source: set(unit.files) for unit in grouping.units}


def test_folder_is_one_asset_when_a_layer_is_named_like_it() -> None:
    uses = {
        "props/Oak/oak.usda": ["props/Oak/geo/leaves.usd", "props/Oak/parts/trunk.usd"],
        "props/Oak/geo/leaves.usd": ["props/Oak/tex/green.png"],
        "props/Oak/parts/trunk.usd": [],
    }
    (unit,) = group(held(uses, "props/Oak/notes.txt", "props/Oak/thumbnails/oak.png")).units
    assert (unit.source, unit.base, unit.main) == ("props/Oak", "props/Oak", "props/Oak/oak.usda")
    assert len(unit.files) == 6


def test_folder_is_one_asset_when_one_layer_of_it_says_its_name() -> None:
    uses = {"oak/main.usda": ["oak/look.usda"], "oak/look.usda": []}
    found = group(held(uses, titles={"oak/main.usda": "Oak", "oak/look.usda": "Oak"}))
    assert told(found) == {"oak": {"oak/main.usda", "oak/look.usda"}}


def test_folder_is_one_asset_when_its_layers_lie_in_parts() -> None:
    uses = {
        "cars/van/asset/full.usda": ["cars/van/asset/body.usda"],
        "cars/van/asset/body.usda": ["cars/van/geo/v.usd"],
        "cars/van/geo/v.usd": [],
        "cars/all.usda": ["cars/van/asset/full.usda"],
    }
    found = group(held(uses, "cars/cards/all_X.png"))
    assert [unit.source for unit in found.units] == ["cars/van", "cars/all.usda"]
    assert found.units[0].main == "cars/van/asset/full.usda"
    assert found.units[1].files == ("cars/all.usda", "cars/cards/all_X.png")


def test_layers_of_a_folder_are_assets_when_no_neighbour_claims_them() -> None:
    uses = {
        "scenes/a.usd": ["scenes/a_anim.usd", "scenes/shared.usd", "scenes/light.usd", "scenes/chair.usd"],
        "scenes/b.usd": ["scenes/shared.usd"],
        "scenes/a_anim.usd": [],
        "scenes/chair.usd": ["scenes/wood.png"],
        "scenes/light.usd": [],
        "scenes/shared.usd": [],
    }
    below = [("scenes/a.usd", "scenes/light.usd"), ("scenes/b.usd", "scenes/shared.usd")]
    assert told(group(held(uses, "scenes/b_notes.txt", "scenes/other.txt", sublayers=below))) == {
        "scenes/shared.usd": {"scenes/shared.usd"},  # several are made of it
        "scenes/chair.usd": {"scenes/chair.usd", "scenes/wood.png"},  # only referred to
        "scenes/a.usd": {"scenes/a.usd", "scenes/a_anim.usd", "scenes/light.usd"},
        "scenes/b.usd": {"scenes/b.usd", "scenes/b_notes.txt"},
    }


def test_textures_are_a_library_when_several_use_them() -> None:
    uses = {"mat/red.usda": ["tex/noise/n.png"], "mat/blue.usda": ["tex/noise/n.png", "mat/img/blue.png"],
            "mat/grey.usda": ["mat/img/all.png"], "mat/black.usda": ["mat/img/all.png"]}  # fmt: skip
    found = told(group(held(uses, "tex/flat/f.png")))
    assert found["tex"] == {"tex/noise/n.png", "tex/flat/f.png"}
    assert found["mat/blue.usda"] == {"mat/blue.usda", "mat/img/blue.png"}
    assert found["mat/img"] == {"mat/img/all.png"}


def test_scene_is_no_part_of_an_asset_when_it_uses_it_from_beside() -> None:
    uses = {
        "Pot.usd": ["Pot_geo.usd"],
        "Pot_geo.usd": [],
        "Table.usd": ["Pot.usd", "Table_light.usd"],
        "Table_light.usd": ["Pot.usd"],
    }
    found = group(held(uses, "README.md", titles={"Pot.usd": "Pot", "Pot_geo.usd": "Pot"}))
    assert told(found) == {
        "": {"Pot.usd", "Pot_geo.usd", "README.md"},
        "Table.usd": {"Table.usd", "Table_light.usd"},
    }


def test_assets_are_one_when_they_need_each_other() -> None:
    uses = {"a/a.usda": ["b/b.usda"], "b/b.usda": ["a/a.usda"], "c/c.usda": ["a/a.usda"]}
    found = group(held(uses)).units
    assert [(unit.source, unit.base, set(unit.files)) for unit in found] == [
        ("a", "", {"a/a.usda", "b/b.usda"}),
        ("c", "c", {"c/c.usda"}),
    ]


def test_assets_are_one_when_what_ties_them_cannot_be_written_anew() -> None:
    uses = {"walk/walk.usda": ["clips/one/w.001.usda"], "clips/one/w.001.usda": []}
    assert len(group(held(uses)).units) == 2
    (unit,) = group(held(uses, ties=[("walk/walk.usda", "clips/one/w.001.usda")])).units
    assert unit.main == "walk/walk.usda"


def test_folder_is_one_asset_when_it_is_said() -> None:
    uses = {"sets/a/x.usda": [], "sets/a/deep/y.usda": [], "sets/b/x.usda": [], "sets/b/z.usda": []}
    assert set(told(group(held(uses), whole=["sets/a"]))) == {"sets/a", "sets/b/x.usda", "sets/b/z.usda"}


def test_asset_inside_an_asset_is_its_own_when_others_use_it() -> None:
    uses = {"hero/hero.usda": ["hero/sword/sword.usda"], "hero/sword/sword.usda": []}
    assert set(told(group(held(uses)))) == {"hero"}
    assert set(told(group(held({**uses, "shot.usda": ["hero/sword/sword.usda"]})))) == {
        "hero",
        "hero/sword",
        "shot.usda",
    }


def test_nothing_is_found_when_there_is_nothing() -> None:
    assert group(held({})) == Grouping((), ())
    assert group(held({}, "notes.txt")) == Grouping((), ("notes.txt",))


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("a/*", ["a/b", "a/[b]"]), ("a/", ["a"]), ("a/[[]b]", ["a/[b]"]), ("*/*/?", ["a/b/c"]), ("B", [])],
)
def test_pattern_means_names_of_one_folder_each_when_matched(pattern: str, found: list[str]) -> None:
    assert [path for path in ("a", "b", "a/b", "a/[b]", "a/b/c") if matches(path, pattern)] == found


NAMES = st.sampled_from(["a", "b", "hero", "geo", "textures", "assets", "v001"])
PATHS = st.lists(NAMES, min_size=0, max_size=3).map("/".join)
FILES = st.builds(
    lambda folder, stem, end: f"{folder}/{stem}{end}".lstrip("/"), PATHS, NAMES, st.sampled_from([".usda", ".png"])
)


@st.composite
def shows(draw: st.DrawFn) -> Holdings:
    files = sorted(draw(st.sets(FILES, max_size=14)))
    layers = [file for file in files if file.endswith(".usda")]
    uses = {layer: draw(st.sets(st.sampled_from(files), max_size=4)) - {layer} for layer in layers}
    titles = {layer: draw(st.sampled_from(["", "hero", "a"])) for layer in layers}
    ties = [(layer, file) for layer in layers for file in sorted(uses[layer]) if draw(st.integers(0, 9)) == 0]
    below = [(layer, file) for layer in layers for file in sorted(uses[layer] & set(layers)) if draw(st.booleans())]
    return held(uses, *files, titles=titles, sublayers=below, ties=ties)


@given(shows())
def test_every_file_is_in_one_place_when_grouped(show: Holdings) -> None:
    found = group(show)
    placed = [*(file for unit in found.units for file in unit.files), *found.unmatched]
    assert sorted(placed) == sorted(show.files)
    assert not set(found.unmatched) & set(show.layers)
    assert not set(found.unmatched) & {file for used in show.uses.values() for file in used}


@given(shows())
def test_units_come_after_their_needs_when_grouped(show: Holdings) -> None:
    place = {file: index for index, unit in enumerate(group(show).units) for file in unit.files}
    assert all(place[used] <= place[layer] for layer, files in show.uses.items() for used in files)
    assert all(place[one] == place[other] for one, other in show.ties)


@given(shows())
def test_files_have_paths_below_their_base_when_grouped(show: Holdings) -> None:
    def lies_below(unit: Unit) -> bool:
        return all(not unit.name_of(file).startswith("../") for file in unit.files)

    assert all(map(lies_below, group(show).units))


@given(shows(), st.randoms(use_true_random=False))
def test_answer_is_the_same_when_the_folder_is_listed_in_another_order(show: Holdings, random: object) -> None:
    def turned(mapping: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
        return dict(reversed(list(mapping.items())))

    other = Holdings(
        frozenset(sorted(show.files, reverse=True)), turned(show.layers), turned(show.uses), show.sublayers, show.ties
    )
    assert group(other) == group(show)
