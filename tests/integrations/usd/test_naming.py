from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifrost_sdk.domain import codes
from bifrost_sdk.domain.codes import code_fault, file_fault, fold
from bifrost_sdk.errors import ValidationError
from bifrost_sdk.integrations.usd.grouping import Unit
from bifrost_sdk.integrations.usd.naming import Names, code_of, file_names, places

NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=80)
PATHS = st.lists(NAMES.filter(lambda name: name not in {".", ".."}), min_size=1, max_size=3).map("/".join)


def folder(path: str) -> Unit:
    return Unit(path, path, (f"{path}/main.usda",))


def layer(path: str) -> Unit:
    return Unit(path, path.rpartition("/")[0], (path,))


def named(*units: Unit, names: Names | None = None) -> list[str]:
    return ["/".join(place) for _, place in sorted(places(units, names=names).items(), key=lambda item: item[0].source)]


def test_type_is_the_folder_above_when_it_says_something() -> None:
    units = [folder("kit/assets/cars/van"), folder("assets/pot"), layer("scenes/dawn.usd"), layer("top.usda")]
    assert named(*units) == ["general/pot", "cars/van", "scenes/dawn", "general/top"]


def test_whole_folder_is_called_like_its_main_layer_when_it_is_one_asset() -> None:
    assert named(Unit("", "", ("Teapot.usd",))) == ["general/Teapot"]


def test_codes_differ_when_two_would_be_one() -> None:
    units = [layer("a/assets/pot.usd"), layer("a/assets/pot.usda"), layer("b/assets/Pot.usd"), layer("assets/pot.usda")]
    assert named(*units) == ["a/pot", "a/assets_pot", "general/pot", "b/Pot"]
    assert named(*[layer(f"x/{sign}.usda") for sign in "!@#$"]) == [
        "x/unnamed", "x/x_unnamed", "x/unnamed_2", "x/unnamed_3",
    ]  # fmt: skip


def test_names_are_those_that_are_wanted_when_a_pattern_says_so() -> None:
    units = [folder("cars/van"), folder("cars/bus"), layer("scenes/dawn.usd")]
    wanted = {"cars/van": "vehicle/Van", "cars/*": "vehicle/{name}_old", "scenes/dawn.usd": "shot/{name}"}
    assert named(*units, names=wanted) == ["vehicle/bus_old", "vehicle/Van", "shot/dawn"]


@pytest.mark.parametrize("wanted", ["vehicle", "a/b/c", "/x", "x/", "{name}/v001", "a b/c", "{other}/x"])
def test_names_are_refused_when_they_are_no_type_and_code(wanted: str) -> None:
    with pytest.raises(ValidationError, match="names no asset"):
        places([folder("cars/van")], names={"cars/*": wanted})


def test_names_are_refused_when_no_asset_is_meant() -> None:
    with pytest.raises(ValidationError, match="no such asset"):
        places([folder("cars/van")], names={"cars": "vehicle/{name}"})


@given(NAMES)
def test_code_is_one_when_made_of_any_text(text: str) -> None:
    assert code_fault(code_of(text)) is None
    assert code_of(text) == code_of(code_of(text))


@given(st.lists(PATHS, max_size=6, unique=True))
def test_places_are_codes_of_their_own_when_paths_are_odd(paths: list[str]) -> None:
    found = places([layer(path) for path in paths])
    assert len(found) == len(paths)
    assert len({(fold(type_), fold(code)) for type_, code in found.values()}) == len(paths)
    assert not any(code_fault(part) for place in found.values() for part in place)


@given(st.lists(PATHS, max_size=6, unique=True))
def test_file_names_can_be_stored_when_paths_are_odd(paths: list[str]) -> None:
    found = file_names(paths, reserved=["manifest.json"])
    assert found.keys() == set(paths)
    assert not any(file_fault(name) for name in found.values())
    assert len({fold(name) for name in [*found.values(), "manifest.json"]}) == len(paths) + 1


@given(st.lists(PATHS, max_size=6, unique=True))
def test_file_names_stay_when_they_can_be_stored_already(paths: list[str]) -> None:
    names = list(file_names(paths).values())
    assert file_names(names) == dict(zip(sorted(names), sorted(names), strict=True))
    assert all(codes.nfc(name) == name for name in names)
